//! The beginning and the end of a log as text: what it is judged by who failed, on what system and where.

/// Bytes that are kept of the beginning, and as many of the end.
const KEPT: usize = 24 * 1024;

/// The beginning and the end, in bounded memory.
#[derive(Debug, Default)]
pub struct Sample {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Sample {
    /// Takes the next bytes of the log.
    pub fn take(&mut self, text: &[u8]) {
        let room = KEPT - self.head.len();
        let (head, rest) = text.split_at(room.min(text.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(&rest[rest.len().saturating_sub(KEPT)..]);
        // Cut only now and then: each cut moves what is kept.
        if self.tail.len() > 2 * KEPT {
            self.tail.drain(..self.tail.len() - KEPT);
        }
    }

    /// The text, with a line end where something was left out.
    pub fn text(&self) -> String {
        let tail = &self.tail[self.tail.len().saturating_sub(KEPT)..];
        let mut text = String::from_utf8_lossy(&self.head).into_owned();
        if !tail.is_empty() {
            text.push('\n');
            text.push_str(&String::from_utf8_lossy(tail));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginning_and_end_are_kept() {
        let mut sample = Sample::default();
        sample.take(b"first line\n");
        for _ in 0..100 {
            sample.take(&[b'x'; 9000]);
        }
        sample.take(b"\nlast line");
        let text = sample.text();
        assert!(text.starts_with("first line\n") && text.ends_with("\nlast line"));
        assert!(text.len() <= 2 * KEPT + 1, "{}", text.len());
        let mut short = Sample::default();
        short.take(b"all of it");
        assert_eq!(short.text(), "all of it");
    }
}
