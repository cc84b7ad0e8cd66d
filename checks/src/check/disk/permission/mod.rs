//! Whether the cache can be written.

mod xet;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::case::Case;
use crate::check::network::reach::{set_variable, unset_line};
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::cache::need;
use crate::observe::cache::{Misplaced, Reach, Refused, Wanted};
use crate::observe::volume::{Obstacle, Purpose, Volume};
use crate::observe::{Cache, Observations, Want};
use hfdoctor_core::diagnosis::{Action, Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::text::measure::count;
use hfdoctor_core::text::shell::{quoted, shown};

const CAUSES: &[Cause] = &[Cause::CachePermission, Cause::ReadOnlyCache];

/// The check.
pub static CHECK: Check =
    Check { name: "permission", about: "whether the cache can be written", causes: CAUSES, wants, conclude };

fn wants(case: &Case) -> BTreeSet<Want> {
    let mut wants = BTreeSet::from([Want::Volumes, Want::Cache]);
    if case.target.is_some() {
        wants.extend([Want::Record, Want::Obstacles]);
        if case.uses_xet() && !case.limits.offline {
            wants.insert(Want::Storage);
        }
    }
    wants
}

fn conclude(case: &Case, observations: &Observations) -> Conclusion {
    let logged = log_findings(case, CAUSES);
    let volumes = match observations.volumes() {
        Ok(volumes) => volumes,
        Err(why) => return Conclusion::unknown(why.to_string()).with(logged),
    };
    let Some(volume) = volumes.iter().find(|v| v.purpose == Purpose::HubCache) else {
        return Conclusion::unknown("the hub cache's volume was not looked at").with(logged);
    };
    let cache = observations.cache().ok();
    let mut found: Vec<Finding> = of_volume(case, volume).into_iter().collect();
    if found.is_empty() {
        found.extend(of_repository(case, observations));
    }
    if found.is_empty()
        && let Some(cache) = cache
    {
        found.extend(of_cache(case, cache, left_behind(observations, cache).as_deref()));
    }
    let mut conclusion = Conclusion::ok(format!("files can be made in {}", volume.existing.display()));
    if let Some(cache) = cache {
        conclusion = conclusion.with(no_folders(case, cache));
    }
    let complete = cache.is_some_and(|cache| is_complete(case, observations, cache));
    if complete || case.settings.offline.is_some() {
        // A cache that is meant to be read only, such as a shared one, serves what it holds.
        let unreadable = cache.is_some_and(|cache| judged(case, cache).any(|refused| refused.may_not != "write"));
        for finding in found {
            let why = if complete { "all of the target is in it" } else { "nothing is written in offline mode" };
            if unreadable {
                conclusion.add(finding);
            } else {
                conclusion.because = format!("{}, but {why}", finding.summary);
                conclusion.notes.push(conclusion.because.clone());
            }
        }
    } else {
        conclusion = conclusion.with(found);
    }
    if let Some((cause, words)) = xet::trouble(volumes)
        && conclusion.findings.is_empty()
        && volume.writable.is_ok()
    {
        if !complete && case.settings.offline.is_none() && xet::is_taken(case, observations) {
            conclusion.add(xet::finding(case, cause, &words));
        } else {
            conclusion.notes.push(words);
        }
    }
    if logged.is_empty()
        && conclusion.findings.is_empty()
        && let Some(Reach::Unreadable(why)) = cache.map(|c| &c.reach)
    {
        return Conclusion::unknown(format!("the hub cache cannot be listed: {why}"));
    }
    conclusion.with(logged)
}

fn is_complete(case: &Case, observations: &Observations, cache: &Cache) -> bool {
    need::of_case(case, observations).is_some_and(|expected| need::is_complete(&expected, cache, case))
}

/// The variable that places the cache, where one does.
fn placed_by(case: &Case) -> Option<&'static str> {
    ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"]
        .into_iter()
        .find(|name| case.environment.var(name).is_some())
}

fn of_volume(case: &Case, volume: &Volume) -> Option<Finding> {
    let path = volume.path.display();
    if let Some(blocked) = &volume.blocked_by {
        let what = match placed_by(case) {
            Some(variable) => format!("`{variable}` places the hub cache at {path}, "),
            None => format!("the hub cache belongs at {path}, "),
        };
        let stands = stands(blocked);
        let blocked = &blocked.path;
        let summary = format!("{what}but {} {stands}", blocked.display());
        let finding = Finding::new(Cause::CachePermission, Certainty::Confirmed, summary)
            .saw(Source::Disk, format!("{} {stands}", blocked.display()));
        return Some(
            finding.fix(match placed_by(case) {
                Some(variable) => Fix::automatic(
                    "unset-cache-variable",
                    Risk::Ask,
                    format!("unset `{variable}`, or let it name a folder"),
                    vec![Action::UnsetVariable { name: variable.to_owned() }],
                )
                .command(unset_line(variable)),
                None => move_aside(std::iter::once(blocked.as_path())),
            }),
        );
    }
    let refused = volume.writable.as_ref().err();
    if volume.read_only || refused.is_some_and(|r| r.kind == ErrorKind::ReadOnlyFilesystem) {
        let summary = format!("the hub cache at {path} lies on a read-only file system");
        let mut finding = Finding::new(Cause::ReadOnlyCache, Certainty::Confirmed, summary);
        finding = finding.saw(
            Source::Disk,
            match refused {
                Some(refused) => format!("writing to {} was refused: {}", volume.existing.display(), refused.message),
                None => format!("the volume of {} is mounted read-only", volume.existing.display()),
            },
        );
        if let Some(mount) = &volume.mount {
            let mode = if mount.read_only { "read-only" } else { "and turned read-only" };
            finding = finding.saw(Source::Disk, format!("{} is mounted at {}, {mode}", mount.kind, mount.at.display()));
        }
        return Some(finding.fix(elsewhere(case, volume)));
    }
    // A file system such as /proc has folders in which nobody can make anything, and says so in other words.
    let refused = refused
        .filter(|r| matches!(r.kind, ErrorKind::PermissionDenied | ErrorKind::NotFound | ErrorKind::Unsupported))?;
    let denied = refused.kind == ErrorKind::PermissionDenied;
    let place = &volume.existing;
    let owner = volume.owner.as_deref().filter(|_| denied && !volume.own).map(|o| format!(", which belongs to {o}"));
    let made = if volume.existing == volume.path { "is not writable" } else { "cannot be made" };
    let why = if denied { "this user may not write to" } else { "no file can be made in" };
    let summary = format!("the hub cache at {path} {made}: {why} {}{}", place.display(), owner.unwrap_or_default());
    let mut finding = Finding::new(Cause::CachePermission, Certainty::Confirmed, summary)
        .saw(Source::Disk, format!("writing to {} was refused: {}", place.display(), refused.message));
    if let Some(mount) = volume.mount.as_ref().filter(|_| !denied) {
        finding = finding.saw(Source::Disk, format!("{} is mounted at {}", mount.kind, mount.at.display()));
    }
    let mut fixes = Vec::new();
    if denied && volume.existing == volume.path {
        fixes.push(mend(case, place, volume.own, volume.owner.as_deref()));
    }
    fixes.push(elsewhere(case, volume));
    Some(finding.with_fixes(fixes))
}

fn stands(obstacle: &Obstacle) -> &'static str {
    if obstacle.link { "is a link that leads nowhere" } else { "is a file, not a folder" }
}

/// A link to a disk that is not there stands where a folder of the target's repository should be.
fn of_repository(case: &Case, observations: &Observations) -> Option<Finding> {
    let obstacle = observations.obstacles().ok()?.first()?;
    let target = case.target.as_ref()?;
    let (path, stands) = (obstacle.path.display(), stands(obstacle));
    let summary = format!("no file of {} can be kept in the hub cache: {path} {stands}", target.repo_id);
    let mut finding = Finding::new(Cause::CachePermission, Certainty::Confirmed, summary)
        .saw(Source::Disk, format!("{path} {stands}"));
    let fix = Fix::manual("mount-volume", "connect or mount the disk that the link leads to");
    finding = finding.fix(fix.command(format!("ls -l {}", quoted(&obstacle.path))));
    Some(finding.fix(move_aside(std::iter::once(obstacle.path.as_path()))))
}

/// What gives this user the right back.
fn mend(case: &Case, path: &Path, own: bool, owner: Option<&str>) -> Fix {
    let root = case.settings.hub_cache.clone();
    let path_in_shell = quoted(path);
    if own {
        let action = Action::GrantOwner { root, paths: vec![path.to_owned()] };
        let title = format!("give yourself the right to read and write {}", path.display());
        return Fix::automatic("grant-owner", Risk::Ask, title, vec![action])
            .command(format!("chmod u+rwX {path_in_shell}"));
    }
    let title = format!("take back what belongs to {}", owner.unwrap_or("another user"));
    let mut fix = Fix::manual("take-ownership", title);
    fix = if cfg!(windows) {
        fix.command(format!("takeown /F {path_in_shell} /R /D Y"))
            .command(format!("icacls {path_in_shell} /grant \"$($env:USERNAME):(OI)(CI)F\" /T"))
    } else {
        fix.command(format!("sudo chown -R \"$(id -u):$(id -g)\" {path_in_shell}"))
    };
    if owner == Some("root") {
        fix = fix.note("files of root come from a download that ran once with sudo or in a container as root");
    }
    fix
}

/// Another place for the cache. What is cached already, and a saved token, stay where they are.
fn elsewhere(case: &Case, volume: &Volume) -> Fix {
    // HF_HUB_CACHE came with 0.17; the older name is read by every version.
    let name = if case.clients.hub_is(|v| v < (0, 17, 0)) { "HUGGINGFACE_HUB_CACHE" } else { "HF_HUB_CACHE" };
    let at_home = case.environment.home.as_ref().map(|home| home.join(".cache").join("huggingface").join("hub"));
    // The usual place, where a variable names another one and what refuses is no folder on the way there.
    let on_the_way = |usual: &Path| volume.existing.parent().is_some() && usual.starts_with(&volume.existing);
    let usual = at_home.filter(|usual| placed_by(case).is_some() && !on_the_way(usual));
    let roomy = || volume.others.first().map(|room| room.path.join("huggingface").join("hub"));
    match usual.or_else(roomy) {
        Some(path) => {
            let title = format!("keep the hub cache at {}", path.display());
            set_variable("move-cache", Risk::Ask, title, name, &path.to_string_lossy())
        }
        None => Fix::manual("place-cache", format!("let `{name}` name a folder that this user may write to")),
    }
}

/// What may not be used and matters: the target's, or without a target all.
fn judged<'a>(case: &'a Case, cache: &'a Cache) -> impl Iterator<Item = &'a Refused> {
    cache.refused.list.iter().filter(|refused| match (&case.target, &refused.repository) {
        (Some(target), Some(name)) => (target.repo_type, &target.repo_id) == (name.kind, &name.id),
        _ => true,
    })
}

/// What stands where the client needs a folder or a lock.
fn no_folders(case: &Case, cache: &Cache) -> Option<Finding> {
    let wanted =
        |m: &&Misplaced| matches!(m.wanted, Wanted::Folder | Wanted::Lock) && m.matters_to(case.target.as_ref());
    let all: Vec<&Misplaced> = cache.misplaced.list.iter().filter(wanted).collect();
    let first = *all.first()?;
    let whose = first.repository.as_ref().map_or_else(String::new, |name| format!(" of {name}"));
    let summary = format!(
        "{} is {}, where the client needs {}{whose}",
        shown(&first.path),
        first.found.words(),
        first.wanted.words()
    );
    let of_all = first.repository.is_none();
    let bearing = if case.target.is_some() || of_all { Bearing::Failure } else { Bearing::Condition };
    let mut finding = Finding::new(Cause::CachePermission, Certainty::Confirmed, summary).bearing(bearing);
    for one in all.iter().take(4) {
        finding = finding.saw(Source::Disk, format!("{} is {}", shown(&one.path), one.found.words()));
    }
    Some(finding.fix(move_aside(all.iter().map(|one| one.path.as_path()))))
}

/// Moves what is in the way aside; whose it is, only a person knows.
pub(crate) fn move_aside<'a>(paths: impl Iterator<Item = &'a Path>) -> Fix {
    let fix = Fix::manual("move-obstacle", "move it out of the way, and start the download again");
    paths.take(8).fold(fix, |fix, path| {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".aside");
        fix.command(format!("mv {} {}", quoted(path), quoted(Path::new(&aside))))
    })
}

/// The target's snapshot, when the Hub has a newer commit by now: the client makes another one.
fn left_behind(observations: &Observations, cache: &Cache) -> Option<PathBuf> {
    let sha = observations.record().ok()?.repository.as_ref().map(|record| record.sha.as_str())?;
    let target = cache.target.as_ref()?;
    let commit = target.commit.as_deref().filter(|commit| !sha.is_empty() && *commit != sha)?;
    Some(target.folder.join("snapshots").join(commit))
}

/// Folders and files in the cache that this user may not use as the client does, but for one that is not used any more.
fn of_cache(case: &Case, cache: &Cache, unused: Option<&Path>) -> Option<Finding> {
    let is_used = |refused: &&Refused| refused.may_not != "write" || Some(refused.path.as_path()) != unused;
    let all: Vec<&Refused> = judged(case, cache).filter(is_used).collect();
    let first = *all.first()?;
    let bearing =
        if case.target.is_some() || first.repository.is_none() { Bearing::Failure } else { Bearing::Condition };
    let owner = first.owner_name.as_deref();
    let own = first.own;
    let belongs = owner.filter(|_| !own).map_or_else(String::new, |o| format!(", which belongs to {o}"));
    let summary = format!("this user may not {} {}{belongs}", first.may_not, first.path.display());
    let mut finding = Finding::new(Cause::CachePermission, Certainty::Confirmed, summary).bearing(bearing);
    for refused in all.iter().take(4) {
        let participle = match refused.may_not {
            "read" => "may not be read",
            "enter" => "may not be entered",
            _ => "may not be written to",
        };
        let owner = refused.owner_name.as_deref().map_or_else(String::new, |o| format!(" (owner: {o})"));
        finding = finding.saw(Source::Disk, format!("{} {participle}{owner}", refused.path.display()));
    }
    if all.len() > 4 {
        finding = finding.saw(Source::Disk, format!("and {} more", count(all.len() as u64 - 4, "path")));
    }
    let whole = first.repository.as_ref().map_or_else(
        || first.path.clone(),
        |name| cache.root.join(crate::observe::cache::name::folder(name.kind, &name.id)),
    );
    let fix = if own { mend(case, &first.path, true, owner) } else { mend(case, &whole, false, owner) };
    Some(finding.fix(fix))
}

#[cfg(test)]
mod tests;
