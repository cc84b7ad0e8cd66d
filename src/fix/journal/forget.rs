//! Saved contents go when no undo can need them any more: they may hold a token's old text.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;

use super::super::change::{Change, Write};
use super::super::folder::Folder;
use super::super::world::FixWorld;
use super::{BACKUPS, RUNS, StepState, Story};

/// Removes what was saved for changes that are taken back, were given up or are purged. Called under the lock, while no
/// run is on its way.
pub(crate) fn forget(world: &FixWorld, stories: &[Story]) {
    for dir in world.state_dirs() {
        let Ok(state) = Folder::own(dir) else { continue };
        let Ok(backups) = state.child(BACKUPS) else { continue };
        for id in backups.names().unwrap_or_default() {
            let Ok(run) = backups.child(&id) else { continue };
            let story = stories.iter().find(|story| story.state == dir && story.id.as_str() == id);
            let needed = match story {
                // What cannot be read may speak of any of them.
                Some(story) if story.newer || story.damaged > 0 || !story.refused.is_empty() => continue,
                Some(story) => needed(story),
                None if has_journal(&state, &id) => continue,
                None => HashSet::new(),
            };
            for name in run.names().unwrap_or_default() {
                if !needed.contains(&name) {
                    let _ = run.remove(&name);
                }
            }
            // One that still holds something is not removed: the system refuses.
            let _ = backups.remove_folder(&id);
        }
    }
}

/// The names of the saved contents that an undo of the run may need.
fn needed(story: &Story) -> HashSet<OsString> {
    let writes = story.steps.iter().filter(|step| matches!(step.state, StepState::Intended | StepState::Done));
    let saved = writes.flat_map(|step| match &step.change {
        Change::Write(write) => Write::saved(write),
        _ => Vec::new(),
    });
    saved.filter_map(|saved| saved.path.file_name().map(OsString::from)).collect()
}

/// Whether there is a journal of that name, or it cannot be told.
fn has_journal(state: &Folder, id: &OsString) -> bool {
    let mut name = id.clone();
    name.push(".jsonl");
    let names = state.child(RUNS).and_then(|runs| runs.names());
    match names {
        Ok(names) => names.contains(&name),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}
