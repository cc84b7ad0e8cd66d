//! Where things are moved aside to: beside what clients scan, on the same volume, closed to others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::change::{Change, Move};
use super::journal::{self, Journal, StepState, Story};
use super::stamp::{Kind, Stamp};
use super::world::{FixWorld, Step};
use super::{Error, change, lock, private};

const FOLDER: &str = ".hfdoctor-quarantine";

/// Where clients keep what is theirs in a folder that a person downloads to; huggingface_hub 0.23 had the second one.
pub(super) const LOCAL_CORNERS: [&str; 2] = [".cache/huggingface", ".huggingface"];

/// The places for a root's quarantine, the preferred one first.
///
/// huggingface_hub takes every folder in the hub cache for a repository and warns of those that are none, so the cache's
/// own parent comes first, where a rename can reach it. A parent that other users may write to, or that holds the whole
/// system, is none of ours. In a folder of the person's own, the client's corner of it is the place.
pub(super) fn places(world: &FixWorld, root: &Path, below: &Path, run: &str) -> Vec<PathBuf> {
    let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    if let Some(corner) = LOCAL_CORNERS.iter().find(|corner| below.starts_with(corner)) {
        return vec![real.join(corner).join(FOLDER).join(run)];
    }
    let is_root = |path: &Path| world.cache_roots.iter().any(|root| root == path);
    let beside = real.parent().filter(|parent| {
        parent.parent().is_some() && !is_root(parent) && on_one_volume(&real, parent) && is_closed(parent)
    });
    beside.into_iter().chain([real.as_path()]).map(|folder| folder.join(FOLDER).join(run)).collect()
}

#[cfg(unix)]
fn on_one_volume(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    matches!((fs::metadata(a), fs::metadata(b)), (Ok(a), Ok(b)) if a.dev() == b.dev())
}

#[cfg(not(unix))]
fn on_one_volume(a: &Path, b: &Path) -> bool {
    a.components().next() == b.components().next()
}

/// Whether only the owner and the owner's group may write there.
#[cfg(unix)]
fn is_closed(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(folder).is_ok_and(|found| found.mode() & 0o002 == 0)
}

#[cfg(not(unix))]
fn is_closed(_: &Path) -> bool {
    true
}

/// Makes the folder for one moved thing, so that it keeps its own name.
pub(super) fn make(place: &Path, step: u32) -> io::Result<PathBuf> {
    if let Some(quarantine) = place.parent() {
        private::folder(quarantine)?;
    }
    private::folder(place)?;
    let folder = place.join(step.to_string());
    private::folder(&folder)?;
    Ok(folder)
}

/// Removes a quarantine folder and the ones above it as far as they are empty.
pub(super) fn tidy(folder: &Path) {
    let mut at = Some(folder);
    for _ in 0..3 {
        match at {
            // A folder that still holds something is not removed: the system refuses.
            Some(path) if fs::remove_dir(path).is_ok() => at = path.parent(),
            _ => return,
        }
    }
}

/// What a run's quarantine holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Quarantined {
    /// Where it lay.
    pub from: PathBuf,
    /// Where it lies.
    pub to: PathBuf,
    /// Bytes.
    pub bytes: u64,
}

/// What a run holds in quarantine: what the journal names and what is still what was moved there.
pub(super) fn held(story: &Story) -> Vec<(u32, Quarantined)> {
    let held = |state| matches!(state, StepState::Intended | StepState::Done | StepState::Purging);
    story
        .steps
        .iter()
        .filter(|step| held(step.state))
        .filter_map(|step| Some((step.step, found(&step.change)?)))
        .collect()
}

fn found(change: &Change) -> Option<Quarantined> {
    let Change::Move(moved) = change else { return None };
    let now = Stamp::of(&moved.to).ok().filter(|now| now.same_thing(&moved.stamp))?;
    Some(Quarantined { from: moved.from.clone(), to: moved.to.clone(), bytes: now.size })
}

/// What was deleted for good of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Purge {
    /// The run.
    pub run: String,
    /// What was deleted.
    pub deleted: Vec<Quarantined>,
    /// What could not be deleted, with the reason.
    pub could_not: Vec<(PathBuf, String)>,
}

impl Purge {
    /// Bytes freed.
    pub fn bytes(&self) -> u64 {
        self.deleted.iter().fold(0, |sum, one| sum.saturating_add(one.bytes))
    }
}

/// Deletes what runs have moved to quarantine.
pub(super) fn purge(world: &FixWorld, id: Option<&str>) -> Result<Vec<Purge>, Error> {
    let _lock = lock::take(world)?;
    let stories = journal::stories(world);
    change::clean_up(&stories);
    let chosen: Vec<&Story> = stories.iter().filter(|story| id.is_none_or(|id| story.id == id)).collect();
    if id.is_some() && chosen.is_empty() {
        return Err(Error::NoRun { id: id.map(str::to_owned) });
    }
    Ok(chosen
        .into_iter()
        .map(|story| purge_run(world, story))
        .filter(|purge| id.is_some() || !purge.is_empty())
        .collect())
}

impl Purge {
    fn is_empty(&self) -> bool {
        self.deleted.is_empty() && self.could_not.is_empty()
    }
}

fn purge_run(world: &FixWorld, story: &Story) -> Purge {
    let mut purge = Purge { run: story.id.clone(), deleted: Vec::new(), could_not: Vec::new() };
    let mut journal = match Journal::reopen(story) {
        Ok(journal) => journal,
        Err(error) => {
            purge.could_not.push((story.path.clone(), error.to_string()));
            return purge;
        }
    };
    for (number, held) in held(story) {
        let moved = story.steps.iter().find(|step| step.step == number).map(|step| &step.change);
        let Some(Change::Move(moved)) = moved else { continue };
        let deleted = journal
            .purging(number)
            .and_then(|()| world.reach(Step::Purge))
            .and_then(|()| delete(moved))
            .and_then(|()| journal.purged(number));
        match deleted {
            Ok(()) => {
                if let Some(folder) = held.to.parent() {
                    tidy(folder);
                }
                purge.deleted.push(held);
            }
            Err(error) => purge.could_not.push((held.to, error.to_string())),
        }
    }
    purge
}

/// Deletes what was moved aside. Links below it are deleted, never followed.
fn delete(moved: &Move) -> io::Result<()> {
    let in_quarantine = moved.to.components().any(|part| part.as_os_str() == FOLDER);
    if !in_quarantine {
        return Err(io::Error::other("it does not lie in a quarantine"));
    }
    match moved.stamp.kind {
        Kind::Folder => fs::remove_dir_all(&moved.to),
        _ => fs::remove_file(&moved.to),
    }
}
