//! Whose a folder is, and who else may write to it.

use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use hfdoctor_checks::observe::owners::Owners;
use rustix::fs::Stat;
use rustix::process::{getegid, geteuid};

use super::super::plain;

/// A list of users or groups larger than this is not read, in bytes.
const LARGEST_LIST: u64 = 4 * 1024 * 1024;

const WRITABLE_BY_ALL: u32 = 0o002;
const WRITABLE_BY_GROUP: u32 = 0o020;
const STICKY: u32 = 0o1000;

/// What is asked of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// On the way: this user's or the system's.
    Way,
    /// Our own.
    Own,
    /// A plain file, whoever's it is.
    Plain,
}

/// What speaks against taking an open file or folder for our own, or for a safe step on the way there.
pub(super) fn objection(found: &Stat, handle: impl AsFd, wanted: Wanted) -> Option<String> {
    if wanted == Wanted::Plain {
        return None;
    }
    let owner = found.st_uid;
    let ours = owner == geteuid().as_raw();
    let systems = owner == 0 || owner == unmapped();
    if !(ours || (wanted == Wanted::Way && systems)) {
        return Some(format!("belongs to {}", name(owner)));
    }
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion, reason = "the types differ between systems")]
    let mode = found.st_mode as u32;
    // Others may make things there, but not take away what is another's.
    if wanted == Wanted::Way && mode & STICKY != 0 {
        return None;
    }
    let by_group = mode & WRITABLE_BY_GROUP != 0 && (!is_private(found.st_gid) || has_list(handle));
    (mode & WRITABLE_BY_ALL != 0 || by_group).then(|| "can be written to by others".to_owned())
}

/// What speaks against following a link.
pub(super) fn objection_to_link(found: &Stat) -> Option<String> {
    let owner = found.st_uid;
    let trusted = owner == geteuid().as_raw() || owner == 0 || owner == unmapped();
    (!trusted).then(|| format!("is a link of {}", name(owner)))
}

/// A user by name.
pub(crate) fn name(user: u32) -> String {
    Owners::read(Path::new("/etc/passwd")).name(user)
}

/// The number that stands for every user whom a container does not know, where root is one of them. Without such a
/// container the number of root, because there it stands for a user like any other.
#[cfg(target_os = "linux")]
fn unmapped() -> u32 {
    let number = |path: &str| {
        let bytes = plain::read(Path::new(path), 4096).ok()?;
        String::from_utf8(bytes).ok()
    };
    let Some(map) = number("/proc/self/uid_map") else { return 0 };
    let knows_root = map.lines().any(|line| line.split_whitespace().next() == Some("0"));
    if knows_root {
        return 0;
    }
    number("/proc/sys/kernel/overflowuid").and_then(|text| text.trim().parse().ok()).unwrap_or(65534)
}

#[cfg(not(target_os = "linux"))]
fn unmapped() -> u32 {
    0
}

/// Whether this user and root alone are in a group: many systems give every user such a group and let it write.
fn is_private(group: u32) -> bool {
    let list = |path: &str| plain::read(Path::new(path), LARGEST_LIST).ok();
    let (Some(users), Some(groups)) = (list("/etc/passwd"), list("/etc/group")) else { return false };
    let (users, groups) = (String::from_utf8_lossy(&users), String::from_utf8_lossy(&groups));
    is_private_by(&users, &groups, group, geteuid().as_raw(), getegid().as_raw())
}

fn is_private_by(users: &str, groups: &str, group: u32, user: u32, own_group: u32) -> bool {
    let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
    let number = |fields: &[String], at: usize| fields.get(at).and_then(|text| text.parse::<u32>().ok());
    let mut names = vec!["root".to_owned()];
    for known in users.lines().map(fields) {
        let Some(id) = number(&known, 2) else { continue };
        if id == user {
            names.extend(known.first().cloned());
        } else if id != 0 && number(&known, 3) == Some(group) {
            return false;
        }
    }
    let mut listed = false;
    for known in groups.lines().map(fields).filter(|known| number(known, 2) == Some(group)) {
        listed = true;
        let members = known.get(3).map(String::as_str).unwrap_or_default();
        if members.split(',').map(str::trim).any(|member| !member.is_empty() && !names.iter().any(|n| n == member)) {
            return false;
        }
    }
    // A directory service knows more users than the files; it gives a group of one's own the user's number.
    group == own_group && (listed || group == user)
}

/// Whether a list of rights says who else may write. Its mask shows as the group's rights.
#[cfg(target_os = "linux")]
fn has_list(handle: impl AsFd) -> bool {
    let path = format!("/proc/self/fd/{}", handle.as_fd().as_raw_fd());
    rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0_u8; 0]).is_ok_and(|size| size > 0)
}

#[cfg(not(target_os = "linux"))]
fn has_list(handle: impl AsFd) -> bool {
    let _ = handle.as_fd().as_raw_fd();
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USERS: &str = "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbob:x:1001:100::/:\n";

    #[test]
    fn a_group_is_private_only_when_nobody_else_is_in_it() {
        let private = |groups: &str, group| is_private_by(USERS, groups, group, 1000, group);
        assert!(private("ada:x:1000:\n", 1000));
        assert!(private("ada:x:1000:ada,root\n", 1000));
        assert!(!private("ada:x:1000:ada,bob\n", 1000));
        assert!(!private("users:x:100:\n", 100), "bob's own group");
        assert!(private("", 1000), "of a directory service, by its number");
        assert!(!private("", 5000));
        assert!(!is_private_by(USERS, "ada:x:1000:\n", 1000, 1000, 5), "a group that this process is not of");
    }

    proptest! {
        #[test]
        fn any_lists_can_be_read(users in "[ -~\n]{0,200}", groups in "[a-z0-9:,\n]{0,200}", group: u32) {
            let _ = is_private_by(&users, &groups, group, 1000, 1000);
        }
    }
}
