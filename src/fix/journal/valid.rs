//! What a journal may name: for each kind of change the paths that such a change may touch, and no others.

use std::path::{Component, Path, PathBuf};

use hfdoctor_checks::case::{Settings, Token};

use super::super::atomic;
use super::super::change::{Change, Mode, Move, Write};
use super::super::quarantine;
use super::super::world::FixWorld;
use super::super::{action, plain, shell_env, token_bytes};
use super::Saved;

/// A file that holds a token is smaller than this, in bytes.
const LARGEST_TOKEN_FILE: u64 = 64 * 1024;

/// Where a record stands.
pub(super) struct Named<'a> {
    pub world: &'a FixWorld,
    pub run: &'a str,
    pub step: u32,
    pub backups: &'a Path,
}

impl Named<'_> {
    /// Whether a change names only what its kind may touch; the reason in words when not. Saved contents are looked for
    /// where the journal lies, whatever way it was reached when it was written.
    pub(super) fn check(&self, change: &mut Change) -> Result<(), String> {
        match change {
            Change::Write(write) => self.write(write),
            Change::Move(moved) => self.moved(moved),
            Change::Mode(mode) => self.mode(mode),
            Change::Registry(value) => {
                if let Some(before) = &mut value.before {
                    self.saved(before)?;
                }
                if shell_env::is_name(&value.name) { Ok(()) } else { Err(no_such("a name of no variable")) }
            }
            Change::Irrevocable { .. } => Ok(()),
        }
    }

    fn write(&self, write: &mut Write) -> Result<(), String> {
        for saved in write.saved_mut() {
            self.saved(saved)?;
        }
        straight(&write.path)?;
        let temporary = atomic::temporary_of(&write.path, self.run, self.step).map_err(|error| error.to_string())?;
        if write.temporary != temporary {
            return Err(no_such(&write.temporary.display().to_string()));
        }
        if let Some(env_file) = write.served()
            && !shell_env::is_env_file(env_file)
        {
            return Err(no_such(&env_file.display().to_string()));
        }
        let known = shell_env::may_be_edited(self.world, &write.path) || action::may_be_edited(&write.path);
        if known || self.is_token_file(&write.path) || Named::moves_a_token(write) {
            Ok(())
        } else {
            Err(no_such(&write.path.display().to_string()))
        }
    }

    /// Whether this is where the client keeps its token.
    fn is_token_file(&self, path: &Path) -> bool {
        let known = Settings::resolve(&self.world.environment).token_path;
        path == known || atomic::real_path(&known).is_ok_and(|real| real == path)
    }

    /// Whether a write puts a token in place of a token, or made the file of one: the client's file may have had another
    /// place then.
    fn moves_a_token(write: &Write) -> bool {
        let before = write.before().is_none_or(|before| before.read().is_ok_and(is_token));
        before && holds_token(&write.path)
    }

    fn saved(&self, saved: &mut Saved) -> Result<(), String> {
        let outside = || no_such(&saved.path.display().to_string());
        let name = saved.path.file_name().ok_or_else(outside)?;
        let mut corner = PathBuf::from(super::BACKUPS);
        corner.push(self.run);
        let is_beside = saved.path.parent().is_some_and(|folder| folder.ends_with(&corner));
        if !is_beside {
            return Err(outside());
        }
        saved.path = self.backups.join(name);
        Ok(())
    }

    fn moved(&self, moved: &Move) -> Result<(), String> {
        for path in [&moved.root, &moved.from, &moved.to] {
            straight(path)?;
        }
        if quarantine::base(&moved.to, self.run, self.step).is_none() || moved.to.file_name() != moved.from.file_name()
        {
            return Err(no_such(&moved.to.display().to_string()));
        }
        self.in_a_cache(&moved.from)
    }

    fn mode(&self, mode: &Mode) -> Result<(), String> {
        straight(&mode.root)?;
        straight(&mode.path)?;
        let added_for_owner = mode.before & mode.after == mode.before && (mode.before ^ mode.after) & !0o700 == 0;
        let taken_from_others = mode.after == mode.before & 0o700;
        if (mode.before | mode.after) & !0o7777 != 0 {
            return Err(no_such("rights that no file has"));
        }
        if added_for_owner {
            return self.in_a_cache(&mode.path);
        }
        if taken_from_others && (self.is_token_file(&mode.path) || holds_token(&mode.path)) {
            return Ok(());
        }
        Err(no_such(&mode.path.display().to_string()))
    }

    /// Whether a path lies in a cache: one that is known here, or one by its form, because the cache may have had another
    /// place then.
    fn in_a_cache(&self, path: &Path) -> Result<(), String> {
        let roots = self.world.cache_roots.iter();
        let known = roots.flat_map(|root| [Some(root.clone()), root.canonicalize().ok()]).flatten();
        if known.into_iter().any(|root| path.starts_with(root)) || quarantine::is_of_a_cache(path) {
            Ok(())
        } else {
            Err(no_such(&path.display().to_string()))
        }
    }
}

fn no_such(what: &str) -> String {
    format!("the journal names {what}, which no such change touches: left alone")
}

/// Whether a path is absolute and goes straight down.
fn straight(path: &Path) -> Result<(), String> {
    let down = path.components().all(|part| !matches!(part, Component::ParentDir | Component::CurDir));
    if path.is_absolute() && down { Ok(()) } else { Err(no_such(&path.display().to_string())) }
}

fn holds_token(path: &Path) -> bool {
    plain::read(path, LARGEST_TOKEN_FILE).is_ok_and(is_token)
}

fn is_token(bytes: Vec<u8>) -> bool {
    token_bytes::clean(&Token::new(bytes)).is_ok()
}
