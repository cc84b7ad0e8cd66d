//! What standard error shows meanwhile: a spinner that names what is still being waited for, and a bar while files are hashed.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hfdoctor_checks::observe::{Progress, Want};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Bytes done and in all, the rate and the time that remains.
const BAR: &str = "hashing {wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";

/// Shown only on a terminal; otherwise nothing is drawn.
#[derive(Debug)]
struct Shown {
    line: ProgressBar,
    /// Made when hashing begins; set when the person presses Ctrl-C while it runs.
    stop: OnceLock<Arc<AtomicBool>>,
}

/// A spinner where standard error is a terminal, silence elsewhere.
pub fn spinner() -> Arc<dyn Progress> {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    Arc::new(shown_on(target))
}

fn shown_on(target: ProgressDrawTarget) -> Shown {
    let line = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        line.set_style(style);
    }
    Shown { line, stop: OnceLock::new() }
}

impl Progress for Shown {
    fn waiting_for(&self, wants: &BTreeSet<Want>) {
        if wants.is_empty() {
            self.line.finish_and_clear();
            return;
        }
        if self.stop.get().is_none() {
            let words: Vec<&str> = wants.iter().map(|want| want.words()).collect();
            self.line.set_message(format!("looking at {}", words.join(", ")));
            // The bar's own thread is started without asking whether there can be one more.
            if std::thread::Builder::new().spawn(|| {}).is_ok_and(|one| one.join().is_ok()) {
                self.line.enable_steady_tick(Duration::from_millis(100));
            }
        }
    }

    fn hashing(&self, done: u64, total: u64) {
        // Nothing to hash, or not yet counted.
        if total == 0 {
            return;
        }
        self.stop.get_or_init(|| {
            self.line.disable_steady_tick();
            if let Ok(style) = ProgressStyle::with_template(BAR) {
                self.line.set_style(style);
            }
            self.line.reset();
            let stop = Arc::new(AtomicBool::new(false));
            heed_interrupts(&stop);
            stop
        });
        self.line.set_length(total);
        self.line.set_position(done.min(total));
    }

    fn stops_hashing(&self) -> bool {
        self.stop.get().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

/// The first Ctrl-C ends the hashing, so that what it has found is still told; the second ends the program.
#[cfg(unix)]
fn heed_interrupts(stop: &Arc<AtomicBool>) {
    use signal_hook::consts::SIGINT;
    // In this order: at the second one the flag is set already. Without the handler Ctrl-C ends the program, as ever.
    let _ = signal_hook::flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(stop));
    let _ = signal_hook::flag::register(SIGINT, Arc::clone(stop));
}

/// Here Ctrl-C ends the program; hashing only reads.
#[cfg(not(unix))]
fn heed_interrupts(_: &Arc<AtomicBool>) {}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::InMemoryTerm;

    #[test]
    fn the_bar_tells_how_far_hashing_has_come() {
        let terminal = InMemoryTerm::new(4, 100);
        let shown = shown_on(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        shown.waiting_for(&BTreeSet::from([Want::Integrity]));
        assert!(terminal.contents().contains("looking at cached files"), "{}", terminal.contents());
        shown.hashing(0, 4_000_000);
        shown.hashing(1_000_000, 4_000_000);
        shown.line.force_draw();
        let page = terminal.contents();
        assert!(page.contains("1.00 MB of 4.00 MB") && page.contains("left"), "{page}");
        // What else is still waited for does not take the bar away.
        shown.waiting_for(&BTreeSet::from([Want::Integrity]));
        assert!(!shown.stops_hashing());
        shown.waiting_for(&BTreeSet::new());
        assert_eq!(terminal.contents(), "");
    }
}
