//! What lies in the caches: one read-only walk, by every client's conventions.
//!
//! Nothing outside the roots is read, links are not followed, and what no client of the Hub makes is only counted.

pub mod access;
pub mod folder;
pub mod local;
pub mod model;
pub mod name;
pub mod need;
pub mod open;
mod others;
pub mod partial;
mod repository;
mod rights;
pub mod snapshot;
mod store;
pub mod tree;
mod walk;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::owners::Owners;
use crate::case::Case;

pub use model::{
    Amount, BrokenLink, Cache, Kept, Misplaced, Reach, Reclaimable, RefFlaw, Refused, RepoName, TargetCache, Wanted,
};
pub use name::PartialKind;
pub use partial::Partial;
pub use walk::{Question, look};

/// Where a walk ends.
#[derive(Debug)]
pub struct Bounds {
    deadline: Instant,
    over: AtomicBool,
    /// Whether permission bits bind this user.
    pub judges_access: bool,
}

impl Bounds {
    /// A walk that ends at a time.
    pub fn until(deadline: Instant) -> Bounds {
        Bounds { deadline, over: AtomicBool::new(false), judges_access: access::binds_this_user() }
    }

    /// Whether there is time left. Asks the clock, so not for single entries of a tight loop unless they cost a system call.
    pub fn go_on(&self) -> bool {
        if self.over.load(Ordering::Relaxed) {
            return false;
        }
        let more = Instant::now() < self.deadline;
        if !more {
            self.over.store(true, Ordering::Relaxed);
        }
        more
    }

    /// Whether the walk was cut short.
    pub fn was_cut(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// Of the working directory's folders so many are looked at for a download to a place of the person's own.
const MAX_NEIGHBOURS: usize = 200;

/// Walks the caches of a case, within four fifths of the time that its examination has.
pub fn of_case(case: &Case) -> Cache {
    let bounds = Bounds::until(Instant::now() + case.limits.timeout.mul_f64(0.8));
    let target = case
        .target
        .as_ref()
        .map(|target| (RepoName { kind: target.repo_type, id: target.repo_id.clone() }, target.revision().to_owned()));
    let question = Question { root: case.settings.hub_cache.clone(), target, local: neighbours(case) };
    let mut cache = look(&question, &bounds);
    others::look(&mut cache, case, &bounds);
    partial::examine(&mut cache, &bounds, case);
    if !cache.refused.is_empty() {
        let owners = Owners::read(&case.environment.system_file("etc/passwd"));
        for refused in &mut cache.refused.list {
            refused.owner_name = refused.owner.map(|owner| owners.name(owner));
        }
    }
    cache
}

/// The working directory and the folders in it: where `--local-dir` usually points.
pub fn neighbours(case: &Case) -> Vec<PathBuf> {
    let Some(directory) = case.environment.directory.clone() else { return Vec::new() };
    let mut folders = vec![directory.clone()];
    if let Ok(here) = folder::Folder::open(&directory) {
        let mut looked_at = 0;
        let _ = here.entries(&mut |name, kind| {
            looked_at += 1;
            if kind == folder::Kind::Folder {
                folders.push(directory.join(name));
            }
            looked_at < 20 * MAX_NEIGHBOURS && folders.len() <= MAX_NEIGHBOURS
        });
    }
    folders
}

#[cfg(all(test, unix))]
mod tests;
