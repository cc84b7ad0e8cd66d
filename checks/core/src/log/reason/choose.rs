//! Which of a log's causes is the answer: the last run that failed, root before wrapper, decisive before incidental.

use std::cmp::Reverse;

use super::super::event::{Event, Tone};
use super::super::extract::LimitWords;
use super::super::scan::Scan;
use super::elsewhere::not_a_download;
use super::limited;
use super::meaning::{Candidate, Context, near};
use super::revise::revise;
use super::tell::finish;
use super::wrapper;
use crate::diagnosis::{Cause, Finding};
use crate::sign::Weight;
use crate::target::Target;

/// Lines after a retry from which on a program is taken to have gone on.
const GOES_ON: u64 = 4;
/// What ollama's server writes of a part of a pull that it fetches anew.
const STALLED: &str = "stalled; retrying";

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
            && scan.traceback.is_none_or(|line| line < event.until)
            && !events.iter().any(|later| later.line > event.until && later.tone == Tone::Error)
    };
    let survived = |candidate: &Candidate<'_>| {
        let event = candidate.event;
        // What a portal gives in a file's place is saved without an error.
        let deceives = |run: u32| candidate.cause == Cause::CaptivePortal && event.status.is_none() && run == event.run;
        let ended_well = scan.successes.iter().any(|(line, run)| *line > event.until && !deceives(*run));
        let trained_on = scan.finished.is_some_and(|line| line > event.until && event.tone == Tone::Passing);
        // The server's own log, shown after the success of what it served.
        let told_later = event.marks.iter().any(|mark| mark.words == STALLED)
            && last_success.is_some()
            && !events.iter().any(|other| last_success < Some(other.line) && other.tone == Tone::Error);
        ended_well || trained_on || told_later || went_on(event)
    };
    all.retain(|candidate| !survived(candidate));
    forget_who_asked_for_the_login(&mut all);
    limited::forget_what_it_explains(&mut all, &events);
    wrapper::lower(&mut all);
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
    revise(scan, &context, &events, &mut order);
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

/// That nobody is logged in is, beside a refusal, only what a person asked to show; the refusal is the failure.
fn forget_who_asked_for_the_login(all: &mut Vec<Candidate<'_>>) {
    use Cause::{
        GatedNoToken, GatedNotAccepted, RateLimitAccount, RateLimitAnonymous, RateLimitIp, RepoNotFound, TokenInvalid,
    };
    let refused = all.iter().any(|c| {
        let refusal = matches!(
            c.cause,
            GatedNoToken
                | GatedNotAccepted
                | RateLimitAccount
                | RateLimitAnonymous
                | RateLimitIp
                | RepoNotFound
                | TokenInvalid
        );
        refusal && c.weight >= Weight::Symptom
    });
    let asked = |c: &Candidate<'_>| {
        c.cause == Cause::TokenMissing && c.event.text.to_ascii_lowercase().contains("not logged in")
    };
    all.retain(|candidate| !(refused && asked(candidate)));
}

/// A cause in its place.
#[derive(Debug, Clone)]
pub(super) struct Choice<'a> {
    pub cause: Cause,
    pub weight: Weight,
    /// Causes that the same line may also come from.
    pub also: &'static [Cause],
    pub event: Option<&'a Event>,
    /// What shows it where no line of its own does.
    pub why: Option<String>,
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
