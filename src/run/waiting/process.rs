//! Processes below /proc. All that is read there is bounded, and what has gone meanwhile is left out.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Processes of one command that are looked at.
const PROCESSES: usize = 256;
/// Threads of one process that are asked for their children.
const THREADS: usize = 1024;
/// Open files of one process that are looked at.
const FILES: usize = 4096;
/// Bytes of one file below /proc that are read.
const BYTES: u64 = 4 << 20;

/// A process, as it was at the moment of looking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// Its parent's number.
    pub parent: u32,
    /// The kernel's letter for what it does: R, S, D, T, Z.
    pub state: char,
    /// Processor time, in hundredths of a second.
    pub ticks: u64,
    name: String,
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, process {}", self.name, self.id)
    }
}

/// The beginning of a file below /proc; empty when it cannot be read.
pub fn bounded(path: &str) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        // What was read before an error is as good as any other look at a moving thing.
        let _ = file.take(BYTES).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The process and its descendants.
pub fn tree(root: u32) -> Vec<Process> {
    let mut found: Vec<Process> = Process::read(root).into_iter().collect();
    let mut at = 0;
    while at < found.len() && found.len() < PROCESSES {
        let parent = found[at].id;
        at += 1;
        for child in children(parent) {
            if found.iter().all(|p| p.id != child) {
                found.extend(Process::read(child));
            }
        }
    }
    found
}

/// Every thread has children of its own.
fn children(parent: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten().take(THREADS);
    let lists = threads.filter_map(|thread| Some(bounded(thread.path().join("children").to_str()?)));
    lists.flat_map(|list| list.split_whitespace().filter_map(|n| n.parse().ok()).collect::<Vec<u32>>()).collect()
}

impl Process {
    /// Looks at a process; none when there is none.
    pub fn read(id: u32) -> Option<Process> {
        Process::parse(id, &bounded(&format!("/proc/{id}/stat")))
    }

    fn parse(id: u32, stat: &str) -> Option<Process> {
        // The name stands in brackets and may itself have brackets and blanks in it.
        let (before, after) = stat.rsplit_once(')')?;
        let (_, name) = before.split_once('(')?;
        let words: Vec<&str> = after.split_whitespace().collect();
        let number = |at: usize| words.get(at)?.parse::<u64>().ok();
        Some(Process {
            id,
            parent: words.get(1)?.parse().ok()?,
            state: words.first()?.chars().next()?,
            ticks: number(11)?.saturating_add(number(12)?),
            name: name.chars().filter(|c| !c.is_control()).collect(),
        })
    }

    /// Bytes read and written so far by all its system calls; 0 when that is not shown.
    pub fn bytes(&self) -> u64 {
        let io = bounded(&format!("/proc/{}/io", self.id));
        let value = |name| io.lines().find_map(|l| l.strip_prefix(name)).and_then(|v| v.trim().parse::<u64>().ok());
        value("rchar:").unwrap_or(0).saturating_add(value("wchar:").unwrap_or(0))
    }

    /// How many times its threads have gone to sleep by themselves so far: one that asks again and again does it each time,
    /// one that waits for an answer does it once.
    pub fn pauses(&self) -> u64 {
        let threads =
            std::fs::read_dir(format!("/proc/{}/task", self.id)).into_iter().flatten().flatten().take(THREADS);
        let count = |status: String| {
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            line.trim().parse::<u64>().ok()
        };
        let counts = threads.filter_map(|thread| count(bounded(thread.path().join("status").to_str()?)));
        counts.fold(0, u64::saturating_add)
    }

    /// Its open files: the way to each below /proc, and the name that it has.
    pub fn files(&self) -> impl Iterator<Item = (PathBuf, String)> {
        let entries = std::fs::read_dir(format!("/proc/{}/fd", self.id)).into_iter().flatten().flatten().take(FILES);
        entries.filter_map(|entry| {
            let name = std::fs::read_link(entry.path()).ok()?;
            Some((entry.path(), name.to_string_lossy().chars().filter(|c| !c.is_control()).collect()))
        })
    }

    /// The name of the open file with this inode.
    pub fn name_of(&self, inode: u64) -> Option<String> {
        self.files().find(|(path, _)| std::fs::metadata(path).is_ok_and(|m| m.ino() == inode)).map(|(_, name)| name)
    }

    /// The function of the kernel in which it waits; none when it does not or when that is not shown.
    pub fn kernel_function(&self) -> Option<String> {
        let name = bounded(&format!("/proc/{}/wchan", self.id));
        let name = name.trim();
        (!name.is_empty() && name != "0" && name.chars().all(|c| c.is_ascii_graphic())).then(|| name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_with_brackets_and_blanks_is_read() {
        let stat = "7 (a) (b c) S 3 7 7 0 -1 4194560 1 0 0 0 12 30 0 0 20 0 1 0 5 6 7";
        let process = Process::parse(7, stat).expect("it is a whole line");
        assert_eq!((process.parent, process.state, process.ticks), (3, 'S', 42));
        assert_eq!(process.to_string(), "a) (b c, process 7");
    }

    #[test]
    fn this_process_has_this_one_below_its_parent() {
        let me = Process::read(std::process::id()).expect("this process exists");
        assert!(tree(me.parent).iter().any(|p| p.id == me.id));
    }

    proptest! {
        #[test]
        fn any_line_is_survived(stat in ".{0,200}") {
            let _ = Process::parse(1, &stat);
        }
    }
}
