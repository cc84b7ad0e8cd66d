//! Bytes to lines, in bounded memory.

use std::io::{BufRead, BufReader, Read};

use super::scan::Scan;

/// Reads to the end; says how many lines there were.
pub fn read(input: impl Read, scan: &mut Scan) -> std::io::Result<u64> {
    let mut input = BufReader::with_capacity(1 << 18, input);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let read = (&mut input).take(1 << 20).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(number);
        }
        number += 1;
        for part in line.split(|b| *b == b'\n' || *b == b'\r') {
            scan.line(number, part);
        }
    }
}
