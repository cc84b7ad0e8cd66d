//! Looking into folders without ever leaving them: children are opened relative to their parent, links are not followed.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, or a junction.
    Link,
    /// A device, a pipe, a socket.
    Other,
}

impl Kind {
    /// In words, with its article.
    pub fn words(self) -> &'static str {
        match self {
            Kind::File => "a file",
            Kind::Folder => "a folder",
            Kind::Link => "a link",
            Kind::Other => "a pipe, socket or device",
        }
    }
}

/// What the system says about an entry itself, not about what a link leads to.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// What it is.
    pub kind: Kind,
    /// Length in bytes.
    pub size: u64,
    /// What it takes up of its volume, in bytes, at most its length; the length where the system does not tell.
    pub allocated: u64,
    /// When its content was last changed.
    pub modified: Option<SystemTime>,
    /// The owner's number, where the system has one.
    pub owner: Option<u32>,
    /// Device and inode, where the system has them.
    pub identity: Option<(u64, u64)>,
}

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    handle: system::Handle,
}

impl Folder {
    /// Opens a root: a link is followed here, and only here.
    pub fn open(path: &Path) -> io::Result<Folder> {
        Ok(Folder { handle: system::open(path)?, path: path.to_owned() })
    }

    /// Opens a folder in this one; a link is refused.
    pub fn child(&self, name: &OsStr) -> io::Result<Folder> {
        let path = self.path.join(name);
        Ok(Folder { handle: system::child(&self.handle, &path, name)?, path })
    }

    /// Opens a folder in this one, also through a link, and tells whether it was one: to read what the person keeps on
    /// another disk. Nothing behind it is ever changed.
    pub fn child_or_link(&self, name: &OsStr) -> io::Result<(Folder, bool)> {
        match self.child(name) {
            Ok(folder) => Ok((folder, false)),
            Err(_) if self.meta(name).is_ok_and(|meta| meta.kind == Kind::Link) => {
                Ok((Folder::open(&self.path.join(name))?, true))
            }
            Err(error) => Err(error),
        }
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Calls `each` for every entry but `.` and `..` until it says stop by `false`.
    ///
    /// An error half-way ends the listing with that error; what was listed until then stands.
    pub fn entries(&self, each: &mut dyn FnMut(&OsStr, Kind) -> bool) -> io::Result<()> {
        system::entries(&self.handle, &self.path, each)
    }

    /// About one entry; a link is not followed.
    pub fn meta(&self, name: &OsStr) -> io::Result<Meta> {
        system::meta(&self.handle, &self.path, name, false)
    }

    /// About what an entry leads to; links are followed, nothing is opened.
    pub fn meta_behind(&self, name: &OsStr) -> io::Result<Meta> {
        system::meta(&self.handle, &self.path, name, true)
    }

    /// Where a link leads, as it is written in it.
    pub fn link(&self, name: &OsStr) -> io::Result<PathBuf> {
        system::link(&self.handle, &self.path, name)
    }

    /// Opens a regular file for reading; a link is refused.
    pub fn file(&self, name: &OsStr) -> io::Result<std::fs::File> {
        let file = system::file(&self.handle, &self.path, name)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Ok(file)
    }

    /// Where the first hole of a regular file begins, in bytes: what was never written and reads as zeros. None without
    /// one, and where the system does not tell.
    pub fn first_hole(&self, name: &OsStr) -> Option<u64> {
        let file = self.file(name).ok()?;
        let size = file.metadata().ok()?.len();
        // Every file has a hole at its end.
        system::hole(&file).filter(|hole| *hole < size)
    }

    /// The first `limit` bytes of a regular file; a link is refused.
    pub fn read(&self, name: &OsStr, limit: u64) -> io::Result<Vec<u8>> {
        use std::io::Read;
        let mut bytes = Vec::new();
        self.file(name)?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(unix)]
mod system {
    use std::ffi::OsStr;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, SystemTime};

    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, readlinkat, statat};

    use super::{Kind, Meta};

    pub type Handle = OwnedFd;

    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    pub fn open(path: &Path) -> io::Result<Handle> {
        Ok(openat(CWD, path, FOLDER, Mode::empty())?)
    }

    pub fn child(parent: &Handle, _: &Path, name: &OsStr) -> io::Result<Handle> {
        Ok(openat(parent, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?)
    }

    pub fn file(parent: &Handle, _: &Path, name: &OsStr) -> io::Result<std::fs::File> {
        // Without NONBLOCK a pipe of that name would hold the reader for ever.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(std::fs::File::from(openat(parent, name, flags, Mode::empty())?))
    }

    /// Lists with a buffer of our own: the library's listing opens every folder a second time.
    #[cfg(target_os = "linux")]
    pub fn entries(handle: &Handle, _: &Path, each: &mut dyn FnMut(&OsStr, Kind) -> bool) -> io::Result<()> {
        rustix::fs::seek(handle, rustix::fs::SeekFrom::Start(0))?;
        let mut buffer: Vec<u8> = Vec::with_capacity(32 * 1024);
        let mut listing = rustix::fs::RawDir::new(handle, buffer.spare_capacity_mut());
        while let Some(entry) = listing.next() {
            let entry = entry?;
            if !pass_on(handle, entry.file_name(), entry.file_type(), each) {
                break;
            }
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub fn entries(handle: &Handle, _: &Path, each: &mut dyn FnMut(&OsStr, Kind) -> bool) -> io::Result<()> {
        for entry in rustix::fs::Dir::read_from(handle)? {
            let entry = entry?;
            if !pass_on(handle, entry.file_name(), entry.file_type(), each) {
                break;
            }
        }
        Ok(())
    }

    fn pass_on(
        handle: &Handle,
        name: &std::ffi::CStr,
        told: FileType,
        each: &mut dyn FnMut(&OsStr, Kind) -> bool,
    ) -> bool {
        let bytes = name.to_bytes();
        if bytes == b"." || bytes == b".." {
            return true;
        }
        let name = OsStr::from_bytes(bytes);
        let kind = match told {
            // Some file systems do not tell in the listing.
            FileType::Unknown => meta(handle, Path::new(""), name, false).map_or(Kind::Other, |m| m.kind),
            told => kind_of(told),
        };
        each(name, kind)
    }

    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "the field types differ between systems")]
    pub fn meta(handle: &Handle, _: &Path, name: &OsStr, follow: bool) -> io::Result<Meta> {
        let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
        let stat = statat(handle, name, flags)?;
        let modified = u64::try_from(stat.st_mtime)
            .ok()
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        Ok(Meta {
            kind: kind_of(FileType::from_raw_mode(stat.st_mode as _)),
            size,
            // Blocks of 512 bytes, whatever the file system's own are.
            allocated: u64::try_from(stat.st_blocks).map_or(size, |blocks| blocks.saturating_mul(512).min(size)),
            modified,
            owner: Some(stat.st_uid),
            identity: Some((stat.st_dev as u64, stat.st_ino as u64)),
        })
    }

    pub fn link(handle: &Handle, _: &Path, name: &OsStr) -> io::Result<PathBuf> {
        let target = readlinkat(handle, name, Vec::with_capacity(128))?;
        Ok(PathBuf::from(OsStr::from_bytes(target.to_bytes())))
    }

    #[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd"))]
    pub fn hole(file: &std::fs::File) -> Option<u64> {
        rustix::fs::seek(file, rustix::fs::SeekFrom::Hole(0)).ok()
    }

    #[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "freebsd")))]
    pub fn hole(_: &std::fs::File) -> Option<u64> {
        None
    }

    fn kind_of(told: FileType) -> Kind {
        match told {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::ffi::OsStr;
    use std::fs;
    use std::io;
    use std::path::{Path, PathBuf};

    use super::{Kind, Meta};

    /// Other systems have no relative opening in the standard library: the path is the handle.
    pub type Handle = PathBuf;

    pub fn open(path: &Path) -> io::Result<Handle> {
        fs::read_dir(path).map(|_| path.to_owned())
    }

    pub fn child(_: &Handle, path: &Path, _: &OsStr) -> io::Result<Handle> {
        if fs::symlink_metadata(path)?.is_symlink() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is a link"));
        }
        open(path)
    }

    pub fn file(parent: &Handle, _: &Path, name: &OsStr) -> io::Result<fs::File> {
        let path = parent.join(name);
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        fs::File::open(path)
    }

    pub fn entries(handle: &Handle, _: &Path, each: &mut dyn FnMut(&OsStr, Kind) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(handle)? {
            let entry = entry?;
            let kind = entry.file_type().map_or(Kind::Other, kind_of);
            if !each(&entry.file_name(), kind) {
                break;
            }
        }
        Ok(())
    }

    pub fn meta(handle: &Handle, _: &Path, name: &OsStr, follow: bool) -> io::Result<Meta> {
        let path = handle.join(name);
        let metadata = if follow { fs::metadata(path)? } else { fs::symlink_metadata(path)? };
        Ok(Meta {
            kind: kind_of(metadata.file_type()),
            size: metadata.len(),
            allocated: metadata.len(),
            modified: metadata.modified().ok(),
            owner: None,
            identity: None,
        })
    }

    pub fn link(handle: &Handle, _: &Path, name: &OsStr) -> io::Result<PathBuf> {
        fs::read_link(handle.join(name))
    }

    /// This system's files have none that the standard library tells.
    pub fn hole(_: &fs::File) -> Option<u64> {
        None
    }

    fn kind_of(told: fs::FileType) -> Kind {
        if told.is_symlink() {
            Kind::Link
        } else if told.is_dir() {
            Kind::Folder
        } else if told.is_file() {
            Kind::File
        } else {
            Kind::Other
        }
    }
}
