//! What a command and its descendants do and wait for, as Linux shows it below /proc (`man 5 proc`).

mod asked;
mod process;
mod socket;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use process::{Process, tree};
use socket::{Place, State, sockets, words};

/// Bytes read or written between two looks that count as work: more than a waiting program's bookkeeping.
const WORK: u64 = 64 << 10;
/// Clock ticks in a second in /proc/PID/stat; fixed in the kernel's interface.
const TICKS: f64 = 100.0;
/// The share of one processor that counts as work.
const BUSY: f64 = 0.2;
/// Things waited for that are named.
const NAMED: usize = 6;

/// What a size, the blocks on the disk and the time of the last change say of a file.
type Form = (u64, u64, i64, i64);

/// What the command has done up to now.
#[derive(Debug, Default)]
pub struct Life {
    ticks: u64,
    bytes: u64,
    files: BTreeMap<(u64, u64), Form>,
}

impl Life {
    /// Looks at the processor time, the bytes read and written and the open files of the process and its descendants.
    pub fn of(command: u32) -> Life {
        let mut life = Life::default();
        for process in tree(command) {
            life.ticks = life.ticks.saturating_add(process.ticks);
            life.bytes = life.bytes.saturating_add(process.bytes());
            for file in process.files().filter_map(|(path, _)| std::fs::metadata(path).ok()).filter(Metadata::is_file) {
                // Empty files are locks, and a program that tries to get one again and again touches them.
                if file.len() > 0 {
                    let form = (file.len(), file.blocks(), file.mtime(), file.mtime_nsec());
                    life.files.insert((file.dev(), file.ino()), form);
                }
            }
        }
        life
    }

    /// Whether there was work since `before`, which was `passed` ago.
    pub fn moved(&self, before: &Life, passed: Duration) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let busy = self.ticks.saturating_sub(before.ticks) as f64 / TICKS / passed.as_secs_f64().max(0.001);
        busy >= BUSY
            || self.bytes.saturating_sub(before.bytes) >= WORK
            || self.files.iter().any(|(key, form)| before.files.get(key).is_some_and(|old| old != form))
    }
}

/// Whether the silence is no hang: a server that waits for requests, or a stopped job.
pub fn waits_on_purpose(command: u32) -> bool {
    let tree = tree(command);
    sockets(&tree).iter().any(|socket| socket.state == State::Listening) || tree.iter().any(|p| p.state == 'T')
}

/// Tells the person that nothing happens, and what is waited for.
pub fn message(command: u32, patience: Duration) -> String {
    let tree = tree(command);
    let mut waits = Vec::new();
    waits.extend(connections(&tree));
    waits.extend(locks(&tree));
    waits.extend(files(&tree));
    if waits.is_empty() {
        waits.extend(elsewhere(&tree));
    }
    let seconds = patience.as_secs_f32();
    let mut out = format!("hfdoctor: nothing printed and no file grown for {seconds} s; the command goes on");
    if waits.is_empty() {
        out.push_str("; what it waits for cannot be seen from outside");
    }
    for wait in waits.iter().take(NAMED) {
        let _ = write!(out, "\n  it waits for {wait}");
    }
    if waits.len() > NAMED {
        let _ = write!(out, "\n  and for {} more", waits.len() - NAMED);
    }
    out
}

fn connections(tree: &[Process]) -> Vec<String> {
    let sockets = sockets(tree);
    // Processes of the command that talk with one another wait for somebody, and not for each other alone.
    let own: BTreeSet<Place> = sockets.iter().map(|s| s.local).collect();
    let mut counts: BTreeMap<(State, Place, u32), usize> = BTreeMap::new();
    for socket in sockets.iter().filter(|s| s.is_connection() && !own.contains(&s.remote)) {
        *counts.entry((socket.state, socket.remote, socket.process)).or_default() += 1;
    }
    let describe = |((state, remote, id), count): ((State, Place, u32), usize)| {
        let number = if count > 1 { format!(", {count} connections") } else { String::new() };
        let process = tree.iter().find(|p| p.id == id)?;
        Some(format!("{}{number} ({process})", words(state, remote)))
    };
    counts.into_iter().filter_map(describe).collect()
}

/// Locks that the system knows to be waited for, then those that others hold in a cache of the Hub: its client asks for
/// them again and again, so that the system does not see it waiting.
fn locks(tree: &[Process]) -> Vec<String> {
    let text = process::bounded("/proc/locks");
    let mut waits = Vec::new();
    let locks: Vec<(bool, u32, u64)> = text.lines().filter_map(lock).collect();
    let mut told = BTreeSet::new();
    for (_, pid, inode) in locks.iter().filter(|(waiting, pid, _)| *waiting && tree.iter().any(|p| p.id == *pid)) {
        told.insert(*inode);
        let Some(process) = tree.iter().find(|p| p.id == *pid) else { continue };
        let name = process.name_of(*inode).unwrap_or_else(|| format!("inode {inode}"));
        let holder = locks.iter().find(|(waiting, _, other)| !waiting && other == inode);
        let holder = holder.and_then(|(_, pid, _)| Process::read(*pid)).map(|p| format!(", held by {p}"));
        waits.push(format!("the lock `{name}`{} ({process})", holder.unwrap_or_default()));
    }
    let mut held = Vec::new();
    for (_, pid, inode) in locks.iter().filter(|(waiting, pid, _)| !waiting && tree.iter().all(|p| p.id != *pid)) {
        let Some(holder) = Process::read(*pid).filter(|_| !told.contains(inode)) else { continue };
        held.extend(holder.name_of(*inode).filter(|name| is_hub_lock(name)).map(|name| (name, holder)));
    }
    let names: Vec<&str> = held.iter().take(NAMED).map(|(name, _)| name.as_str()).collect();
    let pauses = || tree.iter().map(Process::pauses).fold(0, u64::saturating_add);
    let before = pauses();
    let mut asked = asked::again_and_again(&names);
    // Another program may be the one that asks: then the command itself lies still.
    if pauses().saturating_sub(before) < asked::ATTEMPTS as u64 {
        asked.clear();
    }
    for (name, holder) in &held {
        let sure =
            if asked.contains(&name.as_str()) { "and asked for again and again" } else { "if it wants the same file" };
        waits.push(format!("the lock `{name}`, held by {holder}, {sure}"));
    }
    waits
}

fn is_hub_lock(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "lock")
        && (name.contains("/.locks/") || name.contains("/.cache/huggingface/"))
}

/// A line of /proc/locks: whether it waits, whose it is, the file's inode.
fn lock(line: &str) -> Option<(bool, u32, u64)> {
    let mut words = line.split_whitespace().skip(1).peekable();
    let waiting = words.next_if_eq(&"->").is_some();
    let pid = words.nth(3)?.parse().ok()?;
    let inode = words.next()?.rsplit(':').next()?.parse().ok()?;
    Some((waiting, pid, inode))
}

/// Processes that the system keeps in an uninterruptible wait: a disk, or a network file system that does not answer.
fn files(tree: &[Process]) -> Vec<String> {
    let waits = |process: &Process| {
        // A short moment of it is everyday life.
        std::thread::sleep(Duration::from_millis(50));
        let again = Process::read(process.id)?;
        let kernel = process.kernel_function().map(|name| format!(" in `{name}`")).unwrap_or_default();
        (again.state == 'D').then(|| format!("the disk or a network file system{kernel} ({process})"))
    };
    tree.iter().filter(|process| process.state == 'D').take(NAMED).filter_map(waits).collect()
}

/// What the last descendants do in the kernel, when nothing better is known.
fn elsewhere(tree: &[Process]) -> Vec<String> {
    let parents: BTreeSet<u32> = tree.iter().map(|p| p.parent).collect();
    let leaves = tree.iter().filter(|process| !parents.contains(&process.id));
    leaves
        .filter_map(|process| {
            let name = process.kernel_function()?;
            Some(match name.as_str() {
                name if name.contains("nanosleep") => format!("the end of a pause that it makes itself ({process})"),
                name if name.contains("futex") => format!("one of its own threads ({process})"),
                name if name.contains("pipe") => format!("another program, on a pipe ({process})"),
                name => format!("something in the kernel's `{name}` ({process})"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_lock_table_are_read() {
        assert_eq!(lock("1: FLOCK  ADVISORY  WRITE 708 fe:01:1052 0 EOF"), Some((false, 708, 1052)));
        assert_eq!(lock("1: -> FLOCK  ADVISORY  WRITE 9 00:2a:77 0 EOF"), Some((true, 9, 77)));
        assert_eq!(lock("2: OFDLCK ADVISORY  READ -1 00:05:12 0 EOF"), None);
        assert_eq!(lock(""), None);
    }

    #[test]
    fn this_process_is_seen_to_work() {
        let me = std::process::id();
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::io::Write::write_all(&mut file, b"a").expect("it is writable");
        let before = Life::of(me);
        assert!(!before.files.is_empty());
        std::io::Write::write_all(&mut file, b"more").expect("it is writable");
        assert!(Life::of(me).moved(&before, Duration::from_secs(1000)));
    }
}
