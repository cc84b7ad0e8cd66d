//! What lies in a cache is moved aside, deleted, given back.

use super::*;

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

#[cfg(unix)]
#[test]
fn a_link_that_a_client_has_made_anew_is_back() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    place.write(&format!(".cache/huggingface/hub/models--a--b/blobs/{BLOB}"), "corrupt");
    let link = place.hub().join("models--a--b/snapshots/x");
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    symlink(format!("../blobs/{BLOB}"), &link).unwrap();
    let before = place.contents();
    let engine = place.engine();
    for (leads_to, same) in [(format!("../blobs/{BLOB}"), true), ("../elsewhere".to_owned(), false)] {
        apply(&engine, vec![quarantine(&place.hub(), &["models--a--b/snapshots/x"])]);
        symlink(&leads_to, &link).unwrap();
        let report = engine.undo(None).unwrap();
        assert_eq!(report.is_complete(), same, "{report:?}");
        assert_eq!(place.contents() == before, same);
    }
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("../elsewhere"));
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
