//! Repairs a token where it is stored: its bytes, and who may read it.

use std::path::Path;

use hfdoctor_checks::case::Token;

use super::super::assignment::{self, Found};
use super::super::change::{Halt, NewContent, Patch, Recorder};
use super::super::token_bytes;
use super::Effects;

/// A file that holds a token is for its owner alone.
const PRIVATE: u32 = 0o600;

/// Rewrites a token file without the bytes that do not belong to a token.
pub(super) fn clean(recorder: &mut Recorder<'_>, path: &Path, effects: &mut Effects) -> Result<(), Halt> {
    let shown = recorder.world.show(path);
    let wrote = recorder.write(path, &mut |before| {
        let before = before.ok_or_else(|| Halt::Skipped(format!("{shown} is not there any more")))?;
        let token = cleaned(before, &shown)?;
        Ok(Some(NewContent { bytes: token.expose().to_vec(), patch: None, serves: None, mode: Some(PRIVATE) }))
    })?;
    effects.done |= wrote;
    if !wrote {
        effects.notes.push(format!("{shown} holds nothing but the token"));
    }
    Ok(())
}

/// Rewrites the value in the one line that assigns a token to a variable.
pub(super) fn clean_assignment(
    recorder: &mut Recorder<'_>,
    path: &Path,
    name: &str,
    effects: &mut Effects,
) -> Result<(), Halt> {
    let shown = recorder.world.show(path);
    let wrote = recorder.write(path, &mut |before| {
        let before = before.ok_or_else(|| Halt::Skipped(format!("{shown} is not there any more")))?;
        let one = match assignment::find(before, name) {
            Found::One(one) => one,
            Found::Nothing => return Err(Halt::Skipped(format!("{shown} does not set `{name}`"))),
            Found::Unclear(lines) => {
                let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
                return Err(Halt::Skipped(format!(
                    "{shown}:{} sets `{name}` in a way that is not edited: only one plain line is",
                    lines.join(",")
                )));
            }
        };
        let line = before.get(one.line.clone()).unwrap_or_default();
        let token = cleaned(before.get(one.value.clone()).unwrap_or_default(), &shown)?;
        // The token needs no quotes, and the line's own stay: the smallest edit.
        let inner = one.value.start.saturating_sub(one.line.start)..one.value.end.saturating_sub(one.line.start);
        let (head, tail) = (line.get(..inner.start).unwrap_or_default(), line.get(inner.end..).unwrap_or_default());
        let new = [head, token.expose(), tail].concat();
        let bytes =
            [before.get(..one.line.start).unwrap_or_default(), &new, before.get(one.line.end..).unwrap_or_default()]
                .concat();
        let replaced = Patch { from: line.to_vec(), to: new, whole_lines: true };
        Ok(Some(NewContent { bytes, patch: Some(replaced), serves: None, mode: None }))
    })?;
    effects.done |= wrote;
    if wrote {
        effects.notes.push(format!("open a new shell, or read {shown} again, to have `{name}` repaired there"));
    } else {
        effects.notes.push(format!("`{name}` in {shown} holds nothing but the token"));
    }
    Ok(())
}

fn cleaned(bytes: &[u8], shown: &str) -> Result<Token, Halt> {
    token_bytes::clean(&Token::new(bytes.to_vec()))
        .map_err(|why| Halt::Skipped(format!("{shown} was left as it is: {why}")))
}

/// Takes from group and others every right to a file.
#[cfg(unix)]
pub(super) fn keep_private(recorder: &mut Recorder<'_>, path: &Path, effects: &mut Effects) -> Result<(), Halt> {
    let real = super::super::atomic::real_path(path)?;
    let folder = real.parent().ok_or_else(|| Halt::Skipped(format!("{} is no file", path.display())))?;
    effects.done |= recorder.set_mode(folder, &real, |_, mode| mode & 0o700)?;
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn keep_private(recorder: &mut Recorder<'_>, path: &Path, _: &mut Effects) -> Result<(), Halt> {
    Err(Halt::Skipped(format!("{}: this system has no permission bits", recorder.world.show(path))))
}
