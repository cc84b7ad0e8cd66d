//! Runs a command of an installed client, without a shell and for a bounded time.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::change::{Halt, Recorder};
use super::super::consent::Consent;
use super::super::world::FixWorld;
use super::Effects;

const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub(super) fn run(
    recorder: &mut Recorder<'_>,
    command: &[String],
    consent: &mut dyn Consent,
    effects: &mut Effects,
) -> Result<(), Halt> {
    let world = recorder.world;
    let Some((program, arguments)) = command.split_first() else {
        return Err(Halt::Skipped("no command was named".to_owned()));
    };
    let shown = (world.redact)(&command.join(" "));
    consent.tell(&format!("running {shown}"));
    let step = recorder.irrevocable(&format!("run {shown}"))?;
    let input = if world.terminal { Stdio::inherit() } else { Stdio::null() };
    let mut ready = Command::new(program);
    ready.args(arguments).stdin(input).stdout(standard_error());
    let mut child = match ready.spawn() {
        Ok(child) => child,
        Err(error) => {
            recorder.did_not_happen(step, &error.to_string());
            return Err(Halt::Skipped(format!("`{program}` cannot be run: {error}")));
        }
    };
    match end(world, &mut child) {
        Ok(()) => {
            recorder.happened(step);
            effects.done = true;
            effects.notes.push(format!("ran {shown}"));
            Ok(())
        }
        Err(why) => Err(Halt::Failed(format!("{shown}: {why}"))),
    }
}

/// What a command prints is no part of the report, which has standard output for itself.
pub(super) fn standard_error() -> Stdio {
    #[cfg(unix)]
    let copy = std::os::fd::AsFd::as_fd(&std::io::stderr()).try_clone_to_owned();
    #[cfg(windows)]
    let copy = std::os::windows::io::AsHandle::as_handle(&std::io::stderr()).try_clone_to_owned();
    #[cfg(any(unix, windows))]
    return copy.map_or_else(|_| Stdio::null(), Stdio::from);
    #[cfg(not(any(unix, windows)))]
    Stdio::null()
}

pub(super) fn end(world: &FixWorld, child: &mut Child) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(status.to_string()),
            Ok(None) => {}
            Err(error) => return Err(error.to_string()),
        }
        let why = if world.is_interrupted() {
            "interrupted"
        } else if begun.elapsed() > world.longest_command {
            "it took too long and was ended"
        } else {
            std::thread::sleep(LOOK_AGAIN);
            continue;
        };
        let _ = child.kill();
        let _ = child.wait();
        return Err(why.to_owned());
    }
}
