//! Damaged files, and how to get them whole.

use std::collections::BTreeSet;
use std::time::Duration;

use super::name_of;
use crate::case::Case;
use crate::check::disk::partial::download_command;
use crate::check::disk::permission::move_aside;
use crate::observe::Cache;
use crate::observe::cache::{Misplaced, RepoName, Wanted};
use crate::observe::integrity::header::Flaw;
use crate::observe::integrity::{Damage, Damaged, Integrity};
use hfdoctor_core::diagnosis::{Action, Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::text::measure::{count, size};
use hfdoctor_core::text::shell::{in_line, quoted, shown};

/// Damaged files that are named in the evidence.
const MAX_NAMED: usize = 4;

/// Folders, pipes and the like in place of contents: the client takes them for the file that it has fetched.
pub fn no_files(case: &Case, cache: &Cache) -> Option<Finding> {
    let wanted = |m: &&Misplaced| m.wanted == Wanted::Content && m.matters_to(case.target.as_ref());
    let all: Vec<&Misplaced> = cache.misplaced.list.iter().filter(wanted).collect();
    let first = *all.first()?;
    let whose = first.repository.as_ref().map_or_else(String::new, |name| format!(" of {name}"));
    let summary = format!("{} lies where a file{whose} belongs: {}", first.found.words(), shown(&first.path));
    let bearing = if case.target.is_some() { Bearing::Failure } else { Bearing::Condition };
    let mut finding = Finding::new(Cause::CorruptFile, Certainty::Confirmed, summary).bearing(bearing);
    for one in all.iter().take(MAX_NAMED) {
        finding = finding.saw(Source::Disk, format!("{} is {}", shown(&one.path), one.found.words()));
    }
    Some(finding.fix(move_aside(all.iter().map(|one| one.path.as_path()))))
}

fn bearing(case: &Case, damaged: &[&Damaged]) -> Bearing {
    const DAY: Duration = Duration::from_hours(24);
    let recent = |d: &&Damaged| d.modified.is_some_and(|t| case.now.duration_since(t).unwrap_or_default() < DAY);
    if case.target.is_some() {
        Bearing::Failure
    } else if damaged.iter().any(recent) {
        Bearing::Trace
    } else {
        Bearing::Condition
    }
}

/// The file with whose it is.
fn called(damaged: &Damaged) -> String {
    match (&damaged.repository, &damaged.local) {
        (Some(repository), _) => format!("{} of {repository}", in_line(&damaged.file)),
        (None, Some(folder)) => format!("{} in {}", in_line(&damaged.file), shown(folder)),
        (None, None) => in_line(&damaged.file),
    }
}

fn flaw(damaged: &Damaged) -> String {
    match &damaged.damage {
        Damage::Header(flaw) => flaw.to_string(),
        Damage::Size(wanted) if damaged.size < *wanted => {
            format!("it was cut off: {} of {wanted} bytes", damaged.size)
        }
        Damage::Size(wanted) => format!("it has {} bytes instead of {wanted}", damaged.size),
        Damage::Hash(found) => {
            let sort = if found.len() == 64 { "SHA-256" } else { "git hash" };
            format!("its content has the {sort} {found}, not the one that it is named by")
        }
    }
}

pub fn corrupt_files(case: &Case, damaged: &[&Damaged]) -> Finding {
    let first = damaged[0];
    let summary = if damaged.len() == 1 {
        format!("{} is damaged: {}", called(first), flaw(first))
    } else {
        format!(
            "{} are damaged, such as {}: {}",
            count(damaged.len() as u64, "cached file"),
            called(first),
            flaw(first)
        )
    };
    let mut finding = Finding::new(Cause::CorruptFile, Certainty::Confirmed, summary).bearing(bearing(case, damaged));
    for one in damaged.iter().take(MAX_NAMED) {
        let path = one.link.as_ref().unwrap_or(&one.path);
        finding = finding.saw(Source::Disk, format!("{}: {}", shown(path), flaw(one)));
    }
    if damaged.len() > MAX_NAMED {
        finding = finding.saw(Source::Disk, format!("and {} more", damaged.len() - MAX_NAMED));
    }
    finding.fix(fetch_again(case, damaged))
}

/// Moves damaged contents and their links away, and fetches them again.
fn fetch_again(case: &Case, damaged: &[&Damaged]) -> Fix {
    let root = case.settings.hub_cache.clone();
    // What the store shares is other repositories' too: the client replaces it in place when it is told to.
    let own: Vec<&&Damaged> = damaged.iter().filter(|d| !d.shared && d.path.starts_with(&root)).collect();
    let mut paths = Vec::new();
    for one in &own {
        paths.extend(one.link.clone());
        paths.push(one.path.clone());
    }
    let title = "move the damaged content away and fetch it again";
    let mut fix = if paths.is_empty() {
        damaged.iter().filter(|d| d.local.is_some()).take(8).fold(
            Fix::manual("fetch-again", "remove the damaged files and fetch them again, as they were fetched at first"),
            |fix, one| fix.command(format!("rm {}", quoted(&one.path))),
        )
    } else {
        Fix::automatic(
            "remove-corrupt-files",
            Risk::Safe,
            title,
            vec![Action::Quarantine { root, paths: paths.clone() }],
        )
    };
    for path in paths.iter().take(8) {
        fix = fix.command(format!("rm {}", quoted(path)));
    }
    let mut commands = BTreeSet::new();
    for one in damaged {
        if let (Some(folder), Some(target)) = (&one.local, &case.target) {
            let command = download_command(case, &name_of(target), Some(&one.file));
            commands.insert(format!("{command} --local-dir {}", quoted(folder)));
        } else if let Some(name) = &one.repository {
            let force = if one.shared { " --force-download" } else { "" };
            commands.insert(format!("{}{force}", download_command(case, name, Some(&one.file))));
        }
    }
    for command in commands.into_iter().take(8) {
        fix = fix.command(command);
    }
    fix
}

pub fn lfs_pointers(case: &Case, damaged: &[&Damaged], seen: &Integrity) -> Finding {
    let first = damaged[0];
    let whole = match &first.damage {
        Damage::Header(Flaw::Pointer(pointer)) => size(pointer.size),
        _ => String::new(),
    };
    let in_clone = first.repository.is_none() && first.local.is_none();
    let place = seen.clone.as_ref().filter(|_| in_clone).map_or_else(String::new, |c| format!(" in {}", shown(c)));
    let summary = if damaged.len() == 1 {
        format!(
            "{}{place} is a Git LFS pointer of {} in place of a file of {whole}",
            called(first),
            count(first.size, "byte")
        )
    } else {
        format!(
            "{}{place} are Git LFS pointers, such as {}, which stands for {whole}",
            count(damaged.len() as u64, "file"),
            called(first)
        )
    };
    let mut bearing = bearing(case, damaged);
    let mut certainty = Certainty::Confirmed;
    if in_clone && case.target.is_none() {
        // A clone may be without its large files on purpose.
        certainty = Certainty::Possible;
        bearing = bearing.min(Bearing::Trace);
    }
    let mut finding = Finding::new(Cause::LfsPointer, certainty, summary).bearing(bearing);
    for one in damaged.iter().take(MAX_NAMED) {
        let path = one.link.as_ref().unwrap_or(&one.path);
        finding = finding.saw(Source::Disk, format!("{}: {}", shown(path), flaw(one)));
    }
    if let Some(clone) = seen.clone.as_ref().filter(|_| in_clone) {
        let fix = Fix::manual("git-lfs-pull", "let git-lfs fetch the files")
            .command("git lfs install")
            .command(format!("git -C {} lfs pull", quoted(clone)))
            .note("git-lfs must be installed first");
        finding = finding.fix(fix);
        if let Some(target) = &case.target {
            let name = RepoName { kind: target.repo_type, id: target.repo_id.clone() };
            finding = finding.fix(
                Fix::manual("download-instead", "download without git").command(download_command(case, &name, None)),
            );
        }
        return finding;
    }
    finding.fix(fetch_again(case, damaged))
}
