//! Whether cached files are what they should be: by their own headers always, by their hashes when asked.

mod clone;
pub mod files;
pub mod gguf;
pub mod hash;
pub mod header;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rayon::prelude::*;

use super::cache::{Bounds, RepoName};
use crate::case::Case;
use files::CachedFile;
use header::Flaw;

/// At most so many damaged files are kept one by one.
const MAX_DAMAGED: usize = 200;
/// A file up to this size is hashed before its header is blamed, in bytes: what the Hub serves so is not damaged.
const HASHED_AT_ONCE: u64 = 64 * 1024 * 1024;
/// Without a target the newest repositories are looked at for this long.
const GLANCE: Duration = Duration::from_millis(1500);

/// What is wrong with a cached file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// Its header contradicts it.
    Header(Flaw),
    /// It has another size than the listing says: the right one, in bytes.
    Size(u64),
    /// Its content has another hash than its name says: the content's, in hex.
    Hash(String),
}

/// A damaged file.
#[derive(Debug, Clone)]
pub struct Damaged {
    /// Whose it is; none in a git clone and in a folder of the person's own.
    pub repository: Option<RepoName>,
    /// Its path in the repository.
    pub file: String,
    /// Where its content lies.
    pub path: PathBuf,
    /// The link to it in the snapshot.
    pub link: Option<PathBuf>,
    /// The folder of the person's own that it was downloaded to.
    pub local: Option<PathBuf>,
    /// The name that its content's hash should be.
    pub etag: Option<String>,
    /// Whether the content lies in the store that repositories share.
    pub shared: bool,
    /// Its size, in bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: Option<SystemTime>,
    /// What is wrong with it.
    pub damage: Damage,
}

/// What was looked at and found.
#[derive(Debug, Clone, Default)]
pub struct Integrity {
    /// Files whose headers or sizes were looked at.
    pub looked_at: u64,
    /// Files that were hashed.
    pub hashed: u64,
    /// Bytes that were hashed.
    pub hashed_bytes: u64,
    /// Files that could not be read, the first ones with the system's words.
    pub unread: Vec<(PathBuf, String)>,
    /// Whether all that was asked for was looked at.
    pub whole: bool,
    /// Damaged files.
    pub damaged: Vec<Damaged>,
    /// Git LFS pointers in the working directory where that is no clone: whose they are, only their content tells.
    pub loose: Vec<Damaged>,
    /// Files in folders of the person's own that were changed after their download.
    pub edited: Vec<PathBuf>,
    /// Whether the person ended the hashing before it was done.
    pub stopped: bool,
    /// The git clone that was looked at, where there is one.
    pub clone: Option<PathBuf>,
}

/// How far hashing has come; shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Meter {
    /// Bytes hashed.
    pub done: AtomicU64,
    /// Bytes to hash.
    pub total: AtomicU64,
    /// Set to end the work early; what was found stands.
    pub stop: AtomicBool,
}

/// Looks at the target's files, or without a target at the newest ones; with `verify` hashes all of them.
pub fn look(case: &Case, meter: &Meter) -> Integrity {
    let verify = case.limits.verify;
    let time = match (&case.target, verify) {
        (_, true) => Duration::from_hours(24 * 365),
        (Some(_), false) => case.limits.timeout.mul_f64(0.6),
        (None, false) => GLANCE.min(case.limits.timeout.mul_f64(0.5)),
    };
    let bounds = Bounds::until(Instant::now() + time);
    let mut seen = Integrity { whole: true, ..Integrity::default() };
    clone::look(case, &mut seen, &bounds);
    let found = files::of_case(case, &bounds);
    // What the same blob is under several names and revisions is looked at once.
    let judged: Vec<Judged> =
        found.par_iter().map(|file| if bounds.go_on() { judge(file) } else { Judged::Nothing }).collect();
    for outcome in judged {
        match outcome {
            Judged::Nothing => seen.whole = false,
            Judged::Sound => seen.looked_at += 1,
            Judged::Unread(path, why) => seen.unread(path, why),
            Judged::Damaged(damaged) => {
                seen.looked_at += 1;
                seen.damaged(*damaged);
            }
        }
    }
    if verify {
        hash::verify(&found, meter, &mut seen);
    }
    seen
}

impl Integrity {
    fn unread(&mut self, path: PathBuf, why: String) {
        self.whole = false;
        if self.unread.len() < 8 {
            self.unread.push((path, why));
        }
    }

    fn damaged(&mut self, damaged: Damaged) {
        if self.damaged.len() < MAX_DAMAGED && !self.damaged.iter().any(|d| d.path == damaged.path) {
            self.damaged.push(damaged);
        }
    }
}

enum Judged {
    Nothing,
    Sound,
    Unread(PathBuf, String),
    Damaged(Box<Damaged>),
}

fn judge(file: &CachedFile) -> Judged {
    // What the person has changed is the person's.
    if file.edited {
        return Judged::Sound;
    }
    let opened = match file.open() {
        Ok(opened) => opened,
        // A link without its end is the walk's to report.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Judged::Sound,
        Err(error) => return Judged::Unread(file.shown_path(), error.to_string()),
    };
    let (mut content, shared) = opened;
    let Ok(metadata) = content.metadata() else { return Judged::Nothing };
    let size = metadata.len();
    let modified = metadata.modified().ok();
    let damaged = |damage| Judged::Damaged(Box::new(file.damaged(shared, size, modified, damage)));
    if let Some(wanted) = file.listed_size
        && wanted != size
    {
        // An empty or pointer file says more about itself than its size does.
        return match header::look(&file.file, &mut content, size) {
            Ok(Some(flaw @ (Flaw::Pointer(_) | Flaw::WebPage | Flaw::Empty))) => damaged(Damage::Header(flaw)),
            _ => damaged(Damage::Size(wanted)),
        };
    }
    match header::look(&file.file, &mut content, size) {
        Ok(None) => Judged::Sound,
        Ok(Some(flaw)) => {
            let as_published =
                (size <= HASHED_AT_ONCE).then(|| hash::matches(&mut content, size, file.etag.as_deref())).flatten();
            if as_published == Some(true) { Judged::Sound } else { damaged(Damage::Header(flaw)) }
        }
        Err(error) => Judged::Unread(file.shown_path(), error.to_string()),
    }
}

/// How far hashing has come: bytes done and bytes in all.
pub fn progress(meter: &Meter) -> (u64, u64) {
    (meter.done.load(Ordering::Relaxed), meter.total.load(Ordering::Relaxed))
}
