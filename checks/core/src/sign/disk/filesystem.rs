//! Words: links and path lengths of the cache's file system.

use crate::diagnosis::Cause;
use crate::sign::Sign;

/// What is said of a link that could not be made.
const CANNOT_LINK: &[&str] = &[
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
];

pub(super) const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::SymlinkUnsupported, "unable to create symlink"),
    // ERROR_SYMLINK_CLASS_DISABLED, whatever the language
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 1463]"),
    Sign::decisive(Cause::SymlinkUnsupported, "symbolic link cannot be followed"),
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 1920]"),
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 448]"),
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 4390]"),
    Sign::decisive(Cause::SymlinkUnsupported, "[winerror 1314]"),
    Sign::decisive(Cause::SymlinkUnsupported, "os error 1314)"),
    Sign::decisive(Cause::SymlinkUnsupported, "in order to create symlinks"),
    Sign::decisive(Cause::SymlinkUnsupported, "required privilege is not held"),
    Sign::decisive(Cause::SymlinkUnsupported, "operation not permitted").with(&["' -> '", "symlink"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symlink ")
        .with(CANNOT_LINK)
        .without(&["uses symlinks by default", "degraded"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symlinks ")
        .with(CANNOT_LINK)
        .without(&["uses symlinks by default", "degraded"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symlink:")
        .with(CANNOT_LINK)
        .without(&["uses symlinks by default", "degraded"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symlink(")
        .with(CANNOT_LINK)
        .without(&["uses symlinks by default", "degraded"]),
    Sign::decisive(Cause::SymlinkUnsupported, "symbolic link")
        .with(CANNOT_LINK)
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
    Sign::decisive(Cause::SymlinkUnsupported, "[errno 45]").with(&["' -> '", "symlink"]),
];
