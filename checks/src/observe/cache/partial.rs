//! A partial file: what a download left behind, whoever wrote it.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::folder::{Folder, Meta};
use super::model::{Cache, RepoName};
use super::name::{self, PartialKind};
use super::{Bounds, access};
use crate::case::Case;
use crate::observe::integrity::header;
use crate::observe::{mounts, processes};

/// A partial file.
#[derive(Debug, Clone)]
pub struct Partial {
    /// Where it lies.
    pub path: PathBuf,
    /// The cache root that it lies in.
    pub root: PathBuf,
    /// Whose it is, where the place tells.
    pub repository: Option<RepoName>,
    /// Who writes such names.
    pub kind: PartialKind,
    /// The ETag that it is to become; empty when the name does not tell.
    pub etag: String,
    /// The file in the repository, where a cached tree listing tells.
    pub file: Option<String>,
    /// The size that the file is to have, where a cached tree listing tells, in bytes.
    pub expected: Option<u64>,
    /// Its length, in bytes; of ollama's the bytes that are fetched.
    pub size: u64,
    /// What it takes up of its volume, in bytes: less than its length when it has holes.
    pub allocated: u64,
    /// Where its first hole begins, in bytes, when it was not written from front to back.
    pub hole: Option<u64>,
    /// Whether it begins with a web page in place of the file.
    pub is_page: bool,
    /// When it was last written.
    pub modified: Option<SystemTime>,
    /// Whether the complete file lies beside it: nobody needs the part any more.
    pub complete_beside: bool,
    /// The process that has it open.
    pub held_by: Option<u32>,
    /// Whether it is proved that no process writes it: none has it open and all that could have been seen, or it is old.
    pub idle: bool,
}

impl Partial {
    /// A partial file of which nothing is known but what the system says of it.
    pub fn new(path: PathBuf, root: &Path, kind: PartialKind, meta: &Meta) -> Partial {
        Partial {
            path,
            root: root.to_owned(),
            repository: None,
            kind,
            etag: String::new(),
            file: None,
            expected: None,
            size: meta.size,
            allocated: meta.allocated,
            hole: None,
            is_page: false,
            modified: meta.modified,
            complete_beside: false,
            held_by: None,
            idle: false,
        }
    }
}

/// A partial file that nobody has written for so long is nobody's, whatever the system lets us see.
const SURELY_OLD: Duration = Duration::from_hours(48);

/// Looks closer at each: what it holds, whether a process has it open, and whether it is proved that none has.
pub fn examine(cache: &mut Cache, bounds: &Bounds, case: &Case) {
    if cache.partials.is_empty() {
        return;
    }
    let open = processes::open_files(bounds.deadline);
    let mounts = mounts::mounts();
    for partial in &mut cache.partials.list {
        let (Some(parent), Some(name)) = (partial.path.parent(), partial.path.file_name()) else { continue };
        let Ok(folder) = Folder::open(parent) else { continue };
        let Ok(meta) = folder.meta(name) else { continue };
        partial.held_by = meta.identity.and_then(|identity| open.by_file.get(&identity).copied());
        let age = meta.modified.and_then(|then| case.now.duration_since(then).ok()).unwrap_or_default();
        // What ollama has fetched is not the length of its file.
        let grows = meta.size != partial.size && partial.kind != PartialKind::Ollama;
        // Other users' processes do not show their files, and other machines' are not here at all.
        let seen_all = open.looked
            && !(access::binds_this_user() && access::is_anothers(&meta))
            && mounts::of(&mounts, parent).is_some_and(|m| !m.is_shared_with_other_machines());
        partial.idle = partial.held_by.is_none() && !grows && (seen_all || age > SURELY_OLD);
        if partial.kind.is_appended_to() && partial.held_by.is_none() {
            partial.hole = folder.first_hole(name);
            let large = name::hash_of(&partial.etag) == Some(name::Hash::Sha256);
            let start = folder.read(name, header::BEGINNING).unwrap_or_default();
            partial.is_page = header::is_page_in_place(partial.file.as_deref(), large, &start);
        }
    }
}
