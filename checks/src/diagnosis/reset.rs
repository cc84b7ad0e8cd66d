//! When a limit ends, as the causes say it.

use std::time::SystemTime;

use super::fix::Action;
use super::rank::Ranked;

/// The latest time that a cause's fix waits for: what `--wait` waits until. None when no cause ends by waiting.
///
/// Only the causes that bear on the failure as much as the first one does count: an old limit in a log does not hold up
/// who has another trouble now.
pub fn resets_at(causes: &[Ranked]) -> Option<SystemTime> {
    let bearing = causes.first()?.finding.bearing;
    causes
        .iter()
        .filter(|ranked| ranked.finding.bearing == bearing)
        .flat_map(|ranked| &ranked.finding.fixes)
        .flat_map(|fix| &fix.actions)
        .filter_map(|action| match action {
            Action::WaitUntil { time } => Some(*time),
            _ => None,
        })
        .max()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::diagnosis::{Bearing, Cause, Certainty, Finding, Fix, Risk, rank};

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
        assert_eq!(resets_at(&causes), Some(UNIX_EPOCH + Duration::from_secs(200)));
        assert_eq!(resets_at(&[]), None);
        let other = rank(vec![("test", Finding::new(Cause::DiskFull, Certainty::Confirmed, "full"))]);
        assert_eq!(resets_at(&other), None);
    }
}
