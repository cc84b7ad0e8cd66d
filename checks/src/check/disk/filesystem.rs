//! Links and path lengths of the cache's file system.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::check::network::reach::set_variable;
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::cache::name;
use crate::observe::cache::need;
use crate::observe::volume::{Purpose, Volume};
use crate::observe::{Cache, Observations, Want};
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::target::{RepoType, Target};
use hfdoctor_core::text::measure::{count, size};

const CAUSES: &[Cause] = &[Cause::SymlinkUnsupported, Cause::PathTooLong];

/// The check.
pub static CHECK: Check = Check {
    name: "filesystem",
    about: "links and path lengths of the cache's file system",
    causes: CAUSES,
    wants,
    conclude,
};

fn wants(case: &Case) -> BTreeSet<Want> {
    let mut wants = BTreeSet::from([Want::Volumes, Want::Cache]);
    if case.target.is_some() {
        wants.insert(Want::Record);
    }
    wants
}

fn conclude(case: &Case, observations: &Observations) -> Conclusion {
    let logged = log_findings(case, CAUSES);
    let volumes = match observations.volumes() {
        Ok(volumes) => volumes,
        Err(why) => return Conclusion::unknown(why.to_string()).with(logged),
    };
    let volume = volumes.iter().find(|v| v.purpose == Purpose::HubCache);
    let cache = observations.cache().ok();
    let mut conclusion = Conclusion::ok(match volume.and_then(|v| v.mount.as_ref()) {
        Some(mount) => format!("the hub cache lies on {}", mount.kind),
        None => "nothing speaks against links and path lengths".to_owned(),
    });
    if logged.iter().all(|f| f.cause != Cause::SymlinkUnsupported) {
        conclusion.notes.extend(without_links(volume, cache));
    }
    let limits = Limits::of(volume);
    // No download gets so far as to make a path of its own.
    let of_cache = cache_too_long(case, limits);
    let goes_on = of_cache.is_none();
    conclusion = conclusion.with(of_cache);
    if let Some(target) = &case.target {
        let record = observations.record().ok().and_then(|record| record.repository.as_ref());
        let files = need::expected(target, record, cache.and_then(|c| c.target.as_ref())).unwrap_or_default();
        let paths: Vec<&str> = files.keys().map(String::as_str).collect();
        conclusion = conclusion.with(too_long(case, target, &paths, limits).filter(|_| goes_on));
        let ignores_case = volume.and_then(|v| v.ignores_case).unwrap_or(cfg!(any(windows, target_os = "macos")));
        if ignores_case {
            conclusion.notes.extend(clashes(&paths));
        }
    }
    conclusion.with(logged)
}

/// Copies in place of links: they cost space, and the client works with them.
fn without_links(volume: Option<&Volume>, cache: Option<&Cache>) -> Option<String> {
    let kind = volume.and_then(|v| v.mount.as_ref()).filter(|m| m.has_no_links()).map(|m| m.kind.as_str());
    let copies = cache.filter(|c| c.links == 0 && c.real_files.files > 0).map(|c| c.real_files);
    match (kind, copies) {
        (Some(kind), _) => Some(format!(
            "the hub cache lies on {kind}, which has no links: every revision is kept as copies of its own"
        )),
        (None, Some(copies)) => Some(format!(
            "the snapshots hold {} ({}) in place of links: every revision is kept as copies of its own",
            count(copies.files, "real file"),
            size(copies.bytes)
        )),
        (None, None) => None,
    }
}

/// How long names may be on a system.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// One part of a path, in bytes; on Windows in UTF-16 units.
    part: usize,
    /// A whole path.
    path: usize,
    /// Whether lengths are counted in UTF-16 units.
    wide: bool,
}

impl Limits {
    /// The system's, and the file system's where it allows less: ecryptfs, as encrypted homes have it, allows 143 bytes.
    fn of(volume: Option<&Volume>) -> Limits {
        let limits = Limits::of_this_system();
        // FAT and NTFS state the bytes that their longest names may take; what counts there is characters.
        let told = volume.and_then(|v| v.longest_name).and_then(|longest| usize::try_from(longest).ok());
        Limits { part: told.map_or(limits.part, |told| told.min(limits.part)), ..limits }
    }

    fn of_this_system() -> Limits {
        if cfg!(windows) {
            // The client asks for long paths by itself (`\\?\`), for which the system's own limit holds.
            Limits { part: 255, path: 32_767, wide: true }
        } else if cfg!(target_os = "macos") {
            Limits { part: 255, path: 1024, wide: true }
        } else {
            Limits { part: 255, path: 4096, wide: false }
        }
    }

    fn length(self, text: &str) -> usize {
        if self.wide { text.encode_utf16().count() } else { text.len() }
    }
}

/// The cache's own folder, when its path or a name in it is too long for anything to lie there.
fn cache_too_long(case: &Case, limits: Limits) -> Option<Finding> {
    let folder = case.settings.hub_cache.to_string_lossy().into_owned();
    let names = case.settings.hub_cache.components().map(|part| part.as_os_str().to_string_lossy());
    let longest = names.max_by_key(|name| limits.length(name))?;
    let (in_part, in_all) = (limits.length(&longest), limits.length(&folder));
    let summary = if in_part > limits.part {
        format!("a name in the hub cache's path has {in_part} characters; the file system allows {}", limits.part)
    } else if in_all >= limits.path {
        format!("the hub cache's path has {in_all} characters; the system allows {}", limits.path - 1)
    } else {
        return None;
    };
    let finding = Finding::new(Cause::PathTooLong, Certainty::Confirmed, summary)
        .bearing(Bearing::Failure)
        .saw(Source::Disk, format!("the hub cache is to lie at {folder}"));
    // The client fails at the other files below `HF_HOME` as well.
    let by_itself = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"].iter().any(|name| case.environment.var(name).is_some());
    let variable = if by_itself { "HF_HUB_CACHE" } else { "HF_HOME" };
    Some(finding.with_fixes(shorter(case, &folder, limits, variable)).fix(elsewhere(case)))
}

/// The longest path that the download makes, when it is too long.
fn too_long(case: &Case, target: &Target, paths: &[&str], limits: Limits) -> Option<Finding> {
    let folder = name::folder(target.repo_type, &target.repo_id);
    let cache = case.settings.hub_cache.to_string_lossy().into_owned();
    let prefix = format!("{cache}/{folder}/snapshots/{}/", "0".repeat(40));
    // The lock, or the partial file, of a large file has the longest name beside the file's own.
    let partial = format!("{cache}/{folder}/blobs/{}.00000000.incomplete", "0".repeat(64));
    let whole =
        paths.iter().map(|path| format!("{prefix}{path}")).chain([partial.clone()]).max_by_key(|p| limits.length(p))?;
    let names = [folder.as_str(), partial.rsplit('/').next().unwrap_or_default()];
    let part = paths.iter().flat_map(|p| p.split('/')).chain(names).max_by_key(|p| limits.length(p))?;
    let (summary, evidence) = if limits.length(part) > limits.part {
        let length = limits.length(part);
        (
            format!("a name in {} has {length} characters; the file system allows {}", target.repo_id, limits.part),
            format!("the name `{part}` has {length} characters"),
        )
    } else if limits.length(&whole) >= limits.path {
        let length = limits.length(&whole);
        (
            format!("a path of the download has {length} characters; the system allows {}", limits.path - 1),
            format!("{whole} has {length} characters, {} of them for the cache's own folder", limits.length(&cache)),
        )
    } else {
        return None;
    };
    let finding = Finding::new(Cause::PathTooLong, Certainty::Confirmed, summary)
        .bearing(Bearing::Failure)
        .saw(Source::Disk, evidence);
    Some(finding.with_fixes(shorter(case, &cache, limits, "HF_HUB_CACHE")).fix(elsewhere(case)))
}

/// The hub cache under a path of its own that is much shorter, where there is one.
fn shorter(case: &Case, cache: &str, limits: Limits, variable: &str) -> Option<Fix> {
    let short = if cfg!(windows) { r"C:\hf".into() } else { case.environment.home.as_ref()?.join("hf") };
    let short = short.to_string_lossy().into_owned();
    let what = if variable == "HF_HOME" { "the client's files" } else { "the hub cache" };
    let title = format!("keep {what} in {short}");
    let saved = limits.length(cache).saturating_sub(limits.length(&short));
    (saved > 50).then(|| set_variable("shorten-cache-path", Risk::Ask, title, variable, &short))
}

/// One file, without the long names that the cache gives it.
fn elsewhere(case: &Case) -> Fix {
    let fix = Fix::manual(
        "download-elsewhere",
        "download to a folder of your own under a short path: no name is longer than the file's",
    );
    let (command, short) = (case.clients.download_command(), if cfg!(windows) { r"C:\hf" } else { "~/hf" });
    match case.target.as_ref().filter(|target| target.problem().is_none()) {
        Some(target) => {
            let kind = if target.repo_type == RepoType::Model {
                String::new()
            } else {
                format!(" --repo-type {}", target.repo_type.word())
            };
            let file = target.file.as_deref().map_or_else(String::new, |file| {
                format!(" {}", hfdoctor_core::text::shell::quoted(std::path::Path::new(file)))
            });
            fix.command(format!("{command} {}{file}{kind} --local-dir {short}", target.repo_id))
        }
        None => fix,
    }
}

/// Files that differ only by case, where the system does not tell them apart.
fn clashes(paths: &[&str]) -> Option<String> {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    paths.iter().find_map(|path| {
        let other = known.insert(path.to_lowercase(), path)?;
        Some(format!("{other} and {path} differ only by case: this file system keeps one of them"))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::observe::cache::Amount;
    use crate::observe::made_cache::{case, of};

    #[test]
    fn copies_in_place_of_links_are_a_note() {
        let home = tempfile::tempdir().expect("a folder");
        let case = Arc::new(case(home.path(), &[], None));
        let cache = |links| Cache { links, real_files: Amount { files: 3, bytes: 9_000_000 }, ..Cache::default() };
        let conclusion = |links| conclude(&case, &of(&case).seeing_volumes(Vec::new()).seeing_cache(cache(links)));
        assert_eq!((conclusion(0).findings.len(), conclusion(0).notes.len()), (0, 1));
        assert!(conclusion(0).notes[0].contains("3 real files"));
        assert_eq!(conclusion(5).notes.len(), 0);
    }

    #[test]
    fn the_longest_path_is_measured_with_the_caches_own() {
        let home = tempfile::tempdir().expect("a folder");
        let case = case(home.path(), &[], Some("a/b"));
        let target = case.target.as_ref().expect("a target");
        let limits = Limits { part: 255, path: 4096, wide: false };
        assert_eq!(too_long(&case, target, &["a/b.bin"], limits), None);
        let deep = "folder/".repeat(600);
        let long = too_long(&case, target, &[&deep], limits).expect("too long");
        assert_eq!((long.cause, long.certainty), (Cause::PathTooLong, Certainty::Confirmed));
        let name = "n".repeat(256);
        assert!(too_long(&case, target, &[&name], limits).expect("too long").summary.contains("256"));
        // What an encrypted home allows: a name of the repository that other file systems take.
        let short = Limits { part: 143, ..limits };
        let name = "n".repeat(144);
        assert_eq!(too_long(&case, target, &[&name], limits), None);
        assert!(too_long(&case, target, &[&name], short).expect("too long").summary.contains("143"));
        assert_eq!(too_long(&case, target, &["model.safetensors"], short), None);
        // Characters count as the system counts them.
        let wide = "ü".repeat(200);
        assert!(too_long(&case, target, &[&wide], limits).is_some());
        assert_eq!(too_long(&case, target, &[&wide], Limits { wide: true, ..limits }), None);
    }

    #[test]
    fn the_caches_own_path_may_be_too_long_for_any_download() {
        let found = |home_name: &str| {
            let home = tempfile::tempdir().expect("a folder");
            let place = home.path().join(home_name).to_string_lossy().into_owned();
            let case = Arc::new(case(home.path(), &[("HF_HOME", &place)], None));
            cache_too_long(&case, Limits { part: 255, path: 4096, wide: false })
        };
        assert_eq!(found(&"n".repeat(255)), None);
        let name = found(&"n".repeat(260)).expect("too long");
        assert!(name.summary.contains("260") && name.fixes.iter().any(|f| f.id == "shorten-cache-path"), "{name:?}");
        let path = found(&"d/".repeat(3000)).expect("too long");
        assert!(path.summary.contains("4095"), "{}", path.summary);
    }

    #[test]
    fn names_that_differ_by_case_clash() {
        assert!(clashes(&["a/Config.json", "a/config.json"]).is_some());
        assert_eq!(clashes(&["a/config.json", "b/config.json"]), None);
    }
}
