//! Links and path lengths of the cache's file system.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::SymlinkUnsupported, Cause::PathTooLong];

/// The check.
pub static CHECK: Check = Check {
    name: "filesystem",
    about: "links and path lengths of the cache's file system",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::symptom(Cause::SymlinkUnsupported, "too many levels of symbolic links"),
    Sign::decisive(Cause::SymlinkUnsupported, "unable to create symlink"),
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 1920]"),
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 448]"),
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 4390]"),
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 1314]"),
    Sign::decisive(Cause::SymlinkUnsupported, "os error 1314)"),
    Sign::decisive(Cause::SymlinkUnsupported, "in order to create symlinks"),
    Sign::decisive(Cause::SymlinkUnsupported, "required privilege is not held"),
    Sign::decisive(Cause::SymlinkUnsupported, "operation not permitted").with(&["' -> '", "symlink"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symlink ")
        .with(&[
            "not supported",
            "not permitted",
            "eperm",
            "cannot create",
            "could not create",
            "failed to create",
            "unsupported",
            "enosys",
            "function not implemented",
            "privilege",
        ])
        .without(&["uses symlinks by default", "degraded"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symlinks ")
        .with(&[
            "not supported",
            "not permitted",
            "eperm",
            "cannot create",
            "could not create",
            "failed to create",
            "unsupported",
            "enosys",
            "function not implemented",
            "privilege",
        ])
        .without(&["uses symlinks by default", "degraded"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symlink:")
        .with(&[
            "not supported",
            "not permitted",
            "eperm",
            "cannot create",
            "could not create",
            "failed to create",
            "unsupported",
            "enosys",
            "function not implemented",
            "privilege",
        ])
        .without(&["uses symlinks by default", "degraded"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symlink(")
        .with(&[
            "not supported",
            "not permitted",
            "eperm",
            "cannot create",
            "could not create",
            "failed to create",
            "unsupported",
            "enosys",
            "function not implemented",
            "privilege",
        ])
        .without(&["uses symlinks by default", "degraded"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symbolic link")
        .with(&[
            "not supported",
            "not permitted",
            "eperm",
            "cannot create",
            "could not create",
            "failed to create",
            "unsupported",
            "enosys",
            "function not implemented",
            "privilege",
        ])
        .without(&["uses symlinks by default", "degraded"]),
    Sign::decisive(Cause::SymlinkUnsupported, "function not implemented").with(&["' -> '", "symlink"]),
    Sign::decisive(Cause::SymlinkUnsupported, "[errno 95]").with(&["' -> '", "symlink"]),
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 1]").with(&["' -> '"]),
    Sign::hint(Cause::SymlinkUnsupported, "your machine does not support them"),
    Sign::decisive(Cause::PathTooLong, "file name too long"),
    Sign::decisive(Cause::PathTooLong, "[errno 36]"),
    Sign::decisive(Cause::PathTooLong, "[errno 63]"),
    Sign::decisive(Cause::PathTooLong, "os error 36)"),
    Sign::decisive(Cause::PathTooLong, "os error 63)"),
    Sign::decisive(Cause::PathTooLong, "enametoolong"),
    Sign::decisive(Cause::PathTooLong, "[winerror 206]"),
    Sign::decisive(Cause::PathTooLong, "os error 206)"),
    Sign::decisive(Cause::PathTooLong, "filename too long"),
    Sign::decisive(Cause::PathTooLong, "filename or extension is too long"),
    Sign::decisive(Cause::PathTooLong, "path too long"),
    Sign::decisive(Cause::PathTooLong, "pathtoolongexception"),
    Sign::decisive(Cause::PathTooLong, "exceeds the maximum path"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
