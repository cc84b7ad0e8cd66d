//! The volumes that a download needs: space, inodes, and the right to write.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::mounts::{self, Mount};
use super::owners::Owners;
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
    /// The nearest ancestor that is a folder: what the figures are of.
    pub existing: PathBuf,
    /// The owner of that ancestor, by name; none where the system has no owners.
    pub owner: Option<String>,
    /// Whether that owner is this user.
    pub own: bool,
    /// Bytes free for this user.
    pub free: Option<u64>,
    /// Bytes in all.
    pub total: Option<u64>,
    /// Inodes free for this user; none where the file system has no fixed number.
    pub free_inodes: Option<u64>,
    /// Whether it is mounted read-only.
    pub read_only: bool,
    /// How long a name may be there, in bytes; none where the system does not tell.
    pub longest_name: Option<u64>,
    /// Whether names that differ by case alone are the same there; none where nothing tells.
    pub ignores_case: Option<bool>,
    /// The file system that it lies on, where the system tells.
    pub mount: Option<Mount>,
    /// Whether a file can be made and filled there; the system's words when not.
    pub writable: Result<(), WriteRefused>,
    /// What stands at the path or above it and is no folder.
    pub blocked_by: Option<Obstacle>,
    /// Other volumes of this machine that this user may write to, with the most space first. For the hub cache alone.
    pub others: Vec<Room>,
}

/// Something that stands where a folder should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// What stands there.
    pub path: PathBuf,
    /// Whether it is a link that leads nowhere, rather than a file.
    pub link: bool,
}

/// A place with space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// A folder on it that this user may write to.
    pub path: PathBuf,
    /// Bytes free for this user.
    pub free: u64,
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

/// What is written to the probe, in bytes: a quota shows only when a block is asked for.
const PROBE: usize = 64 * 1024;

/// Looks at the volumes of a case.
pub fn look(case: &Case) -> Volumes {
    let temporary = case.environment.non_empty("TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let mounts = mounts::mounts();
    let owners = Owners::read(&case.environment.system_file("etc/passwd"));
    let mut volumes: Volumes = [
        (Purpose::HubCache, case.settings.hub_cache.clone()),
        (Purpose::XetCache, case.settings.xet_cache.clone()),
        (Purpose::Temporary, temporary),
    ]
    .into_iter()
    .map(|(purpose, path)| look_at(purpose, path, &mounts, &owners))
    .collect();
    let home = case.environment.home.as_deref();
    if let Some(cache) = volumes.first_mut() {
        cache.others = others(cache, &mounts, home);
    }
    volumes
}

fn look_at(purpose: Purpose, path: PathBuf, mounts: &[Mount], owners: &Owners) -> Volume {
    let (existing, blocked_by) = standing(&path);
    let figures = figures(&existing);
    let owner = owner_of(&existing);
    let real = std::fs::canonicalize(&existing).unwrap_or_else(|_| existing.clone());
    Volume {
        purpose,
        free: figures.free,
        total: figures.total,
        free_inodes: figures.free_inodes,
        read_only: figures.read_only,
        longest_name: figures.longest_name,
        ignores_case: ignores_case(&existing),
        mount: mounts::of(mounts, &real).cloned(),
        writable: probe(&existing),
        owner: owner.map(|(number, _)| owners.name(number)),
        own: owner.is_some_and(|(_, own)| own),
        blocked_by,
        others: Vec::new(),
        existing,
        path,
    }
}

/// Makes a file without a name, fills it, and lets it go.
fn probe(folder: &Path) -> Result<(), WriteRefused> {
    let attempt = || -> std::io::Result<()> {
        let mut file = tempfile::tempfile_in(folder)?;
        file.write_all(&vec![0x5a; PROBE])?;
        file.flush()
    };
    attempt().map_err(|error| WriteRefused {
        // The crate wraps the system's error to add the path, which hides its number.
        code: error.raw_os_error().or_else(|| number_within(&error)),
        kind: error.kind(),
        message: error.to_string(),
    })
}

fn number_within(error: &std::io::Error) -> Option<i32> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|e| e as _);
    for _ in 0..8 {
        let inner = source?;
        if let Some(number) = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error) {
            return Some(number);
        }
        source = inner.source();
    }
    None
}

/// The nearest ancestor that is a folder, and what stands in the way of making the rest.
///
/// A link that leads nowhere stands in the way just as a file does: a folder cannot be made at its place.
fn standing(path: &Path) -> (PathBuf, Option<Obstacle>) {
    let mut blocked_by = None;
    for ancestor in path.ancestors() {
        let ancestor = if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor };
        if ancestor.is_dir() {
            return (ancestor.to_owned(), blocked_by);
        }
        if let Ok(metadata) = ancestor.symlink_metadata() {
            blocked_by = Some(Obstacle { path: ancestor.to_owned(), link: metadata.is_symlink() });
        }
    }
    (PathBuf::from("."), blocked_by)
}

/// The path itself or its nearest ancestor that is a folder and can be looked at.
pub fn nearest_existing(path: &Path) -> PathBuf {
    standing(path).0
}

#[derive(Default)]
struct Figures {
    free: Option<u64>,
    total: Option<u64>,
    free_inodes: Option<u64>,
    read_only: bool,
    longest_name: Option<u64>,
}

#[cfg(unix)]
fn figures(path: &Path) -> Figures {
    let Ok(stat) = rustix::fs::statvfs(path) else { return Figures::default() };
    // The blocks that are kept back for the superuser are free for the superuser.
    let blocks = if rustix::process::geteuid().is_root() { stat.f_bfree } else { stat.f_bavail };
    // What is no disk, as /proc and many a FUSE or network mount, reports no blocks at all: nothing follows from that.
    let told = stat.f_blocks > 0;
    Figures {
        free: told.then(|| blocks.saturating_mul(stat.f_frsize)),
        total: told.then(|| stat.f_blocks.saturating_mul(stat.f_frsize)),
        // File systems that make inodes as they need them, such as btrfs, report none in all.
        free_inodes: (stat.f_files > 0).then_some(stat.f_favail),
        read_only: stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
        longest_name: (stat.f_namemax > 0).then_some(stat.f_namemax),
    }
}

#[cfg(not(unix))]
fn figures(path: &Path) -> Figures {
    let total = fs4::total_space(path).ok().filter(|total| *total > 0);
    Figures { free: total.and_then(|_| fs4::available_space(path).ok()), total, ..Figures::default() }
}

/// Whether a folder's file system takes names for the same that differ by case alone.
///
/// Told without writing: by what is there under its own name and under that name in the other case. A folder may have a
/// rule of its own, so that it is its entries that count; only in an empty one does its own name tell.
fn ignores_case(folder: &Path) -> Option<bool> {
    /// Entries that are looked at for one whose name has letters.
    const MAX_ENTRIES: usize = 64;
    let within = std::fs::read_dir(folder).ok().into_iter().flatten().flatten().take(MAX_ENTRIES);
    let own = folder.canonicalize().ok();
    within.map(|entry| entry.path()).chain(own).find_map(|path| {
        let name = path.file_name()?.to_str()?;
        let other: String = name.chars().map(other_case).collect();
        if other == name {
            return None;
        }
        let there = path.symlink_metadata().ok()?;
        match path.with_file_name(other).symlink_metadata() {
            Ok(metadata) => same(&there, &metadata),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(false),
            Err(_) => None,
        }
    })
}

fn other_case(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

/// Whether two entries are the same one.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems may not tell")]
fn same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    Some((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// Whether two entries are the same one: without numbers of files, that both are there under both names tells enough.
#[cfg(not(unix))]
fn same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> Option<bool> {
    let times = one.created().ok()? == other.created().ok()?;
    Some(times && one.len() == other.len() && one.file_type() == other.file_type())
}

/// The owner's number, and whether that is this user.
#[cfg(unix)]
fn owner_of(path: &Path) -> Option<(u32, bool)> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(path).ok()?.uid();
    Some((owner, owner == rustix::process::geteuid().as_raw()))
}

#[cfg(not(unix))]
fn owner_of(_: &Path) -> Option<(u32, bool)> {
    None
}

/// Disks of this machine other than the cache's where this user may write: at the top, or at home.
fn others(cache: &Volume, mounts: &[Mount], home: Option<&Path>) -> Vec<Room> {
    let here = cache.mount.as_ref().map(|m| m.at.as_path());
    let mut rooms: Vec<Room> = mounts
        .iter()
        .filter(|mount| mount.is_local_disk() && !mount.read_only && Some(mount.at.as_path()) != here)
        // The system's own places have other uses than a cache, also for those who may write there.
        .filter(|mount| !["/boot", "/etc", "/var/lib", "/run", "/nix"].iter().any(|place| mount.at.starts_with(place)))
        .filter_map(|mount| {
            let at_home = home.filter(|home| mounts::of(mounts, home) == Some(mount));
            let path = [at_home, Some(mount.at.as_path())].into_iter().flatten().find(|path| may_write(path))?;
            // A file mounted into a container is no place for a cache.
            let figures = path.is_dir().then(|| figures(path))?;
            // The same disk mounted twice, as in containers, has the same figures.
            (figures.total != cache.total || figures.free != cache.free).then_some(())?;
            Some(Room { path: path.to_owned(), free: figures.free? })
        })
        .collect();
    rooms.sort_by(|a, b| b.free.cmp(&a.free).then_with(|| a.path.cmp(&b.path)));
    rooms.dedup_by_key(|room| room.free);
    rooms.truncate(4);
    rooms
}

#[cfg(unix)]
fn may_write(path: &Path) -> bool {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    accessat(CWD, path, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

#[cfg(not(unix))]
fn may_write(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_judged_by_its_nearest_ancestor() {
        let folder = tempfile::tempdir().expect("a folder");
        let volume = look_at(Purpose::HubCache, folder.path().join("a/b/c"), &[], &Owners::default());
        assert_eq!(volume.existing, folder.path());
        assert_eq!(volume.blocked_by, None);
        assert_eq!(volume.writable, Ok(()));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a listing").count(), 0);
    }

    #[test]
    fn a_file_above_the_cache_stands_in_the_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("home");
        std::fs::write(&file, b"x").expect("a file");
        let volume = look_at(Purpose::HubCache, file.join("hub"), &[], &Owners::default());
        assert_eq!(volume.blocked_by, Some(Obstacle { path: file, link: false }));
        assert_eq!(volume.existing, folder.path());
    }

    #[test]
    fn case_is_told_by_what_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("123"), b"").expect("a file");
        let own = ignores_case(folder.path());
        std::fs::write(folder.path().join("models"), b"").expect("a file");
        std::fs::write(folder.path().join("MODELS"), b"other").expect("a file");
        let distinct = std::fs::read_dir(folder.path()).expect("a listing").count() == 3;
        assert_eq!(ignores_case(folder.path()), Some(!distinct));
        assert_eq!(own, Some(!distinct));
        assert_eq!(ignores_case(&folder.path().join("missing")), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_longest_name_is_the_file_systems() {
        let folder = tempfile::tempdir().expect("a folder");
        let volume = look_at(Purpose::HubCache, folder.path().to_owned(), &[], &Owners::default());
        let longest = usize::try_from(volume.longest_name.expect("told")).expect("a length");
        assert!(std::fs::write(folder.path().join("n".repeat(longest)), b"").is_ok());
        assert!(std::fs::write(folder.path().join("n".repeat(longest + 1)), b"").is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_no_disk_has_no_figures_and_takes_no_file() {
        let volume = look_at(Purpose::HubCache, "/proc/hf/hub".into(), &[], &Owners::default());
        assert_eq!((volume.free, volume.total, volume.free_inodes), (None, None, None));
        assert!(volume.writable.is_err(), "{volume:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_without_an_end_stands_in_the_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("hub");
        std::os::unix::fs::symlink("/nowhere/at/all", &link).expect("a link");
        let (existing, blocked_by) = standing(&link);
        assert_eq!((existing.as_path(), blocked_by), (folder.path(), Some(Obstacle { path: link, link: true })));
    }
}
