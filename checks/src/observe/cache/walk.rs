//! The walk of the hub cache: its repositories at once, each by one thread.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::folder::{Folder, Kind};
use super::model::{Cache, Misplaced, Reach, Reclaimable, RepoName, TargetCache, Wanted};
use super::repository::{Seen, Walk};
use super::{Bounds, access, local, name, store};

/// How many repositories are kept as the places where most can be had back.
const MAX_RECLAIMABLE: usize = 32;
/// How many entries of the root are looked at.
const MAX_ROOT: usize = 200_000;

/// What a walk is to look at.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The hub cache.
    pub root: PathBuf,
    /// The target and its revision.
    pub target: Option<(RepoName, String)>,
    /// Folders that may hold a download to a place of the person's own.
    pub local: Vec<PathBuf>,
}

/// Walks the caches.
pub fn look(question: &Question, bounds: &Bounds) -> Cache {
    let mut cache = Cache { root: question.root.clone(), ..Cache::default() };
    if let Some((repository, _)) = &question.target {
        let folder = question.root.join(name::folder(repository.kind, &repository.id));
        cache.target = Some(TargetCache { folder, ..TargetCache::default() });
    }
    match Folder::open(&question.root) {
        Ok(root) => hub(&mut cache, &root, question, bounds),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {}
        Err(error) => cache.reach = Reach::Unreadable(error.to_string()),
    }
    for folder in &question.local {
        if !bounds.go_on() {
            break;
        }
        local::look(&mut cache, folder, bounds);
    }
    if bounds.was_cut() && cache.reach == Reach::Whole {
        cache.reach = Reach::Part;
    }
    cache
}

fn hub(cache: &mut Cache, root: &Folder, question: &Question, bounds: &Bounds) {
    let mut found: Vec<(OsString, RepoName)> = Vec::new();
    let mut cut = false;
    let listed = root.entries(&mut |entry, kind| {
        match (name::repository(entry), kind) {
            (Some((kind, id)), Kind::Folder) => found.push((entry.to_owned(), RepoName { kind, id })),
            (Some(name), Kind::Link) => {
                cache.linked_elsewhere += 1;
                linked(cache, root, entry, &name);
            }
            (Some((kind, id)), found) => {
                let repository = RepoName { kind, id };
                // A packed copy beside the folders has such a name too: only in place of the target's it is in the way.
                if question.target.as_ref().is_some_and(|(wanted, _)| *wanted == repository) {
                    let path = root.path().join(entry);
                    let repository = Some(repository);
                    cache.misplaced.push(Misplaced { path, repository, found, wanted: Wanted::Folder });
                } else {
                    cache.foreign += 1;
                }
            }
            (None, Kind::File | Kind::Other) if entry == ".locks" => {
                let path = root.path().join(entry);
                cache.misplaced.push(Misplaced { path, repository: None, found: kind, wanted: Wanted::Folder });
            }
            _ if is_the_clients(entry) => {}
            _ => cache.foreign += 1,
        }
        cut = found.len() >= MAX_ROOT;
        !cut
    });
    if let Err(error) = listed {
        cache.reach = Reach::Unreadable(error.to_string());
        return;
    }
    cache.shared = store::look(root, bounds).unwrap_or_default();
    locks_of_others(cache, root, question, bounds);
    locks_of_other_kinds(cache, root, question, bounds);
    // The target first: when the time is up, it has been seen.
    if let Some((wanted, _)) = &question.target {
        found.sort_by_key(|(_, name)| name != wanted);
    }
    let walk = |(entry, name): &(OsString, RepoName)| {
        if !bounds.go_on() {
            return Seen::default();
        }
        let revision =
            question.target.as_ref().filter(|(wanted, _)| wanted == name).map(|(_, revision)| revision.as_str());
        Walk { root: root.path(), name: name.clone(), bounds, revision }.run(root, entry)
    };
    cache.repositories = found.len() as u64;
    let (first, rest) = found.split_at(usize::from(question.target.is_some()).min(found.len()));
    for seen in first {
        add(cache, walk(seen), &mut cut);
    }
    let threads = threads(rest.len());
    // In pieces, so that what is notable is collected in order and never all of it lies in memory at once.
    for piece in rest.chunks(256) {
        let seen: Vec<Seen> = match &threads {
            Some(threads) => threads.install(|| piece.par_iter().with_max_len(4).map(walk).collect()),
            None => piece.iter().map(walk).collect(),
        };
        for seen in seen {
            add(cache, seen, &mut cut);
        }
    }
    keep_the_largest(&mut cache.reclaimable);
    cache.reach = if cut || bounds.was_cut() { Reach::Part } else { Reach::Whole };
}

/// Notes that the target's folder is a link: what lies at its end is not looked at.
fn linked(cache: &mut Cache, root: &Folder, entry: &OsStr, (kind, id): &(hfdoctor_core::target::RepoType, String)) {
    if let Some(target) = &mut cache.target
        && target.folder.file_name() == Some(OsStr::new(&name::folder(*kind, id)))
    {
        target.linked_to = root.link(entry).ok();
    }
}

/// More threads than cores: what is not in memory yet is waited for, not computed.
fn threads(repositories: usize) -> Option<rayon::ThreadPool> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = (2 * cores).clamp(4, 16).min(repositories / 2);
    if threads < 2 {
        return None;
    }
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok()
}

fn add(cache: &mut Cache, seen: Seen, cut: &mut bool) {
    *cut |= seen.cut;
    cache.blobs.join(seen.blobs);
    cache.links += seen.links;
    cache.real_files.join(seen.real_files);
    cache.partials.append(seen.partials);
    cache.partial_bytes = cache.partial_bytes.saturating_add(seen.partial_bytes);
    cache.broken.append(seen.broken);
    cache.refused.append(seen.refused);
    cache.misplaced.append(seen.misplaced);
    cache.orphans.join(seen.orphans);
    cache.detached.join(seen.detached);
    if seen.target.is_some() {
        cache.target = seen.target;
    }
    if let Some(reclaimable) = seen.reclaimable {
        cache.reclaimable.push(reclaimable);
        if cache.reclaimable.len() > 4 * MAX_RECLAIMABLE {
            keep_the_largest(&mut cache.reclaimable);
        }
    }
}

/// Leaves the repositories with the most bytes in all and those with the most loose ones.
fn keep_the_largest(list: &mut Vec<Reclaimable>) {
    let loose = |r: &Reclaimable| r.orphans.bytes.saturating_add(r.detached.bytes);
    list.sort_by_key(|r| std::cmp::Reverse((loose(r), r.bytes)));
    let mut rest = list.split_off(MAX_RECLAIMABLE.min(list.len()));
    rest.sort_by_key(|r| std::cmp::Reverse(r.bytes));
    rest.truncate(MAX_RECLAIMABLE);
    list.append(&mut rest);
}

/// Entries of the root that clients make beside the repositories.
fn is_the_clients(entry: &OsStr) -> bool {
    if name::is_litter(entry) {
        return true;
    }
    let known = [".locks", "blobs", "CACHEDIR.TAG", "version.txt", "version_diffusers_cache.txt"];
    known.iter().any(|k| entry == *k) || Path::new(entry).to_str().is_some_and(|e| e.starts_with("tmp"))
}

/// Folders in place of the target's locks, such as containers make for mounts without a source.
fn locks_of_other_kinds(cache: &mut Cache, root: &Folder, question: &Question, bounds: &Bounds) {
    let Some((repository, _)) = &question.target else { return };
    let Ok(locks) = root.child(OsStr::new(".locks")) else { return };
    let entry = OsString::from(name::folder(repository.kind, &repository.id));
    let mut misplaced = |path, found, wanted| {
        cache.misplaced.push(Misplaced { path, repository: Some(repository.clone()), found, wanted });
    };
    let Ok(own) = locks.child(&entry) else {
        if let Some(found) = locks.meta(&entry).ok().map(|m| m.kind).filter(|kind| *kind != Kind::Folder)
            && found != Kind::Link
        {
            misplaced(locks.path().join(&entry), found, Wanted::Folder);
        }
        return;
    };
    let _ = own.entries(&mut |lock, kind| {
        if kind == Kind::Folder && Path::new(lock).extension().is_some_and(|e| e == "lock") {
            misplaced(own.path().join(lock), kind, Wanted::Lock);
        }
        bounds.go_on()
    });
}

/// Lock folders and lock files that this user may not write to: the client opens a lock for writing before it downloads.
fn locks_of_others(cache: &mut Cache, root: &Folder, question: &Question, bounds: &Bounds) {
    if !bounds.judges_access {
        return;
    }
    let locks = OsStr::new(".locks");
    if access::may_write_in(root, locks) == Some(false) {
        cache.refused.push(access::refused(root, locks, None, "write", None));
        return;
    }
    let Some((repository, _)) = &question.target else { return };
    let Ok(here) = root.child(locks) else { return };
    let entry = OsString::from(name::folder(repository.kind, &repository.id));
    if access::may_write_in(&here, &entry) == Some(false) {
        cache.refused.push(access::refused(&here, &entry, Some(repository), "write", None));
        return;
    }
    let Ok(own) = here.child(&entry) else { return };
    let mut first = None;
    let _ = own.entries(&mut |lock, kind| {
        if kind == Kind::File && access::may_write(&own, lock) == Some(false) {
            first = Some(lock.to_owned());
        }
        first.is_none() && bounds.go_on()
    });
    if let Some(lock) = first {
        cache.refused.push(access::refused(&own, &lock, Some(repository), "write", None));
    }
}
