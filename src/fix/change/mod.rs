//! The few kinds of change that every action is made of. Each knows how to happen and how to be taken back, and sees by
//! looking at the disk which of the two states holds: no record of success is needed.

mod mode;
mod moved;
#[cfg(windows)]
mod registry;
mod written;

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::journal::{self, Journal, StepState};
use super::plan::PlannedFix;
use super::world::FixWorld;
use super::{atomic, quarantine};

pub(crate) use mode::Mode;
pub(crate) use moved::Move;
pub(crate) use written::{NewContent, Patch, Served, Write};

/// A recorded change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(crate) enum Change {
    /// A small file gets new content.
    Write(Write),
    /// Something is moved to quarantine.
    Move(Move),
    /// Permission bits are set.
    Mode(Mode),
    /// A variable of the user is set in the registry.
    Registry(RegistryValue),
    /// Something that cannot be taken back; told for the record.
    Irrevocable { what: String },
}

/// A variable in the registry of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RegistryValue {
    pub name: String,
    /// The value before; none when there was none.
    pub before: Option<super::journal::Saved>,
    /// Hash of the value after; none when it is removed.
    pub after: Option<String>,
}

/// Why an action did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// It was not safe or not possible to begin: nothing was touched.
    Skipped(String),
    /// It was begun and failed.
    Failed(String),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Halt::Failed(error.to_string())
    }
}

/// How taking back ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Back {
    /// The earlier state is there again.
    Restored(String),
    /// The earlier state was there already.
    AlreadyThere(String),
    /// Left for now, because something else still needs it.
    Kept(String),
    /// Could not be taken back, with the reason and where the earlier state is kept.
    CouldNot(String),
    /// Of a kind that cannot be taken back.
    Never(String),
}

impl Change {
    /// Takes the change back, whether or not it has happened.
    pub(crate) fn take_back(&self, world: &FixWorld) -> Back {
        match self {
            Change::Write(write) => write.take_back(world),
            Change::Move(moved) => moved.take_back(world),
            Change::Mode(mode) => mode.take_back(world),
            #[cfg(windows)]
            Change::Registry(value) => registry::take_back(value),
            #[cfg(not(windows))]
            Change::Registry(value) => Back::CouldNot(format!("`{}` lies in the registry of a Windows", value.name)),
            Change::Irrevocable { what } => Back::Never(what.clone()),
        }
    }
}

/// Makes changes for one fix after another, each written down first.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    pub world: &'a FixWorld,
    journal: Option<Journal>,
    fix: String,
    causes: Vec<String>,
    /// The changes of the current fix that may stand.
    standing: Vec<(u32, Change)>,
    /// Where things of one root and corner are moved aside to: looked for once.
    places: Option<(PathBuf, Option<&'static str>, Vec<PathBuf>)>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(world: &'a FixWorld) -> Recorder<'a> {
        Recorder { world, journal: None, fix: String::new(), causes: Vec::new(), standing: Vec::new(), places: None }
    }

    /// Begins with a fix: what follows is done for it.
    pub(crate) fn begin(&mut self, fix: &PlannedFix) {
        fix.id.clone_into(&mut self.fix);
        self.causes = fix.causes.iter().map(|cause| cause.id().to_owned()).collect();
        self.standing.clear();
    }

    /// The journal, begun with the first change.
    fn journal(&mut self) -> io::Result<&mut Journal> {
        let journal = match self.journal.take() {
            Some(journal) => journal,
            None => Journal::begin(self.world)?,
        };
        Ok(self.journal.insert(journal))
    }

    /// The run's id, once something was written down.
    pub(crate) fn run(&self) -> Option<&str> {
        self.journal.as_ref().map(|journal| journal.id.as_str())
    }

    /// Whether the current fix has changed something that stands and can be taken back.
    pub(crate) fn can_be_undone(&self) -> bool {
        self.standing.iter().any(|(_, change)| !matches!(change, Change::Irrevocable { .. }))
    }

    fn intend(&mut self, change: &Change) -> io::Result<u32> {
        let (fix, causes) = (self.fix.clone(), self.causes.clone());
        let world = self.world;
        let step = self.journal()?.intend(world, &fix, &causes, change)?;
        self.standing.push((step, change.clone()));
        Ok(step)
    }

    fn done(&mut self, step: u32) -> io::Result<()> {
        self.journal()?.done(step)?;
        self.world.reach(super::world::Step::Recorded)
    }

    fn abandon(&mut self, step: u32, why: &str) {
        self.standing.retain(|(standing, _)| *standing != step);
        // The record only saves a later undo a look at the disk.
        let _ = self.journal().and_then(|journal| journal.abandoned(step, why));
    }

    /// Writes down something that cannot be taken back, before it happens.
    pub(crate) fn irrevocable(&mut self, what: &str) -> io::Result<u32> {
        let what = (self.world.redact)(what);
        self.intend(&Change::Irrevocable { what })
    }

    /// Writes down that it has happened. The record is for the reader alone, so it may fail.
    pub(crate) fn happened(&mut self, step: u32) {
        let _ = self.done(step);
    }

    /// Writes down that it has not happened.
    pub(crate) fn did_not_happen(&mut self, step: u32, why: &str) {
        self.abandon(step, why);
    }

    /// Takes back what the current fix has changed; what could not be taken back comes back in words.
    pub(crate) fn roll_back(&mut self, why: &str) -> Vec<String> {
        let mut remains = Vec::new();
        for (step, change) in std::mem::take(&mut self.standing).into_iter().rev() {
            match change.take_back(self.world) {
                Back::Restored(_) | Back::AlreadyThere(_) | Back::Kept(_) => self.abandon(step, why),
                Back::CouldNot(text) => remains.push(text),
                Back::Never(_) => {}
            }
        }
        remains
    }

    /// Ends the run.
    pub(crate) fn end(mut self) {
        if let Some(journal) = self.journal.as_mut() {
            // Without the record the run counts as interrupted, which costs undo nothing.
            let _ = journal.end();
        }
    }
}

/// Removes what a crash has left half-prepared and what no undo needs any more: temporary files and empty folders that the
/// journals name, and saved contents. Called under the lock, while no run is on its way.
pub(crate) fn clean_up(world: &FixWorld) {
    let stories = journal::stories(world);
    for (story, step) in
        stories.iter().filter(|story| !story.newer).flat_map(|story| story.steps.iter().map(move |step| (story, step)))
    {
        match &step.change {
            Change::Write(write) if matches!(step.state, StepState::Intended | StepState::Done) => {
                let _ = atomic::remove(&write.temporary);
            }
            Change::Move(moved) if quarantine::base(&moved.to, &story.id, step.step).is_some() => {
                quarantine::tidy(&moved.to);
            }
            _ => {}
        }
    }
    journal::forget(world, &stories);
}
