//! Files of a repository: their bytes, invented or given, and the names that Git, LFS and Xet give those bytes.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use crate::text;

/// A file: its text, or a table that says more.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum FileSpec {
    /// A small Git file with this text.
    Text(String),
    /// Anything else.
    Table(Box<FileTable>),
}

/// A file of which more than the text is told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileTable {
    /// The text; excludes `size`.
    text: Option<String>,
    /// Length of invented bytes.
    size: Option<u64>,
    /// Which invented bytes.
    seed: u64,
    /// Stored with LFS: answered by a redirect to the CDN.
    lfs: bool,
    /// Stored with Xet, which includes being an LFS file to Git.
    xet: bool,
    /// The SHA-256, for sizes too large to be hashed or files that must not match.
    sha256: Option<String>,
    /// Revisions in which it exists; all of them if empty.
    only_at: Vec<String>,
    #[serde(skip)]
    digest: Arc<OnceLock<String>>,
}

impl From<&str> for FileSpec {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl FileSpec {
    /// An LFS file of invented bytes.
    #[must_use]
    pub fn lfs(size: u64, seed: u64) -> Self {
        Self::Table(Box::new(FileTable { size: Some(size), seed, lfs: true, ..FileTable::default() }))
    }

    /// A Xet file of invented bytes.
    #[must_use]
    pub fn xet(size: u64, seed: u64) -> Self {
        Self::Table(Box::new(FileTable { size: Some(size), seed, xet: true, ..FileTable::default() }))
    }

    pub(crate) fn content(&self) -> Content<'_> {
        match self {
            Self::Text(text) => Content { text: Some(text), table: None },
            Self::Table(table) => Content { text: table.text.as_deref(), table: Some(table) },
        }
    }

    /// The revisions to which it is limited.
    pub(crate) fn only_at(&self) -> &[String] {
        match self {
            Self::Text(_) => &[],
            Self::Table(table) => &table.only_at,
        }
    }

    /// The bytes, wholly in memory.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let content = self.content();
        content.source().bytes(0..content.size())
    }
}

/// The longest file of invented bytes whose SHA-256 is computed; beyond it an invented one stands in, so such a file can
/// be asked for but not verified.
const HASHED: u64 = 64 << 20;

/// A file's bytes and names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content<'a> {
    text: Option<&'a str>,
    table: Option<&'a FileTable>,
}

impl Content<'_> {
    pub(crate) fn size(&self) -> u64 {
        match self.text {
            Some(text) => text.len() as u64,
            None => self.table.and_then(|table| table.size).unwrap_or(0),
        }
    }

    pub(crate) fn source(&self) -> Source {
        match self.text {
            Some(text) => Source::Given(text.as_bytes().to_vec().into()),
            None => Source::Invented(self.table.map_or(0, |table| table.seed)),
        }
    }

    pub(crate) fn is_lfs(&self) -> bool {
        self.table.is_some_and(|table| table.lfs || table.xet)
    }

    pub(crate) fn sha256(&self) -> String {
        let compute = || match self.size() {
            size if size <= HASHED => text::sha256(&self.source().bytes(0..size)),
            size => text::sha256(format!("{size} bytes that nobody hashed").as_bytes()),
        };
        match self.table {
            None => compute(),
            Some(table) => table.sha256.clone().unwrap_or_else(|| table.digest.get_or_init(compute).clone()),
        }
    }

    /// The text that Git keeps in place of an LFS file.
    pub(crate) fn pointer(&self) -> String {
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n", self.sha256(), self.size())
    }

    /// Git's object id: that of the pointer for an LFS file.
    pub(crate) fn oid(&self) -> String {
        let blob = |bytes: &[u8]| text::sha1(&[format!("blob {}\0", bytes.len()).as_bytes(), bytes].concat());
        if self.is_lfs() { blob(self.pointer().as_bytes()) } else { blob(&self.source().bytes(0..self.size())) }
    }

    /// What the Hub sends as the file's ETag: SHA-256 for LFS, Git's id otherwise.
    pub(crate) fn etag(&self) -> String {
        if self.is_lfs() { self.sha256() } else { self.oid() }
    }

    /// The Xet hash: 64 hex digits that are not the SHA-256.
    pub(crate) fn xet_hash(&self) -> Option<String> {
        self.table.is_some_and(|table| table.xet).then(|| text::sha256(format!("xet {}", self.sha256()).as_bytes()))
    }
}

/// Where bytes come from. Invented ones cost no memory, whatever their number.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Given(Arc<[u8]>),
    Invented(u64),
}

impl Source {
    /// The bytes at those places; places beyond given bytes yield nothing.
    pub(crate) fn bytes(&self, range: Range<u64>) -> Vec<u8> {
        match self {
            Self::Given(bytes) => {
                let clip = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                bytes[clip(range.start)..clip(range.end)].to_vec()
            }
            Self::Invented(seed) => {
                let skip = usize::try_from(range.start % 8).unwrap_or(0);
                let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
                let words = (range.start / 8)..range.end.div_ceil(8);
                words.flat_map(|word| scramble(*seed, word).to_le_bytes()).skip(skip).take(length).collect()
            }
        }
    }
}

/// Spreads a counter over 64 bits (the finaliser of SplitMix64), so that any range can be made without its predecessors.
fn scramble(seed: u64, word: u64) -> u64 {
    let mut x =
        seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(word.wrapping_mul(0xD1B5_4A32_D192_ED03));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_bytes_do_not_depend_on_the_range() {
        let source = Source::Invented(7);
        let whole = source.bytes(0..100);
        assert_eq!(source.bytes(13..50), whole[13..50]);
        assert_ne!(whole, Source::Invented(8).bytes(0..100));
    }

    #[test]
    fn git_names_are_gits() {
        // `printf hello | git hash-object --stdin`
        let spec = FileSpec::from("hello");
        assert_eq!(spec.content().etag(), "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
    }

    #[test]
    fn an_lfs_file_is_named_by_its_sha256() {
        let spec = FileSpec::xet(20, 1);
        let content = spec.content();
        assert_eq!(content.etag(), text::sha256(&spec.bytes()));
        assert_ne!(content.xet_hash().unwrap(), content.sha256());
        assert_eq!(content.pointer().lines().count(), 3);
    }
}
