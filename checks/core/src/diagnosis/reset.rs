//! When a limit ends, as the causes say it.

use std::time::SystemTime;

use super::fix::{Action, Risk};
use super::rank::Ranked;

/// The end of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// When it ends.
    pub time: SystemTime,
    /// Nobody said so: the time is an estimate.
    pub estimated: bool,
}

/// The latest time that a cause's fix waits for: what `--wait` waits until. None when the first cause does not end by
/// waiting.
///
/// Only the causes that bear on the failure as much as the first one does count: an old limit in a log does not hold up
/// who has another trouble now.
pub fn resets_at(causes: &[Ranked]) -> Option<Reset> {
    let first = causes.first()?;
    waits(first).next()?;
    causes
        .iter()
        .filter(|ranked| ranked.finding.bearing == first.finding.bearing)
        .flat_map(waits)
        .max_by_key(|reset| reset.time)
}

fn waits(ranked: &Ranked) -> impl Iterator<Item = Reset> {
    ranked.finding.fixes.iter().flat_map(|fix| {
        fix.actions.iter().filter_map(|action| match action {
            Action::WaitUntil { time } => Some(Reset { time: *time, estimated: fix.risk != Risk::Safe }),
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::diagnosis::{Bearing, Cause, Certainty, Finding, Fix, rank};

    fn waiting(cause: Cause, bearing: Bearing, seconds: u64) -> (&'static str, Finding) {
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        let fix = Fix::automatic("wait", Risk::Safe, "wait", vec![Action::WaitUntil { time }]);
        ("test", Finding::new(cause, Certainty::Confirmed, "limited").bearing(bearing).fix(fix))
    }

    #[test]
    fn the_latest_of_what_matters() {
        let causes = rank(vec![
            waiting(Cause::RateLimitAccount, Bearing::Failure, 100),
            waiting(Cause::RateLimitCdn, Bearing::Failure, 200),
            waiting(Cause::RateLimitMirror, Bearing::Trace, 900),
        ]);
        let time = UNIX_EPOCH + Duration::from_secs(200);
        assert_eq!(resets_at(&causes), Some(Reset { time, estimated: false }));
        assert_eq!(resets_at(&[]), None);
        let other = rank(vec![("test", Finding::new(Cause::DiskFull, Certainty::Confirmed, "full"))]);
        assert_eq!(resets_at(&other), None);
    }

    #[test]
    fn nobody_waits_for_what_does_not_end_by_waiting() {
        let full = ("test", Finding::new(Cause::DiskFull, Certainty::Confirmed, "full"));
        let causes = rank(vec![full, waiting(Cause::RateLimitCdn, Bearing::Failure, 200)]);
        assert_eq!(causes[0].finding.cause, Cause::DiskFull);
        assert_eq!(resets_at(&causes), None);
    }
}
