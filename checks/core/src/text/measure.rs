//! Sizes and ages in words.

use std::time::SystemTime;

/// A size as disks and the Hub state it: `12.3 GB`, powers of ten.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// How long ago something was: `12 minutes`.
pub fn age(now: SystemTime, then: SystemTime) -> String {
    let seconds = now.duration_since(then).unwrap_or_default().as_secs();
    let (count, unit) = match seconds {
        0..=89 => (seconds, "second"),
        90..=5399 => ((seconds + 30) / 60, "minute"),
        5400..=172_799 => ((seconds + 1800) / 3600, "hour"),
        _ => ((seconds + 43_200) / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// A number with its noun: `1 file`, `3 files`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn sizes_have_two_or_three_digits() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (9_949_999, "9.9 MB"),
            (12_345_678, "12 MB"),
            (999_600, "1.0 MB"),
            (4_976_698_672, "5.0 GB"),
            (u64::MAX, "18447 PB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }

    #[test]
    fn ages_are_rounded_to_the_unit_that_people_say() {
        let then = SystemTime::UNIX_EPOCH;
        for (seconds, words) in
            [(0, "0 seconds"), (1, "1 second"), (90, "2 minutes"), (7200, "2 hours"), (259_200, "3 days")]
        {
            assert_eq!(age(then + Duration::from_secs(seconds), then), words);
        }
        // A time that lies ahead, as on a machine whose clock was set back.
        assert_eq!(age(then, then + Duration::from_secs(5)), "0 seconds");
    }
}
