//! What only the whole log shows: a hidden token, a flood of requests, a folder taken for a repository, used-up inodes.

use super::super::event::Event;
use super::super::scan::Scan;
use super::choose::Choice;
use super::known;
use super::meaning::Context;
use crate::diagnosis::Cause;
use crate::sign::Weight;

/// So many transfers at once are called many.
const MANY: u32 = 16;

/// Puts before the first choice what the whole log shows to be behind it.
pub(super) fn revise<'a>(scan: &'a Scan, context: &Context<'_>, events: &[&'a Event], order: &mut Vec<Choice<'a>>) {
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
        Cause::ConnectionBlocked
            if first.weight == Weight::Wrapper && events.iter().any(|e| e.has(Cause::OfflineMode)) =>
        {
            let event = events.iter().copied().find(|e| e.has(Cause::OfflineMode));
            before(order, Cause::OfflineMode, Weight::Symptom, event, None);
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
