//! Downloads to a folder of the person's own: `<folder>/.cache/huggingface/download` (0.23: `<folder>/.huggingface/download`).

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::Bounds;
use super::folder::{Folder, Kind};
use super::model::{Cache, Partial};
use super::name::{self, PartialKind};

/// Folders below the notes that are entered.
const MAX_FOLDERS: usize = 10_000;
/// How deep they are entered.
const MAX_DEPTH: usize = 64;

/// The folders with the clients' notes, the newest convention first.
const NOTES: [&[&str]; 2] = [&[".cache", "huggingface", "download"], &[".huggingface", "download"]];

/// Looks at the partial files of a folder's download, when it has one.
pub fn look(cache: &mut Cache, folder: &Path, bounds: &Bounds) {
    let Ok(top) = Folder::open(folder) else { return };
    for notes in NOTES {
        let mut here = None;
        for part in notes {
            here = match here.as_ref().unwrap_or(&top).child(OsStr::new(part)) {
                Ok(child) => Some(child),
                Err(_) => break,
            };
        }
        let Some(here) = here.filter(|h| h.path().ends_with(notes.iter().collect::<PathBuf>())) else { continue };
        cache.local_folders.push(folder.to_owned());
        partials(cache, folder, here, bounds);
    }
}

fn partials(cache: &mut Cache, root: &Path, top: Folder, bounds: &Bounds) {
    let mut waiting = vec![(top, 0_usize)];
    let mut entered = 0;
    while let Some((here, depth)) = waiting.pop() {
        let mut folders = Vec::new();
        let mut found: Vec<(PathBuf, PartialKind, String, super::folder::Meta)> = Vec::new();
        let _ = here.entries(&mut |entry, kind| {
            match kind {
                Kind::Folder if depth < MAX_DEPTH && entered < MAX_FOLDERS => {
                    entered += 1;
                    folders.push(entry.to_owned());
                }
                Kind::File => {
                    if let Some((kind, _, etag)) = entry.to_str().and_then(name::local_partial)
                        && let Ok(meta) = here.meta(entry)
                    {
                        found.push((here.path().join(entry), kind, etag.to_owned(), meta));
                    }
                }
                _ => {}
            }
            bounds.go_on()
        });
        for (path, kind, etag, meta) in found {
            cache.partial_bytes = cache.partial_bytes.saturating_add(meta.size);
            cache.partials.push(Partial {
                path,
                root: root.to_owned(),
                repository: None,
                kind,
                etag,
                file: None,
                expected: None,
                size: meta.size,
                modified: meta.modified,
                complete_beside: false,
                contradiction: None,
                held_by: None,
                idle: false,
            });
        }
        for entry in folders {
            if let Ok(child) = here.child(&entry) {
                waiting.push((child, depth + 1));
            }
        }
    }
}
