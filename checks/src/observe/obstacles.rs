//! Links that lead nowhere where the target's own folders in the hub cache should be. What else may stand there, the walk
//! of the cache sees.

use crate::case::Case;
use crate::observe::cache::name;
use crate::observe::volume::Obstacle;

/// Looks at the folder of the target's repository and at those that a client makes in it.
pub(super) fn look(case: &Case) -> Vec<Obstacle> {
    let Some(target) = case.target.as_ref().filter(|target| target.problem().is_none()) else { return Vec::new() };
    let folder = name::folder(target.repo_type, &target.repo_id);
    let repository = case.settings.hub_cache.join(&folder);
    let locks = case.settings.hub_cache.join(".locks");
    let within = ["blobs", "snapshots", "refs"].map(|part| repository.join(part));
    let all = [repository, locks.clone(), locks.join(folder)].into_iter().chain(within);
    let mut found: Vec<Obstacle> = Vec::new();
    for path in all {
        if path.symlink_metadata().is_ok_and(|m| m.is_symlink())
            && std::fs::metadata(&path).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound)
        {
            found.push(Obstacle { link: true, path });
        }
    }
    found
}
