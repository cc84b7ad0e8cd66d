//! Waiting until a limit has reset, with a countdown on standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, SystemTime};

/// The limit resets later than the person wants to wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the limit resets in {needed} s, and --max-wait is {most} s: not waiting")]
pub struct TooLong {
    /// Seconds until then.
    pub needed: u64,
    /// Seconds that would have been waited.
    pub most: u64,
}

/// How long there is to wait until `time`: nothing when it has passed.
pub fn until(time: SystemTime, now: SystemTime, most: Duration) -> Result<Duration, TooLong> {
    let needed = time.duration_since(now).unwrap_or_default();
    if needed > most {
        return Err(TooLong { needed: needed.as_secs(), most: most.as_secs() });
    }
    Ok(needed)
}

/// Waits, and says on standard error how long still: every second on a terminal, once elsewhere.
pub fn count_down(wait: Duration) {
    let mut out = std::io::stderr();
    let terminal = out.is_terminal();
    // Nobody listening on standard error is no reason not to wait.
    let _ = writeln!(out, "waiting {} s until the limit has reset", wait.as_secs().saturating_add(1));
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
        assert_eq!(until(now + Duration::from_secs(30), now, most), Ok(Duration::from_secs(30)));
        assert_eq!(until(now - Duration::from_secs(30), now, most), Ok(Duration::ZERO));
        assert_eq!(until(now + Duration::from_secs(61), now, most), Err(TooLong { needed: 61, most: 60 }));
    }
}
