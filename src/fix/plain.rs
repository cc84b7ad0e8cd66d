//! Opening files that may be anybody's: only plain ones, and never waiting for one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// Opens a plain file for reading, through links. A pipe, a device or a socket of that name is an error at once: whoever
/// opens a pipe to read waits for its writer.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    check(options().read(true).open(path)?, path)
}

/// The same for reading and writing.
pub(crate) fn open_to_write(path: &Path) -> io::Result<File> {
    check(options().read(true).write(true).open(path)?, path)
}

/// The content of a plain file; an error when it has more bytes than `most`.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    whole(open(path)?, most, path)
}

/// The rest of an open file; an error when there are more bytes than `most`.
pub(crate) fn whole(file: File, most: u64, path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{} is too large", path.display())));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    options.custom_flags(flags.bits().cast_signed());
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    OpenOptions::new()
}

fn check(file: File, path: &Path) -> io::Result<File> {
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other(format!("{} is no regular file", path.display())))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(open(&pipe).is_err());
        assert!(open_to_write(&pipe).is_err());
        assert!(read(dir.path(), 10).is_err());
        let file = dir.path().join("file");
        std::fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        assert_eq!(read(&file, 4).map_err(|e| e.kind()), Err(io::ErrorKind::FileTooLarge));
    }
}
