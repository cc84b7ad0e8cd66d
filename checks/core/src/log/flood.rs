//! Lines that come again and again: they are counted, and only the last of each is looked at once more.

use std::collections::HashMap;

/// A line is looked at so many times in full.
const FLOOD: u64 = 500;
/// So many different lines are counted.
const SHAPES: usize = 4096;
/// Bytes kept of a line that was put aside.
const KEPT: usize = 2048;

#[derive(Debug, Default)]
struct Shape {
    count: u64,
    last: Option<(u64, Vec<u8>)>,
}

/// How often lines of one shape came.
#[derive(Debug, Default)]
pub struct Floods(HashMap<u64, Shape>);

impl Floods {
    /// Whether a line came so often that it is put aside.
    pub fn puts_aside(&mut self, number: u64, bytes: &[u8]) -> bool {
        let key = shape_of(bytes);
        if self.0.len() >= SHAPES && !self.0.contains_key(&key) {
            return false;
        }
        let shape = self.0.entry(key).or_default();
        shape.count += 1;
        if shape.count <= FLOOD {
            return false;
        }
        let mut kept = shape.last.take().map_or_else(Vec::new, |(_, kept)| kept);
        kept.clear();
        kept.extend_from_slice(&bytes[..bytes.len().min(KEPT)]);
        shape.last = Some((number, kept));
        true
    }

    /// The last of every line that was put aside, in the log's order.
    pub fn rest(&mut self) -> Vec<(u64, Vec<u8>)> {
        let mut rest: Vec<(u64, Vec<u8>)> = self.0.drain().filter_map(|(_, shape)| shape.last).collect();
        rest.sort();
        rest
    }
}

/// A line's bytes without its numbers, as a hash (FNV-1a): enough to tell lines apart.
pub fn shape_of(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ (bytes.len() as u64 / 8);
    for byte in bytes.iter().take(1024).filter(|b| !b.is_ascii_digit() && !matches!(b, b'a'..=b'f')) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

/// Whether two lines differ in numbers only.
pub fn same_shape(a: &str, b: &str) -> bool {
    a == b || (a.len() / 8 == b.len() / 8 && shape_of(a.as_bytes()) == shape_of(b.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_flood_is_kept() {
        let mut floods = Floods::default();
        let aside = (1..=600).filter(|n| floods.puts_aside(*n, format!("request {n} failed").as_bytes())).count();
        assert!(aside > 80, "{aside}");
        let rest = floods.rest();
        assert_eq!(rest.last().map(|(number, _)| *number), Some(600));
        assert!(floods.rest().is_empty());
    }

    #[test]
    fn shapes_ignore_numbers() {
        assert!(same_shape("try 17 of 99", "try 18 of 99"));
        assert!(!same_shape("try 17 of 99", "end 17 of 99"));
    }
}
