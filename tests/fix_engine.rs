//! The engine behind `--fix` and `undo`, from outside: every kind of action done and taken back in a home of its own.

#[path = "fix_engine/cache.rs"]
mod cache;
mod fix_support;
#[cfg(unix)]
#[path = "fix_engine/foreign.rs"]
mod foreign;
#[cfg(target_os = "linux")]
#[path = "fix_engine/full.rs"]
mod full;
#[path = "fix_engine/leftover.rs"]
mod leftover;
#[path = "fix_engine/purge.rs"]
mod purge;
#[path = "fix_engine/shell.rs"]
mod shell;
#[path = "fix_engine/token.rs"]
mod token;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fix_support::*;
use hfdoctor::fix::consent::{SafeOnly, Yes};
use hfdoctor::fix::{Answer, Consent, Engine, Error, FixWorld, Outcome, PlannedFix, RunState, Step, Undoing};
use hfdoctor_core::diagnosis::{Action, Cause, Fix, Risk};
use hfdoctor_core::token::Token;

const TOKEN: &str = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567";
const BLOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn undo(engine: &Engine) {
    let report = engine.undo(None).unwrap();
    assert!(report.is_complete(), "{report:?}");
}

/// Types tokens, one after another.
struct Typist(Vec<&'static str>);

impl Consent for Typist {
    fn agree(&mut self, _: &PlannedFix) -> Answer {
        Answer::Yes
    }

    fn ask_token(&mut self, _: &str) -> Option<Token> {
        self.0.pop().map(|text| Token::new(text.into()))
    }
}

#[test]
fn an_exact_text_is_replaced_once() {
    let place = Place::new();
    let path = place.write("pip.conf", "a = 1\nb = 1\n");
    let engine = place.engine();
    let edit = |from: &str, to: &str| Action::EditFile { path: path.clone(), from: from.into(), to: to.into() };
    assert!(skipped(&apply(&engine, vec![edit("= 1", "= 2")])).contains("more than once"));
    assert!(skipped(&apply(&engine, vec![edit("c = 1", "")])).contains("not"));
    apply(&engine, vec![edit("b = 1", "b = 2")]);
    assert_eq!(place.read("pip.conf"), "a = 1\nb = 2\n");
    fs::write(&path, "a = 9\nb = 2\n").unwrap();
    undo(&engine);
    assert_eq!(place.read("pip.conf"), "a = 9\nb = 1\n");
}

#[cfg(unix)]
#[test]
fn a_command_runs_without_a_shell_and_not_for_ever() {
    let place = Place::new();
    let made = place.home().join("made $(x)");
    let run = |words: &[&str]| Action::Run { command: words.iter().map(|word| (*word).to_owned()).collect() };
    let engine = place.engine();
    let applied = apply(&engine, vec![run(&["touch", made.to_str().unwrap()])]);
    assert_eq!((applied.outcome, applied.undo), (Outcome::Applied, None));
    assert!(made.exists());
    assert!(matches!(apply(&engine, vec![run(&["false"])]).outcome, Outcome::Failed(_)));
    assert!(skipped(&apply(&engine, vec![run(&["hfdoctor-no-such-program"])])).contains("cannot be run"));
    let mut world = place.world();
    world.longest_command = std::time::Duration::from_millis(100);
    let slow = apply(&Engine::new(world), vec![run(&["sleep", "60"])]);
    assert!(matches!(&slow.outcome, Outcome::Failed(why) if why.contains("too long")), "{slow:?}");
}

#[test]
fn a_page_is_opened_only_at_a_terminal_and_only_a_page() {
    struct Browser(Vec<String>);
    impl Consent for Browser {
        fn agree(&mut self, _: &PlannedFix) -> Answer {
            Answer::Yes
        }
        fn open_page(&mut self, address: &str) -> bool {
            self.0.push(address.to_owned());
            true
        }
    }
    let place = Place::new();
    let open = |url: &str| vec![Action::OpenPage { url: url.to_owned() }];
    let mut browser = Browser(Vec::new());
    let engine = place.engine();
    let told = engine.apply(&plan_of(&engine, open("https://huggingface.co/x")), &mut browser).unwrap();
    assert!(told[0].awaits_person && browser.0.is_empty());
    assert!(skipped(&told[0]).contains("https://huggingface.co/x"));
    let mut world = place.world();
    world.terminal = true;
    let engine = Engine::new(world);
    for bad in ["file:///etc/passwd", "/bin/sh", "https://a b"] {
        engine.apply(&plan_of(&engine, open(bad)), &mut browser).unwrap();
    }
    assert!(browser.0.is_empty());
    let opened = engine.apply(&plan_of(&engine, open("https://huggingface.co/x")), &mut browser).unwrap();
    assert_eq!((&opened[0].outcome, browser.0.len()), (&Outcome::Applied, 1));
}

#[test]
fn a_wait_ends_with_its_time_and_is_not_begun_when_too_long() {
    let place = Place::new();
    let engine = place.engine();
    let in_seconds = |seconds| std::time::SystemTime::now() + std::time::Duration::from_secs(seconds);
    assert_eq!(apply(&engine, vec![Action::WaitUntil { time: in_seconds(1) }]).outcome, Outcome::Applied);
    let long = apply(&engine, vec![Action::WaitUntil { time: in_seconds(100_000) }]);
    assert!(skipped(&long).contains("too long"));
    let world = place.world();
    world.interrupted.store(true, Ordering::Relaxed);
    let engine = Engine::new(world);
    let ended = apply(&engine, vec![Action::WaitUntil { time: in_seconds(600) }]);
    assert!(skipped(&ended).contains("interrupted"), "{ended:?}");
}

#[test]
fn undo_of_what_is_not_there_says_so() {
    let place = Place::new();
    let engine = place.engine();
    assert!(matches!(engine.undo(None), Err(Error::NoRun { id: None })));
    assert!(engine.undo(Some("20200101-000000")).unwrap_err().to_string().contains("20200101-000000"));
    assert!(engine.undo(Some("../../etc/passwd")).is_err());
    assert!(engine.runs().is_empty());
    assert!(engine.purge(None).unwrap().is_empty());
}
