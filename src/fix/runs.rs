//! What the journal knows of earlier runs.

use std::time::SystemTime;

use super::change::Change;
use super::journal::{self, StepState, Story, UndoState};
use super::quarantine::{self, Quarantined};
use super::world::FixWorld;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Its changes stand.
    Applied,
    /// It was cut off by a crash; `undo` works as ever.
    Interrupted,
    /// Part of it could not be taken back.
    PartlyUndone,
    /// All that can be taken back is.
    Undone,
}

/// An earlier run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its id, for `hfdoctor undo`.
    pub id: String,
    /// When it began.
    pub created: SystemTime,
    /// Where it stands.
    pub state: RunState,
    /// The fixes that changed something, in order.
    pub fixes: Vec<String>,
    /// Changes that stand.
    pub changes: usize,
    /// What it holds in quarantine.
    pub quarantined: Vec<Quarantined>,
    /// Lines of its journal that cannot be read.
    pub damaged: usize,
}

impl Run {
    /// Bytes in quarantine.
    pub fn bytes(&self) -> u64 {
        self.quarantined.iter().fold(0, |sum, one| sum.saturating_add(one.bytes))
    }
}

/// Every run that changed something, the latest first.
pub(super) fn list(world: &FixWorld) -> Vec<Run> {
    let changed = |story: &&Story| {
        story.damaged > 0
            || !story.refused.is_empty()
            || story.steps.iter().any(|step| step.state != StepState::Abandoned)
    };
    journal::stories(world).iter().filter(changed).map(run_of).collect()
}

fn run_of(story: &Story) -> Run {
    let mut fixes: Vec<String> = Vec::new();
    for step in story.steps.iter().filter(|step| step.state != StepState::Abandoned) {
        if !fixes.contains(&step.fix) {
            fixes.push(step.fix.clone());
        }
    }
    let changes = story.standing().filter(|step| !matches!(step.change, Change::Irrevocable { .. })).count();
    let state = match (story.undo != UndoState::NotWanted, changes) {
        (true, 0) => RunState::Undone,
        (true, _) => RunState::PartlyUndone,
        (false, _) if story.ended => RunState::Applied,
        (false, _) => RunState::Interrupted,
    };
    Run {
        id: story.id.clone(),
        created: story.created,
        state,
        fixes,
        changes,
        quarantined: quarantine::held(story).into_iter().map(|(_, held)| held).collect(),
        damaged: story.damaged.saturating_add(story.refused.len()),
    }
}
