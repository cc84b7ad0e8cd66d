//! The walk of a repository's snapshots: which file each link leads to.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::folder::{Folder, Kind};
use super::model::{BrokenLink, Kept, Wanted};
use super::repository::{Blobs, MAX_DEPTH, MAX_TARGET_FILES, Seen, Walk};

impl Walk<'_> {
    pub(super) fn snapshots(
        &self,
        seen: &mut Seen,
        folder: &Folder,
        refs: &BTreeMap<String, String>,
        commit: Option<&str>,
        blobs: &mut Blobs,
    ) {
        let top = match folder.child(OsStr::new("snapshots")) {
            Ok(top) => top,
            Err(error) => {
                self.refuse(seen, folder, OsStr::new("snapshots"), "enter", Some(&error));
                return;
            }
        };
        let mut revisions = Vec::new();
        let listed = top.entries(&mut |name, kind| {
            if kind == Kind::Folder {
                revisions.push(name.to_owned());
            } else if name.to_str().is_some_and(super::name::is_commit) && kind != Kind::Link {
                self.misplaced(seen, &top, name, kind, Wanted::Folder);
            }
            revisions.len() < MAX_TARGET_FILES
        });
        if let Err(error) = &listed {
            self.refuse(seen, folder, OsStr::new("snapshots"), "read", Some(error));
        }
        let is_named = |revision: &OsStr| refs.values().any(|c| Path::new(c) == Path::new(revision));
        let some_named = revisions.iter().any(|revision| is_named(revision));
        for revision in revisions {
            let named = is_named(&revision);
            let before = seen.broken.list.len();
            let wanted = commit.is_some_and(|c| Path::new(c) == Path::new(&revision));
            if let Some(target) = seen.target.as_mut().filter(|_| wanted) {
                target.has_snapshot = true;
            }
            match top.child(&revision) {
                Ok(here) => self.snapshot(seen, here, named, wanted, blobs),
                Err(error) => self.refuse(seen, &top, &revision, "enter", Some(&error)),
            }
            for link in seen.broken.list.iter_mut().skip(before) {
                link.commit = revision.to_string_lossy().into_owned();
                link.superseded = some_named && !named;
            }
            if !self.bounds.go_on() {
                return;
            }
        }
    }

    fn snapshot(&self, seen: &mut Seen, top: Folder, named: bool, wanted: bool, blobs: &mut Blobs) {
        let mut waiting = vec![(top, PathBuf::new(), 0_usize)];
        while let Some((here, prefix, depth)) = waiting.pop() {
            let mut folders = Vec::new();
            let listed = here.entries(&mut |entry, kind| {
                if super::name::is_litter(entry) {
                    return self.bounds.go_on();
                }
                match kind {
                    Kind::Folder if depth < MAX_DEPTH => folders.push(entry.to_owned()),
                    Kind::Folder => seen.cut = true,
                    Kind::Link => {
                        seen.links += 1;
                        let kept = self.link(seen, &here, &prefix, entry, named, blobs);
                        Walk::keep(seen, wanted, &prefix, entry, kept);
                    }
                    Kind::File => {
                        let size = here.meta(entry).map_or(0, |m| m.size);
                        seen.real_files.add(size);
                        Walk::keep(seen, wanted, &prefix, entry, Some(Kept::Real(size)));
                    }
                    Kind::Other => self.misplaced(seen, &here, entry, kind, Wanted::Content),
                }
                self.bounds.go_on()
            });
            if let Err(error) = &listed
                && let Some(parent) = here.path().parent().and_then(|p| Folder::open(p).ok())
                && let Some(last) = here.path().file_name()
            {
                self.refuse(seen, &parent, last, "read", Some(error));
            }
            for entry in folders {
                match here.child(&entry) {
                    Ok(child) => waiting.push((child, prefix.join(&entry), depth + 1)),
                    Err(error) => self.refuse(seen, &here, &entry, "enter", Some(&error)),
                }
            }
        }
    }

    /// What a link of a snapshot leads to.
    fn link(
        &self,
        seen: &mut Seen,
        here: &Folder,
        prefix: &Path,
        entry: &OsStr,
        named: bool,
        blobs: &mut Blobs,
    ) -> Option<Kept> {
        let target = here.link(entry).ok()?;
        let blob = blob_of(&target, prefix);
        if let Some(blob) = blob
            && let Some(linked) = blobs.0.get_mut(&Blobs::key(blob))
        {
            if named {
                linked.by_named = true;
            } else {
                linked.by_unnamed = true;
            }
            return Some(Kept::Link(blob.to_string_lossy().into_owned())).filter(|_| seen.target.is_some());
        }
        // Not among the blobs that were listed: ask the system where it leads, without opening it.
        match here.meta_behind(entry) {
            Ok(meta) => Some(Kept::Elsewhere(meta.size)),
            // Too many links on the way is a circle.
            Err(error) if leads_nowhere(&error) => {
                let file = prefix.join(entry).to_string_lossy().into_owned();
                seen.broken.push(BrokenLink {
                    path: here.path().join(entry),
                    leads_to: target,
                    repository: self.name.clone(),
                    file,
                    commit: String::new(),
                    superseded: false,
                    modified: here.meta(entry).ok().and_then(|m| m.modified),
                });
                Some(Kept::Broken)
            }
            Err(error) => {
                self.refuse(seen, here, entry, "read", Some(&error));
                None
            }
        }
    }

    fn keep(seen: &mut Seen, wanted: bool, prefix: &Path, entry: &OsStr, kept: Option<Kept>) {
        let (true, Some(target), Some(kept)) = (wanted, &mut seen.target, kept) else { return };
        if target.files.len() >= MAX_TARGET_FILES {
            target.cut = true;
            return;
        }
        target.files.insert(slashed(&prefix.join(entry)), kept);
    }
}

/// Whether an error of following a link says that there is nothing at its end, rather than that it may not be looked at.
fn leads_nowhere(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) || is_loop(error)
}

#[cfg(unix)]
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_loop(_: &io::Error) -> bool {
    false
}

/// The blob's name in a link such as `../../blobs/<name>`: relative, climbing exactly to the repository's folder.
pub fn blob_of<'a>(target: &'a Path, prefix: &Path) -> Option<&'a OsStr> {
    let climbs = prefix.components().count() + 2;
    let mut parts = target.components();
    for _ in 0..climbs {
        if parts.next()? != Component::ParentDir {
            return None;
        }
    }
    match (parts.next()?, parts.next()?, parts.next()) {
        (Component::Normal(blobs), Component::Normal(name), None) if blobs == "blobs" => Some(name),
        _ => None,
    }
}

/// A path of a repository, with `/` on every system.
fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy().into_owned();
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_its_blob_only_from_its_own_depth() {
        let name = |target: &'static str, prefix: &str| {
            blob_of(Path::new(target), Path::new(prefix)).map(|n| n.to_string_lossy().into_owned())
        };
        assert_eq!(name("../../blobs/abc", ""), Some("abc".to_owned()));
        assert_eq!(name("../../../blobs/abc", "sub"), Some("abc".to_owned()));
        assert_eq!(name("../../../blobs/abc", ""), None);
        assert_eq!(name("../../blobs/abc/def", ""), None);
        assert_eq!(name("/etc/passwd", ""), None);
        assert_eq!(name("../../other/abc", ""), None);
    }
}
