//! Downloads to a folder of the person's own: `<folder>/.cache/huggingface/download` (0.23: `<folder>/.huggingface/download`).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Bounds;
use super::folder::{Folder, Kind};
use super::model::Cache;
use super::name;
use super::partial::Partial;
use super::tree::{MAX_TREE, Tree, TreeFile};

/// Folders below the notes that are entered.
const MAX_FOLDERS: usize = 10_000;
/// How deep they are entered.
const MAX_DEPTH: usize = 64;
/// A note has three short lines; more is none, in bytes.
const MAX_NOTE: u64 = 4096;

/// The folders with the clients' notes, the newest convention first.
const NOTES: [&[&str]; 2] = [&[".cache", "huggingface", "download"], &[".huggingface", "download"]];

/// The clients' folders of notes in a folder, where there are any.
fn notes(top: &Folder) -> impl Iterator<Item = Folder> {
    NOTES.into_iter().filter_map(|parts| {
        let (first, rest) = parts.split_first()?;
        let first = top.child(OsStr::new(first)).ok()?;
        rest.iter().try_fold(first, |here, part| here.child(OsStr::new(part))).ok()
    })
}

/// Calls `each` for every folder of a download's notes, with its path in them, until it says stop by `false`.
fn below(notes: Folder, bounds: &Bounds, each: &mut dyn FnMut(&Arc<Folder>, &Path) -> bool) {
    let mut waiting = vec![(Arc::new(notes), PathBuf::new(), 0_usize)];
    let mut entered = 0;
    while let Some((here, prefix, depth)) = waiting.pop() {
        if !each(&here, &prefix) {
            return;
        }
        let _ = here.entries(&mut |entry, kind| {
            if kind == Kind::Folder
                && depth < MAX_DEPTH
                && entered < MAX_FOLDERS
                && let Ok(child) = here.child(entry)
            {
                entered += 1;
                waiting.push((Arc::new(child), prefix.join(entry), depth + 1));
            }
            bounds.go_on()
        });
    }
}

/// The folders of a download's notes, where its locks lie too.
pub fn note_folders(folder: &Path, bounds: &Bounds) -> Vec<Arc<Folder>> {
    let mut folders = Vec::new();
    let Ok(top) = Folder::open(folder) else { return folders };
    for here in notes(&top) {
        below(here, bounds, &mut |folder, _| {
            folders.push(Arc::clone(folder));
            bounds.go_on()
        });
    }
    folders
}

/// Looks at the partial files of a folder's download, when it has one.
pub fn look(cache: &mut Cache, folder: &Path, bounds: &Bounds) {
    let Ok(top) = Folder::open(folder) else { return };
    for here in notes(&top) {
        cache.local_folders.push(folder.to_owned());
        partials(cache, folder, here, bounds);
    }
}

/// A file that a client has noted down as downloaded.
#[derive(Debug, Clone)]
pub struct Noted {
    /// Its path in the folder.
    pub file: PathBuf,
    /// What its content's hash should be.
    pub etag: String,
    /// Its size by the cached listing of its commit, in bytes.
    pub listed_size: Option<u64>,
    /// Whether it was written after it had been noted down.
    pub edited: bool,
}

/// The files of a folder's download by the clients' notes: commit, ETag and time, a line each.
///
/// Calls `each` until it says stop by `false`. Source: `read_download_metadata` in huggingface_hub `_local_folder.py`.
pub fn files(folder: &Path, bounds: &Bounds, each: &mut dyn FnMut(&Arc<Folder>, Noted) -> bool) {
    let Ok(top) = Folder::open(folder) else { return };
    let top = Arc::new(top);
    for here in notes(&top) {
        let mut trees: HashMap<String, Option<Tree>> = HashMap::new();
        let mut go_on = true;
        below(here, bounds, &mut |here, prefix| {
            let _ = here.entries(&mut |entry, kind| {
                if kind == Kind::File
                    && let Some(name) = entry.to_str().and_then(|e| e.strip_suffix(".metadata"))
                    && let Some(note) = here.read(entry, MAX_NOTE).ok().and_then(|bytes| Note::parse(&bytes))
                {
                    let file = prefix.join(name);
                    let tree = trees.entry(note.commit.clone()).or_insert_with(|| tree(&top, &note.commit));
                    let listed = tree.as_ref().and_then(|tree| tree.files.get(&slashed(&file)));
                    let noted = Noted {
                        listed_size: listed.filter(|l| l.etag() == note.etag).map(TreeFile::content_size),
                        edited: is_edited(&top, &file, note.time),
                        etag: note.etag,
                        file,
                    };
                    go_on = each(&top, noted);
                }
                go_on = go_on && bounds.go_on();
                go_on
            });
            go_on
        });
        if !go_on {
            return;
        }
    }
}

/// A note of a download.
#[derive(Debug, PartialEq)]
struct Note {
    commit: String,
    etag: String,
    time: SystemTime,
}

impl Note {
    fn parse(bytes: &[u8]) -> Option<Note> {
        let mut lines = std::str::from_utf8(bytes).ok()?.lines().map(str::trim);
        let (commit, etag) = (lines.next()?.to_owned(), lines.next()?.to_owned());
        let seconds: f64 = lines.next()?.parse().ok()?;
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        name::is_commit(&commit).then_some(Note { commit, etag, time })
    }
}

/// Whether a file was written after it had been noted down; a second's difference is the clocks'.
fn is_edited(top: &Folder, file: &Path, noted: SystemTime) -> bool {
    let modified = super::open::inside(top, file).and_then(|file| file.metadata()).and_then(|meta| meta.modified());
    modified.is_ok_and(|modified| modified.duration_since(noted).is_ok_and(|later| later > Duration::from_secs(1)))
}

/// The listing of a commit that is kept beside the notes since huggingface_hub 1.22.
fn tree(top: &Folder, commit: &str) -> Option<Tree> {
    let trees = [".cache", "huggingface", "trees"].into_iter();
    let mut here: Option<Folder> = None;
    for part in trees {
        here = Some(here.as_ref().unwrap_or(top).child(OsStr::new(part)).ok()?);
    }
    Tree::parse(&here?.read(OsStr::new(&format!("{commit}.json")), MAX_TREE).ok()?)
}

/// A path of a repository, with `/` on every system.
fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy().into_owned();
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

fn partials(cache: &mut Cache, root: &Path, top: Folder, bounds: &Bounds) {
    below(top, bounds, &mut |here, _| {
        let _ = here.entries(&mut |entry, kind| {
            if kind == Kind::File
                && let Some((kind, _, etag)) = entry.to_str().and_then(name::local_partial)
                && let Ok(meta) = here.meta(entry)
            {
                cache.partial_bytes = cache.partial_bytes.saturating_add(meta.allocated);
                let etag = etag.to_owned();
                cache.partials.push(Partial { etag, ..Partial::new(here.path().join(entry), root, kind, &meta) });
            }
            bounds.go_on()
        });
        bounds.go_on()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_note_has_commit_etag_and_time() {
        let commit = "1".repeat(40);
        let note = Note::parse(format!("{commit}\nabc\n1700000000.25\n").as_bytes()).expect("a note");
        assert_eq!((note.commit, note.etag.as_str()), (commit.clone(), "abc"));
        assert_eq!(note.time, SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250));
        for bad in ["", "x\nabc\n1\n", &format!("{commit}\nabc\n"), &format!("{commit}\nabc\nnan\n")] {
            assert_eq!(Note::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_note_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..120), time in "[-+0-9.einfa]{0,12}") {
            let _ = Note::parse(&bytes);
            let _ = Note::parse(format!("{}\ne\n{time}\n", "1".repeat(40)).as_bytes());
        }
    }
}
