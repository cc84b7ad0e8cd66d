//! Locks by the existence of a file, where the file system has no others: whose they are.

use std::time::{Duration, SystemTime};

use crate::observe::processes::{self, Holder, State};

/// Holder and machine in a soft lock: number, name and, in newer versions, a start mark, a line each.
///
/// Source: `_write_lock_info` and `parse_lock_holder` of filelock's `_soft.py`.
pub fn holder(content: &[u8]) -> Option<(u32, String)> {
    let text = std::str::from_utf8(content).ok()?;
    let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
    if !(2..=3).contains(&lines.len()) {
        return None;
    }
    let pid = lines[0].parse::<u32>().ok().filter(|pid| (1..=i32::MAX.unsigned_abs()).contains(pid))?;
    let host: String = lines[1].trim_end_matches('\r').chars().filter(|c| !c.is_control()).take(255).collect();
    (!host.is_empty()).then_some((pid, host))
}

/// The holder, gone when the process of its number began after the lock was taken: numbers are given again, after a
/// restart of the machine at the latest.
pub fn still_there(holder: Holder, taken: Option<SystemTime>) -> Holder {
    /// The clocks of files and of processes differ by less.
    const SLACK: Duration = Duration::from_secs(5);
    let began = processes::began(holder.pid);
    let later = began.zip(taken).and_then(|(began, taken)| began.duration_since(taken).ok());
    if later.is_some_and(|later| later > SLACK) {
        return Holder { state: State::Gone, command: String::new(), ..holder };
    }
    holder
}

/// Whether a machine's name in a soft lock is this machine's.
pub fn is_of_here(host: &str) -> bool {
    host_name().is_some_and(|name| is_here(&name, pid_namespace(), host))
}

/// The number of the first process namespace of a Linux, which adds nothing to a machine's name.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "other systems have no such namespaces"))]
const FIRST_NAMESPACE: u64 = 0xEFFF_FFFC;

/// filelock 4 appends `?pidns-` and the number of the process namespace in hex, since containers of one name count their
/// processes apart.
///
/// Source: `host_name` of filelock's `_identity.py`.
fn is_here(name: &str, namespace: Option<u64>, host: &str) -> bool {
    match (host.split_once("?pidns-"), namespace) {
        (Some((host, of)), Some(ours)) => host == name && u64::from_str_radix(of, 16) == Ok(ours),
        (Some(_), None) => false,
        (None, _) => host == name,
    }
}

/// The process namespace of this process, where it is another than the machine's first.
fn pid_namespace() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        let inode = std::fs::metadata("/proc/self/ns/pid").ok()?.ino();
        (inode != FIRST_NAMESPACE).then_some(inode)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems may not tell")]
pub(super) fn host_name() -> Option<String> {
    Some(rustix::system::uname().nodename().to_string_lossy().into_owned())
}

#[cfg(not(unix))]
pub(super) fn host_name() -> Option<String> {
    sysinfo::System::host_name().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_lock_of_another_process_namespace_is_of_another_machine() {
        let ns = Some(0xF000_0123);
        assert!(is_here("pod", None, "pod") && is_here("pod", ns, "pod?pidns-f0000123"));
        assert!(!is_here("pod", None, "pod?pidns-f0000123") && !is_here("pod", ns, "pod?pidns-f0000124"));
        assert!(!is_here("pod", ns, "other?pidns-f0000123") && !is_here("pod", ns, "pod?pidns-zz"));
    }

    proptest! {
        #[test]
        fn any_content_is_a_holder_or_none(content in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = holder(&content);
        }
    }
}
