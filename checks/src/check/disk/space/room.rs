//! How to get room for a download: the least loss first.

use crate::case::Case;
use crate::check::disk::partial::is_useless;
use crate::check::network::reach::set_variable;
use crate::observe::Cache;
use crate::observe::cache::need::Need;
use crate::observe::cache::{Partial, PartialKind, Reclaimable};
use crate::observe::volume::Volume;
use hfdoctor_core::diagnosis::{Action, Fix, Risk};
use hfdoctor_core::text::measure::{age, count, size};
use hfdoctor_core::text::shell::quoted;

/// How many repositories are named for removal.
const MAX_NAMED: usize = 5;

/// Ways to get room, the least loss first.
pub fn fixes(case: &Case, volume: &Volume, cache: Option<&Cache>, need: Option<Need>) -> Vec<Fix> {
    let mut fixes = Vec::new();
    let elsewhere = elsewhere(case, volume, need);
    let freed = cache.and_then(|cache| free_partials(case, volume, cache, need));
    // Deleting what is useless comes first only where it suffices: else nothing need be deleted at all.
    let (first, last) = match freed {
        Some((fix, false)) if elsewhere.is_some() => (elsewhere, Some(fix)),
        freed => (freed.map(|(fix, _)| fix), elsewhere),
    };
    fixes.extend(first);
    if let Some(cache) = cache {
        fixes.extend(clear_xet(cache));
        fixes.extend(prune(case, cache));
        fixes.extend(remove(case, volume, cache, need));
    }
    fixes.extend(last);
    fixes.push(free_by_hand(volume));
    fixes
}

/// Deletes partial files that nobody reads again, because moving them aside would free nothing: as few as suffice for the
/// target, the surest first. And whether they suffice.
fn free_partials(case: &Case, volume: &Volume, cache: &Cache, need: Option<Need>) -> Option<(Fix, bool)> {
    // What lies in a folder of the person's own may be on another volume, and a temporary name is anybody's.
    let provably = |p: &&Partial| {
        p.root == cache.root
            && p.kind != PartialKind::Temporary
            && is_useless(case, p)
            && (p.kind != PartialKind::Plain || p.complete_beside || case.clients.hub.is_some())
    };
    let mut useless: Vec<&Partial> = cache.partials.list.iter().filter(provably).filter(|p| p.allocated > 0).collect();
    useless.sort_by_key(|p| (!p.complete_beside, p.kind != PartialKind::Unique, std::cmp::Reverse(p.allocated)));
    let missing = need.map(|need| need.bytes.saturating_sub(volume.free.unwrap_or(0)));
    let mut bytes: u64 = 0;
    let enough = |bytes| missing.is_some_and(|missing| missing > 0 && bytes >= missing);
    let mut chosen = Vec::new();
    for partial in useless {
        if enough(bytes) {
            break;
        }
        bytes = bytes.saturating_add(partial.allocated);
        chosen.push(partial);
    }
    if chosen.is_empty() {
        return None;
    }
    let title = format!(
        "delete {} that no client reads again, to free {}",
        count(chosen.len() as u64, "partial file"),
        size(bytes)
    );
    let paths = chosen.iter().map(|p| p.path.clone()).collect();
    let actions = vec![Action::Discard { root: cache.root.clone(), paths }];
    let mut fix = Fix::automatic("free-partial-files", Risk::Ask, title, actions);
    for partial in chosen.iter().take(8) {
        fix = fix.command(format!("rm {}", quoted(&partial.path)));
    }
    // Without a target's size any room is something.
    Some((fix, missing.is_none_or(|missing| bytes >= missing)))
}

/// What the Xet client can fetch again at any time, where it is worth naming.
fn clear_xet(cache: &Cache) -> Option<Fix> {
    const WORTH: u64 = 50_000_000;
    let bytes = cache.xet.iter().fold(0_u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
    let title = format!("remove what the Xet client keeps to save requests ({})", size(bytes));
    let fix = Fix::manual("clear-xet-cache", title).note("the Xet client makes it anew; end running downloads first");
    (bytes >= WORTH)
        .then(|| cache.xet.iter().take(8).fold(fix, |fix, (path, _)| fix.command(format!("rm -r {}", quoted(path)))))
}

/// The client's own command that removes what no name refers to.
fn prune(case: &Case, cache: &Cache) -> Option<Fix> {
    let loose = cache.orphans.bytes.saturating_add(cache.detached.bytes);
    if cache.detached.bytes == 0 {
        return None;
    }
    let title = format!("remove revisions that no branch or tag refers to any more (up to {})", size(loose));
    let fix = Fix::manual("prune-cache", title)
        .note("a revision that was downloaded by its commit id counts as unreferenced too");
    Some(match case.clients.hub {
        Some(version) if version < (1, 0, 0) => fix.command("huggingface-cli delete-cache"),
        _ => fix.command("hf cache prune --dry-run").command("hf cache prune"),
    })
}

/// The repositories whose removal makes room, the oldest of those that suffice.
fn remove(case: &Case, volume: &Volume, cache: &Cache, need: Option<Need>) -> Option<Fix> {
    let missing = need.map_or(1_000_000_000, |n| n.bytes).saturating_sub(volume.free.unwrap_or(0));
    let target = case.target.as_ref();
    let mut candidates: Vec<&Reclaimable> = cache
        .reclaimable
        .iter()
        .filter(|r| r.bytes > 0)
        .filter(|r| target.is_none_or(|t| (t.repo_type, &t.repo_id) != (r.repository.kind, &r.repository.id)))
        .collect();
    candidates.sort_by_key(|r| r.modified);
    let mut named = Vec::new();
    let mut bytes: u64 = 0;
    // The oldest ones, leaving out those too small to matter.
    for candidate in candidates.iter().filter(|c| c.bytes.saturating_mul(10) >= missing) {
        if bytes >= missing || named.len() == MAX_NAMED {
            break;
        }
        bytes = bytes.saturating_add(candidate.bytes);
        named.push(*candidate);
    }
    if named.is_empty() {
        return None;
    }
    let list: Vec<String> = named
        .iter()
        .map(|r| {
            let when = r.modified.map_or_else(String::new, |t| format!(", last added to {} ago", age(case.now, t)));
            format!("{} ({}{when})", r.repository, size(r.bytes))
        })
        .collect();
    let mut fix = Fix::manual(
        "remove-repositories",
        format!("remove repositories that are not needed any more ({})", size(bytes)),
    )
    .note(list.join("; "));
    let old = case.clients.hub_is(|v| v < (1, 0, 0));
    if old {
        return Some(fix.command("huggingface-cli delete-cache"));
    }
    for repository in named {
        fix = fix.command(format!("hf cache rm {}/{}", repository.repository.kind.word(), repository.repository.id));
    }
    Some(fix)
}

/// Another volume for the cache.
fn elsewhere(case: &Case, volume: &Volume, need: Option<Need>) -> Option<Fix> {
    let wanted = need.map_or(0, |n| n.bytes).max(volume.free.unwrap_or(0).saturating_mul(2)).max(1_000_000_000);
    let room = volume.others.iter().find(|room| room.free >= wanted)?;
    // HF_HUB_CACHE came with 0.17; the older name is read by every version.
    let name = if case.clients.hub_is(|v| v < (0, 17, 0)) { "HUGGINGFACE_HUB_CACHE" } else { "HF_HUB_CACHE" };
    let path = room.path.join("huggingface").join("hub");
    let title = format!("keep the hub cache on the volume of {} ({} free)", room.path.display(), size(room.free));
    let value = path.to_string_lossy().into_owned();
    Some(
        set_variable("move-cache", Risk::Ask, title, name, &value)
            .note("what is cached already stays where it is; HF_HOME would move the saved token too"),
    )
}

/// What only a person can decide.
pub fn free_by_hand(volume: &Volume) -> Fix {
    Fix::manual("free-space", format!("free space on the volume of {}", volume.existing.display()))
        .command(format!("df -h {0}; df -i {0}", quoted(&volume.existing)))
}
