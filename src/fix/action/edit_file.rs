//! Replaces one exact text in a small file.

use std::path::Path;

use super::super::change::{Halt, NewContent, Patch, Recorder};
use super::Effects;

/// The files that are edited so: settings whose form is known.
const NAMES: &[&str] = &["pip.conf", "pip.ini"];

/// Whether a file is one that is edited so.
pub(crate) fn may_be_edited(path: &Path) -> bool {
    path.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known))
}

pub(super) fn edit(
    recorder: &mut Recorder<'_>,
    path: &Path,
    from: &str,
    to: &str,
    effects: &mut Effects,
) -> Result<(), Halt> {
    let shown = recorder.world.show(path);
    if from.is_empty() {
        return Err(Halt::Skipped(format!("{shown}: nothing was named that could be replaced")));
    }
    if !may_be_edited(path) {
        return Err(Halt::Skipped(format!("{shown} is no file of settings whose form is known")));
    }
    effects.done |= recorder.write(path, &mut |before| {
        let before = before.ok_or_else(|| Halt::Skipped(format!("{shown} is not there any more")))?;
        let places: Vec<usize> = before
            .windows(from.len())
            .enumerate()
            .filter(|(_, window)| *window == from.as_bytes())
            .map(|(at, _)| at)
            .take(2)
            .collect();
        let [at] = places.as_slice() else {
            let times = if places.is_empty() { "not" } else { "more than once" };
            return Err(Halt::Skipped(format!("{shown} was left as it is: the text to replace stands there {times}")));
        };
        let (head, tail) = (before.get(..*at), before.get(at.saturating_add(from.len())..));
        let bytes = [head.unwrap_or_default(), to.as_bytes(), tail.unwrap_or_default()].concat();
        let replaced = Patch { from: from.into(), to: to.into(), whole_lines: false };
        Ok(Some(NewContent { bytes, patch: Some(replaced), serves: None, mode: None }))
    })?;
    Ok(())
}
