//! The engine behind `--fix` and `undo`: plans, applies, journals and takes back.
//!
//! Checks describe what would mend a cause as declarative actions; only this module changes anything. Every change is one
//! of a few kinds, is written to a journal and forced to disk before it happens, and can be recognised
//! afterwards as done or not done. So a crash at any point leaves the old state or the new one, and undo works from both.

mod action;
mod apply;
mod assignment;
mod atomic;
mod attributes;
mod by_hand;
mod change;
mod complete;
pub mod consent;
mod describe;
mod digest;
mod ending;
mod folder;
mod holders;
mod inside;
mod journal;
mod lock;
mod plain;
pub mod plan;
mod quarantine;
mod runs;
mod shell_env;
mod stamp;
mod syntax;
mod token_bytes;
mod undo;
mod world;

pub use apply::{Applied, Outcome, Variable};
pub use by_hand::fit_the_shell;
pub use consent::{Answer, Consent};
pub use plan::{Place, Plan, PlannedFix, StepText};
pub use quarantine::{Purge, Quarantined};
pub use runs::{Run, RunState};
pub use syntax::{joined, word};
pub use undo::{UndoReport, Undoing, Undone};
pub use world::{FixWorld, Login, Shell, Step};

use hfdoctor_core::diagnosis::Ranked;

/// Why the engine could not begin at all. A fix that fails is no such error: it is an [`Outcome`].
#[derive(Debug)]
pub enum Error {
    /// Another hfdoctor of this user is changing things.
    Busy {
        /// Its process id, where the lock file says it.
        pid: Option<u32>,
    },
    /// The journal's folder cannot be used.
    State {
        /// The folder.
        path: std::path::PathBuf,
        /// The system's words.
        why: String,
    },
    /// The journal's folder is not one that this user alone can write to, or not reached in a way of this user's own.
    Distrusted(String),
    /// The home directory is another user's.
    OthersHome {
        /// Whose it is.
        owner: String,
        /// The command that its owner may run.
        command: &'static str,
        /// Whether this is root.
        as_root: bool,
    },
    /// No run of that id, or none at all.
    NoRun {
        /// The id that was asked for.
        id: Option<String>,
    },
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Busy { pid: Some(pid) } => {
                write!(
                    f,
                    "another hfdoctor (process {pid}) is changing things: wait until it has ended, then run again"
                )
            }
            Error::Busy { pid: None } => {
                f.write_str("another hfdoctor is changing things: wait until it has ended, then run again")
            }
            Error::State { path, why } => {
                write!(f, "the journal's folder {} cannot be used, so nothing was changed: {why}", path.display())
            }
            Error::Distrusted(why) => {
                write!(f, "{why}: what lies there is not obeyed, and nothing was changed")
            }
            Error::OthersHome { owner, command, as_root } => {
                let without = if *as_root { ", without sudo" } else { "" };
                write!(f, "this home belongs to {owner}: run `{command}` as {owner}{without}")
            }
            Error::NoRun { id: Some(id) } => {
                write!(f, "no run `{id}` in the journal: `hfdoctor undo --list` names them")
            }
            Error::NoRun { id: None } => {
                f.write_str("nothing to undo: the journal has no change that could be taken back")
            }
        }
    }
}

impl std::error::Error for Error {}

/// Plans, applies and takes back fixes in one world.
#[derive(Debug)]
pub struct Engine {
    world: FixWorld,
}

impl Engine {
    /// An engine for a world. Nothing is touched yet.
    pub fn new(world: FixWorld) -> Engine {
        Engine { world }
    }

    /// The world that the engine works in.
    pub fn world(&self) -> &FixWorld {
        &self.world
    }

    /// What `--fix` would do about the causes, root causes first. Reads, changes nothing.
    pub fn plan(&self, causes: &[Ranked]) -> Plan {
        plan::make(&self.world, causes)
    }

    /// Applies what the person agrees to, in the plan's order.
    ///
    /// A fix that fails is rolled back and does not keep the others from being applied. An error means that nothing was
    /// changed at all.
    pub fn apply(&self, plan: &Plan, consent: &mut dyn Consent) -> Result<Vec<Applied>, Error> {
        apply::apply(&self.world, plan, consent)
    }

    /// Takes back a run, or the last one that is not wholly taken back.
    pub fn undo(&self, id: Option<&str>) -> Result<UndoReport, Error> {
        undo::undo(&self.world, id)
    }

    /// Whether anything may be changed here at all: not in the home of another user, where files of the wrong owner would
    /// be left.
    pub fn may_change(&self) -> Result<(), Error> {
        self.world.is_of_this_user("hfdoctor --fix")
    }

    /// What looks like a journal and is not obeyed, in words that name it.
    pub fn refused(&self) -> Vec<String> {
        journal::read(&self.world).refused
    }

    /// Every run in the journal, the latest first, with what its quarantine holds.
    pub fn runs(&self) -> Vec<Run> {
        runs::list(&self.world)
    }

    /// Deletes for good what a run has moved to quarantine; of every run when `id` is none. Only files that the journal
    /// names are deleted.
    pub fn purge(&self, id: Option<&str>) -> Result<Vec<Purge>, Error> {
        quarantine::purge(&self.world, id)
    }
}
