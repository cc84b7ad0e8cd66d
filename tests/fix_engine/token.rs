//! Tokens are repaired where they are stored, and asked for.

use super::*;

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
