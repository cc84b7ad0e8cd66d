//! Locks of downloads: who holds them, and whether that process still gets anywhere.
//!
//! A lock file's presence proves nothing: it stays behind when the lock is released. What counts is whether the system
//! still holds it, or, where a file system has no locks, whether the process is alive that its content names.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::cache::folder::{Folder, Kind};
use super::cache::{Bounds, RepoName, name};
use super::mounts;
use super::processes::{self, Holder, OpenFiles, State};
use crate::case::Case;

/// At most so many lock files are asked whether they are held.
const MAX_PROBES: usize = 20_000;
/// A soft lock's content is its holder's number and machine; more is none, in bytes.
const MAX_CONTENT: u64 = 1024;
/// Kept one by one.
const MAX_HELD: usize = 64;

/// How a lock is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The system holds it for a process.
    System,
    /// The file's existence is the lock; its content names a process, and where that was.
    Soft {
        /// The machine that the content names.
        host: String,
        /// Whether that is this one.
        here: bool,
    },
    /// The file's existence is the lock, and it does not say whose.
    Unnamed,
}

/// A lock that is held.
#[derive(Debug, Clone)]
pub struct Held {
    /// The lock file.
    pub path: PathBuf,
    /// Whose repository's download it guards; none where the place does not tell.
    pub repository: Option<RepoName>,
    /// How it is held.
    pub hold: Hold,
    /// The process that holds it, where the system or the file tells.
    pub holder: Option<Holder>,
    /// When the file was made or last written: for a soft lock the time of taking it.
    pub modified: Option<SystemTime>,
    /// Whether its holder has a partial file open that has grown lately.
    pub progressing: bool,
    /// When the holder's partial file last grew.
    pub last_growth: Option<SystemTime>,
    /// Whether the holder itself waits for a lock of another process.
    pub waits_itself: bool,
    /// Processes that wait for it.
    pub waiters: Vec<u32>,
}

/// What was seen of the locks.
#[derive(Debug, Clone, Default)]
pub struct Locks {
    /// Lock files seen.
    pub files: u64,
    /// Those that are held.
    pub held: Vec<Held>,
    /// The file system on which locks mean nothing or cannot be asked for, by type.
    pub unreliable: Option<String>,
    /// Whether all lock files were looked at.
    pub whole: bool,
}

/// Looks at the locks of the hub cache: the target's, or all.
pub fn look(case: &Case) -> Locks {
    let bounds = Bounds::until(Instant::now() + case.limits.timeout.mul_f64(0.7));
    let mut locks = Locks { whole: true, ..Locks::default() };
    let root_path = &case.settings.hub_cache;
    let Ok(root) = Folder::open(root_path) else { return locks };
    let real = std::fs::canonicalize(root_path).unwrap_or_else(|_| root_path.clone());
    let mounts = mounts::mounts();
    locks.unreliable = mounts::of(&mounts, &real).filter(|m| m.is_shared_with_other_machines()).map(|m| m.kind.clone());
    let found = files(case, &root, &bounds);
    locks.files = found.len() as u64;
    locks.whole = bounds.go_on() && found.len() < MAX_PROBES;
    let table = Table::read();
    for (folder, entry, repository) in found {
        if locks.held.len() >= MAX_HELD || !bounds.go_on() {
            locks.whole = false;
            break;
        }
        locks.held.extend(probe(&folder, &entry, repository.as_ref(), &table));
    }
    if !locks.held.is_empty() {
        let open = processes::open_files(Instant::now() + Duration::from_secs(2));
        for held in &mut locks.held {
            progress(held, &open, &table);
        }
    }
    locks
}

type LockFile = (std::rc::Rc<Folder>, OsString, Option<RepoName>);

/// The lock files of the target, or all: `.locks/<repository>/*.lock`, and beside the blobs for older and other clients.
fn files(case: &Case, root: &Folder, bounds: &Bounds) -> Vec<LockFile> {
    let mut found = Vec::new();
    let target = case.target.as_ref().map(|t| name::folder(t.repo_type, &t.repo_id));
    let wanted = |entry: &OsStr| target.as_ref().is_none_or(|t| entry == OsStr::new(t));
    let mut collect = |folder: Folder, repository: Option<RepoName>| {
        let folder = std::rc::Rc::new(folder);
        let _ = folder.entries(&mut |entry, kind| {
            if (ends_in(entry, "lock") || ends_in(entry, "soft")) && kind == Kind::File {
                found.push((std::rc::Rc::clone(&folder), entry.to_owned(), repository.clone()));
            }
            found.len() < MAX_PROBES && bounds.go_on()
        });
    };
    let folders = |parent: &Folder| {
        let mut names = Vec::new();
        let _ = parent.entries(&mut |entry, kind| {
            if kind == Kind::Folder && wanted(entry) {
                names.extend(name::repository(entry).map(|(kind, id)| (entry.to_owned(), RepoName { kind, id })));
            }
            names.len() < MAX_PROBES
        });
        names
    };
    if let Ok(locks) = root.child(OsStr::new(".locks")) {
        for (entry, repository) in folders(&locks) {
            if let Ok(folder) = locks.child(&entry) {
                collect(folder, Some(repository));
            }
        }
    }
    // Before 0.19, and by the hf-hub crate, a lock lies beside its blob. A walk of all blobs only for those is too much.
    if target.is_some() {
        for (entry, repository) in folders(root) {
            if let Ok(folder) = root.child(&entry).and_then(|f| f.child(OsStr::new("blobs"))) {
                collect(folder, Some(repository));
            }
        }
    }
    if let Some(directory) = case.environment.directory.as_deref().filter(|_| target.is_some()) {
        let notes = directory.join(".cache").join("huggingface").join("download");
        if let Ok(folder) = Folder::open(&notes) {
            collect(folder, None);
        }
    }
    found
}

fn ends_in(entry: &OsStr, ending: &str) -> bool {
    Path::new(entry).extension().is_some_and(|e| e == ending)
}

/// Asks whether a lock is held, without holding it oneself for longer than the question takes.
fn probe(folder: &Folder, entry: &OsStr, repository: Option<&RepoName>, table: &Table) -> Option<Held> {
    let meta = folder.meta(entry).ok()?;
    let path = folder.path().join(entry);
    let held = |hold, pid: Option<u32>| Held {
        path: path.clone(),
        repository: repository.cloned(),
        hold,
        holder: pid.map(processes::holder),
        modified: meta.modified,
        progressing: false,
        last_growth: None,
        waits_itself: false,
        waiters: Vec::new(),
    };
    let content = folder.read(entry, MAX_CONTENT).unwrap_or_default();
    if let Some((pid, host)) = soft(&content) {
        let here = host_name().is_some_and(|name| is_here(&name, pid_namespace(), &host));
        let pid = here.then_some(pid);
        return Some(held(Hold::Soft { host, here }, pid));
    }
    if ends_in(entry, "soft") {
        return Some(held(Hold::Unnamed, None));
    }
    let file = folder.file(entry).ok()?;
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            None
        }
        Err(TryLockError::WouldBlock) => {
            let identity = meta.identity;
            let pid = identity.and_then(|identity| table.holder(identity));
            let mut held = held(Hold::System, pid);
            held.waiters = identity.map(|identity| table.waiters(identity)).unwrap_or_default();
            Some(held)
        }
        // No locks on this file system: the client then locks by the file's existence.
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
            Some(held(Hold::Unnamed, None))
        }
        Err(TryLockError::Error(_)) => None,
    }
}

/// A download that has written within this time gets on.
const LATELY: Duration = Duration::from_mins(1);

/// What the holder of a lock gets done.
fn progress(held: &mut Held, open: &OpenFiles, table: &Table) {
    let (parent, entry) = (held.path.parent(), held.path.file_name());
    if held.holder.is_none()
        && held.hold == Hold::System
        && let (Some(parent), Some(entry)) = (parent, entry)
    {
        let identity = Folder::open(parent).and_then(|f| f.meta(entry)).ok().and_then(|m| m.identity);
        held.holder = identity.and_then(|identity| open.by_file.get(&identity)).map(|pid| processes::holder(*pid));
    }
    let Some(holder) = &held.holder else { return };
    held.waits_itself = table.waits(holder.pid);
    let growth = |path: &PathBuf| std::fs::metadata(path).ok().and_then(|m| m.modified().ok());
    let partials = open.partials.get(&holder.pid).map_or(&[][..], Vec::as_slice);
    // A process that fetches several files holds a lock for each: what its other files do says nothing of this one.
    // The system tells open files by their real paths.
    let lock = std::fs::canonicalize(&held.path).unwrap_or_else(|_| held.path.clone());
    let own: Vec<&PathBuf> = partials.iter().filter(|partial| is_guarded_by(partial, &lock)).collect();
    held.last_growth = if own.is_empty() {
        partials.iter().filter_map(growth).max()
    } else {
        own.into_iter().filter_map(growth).max()
    };
    let now = SystemTime::now();
    held.progressing = holder.state == State::Alive
        && held.last_growth.is_some_and(|then| now.duration_since(then).unwrap_or_default() < LATELY);
}

/// Whether a partial file is the one that a lock guards: `<etag>.lock` and `<etag>[.<8 hex digits>].incomplete`.
fn is_guarded_by(partial: &Path, lock: &Path) -> bool {
    // `<root>/.locks/<repository>/<etag>.lock` and `<root>/<repository>/blobs/<etag>.incomplete`, or both side by side.
    let beside = partial.parent() == lock.parent();
    let locks = lock.parent().and_then(Path::parent);
    let of_root = || {
        let root = locks.filter(|locks| locks.ends_with(".locks")).and_then(Path::parent)?;
        let repository = lock.parent().and_then(Path::file_name)?;
        Some(partial.parent()? == root.join(repository).join("blobs"))
    };
    let etag = lock.file_name().and_then(OsStr::to_str).and_then(|name| name.split('.').next());
    let part = partial.file_name().and_then(OsStr::to_str).and_then(|name| name.split('.').next());
    (beside || of_root() == Some(true)) && etag.is_some_and(|etag| !etag.is_empty()) && etag == part
}

/// Holder and machine in a soft lock: number, name and, in newer versions, a start mark, a line each.
///
/// Source: `_write_lock_info` and `parse_lock_holder` of filelock's `_soft.py`.
fn soft(content: &[u8]) -> Option<(u32, String)> {
    let text = std::str::from_utf8(content).ok()?;
    let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
    if !(2..=3).contains(&lines.len()) {
        return None;
    }
    let pid = lines[0].parse::<u32>().ok().filter(|pid| (1..=i32::MAX.unsigned_abs()).contains(pid))?;
    let host: String = lines[1].trim_end_matches('\r').chars().filter(|c| !c.is_control()).take(255).collect();
    (!host.is_empty()).then_some((pid, host))
}

/// The number of the first process namespace of a Linux, which adds nothing to a machine's name.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "other systems have no such namespaces"))]
const FIRST_NAMESPACE: u64 = 0xEFFF_FFFC;

/// Whether a soft lock was taken on this machine: filelock 4 appends `?pidns-` and the number of the process namespace in
/// hex, since containers of one name count their processes apart.
///
/// Source: `host_name` of filelock's `_identity.py`.
fn is_here(name: &str, namespace: Option<u64>, host: &str) -> bool {
    match (host.split_once("?pidns-"), namespace) {
        (Some((host, of)), Some(ours)) => host == name && u64::from_str_radix(of, 16) == Ok(ours),
        (Some(_), None) => false,
        (None, _) => host == name,
    }
}

/// The process namespace of this process, where it is another than the machine's first.
fn pid_namespace() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        let inode = std::fs::metadata("/proc/self/ns/pid").ok()?.ino();
        (inode != FIRST_NAMESPACE).then_some(inode)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems may not tell")]
fn host_name() -> Option<String> {
    Some(rustix::system::uname().nodename().to_string_lossy().into_owned())
}

#[cfg(not(unix))]
fn host_name() -> Option<String> {
    sysinfo::System::host_name().ok()
}

/// The system's own table of locks, where it has one that can be read.
#[derive(Debug, Default)]
struct Table {
    holders: HashMap<(u64, u64), u32>,
    waiters: HashMap<(u64, u64), Vec<u32>>,
}

impl Table {
    #[cfg(target_os = "linux")]
    fn read() -> Table {
        std::fs::read_to_string("/proc/locks").map(|text| Table::parse(&text)).unwrap_or_default()
    }

    #[cfg(not(target_os = "linux"))]
    fn read() -> Table {
        Table::default()
    }

    /// Lines such as `1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF`, with `->` before the kind for those that wait.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "this system has no such table"))]
    fn parse(text: &str) -> Table {
        let mut table = Table::default();
        for line in text.lines() {
            let waits = line.contains("->");
            let fields: Vec<&str> = line.split_whitespace().filter(|f| *f != "->").collect();
            let [_, _, _, mode, pid, place, ..] = fields[..] else { continue };
            let (Ok(pid), Some(identity)) = (pid.parse::<u32>(), identity(place)) else { continue };
            if waits {
                table.waiters.entry(identity).or_default().push(pid);
            } else if mode == "WRITE" {
                table.holders.entry(identity).or_insert(pid);
            }
        }
        table
    }

    fn holder(&self, identity: (u64, u64)) -> Option<u32> {
        self.holders.get(&identity).copied()
    }

    fn waiters(&self, identity: (u64, u64)) -> Vec<u32> {
        self.waiters.get(&identity).cloned().unwrap_or_default()
    }

    fn waits(&self, pid: u32) -> bool {
        self.waiters.values().any(|pids| pids.contains(&pid))
    }
}

/// Device and inode of a table's `major:minor:inode`, the device as `stat` tells it.
fn identity(place: &str) -> Option<(u64, u64)> {
    let mut parts = place.split(':');
    let major = u64::from_str_radix(parts.next()?, 16).ok()?;
    let minor = u64::from_str_radix(parts.next()?, 16).ok()?;
    let inode = parts.next()?.parse().ok()?;
    // The kernel's layout of a device number in 64 bits.
    let device =
        ((major & 0xffff_f000) << 32) | ((major & 0xfff) << 8) | ((minor & 0xffff_ff00) << 12) | (minor & 0xff);
    Some((device, inode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::made_cache::{MadeCache, case};
    use proptest::prelude::*;

    #[test]
    fn a_lock_of_another_process_namespace_is_of_another_machine() {
        let ns = Some(0xF000_0123);
        assert!(is_here("pod", None, "pod") && is_here("pod", ns, "pod?pidns-f0000123"));
        assert!(!is_here("pod", None, "pod?pidns-f0000123") && !is_here("pod", ns, "pod?pidns-f0000124"));
        assert!(!is_here("pod", ns, "other?pidns-f0000123") && !is_here("pod", ns, "pod?pidns-zz"));
    }

    #[test]
    fn a_lock_file_alone_is_not_held() {
        let made = MadeCache::new();
        made.write(".locks/models--a--b/x.lock", b"");
        let locks = look(&case(made.home.path(), &[], None));
        assert_eq!((locks.files, locks.held.len()), (1, 0));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_held_lock_names_its_holder_and_stays_held() {
        let made = MadeCache::new();
        let path = made.write(".locks/models--a--b/x.lock", b"");
        let file = std::fs::File::options().write(true).open(path).expect("the lock");
        file.lock().expect("held");
        let partial = made.write("models--a--b/blobs/x.incomplete", b"part");
        let open = std::fs::File::options().append(true).open(partial).expect("the part");
        let locks = look(&case(made.home.path(), &[], Some("a/b")));
        let held = &locks.held[0];
        assert_eq!(held.hold, Hold::System);
        assert_eq!(held.holder.as_ref().map(|h| (h.pid, h.state)), Some((std::process::id(), State::Alive)));
        assert!(held.progressing);
        assert!(look(&case(made.home.path(), &[], Some("x/y"))).held.is_empty());
        drop((file, open));
        assert!(look(&case(made.home.path(), &[], Some("a/b"))).held.is_empty());
    }

    #[test]
    fn a_lock_guards_the_file_of_its_own_name_and_repository() {
        let guarded = |partial: &str| is_guarded_by(Path::new(partial), Path::new("/c/.locks/models--a--b/e1.lock"));
        assert!(guarded("/c/models--a--b/blobs/e1.incomplete"));
        assert!(guarded("/c/models--a--b/blobs/e1.0a1b2c3d.incomplete"));
        assert!(!guarded("/c/models--a--b/blobs/e2.incomplete"));
        assert!(!guarded("/c/models--x--y/blobs/e1.incomplete"));
        assert!(!guarded("/d/models--a--b/blobs/e1.incomplete"));
        assert!(is_guarded_by(Path::new("/c/blobs/e1.part"), Path::new("/c/blobs/e1.lock")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_soft_lock_is_judged_by_the_process_in_it() {
        let made = MadeCache::new();
        let host = host_name().expect("a name");
        made.write(".locks/models--a--b/dead.lock", format!("{}\n{host}\n", u32::MAX / 2 - 1).as_bytes());
        made.write(".locks/models--a--b/live.lock", format!("{}\n{host}\n123\n", std::process::id()).as_bytes());
        made.write(".locks/models--a--b/far.lock", b"77\nanother-machine\n");
        let locks = look(&case(made.home.path(), &[], None));
        let state = |file: &str| {
            let held = locks.held.iter().find(|h| h.path.ends_with(file)).expect("held");
            held.holder.as_ref().map(|h| h.state)
        };
        assert_eq!(state("dead.lock"), Some(State::Gone));
        assert_eq!(state("live.lock"), Some(State::Alive));
        assert_eq!(state("far.lock"), None);
    }

    #[test]
    fn the_systems_table_is_read() {
        let table = Table::parse(
            "1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 77 fe:00:1234 0 EOF\n\
             2: POSIX  ADVISORY  READ 5 00:2a:9 0 EOF\nnonsense\n",
        );
        let identity = (0xfe00, 1234);
        assert_eq!((table.holder(identity), table.waiters(identity)), (Some(4242), vec![77]));
        assert!(table.waits(77) && !table.waits(4242));
        assert_eq!(table.holder((0x2a, 9)), None);
    }

    proptest! {
        #[test]
        fn any_content_is_a_holder_or_none(content in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = soft(&content);
        }

        #[test]
        fn any_table_is_read(text in "[ -~\n]{0,200}") {
            let _ = Table::parse(&text);
        }
    }
}
