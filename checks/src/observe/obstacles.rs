//! What stands where the target's own folders in the hub cache should be.

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
        // A link that leads to a folder is one.
        if let Ok(metadata) = path.symlink_metadata()
            && std::fs::metadata(&path).map_or_else(|e| e.kind() == std::io::ErrorKind::NotFound, |m| !m.is_dir())
        {
            found.push(Obstacle { link: metadata.is_symlink() && !path.exists(), path });
        }
    }
    found
}
