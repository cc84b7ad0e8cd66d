//! What a run leaves behind, and what it keeps of what was there.

use super::*;

fn saved(place: &Place) -> Vec<String> {
    let mut all = Vec::new();
    let mut folders = vec![place.home().join(".local/state/hfdoctor/backups")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                all.push(fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    all
}

#[test]
fn an_earlier_token_is_kept_only_while_undo_can_need_it() {
    let place = Place::new();
    let path = place.write(".cache/huggingface/token", format!("\"{TOKEN}\"\n"));
    let engine = place.engine();
    let clean = || vec![Action::CleanToken { path: path.clone() }];
    apply(&engine, clean());
    assert_eq!(saved(&place).len(), 1);
    let purged = engine.purge(None).unwrap();
    assert_eq!((purged[0].kept.as_slice(), purged[0].forgotten.len()), (&[path.canonicalize().unwrap()][..], 0));
    assert_eq!(saved(&place).len(), 1, "undo still needs it");
    undo(&engine);
    assert_eq!(saved(&place), [""; 0]);
    assert!(!place.home().join(".local/state/hfdoctor/backups").join(&engine.runs()[0].id).exists());
    // What undo could not give back is kept until it is purged.
    apply(&engine, clean());
    fs::write(&path, "another").unwrap();
    assert!(!engine.undo(None).unwrap().is_complete());
    assert_eq!(saved(&place).len(), 1);
    let purged = engine.purge(None).unwrap();
    assert_eq!((purged[0].kept.len(), purged[0].forgotten.len()), (0, 1), "{purged:?}");
    assert_eq!(saved(&place), [""; 0]);
    assert_eq!(fs::read(&path).unwrap(), b"another");
}

#[test]
fn what_was_saved_for_a_change_that_did_not_happen_goes() {
    for step in [Step::Journal, Step::Intended, Step::Prepared] {
        let place = Place::new();
        let path = place.write(".cache/huggingface/token", format!("\"{TOKEN}\"\n"));
        let mut world = place.world();
        world.fault = Some(Box::new(move |at| if at == step { Err(io::Error::other("no")) } else { Ok(()) }));
        let applied = apply(&Engine::new(world), vec![Action::CleanToken { path }]);
        assert!(matches!(applied.outcome, Outcome::Failed(_)), "{applied:?}");
        assert_eq!(saved(&place), [""; 0], "{step:?}");
    }
    // Somebody has deleted the journal, but not what it named.
    let place = Place::new();
    let path = place.write(".cache/huggingface/token", format!("\"{TOKEN}\"\n"));
    apply(&place.engine(), vec![Action::CleanToken { path }]);
    fs::remove_dir_all(place.home().join(".local/state/hfdoctor/runs")).unwrap();
    apply(&place.engine(), vec![set("A", "1")]);
    assert!(saved(&place).iter().all(|text| !text.contains(&TOKEN[3..])));
}

#[test]
fn a_crash_leaves_no_empty_quarantine() {
    for step in [Step::Intended, Step::Changed] {
        let place = Place::new();
        place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "old");
        let mut world = place.world();
        // As a kill does: nothing more runs after it.
        world.fault = Some(Box::new(move |at| {
            assert!(at != step, "killed");
            Ok(())
        }));
        let (engine, hub) = (Engine::new(world), place.hub());
        let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            apply(&engine, vec![quarantine(&hub, &["models--a--b/blobs/x.incomplete"])])
        }));
        assert!(killed.is_err());
        let quarantine_folder = place.home().join(".cache/huggingface/.hfdoctor-quarantine");
        assert!(quarantine_folder.exists());
        if step == Step::Intended {
            apply(&place.engine(), vec![set("A", "1")]);
            assert!(!quarantine_folder.exists(), "the next run has cleaned up");
        }
        while place.engine().undo(None).is_ok() {}
        assert!(!quarantine_folder.exists(), "{step:?}");
        assert_eq!(place.read(".cache/huggingface/hub/models--a--b/blobs/x.incomplete"), "old");
    }
}

#[test]
fn the_quarantine_is_never_where_clients_scan() {
    let partial = "models--a--b/blobs/x.incomplete";
    let quarantine_of = |place: &Place, world: FixWorld, root: &Path| {
        fs::create_dir_all(root.join(partial).parent().unwrap()).unwrap();
        fs::write(root.join(partial), "old").unwrap();
        let engine = Engine::new(world);
        let applied = apply(&engine, vec![quarantine(root, &[partial])]);
        assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
        let to = engine.runs()[0].quarantined[0].to.clone();
        undo(&engine);
        assert_eq!(fs::read(root.join(partial)).unwrap(), b"old");
        to.strip_prefix(place.home().canonicalize().unwrap()).unwrap().to_owned()
    };
    // The working directory is the home directory, whose corner is a root too.
    let place = Place::new();
    let mut world = place.world();
    world.cache_roots.push(place.home().join(".cache/huggingface"));
    assert!(quarantine_of(&place, world, &place.hub()).starts_with(".cache/huggingface/.hfdoctor-quarantine"));
    // A cache in a cache, a cache in a repository's folder, beside other repositories.
    for (root, lands) in [("hub/inner", ".hfdoctor-quarantine"), ("top/models--x--y/inner", ".hfdoctor-quarantine")] {
        let place = Place::new();
        place.write("hub/models--c--d/refs/main", "");
        place.write("top/models--e--f/refs/main", "");
        let mut world = place.world();
        world.cache_roots = vec![place.home().join(root), place.home().join("hub")];
        let to = quarantine_of(&place, world, &place.home().join(root));
        assert!(to.starts_with(lands), "{root}: {}", to.display());
    }
}

#[cfg(unix)]
#[test]
fn a_cache_under_which_nothing_can_be_made_has_its_quarantine_among_the_locks() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write(".cache/huggingface/hub/models--a--b/blobs/x.incomplete", "old");
    // Everybody may write above it: no place for what is to stay the person's own.
    let above = [".cache/huggingface", ".cache", ""].map(|at| place.home().join(at));
    let chmod = |mode| above.iter().for_each(|at| fs::set_permissions(at, fs::Permissions::from_mode(mode)).unwrap());
    let mut world = place.world();
    world.state_dir = place.dir.path().join("outside/state");
    let engine = Engine::new(world);
    chmod(0o777);
    fs::set_permissions(place.dir.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    let applied = apply(&engine, vec![quarantine(&place.hub(), &["models--a--b/blobs/x.incomplete"])]);
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    let to = engine.runs()[0].quarantined[0].to.clone();
    assert!(
        to.starts_with(place.hub().canonicalize().unwrap().join(".locks/.hfdoctor-quarantine")),
        "{}",
        to.display()
    );
    undo(&engine);
    chmod(0o755);
    assert_eq!(place.read(".cache/huggingface/hub/models--a--b/blobs/x.incomplete"), "old");
}

#[cfg(target_os = "linux")]
#[test]
fn a_start_up_file_keeps_its_attributes_and_lists_of_rights() {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let path = place.write(".bashrc", "export A=0\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    // user:65534:rw-, as `setfacl` writes it: version, then owner, the named one, group, mask, others.
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in
        [(1_u16, 6_u16, u32::MAX), (2, 6, 65534), (4, 4, u32::MAX), (0x10, 6, u32::MAX), (0x20, 0, u32::MAX)]
    {
        list.extend(tag.to_le_bytes().into_iter().chain(rights.to_le_bytes()).chain(id.to_le_bytes()));
    }
    let file = fs::File::open(&path).unwrap();
    let give =
        |name: &str, value: &[u8]| rustix::fs::fsetxattr(&file, name, value, rustix::fs::XattrFlags::empty()).is_ok();
    if !(give("system.posix_acl_access", &list) && give("user.mine", b"1")) {
        let _ = writeln!(io::stderr(), "LEFT OUT: a_start_up_file_keeps_its_attributes: the file system keeps none");
        return;
    }
    let get = |name: &str| {
        let mut value = vec![0; 200];
        rustix::fs::getxattr(&path, name, value.as_mut_slice()).map(|size| value[..size].to_vec()).ok()
    };
    let all = || (get("system.posix_acl_access"), get("user.mine"), fs::metadata(&path).unwrap().permissions().mode());
    let before = all();
    assert!(before.0.is_some() && before.1.is_some());
    let engine = place.engine();
    apply(&engine, vec![set("A", "1")]);
    assert_ne!(place.read(".bashrc"), "export A=0\n");
    assert_eq!(all(), before);
    undo(&engine);
    assert_eq!(place.read(".bashrc"), "export A=0\n");
    assert_eq!(all(), before);
}

#[cfg(unix)]
#[test]
fn thousands_of_links_go_in_one_run() {
    let place = Place::in_memory();
    let snapshot = place.hub().join("models--a--b/snapshots/x");
    fs::create_dir_all(&snapshot).unwrap();
    let names: Vec<String> = (0..1500).map(|number| format!("models--a--b/snapshots/x/{number}")).collect();
    for name in &names {
        std::os::unix::fs::symlink("../../blobs/none", place.hub().join(name)).unwrap();
    }
    let before = place.contents();
    let engine = place.engine();
    let action = quarantine(&place.hub(), &names.iter().map(String::as_str).collect::<Vec<_>>());
    let plan = plan_of(&engine, vec![action]);
    assert!(plan.fixes[0].steps[0].what.contains("1500 paths"), "{:?}", plan.fixes[0].steps);
    engine.apply(&plan, &mut Yes).unwrap();
    assert_eq!(fs::read_dir(&snapshot).unwrap().count(), 0);
    undo(&engine);
    assert_eq!(place.contents(), before);
}
