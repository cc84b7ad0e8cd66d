//! What the log says of a limit beside its cause: figures, times and rates, and when the limit must have ended.

#![allow(clippy::similar_names, reason = "case and cause are the words of this program")]

use std::time::Duration;

use super::live::clock;
use super::remedies::{Ends, guess, usual_wait};
use crate::case::Case;
use crate::observe::rate_limit::wait_in_words;
use hfdoctor_core::diagnosis::forecast::grouped;
use hfdoctor_core::diagnosis::{Cause, Evidence, Finding, Source};
use hfdoctor_core::log::Facts;

/// A log that is older says nothing of today.
const LONGEST_AGE: Duration = Duration::from_hours(31 * 24);

/// Adds to a finding of the log what it says in figures.
pub(crate) fn tell(case: &Case, facts: &Facts, finding: &mut Finding) {
    let mut saw = Vec::new();
    if let Some(limit) = &facts.limit {
        let words = &limit.value;
        let mut parts = Vec::new();
        if let Some(bucket) = &words.bucket {
            parts.push(format!("bucket `{bucket}`"));
        }
        match (words.remaining, words.quota) {
            (Some(left), Some(quota)) => parts.push(format!("{} of {} left", grouped(left), grouped(quota))),
            (Some(left), None) => parts.push(format!("{} left", grouped(left))),
            (None, Some(quota)) => parts.push(format!("a quota of {}", grouped(quota))),
            (None, None) => {}
        }
        if let Some(wait) = words.wait {
            parts.push(format!("to wait {wait} s"));
        }
        if !parts.is_empty() {
            saw.push(Evidence::line(limit.line, format!("the answer said: {}", parts.join(", "))));
        }
    }
    if facts.retries.count > 1 {
        let apart = facts.retries.shortest.map(|ms| format!(", the nearest {ms} ms apart")).unwrap_or_default();
        let words = format!("tried again or refused {} times{apart}", grouped(facts.retries.count));
        saw.push(Evidence::new(Source::Log, words));
    }
    if let Some(parallel) = facts.parallelism.as_ref().filter(|p| p.value > 1) {
        saw.push(Evidence::line(parallel.line, format!("up to {} transfers at once", parallel.value)));
    }
    if let Some(at) = facts.failed_at.filter(|_| age(case, facts).is_some()) {
        saw.push(Evidence::new(Source::Log, format!("refused at {}", clock(at, case.now))));
    }
    for evidence in saw {
        if !finding.evidence.contains(&evidence) {
            finding.evidence.push(evidence);
        }
    }
}

/// How long ago the log's failure was, where its line tells date, time and zone.
pub(crate) fn age(case: &Case, facts: &Facts) -> Option<Duration> {
    let at = facts.failed_at.filter(|_| facts.failed_at_has_zone)?;
    case.now.duration_since(at).ok().filter(|age| *age <= LONGEST_AGE)
}

/// When the log's limit ends, counted from its own time where that is known, else from now at the latest.
pub(crate) fn ends(case: &Case, facts: Option<&Facts>, finding: &Finding) -> Ends {
    let of_facts = facts.and_then(|facts| facts.limit.as_ref()?.value.wait).map(Duration::from_secs);
    let said = of_facts.or_else(|| finding.evidence.iter().find_map(|evidence| wait_in_words(&evidence.detail)));
    let age = facts.and_then(|facts| age(case, facts));
    let estimate = match said.and_then(|wait| case.now.checked_add(wait)) {
        Some(time) => Ends::About(time),
        None => guess(finding.cause, case.now),
    };
    let (Some(age), Ends::About(time)) = (age, estimate) else { return estimate };
    let wait = said.unwrap_or_else(|| usual_wait(finding.cause));
    if age < wait {
        return time.checked_sub(age).map_or(estimate, Ends::About);
    }
    // Where the wait is only a guess, that it has passed proves nothing.
    let windows = matches!(finding.cause, Cause::RateLimitAnonymous | Cause::RateLimitAccount | Cause::RateLimitMirror);
    if said.is_some() || windows { Ends::Over } else { Ends::About(case.now) }
}
