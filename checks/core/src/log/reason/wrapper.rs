//! Words that look specific, and are only what a client says after any failure before them: a name that did not resolve, a
//! refused certificate, a 407, a 429. Whatever the same run shows of that stands above them; only where it shows nothing are
//! they the answer.

use super::meaning::Candidate;
use crate::diagnosis::{Cause, Group};
use crate::sign::Weight;

/// The words of the signs.
const SAID_AFTER_ANYTHING: &[&str] = &[
    "cas service error",
    "cas client error",
    "file reconstruction error",
    "request failed after 5 retries",
    "outgoing traffic has been disabled",
    "outgoing traffic is disabled",
    "unable to open file 'model.bin'",
    "incompletesnapshoterror",
    "the cached snapshot for",
    "localentrynotfounderror",
    "is incomplete",
    "no file named",
    "does not appear to have a file named",
];

/// Lowers what is said after anything, where the run shows what was before it.
pub(super) fn lower(candidates: &mut [Candidate<'_>]) {
    let roots: Vec<(u32, u64, Cause, u32)> = candidates
        .iter()
        .filter(|c| c.weight >= Weight::Symptom && may_be_before(c.cause) && !is_said_after_anything(c))
        .map(|c| (c.event.run, c.event.line, c.cause, c.event.chain))
        .collect();
    for candidate in candidates.iter_mut().filter(|c| c.weight >= Weight::Symptom) {
        let event = candidate.event;
        let has_root = roots.iter().any(|(run, line, cause, chain)| {
            // In one chain a root may also be told after its wrapper, as the same line's last words are.
            *run == event.run && *cause != candidate.cause && (*line <= event.until || *chain == event.chain)
        });
        if has_root && is_said_after_anything(candidate) {
            candidate.weight = Weight::Wrapper;
        }
    }
}

fn is_said_after_anything(candidate: &Candidate<'_>) -> bool {
    let mut own = candidate.event.marks.iter().filter(|mark| mark.cause == candidate.cause).peekable();
    own.peek().is_some() && own.all(|mark| SAID_AFTER_ANYTHING.iter().any(|words| mark.words.contains(words)))
}

/// What may have gone before: a failure of the way, an answer of a server, a full disk.
fn may_be_before(cause: Cause) -> bool {
    match cause.row().group {
        Group::Network => !matches!(cause, Cause::OfflineMode),
        Group::Auth | Group::Rate => true,
        Group::Disk => {
            matches!(cause, Cause::DiskFull | Cause::DiskQuota | Cause::CachePermission | Cause::ReadOnlyCache)
        }
        Group::Slow | Group::Repo | Group::Quota | Group::Client => false,
    }
}
