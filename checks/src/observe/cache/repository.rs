//! The walk of one repository's folder.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::folder::{Folder, Kind, Meta};
use super::model::{
    Amount, Blob, BrokenLink, Counted, MAX_BROKEN, Misplaced, Reclaimable, RefFlaw, Refused, RepoName, Some256,
    TargetCache, Wanted,
};
use super::name::{self, InBlobs, PartialKind};
use super::partial::Partial;
use super::tree::{MAX_TREE, Tree};
use super::{Bounds, access};

/// Folders of a snapshot deeper than this are not entered.
pub(super) const MAX_DEPTH: usize = 64;
/// Blobs of one repository that are told apart; of more only the sums are kept.
const MAX_BLOBS: usize = 400_000;
/// Files of the target that are kept one by one.
pub(super) const MAX_TARGET_FILES: usize = 200_000;
/// A ref is a commit id; what is longer is none, in bytes.
const MAX_REF: u64 = 256;

/// What one repository adds to the whole.
#[derive(Debug, Default)]
pub struct Seen {
    pub blobs: Amount,
    pub links: u64,
    pub real_files: Amount,
    pub partials: Some256<Partial>,
    pub partial_bytes: u64,
    pub broken: Counted<BrokenLink, MAX_BROKEN>,
    pub refused: Some256<Refused>,
    pub misplaced: Some256<Misplaced>,
    pub orphans: Amount,
    pub detached: Amount,
    pub reclaimable: Option<Reclaimable>,
    pub target: Option<TargetCache>,
    pub cut: bool,
}

/// A blob while the snapshots that link to it are counted.
pub struct Linked {
    size: u64,
    pub(super) by_named: bool,
    pub(super) by_unnamed: bool,
}

/// Blobs by the fingerprint of their name: names have 40 to 64 bytes, and a large cache has millions of them.
#[derive(Default)]
pub struct Blobs(pub(super) HashMap<u128, Linked>);

impl Blobs {
    /// The first 32 digits of a hash are as good as all of it; other names are hashed.
    pub(super) fn key(name: &OsStr) -> u128 {
        let bytes = name.as_encoded_bytes();
        if let Some(digits) = bytes.first_chunk::<32>().filter(|_| matches!(bytes.len(), 40 | 64))
            && let Ok(digits) = std::str::from_utf8(digits)
            && let Ok(key) = u128::from_str_radix(digits, 16)
        {
            return key;
        }
        let half = |salt: u8| {
            let mut hasher = std::hash::DefaultHasher::new();
            hasher.write_u8(salt);
            hasher.write(bytes);
            u128::from(hasher.finish())
        };
        (half(0) << 64) | half(1)
    }
}

/// One repository's walk.
pub struct Walk<'a> {
    pub root: &'a Path,
    pub name: RepoName,
    pub bounds: &'a Bounds,
    /// The revision of the target, when this repository is it.
    pub revision: Option<&'a str>,
}

impl Walk<'_> {
    /// Walks the folder.
    pub fn run(self, parent: &Folder, entry: &OsStr) -> Seen {
        let mut seen = Seen::default();
        let path = parent.path().join(entry);
        if self.revision.is_some() {
            seen.target = Some(TargetCache { folder: path, exists: true, ..TargetCache::default() });
        }
        let folder = match parent.child(entry) {
            Ok(folder) => folder,
            Err(error) => {
                self.refuse(&mut seen, parent, entry, "enter", Some(&error));
                return seen;
            }
        };
        self.check_access(&mut seen, parent, entry);
        let refs = self.refs(&mut seen, &folder);
        let mut blobs = Blobs::default();
        self.blobs(&mut seen, &folder, &mut blobs);
        let commit = self.revision.and_then(|revision| {
            refs.get(revision).cloned().or_else(|| name::is_commit(revision).then(|| revision.to_owned()))
        });
        self.snapshots(&mut seen, &folder, &refs, commit.as_deref(), &mut blobs);
        if let Some(commit) = &commit {
            self.check_snapshot(&mut seen, &folder, commit);
        }
        let named: Vec<&str> = refs.values().map(String::as_str).collect();
        Walk::trees(&mut seen, &folder, commit.as_deref(), &named);
        self.in_place_of_files(&mut seen, &folder, commit.as_deref());
        self.sums(&mut seen, &folder, &blobs);
        if let Some(target) = &mut seen.target {
            target.refs = refs;
            target.commit = commit;
        }
        seen
    }

    pub(super) fn refuse(
        &self,
        seen: &mut Seen,
        parent: &Folder,
        entry: &OsStr,
        may_not: &'static str,
        error: Option<&io::Error>,
    ) {
        // What has gone meanwhile is not refused.
        match error.map(io::Error::kind) {
            Some(io::ErrorKind::NotADirectory) => return self.no_folder(seen, parent, entry),
            Some(kind) if kind != io::ErrorKind::PermissionDenied => return,
            _ => {}
        }
        seen.refused.push(access::refused(parent, entry, Some(&self.name), may_not, error));
    }

    /// Notes what stands in place of a folder; a link may lead to one, which is not followed.
    fn no_folder(&self, seen: &mut Seen, parent: &Folder, entry: &OsStr) {
        if let Ok(meta) = parent.meta(entry)
            && matches!(meta.kind, Kind::File | Kind::Other)
        {
            self.misplaced(seen, parent, entry, meta.kind, Wanted::Folder);
        }
    }

    pub(super) fn misplaced(&self, seen: &mut Seen, parent: &Folder, entry: &OsStr, found: Kind, wanted: Wanted) {
        let path = parent.path().join(entry);
        seen.misplaced.push(Misplaced { path, repository: Some(self.name.clone()), found, wanted });
    }

    fn refs(&self, seen: &mut Seen, folder: &Folder) -> BTreeMap<String, String> {
        let mut refs = BTreeMap::new();
        let top = match folder.child(OsStr::new("refs")) {
            Ok(top) => top,
            Err(error) => {
                self.refuse(seen, folder, OsStr::new("refs"), "enter", Some(&error));
                return refs;
            }
        };
        let mut waiting = vec![(top, String::new(), 0_usize)];
        while let Some((here, prefix, depth)) = waiting.pop() {
            let mut folders = Vec::new();
            let listed = here.entries(&mut |name, kind| {
                let Some(text) = name.to_str() else { return true };
                match kind {
                    Kind::Folder if self.revision == Some(format!("{prefix}{text}").as_str()) => {
                        self.misplaced(seen, &here, name, kind, Wanted::Content);
                    }
                    Kind::Folder if depth < MAX_DEPTH => folders.push(name.to_owned()),
                    // The client would wait at a pipe for ever.
                    Kind::Other => self.misplaced(seen, &here, name, kind, Wanted::Content),
                    Kind::File => {
                        if let Ok(bytes) = here.read(name, MAX_REF) {
                            let revision = format!("{prefix}{text}");
                            let (commit, flaw) = commit_in(&bytes);
                            if self.revision == Some(revision.as_str())
                                && let Some(target) = &mut seen.target
                            {
                                target.ref_flaw = flaw;
                            }
                            refs.extend(commit.map(|commit| (revision, commit)));
                        }
                    }
                    _ => {}
                }
                refs.len() < MAX_TARGET_FILES && self.bounds.go_on()
            });
            if let Err(error) = &listed {
                self.refuse(seen, folder, OsStr::new("refs"), "read", Some(error));
            }
            for name in folders {
                let prefix = format!("{prefix}{}/", name.to_string_lossy());
                if let Ok(child) = here.child(&name) {
                    waiting.push((child, prefix, depth + 1));
                }
            }
        }
        refs
    }

    fn blobs(&self, seen: &mut Seen, folder: &Folder, blobs: &mut Blobs) {
        let here = match folder.child(OsStr::new("blobs")) {
            Ok(here) => here,
            Err(error) => {
                self.refuse(seen, folder, OsStr::new("blobs"), "enter", Some(&error));
                return;
            }
        };
        let mut partials = Vec::new();
        let mut unreadable: Option<OsString> = None;
        let mut locks = Vec::new();
        let mut in_place = Vec::new();
        let mut cut = false;
        let listed = here.entries(&mut |entry, kind| {
            match name::in_blobs(entry) {
                InBlobs::Blob if matches!(kind, Kind::File | Kind::Link) => {
                    let Ok(meta) = here.meta(entry) else { return true };
                    let blob = blob(&here, entry, meta);
                    if blob.size.is_some() && self.bounds.judges_access && unreadable.is_none() {
                        let other = meta.kind == Kind::File && access::is_anothers(&meta);
                        if other && access::may_read(&here, entry) == Some(false) {
                            unreadable = Some(entry.to_owned());
                        }
                    }
                    seen.blobs.add(if blob.shared { 0 } else { blob.size.unwrap_or(0) });
                    let size = blob.size.unwrap_or(0);
                    if blobs.0.len() < MAX_BLOBS {
                        // A blob that is a link without an end does not exist for those that link to it.
                        if blob.size.is_some() {
                            let linked = Linked { size, by_named: false, by_unnamed: false };
                            blobs.0.insert(Blobs::key(entry), linked);
                        }
                    } else {
                        cut = true;
                    }
                    if let (Some(target), Some(text)) = (&mut seen.target, entry.to_str()) {
                        if target.blobs.len() < MAX_TARGET_FILES {
                            target.blobs.insert(text.to_owned(), blob);
                        } else {
                            target.cut = true;
                        }
                    }
                }
                InBlobs::Blob if name::hash_of(&entry.to_string_lossy()).is_some() => {
                    self.misplaced(seen, &here, entry, kind, Wanted::Content);
                }
                InBlobs::Partial(PartialKind::Plain, etag) if kind == Kind::Folder => {
                    in_place.push((entry.to_owned(), etag.to_owned()));
                }
                InBlobs::Partial(kind, etag) => {
                    if let Ok(meta) = here.meta(entry)
                        && meta.kind == Kind::File
                    {
                        partials.push((entry.to_owned(), kind, etag.to_owned(), meta));
                    }
                }
                InBlobs::Lock => locks.push(here.path().join(entry)),
                _ => {}
            }
            self.bounds.go_on()
        });
        if let Err(error) = &listed {
            self.refuse(seen, folder, OsStr::new("blobs"), "read", Some(error));
        }
        if let Some(entry) = unreadable {
            self.refuse(seen, &here, &entry, "read", None);
        }
        seen.cut |= cut;
        // With the whole file in place no client makes the part.
        for (entry, _) in in_place.iter().filter(|(_, etag)| !blobs.0.contains_key(&Blobs::key(OsStr::new(etag)))) {
            self.misplaced(seen, &here, entry, Kind::Folder, Wanted::Part);
        }
        for (entry, kind, etag, meta) in partials {
            self.partial(seen, &here, blobs, &entry, kind, etag, meta);
        }
        if let Some(target) = &mut seen.target {
            locks.truncate(super::model::MAX_DETAILS);
            target.locks = locks;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a listing tells of one entry")]
    fn partial(
        &self,
        seen: &mut Seen,
        here: &Folder,
        blobs: &Blobs,
        entry: &OsStr,
        kind: PartialKind,
        etag: String,
        meta: Meta,
    ) {
        seen.partial_bytes = seen.partial_bytes.saturating_add(meta.allocated);
        let complete_beside = !etag.is_empty() && blobs.0.contains_key(&Blobs::key(OsStr::new(&etag)));
        seen.partials.push(Partial {
            repository: Some(self.name.clone()),
            etag,
            complete_beside,
            ..Partial::new(here.path().join(entry), self.root, kind, &meta)
        });
    }

    /// Reads the cached listings: the target's, and those that tell what the partial files are to become.
    fn trees(seen: &mut Seen, folder: &Folder, commit: Option<&str>, named: &[&str]) {
        if seen.target.is_none() && seen.partials.is_empty() {
            return;
        }
        let Ok(here) = folder.child(OsStr::new("trees")) else { return };
        let read = |commit: &str| {
            let bytes = here.read(OsStr::new(&format!("{commit}.json")), MAX_TREE).ok()?;
            Tree::parse(&bytes)
        };
        let wanted = commit.and_then(read);
        if !seen.partials.is_empty() {
            let others = named.iter().filter(|c| Some(**c) != commit).take(4).filter_map(|c| read(c));
            let trees: Vec<Tree> = wanted.iter().cloned().chain(others).collect();
            for partial in &mut seen.partials.list {
                if let Some((file, entry)) = trees.iter().find_map(|tree| tree.by_etag(&partial.etag)) {
                    partial.file = Some(file.to_owned());
                    partial.expected = Some(entry.content_size());
                }
            }
        }
        if let Some(target) = &mut seen.target {
            target.tree = wanted;
        }
    }

    /// Folders and the like where the listing has files: containers make them for mounts without a source.
    fn in_place_of_files(&self, seen: &mut Seen, folder: &Folder, commit: Option<&str>) {
        /// Missing files that are looked for.
        const MAX_MISSING: usize = 1000;
        let (Some(target), Some(commit)) = (&seen.target, commit) else { return };
        let Some(tree) = &target.tree else { return };
        let snapshot = folder.child(OsStr::new("snapshots")).and_then(|top| top.child(OsStr::new(commit)));
        let Ok(snapshot) = snapshot else { return };
        let missing = tree.files.keys().filter(|path| !target.files.contains_key(*path)).take(MAX_MISSING);
        let missing: Vec<PathBuf> = missing.map(PathBuf::from).collect();
        for path in missing {
            let Ok((inside, name)) = super::open::parent_of(&snapshot, &path) else { continue };
            let parent = inside.as_ref().unwrap_or(&snapshot);
            if let Ok(meta) = parent.meta(name)
                && meta.kind == Kind::Folder
            {
                self.misplaced(seen, parent, name, meta.kind, Wanted::Content);
            }
        }
    }

    fn sums(&self, seen: &mut Seen, folder: &Folder, blobs: &Blobs) {
        if !seen.cut && self.bounds.go_on() {
            for linked in blobs.0.values() {
                match (linked.by_named, linked.by_unnamed) {
                    (true, _) => {}
                    (false, true) => seen.detached.add(linked.size),
                    (false, false) => seen.orphans.add(linked.size),
                }
            }
        }
        let modified: Option<SystemTime> = folder.meta(OsStr::new("blobs")).ok().and_then(|m| m.modified);
        seen.reclaimable = Some(Reclaimable {
            repository: self.name.clone(),
            folder: folder.path().to_owned(),
            bytes: seen.blobs.bytes.saturating_add(seen.real_files.bytes).saturating_add(seen.partial_bytes),
            orphans: seen.orphans,
            detached: seen.detached,
            modified,
        });
    }
}

/// The commit in a ref's content, and what is wrong with it. The client takes all of the content for the commit.
fn commit_in(bytes: &[u8]) -> (Option<String>, Option<RefFlaw>) {
    let Ok(text) = std::str::from_utf8(bytes) else { return (None, Some(RefFlaw::NoText)) };
    let commit = text.trim();
    match (name::is_commit(text), name::is_commit(commit)) {
        (true, _) => (Some(text.to_owned()), None),
        (false, true) => (Some(commit.to_owned()), Some(RefFlaw::Blanks)),
        (false, false) if text.is_empty() => (None, Some(RefFlaw::Empty)),
        (false, false) => (None, Some(RefFlaw::NoCommit)),
    }
}

/// A blob's size: its own, or that of the shared store's entry that it links to.
fn blob(here: &Folder, entry: &OsStr, meta: Meta) -> Blob {
    if meta.kind == Kind::Link {
        let behind = here.meta_behind(entry).ok().filter(|m| m.kind == Kind::File);
        return Blob { size: behind.map(|m| m.size), modified: behind.and_then(|m| m.modified), shared: true };
    }
    Blob { size: Some(meta.size), modified: meta.modified, shared: false }
}
