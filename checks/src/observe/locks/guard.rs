//! Which partial files a lock guards.

use std::ffi::OsStr;
use std::path::Path;
use std::time::SystemTime;

use crate::observe::cache::folder::{Folder, Kind};
use crate::observe::cache::name;

/// When the partial files that a lock guards were last written.
pub fn guarded(lock: &Path) -> Option<SystemTime> {
    /// Entries that are looked at for them.
    const MAX_ENTRIES: usize = 200_000;
    let parent = lock.parent()?;
    let of_root = parent.parent().filter(|locks| locks.ends_with(".locks")).and_then(Path::parent);
    let place = of_root
        .map_or_else(|| parent.to_owned(), |root| root.join(parent.file_name().unwrap_or_default()).join("blobs"));
    let folder = Folder::open(&place).ok()?;
    let (mut last, mut seen) = (None, 0);
    let _ = folder.entries(&mut |entry, kind| {
        seen += 1;
        let is_part = entry.to_str().is_some_and(|name| name::partial(name).is_some());
        if kind == Kind::File && is_part && is_guarded_by(&place.join(entry), lock) {
            last = last.max(folder.meta(entry).ok().and_then(|meta| meta.modified));
        }
        seen < MAX_ENTRIES
    });
    last
}

/// Whether a partial file is the one that a lock guards: `<etag>.lock` and `<etag>[.<8 hex digits>].incomplete`.
pub fn is_guarded_by(partial: &Path, lock: &Path) -> bool {
    // `<root>/.locks/<repository>/<etag>.lock` and `<root>/<repository>/blobs/<etag>.incomplete`, or both side by side.
    let beside = partial.parent() == lock.parent();
    let locks = lock.parent().and_then(Path::parent);
    let of_root = || {
        let root = locks.filter(|locks| locks.ends_with(".locks")).and_then(Path::parent)?;
        let repository = lock.parent().and_then(Path::file_name)?;
        Some(partial.parent()? == root.join(repository).join("blobs"))
    };
    let etag = lock.file_name().and_then(OsStr::to_str).and_then(|name| name.split('.').next());
    let part = partial.file_name().and_then(OsStr::to_str).and_then(|name| name.split('.').next());
    (beside || of_root() == Some(true)) && etag.is_some_and(|etag| !etag.is_empty()) && etag == part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_guards_the_file_of_its_own_name_and_repository() {
        let guarded = |partial: &str| is_guarded_by(Path::new(partial), Path::new("/c/.locks/models--a--b/e1.lock"));
        assert!(guarded("/c/models--a--b/blobs/e1.incomplete"));
        assert!(guarded("/c/models--a--b/blobs/e1.0a1b2c3d.incomplete"));
        assert!(!guarded("/c/models--a--b/blobs/e2.incomplete"));
        assert!(!guarded("/c/models--x--y/blobs/e1.incomplete"));
        assert!(!guarded("/d/models--a--b/blobs/e1.incomplete"));
        assert!(is_guarded_by(Path::new("/c/blobs/e1.part"), Path::new("/c/blobs/e1.lock")));
    }
}
