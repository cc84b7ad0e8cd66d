//! Repairs a token where it is stored: its bytes, and who may read it.

use std::path::Path;

use hfdoctor_core::token::Token;

use super::super::change::{Halt, NewContent, Recorder};
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

pub(super) fn cleaned(bytes: &[u8], shown: &str) -> Result<Token, Halt> {
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
