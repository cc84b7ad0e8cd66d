//! Whether a download waits on a lock.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::LockStuck];

/// The check.
pub static CHECK: Check = Check {
    name: "locks",
    about: "whether a download waits on a lock",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::LockStuck, "[errno 524]"),
    Sign::symptom(Cause::LockStuck, "[errno 74]").with(&["lock"]),
    Sign::symptom(Cause::LockStuck, "input/output error").with(&[".lock"]),
    Sign::symptom(Cause::LockStuck, "waiting to acquire lock"),
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
    Sign::symptom(Cause::LockStuck, "being used by another process"),
    Sign::symptom(Cause::LockStuck, "fcntl.flock"),
    Sign::symptom(Cause::LockStuck, "waiting for lock").with(&["hub", "model", "download", "hugging", ".lock"]),
    Sign::symptom(Cause::LockStuck, "waiting for file lock"),
    Sign::symptom(Cause::LockStuck, "timed out").with(&[".lock", "lock "]),
    Sign::symptom(Cause::LockStuck, "blocking waiting for file lock"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
