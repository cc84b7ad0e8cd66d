//! What failed in a log though no download did.

use super::super::event::{Event, Tone};
use super::super::host::Owner;
use super::choose::Choice;
use super::meaning::{Candidate, Context};
use crate::diagnosis::Cause;
use crate::sign::Weight;

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
pub(super) fn not_a_download<'a>(
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
                            // An error that nothing came after is not made less by what failed later for other reasons.
                            || first.weight < found.weight
                                && found.event.chain != event.chain
                                && event.tone == Tone::Passing))
            }
        };
        return Some((choice(found.event, found.weight), leads));
    }
    if first.is_none_or(|first| first.weight == Weight::Hint)
        && let Some(event) = events.iter().rev().copied().find(|event| {
            let strangers = context.is_a_strangers(event);
            let named = context.owner_or_nearby(event) == Some(Owner::Other);
            let shows = named && event.marks.iter().any(|mark| mark.weight >= Weight::Symptom);
            let fails = event.status.is_some() || event.tone == Tone::Error || shows;
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
        None => Some((choice(unexplained, Weight::Wrapper), true)),
        Some((first, event)) => {
            let other_story = unexplained.chain != event.chain && unexplained.line > event.until;
            let users_own =
                ["KeyError", "AttributeError", "TypeError", "AssertionError", "IndexError", "ZeroDivisionError"]
                    .contains(&unexplained.exception.as_deref().unwrap_or(""));
            (other_story && users_own && (event.retry || first.weight < Weight::Symptom))
                .then(|| (choice(unexplained, Weight::Wrapper), true))
        }
    }
}
