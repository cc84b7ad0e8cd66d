//! A repository's record: the fields that matter to a download.

use serde::Deserialize;

/// The fields of a record that matter to a download.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// The canonical id.
    pub id: String,
    /// The commit of the revision.
    pub sha: String,
    /// Whether it is private.
    pub private: bool,
    /// `false`, `"auto"` or `"manual"`.
    pub gated: serde_json::Value,
    /// Whether the Hub has disabled it.
    pub disabled: bool,
    /// Its files.
    pub siblings: Vec<Sibling>,
}

impl Repository {
    /// Whether its files are gated.
    pub fn is_gated(&self) -> bool {
        !matches!(self.gated, serde_json::Value::Null | serde_json::Value::Bool(false))
    }
}

/// A file of a repository.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Sibling {
    /// Its path.
    #[serde(rename = "rfilename")]
    pub path: String,
    /// Its size in bytes, where the record was asked with `blobs=true`.
    pub size: Option<u64>,
    /// The git blob id.
    pub blob_id: Option<String>,
    /// Present for LFS and Xet files.
    pub lfs: Option<Lfs>,
}

/// The LFS block of a file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Lfs {
    /// The SHA-256 of the content, in hex.
    #[serde(alias = "oid")]
    pub sha256: String,
    /// The size in bytes.
    pub size: u64,
}
