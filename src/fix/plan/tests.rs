use hfdoctor_core::diagnosis::Finding;

use super::*;

fn world() -> FixWorld {
    let environment = hfdoctor_checks::case::Environment::new(
        [("HOME".into(), "/nonexistent/ada".into()), ("SHELL".into(), "/bin/bash".into())],
        None,
    );
    FixWorld::new(&environment, vec![PathBuf::from("/nonexistent/hub")], false)
}

fn ranked(cause: Cause, fixes: Vec<Fix>) -> Ranked {
    let finding = Finding::new(cause, Certainty::Confirmed, cause.id()).with_fixes(fixes);
    Ranked { finding, check: "test", explains: Vec::new() }
}

fn set(id: &'static str, name: &str, value: &str) -> Fix {
    let action = Action::SetVariable { name: name.to_owned(), value: value.to_owned() };
    Fix::automatic(id, Risk::Safe, id, vec![action])
}

fn unset(id: &'static str, name: &str) -> Fix {
    Fix::automatic(id, Risk::Ask, id, vec![Action::UnsetVariable { name: name.to_owned() }])
}

#[test]
fn the_best_fix_of_a_cause_is_applied_and_the_others_wait() {
    let fixes = vec![Fix::manual("by-hand", "do it"), set("best", "A", "1"), set("second", "B", "1")];
    let plan = make(&world(), &[ranked(Cause::OfflineMode, fixes)]);
    let places: Vec<&Place> = plan.fixes.iter().map(|fix| &fix.place).collect();
    assert_eq!(places, [&Place::Manual, &Place::Apply, &Place::Instead { of: "best".to_owned() }]);
    assert_eq!(plan.to_apply().map(|fix| fix.id).collect::<Vec<_>>(), ["best"]);
    assert_eq!(plan.fixes[1].commands, ["export A='1'"]);
}

#[test]
fn the_root_causes_variable_wins() {
    let plan = make(
        &world(),
        &[
            ranked(Cause::MirrorFailure, vec![unset("unset-endpoint", "HF_ENDPOINT")]),
            ranked(
                Cause::SlowConnection,
                vec![set("set-mirror", "HF_ENDPOINT", "https://m"), set("longer", "HF_HUB_DOWNLOAD_TIMEOUT", "60")],
            ),
        ],
    );
    assert!(matches!(&plan.fixes[1].place, Place::LeftOut { because } if because.contains("HF_ENDPOINT")));
    assert_eq!(plan.to_apply().map(|fix| fix.id).collect::<Vec<_>>(), ["unset-endpoint", "longer"]);
}

#[test]
fn the_same_fix_of_two_causes_is_applied_once() {
    let plan = make(
        &world(),
        &[
            ranked(Cause::OfflineMode, vec![unset("online", "HF_HUB_OFFLINE")]),
            ranked(Cause::PartialCache, vec![unset("online", "HF_HUB_OFFLINE")]),
            ranked(Cause::LockStuck, vec![unset("online-too", "HF_HUB_OFFLINE")]),
        ],
    );
    assert_eq!(plan.to_apply().count(), 1);
    assert_eq!(plan.fixes[0].causes, [Cause::OfflineMode, Cause::PartialCache]);
    assert!(matches!(plan.fixes[1].place, Place::LeftOut { .. }));
}

#[test]
fn a_token_never_goes_into_a_shells_file() {
    for (name, value) in [("HF_TOKEN", "x"), ("OTHER", "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567")] {
        let plan = make(&world(), &[ranked(Cause::TokenMissing, vec![set("token", name, value)])]);
        assert!(plan.is_empty());
        let shown = serde_json::to_string(&plan).unwrap();
        assert!(!shown.contains("AbCdEf"), "{shown}");
    }
    for (name, value) in [("A B", "1"), ("A", "1\n2"), ("", "1"), ("1A", "1")] {
        assert!(may_set(name, Some(value)).is_err(), "{name}");
    }
}

#[test]
fn places_outside_the_cache_roots_are_left_out() {
    let action = Action::Quarantine { root: PathBuf::from("/etc"), paths: vec![PathBuf::from("/etc/passwd")] };
    let fix = Fix::automatic("move", Risk::Safe, "move", vec![action]);
    let plan = make(&world(), &[ranked(Cause::PartialCache, vec![fix])]);
    assert!(matches!(&plan.fixes[0].place, Place::LeftOut { because } if because.contains("no cache root")));
}

#[test]
fn what_cannot_be_taken_back_is_asked_for() {
    let run = Fix::automatic("run", Risk::Safe, "run", vec![Action::Run { command: vec!["hf".to_owned()] }]);
    let weak = ranked(Cause::TooParallel, vec![set("fewer", "A", "1")]);
    let weak = Ranked { finding: weak.finding.bearing(Bearing::Condition), ..weak };
    let plan = make(&world(), &[ranked(Cause::ClientOutdated, vec![run]), weak]);
    assert!(plan.fixes.iter().all(|fix| fix.risk == Risk::Ask));
}

#[test]
fn a_path_is_moved_once() {
    let quarantine = |id: &'static str, paths: &[&str]| {
        let paths = paths.iter().map(|path| Path::new("/nonexistent/hub").join(path)).collect();
        Fix::automatic(id, Risk::Safe, id, vec![Action::Quarantine { root: "/nonexistent/hub".into(), paths }])
    };
    let plan = make(
        &world(),
        &[
            ranked(Cause::PartialCache, vec![quarantine("first", &["a", "b"])]),
            ranked(Cause::CorruptFile, vec![quarantine("second", &["a/x", "c"])]),
            ranked(Cause::LfsPointer, vec![quarantine("third", &["b"])]),
        ],
    );
    assert_eq!(plan.fixes[1].actions[0].seen.len(), 1);
    assert!(matches!(plan.fixes[2].place, Place::LeftOut { .. }));
}
