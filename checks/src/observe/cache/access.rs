//! Whether this user may use a path, asked without touching it.

use std::ffi::OsStr;

use super::folder::{Folder, Meta};
use super::model::{Refused, RepoName};

/// Whether the system's permission bits bind this user at all.
///
/// The superuser passes every one of them, so that nothing follows from them there.
#[cfg(unix)]
pub fn binds_this_user() -> bool {
    !rustix::process::geteuid().is_root()
}

/// Whether the rights on files bind this user: not told here.
#[cfg(not(unix))]
pub fn binds_this_user() -> bool {
    false
}

/// Whether an entry belongs to another user.
#[cfg(unix)]
pub fn is_anothers(meta: &Meta) -> bool {
    meta.owner.is_some_and(|owner| owner != rustix::process::geteuid().as_raw())
}

/// Whether an entry belongs to another user: not told here.
#[cfg(not(unix))]
pub fn is_anothers(_: &Meta) -> bool {
    false
}

/// Whether files may be made in a folder; none when it does not exist or the system cannot tell.
pub fn may_write_in(parent: &Folder, name: &OsStr) -> Option<bool> {
    system::may(parent, name, system::WRITE_IN)
}

/// Whether a file may be read; none when it does not exist or the system cannot tell.
pub fn may_read(parent: &Folder, name: &OsStr) -> Option<bool> {
    system::may(parent, name, system::READ)
}

/// Whether a file may be written; none when it does not exist or the system cannot tell.
pub fn may_write(parent: &Folder, name: &OsStr) -> Option<bool> {
    system::may(parent, name, system::WRITE)
}

/// What this user may not do with an entry, with whose it is.
pub fn refused(
    parent: &Folder,
    name: &OsStr,
    repository: Option<&RepoName>,
    may_not: &'static str,
    error: Option<&std::io::Error>,
) -> Refused {
    let meta = parent.meta(name).ok();
    Refused {
        path: parent.path().join(name),
        repository: repository.cloned(),
        owner: meta.and_then(|m| m.owner),
        owner_name: None,
        own: meta.is_some_and(|m| m.owner.is_some() && !is_anothers(&m)),
        may_not,
        message: error.map(ToString::to_string),
    }
}

#[cfg(unix)]
mod system {
    use std::ffi::OsStr;

    use rustix::fs::{Access, AtFlags, CWD, accessat};
    use rustix::io::Errno;

    use super::Folder;

    pub const WRITE_IN: Access = Access::WRITE_OK.union(Access::EXEC_OK);
    pub const READ: Access = Access::READ_OK;
    pub const WRITE: Access = Access::WRITE_OK;

    pub fn may(parent: &Folder, name: &OsStr, wanted: Access) -> Option<bool> {
        match accessat(CWD, parent.path().join(name), wanted, AtFlags::EACCESS) {
            Ok(()) => Some(true),
            Err(Errno::ACCESS | Errno::PERM) => Some(false),
            // A read-only file system is another matter, and what is not there is none at all.
            Err(_) => None,
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::ffi::OsStr;

    use super::Folder;

    pub const WRITE_IN: () = ();
    pub const READ: () = ();
    pub const WRITE: () = ();

    pub fn may(_: &Folder, _: &OsStr, (): ()) -> Option<bool> {
        None
    }
}
