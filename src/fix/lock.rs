//! One hfdoctor at a time changes things, a user.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::Error;
use super::folder::{self, Folder};
use super::world::FixWorld;

/// Held while anything is changed; released when dropped, also by a crash.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough while a process that was started meanwhile has not yet let go of its copy.
        let _ = self.file.unlock();
    }
}

/// Takes the lock for a command, or says who has it.
pub(crate) fn take(world: &FixWorld, command: &'static str) -> Result<Lock, Error> {
    world.is_of_this_user(command)?;
    let mut unusable = None;
    // Without a home directory every path would begin in the working directory.
    if !world.home.is_absolute() || world.state_dirs().any(|folder| !folder.is_absolute()) {
        let why = "this user has no home directory".to_owned();
        return Err(Error::State { path: world.state_dir.clone(), why });
    }
    for folder in world.state_dirs() {
        match take_in(folder) {
            Ok(lock) => return Ok(lock),
            Err(Held::By(pid)) => return Err(Error::Busy { pid }),
            // Somebody else may have put it there: what else may be amiss is not worked round.
            Err(Held::Unusable(error)) if folder == world.state_dir && folder::is_distrust(&error) => {
                return Err(Error::Distrusted(error.to_string()));
            }
            Err(Held::Unusable(error)) => {
                _ = unusable.get_or_insert(Error::State { path: folder.to_owned(), why: error.to_string() });
            }
        }
    }
    Err(unusable.unwrap_or_else(|| {
        let why = format!("the home directory {} does not exist, and none is made", world.home.display());
        Error::State { path: world.state_dir.clone(), why }
    }))
}

enum Held {
    By(Option<u32>),
    Unusable(std::io::Error),
}

impl From<std::io::Error> for Held {
    fn from(error: std::io::Error) -> Self {
        Held::Unusable(error)
    }
}

fn take_in(folder: &Path) -> Result<Lock, Held> {
    let mut file = Folder::make_own(folder)?.open_or_create("lock")?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = file.take(16).read_to_string(&mut text);
            return Err(Held::By(text.trim().parse().ok()));
        }
        // A file system without locks: two at once are held apart only by what each change checks for itself.
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    // The number is for the message alone, so a full disk does not matter here.
    let _ = file.set_len(0);
    let _ = file.seek(SeekFrom::Start(0));
    let _ = write!(file, "{}", std::process::id());
    Ok(Lock { file })
}
