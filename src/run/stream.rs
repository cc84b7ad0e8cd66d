//! Passing on what the command prints: to where it would have gone, at once, and into the capture.

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use super::capture::{Capture, Stream};

/// How much is read at a time, in bytes.
const BLOCK: usize = 64 << 10;
/// How long output of processes that outlive the command is still passed on.
const LINGER: Duration = Duration::from_millis(500);
/// How long the streams may stand still after the command's end before they are given up.
const STUCK: Duration = Duration::from_secs(5);
/// How long is waited before the next attempt to write to a descriptor that takes nothing now.
const RETRY: Duration = Duration::from_millis(5);

/// What the threads of a run share.
#[derive(Debug)]
pub struct Shared {
    /// What was printed.
    capture: Mutex<Option<Capture>>,
    /// Held shared while something is written, so that one stream's slow reader does not hold up the other stream; true
    /// when nothing may be written any more.
    gate: RwLock<bool>,
    /// Bytes printed so far.
    bytes: AtomicU64,
    /// Threads that are writing: the reader of the output may be slow, which is no silence of the command.
    writing: AtomicUsize,
    /// Whether the last byte passed on was something else than a line feed.
    mid_line: AtomicBool,
    /// Whether the command has ended, so that the marker may come.
    ended: AtomicBool,
}

impl Shared {
    /// For a run that has not printed anything.
    pub fn new(capture: Capture) -> Shared {
        Shared {
            capture: Mutex::new(Some(capture)),
            gate: RwLock::new(false),
            bytes: AtomicU64::new(0),
            writing: AtomicUsize::new(0),
            mid_line: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }

    /// Bytes printed so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }

    /// Whether output waits for its reader.
    pub fn is_writing(&self) -> bool {
        self.writing.load(Ordering::SeqCst) > 0
    }

    /// Tells the person something on standard error, on a line of its own, and remarks it in the log.
    pub fn say(&self, text: &str) {
        let stopped = self.open_gate();
        if *stopped {
            return;
        }
        self.start_line();
        let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
        if let Some(capture) = lock(&self.capture).as_mut() {
            text.lines().for_each(|line| capture.remark(line));
        }
    }

    fn open_gate(&self) -> RwLockReadGuard<'_, bool> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the line that the command left unfinished on the terminal.
    pub fn start_line(&self) {
        if self.mid_line.swap(false, Ordering::SeqCst) {
            let _ = std::io::stderr().write_all(b"\n");
        }
    }

    /// Takes what was printed. Nothing is captured afterwards.
    pub fn take_capture(&self) -> Capture {
        lock(&self.capture).take().unwrap_or_else(Capture::new)
    }
}

/// A lock whose holder panicked still guards what it guarded.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One way that output takes: from the command to where it would have gone without this program.
pub struct Channel {
    /// What the capture calls it.
    pub stream: Stream,
    /// What the command prints.
    pub reader: Box<dyn Read + Send>,
    /// The end that the command writes to, kept so that the marker can be written.
    pub entry: Box<dyn Write + Send>,
    /// Where it goes.
    pub outlet: Box<dyn Write + Send>,
    /// Whether the command writes to a terminal.
    pub terminal: bool,
    /// Whether it goes where this program's own words go.
    pub to_stderr: bool,
}

/// Bytes that stand for the end of the command's own output.
///
/// Whoever still holds the pipe or terminal after the command's end keeps it from being closed, so that no end of file
/// comes. A marker written behind the command's last byte arrives behind it, and needs no guess by time.
#[derive(Debug, Clone)]
struct Marker(Vec<u8>);

impl Marker {
    fn new() -> Marker {
        use std::hash::{BuildHasher, RandomState};
        let mut bytes = vec![0];
        for part in 0..2_u8 {
            // Letters, which no setting of a terminal turns into something else.
            let number = RandomState::new().hash_one(part);
            bytes.extend((0..16).map(|digit| b'A' + ((number >> (digit * 4)) & 15) as u8));
        }
        Marker(bytes)
    }

    /// Takes from `held` what is surely no part of the marker; true with it when the marker was there.
    fn split(&self, held: &mut Vec<u8>) -> (Vec<u8>, bool) {
        if let Some(at) = held.windows(self.0.len()).position(|window| window == self.0) {
            let mut before: Vec<u8> = held.drain(..at + self.0.len()).take(at).collect();
            before.append(held);
            return (before, true);
        }
        let longest = held.len().min(self.0.len() - 1);
        let kept = (0..=longest).rev().find(|length| held.ends_with(&self.0[..*length])).unwrap_or(0);
        (held.drain(..held.len() - kept).collect(), false)
    }
}

enum Event {
    /// All that the command itself printed has been passed on.
    Drained(usize),
    /// Nothing more can come.
    Closed(usize),
}

/// The threads that pass the output on.
pub struct Pumps {
    shared: Arc<Shared>,
    marker: Marker,
    entries: Vec<Box<dyn Write + Send>>,
    sender: Sender<Event>,
    events: mpsc::Receiver<Event>,
}

impl Pumps {
    /// Starts to pass on what the channels carry.
    pub fn start(channels: Vec<Channel>, shared: &Arc<Shared>) -> Pumps {
        let marker = Marker::new();
        let (sender, events) = mpsc::channel();
        let mut entries = Vec::new();
        for (number, channel) in channels.into_iter().enumerate() {
            entries.push(channel.entry);
            let pump = Pump {
                number,
                stream: channel.stream,
                terminal: channel.terminal,
                to_stderr: channel.to_stderr,
                shared: Arc::clone(shared),
                marker: marker.clone(),
                sender: sender.clone(),
            };
            let (reader, outlet) = (channel.reader, channel.outlet);
            std::thread::spawn(move || pump.run(reader, outlet));
        }
        Pumps { shared: Arc::clone(shared), marker, entries, sender, events }
    }

    /// Waits, once the command has ended, until all that it printed has been passed on, then a little for processes
    /// that it left behind; after that nothing is written any more.
    pub fn finish(self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        let count = self.entries.len();
        for mut entry in self.entries {
            let marker = self.marker.clone();
            // It may block when somebody else fills the pipe. Dropping the entry then ends the stream if nobody else
            // holds it.
            std::thread::spawn(move || {
                let _ = entry.write_all(&marker.0).and_then(|()| entry.flush());
            });
        }
        drop(self.sender);
        let (mut drained, mut closed) = (vec![false; count], vec![false; count]);
        let mut seen = self.shared.bytes();
        let mut moved = Instant::now();
        let mut lingers_until = None;
        while !closed.iter().all(|c| *c) {
            match self.events.recv_timeout(Duration::from_millis(50)) {
                Ok(Event::Drained(number)) => drained[number] = true,
                Ok(Event::Closed(number)) => (drained[number], closed[number]) = (true, true),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if drained.iter().all(|d| *d) {
                let until = *lingers_until.get_or_insert_with(|| Instant::now() + LINGER);
                if Instant::now() >= until {
                    break;
                }
            } else {
                let bytes = self.shared.bytes();
                if bytes != seen || self.shared.is_writing() {
                    (seen, moved) = (bytes, Instant::now());
                } else if moved.elapsed() > STUCK {
                    break;
                }
            }
        }
        *self.shared.gate.write().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

struct Pump {
    number: usize,
    stream: Stream,
    terminal: bool,
    to_stderr: bool,
    shared: Arc<Shared>,
    marker: Marker,
    sender: Sender<Event>,
}

impl Pump {
    fn run(self, mut reader: Box<dyn Read + Send>, outlet: Box<dyn Write + Send>) {
        let mut outlet = Some(outlet);
        let mut block = vec![0; BLOCK];
        let mut held = Vec::new();
        let mut drained = false;
        loop {
            let length = match reader.read(&mut block) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let read = &block[..length];
            let going = if drained || !self.shared.ended.load(Ordering::SeqCst) {
                self.pass_on(read, &mut outlet)
            } else {
                held.extend_from_slice(read);
                let (output, seen) = self.marker.split(&mut held);
                let going = self.pass_on(&output, &mut outlet);
                if seen {
                    drained = true;
                    let _ = self.sender.send(Event::Drained(self.number));
                }
                going
            };
            if !going {
                break;
            }
        }
        self.pass_on(&held, &mut outlet);
        // Closing a pipe tells the command that nobody listens, as it would have learnt without this program.
        drop(reader);
        let _ = self.sender.send(Event::Closed(self.number));
    }

    /// Captures and writes; false when there is no use in going on.
    fn pass_on(&self, bytes: &[u8], outlet: &mut Option<Box<dyn Write + Send>>) -> bool {
        if bytes.is_empty() {
            return true;
        }
        let shared = &self.shared;
        shared.bytes.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        shared.writing.fetch_add(1, Ordering::SeqCst);
        let stopped = shared.open_gate();
        let going = !*stopped && {
            if let Some(capture) = lock(&shared.capture).as_mut() {
                capture.push(self.stream, bytes);
            }
            if self.terminal || self.to_stderr {
                shared.mid_line.store(bytes.last() != Some(&b'\n'), Ordering::SeqCst);
            }
            if outlet.as_mut().is_some_and(|outlet| write_fully(outlet, bytes).is_err()) {
                *outlet = None;
            }
            // A terminal that is gone cannot be told to the command; what it prints is still worth reading.
            outlet.is_some() || self.terminal
        };
        drop(stopped);
        shared.writing.fetch_sub(1, Ordering::SeqCst);
        going
    }
}

/// Writes all, also to a descriptor that somebody else has made non-blocking.
fn write_fully(outlet: &mut Box<dyn Write + Send>, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match outlet.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(length) => bytes = &bytes[length..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(RETRY),
            Err(error) => return Err(error),
        }
    }
    outlet.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_marker_is_found_however_it_is_cut(before in "[A-P\0]{0,80}", after in "[a-z]{0,10}", cut in 1_usize..40) {
            let marker = Marker::new();
            let mut all = before.clone().into_bytes();
            all.extend(&marker.0);
            all.extend(after.as_bytes());
            let (mut held, mut output, mut found) = (Vec::new(), Vec::new(), false);
            for piece in all.chunks(cut) {
                if found {
                    output.extend_from_slice(piece);
                    continue;
                }
                held.extend_from_slice(piece);
                let (part, seen) = marker.split(&mut held);
                output.extend(part);
                found = seen;
            }
            prop_assert!(found);
            prop_assert_eq!(String::from_utf8_lossy(&output).into_owned(), format!("{before}{after}"));
        }
    }
}
