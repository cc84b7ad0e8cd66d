//! UTF-16, as PowerShell's redirection writes it, read as UTF-8.

use std::io::Read;

/// Bytes taken from the input at once.
const RAW: usize = 64 * 1024;

/// Which byte of a unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The low one, as Windows writes it.
    Little,
    /// The high one.
    Big,
}

impl Order {
    /// The order of a log whose beginning shows UTF-16: by its byte order mark, else by where the zero bytes of its ASCII part stand.
    pub fn of(sample: &[u8]) -> Option<Order> {
        if sample.starts_with(&[0xFF, 0xFE]) {
            return Some(Order::Little);
        }
        if sample.starts_with(&[0xFE, 0xFF]) {
            return Some(Order::Big);
        }
        let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
        let (even, odd) = (zeros(0), zeros(1));
        let half = sample.len() / 2;
        if half < 4 {
            None
        } else if odd > half / 2 && even < half / 8 {
            Some(Order::Little)
        } else if even > half / 2 && odd < half / 8 {
            Some(Order::Big)
        } else {
            None
        }
    }

    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Order::Little => u16::from_le_bytes(pair),
            Order::Big => u16::from_be_bytes(pair),
        }
    }
}

/// A reader of UTF-16 that gives UTF-8; what is no UTF-16 becomes the replacement character.
pub struct Utf16<R> {
    input: R,
    order: Order,
    /// What the last read left: at most half a pair of surrogates and half a unit.
    raw: Vec<u8>,
    text: String,
    given: usize,
    begun: bool,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    /// Reads `input` as UTF-16 of this order, without its byte order mark.
    pub fn new(input: R, order: Order) -> Utf16<R> {
        Utf16 { input, order, raw: Vec::new(), text: String::new(), given: 0, begun: false, ended: false }
    }

    /// Reads one piece and decodes what is complete of it.
    fn fill(&mut self) -> std::io::Result<()> {
        let kept = self.raw.len();
        self.raw.resize(kept + RAW, 0);
        let read = match self.input.read(&mut self.raw[kept..]) {
            Ok(read) => read,
            Err(error) => {
                self.raw.truncate(kept);
                return Err(error);
            }
        };
        self.raw.truncate(kept + read);
        self.ended = read == 0;
        let mut whole = self.raw.len() / 2 * 2;
        let last = self.raw[..whole].last_chunk::<2>().map(|pair| self.order.unit(*pair));
        if !self.ended && last.is_some_and(|unit| (0xD800..0xDC00).contains(&unit)) {
            whole -= 2;
        }
        let units = self.raw[..whole].chunks_exact(2).map(|pair| self.order.unit([pair[0], pair[1]]));
        self.text.clear();
        self.given = 0;
        self.text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        if whole > 0 && !std::mem::replace(&mut self.begun, true) && self.text.starts_with('\u{FEFF}') {
            self.given = '\u{FEFF}'.len_utf8();
        }
        self.raw.drain(..whole);
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            self.fill()?;
        }
        let part = &self.text.as_bytes()[self.given..];
        let count = part.len().min(out.len());
        out[..count].copy_from_slice(&part[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives at most so many bytes a read.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(self.1).min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn decoded(bytes: &[u8], order: Order, at_once: usize) -> String {
        let mut text = String::new();
        Utf16::new(Dribble(bytes, at_once), order).read_to_string(&mut text).expect("a reader of memory");
        text
    }

    fn encoded(text: &str, order: Order) -> Vec<u8> {
        let unit = |unit: u16| match order {
            Order::Little => unit.to_le_bytes(),
            Order::Big => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(unit).collect()
    }

    proptest! {
        #[test]
        fn text_comes_back_whatever_the_pieces(text in any::<String>(), big in any::<bool>(), at_once in 1usize..9) {
            let order = if big { Order::Big } else { Order::Little };
            prop_assume!(!text.starts_with('\u{FEFF}'));
            prop_assert_eq!(&decoded(&encoded(&text, order), order, at_once), &text);
            prop_assert_eq!(decoded(&encoded(&format!("\u{FEFF}{text}"), order), order, at_once), text);
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..600), at_once in 1usize..70) {
            let text = decoded(&bytes, Order::Little, at_once);
            prop_assert!(text.len() <= bytes.len() * 3);
        }
    }

    #[test]
    fn the_order_shows_in_a_mark_or_in_the_zeros() {
        assert_eq!(Order::of(&[0xFF, 0xFE]), Some(Order::Little));
        assert_eq!(Order::of(&[0xFE, 0xFF, 0, 0]), Some(Order::Big));
        assert_eq!(Order::of(&encoded("OSError: no space", Order::Little)), Some(Order::Little));
        assert_eq!(Order::of(&encoded("OSError: no space", Order::Big)), Some(Order::Big));
        assert_eq!(Order::of(b"OSError: no space"), None);
        assert_eq!(Order::of(&[0; 64]), None);
    }

    #[test]
    fn half_a_pair_at_the_end_is_replaced() {
        assert_eq!(decoded(&[0x3D, 0xD8], Order::Little, 8), "\u{FFFD}");
        assert_eq!(decoded(&[b'a', 0, 0x3D, 0xD8, b'b', 0], Order::Little, 8), "a\u{FFFD}b");
    }
}
