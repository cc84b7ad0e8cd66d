//! Which of a log's causes is the answer: the last run that failed, root before wrapper, decisive before incidental.

use std::cmp::Reverse;

use super::super::event::{Event, Tone};
use super::super::extract::LimitWords;
use super::super::host::Owner;
use super::super::line::head_of;
use super::super::scan::Scan;
use super::super::sign::Weight;
use super::meaning::{Candidate, Context, near};
use super::{known, limited, summary};
use crate::case::target::Target;
use crate::diagnosis::{Bearing, Cause, Certainty, Evidence, Finding};

/// Bytes shown of a line.
const SHOWN: usize = 200;
/// Lines shown for a cause.
const LINES: usize = 4;
/// Lines after a retry from which on a program is taken to have gone on.
const GOES_ON: u64 = 4;
/// So many transfers at once are called many.
const MANY: u32 = 16;

/// What follows from a log.
#[derive(Debug, Clone, Default)]
pub struct Conclusion {
    /// The causes, the answer first.
    pub findings: Vec<Finding>,
    /// What failed to download.
    pub target: Option<Target>,
    /// The event of the answer: line, status, host, URL.
    pub failure: Option<Event>,
}

/// Concludes from a scanned log.
pub fn conclude(scan: &Scan) -> Conclusion {
    let context = Context::new(scan);
    let events: Vec<&Event> = scan.events().collect();
    let runs: Vec<u32> = {
        let mut runs: Vec<u32> = events.iter().map(|e| e.run).collect();
        runs.dedup();
        runs
    };
    let mut all: Vec<Candidate<'_>> = Vec::new();
    for run in &runs {
        let of_run: Vec<&Event> = events.iter().copied().filter(|e| e.run == *run).collect();
        for event in &of_run {
            all.extend(context.candidates(event, &of_run));
        }
    }
    let last_success = scan.successes.back().map(|(line, _)| *line);
    // The client tried again, nothing failed after that, and the program went on to print other things.
    let went_on = |event: &Event| {
        event.retry
            && event.tone == Tone::Passing
            && scan.last_line() >= event.until + GOES_ON
            && !events.iter().any(|later| later.line > event.until && later.tone == Tone::Error)
    };
    let survived = |candidate: &Candidate<'_>| {
        let event = candidate.event;
        // What a portal gives in a file's place is saved without an error.
        let deceives = |run: u32| candidate.cause == Cause::CaptivePortal && event.status.is_none() && run == event.run;
        let ended_well = scan.successes.iter().any(|(line, run)| *line > event.until && !deceives(*run));
        let trained_on = scan.finished.is_some_and(|line| line > event.until && event.tone == Tone::Passing);
        ended_well || trained_on || went_on(event)
    };
    all.retain(|candidate| !survived(candidate));
    limited::forget_what_it_explains(&mut all, &events);
    let (elsewhere, mut here): (Vec<Candidate<'_>>, Vec<Candidate<'_>>) =
        all.into_iter().partition(|c| c.cause == Cause::NotADownload);
    let run = last_failing_run(&here, &runs);
    here.sort_by_key(|candidate| rank(candidate, run));
    put_roots_first(&mut here, run);
    let mut order: Vec<Choice<'_>> = Vec::new();
    for candidate in &here {
        if !order.iter().any(|choice| choice.cause == candidate.cause) {
            order.push(Choice::of(candidate));
        }
    }
    adjust(scan, &context, &events, &mut order);
    if order.first().is_none_or(|first| first.weight < Weight::Symptom)
        && let Some(line) = scan.looks.broken_off.filter(|line| last_success.is_none_or(|success| success < *line))
    {
        order.insert(0, standing_still(scan, line));
    }
    let other = not_a_download(&context, &elsewhere, &events, order.first(), last_success);
    if let Some((choice, first)) = other {
        if first {
            order.insert(0, choice);
        } else {
            order.push(choice);
        }
    }
    let mut conclusion = finish(&context, &order, &here);
    if let Some(failure) = &mut conclusion.failure {
        // The Hub's words on a limit stand on several lines.
        let of_run: Vec<&Event> = events.iter().copied().filter(|e| e.run == failure.run).collect();
        let words =
            near(failure, &of_run).filter_map(|e| e.limit.as_ref()).fold(LimitWords::default(), LimitWords::and);
        failure.limit = (words != LimitWords::default()).then_some(words);
    }
    conclusion
}

/// A cause in its place.
#[derive(Debug, Clone)]
struct Choice<'a> {
    cause: Cause,
    weight: Weight,
    also: &'static [Cause],
    event: Option<&'a Event>,
    why: Option<String>,
}

impl<'a> Choice<'a> {
    fn of(candidate: &Candidate<'a>) -> Choice<'a> {
        Choice {
            cause: candidate.cause,
            weight: candidate.weight,
            also: candidate.also,
            event: Some(candidate.event),
            why: None,
        }
    }
}

/// A transfer that stood still until it was broken off. Today's client takes the Xet way by itself.
fn standing_still<'a>(scan: &Scan, line: u64) -> Choice<'a> {
    let xet = scan.looks.xet;
    let (cause, also): (Cause, &'static [Cause]) = if xet {
        (Cause::XetClient, &[Cause::CdnBlocked, Cause::SlowConnection])
    } else {
        (Cause::SlowConnection, &[Cause::CdnBlocked, Cause::XetClient])
    };
    let why = Some(format!("it stood still (line {line})"));
    Choice { cause, weight: Weight::Symptom, also, event: None, why }
}

/// The last run with something that is more than a wrapper; else with a wrapper; else any.
fn last_failing_run(candidates: &[Candidate<'_>], runs: &[u32]) -> u32 {
    for least in [Weight::Symptom, Weight::Wrapper, Weight::Hint] {
        let found = runs.iter().rev().find(|run| candidates.iter().any(|c| c.event.run == **run && c.weight >= least));
        if let Some(run) = found {
            return *run;
        }
    }
    0
}

/// The order of candidates: of the last failing run, what ended it before what was tried again, better shown before
/// worse, later chains before earlier ones, and in one chain what stands first.
fn rank(candidate: &Candidate<'_>, run: u32) -> impl Ord + use<> {
    let event = candidate.event;
    let strong = candidate.weight >= Weight::Symptom;
    (
        Reverse(strong),
        event.run != run,
        // what is tried again counts less than what is not
        strong && event.retry,
        Reverse(candidate.weight),
        Reverse(event.chain),
        event.line,
    )
}

/// Moves the root of the first cause before it, when the run shows one at least as well.
fn put_roots_first(candidates: &mut [Candidate<'_>], run: u32) {
    for _ in 0..4 {
        let Some(first) = candidates.first() else { return };
        let (cause, weight, retry) = (first.cause, first.weight, first.event.retry);
        let root = candidates.iter().position(|c| {
            c.event.run == run
                && c.weight >= weight
                && c.event.retry == retry
                && c.cause.may_explain(cause)
                && !cause.may_explain(c.cause)
        });
        match root {
            Some(at) if at > 0 => candidates[..=at].rotate_right(1),
            _ => return,
        }
    }
}

/// What only the whole log shows: a hidden token, a flood of requests, a folder taken for a repository, used-up inodes.
fn adjust<'a>(scan: &'a Scan, context: &Context<'_>, events: &[&'a Event], order: &mut Vec<Choice<'a>>) {
    use Cause::{
        CorruptFile, DiskFull, DiskQuota, GatedNoToken, GatedNotAccepted, LfsPointer, RateLimitAccount,
        RateLimitAnonymous, RateLimitCdn, RateLimitIp, RepoIdInvalid, RepoNotFound, RetryStorm, TokenInvalid,
        TokenMissing, TokenScope, TokenShadowed, TooParallel,
    };
    let Some(first) = order.first().cloned() else { return };
    let before =
        |order: &mut Vec<Choice<'a>>, cause: Cause, weight: Weight, event: Option<&'a Event>, why: Option<String>| {
            order.retain(|choice| choice.cause != cause);
            order.insert(0, Choice { cause, weight, also: &[], event: event.or(first.event), why });
        };
    let facts = &scan.facts;
    match first.cause {
        RepoNotFound | GatedNotAccepted | GatedNoToken | TokenScope | TokenMissing if facts.token.shadowed => {
            let event = events.iter().copied().find(|e| e.has(TokenShadowed));
            before(order, TokenShadowed, Weight::Decisive, event, None);
        }
        TokenInvalid if facts.token.shadowed => {
            let event = events.iter().copied().find(|e| e.has(TokenShadowed));
            before(order, TokenShadowed, Weight::Decisive, event, None);
        }
        RateLimitAnonymous | RateLimitAccount | RateLimitIp | RateLimitCdn => {
            let named = events.iter().any(|e| {
                e.marks.iter().any(|m| {
                    m.weight == Weight::Decisive && (m.cause == RateLimitAnonymous || m.cause == RateLimitAccount)
                })
            });
            let many = facts.parallelism.as_ref().filter(|p| p.value >= MANY);
            let storm = facts.retries.without_pause.as_ref();
            let fast = facts.retries.count >= 6 && facts.retries.shortest.is_some_and(|apart| apart <= 1500);
            if let Some(many) = many.filter(|_| !named) {
                before(
                    order,
                    TooParallel,
                    Weight::Symptom,
                    None,
                    Some(format!("{} transfers at once (line {})", many.value, many.line)),
                );
            } else if let Some(storm) = storm {
                before(
                    order,
                    RetryStorm,
                    Weight::Symptom,
                    None,
                    Some(format!("`{}` (line {})", storm.value, storm.line)),
                );
            } else if fast && !named {
                before(
                    order,
                    RetryStorm,
                    Weight::Symptom,
                    None,
                    Some(format!(
                        "{} refusals, at times within {} ms",
                        facts.retries.count,
                        facts.retries.shortest.unwrap_or(0)
                    )),
                );
            }
        }
        TokenScope | Cause::CaptivePortal if first.weight < Weight::Decisive => {
            let page = events
                .iter()
                .copied()
                .find(|e| e.marks.iter().any(|m| m.cause == Cause::CaptivePortal && m.weight == Weight::Decisive));
            if page.is_some() {
                before(order, Cause::CaptivePortal, Weight::Decisive, page, None);
            }
        }
        DiskFull if scan.looks.inodes_used_up => before(order, DiskQuota, Weight::Decisive, None, None),
        CorruptFile
            if first.weight < Weight::Decisive
                && (scan.looks.small_weights || (scan.looks.cloned && !scan.looks.lfs_fetched)) =>
        {
            before(order, LfsPointer, Weight::Symptom, None, None);
        }
        Cause::ConnectionBlocked
        | Cause::DnsFailure
        | Cause::SlowConnection
        | Cause::TlsHandshake
        | Cause::MirrorFailure => {
            let folder = first
                .event
                .and_then(|event| context.target(event))
                .filter(|target| known::is_local_folder(&target.repo_id));
            if let Some(folder) = folder {
                before(
                    order,
                    RepoIdInvalid,
                    Weight::Symptom,
                    None,
                    Some(format!("`{}` looks like a folder of this machine", folder.repo_id)),
                );
            }
        }
        _ => {}
    }
}

/// Exceptions that only follow from an earlier failure, or are the clients' own wrappers.
const CONSEQUENCES: &[&str] = &[
    "KeyboardInterrupt",
    "SystemExit",
    "CalledProcessError",
    "ChildFailedError",
    "HTTPError",
    "HfHubHTTPError",
    "ConnectionError",
    "OSError",
    "EnvironmentError",
    "HTTPStatusError",
    "LocalEntryNotFoundError",
    "RequestException",
    "RemoteTraceback",
    "NotFound",
    "DownloadError",
    "TimeoutError",
    "Timeout",
];

/// What failed though no download did; and whether it is rather the answer than `first`.
fn not_a_download<'a>(
    context: &Context<'_>,
    decisive: &[Candidate<'a>],
    events: &[&'a Event],
    first: Option<&Choice<'a>>,
    last_success: Option<u64>,
) -> Option<(Choice<'a>, bool)> {
    let choice = |event: &'a Event, weight| Choice {
        cause: Cause::NotADownload,
        weight,
        also: &[],
        event: Some(event),
        why: None,
    };
    let after_success = |event: &Event| last_success.is_none_or(|line| event.until >= line);
    if let Some(found) = decisive.iter().rev().find(|c| after_success(c.event)) {
        let leads = match first.and_then(|f| f.event.map(|e| (f, e))) {
            None => true,
            Some((first, event)) => {
                first.weight < Weight::Symptom
                    || (found.event.line > event.until
                        && (event.retry
                            || found.event.run > event.run
                            || first.weight < found.weight && found.event.chain != event.chain))
            }
        };
        return Some((choice(found.event, found.weight), leads));
    }
    if first.is_none_or(|first| first.weight == Weight::Hint)
        && let Some(event) = events.iter().rev().copied().find(|event| {
            let strangers = context.is_a_strangers(event);
            let fails = event.status.is_some() || event.tone == Tone::Error;
            strangers && fails && !event.retry && after_success(event)
        })
    {
        return Some((choice(event, Weight::Symptom), true));
    }
    let unexplained = events.iter().rev().copied().find(|event| {
        let bare = event.marks.iter().all(|m| m.weight <= Weight::Hint) && event.status.is_none();
        let foreign = matches!(event.owner(), Some(Owner::Other | Owner::Local)) && first.is_none();
        let own = |class: &str| !CONSEQUENCES.contains(&class) || foreign;
        event.exception.as_deref().is_some_and(own) && (bare || foreign) && after_success(event)
    })?;
    match first.and_then(|f| f.event.map(|e| (f, e))) {
        None => Some((choice(unexplained, Weight::Symptom), true)),
        Some((first, event)) => {
            let other_story = unexplained.chain != event.chain && unexplained.line > event.until;
            let users_own =
                ["KeyError", "AttributeError", "TypeError", "AssertionError", "IndexError", "ZeroDivisionError"]
                    .contains(&unexplained.exception.as_deref().unwrap_or(""));
            (other_story && users_own && (event.retry || first.weight < Weight::Symptom))
                .then(|| (choice(unexplained, Weight::Symptom), true))
        }
    }
}

fn certainty(weight: Weight) -> Certainty {
    match weight {
        Weight::Decisive => Certainty::Confirmed,
        Weight::Symptom => Certainty::Likely,
        Weight::Wrapper | Weight::Hint => Certainty::Possible,
    }
}

fn finish(context: &Context<'_>, order: &[Choice<'_>], candidates: &[Candidate<'_>]) -> Conclusion {
    let Some(first) = order.first().cloned() else { return Conclusion::default() };
    if first.weight == Weight::Hint && first.cause != Cause::TokenMalformed {
        return Conclusion::default();
    }
    let target = first.event.and_then(|event| context.target(event));
    let mut findings: Vec<Finding> = Vec::new();
    for (place, choice) in order.iter().enumerate().filter(|(_, c)| c.weight > Weight::Hint || order.len() == 1).take(6)
    {
        let (bearing, certainty) = match place {
            0 => (Bearing::Failure, certainty(choice.weight)),
            1 => (Bearing::Beside, certainty(choice.weight)),
            _ => (Bearing::Beside, certainty(choice.weight).min(Certainty::Likely)),
        };
        if place > 0 && choice.weight < Weight::Symptom {
            continue;
        }
        let subject = choice.event.and_then(|event| context.target(event)).or_else(|| target.clone());
        let text = summary::sentence(choice.cause, subject.as_ref(), choice.event, choice.why.as_deref());
        let finding = Finding::new(choice.cause, certainty, text).bearing(bearing);
        findings.push(finding.with_evidence(evidence(choice, candidates)));
    }
    if first.weight <= Weight::Symptom {
        for cause in first.also {
            if findings.len() < 4 && !findings.iter().any(|f| f.cause == *cause) {
                let text = summary::sentence(*cause, target.as_ref(), first.event, None);
                let finding = Finding::new(*cause, Certainty::Possible, text).bearing(Bearing::Beside);
                findings.push(finding.with_evidence(evidence(&first, candidates).into_iter().take(1)));
            }
        }
    }
    // What provoked a limit is told by no line of its own.
    let provoked = matches!(first.cause, Cause::TooParallel | Cause::RetryStorm);
    let failure = first.event.or_else(|| order.iter().filter(|_| provoked).find_map(|choice| choice.event));
    Conclusion { findings, target, failure: failure.cloned() }
}

/// The lines that show a cause, the most telling first.
fn evidence(choice: &Choice<'_>, candidates: &[Candidate<'_>]) -> Vec<Evidence> {
    let mut lines: Vec<Evidence> = Vec::new();
    let mut add = |event: &Event| {
        if lines.len() < LINES && !lines.iter().any(|known| known.line == Some(event.line)) {
            lines.push(Evidence::line(event.line, shown(event)));
        }
    };
    if let Some(event) = choice.event {
        add(event);
    }
    for candidate in candidates.iter().filter(|c| c.cause == choice.cause) {
        add(candidate.event);
    }
    lines
}

fn shown(event: &Event) -> String {
    let at = {
        let lower = event.text.to_ascii_lowercase();
        event.marks.iter().find_map(|m| lower.find(m.words))
    }
    .unwrap_or(0);
    let text = super::super::line::excerpt(&event.text, at, SHOWN);
    if event.times > 1 { format!("{} (and {} more times)", head_of(&text, SHOWN), event.times - 1) } else { text }
}
