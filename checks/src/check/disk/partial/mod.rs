//! What unfinished downloads left in the cache.

mod leftover;
mod refs;
mod useless;

pub(crate) use useless::is_useless;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::case::Case;
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::cache::need::{self, Expected};
use crate::observe::cache::{BrokenLink, Reach, RepoName};
use crate::observe::{Cache, Observations, Want};
use hfdoctor_core::diagnosis::{Action, Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::target::From;
use hfdoctor_core::target::RepoType;
use hfdoctor_core::text::measure::{age, count, size};
use hfdoctor_core::text::shell::{in_line, quoted, shown};

const CAUSES: &[Cause] = &[Cause::PartialCache];

/// The check.
pub static CHECK: Check =
    Check { name: "partial", about: "what unfinished downloads left in the cache", causes: CAUSES, wants, conclude };

fn wants(case: &Case) -> BTreeSet<Want> {
    let mut wants = BTreeSet::from([Want::Cache]);
    if case.log.is_none() {
        wants.insert(Want::Traces);
    }
    if case.target.is_some() {
        wants.insert(Want::Record);
    }
    wants
}

fn conclude(case: &Case, observations: &Observations) -> Conclusion {
    let logged = log_findings(case, CAUSES);
    let cache = match observations.cache() {
        Ok(cache) => cache,
        Err(why) => return Conclusion::unknown(why.to_string()).with(logged),
    };
    if let Reach::Unreadable(why) = &cache.reach {
        return Conclusion::unknown(format!("the hub cache cannot be listed: {why}")).with(logged);
    }
    let record = observations.record().ok().and_then(|record| record.repository.as_ref());
    let expected = case
        .target
        .as_ref()
        .and_then(|target| need::expected(target, record, cache.target.as_ref()))
        .unwrap_or_default();
    let mut conclusion = Conclusion::ok(in_order(cache));
    if cache.reach == Reach::Part {
        conclusion.notes.push(format!("only a part of the hub cache at {} was looked at", cache.root.display()));
    }
    conclusion.notes.extend(target_of_traces(case, observations));
    leftover::judge(case, cache, &expected, &mut conclusion);
    conclusion = conclusion.with(leftover::in_place_of_part(case, cache, &expected));
    // With the network the Hub says which commit it is, without it the ref.
    let sha = record.filter(|r| case.settings.offline.is_none() && !r.sha.is_empty()).map(|r| r.sha.as_str());
    let asked = sha.or_else(|| cache.target.as_ref().and_then(|target| target.commit.as_deref()));
    if let Some(finding) = broken_links(case, cache, asked, &mut conclusion) {
        conclusion.add(finding);
    }
    let of_ref = refs::judge(case, cache, &mut conclusion);
    // Without its snapshot every file is missing, which is said already.
    if of_ref.is_none()
        && let Some(finding) = missing_offline(case, cache, &expected)
    {
        conclusion.add(finding);
    }
    conclusion = conclusion.with(of_ref);
    conclusion.with(logged)
}

fn in_order(cache: &Cache) -> String {
    match cache.reach {
        Reach::Absent => format!("there is no hub cache at {} yet", cache.root.display()),
        _ => format!(
            "{} in {}, no link without its file",
            count(cache.blobs.files, "file"),
            if cache.repositories == 1 {
                "1 repository".to_owned()
            } else {
                format!("{} repositories", cache.repositories)
            }
        ),
    }
}

/// Says where the target comes from when nobody named one.
fn target_of_traces(case: &Case, observations: &Observations) -> Option<String> {
    let target = case.target.as_ref().filter(|target| target.from == From::Cache)?;
    let name = RepoName { kind: target.repo_type, id: target.repo_id.clone() };
    let traces = observations.traces().ok();
    let partial = traces.and_then(|traces| traces.partial.as_ref()).filter(|partial| partial.repository == name);
    let when = partial.map_or_else(String::new, |partial| format!(" {} ago", age(case.now, partial.modified)));
    Some(format!("{name} was looked at because its download broke off{when}; `hfdoctor ORG/NAME` asks about another"))
}

/// Whether a repository is the target.
fn is_target(case: &Case, name: &RepoName) -> bool {
    case.target.as_ref().is_some_and(|t| (t.repo_type, &t.repo_id) == (name.kind, &name.id))
}

/// The command that fetches a repository or one of its files, as the installed client has it.
pub(crate) fn download_command(case: &Case, name: &RepoName, file: Option<&str>) -> String {
    let command = case.clients.download_command();
    let kind = if name.kind == RepoType::Model { String::new() } else { format!(" --repo-type {}", name.kind.word()) };
    let file = file.map_or_else(String::new, |f| format!(" {}", quoted(Path::new(f))));
    let revision = case
        .target
        .as_ref()
        .filter(|_| is_target(case, name))
        .and_then(|t| t.revision.as_deref())
        .map_or_else(String::new, |r| format!(" --revision {}", quoted(Path::new(r))));
    format!("{command} {}{file}{kind}{revision}", quoted(Path::new(&name.id)))
}

/// How recent a trace is to be one of the failure that the person has just had.
fn is_recent(case: &Case, time: Option<std::time::SystemTime>) -> bool {
    const DAY: std::time::Duration = std::time::Duration::from_hours(24);
    time.is_some_and(|time| case.now.duration_since(time).unwrap_or_default() < DAY)
}

/// Links whose file is missing; `asked` is the commit of the target's revision, where it is known.
fn broken_links(case: &Case, cache: &Cache, asked: Option<&str>, conclusion: &mut Conclusion) -> Option<Finding> {
    // What a download that broke off left of another revision stops nobody; where no ref tells the revision, any may be it.
    let is_of_another = |link: &&BrokenLink| match &case.target {
        Some(_) => asked.is_some_and(|asked| link.commit != asked),
        None => link.superseded,
    };
    let matters = |link: &&BrokenLink| {
        case.target.as_ref().is_none_or(|target| {
            is_target(case, &link.repository)
                && target.file.as_ref().is_none_or(|file| std::path::Path::new(file).starts_with(&link.file))
        })
    };
    let (of_others, links): (Vec<&BrokenLink>, Vec<&BrokenLink>) =
        cache.broken.list.iter().filter(matters).partition(is_of_another);
    let others = cache.broken.count.saturating_sub((links.len() + of_others.len()) as u64);
    if case.target.is_some() && others > 0 {
        let lead = if others == 1 { "leads" } else { "lead" };
        conclusion.notes.push(format!("{} of other repositories in the cache {lead} nowhere", count(others, "link")));
    }
    if let Some(first) = of_others.first() {
        let lead = if of_others.len() == 1 { "leads" } else { "lead" };
        conclusion.notes.push(format!(
            "{} of older revisions of {} {lead} nowhere, such as {}: nothing reads them",
            count(of_others.len() as u64, "link"),
            first.repository,
            shown(&first.path)
        ));
    }
    let newest = links.iter().max_by_key(|link| link.modified)?;
    let (bearing, certainty) = if case.target.is_some() {
        // With the network the client fetches the missing file again; without it nothing can.
        let certainty = if case.settings.offline.is_some() { Certainty::Confirmed } else { Certainty::Likely };
        (Bearing::Failure, certainty)
    } else if is_recent(case, newest.modified) {
        (Bearing::Trace, Certainty::Possible)
    } else {
        (Bearing::Condition, Certainty::Possible)
    };
    let in_all = if case.target.is_some() { links.len() as u64 } else { cache.broken.count - of_others.len() as u64 };
    let summary = if in_all == 1 {
        format!("the cached {} of {} is a link whose content is missing", in_line(&newest.file), newest.repository)
    } else {
        format!(
            "{} in the cache lead to content that is missing, such as {} of {}",
            count(in_all, "link"),
            in_line(&newest.file),
            newest.repository
        )
    };
    let mut finding = Finding::new(Cause::PartialCache, certainty, summary).bearing(bearing);
    for link in links.iter().take(4) {
        finding = finding
            .saw(Source::Disk, format!("{} leads to {}, which is missing", shown(&link.path), shown(&link.leads_to)));
    }
    let blobs = |link: &BrokenLink| link.leads_to.components().any(|c| c.as_os_str() == "blobs");
    if cache.target.as_ref().is_some_and(|t| t.exists && t.blobs.is_empty()) && links.iter().all(|l| blobs(l)) {
        finding = finding.saw(
            Source::Disk,
            "the repository's `blobs` folder holds nothing: a copy or a mount of `snapshots` alone loses the content",
        );
    }
    let paths = links.iter().map(|link| link.path.clone()).collect();
    let action = Action::Quarantine { root: cache.root.clone(), paths };
    let mut fix =
        Fix::automatic("remove-broken-links", Risk::Safe, "remove the links and fetch the files again", vec![action]);
    if cache.broken.count > cache.broken.list.len() as u64 {
        fix = fix.note(format!("{} at once; run it again for the rest", count(cache.broken.list.len() as u64, "link")));
    }
    for link in links.iter().take(8) {
        fix = fix.command(format!("rm {}", quoted(&link.path)));
    }
    let names: BTreeSet<&RepoName> = links.iter().map(|link| &link.repository).collect();
    for name in names.into_iter().take(3) {
        fix = fix.command(download_command(case, name, case.target.as_ref().and_then(|t| t.file.as_deref())));
    }
    Some(finding.fix(fix))
}

/// Files that the cached listing has and the snapshot has not, while nothing may be fetched.
fn missing_offline(case: &Case, cache: &Cache, expected: &BTreeMap<String, Expected>) -> Option<Finding> {
    let (variable, value) = case.settings.offline.as_ref()?;
    let target = case.target.as_ref()?;
    let cached = cache.target.as_ref().filter(|c| c.exists && !c.cut)?;
    let name = RepoName { kind: target.repo_type, id: target.repo_id.clone() };
    let missing: Vec<&String> =
        expected.iter().filter(|(path, file)| !has_link_or_file(cached, path, file)).map(|(p, _)| p).collect();
    let first = missing.first()?;
    let summary = if missing.len() == 1 {
        format!("{first} of {name} is not in the cache, and `{variable}={value}` forbids fetching it")
    } else {
        format!(
            "{} of {name} are not in the cache, and `{variable}={value}` forbids fetching them",
            count(missing.len() as u64, "file")
        )
    };
    let listed: u64 = expected.len() as u64;
    let finding = Finding::new(Cause::PartialCache, Certainty::Likely, summary)
        .saw(Source::Disk, format!("{} of {listed} listed files are missing, such as {first}", missing.len()));
    let fix = Fix::manual("complete-snapshot", "fetch the rest with the network")
        .command(format!("{variable}=0 {}", download_command(case, &name, target.file.as_deref())));
    Some(finding.fix(fix))
}

/// Whether the snapshot itself shows a file: a blob without its link helps nobody who is offline.
fn has_link_or_file(cached: &crate::observe::cache::TargetCache, path: &str, _: &Expected) -> bool {
    cached.size_of(path).is_some()
}

/// The age of a leftover, as ", 12 minutes old".
fn old(case: &Case, time: Option<std::time::SystemTime>) -> String {
    time.map_or_else(String::new, |time| format!(", last written {} ago", age(case.now, time)))
}

/// A size against another.
fn of(have: u64, whole: Option<u64>) -> String {
    match whole {
        // Rounded figures of nearly the same size would look the same.
        Some(whole) if size(have) == size(whole) => format!("{have} of {whole} bytes"),
        Some(whole) => format!("{} of {}", size(have), size(whole)),
        None => size(have),
    }
}

#[cfg(test)]
mod tests;
