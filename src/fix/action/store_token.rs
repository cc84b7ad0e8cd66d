//! Asks for a token and stores it where the client looks, once the Hub has accepted it.

use std::path::Path;

use super::super::change::{Halt, NewContent, Recorder};
use super::super::consent::Consent;
use super::super::{private, token_bytes};
use super::Effects;

/// How often a person may try.
const TRIES: usize = 3;

pub(super) fn store(
    recorder: &mut Recorder<'_>,
    path: &Path,
    consent: &mut dyn Consent,
    effects: &mut Effects,
) -> Result<(), Halt> {
    let world = recorder.world;
    if !world.terminal {
        return Err(Halt::Skipped("a token is asked for only at a terminal".to_owned()));
    }
    let Some(confirm) = &world.confirm_token else {
        return Err(Halt::Skipped("without asking the Hub, no token is stored".to_owned()));
    };
    for _ in 0..TRIES {
        let Some(typed) =
            consent.ask_token("paste a token from https://huggingface.co/settings/tokens (it stays unseen)")
        else {
            return Err(Halt::Skipped("no token was typed".to_owned()));
        };
        let confirmed = token_bytes::clean(&typed).and_then(|token| confirm(&token).map(|()| token));
        let token = match confirmed {
            Ok(token) => token,
            Err(why) => {
                consent.tell(&format!("not stored: {}", (world.redact)(&why)));
                continue;
            }
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            private::folder(folder)?;
        }
        let wrote = recorder.write(path, &mut |_| {
            Ok(Some(NewContent { bytes: token.expose().to_vec(), patch: None, serves: None, mode: Some(0o600) }))
        })?;
        effects.done |= wrote;
        if !wrote {
            effects.notes.push(format!("{} held this very token already", world.show(path)));
        }
        return Ok(());
    }
    Err(Halt::Skipped("no token was accepted".to_owned()))
}
