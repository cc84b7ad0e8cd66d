//! Running the person's command as if this program were not there, and keeping what it prints.

mod capture;
mod plumbing;
#[cfg(unix)]
mod pty;
#[cfg(unix)]
mod signals;
mod start;
mod stream;
mod target;
#[cfg(target_os = "linux")]
mod waiting;
mod watch;

use std::io::Read;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

pub use start::StartError;
pub use target::target_of;

use crate::cli::Words;
use capture::Capture;
use stream::{Pumps, Shared};
use watch::Watch;

/// The exit code by which shells and programs tell that Ctrl-C ended them: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// How the command ended.
pub struct Ended {
    /// Its exit code, or 128 and the number of the signal that ended it.
    pub code: i32,
    /// Whether the person or a supervisor ended it.
    pub interrupted: bool,
    /// Whether it was seen to hang.
    pub hung: bool,
    capture: Capture,
    shared: Arc<Shared>,
}

impl Ended {
    /// Whether there is something to diagnose: it failed, and not because somebody was tired of it while all went well.
    pub fn needs_diagnosis(&self) -> bool {
        self.code != 0 && (self.hung || !self.interrupted)
    }

    /// What it printed, with the command line before it.
    pub fn into_log(self) -> impl Read {
        self.capture.into_log()
    }

    /// Ends a line that it left unfinished where the report goes.
    pub fn start_line(&self) {
        self.shared.start_line();
    }
}

/// Runs the command to its end. After `hang_after` without any sign of life the person is told what it waits for.
pub fn run(words: &Words, hang_after: Option<Duration>) -> Result<Ended, StartError> {
    let system = |error| StartError::System(words.first().map_or_else(String::new, |w| w.display().to_string()), error);
    let plumbing = plumbing::lay().map_err(system)?;
    #[cfg(unix)]
    let mut signals = signals::Signals::take().map_err(system)?;

    let mut child = start::start(words, plumbing.stdout, plumbing.stderr)?;
    #[cfg(unix)]
    signals.pass_to(child.id(), plumbing.windows);
    #[cfg(not(unix))]
    drop(plumbing.windows);

    let mut capture = Capture::new();
    capture.remark(&format!("$ {}", target::command_line(words)));
    let shared = Arc::new(Shared::new(capture));
    let pumps = Pumps::start(plumbing.channels, &shared);
    let watch = hang_after.map(|after| Watch::start(child.id(), after, &shared));

    #[cfg(unix)]
    signals.command_ended(&child);
    let status = child.wait().map_err(system);
    let hung = watch.is_some_and(Watch::stop);
    let code = status.as_ref().map_or(1, |status| code(*status));
    #[cfg(unix)]
    let interrupted = signals.interrupted() || code == INTERRUPTED;
    #[cfg(not(unix))]
    let interrupted = code == INTERRUPTED;
    pumps.finish();
    #[cfg(unix)]
    signals.end_with(code);
    status?;
    Ok(Ended { code, interrupted, hung, capture: shared.take_capture(), shared })
}

/// The exit code, or 128 and the number of the signal, as shells count.
fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(1)
}
