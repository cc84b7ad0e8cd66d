use std::sync::Arc;
use std::time::SystemTime;

use super::*;
use crate::check::Status;
use crate::observe::Cache;
use crate::observe::hub::{Lfs, Repository, Sibling};
use crate::observe::locks::Locks;
use crate::observe::made_cache::{case, of};

fn held(hold: Hold, state: Option<State>) -> Held {
    Held {
        path: "/c/hub/.locks/models--a--b/x.lock".into(),
        repository: Some(crate::observe::cache::RepoName {
            kind: hfdoctor_core::target::RepoType::Model,
            id: "a/b".into(),
        }),
        hold,
        system_has_locks: false,
        holder: state.map(|state| Holder { pid: 4242, command: "python train.py".into(), state }),
        modified: Some(SystemTime::now() - Duration::from_hours(3)),
        doing: Doing::Unknown,
        last_growth: None,
        waits_itself: false,
        waiters: Vec::new(),
    }
}

fn judged(held: Held) -> Conclusion {
    let home = tempfile::tempdir().expect("a folder");
    let case = Arc::new(case(home.path(), &[], Some("a/b")));
    let locks = Locks { files: 1, held: vec![held], unreliable: None, refused: None, whole: true };
    conclude(&case, &of(&case).seeing_locks(locks))
}

fn soft() -> Hold {
    Hold::Soft { host: "here".into(), here: true }
}

#[test]
fn a_dead_holder_leaves_a_lock_that_can_be_removed() {
    let conclusion = judged(held(soft(), Some(State::Gone)));
    let finding = &conclusion.findings[0];
    assert_eq!((finding.certainty, finding.bearing), (Certainty::Confirmed, Bearing::Failure));
    assert!(finding.summary.contains("4242"), "{}", finding.summary);
    assert!(matches!(finding.fixes[0].actions[..], [Action::Quarantine { .. }]));
}

#[test]
fn where_the_system_has_locks_nobody_heeds_one_by_existence() {
    let far = || Hold::Soft { host: "node7".into(), here: false };
    for (hold, state) in
        [(soft(), Some(State::Gone)), (soft(), Some(State::Alive)), (Hold::Unnamed, None), (far(), None)]
    {
        let conclusion = judged(Held { system_has_locks: true, ..held(hold, state) });
        assert_eq!((conclusion.findings.len(), conclusion.notes.len()), (0, 1), "{conclusion:?}");
    }
}

#[test]
fn a_lock_of_no_file_of_the_target_is_a_note() {
    let home = tempfile::tempdir().expect("a folder");
    let case = Arc::new(case(home.path(), &[], Some("a/b")));
    let etag = "e".repeat(64);
    let lfs = Some(Lfs { sha256: etag.clone(), size: 7 });
    let sibling = Sibling { path: "w.bin".into(), size: None, blob_id: None, lfs };
    let record = || Repository { siblings: vec![sibling.clone()], ..Repository::default() };
    let concluded = |name: &str| {
        let path = format!("/c/hub/.locks/models--a--b/{name}.lock").into();
        let held = Held { path, ..held(Hold::System, Some(State::Stopped)) };
        let locks = Locks { files: 1, held: vec![held], whole: true, ..Locks::default() };
        conclude(&case, &of(&case).seeing_locks(locks).seeing_cache(Cache::default()).seeing_record(record()))
    };
    let (own, other) = (concluded(&etag), concluded("x"));
    assert_eq!((own.findings.len(), own.notes.len()), (1, 0), "{own:?}");
    assert_eq!((other.findings.len(), other.notes.len()), (0, 1), "{other:?}");
}

#[test]
fn a_holder_that_fetches_nothing_is_stuck() {
    let idle = judged(Held { doing: Doing::Nothing, ..held(Hold::System, Some(State::Alive)) });
    let finding = &idle.findings[0];
    assert_eq!((finding.certainty, finding.bearing), (Certainty::Likely, Bearing::Failure));
    // A person ends a process.
    assert!(finding.fixes.iter().all(|fix| fix.actions.is_empty()));
    assert_eq!(judged(held(Hold::System, Some(State::Alive))).findings, []);
}

#[test]
fn a_process_that_is_not_seen_here_may_run_in_a_container() {
    let minute_ago = SystemTime::now() - Duration::from_mins(1);
    let writes = Held { last_growth: Some(minute_ago), ..held(soft(), Some(State::Gone)) };
    let conclusion = judged(writes);
    assert_eq!((conclusion.findings.len(), conclusion.notes.len()), (0, 1), "{conclusion:?}");
}

#[test]
fn a_file_system_without_locks_to_give_is_named() {
    let home = tempfile::tempdir().expect("a folder");
    let case = Arc::new(case(home.path(), &[], None));
    let refused = Some(("/c/hub/.locks/x.lock".into(), "No locks available (os error 37)".to_owned()));
    let locks = Locks { files: 1, refused, whole: true, ..Locks::default() };
    let conclusion = conclude(&case, &of(&case).seeing_locks(locks));
    assert_eq!(conclusion.findings[0].certainty, Certainty::Confirmed);
    assert!(conclusion.findings[0].summary.contains("No locks available"));
}

#[test]
fn a_stopped_holder_is_not_robbed_of_its_lock() {
    let conclusion = judged(held(Hold::System, Some(State::Stopped)));
    assert_eq!(conclusion.findings.len(), 1);
    assert!(conclusion.findings[0].fixes.iter().all(|f| f.actions.is_empty()));
}

#[test]
fn a_working_holder_is_a_note() {
    for state in [State::Alive, State::Unknown] {
        let conclusion = judged(Held { doing: Doing::Writing, ..held(Hold::System, Some(state)) });
        assert_eq!((conclusion.status, conclusion.findings.len(), conclusion.notes.len()), (Status::Ok, 0, 1));
        assert!(conclusion.notes[0].contains("python train.py"), "{:?}", conclusion.notes);
    }
    assert_eq!(judged(held(Hold::System, None)).findings, []);
}

#[test]
fn a_holder_that_gets_nowhere_is_stuck() {
    let hour_ago = SystemTime::now() - Duration::from_hours(1);
    let conclusion = judged(Held { last_growth: Some(hour_ago), ..held(Hold::System, Some(State::Alive)) });
    assert_eq!(conclusion.findings[0].certainty, Certainty::Possible);
    let waited_for = Held { last_growth: Some(hour_ago), waiters: vec![9], ..held(Hold::System, Some(State::Alive)) };
    assert_eq!(judged(waited_for).findings[0].certainty, Certainty::Likely);
}

#[test]
fn a_soft_lock_of_another_machine_is_for_a_person() {
    let hold = Hold::Soft { host: "node7".into(), here: false };
    let conclusion = judged(held(hold, None));
    assert_eq!(
        (conclusion.findings[0].certainty, conclusion.findings[0].bearing),
        (Certainty::Possible, Bearing::Condition)
    );
    assert!(conclusion.findings[0].fixes[0].actions.is_empty());
}
