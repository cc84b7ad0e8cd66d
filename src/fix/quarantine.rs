//! Where things are moved aside to: beside what clients scan, on the same volume, closed to others.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::change::{Change, Move};
use super::folder::Folder;
use super::journal::{self, Journal, StepState, Story, UndoState};
use super::stamp::{Kind, Stamp};
use super::world::{FixWorld, Step};
use super::{Error, change, inside, lock};

const FOLDER: &str = ".hfdoctor-quarantine";

/// Where clients keep what is theirs in a folder that a person downloads to; huggingface_hub 0.23 had the second one.
pub(super) const LOCAL_CORNERS: [&str; 2] = [".cache/huggingface", ".huggingface"];

/// The client's corner of a person's folder that a path below a root lies in.
pub(super) fn corner(below: &Path) -> Option<&'static str> {
    LOCAL_CORNERS.into_iter().find(|corner| below.starts_with(corner))
}

/// How far above a cache a place is looked for.
const HIGHEST: usize = 4;

/// The places for a root's quarantine, the preferred one first.
///
/// huggingface_hub takes every folder in the hub cache for a repository and warns of those that are none, so the next
/// folder above the cache that is no cache itself comes first, where a rename can reach it. A folder that other users may
/// write to, or that holds the whole system, is none of ours. A cache that is a volume of its own has nothing above it:
/// there the corner of the locks is the place, which clients pass over. In a folder of the person's own, the client's
/// corner of it is the place.
pub(super) fn places(world: &FixWorld, root: &Path, corner: Option<&str>, run: &str) -> Vec<PathBuf> {
    let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    if let Some(corner) = corner.filter(|_| !is_scanned(world, &real)) {
        return vec![real.join(corner).join(FOLDER).join(run)];
    }
    let above = real.ancestors().skip(1).take(HIGHEST);
    let reachable = above.take_while(|folder| folder.parent().is_some() && on_one_volume(&real, folder));
    let free = reachable.filter(|folder| is_closed(folder) && !folder.ancestors().any(|at| is_scanned(world, at)));
    let within = if is_hub(&real) { real.join(".locks") } else { real.clone() };
    free.map(Path::to_owned).chain([within]).map(|folder| folder.join(FOLDER).join(run)).collect()
}

/// Whether clients list a folder: a hub cache, known or by what lies in it, another cache, or a repository's own folder.
fn is_scanned(world: &FixWorld, folder: &Path) -> bool {
    let is_corner = LOCAL_CORNERS.iter().any(|corner| folder.ends_with(corner));
    let is_root = world.cache_roots.iter().any(|root| root == folder || root.canonicalize().is_ok_and(|r| r == folder));
    (is_root && !is_corner) || folder.file_name().is_some_and(is_repository) || is_hub(folder)
}

/// More entries than this do not matter in telling what a folder is.
const MOST_ENTRIES: usize = 10_000;

fn is_hub(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_ENTRIES);
    entries.map(|entry| entry.file_name()).any(|name| is_repository(&name))
}

/// Whether a name is one that clients give to a repository's folder.
fn is_repository(name: &OsStr) -> bool {
    hfdoctor_checks::observe::cache::name::repository(name).is_some()
}

/// Whether a path lies in a cache or in the client's corner of a folder, by its form.
pub(super) fn is_of_a_cache(path: &Path) -> bool {
    let mut above = path.ancestors().skip(1);
    above.any(|at| {
        LOCAL_CORNERS.iter().any(|corner| at.ends_with(corner))
            || at.file_name().is_some_and(|name| name == ".locks" || is_repository(name))
    }) || path.file_name().is_some_and(is_repository)
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

/// Makes the folder for one moved thing, so that it keeps its own name: closed to others, and reached without a link.
pub(super) fn make(place: &Path, step: u32) -> io::Result<Folder> {
    let no_place = || io::Error::other(format!("{} is no place for quarantine", place.display()));
    let (quarantine, run) = place.parent().zip(place.file_name()).ok_or_else(no_place)?;
    let base = quarantine.parent().ok_or_else(no_place)?;
    let base = match Folder::at(base) {
        // The corner of the locks is made with the first lock.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir(base)?;
            Folder::at(base)?
        }
        other => other?,
    };
    base.make_child(FOLDER)?.make_child(run)?.make_child(step.to_string())
}

/// Opens the folder of one moved thing, by the thing's path.
pub(super) fn open(to: &Path) -> io::Result<Folder> {
    let mut above = to.ancestors().skip(1);
    let names: Option<Vec<&OsStr>> = above.by_ref().take(3).map(Path::file_name).collect();
    let (names, base) = names.zip(to.ancestors().nth(4)).ok_or_else(|| io::Error::other("it lies in no quarantine"))?;
    names.into_iter().rev().try_fold(Folder::at(base)?, |folder, name| folder.child(name))
}

/// Removes the folder of one moved thing, by the thing's path, and the ones above it as far as they are empty.
pub(super) fn tidy(to: &Path) {
    for folder in to.ancestors().skip(1).take(3) {
        // A folder that still holds something is not removed: the system refuses.
        if fs::remove_dir(folder).is_err_and(|error| error.kind() != io::ErrorKind::NotFound) {
            return;
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
    /// Files whose earlier content was kept after an undo that could not give it back, and is deleted now.
    pub forgotten: Vec<PathBuf>,
    /// Files whose earlier content is kept, because an undo of the run gives it back.
    pub kept: Vec<PathBuf>,
}

impl Purge {
    /// Bytes freed.
    pub fn bytes(&self) -> u64 {
        self.deleted.iter().fold(0, |sum, one| sum.saturating_add(one.bytes))
    }
}

/// Deletes what runs have moved to quarantine.
pub(super) fn purge(world: &FixWorld, id: Option<&str>) -> Result<Vec<Purge>, Error> {
    let _lock = lock::take(world, "hfdoctor undo --purge")?;
    change::clean_up(world);
    let stories = journal::stories(world);
    let chosen: Vec<&Story> = stories.iter().filter(|story| id.is_none_or(|id| story.id == id)).collect();
    if id.is_some() && chosen.is_empty() {
        return Err(Error::NoRun { id: id.map(str::to_owned) });
    }
    let purges = chosen.into_iter().map(|story| purge_run(world, story));
    let purges = purges.filter(|purge| id.is_some() || !purge.is_empty()).collect();
    change::clean_up(world);
    Ok(purges)
}

impl Purge {
    fn is_empty(&self) -> bool {
        self.deleted.is_empty() && self.could_not.is_empty() && self.forgotten.is_empty() && self.kept.is_empty()
    }
}

fn purge_run(world: &FixWorld, story: &Story) -> Purge {
    let mut purge = Purge {
        run: story.id.clone(),
        deleted: Vec::new(),
        could_not: Vec::new(),
        forgotten: Vec::new(),
        kept: Vec::new(),
    };
    let mut journal = match Journal::reopen(story) {
        Ok(journal) => journal,
        Err(error) => {
            purge.could_not.push((story.path(), error.to_string()));
            return purge;
        }
    };
    if story.newer {
        if !held(story).is_empty() {
            purge.could_not.push((story.path(), "a newer hfdoctor wrote it: purge with that one".to_owned()));
        }
        return purge;
    }
    // Files first: on a full volume they make the room that the record of a folder needs.
    let mut found = held(story);
    found.sort_by_key(|(number, _)| move_of(story, *number).is_some_and(|(moved, _)| moved.stamp.kind == Kind::Folder));
    for (number, held) in found {
        let Some((moved, state)) = move_of(story, number) else { continue };
        let deleted = found_again(moved, state, &story.id, number).and_then(|spot| {
            purging(&mut journal, number, moved)?;
            world.reach(Step::Purge)?;
            if moved.stamp.kind == Kind::Folder { spot.delete_tree() } else { spot.delete() }
        });
        match deleted {
            Ok(()) => {
                // Without the record, the next look finds that nothing is there any more.
                let _ = journal.purged(number);
                tidy(&held.to);
                purge.deleted.push(held);
            }
            Err(error) => purge.could_not.push((held.to, error.to_string())),
        }
    }
    forget_saved(&mut journal, story, &mut purge);
    purge
}

/// Gives up the earlier contents that an undo could not give back; those that it still may stay, and are told.
fn forget_saved(journal: &mut Journal, story: &Story, purge: &mut Purge) {
    for step in story.standing() {
        let Change::Write(write) = &step.change else { continue };
        if write.before().is_none() {
            continue;
        }
        let was_tried = story.undo == UndoState::Ended && write.served().is_none();
        let told = if was_tried && journal.purged(step.step).is_ok() { &mut purge.forgotten } else { &mut purge.kept };
        if !told.contains(&write.path) {
            told.push(write.path.clone());
        }
    }
}

/// A move that the journal tells of, and where it stands.
fn move_of(story: &Story, number: u32) -> Option<(&Move, StepState)> {
    let step = story.step(number)?;
    match &step.change {
        Change::Move(moved) => Some((moved, step.state)),
        _ => None,
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
pub(super) fn base<'a>(to: &'a Path, run: &str, step: u32) -> Option<&'a Path> {
    let place = to.parent()?;
    let folder = place.parent()?.parent()?;
    let as_made = place.file_name()? == OsStr::new(&step.to_string())
        && place.parent()?.file_name()? == OsStr::new(run)
        && folder.file_name()? == OsStr::new(FOLDER);
    (to.is_absolute() && !to.components().any(|part| part == Component::ParentDir) && as_made)
        .then(|| folder.parent())
        .flatten()
}
