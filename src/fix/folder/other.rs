//! Folders on systems without permission bits: a user's profile is that user's, and what leads elsewhere is refused.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{MOST_NAMES, distrust, plain_name};

/// A folder.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(super) path: PathBuf,
}

impl Folder {
    /// Opens a folder of our own.
    pub(crate) fn own(path: &Path) -> io::Result<Folder> {
        let found = fs::symlink_metadata(path)?;
        if found.is_dir() && !found.is_symlink() {
            Ok(Folder { path: path.to_owned() })
        } else {
            Err(distrust(path, "is no folder"))
        }
    }

    /// Opens a folder of our own, made if need be.
    pub(crate) fn make_own(path: &Path) -> io::Result<Folder> {
        fs::create_dir_all(path)?;
        Folder::own(path)
    }

    /// Opens a folder that may be anybody's.
    pub(crate) fn at(path: &Path) -> io::Result<Folder> {
        Folder::own(path)
    }

    /// A folder of our own in this one.
    pub(crate) fn child(&self, name: impl AsRef<OsStr>) -> io::Result<Folder> {
        Folder::own(&self.path.join(plain_name(name.as_ref())?))
    }

    /// A folder of our own in this one, made if need be.
    pub(crate) fn make_child(&self, name: impl AsRef<OsStr>) -> io::Result<Folder> {
        Folder::make_own(&self.path.join(plain_name(name.as_ref())?))
    }

    /// Opens a plain file of our own; for reading and writing with `write`.
    pub(crate) fn open(&self, name: &OsStr, write: bool) -> io::Result<File> {
        self.open_with(name, OpenOptions::new().read(true).write(write))
    }

    /// Opens a plain file for reading, whoever's it is, and no link.
    pub(crate) fn open_anybodys(&self, name: &OsStr) -> io::Result<File> {
        self.open(name, false)
    }

    /// Opens a plain file of our own for reading and writing, made if need be.
    pub(crate) fn open_or_create(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        self.open_with(name.as_ref(), OpenOptions::new().read(true).write(true).create(true).truncate(false))
    }

    fn open_with(&self, name: &OsStr, options: &OpenOptions) -> io::Result<File> {
        let path = self.path.join(plain_name(name)?);
        let found = fs::symlink_metadata(&path);
        if found.is_ok_and(|found| found.is_symlink() || !found.is_file()) {
            return Err(distrust(&path, "is no regular file"));
        }
        options.open(&path)
    }

    /// Opens a file that must not exist yet.
    pub(crate) fn create(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        let path = self.path.join(plain_name(name.as_ref())?);
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// Removes a file.
    pub(crate) fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        fs::remove_file(self.path.join(plain_name(name.as_ref())?))
    }

    /// Removes an empty folder.
    pub(crate) fn remove_folder(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        fs::remove_dir(self.path.join(plain_name(name.as_ref())?))
    }

    /// Renames within the folder; a name that is taken is replaced.
    pub(crate) fn replace(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        fs::rename(self.path.join(plain_name(from.as_ref())?), self.path.join(plain_name(to.as_ref())?))
    }

    /// The names in the folder.
    pub(crate) fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.path)?.take(MOST_NAMES).map(|entry| Ok(entry?.file_name())).collect()
    }

    /// Folders cannot be opened for this; the file system orders its own entries.
    #[expect(clippy::unused_self, reason = "as on other systems")]
    pub(crate) fn sync(&self) {}
}
