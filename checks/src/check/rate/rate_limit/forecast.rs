//! Whether the whole download fits what is left of the quota.

use super::live::{Live, counts_as_anonymous};
use crate::case::Case;
use crate::observe::Observations;
use hfdoctor_core::diagnosis::forecast::{Files, shortage};
use hfdoctor_core::diagnosis::tiers::{self, Bucket};

/// Compares what the target needs with what is left for this identity; none when it fits, or when it cannot be told.
///
/// The listing of the files is the one of the record: it is one request, and what of it is read is bounded.
pub(crate) fn forecast(case: &Case, observations: &Observations, live: &Live<'_>) -> Option<String> {
    // One file never needs more than a few requests.
    case.target.as_ref().filter(|t| t.file.is_none())?;
    let repository = observations.record().ok()?.repository.as_ref()?;
    let (glimpse, remaining) = live.quota()?;
    let bucket = Bucket::from_name(&remaining.bucket)?;
    let quota = glimpse.limits.quota_of(&remaining.bucket)?.quota;
    let large = repository.siblings.iter().filter(|file| file.lfs.is_some()).count();
    let small = repository.siblings.len() - large;
    let hub = case.clients.hub;
    let files = Files {
        small: small as u64,
        large: large as u64,
        xet: !case.settings.xet_disabled && hub.is_none_or(|v| v >= (0, 32, 0)),
        listed: hub.is_none_or(|v| v >= (1, 22, 0)),
    };
    let short = shortage(&files, bucket, remaining.left, quota)?;
    // After a limit that ends, a window is whole again: only what does not fit a whole one matters then.
    if glimpse.block.is_some() && short.needed <= quota {
        return None;
    }
    let anonymous = !glimpse.answer.with_token || counts_as_anonymous(glimpse, remaining);
    let identity = match tiers::tier_of(bucket, quota) {
        _ if anonymous => "for this address without a token".to_owned(),
        Some(tier) => format!("for this account ({})", tier.plan),
        None => "for this account".to_owned(),
    };
    let words = short.words(&identity);
    Some(match hub {
        Some(version) if version >= (1, 2, 0) => format!("{words}; this client waits for new windows by itself"),
        Some(_) => format!("{words}; this client does not wait for them by itself"),
        None => words,
    })
}
