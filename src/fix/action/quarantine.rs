//! Moves paths below a cache root aside, or deletes unfinished downloads where there is no room.

use std::path::{Path, PathBuf};

use super::super::change::{Halt, Recorder};
use super::super::describe::bytes;
use super::super::holders::{OpenFiles, files_of};
use super::super::plan::{self, Seen};
use super::super::stamp::Stamp;
use super::Effects;

/// Reasons for skipping that are told one by one; the rest are counted.
const MOST_REASONS: usize = 5;

/// What could not be done, told without flooding the person.
#[derive(Default)]
struct Skipped(Vec<String>);

impl Skipped {
    fn tell(self, effects: &mut Effects) -> Option<String> {
        let rest = self.0.len().saturating_sub(MOST_REASONS);
        let first = self.0.first().cloned();
        effects.notes.extend(self.0.into_iter().take(MOST_REASONS));
        if rest > 0 {
            effects.notes.push(format!("{rest} more were left where they are"));
        }
        first
    }
}

pub(super) fn move_aside(
    recorder: &mut Recorder<'_>,
    root: &Path,
    seen: &[Seen],
    effects: &mut Effects,
) -> Result<(), Halt> {
    let world = recorder.world;
    plan::in_a_cache(world, root, seen.iter().map(|seen| &seen.path)).map_err(Halt::Skipped)?;
    let open = OpenFiles::look(&all_files(seen));
    let mut skipped = Skipped::default();
    let mut moved = Vec::new();
    for Seen { path, stamp } in seen {
        if world.is_interrupted() {
            skipped.0.push("interrupted: the rest was left where it is".to_owned());
            break;
        }
        let result = stamp
            .as_ref()
            .map_err(|why| Halt::Skipped(why.clone()))
            .and_then(|stamp| recorder.move_aside(root, path, stamp, &open));
        match result {
            Ok(one) => moved.push(one),
            Err(Halt::Skipped(why)) => skipped.0.push(format!("left {}: {why}", world.show(path))),
            Err(failed) => return Err(failed),
        }
    }
    // Somebody may have opened a file between the look and the move. What was moved keeps its inode, so this shows.
    let files: Vec<Vec<(PathBuf, (u64, u64))>> =
        moved.iter().map(|one| files_of(&one.change.to, &one.change.stamp)).collect();
    let late = OpenFiles::look(&files.concat());
    let mut kept = Vec::new();
    for (one, files) in moved.into_iter().zip(&files) {
        if late.any_of(files) {
            recorder.put_back(&one);
            skipped.0.push(format!("left {}: a process has just opened it", world.show(&one.change.from)));
        } else {
            kept.push(one);
        }
    }
    let size = kept.iter().fold(0_u64, |sum, one| sum.saturating_add(one.change.stamp.size));
    let first = skipped.tell(effects);
    if kept.is_empty() {
        return Err(Halt::Skipped(first.unwrap_or_else(|| "nothing was left to move".to_owned())));
    }
    effects.done = true;
    effects.notes.push(format!("moved aside {} ({})", things(kept.len()), bytes(size)));
    Ok(())
}

pub(super) fn discard(
    recorder: &mut Recorder<'_>,
    root: &Path,
    seen: &[Seen],
    effects: &mut Effects,
) -> Result<(), Halt> {
    let world = recorder.world;
    plan::in_a_cache(world, root, seen.iter().map(|seen| &seen.path)).map_err(Halt::Skipped)?;
    let open = OpenFiles::look(&all_files(seen));
    let mut skipped = Skipped::default();
    let (mut count, mut size) = (0, 0_u64);
    for Seen { path, stamp } in seen {
        if world.is_interrupted() {
            skipped.0.push("interrupted: the rest was left where it is".to_owned());
            break;
        }
        let result = stamp
            .as_ref()
            .map_err(|why| Halt::Skipped(why.clone()))
            .and_then(|stamp| recorder.discard(root, path, stamp, &open));
        match result {
            Ok(freed) => {
                count += 1;
                size = size.saturating_add(freed);
            }
            Err(Halt::Skipped(why) | Halt::Failed(why)) => {
                skipped.0.push(format!("left {}: {why}", world.show(path)));
            }
        }
    }
    let first = skipped.tell(effects);
    if count == 0 {
        return Err(Halt::Skipped(first.unwrap_or_else(|| "nothing was left to delete".to_owned())));
    }
    effects.done = true;
    effects.notes.push(format!("deleted {}, {} freed", things(count), bytes(size)));
    Ok(())
}

fn all_files(seen: &[Seen]) -> Vec<(PathBuf, (u64, u64))> {
    let stamped =
        |seen: &Seen| seen.stamp.as_ref().map(|stamp: &Stamp| files_of(&seen.path, stamp)).unwrap_or_default();
    seen.iter().flat_map(stamped).collect()
}

fn things(count: usize) -> String {
    if count == 1 { "1 path".to_owned() } else { format!("{count} paths") }
}
