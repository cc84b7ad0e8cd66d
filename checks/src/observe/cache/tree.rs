//! The listing of a commit that huggingface_hub keeps since 1.22: `trees/<commit>.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A listing larger than this is not read, in bytes: some 200 000 files.
pub const MAX_TREE: u64 = 48 * 1024 * 1024;

/// All files of a commit, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// The files.
    pub files: BTreeMap<String, TreeFile>,
}

/// One file of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TreeFile {
    /// Size in bytes.
    pub size: u64,
    /// The git blob id.
    pub blob_id: String,
    /// The SHA-256 of an LFS or Xet file.
    pub lfs_sha256: Option<String>,
    /// Its size in bytes.
    pub lfs_size: Option<u64>,
    /// The Xet hash: not a SHA-256 of the content.
    pub xet_hash: Option<String>,
}

impl TreeFile {
    /// The name of its blob in the cache.
    pub fn etag(&self) -> &str {
        self.lfs_sha256.as_deref().unwrap_or(&self.blob_id)
    }

    /// The size of its content, in bytes.
    pub fn content_size(&self) -> u64 {
        self.lfs_size.unwrap_or(self.size)
    }
}

#[derive(Deserialize)]
struct Document {
    format_version: u64,
    files: BTreeMap<String, TreeFile>,
}

impl Tree {
    /// Reads a listing; none when it is of another format or damaged, which clients ignore too.
    pub fn parse(bytes: &[u8]) -> Option<Tree> {
        let document: Document = serde_json::from_slice(bytes).ok()?;
        (document.format_version == 1).then_some(Tree { files: document.files })
    }

    /// The file that a blob of that name is, the first of several.
    pub fn by_etag(&self, etag: &str) -> Option<(&str, &TreeFile)> {
        self.files.iter().find(|(_, file)| file.etag() == etag).map(|(path, file)| (path.as_str(), file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_listing_is_read_as_the_client_writes_it() {
        let tree = Tree::parse(
            br#"{"format_version": 1, "files": {"a.json": {"size": 5, "blob_id": "b1"},
                "w.bin": {"size": 134, "blob_id": "b2", "lfs_sha256": "s2", "lfs_size": 9, "xet_hash": "x"}}}"#,
        )
        .expect("a listing");
        assert_eq!(tree.by_etag("s2").map(|(path, file)| (path, file.content_size())), Some(("w.bin", 9)));
        assert_eq!(tree.files["a.json"].etag(), "b1");
        assert_eq!(Tree::parse(br#"{"format_version": 2, "files": {}}"#), None);
        assert_eq!(Tree::parse(b""), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_listing_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Tree::parse(&bytes);
        }
    }
}
