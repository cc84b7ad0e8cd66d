//! Takes back what a run did, the last change first.

use schemars::JsonSchema;
use serde::Serialize;

use super::change::{self, Back, Change};
use super::journal::{self, Journal, StepRecord, Story, UndoState};
use super::world::{FixWorld, Step};
use super::{Error, lock};

/// How taking back one change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Undoing {
    /// The earlier state is there again.
    Restored,
    /// The earlier state was there already.
    AlreadyThere,
    /// Left for now, because a later run needs it; taken back with that one.
    Kept,
    /// Could not be taken back.
    CouldNot,
    /// Of a kind that cannot be taken back, such as a command that was run.
    Never,
}

/// One change that was to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Undone {
    /// The fix that had made it.
    pub fix: String,
    /// How it ended.
    pub outcome: Undoing,
    /// What that means, in one sentence.
    pub what: String,
}

/// What became of an undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UndoReport {
    /// The run.
    pub run: String,
    /// Its changes, in the order in which they were taken back.
    pub changes: Vec<Undone>,
    /// Lines of the journal that could not be read: what they told of is not taken back.
    pub damaged: usize,
}

impl UndoReport {
    /// Whether all that can be taken back is.
    pub fn is_complete(&self) -> bool {
        self.damaged == 0 && self.changes.iter().all(|change| change.outcome != Undoing::CouldNot)
    }
}

/// Takes back a run, or the last one that is not wholly taken back.
pub(super) fn undo(world: &FixWorld, id: Option<&str>) -> Result<UndoReport, Error> {
    let _lock = lock::take(world, "hfdoctor undo")?;
    change::clean_up(world);
    let stories = journal::stories(world);
    let can_be = |step: &StepRecord| !matches!(step.change, Change::Irrevocable { .. });
    let story = match id {
        Some(id) => stories.iter().find(|story| story.id == id),
        None => stories.iter().find(|story| {
            story.undo != UndoState::Ended && (story.standing().any(can_be) || !story.refused.is_empty())
        }),
    };
    let story = story.ok_or_else(|| Error::NoRun { id: id.map(str::to_owned) })?;
    let state = |why: String| Error::State { path: story.path(), why };
    if story.newer {
        return Err(state("a newer hfdoctor wrote it: undo with that one".to_owned()));
    }
    let mut journal = Journal::reopen(story).map_err(|error| state(error.to_string()))?;
    match journal.undo_wanted() {
        // Moving back needs no room. Without the record the next undo looks at the disk again.
        Err(error) if !matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) => {
            return Err(state(error.to_string()));
        }
        _ => {}
    }
    let steps: Vec<&StepRecord> = story.standing().rev().collect();
    let mut changes: Vec<Undone> = steps.into_iter().map(|step| take_back(world, &mut journal, step)).collect();
    let redacted = |text: &str| (world.redact)(text);
    let foreign =
        |(fix, why): &(String, String)| Undone { fix: redacted(fix), outcome: Undoing::CouldNot, what: redacted(why) };
    changes.extend(story.refused.iter().map(foreign));
    // Without the record, the next undo looks at this run again and finds nothing to do.
    let _ = journal.undo_ended();
    changes.extend(take_back_kept(world, &stories, &story.id));
    drop(journal);
    change::clean_up(world);
    Ok(UndoReport { run: story.id.clone(), changes, damaged: story.damaged })
}

/// Lines that earlier undone runs left because later ones needed them.
fn take_back_kept(world: &FixWorld, stories: &[Story], but: &str) -> Vec<Undone> {
    let mut undone = Vec::new();
    for story in stories.iter().filter(|story| story.undo != UndoState::NotWanted && story.id != but && !story.newer) {
        let kept: Vec<&StepRecord> = story
            .standing()
            .filter(|step| matches!(&step.change, Change::Write(write) if write.serves.is_some()))
            .collect();
        if kept.is_empty() {
            continue;
        }
        let Ok(mut journal) = Journal::reopen(story) else { continue };
        let again = kept.into_iter().rev().map(|step| take_back(world, &mut journal, step));
        undone.extend(again.filter(|undone| undone.outcome == Undoing::Restored));
    }
    undone
}

fn take_back(world: &FixWorld, journal: &mut Journal, step: &StepRecord) -> Undone {
    let back = match world.reach(Step::Undo) {
        Ok(()) => step.change.take_back(world),
        Err(error) => Back::CouldNot(error.to_string()),
    };
    let is_back = matches!(back, Back::Restored(_) | Back::AlreadyThere(_) | Back::Never(_));
    if is_back && world.reach(Step::TakenBack).is_ok() {
        // The record only saves a later undo a look at the disk.
        let _ = journal.undone(step.step);
    }
    let (outcome, what) = match back {
        Back::Restored(what) => (Undoing::Restored, what),
        Back::AlreadyThere(what) => (Undoing::AlreadyThere, what),
        Back::Kept(what) => (Undoing::Kept, what),
        Back::CouldNot(what) => (Undoing::CouldNot, what),
        Back::Never(what) => (Undoing::Never, format!("cannot be taken back: {what}")),
    };
    Undone { fix: step.fix.clone(), outcome, what: (world.redact)(&what) }
}
