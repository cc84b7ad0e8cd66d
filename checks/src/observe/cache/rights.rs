//! Whether this user may write where a download of a repository does.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::access;
use super::folder::Folder;
use super::repository::{Seen, Walk};

impl Walk<'_> {
    /// The folders that a download writes to: entering and writing must be allowed.
    pub(super) fn check_access(&self, seen: &mut Seen, parent: &Folder, entry: &OsStr) {
        if !self.bounds.judges_access {
            return;
        }
        for inside in ["", "blobs", "refs", "snapshots"] {
            let name = if inside.is_empty() { PathBuf::from(entry) } else { Path::new(entry).join(inside) };
            if access::may_write_in(parent, name.as_os_str()) == Some(false) {
                self.refuse(seen, parent, name.as_os_str(), "write", None);
                return;
            }
        }
    }

    /// The snapshot that was asked for: what is missing in it is linked there.
    pub(super) fn check_snapshot(&self, seen: &mut Seen, folder: &Folder, commit: &str) {
        let Ok(snapshots) = folder.child(OsStr::new("snapshots")) else { return };
        // Where the folder that it lies in is refused already, that is what is to be mended.
        if self.bounds.judges_access
            && seen.refused.is_empty()
            && access::may_write_in(&snapshots, OsStr::new(commit)) == Some(false)
        {
            self.refuse(seen, &snapshots, OsStr::new(commit), "write", None);
        }
    }
}
