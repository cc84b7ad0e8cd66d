//! What something on disk looked like when it was planned, to tell later whether it is still the same.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// A tree with more entries, or deeper, is not taken in hand.
const MOST_ENTRIES: usize = 200_000;
const DEEPEST: usize = 64;

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    File,
    Folder,
    Link,
    /// A device, a pipe, a socket.
    Other,
}

/// Size, time of last change and identity of a file or link, or the sum of a folder's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub kind: Kind,
    /// Bytes of the file, or of all files below the folder.
    pub size: u64,
    /// Nanoseconds since 1970 of the last change; of the latest one below a folder.
    pub modified: i64,
    /// The volume, where the system has a number for it.
    pub device: u64,
    /// The inode, where the system has one.
    pub inode: u64,
    /// Entries below a folder.
    pub entries: u64,
}

impl Stamp {
    /// Looks at a path, following no link.
    pub(crate) fn of(path: &Path) -> io::Result<Stamp> {
        let metadata = fs::symlink_metadata(path)?;
        let (device, inode) = identity(&metadata);
        let mut stamp = Stamp {
            kind: kind(&metadata),
            size: if metadata.is_dir() { 0 } else { metadata.len() },
            modified: nanoseconds(&metadata),
            device,
            inode,
            entries: 0,
        };
        if metadata.is_dir() {
            walk(path, &mut |_, metadata| {
                stamp.entries += 1;
                stamp.size = stamp.size.saturating_add(if metadata.is_file() { metadata.len() } else { 0 });
                stamp.modified = stamp.modified.max(nanoseconds(metadata));
                Ok(())
            })?;
        }
        Ok(stamp)
    }

    /// Whether it is the same thing on disk, whatever was written to it since, at a place that is known to be the same. The
    /// volume's number does not count: many file systems get another one each time that they are mounted.
    pub(crate) fn same_thing(&self, other: &Stamp) -> bool {
        (self.kind, self.inode) == (other.kind, other.inode)
    }

    /// Whether it is the same thing, and nothing was written to it since.
    pub(crate) fn unchanged(&self, other: &Stamp) -> bool {
        let written = |stamp: &Stamp| (stamp.size, stamp.modified, stamp.entries);
        self.same_thing(other) && written(self) == written(other)
    }
}

/// Visits everything below a folder, following no link.
pub(crate) fn walk(folder: &Path, visit: &mut dyn FnMut(&Path, &fs::Metadata) -> io::Result<()>) -> io::Result<()> {
    let mut folders: Vec<(PathBuf, usize)> = vec![(folder.to_owned(), 0)];
    let mut seen = 0;
    while let Some((at, depth)) = folders.pop() {
        for entry in fs::read_dir(&at)? {
            let path = entry?.path();
            seen += 1;
            if seen > MOST_ENTRIES || depth > DEEPEST {
                return Err(io::Error::other(format!("{} holds too much to look through", folder.display())));
            }
            let metadata = fs::symlink_metadata(&path)?;
            visit(&path, &metadata)?;
            if metadata.is_dir() {
                folders.push((path, depth + 1));
            }
        }
    }
    Ok(())
}

fn kind(metadata: &fs::Metadata) -> Kind {
    if metadata.is_symlink() {
        Kind::Link
    } else if metadata.is_dir() {
        Kind::Folder
    } else if metadata.is_file() {
        Kind::File
    } else {
        Kind::Other
    }
}

fn nanoseconds(metadata: &fs::Metadata) -> i64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}

#[cfg(unix)]
pub(crate) fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
pub(crate) fn identity(_: &fs::Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_below_a_folder_shows() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/b"), "1").unwrap();
        let before = Stamp::of(dir.path()).unwrap();
        assert_eq!((before.kind, before.size, before.entries), (Kind::Folder, 1, 2));
        fs::write(dir.path().join("a/b"), "12").unwrap();
        let after = Stamp::of(dir.path()).unwrap();
        assert_ne!(before, after);
        assert!(before.same_thing(&after) && !before.unchanged(&after));
        // The next time that the volume is mounted.
        assert!(before.unchanged(&Stamp { device: before.device + 1, ..before.clone() }));
    }
}
