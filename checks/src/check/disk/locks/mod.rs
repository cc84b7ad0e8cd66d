//! Whether a download waits on a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use crate::case::Case;
use crate::case::clients::numbers;
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::cache::need::{self, Expected};
use crate::observe::locks::{Doing, Held, Hold};
use crate::observe::processes::{Holder, State};
use crate::observe::{Observations, Want};
use hfdoctor_core::diagnosis::{Action, Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::text::measure::{age, count};
use hfdoctor_core::text::shell::{quoted, shown};

const CAUSES: &[Cause] = &[Cause::LockStuck];

/// The check.
pub static CHECK: Check =
    Check { name: "locks", about: "whether a download waits on a lock", causes: CAUSES, wants, conclude };

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
    let expected = need::of_case(case, observations);
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
    let name = if case.clients.hub_is(|v| v < (0, 17, 0)) { "HUGGINGFACE_HUB_CACHE" } else { "HF_HUB_CACHE" };
    finding.fix(
        Fix::manual("place-cache", format!("let `{name}` name a folder on a disk of this machine")).note(
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
mod tests;
