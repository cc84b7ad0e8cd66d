//! The files that are looked at: the target's, or all of the cache, the newest repository first.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Damage, Damaged};
use crate::case::Case;
use crate::observe::cache::folder::{Folder, Kind};
use crate::observe::cache::snapshot::blob_of;
use crate::observe::cache::tree::{MAX_TREE, Tree};
use crate::observe::cache::{Bounds, RepoName, local, name, neighbours, open};

/// At most so many files are looked at.
const MAX_FILES: usize = 2_000_000;
/// Folders of a snapshot deeper than this are not entered.
const MAX_DEPTH: usize = 64;

/// A file of a snapshot, or of a download to a folder of the person's own.
#[derive(Debug, Clone)]
pub struct CachedFile {
    /// Whose it is, where its place tells.
    pub repository: Option<RepoName>,
    /// Its path in the repository.
    pub file: String,
    /// Where it lies below the root.
    place: Place,
    /// What its content's hash should be, by its blob's name, the cached listing or the client's note.
    pub etag: Option<String>,
    /// Its size by the cached listing, in bytes.
    pub listed_size: Option<u64>,
    /// Whether it was written after the client had noted it down: then it is the person's own.
    pub edited: bool,
    /// The cache root, or the folder of the person's own.
    root: Arc<Folder>,
}

/// Where a file lies below its root.
#[derive(Debug, Clone)]
enum Place {
    /// In a repository of the hub cache.
    Cache {
        /// The repository's folder.
        folder: OsString,
        /// The snapshot's folder and the path in it.
        snapshot: PathBuf,
        /// The blob that the link leads to; none for a real file.
        blob: Option<OsString>,
    },
    /// At its own path, in a folder of the person's own.
    Local(PathBuf),
}

impl CachedFile {
    /// Opens its content, following the client's own links, and those by which a person keeps a repository or its blobs
    /// on another disk. The second value tells whether it lies elsewhere than in its repository, as in the shared store.
    pub fn open(&self) -> io::Result<(File, bool)> {
        match &self.place {
            Place::Cache { folder, blob: Some(blob), .. } => {
                let (repository, linked) = self.root.child_or_link(folder)?;
                let (blobs, moved) = repository.child_or_link(OsStr::new("blobs"))?;
                if linked || moved {
                    // From there a link of the client's leads to another store than this one.
                    return Ok((blobs.file(blob)?, true));
                }
                open::blob(&self.root, &blobs, blob)
            }
            Place::Cache { folder, snapshot, blob: None } => {
                let (repository, linked) = self.root.child_or_link(folder)?;
                Ok((open::inside(&repository, snapshot)?, linked))
            }
            Place::Local(path) => Ok((open::inside(&self.root, path)?, false)),
        }
    }

    /// Where its content lies.
    pub fn place(&self) -> PathBuf {
        match &self.place {
            Place::Cache { folder, blob: Some(blob), .. } => self.root.path().join(folder).join("blobs").join(blob),
            _ => self.shown_path(),
        }
    }

    /// Where the person knows it to be.
    pub fn shown_path(&self) -> PathBuf {
        match &self.place {
            Place::Cache { folder, snapshot, .. } => self.root.path().join(folder).join(snapshot),
            Place::Local(path) => self.root.path().join(path),
        }
    }

    /// The same, damaged.
    pub fn damaged(&self, shared: bool, size: u64, modified: Option<SystemTime>, damage: Damage) -> Damaged {
        Damaged {
            repository: self.repository.clone(),
            file: self.file.clone(),
            path: self.place(),
            link: matches!(&self.place, Place::Cache { blob: Some(_), .. }).then(|| self.shown_path()),
            local: matches!(&self.place, Place::Local(_)).then(|| self.root.path().to_owned()),
            etag: self.etag.clone(),
            shared,
            size,
            modified,
            damage,
        }
    }
}

/// The files of the target, or of everything, and those of downloads to folders of the person's own.
pub fn of_case(case: &Case, bounds: &Bounds) -> Vec<CachedFile> {
    let mut files = Vec::new();
    if let Ok(root) = Folder::open(&case.settings.hub_cache) {
        of_cache(case, &Arc::new(root), bounds, &mut files);
    }
    for folder in neighbours(case) {
        local::files(&folder, bounds, &mut |root, found| {
            let file = found.file.to_string_lossy().into_owned();
            let file = if cfg!(windows) { file.replace('\\', "/") } else { file };
            let wanted = case.target.as_ref().and_then(|target| target.file.as_deref());
            if wanted.is_none_or(|wanted| wanted == file) {
                files.push(CachedFile {
                    repository: None,
                    file,
                    place: Place::Local(found.file),
                    etag: Some(found.etag),
                    listed_size: found.listed_size,
                    edited: found.edited,
                    root: Arc::clone(root),
                });
            }
            files.len() < MAX_FILES
        });
    }
    files
}

fn of_cache(case: &Case, root: &Arc<Folder>, bounds: &Bounds, files: &mut Vec<CachedFile>) {
    let target = case.target.as_ref();
    let mut repositories: Vec<(OsString, RepoName, Option<SystemTime>)> = Vec::new();
    let _ = root.entries(&mut |entry, kind| {
        // Another one's than the target's is not gone after to another disk.
        let is_folder = kind == Kind::Folder || (kind == Kind::Link && target.is_some());
        if is_folder
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
    for (entry, name, _) in repositories {
        if files.len() >= MAX_FILES || !bounds.go_on() {
            break;
        }
        if let Ok((folder, _)) = root.child_or_link(&entry) {
            of_repository(root, &folder, &entry, &name, target.and_then(|t| t.file.as_deref()), bounds, files);
        }
    }
}

fn of_repository(
    root: &Arc<Folder>,
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
                if name::is_litter(file) {
                    return true;
                }
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
                // A file of no blob that the commit does not have was put there by somebody or made by a library.
                if blob.is_none() && tree.is_some() && listed.is_none() {
                    return true;
                }
                let etag = blob.as_ref().and_then(|b| b.to_str()).map(str::to_owned);
                // Some clients name a blob by its Xet hash, which its content does not show: the listing has the other.
                let by_xet = listed.filter(|l| etag.is_some() && l.xet_hash == etag);
                let etag = by_xet.map_or(etag, |l| l.lfs_sha256.clone());
                // A listing and a link that name different contents belong to different times.
                let listed = listed.filter(|l| etag.as_deref().is_none_or(|etag| etag == l.etag()));
                files.push(CachedFile {
                    repository: Some(name.clone()),
                    file: shown,
                    etag: etag.or_else(|| listed.map(|l| l.etag().to_owned())),
                    listed_size: listed.map(super::super::cache::tree::TreeFile::content_size),
                    place: Place::Cache {
                        folder: entry.to_owned(),
                        snapshot: PathBuf::from("snapshots").join(&commit).join(inside),
                        blob,
                    },
                    edited: false,
                    root: Arc::clone(root),
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
