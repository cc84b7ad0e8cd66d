//! What `undo --purge` deletes, and above all what it does not.

use std::path::PathBuf;

use super::*;

const PARTIAL: &str = "models--a--b/blobs/x.incomplete";

/// A partial file and a folder in quarantine: where they lie.
fn moved(place: &Place) -> (Engine, PathBuf, PathBuf) {
    place.write(&format!(".cache/huggingface/hub/{PARTIAL}"), "old");
    place.write(".cache/huggingface/hub/models--a--b/broken/one", "1");
    place.write(".cache/huggingface/hub/models--a--b/broken/in/two", "2");
    let engine = place.engine();
    apply(&engine, vec![quarantine(&place.hub(), &[PARTIAL, "models--a--b/broken"])]);
    let held: Vec<PathBuf> = engine.runs()[0].quarantined.iter().map(|one| one.to.clone()).collect();
    let [file, folder] = held.as_slice() else { panic!("{held:?}") };
    (engine, file.clone(), folder.clone())
}

/// Why one path was not deleted.
fn kept(engine: &Engine, path: &Path) -> String {
    let purges = engine.purge(None).unwrap();
    let could_not = purges.iter().flat_map(|purge| &purge.could_not);
    could_not.filter(|(at, _)| at == path).map(|(_, why)| why.clone()).collect()
}

#[test]
fn a_folder_goes_with_all_that_lay_in_it() {
    let place = Place::new();
    let (engine, file, folder) = moved(&place);
    let purged = engine.purge(None).unwrap();
    assert_eq!((purged[0].deleted.len(), purged[0].could_not.len()), (2, 0), "{purged:?}");
    assert!(!file.exists() && !folder.exists());
    assert!(!place.home().join(".cache/huggingface/.hfdoctor-quarantine").exists());
    assert!(engine.purge(None).unwrap().is_empty());
}

#[test]
fn what_was_written_to_since_stays() {
    let place = Place::new();
    let (engine, file, folder) = moved(&place);
    fs::write(&file, "a download went on").unwrap();
    fs::write(folder.join("in/mine"), "mine").unwrap();
    let purged = engine.purge(None).unwrap();
    assert_eq!(purged[0].deleted, [], "{purged:?}");
    assert!(purged[0].could_not.iter().all(|(_, why)| why.contains("changed since")), "{purged:?}");
    assert_eq!(fs::read(&file).unwrap(), b"a download went on");
    assert_eq!(fs::read(folder.join("in/mine")).unwrap(), b"mine");
    assert_eq!(fs::read(folder.join("one")).unwrap(), b"1");
    // And undo gives it back as it is.
    undo(&engine);
    assert_eq!(place.read(".cache/huggingface/hub/models--a--b/blobs/x.incomplete"), "a download went on");
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_the_quarantine_leads_nowhere() {
    use std::os::unix::fs::symlink;
    for swapped in ["step", "run", "quarantine"] {
        let place = Place::new();
        let (engine, file, _) = moved(&place);
        let step = file.parent().unwrap();
        let swap = match swapped {
            "step" => step,
            "run" => step.parent().unwrap(),
            _ => step.parent().unwrap().parent().unwrap(),
        };
        // A person has put it somewhere else, and left a link.
        let kept_at = place.dir.path().join("outside/kept");
        fs::rename(swap, &kept_at).unwrap();
        symlink(&kept_at, swap).unwrap();
        let why = kept(&engine, &file);
        assert!(why.contains("is a link"), "{swapped}: {why}");
        assert_eq!(fs::read(&file).unwrap(), b"old", "{swapped}");
    }
}

#[cfg(unix)]
#[test]
fn links_in_a_folder_are_deleted_and_not_followed() {
    let place = Place::new();
    let theirs = place.dir.path().join("outside/theirs");
    fs::create_dir_all(&theirs).unwrap();
    fs::write(theirs.join("file"), "theirs").unwrap();
    place.write(".cache/huggingface/hub/models--a--b/broken/one", "1");
    std::os::unix::fs::symlink(&theirs, place.hub().join("models--a--b/broken/out")).unwrap();
    std::os::unix::fs::symlink("/nowhere", place.hub().join("models--a--b/broken/nowhere")).unwrap();
    let engine = place.engine();
    apply(&engine, vec![quarantine(&place.hub(), &["models--a--b/broken"])]);
    let purged = engine.purge(None).unwrap();
    assert_eq!((purged[0].deleted.len(), purged[0].could_not.len()), (1, 0), "{purged:?}");
    assert_eq!(fs::read(theirs.join("file")).unwrap(), b"theirs");
}

/// The journal's text, changed.
fn rewrite(place: &Place, change: &dyn Fn(String) -> String) {
    let runs = place.home().join(".local/state/hfdoctor/runs");
    for entry in fs::read_dir(runs).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, change(text)).unwrap();
    }
}

#[test]
fn a_journal_that_points_elsewhere_deletes_nothing() {
    let place = Place::new();
    let (engine, file, _) = moved(&place);
    // The very file, under another name of its place.
    let step = file.parent().unwrap().to_string_lossy().into_owned();
    for other in [format!("{step}/../1"), step.replace(".hfdoctor-quarantine", "elsewhere")] {
        if other.contains("elsewhere") {
            let quarantine = file.ancestors().nth(3).unwrap();
            fs::rename(quarantine, quarantine.with_file_name("elsewhere")).unwrap();
        }
        rewrite(&place, &|text| text.replace(&format!("{step}/x"), &format!("{other}/x")));
        let purged = engine.purge(None).unwrap();
        let deleted = purged.iter().flat_map(|purge| &purge.deleted).filter(|one| one.to.ends_with("x.incomplete"));
        assert_eq!(deleted.count(), 0, "{other}: {purged:?}");
        rewrite(&place, &|text| text.replace(&format!("{other}/x"), &format!("{step}/x")));
    }
    let elsewhere = place.home().join(".cache/huggingface/elsewhere");
    assert_eq!(fs::read_dir(elsewhere).unwrap().count(), 1);
}

#[test]
fn a_newer_journal_is_left_to_the_newer_program() {
    let place = Place::new();
    let (engine, file, _) = moved(&place);
    rewrite(&place, &|text| text.replacen("\"version\":1", "\"version\":2", 1));
    let purged = engine.purge(None).unwrap();
    assert!(purged[0].deleted.is_empty() && purged[0].could_not[0].1.contains("newer"), "{purged:?}");
    assert_eq!(fs::read(&file).unwrap(), b"old");
}

#[test]
fn a_purge_that_was_cut_off_is_finished_by_the_next() {
    let place = Place::new();
    let (engine, file, folder) = moved(&place);
    let mut world = place.world();
    world.fault = Some(Box::new(|step| if step == Step::Purge { Err(io::Error::other("cut off")) } else { Ok(()) }));
    assert_eq!(Engine::new(world).purge(None).unwrap()[0].could_not.len(), 2);
    // As after a crash in the middle of the folder.
    fs::remove_file(folder.join("one")).unwrap();
    assert!(file.exists());
    let purged = engine.purge(None).unwrap();
    assert_eq!((purged[0].deleted.len(), purged[0].could_not.len()), (2, 0), "{purged:?}");
    assert!(!file.exists() && !folder.exists());
}

#[test]
fn two_with_journals_of_their_own_do_not_harm_each_other() {
    let place = Place::new();
    let (engine, file, folder) = moved(&place);
    let mut world = place.world();
    world.state_dir = place.home().join("other-state");
    let other = Engine::new(world);
    place.write(".cache/huggingface/hub/models--a--b/blobs/y.incomplete", "other");
    let applied = apply(&other, vec![quarantine(&place.hub(), &["models--a--b/blobs/y.incomplete"])]);
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!(other.purge(None).unwrap()[0].deleted.len(), 1);
    assert!(file.exists() && folder.exists(), "what another journal names is not touched");
    undo(&engine);
    assert_eq!(place.read(".cache/huggingface/hub/models--a--b/blobs/x.incomplete"), "old");
}
