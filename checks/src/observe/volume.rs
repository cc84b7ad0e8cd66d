//! The volumes that a download needs: space, inodes, and the right to write.

use std::path::{Path, PathBuf};

use crate::case::Case;

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// The hub cache.
    HubCache,
    /// The Xet cache, with its logs.
    XetCache,
    /// Temporary files.
    Temporary,
}

impl Purpose {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Purpose::HubCache => "hub cache",
            Purpose::XetCache => "Xet cache",
            Purpose::Temporary => "temporary folder",
        }
    }
}

/// The volumes, one entry a purpose.
pub type Volumes = Vec<Volume>;

/// One folder's volume.
#[derive(Debug, Clone)]
pub struct Volume {
    /// What the folder is for.
    pub purpose: Purpose,
    /// The folder.
    pub path: PathBuf,
    /// The nearest ancestor that exists: what the figures are of.
    pub existing: PathBuf,
    /// Bytes free for this user.
    pub free: Option<u64>,
    /// Bytes in all.
    pub total: Option<u64>,
    /// Inodes free for this user; none where the file system has no fixed number.
    pub free_inodes: Option<u64>,
    /// Whether it is mounted read-only.
    pub read_only: bool,
    /// Whether a file can be made there; the system's words when not.
    pub writable: Result<(), WriteRefused>,
    /// Whether the path exists but is no folder.
    pub not_a_folder: bool,
}

/// Why a file could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRefused {
    /// The system's error number.
    pub code: Option<i32>,
    /// The kind of the error, in Rust's word for it.
    pub kind: std::io::ErrorKind,
    /// The system's words.
    pub message: String,
}

/// Looks at the volumes of a case.
pub fn look(case: &Case) -> Volumes {
    let temporary = case.environment.non_empty("TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    [
        (Purpose::HubCache, case.settings.hub_cache.clone()),
        (Purpose::XetCache, case.settings.xet_cache.clone()),
        (Purpose::Temporary, temporary),
    ]
    .into_iter()
    .map(|(purpose, path)| look_at(purpose, path))
    .collect()
}

fn look_at(purpose: Purpose, path: PathBuf) -> Volume {
    let existing = nearest_existing(&path);
    let figures = figures(&existing);
    let not_a_folder = path.exists() && !path.is_dir();
    let writable = tempfile::tempfile_in(&existing).map(drop).map_err(|error| WriteRefused {
        code: error.raw_os_error(),
        kind: error.kind(),
        message: error.to_string(),
    });
    Volume {
        purpose,
        existing,
        free: figures.free,
        total: figures.total,
        free_inodes: figures.free_inodes,
        read_only: figures.read_only,
        writable,
        not_a_folder,
        path,
    }
}

/// The path itself or its nearest ancestor that exists and can be looked at.
pub fn nearest_existing(path: &Path) -> PathBuf {
    path.ancestors().find(|p| p.is_dir()).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

#[derive(Default)]
struct Figures {
    free: Option<u64>,
    total: Option<u64>,
    free_inodes: Option<u64>,
    read_only: bool,
}

#[cfg(unix)]
fn figures(path: &Path) -> Figures {
    let Ok(stat) = rustix::fs::statvfs(path) else { return Figures::default() };
    Figures {
        free: Some(stat.f_bavail.saturating_mul(stat.f_frsize)),
        total: Some(stat.f_blocks.saturating_mul(stat.f_frsize)),
        // File systems that make inodes as they need them, such as btrfs, report none in all.
        free_inodes: (stat.f_files > 0).then_some(stat.f_favail),
        read_only: stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
    }
}

#[cfg(not(unix))]
fn figures(path: &Path) -> Figures {
    Figures { free: fs4::available_space(path).ok(), total: fs4::total_space(path).ok(), ..Figures::default() }
}
