//! Partial files in the stores of other programs: ollama, llama.cpp before it used the Hub's cache, and datasets.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Bounds;
use super::folder::{Folder, Kind};
use super::model::{Cache, RepoName};
use super::name::PartialKind;
use super::partial::Partial;
use crate::case::Case;
use hfdoctor_core::target::RepoType;

/// Entries of one store that are looked at.
const MAX_ENTRIES: usize = 100_000;
/// Parts of one of ollama's files; it makes at most sixteen and some more for very large ones.
const MAX_PARTS: usize = 4096;
/// A note about a part or a download is a small JSON text; more is none, in bytes.
const MAX_NOTE: u64 = 16 * 1024;
/// Folders of datasets are entered so deep: owner and name, configuration, version, fingerprint.
const MAX_DATASETS_DEPTH: usize = 4;

/// Looks into the stores of a case.
pub fn look(cache: &mut Cache, case: &Case, bounds: &Bounds) {
    for root in ollama_roots(case) {
        ollama(cache, &root, bounds);
    }
    if let Some(root) = llama_root(case) {
        llama(cache, &root, bounds);
    }
    datasets(cache, &case.settings.datasets_cache, bounds);
    xet(cache, &case.settings.xet_cache, bounds);
}

/// OLLAMA_MODELS, the user's own store, and that of the service that the installer sets up.
fn ollama_roots(case: &Case) -> Vec<PathBuf> {
    let environment = &case.environment;
    let named = environment.non_empty("OLLAMA_MODELS").map(|value| environment.expand(&value));
    let own = || environment.home.as_ref().map(|home| home.join(".ollama").join("models"));
    let service = ["usr/share/ollama/.ollama/models", "var/lib/ollama/models"].map(|p| environment.system_file(p));
    named.or_else(own).into_iter().chain(service).collect()
}

fn add(cache: &mut Cache, partial: Partial) {
    cache.partial_bytes = cache.partial_bytes.saturating_add(partial.allocated);
    cache.partials.push(partial);
}

/// What ollama notes about a part beside the file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    size: i64,
    completed: i64,
}

/// `blobs/sha256-<64 hex digits>-partial`, as long as the whole file from the start, with a note for each of its parts in
/// `…-partial-<N>`: source `server/download.go` of ollama.
fn ollama(cache: &mut Cache, root: &Path, bounds: &Bounds) {
    let Ok(blobs) = Folder::open(root).and_then(|models| models.child(OsStr::new("blobs"))) else { return };
    let mut files: Vec<(OsString, String)> = Vec::new();
    let mut notes: Vec<(OsString, String)> = Vec::new();
    let mut seen = 0;
    let _ = blobs.entries(&mut |entry, kind| {
        seen += 1;
        if kind == Kind::File
            && let Some((hash, rest)) = entry.to_str().and_then(ollama_partial)
        {
            if rest.is_empty() {
                files.push((entry.to_owned(), hash.to_owned()));
            } else if notes.len() < MAX_PARTS {
                notes.push((entry.to_owned(), hash.to_owned()));
            }
        }
        seen < MAX_ENTRIES && bounds.go_on()
    });
    for (entry, hash) in files {
        let Ok(meta) = blobs.meta(&entry) else { continue };
        let mut found = Partial::new(blobs.path().join(&entry), root, PartialKind::Ollama, &meta);
        let parts: Vec<Part> = notes
            .iter()
            .filter(|(_, of)| *of == hash)
            .filter_map(|(note, _)| serde_json::from_slice(&blobs.read(note, MAX_NOTE).ok()?).ok())
            .collect();
        let sum = |of: fn(&Part) -> i64| {
            parts.iter().fold(0_u64, |sum, part| sum.saturating_add(u64::try_from(of(part)).unwrap_or(0)))
        };
        if !parts.is_empty() {
            found.size = sum(|part| part.completed);
            found.expected = Some(sum(|part| part.size)).filter(|whole| *whole >= found.size);
        }
        found.complete_beside = blobs.meta(OsStr::new(&format!("sha256-{hash}"))).is_ok();
        found.etag = hash;
        add(cache, found);
    }
}

/// The hash and what follows `-partial` in a name of ollama's.
fn ollama_partial(name: &str) -> Option<(&str, &str)> {
    let (hash, rest) = name.strip_prefix("sha256-")?.split_once("-partial")?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let known = rest.is_empty() || rest.strip_prefix('-').is_some_and(is_number);
    (known && super::name::hash_of(hash) == Some(super::name::Hash::Sha256)).then_some((hash, rest))
}

/// LLAMA_CACHE, or the system's folder for caches: source `fs_get_cache_directory` of llama.cpp.
fn llama_root(case: &Case) -> Option<PathBuf> {
    let environment = &case.environment;
    if let Some(value) = environment.non_empty("LLAMA_CACHE") {
        return Some(PathBuf::from(value));
    }
    let home = environment.home.as_ref();
    let caches = if cfg!(windows) {
        environment.non_empty("LOCALAPPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        home.map(|home| home.join("Library").join("Caches"))
    } else {
        environment.non_empty("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| home.map(|home| home.join(".cache")))
    };
    Some(caches?.join("llama.cpp"))
}

/// What llama.cpp notes beside a file that it fetches.
#[derive(Debug, Deserialize)]
struct LlamaNote {
    url: String,
}

/// `<file>.downloadInProgress`, and in `<file>.json` where it comes from.
fn llama(cache: &mut Cache, root: &Path, bounds: &Bounds) {
    let Ok(here) = Folder::open(root) else { return };
    let mut found = Vec::new();
    let mut seen = 0;
    let _ = here.entries(&mut |entry, kind| {
        seen += 1;
        if kind == Kind::File
            && let Some(stem) = entry.to_str().and_then(|e| e.strip_suffix(".downloadInProgress"))
            && let Ok(meta) = here.meta(entry)
        {
            found.push((entry.to_owned(), stem.to_owned(), meta));
        }
        seen < MAX_ENTRIES && bounds.go_on()
    });
    for (entry, stem, meta) in found {
        let mut found = Partial::new(here.path().join(&entry), root, PartialKind::LlamaCpp, &meta);
        let note = here.read(OsStr::new(&format!("{stem}.json")), MAX_NOTE).ok();
        let note: Option<LlamaNote> = note.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let place = note.as_ref().and_then(|note| resolved(&note.url));
        found.file = Some(place.as_ref().map_or(stem, |(_, file)| file.clone()));
        found.repository = place.map(|(repository, _)| repository);
        add(cache, found);
    }
}

/// The repository and file of `https://…/<owner>/<name>/resolve/<revision>/<path>`.
fn resolved(address: &str) -> Option<(RepoName, String)> {
    let url = url::Url::parse(address).ok()?;
    let parts: Vec<&str> = url.path_segments()?.collect();
    match parts[..] {
        [owner, name, "resolve", _, ref file @ ..] if !owner.is_empty() && !name.is_empty() && !file.is_empty() => {
            Some((RepoName { kind: RepoType::Model, id: format!("{owner}/{name}") }, file.join("/")))
        }
        _ => None,
    }
}

/// `downloads/<hash>.incomplete`, and folders ending so in which a dataset was being prepared: both are begun anew.
///
/// Source: `get_from_cache` and `incomplete_dir` in datasets' `file_utils.py` and `builder.py`.
fn datasets(cache: &mut Cache, root: &Path, bounds: &Bounds) {
    let Ok(top) = Folder::open(root) else { return };
    let mut waiting = vec![(top, 0_usize)];
    let mut seen = 0;
    while let Some((here, depth)) = waiting.pop() {
        let mut folders = Vec::new();
        let in_downloads = here.path() == root.join("downloads");
        let _ = here.entries(&mut |entry, kind| {
            seen += 1;
            let unfinished = Path::new(entry).extension().is_some_and(|e| e == "incomplete");
            match kind {
                Kind::Folder if unfinished => {
                    if let Ok(folder) = here.child(entry) {
                        cache.unfinished_datasets.add(size_of(&folder, &mut seen, bounds));
                    }
                }
                Kind::Folder if depth < MAX_DATASETS_DEPTH && entry != ".locks" => folders.push(entry.to_owned()),
                Kind::File if unfinished && in_downloads => {
                    if let Ok(meta) = here.meta(entry) {
                        let path = here.path().join(entry);
                        let mut found = Partial::new(path, root, PartialKind::Datasets, &meta);
                        let stem = Path::new(entry).file_stem().unwrap_or_default();
                        found.complete_beside = here.meta(stem).is_ok();
                        add(cache, found);
                    }
                }
                _ => {}
            }
            seen < MAX_ENTRIES && bounds.go_on()
        });
        for entry in folders {
            if let Ok(child) = here.child(&entry) {
                waiting.push((child, depth + 1));
            }
        }
    }
}

/// What the Xet client keeps of earlier downloads: `<server>/chunk-cache` and `<server>/shard-cache`. Its `staging` is of
/// uploads, and its logs are small.
fn xet(cache: &mut Cache, root: &Path, bounds: &Bounds) {
    let Ok(top) = Folder::open(root) else { return };
    let mut servers = Vec::new();
    let _ = top.entries(&mut |entry, kind| {
        if kind == Kind::Folder {
            servers.push(entry.to_owned());
        }
        servers.len() < MAX_PARTS && bounds.go_on()
    });
    let mut seen = 0;
    for server in servers {
        for part in ["chunk-cache", "shard-cache"] {
            let Ok(here) = top.child(&server).and_then(|server| server.child(OsStr::new(part))) else { continue };
            let (path, mut bytes) = (here.path().to_owned(), 0_u64);
            let mut waiting = vec![(here, 0_usize)];
            while let Some((here, depth)) = waiting.pop() {
                bytes = bytes.saturating_add(size_of(&here, &mut seen, bounds));
                if depth < MAX_DATASETS_DEPTH {
                    let mut folders = Vec::new();
                    let _ = here.entries(&mut |entry, kind| {
                        if kind == Kind::Folder {
                            folders.push(entry.to_owned());
                        }
                        folders.len() < MAX_ENTRIES && bounds.go_on()
                    });
                    waiting.extend(folders.iter().filter_map(|entry| Some((here.child(entry).ok()?, depth + 1))));
                }
            }
            if bytes > 0 {
                cache.xet.push((path, bytes));
            }
        }
    }
}

/// Bytes of the files that lie directly in a folder: Arrow files, when a dataset is prepared.
fn size_of(folder: &Folder, seen: &mut usize, bounds: &Bounds) -> u64 {
    let mut bytes = 0_u64;
    let _ = folder.entries(&mut |entry, kind| {
        *seen += 1;
        if kind == Kind::File
            && let Ok(meta) = folder.meta(entry)
        {
            bytes = bytes.saturating_add(meta.size);
        }
        *seen < MAX_ENTRIES && bounds.go_on()
    });
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ollamas_names_are_read() {
        let hash = "a".repeat(64);
        for (rest, known) in [("-partial", true), ("-partial-0", true), ("-partial-x", false), ("", false)] {
            assert_eq!(ollama_partial(&format!("sha256-{hash}{rest}")).is_some(), known, "{rest}");
        }
        assert_eq!(ollama_partial("sha256-short-partial"), None);
    }

    #[test]
    fn an_address_tells_repository_and_file() {
        let (repository, file) = resolved("https://huggingface.co/a/b/resolve/main/sub/w.gguf?x=y").expect("a place");
        assert_eq!((repository.id.as_str(), file.as_str()), ("a/b", "sub/w.gguf"));
        for other in ["https://example.com/w.gguf", "nonsense", "https://huggingface.co//b/resolve/main/c"] {
            assert!(resolved(other).is_none(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_name_and_address_is_read(text in ".{0,120}") {
            let _ = (ollama_partial(&text), resolved(&text));
        }
    }
}
