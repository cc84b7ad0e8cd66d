//! Bytes to lines, in bounded memory: most of a long log is only searched, not cut into lines.

use std::io::{Cursor, Read};

use memchr::{memchr_iter, memchr2, memrchr2};

use super::scan::Scan;
use super::utf16::{Order, Utf16};

/// Bytes read at once; also the longest line that is seen in one piece.
const BUFFER: usize = 1 << 20;
/// Bytes at the beginning of a log whose lines are all looked at: most logs are no longer.
const WHOLE: usize = 1 << 18;
/// Bytes that tell the encoding.
const SAMPLE: u64 = 4096;

/// Reads to the end; says how many lines there were.
pub fn read(mut input: impl Read, scan: &mut Scan) -> std::io::Result<u64> {
    let mut sample = Vec::new();
    (&mut input).take(SAMPLE).read_to_end(&mut sample)?;
    // Windows' programs put a mark of the encoding before the first line.
    if sample.starts_with(b"\xef\xbb\xbf") {
        sample.drain(..3);
    }
    let order = Order::of(&sample);
    let input = Cursor::new(sample).chain(input);
    match order {
        Some(order) => blocks(Utf16::new(input, order), scan),
        None => blocks(input, scan),
    }
}

/// Reads block after block, each ending with a line.
fn blocks(mut input: impl Read, scan: &mut Scan) -> std::io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    let mut lines = Lines::default();
    loop {
        let read = match input.read(&mut buffer[filled..]) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        filled += read;
        if read == 0 {
            lines.block(&buffer[..filled], scan);
            scan.finish();
            return Ok(lines.number + u64::from(lines.open));
        }
        if filled < BUFFER / 2 {
            continue;
        }
        // A line longer than the buffer is cut.
        let end = memrchr2(b'\n', b'\r', &buffer[..filled]).map_or(filled, |at| at + 1);
        lines.block(&buffer[..end], scan);
        buffer.copy_within(end..filled, 0);
        filled -= end;
    }
}

/// Where in the log the reading is.
#[derive(Debug, Default)]
struct Lines {
    /// Complete lines so far.
    number: u64,
    /// Bytes so far.
    bytes: usize,
    /// The last line has no end yet.
    open: bool,
    /// How many lines after an interesting one are still looked at.
    follow: u32,
}

impl Lines {
    fn block(&mut self, block: &[u8], scan: &mut Scan) {
        if block.is_empty() {
            return;
        }
        if is_mixed_utf16(block) {
            let text: Vec<u8> = block.iter().copied().filter(|b| *b != 0).collect();
            self.text(&text, scan);
        } else {
            self.text(block, scan);
        }
        self.open = !block.ends_with(b"\n");
    }

    fn text(&mut self, text: &[u8], scan: &mut Scan) {
        scan.sample.take(text);
        let whole = self.bytes < WHOLE;
        self.bytes = self.bytes.saturating_add(text.len());
        if whole {
            let mut at = 0;
            while at < text.len() {
                at = self.one_line(text, at, scan);
            }
            return;
        }
        let mut counted = 0;
        let mut number = self.number;
        // What follows an interesting line at the end of one block stands at the beginning of the next.
        let mut at = 0;
        while self.follow > 0 && at < text.len() {
            at = self.one_line(text, at, scan);
            number = self.number;
            counted = at;
        }
        let words = scan.words();
        words.prefilter.find(text, |place| {
            if place < at {
                return at;
            }
            let start = memrchr2(b'\n', b'\r', &text[at..place]).map_or(at, |before| at + before + 1);
            number += newlines(&text[counted..start]);
            self.number = number;
            at = self.one_line(text, start, scan);
            while self.follow > 0 && at < text.len() {
                at = self.one_line(text, at, scan);
            }
            number = self.number;
            counted = at;
            at
        });
        self.number = number + newlines(&text[counted..]);
    }

    /// Looks at the line that begins at `at`; says where the next begins.
    fn one_line(&mut self, text: &[u8], at: usize, scan: &mut Scan) -> usize {
        let end = memchr2(b'\n', b'\r', &text[at..]).map_or(text.len(), |end| at + end);
        let interesting = scan.line(self.number + 1, &text[at..end]);
        self.follow = if interesting { 4 } else { self.follow.saturating_sub(1) };
        if text.get(end) == Some(&b'\n') {
            self.number += 1;
        }
        (end + 1).min(text.len())
    }
}

fn newlines(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

/// Whether a block of another encoding is mostly UTF-16, as after `>>` from PowerShell.
fn is_mixed_utf16(block: &[u8]) -> bool {
    memchr::memchr(0, block).is_some() && memchr_iter(0, block).count() > block.len() / 5
}
