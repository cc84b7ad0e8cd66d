//! Which lines are worth a closer look: a skipping search for a fragment of every sign, far faster than the search for
//! the signs themselves.
//!
//! Of every pattern one window of [`WINDOW`] bytes is looked for, in the manner of Wu and Manber: the last three bytes of
//! the window under the cursor say how far it may jump. What is shorter than a window is looked for on its own. A line
//! on which neither finds anything holds no sign; one on which they do may still hold none.

use aho_corasick::AhoCorasick;

/// Bytes of a window.
const WINDOW: usize = 8;
/// Bytes that decide on a jump.
const BLOCK: usize = 3;
/// Slots of the table of jumps.
const SLOTS: usize = 1 << 15;
/// Bits of the table of windows.
const BITS: usize = 1 << 18;

/// The search for fragments.
#[derive(Debug)]
pub struct Prefilter {
    jumps: Vec<u8>,
    windows: Vec<u64>,
    short: Option<AhoCorasick>,
}

/// Letters of both cases alike; other bytes may fall together too, which only makes the search less exact.
fn fold(byte: u8) -> u8 {
    byte | 0x20
}

fn slot(a: u8, b: u8, c: u8) -> usize {
    ((usize::from(fold(a)) << 10) ^ (usize::from(fold(b)) << 5) ^ usize::from(fold(c))) & (SLOTS - 1)
}

fn bit(window: [u8; WINDOW]) -> usize {
    let folded = u64::from_le_bytes(window) | 0x2020_2020_2020_2020;
    let mixed = folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 46;
    usize::try_from(mixed).unwrap_or(0) & (BITS - 1)
}

/// How common a letter is in logs: windows of rare letters make fewer false finds and longer jumps.
fn commonness(byte: u8) -> u32 {
    match fold(byte) {
        b' ' | b'e' => 9,
        b't' | b'a' | b'o' | b'i' | b'n' | b'r' | b's' => 6,
        b'l' | b'd' | b'c' | b'm' | b'u' | b'p' | b'f' | b'h' => 4,
        b'0'..=b'9' | b'.' | b'/' | b':' | b'=' => 7,
        _ => 1,
    }
}

/// What healthy logs are full of: no window is taken from it where another is at hand.
const EVERYWHERE: &[&str] = &[
    "http/1.1",
    "http/1.0",
    "http/2 200",
    "https://huggingface.co/",
    "http://",
    "content-length",
    "content-type",
    "connection",
    "download",
    "downloading",
    "huggingface_hub",
    "huggingface.co",
    "huggingface",
    "response",
    "request",
    "model.safetensors",
    "transformers",
    "complete",
    "/resolve/main/",
    "/api/models/",
    "authorization",
    "warning",
];

/// How many false finds a window makes, roughly.
fn cost(window: &[u8]) -> u32 {
    let everywhere = std::str::from_utf8(window).is_ok_and(|text| {
        let text = text.to_ascii_lowercase();
        EVERYWHERE.iter().any(|phrase| phrase.contains(&text))
    });
    window.iter().map(|b| commonness(*b)).sum::<u32>() + if everywhere { 1000 } else { 0 }
}

impl Prefilter {
    /// A search for all of these words, compared without regard to ASCII case.
    pub fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Prefilter {
        let longest = u8::try_from(WINDOW - BLOCK + 1).unwrap_or(1);
        let mut jumps = vec![longest; SLOTS];
        let mut windows = vec![0_u64; BITS / 64];
        let mut short: Vec<&str> = Vec::new();
        for pattern in patterns {
            let bytes = pattern.as_bytes();
            let rarest = bytes.windows(WINDOW).min_by_key(|w| cost(w));
            let Some(window) = rarest.and_then(|w| <[u8; WINDOW]>::try_from(w).ok()) else {
                short.push(pattern);
                continue;
            };
            for (at, block) in window.windows(BLOCK).enumerate() {
                let jump = u8::try_from(WINDOW - BLOCK - at).unwrap_or(0);
                let slot = slot(block[0], block[1], block[2]);
                jumps[slot] = jumps[slot].min(jump);
            }
            let bit = bit(window);
            windows[bit / 64] |= 1 << (bit % 64);
        }
        let short = (!short.is_empty()).then(|| {
            let both: Vec<String> =
                short.iter().flat_map(|s| [s.to_ascii_lowercase(), s.to_ascii_uppercase()]).collect();
            AhoCorasick::new(both).expect("a few short patterns fit an automaton")
        });
        Prefilter { jumps, windows, short }
    }

    /// The places in `text` where a fragment may stand, in their order; after each the search goes on at what `next` says.
    pub fn find(&self, text: &[u8], mut found: impl FnMut(usize) -> usize) {
        let mut short = self.next_short(text, 0);
        let mut at = WINDOW - 1;
        loop {
            let long = self.next_long(text, at);
            let place = match (long, short) {
                (Some(long), Some(short)) => long.min(short),
                (Some(place), None) | (None, Some(place)) => place,
                (None, None) => return,
            };
            let next = found(place).max(place + 1);
            at = next + WINDOW - 1;
            if short.is_some_and(|short| short < next) {
                short = self.next_short(text, next);
            }
        }
    }

    fn next_short(&self, text: &[u8], from: usize) -> Option<usize> {
        let rest = text.get(from..)?;
        self.short.as_ref()?.find(rest).map(|found| from + found.start())
    }

    /// The beginning of the next window that ends at `at` or behind.
    fn next_long(&self, text: &[u8], mut at: usize) -> Option<usize> {
        let jumps: &[u8; SLOTS] = self.jumps.as_slice().try_into().ok()?;
        while at < text.len() {
            let jump = jumps[slot(text[at - 2], text[at - 1], text[at])];
            if jump > 0 {
                at += usize::from(jump);
                continue;
            }
            let window = <[u8; WINDOW]>::try_from(&text[at + 1 - WINDOW..=at]).ok()?;
            let bit = bit(window);
            if self.windows[bit / 64] >> (bit % 64) & 1 == 1 {
                return Some(at + 1 - WINDOW);
            }
            at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finds(filter: &Prefilter, text: &str) -> bool {
        let mut any = false;
        filter.find(text.as_bytes(), |_| {
            any = true;
            text.len()
        });
        any
    }

    #[test]
    fn every_pattern_is_found_in_every_case() {
        let patterns = ["no space left on device", "eperm", "a\"b", "getaddrinfo enotfound", "[errno -2]"];
        let filter = Prefilter::new(patterns.into_iter());
        for pattern in patterns {
            for text in [pattern.to_owned(), format!("xx {pattern} yy"), pattern.to_ascii_uppercase()] {
                assert!(finds(&filter, &text), "{text}");
            }
        }
        assert!(!finds(&filter, "model.safetensors: 100% 4.98G/4.98G 97.1MB/s"));
    }

    proptest! {
        #[test]
        fn nothing_is_missed(before in ".{0,40}", which in 0_usize..3, after in ".{0,40}") {
            let patterns = ["connection refused", "enospc", "dns error"];
            let filter = Prefilter::new(patterns.into_iter());
            let text = format!("{before}{}{after}", patterns[which]);
            let at = before.len();
            let mut places = Vec::new();
            filter.find(text.as_bytes(), |place| { places.push(place); place + 1 });
            prop_assert!(places.iter().any(|p| *p >= at && *p < at + patterns[which].len()));
        }
    }
}
