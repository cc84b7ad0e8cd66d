//! Whether the whole download fits what is left of the quota.

#![allow(clippy::similar_names, reason = "case and cause are the words of this program")]

use super::live::{Live, counts_as_anonymous};
use super::remedies::{self, Ends};
use crate::case::Case;
use crate::diagnosis::forecast::{Files, shortage};
use crate::diagnosis::tiers::Bucket;
use crate::diagnosis::{Bearing, Cause, Certainty, Finding, Source};
use crate::observe::Observations;

/// What the forecast comes to.
pub(crate) enum Forecast {
    /// It fits, or it cannot be told.
    Fits,
    /// It does not fit, and the client waits by itself.
    Waits(String),
    /// It does not fit, and the client will fail.
    Fails(Box<Finding>),
}

/// Compares what the target needs with what is left for this identity.
pub(crate) fn forecast(case: &Case, observations: &Observations, live: &Live<'_>) -> Forecast {
    // One file never needs more than a few requests.
    let Some(target) = case.target.as_ref().filter(|t| t.file.is_none()) else { return Forecast::Fits };
    let Ok(record) = observations.record() else { return Forecast::Fits };
    let Some(repository) = &record.repository else { return Forecast::Fits };
    let Some((glimpse, remaining)) = live.quota().filter(|(g, _)| g.block.is_none()) else { return Forecast::Fits };
    let (Some(bucket), Some(quota)) =
        (Bucket::from_name(&remaining.bucket), glimpse.limits.quota_of(&remaining.bucket))
    else {
        return Forecast::Fits;
    };
    let large = repository.siblings.iter().filter(|file| file.lfs.is_some()).count();
    let small = repository.siblings.len() - large;
    let hub = case.clients.hub;
    let files = Files {
        small: small as u64,
        large: large as u64,
        xet: !case.settings.xet_disabled && hub.is_none_or(|v| v >= (0, 32, 0)),
        listed: hub.is_none_or(|v| v >= (1, 22, 0)),
    };
    let Some(short) = shortage(&files, bucket, remaining.left, quota.quota) else { return Forecast::Fits };
    let anonymous = !glimpse.answer.with_token || counts_as_anonymous(glimpse, remaining);
    let words = short.words(if anonymous { "for this address without a token" } else { "for this account" });
    if hub.is_some_and(|v| v >= (1, 2, 0)) {
        return Forecast::Waits(format!("{words}; this client waits for new windows by itself"));
    }
    let cause = if anonymous { Cause::RateLimitAnonymous } else { Cause::RateLimitAccount };
    let summary = format!("{} needs more requests than the quota has left", target.repo_id);
    let ends = glimpse.at.checked_add(remaining.resets_in.unwrap_or_default()).map_or(Ends::Over, Ends::About);
    let fixes = remedies::remedies(case, cause, ends).into_iter().filter(|fix| !matches!(fix.id, "wait" | "retry"));
    Forecast::Fails(Box::new(
        Finding::new(cause, Certainty::Possible, summary)
            .bearing(Bearing::Condition)
            .saw(Source::Hub, words)
            .with_fixes(fixes),
    ))
}
