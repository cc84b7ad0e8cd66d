//! Partial files: whether the installed client trips over them, goes on with them, or never looks at them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::useless::{clear_partials, is_useless};
use super::{download_command, is_recent, is_target, of, old};
use crate::case::Case;
use crate::check::Conclusion;
use crate::check::disk::permission::move_aside;
use crate::observe::Cache;
use crate::observe::cache::need::{Expected, Resumes, resumes};
use crate::observe::cache::{Misplaced, Partial, PartialKind, RepoName, Wanted};
use hfdoctor_core::diagnosis::{Action, Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::target::From;
use hfdoctor_core::text::measure::{count, size};
use hfdoctor_core::text::shell::{in_line, quoted, shown};

/// What a partial file means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    /// A running download writes it.
    Live,
    /// The client takes it up and fails: why, and how sure that is.
    InTheWay(String, Certainty),
    /// The client takes it up and goes on.
    GoneOnWith,
    /// The client takes it up, and what becomes of it cannot be told from here.
    TakenUp,
    /// Another program than the Python client goes on with it: which.
    OfAnother(&'static str),
    /// Nobody reads it again.
    Idle,
}

/// Judges every partial file of the cache.
pub fn judge(case: &Case, cache: &Cache, expected: &BTreeMap<String, Expected>, conclusion: &mut Conclusion) {
    let mut idle = 0;
    for partial in &cache.partials.list {
        let wanted = expected.iter().find(|(_, file)| !partial.etag.is_empty() && file.etag == partial.etag);
        let of_target = match &partial.repository {
            Some(name) => is_target(case, name),
            None => wanted.is_some(),
        };
        let whole = wanted.map(|(_, file)| file.size).or(partial.expected);
        let file = wanted.map(|(path, _)| path.as_str()).or(partial.file.as_deref());
        let large = wanted.is_none_or(|(_, file)| file.large);
        match meaning(case, partial, whole, large) {
            Meaning::Live => conclusion.notes.push(live(partial)),
            Meaning::InTheWay(why, certainty) if case.target.is_none() || of_target => {
                conclusion.add(in_the_way(case, partial, file, whole, &why, certainty, of_target));
            }
            Meaning::TakenUp if asks_for_traces(case) && is_recent(case, partial.modified) => {
                let why = "this client goes on with it, and cannot tell whether it is sound";
                let mut finding = in_the_way(case, partial, file, whole, why, Certainty::Possible, false);
                finding.bearing = Bearing::Trace;
                conclusion.add(finding);
            }
            Meaning::GoneOnWith if of_target => {
                conclusion.notes.push(gone_on_with(case, partial, file, whole, "this client"));
            }
            Meaning::OfAnother(program) if of_target => {
                conclusion.notes.push(gone_on_with(case, partial, file, whole, program));
            }
            Meaning::OfAnother(program) if asks_for_traces(case) && broke_off_lately(case, partial) => {
                conclusion.add(unfinished(case, partial, file, whole, program));
            }
            Meaning::InTheWay(..) | Meaning::TakenUp | Meaning::GoneOnWith | Meaning::OfAnother(_) => {}
            Meaning::Idle => idle += u64::from(is_useless(case, partial)),
        }
    }
    if cache.unfinished_datasets.files > 0 {
        conclusion.notes.push(format!(
            "{} of datasets left unfinished: {} below {} that nothing reads again",
            count(cache.unfinished_datasets.files, "folder"),
            size(cache.unfinished_datasets.bytes),
            case.settings.datasets_cache.display()
        ));
    }
    if idle > 0
        && let Some(fix) = clear_partials(case, cache)
    {
        let bytes: u64 = cache.partials.list.iter().filter(|p| is_useless(case, p)).map(|p| p.allocated).sum();
        let all_in_hub_cache =
            cache.partials.list.iter().filter(|p| is_useless(case, p)).all(|p| p.root == case.settings.hub_cache);
        let whose = cache
            .partials
            .list
            .iter()
            .find(|p| is_useless(case, p))
            .map_or_else(String::new, |p| format!(", such as {}{}", shown(&p.path), old(case, p.modified)));
        conclusion.notes.push(format!(
            "{} of broken-off downloads {} {} and {} never read again{whose}; `{}` frees it",
            count(idle, "partial file"),
            if idle == 1 { "takes up" } else { "take up" },
            size(bytes),
            if idle == 1 { "is" } else { "are" },
            free_command(case, &fix, all_in_hub_cache)
        ));
    }
}

/// A folder where the installed client makes its partial file: it fails to open it for writing.
pub fn in_place_of_part(case: &Case, cache: &Cache, expected: &BTreeMap<String, Expected>) -> Option<Finding> {
    let certainty = match resumes(case) {
        Resumes::Yes => Certainty::Confirmed,
        Resumes::OnRequest => Certainty::Possible,
        Resumes::No => return None,
    };
    let is_asked_for = |one: &&Misplaced| {
        let etag = one.path.file_stem().and_then(|stem| stem.to_str());
        let known = expected.is_empty() || expected.values().any(|file| Some(file.etag.as_str()) == etag);
        one.wanted == Wanted::Part && one.matters_to(case.target.as_ref()) && known
    };
    let all: Vec<&Misplaced> = cache.misplaced.list.iter().filter(is_asked_for).collect();
    let first = *all.first()?;
    let whose = first.repository.as_ref().map_or_else(String::new, |name| format!(" of {name}"));
    let what = first.found.words();
    let summary =
        format!("{what} lies where the client makes the partial file of a file{whose}: {}", shown(&first.path));
    let bearing = if case.target.is_some() { Bearing::Failure } else { Bearing::Condition };
    let finding = Finding::new(Cause::PartialCache, certainty, summary).bearing(bearing);
    let finding = all.iter().take(4).fold(finding, |finding, one| {
        finding.saw(Source::Disk, format!("{} is {}", shown(&one.path), one.found.words()))
    });
    Some(finding.fix(move_aside(all.iter().map(|one| one.path.as_path()))))
}

/// The command that clears leftovers away: the client's where it has one.
fn free_command(case: &Case, fix: &Fix, in_hub_cache: bool) -> String {
    match (case.clients.hub, fix.commands.first()) {
        // `hf cache prune` removes partial files too since 1.18.
        (Some(version), _) if version >= (1, 18, 0) && in_hub_cache => "hf cache prune".to_owned(),
        (_, Some(command)) => command.clone(),
        (_, None) => "rm".to_owned(),
    }
}

fn meaning(case: &Case, partial: &Partial, whole: Option<u64>, large: bool) -> Meaning {
    if partial.held_by.is_some() {
        return Meaning::Live;
    }
    // With the whole file in place no client looks at the part.
    if partial.complete_beside {
        return Meaning::Idle;
    }
    let certainty = match (partial.kind, resumes(case)) {
        (PartialKind::Unique | PartialKind::Temporary | PartialKind::Datasets, _)
        | (PartialKind::Plain, Resumes::No) => return Meaning::Idle,
        // Xet fetches a file anew whatever lies there; plain HTTP asks for the rest.
        (PartialKind::Plain, Resumes::Yes) if !large || fetches_by_http(case) => Certainty::Confirmed,
        (PartialKind::Plain, Resumes::Yes) => Certainty::Likely,
        // Other programs' files: whether one of those is what failed is not known.
        (PartialKind::Plain, Resumes::OnRequest)
        | (PartialKind::RustPart | PartialKind::LlamaCpp | PartialKind::Ollama, _) => Certainty::Possible,
    };
    let whole = whole.or(partial.expected);
    if let Some(whole) = whole.filter(|whole| partial.size > *whole) {
        let why = format!("it is longer than the file, which has {}: no rest can be asked for", bytes(whole));
        return Meaning::InTheWay(why, certainty);
    }
    if partial.is_page {
        let why = "it begins with a web page, and the client would go on behind it".to_owned();
        return Meaning::InTheWay(why, certainty.min(Certainty::Likely));
    }
    // An empty file on a volume that compresses may be one hole; what has a hole was written by several hands at once.
    if let Some(hole) = partial.hole.filter(|_| partial.size > 0) {
        let why = format!("nothing was written from byte {hole} on, and the client would go on behind the gap");
        return Meaning::InTheWay(why, certainty.min(Certainty::Likely));
    }
    match whole {
        // From 0.25 on the client takes it for complete and moves it into place.
        Some(whole)
            if partial.size == whole
                && partial.kind == PartialKind::Plain
                && case.clients.hub_is(|v| ((0, 23, 0)..(0, 25, 0)).contains(&v)) =>
        {
            let why = "it is as long as the file, and this client asks for a rest that there is not".to_owned();
            Meaning::InTheWay(why, certainty)
        }
        whole => match program(partial.kind) {
            Some(program) => Meaning::OfAnother(program),
            None if whole.is_none() && partial.size > 0 && resumes(case) == Resumes::Yes => Meaning::TakenUp,
            None => Meaning::GoneOnWith,
        },
    }
}

/// The program that goes on with a partial file, where it is not the Python client.
fn program(kind: PartialKind) -> Option<&'static str> {
    match kind {
        PartialKind::RustPart => Some("the hf-hub crate"),
        PartialKind::LlamaCpp => Some("llama.cpp"),
        PartialKind::Ollama => Some("ollama"),
        PartialKind::Plain | PartialKind::Unique | PartialKind::Datasets | PartialKind::Temporary => None,
    }
}

/// Whether what lies on disk is all that there is to tell of the failure.
fn asks_for_traces(case: &Case) -> bool {
    case.log.is_none() && case.target.as_ref().is_none_or(|target| target.from == From::Cache)
}

/// Whether a download broke off lately, rather than long ago or not at all: its file is quiet.
fn broke_off_lately(case: &Case, partial: &Partial) -> bool {
    const QUIET: Duration = Duration::from_mins(1);
    is_recent(case, partial.modified)
        && partial.modified.is_some_and(|then| case.now.duration_since(then).unwrap_or_default() > QUIET)
}

fn gone_on_with(case: &Case, partial: &Partial, file: Option<&str>, whole: Option<u64>, by: &str) -> String {
    format!(
        "{} of {} lie in a partial file{}; {by} goes on from there",
        of(partial.size, whole),
        file.map_or_else(|| name(partial), str::to_owned),
        old(case, partial.modified)
    )
}

/// A recent part of another program: what broke off, though nothing is wrong with it.
fn unfinished(case: &Case, partial: &Partial, file: Option<&str>, whole: Option<u64>, program: &str) -> Finding {
    let what = match (file, &partial.repository) {
        (Some(_), _) | (_, Some(_)) => name(partial),
        (None, None) => "a file".to_owned(),
    };
    let whole = whole.or(partial.expected);
    let finding = Finding::new(
        Cause::PartialCache,
        Certainty::Possible,
        format!("{program}'s download of {what} broke off; its partial file is still there"),
    )
    .bearing(Bearing::Trace)
    .saw(Source::Disk, format!("{}: {}{}", shown(&partial.path), of(partial.size, whole), old(case, partial.modified)))
    .saw(Source::Client, format!("{program} goes on with a file of this name"));
    let command = match (partial.kind, &partial.repository) {
        (PartialKind::Ollama, _) => Some("ollama pull MODEL".to_owned()),
        (PartialKind::LlamaCpp, Some(repository)) => Some(format!("llama-cli -hf {}", repository.id)),
        _ => None,
    };
    let fix = Fix::manual("download-again", format!("start the download again: {program} takes it up where it ended"));
    finding.fix(match command {
        Some(command) => fix.command(command),
        None => fix,
    })
}

fn bytes(number: u64) -> String {
    count(number, "byte")
}

/// Whether large files come by plain HTTP: Xet came with 0.30, and needs its package.
fn fetches_by_http(case: &Case) -> bool {
    case.settings.xet_disabled
        || case.clients.hub_is(|v| v < (0, 30, 0))
        || (case.clients.package("huggingface_hub").is_some() && case.clients.package("hf_xet").is_none())
}

fn name(partial: &Partial) -> String {
    match (&partial.file, &partial.repository) {
        (Some(file), Some(repository)) => format!("{} of {repository}", in_line(file)),
        (None, Some(repository)) => format!("a file of {repository}"),
        _ => shown(&partial.path),
    }
}

fn live(partial: &Partial) -> String {
    let holder = partial.held_by.map_or_else(String::new, |pid| format!(" by process {pid}"));
    format!("{} is being downloaded{holder}: {} so far", name(partial), size(partial.size))
}

fn in_the_way(
    case: &Case,
    partial: &Partial,
    file: Option<&str>,
    whole: Option<u64>,
    why: &str,
    certainty: Certainty,
    of_target: bool,
) -> Finding {
    let what = match (file, &partial.repository) {
        (Some(file), _) => in_line(file),
        (None, Some(repository)) => repository.to_string(),
        (None, None) => "a file".to_owned(),
    };
    let summary = format!("a partial file of {what} is in the way: {why}");
    let bearing = match (of_target, is_recent(case, partial.modified)) {
        (true, _) => Bearing::Failure,
        (false, true) => Bearing::Trace,
        (false, false) => Bearing::Condition,
    };
    let client = case.clients.hub.map_or_else(String::new, |(major, minor, patch)| {
        format!("huggingface_hub {major}.{minor}.{patch} appends to a partial file of this name")
    });
    let mut finding = Finding::new(Cause::PartialCache, certainty, summary).bearing(bearing).saw(
        Source::Disk,
        format!("{}: {}{}", shown(&partial.path), of(partial.size, whole), old(case, partial.modified)),
    );
    if !client.is_empty() {
        finding = finding.saw(Source::Client, client);
    }
    let risk = if partial.idle { Risk::Safe } else { Risk::Ask };
    let action = Action::Quarantine { root: partial.root.clone(), paths: vec![partial.path.clone()] };
    let mut fix =
        Fix::automatic("remove-partial-file", risk, "move the partial file away and fetch the file anew", vec![action])
            .command(format!("rm {}", quoted(&partial.path)));
    let target = case.target.as_ref().map(|t| RepoName { kind: t.repo_type, id: t.repo_id.clone() });
    if let Some(name) = partial.repository.clone().or(target) {
        fix = fix.command(download_command(case, &name, file));
    }
    finding.fix(fix)
}
