//! Where the last tensor of a GGUF file begins: a file that ends before that was cut off.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::header::Flaw;

/// Metadata and tensor list are read up to here, in bytes: vocabularies have some ten megabytes.
const MAX_READ: u64 = 128 * 1024 * 1024;
/// More tensors or metadata than this no model has.
const MAX_ENTRIES: u64 = 1_000_000;

/// Reads metadata and tensor list of a file that begins with `GGUF`.
pub fn look(file: &mut (impl Read + Seek), size: u64) -> std::io::Result<Option<Flaw>> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = Reader { input: BufReader::with_capacity(1 << 16, file).take(MAX_READ), at: 0 };
    match reader.last_tensor() {
        Ok(Some(begins)) if begins >= size => Ok(Some(Flaw::Short(begins.saturating_add(1)))),
        Ok(_) => Ok(None),
        // The end came within the lists: cut off there, unless it was our own limit.
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof && reader.at < MAX_READ => {
            Ok(Some(Flaw::Short(size.saturating_add(1))))
        }
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Ok(Some(Flaw::Beginning("a GGUF header that makes no sense")))
        }
        Err(error) => Err(error),
    }
}

struct Reader<R> {
    input: std::io::Take<R>,
    at: u64,
}

impl<R: Read> Reader<R> {
    /// Where the last tensor begins, in bytes; none for versions that are not known or files without tensors.
    fn last_tensor(&mut self) -> std::io::Result<Option<u64>> {
        self.skip(4)?;
        let version = self.u32()?;
        // Version 1 had shorter counts, and a version with swapped bytes is for other machines.
        if !(2..=3).contains(&version) {
            return Ok(None);
        }
        let tensors = self.count()?;
        let values = self.count()?;
        let mut alignment = 32;
        for _ in 0..values {
            let key = self.text(64)?;
            let kind = self.u32()?;
            if key == b"general.alignment" && kind == 4 {
                alignment = u64::from(self.u32()?).max(1);
            } else {
                self.value(kind, 0)?;
            }
        }
        let mut last = None;
        for _ in 0..tensors {
            self.text(0)?;
            let dimensions = self.u32()?;
            if dimensions > 16 {
                return Err(nonsense());
            }
            self.skip(u64::from(dimensions) * 8 + 4)?;
            last = last.max(Some(self.u64()?));
        }
        let data = self.at.checked_next_multiple_of(alignment).ok_or_else(nonsense)?;
        Ok(last.and_then(|offset| data.checked_add(offset)))
    }

    fn value(&mut self, kind: u32, depth: u32) -> std::io::Result<()> {
        match kind {
            0 | 1 | 7 => self.skip(1),
            2 | 3 => self.skip(2),
            4..=6 => self.skip(4),
            10..=12 => self.skip(8),
            8 => self.text(0).map(drop),
            9 if depth < 4 => {
                let kind = self.u32()?;
                let count = self.u64()?;
                let width = match kind {
                    0 | 1 | 7 => 1,
                    2 | 3 => 2,
                    4..=6 => 4,
                    10..=12 => 8,
                    _ => 0,
                };
                if width > 0 {
                    return self.skip(count.checked_mul(width).ok_or_else(nonsense)?);
                }
                // Every text and every list takes up eight bytes or more, so that the file's end ends this too.
                for _ in 0..count {
                    self.value(kind, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(nonsense()),
        }
    }

    fn count(&mut self) -> std::io::Result<u64> {
        let count = self.u64()?;
        if count > MAX_ENTRIES { Err(nonsense()) } else { Ok(count) }
    }

    /// The first bytes of a text, at most `keep`; the rest is passed over.
    fn text(&mut self, keep: usize) -> std::io::Result<Vec<u8>> {
        let length = self.u64()?;
        let kept = usize::try_from(length).unwrap_or(usize::MAX).min(keep);
        let mut bytes = vec![0; kept];
        self.input.read_exact(&mut bytes)?;
        self.at += kept as u64;
        self.skip(length - kept as u64)?;
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> std::io::Result<()> {
        let passed = std::io::copy(&mut (&mut self.input).take(bytes), &mut std::io::sink())?;
        self.at += passed;
        if passed < bytes { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    fn u32(&mut self) -> std::io::Result<u32> {
        let mut bytes = [0; 4];
        self.input.read_exact(&mut bytes)?;
        self.at += 4;
        Ok(u32::from_le_bytes(bytes))
    }

    fn u64(&mut self) -> std::io::Result<u64> {
        let mut bytes = [0; 8];
        self.input.read_exact(&mut bytes)?;
        self.at += 8;
        Ok(u64::from_le_bytes(bytes))
    }
}

fn nonsense() -> std::io::Error {
    std::io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn text(out: &mut Vec<u8>, text: &str) {
        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }

    /// A file with one array of texts, one number and two tensors, the second at 64.
    fn model() -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend_from_slice(&2_u64.to_le_bytes());
        out.extend_from_slice(&2_u64.to_le_bytes());
        text(&mut out, "tokenizer.ggml.tokens");
        out.extend_from_slice(&9_u32.to_le_bytes());
        out.extend_from_slice(&8_u32.to_le_bytes());
        out.extend_from_slice(&2_u64.to_le_bytes());
        text(&mut out, "a");
        text(&mut out, "b");
        text(&mut out, "general.alignment");
        out.extend_from_slice(&4_u32.to_le_bytes());
        out.extend_from_slice(&64_u32.to_le_bytes());
        for (name, offset) in [("t0", 0_u64), ("t1", 64)] {
            text(&mut out, name);
            out.extend_from_slice(&1_u32.to_le_bytes());
            out.extend_from_slice(&16_u64.to_le_bytes());
            out.extend_from_slice(&0_u32.to_le_bytes());
            out.extend_from_slice(&offset.to_le_bytes());
        }
        out.resize(out.len().next_multiple_of(64) + 128, 1);
        out
    }

    fn seen(bytes: &[u8]) -> Option<Flaw> {
        look(&mut Cursor::new(bytes), bytes.len() as u64).expect("memory can be read")
    }

    #[test]
    fn a_file_that_ends_before_its_last_tensor_was_cut() {
        let whole = model();
        assert_eq!(seen(&whole), None);
        assert_eq!(seen(&whole[..whole.len() - 64]), Some(Flaw::Short(whole.len() as u64 - 63)));
        for cut in [9, 30, 100, 150] {
            assert_eq!(seen(&whole[..cut]), Some(Flaw::Short(cut as u64 + 1)), "{cut}");
        }
    }

    #[test]
    fn nonsense_ends_at_once() {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend_from_slice(&[0xff; 64]);
        assert_eq!(seen(&bytes), Some(Flaw::Beginning("a GGUF header that makes no sense")));
    }

    proptest! {
        #[test]
        fn damage_anywhere_gets_an_answer(place in 8_usize..200, value in any::<u8>(), cut in 8_usize..400) {
            let mut bytes = model();
            let place = place.min(bytes.len() - 1);
            bytes[place] = value;
            bytes.truncate(cut);
            let _ = seen(&bytes);
        }
    }
}
