//! Whether the cache can be written.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::CachePermission, Cause::ReadOnlyCache];

/// The check.
pub static CHECK: Check = Check {
    name: "permission",
    about: "whether the cache can be written",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::CachePermission, "system error number 13"),
    Sign::decisive(Cause::CachePermission, "unauthorizedaccessexception"),
    Sign::decisive(Cause::CachePermission, "accessdeniedexception").without(&["s3", "amazon"]),
    Sign::decisive(Cause::CachePermission, "permission denied").without(&["publickey", "bind to port", "sudo", "ssh"]),
    Sign::decisive(Cause::CachePermission, "[errno 13]"),
    Sign::decisive(Cause::CachePermission, "os error 13)"),
    Sign::decisive(Cause::CachePermission, "eacces: "),
    Sign::decisive(Cause::CachePermission, "'eacces'"),
    Sign::decisive(Cause::CachePermission, "eperm: operation").without(&["' -> '", "symlink"]),
    Sign::decisive(Cause::CachePermission, "code: 'eperm'").without(&["symlink"]),
    Sign::decisive(Cause::CachePermission, "[winerror 5]"),
    Sign::decisive(Cause::CachePermission, "os error 5)"),
    Sign::decisive(Cause::CachePermission, "permissionerror at"),
    Sign::decisive(Cause::CachePermission, "permissionerror").without(&["[winerror 32]", "->"]),
    Sign::decisive(Cause::CachePermission, "access is denied").without(&["gated", "token"]),
    Sign::decisive(Cause::CachePermission, "[errno 1] operation not permitted").without(&["' -> '"]),
    Sign::symptom(Cause::CachePermission, "operation not permitted").without(&["' -> '", "symlink"]),
    Sign::decisive(Cause::CachePermission, "problem when trying to write in your cache folder"),
    Sign::symptom(Cause::CachePermission, "check cache directory permissions"),
    Sign::hint(Cause::CachePermission, "could not set the permissions on the file"),
    Sign::decisive(Cause::ReadOnlyCache, "read-only file system"),
    Sign::decisive(Cause::ReadOnlyCache, "[errno 30]"),
    Sign::decisive(Cause::ReadOnlyCache, "os error 30)"),
    Sign::decisive(Cause::ReadOnlyCache, "erofs: read"),
    Sign::decisive(Cause::ReadOnlyCache, "code: 'erofs'"),
    Sign::decisive(Cause::ReadOnlyCache, "[winerror 19]"),
    Sign::decisive(Cause::ReadOnlyCache, "write protected"),
    Sign::decisive(Cause::ReadOnlyCache, "write-protected"),
    Sign::symptom(Cause::ReadOnlyCache, "mkdir '/var/task"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
