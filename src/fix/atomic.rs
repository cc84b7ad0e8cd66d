//! Reading and replacing small files whole: a reader sees the old content or the new one, never a part.
//!
//! The folder is opened by its path without links, and all is done in the folder that was opened.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::attributes::Attributes;
use super::folder::Folder;
use super::plain;

/// The largest file that is edited, in bytes.
pub(crate) const LARGEST: u64 = 4 * 1024 * 1024;

/// A small file as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub bytes: Vec<u8>,
    /// Permission bits, where the system has them.
    pub mode: Option<u32>,
    /// User and group, where the system has them.
    owner: Option<(u32, u32)>,
    attributes: Attributes,
}

/// The file that a path leads to: through links, so that a link in a home directory stays one.
pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(_) => fs::canonicalize(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let (parent, name) = split(path)?;
            Ok(fs::canonicalize(parent).unwrap_or_else(|_| parent.to_owned()).join(name))
        }
        Err(error) => Err(error),
    }
}

fn split(path: &Path) -> io::Result<(&Path, &OsStr)> {
    let parts = path.parent().zip(path.file_name());
    parts.ok_or_else(|| io::Error::other(format!("{} is no file", path.display())))
}

/// Where new content for a file is prepared, for one step of a run.
pub(crate) fn temporary_of(path: &Path, run: &str, step: u32) -> io::Result<PathBuf> {
    let (_, name) = split(path)?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".hfdoctor-{run}-{step}"));
    Ok(path.with_file_name(hidden))
}

/// A small file's content; none when there is no such file.
///
/// What is no regular file, is too large, has a second name (which replacing would cut off) or belongs to somebody else
/// is an error in words.
pub(crate) fn read(path: &Path) -> io::Result<Option<Current>> {
    let (parent, name) = split(path)?;
    let opened = Folder::at(parent).and_then(|folder| folder.open_anybodys(name));
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    let refuse = |why: &str| Err(io::Error::other(format!("{} {why}", path.display())));
    if metadata.len() > LARGEST {
        return refuse("is too large to be edited");
    }
    if names(&metadata) > 1 {
        return refuse("has a second name (a hard link), which an edit would cut off");
    }
    if let Some(owner) = somebody_else(&metadata) {
        return refuse(&format!("belongs to {owner}"));
    }
    let attributes = Attributes::of(&file)?;
    let bytes = plain::whole(file, LARGEST, path)?;
    let (mode, owner) = rights(&metadata);
    Ok(Some(Current { bytes, mode, owner, attributes }))
}

/// Writes new content beside the file that it will replace, with that file's owner and attributes and with this mode, and
/// forces it to disk. Where something cannot be kept, the edit must not happen.
pub(crate) fn prepare(temporary: &Path, bytes: &[u8], mode: Option<u32>, like: Option<&Current>) -> io::Result<()> {
    let (parent, name) = split(temporary)?;
    let mut file = Folder::at(parent)?.create(name)?;
    file.write_all(bytes)?;
    if let Some(like) = like {
        keep_owner(&file, like.owner)?;
        like.attributes.give(&file)?;
    }
    // After the owner and the list of rights: both change bits.
    set_mode(&file, mode)?;
    file.sync_all()
}

/// Puts prepared content in the file's place.
pub(crate) fn put_in_place(temporary: &Path, path: &Path, is_new: bool) -> io::Result<()> {
    let ((parent, new), (_, name)) = (split(temporary)?, split(path)?);
    let folder = Folder::at(parent)?;
    if is_new {
        put_new(&folder, new, name)?;
    } else {
        folder.replace(new, name)?;
    }
    folder.sync();
    Ok(())
}

#[cfg(unix)]
fn put_new(folder: &Folder, from: &OsStr, to: &OsStr) -> io::Result<()> {
    super::inside::rename(folder, Path::new(from), folder, Path::new(to))
}

#[cfg(not(unix))]
fn put_new(folder: &Folder, from: &OsStr, to: &OsStr) -> io::Result<()> {
    rename_new(&folder.path().join(from), &folder.path().join(to))
}

/// Removes a file of this user; what is no plain file stays.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let (parent, name) = split(path)?;
    Folder::at(parent)?.remove(name)
}

/// Forces a folder's entries to disk. A file system that cannot is taken as it is: there is nothing better to do there.
pub(crate) fn sync_folder(path: &Path) {
    // Elsewhere than on Unix folders cannot be opened for this; the file system orders its own entries.
    if cfg!(unix)
        && let Ok(folder) = File::open(path)
    {
        let _ = folder.sync_all();
    }
}

/// Renames, and fails when the new name is taken.
#[cfg(not(unix))]
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
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

/// Whose a file is, when it is not this user's.
#[cfg(unix)]
fn somebody_else(metadata: &fs::Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let owner = metadata.uid();
    (owner != rustix::process::geteuid().as_raw()).then(|| super::folder::user_name(owner))
}

#[cfg(not(unix))]
fn somebody_else(_: &fs::Metadata) -> Option<String> {
    None
}

#[cfg(unix)]
fn keep_owner(file: &File, owner: Option<(u32, u32)>) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let Some((user, group)) = owner else { return Ok(()) };
    let now = file.metadata()?;
    if (now.uid(), now.gid()) == (user, group) {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(user), Some(group))
        .map_err(|error| io::Error::new(error.kind(), format!("its owner and group cannot be kept: {error}")))
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: Option<(u32, u32)>) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn set_mode(file: &File, mode: Option<u32>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    mode.map_or(Ok(()), |mode| file.set_permissions(fs::Permissions::from_mode(mode)))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: Option<u32>) -> io::Result<()> {
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
        assert_eq!(put_in_place(&a, &b, true).map_err(|e| e.kind()), Err(io::ErrorKind::AlreadyExists));
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
        prepare(&temporary, b"new", current.mode, Some(&current)).unwrap();
        put_in_place(&temporary, &real, false).unwrap();
        assert_eq!(fs::read(&link).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
