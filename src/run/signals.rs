//! Signals while the command runs: it gets what was meant for it, and this program outlives it to report.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::{Cause, Origin};

use super::plumbing::Window;

/// What the signals' thread and the run share.
#[derive(Debug, Default)]
struct State {
    /// The command's process as long as its number belongs to it.
    command: Mutex<Option<Pid>>,
    /// Whether the person or a supervisor asked the command to end.
    interrupted: AtomicBool,
    /// What this program exits with when it is interrupted after the command's end.
    code: Mutex<Option<i32>>,
}

/// The signals of a run.
pub struct Signals {
    state: Arc<State>,
    source: Option<SignalsInfo<WithOrigin>>,
}

impl Signals {
    /// Begins to take the signals, before the command exists, so that none ends this program first.
    pub fn take() -> std::io::Result<Signals> {
        let ignored = ignored();
        // One that is ignored, as SIGHUP below nohup, stays so for the command as well: a handler would undo it.
        let wanted = [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH]
            .into_iter()
            .filter(|signal| !ignored.map_or(*signal == SIGHUP, |set| set & (1 << (signal - 1)) != 0));
        Ok(Signals { state: Arc::default(), source: Some(SignalsInfo::new(wanted)?) })
    }

    /// Starts to pass them on.
    pub fn pass_to(&mut self, command: u32, windows: Vec<Window>) {
        *lock(&self.state.command) = i32::try_from(command).ok().and_then(Pid::from_raw);
        if let Some(mut source) = self.source.take() {
            let state = Arc::clone(&self.state);
            std::thread::spawn(move || {
                for origin in source.forever() {
                    act(&origin, &state, &windows);
                }
            });
        }
    }

    /// Waits until the command has ended, and lets go of its number while that still belongs to it.
    pub fn command_ended(&self, command: &Child) {
        if let Some(pid) = i32::try_from(command.id()).ok().and_then(Pid::from_raw) {
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            // Any other error than an interruption comes back when the command is waited for in earnest.
            while waitid(WaitId::Pid(pid), ended).is_err_and(|error| error == Errno::INTR) {}
        }
        *lock(&self.state.command) = None;
    }

    /// From now on a request to end this program ends it, with this code.
    pub fn end_with(&self, code: i32) {
        *lock(&self.state.code) = Some(code);
    }

    /// Whether the person or a supervisor asked the command to end.
    pub fn interrupted(&self) -> bool {
        self.state.interrupted.load(Ordering::SeqCst)
    }
}

fn act(origin: &Origin, state: &State, windows: &[Window]) {
    if origin.signal == SIGWINCH {
        windows.iter().for_each(Window::follow);
    }
    let ends = matches!(origin.signal, SIGINT | SIGQUIT | SIGTERM | SIGHUP);
    let command = lock(&state.command);
    if let Some(pid) = *command {
        if ends {
            state.interrupted.store(true, Ordering::SeqCst);
        }
        if !has_it_already(origin)
            && let Some(signal) = Signal::from_named_raw(origin.signal)
        {
            // It may just have ended.
            let _ = kill_process(pid, signal);
        }
    } else if ends && let Some(code) = *lock(&state.code) {
        // The person does not want to wait for the diagnosis.
        std::process::exit(code);
    }
}

/// Whether the command got the signal too: the terminal sends what keys mean to the whole foreground job.
fn has_it_already(origin: &Origin) -> bool {
    match (origin.signal, origin.cause) {
        // The command's terminal has its new size only now, after the signal that the command got with this program.
        (SIGWINCH, _) | (_, Cause::Sent(_)) => false,
        (_, Cause::Kernel) => true,
        // Where the system does not tell, the keys are by far the most likely origin of these two.
        (signal, _) => matches!(signal, SIGINT | SIGQUIT),
    }
}

/// The signals that this program was told to ignore, bit n-1 for signal n; none where that cannot be seen.
fn ignored() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(set.trim(), 16).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
