//! Repairs a token in the one line of a start-up file or `.env` that assigns it to a variable.

use std::path::{Path, PathBuf};

use hfdoctor_core::token::Token;

use super::super::assignment::{self, Found, Language};
use super::super::change::{Halt, NewContent, Patch, Recorder};
use super::super::world::FixWorld;
use super::super::{shell_env, token_bytes};
use super::{Effects, token_file};

/// Rewrites the value in the one line that assigns a token to a variable.
pub(super) fn clean(
    recorder: &mut Recorder<'_>,
    path: Option<&Path>,
    name: &str,
    effects: &mut Effects,
) -> Result<(), Halt> {
    let world = recorder.world;
    let (path, language) = match path {
        Some(path) => (path.to_owned(), Language::Sh),
        None => the_one_that_sets(world, name)?,
    };
    let shown = world.show(&path);
    let mut repaired = None;
    let wrote = recorder.write(&path, &mut |before| {
        let before = before.ok_or_else(|| Halt::Skipped(format!("{shown} is not there any more")))?;
        let one = match assignment::find(before, name, language) {
            Found::One(one) => one,
            Found::Nothing => return Err(Halt::Skipped(format!("{shown} does not set `{name}`"))),
            Found::Unclear(lines) => return Err(unclear(name, &places(&shown, &lines))),
        };
        let line = before.get(one.line.clone()).unwrap_or_default();
        let token = token_file::cleaned(before.get(one.value.clone()).unwrap_or_default(), &shown)?;
        if !is_of_this_environment(world, name, &token) {
            return Err(Halt::Skipped(format!(
                "{shown}:{} sets `{name}` to another token than this environment has",
                one.number
            )));
        }
        // The token needs no quotes, and the line's own stay: the smallest edit.
        let inner = one.value.start.saturating_sub(one.line.start)..one.value.end.saturating_sub(one.line.start);
        let (head, tail) = (line.get(..inner.start).unwrap_or_default(), line.get(inner.end..).unwrap_or_default());
        let new = [head, token.expose(), tail].concat();
        let bytes =
            [before.get(..one.line.start).unwrap_or_default(), &new, before.get(one.line.end..).unwrap_or_default()]
                .concat();
        let replaced = Patch { from: line.to_vec(), to: new, whole_lines: true };
        repaired = Some((one.number, token));
        Ok(Some(NewContent { bytes, patch: Some(replaced), serves: None, mode: None }))
    })?;
    effects.done |= wrote;
    if wrote && let Some((number, token)) = repaired {
        effects
            .notes
            .push(format!("repaired {shown}:{number}; this shell has the old `{name}` until it is started anew"));
        effects.tokens.push((name.to_owned(), token));
    } else {
        effects.notes.push(format!("`{name}` in {shown} holds nothing but the token"));
    }
    Ok(())
}

/// The one file in which a plain line sets the variable. Where there are several, or one that is not understood, a person
/// has to look.
pub(crate) fn the_one_that_sets(world: &FixWorld, name: &str) -> Result<(PathBuf, Language), Halt> {
    let mut plain = Vec::new();
    let mut all = Vec::new();
    for (path, language) in shell_env::files_that_may_assign(world).into_iter().chain(shell_env::dot_env(world)) {
        let Some(bytes) = shell_env::small(&path) else { continue };
        match assignment::find(&bytes, name, language) {
            Found::Nothing => {}
            Found::One(one) => {
                all.extend(places(&world.show(&path), &[one.number]));
                plain.push((path, language));
            }
            Found::Unclear(lines) => all.extend(places(&world.show(&path), &lines)),
        }
    }
    match (plain.pop(), all.as_slice()) {
        (Some(one), [_]) => Ok(one),
        (_, []) => Err(Halt::Skipped(format!(
            "no start-up file that is understood sets `{name}`: set it to the bare token where it comes from, such as a \
             service's or container's settings"
        ))),
        _ => Err(unclear(name, &all)),
    }
}

fn unclear(name: &str, places: &[String]) -> Halt {
    Halt::Skipped(format!("`{name}` is set in {}: only one plain line is edited", places.join(", ")))
}

fn places(shown: &str, lines: &[usize]) -> Vec<String> {
    lines.iter().map(|line| format!("{shown}:{line}")).collect()
}

/// Whether a file's token is the one that this environment has; also when it has none, because another shell may.
fn is_of_this_environment(world: &FixWorld, name: &str, token: &Token) -> bool {
    let Some(value) = world.environment.raw(name) else { return true };
    let here = Token::new(value.to_string_lossy().into_owned().into_bytes());
    token_bytes::clean(&here).is_ok_and(|here| here.same_as(token))
}
