//! Reaching things below a cache root without ever leaving it, and renaming them there.
//!
//! On Unix every folder on the way is opened in turn without following links, and what is done is done relative to the
//! folder that was opened. So a folder that somebody swaps for a link meanwhile leads nowhere.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::folder::Folder;

/// Folders that lie deeper in one another are not deleted.
#[cfg(unix)]
const DEEPEST: usize = 64;

/// A name in a folder below a root.
#[derive(Debug)]
pub(crate) struct Spot {
    #[cfg(unix)]
    folder: std::os::fd::OwnedFd,
    #[cfg(unix)]
    name: OsString,
    /// The path, with the root's links resolved.
    pub path: PathBuf,
    /// The path below the root.
    pub below: PathBuf,
}

/// The names from the root down to the path; an error in words when the path is not below the root.
fn below(root: &Path, real_root: &Path, path: &Path) -> Result<Vec<OsString>, String> {
    let outside = || format!("{} does not lie in {}", path.display(), root.display());
    let rest = match (path.strip_prefix(root), path.strip_prefix(real_root)) {
        (Ok(rest), _) | (_, Ok(rest)) => rest.to_owned(),
        _ => {
            let parent = path.parent().and_then(|parent| parent.canonicalize().ok()).ok_or_else(outside)?;
            let rest = parent.strip_prefix(real_root).map_err(|_| outside())?;
            rest.join(path.file_name().ok_or_else(outside)?)
        }
    };
    let names: Option<Vec<OsString>> = rest
        .components()
        .map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            _ => None,
        })
        .collect();
    names.filter(|names| !names.is_empty()).ok_or_else(outside)
}

/// Reaches a path below a root. With `make`, folders that are missing on the way are made.
pub(crate) fn reach(root: &Path, path: &Path, make: bool) -> Result<Spot, String> {
    let real_root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
    let names = below(root, &real_root, path)?;
    let (name, folders) = names.split_last().ok_or_else(|| format!("{} is the root itself", path.display()))?;
    let below: PathBuf = names.iter().collect();
    open(&real_root, folders, name, make).map(|mut spot| {
        spot.path = real_root.join(&below);
        spot.below = below;
        spot
    })
}

#[cfg(unix)]
fn open(root: &Path, folders: &[OsString], name: &OsString, make: bool) -> Result<Spot, String> {
    use rustix::fs::{Mode, OFlags, mkdirat, open, openat};
    use rustix::io::Errno;
    // Opening for search alone needs no right to list the folder.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::PATH;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::RDONLY;
    let mut folder = open(root, flags, Mode::empty()).map_err(|errno| format!("{}: {errno}", root.display()))?;
    let mut at = root.to_owned();
    for next in folders {
        at.push(next);
        let opened = match openat(&folder, next, flags, Mode::empty()) {
            Err(Errno::NOENT) if make => mkdirat(&folder, next, Mode::from_raw_mode(0o777))
                .and_then(|()| openat(&folder, next, flags, Mode::empty())),
            other => other,
        };
        folder = opened.map_err(|errno| match errno {
            Errno::LOOP | Errno::NOTDIR if at.is_symlink() => {
                format!("{} is a link: nothing behind it is touched", at.display())
            }
            errno => format!("{}: {errno}", at.display()),
        })?;
    }
    Ok(Spot { folder, name: name.clone(), path: PathBuf::new(), below: PathBuf::new() })
}

#[cfg(not(unix))]
fn open(root: &Path, folders: &[OsString], _: &OsString, make: bool) -> Result<Spot, String> {
    let mut at = root.to_owned();
    for next in folders {
        at.push(next);
        if make && !at.exists() {
            std::fs::create_dir(&at).map_err(|error| format!("{}: {error}", at.display()))?;
        }
        let found = std::fs::symlink_metadata(&at).map_err(|error| format!("{}: {error}", at.display()))?;
        // A junction is no symbolic link, but it does not lead to its own path.
        let stays = at.canonicalize().is_ok_and(|real| real == at);
        if !found.is_dir() || found.is_symlink() || !stays {
            return Err(format!("{} is a link: nothing behind it is touched", at.display()));
        }
    }
    Ok(Spot { path: PathBuf::new(), below: PathBuf::new() })
}

#[cfg(unix)]
impl Spot {
    /// Renames what is here to a name in another folder that must be free there.
    pub(crate) fn move_to(&self, folder: &Folder, name: &OsStr) -> io::Result<()> {
        rename(&self.folder, Path::new(&self.name), folder, Path::new(name))
    }

    /// Renames what is in another folder to here, where the name must be free.
    pub(crate) fn bring(&self, folder: &Folder, name: &OsStr) -> io::Result<()> {
        rename(folder, Path::new(name), &self.folder, Path::new(&self.name))
    }

    /// Deletes the file or link that is here.
    pub(crate) fn delete(&self) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.folder, &self.name, rustix::fs::AtFlags::empty())?)
    }

    /// Deletes the folder that is here with all that lies in it, following no link.
    pub(crate) fn delete_tree(&self) -> io::Result<()> {
        delete_tree(&self.folder, &self.name, self.identity()?.0, DEEPEST)
    }

    /// Volume and inode of what is here, following no link.
    pub(crate) fn identity(&self) -> io::Result<(u64, u64)> {
        let found = self.stat()?;
        #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, reason = "the types differ between systems")]
        let identity = (found.st_dev as u64, found.st_ino as u64);
        Ok(identity)
    }

    /// The system's record of what is here, following no link.
    pub(crate) fn stat(&self) -> io::Result<rustix::fs::Stat> {
        Ok(rustix::fs::statat(&self.folder, &self.name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Sets the permission bits of the file or folder that is here; a link is an error.
    pub(crate) fn set_mode(&self, mode: u32) -> io::Result<()> {
        use rustix::fs::{FileType, Mode, chmodat};
        #[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
        let kind = FileType::from_raw_mode(self.stat()?.st_mode);
        if !matches!(kind, FileType::RegularFile | FileType::Directory) {
            return Err(io::Error::other(format!("{} is neither file nor folder", self.path.display())));
        }
        #[allow(
            clippy::cast_possible_truncation,
            clippy::unnecessary_cast,
            reason = "the types differ between systems"
        )]
        let mode = Mode::from_raw_mode(mode as rustix::fs::RawMode);
        // Linux has had a way to do this without following links only since 6.6; through a handle it always works.
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{CWD, OFlags, openat};
            use std::os::fd::AsRawFd;
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let handle = openat(&self.folder, &self.name, flags, Mode::empty())?;
            let through = format!("/proc/self/fd/{}", handle.as_raw_fd());
            if Path::new(&through).exists() {
                return Ok(chmodat(CWD, through, mode, rustix::fs::AtFlags::empty())?);
            }
        }
        Ok(chmodat(&self.folder, &self.name, mode, rustix::fs::AtFlags::empty())?)
    }
}

/// Renames, and fails when the new name is taken.
#[cfg(unix)]
pub(crate) fn rename(
    from: impl std::os::fd::AsFd,
    old: &Path,
    to: impl std::os::fd::AsFd,
    new: &Path,
) -> io::Result<()> {
    use rustix::fs::{AtFlags, renameat, statat};
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(&from, old, &to, new, RenameFlags::NOREPLACE) {
            // File systems that cannot do it in one step: look first.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            other => return other.map_err(io::Error::from),
        }
    }
    match statat(&to, new, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} exists", new.display()))),
        Err(rustix::io::Errno::NOENT) => Ok(renameat(from, old, to, new)?),
        Err(errno) => Err(errno.into()),
    }
}

/// Deletes a folder below an open one. Each folder on the way is opened without following a link, and what is mounted in
/// it stays.
#[cfg(unix)]
fn delete_tree(parent: impl std::os::fd::AsFd, name: &OsStr, volume: u64, deepest: usize) -> io::Result<()> {
    use rustix::fs::{AtFlags, Dir, Mode, OFlags, fstat, openat, unlinkat};
    use rustix::io::Errno;
    use std::os::unix::ffi::OsStrExt;
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::RDONLY;
    let folder = openat(&parent, name, flags, Mode::empty())?;
    #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, reason = "the types differ between systems")]
    if fstat(&folder)?.st_dev as u64 != volume {
        return Err(io::Error::other(format!("another volume is mounted at {}", name.display())));
    }
    let Some(deeper) = deepest.checked_sub(1) else { return Err(io::Error::other("the folders lie too deep")) };
    let mut names = Vec::new();
    for entry in Dir::read_from(&folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    for name in names {
        match unlinkat(&folder, &name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            // Linux says the first of a folder, other systems the second.
            Err(Errno::ISDIR | Errno::PERM) => delete_tree(&folder, &name, volume, deeper)?,
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(unlinkat(&parent, name, AtFlags::REMOVEDIR)?)
}

#[cfg(not(unix))]
impl Spot {
    /// Deletes the folder that is here with all that lies in it, following no link.
    pub(crate) fn delete_tree(&self) -> io::Result<()> {
        std::fs::remove_dir_all(&self.path)
    }

    /// Renames what is here to a name in another folder that must be free there.
    pub(crate) fn move_to(&self, folder: &Folder, name: &OsStr) -> io::Result<()> {
        super::atomic::rename_new(&self.path, &folder.path().join(name))
    }

    /// Renames what is in another folder to here, where the name must be free.
    pub(crate) fn bring(&self, folder: &Folder, name: &OsStr) -> io::Result<()> {
        super::atomic::rename_new(&folder.path().join(name), &self.path)
    }

    /// Deletes the file or link that is here.
    pub(crate) fn delete(&self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }

    /// Volume and inode: not known here.
    pub(crate) fn identity(&self) -> io::Result<(u64, u64)> {
        std::fs::symlink_metadata(&self.path).map(|_| (0, 0))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_out_and_dots_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
        fs::create_dir_all(root.join("in")).unwrap();
        fs::create_dir_all(&outside).unwrap();
        fs::write(root.join("in/file"), "x").unwrap();
        fs::write(outside.join("file"), "x").unwrap();
        symlink(&outside, root.join("out")).unwrap();
        assert!(reach(&root, &root.join("in/file"), false).is_ok());
        for bad in ["out/file", "../outside/file", "in/../../outside/file", ""] {
            assert!(reach(&root, &root.join(bad), false).is_err(), "{bad}");
        }
        assert!(reach(&root, &outside.join("file"), false).is_err());
        // The root itself may be reached through a link, and the link itself may be moved.
        let alias = dir.path().join("alias");
        symlink(&root, &alias).unwrap();
        assert!(reach(&alias, &root.join("in/file"), false).is_ok());
        assert!(reach(&root, &alias.join("in/file"), false).is_ok());
        assert!(reach(&root, &root.join("out"), false).is_ok());
    }

    #[test]
    fn moving_there_and_back_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("a"), "a").unwrap();
        let spot = reach(&root, &root.join("a"), false).unwrap();
        let aside = Folder::at(&dir.path().canonicalize().unwrap()).unwrap();
        spot.move_to(&aside, OsStr::new("aside")).unwrap();
        fs::write(root.join("a"), "new").unwrap();
        assert_eq!(spot.bring(&aside, OsStr::new("aside")).map_err(|e| e.kind()), Err(io::ErrorKind::AlreadyExists));
        fs::remove_file(root.join("a")).unwrap();
        spot.bring(&aside, OsStr::new("aside")).unwrap();
        assert_eq!(fs::read(root.join("a")).unwrap(), b"a");
    }

    #[test]
    fn missing_folders_are_made_only_when_asked() {
        let dir = tempfile::tempdir().unwrap();
        assert!(reach(dir.path(), &dir.path().join("x/y/z"), false).is_err());
        assert!(reach(dir.path(), &dir.path().join("x/y/z"), true).is_ok());
        assert!(dir.path().join("x/y").is_dir());
    }
}
