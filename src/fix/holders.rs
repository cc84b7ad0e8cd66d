//! Who holds what is to be moved: locks that downloaders take, and processes that have a file open.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::inside::Spot;
use super::plain;
use super::stamp::{Kind, Stamp, walk};

/// Locks that are held while something is moved, so that no downloader begins with it meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    _held: Vec<File>,
}

/// More lock files than this beside one thing are not tried.
const MOST_LOCKS: usize = 4096;

/// Makes sure that nobody holds what lies at a spot, and takes the locks that a downloader would take.
///
/// The error says who or what is in the way.
pub(crate) fn claim(root: &Path, spot: &Spot, stamp: &Stamp, open: &OpenFiles) -> Result<Locks, String> {
    if let Some(why) = open.holder(&spot.path, stamp)? {
        return Err(why);
    }
    let mut held = Vec::new();
    for path in open.lock_files(root, spot, stamp) {
        match take(&path)? {
            Taken::Ours(file) => held.push(file),
            Taken::Gone => {}
            Taken::Theirs => return Err(format!("a live process holds the lock {}", path.display())),
        }
    }
    Ok(Locks { _held: held })
}

/// What became of trying a lock.
enum Taken {
    /// It is held by us now.
    Ours(File),
    /// There is no such lock any more.
    Gone,
    /// Somebody has it.
    Theirs,
}

/// Takes a lock without waiting. A lock that cannot be tried counts as doubt, and so as held.
fn take(path: &Path) -> Result<Taken, String> {
    let doubt = |error: std::io::Error| format!("whether {} is held cannot be told: {error}", path.display());
    let file = match plain::open_to_write(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Taken::Gone),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => plain::open(path).map_err(doubt)?,
        Err(error) => return Err(doubt(error)),
    };
    if owner_in(path).is_some_and(is_alive) {
        return Ok(Taken::Theirs);
    }
    match file.try_lock() {
        Ok(()) => Ok(Taken::Ours(file)),
        Err(TryLockError::WouldBlock) => Ok(Taken::Theirs),
        Err(TryLockError::Error(error)) => Err(doubt(error)),
    }
}

/// The process that a lock by existence names in its first line, on this very machine.
fn owner_in(path: &Path) -> Option<u32> {
    // Such a lock holds a number and a host's name; anything longer is something else.
    let text = String::from_utf8(plain::read(path, 4096).ok()?).ok()?;
    text.lines().next()?.trim().parse().ok()
}

#[cfg(unix)]
fn is_alive(pid: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    // A process of somebody else may not be asked, but it is there.
    matches!(test_kill_process(pid), Ok(()) | Err(rustix::io::Errno::PERM))
}

#[cfg(not(unix))]
fn is_alive(_: u32) -> bool {
    // Whoever holds a lock here has the file open, which the open itself shows.
    false
}

/// The lock files that a downloader holds while it works on what lies here.
///
/// huggingface_hub locks `.locks/<repository>/<blob>.lock` in the cache, before 0.19 and in the hf-hub crate
/// `<blob>.lock` beside the blob, and with a local folder `<file>.lock` beside its metadata. What is no blob of one name
/// may belong to any download of the repository, so every lock of that counts.
fn lock_files(root: &Path, spot: &Spot, stamp: &Stamp) -> Vec<PathBuf> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let name = spot.path.file_name().unwrap_or_default();
    if is_lock(&spot.path) {
        return vec![spot.path.clone()];
    }
    let blob = name.to_string_lossy();
    let blob = blob.split('.').next().unwrap_or_default();
    let is_blob = spot.path.parent().and_then(Path::file_name) == Some(OsStr::new("blobs"))
        && matches!(blob.len(), 40 | 64)
        && blob.bytes().all(|byte| byte.is_ascii_hexdigit());
    let beside = spot.path.parent().and_then(|parent| fs::read_dir(parent).ok());
    let mut found: Vec<PathBuf> = beside.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    // Locks of the cache and of a local folder lie in corners of their own.
    let repository = spot.below.components().next().map(|first| root.join(".locks").join(first));
    let mut corners: Vec<PathBuf> = repository.into_iter().collect();
    corners.extend(super::quarantine::LOCAL_CORNERS.map(|corner| root.join(corner).join("download")));
    if stamp.kind == Kind::Folder {
        corners.push(spot.path.clone());
    }
    for corner in corners.into_iter().filter(|corner| corner.is_dir()) {
        let _ = walk(&corner, &mut |path, _| {
            if is_lock(path) && !found.iter().any(|known| known == path) {
                found.push(path.to_owned());
            }
            Ok(())
        });
    }
    found.retain(|path| {
        let stem = path.file_stem();
        is_lock(path) && path.is_file() && (!is_blob || stem == Some(OsStr::new(blob)) || stem == Some(name))
    });
    found.truncate(MOST_LOCKS);
    found
}

fn is_lock(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("lock"))
}

/// The regular files at or below a path, with their identities.
pub(crate) fn files_of(path: &Path, stamp: &Stamp) -> Vec<(PathBuf, (u64, u64))> {
    let mut files = Vec::new();
    match stamp.kind {
        Kind::File => files.push((path.to_owned(), (stamp.device, stamp.inode))),
        Kind::Folder => {
            let _ = walk(path, &mut |path, metadata| {
                if metadata.is_file() {
                    files.push((path.to_owned(), super::stamp::identity(metadata)));
                }
                Ok(())
            });
        }
        Kind::Link | Kind::Other => {}
    }
    files
}

/// Files that processes have open, seen in one look.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    #[cfg(unix)]
    seen: Result<Vec<OpenFile>, String>,
    /// Lock files beside links, by the folder: there can be thousands of links in one.
    beside_links: RefCell<HashMap<PathBuf, Vec<PathBuf>>>,
}

impl OpenFiles {
    /// The lock files that guard what lies at a spot. Links are small and hold nothing that could grow, so that one look
    /// serves all links of a folder.
    fn lock_files(&self, root: &Path, spot: &Spot, stamp: &Stamp) -> Vec<PathBuf> {
        if stamp.kind != Kind::Link || is_lock(&spot.path) {
            return lock_files(root, spot, stamp);
        }
        let folder = spot.path.parent().unwrap_or(&spot.path).to_owned();
        let mut known = self.beside_links.borrow_mut();
        known.entry(folder).or_insert_with(|| lock_files(root, spot, stamp)).clone()
    }
}

#[cfg(unix)]
#[derive(Debug)]
struct OpenFile {
    identity: (u64, u64),
    process: u32,
}

#[cfg(unix)]
impl OpenFiles {
    /// Looks which of these files are open anywhere.
    pub(crate) fn look(files: &[(PathBuf, (u64, u64))]) -> OpenFiles {
        OpenFiles { seen: look(files), beside_links: RefCell::default() }
    }

    /// The files of a list that are open.
    pub(crate) fn any_of(&self, files: &[(PathBuf, (u64, u64))]) -> bool {
        let Ok(seen) = &self.seen else { return false };
        files.iter().any(|(_, identity)| seen.iter().any(|open| open.identity == *identity))
    }

    /// Who has the file, or a file below the folder, open; an error when that cannot be told.
    fn holder(&self, path: &Path, stamp: &Stamp) -> Result<Option<String>, String> {
        let seen = self.seen.as_ref().map_err(Clone::clone)?;
        let files = files_of(path, stamp);
        let open = files.iter().find_map(|(path, identity)| {
            seen.iter().find(|open| open.identity == *identity).map(|open| (path, open.process))
        });
        Ok(open.map(|(path, process)| format!("process {process} has {} open", path.display())))
    }
}

/// Linux shows every process's open files below /proc. Only links whose name fits are followed: following one to a
/// dead network file system would hang.
#[cfg(target_os = "linux")]
fn look(files: &[(PathBuf, (u64, u64))]) -> Result<Vec<OpenFile>, String> {
    use std::collections::HashSet;
    use std::os::unix::ffi::OsStrExt;
    let names: HashSet<&[u8]> = files.iter().filter_map(|(path, _)| path.file_name()).map(OsStrExt::as_bytes).collect();
    let mut seen = Vec::new();
    if names.is_empty() {
        return Ok(seen);
    }
    let processes = fs::read_dir("/proc").map_err(|error| format!("open files cannot be told: /proc: {error}"))?;
    for process in processes.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // Another user's process does not show its files; it can hardly have opened ours without their lock.
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else { continue };
        for descriptor in descriptors.flatten().map(|entry| entry.path()) {
            let Ok(target) = fs::read_link(&descriptor) else { continue };
            let Some(name) = target.file_name().map(OsStrExt::as_bytes) else { continue };
            let name = name.strip_suffix(b" (deleted)").unwrap_or(name);
            if names.contains(name)
                && let Ok(found) = fs::metadata(&descriptor)
            {
                seen.push(OpenFile { identity: super::stamp::identity(&found), process: pid });
            }
        }
    }
    Ok(seen)
}

/// Elsewhere `lsof` is asked, as part of macOS and the BSDs' packages. Without it there is doubt, and nothing is moved.
#[cfg(all(unix, not(target_os = "linux")))]
fn look(files: &[(PathBuf, (u64, u64))]) -> Result<Vec<OpenFile>, String> {
    use std::process::{Command, Stdio};
    let mut seen = Vec::new();
    for some in files.chunks(200) {
        let output = Command::new("lsof")
            .args(["-w", "-F", "pn", "--"])
            .args(some.iter().map(|(path, _)| path))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .map_err(|error| format!("open files cannot be told: `lsof`: {error}"))?;
        let mut process = 0;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            if let Some(pid) = line.strip_prefix('p') {
                process = pid.parse().unwrap_or(0);
            } else if let Some(name) = line.strip_prefix('n')
                && let Some((_, identity)) = some.iter().find(|(path, _)| path == Path::new(name))
            {
                seen.push(OpenFile { identity: *identity, process });
            }
        }
    }
    Ok(seen)
}

#[cfg(not(unix))]
impl OpenFiles {
    /// Nothing is looked at beforehand: each file is tried when it is claimed.
    pub(crate) fn look(_: &[(PathBuf, (u64, u64))]) -> OpenFiles {
        OpenFiles { beside_links: RefCell::default() }
    }

    /// A file that is open cannot have been moved here: the system refuses.
    pub(crate) fn any_of(&self, _: &[(PathBuf, (u64, u64))]) -> bool {
        false
    }

    /// Whether the file can be opened by us alone, which fails while anybody has it open.
    fn holder(&self, path: &Path, stamp: &Stamp) -> Result<Option<String>, String> {
        for (path, _) in files_of(path, stamp) {
            if let Err(error) = open_alone(&path) {
                return Ok(Some(format!("{} is in use: {error}", path.display())));
            }
        }
        Ok(None)
    }
}

#[cfg(windows)]
fn open_alone(path: &Path) -> std::io::Result<()> {
    use std::os::windows::fs::OpenOptionsExt;
    fs::OpenOptions::new().read(true).share_mode(0).open(path).map(|_| ())
}

#[cfg(all(not(unix), not(windows)))]
fn open_alone(_: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other("this system does not tell who has a file open"))
}
