//! Proving files by their names: SHA-256 for large files, git's SHA-1 for small ones.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::atomic::Ordering;

use rayon::prelude::*;
use sha2::Digest;

use super::files::CachedFile;
use super::{Damage, Integrity, Meter};
use crate::observe::cache::folder::Folder;
use crate::observe::cache::name::{Hash, hash_of};

/// What is read at once, in bytes: fits the second-level cache, so that hashing reads it from there.
const PIECE: usize = 256 * 1024;

/// The hash of a content, in hex, of the sort that a name is; none when stopped.
fn hash(
    input: &mut impl Read,
    size: u64,
    sort: Hash,
    step: &mut dyn FnMut(u64) -> bool,
) -> std::io::Result<Option<String>> {
    match sort {
        Hash::Sha256 => feed(sha2::Sha256::new(), input, step),
        Hash::GitSha1 => {
            let mut hasher = sha1::Sha1::new();
            hasher.update(format!("blob {size}\0"));
            feed(hasher, input, step)
        }
    }
}

fn feed<D: Digest>(
    mut hasher: D,
    input: &mut impl Read,
    step: &mut dyn FnMut(u64) -> bool,
) -> std::io::Result<Option<String>> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = match input.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&piece[..read]);
        if !step(read as u64) {
            return Ok(None);
        }
    }
    Ok(Some(hex(&hasher.finalize())))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Whether a content is what its ETag says; none when the ETag is no hash or the content cannot be read.
pub fn matches(content: &mut File, size: u64, etag: Option<&str>) -> Option<bool> {
    let etag = etag?;
    let sort = hash_of(etag)?;
    content.seek(SeekFrom::Start(0)).ok()?;
    let found = hash(content, size, sort, &mut |_| true).ok()??;
    Some(found == etag)
}

/// Hashes every file once, the largest first, on all cores.
pub fn verify(files: &[CachedFile], meter: &Meter, seen: &mut Integrity) {
    let mut work: Vec<(&CachedFile, u64)> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for file in files {
        let provable = file.etag.as_deref().is_some_and(|etag| hash_of(etag).is_some());
        if provable
            && known.insert((file.place(), file.etag.as_deref()))
            && let Some(size) = file.open().ok().and_then(|(f, _)| f.metadata().ok()).map(|m| m.len())
        {
            work.push((file, size));
        }
    }
    work.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    meter.total.store(work.iter().map(|(_, size)| size).sum(), Ordering::Relaxed);
    let outcomes: Vec<_> =
        work.par_iter().with_max_len(1).map(|(file, size)| (*file, *size, one(file, *size, meter))).collect();
    for (file, size, outcome) in outcomes {
        match outcome {
            Ok(Proof::Sound) => {
                seen.hashed += 1;
                seen.hashed_bytes = seen.hashed_bytes.saturating_add(size);
            }
            Ok(Proof::Wrong(_)) if file.edited => seen.edited.push(file.shown_path()),
            Ok(Proof::Wrong(found)) => {
                seen.hashed += 1;
                seen.hashed_bytes = seen.hashed_bytes.saturating_add(size);
                let opened = file.open().ok();
                let shared = opened.as_ref().is_some_and(|(_, shared)| *shared);
                let modified = opened.and_then(|(f, _)| f.metadata().ok()).and_then(|m| m.modified().ok());
                seen.damaged(file.damaged(shared, size, modified, Damage::Hash(found)));
            }
            Ok(Proof::Stopped) => {
                seen.whole = false;
                seen.stopped = true;
            }
            Err(error) => seen.unread(file.shown_path(), error.to_string()),
        }
    }
}

/// What hashing a file came to.
enum Proof {
    Sound,
    Wrong(String),
    Stopped,
}

fn one(file: &CachedFile, size: u64, meter: &Meter) -> std::io::Result<Proof> {
    let Some((etag, sort)) = file.etag.as_deref().and_then(|etag| Some((etag, hash_of(etag)?))) else {
        return Ok(Proof::Stopped);
    };
    if meter.stop.load(Ordering::Relaxed) {
        return Ok(Proof::Stopped);
    }
    let (mut content, _) = file.open()?;
    let mut step = |bytes| {
        meter.done.fetch_add(bytes, Ordering::Relaxed);
        !meter.stop.load(Ordering::Relaxed)
    };
    Ok(match hash(&mut content, size, sort, &mut step)? {
        Some(found) if found == etag => Proof::Sound,
        Some(found) => Proof::Wrong(found),
        None => Proof::Stopped,
    })
}

/// The SHA-256 of a file in hex, as verification computes it: for measuring it.
pub fn sha256_of(folder: &Folder, name: &OsStr) -> std::io::Result<Option<String>> {
    let mut file = folder.file(name)?;
    hash(&mut file, 0, Hash::Sha256, &mut |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::made_cache::{git_sha1, sha256};
    use std::io::Write;

    #[test]
    fn names_prove_contents() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"content").expect("written");
        assert_eq!(matches(&mut file, 7, Some(&sha256(b"content"))), Some(true));
        assert_eq!(matches(&mut file, 7, Some(&git_sha1(b"content"))), Some(true));
        assert_eq!(matches(&mut file, 7, Some(&git_sha1(b"other"))), Some(false));
        assert_eq!(matches(&mut file, 7, Some("W/\"etag\"")), None);
    }
}
