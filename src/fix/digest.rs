//! Hashes: of contents in the journal, and of blobs against their names.

use std::io::{self, Read};

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The SHA-256 of bytes, in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of a stream, in hex.
pub(crate) fn sha256_of(input: &mut dyn Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    feed(input, |bytes| hasher.update(bytes))?;
    Ok(hex(&hasher.finalize()))
}

/// The name that git gives to a blob of these bytes: the SHA-1 of `blob <length>`, a zero byte and the bytes.
pub(crate) fn git_blob_of(input: &mut dyn Read, length: u64) -> io::Result<String> {
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {length}\0"));
    feed(input, |bytes| hasher.update(bytes))?;
    Ok(hex(&hasher.finalize()))
}

fn feed(input: &mut dyn Read, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => take(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(sha256_of(&mut &b""[..]).ok(), Some(sha256(b"")));
        // What `git hash-object` says of an empty file.
        assert_eq!(git_blob_of(&mut &b""[..], 0).ok().as_deref(), Some("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"));
    }
}
