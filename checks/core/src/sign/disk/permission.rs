//! Words: whether the cache can be written.

use crate::diagnosis::Cause;
use crate::sign::Sign;

pub(super) const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::CachePermission, "could not restore previous destination"),
    Sign::symptom(Cause::CachePermission, "i/o error: i/o error: no such file or directory"),
    Sign::symptom(Cause::CachePermission, "fileexistserror").with(&["models--", "datasets--", "spaces--"]),
    Sign::symptom(Cause::CachePermission, "notadirectoryerror").with(&[
        "models--",
        "datasets--",
        "spaces--",
        "huggingface",
    ]),
    Sign::symptom(Cause::CachePermission, "not a directory (os error 20)"),
    Sign::decisive(Cause::CachePermission, "system error number 13"),
    Sign::decisive(Cause::CachePermission, "unauthorizedaccessexception"),
    Sign::decisive(Cause::CachePermission, "accessdeniedexception").without(&["s3", "amazon"]),
    Sign::decisive(Cause::CachePermission, "permission denied").without(&["publickey", "bind to port", "sudo", "ssh"]),
    Sign::decisive(Cause::CachePermission, "[errno 13]"),
    Sign::decisive(Cause::CachePermission, "os error 13)"),
    Sign::decisive(Cause::CachePermission, "eacces: "),
    Sign::decisive(Cause::CachePermission, "'eacces'"),
    // A link that leads in a circle: nothing can be read or written behind it, and links as such work.
    Sign::symptom(Cause::CachePermission, "too many levels of symbolic links").without(&["/snapshots/", "/blobs/"]),
    Sign::symptom(Cause::CachePermission, "symlink loop from").without(&["/snapshots/", "/blobs/"]),
    Sign::decisive(Cause::CachePermission, "eperm: operation").without(&["' -> '", "symlink"]),
    Sign::decisive(Cause::CachePermission, "code: 'eperm'").without(&["symlink"]),
    Sign::decisive(Cause::CachePermission, "[winerror 5]"),
    Sign::decisive(Cause::CachePermission, "os error 5)").without(&["input/output error"]),
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
