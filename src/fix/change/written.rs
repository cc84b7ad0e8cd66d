//! A small file gets new content, and its old one back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::atomic::{self, Current};
use super::super::digest::sha256;
use super::super::journal::Saved;
use super::super::plain;
use super::super::shell_env;
use super::super::world::{FixWorld, Step};
use super::{Back, Change, Halt, Recorder};

/// Mode of a file that is new.
const PRIVATE: u32 = 0o600;

/// A recorded write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Write {
    /// The file, links resolved.
    pub path: PathBuf,
    /// Where the new content is prepared.
    pub temporary: PathBuf,
    /// The content before; none when there was no file.
    pub before: Option<Saved>,
    /// Permission bits before, where the system has them.
    pub mode: Option<u32>,
    /// Hash of the content after.
    pub after: String,
    /// Permission bits after, where the system has them.
    pub mode_after: Option<u32>,
    /// The edit, to take back that alone when the file was changed again since.
    pub patch: Option<SavedPatch>,
    /// The env file that this write serves: it is not taken back while others need it for that file.
    pub serves: Option<Served>,
}

/// An env file that a start-up file reads because of this write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Served {
    path: PathBuf,
    /// Hash of its content at that time; none when there was no such file.
    before: Option<String>,
}

impl Served {
    /// An env file as it is now.
    pub(crate) fn now(path: PathBuf) -> Served {
        Served { before: content(&path).map(|bytes| sha256(&bytes)), path }
    }

    /// Whether the file sets something that it did not set when the write was made: for a later run, or for the person.
    fn is_needed(&self) -> bool {
        let now = content(&self.path).map(|bytes| sha256(&bytes));
        now != self.before && shell_env::sets_something(&self.path)
    }
}

fn content(path: &Path) -> Option<Vec<u8>> {
    plain::read(path, atomic::LARGEST).ok()
}

/// An edit: one text in place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    pub from: Vec<u8>,
    pub to: Vec<u8>,
    /// The texts are whole lines, and count as found only at the beginning of one.
    pub whole_lines: bool,
}

/// An edit whose texts are saved beside the journal: they may be secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedPatch {
    from: Saved,
    to: Saved,
    whole_lines: bool,
}

/// What a file is to become.
#[derive(Debug)]
pub(crate) struct NewContent {
    pub bytes: Vec<u8>,
    pub patch: Option<Patch>,
    pub serves: Option<Served>,
    /// Permission bits: those before when none, or private for a new file.
    pub mode: Option<u32>,
}

/// Makes the new content from the present one; none when all is as it should be.
pub(crate) type Edit<'a> = dyn FnMut(Option<&[u8]>) -> Result<Option<NewContent>, Halt> + 'a;

impl Recorder<'_> {
    /// Whether a small file could get new content; the reason in words when not.
    pub(crate) fn may_write(&self, path: &Path) -> Result<(), String> {
        let shown = |error: &io::Error| format!("{}: {error}", self.world.show(path));
        let real = atomic::real_path(path).map_err(|error| shown(&error))?;
        atomic::read(&real).map(drop).map_err(|error| error.to_string())
    }

    /// Gives a small file new content, in one step. Says whether anything was written.
    pub(crate) fn write(&mut self, path: &Path, edit: &mut Edit<'_>) -> Result<bool, Halt> {
        let real =
            atomic::real_path(path).map_err(|error| Halt::Skipped(format!("{}: {error}", self.world.show(path))))?;
        if self.world.lacks_home_of(path) {
            let home = self.world.home.display();
            return Err(Halt::Skipped(format!("the home directory {home} does not exist, and none is made")));
        }
        let current = atomic::read(&real).map_err(|error| Halt::Skipped(error.to_string()))?;
        let Some(new) = edit(current.as_ref().map(|current| current.bytes.as_slice()))? else { return Ok(false) };
        let mode_before = current.as_ref().and_then(|current| current.mode);
        let mode_after = new.mode.or(mode_before).or(Some(PRIVATE));
        if current.as_ref().is_some_and(|current| current.bytes == new.bytes) && mode_after == mode_before {
            return Ok(false);
        }
        let real = match real.parent() {
            Some(parent) if !parent.is_dir() => {
                fs::create_dir_all(parent)?;
                atomic::real_path(&real)?
            }
            _ => real,
        };
        let world = self.world;
        let journal = self.journal()?;
        let before = match &current {
            Some(current) => Some(journal.save(world, "before", &current.bytes)?),
            None => None,
        };
        let replaced = match &new.patch {
            Some(edit) => Some(SavedPatch {
                from: journal.save(world, "from", &edit.from)?,
                to: journal.save(world, "to", &edit.to)?,
                whole_lines: edit.whole_lines,
            }),
            None => None,
        };
        let temporary = atomic::temporary_of(&real, &journal.id, journal.next())?;
        let write = Write {
            path: real,
            temporary,
            before,
            mode: mode_before,
            after: sha256(&new.bytes),
            mode_after,
            patch: replaced,
            serves: new.serves,
        };
        let step = self.intend(&Change::Write(write.clone()))?;
        match write.happen(world, &new.bytes, current.as_ref(), mode_after) {
            Ok(()) => {
                world.reach(Step::Changed)?;
                self.done(step)?;
                Ok(true)
            }
            Err(error) => {
                let _ = atomic::remove(&write.temporary);
                self.abandon(step, &error.to_string());
                Err(Halt::Failed(format!("{}: {error}", world.show(&write.path))))
            }
        }
    }
}

impl Write {
    /// The content before, where there was a file.
    pub(crate) fn before(&self) -> Option<&Saved> {
        self.before.as_ref()
    }

    /// The env file that it serves.
    pub(crate) fn served(&self) -> Option<&Path> {
        self.serves.as_ref().map(|served| served.path.as_path())
    }

    /// Every content that was saved for it.
    pub(crate) fn saved(&self) -> Vec<&Saved> {
        let patch = self.patch.iter().flat_map(|patch| [&patch.from, &patch.to]);
        self.before.iter().chain(patch).collect()
    }

    /// The same, to be looked for where they are.
    pub(crate) fn saved_mut(&mut self) -> Vec<&mut Saved> {
        let patch = self.patch.iter_mut().flat_map(|patch| [&mut patch.from, &mut patch.to]);
        self.before.iter_mut().chain(patch).collect()
    }

    fn happen(&self, world: &FixWorld, bytes: &[u8], before: Option<&Current>, mode: Option<u32>) -> io::Result<()> {
        world.reach(Step::Intended)?;
        atomic::prepare(&self.temporary, bytes, mode, before)?;
        world.reach(Step::Prepared)?;
        // An editor may have saved meanwhile: what it wrote must not be lost.
        let now = atomic::read(&self.path)?.map(|now| now.bytes);
        if now.as_deref() != before.map(|before| before.bytes.as_slice()) {
            return Err(io::Error::other("it was changed by somebody else at this moment"));
        }
        atomic::put_in_place(&self.temporary, &self.path, before.is_none())
    }

    pub(super) fn take_back(&self, world: &FixWorld) -> Back {
        let _ = atomic::remove(&self.temporary);
        match self.back(world) {
            Ok(back) => back,
            Err(error) => Back::CouldNot(format!("{}: {error}{}", world.show(&self.path), self.kept(world))),
        }
    }

    fn kept(&self, world: &FixWorld) -> String {
        let place = self.before.as_ref().map(|before| world.show(&before.path));
        place.map(|place| format!("; its earlier content is kept in {place}")).unwrap_or_default()
    }

    fn back(&self, world: &FixWorld) -> io::Result<Back> {
        let shown = world.show(&self.path);
        let Some(now) = atomic::read(&self.path)? else {
            return Ok(match &self.before {
                None => Back::AlreadyThere(format!("{shown} was not there before, and is not there now")),
                Some(_) => Back::CouldNot(format!("{shown} is not there any more{}", self.kept(world))),
            });
        };
        let hash = sha256(&now.bytes);
        let before = self.before.as_ref().map(|before| before.sha256.as_str());
        let is_before = before == Some(hash.as_str()) && (now.mode == self.mode || self.mode.is_none());
        if is_before {
            return Ok(Back::AlreadyThere(format!("{shown} is as it was before")));
        }
        if let Some(served) = &self.serves
            && served.is_needed()
        {
            return Ok(Back::Kept(format!("{shown} still reads {}, which later runs use", world.show(&served.path))));
        }
        if hash == self.after && (now.mode == self.mode_after || self.mode_after.is_none()) {
            return self.restore(world, &now, &shown);
        }
        let Some(patch) = &self.patch else {
            return Ok(Back::CouldNot(format!("{shown} was changed again since{}", self.kept(world))));
        };
        let patch = Patch { from: patch.from.read()?, to: patch.to.read()?, whole_lines: patch.whole_lines };
        match patch.reversed(&now.bytes) {
            Some(bytes) => {
                atomic::prepare(&self.temporary, &bytes, now.mode, Some(&now))?;
                world.reach(Step::Prepared)?;
                atomic::put_in_place(&self.temporary, &self.path, false)?;
                Ok(Back::Restored(format!("{shown}: the one edit was taken back, later changes were kept")))
            }
            None if !patch.is_there(&now.bytes) => {
                Ok(Back::AlreadyThere(format!("{shown} does not hold the edit any more")))
            }
            None => Ok(Back::CouldNot(format!("{shown} was changed again since{}", self.kept(world)))),
        }
    }

    fn restore(&self, world: &FixWorld, now: &Current, shown: &str) -> io::Result<Back> {
        let Some(before) = &self.before else {
            world.reach(Step::Prepared)?;
            atomic::remove(&self.path)?;
            return Ok(Back::Restored(format!("{shown} was removed again")));
        };
        let bytes = before.read()?;
        atomic::prepare(&self.temporary, &bytes, self.mode.or(now.mode), Some(now))?;
        world.reach(Step::Prepared)?;
        atomic::put_in_place(&self.temporary, &self.path, false)?;
        Ok(Back::Restored(format!("{shown} has its earlier content again")))
    }
}

impl Patch {
    /// The content with the edit taken back; none when the new text does not stand there exactly once.
    fn reversed(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.to.is_empty() {
            return None;
        }
        let mut found = self.places(bytes);
        let at = found.next()?;
        if found.next().is_some() {
            return None;
        }
        let (head, tail) = (bytes.get(..at)?, bytes.get(at.checked_add(self.to.len())?..)?);
        Some([head, self.from.as_slice(), tail].concat())
    }

    fn is_there(&self, bytes: &[u8]) -> bool {
        !self.to.is_empty() && self.places(bytes).next().is_some()
    }

    fn places<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        bytes
            .windows(self.to.len().max(1))
            .enumerate()
            .filter(|(at, window)| {
                let begins = *at == 0 || bytes.get(at - 1) == Some(&b'\n');
                *window == self.to.as_slice() && (begins || !self.whole_lines)
            })
            .map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_taken_back_only_where_it_stands_once() {
        let patch = Patch { from: Vec::new(), to: b"export A='1'\n".to_vec(), whole_lines: true };
        assert_eq!(patch.reversed(b"x\nexport A='1'\ny\n").as_deref(), Some(&b"x\ny\n"[..]));
        assert_eq!(patch.reversed(b"x\n# export A='1'\n"), None);
        assert_eq!(patch.reversed(b"export A='1'\nexport A='1'\n"), None);
        assert_eq!(patch.reversed(b""), None);
        let inner = Patch { from: b"old".to_vec(), to: b"new".to_vec(), whole_lines: false };
        assert_eq!(inner.reversed(b"a new b").as_deref(), Some(&b"a old b"[..]));
    }
}
