//! Observations that a test makes from values.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::cache::Cache;
use super::http::Answer;
use super::hub::{Record, Repository};
use super::{Observations, Seen, Unseen, Volumes};
use crate::case::{Case, Environment, Limits};
use hfdoctor_core::target::From;
use hfdoctor_core::target::{RepoType, Target};

/// A case with its home in a folder, and further variables.
pub(crate) fn case(home: &Path, variables: &[(&str, &str)], target: Option<&str>) -> Case {
    let home = [(OsString::from("HOME"), home.as_os_str().to_owned())];
    let more = variables.iter().map(|(n, v)| (OsString::from(n), OsString::from(v)));
    let environment = Environment::new(home.into_iter().chain(more), None);
    let target = target.map(|id| Target::new(RepoType::Model, id, From::Argument));
    let limits = Limits { timeout: Duration::from_mins(1), ..Limits::default() };
    let mut case = Case::new(environment, target, None, limits, SystemTime::now());
    case.clients = crate::case::Clients::default();
    case
}

impl Observations {
    /// With this cache.
    pub(crate) fn seeing_cache(self, cache: Cache) -> Observations {
        let _ = self.cells.cache.set(Ok(cache));
        self
    }

    /// With these files looked at.
    pub(crate) fn seeing_integrity(self, integrity: super::Integrity) -> Observations {
        let _ = self.cells.integrity.set(Ok(integrity));
        self
    }

    /// With these locks.
    pub(crate) fn seeing_locks(self, locks: super::Locks) -> Observations {
        let _ = self.cells.locks.set(Ok(locks));
        self
    }

    /// With these traces.
    pub(crate) fn seeing_traces(self, traces: super::Traces) -> Observations {
        let _ = self.cells.traces.set(Ok(traces));
        self
    }

    /// With these volumes.
    pub(crate) fn seeing_volumes(self, volumes: Volumes) -> Observations {
        let _ = self.cells.volumes.set(Ok(volumes));
        self
    }

    /// With this record.
    pub(crate) fn seeing_record(self, repository: Repository) -> Observations {
        let answer = Answer {
            url: url::Url::parse("https://huggingface.co/api/models/a/b").expect("a URL"),
            status: 200,
            headers: reqwest::header::HeaderMap::default(),
            body: Vec::new(),
            cut: false,
            with_token: false,
            elapsed: Duration::ZERO,
        };
        let seen: Seen<Record> = Ok(Record { answer, repository: Some(repository), other_type: None });
        let _ = self.cells.record.set(seen);
        self
    }

    /// Without an answer of the Hub.
    pub(crate) fn seeing_no_record(self) -> Observations {
        let _ = self.cells.record.set(Err(Unseen("offline".to_owned())));
        self
    }
}

/// Nothing seen yet of a case.
pub(crate) fn of(case: &Arc<Case>) -> Observations {
    Observations::none(Arc::clone(case))
}

/// A hub cache made in a folder.
#[derive(Debug)]
pub(crate) struct MadeCache {
    /// The home; the cache lies in it at its usual place.
    pub home: tempfile::TempDir,
}

/// A commit id for made caches.
pub(crate) const COMMIT: &str = "1111111111111111111111111111111111111111";

impl MadeCache {
    /// An empty home.
    pub(crate) fn new() -> MadeCache {
        MadeCache { home: tempfile::tempdir().expect("a folder") }
    }

    /// The cache root.
    pub(crate) fn root(&self) -> std::path::PathBuf {
        self.home.path().join(".cache/huggingface/hub")
    }

    /// Writes a file below a repository's folder.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// Makes a file of `a/b` as clients do: blob, link and ref; gives the blob's name.
    #[cfg(unix)]
    pub(crate) fn add(&self, file: &str, bytes: &[u8], large: bool) -> String {
        let etag = if large { sha256(bytes) } else { git_sha1(bytes) };
        self.write(&format!("models--a--b/blobs/{etag}"), bytes);
        self.link(file, &etag);
        self.write("models--a--b/refs/main", COMMIT.as_bytes());
        etag
    }

    /// Makes a link of `a/b`'s snapshot.
    #[cfg(unix)]
    pub(crate) fn link(&self, file: &str, etag: &str) -> std::path::PathBuf {
        let path = self.root().join("models--a--b/snapshots").join(COMMIT).join(file);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        let up = "../".repeat(file.matches('/').count() + 2);
        std::os::unix::fs::symlink(format!("{up}blobs/{etag}"), &path).expect("a link");
        path
    }
}

/// The name of a large file's blob.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(bytes))
}

/// The name of a small file's blob.
pub(crate) fn git_sha1(bytes: &[u8]) -> String {
    use sha1::Digest;
    hex(&sha1::Sha1::new().chain_update(format!("blob {}\0", bytes.len())).chain_update(bytes).finalize())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
