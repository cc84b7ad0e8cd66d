//! Folders that are read as our own, reached in a way that nobody else can bend.
//!
//! What lies in such a folder is obeyed: a journal is carried out, a file of variables is read by every new shell. So the
//! way there is walked from the top, folder by folder, each one opened once and looked at as it was opened. Every one must
//! belong to this user or to the system, be writable by nobody else, and links on the way must be this user's or the
//! system's. In a folder such as `/tmp`, where everybody may make things and nobody may take away another's, the next one
//! must be such a one by itself. What does not hold is refused by name, as [`Distrust`].

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod who;

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

#[cfg(not(unix))]
pub(crate) use other::Folder;
#[cfg(unix)]
pub(crate) use unix::Folder;
#[cfg(unix)]
pub(crate) use who::name as user_name;

/// More names than this in one folder are not looked at.
const MOST_NAMES: usize = 100_000;

/// Why something is not taken for our own, in words that name it.
#[derive(Debug)]
pub(crate) struct Distrust(String);

impl std::fmt::Display for Distrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Distrust {}

/// An error that says what is not trusted, and why.
fn distrust(path: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, Distrust(format!("{} {why}", path.display())))
}

/// Whether an error says that something is not trusted.
pub(crate) fn is_distrust(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<Distrust>())
}

impl Folder {
    /// The folder's path, without links.
    #[cfg(any(test, not(unix)))]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The content of a plain file of our own; an error when it has more bytes than `most`.
    pub(crate) fn read(&self, name: impl AsRef<OsStr>, most: u64) -> io::Result<Vec<u8>> {
        let name = name.as_ref();
        super::plain::whole(self.open(name, false)?, most, &self.path.join(name))
    }

    /// Writes a new file, closed to others, and forces it and its entry to disk.
    pub(crate) fn write_new(&self, name: impl AsRef<OsStr>, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.create(name)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        self.sync();
        Ok(())
    }
}

/// One plain name, and not a way to somewhere else.
fn plain_name(name: &OsStr) -> io::Result<&OsStr> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(std::path::Component::Normal(only)), None) if only == name => Ok(name),
        _ => Err(io::Error::other(format!("{} is no plain name", Path::new(name).display()))),
    }
}

#[cfg(all(test, unix))]
mod tests;
