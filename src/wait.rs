//! Waiting until a limit has reset, with a countdown on standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, SystemTime};

use hfdoctor_core::diagnosis::Reset;

/// The limit ends later than the person wants to wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not waiting: the limit ends in {needed} s{}, and --max-wait is {most} s; `--max-wait {needed}` waits that long",
    if *estimated { " by an estimate" } else { "" }
)]
pub struct TooLong {
    /// Seconds until then.
    pub needed: u64,
    /// Whether that is an estimate.
    pub estimated: bool,
    /// Seconds that would have been waited.
    pub most: u64,
}

/// How long there is to wait until a limit ends: nothing when it has ended.
pub fn until(reset: Reset, now: SystemTime, most: Duration) -> Result<Duration, TooLong> {
    let needed = reset.time.duration_since(now).unwrap_or_default();
    if needed > most {
        let whole = needed.as_secs().saturating_add(u64::from(needed.subsec_nanos() > 0));
        return Err(TooLong { needed: whole, estimated: reset.estimated, most: most.as_secs() });
    }
    Ok(needed)
}

/// Waits, and says on standard error how long still: every second on a terminal, once elsewhere.
pub fn count_down(wait: Duration, estimated: bool) {
    let mut out = std::io::stderr();
    let terminal = out.is_terminal();
    // Nobody listening on standard error is no reason not to wait.
    let by = if estimated { ", by an estimate" } else { "" };
    let _ = writeln!(out, "waiting {} s until the limit has ended{by}", wait.as_secs().saturating_add(1));
    let end = std::time::Instant::now() + wait;
    loop {
        let left = end.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            break;
        }
        if terminal {
            let _ = write!(out, "\r{:>5} s ", left.as_secs() + 1).and_then(|()| out.flush());
        }
        std::thread::sleep(left.min(Duration::from_secs(1)));
    }
    if terminal {
        let _ = writeln!(out, "\r        ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_ahead_is_waited_for() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let most = Duration::from_mins(1);
        let at = |time| until(Reset { time, estimated: true }, now, most);
        assert_eq!(at(now + Duration::from_secs(30)), Ok(Duration::from_secs(30)));
        assert_eq!(at(now - Duration::from_secs(30)), Ok(Duration::ZERO));
        let too_long = at(now + Duration::from_millis(60_100)).unwrap_err();
        assert_eq!(too_long, TooLong { needed: 61, estimated: true, most: 60 });
        assert_eq!(
            too_long.to_string(),
            "not waiting: the limit ends in 61 s by an estimate, and --max-wait is 60 s; `--max-wait 61` waits that long"
        );
        assert_eq!(
            until(Reset { time: now + Duration::from_secs(61), estimated: true }, now, Duration::from_secs(61)),
            Ok(Duration::from_secs(61))
        );
    }
}
