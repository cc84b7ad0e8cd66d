//! The journal: every change on disk before it happens, one file a run, one record a line.
//!
//! A line that a crash has cut off was never forced to disk whole, so what it tells of had not begun: it is passed over.
//! No secret is written here: saved contents lie in files of their own and are named with their hash.

mod forget;
mod valid;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::digest;
use super::folder::Folder;
use super::world::{FixWorld, Step};

pub(crate) use forget::forget;

/// The version of the records that this program writes.
const VERSION: u32 = 1;

/// A journal larger than this is not read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Below a state folder: the journals, one a run, and the contents that they name, one folder a run.
const RUNS: &str = "runs";
const BACKUPS: &str = "backups";

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
        let name = self.path.file_name().unwrap_or_default();
        let bytes = Folder::own(self.path.parent().unwrap_or(&self.path))?.read(name, LARGEST)?;
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
    /// The state folder that it lies in.
    state: PathBuf,
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
        let runs = Folder::make_own(dir)?.make_child(RUNS)?;
        let created = (world.now)();
        let mut attempt = 0;
        let (id, file) = loop {
            let id = id_of(created, attempt);
            match runs.create(format!("{id}.jsonl")) {
                Ok(file) => break (id, file),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => attempt += 1,
                Err(error) => return Err(error),
            }
        };
        let mut journal = Journal { file, whole: 0, id: id.clone(), state: dir.to_owned(), next: 1 };
        let begun = journal.append(&Record::Run {
            version: VERSION,
            id: id.clone(),
            created: created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs(),
            hfdoctor: env!("CARGO_PKG_VERSION").to_owned(),
        });
        if let Err(error) = begun {
            let _ = runs.remove(format!("{id}.jsonl"));
            return Err(error);
        }
        runs.sync();
        Ok(journal)
    }

    /// Opens the journal of an earlier run to add to it.
    pub(crate) fn reopen(story: &Story) -> io::Result<Journal> {
        let runs = Folder::own(&story.state.join(RUNS))?;
        let mut file = runs.open(format!("{}.jsonl", story.id).as_ref(), true)?;
        let whole = file.seek(SeekFrom::End(0))?;
        let mut journal = Journal {
            file,
            whole,
            id: story.id.clone(),
            state: story.state.clone(),
            next: story.last_step.saturating_add(1),
        };
        if story.cut_off {
            // Ends the torn line, so that the next record stands on its own.
            journal.append_bytes(b"\n", true)?;
        }
        Ok(journal)
    }

    /// Saves a content that is about to be changed.
    pub(crate) fn save(&self, world: &FixWorld, what: &str, bytes: &[u8]) -> io::Result<Saved> {
        world.reach(Step::Backup)?;
        let folder = Folder::own(&self.state)?.make_child(BACKUPS)?.make_child(&self.id)?;
        let name = format!("{}-{what}", self.next);
        match folder.write_new(&name, bytes) {
            // An attempt at the same step that was given up before its record was written.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                folder.remove(&name)?;
                folder.write_new(&name, bytes)?;
            }
            other => other?,
        }
        Ok(Saved { path: self.state.join(BACKUPS).join(&self.id).join(name), sha256: digest::sha256(bytes) })
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
        // What it says can be seen on the disk, so it need not be forced there.
        self.append_unforced(&Record::Done { step })
    }

    pub(crate) fn abandoned(&mut self, step: u32, why: &str) -> io::Result<()> {
        self.append(&Record::Abandoned { step, why: why.to_owned() })
    }

    pub(crate) fn undo_wanted(&mut self) -> io::Result<()> {
        self.append(&Record::UndoWanted)
    }

    pub(crate) fn undone(&mut self, step: u32) -> io::Result<()> {
        self.append_unforced(&Record::Undone { step })
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
        self.append_bytes(&line(record)?, true)
    }

    fn append_unforced(&mut self, record: &Record) -> io::Result<()> {
        self.append_bytes(&line(record)?, false)
    }

    fn append_bytes(&mut self, bytes: &[u8], forced: bool) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.whole))?;
        let written = self.file.write_all(bytes).and_then(|()| if forced { self.file.sync_all() } else { Ok(()) });
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

fn line(record: &Record) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record).map_err(|error| {
        // The one value that JSON cannot hold is a path that is no text.
        io::Error::other(format!("cannot be written to the journal: {error}"))
    })?;
    line.push(b'\n');
    Ok(line)
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
    /// The state folder that the journal lies in.
    pub state: PathBuf,
    pub created: SystemTime,
    pub steps: Vec<StepRecord>,
    /// The run ended by itself.
    pub ended: bool,
    /// Whether the person wanted it taken back.
    pub undo: UndoState,
    /// Lines that cannot be read, beside a last one that was cut off.
    pub damaged: usize,
    /// Steps that name what no such change may touch: the fix, and why in words. They are not carried out.
    pub refused: Vec<(String, String)>,
    /// The last line was cut off.
    pub cut_off: bool,
    /// A newer hfdoctor wrote it.
    pub newer: bool,
    /// The highest number of a step.
    last_step: u32,
    /// Where a step stands in the list, by its number.
    places: HashMap<u32, usize>,
}

/// The journals that are obeyed, and what is not, in words that name it.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Every journal, the latest first.
    pub stories: Vec<Story>,
    pub refused: Vec<String>,
}

/// Reads every journal of this user.
pub(crate) fn read(world: &FixWorld) -> Read {
    let mut read = Read::default();
    for dir in world.state_dirs() {
        let listed = Folder::own(dir).and_then(|folder| folder.child(RUNS)).and_then(|runs| Ok((runs.names()?, runs)));
        let (names, runs) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                // Most folders for a journal hold none, and what is not there is not refused.
                if error.kind() != io::ErrorKind::NotFound && dir.exists() {
                    read.refused.push(error.to_string());
                }
                continue;
            }
        };
        for name in names {
            let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".jsonl")) else { continue };
            match runs.read(&name, LARGEST) {
                Ok(bytes) => read.stories.push(story(world, dir, id, &bytes)),
                Err(error) => read.refused.push(error.to_string()),
            }
        }
    }
    read.stories.sort_by_key(|story| std::cmp::Reverse((story.created, number(&story.id))));
    read
}

/// Every journal that is obeyed, the latest first.
pub(crate) fn stories(world: &FixWorld) -> Vec<Story> {
    read(world).stories
}

/// The attempt in an id, so that `…-10` comes after `…-9`.
fn number(id: &str) -> u32 {
    id.splitn(3, '-').nth(2).and_then(|attempt| attempt.parse().ok()).unwrap_or(0)
}

/// What a journal's bytes tell.
fn story(world: &FixWorld, state: &Path, id: &str, bytes: &[u8]) -> Story {
    let mut story = Story {
        id: id.to_owned(),
        state: state.to_owned(),
        created: SystemTime::UNIX_EPOCH,
        steps: Vec::new(),
        ended: false,
        undo: UndoState::NotWanted,
        damaged: 0,
        refused: Vec::new(),
        cut_off: bytes.last().is_some_and(|last| *last != b'\n'),
        newer: false,
        last_step: 0,
        places: HashMap::new(),
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
    story.validate(world);
    story
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
                self.last_step = self.last_step.max(step);
                self.places.insert(step, self.steps.len());
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
        if let Some(record) = self.places.get(&step).and_then(|place| self.steps.get_mut(*place)) {
            record.state = state;
        }
    }

    /// Keeps the steps that name only what they may. Of those that are settled nothing is carried out.
    fn validate(&mut self, world: &FixWorld) {
        let backups = self.backups();
        for mut record in std::mem::take(&mut self.steps) {
            let settled = matches!(record.state, StepState::Abandoned | StepState::Undone | StepState::Purged);
            let named = valid::Named { world, run: &self.id, step: record.step, backups: &backups };
            match named.check(&mut record.change) {
                Err(why) if !settled => self.refused.push((record.fix, why)),
                _ => self.steps.push(record),
            }
        }
        self.places = self.steps.iter().enumerate().map(|(place, record)| (record.step, place)).collect();
    }

    /// A step by its number.
    pub(crate) fn step(&self, number: u32) -> Option<&StepRecord> {
        self.places.get(&number).and_then(|place| self.steps.get(*place))
    }

    /// Where the saved contents of the run lie.
    fn backups(&self) -> PathBuf {
        self.state.join(BACKUPS).join(&self.id)
    }

    /// The journal's own path.
    pub(crate) fn path(&self) -> PathBuf {
        self.state.join(RUNS).join(format!("{}.jsonl", self.id))
    }

    /// The changes that stand, or may stand.
    pub(crate) fn standing(&self) -> impl DoubleEndedIterator<Item = &StepRecord> {
        self.steps.iter().filter(|step| matches!(step.state, StepState::Intended | StepState::Done))
    }
}
