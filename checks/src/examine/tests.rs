use std::collections::BTreeSet;
use std::time::SystemTime;

use super::*;
use crate::case::Limits;
use crate::case::environment::environment_of;
use crate::observe::Observations;
use hfdoctor_core::diagnosis::{Cause, Fix, Risk};
use hfdoctor_core::log::Search;
use hfdoctor_core::sign;
use hfdoctor_core::target::{From, RepoType, Target};

fn case(target: bool, log: Option<Log>) -> Case {
    let target = target.then(|| Target::new(RepoType::Model, "acme/model", From::Argument));
    let limits = Limits { offline: true, ..Limits::default() };
    Case::new(environment_of(&[("HOME", "/home/ada")]), target, log, limits, SystemTime::UNIX_EPOCH)
}

fn sound(fix: &Fix) -> bool {
    let acts = fix.risk == Risk::Manual || !fix.actions.is_empty();
    acts && !fix.id.is_empty() && fix.title.len() > 8 && fix.commands.iter().all(|command| !command.trim().is_empty())
}

#[test]
fn whatever_a_log_shows_comes_with_a_fix() {
    let search = Search::new();
    let mut seen = BTreeSet::new();
    for sign in sign::all() {
        let line = format!("OSError: {} {}\n", sign.words, sign.with.first().unwrap_or(&""));
        let log = Log::read(line.as_bytes(), &search).expect("memory is readable");
        let case = Arc::new(case(true, Some(log)));
        let diagnosis = conclude(&case, &Selection::default(), &Observations::none(Arc::clone(&case)));
        for ranked in &diagnosis.causes {
            let fixes = &ranked.finding.fixes;
            assert!(!fixes.is_empty(), "{}: {line}", ranked.finding.cause);
            assert!(fixes.iter().all(sound), "{}: {fixes:?}", ranked.finding.cause);
            seen.insert(ranked.finding.cause.id());
        }
    }
    // Most causes can be told by words alone; were it few, this test would look at nothing.
    assert!(seen.len() > 40, "only {} of {} causes: {seen:?}", seen.len(), Cause::all().count());
}

#[test]
fn a_remedy_is_about_what_the_log_failed_on() {
    let text = b"huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-1)\n\n\
                 Cannot access gated repo for url https://huggingface.co/other/gated/resolve/main/config.json.\n\
                 Access to model other/gated is restricted. You must have access to it and be authenticated to access it. \
                 Please log in.\n";
    let log = Log::read(&text[..], &Search::new()).expect("memory is readable");
    let case = Arc::new(case(true, Some(log)));
    let diagnosis = conclude(&case, &Selection::default(), &Observations::none(Arc::clone(&case)));
    let first = &diagnosis.causes[0].finding;
    assert_eq!(first.cause, Cause::GatedNoToken);
    let page = first.fixes.iter().find(|fix| fix.id == "gate-open").expect("a page");
    assert_eq!(page.commands, ["https://huggingface.co/other/gated"]);
}
