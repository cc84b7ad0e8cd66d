//! Asks for a token and stores it where the client looks, once the Hub has accepted it.

use std::path::Path;
use std::process::Command;

use super::super::change::{Halt, NewContent, Recorder};
use super::super::consent::Consent;
use super::super::world::Login;
use super::super::{plain, token_bytes};
use super::{Effects, run};

/// A token file is smaller than this, in bytes.
const LARGEST: u64 = 64 * 1024;

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
    let page = "https://huggingface.co/settings/tokens";
    let prompt = match &world.login {
        Some(login) => format!("paste a token from {page} (it stays unseen), or Enter for `{}`", login.shown),
        None => format!("paste a token from {page} (it stays unseen)"),
    };
    for _ in 0..TRIES {
        let Some(typed) = consent.ask_token(&prompt) else {
            return match &world.login {
                Some(login) => hand_over(recorder, login, path, effects),
                None => Err(Halt::Skipped("no token was typed".to_owned())),
            };
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
            make_private(folder)?;
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

/// Makes the client's folder, closed to others.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The client's own login asks, checks and stores.
fn hand_over(recorder: &mut Recorder<'_>, login: &Login, path: &Path, effects: &mut Effects) -> Result<(), Halt> {
    let shown = &login.shown;
    let Some((program, arguments)) = login.command.split_first() else {
        return Err(Halt::Skipped("no token was typed".to_owned()));
    };
    let content = || plain::read(path, LARGEST).ok();
    let before = content();
    let step = recorder.irrevocable(&format!("run `{shown}`"))?;
    let started = Command::new(program).args(arguments).stdout(run::standard_error()).spawn();
    let ended = started.map_err(|error| error.to_string()).and_then(|mut child| run::end(recorder.world, &mut child));
    if let Err(why) = ended {
        recorder.did_not_happen(step, &why);
        return Err(Halt::Skipped(format!("`{shown}`: {why}")));
    }
    if content() == before {
        recorder.did_not_happen(step, "it stored nothing");
        return Err(Halt::Skipped(format!("`{shown}` stored no other token")));
    }
    recorder.happened(step);
    effects.done = true;
    effects.notes.push(format!("`{shown}` stored it; `hf auth logout` takes it back"));
    Ok(())
}
