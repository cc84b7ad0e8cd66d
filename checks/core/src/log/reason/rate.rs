//! Whose limit a 429 is: the Hub's for an address or an account, the edge's, storage's, a mirror's or a provider's.

use super::refusal;
use crate::diagnosis::Cause;
use crate::log::extract::{LimitWords, RequestId};
use crate::log::host::Owner;
use crate::sign::Weight;

/// What is known about a 429.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is said or not, independently of the others")]
pub struct Limit<'a> {
    /// Whose host answered.
    pub owner: Option<Owner>,
    /// The path asked for.
    pub path: &'a str,
    /// Whose request id the answer carried.
    pub request_id: Option<RequestId>,
    /// The Hub's words.
    pub words: Option<&'a LimitWords>,
    /// The body says that the address is limited.
    pub limits_the_address: bool,
    /// The body says that an account's quota is used up.
    pub limits_the_account: bool,
    /// A line says that a token was sent.
    pub token_sent: bool,
    /// A line says that none was sent.
    pub anonymous: bool,
    /// A line tells of a shared address.
    pub shared_address: bool,
    /// The program is known to send no token by itself.
    pub never_sends_a_token: bool,
}

/// Quotas of anonymous callers in a window of five minutes, by the Hub's published table.
const ANONYMOUS_QUOTAS: &[u64] = &[100, 500, 3000];

/// Whose limit it is, how well that is shown, and what else it may be.
pub fn whose(limit: &Limit<'_>) -> (Cause, Weight, &'static [Cause]) {
    use Cause::{ProviderLimit, RateLimitAccount, RateLimitAnonymous, RateLimitCdn, RateLimitIp, RateLimitMirror};
    let named = limit.limits_the_address || limit.limits_the_account;
    match limit.owner {
        Some(Owner::Mirror) => return (RateLimitMirror, Weight::Decisive, &[RateLimitIp]),
        Some(Owner::Storage | Owner::Xet) => return (RateLimitCdn, Weight::Decisive, &[RateLimitIp]),
        Some(Owner::Inference | Owner::Space) => return (ProviderLimit, Weight::Decisive, &[Cause::InferenceCredits]),
        _ => {}
    }
    if limit.limits_the_account {
        return (RateLimitAccount, Weight::Decisive, &[]);
    }
    if limit.limits_the_address {
        let known = limit.token_sent && !limit.anonymous;
        return if known || limit.shared_address {
            (RateLimitIp, Weight::Decisive, &[RateLimitAnonymous])
        } else {
            (RateLimitAnonymous, Weight::Decisive, &[RateLimitIp])
        };
    }
    if limit.request_id == Some(RequestId::Edge) && !named && limit.words.is_none_or(|w| w.bucket.is_none()) {
        return (RateLimitCdn, Weight::Decisive, &[RateLimitIp, RateLimitAnonymous]);
    }
    let writes = refusal::writes(limit.path) || limit.path.contains("/whoami");
    if writes {
        return (RateLimitAccount, Weight::Decisive, &[RateLimitAnonymous]);
    }
    if let Some(quota) = limit.words.and_then(|words| words.quota) {
        return if ANONYMOUS_QUOTAS.contains(&quota) && !limit.token_sent {
            (RateLimitAnonymous, Weight::Decisive, &[RateLimitIp])
        } else {
            (RateLimitAccount, Weight::Decisive, &[RateLimitAnonymous])
        };
    }
    if limit.anonymous || limit.never_sends_a_token {
        return (RateLimitAnonymous, Weight::Symptom, &[RateLimitIp]);
    }
    if limit.shared_address {
        return (RateLimitIp, Weight::Symptom, &[RateLimitAnonymous]);
    }
    if limit.token_sent {
        return (RateLimitAccount, Weight::Symptom, &[RateLimitIp]);
    }
    (RateLimitAnonymous, Weight::Symptom, &[RateLimitIp, RateLimitAccount])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_one_owner() {
        let quota = |q| LimitWords { quota: Some(q), ..LimitWords::default() };
        let three_thousand = quota(3000);
        let thousand = quota(1000);
        let hub = Limit { owner: Some(Owner::Hub), ..Limit::default() };
        let table: Vec<(Limit<'_>, Cause)> = vec![
            (hub.clone(), Cause::RateLimitAnonymous),
            (Limit { token_sent: true, ..hub.clone() }, Cause::RateLimitAccount),
            (Limit { limits_the_address: true, ..hub.clone() }, Cause::RateLimitAnonymous),
            (Limit { limits_the_address: true, token_sent: true, ..hub.clone() }, Cause::RateLimitIp),
            (Limit { request_id: Some(RequestId::Edge), ..hub.clone() }, Cause::RateLimitCdn),
            (Limit { words: Some(&three_thousand), ..hub.clone() }, Cause::RateLimitAnonymous),
            (Limit { words: Some(&thousand), ..hub.clone() }, Cause::RateLimitAccount),
            (Limit { path: "/api/models/a/b/commit/main", ..hub }, Cause::RateLimitAccount),
            (Limit { owner: Some(Owner::Mirror), ..Limit::default() }, Cause::RateLimitMirror),
            (Limit { owner: Some(Owner::Xet), ..Limit::default() }, Cause::RateLimitCdn),
            (Limit { owner: Some(Owner::Inference), ..Limit::default() }, Cause::ProviderLimit),
        ];
        for (limit, cause) in table {
            assert_eq!(whose(&limit).0, cause, "{limit:?}");
        }
    }
}
