//! Which lines are worth a closer look: a skipping search for a fragment of every sign, far faster than the search for
//! the signs themselves.
//!
//! Of every pattern one window is looked for, in the manner of Wu and Manber: the last three bytes of the window under the
//! cursor say how far it may jump. A line on which nothing is found holds no sign; one on which something is found may
//! still hold none.

/// Bytes of a window. No sign may be shorter.
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
    /// One bit for every window, by its hash: most blocks that could end a window do not.
    windows: Vec<u64>,
    /// The windows themselves, in order.
    keys: Vec<u64>,
}

/// Letters of both cases alike; other bytes may fall together too, which only makes the search less exact.
fn fold(byte: u8) -> u8 {
    byte | 0x20
}

fn slot(a: u8, b: u8, c: u8) -> usize {
    ((usize::from(fold(a)) << 10) ^ (usize::from(fold(b)) << 5) ^ usize::from(fold(c))) & (SLOTS - 1)
}

/// A window without regard to case, as one number.
fn key(window: &[u8]) -> u64 {
    window.iter().fold(0_u64, |key, byte| (key << 8) | u64::from(fold(*byte)))
}

fn bit(key: u64) -> usize {
    usize::try_from(key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 46).unwrap_or(0) & (BITS - 1)
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
    /// A search for all of these words, compared without regard to ASCII case. What is shorter than a window is left out.
    pub fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Prefilter {
        let longest = u8::try_from(WINDOW - BLOCK + 1).unwrap_or(1);
        let mut filter = Prefilter { jumps: vec![longest; SLOTS], windows: vec![0; BITS / 64], keys: Vec::new() };
        for pattern in patterns {
            filter.add(pattern.as_bytes());
        }
        filter.keys.sort_unstable();
        filter
    }

    fn add(&mut self, pattern: &[u8]) {
        let Some(window) = pattern.windows(WINDOW).min_by_key(|window| cost(window)) else { return };
        for (at, block) in window.windows(BLOCK).enumerate() {
            let jump = u8::try_from(WINDOW - BLOCK - at).unwrap_or(0);
            let slot = slot(block[0], block[1], block[2]);
            self.jumps[slot] = self.jumps[slot].min(jump);
        }
        let key = key(window);
        self.windows[bit(key) / 64] |= 1 << (bit(key) % 64);
        self.keys.push(key);
    }

    /// The places in `text` where a fragment may stand, in their order; after each the search goes on where `found` says.
    pub fn find(&self, text: &[u8], mut found: impl FnMut(usize) -> usize) {
        let mut from = 0;
        while let Some(place) = self.next(text, from) {
            from = found(place).max(place + 1);
        }
    }

    /// The beginning of the next window that begins at `from` or behind.
    fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let jumps: &[u8; SLOTS] = self.jumps.as_slice().try_into().ok()?;
        let mut at = from.checked_add(WINDOW - 1)?;
        while let Some(block) = text.get(at - 2..=at) {
            let jump = jumps[slot(block[0], block[1], block[2])];
            if jump > 0 {
                at += usize::from(jump);
                continue;
            }
            let key = key(&text[at + 1 - WINDOW..=at]);
            let bit = bit(key);
            if (self.windows[bit / 64] >> (bit % 64)) & 1 == 1 && self.keys.binary_search(&key).is_ok() {
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
        let patterns = ["no space left on device", "enospc: ", "getaddrinfo enotfound", "[errno -2]"];
        let filter = Prefilter::new(patterns.into_iter());
        for pattern in patterns {
            for text in [pattern.to_owned(), format!("xx {pattern} yy"), pattern.to_ascii_uppercase()] {
                assert!(finds(&filter, &text), "{text}");
            }
        }
        assert!(!finds(&filter, "model.safetensors: 100% 4.98G/4.98G 97.1MB/s"));
    }

    #[test]
    fn every_sign_is_long_enough() {
        for sign in crate::sign::all() {
            assert!(sign.words.len() >= WINDOW, "{}", sign.words);
            assert_eq!(sign.words, sign.words.to_lowercase(), "signs are compared in lower case");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_missed(before in ".{0,40}", which in 0_usize..3, after in ".{0,40}") {
            let patterns = ["connection refused", "enospc: ", "dns error"];
            let filter = Prefilter::new(patterns.into_iter());
            let text = format!("{before}{}{after}", patterns[which]);
            let at = before.len();
            let mut places = Vec::new();
            filter.find(text.as_bytes(), |place| { places.push(place); place + 1 });
            prop_assert!(places.iter().any(|p| *p >= at && *p < at + patterns[which].len()));
        }
    }
}
