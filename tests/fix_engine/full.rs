//! Volumes without room: nothing is lost on them, and room is made.

use std::io::Write;

use super::*;

/// Runs another test of this file on a volume of one megabyte, in a namespace of its own, where the system lets an ordinary
/// user make one.
fn on_a_small_volume(test: &str) {
    let place = Place::new();
    let script = "mount -t tmpfs -o size=1m,mode=755 hfdoctor \"$1\" && echo made >&2 && shift && exec \"$@\"";
    let output = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(place.home())
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env("HFDOCTOR_TEST_DIR", place.dir.path())
        .output();
    let said = output.as_ref().map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).unwrap_or_default();
    match output {
        Ok(output) if said.lines().any(|line| line == "made") => {
            assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stdout));
        }
        // Past the capture of tests: what is left out has proved nothing.
        _ => _ = writeln!(std::io::stderr(), "LEFT OUT: {test}: no volume can be mounted in a namespace here: {said}"),
    }
}

#[test]
fn on_a_full_volume_nothing_is_lost_and_room_is_made() {
    on_a_small_volume("full::full_volume");
}

#[test]
fn a_volume_that_fills_up_in_the_middle_of_a_fix_loses_nothing() {
    on_a_small_volume("full::filling_volume");
}

#[test]
#[ignore = "no test of its own: runs inside a small volume that another test makes"]
fn full_volume() {
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

/// Every amount of room from none to enough, so that it ends before each write in turn: of the journal, of a saved copy, of
/// the new content, of a quarantine's folder.
#[test]
#[ignore = "no test of its own: runs inside a small volume that another test makes"]
fn filling_volume() {
    let Some(dir) = std::env::var_os("HFDOCTOR_TEST_DIR").map(std::path::PathBuf::from) else { return };
    let home = dir.join("home");
    let hub = home.join(".cache/huggingface/hub");
    let token = home.join(".cache/huggingface/token");
    let partial = format!("models--a--b/blobs/{}.incomplete", "1".repeat(64));
    fs::create_dir_all(hub.join(&partial).parent().unwrap()).unwrap();
    fs::write(home.join(".bashrc"), "a=1\n".repeat(1500)).unwrap();
    fs::write(home.join(".profile"), "").unwrap();
    fs::write(hub.join(&partial), "half").unwrap();
    fs::write(&token, format!("\"{TOKEN}\"\n")).unwrap();
    let before = contents(&home);
    let filler = home.join("filler");
    let mut outcomes = Vec::new();
    for pages in 0..40 {
        let mut file = fs::File::create(&filler).unwrap();
        while file.write_all(&[b'f'; 4096]).is_ok() {}
        // What is written of the last page is none of the whole ones.
        let whole = file.metadata().unwrap().len() / 4096;
        file.set_len(whole.saturating_sub(pages) * 4096).unwrap();
        drop(file);
        let engine = Engine::new(world_in(&dir, "bash"));
        let plan = plan_of(
            &engine,
            vec![
                quarantine(&hub, &[&partial]),
                set("HF_HUB_DISABLE_XET", "1"),
                Action::CleanToken { path: token.clone() },
            ],
        );
        let mut applied = engine.apply(&plan, &mut Yes).map(|mut all| all.remove(0));
        if let Ok(one) = &applied
            && let Outcome::Failed(why) = &one.outcome
        {
            assert!(why.contains("space"), "{pages} pages: {why}");
        }
        let full = contents(&home);
        fs::remove_file(&filler).unwrap();
        // Once there is room, what stands can be taken back, whatever became of it.
        while let Ok(report) = engine.undo(None) {
            assert!(report.is_complete(), "{pages} pages: {report:?}");
        }
        assert_eq!(contents(&home), before, "{pages} pages: {applied:?}\n{:?}", full.keys());
        let done = applied.as_mut().is_ok_and(|one| one.outcome == Outcome::Applied);
        outcomes.push(done);
        // Each begins with a journal of its own.
        let _ = fs::remove_dir_all(home.join(".local/state/hfdoctor"));
    }
    assert!(!outcomes[0] && outcomes[39], "{outcomes:?}");

    // What is in quarantine can be freed although no record fits into the journal any more.
    let engine = Engine::new(world_in(&dir, "bash"));
    fs::write(hub.join(&partial), vec![b'x'; 100_000]).unwrap();
    assert_eq!(apply(&engine, vec![quarantine(&hub, &[&partial])]).outcome, Outcome::Applied);
    let journal = home.join(".local/state/hfdoctor/runs").read_dir().unwrap().next().unwrap().unwrap().path();
    let mut padding = fs::OpenOptions::new().append(true).open(journal).unwrap();
    while !padding.metadata().unwrap().len().is_multiple_of(4096) {
        padding.write_all(b"\n").unwrap();
    }
    let mut file = fs::File::create(&filler).unwrap();
    while file.write_all(&[b'f'; 512]).is_ok() {}
    let purged = engine.purge(None).unwrap();
    assert_eq!((purged[0].bytes(), purged[0].could_not.len()), (100_000, 0), "{purged:?}");
}
