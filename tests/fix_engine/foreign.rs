//! What others have put in the way of our own files: it is named, and not obeyed.

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;

use super::*;

/// Another user's number, where this is root.
const STRANGER: u32 = 65534;

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Whether this is root, who alone can make what belongs to another. What is left out is said past the capture of tests.
fn is_root(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        use std::io::Write;
        let _ = writeln!(io::stderr(), "LEFT OUT: {test}: needs root");
    }
    root
}

fn state(place: &Place) -> PathBuf {
    place.home().join(".local/state/hfdoctor")
}

/// A run that has moved something aside and has set a variable.
fn applied(place: &Place) -> Engine {
    place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "old");
    place.write(".bashrc", "");
    let engine = place.engine();
    let applied = apply(&engine, vec![quarantine(&place.hub(), &["models--a--b/blobs/x.incomplete"]), set("A", "1")]);
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    engine
}

/// Nothing is obeyed and nothing changes.
fn refuses(engine: &Engine, place: &Place, named: &str) {
    let before = place.contents();
    let why = engine.undo(None).unwrap_err().to_string();
    assert!(why.contains(named), "{why}");
    assert!(engine.purge(None).is_err());
    let plan = plan_of(engine, vec![set("B", "1")]);
    assert!(engine.apply(&plan, &mut Yes).unwrap_err().to_string().contains(named));
    assert!(engine.runs().is_empty());
    assert!(engine.refused().iter().any(|why| why.contains(named)), "{:?}", engine.refused());
    assert_eq!(place.contents(), before);
}

#[test]
fn a_state_folder_that_others_can_write_to_is_refused_by_name() {
    for open in ["", "..", "../.."] {
        let place = Place::new();
        let engine = applied(&place);
        let folder = state(&place).join(open).canonicalize().unwrap();
        chmod(&folder, 0o777);
        refuses(&engine, &place, &format!("{} can be written to by others", folder.display()));
        chmod(&folder, 0o755);
        undo(&engine);
    }
}

#[test]
fn another_users_state_is_refused_by_name() {
    if !is_root("another_users_state_is_refused_by_name") {
        return;
    }
    for theirs in ["", "..", "../.."] {
        let place = Place::new();
        let engine = applied(&place);
        let folder = state(&place).join(theirs).canonicalize().unwrap();
        chown(&folder, Some(STRANGER), Some(STRANGER)).unwrap();
        refuses(&engine, &place, &format!("{} belongs to", folder.display()));
    }
    // A single journal of another's in a folder of our own.
    let place = Place::new();
    let engine = applied(&place);
    let journal = fs::read_dir(state(&place).join("runs")).unwrap().next().unwrap().unwrap().path();
    chown(&journal, Some(STRANGER), None).unwrap();
    assert!(engine.runs().is_empty() && engine.refused()[0].contains("belongs to"), "{:?}", engine.refused());
    assert!(matches!(engine.undo(None), Err(Error::NoRun { .. })));
    // A link of another's on the way.
    let place = Place::new();
    let engine = applied(&place);
    let (at, away) = (place.home().join(".local"), place.home().join("away"));
    fs::rename(&at, &away).unwrap();
    symlink(&away, &at).unwrap();
    assert_eq!(engine.runs().len(), 1, "a link of one's own is followed");
    std::os::unix::fs::lchown(&at, Some(STRANGER), None).unwrap();
    refuses(&engine, &place, "is a link of");
}

#[test]
fn another_users_spare_folder_is_passed_over() {
    if !is_root("another_users_spare_folder_is_passed_over") {
        return;
    }
    let place = Place::new();
    let spare = place.dir.path().join("outside/hfdoctor");
    let mut world = place.world();
    world.spare_state_dirs = vec![spare.clone()];
    let engine = Engine::new(world);
    // As `su` leaves `XDG_RUNTIME_DIR`: nothing of hfdoctor lies there, and nothing is said.
    chown(spare.parent().unwrap(), Some(STRANGER), None).unwrap();
    assert_eq!(apply(&engine, vec![set("A", "1")]).outcome, Outcome::Applied);
    assert!(engine.refused().is_empty());
    // Another's journal there is named, and not obeyed.
    fs::create_dir_all(spare.join("runs")).unwrap();
    let own = fs::read_dir(state(&place).join("runs")).unwrap().next().unwrap().unwrap().path();
    fs::copy(own, spare.join("runs/20990101-000000.jsonl")).unwrap();
    assert_eq!((engine.runs().len(), engine.refused().len()), (1, 1), "{:?}", engine.refused());
    undo(&engine);
}

#[test]
fn a_folder_for_settings_that_others_can_write_to_is_not_sourced() {
    let place = Place::new();
    place.write(".bashrc", "");
    fs::create_dir_all(place.home().join(".config/hfdoctor")).unwrap();
    chmod(&place.home().join(".config"), 0o777);
    let why = apply(&place.engine(), vec![set("A", "1")]);
    assert!(skipped(&why).contains(".config can be written to by others"), "{why:?}");
    assert_eq!(place.read(".bashrc"), "");
    chmod(&place.home().join(".config"), 0o755);
    // A file of variables that everybody can write, a pipe, a link.
    let file = place.write(".config/hfdoctor/env.sh", "export B=1\n");
    chmod(&file, 0o666);
    assert!(skipped(&apply(&place.engine(), vec![set("A", "1")])).contains("can be written to by others"));
    fs::remove_file(&file).unwrap();
    symlink(place.write("planted", "export B=1\n"), &file).unwrap();
    assert!(skipped(&apply(&place.engine(), vec![set("A", "1")])).contains("is a link"));
    fs::remove_file(&file).unwrap();
    pipe(&file);
    assert!(skipped(&apply(&place.engine(), vec![set("A", "1")])).contains("no regular file"));
    assert_eq!(place.read(".bashrc"), "");
}

fn pipe(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_pipe_in_place_of_any_file_holds_nobody_up() {
    let place = Place::new();
    for path in [
        ".local/state/hfdoctor/runs/20990101-000000.jsonl",
        ".bashrc",
        ".profile",
        ".env",
        ".cache/huggingface/token",
        ".cache/huggingface/hub/.locks/models--a--b/x.lock",
    ] {
        pipe(&place.home().join(path));
    }
    chmod(&place.home().join(".local/state/hfdoctor"), 0o700);
    place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "old");
    let engine = place.engine();
    assert!(engine.runs().is_empty() && engine.refused()[0].contains("no regular file"), "{:?}", engine.refused());
    skipped(&apply(&engine, vec![set("A", "1")]));
    skipped(&apply(&engine, vec![unset("A")]));
    skipped(&apply(&engine, vec![Action::CleanToken { path: place.home().join(".cache/huggingface/token") }]));
    skipped(&apply(
        &engine,
        vec![Action::CleanAssignment { path: Some(place.home().join(".env")), name: "HF_TOKEN".into() }],
    ));
    let moved = apply(&engine, vec![quarantine(&place.hub(), &["models--a--b/blobs/x.incomplete"])]);
    assert_eq!(moved.outcome, Outcome::Applied, "{moved:?}");
    undo(&engine);
    assert!(engine.purge(None).is_ok());
    // The lock itself.
    let place = Place::new();
    pipe(&state(&place).join("lock"));
    chmod(&state(&place), 0o700);
    let plan = plan_of(&place.engine(), vec![set("A", "1")]);
    assert!(place.engine().apply(&plan, &mut Yes).is_err());
}

/// One record of a change, in a journal that is our own.
fn planted(place: &Place, change: &str) -> Engine {
    let runs = state(place).join("runs");
    fs::create_dir_all(&runs).unwrap();
    let run = "20300101-000000";
    let text = format!(
        "{{\"record\":\"run\",\"version\":1,\"id\":\"{run}\",\"created\":1,\"hfdoctor\":\"0.1.0\"}}\n\
         {{\"record\":\"intent\",\"step\":1,\"fix\":\"f\",\"causes\":[],\"change\":{change}}}\n\
         {{\"record\":\"done\",\"step\":1}}\n"
    );
    fs::write(runs.join(format!("{run}.jsonl")), text).unwrap();
    let backups = state(place).join("backups").join(run);
    fs::create_dir_all(&backups).unwrap();
    fs::write(backups.join("1-before"), "planted\n").unwrap();
    for folder in [state(place), runs, backups.parent().unwrap().to_owned(), backups] {
        chmod(&folder, 0o700);
    }
    place.engine()
}

/// Bytes that are shown in hex.
struct HexOf<'a>(&'a [u8]);

impl std::fmt::LowerHex for HexOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn write_record(place: &Place, path: &str, temporary: &str, before: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = |bytes: &[u8]| format!("{:x}", HexOf(&Sha256::digest(bytes)));
    let now = fs::read(path).unwrap_or_default();
    let before = before.replace("STATE", &state(place).display().to_string());
    format!(
        "{{\"kind\":\"write\",\"path\":{path:?},\"temporary\":{temporary:?},\"before\":{{\"path\":{before:?},\"sha256\":\"{}\"}},\
         \"mode\":384,\"after\":\"{}\",\"mode_after\":null,\"patch\":null,\"serves\":null}}",
        hash(b"planted\n"),
        hash(&now)
    )
}

#[test]
fn a_journal_names_only_what_its_changes_may_touch() {
    let own = "STATE/backups/20300101-000000/1-before";
    let hidden = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        path.with_file_name(format!(".{name}.hfdoctor-20300101-000000-1")).display().to_string()
    };
    let cases: &[(&str, &str, bool)] = &[
        (".ssh/authorized_keys", own, false),
        ("notes.txt", own, false),
        (".config/../.bashrc", own, false),
        (".bashrc", "/etc/passwd", false),
        (".bashrc", "STATE/backups/20300101-000000/../x/1-before", false),
        (".bashrc", own, true),
        (".cache/huggingface/token", own, true),
        ("project/.env", own, true),
    ];
    for (path, before, allowed) in cases {
        let place = Place::in_memory();
        fs::create_dir_all(place.home().join(".config")).unwrap();
        let file = place.home().join(path);
        place.write(path, "mine\n");
        let record = write_record(&place, file.to_str().unwrap(), &hidden(&file), before);
        let report = planted(&place, &record).undo(None).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, if *allowed { "planted\n" } else { "mine\n" }, "{path} {before}: {report:?}");
        assert_eq!(report.is_complete(), *allowed, "{path} {before}: {report:?}");
        if !allowed {
            assert!(report.changes[0].what.contains("the journal names"), "{report:?}");
        }
    }
    // A temporary file that is none.
    let place = Place::in_memory();
    let (file, mine) = (place.write(".bashrc", "mine\n"), place.write("mine", "mine\n"));
    let record = write_record(&place, file.to_str().unwrap(), mine.to_str().unwrap(), own);
    let engine = planted(&place, &record);
    engine.purge(None).unwrap();
    assert!(!engine.undo(None).unwrap().is_complete());
    assert_eq!((place.read("mine"), place.read(".bashrc")), ("mine\n".to_owned(), "mine\n".to_owned()));
}

#[test]
fn a_journal_moves_nothing_out_of_no_quarantine_and_opens_no_key() {
    let place = Place::in_memory();
    let key = place.write(".ssh/id_rsa", "key");
    chmod(&key, 0o600);
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&key).unwrap());
    let stamp = format!("{{\"kind\":\"file\",\"size\":3,\"modified\":0,\"device\":0,\"inode\":{inode},\"entries\":0}}");
    let home = place.home();
    let home = home.display();
    for change in [
        format!(
            "{{\"kind\":\"mode\",\"root\":\"{home}/.ssh\",\"path\":\"{home}/.ssh/id_rsa\",\"stamp\":{stamp},\"before\":438,\"after\":384}}"
        ),
        format!(
            "{{\"kind\":\"mode\",\"root\":\"{home}/.ssh\",\"path\":\"{home}/.ssh/id_rsa\",\"stamp\":{stamp},\"before\":0,\"after\":384}}"
        ),
        format!(
            "{{\"kind\":\"move\",\"root\":\"{home}\",\"from\":\"{home}/models--x/k\",\"to\":\"{home}/.ssh/id_rsa\",\"stamp\":{stamp}}}"
        ),
        format!(
            "{{\"kind\":\"move\",\"root\":\"{home}\",\"from\":\"{home}/.ssh/rc\",\"to\":\"{home}/.hfdoctor-quarantine/20300101-000000/1/rc\",\"stamp\":{stamp}}}"
        ),
    ] {
        let engine = planted(&place, &change);
        let report = engine.undo(None).unwrap();
        assert!(!report.is_complete() && report.changes[0].what.contains("the journal names"), "{change}: {report:?}");
        engine.purge(None).unwrap();
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read(&key).unwrap(), b"key");
    }
}

#[test]
fn a_huge_or_a_newer_journal_is_left_alone() {
    let place = Place::new();
    let engine = applied(&place);
    let journal = fs::read_dir(state(&place).join("runs")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen("\"version\":1", "\"version\":2", 1)).unwrap();
    assert!(engine.undo(None).unwrap_err().to_string().contains("newer"));
    fs::write(&journal, text).unwrap();
    let file = fs::File::options().write(true).open(&journal).unwrap();
    file.set_len(1 << 30).unwrap();
    assert!(engine.runs().is_empty() && engine.refused()[0].contains("too large"), "{:?}", engine.refused());
}

#[test]
fn anothers_file_is_not_edited() {
    if !is_root("anothers_file_is_not_edited") {
        return;
    }
    let place = Place::new();
    let token = place.write(".cache/huggingface/token", format!("{TOKEN}\n"));
    chown(&token, Some(STRANGER), None).unwrap();
    let applied = apply(&place.engine(), vec![Action::CleanToken { path: token.clone() }]);
    assert!(skipped(&applied).contains("belongs to"), "{applied:?}");
    assert_eq!(fs::read_to_string(token).unwrap(), format!("{TOKEN}\n"));
}

#[test]
fn in_anothers_home_nothing_is_changed() {
    if !is_root("in_anothers_home_nothing_is_changed") {
        return;
    }
    let place = Place::new();
    let engine = applied(&place);
    let before = place.contents();
    chown(place.home(), Some(STRANGER), None).unwrap();
    assert!(
        engine
            .may_change()
            .unwrap_err()
            .to_string()
            .contains("this home belongs to nobody: run `hfdoctor --fix` as nobody, without sudo")
    );
    assert!(!plan_of(&engine, vec![set("B", "1")]).is_empty(), "the plan is shown all the same");
    for refused in [
        engine.undo(None).map(drop),
        engine.purge(None).map(drop),
        engine.apply(&plan_of(&engine, vec![set("B", "1")]), &mut Yes).map(drop),
    ] {
        assert!(matches!(refused, Err(Error::OthersHome { .. })), "{refused:?}");
    }
    assert_eq!(place.contents(), before);
}
