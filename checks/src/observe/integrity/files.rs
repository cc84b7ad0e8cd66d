//! The files that are looked at: the target's, or all of the cache, the newest repository first.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use super::{Damage, Damaged};
use crate::case::Case;
use crate::observe::cache::folder::{Folder, Kind};
use crate::observe::cache::snapshot::blob_of;
use crate::observe::cache::tree::{MAX_TREE, Tree};
use crate::observe::cache::{Bounds, RepoName, name, open};

/// At most so many files are looked at.
const MAX_FILES: usize = 2_000_000;
/// Folders of a snapshot deeper than this are not entered.
const MAX_DEPTH: usize = 64;

/// A file of a snapshot.
#[derive(Debug, Clone)]
pub struct CachedFile {
    /// Whose it is.
    pub repository: RepoName,
    /// Its path in the repository.
    pub file: String,
    /// The repository's folder.
    folder: OsString,
    /// The snapshot's folder and the path in it.
    snapshot: PathBuf,
    /// The blob that the link leads to; none for a real file.
    blob: Option<OsString>,
    /// What its content's hash should be, by its blob's name or the cached listing.
    pub etag: Option<String>,
    /// Its size by the cached listing, in bytes.
    pub listed_size: Option<u64>,
    /// The cache root.
    root: PathBuf,
}

impl CachedFile {
    /// Opens its content, following the client's own links alone. The second value tells whether it lies in the shared store.
    pub fn open(&self, root: &Folder) -> io::Result<(File, bool)> {
        let repository = root.child(&self.folder)?;
        if let Some(blob) = &self.blob {
            return open::blob(root, &repository.child(OsStr::new("blobs"))?, blob);
        }
        let mut here = repository;
        let mut parts = self.snapshot.components().peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return Ok((here.file(part.as_os_str())?, false));
            }
            here = here.child(part.as_os_str())?;
        }
        Err(io::ErrorKind::NotFound.into())
    }

    /// Where its content lies.
    pub fn place(&self) -> PathBuf {
        let repository = self.root.join(&self.folder);
        match &self.blob {
            Some(blob) => repository.join("blobs").join(blob),
            None => repository.join(&self.snapshot),
        }
    }

    /// Where the person knows it to be.
    pub fn shown_path(&self) -> PathBuf {
        self.root.join(&self.folder).join(&self.snapshot)
    }

    /// The same, damaged.
    pub fn damaged(&self, shared: bool, size: u64, modified: Option<SystemTime>, damage: Damage) -> Damaged {
        Damaged {
            repository: Some(self.repository.clone()),
            file: self.file.clone(),
            path: self.place(),
            link: self.blob.is_some().then(|| self.shown_path()),
            shared,
            size,
            modified,
            damage,
        }
    }
}

/// The files of the target, or of everything.
pub fn of_case(case: &Case, root: &Folder, bounds: &Bounds) -> Vec<CachedFile> {
    let target = case.target.as_ref();
    let mut repositories: Vec<(OsString, RepoName, Option<SystemTime>)> = Vec::new();
    let _ = root.entries(&mut |entry, kind| {
        if kind == Kind::Folder
            && let Some((kind, id)) = name::repository(entry)
            && target.is_none_or(|t| (t.repo_type, &t.repo_id) == (kind, &id))
        {
            let blobs = PathBuf::from(entry).join("blobs");
            let modified = root.meta(blobs.as_os_str()).ok().and_then(|m| m.modified);
            repositories.push((entry.to_owned(), RepoName { kind, id }, modified));
        }
        repositories.len() < MAX_FILES && bounds.go_on()
    });
    repositories.sort_by_key(|(_, _, modified)| std::cmp::Reverse(*modified));
    let mut files = Vec::new();
    for (entry, name, _) in repositories {
        if files.len() >= MAX_FILES || !bounds.go_on() {
            break;
        }
        if let Ok(folder) = root.child(&entry) {
            of_repository(root, &folder, &entry, &name, target.and_then(|t| t.file.as_deref()), bounds, &mut files);
        }
    }
    files
}

fn of_repository(
    root: &Folder,
    folder: &Folder,
    entry: &OsStr,
    name: &RepoName,
    only: Option<&str>,
    bounds: &Bounds,
    files: &mut Vec<CachedFile>,
) {
    let Ok(snapshots) = folder.child(OsStr::new("snapshots")) else { return };
    let mut commits = Vec::new();
    let _ = snapshots.entries(&mut |commit, kind| {
        if kind == Kind::Folder {
            commits.push(commit.to_owned());
        }
        commits.len() < MAX_FILES
    });
    // One blob that several revisions link to is looked at once.
    let mut known = std::collections::HashSet::new();
    for commit in commits {
        let Ok(top) = snapshots.child(&commit) else { continue };
        let tree = commit.to_str().and_then(|commit| tree(folder, commit));
        let mut waiting = vec![(top, PathBuf::new(), 0_usize)];
        while let Some((here, prefix, depth)) = waiting.pop() {
            let mut folders = Vec::new();
            let _ = here.entries(&mut |file, kind| {
                if kind == Kind::Folder {
                    if depth < MAX_DEPTH {
                        folders.push(file.to_owned());
                    }
                    return true;
                }
                let inside = prefix.join(file);
                let mut shown = inside.to_string_lossy().into_owned();
                if cfg!(windows) {
                    shown = shown.replace('\\', "/");
                }
                if only.is_some_and(|only| only != shown) {
                    return true;
                }
                let link = (kind == Kind::Link).then(|| here.link(file).ok()).flatten();
                let blob = link.as_deref().and_then(|link| blob_of(link, &prefix)).map(OsStr::to_owned);
                if !matches!((kind, &blob), (Kind::File, _) | (Kind::Link, Some(_))) {
                    return true;
                }
                if blob.as_ref().is_some_and(|blob| !known.insert((blob.clone(), file.to_owned()))) {
                    return true;
                }
                let listed = tree.as_ref().and_then(|tree| tree.files.get(&shown));
                let etag = blob.as_ref().and_then(|b| b.to_str()).map(str::to_owned);
                // A listing and a link that name different contents belong to different times.
                let listed = listed.filter(|l| etag.as_deref().is_none_or(|etag| etag == l.etag()));
                files.push(CachedFile {
                    repository: name.clone(),
                    file: shown,
                    folder: entry.to_owned(),
                    snapshot: PathBuf::from("snapshots").join(&commit).join(inside),
                    etag: etag.or_else(|| listed.map(|l| l.etag().to_owned())),
                    listed_size: listed.map(super::super::cache::tree::TreeFile::content_size),
                    blob,
                    root: root.path().to_owned(),
                });
                files.len() < MAX_FILES && bounds.go_on()
            });
            for child in folders {
                if let Ok(open) = here.child(&child) {
                    waiting.push((open, prefix.join(&child), depth + 1));
                }
            }
        }
    }
}

fn tree(folder: &Folder, commit: &str) -> Option<Tree> {
    let bytes = folder.child(OsStr::new("trees")).ok()?.read(OsStr::new(&format!("{commit}.json")), MAX_TREE).ok()?;
    Tree::parse(&bytes)
}
