//! A spinner on standard error that names what is still being waited for.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use hfdoctor_checks::observe::{Progress, Want};
use indicatif::{ProgressBar, ProgressStyle};

/// Shown only on a terminal; otherwise nothing is drawn.
#[derive(Debug)]
struct Spinner(ProgressBar);

/// A spinner where standard error is a terminal, silence elsewhere.
pub fn spinner() -> Arc<dyn Progress> {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    Arc::new(Spinner(bar))
}

impl Progress for Spinner {
    fn waiting_for(&self, wants: &BTreeSet<Want>) {
        if wants.is_empty() {
            self.0.finish_and_clear();
            return;
        }
        let words: Vec<&str> = wants.iter().map(|want| want.words()).collect();
        self.0.set_message(format!("looking at {}", words.join(", ")));
        self.0.enable_steady_tick(Duration::from_millis(100));
    }
}
