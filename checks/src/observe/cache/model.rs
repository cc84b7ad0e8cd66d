//! What a walk of the caches reports: sums for everything, details for what is notable and for the target.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::SystemTime;

use super::folder::Kind;
use super::partial::Partial;
use super::tree::Tree;
use hfdoctor_core::target::{RepoType, Target};

/// At most so many notable things of one sort are kept with their paths; the rest is counted.
pub const MAX_DETAILS: usize = 256;

/// At most so many links that lead nowhere are kept with their paths, because all that are kept can be moved aside at once.
pub const MAX_BROKEN: usize = 32_768;

/// A list with an end: what comes after [`MAX_DETAILS`] entries is only counted.
pub type Some256<T> = Counted<T, MAX_DETAILS>;

/// A list with an end: what comes after `MOST` entries is only counted.
#[derive(Debug, Clone)]
pub struct Counted<T, const MOST: usize> {
    /// The first ones.
    pub list: Vec<T>,
    /// How many there are in all.
    pub count: u64,
}

impl<T, const MOST: usize> Default for Counted<T, MOST> {
    fn default() -> Self {
        Counted { list: Vec::new(), count: 0 }
    }
}

impl<T, const MOST: usize> Counted<T, MOST> {
    /// Adds one.
    pub fn push(&mut self, item: T) {
        self.count += 1;
        if self.list.len() < MOST {
            self.list.push(item);
        }
    }

    /// Adds all of another list.
    pub fn append(&mut self, other: Counted<T, MOST>) {
        self.count += other.count;
        let room = MOST.saturating_sub(self.list.len());
        self.list.extend(other.list.into_iter().take(room));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Files and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Amount {
    /// Counts a file.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Counts another amount.
    pub fn join(&mut self, other: Amount) {
        self.files += other.files;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// A repository, by type and id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoName {
    /// Its type.
    pub kind: RepoType,
    /// Its id.
    pub id: String,
}

impl std::fmt::Display for RepoName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.kind.prefix(), self.id)
    }
}

/// A link that leads nowhere.
#[derive(Debug, Clone)]
pub struct BrokenLink {
    /// Where it lies.
    pub path: PathBuf,
    /// Where it leads, as written in it.
    pub leads_to: PathBuf,
    /// Whose it is.
    pub repository: RepoName,
    /// The file in the repository.
    pub file: String,
    /// The commit whose snapshot it lies in.
    pub commit: String,
    /// Whether a ref names another commit and none this one: a revision that was left for a newer one.
    pub superseded: bool,
    /// When the link was made.
    pub modified: Option<SystemTime>,
}

/// Something of another kind than what the client has or makes there: it can neither use nor replace it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    /// Where it lies.
    pub path: PathBuf,
    /// Whose repository it is in.
    pub repository: Option<RepoName>,
    /// What it is.
    pub found: Kind,
    /// What belongs there.
    pub wanted: Wanted,
}

/// What the client has or makes at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A folder.
    Folder,
    /// A lock file.
    Lock,
    /// A file's content, or the link to it.
    Content,
    /// A partial file that a client makes and goes on with.
    Part,
}

impl Wanted {
    /// In words, with its article.
    pub fn words(self) -> &'static str {
        match self {
            Wanted::Folder => "a folder",
            Wanted::Lock | Wanted::Content | Wanted::Part => "a file",
        }
    }
}

impl Misplaced {
    /// Whether it has to do with a target: its own, or what stands in the way of every download. Without one, all has.
    pub fn matters_to(&self, target: Option<&Target>) -> bool {
        match (target, &self.repository) {
            (Some(target), Some(name)) => (target.repo_type, &target.repo_id) == (name.kind, &name.id),
            _ => true,
        }
    }
}

/// A folder or file that this user may not use as the client needs it.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Which.
    pub path: PathBuf,
    /// Whose repository it is in.
    pub repository: Option<RepoName>,
    /// Its owner's number, where the system has one.
    pub owner: Option<u32>,
    /// Its owner's name.
    pub owner_name: Option<String>,
    /// Whether it belongs to this user.
    pub own: bool,
    /// What may not be done: `read`, `write` or `enter`.
    pub may_not: &'static str,
    /// The system's words, when it said something.
    pub message: Option<String>,
}

/// What can be had back in one repository.
#[derive(Debug, Clone)]
pub struct Reclaimable {
    /// Whose.
    pub repository: RepoName,
    /// Its folder.
    pub folder: PathBuf,
    /// Bytes of all of it.
    pub bytes: u64,
    /// Bytes of files that no snapshot links to.
    pub orphans: Amount,
    /// Bytes that only revisions without a name link to.
    pub detached: Amount,
    /// The last time a file was added.
    pub modified: Option<SystemTime>,
}

/// How far the walk came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// There is no cache yet.
    #[default]
    Absent,
    /// It cannot be listed; the system's words.
    Unreadable(String),
    /// All of it was seen.
    Whole,
    /// The time was up, or it has more entries than are looked at; a part was seen.
    Part,
}

/// All that the walk saw.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    /// The hub cache.
    pub root: PathBuf,
    /// How far the walk came.
    pub reach: Reach,
    /// Repositories seen.
    pub repositories: u64,
    /// Complete files, each once.
    pub blobs: Amount,
    /// Links in snapshots.
    pub links: u64,
    /// Real files in snapshots, as on systems without links.
    pub real_files: Amount,
    /// Entries of the root that no client of the Hub makes.
    pub foreign: u64,
    /// Repositories that are links to other places; they are not followed.
    pub linked_elsewhere: u64,
    /// Partial files of the hub cache, of folders of the person's own, and of other programs.
    pub partials: Some256<Partial>,
    /// What all partial files take up, in bytes.
    pub partial_bytes: u64,
    /// Folders in which datasets was preparing a dataset when it broke off.
    pub unfinished_datasets: Amount,
    /// The Xet client's caches of earlier downloads, with their bytes.
    pub xet: Vec<(PathBuf, u64)>,
    /// Links that lead nowhere.
    pub broken: Counted<BrokenLink, MAX_BROKEN>,
    /// What this user may not use.
    pub refused: Some256<Refused>,
    /// What is of another kind than belongs there.
    pub misplaced: Some256<Misplaced>,
    /// Files that no snapshot links to.
    pub orphans: Amount,
    /// Files that only revisions without a name link to.
    pub detached: Amount,
    /// Entries of the shared store.
    pub shared: Amount,
    /// Where most can be had back, the most first.
    pub reclaimable: Vec<Reclaimable>,
    /// The target's repository, in detail.
    pub target: Option<TargetCache>,
    /// Folders of the person's own that hold a download with its notes.
    pub local_folders: Vec<PathBuf>,
}

/// A complete file of the target.
#[derive(Debug, Clone)]
pub struct Blob {
    /// Its size, in bytes; none when it is a link that leads nowhere.
    pub size: Option<u64>,
    /// When it was written.
    pub modified: Option<SystemTime>,
    /// Whether it is a link into the shared store.
    pub shared: bool,
}

/// How a file of a snapshot is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// A link to a blob, by the blob's name.
    Link(String),
    /// A link to something that is no blob of this repository but exists; its size in bytes.
    Elsewhere(u64),
    /// A link that leads nowhere.
    Broken,
    /// A real file; its size in bytes.
    Real(u64),
}

/// Why a ref does not name a commit as the client reads it: by the whole of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefFlaw {
    /// It has no byte.
    Empty,
    /// A commit stands in it with blanks or a line end around it.
    Blanks,
    /// Its content is no commit.
    NoCommit,
    /// Its content is no text, at which the client fails.
    NoText,
}

/// The target's repository in the cache.
#[derive(Debug, Clone, Default)]
pub struct TargetCache {
    /// Its folder.
    pub folder: PathBuf,
    /// Whether the folder exists.
    pub exists: bool,
    /// The commit of each ref.
    pub refs: BTreeMap<String, String>,
    /// The commit of the revision that is asked for, where a ref or the revision itself tells.
    pub commit: Option<String>,
    /// What is wrong with the ref of the revision that is asked for.
    pub ref_flaw: Option<RefFlaw>,
    /// Whether the commit has a snapshot.
    pub has_snapshot: bool,
    /// Where the repository's folder leads when it is a link, which the walk does not follow.
    pub linked_to: Option<PathBuf>,
    /// Complete files, by name.
    pub blobs: HashMap<String, Blob>,
    /// The files of the commit's snapshot, by their path in the repository.
    pub files: BTreeMap<String, Kept>,
    /// The cached listing of the commit.
    pub tree: Option<Tree>,
    /// Lock files.
    pub locks: Vec<PathBuf>,
    /// Whether some of it was left out because it has too many entries.
    pub cut: bool,
}

impl TargetCache {
    /// The size of a cached file of the snapshot, in bytes; none when it is missing or its link leads nowhere.
    pub fn size_of(&self, file: &str) -> Option<u64> {
        match self.files.get(file)? {
            Kept::Link(blob) => self.blobs.get(blob)?.size,
            Kept::Elsewhere(size) | Kept::Real(size) => Some(*size),
            Kept::Broken => None,
        }
    }

    /// Where a file of the snapshot lies.
    pub fn path_of(&self, file: &str) -> Option<PathBuf> {
        Some(self.folder.join("snapshots").join(self.commit.as_deref()?).join(file))
    }
}
