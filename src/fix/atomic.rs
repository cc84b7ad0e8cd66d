//! Reading and replacing small files whole: a reader sees the old content or the new one, never a part.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::private;

/// The largest file that is edited, in bytes.
pub(crate) const LARGEST: u64 = 4 * 1024 * 1024;

/// A small file as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub bytes: Vec<u8>,
    /// Permission bits, where the system has them.
    pub mode: Option<u32>,
    /// User and group, where the system has them.
    pub owner: Option<(u32, u32)>,
}

/// The file that a path leads to: through links, so that a link in a home directory stays one.
pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(_) => fs::canonicalize(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or_else(|| io::Error::other(format!("{} is no file", path.display())))?;
            let parent = path.parent().ok_or_else(|| io::Error::other(format!("{} is no file", path.display())))?;
            Ok(fs::canonicalize(parent).unwrap_or_else(|_| parent.to_owned()).join(name))
        }
        Err(error) => Err(error),
    }
}

/// A small file's content; none when there is no such file.
///
/// What is no regular file, is too large, has a second name (which replacing would cut off) or belongs to somebody else
/// is an error in words.
pub(crate) fn read(path: &Path) -> io::Result<Option<Current>> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let refuse = |why: &str| Err(io::Error::other(format!("{} {why}", path.display())));
    if !metadata.is_file() {
        return refuse("is no regular file");
    }
    if metadata.len() > LARGEST {
        return refuse("is too large to be edited");
    }
    if names(&metadata) > 1 {
        return refuse("has a second name (a hard link), which an edit would cut off");
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return refuse("is too large to be edited");
    }
    let (mode, owner) = rights(&metadata);
    Ok(Some(Current { bytes, mode, owner }))
}

/// Writes new content beside the file that it will replace, with that file's mode and owner, and forces it to disk.
pub(crate) fn prepare(temporary: &Path, bytes: &[u8], mode: Option<u32>, owner: Option<(u32, u32)>) -> io::Result<()> {
    let mut file = private::create(temporary)?;
    file.write_all(bytes)?;
    keep_rights(&file, mode, owner)?;
    file.sync_all()
}

/// Puts prepared content in the file's place.
pub(crate) fn put_in_place(temporary: &Path, path: &Path, is_new: bool) -> io::Result<()> {
    if is_new {
        rename_new(temporary, path)?;
    } else {
        fs::rename(temporary, path)?;
    }
    private::sync_folder(path.parent().unwrap_or(path))
}

/// Renames, and fails when the new name is taken.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // File systems that cannot do it in one step: look first.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            other => return other.map_err(io::Error::from),
        }
    }
    match fs::symlink_metadata(to) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} exists", to.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn names(metadata: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    metadata.nlink()
}

#[cfg(not(unix))]
fn names(_: &fs::Metadata) -> u64 {
    1
}

#[cfg(unix)]
fn rights(metadata: &fs::Metadata) -> (Option<u32>, Option<(u32, u32)>) {
    use std::os::unix::fs::MetadataExt;
    (Some(metadata.mode() & 0o7777), Some((metadata.uid(), metadata.gid())))
}

#[cfg(not(unix))]
fn rights(_: &fs::Metadata) -> (Option<u32>, Option<(u32, u32)>) {
    (None, None)
}

/// Gives a new file the mode and owner of the old one. Where the owner cannot be kept, the edit must not happen.
#[cfg(unix)]
fn keep_rights(file: &File, mode: Option<u32>, owner: Option<(u32, u32)>) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    if let Some((user, group)) = owner {
        let now = file.metadata()?;
        if (now.uid(), now.gid()) != (user, group) {
            std::os::unix::fs::fchown(file, Some(user), Some(group))?;
        }
    }
    // After the owner: changing that clears some bits.
    match mode {
        Some(mode) => file.set_permissions(fs::Permissions::from_mode(mode)),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn keep_rights(_: &File, _: Option<u32>, _: Option<(u32, u32)>) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&a, "a").unwrap();
        fs::write(&b, "b").unwrap();
        assert_eq!(rename_new(&a, &b).map_err(|e| e.kind()), Err(io::ErrorKind::AlreadyExists));
        assert_eq!(fs::read(&b).unwrap(), b"b");
    }

    #[test]
    fn odd_files_are_not_edited() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).is_err());
        assert!(read(&dir.path().join("none")).unwrap().is_none());
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&a, "a").unwrap();
        assert_eq!(read(&a).unwrap().unwrap().bytes, b"a");
        if cfg!(unix) {
            fs::hard_link(&a, &b).unwrap();
            assert!(read(&a).is_err());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_mode_and_its_link() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (file, link, temporary) = (dir.path().join("file"), dir.path().join("link"), dir.path().join("tmp"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let real = real_path(&link).unwrap();
        let current = read(&real).unwrap().unwrap();
        prepare(&temporary, b"new", current.mode, current.owner).unwrap();
        put_in_place(&temporary, &real, false).unwrap();
        assert_eq!(fs::read(&link).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
