//! Something below a cache root is moved to quarantine, and back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::holders::{self, OpenFiles};
use super::super::stamp::{Kind, Stamp};
use super::super::world::{FixWorld, Step};
use super::super::{atomic, complete, inside, quarantine};
use super::{Back, Change, Halt, Recorder};

/// A recorded move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Move {
    /// The cache root.
    pub root: PathBuf,
    /// Where it lay.
    pub from: PathBuf,
    /// Where it lies in quarantine.
    pub to: PathBuf,
    /// What it looked like.
    pub stamp: Stamp,
}

/// Something that was moved aside in this run.
#[derive(Debug)]
pub(crate) struct MovedAside {
    pub step: u32,
    pub change: Move,
}

/// What became of trying to move something to one place.
enum Attempt {
    Moved(Box<MovedAside>),
    /// No folder can be made there.
    NoPlace,
    /// A rename does not reach it.
    OtherVolume,
}

impl Recorder<'_> {
    /// Moves something to quarantine after looking once more whether it may be touched.
    ///
    /// What speaks against it is [`Halt::Skipped`]: nothing has happened then.
    pub(crate) fn move_aside(
        &mut self,
        root: &Path,
        path: &Path,
        planned: &Stamp,
        open: &OpenFiles,
    ) -> Result<MovedAside, Halt> {
        let world = self.world;
        let (spot, stamp) = still_the_same(root, path, planned)?;
        if complete::holds_a_whole_blob(world, &spot.path, &stamp)? {
            return Err(Halt::Skipped("its content is whole: its hash is its name".to_owned()));
        }
        let _locks = holders::claim(root, &spot, &stamp, open).map_err(Halt::Skipped)?;
        let run = self.journal()?.id.clone();
        let mut refused = None;
        let corner = quarantine::corner(&spot.below);
        let same = |known: &(PathBuf, Option<&str>, Vec<PathBuf>)| known.0 == root && known.1 == corner;
        if !self.places.as_ref().is_some_and(same) {
            self.places = Some((root.to_owned(), corner, quarantine::places(world, root, corner, &run)));
        }
        let places = self.places.as_ref().map(|known| known.2.clone()).unwrap_or_default();
        for place in places {
            match self.move_to(root, &spot, &stamp, &place)? {
                Attempt::Moved(moved) => return Ok(*moved),
                Attempt::NoPlace => {}
                Attempt::OtherVolume => {
                    refused =
                        Some("it lies on another volume than any place for it: moving would mean copying".to_owned());
                }
            }
        }
        Err(Halt::Skipped(refused.unwrap_or_else(|| "no place for quarantine can be made on its volume".to_owned())))
    }

    /// Tries one place. It is written down before even the folder is made, so that none is left that nobody knows of.
    fn move_to(&mut self, root: &Path, spot: &inside::Spot, stamp: &Stamp, place: &Path) -> Result<Attempt, Halt> {
        let world = self.world;
        let number = self.journal()?.next();
        let name = spot.path.file_name().ok_or_else(|| Halt::Skipped("it has no name".to_owned()))?;
        let to = place.join(number.to_string()).join(name);
        let change = Move { root: root.to_owned(), from: spot.path.clone(), to, stamp: stamp.clone() };
        let step = self.intend(&Change::Move(change.clone()))?;
        let folder = match quarantine::make(place, number) {
            Ok(folder) => folder,
            Err(error) => {
                self.abandon(step, &error.to_string());
                return Ok(Attempt::NoPlace);
            }
        };
        let moved = world.reach(Step::Intended).and_then(|()| spot.move_to(&folder, name));
        if let Err(error) = moved {
            self.abandon(step, &error.to_string());
            quarantine::tidy(&change.to);
            return match error.kind() {
                io::ErrorKind::CrossesDevices => Ok(Attempt::OtherVolume),
                // Nothing has happened to it, and what else is to be moved may fare better.
                _ => Err(Halt::Skipped(format!("it cannot be moved: {error}"))),
            };
        }
        // Between the last look and the move somebody may have put another file there.
        let arrived = Stamp::of(&change.to).is_ok_and(|now| now == *stamp);
        if !arrived && spot.bring(&folder, name).is_ok() {
            self.abandon(step, "something else came to lie there");
            quarantine::tidy(&change.to);
            return Err(Halt::Skipped("it was replaced at this moment".to_owned()));
        }
        if let Some(folder) = spot.path.parent() {
            atomic::sync_folder(folder);
        }
        folder.sync();
        world.reach(Step::Changed)?;
        self.done(step)?;
        Ok(Attempt::Moved(Box::new(MovedAside { step, change })))
    }

    /// Puts back what turned out to be in use.
    pub(crate) fn put_back(&mut self, moved: &MovedAside) {
        if let Back::Restored(_) = moved.change.take_back(self.world) {
            self.abandon(moved.step, "a process has it open");
        }
    }

    /// Deletes an unfinished download for good, after the same looks as before a move.
    pub(crate) fn discard(&mut self, root: &Path, path: &Path, planned: &Stamp, open: &OpenFiles) -> Result<u64, Halt> {
        let world = self.world;
        let (spot, stamp) = still_the_same(root, path, planned)?;
        let Some(etag) = complete::unfinished(&spot.path).filter(|_| stamp.kind == Kind::File) else {
            return Err(Halt::Skipped("its name does not show that it is unfinished: it is not deleted".to_owned()));
        };
        if complete::is_whole_inside(world, &spot.path, etag)? {
            return Err(Halt::Skipped("its content is whole".to_owned()));
        }
        let _locks = holders::claim(root, &spot, &stamp, open).map_err(Halt::Skipped)?;
        let step = match self.irrevocable(&format!("delete {} ({} bytes)", world.show(&spot.path), stamp.size)) {
            Ok(step) => Some(step),
            // The very fault that this mends. There is nothing to be taken back later, so nothing is lost with the record.
            Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => None,
            Err(error) => return Err(error.into()),
        };
        let deleted = world.reach(Step::Intended).and_then(|()| {
            if spot.identity()? != (stamp.device, stamp.inode) {
                return Err(io::Error::other("it was replaced at this moment"));
            }
            spot.delete()
        });
        match deleted {
            Ok(()) => {
                if let Some(step) = step {
                    self.happened(step);
                }
                Ok(stamp.size)
            }
            Err(error) => {
                if let Some(step) = step {
                    self.abandon(step, &error.to_string());
                }
                Err(Halt::Failed(format!("{}: {error}", world.show(path))))
            }
        }
    }
}

/// Reaches a path below a root and makes sure that it is what was planned.
fn still_the_same(root: &Path, path: &Path, planned: &Stamp) -> Result<(inside::Spot, Stamp), Halt> {
    let spot = inside::reach(root, path, false).map_err(Halt::Skipped)?;
    let stamp = Stamp::of(&spot.path).map_err(|error| Halt::Skipped(format!("it cannot be looked at: {error}")))?;
    if stamp != *planned {
        return Err(Halt::Skipped("it has changed since it was looked at".to_owned()));
    }
    if stamp.kind == Kind::Other {
        return Err(Halt::Skipped("it is neither file, folder nor link".to_owned()));
    }
    if spot.identity().ok() != Some((stamp.device, stamp.inode)) {
        return Err(Halt::Skipped("it has changed since it was looked at".to_owned()));
    }
    Ok((spot, stamp))
}

impl Move {
    pub(super) fn take_back(&self, world: &FixWorld) -> Back {
        let (from, to) = (world.show(&self.from), world.show(&self.to));
        let there = Stamp::of(&self.to);
        let present = fs::symlink_metadata(&self.from).is_ok();
        match there {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if present {
                    quarantine::tidy(&self.to);
                    Back::AlreadyThere(format!("{from} is where it was"))
                } else {
                    Back::CouldNot(format!("{from} is not in quarantine any more"))
                }
            }
            Err(error) => Back::CouldNot(format!("{to}: {error}")),
            Ok(found) if !found.same_thing(&self.stamp) => {
                Back::CouldNot(format!("{to} is not what was moved there: it was left alone"))
            }
            Ok(_) if present && self.link_is_there_again() => {
                // What lies in quarantine is the same link once more.
                if fs::remove_file(&self.to).is_ok() {
                    quarantine::tidy(&self.to);
                }
                Back::AlreadyThere(format!("the same link lies at {from} again"))
            }
            Ok(_) if present => {
                Back::CouldNot(format!("something else lies at {from} now; the earlier one is kept in {to}"))
            }
            Ok(_) => match inside::reach(&self.root, &self.from, true) {
                Err(why) => Back::CouldNot(format!("{why}; the earlier one is kept in {to}")),
                Ok(spot) => self.bring_back(world, &spot),
            },
        }
    }

    /// Whether somebody, such as a client, has made the very link anew.
    fn link_is_there_again(&self) -> bool {
        let leads_to = |path: &Path| fs::read_link(path).ok();
        self.stamp.kind == Kind::Link && leads_to(&self.to).is_some() && leads_to(&self.from) == leads_to(&self.to)
    }

    fn bring_back(&self, world: &FixWorld, spot: &inside::Spot) -> Back {
        let (from, to) = (world.show(&self.from), world.show(&self.to));
        let brought = quarantine::open(&self.to)
            .and_then(|folder| spot.bring(&folder, self.to.file_name().unwrap_or_default()).map(|()| folder.sync()));
        if let Err(error) = brought {
            return Back::CouldNot(format!("{from}: {error}; the earlier one is kept in {to}"));
        }
        if let Some(folder) = self.from.parent() {
            atomic::sync_folder(folder);
        }
        quarantine::tidy(&self.to);
        Back::Restored(format!("{from} is back"))
    }
}
