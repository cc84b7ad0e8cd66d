//! Waits until a time, such as the end of a rate limit's window.

use std::time::{Duration, SystemTime};

use super::super::change::{Halt, Recorder};
use super::super::consent::Consent;
use super::Effects;

const LOOK_AGAIN: Duration = Duration::from_millis(250);

pub(super) fn until(
    recorder: &mut Recorder<'_>,
    time: SystemTime,
    consent: &mut dyn Consent,
    effects: &mut Effects,
) -> Result<(), Halt> {
    let world = recorder.world;
    let left = || time.duration_since((world.now)()).unwrap_or_default();
    let whole = left();
    if whole > world.longest_wait {
        return Err(Halt::Skipped(format!("{} seconds are too long to wait here", whole.as_secs())));
    }
    // The clock may be set back meanwhile; what was waited counts, too.
    let begun = std::time::Instant::now();
    let mut told = None;
    while !left().is_zero() && begun.elapsed() < whole {
        if world.is_interrupted() {
            return Err(Halt::Skipped("the wait was ended early".to_owned()));
        }
        let seconds = left().as_secs().saturating_add(1);
        if told.replace(seconds) != Some(seconds) {
            consent.tell(&format!("waiting {seconds} s"));
        }
        std::thread::sleep(LOOK_AGAIN.min(left()));
    }
    effects.done = true;
    Ok(())
}
