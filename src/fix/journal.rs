//! The journal: every change on disk before it happens, one file a run, one record a line.
//!
//! A line that a crash has cut off was never forced to disk whole, so what it tells of had not begun: it is passed over.
//! No secret is written here: saved contents lie in files of their own and are named with their hash.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::world::{FixWorld, Step};
use super::{digest, private};

/// The version of the records that this program writes.
const VERSION: u32 = 1;

/// A journal larger than this is not read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "record")]
enum Record {
    /// The first line.
    Run { version: u32, id: String, created: u64, hfdoctor: String },
    /// What is going to happen.
    Intent { step: u32, fix: String, causes: Vec<String>, change: Box<Change> },
    /// It has happened.
    Done { step: u32 },
    /// It did not happen, or was taken back at once.
    Abandoned { step: u32, why: String },
    /// The person wants the run taken back.
    UndoWanted,
    /// It is taken back.
    Undone { step: u32 },
    /// What could be taken back of the run is.
    UndoEnded,
    /// What it had moved aside is going to be deleted for good.
    Purging { step: u32 },
    /// It is deleted.
    Purged { step: u32 },
    /// The run ended by itself.
    End,
}

/// A content that was saved before a change, in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub path: PathBuf,
    pub sha256: String,
}

impl Saved {
    /// The saved bytes, if they are still what was saved.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.path)?.take(LARGEST).read_to_end(&mut bytes)?;
        if digest::sha256(&bytes) != self.sha256 {
            return Err(io::Error::other(format!("the saved copy {} has been changed", self.path.display())));
        }
        Ok(bytes)
    }
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    /// Bytes that are known to be whole lines.
    whole: u64,
    /// The run's id.
    pub id: String,
    /// Where copies of changed files are kept.
    backups: PathBuf,
    next: u32,
}

impl Journal {
    /// Begins a run in the first state folder that has room for it.
    pub(crate) fn begin(world: &FixWorld) -> io::Result<Journal> {
        let mut first_error = None;
        for dir in world.state_dirs() {
            match Journal::begin_in(world, dir) {
                Ok(journal) => return Ok(journal),
                Err(error) => _ = first_error.get_or_insert(error),
            }
        }
        Err(first_error.unwrap_or_else(|| io::Error::other("there is no folder for the journal")))
    }

    fn begin_in(world: &FixWorld, dir: &Path) -> io::Result<Journal> {
        private::folder(dir)?;
        let runs = dir.join("runs");
        private::folder(&runs)?;
        let created = (world.now)();
        let mut attempt = 0;
        let (id, file) = loop {
            let id = id_of(created, attempt);
            match private::create(&runs.join(format!("{id}.jsonl"))) {
                Ok(file) => break (id, file),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => attempt += 1,
                Err(error) => return Err(error),
            }
        };
        let backups = dir.join("backups").join(&id);
        let mut journal = Journal { file, whole: 0, id: id.clone(), backups, next: 1 };
        let begun = journal.append(&Record::Run {
            version: VERSION,
            id: id.clone(),
            created: created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs(),
            hfdoctor: env!("CARGO_PKG_VERSION").to_owned(),
        });
        if let Err(error) = begun {
            let _ = fs::remove_file(runs.join(format!("{id}.jsonl")));
            return Err(error);
        }
        private::sync_folder(&runs)?;
        Ok(journal)
    }

    /// Opens the journal of an earlier run to add to it.
    pub(crate) fn reopen(story: &Story) -> io::Result<Journal> {
        let mut file = OpenOptions::new().read(true).write(true).open(&story.path)?;
        let whole = file.seek(SeekFrom::End(0))?;
        let mut journal = Journal {
            file,
            whole,
            id: story.id.clone(),
            backups: story.backups.clone(),
            next: story.steps.iter().map(|step| step.step).max().unwrap_or(0).saturating_add(1),
        };
        if story.cut_off {
            // Ends the torn line, so that the next record stands on its own.
            journal.append_bytes(b"\n")?;
        }
        Ok(journal)
    }

    /// Saves a content that is about to be changed.
    pub(crate) fn save(&self, world: &FixWorld, what: &str, bytes: &[u8]) -> io::Result<Saved> {
        world.reach(Step::Backup)?;
        if let Some(parent) = self.backups.parent() {
            private::folder(parent)?;
        }
        private::folder(&self.backups)?;
        let path = self.backups.join(format!("{}-{what}", self.next));
        match private::write_new(&path, bytes) {
            // An attempt at the same step that was given up before its record was written.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&path)?;
                private::write_new(&path, bytes)?;
            }
            other => other?,
        }
        Ok(Saved { path, sha256: digest::sha256(bytes) })
    }

    /// The number that the next intention will have.
    pub(crate) fn next(&self) -> u32 {
        self.next
    }

    /// Writes down what is going to happen. Only after this has come back may it happen.
    pub(crate) fn intend(
        &mut self,
        world: &FixWorld,
        fix: &str,
        causes: &[String],
        change: &Change,
    ) -> io::Result<u32> {
        world.reach(Step::Journal)?;
        let step = self.next;
        self.append(&Record::Intent {
            step,
            fix: fix.to_owned(),
            causes: causes.to_vec(),
            change: Box::new(change.clone()),
        })?;
        self.next = step.saturating_add(1);
        Ok(step)
    }

    pub(crate) fn done(&mut self, step: u32) -> io::Result<()> {
        self.append(&Record::Done { step })
    }

    pub(crate) fn abandoned(&mut self, step: u32, why: &str) -> io::Result<()> {
        self.append(&Record::Abandoned { step, why: why.to_owned() })
    }

    pub(crate) fn undo_wanted(&mut self) -> io::Result<()> {
        self.append(&Record::UndoWanted)
    }

    pub(crate) fn undone(&mut self, step: u32) -> io::Result<()> {
        self.append(&Record::Undone { step })
    }

    pub(crate) fn undo_ended(&mut self) -> io::Result<()> {
        self.append(&Record::UndoEnded)
    }

    pub(crate) fn purging(&mut self, step: u32) -> io::Result<()> {
        self.append(&Record::Purging { step })
    }

    pub(crate) fn purged(&mut self, step: u32) -> io::Result<()> {
        self.append(&Record::Purged { step })
    }

    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.append(&Record::End)
    }

    fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record).map_err(|error| {
            // The one value that JSON cannot hold is a path that is no text.
            io::Error::other(format!("cannot be written to the journal: {error}"))
        })?;
        line.push(b'\n');
        self.append_bytes(&line)
    }

    fn append_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.whole))?;
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        match written {
            Ok(()) => {
                self.whole = self.whole.saturating_add(bytes.len() as u64);
                Ok(())
            }
            Err(error) => {
                // Half a line must not stay in front of the next one.
                let _ = self.file.set_len(self.whole);
                Err(error)
            }
        }
    }
}

/// A readable id that sorts by time.
fn id_of(created: SystemTime, attempt: u32) -> String {
    let time = time::OffsetDateTime::from(created);
    let stamp = format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    if attempt == 0 { stamp } else { format!("{stamp}-{attempt}") }
}

/// Where a recorded change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepState {
    /// Written down; whether it happened must be looked at.
    Intended,
    Done,
    Abandoned,
    Undone,
    /// It may be half deleted.
    Purging,
    Purged,
}

/// A recorded change.
#[derive(Debug, Clone)]
pub(crate) struct StepRecord {
    pub step: u32,
    pub fix: String,
    pub change: Change,
    pub state: StepState,
}

/// Whether a run was to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UndoState {
    NotWanted,
    /// An undo was begun, and perhaps cut off.
    Begun,
    /// An undo came to its end, with or without success.
    Ended,
}

/// What a journal tells.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub id: String,
    pub path: PathBuf,
    pub backups: PathBuf,
    pub created: SystemTime,
    pub steps: Vec<StepRecord>,
    /// The run ended by itself.
    pub ended: bool,
    /// Whether the person wanted it taken back.
    pub undo: UndoState,
    /// Lines that cannot be read, beside a last one that was cut off.
    pub damaged: usize,
    /// The last line was cut off.
    pub cut_off: bool,
    /// A newer hfdoctor wrote it.
    pub newer: bool,
}

/// Every journal, the latest first.
pub(crate) fn stories(world: &FixWorld) -> Vec<Story> {
    let mut stories: Vec<Story> = world
        .state_dirs()
        .filter_map(|dir| Some((dir, fs::read_dir(dir.join("runs")).ok()?)))
        .flat_map(|(dir, entries)| entries.flatten().map(move |entry| (dir, entry.path())))
        .filter_map(|(dir, path)| read(dir, &path))
        .collect();
    stories.sort_by_key(|story| std::cmp::Reverse((story.created, number(&story.id))));
    stories
}

/// The attempt in an id, so that `…-10` comes after `…-9`.
fn number(id: &str) -> u32 {
    id.splitn(3, '-').nth(2).and_then(|attempt| attempt.parse().ok()).unwrap_or(0)
}

/// Reads a journal; none when it is no journal or cannot be read at all.
fn read(dir: &Path, path: &Path) -> Option<Story> {
    let id = path.file_name()?.to_str()?.strip_suffix(".jsonl")?.to_owned();
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    let mut story = Story {
        backups: dir.join("backups").join(&id),
        id,
        path: path.to_owned(),
        created: SystemTime::UNIX_EPOCH,
        steps: Vec::new(),
        ended: false,
        undo: UndoState::NotWanted,
        damaged: 0,
        cut_off: bytes.last().is_some_and(|last| *last != b'\n'),
        newer: false,
    };
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    if story.cut_off {
        lines.pop();
    }
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        match serde_json::from_slice::<Record>(line) {
            Ok(record) => story.take(record),
            Err(_) => story.damaged += 1,
        }
    }
    Some(story)
}

impl Story {
    fn take(&mut self, record: Record) {
        match record {
            Record::Run { version, created, .. } => {
                self.newer = version > VERSION;
                self.created =
                    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(created)).unwrap_or(SystemTime::UNIX_EPOCH);
            }
            Record::Intent { step, fix, causes: _, change } => {
                self.steps.push(StepRecord { step, fix, change: *change, state: StepState::Intended });
            }
            Record::Done { step } => self.set(step, StepState::Done),
            Record::Abandoned { step, .. } => self.set(step, StepState::Abandoned),
            Record::UndoWanted => self.undo = UndoState::Begun,
            Record::UndoEnded => self.undo = UndoState::Ended,
            Record::Purging { step } => self.set(step, StepState::Purging),
            Record::Undone { step } => self.set(step, StepState::Undone),
            Record::Purged { step } => self.set(step, StepState::Purged),
            Record::End => self.ended = true,
        }
    }

    fn set(&mut self, step: u32, state: StepState) {
        if let Some(record) = self.steps.iter_mut().find(|record| record.step == step) {
            record.state = state;
        }
    }

    /// The changes that stand, or may stand.
    pub(crate) fn standing(&self) -> impl DoubleEndedIterator<Item = &StepRecord> {
        self.steps.iter().filter(|step| matches!(step.state, StepState::Intended | StepState::Done))
    }
}
