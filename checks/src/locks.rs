//! Whether a download waits on a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use crate::case::clients::numbers;
use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings};
use crate::diagnosis::{Action, Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use crate::measure::{age, count};
use crate::observe::cache::need::{self, Expected};
use crate::observe::locks::{Doing, Held, Hold};
use crate::observe::processes::{Holder, State};
use crate::observe::{Observations, Want};
use crate::shell::{quoted, shown};

const CAUSES: &[Cause] = &[Cause::LockStuck];

/// The check.
pub static CHECK: Check =
    Check { name: "locks", about: "whether a download waits on a lock", causes: CAUSES, signs: SIGNS, wants, conclude };

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::LockStuck, "[errno 524]"),
    Sign::symptom(Cause::LockStuck, "[errno 74]").with(&["lock"]),
    Sign::symptom(Cause::LockStuck, "input/output error").with(&[".lock"]),
    Sign::symptom(Cause::LockStuck, "waiting to acquire lock"),
    Sign::symptom(Cause::LockStuck, " not acquired on ").with(&[".lock, waiting"]),
    Sign::decisive(Cause::LockStuck, "still waiting to acquire lock"),
    Sign::decisive(Cause::LockStuck, "could not be acquired").with(&["lock"]),
    Sign::decisive(Cause::LockStuck, "lock acquisition failed"),
    Sign::decisive(Cause::LockStuck, "cache lock timed out"),
    Sign::decisive(Cause::LockStuck, "filelock._error.timeout"),
    Sign::decisive(Cause::LockStuck, "no locks available"),
    Sign::decisive(Cause::LockStuck, "[errno 37]"),
    Sign::decisive(Cause::LockStuck, "os error 37)"),
    Sign::symptom(Cause::LockStuck, "does not appear to support flock"),
    Sign::decisive(Cause::LockStuck, "[winerror 32]"),
    Sign::decisive(Cause::LockStuck, "[winerror 33]"),
    Sign::decisive(Cause::LockStuck, "os error 32)"),
    Sign::decisive(Cause::LockStuck, "os error 33)"),
    Sign::symptom(Cause::LockStuck, "being used by another process").without(&["removing corrupted file"]),
    Sign::symptom(Cause::LockStuck, "fcntl.flock"),
    Sign::symptom(Cause::LockStuck, "waiting for lock").with(&["hub", "model", "download", "hugging", ".lock"]),
    Sign::symptom(Cause::LockStuck, "waiting for file lock"),
    Sign::symptom(Cause::LockStuck, "timed out").with(&[".lock", "lock "]),
    Sign::symptom(Cause::LockStuck, "blocking waiting for file lock"),
    Sign::decisive(Cause::LockStuck, ".git/index.lock': file exists"),
    Sign::decisive(Cause::LockStuck, "another git process seems to be running"),
    Sign::decisive(Cause::LockStuck, "shallow.lock': file exists"),
    Sign::decisive(Cause::LockStuck, ".lock': file exists").with(&["unable to create"]),
];

/// A download that has not written for so long does not get anywhere: the client itself gives up a read after ten seconds.
const STALLED: Duration = Duration::from_mins(10);

fn wants(case: &Case) -> BTreeSet<Want> {
    let mut wants = BTreeSet::from([Want::Locks]);
    if case.target.is_some() {
        wants.extend([Want::Cache, Want::Record]);
    }
    wants
}

fn conclude(case: &Case, observations: &Observations) -> Conclusion {
    let logged = log_findings(case, CAUSES);
    let locks = match observations.locks() {
        Ok(locks) => locks,
        Err(why) => return Conclusion::unknown(why.to_string()).with(logged),
    };
    let mut conclusion = Conclusion::ok(match locks.held.len() {
        0 => format!("{}, none of them held", count(locks.files, "lock file")),
        held => format!("{} of {} held", held, count(locks.files, "lock file")),
    });
    if let Some((path, words)) = &locks.refused {
        conclusion.add(no_locks(case, path, words));
    }
    let expected = expected(case, observations);
    for held in &locks.held {
        match judge(case, held) {
            Judged::Stuck(finding) if is_asked_for(held, expected.as_ref()) => conclusion.add(*finding),
            Judged::Stuck(finding) => {
                conclusion.notes.push(format!("{}; it guards no file of the target", finding.summary));
            }
            Judged::Working(note) => conclusion.notes.push(note),
        }
    }
    // Where the log says that a lock was waited for, who holds it now belongs to the evidence, and the file system's nature.
    let logged = logged.into_iter().map(|mut finding| {
        for held in locks.held.iter().take(2) {
            if let Judged::Working(words) = judge(case, held) {
                finding = finding.saw(Source::Disk, words);
            }
        }
        match &locks.unreliable {
            Some(kind) => {
                finding.saw(Source::Disk, format!("the hub cache lies on {kind}, where locks may mean nothing"))
            }
            None => finding,
        }
    });
    conclusion.with(logged)
}

/// What the target should be, where the Hub or the cached listing tells.
fn expected(case: &Case, observations: &Observations) -> Option<BTreeMap<String, Expected>> {
    let record = observations.record().ok().and_then(|record| record.repository.as_ref());
    let cached = observations.cache().ok().and_then(|cache| cache.target.as_ref());
    need::expected(case.target.as_ref()?, record, cached)
}

/// Whether a lock guards what was asked for: `<etag>.lock` one of the target's files. Where that is not known, it may.
fn is_asked_for(held: &Held, expected: Option<&BTreeMap<String, Expected>>) -> bool {
    let (Some(expected), Some(_)) = (expected, &held.repository) else { return true };
    let etag = held.path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
    expected.values().any(|file| Some(file.etag.as_str()) == etag)
}

enum Judged {
    Stuck(Box<Finding>),
    Working(String),
}

fn judge(case: &Case, held: &Held) -> Judged {
    let whose = held.repository.as_ref().map_or_else(|| "a download".to_owned(), |r| format!("the download of {r}"));
    let since = held.modified.and_then(|then| case.now.duration_since(then).ok()).unwrap_or_default();
    let waits = !held.waiters.is_empty();
    match (&held.hold, &held.holder) {
        // Clients lock by existence only where they see no other locks.
        (Hold::Soft { .. } | Hold::Unnamed, _) if held.system_has_locks => Judged::Working(format!(
            "{} is a lock by existence, which clients on this machine do not heed: the file system has locks",
            shown(&held.path)
        )),
        (Hold::Soft { .. }, Some(holder)) if matches!(holder.state, State::Gone | State::Zombie) => {
            left(case, held, holder, &whose)
        }
        (_, Some(holder)) if holder.state == State::Stopped => {
            let summary = format!("a lock of {whose} is held by process {}, which is stopped", holder.pid);
            let fix = Fix::manual("continue-process", "let the process go on, or end it")
                .command(format!("kill -CONT {}", holder.pid))
                .command(format!("kill {}", holder.pid));
            Judged::Stuck(Box::new(stuck(case, held, summary, Certainty::Confirmed).fix(fix)))
        }
        (_, Some(holder)) if held.doing == Doing::Writing => Judged::Working(working(holder, &whose)),
        (_, Some(holder)) => {
            let quiet = held.last_growth.map(|then| case.now.duration_since(then).unwrap_or_default());
            match quiet {
                Some(quiet) if quiet > STALLED => {
                    let summary = format!(
                        "a lock of {whose} is held by process {}, whose download has not grown for {}",
                        holder.pid,
                        age(case.now, case.now - quiet)
                    );
                    let certainty = if waits || held.waits_itself { Certainty::Likely } else { Certainty::Possible };
                    Judged::Stuck(Box::new(stuck(case, held, summary, certainty).fix(end(holder))))
                }
                _ if held.waits_itself && waits => {
                    let summary = format!(
                        "a lock of {whose} is held by process {}, which waits for another lock itself",
                        holder.pid
                    );
                    Judged::Stuck(Box::new(stuck(case, held, summary, Certainty::Likely).fix(end(holder))))
                }
                _ if held.doing == Doing::Nothing => {
                    let summary = format!(
                        "a lock of {whose} is held by process {}, which has neither a partial file nor a connection open",
                        holder.pid
                    );
                    Judged::Stuck(Box::new(stuck(case, held, summary, Certainty::Likely).fix(end(holder))))
                }
                _ => Judged::Working(working(holder, &whose)),
            }
        }
        (Hold::Soft { host, here: false }, None) if since > STALLED => {
            let summary = format!("a lock of {whose} was taken on {host} {} ago", age(case.now, case.now - since));
            let mut finding = stuck(case, held, summary, Certainty::Possible);
            finding.bearing = finding.bearing.min(Bearing::Condition);
            let mut fix =
                remove(case, held, Risk::Manual).note(format!("first make sure that no download runs on {host}"));
            fix.actions.clear();
            Judged::Stuck(Box::new(finding.fix(fix)))
        }
        (Hold::Unnamed, None) if since > STALLED => {
            let summary = format!(
                "a lock of {whose} lies there for {} and does not say whose it is",
                age(case.now, case.now - since)
            );
            let mut finding = stuck(case, held, summary, Certainty::Possible);
            finding.bearing = finding.bearing.min(Bearing::Condition);
            let mut fix = remove(case, held, Risk::Manual).note("first make sure that no download runs");
            fix.actions.clear();
            Judged::Stuck(Box::new(finding.fix(fix)))
        }
        _ => Judged::Working(format!("a lock of {whose} is held at {}", shown(&held.path))),
    }
}

/// A lock by existence whose process is gone.
fn left(case: &Case, held: &Held, holder: &Holder, whose: &str) -> Judged {
    let quiet = held.last_growth.map(|then| case.now.duration_since(then).unwrap_or_default());
    if let Some(quiet) = quiet.filter(|quiet| *quiet <= STALLED) {
        return Judged::Working(format!(
            "process {} took the lock of {whose} and is not seen here, but its file grew {} ago: it may run in a container",
            holder.pid,
            age(case.now, case.now.checked_sub(quiet).unwrap_or(case.now))
        ));
    }
    if breaks_dead_locks(case) {
        return Judged::Working(format!(
            "a lock of {whose} was left by process {}, which is gone: this client's filelock removes it by itself",
            holder.pid
        ));
    }
    let summary = format!("a lock of {whose} was left by process {}, which is gone", holder.pid);
    let finding = stuck(case, held, summary, Certainty::Confirmed);
    Judged::Stuck(Box::new(finding.fix(remove(case, held, Risk::Safe))))
}

/// Whether the installed filelock breaks the lock of a dead process of its machine by itself.
fn breaks_dead_locks(case: &Case) -> bool {
    case.clients.package("filelock").and_then(numbers).is_some_and(|version| version >= (3, 22, 0))
}

/// The file system has locks and gives none.
fn no_locks(case: &Case, path: &Path, words: &str) -> Finding {
    let summary = format!("no lock can be taken on the volume of the hub cache: {words}");
    let finding = Finding::new(Cause::LockStuck, Certainty::Confirmed, summary)
        .saw(Source::Disk, format!("locking {} was refused: {words}", shown(path)));
    let place = if cfg!(windows) { r"C:\hf\hub" } else { "/path/on/a/local/disk/hub" };
    let name = if case.clients.hub_is(|v| v < (0, 17, 0)) { "HUGGINGFACE_HUB_CACHE" } else { "HF_HUB_CACHE" };
    finding.fix(
        Fix::manual("place-cache", format!("let `{name}` name a folder on a disk of this machine"))
            .command(format!("export {name}={place}"))
            .note(
                "or have the network file system mounted with locks: for NFS its lock service must run on both sides",
            ),
    )
}

fn stuck(case: &Case, held: &Held, summary: String, certainty: Certainty) -> Finding {
    let bearing = if case.target.is_some() || !held.waiters.is_empty() { Bearing::Failure } else { Bearing::Condition };
    let mut finding = Finding::new(Cause::LockStuck, certainty, summary).bearing(bearing);
    let how = match &held.hold {
        Hold::System => "is held by the system's own count".to_owned(),
        Hold::Soft { host, .. } => format!("is a lock by existence, taken on {host}"),
        Hold::Unnamed => "is a lock by existence: the file system has no other".to_owned(),
    };
    finding = finding.saw(Source::Disk, format!("{} {how}", shown(&held.path)));
    if let Some(holder) = &held.holder
        && !holder.command.is_empty()
    {
        finding = finding.saw(Source::Client, format!("process {}: {}", holder.pid, holder.command));
    }
    if !held.waiters.is_empty() {
        let waiters: Vec<String> = held.waiters.iter().take(4).map(u32::to_string).collect();
        finding = finding.saw(Source::Client, format!("waiting for it: process {}", waiters.join(", ")));
    }
    finding
}

fn working(holder: &Holder, whose: &str) -> String {
    let command = if holder.command.is_empty() { String::new() } else { format!(" ({})", holder.command) };
    format!("process {}{command} holds the lock of {whose}: others wait until it is done", holder.pid)
}

fn end(holder: &Holder) -> Fix {
    Fix::manual("end-process", format!("end process {}, and start the download again", holder.pid))
        .command(format!("kill {}", holder.pid))
}

fn remove(case: &Case, held: &Held, risk: Risk) -> Fix {
    let action = Action::Quarantine { root: case.settings.hub_cache.clone(), paths: vec![held.path.clone()] };
    Fix::automatic("remove-dead-lock", risk, "remove the lock that nobody holds any more", vec![action])
        .command(format!("rm {}", quoted(&held.path)))
}

#[cfg(test)]
mod tests {
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
            repository: Some(crate::observe::cache::RepoName { kind: crate::case::RepoType::Model, id: "a/b".into() }),
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
        let waited_for =
            Held { last_growth: Some(hour_ago), waiters: vec![9], ..held(Hold::System, Some(State::Alive)) };
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
}
