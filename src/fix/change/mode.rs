//! Permission bits are set, and set back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::stamp::Stamp;
use super::super::world::FixWorld;
use super::Back;

/// Recorded permission bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mode {
    /// The cache root.
    pub root: PathBuf,
    /// The file or folder below it.
    pub path: PathBuf,
    /// What it looked like.
    pub stamp: Stamp,
    /// The bits before.
    pub before: u32,
    /// The bits after.
    pub after: u32,
}

#[cfg(unix)]
mod unix {
    use std::path::Path;

    use rustix::fs::FileType;

    use super::super::super::inside::{self, Spot};
    use super::super::super::world::Step;
    use super::super::{Change, Halt, Recorder};
    use super::{Back, FixWorld, Mode, Stamp};

    impl Recorder<'_> {
        /// Sets permission bits of a file or folder of this user below a root. `new` makes them
        /// from the present ones and whether it is a folder.
        /// Says whether anything changed.
        pub(crate) fn set_mode(&mut self, root: &Path, path: &Path, new: fn(bool, u32) -> u32) -> Result<bool, Halt> {
            let world = self.world;
            let spot = inside::reach(root, path, false).map_err(Halt::Skipped)?;
            let found = spot.stat()?;
            if found.st_uid != rustix::process::geteuid().as_raw() {
                return Err(Halt::Skipped(format!("{} belongs to another user", world.show(path))));
            }
            #[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
            let raw = found.st_mode as rustix::fs::RawMode;
            if !matches!(FileType::from_raw_mode(raw), FileType::RegularFile | FileType::Directory) {
                return Err(Halt::Skipped(format!("{} is neither file nor folder", world.show(path))));
            }
            #[allow(clippy::unnecessary_cast, clippy::useless_conversion, reason = "the types differ between systems")]
            let before = u32::from(rustix::fs::Mode::from_raw_mode(raw).bits()) & 0o7777;
            let after = new(FileType::from_raw_mode(raw) == FileType::Directory, before);
            if before == after {
                return Ok(false);
            }
            let stamp = shallow(&spot)?;
            let change = Mode { root: root.to_owned(), path: spot.path.clone(), stamp, before, after };
            let step = self.intend(&Change::Mode(change))?;
            match world.reach(Step::Intended).and_then(|()| spot.set_mode(after)) {
                Ok(()) => {
                    world.reach(Step::Changed)?;
                    self.done(step)?;
                    Ok(true)
                }
                Err(error) => {
                    self.abandon(step, &error.to_string());
                    Err(Halt::Failed(format!("{}: {error}", world.show(path))))
                }
            }
        }
    }

    /// The identity alone: a folder whose rights are missing cannot be looked through.
    fn shallow(spot: &Spot) -> std::io::Result<Stamp> {
        let (device, inode) = spot.identity()?;
        let kind = if std::fs::symlink_metadata(&spot.path)?.is_dir() {
            super::super::super::stamp::Kind::Folder
        } else {
            super::super::super::stamp::Kind::File
        };
        Ok(Stamp { kind, size: 0, modified: 0, device, inode, entries: 0 })
    }

    impl Mode {
        pub(in super::super) fn take_back(&self, world: &FixWorld) -> Back {
            let shown = world.show(&self.path);
            let spot = match inside::reach(&self.root, &self.path, false) {
                Ok(spot) => spot,
                Err(why) => return Back::CouldNot(why),
            };
            let found = match spot.stat() {
                Ok(found) => found,
                // Purged, or fetched and thrown away since: no rights are left to be taken back.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return Back::AlreadyThere(format!("{shown} is not there any more"));
                }
                Err(error) => return Back::CouldNot(format!("{shown}: {error}")),
            };
            // The volume may have another number by now.
            if spot.identity().map(|(_, inode)| inode).ok() != Some(self.stamp.inode) {
                return Back::CouldNot(format!("{shown} is another file now: its rights were left alone"));
            }
            #[allow(clippy::unnecessary_cast, clippy::useless_conversion, reason = "the types differ between systems")]
            let now = u32::from(rustix::fs::Mode::from_raw_mode(found.st_mode as rustix::fs::RawMode).bits()) & 0o7777;
            if now == self.before {
                return Back::AlreadyThere(format!("{shown} has its earlier rights"));
            }
            if now != self.after {
                return Back::CouldNot(format!("the rights of {shown} were changed again since: they were left alone"));
            }
            match spot.set_mode(self.before) {
                Ok(()) => Back::Restored(format!("{shown} has its earlier rights again")),
                Err(error) => Back::CouldNot(format!("{shown}: {error}")),
            }
        }
    }
}

#[cfg(not(unix))]
impl Mode {
    pub(super) fn take_back(&self, world: &FixWorld) -> Back {
        Back::CouldNot(format!("{}: this system has no permission bits", world.show(&self.path)))
    }
}
