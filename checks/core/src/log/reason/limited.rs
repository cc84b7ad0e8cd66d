//! What a limit on requests explains away.

use super::super::event::Event;
use super::super::host::Owner;
use super::meaning::Candidate;
use crate::diagnosis::Cause;
use crate::sign::Weight;

/// Takes away what only looks like another cause while requests were limited: a client that calls a token invalid because
/// the page that says whose it is was limited, and the storage's 503 that asks for a lower rate.
pub(super) fn forget_what_it_explains(all: &mut Vec<Candidate<'_>>, events: &[&Event]) {
    let limited_identity = |run: u32| {
        events.iter().any(|e| {
            e.run == run
                && (e.status == Some(429) || e.has(Cause::RateLimitAccount))
                && (e.text.contains("whoami") || e.addresses.iter().any(|a| a.path.contains("whoami")))
        })
    };
    let limited_storage: Vec<(u32, u64)> = all
        .iter()
        .filter(|c| c.cause == Cause::RateLimitCdn && c.weight == Weight::Decisive)
        .map(|c| (c.event.run, c.event.line))
        .collect();
    all.retain(|candidate| {
        let event = candidate.event;
        match candidate.cause {
            Cause::TokenInvalid => {
                // The Hub's own words on a token are another matter: they come with 401.
                let mut marks = event.marks.iter().filter(|m| m.cause == Cause::TokenInvalid);
                let by_the_client = event.status.is_none() && marks.all(|m| m.words.starts_with("invalid token"));
                !(by_the_client && limited_identity(event.run))
            }
            Cause::HubOutage => {
                let by_storage = matches!(event.owner(), Some(Owner::Storage | Owner::Xet) | None);
                let near = |(run, line): &(u32, u64)| *run == event.run && line.abs_diff(event.line) <= 8;
                !(event.status == Some(503) && by_storage && limited_storage.iter().any(near))
            }
            _ => true,
        }
    });
}
