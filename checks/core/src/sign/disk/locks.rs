//! Words: whether a download waits on a lock.

use crate::diagnosis::Cause;
use crate::sign::Sign;

pub(super) const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::LockStuck, "cachelocktimeout {"),
    Sign::decisive(Cause::LockStuck, "[errno 524]"),
    Sign::symptom(Cause::LockStuck, "[errno 74]").with(&["lock"]),
    Sign::symptom(Cause::LockStuck, "input/output error").with(&[".lock"]),
    Sign::symptom(Cause::LockStuck, "[errno 116]").with(&[".lock"]),
    Sign::symptom(Cause::LockStuck, "stale file handle").with(&[".lock"]),
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
    // The words of `hfdoctor run` about a command that hangs.
    Sign::symptom(Cause::LockStuck, "it waits for the lock `")
        .with(&["/.locks/", "/.cache/huggingface/"])
        .without(&["if it wants the same file"]),
    Sign::hint(Cause::LockStuck, "it waits for the lock `").with(&["if it wants the same file"]),
    Sign::symptom(Cause::LockStuck, "blocking waiting for file lock"),
    Sign::decisive(Cause::LockStuck, ".git/index.lock': file exists"),
    Sign::decisive(Cause::LockStuck, "another git process seems to be running"),
    Sign::decisive(Cause::LockStuck, "shallow.lock': file exists"),
    Sign::decisive(Cause::LockStuck, ".lock': file exists").with(&["unable to create"]),
];
