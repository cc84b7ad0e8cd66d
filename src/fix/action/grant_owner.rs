//! Gives the owner the right to read and write paths of their own below a cache root.

use std::path::{Path, PathBuf};

use super::super::change::{Halt, Recorder};
#[cfg(unix)]
use super::super::plan;
use super::Effects;

#[cfg(unix)]
pub(super) fn grant(
    recorder: &mut Recorder<'_>,
    root: &Path,
    paths: &[PathBuf],
    effects: &mut Effects,
) -> Result<(), Halt> {
    plan::in_a_cache(recorder.world, root, paths.iter()).map_err(Halt::Skipped)?;
    // A folder must be open before what lies in it can be reached.
    let mut paths: Vec<&PathBuf> = paths.iter().collect();
    paths.sort_by_key(|path| path.components().count());
    let mut first = None;
    let mut changed = 0;
    for path in paths {
        let is_root = path.as_path() == root;
        let real = if is_root { root.canonicalize()? } else { path.clone() };
        let from = if is_root { real.parent().unwrap_or(root).to_owned() } else { root.to_owned() };
        let granted = recorder.set_mode(&from, &real, |is_folder, mode| mode | if is_folder { 0o700 } else { 0o600 });
        match granted {
            Ok(true) => changed += 1,
            Ok(false) => {}
            Err(Halt::Skipped(why)) => _ = first.get_or_insert(why),
            Err(failed) => return Err(failed),
        }
    }
    effects.done |= changed > 0;
    match first {
        Some(why) if changed == 0 => Err(Halt::Skipped(why)),
        Some(why) => {
            effects.notes.push(why);
            Ok(())
        }
        None => Ok(()),
    }
}

#[cfg(not(unix))]
pub(super) fn grant(recorder: &mut Recorder<'_>, root: &Path, _: &[PathBuf], _: &mut Effects) -> Result<(), Halt> {
    Err(Halt::Skipped(format!("{}: this system has no permission bits", recorder.world.show(root))))
}
