//! Folders on systems with owners and permission bits.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RawMode, Stat};
use rustix::io::Errno;

use super::who::{self, Wanted};
use super::{MOST_NAMES, distrust, plain_name};

/// More links than this on one way are a circle.
const MOST_LINKS: usize = 40;

/// Opening for search alone needs no right to list the folder.
#[cfg(any(target_os = "linux", target_os = "android"))]
const STEP: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::PATH);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const STEP: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

/// Reading a plain file, and never waiting for one.
const PLAIN: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    fd: OwnedFd,
    pub(super) path: PathBuf,
}

impl AsFd for Folder {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Folder {
    /// Opens a folder of our own.
    pub(crate) fn own(path: &Path) -> io::Result<Folder> {
        let folder = walk(path, false)?;
        folder.check(Wanted::Own)?;
        Ok(folder)
    }

    /// Opens a folder of our own, made if need be, and closed to others (mode 0700).
    pub(crate) fn make_own(path: &Path) -> io::Result<Folder> {
        let folder = walk(path, true)?;
        folder.close()?;
        Ok(folder)
    }

    /// Opens a folder that may be anybody's, by a path without links.
    pub(crate) fn at(path: &Path) -> io::Result<Folder> {
        let mut folder = Folder { fd: rustix::fs::open("/", STEP, Mode::empty())?, path: PathBuf::from("/") };
        for part in path.components() {
            match part {
                Component::Normal(name) => folder = folder.step(name)?,
                Component::RootDir => {}
                _ => return Err(io::Error::other(format!("{} is no path without links", path.display()))),
            }
        }
        Ok(folder)
    }

    /// A folder of our own in this one.
    pub(crate) fn child(&self, name: impl AsRef<OsStr>) -> io::Result<Folder> {
        let folder = self.step(plain_name(name.as_ref())?)?;
        folder.check(Wanted::Own)?;
        Ok(folder)
    }

    /// A folder of our own in this one, made if need be.
    pub(crate) fn make_child(&self, name: impl AsRef<OsStr>) -> io::Result<Folder> {
        let name = plain_name(name.as_ref())?;
        let folder = match self.step(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.make(name)?,
            other => other?,
        };
        folder.close()?;
        Ok(folder)
    }

    /// Opens a plain file of our own; for reading and writing with `write`.
    pub(crate) fn open(&self, name: &OsStr, write: bool) -> io::Result<File> {
        let access = if write { OFlags::RDWR } else { OFlags::RDONLY };
        self.open_with(name, access, Wanted::Own)
    }

    /// Opens a plain file for reading, whoever's it is, and no link.
    pub(crate) fn open_anybodys(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::RDONLY, Wanted::Plain)
    }

    /// Opens a plain file of our own for reading and writing, made if need be, closed to others (mode 0600).
    pub(crate) fn open_or_create(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        self.open_with(name.as_ref(), OFlags::RDWR | OFlags::CREATE, Wanted::Own)
    }

    fn open_with(&self, name: &OsStr, flags: OFlags, wanted: Wanted) -> io::Result<File> {
        let name = plain_name(name)?;
        let path = self.path.join(name);
        let opened =
            rustix::fs::openat(&self.fd, name, flags | PLAIN, private_file()).map_err(|errno| match errno {
                Errno::LOOP | Errno::MLINK => distrust(&path, "is a link"),
                // A pipe without a reader, a socket.
                Errno::NXIO | Errno::OPNOTSUPP => distrust(&path, "is no regular file"),
                errno => errno.into(),
            })?;
        let found = rustix::fs::fstat(&opened)?;
        if kind(&found) != FileType::RegularFile {
            return Err(distrust(&path, "is no regular file"));
        }
        match who::objection(&found, &opened, wanted) {
            None => Ok(File::from(opened)),
            Some(why) => Err(distrust(&path, &why)),
        }
    }

    /// Opens a file that must not exist yet, closed to others (mode 0600).
    pub(crate) fn create(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | PLAIN;
        Ok(rustix::fs::openat(&self.fd, plain_name(name.as_ref())?, flags, private_file())?.into())
    }

    /// Removes a file of our own; what is no plain file of this user stays.
    pub(crate) fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        let name = plain_name(name.as_ref())?;
        let found = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if kind(&found) != FileType::RegularFile || found.st_uid != rustix::process::geteuid().as_raw() {
            return Err(distrust(&self.path.join(name), "is no file of this user"));
        }
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Removes an empty folder.
    pub(crate) fn remove_folder(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, plain_name(name.as_ref())?, AtFlags::REMOVEDIR)?)
    }

    /// Renames within the folder; a name that is taken is replaced.
    pub(crate) fn replace(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, plain_name(from.as_ref())?, &self.fd, plain_name(to.as_ref())?)?)
    }

    /// The names in the folder.
    pub(crate) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(self.readable()?)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." && names.len() < MOST_NAMES {
                names.push(OsString::from_vec(name));
            }
        }
        Ok(names)
    }

    /// Forces the folder's entries to disk. A file system that cannot is taken as it is: there is nothing better to do.
    pub(crate) fn sync(&self) {
        if let Ok(folder) = self.readable() {
            let _ = rustix::fs::fsync(folder);
        }
    }

    fn readable(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        Ok(rustix::fs::openat(&self.fd, ".", flags, Mode::empty())?)
    }

    fn step(&self, name: &OsStr) -> io::Result<Folder> {
        let path = self.path.join(name);
        let fd = rustix::fs::openat(&self.fd, name, STEP, Mode::empty()).map_err(|errno| match errno {
            Errno::LOOP | Errno::NOTDIR | Errno::MLINK => distrust(&path, "is no folder"),
            errno => io::Error::new(io::Error::from(errno).kind(), format!("{}: {errno}", path.display())),
        })?;
        Ok(Folder { fd, path })
    }

    fn make(&self, name: &OsStr) -> io::Result<Folder> {
        match rustix::fs::mkdirat(&self.fd, name, private_folder()) {
            Ok(()) => self.sync(),
            Err(Errno::EXIST) => {}
            Err(errno) => {
                let path = self.path.join(name);
                return Err(io::Error::new(io::Error::from(errno).kind(), format!("{}: {errno}", path.display())));
            }
        }
        self.step(name)
    }

    fn check(&self, wanted: Wanted) -> io::Result<Stat> {
        let found = rustix::fs::fstat(&self.fd)?;
        match who::objection(&found, &self.fd, wanted) {
            None => Ok(found),
            Some(why) => Err(distrust(&self.path, &why)),
        }
    }

    /// Takes every right from others.
    fn close(&self) -> io::Result<()> {
        let found = self.check(Wanted::Own)?;
        if Mode::from_raw_mode(found.st_mode).intersects(Mode::RWXG | Mode::RWXO) {
            let folder = self.readable()?;
            rustix::fs::fchmod(folder, private_folder())?;
        }
        Ok(())
    }
}

/// Walks a path from the top, and makes sure of every step.
fn walk(path: &Path, make: bool) -> io::Result<Folder> {
    if !path.is_absolute() {
        return Err(io::Error::other(format!("{} is no absolute path", path.display())));
    }
    let top = Folder { fd: rustix::fs::open("/", STEP, Mode::empty())?, path: PathBuf::from("/") };
    top.check(Wanted::Way)?;
    let mut at = vec![top];
    let mut ahead: VecDeque<OsString> = path.components().map(|part| part.as_os_str().to_owned()).collect();
    let mut links = 0;
    while let Some(name) = ahead.pop_front() {
        match Path::new(&name).components().next() {
            Some(Component::RootDir) => at.truncate(1),
            Some(Component::ParentDir) if at.len() > 1 => _ = at.pop(),
            Some(Component::Normal(_)) => {
                let Some(here) = at.last() else { break };
                let link = link(here, &name)?;
                if let Some(target) = link {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(distrust(path, "leads through too many links"));
                    }
                    for part in target.components().rev() {
                        ahead.push_front(part.as_os_str().to_owned());
                    }
                    continue;
                }
                let next = match here.step(&name) {
                    Err(error) if make && error.kind() == io::ErrorKind::NotFound => here.make(&name)?,
                    other => other?,
                };
                next.check(Wanted::Way)?;
                at.push(next);
            }
            _ => {}
        }
    }
    at.pop().ok_or_else(|| io::Error::other("there is no such folder"))
}

/// Where a link of that name leads; none when it is no link. A link of somebody else is an error.
fn link(folder: &Folder, name: &OsStr) -> io::Result<Option<PathBuf>> {
    let found = match rustix::fs::statat(&folder.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) if kind(&found) == FileType::Symlink => found,
        // What else is wrong shows when it is opened.
        _ => return Ok(None),
    };
    if let Some(why) = who::objection_to_link(&found) {
        return Err(distrust(&folder.path.join(name), &why));
    }
    let target = rustix::fs::readlinkat(&folder.fd, name, Vec::new())?;
    Ok(Some(PathBuf::from(OsString::from_vec(target.into_bytes()))))
}

#[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
fn kind(found: &Stat) -> FileType {
    FileType::from_raw_mode(found.st_mode as RawMode)
}

fn private_file() -> Mode {
    Mode::RUSR | Mode::WUSR
}

fn private_folder() -> Mode {
    Mode::RWXU
}
