//! What the target still needs, and what its files should be: the Hub's record or the cached listing against the cache.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Cache, Kept, TargetCache};
use super::name::PartialKind;
use crate::case::Case;
use crate::observe::Observations;
use crate::observe::hub::Repository;
use hfdoctor_core::target::Target;

/// How the installed client treats a partial file that it finds under its own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumes {
    /// It appends to it.
    Yes,
    /// It appends only when asked to by `resume_download=True`.
    OnRequest,
    /// It never looks at it.
    No,
}

/// What the installed huggingface_hub does with `<etag>.incomplete`; of an unknown version what today's does.
///
/// With hf_transfer, which is ignored since 1.0, it removes what lies there and begins anew.
///
/// Source: `_download_to_tmp_and_move` in huggingface_hub `file_download.py` of 0.22, 0.23, 0.36, 1.17 and 1.18.
pub fn resumes(case: &Case) -> Resumes {
    match case.clients.hub {
        Some(version) if version < (0, 23, 0) => Resumes::OnRequest,
        Some(version) if version < (1, 0, 0) && case.settings.hf_transfer => Resumes::No,
        Some(version) if version < (1, 18, 0) => Resumes::Yes,
        _ => Resumes::No,
    }
}

/// What a file of the target should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The name of its blob.
    pub etag: String,
    /// Its size, in bytes.
    pub size: u64,
    /// Whether it is an LFS or Xet file.
    pub large: bool,
}

/// The files that were asked for: the target's one file, or all of the revision.
///
/// From the Hub's record; without it from the listing that the client has cached. None when neither tells.
pub fn expected(
    target: &Target,
    record: Option<&Repository>,
    cached: Option<&TargetCache>,
) -> Option<BTreeMap<String, Expected>> {
    let mut files = BTreeMap::new();
    if let Some(repository) = record.filter(|r| !r.siblings.is_empty()) {
        for sibling in &repository.siblings {
            let lfs = sibling.lfs.as_ref().filter(|lfs| !lfs.sha256.is_empty());
            let etag = lfs.map(|lfs| lfs.sha256.clone()).or_else(|| sibling.blob_id.clone());
            let size = lfs.map(|lfs| lfs.size).or(sibling.size);
            if let (Some(etag), Some(size)) = (etag, size) {
                files.insert(sibling.path.clone(), Expected { etag, size, large: lfs.is_some() });
            }
        }
    } else {
        for (path, file) in &cached?.tree.as_ref()?.files {
            let expected =
                Expected { etag: file.etag().to_owned(), size: file.content_size(), large: file.lfs_sha256.is_some() };
            files.insert(path.clone(), expected);
        }
    }
    if let Some(file) = &target.file {
        files.retain(|path, _| path == file);
    }
    if let Some(tag) = target.tag.as_ref().map(|tag| tag.to_ascii_lowercase()) {
        // llama.cpp and ollama fetch the one quantization that was named, not all of the repository.
        files.retain(|path, _| path.to_ascii_lowercase().contains(&tag));
    }
    (!files.is_empty()).then_some(files)
}

/// What is still to be fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Bytes in all.
    pub bytes: u64,
    /// Bytes of the largest single file of it.
    pub largest: u64,
    /// Files in all.
    pub files: u64,
    /// Bytes of partial files that the client goes on with; they are not in `bytes`.
    pub resumed: u64,
}

/// What the case's target should be, where the Hub or the cached listing tells.
pub fn of_case(case: &Case, observations: &Observations) -> Option<BTreeMap<String, Expected>> {
    let record = observations.record().ok().and_then(|record| record.repository.as_ref());
    let cached = observations.cache().ok().and_then(|cache| cache.target.as_ref());
    expected(case.target.as_ref()?, record, cached)
}

/// What the target still needs on the cache's volume: what a part that the client goes on with takes up is there already,
/// not what its length promises, which holes have too.
pub fn need(expected: &BTreeMap<String, Expected>, cache: &Cache, case: &Case) -> Need {
    let mut need = Need::default();
    let mut counted: BTreeSet<&str> = BTreeSet::new();
    for (path, file) in expected {
        if !counted.insert(&file.etag) || cache.target.as_ref().is_some_and(|t| has(t, path, file)) {
            continue;
        }
        let resumed = if resumes(case) == Resumes::Yes { part_of(cache, file) } else { 0 };
        let rest = file.size.saturating_sub(resumed);
        need.bytes = need.bytes.saturating_add(rest);
        need.largest = need.largest.max(rest);
        need.resumed = need.resumed.saturating_add(resumed);
        need.files += 1;
    }
    need
}

/// Whether all that was asked for lies in the cache and is linked: a client finds it and writes nothing.
pub fn is_complete(expected: &BTreeMap<String, Expected>, cache: &Cache, case: &Case) -> bool {
    // A blob without its entry in the snapshot is still to be linked.
    let linked = |cached: &TargetCache| expected.keys().all(|path| cached.size_of(path).is_some());
    cache.target.as_ref().is_some_and(linked) && need(expected, cache, case).files == 0
}

/// Whether the cache holds a file of the target, complete.
pub fn has(cached: &TargetCache, path: &str, file: &Expected) -> bool {
    let as_blob = cached.blobs.get(&file.etag).is_some_and(|blob| blob.size == Some(file.size));
    as_blob
        || match cached.files.get(path) {
            Some(Kept::Real(size) | Kept::Elsewhere(size)) => *size == file.size,
            _ => false,
        }
}

fn part_of(cache: &Cache, file: &Expected) -> u64 {
    let of_target = |p: &&super::Partial| {
        p.kind == PartialKind::Plain
            && p.etag == file.etag
            && p.size <= file.size
            && cache.target.as_ref().is_some_and(|t| p.path.starts_with(&t.folder))
    };
    cache.partials.list.iter().find(of_target).map_or(0, |p| p.allocated.min(file.size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::cache::Partial;
    use crate::observe::cache::folder::{Kind, Meta};
    use crate::observe::cache::model::Blob;
    use crate::observe::hub::{Lfs, Sibling};
    use crate::observe::made_cache::case;
    use hfdoctor_core::target::From;
    use hfdoctor_core::target::RepoType;
    use std::path::{Path, PathBuf};

    fn target(file: Option<&str>) -> Target {
        Target { file: file.map(str::to_owned), ..Target::new(RepoType::Model, "a/b", From::Argument) }
    }

    fn record() -> Repository {
        let large = |path: &str, sha: &str, size| Sibling {
            path: path.to_owned(),
            size: Some(134),
            blob_id: Some("pointer".to_owned()),
            lfs: Some(Lfs { sha256: sha.to_owned(), size }),
        };
        let small = Sibling { path: "c.json".into(), size: Some(10), blob_id: Some("g1".into()), lfs: None };
        Repository {
            siblings: vec![large("a.bin", "s1", 1000), large("copy.bin", "s1", 1000), large("b.bin", "s2", 500), small],
            ..Repository::default()
        }
    }

    fn cache(partial: u64) -> Cache {
        cache_with(partial, partial)
    }

    fn cache_with(partial: u64, allocated: u64) -> Cache {
        let folder = PathBuf::from("/c/models--a--b");
        let mut cache = Cache { root: "/c".into(), ..Cache::default() };
        let meta = Meta { kind: Kind::File, size: partial, allocated, modified: None, owner: None, identity: None };
        let path = folder.join("blobs/s1.incomplete");
        let made = Partial::new(path, Path::new("/c"), PartialKind::Plain, &meta);
        cache.partials.push(Partial { etag: "s1".into(), idle: true, ..made });
        let mut target = TargetCache { folder, ..TargetCache::default() };
        target.blobs.insert("s2".into(), Blob { size: Some(500), modified: None, shared: false });
        cache.target = Some(target);
        cache
    }

    fn clients(hub: Option<(u64, u64, u64)>) -> Case {
        with_variables(hub, &[])
    }

    fn with_variables(hub: Option<(u64, u64, u64)>, variables: &[(&str, &str)]) -> Case {
        let mut case = case(Path::new("/home/u"), variables, None);
        case.clients.hub = hub;
        case
    }

    #[test]
    fn what_is_needed_leaves_out_what_is_there_and_what_is_resumed() {
        let files = expected(&target(None), Some(&record()), None).expect("files");
        assert_eq!(files.len(), 4);
        let old = need(&files, &cache(300), &clients(Some((0, 36, 2))));
        assert_eq!(old, Need { bytes: 710, largest: 700, files: 2, resumed: 300 });
        let new = need(&files, &cache(300), &clients(Some((2, 4, 0))));
        assert_eq!(new, Need { bytes: 1010, largest: 1000, files: 2, resumed: 0 });
        // A part longer than the file helps nobody.
        assert_eq!(need(&files, &cache(2000), &clients(Some((1, 17, 0)))).bytes, 1010);
    }

    #[test]
    fn holes_are_still_to_be_filled() {
        let files = expected(&target(None), Some(&record()), None).expect("files");
        let sparse = need(&files, &cache_with(900, 200), &clients(Some((0, 36, 2))));
        assert_eq!(sparse, Need { bytes: 810, largest: 800, files: 2, resumed: 200 });
    }

    #[test]
    fn one_file_needs_only_itself() {
        let files = expected(&target(Some("b.bin")), Some(&record()), None).expect("files");
        assert_eq!(need(&files, &cache(0), &clients(None)), Need::default());
        assert_eq!(expected(&target(Some("no.bin")), Some(&record()), None), None);
        assert_eq!(expected(&target(None), None, None), None);
    }

    #[test]
    fn a_quantization_needs_only_its_own_files() {
        let tagged = |tag: &str| Target { tag: Some(tag.to_owned()), ..target(None) };
        let mut record = record();
        record.siblings[2].path = "b-Q4_K_M.gguf".into();
        let files = expected(&tagged("q4_k_m"), Some(&record), None).expect("files");
        assert_eq!(files.keys().collect::<Vec<_>>(), ["b-Q4_K_M.gguf"]);
        assert_eq!(expected(&tagged("Q9"), Some(&record), None), None);
    }

    #[test]
    fn the_version_decides_who_resumes() {
        for (version, answer) in [
            (Some((0, 22, 2)), Resumes::OnRequest),
            (Some((0, 23, 0)), Resumes::Yes),
            (Some((1, 17, 9)), Resumes::Yes),
            (Some((1, 18, 0)), Resumes::No),
            (None, Resumes::No),
        ] {
            assert_eq!(resumes(&clients(version)), answer, "{version:?}");
        }
        let switch = [("HF_HUB_ENABLE_HF_TRANSFER", "1")];
        assert_eq!(resumes(&with_variables(Some((0, 36, 2)), &switch)), Resumes::No);
        assert_eq!(resumes(&with_variables(Some((1, 17, 0)), &switch)), Resumes::Yes);
    }
}
