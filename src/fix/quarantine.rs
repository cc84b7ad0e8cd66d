//! Where things are moved aside to: beside what clients scan, on the same volume, closed to others.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::change::{Change, Move};
use super::journal::{self, Journal, StepState, Story};
use super::stamp::{Kind, Stamp};
use super::world::{FixWorld, Step};
use super::{Error, change, inside, lock, private};

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
    if story.newer {
        if !held(story).is_empty() {
            purge.could_not.push((story.path.clone(), "a newer hfdoctor wrote it: purge with that one".to_owned()));
        }
        return purge;
    }
    // Files first: on a full volume they make the room that the record of a folder needs.
    let mut found = held(story);
    found.sort_by_key(|(number, _)| story.step(*number).is_some_and(|(moved, _)| moved.stamp.kind == Kind::Folder));
    for (number, held) in found {
        let Some((moved, state)) = story.step(number) else { continue };
        let deleted = found_again(moved, state, &story.id, number).and_then(|spot| {
            purging(&mut journal, number, moved)?;
            world.reach(Step::Purge)?;
            if moved.stamp.kind == Kind::Folder { spot.delete_tree() } else { spot.delete() }
        });
        match deleted {
            Ok(()) => {
                // Without the record, the next look finds that nothing is there any more.
                let _ = journal.purged(number);
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

impl Story {
    /// A move that the journal tells of, and where it stands.
    fn step(&self, number: u32) -> Option<(&Move, StepState)> {
        let step = self.steps.iter().find(|step| step.step == number)?;
        match &step.change {
            Change::Move(moved) => Some((moved, step.state)),
            _ => None,
        }
    }
}

/// Writes down that something is going to be deleted, so that nobody takes half a folder for the whole.
fn purging(journal: &mut Journal, number: u32, moved: &Move) -> io::Result<()> {
    match journal.purging(number) {
        // A file goes in one step, there or not there; and a full volume is what people purge for.
        Err(error)
            if moved.stamp.kind != Kind::Folder
                && matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// What was moved aside, at the very place that the run made for it, reached without following a link. What has been
/// written to since is somebody's, and an error in words.
fn found_again(moved: &Move, state: StepState, run: &str, step: u32) -> io::Result<inside::Spot> {
    let base = base(&moved.to, run, step).ok_or_else(|| io::Error::other("it does not lie in a quarantine"))?;
    let spot = inside::reach(base, &moved.to, false).map_err(io::Error::other)?;
    let now = Stamp::of(&spot.path)?;
    // What an interrupted purge has begun with has lost entries, and can only be deleted.
    let begun = state == StepState::Purging && now.same_thing(&moved.stamp) && now.entries <= moved.stamp.entries;
    if !now.unchanged(&moved.stamp) && !begun {
        return Err(io::Error::other("it has been changed since it was moved here: look at it, and delete it by hand"));
    }
    if spot.identity()? != (now.device, now.inode) {
        return Err(io::Error::other("it was replaced at this moment"));
    }
    Ok(spot)
}

/// The folder that holds the quarantine in which `<base>/.hfdoctor-quarantine/<run>/<step>/<name>` lies; none when that is
/// not what the path looks like.
fn base<'a>(to: &'a Path, run: &str, step: u32) -> Option<&'a Path> {
    let place = to.parent()?;
    let folder = place.parent()?.parent()?;
    let as_made = place.file_name()? == OsStr::new(&step.to_string())
        && place.parent()?.file_name()? == OsStr::new(run)
        && folder.file_name()? == OsStr::new(FOLDER);
    (to.is_absolute() && !to.components().any(|part| part == Component::ParentDir) && as_made)
        .then(|| folder.parent())
        .flatten()
}
