//! Whether this user may use a path, asked without touching it.

use std::ffi::OsStr;

use super::folder::{Folder, Meta};
use super::model::{Refused, RepoName};

/// Whether the system's permission bits bind this user at all.
///
/// Whoever may override them passes every one, so that nothing follows from them there: mostly the superuser, though not
/// in a container that takes this right away.
#[cfg(unix)]
pub fn binds_this_user() -> bool {
    match overrides(&std::fs::read_to_string("/proc/self/status").unwrap_or_default()) {
        Some(overrides) => !overrides,
        None => !rustix::process::geteuid().is_root(),
    }
}

/// Whether the effective capabilities in a process's status, as Linux writes it, have `CAP_DAC_OVERRIDE`.
#[cfg(unix)]
fn overrides(status: &str) -> Option<bool> {
    const CAP_DAC_OVERRIDE: u32 = 1;
    let digits = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(digits.trim(), 16).ok().map(|set| set & (1 << CAP_DAC_OVERRIDE) != 0)
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_right_to_override_counts_not_the_users_number() {
        let status = |set: &str| format!("Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t{set}\nCapBnd:\t0\n");
        assert_eq!(overrides(&status("000001ffffffffff")), Some(true));
        // What a container without this right has.
        assert_eq!(overrides(&status("00000000a80425f9")), Some(false));
        assert_eq!(overrides(&status("0000000000000000")), Some(false));
        assert_eq!(overrides("Name:\tx\n"), None);
    }
}
