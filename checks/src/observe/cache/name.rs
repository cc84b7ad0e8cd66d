//! What a name in the cache means, by the conventions of every client that writes there.

use std::ffi::OsStr;

use hfdoctor_core::target::RepoType;

/// Which hash a blob's name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// 64 hex digits: the SHA-256 of the content. For LFS and Xet files.
    Sha256,
    /// 40 hex digits: the SHA-1 of git's blob header and the content. For small files.
    GitSha1,
}

/// Who writes partial files of a name, which decides whether anybody reads them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartialKind {
    /// `<etag>.incomplete`: huggingface_hub before 1.18, which appends to it; also the hf-hub crate 1.0 and huggingface.js.
    Plain,
    /// `<etag>.<8 hex digits>.incomplete`: huggingface_hub since 1.18, which never reads one that another process left.
    Unique,
    /// `<etag>.part` and `<etag>.sync.part`: the hf-hub crate before 1.0, which resumes it.
    RustPart,
    /// `<oid>.downloadInProgress`: llama.cpp, which resumes it.
    LlamaCpp,
    /// `sha256-<hash>-partial` in ollama's own store, which resumes it.
    Ollama,
    /// `downloads/<hash>.incomplete` in the cache of datasets, which begins it anew.
    Datasets,
    /// `tmp…`: huggingface_hub before 0.23 and short-lived helpers. Nobody reads it again.
    Temporary,
}

impl PartialKind {
    /// Whether its client goes on at the end of a file that it finds: what the file holds becomes part of the whole.
    pub fn is_appended_to(self) -> bool {
        match self {
            PartialKind::Plain | PartialKind::RustPart | PartialKind::LlamaCpp => true,
            PartialKind::Unique | PartialKind::Ollama | PartialKind::Datasets | PartialKind::Temporary => false,
        }
    }
}

/// A name in a repository's `blobs` folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InBlobs<'a> {
    /// A complete file, by its ETag.
    Blob,
    /// A partial file of an ETag.
    Partial(PartialKind, &'a str),
    /// A lock of huggingface_hub before 0.19 or of the hf-hub crate.
    Lock,
    /// Something else: left alone.
    Foreign,
}

/// The hash that a blob's name is, when it is one.
pub fn hash_of(name: &str) -> Option<Hash> {
    if !is_hex(name) {
        return None;
    }
    match name.len() {
        64 => Some(Hash::Sha256),
        40 => Some(Hash::GitSha1),
        _ => None,
    }
}

/// Whether a name is a commit id.
pub fn is_commit(name: &str) -> bool {
    name.len() == 40 && is_hex(name)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Reads a name in a `blobs` folder.
pub fn in_blobs(name: &OsStr) -> InBlobs<'_> {
    let Some(name) = name.to_str().filter(|name| !is_litter(OsStr::new(name))) else { return InBlobs::Foreign };
    if let Some((kind, etag)) = partial(name) {
        return InBlobs::Partial(kind, etag);
    }
    if std::path::Path::new(name).extension().is_some_and(|e| e == "lock") {
        return InBlobs::Lock;
    }
    if name.starts_with("tmp") && hash_of(name).is_none() {
        return InBlobs::Partial(PartialKind::Temporary, "");
    }
    // ETags of other stores than the Hub's are not always a hash, but never hidden names and never with a suffix.
    if hash_of(name).is_some() || !name.contains('.') { InBlobs::Blob } else { InBlobs::Foreign }
}

/// The maker and the ETag of a partial file's name.
pub fn partial(name: &str) -> Option<(PartialKind, &str)> {
    let (kind, etag) = if let Some(stem) = name.strip_suffix(".incomplete") {
        match stem.rsplit_once('.') {
            Some((etag, unique)) if unique.len() == 8 && is_hex(unique) && !etag.is_empty() => {
                (PartialKind::Unique, etag)
            }
            _ => (PartialKind::Plain, stem),
        }
    } else if let Some(stem) = name.strip_suffix(".downloadInProgress") {
        (PartialKind::LlamaCpp, stem)
    } else if let Some(stem) = name.strip_suffix(".sync.part").or_else(|| name.strip_suffix(".part")) {
        (PartialKind::RustPart, stem)
    } else {
        return None;
    };
    (!etag.is_empty()).then_some((kind, etag))
}

/// The maker, the name's hash and the ETag of a partial file of a download to a folder of the person's own.
///
/// `<base64url(SHA-1 of the metadata file's name)>.<etag>[.<8 hex digits>].incomplete`; the first such client, 0.23, wrote
/// the file's name in place of the hash.
pub fn local_partial(name: &str) -> Option<(PartialKind, &str, &str)> {
    let (kind, stem) = partial(name)?;
    if !matches!(kind, PartialKind::Plain | PartialKind::Unique) {
        return None;
    }
    let (file, etag) = stem.rsplit_once('.')?;
    (!file.is_empty() && !etag.is_empty()).then_some((kind, file, etag))
}

/// The repository that a folder of the cache holds; none for foreign folders.
pub fn repository(folder: &OsStr) -> Option<(RepoType, String)> {
    let (kind, id) = folder.to_str()?.split_once("--")?;
    let kind = [RepoType::Model, RepoType::Dataset, RepoType::Space, RepoType::Kernel]
        .into_iter()
        .find(|k| k.plural() == kind)?;
    (!id.is_empty()).then(|| (kind, id.replace("--", "/")))
}

/// The folder that holds a repository.
pub fn folder(kind: RepoType, id: &str) -> String {
    format!("{}--{}", kind.plural(), id.replace('/', "--"))
}

/// What desktops, network file systems and synchronisers leave in any folder: nobody's download.
pub fn is_litter(name: &OsStr) -> bool {
    const NAMES: &[&str] = &[
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        ".directory",
        "@eaDir",
        "lost+found",
        ".ipynb_checkpoints",
        ".stfolder",
        ".stversions",
        ".snapshot",
    ];
    // macOS' shadows of files on foreign volumes, what NFS and FUSE keep of deleted files that are open, and Syncthing's.
    const BEGINNINGS: &[&str] = &["._", ".nfs0", ".fuse_hidden", ".syncthing.", "~syncthing~", ".Trash-"];
    let bytes = name.as_encoded_bytes();
    // Millions of names pass here, and nearly all of them begin with something else.
    if !matches!(bytes.first(), Some(b'.' | b'@' | b'~' | b'T' | b'd' | b'l')) {
        return false;
    }
    NAMES.iter().any(|known| name == *known) || BEGINNINGS.iter().any(|known| bytes.starts_with(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn partial_names_tell_their_maker() {
        let name = |suffix: &str| format!("{SHA}{suffix}");
        for (suffix, kind) in [
            (".incomplete", PartialKind::Plain),
            (".0a1b2c3d.incomplete", PartialKind::Unique),
            (".part", PartialKind::RustPart),
            (".sync.part", PartialKind::RustPart),
            (".downloadInProgress", PartialKind::LlamaCpp),
        ] {
            assert_eq!(partial(&name(suffix)), Some((kind, SHA)), "{suffix}");
            assert_eq!(in_blobs(OsStr::new(&name(suffix))), InBlobs::Partial(kind, SHA));
        }
        assert_eq!(partial(".incomplete"), None);
        assert_eq!(partial(&name("")), None);
        // Eight characters that are no hex digits belong to the ETag.
        assert_eq!(partial("etag.notahex!.incomplete"), Some((PartialKind::Plain, "etag.notahex!")));
    }

    #[test]
    fn names_in_blobs_are_told_apart() {
        assert_eq!(in_blobs(OsStr::new(SHA)), InBlobs::Blob);
        assert_eq!(in_blobs(OsStr::new("0123-7")), InBlobs::Blob);
        assert_eq!(in_blobs(OsStr::new(&format!("{SHA}.lock"))), InBlobs::Lock);
        assert_eq!(in_blobs(OsStr::new(&format!(".{SHA}.0a1b2c3d.shared"))), InBlobs::Foreign);
        assert_eq!(in_blobs(OsStr::new("tmpab12cd")), InBlobs::Partial(PartialKind::Temporary, ""));
        assert_eq!(in_blobs(OsStr::new(".DS_Store")), InBlobs::Foreign);
        assert_eq!(in_blobs(OsStr::new(&format!("._{SHA}"))), InBlobs::Foreign);
        assert_eq!(in_blobs(OsStr::new(".nfs000000000012")), InBlobs::Foreign);
    }

    #[test]
    fn folders_are_repositories_only_by_their_type() {
        assert_eq!(repository(OsStr::new("models--gpt2")), Some((RepoType::Model, "gpt2".to_owned())));
        assert_eq!(repository(OsStr::new("datasets--a--b")), Some((RepoType::Dataset, "a/b".to_owned())));
        assert_eq!(repository(OsStr::new("notes--a--b")), None);
        assert_eq!(repository(OsStr::new("models--")), None);
        for litter in [".DS_Store", "._config.json", ".nfs00000000a1b2", "~syncthing~x.tmp", "lost+found"] {
            assert!(is_litter(OsStr::new(litter)), "{litter}");
        }
        for file in [".gitattributes", "config.json", "_init.py", ".nfsomething"] {
            assert!(!is_litter(OsStr::new(file)), "{file}");
        }
        assert_eq!(folder(RepoType::Model, "a/b"), "models--a--b");
    }

    #[test]
    fn local_partials_carry_hash_and_etag() {
        let name = format!("abcdefghijklmnopqrstuvwxyz0=.{SHA}.0a1b2c3d.incomplete");
        assert_eq!(local_partial(&name), Some((PartialKind::Unique, "abcdefghijklmnopqrstuvwxyz0=", SHA)));
        assert_eq!(local_partial("x.incomplete"), None);
    }
}
