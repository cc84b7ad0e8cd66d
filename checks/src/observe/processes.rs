//! Who has a download's file open, and what that process is doing.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

/// Device and inode of a file.
pub type Identity = (u64, u64);

/// A process that has a download's file open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its command line, shortened; empty when it cannot be read.
    pub command: String,
    /// What it is doing.
    pub state: State,
}

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It runs, or sleeps as programs do between bytes.
    Alive,
    /// It is stopped: by Ctrl-Z, a debugger, a batch system.
    Stopped,
    /// It has ended and nobody has collected it.
    Zombie,
    /// There is no process of that number.
    Gone,
    /// The system does not tell.
    Unknown,
}

/// The files of downloads that processes have open: partial files and locks.
#[derive(Debug, Clone, Default)]
pub struct OpenFiles {
    /// The processes by the file's device and inode; the first of several.
    pub by_file: HashMap<Identity, u32>,
    /// The open partial files by process.
    pub partials: HashMap<u32, Vec<PathBuf>>,
    /// Whether the system lets us look at all.
    pub looked: bool,
}

/// The endings of files that a running download has open.
#[cfg(target_os = "linux")]
const ENDINGS: &[&str] = &[".incomplete", ".lock", ".lock.soft", ".part", "-partial", ".downloadInProgress", ".aria2"];

#[cfg(target_os = "linux")]
mod system {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::PathBuf;
    use std::time::Instant;

    use super::{ENDINGS, OpenFiles, State};

    pub fn open_files(deadline: Instant) -> OpenFiles {
        let mut open = OpenFiles { looked: true, ..OpenFiles::default() };
        let Ok(processes) = fs::read_dir("/proc") else { return OpenFiles::default() };
        for process in processes.flatten() {
            let Some(pid) = process.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
            // Other people's processes do not show their files; what they hold, the lock probe still shows.
            let Ok(files) = fs::read_dir(process.path().join("fd")) else { continue };
            for file in files.flatten() {
                let Ok(target) = fs::read_link(file.path()) else { continue };
                let is_ours = target.to_str().is_some_and(|t| ENDINGS.iter().any(|e| t.ends_with(e)));
                if !is_ours {
                    continue;
                }
                if let Ok(metadata) = fs::metadata(file.path()) {
                    open.by_file.entry((metadata.dev(), metadata.ino())).or_insert(pid);
                }
                if target.extension().is_none_or(|e| e != "lock" && e != "soft") {
                    open.partials.entry(pid).or_default().push(target);
                }
            }
            if Instant::now() >= deadline {
                break;
            }
        }
        open
    }

    pub fn state(pid: u32) -> State {
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
            return if PathBuf::from(format!("/proc/{pid}")).exists() { State::Unknown } else { State::Gone };
        };
        // The command stands in parentheses and may hold any character, also a closing one.
        match stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next()) {
            Some('T' | 't') => State::Stopped,
            Some('Z' | 'X' | 'x') => State::Zombie,
            Some(_) => State::Alive,
            None => State::Unknown,
        }
    }

    pub fn command(pid: u32) -> String {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<String> = bytes
            .split(|b| *b == 0)
            .filter(|w| !w.is_empty())
            .take(6)
            .map(|w| String::from_utf8_lossy(w).into_owned())
            .collect();
        words.join(" ").chars().filter(|c| !c.is_control()).take(120).collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::Instant;

    use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

    use super::{OpenFiles, State};

    /// This system does not tell which files a process has open.
    pub fn open_files(_: Instant) -> OpenFiles {
        OpenFiles::default()
    }

    /// One process, when the system lets us look at all.
    fn process<T>(pid: u32, read: impl Fn(Option<&sysinfo::Process>) -> T) -> Option<T> {
        let mut system = System::new().ok()?;
        let kind = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always);
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[Pid::from_u32(pid)]), true, kind);
        Some(read(system.process(Pid::from_u32(pid))))
    }

    pub fn state(pid: u32) -> State {
        let state = process(pid, |process| match process.map(sysinfo::Process::status) {
            None => State::Gone,
            Some(ProcessStatus::Stop | ProcessStatus::Tracing) => State::Stopped,
            Some(ProcessStatus::Zombie | ProcessStatus::Dead) => State::Zombie,
            Some(_) => State::Alive,
        });
        state.unwrap_or(State::Unknown)
    }

    pub fn command(pid: u32) -> String {
        let words = process(pid, |process| {
            let command = process.map(sysinfo::Process::cmd).unwrap_or_default();
            command.iter().take(6).map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>()
        });
        words.unwrap_or_default().join(" ").chars().filter(|c| !c.is_control()).take(120).collect()
    }
}

/// Looks at the open files of every process that lets this user look.
pub fn open_files(deadline: Instant) -> OpenFiles {
    system::open_files(deadline)
}

/// About a process.
pub fn holder(pid: u32) -> Holder {
    Holder { pid, command: system::command(pid), state: system::state(pid) }
}

/// When a process began, where the system tells, to the second.
pub fn began(pid: u32) -> Option<SystemTime> {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
    let mut system = System::new().ok()?;
    let pid = Pid::from_u32(pid);
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, ProcessRefreshKind::nothing());
    let seconds = system.process(pid)?.start_time();
    (seconds > 0).then_some(SystemTime::UNIX_EPOCH)?.checked_add(Duration::from_secs(seconds))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_process_began_before_now_and_not_long_ago() {
        let began = began(std::process::id()).expect("told");
        assert!(began <= SystemTime::now() && began + Duration::from_hours(1) > SystemTime::now());
        assert_eq!(super::began(u32::MAX - 1), None);
    }

    #[test]
    fn an_open_partial_file_is_found_with_its_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.incomplete");
        let file = std::fs::File::create(&path).expect("a file");
        let metadata = file.metadata().expect("its metadata");
        let open = open_files(Instant::now() + Duration::from_secs(20));
        assert_eq!(open.by_file.get(&(metadata.dev(), metadata.ino())), Some(&std::process::id()));
        assert_eq!(holder(std::process::id()).state, State::Alive);
        assert!(open.partials[&std::process::id()].iter().any(|p| p.ends_with("x.incomplete")));
    }

    #[test]
    fn a_number_without_a_process_is_gone() {
        assert_eq!(holder(u32::MAX - 1).state, State::Gone);
    }
}
