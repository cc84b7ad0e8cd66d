//! Locks of downloads: who holds them, and whether that process still gets anywhere.
//!
//! A lock file's presence proves nothing: it stays behind when the lock is released. What counts is whether the system
//! still holds it, or, where a file system has no locks, whether the process is alive that its content names.

mod guard;
mod idle;
mod soft;
mod table;

use std::ffi::{OsStr, OsString};
use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::cache::folder::{Folder, Kind};
use super::cache::{Bounds, RepoName, local, name, neighbours};
use super::mounts;
use super::processes::{self, Holder, OpenFiles, State};
use crate::case::Case;
use guard::{guarded, is_guarded_by};
use table::Table;

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

/// What the holder of a lock was seen to do for its download.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Doing {
    /// It has a partial file open that has grown lately.
    Writing,
    /// Nothing: it has run for a while, has neither a partial file nor a connection open, and nobody else writes the
    /// file that the lock guards.
    Nothing,
    /// The system does not tell.
    #[default]
    Unknown,
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
    /// Whether the file system has locks of its own: clients that see them do not heed one by existence.
    pub system_has_locks: bool,
    /// The process that holds it, where the system or the file tells.
    pub holder: Option<Holder>,
    /// When the file was made or last written: for a soft lock the time of taking it.
    pub modified: Option<SystemTime>,
    /// What its holder does for the download.
    pub doing: Doing,
    /// When the holder's partial file last grew; of a lock by existence, the one that it guards, whoever writes it.
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
    /// The first lock file that cannot be locked, with the system's words: clients fail at it.
    pub refused: Option<(PathBuf, String)>,
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
        match probe(&folder, &entry, repository.as_ref(), &table) {
            Ok(held) => locks.held.extend(held),
            Err(error) => {
                locks.refused = locks.refused.or_else(|| Some((folder.path().join(&entry), error.to_string())));
            }
        }
    }
    if !locks.held.is_empty() {
        let open = processes::open_files(Instant::now() + Duration::from_secs(2));
        for held in &mut locks.held {
            progress(held, &open, &table);
        }
    }
    locks
}

type LockFile = (Arc<Folder>, OsString, Option<RepoName>);

/// The lock files of the target, or all: `.locks/<repository>/*.lock`, and beside the blobs for older and other clients.
fn files(case: &Case, root: &Folder, bounds: &Bounds) -> Vec<LockFile> {
    let mut found = Vec::new();
    let target = case.target.as_ref().map(|t| name::folder(t.repo_type, &t.repo_id));
    let wanted = |entry: &OsStr| target.as_ref().is_none_or(|t| entry == OsStr::new(t));
    let mut collect = |folder: Arc<Folder>, repository: Option<RepoName>| {
        let _ = folder.entries(&mut |entry, kind| {
            if (ends_in(entry, "lock") || ends_in(entry, "soft")) && kind == Kind::File {
                found.push((Arc::clone(&folder), entry.to_owned(), repository.clone()));
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
                collect(Arc::new(folder), Some(repository));
            }
        }
    }
    // Before 0.19, and by the hf-hub crate, a lock lies beside its blob. A walk of all blobs only for those is too much.
    if target.is_some() {
        for (entry, repository) in folders(root) {
            if let Ok(folder) = root.child(&entry).and_then(|f| f.child(OsStr::new("blobs"))) {
                collect(Arc::new(folder), Some(repository));
            }
        }
    }
    for folder in neighbours(case).iter().flat_map(|folder| local::note_folders(folder, bounds)) {
        collect(folder, None);
    }
    found
}

fn ends_in(entry: &OsStr, ending: &str) -> bool {
    Path::new(entry).extension().is_some_and(|e| e == ending)
}

/// Asks whether a lock is held, without holding it oneself for longer than the question takes.
///
/// An error when the system has no lock for the file, though its file system has locks.
fn probe(
    folder: &Folder,
    entry: &OsStr,
    repository: Option<&RepoName>,
    table: &Table,
) -> std::io::Result<Option<Held>> {
    let Ok(meta) = folder.meta(entry) else { return Ok(None) };
    let path = folder.path().join(entry);
    let held = |hold, system_has_locks, holder: Option<Holder>| Held {
        path: path.clone(),
        repository: repository.cloned(),
        hold,
        system_has_locks,
        holder,
        modified: meta.modified,
        doing: Doing::Unknown,
        last_growth: None,
        waits_itself: false,
        waiters: Vec::new(),
    };
    // What this user may not open is the access check's.
    let Ok(file) = folder.file(entry) else { return Ok(None) };
    let system_has_locks = match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            true
        }
        Err(TryLockError::WouldBlock) => {
            let identity = meta.identity;
            let pid = identity.and_then(|identity| table.holder(identity));
            let mut held = held(Hold::System, true, pid.map(processes::holder));
            held.waiters = identity.map(|identity| table.waiters(identity)).unwrap_or_default();
            return Ok(Some(held));
        }
        // No locks on this file system: the client then locks by the file's existence.
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => false,
        Err(TryLockError::Error(error)) if is_lack_of_locks(&error) => return Err(error),
        Err(TryLockError::Error(_)) => return Ok(None),
    };
    let content = folder.read(entry, MAX_CONTENT).unwrap_or_default();
    Ok(match soft::holder(&content) {
        Some((pid, host)) => {
            let here = soft::is_of_here(&host);
            let holder = here.then(|| soft::still_there(processes::holder(pid), meta.modified));
            Some(held(Hold::Soft { host, here }, system_has_locks, holder))
        }
        None if ends_in(entry, "soft") || !system_has_locks => Some(held(Hold::Unnamed, system_has_locks, None)),
        None => None,
    })
}

/// Whether the system says that it has no lock to give: a network file system whose lock service does not answer.
#[cfg(unix)]
fn is_lack_of_locks(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error())
}

#[cfg(not(unix))]
fn is_lack_of_locks(_: &std::io::Error) -> bool {
    false
}

/// A download that has written within this time gets on.
const LATELY: Duration = Duration::from_mins(1);
/// A process that has run for so long has come to its first connection.
const SETTLED: Duration = Duration::from_secs(10);

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
    if held.hold != Hold::System {
        // The number in it may be of another container's processes: what counts is whether the file grows.
        held.last_growth = guarded(&held.path);
    }
    let Some(holder) = held.holder.as_ref().filter(|holder| holder.state != State::Gone) else { return };
    held.waits_itself = table.waits(holder.pid);
    let growth = |path: &PathBuf| std::fs::metadata(path).ok().and_then(|m| m.modified().ok());
    let partials = open.partials.get(&holder.pid).map_or(&[][..], Vec::as_slice);
    // A process that fetches several files holds a lock for each: what its other files do says nothing of this one.
    // The system tells open files by their real paths.
    let lock = std::fs::canonicalize(&held.path).unwrap_or_else(|_| held.path.clone());
    let own: Vec<&PathBuf> = partials.iter().filter(|partial| is_guarded_by(partial, &lock)).collect();
    let grown = if own.is_empty() {
        partials.iter().filter_map(growth).max()
    } else {
        own.into_iter().filter_map(growth).max()
    };
    held.last_growth = held.last_growth.max(grown);
    let now = SystemTime::now();
    if holder.state != State::Alive {
        return;
    }
    let within = |time: Duration| move |then: SystemTime| now.duration_since(then).unwrap_or_default() < time;
    // A lock file tells nothing of when it was taken: it stays behind and is taken again. How long the process runs, does.
    if held.last_growth.is_some_and(within(LATELY)) {
        held.doing = Doing::Writing;
    } else if open.looked
        && partials.is_empty()
        && processes::began(holder.pid).is_some_and(|began| !within(SETTLED)(began))
        && !guarded(&held.path).is_some_and(within(LATELY))
        && idle::stays_unconnected(holder.pid)
    {
        held.doing = Doing::Nothing;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::made_cache::{MadeCache, case};

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
        assert_eq!(held.doing, Doing::Writing);
        assert!(look(&case(made.home.path(), &[], Some("x/y"))).held.is_empty());
        drop((file, open));
        assert!(look(&case(made.home.path(), &[], Some("a/b"))).held.is_empty());
    }

    #[test]
    fn locks_of_a_download_to_a_folder_of_ones_own_are_asked_too() {
        let made = MadeCache::new();
        std::fs::create_dir_all(made.root()).expect("a folder");
        let notes = made.home.path().join("work/model/.cache/huggingface/download/sub");
        std::fs::create_dir_all(&notes).expect("a folder");
        let file = std::fs::File::create(notes.join("w.bin.lock")).expect("a file");
        file.lock().expect("held");
        let mut case = case(made.home.path(), &[], None);
        case.environment.directory = Some(made.home.path().join("work"));
        let locks = look(&case);
        assert_eq!((locks.files, locks.held.len()), (1, 1));
        assert_eq!(locks.held[0].repository, None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_number_that_was_given_again_holds_nothing() {
        let made = MadeCache::new();
        let host = soft::host_name().expect("a name");
        let path = made.write(".locks/models--a--b/x.lock", format!("{}\n{host}\n", std::process::id()).as_bytes());
        let days_ago = SystemTime::now() - Duration::from_hours(72);
        std::fs::File::options().write(true).open(path).expect("the lock").set_modified(days_ago).expect("a time");
        made.write("models--a--b/blobs/x.0a1b2c3d.incomplete", b"part");
        let held = look(&case(made.home.path(), &[], None)).held.remove(0);
        assert_eq!(held.holder.as_ref().map(|h| h.state), Some(State::Gone));
        let since = held.last_growth.and_then(|then| SystemTime::now().duration_since(then).ok());
        assert!(since.is_some_and(|since| since < Duration::from_mins(5)), "{since:?}");
        assert!(held.system_has_locks);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_soft_lock_is_judged_by_the_process_in_it() {
        let made = MadeCache::new();
        let host = soft::host_name().expect("a name");
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
}
