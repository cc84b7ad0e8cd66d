//! What an offline switch makes of the Hub's answers.

use std::path::PathBuf;

use crate::case::Case;
use crate::check::Conclusion;
use hfdoctor_core::diagnosis::{Bearing, Cause, Finding};

/// What an offline switch makes of what the Hub says of the target: the client asks nothing, so it is not what failed, and
/// where the target is cached nothing failed at all.
pub fn unasked(case: &Case, conclusion: Conclusion) -> Conclusion {
    let Some((name, _)) = &case.settings.offline else { return conclusion };
    if conclusion.findings.is_empty() {
        return conclusion;
    }
    if is_cached(case) {
        return Conclusion::skipped(format!(
            "`{name}` is on and the target is cached: the client does not ask the Hub"
        ));
    }
    // A name that is no repository's is refused before anything would be asked.
    let beside = |finding: Finding| match finding.cause {
        Cause::RepoIdInvalid => finding,
        _ => finding.bearing(Bearing::Beside),
    };
    Conclusion { findings: conclusion.findings.into_iter().map(beside).collect(), ..conclusion }
}

/// Whether a snapshot of the target lies in the hub cache, and the file in it when one was named.
pub fn is_cached(case: &Case) -> bool {
    let Some(target) = &case.target else { return false };
    let folder = format!("{}--{}", target.repo_type.plural(), target.repo_id.replace('/', "--"));
    let repository = case.settings.hub_cache.join(folder);
    let snapshots = repository.join("snapshots");
    let commit = std::fs::read_to_string(repository.join("refs").join(target.revision())).ok();
    let wanted = commit.as_deref().map_or(target.revision(), str::trim);
    let Some(snapshot) = plain(wanted).map(|commit| snapshots.join(commit)) else { return false };
    match &target.file {
        Some(file) => snapshot.join(file).exists(),
        None => std::fs::read_dir(snapshot).is_ok_and(|mut entries| entries.next().is_some()),
    }
}

/// A name that stays in its folder.
fn plain(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(name);
    (path.components().count() == 1 && !name.is_empty() && name != "..").then_some(path)
}
