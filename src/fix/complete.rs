//! A last look before anything is moved or deleted: a blob whose content hashes to its own name is whole, and stays.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::digest;
use super::stamp::{Kind, Stamp, walk};
use super::world::FixWorld;

/// Endings that clients give to downloads which are not finished.
///
/// huggingface_hub and huggingface.js write `.incomplete`, the hf-hub crate `.part`, llama.cpp `.downloadInProgress`.
const UNFINISHED: &[&str] = &[".incomplete", ".part", ".downloadInProgress"];

/// Whether the name says that the download is not finished.
pub(crate) fn is_named_unfinished(path: &Path) -> bool {
    name_of(path).is_some_and(|name| UNFINISHED.iter().any(|ending| name.ends_with(ending)))
}

/// Whether a file, or any file below a folder, is a blob whose content is what its name says.
pub(crate) fn holds_a_whole_blob(world: &FixWorld, path: &Path, stamp: &Stamp) -> io::Result<bool> {
    match stamp.kind {
        Kind::File => name_of(path).map_or(Ok(false), |name| hashes_to(world, path, name)),
        Kind::Folder => {
            let mut whole = false;
            walk(path, &mut |path, metadata| {
                if !whole && metadata.is_file() {
                    whole = name_of(path).map_or(Ok(false), |name| hashes_to(world, path, name))?;
                }
                Ok(())
            })?;
            Ok(whole)
        }
        Kind::Link | Kind::Other => Ok(false),
    }
}

/// Whether a file that is named unfinished holds all bytes of the blob that its name begins with.
pub(crate) fn is_whole_inside(world: &FixWorld, path: &Path) -> io::Result<bool> {
    match name_of(path).and_then(|name| name.split('.').next()) {
        Some(blob) => hashes_to(world, path, blob),
        None => Ok(false),
    }
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

/// Whether a file's content has this hash: SHA-256 for 64 hex digits, git's blob name for 40. Other names are no hash.
fn hashes_to(world: &FixWorld, path: &Path, name: &str) -> io::Result<bool> {
    let is_hex = name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !is_hex || !matches!(name.len(), 40 | 64) {
        return Ok(false);
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Interruptible { world, file };
    let hash = if name.len() == 64 { digest::sha256_of(&mut bytes)? } else { digest::git_blob_of(&mut bytes, length)? };
    Ok(hash == name)
}

/// A file whose reading ends when the person presses Ctrl-C: a large one takes its time.
struct Interruptible<'a> {
    world: &'a FixWorld,
    file: File,
}

impl Read for Interruptible<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.world.is_interrupted() {
            return Err(io::Error::other("interrupted"));
        }
        self.file.read(buffer)
    }
}
