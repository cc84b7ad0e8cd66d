//! Repositories of the scenario's Hub as clients leave them on disk, and the clients themselves as far as files tell.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use super::Problem;
use crate::state::{Content, HubState, Repo};

/// A repository of the Hub as a client leaves it: complete and sound. What is to be wrong with it the scenario's files say,
/// which are written afterwards.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheEntry {
    /// The repository's id.
    pub repo: String,
    /// The cache root, or the folder of a download to a place of one's own, relative to the home.
    #[serde(default = "usual_root")]
    pub at: String,
    /// How its files lie there.
    #[serde(default)]
    pub layout: Layout,
    /// The revision.
    #[serde(default = "main")]
    pub revision: String,
    /// Files that are not there.
    #[serde(default)]
    pub without: Vec<String>,
    /// Whether the listing of the commit is kept, as huggingface_hub does since 1.22.
    #[serde(default)]
    pub tree: bool,
}

fn usual_root() -> String {
    ".cache/huggingface/hub".into()
}

fn main() -> String {
    "main".into()
}

/// How a client lays files out.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `blobs`, `refs`, and `snapshots` of relative links.
    #[default]
    Links,
    /// The same with real files in the snapshots, as on Windows without the right to make links.
    Copies,
    /// Xet files in the store that repositories share, since huggingface_hub 1.32.
    Shared,
    /// A download to a folder of one's own, with its notes in `.cache/huggingface/download`.
    Local,
    /// The same of the first client that wrote notes, 0.23: `.huggingface/download`.
    OldLocal,
}

/// Writes the repositories.
pub(crate) fn write(home: &Path, entries: &[CacheEntry], hub: &HubState) -> Result<(), Problem> {
    for entry in entries {
        let repo = hub.repo.iter().find(|repo| repo.id == entry.repo);
        let repo = repo.ok_or_else(|| Problem::new(&entry.repo, "no such repository"))?;
        let commit = repo.resolve(&entry.revision).ok_or_else(|| Problem::new(&entry.repo, "no such revision"))?;
        let place = Place { root: home.join(&entry.at), entry, repo, commit };
        place.write().map_err(|error| Problem::new(&entry.repo, error))?;
    }
    Ok(())
}

struct Place<'a> {
    root: PathBuf,
    entry: &'a CacheEntry,
    repo: &'a Repo,
    commit: String,
}

impl Place<'_> {
    fn write(&self) -> io::Result<()> {
        let local = matches!(self.entry.layout, Layout::Local | Layout::OldLocal);
        let files = self.repo.files_at(&self.commit).filter(|(path, _)| !self.entry.without.iter().any(|w| w == path));
        for (path, content) in files {
            if local { self.local(path, content) } else { self.cached(path, content) }?;
        }
        if local {
            return put(&self.notes().join("../.gitignore"), b"*");
        }
        put(&self.root.join("CACHEDIR.TAG"), b"Signature: 8a477f597d28d172789f06886806bc55\n")?;
        put(&self.folder().join("refs").join(&self.entry.revision), self.commit.as_bytes())?;
        if self.entry.tree {
            put(&self.folder().join("trees").join(format!("{}.json", self.commit)), self.listing().as_bytes())?;
        }
        Ok(())
    }

    fn folder(&self) -> PathBuf {
        self.root.join(format!("{}--{}", self.repo.kind.path(), self.repo.id.replace('/', "--")))
    }

    fn cached(&self, path: &str, content: Content<'_>) -> io::Result<()> {
        let (etag, folder) = (content.etag(), self.folder());
        let bytes = content.source().bytes(0..content.size());
        let shown = folder.join("snapshots").join(&self.commit).join(path);
        put(&self.root.join(".locks").join(folder.file_name().unwrap_or_default()).join(format!("{etag}.lock")), b"")?;
        if self.entry.layout == Layout::Copies {
            return put(&shown, &bytes);
        }
        let blob = folder.join("blobs").join(&etag);
        match content.xet_hash().filter(|_| self.entry.layout == Layout::Shared) {
            Some(hash) => {
                put(&self.root.join("blobs/.huggingface-shared-blobs"), b"1\n")?;
                let store = self.root.join("blobs").join(&hash[..2]).join(&hash);
                let repository = folder.file_name().unwrap_or_default().to_string_lossy();
                put(&store, &bytes)?;
                put(&store.with_extension("refs"), format!("{repository}/blobs/{etag}\n").as_bytes())?;
                link(Path::new(&format!("../../blobs/{}/{hash}", &hash[..2])), &blob)?;
            }
            None => put(&blob, &bytes)?,
        }
        let up = "../".repeat(path.matches('/').count() + 2);
        link(Path::new(&format!("{up}blobs/{etag}")), &shown)
    }

    fn notes(&self) -> PathBuf {
        let notes = if self.entry.layout == Layout::OldLocal { ".huggingface" } else { ".cache/huggingface" };
        self.root.join(notes).join("download")
    }

    fn local(&self, path: &str, content: Content<'_>) -> io::Result<()> {
        put(&self.root.join(path), &content.source().bytes(0..content.size()))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let note = format!("{}\n{}\n{now}\n", self.commit, content.etag());
        put(&self.notes().join(format!("{path}.lock")), b"")?;
        put(&self.notes().join(format!("{path}.metadata")), note.as_bytes())
    }

    fn listing(&self) -> String {
        let file = |(path, content): (&str, Content<'_>)| {
            let mut about = serde_json::json!({ "size": content.size(), "blob_id": content.oid() });
            if content.is_lfs() {
                about["size"] = content.size().into();
                about["lfs_sha256"] = content.sha256().into();
                about["lfs_size"] = content.size().into();
                about["xet_hash"] = content.xet_hash().into();
            }
            (path.to_owned(), about)
        };
        let files: BTreeMap<String, serde_json::Value> = self.repo.files_at(&self.commit).map(file).collect();
        serde_json::json!({ "format_version": 1, "files": files }).to_string()
    }
}

/// A virtual environment with these packages, as far as their directories tell: name with underscores, and version.
pub(crate) fn write_client(home: &Path, packages: &BTreeMap<String, String>) -> Result<PathBuf, Problem> {
    let root = home.join("venv");
    let problem = |error: io::Error| Problem::new(root.display(), error);
    put(&root.join("pyvenv.cfg"), b"home = /usr/bin\nversion = 3.11.2\n").map_err(problem)?;
    for (name, version) in packages {
        let about = root.join(format!("lib/python3.11/site-packages/{name}-{version}.dist-info/METADATA"));
        let text = format!("Metadata-Version: 2.1\nName: {}\nVersion: {version}\n", name.replace('_', "-"));
        put(&about, text.as_bytes()).map_err(problem)?;
    }
    Ok(root)
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)
}

fn link(target: &Path, path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // Of two revisions with the same file, the second finds the link.
    if path.is_symlink() {
        return Ok(());
    }
    super::files::link(target, path)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::state::FileSpec;

    fn made(layout: &str) -> (tempfile::TempDir, Repo) {
        let repo = Repo::new("a/b").with_file("sub/c.json", "{}").with_file("w.bin", FileSpec::xet(50, 1));
        let hub = HubState { repo: vec![repo.clone()], ..HubState::default() };
        let home = tempfile::tempdir().unwrap();
        let entry = toml::from_str(&format!("repo = 'a/b'\nat = 'c'\nlayout = '{layout}'\ntree = true")).unwrap();
        write(home.path(), &[entry], &hub).unwrap();
        (home, repo)
    }

    #[test]
    fn every_layout_shows_the_files_with_their_bytes() {
        for layout in ["links", "copies", "shared"] {
            let (home, repo) = made(layout);
            let shown = home.path().join("c/models--a--b/snapshots").join(repo.commit());
            for (path, spec) in &repo.files {
                assert_eq!(fs::read(shown.join(path)).unwrap(), spec.bytes(), "{layout} {path}");
            }
            assert_eq!(shown.join("w.bin").is_symlink(), layout != "copies");
        }
        for (layout, notes) in [("local", ".cache/huggingface"), ("old-local", ".huggingface")] {
            let (home, repo) = made(layout);
            assert_eq!(fs::read(home.path().join("c/sub/c.json")).unwrap(), b"{}");
            let note = home.path().join("c").join(notes).join("download/sub/c.json.metadata");
            let note = fs::read_to_string(note).unwrap();
            assert_eq!(note.lines().take(2).collect::<Vec<_>>(), [repo.commit(), repo.etag("sub/c.json").unwrap()]);
        }
    }
}
