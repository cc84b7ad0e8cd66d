//! The mounted file systems, as the system lists them.

use std::path::{Path, PathBuf};

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub at: PathBuf,
    /// Its type, such as `ext4` or `nfs4`.
    pub kind: String,
    /// Whether it is mounted read-only.
    pub read_only: bool,
}

impl Mount {
    /// Whether other machines write to it too, and locks may mean nothing there.
    pub fn is_shared_with_other_machines(&self) -> bool {
        let kinds = [
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "smbfs",
            "lustre",
            "gpfs",
            "beegfs",
            "ceph",
            "glusterfs",
            "afs",
            "9p",
            "virtiofs",
        ];
        kinds.contains(&self.kind.as_str()) || self.kind.starts_with("fuse.")
    }

    /// Whether the type has no symbolic links.
    pub fn has_no_links(&self) -> bool {
        matches!(self.kind.as_str(), "vfat" | "exfat" | "msdos" | "fat32")
    }

    /// Whether it is a disk of this machine: asking it for its space cannot hang as a lost server would.
    pub fn is_local_disk(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "zfs" | "f2fs" | "jfs" | "bcachefs" | "ntfs3" | "apfs" | "hfs"
        )
    }
}

/// The mounts, in the system's order; empty where the system has no such list.
pub fn mounts() -> Vec<Mount> {
    // The list of a machine with thousands of containers has megabytes; it is made by the kernel and ends.
    std::fs::read("/proc/self/mountinfo").map(|bytes| parse(&String::from_utf8_lossy(&bytes))).unwrap_or_default()
}

/// The mount that a path lies on: the last one of those with the longest common beginning.
pub fn of<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    mounts.iter().filter(|mount| path.starts_with(&mount.at)).max_by_key(|mount| mount.at.components().count())
}

fn parse(text: &str) -> Vec<Mount> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut fields = before.split(' ');
    let at = PathBuf::from(unescape(fields.nth(4)?));
    let options = fields.next()?;
    let mut after = after.split(' ');
    let kind = after.next()?.to_owned();
    let super_options = after.nth(1).unwrap_or("");
    let read_only = [options, super_options].iter().any(|o| o.split(',').any(|word| word == "ro"));
    Some(Mount { at, kind, read_only })
}

/// Blanks, tabs, line ends and backslashes are written as three octal digits.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|d| first == b'\\' && d.iter().all(|b| (b'0'..=b'7').contains(b)));
        if let Some(digits) = digits {
            let value = digits.iter().fold(0_u32, |v, d| v * 8 + u32::from(d - b'0'));
            out.push(u8::try_from(value & 0xff).unwrap_or(b'?'));
            rest = &after[3..];
        } else {
            out.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_mount_point_wins_and_the_last_of_equals() {
        let mounts = parse(
            "1 0 8:1 / / rw - ext4 /dev/a rw\n\
             2 1 0:5 / /mnt/my\\040disk rw,nosuid shared:1 - nfs4 host:/x rw\n\
             3 1 0:6 / /mnt/my\\040disk ro - tmpfs t rw\nbroken line\n",
        );
        assert_eq!(mounts.len(), 3);
        let found = of(&mounts, Path::new("/mnt/my disk/a")).expect("a mount");
        assert_eq!((found.kind.as_str(), found.read_only), ("tmpfs", true));
        assert_eq!(of(&mounts, Path::new("/mnt/my")).map(|m| m.kind.as_str()), Some("ext4"));
        assert!(mounts[1].is_shared_with_other_machines());
    }

    proptest! {
        #[test]
        fn any_text_is_a_list(text in "[ -~\n]{0,300}") {
            let _ = parse(&text);
        }
    }
}
