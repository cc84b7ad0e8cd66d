//! Sets or unsets a variable for future shells.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::apply::Variable;
use super::super::assignment::{self, Language};
use super::super::change::{Halt, NewContent, Patch, Recorder};
use super::super::ending;
use super::super::plan;
use super::super::shell_env;
use super::super::syntax;
use super::super::world::{FixWorld, Shell};
use super::Effects;

/// A shell that takes longer to parse a start-up file is not waited for.
const LONGEST_PARSE: Duration = Duration::from_secs(2);

/// What takes the place of a line that sets a variable: a command that does nothing, so that a branch which held only
/// that line stays whole.
fn set_aside_mark(language: Language) -> &'static [u8] {
    match language {
        Language::Sh | Language::Fish => b": # set aside by hfdoctor: ",
        Language::PowerShell => b"$null # set aside by hfdoctor: ",
    }
}

pub(super) fn set(
    recorder: &mut Recorder<'_>,
    name: &str,
    value: Option<&str>,
    effects: &mut Effects,
) -> Result<(), Halt> {
    plan::may_set(name, value).map_err(Halt::Skipped)?;
    let world = recorder.world;
    if value.is_none() && shell_env::is_universal(world, name) {
        return Err(Halt::Skipped(format!("`{name}` is a universal variable of fish; to erase it: set -Ue {name}")));
    }
    if !world.shell.can_be_configured() {
        let line = syntax::statement(world.shell, name, value);
        return Err(Halt::Skipped(format!("hfdoctor does not configure this shell; the line to type is: {line}")));
    }
    let mut wrote = if world.shell == Shell::Registry {
        in_registry(recorder, name, value, effects)?
    } else {
        in_files(recorder, name, value)?
    };
    if value.is_none() {
        wrote |= set_aside(recorder, name, effects)?;
    }
    effects.done |= wrote;
    if !wrote {
        effects.notes.push(format!("new shells have `{name}` so already; this one may not"));
    }
    effects.shell_lines.push(syntax::statement(world.shell, name, value));
    effects.variables.push(Variable { name: name.to_owned(), value: value.map(str::to_owned) });
    Ok(())
}

/// The start-up files come first: the line in them does no harm while our file is missing, and taking back goes the
/// other way round, so that our file is empty before the question is whether anybody still needs the line.
fn in_files(recorder: &mut Recorder<'_>, name: &str, value: Option<&str>) -> Result<bool, Halt> {
    let world = recorder.world;
    // What others can write to would be read by every new shell.
    shell_env::own_folder(world).map_err(|error| Halt::Skipped(error.to_string()))?;
    let files = shell_env::start_files(world, name);
    reachable(recorder, &files, name, value)?;
    let mut wrote = false;
    let mut problem = None;
    let mut reached = false;
    for file in files {
        match recorder.write(&file, &mut |before| Ok(shell_env::with_source_line(before, world, name))) {
            Ok(now) => {
                wrote |= now;
                reached = true;
            }
            Err(Halt::Skipped(why)) => _ = problem.get_or_insert(why),
            Err(failed) => return Err(failed),
        }
    }
    if let (false, Some(why)) = (reached, problem) {
        let line = syntax::statement(world.shell, name, value);
        return Err(Halt::Skipped(format!("no start-up file can be edited ({why}); the line to add is: {line}")));
    }
    wrote |= recorder.write(&shell_env::env_file(world), &mut |before| {
        Ok(shell_env::with_variable(before, world.shell, name, value))
    })?;
    Ok(wrote)
}

/// Whether new shells would come to have the variable so. Otherwise the reason, before anything is touched.
fn reachable(recorder: &Recorder<'_>, files: &[PathBuf], name: &str, value: Option<&str>) -> Result<(), Halt> {
    let world = recorder.world;
    let line = syntax::statement(world.shell, name, value);
    for (file, language) in shell_env::files_that_may_assign(world) {
        let forbids = shell_env::small(&file).and_then(|bytes| assignment::read_only(&bytes, name, language));
        if let Some(number) = forbids {
            return Err(Halt::Skipped(format!(
                "{}:{number} makes `{name}` read-only, so that no later line can change it: take that line out, then open a \
                 new shell",
                world.show(&file)
            )));
        }
    }
    for file in files {
        if let Err(why) = recorder.may_write(file)
            && shell_env::decides(world, file, name)
        {
            return Err(Halt::Skipped(format!(
                "{why}; new shells read that file, so the line to add at its end is: {line}"
            )));
        }
        if is_broken(world, file, name) {
            return Err(Halt::Skipped(format!(
                "{} has a block or a quote that is never closed, so that a line at its end is never reached: mend the file, \
                 then run hfdoctor again",
                world.show(file)
            )));
        }
    }
    Ok(())
}

/// Whether a start-up file ends within a block, by our own look and by the shell's, which only parses it.
fn is_broken(world: &FixWorld, file: &Path, name: &str) -> bool {
    let Some(bytes) = shell_env::small(file) else { return false };
    if !ending::of(&bytes, name, shell_env::language_of(world.shell)).open {
        return false;
    }
    let (program, options): (&str, &[&str]) = match world.shell {
        Shell::Bash => ("bash", &["-n"]),
        Shell::Zsh => ("zsh", &["-f", "-n"]),
        Shell::Fish => ("fish", &["--no-config", "--no-execute"]),
        _ => ("sh", &["-n"]),
    };
    let mut parser = Command::new(program);
    parser.args(options).arg(file).env_clear();
    parser.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &world.home);
    parser.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // What cannot be asked is no proof.
    let Ok(mut child) = parser.spawn() else { return false };
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.code().is_some_and(|code| code != 0),
            Ok(None) if begun.elapsed() < LONGEST_PARSE => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// Sets aside the one line in the start-up files that sets the variable, if there is one and it is understood.
fn set_aside(recorder: &mut Recorder<'_>, name: &str, effects: &mut Effects) -> Result<bool, Halt> {
    let world = recorder.world;
    let mut found = Vec::new();
    let mut unclear = Vec::new();
    for (file, language) in shell_env::files_that_may_assign(world) {
        let Some(bytes) = shell_env::small(&file) else { continue };
        match assignment::find(&bytes, name, language) {
            assignment::Found::Nothing => {}
            assignment::Found::One(one) if one.exported => found.push((file, language, one)),
            assignment::Found::One(one) => unclear.push(format!("{}:{}", world.show(&file), one.number)),
            assignment::Found::Unclear(lines) => {
                unclear.extend(lines.iter().map(|line| format!("{}:{line}", world.show(&file))));
            }
        }
    }
    let [(file, language, one)] = found.as_slice() else {
        unclear.extend(found.iter().map(|(file, _, one)| format!("{}:{}", world.show(file), one.number)));
        show(name, &unclear, effects);
        return Ok(false);
    };
    if !unclear.is_empty() {
        unclear.push(format!("{}:{}", world.show(file), one.number));
        show(name, &unclear, effects);
        return Ok(false);
    }
    let mut whole_line = None;
    let wrote = recorder.write(file, &mut |before| {
        let bytes = before.unwrap_or_default();
        let assignment::Found::One(one) = assignment::find(bytes, name, *language) else { return Ok(None) };
        let line = bytes.get(one.line.clone()).unwrap_or_default();
        let (head, tail) =
            (bytes.get(..one.line.start).unwrap_or_default(), bytes.get(one.line.end..).unwrap_or_default());
        let to = [set_aside_mark(*language), line].concat();
        whole_line = Some(one.number);
        let patch = Patch { from: line.to_vec(), to: to.clone(), whole_lines: true };
        Ok(Some(NewContent { bytes: [head, &to, tail].concat(), patch: Some(patch), serves: None, mode: None }))
    });
    match wrote {
        Ok(true) => {
            let number = whole_line.unwrap_or_default();
            effects.notes.push(format!("set aside the line that sets `{name}`: {}:{number}", world.show(file)));
            Ok(true)
        }
        Ok(false) => Ok(false),
        // Our own file unsets it anyway.
        Err(Halt::Skipped(why)) => {
            effects.notes.push(format!("`{name}` is still set in {}: {why}", world.show(file)));
            Ok(false)
        }
        Err(failed) => Err(failed),
    }
}

fn show(name: &str, places: &[String], effects: &mut Effects) {
    if !places.is_empty() {
        effects.notes.push(format!(
            "`{name}` is set in {}: left as it is, because such a line is not edited unless it is the only one and \
             plain; our own file unsets it afterwards",
            places.join(", ")
        ));
    }
}

#[cfg(windows)]
fn in_registry(
    recorder: &mut Recorder<'_>,
    name: &str,
    value: Option<&str>,
    effects: &mut Effects,
) -> Result<bool, Halt> {
    let wrote = recorder.set_registry(name, value)?;
    if wrote {
        effects.notes.push("programs that are running keep their variables: open a new terminal".to_owned());
    }
    Ok(wrote)
}

#[cfg(not(windows))]
fn in_registry(_: &mut Recorder<'_>, name: &str, _: Option<&str>, _: &mut Effects) -> Result<bool, Halt> {
    Err(Halt::Skipped(format!("`{name}` would lie in the registry of a Windows, and this is none")))
}
