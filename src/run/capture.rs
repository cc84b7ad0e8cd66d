//! What the command printed, kept in bounded memory: the beginning and the end.
//!
//! It stays in memory on purpose: a full disk is one of the things that make a download fail, and the output may hold a
//! token, which has no business in a file.

use std::collections::VecDeque;
use std::io::{Cursor, Read};

/// How much of the beginning is kept, in bytes: the command line, versions, first warnings.
const HEAD: usize = 1 << 20;
/// How much of the end is kept, in bytes: the failure.
const TAIL: usize = 7 << 20;
/// The longest unfinished line that is held back so that the other stream does not break it, in bytes.
const LINE: usize = 64 << 10;

/// Where bytes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output, or a terminal or pipe that both streams share.
    Out,
    /// Standard error.
    Err,
}

/// The output of both streams, line by line in the order of arrival.
#[derive(Debug)]
pub struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
    unfinished: [Vec<u8>; 2],
    head_limit: usize,
    tail_limit: usize,
}

impl Capture {
    /// Nothing printed yet.
    pub fn new() -> Capture {
        Capture::with_limits(HEAD, TAIL)
    }

    fn with_limits(head_limit: usize, tail_limit: usize) -> Capture {
        Capture {
            head: Vec::new(),
            tail: VecDeque::new(),
            left_out: 0,
            unfinished: [Vec::new(), Vec::new()],
            head_limit,
            tail_limit,
        }
    }

    /// Adds what a stream printed. Lines of the two streams are not mixed; a carriage return ends a line too, because
    /// progress bars never send anything else.
    pub fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let line_end = bytes.iter().rposition(|b| is_line_end(*b)).map_or(0, |at| at + 1);
        let (whole, rest) = bytes.split_at(line_end);
        if !whole.is_empty() {
            self.store_unfinished(stream);
            self.store(whole);
        }
        let unfinished = &mut self.unfinished[stream as usize];
        unfinished.extend_from_slice(rest);
        if unfinished.len() > LINE {
            self.store_unfinished(stream);
        }
    }

    /// Adds a line of the program's own.
    pub fn remark(&mut self, line: &str) {
        self.store(line.as_bytes());
        self.store(b"\n");
    }

    fn store_unfinished(&mut self, stream: Stream) {
        let unfinished = std::mem::take(&mut self.unfinished[stream as usize]);
        self.store(&unfinished);
    }

    fn store(&mut self, bytes: &[u8]) {
        let room = self.head_limit - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        // Of a piece longer than the whole tail only the end can stay.
        let rest = {
            let skipped = rest.len().saturating_sub(self.tail_limit);
            self.left_out = self.left_out.saturating_add(skipped as u64);
            &rest[skipped..]
        };
        let excess = (self.tail.len() + rest.len()).saturating_sub(self.tail_limit);
        self.tail.drain(..excess);
        self.left_out = self.left_out.saturating_add(excess as u64);
        self.tail.extend(rest);
    }

    /// The log, to be read once. What was left out in the middle is told by a line in its place, and the lines around
    /// it are whole: half a token would not be recognised as one.
    pub fn into_log(mut self) -> impl Read {
        self.store_unfinished(Stream::Out);
        self.store_unfinished(Stream::Err);
        let mut notice = String::new();
        if self.left_out > 0 {
            let kept = self.head.iter().rposition(|b| is_line_end(*b)).map_or(0, |at| at + 1);
            let begin = self.tail.iter().position(|b| is_line_end(*b)).map_or(self.tail.len(), |at| at + 1);
            let left_out = self.left_out.saturating_add((self.head.len() - kept + begin) as u64);
            self.head.truncate(kept);
            self.tail.drain(..begin);
            notice = format!("[{left_out} bytes of output are left out here]\n");
        }
        Cursor::new(self.head).chain(Cursor::new(notice.into_bytes())).chain(self.tail)
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(capture: Capture) -> String {
        let mut out = Vec::new();
        capture.into_log().read_to_end(&mut out).expect("memory reads");
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn lines_of_two_streams_stay_whole() {
        let mut capture = Capture::new();
        capture.push(Stream::Out, b"one ");
        capture.push(Stream::Err, b"error: 4");
        capture.push(Stream::Out, b"line\nnext");
        capture.push(Stream::Err, b"29\n");
        assert_eq!(text(capture), "one line\nerror: 429\nnext");
    }

    #[test]
    fn the_middle_is_left_out_at_line_ends() {
        let mut capture = Capture::with_limits(30, 30);
        for number in 0..100 {
            capture.push(Stream::Out, format!("line {number:03}\n").as_bytes());
        }
        assert_eq!(
            text(capture),
            "line 000\nline 001\nline 002\n[846 bytes of output are left out here]\nline 097\nline 098\nline 099\n"
        );
    }

    #[test]
    fn a_line_longer_than_everything_leaves_no_half_of_it() {
        let mut capture = Capture::with_limits(30, 30);
        capture.push(Stream::Out, b"begin\n");
        capture.push(Stream::Out, &vec![b'x'; 200_000]);
        capture.push(Stream::Out, b"\nthe end\n");
        assert_eq!(text(capture), "begin\n[200001 bytes of output are left out here]\nthe end\n");
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_short_output_is_complete(pieces in prop::collection::vec((any::<bool>(), ".{0,40}"), 0..60)) {
            let mut capture = Capture::with_limits(100, 200);
            let mut all = 0;
            for (out, piece) in &pieces {
                capture.push(if *out { Stream::Out } else { Stream::Err }, piece.as_bytes());
                all += piece.len();
                prop_assert!(capture.head.len() <= 100 && capture.tail.len() <= 200);
            }
            let length = text(capture).len();
            if all <= 300 {
                prop_assert_eq!(length, all);
            } else {
                prop_assert!(length <= 300 + 80);
            }
        }
    }
}
