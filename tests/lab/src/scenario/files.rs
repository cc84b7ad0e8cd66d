//! The files of a scenario's home.

use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::Problem;
use crate::state::HubState;
use crate::text;

/// One file, directory or link. Parent directories are made as needed. At most one of the contents may be given;
/// without one the file is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
pub struct FileEntry {
    /// Where, relative to the home directory; placeholders allowed.
    pub path: String,
    /// Content as text; placeholders allowed.
    pub text: Option<String>,
    /// Content as hex digits.
    pub bytes_hex: Option<String>,
    /// Content: so many zeros, which take no room on most file systems.
    pub size: Option<u64>,
    /// Content: that of a Hub's file, `ID:PATH`.
    pub hub_file: Option<String>,
    /// Cuts the content to this length.
    pub truncate: Option<u64>,
    /// A directory.
    pub dir: bool,
    /// Takes away what a client has left there.
    pub remove: bool,
    /// A link to this target; placeholders allowed.
    pub symlink: Option<String>,
    /// Unix mode, such as `0o444`; set last, so that a directory can be filled before it is closed.
    pub mode: Option<u32>,
    /// Seconds since it was last changed.
    pub age: Option<u64>,
    /// Whether the laboratory holds a lock (`flock` on Unix) on it, as a downloading process would.
    pub locked: bool,
    /// Whether the laboratory has it open for writing, as a downloading process has its partial file.
    pub open: bool,
}

/// What was written, held for as long as the scenario runs.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) paths: Vec<PathBuf>,
    locks: Vec<File>,
    /// Files that are merely open.
    open: Vec<File>,
    /// Whose modes were set.
    closed: Vec<PathBuf>,
}

impl Drop for Written {
    /// Opens what modes closed, so that the temporary directory can be removed, and ends the locks.
    fn drop(&mut self) {
        for lock in &self.locks {
            let _ = lock.unlock();
        }
        for path in &self.closed {
            let _ = set_mode(path, 0o700);
        }
    }
}

/// Writes the entries.
pub(crate) fn write(
    home: &Path,
    entries: &[FileEntry],
    hub: &HubState,
    fill: &mut dyn FnMut(&str) -> String,
) -> Result<Written, Problem> {
    let mut written = Written::default();
    for entry in entries {
        let relative = PathBuf::from(fill(&entry.path));
        if entry.path.is_empty() || relative.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(Problem::new(&entry.path, "not a path inside the home directory"));
        }
        let path = home.join(relative);
        make(&path, entry, hub, fill).map_err(|error| Problem::new(path.display(), error))?;
        if entry.locked {
            let lock = File::open(&path).and_then(|file| file.lock().map(|()| file));
            written.locks.push(lock.map_err(|error| Problem::new(path.display(), error))?);
        }
        if entry.open {
            let open = File::options().append(true).open(&path);
            written.open.push(open.map_err(|error| Problem::new(path.display(), error))?);
        }
        written.paths.push(path);
    }
    // Ages and modes last: filling a directory changes the one and needs the other.
    for (entry, path) in entries.iter().zip(written.paths.clone()) {
        let late = || {
            if let Some(age) = entry.age {
                let then = SystemTime::now() - Duration::from_secs(age);
                File::options().read(true).open(&path)?.set_modified(then)?;
            }
            Ok::<_, std::io::Error>(())
        };
        late().map_err(|error| Problem::new(path.display(), error))?;
    }
    for (entry, path) in entries.iter().zip(written.paths.clone()) {
        if let Some(mode) = entry.mode {
            set_mode(&path, mode).map_err(|error| Problem::new(path.display(), error))?;
            written.closed.push(path);
        }
    }
    // Outer directories must open before inner ones.
    written.closed.sort();
    Ok(written)
}

/// A file of a size alone is filled up to this many bytes, and has holes beyond.
const FILLED: u64 = 16 << 20;

fn make(
    path: &Path,
    entry: &FileEntry,
    hub: &HubState,
    fill: &mut dyn FnMut(&str) -> String,
) -> Result<(), Box<dyn std::error::Error>> {
    if entry.remove {
        return Ok(fs::remove_file(path)?);
    }
    if entry.dir {
        fs::create_dir_all(path)?;
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    if let Some(target) = &entry.symlink {
        return Ok(link(Path::new(&fill(target)), path)?);
    }
    let contents = [&entry.text, &entry.bytes_hex, &entry.hub_file].into_iter().flatten().count();
    if contents + usize::from(entry.size.is_some()) > 1 {
        return Err("more than one content".into());
    }
    let bytes = if let Some(words) = &entry.text {
        fill(words).into_bytes()
    } else if let Some(digits) = &entry.bytes_hex {
        text::unhex(digits).ok_or("not hex digits")?
    } else if let Some(place) = &entry.hub_file {
        let (id, inside) = place.split_once(':').ok_or("hub_file is ID:PATH")?;
        let repo = hub.repo.iter().find(|repo| repo.id == id).ok_or("no such repository")?;
        repo.files.get(inside).ok_or("no such file in the repository")?.bytes()
    } else {
        // As a download writes it: what has no blocks looks like a file that was never written. Larger ones take no room.
        entry
            .size
            .filter(|size| *size <= FILLED)
            .map_or(Vec::new(), |size| vec![b'Z'; usize::try_from(size).unwrap_or(0)])
    };
    fs::write(path, bytes)?;
    if let Some(length) = entry.truncate.or(entry.size) {
        File::options().write(true).open(path)?.set_len(length)?;
    }
    Ok(())
}

#[cfg(unix)]
pub(super) fn link(target: &Path, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(windows)]
pub(super) fn link(target: &Path, path: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_file(target, path)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Elsewhere only "nobody may write" has an equivalent.
#[cfg(not(unix))]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_readonly(mode & 0o222 == 0);
    fs::set_permissions(path, permissions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{FileSpec, Repo};

    fn entry(toml: &str) -> FileEntry {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn entries_become_files() {
        let home = tempfile::tempdir().unwrap();
        let repo = Repo::new("a/b").with_file("w.bin", FileSpec::lfs(100, 1));
        let hub = HubState { repo: vec![repo], ..HubState::default() };
        let entries = [
            entry("path = 'bom'\nbytes_hex = 'ef bb bf 68'"),
            entry("path = 'x/y/part.incomplete'\nhub_file = 'a/b:w.bin'\ntruncate = 40\nage = 3600"),
            entry("path = 'x/lock'\nlocked = true"),
        ];
        let written = write(home.path(), &entries, &hub, &mut |text| text.to_owned()).unwrap();
        assert_eq!(fs::read(home.path().join("bom")).unwrap(), [0xef, 0xbb, 0xbf, b'h']);
        let part = home.path().join("x/y/part.incomplete");
        assert_eq!(fs::read(&part).unwrap(), hub.repo[0].files["w.bin"].bytes()[..40]);
        let age = fs::metadata(&part).unwrap().modified().unwrap().elapsed().unwrap();
        assert!(age >= Duration::from_secs(3599));
        let lock = home.path().join("x/lock");
        assert!(File::open(&lock).unwrap().try_lock().is_err());
        drop(written);
        assert!(File::open(&lock).unwrap().try_lock().is_ok());
    }

    #[test]
    fn nothing_is_written_outside() {
        let home = tempfile::tempdir().unwrap();
        for path in ["../x", "/x", ""] {
            let entries = [FileEntry { path: path.into(), ..FileEntry::default() }];
            assert!(write(home.path(), &entries, &HubState::default(), &mut |text| text.to_owned()).is_err());
        }
    }
}
