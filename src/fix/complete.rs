//! A last look before anything is moved or deleted: a blob whose content hashes to its own name is whole, and stays.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use hfdoctor_checks::observe::cache::name;

use super::digest;
use super::plain;
use super::stamp::{Kind, Stamp, walk};
use super::world::FixWorld;

/// The ETag of the file that a path is an unfinished download of, when its name and place say so.
pub(crate) fn unfinished(path: &Path) -> Option<&str> {
    let in_blobs = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "blobs");
    if in_blobs {
        return match name::in_blobs(path.file_name()?) {
            name::InBlobs::Partial(_, etag) => Some(etag),
            _ => None,
        };
    }
    name::local_partial(name_of(path)?).map(|(_, _, etag)| etag)
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

/// Whether a file that is named unfinished holds all bytes of the blob of that ETag.
pub(crate) fn is_whole_inside(world: &FixWorld, path: &Path, etag: &str) -> io::Result<bool> {
    hashes_to(world, path, etag)
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

/// Whether a file's content has the hash that is its name. Other names are no hash.
fn hashes_to(world: &FixWorld, path: &Path, name: &str) -> io::Result<bool> {
    let Some(hash) = name::hash_of(name) else { return Ok(false) };
    let file = plain::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Interruptible { world, file };
    let found = match hash {
        name::Hash::Sha256 => digest::sha256_of(&mut bytes)?,
        name::Hash::GitSha1 => digest::git_blob_of(&mut bytes, length)?,
    };
    Ok(found == name)
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
