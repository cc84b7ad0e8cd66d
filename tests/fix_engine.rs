//! The engine behind `--fix` and `undo`, from outside: every kind of action done and taken back in a home of its own.

mod fix_support;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fix_support::*;
use hfdoctor::fix::consent::{SafeOnly, Yes};
use hfdoctor::fix::{Answer, Consent, Engine, Error, Outcome, PlannedFix, RunState, Step, Undoing};
use hfdoctor_checks::case::Token;
use hfdoctor_checks::diagnosis::{Action, Cause, Fix, Risk};

const TOKEN: &str = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567";
const BLOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn undo(engine: &Engine) {
    let report = engine.undo(None).unwrap();
    assert!(report.is_complete(), "{report:?}");
}

#[test]
fn a_variable_is_set_for_new_shells_and_taken_back() {
    let place = Place::new();
    place.write(".bashrc", "alias ll='ls -l'");
    place.write(".profile", "umask 022\n");
    let before = place.contents();
    let engine = place.engine();
    let applied = apply(&engine, vec![set("HF_ENDPOINT", "https://it's.example")]);
    assert_eq!(applied.outcome, Outcome::Applied);
    assert_eq!(applied.shell_lines, [r"export HF_ENDPOINT='https://it'\''s.example'"]);
    assert!(place.read(".config/hfdoctor/env.sh").contains("export HF_ENDPOINT="));
    for file in [".bashrc", ".profile"] {
        assert_eq!(place.read(file).matches("hfdoctor/env.sh").count(), 2, "one line that names the file twice");
    }
    // A second time nothing is written.
    let again = apply(&engine, vec![set("HF_ENDPOINT", "https://it's.example")]);
    assert!(skipped(&again).contains("nothing"), "{again:?}");
    undo(&engine);
    assert_eq!(place.contents(), before);
}

#[cfg(unix)]
#[test]
fn a_fresh_shell_has_the_variable() {
    let place = Place::new();
    place.write(".bashrc", "export HF_HUB_OFFLINE=1\n");
    apply(&place.engine(), vec![set("HF_ENDPOINT", "https://a b"), unset("HF_HUB_OFFLINE")]);
    for arguments in [&["-lc"][..], &["-ic"]] {
        let output = std::process::Command::new("bash")
            .args(arguments)
            .arg("printf '%s|%s' \"$HF_ENDPOINT\" \"${HF_HUB_OFFLINE-none}\"")
            .env_clear()
            .env("HOME", place.home())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output();
        let Ok(output) = output else { return };
        assert_eq!(String::from_utf8_lossy(&output.stdout), "https://a b|none", "{arguments:?}");
    }
}

#[test]
fn every_shell_gets_its_own_language() {
    for (shell, env, start, line) in [
        ("zsh", "env.sh", ".zshenv", "export A='1'"),
        ("fish", "env.fish", ".config/fish/conf.d/hfdoctor.fish", "set -gx A '1'"),
        ("pwsh", "env.ps1", ".config/powershell/profile.ps1", "$env:A = '1'"),
        ("dash", "env.sh", ".profile", "export A='1'"),
    ] {
        let place = Place::new();
        let before = place.contents();
        let engine = Engine::new(place.world_of(shell));
        let applied = apply(&engine, vec![set("A", "1")]);
        assert_eq!(applied.shell_lines, [line], "{shell}");
        assert!(place.read(&format!(".config/hfdoctor/{env}")).contains(line), "{shell}");
        assert!(place.read(start).contains(env), "{shell}");
        undo(&engine);
        assert_eq!(place.contents(), before, "{shell}");
    }
}

#[test]
fn the_one_plain_line_that_sets_a_variable_is_set_aside() {
    let place = Place::new();
    let old = "if true; then\nexport HF_HUB_OFFLINE=1\nfi\n";
    place.write(".bashrc", old);
    place.write(".profile", "");
    let engine = place.engine();
    let applied = apply(&engine, vec![unset("HF_HUB_OFFLINE")]);
    assert!(place.read(".bashrc").contains(": # set aside by hfdoctor: export HF_HUB_OFFLINE=1\nfi"));
    assert!(applied.notes.iter().any(|note| note.contains(".bashrc:2")), "{applied:?}");
    undo(&engine);
    assert_eq!(place.read(".bashrc"), old);
}

#[test]
fn what_is_not_understood_is_shown_and_left() {
    let place = Place::new();
    let old = "[ -n \"$X\" ] && export HF_TOKEN=secretsecret\n";
    place.write(".bashrc", old);
    let applied = apply(&place.engine(), vec![unset("HF_TOKEN")]);
    assert!(place.read(".bashrc").starts_with(old));
    assert!(applied.notes.iter().any(|note| note.contains(".bashrc:1") && !note.contains("secret")), "{applied:?}");
}

#[test]
fn taking_back_an_older_run_keeps_what_later_ones_need() {
    let place = Place::new();
    place.write(".profile", "");
    place.write(".bashrc", "");
    let engine = place.engine();
    let first = apply(&engine, vec![set("A", "1")]).undo.unwrap();
    let second = apply(&engine, vec![set("B", "2")]).undo.unwrap();
    let report = engine.undo(Some(&first)).unwrap();
    assert!(report.changes.iter().any(|change| change.outcome == Undoing::Kept), "{report:?}");
    let env = place.read(".config/hfdoctor/env.sh");
    assert!(env.contains("export B='2'") && !env.contains("export A="), "{env}");
    assert!(place.read(".bashrc").contains("env.sh"));
    engine.undo(Some(&second)).unwrap();
    assert_eq!((place.read(".bashrc"), place.read(".profile")), (String::new(), String::new()));
}

#[test]
fn a_later_edit_by_the_person_survives_undo() {
    let place = Place::new();
    place.write(".bashrc", "a=1\n");
    place.write(".profile", "");
    let engine = place.engine();
    apply(&engine, vec![set("A", "1")]);
    let now = place.read(".bashrc");
    place.write(".bashrc", format!("{now}b=2\n"));
    undo(&engine);
    assert_eq!(place.read(".bashrc"), "a=1\nb=2\n");
}

#[test]
fn a_partial_file_is_moved_aside_and_back() {
    let place = Place::new();
    let partial = place.write(&format!(".cache/huggingface/hub/models--a--b/blobs/{BLOB}.incomplete"), "half");
    let before = place.contents();
    let engine = place.engine();
    let plan = plan_of(&engine, vec![quarantine(&place.hub(), &[&format!("models--a--b/blobs/{BLOB}.incomplete")])]);
    assert!(plan.fixes[0].steps[0].what.contains("4 bytes"), "{plan:?}");
    let applied = engine.apply(&plan, &mut Yes).unwrap().remove(0);
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert!(!partial.exists());
    // Beside the hub cache, where clients do not look for repositories.
    let runs = engine.runs();
    assert_eq!((runs[0].bytes(), runs[0].state), (4, RunState::Applied));
    assert!(runs[0].quarantined[0].to.starts_with(place.home().join(".cache/huggingface/.hfdoctor-quarantine")));
    undo(&engine);
    assert_eq!(place.contents(), before);
    assert_eq!(engine.runs()[0].state, RunState::Undone);
    assert!(!place.home().join(".cache/huggingface/.hfdoctor-quarantine").exists());
    assert!(matches!(engine.undo(None), Err(Error::NoRun { .. })));
}

#[test]
fn in_a_folder_of_the_persons_own_only_the_clients_corner_is_touched() {
    let place = Place::new();
    let name = format!("bmFtZQ==.{BLOB}.0123abcd.incomplete");
    let partial = place.write(&format!("model/.cache/huggingface/download/{name}"), "half");
    let mine = place.write("model/mine.incomplete", "mine");
    let before = place.contents();
    let root = place.home().join("model");
    let engine = place.engine();
    let both = Action::Quarantine { root: root.clone(), paths: vec![partial.clone(), mine] };
    let plan = plan_of(&engine, vec![both]);
    assert!(plan.is_empty(), "{plan:?}");
    let applied = apply(&engine, vec![Action::Quarantine { root: root.clone(), paths: vec![partial.clone()] }]);
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert!(engine.runs()[0].quarantined[0].to.starts_with(root.join(".cache/huggingface/.hfdoctor-quarantine")));
    undo(&engine);
    assert_eq!(place.contents(), before);
}

#[test]
fn what_came_instead_is_not_overwritten_by_undo() {
    let place = Place::new();
    let path = place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "old");
    let engine = place.engine();
    apply(&engine, vec![quarantine(&place.hub(), &["models--a--b/blobs/x.incomplete"])]);
    fs::write(&path, "new").unwrap();
    let report = engine.undo(None).unwrap();
    assert!(!report.is_complete());
    assert!(report.changes[0].what.contains("kept in"), "{report:?}");
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(fs::read(&engine.runs()[0].quarantined[0].to).unwrap(), b"old");
}

#[test]
fn purge_frees_only_what_was_moved() {
    let place = Place::new();
    place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "old");
    place.write(".cache/huggingface/hub/models--a--b/broken/one", "1");
    let engine = place.engine();
    let applied =
        apply(&engine, vec![quarantine(&place.hub(), &["models--a--b/blobs/x.incomplete", "models--a--b/broken"])]);
    let foreign = engine.runs()[0].quarantined[0].to.with_file_name("mine");
    fs::write(&foreign, "mine").unwrap();
    let purged = engine.purge(applied.undo.as_deref()).unwrap();
    assert_eq!((purged[0].deleted.len(), purged[0].bytes()), (2, 4));
    assert_eq!(fs::read(&foreign).unwrap(), b"mine");
    assert_eq!(engine.runs()[0].bytes(), 0);
    let report = engine.undo(applied.undo.as_deref()).unwrap();
    assert!(report.changes.is_empty(), "{report:?}");
}

#[test]
fn a_whole_blob_stays() {
    let place = Place::new();
    // SHA-256 of nothing, and git's name for the blob of nothing.
    let names = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    ];
    for name in names {
        place.write(&format!(".cache/huggingface/hub/models--a--b/blobs/{name}"), "");
        let path = format!("models--a--b/blobs/{name}");
        let applied = apply(&place.engine(), vec![quarantine(&place.hub(), &[&path])]);
        assert!(skipped(&applied).contains("whole"), "{applied:?}");
    }
    let folder = apply(&place.engine(), vec![quarantine(&place.hub(), &["models--a--b"])]);
    assert!(skipped(&folder).contains("whole"), "{folder:?}");
    place.write(&format!(".cache/huggingface/hub/models--a--b/blobs/{BLOB}"), "corrupt");
    let corrupt = apply(&place.engine(), vec![quarantine(&place.hub(), &[&format!("models--a--b/blobs/{BLOB}")])]);
    assert_eq!(corrupt.outcome, Outcome::Applied);
}

#[cfg(unix)]
#[test]
fn nothing_behind_a_link_that_leads_out_is_touched() {
    let place = Place::new();
    let outside = place.dir.path().join("outside");
    fs::write(outside.join("x.incomplete"), "theirs").unwrap();
    std::os::unix::fs::symlink(&outside, place.hub().join("models--a--b")).unwrap();
    let before = place.contents();
    let engine = place.engine();
    for path in ["models--a--b/x.incomplete", "../../../../outside/x.incomplete"] {
        let applied = apply(&engine, vec![quarantine(&place.hub(), &[path])]);
        assert!(!skipped(&applied).is_empty());
    }
    let direct = Action::Quarantine { root: place.hub(), paths: vec![outside.join("x.incomplete")] };
    assert!(skipped(&apply(&engine, vec![direct])).contains("does not lie in"));
    assert_eq!(place.contents(), before);
}

#[test]
fn what_changed_since_the_plan_is_left() {
    let place = Place::new();
    let path = place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "old");
    let engine = place.engine();
    let plan = plan_of(&engine, vec![quarantine(&place.hub(), &["models--a--b/blobs/x.incomplete"])]);
    fs::write(&path, "older").unwrap();
    let applied = engine.apply(&plan, &mut Yes).unwrap().remove(0);
    assert!(skipped(&applied).contains("changed"), "{applied:?}");
    assert!(path.exists());
}

#[test]
fn a_held_lock_keeps_the_file() {
    let place = Place::new();
    place.write(&format!(".cache/huggingface/hub/models--a--b/blobs/{BLOB}.0123abcd.incomplete"), "half");
    let lock = place.write(&format!(".cache/huggingface/hub/.locks/models--a--b/{BLOB}.lock"), "");
    let file = fs::File::open(lock).unwrap();
    file.lock().unwrap();
    let action = quarantine(&place.hub(), &[&format!("models--a--b/blobs/{BLOB}.0123abcd.incomplete")]);
    let held = apply(&place.engine(), vec![action.clone()]);
    assert!(skipped(&held).contains("lock"), "{held:?}");
    drop(file);
    assert_eq!(apply(&place.engine(), vec![action]).outcome, Outcome::Applied);
}

#[cfg(target_os = "linux")]
#[test]
fn an_open_file_and_a_living_owner_keep_the_file() {
    let place = Place::new();
    let path = place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "half");
    let open = fs::File::open(&path).unwrap();
    let action = quarantine(&place.hub(), &["models--a--b/blobs/x.incomplete"]);
    let held = apply(&place.engine(), vec![action.clone()]);
    assert!(skipped(&held).contains("open"), "{held:?}");
    drop(open);
    let lock = place.write(".cache/huggingface/hub/.locks/models--a--b/x.lock", std::process::id().to_string());
    let held = apply(&place.engine(), vec![action.clone()]);
    assert!(skipped(&held).contains("lock"), "{held:?}");
    fs::write(lock, "999999999\nhost\n").unwrap();
    assert_eq!(apply(&place.engine(), vec![action]).outcome, Outcome::Applied);
}

#[test]
fn a_token_file_is_cleaned_and_the_journal_does_not_know_the_token() {
    let place = Place::new();
    let path = place.write(".cache/huggingface/token", format!("\u{feff}\"{TOKEN}\"\r\n"));
    let before = place.contents();
    let engine = place.engine();
    let plan = plan_of(&engine, vec![Action::CleanToken { path: path.clone() }]);
    let applied = engine.apply(&plan, &mut Yes).unwrap().remove(0);
    assert_eq!(applied.outcome, Outcome::Applied);
    assert_eq!(fs::read_to_string(&path).unwrap(), TOKEN);
    let shown = format!("{} {applied:?} {:?}", serde_json::to_string(&plan).unwrap(), engine.runs());
    assert!(!shown.contains(TOKEN));
    let state = place.home().join(".local/state/hfdoctor");
    for entry in fs::read_dir(state.join("runs")).unwrap() {
        assert!(!fs::read_to_string(entry.unwrap().path()).unwrap().contains(&TOKEN[3..]));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        let mut all = vec![state];
        while let Some(path) = all.pop() {
            assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
            if path.is_dir() {
                all.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }
    undo(&engine);
    assert_eq!(place.contents(), before);
}

#[test]
fn a_placeholder_or_a_stranger_in_the_token_file_is_left() {
    let place = Place::new();
    for content in ["hf_***", "<your token here>", "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "[REDACTED]\n", "password123"] {
        let path = place.write(".cache/huggingface/token", content);
        let applied = apply(&place.engine(), vec![Action::CleanToken { path: path.clone() }]);
        assert!(skipped(&applied).contains("left as it is"), "{applied:?}");
        assert_eq!(fs::read_to_string(path).unwrap(), content);
    }
}

#[test]
fn a_token_in_a_plain_line_is_cleaned() {
    let place = Place::new();
    let path = place.write(".env", format!("# mine\nHF_TOKEN=\"{TOKEN} \"\nOTHER=1\n"));
    let engine = place.engine();
    apply(&engine, vec![Action::CleanAssignment { path: Some(path), name: "HF_TOKEN".to_owned() }]);
    assert_eq!(place.read(".env"), format!("# mine\nHF_TOKEN=\"{TOKEN}\"\nOTHER=1\n"));
    undo(&engine);
    assert_eq!(place.read(".env"), format!("# mine\nHF_TOKEN=\"{TOKEN} \"\nOTHER=1\n"));
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
fn a_typed_token_is_stored_only_when_the_hub_accepts_it() {
    let place = Place::new();
    let path = place.home().join(".cache/huggingface/token");
    let action = vec![Action::StoreToken { path: path.clone() }];
    assert!(skipped(&apply(&place.engine(), action.clone())).contains("terminal"));
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let mut world = place.world();
    world.terminal = true;
    world.confirm_token = Some(Box::new(move |token| {
        counter.fetch_add(1, Ordering::Relaxed);
        if token.expose() == TOKEN.as_bytes() { Ok(()) } else { Err("the Hub rejects it".to_owned()) }
    }));
    let engine = Engine::new(world);
    let plan = plan_of(&engine, action);
    let rejected = engine.apply(&plan, &mut Typist(vec!["hf_ZzYyXxWwVvUuTtSsRrQqPpOoNn99887766"])).unwrap();
    assert!(matches!(rejected[0].outcome, Outcome::Skipped(_)));
    assert!(!path.exists());
    let stored = engine.apply(&plan, &mut Typist(vec![" hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567\n", "hf_***"])).unwrap();
    assert_eq!(stored[0].outcome, Outcome::Applied);
    assert_eq!(fs::read_to_string(&path).unwrap(), TOKEN);
    assert_eq!(asked.load(Ordering::Relaxed), 2, "a placeholder is not sent to anybody");
    undo(&engine);
    assert!(!path.exists());
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
fn rights_are_granted_to_the_owner_alone_and_taken_back() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let file = place.write(".cache/huggingface/hub/models--a--b/refs/main", "x");
    let outside = place.dir.path().join("outside/theirs");
    fs::write(&outside, "x").unwrap();
    std::os::unix::fs::symlink(&outside, place.hub().join("link")).unwrap();
    let folder = place.hub().join("models--a--b/refs");
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    set(&outside, 0o400);
    set(&file, 0o044);
    set(&folder, 0o000);
    set(&place.hub(), 0o500);
    let engine = place.engine();
    let paths = vec![file.clone(), place.hub().join("link"), folder.clone(), place.hub()];
    let applied = apply(&engine, vec![Action::GrantOwner { root: place.hub(), paths }]);
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!((mode(&folder), mode(&file), mode(&place.hub())), (0o700, 0o644, 0o700));
    assert_eq!(mode(&outside), 0o400);
    undo(&engine);
    set(&place.hub(), 0o700);
    assert_eq!(mode(&folder), 0o000);
    set(&folder, 0o700);
    assert_eq!(mode(&file), 0o044);
}

#[cfg(unix)]
#[test]
fn a_token_file_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let path = place.write(".cache/huggingface/token", TOKEN);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let engine = place.engine();
    apply(&engine, vec![Action::KeepPrivate { path: path.clone() }]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    undo(&engine);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
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
    assert!(told[0].notes[0].contains("https://huggingface.co/x"));
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
fn unfinished_downloads_are_deleted_only_when_provably_useless() {
    let place = Place::new();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let names = [format!("{BLOB}.incomplete"), format!("{empty}.incomplete"), BLOB.to_owned()];
    let paths = names.clone().map(|name| {
        let content = if name.starts_with(empty) { "" } else { "half" };
        place.write(&format!(".cache/huggingface/hub/models--a--b/blobs/{name}"), content)
    });
    let engine = place.engine();
    let plan = plan_of(&engine, vec![Action::Discard { root: place.hub(), paths: paths.to_vec() }]);
    assert_eq!(plan.fixes[0].risk, Risk::Ask);
    assert!(engine.apply(&plan, &mut SafeOnly).unwrap().iter().all(|one| skipped(one) == "declined"));
    let applied = engine.apply(&plan, &mut Yes).unwrap().remove(0);
    assert_eq!(applied.outcome, Outcome::Applied);
    assert_eq!(paths.map(|path| path.exists()), [false, true, true]);
}

#[test]
fn answers_are_heeded() {
    struct Says(Vec<Answer>);
    impl Consent for Says {
        fn agree(&mut self, _: &PlannedFix) -> Answer {
            self.0.pop().unwrap()
        }
    }
    let place = Place::new();
    let engine = place.engine();
    let variable = |id: &'static str| Fix::automatic(id, Risk::Safe, id, vec![set(&id.to_uppercase(), "1")]);
    let mut first = with_fix(Cause::OfflineMode, variable("a"));
    first.finding.fixes.push(variable("b"));
    let causes = [first, with_fix(Cause::LockStuck, variable("c")), with_fix(Cause::DiskFull, variable("d"))];
    let plan = engine.plan(&causes);
    // No to the best fix of the first cause: its second one is offered. Then stop.
    let mut says = Says(vec![Answer::Stop, Answer::Yes, Answer::No]);
    let outcomes: Vec<_> =
        engine.apply(&plan, &mut says).unwrap().into_iter().map(|one| (one.fix_id, one.outcome)).collect();
    assert_eq!(outcomes.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    assert_eq!(outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Applied).count(), 1);
    assert_eq!(outcomes[1].1, Outcome::Applied);
    let all = engine.apply(&plan, &mut Says(vec![Answer::All])).unwrap();
    assert_eq!(all.iter().map(|one| one.fix_id).collect::<Vec<_>>(), ["a", "c", "d"]);
    assert!(all.iter().all(|one| one.outcome == Outcome::Applied), "{all:?}");
}

#[test]
fn two_at_once_do_not_meet() {
    let place = Place::new();
    let lock = place.write(".local/state/hfdoctor/lock", "4711");
    let file = fs::File::open(lock).unwrap();
    file.lock().unwrap();
    let engine = place.engine();
    let plan = plan_of(&engine, vec![set("A", "1")]);
    let busy = engine.apply(&plan, &mut Yes).unwrap_err();
    assert!(busy.to_string().contains("4711"), "{busy}");
    assert!(matches!(engine.undo(None), Err(Error::Busy { .. })));
    assert!(matches!(engine.purge(None), Err(Error::Busy { .. })));
    drop(file);
    assert!(engine.apply(&plan, &mut Yes).is_ok());
}

/// Every step of every change fails once, as if the system had said so: what the fix had done is taken back.
#[test]
fn a_failure_at_any_step_leaves_the_old_state() {
    for step in
        [Step::Action, Step::Backup, Step::Journal, Step::Intended, Step::Prepared, Step::Changed, Step::Recorded]
    {
        for nth in 0..12 {
            let place = Place::in_memory();
            place.write(".bashrc", "export B=1\n");
            place.write(".profile", "");
            place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "half");
            let token = place.write(".cache/huggingface/token", format!("{TOKEN}\n"));
            let before = place.contents();
            let mut world = place.world();
            let reached = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&reached);
            world.fault = Some(Box::new(move |at| {
                if at == step && counter.fetch_add(1, Ordering::Relaxed) == nth {
                    return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left"));
                }
                Ok(())
            }));
            let applied = apply(
                &Engine::new(world),
                vec![
                    quarantine(&place.hub(), &["models--a--b/blobs/x.incomplete"]),
                    set("A", "1"),
                    Action::CleanToken { path: token },
                    unset("B"),
                ],
            );
            if let Outcome::Failed(why) = &applied.outcome {
                assert!(!why.contains("not taken back"), "{step:?} {nth}: {why}");
                assert_eq!(place.contents(), before, "{step:?} {nth}");
                continue;
            }
            assert_eq!(applied.outcome, Outcome::Applied, "{step:?} {nth}");
            undo(&place.engine());
            assert_eq!(place.contents(), before, "{step:?} {nth}");
            if reached.load(Ordering::Relaxed) <= nth {
                break;
            }
        }
    }
}

#[test]
fn a_journal_that_is_cut_anywhere_is_read_and_undone() {
    let place = Place::new();
    place.write(".bashrc", "");
    place.write(".profile", "");
    place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "half");
    let engine = place.engine();
    let applied = apply(&engine, vec![quarantine(&place.hub(), &["models--a--b/blobs/x.incomplete"]), set("A", "1")]);
    let path = place.home().join(format!(".local/state/hfdoctor/runs/{}.jsonl", applied.undo.unwrap()));
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(engine.runs().iter().all(|run| run.damaged == 0), "{length}");
    }
    // Cut within the last record, and with a damaged line in the middle: the rest is taken back and the damage is told.
    let mut damaged = whole[..whole.len() - 3].to_vec();
    let second = damaged.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    damaged.splice(second..second, b"\xff\xfe{not json\n".iter().copied());
    fs::write(&path, &damaged).unwrap();
    let report = engine.undo(None).unwrap();
    assert_eq!(report.damaged, 1);
    assert!(report.changes.iter().all(|change| change.outcome == Undoing::Restored), "{report:?}");
    assert_eq!(place.read(".bashrc"), "");
    assert!(place.hub().join("models--a--b/blobs/x.incomplete").exists());
}

#[test]
fn without_a_home_nothing_is_written_to_the_working_directory() {
    let place = Place::new();
    let mut world = place.world();
    world.home = std::path::PathBuf::new();
    let engine = Engine::new(world);
    let plan = plan_of(&engine, vec![set("A", "1")]);
    assert!(engine.apply(&plan, &mut Yes).unwrap_err().to_string().contains("no home"));
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

/// A volume of one megabyte in a namespace of its own, where the system lets an ordinary user make one.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_volume_nothing_is_lost_and_room_is_made() {
    let place = Place::new();
    let script = "mount -t tmpfs -o size=1m,mode=755 hfdoctor \"$1\" && echo made >&2 && shift && exec \"$@\"";
    let output = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(place.home())
        .arg(std::env::current_exe().unwrap())
        .args(["full_volume", "--exact", "--ignored", "--nocapture"])
        .env("HFDOCTOR_TEST_DIR", place.dir.path())
        .output();
    let Ok(output) = output else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    if said.lines().any(|line| line == "made") {
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "no test of its own: runs inside a small volume that another test makes"]
fn full_volume() {
    use std::io::Write;
    let Some(dir) = std::env::var_os("HFDOCTOR_TEST_DIR").map(std::path::PathBuf::from) else { return };
    let home = dir.join("home");
    let hub = home.join(".cache/huggingface/hub");
    let blobs = hub.join("models--a--b/blobs");
    fs::create_dir_all(&blobs).unwrap();
    fs::write(home.join(".bashrc"), "a=1\n").unwrap();
    fs::write(home.join(".profile"), "").unwrap();
    let partials = ["1", "2"].map(|digit| blobs.join(format!("{}.incomplete", digit.repeat(64))));
    for partial in &partials {
        fs::write(partial, vec![b'x'; 200_000]).unwrap();
    }
    let mut filler = fs::File::create(home.join("filler")).unwrap();
    while filler.write_all(&[b'f'; 512]).is_ok() {}
    let before = contents(&home);
    let engine = Engine::new(world_in(&dir, "bash"));
    let variable = plan_of(&engine, vec![set("HF_HOME", "/elsewhere")]);
    let failed = engine.apply(&variable, &mut Yes).unwrap().remove(0);
    assert!(matches!(&failed.outcome, Outcome::Failed(why) if why.contains("space")), "{failed:?}");
    assert_eq!(contents(&home), before);
    // The journal finds room elsewhere, and a rename needs none.
    let mut world = world_in(&dir, "bash");
    world.spare_state_dirs = vec![dir.join("spare")];
    let engine = Engine::new(world);
    let moving = plan_of(&engine, vec![quarantine(&hub, &[partials[0].strip_prefix(&hub).unwrap().to_str().unwrap()])]);
    let moved = engine.apply(&moving, &mut Yes).unwrap().remove(0);
    assert_eq!(moved.outcome, Outcome::Applied, "{moved:?}");
    undo(&engine);
    assert_eq!(contents(&home), before);
    // Without room anywhere, what is useless can still be deleted, and then all else works.
    let engine = Engine::new(world_in(&dir, "bash"));
    let useless = plan_of(&engine, vec![Action::Discard { root: hub, paths: vec![partials[1].clone()] }]);
    let freed = engine.apply(&useless, &mut Yes).unwrap().remove(0);
    assert_eq!(freed.outcome, Outcome::Applied, "{freed:?}");
    assert!(!partials[1].exists() && partials[0].exists());
    assert_eq!(engine.apply(&variable, &mut Yes).unwrap().remove(0).outcome, Outcome::Applied);
    undo(&engine);
    assert_eq!(fs::read_to_string(home.join(".bashrc")).unwrap(), "a=1\n");
}
