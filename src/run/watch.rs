//! Noticing that the command hangs: it prints nothing, and nothing that it does can be seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use hfdoctor_checks::case::Environment;
use hfdoctor_core::redact::Redactor;

use super::stream::Shared;

/// How long a look at the processes may take. It blocks when it meets a file system that does not answer.
const LOOK: Duration = Duration::from_secs(3);

/// The watch over one command.
pub struct Watch {
    told: Arc<AtomicBool>,
    // Dropping it ends the watch.
    _stop: Sender<()>,
}

impl Watch {
    /// Starts to watch the process; after `patience` without a sign of life it tells the person what is waited for.
    pub fn start(command: u32, patience: Duration, shared: &Arc<Shared>) -> Watch {
        let (stop, stopped) = mpsc::channel::<()>();
        let told = Arc::new(AtomicBool::new(false));
        let (shared, ever_told) = (Arc::clone(shared), Arc::clone(&told));
        std::thread::spawn(move || {
            let mut silence = Silence::new(command, patience, shared.bytes());
            let tick = (patience / 10).clamp(Duration::from_millis(20), Duration::from_secs(1));
            let mut last = Instant::now();
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(tick) {
                // A machine that slept or a job that was stopped was not silent: of a long pause only a tick counts.
                let passed = last.elapsed().min(tick * 2);
                last = Instant::now();
                if let Some(words) = silence.goes_on(&shared, passed) {
                    let home = Environment::of_process().home;
                    let words = Redactor::new(std::iter::empty(), home.as_deref()).clean(&words);
                    // The command may have ended during the look.
                    if let Err(mpsc::TryRecvError::Empty) = stopped.try_recv() {
                        ever_told.store(true, Ordering::SeqCst);
                        shared.say(&words);
                    }
                }
            }
        });
        Watch { told, _stop: stop }
    }

    /// Ends the watch; true when the command was seen to hang.
    pub fn stop(self) -> bool {
        self.told.load(Ordering::SeqCst)
    }
}

/// How long there has been no sign of life.
struct Silence {
    command: u32,
    patience: Duration,
    bytes: u64,
    lasts: Duration,
    life: Option<look::Life>,
    told: bool,
    /// A look did not come back: what it would say is not known any more.
    blind: bool,
}

impl Silence {
    fn new(command: u32, patience: Duration, bytes: u64) -> Silence {
        Silence { command, patience, bytes, lasts: Duration::ZERO, life: None, told: false, blind: false }
    }

    /// Counts the time that has passed; what the person is to be told, when it is time for that.
    fn goes_on(&mut self, shared: &Shared, passed: Duration) -> Option<String> {
        let bytes = shared.bytes();
        if bytes != self.bytes || shared.is_writing() {
            self.bytes = bytes;
            self.life = None;
            return self.broken();
        }
        self.lasts += passed;
        // Looking at the processes costs something: only once the silence has lasted.
        if self.lasts * 2 < self.patience {
            return None;
        }
        let command = self.command;
        if let Some(now) = self.look(move || look::Life::of(command)) {
            let moved = self.life.as_ref().is_some_and(|before| now.moved(before, passed));
            self.life = Some(now);
            if moved {
                return self.broken();
            }
        }
        if self.lasts < self.patience || self.told {
            return None;
        }
        if self.look(move || look::waits_on_purpose(command)) == Some(true) {
            return self.broken();
        }
        self.told = true;
        let patience = self.patience;
        let words = self.look(move || look::message(command, patience));
        Some(words.unwrap_or_else(|| {
            let seconds = patience.as_secs_f32();
            format!(
                "hfdoctor: nothing printed for {seconds} s; the command goes on\n  looking at its open files hangs too: a \
                 disk or a network file system does not answer"
            )
        }))
    }

    fn broken(&mut self) -> Option<String> {
        (self.lasts, self.told) = (Duration::ZERO, false);
        None
    }

    fn look<T: Send + 'static>(&mut self, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        if self.blind {
            return None;
        }
        let (send, receive) = mpsc::sync_channel(1);
        std::thread::spawn(move || send.send(job()));
        let seen = receive.recv_timeout(LOOK).ok();
        self.blind = seen.is_none();
        seen
    }
}

#[cfg(target_os = "linux")]
use super::waiting as look;

/// Where the system does not show what processes wait for, only the output is watched.
#[cfg(not(target_os = "linux"))]
mod look {
    use std::time::Duration;

    /// Nothing that can be seen here.
    pub struct Life;

    impl Life {
        pub fn of(_: u32) -> Life {
            Life
        }

        pub fn moved(&self, _: &Life, _: Duration) -> bool {
            false
        }
    }

    pub fn waits_on_purpose(_: u32) -> bool {
        false
    }

    pub fn message(_: u32, patience: Duration) -> String {
        format!(
            "hfdoctor: nothing printed for {} s; the command goes on; what it waits for cannot be seen on this system",
            patience.as_secs_f32()
        )
    }
}
