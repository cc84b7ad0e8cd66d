//! Counting requests against quotas.

use std::collections::HashMap;

use super::answer::Answer;
use super::ask::Ask;
use crate::state::{Bucket, HubState, RateLimit, Token, default_quota};

/// Requests counted so far, per bucket and identity.
#[derive(Debug, Default)]
pub(crate) struct Counts(HashMap<(Bucket, String), u64>);

/// Where a request stands in its bucket.
#[derive(Debug)]
pub(crate) struct Standing {
    bucket: Bucket,
    quota: u64,
    remaining: u64,
    reset: u64,
    /// The refusal, when nothing was left.
    refusal: Option<String>,
}

/// The window's length in seconds.
const WINDOW: u64 = 300;

/// Which bucket a request counts in. Whether the second half of a small file's redirect counts again is not known; here
/// it does not.
fn bucket(ask: &Ask) -> (Bucket, bool) {
    if ask.path.starts_with("/api/resolve-cache/") {
        (Bucket::Resolvers, false)
    } else if ask.path == "/api/whoami-v2" {
        (Bucket::Whoami, true)
    } else if ask.is_api() {
        (Bucket::Api, true)
    } else if ask.path.contains("/resolve/") {
        (Bucket::Resolvers, true)
    } else {
        (Bucket::Pages, true)
    }
}

impl Counts {
    /// Counts a request, and says whether it is one too many.
    pub(crate) fn take(&mut self, ask: &Ask, state: &HubState, token: Option<&Token>) -> Standing {
        let (bucket, counts) = bucket(ask);
        let who = token.map_or("anonymous", |token| token.user.as_str());
        let applies = |rate: &&RateLimit| rate.bucket == bucket && (rate.who == who || rate.who == "*");
        let rate = state.rate.iter().find(applies);
        let pro = token.map(|token| state.user.get(&token.user).is_some_and(|user| user.pro));
        let quota = rate.and_then(|rate| rate.quota).unwrap_or_else(|| default_quota(bucket, pro));
        let start = rate.map_or(quota, |rate| rate.remaining);
        let used = self.0.entry((bucket, who.to_owned())).or_insert(0);
        let exhausted = *used >= start && counts;
        if counts && !exhausted {
            *used += rate.map_or(1, |rate| rate.takes);
        }
        let strict = bucket == Bucket::Whoami;
        Standing {
            bucket,
            quota,
            remaining: if strict { quota - 1 } else { start.saturating_sub(*used) },
            reset: rate.map_or(WINDOW - 1, |rate| rate.reset),
            refusal: exhausted
                .then(|| rate.and_then(|rate| rate.message.clone()).unwrap_or_else(|| usual_text(token.is_none()))),
        }
    }
}

fn usual_text(anonymous: bool) -> String {
    if anonymous {
        "We had to rate limit your IP (127.0.0.1). To continue using our service, create a HF account or login to your \
         existing account, and make sure you pass a HF_TOKEN if you're using the API."
            .into()
    } else {
        // The words to accounts are not known.
        "Too Many Requests".into()
    }
}

impl Standing {
    /// The 429, if the bucket was empty.
    pub(crate) fn refusal(&self, ask: &Ask) -> Option<Answer> {
        let text = self.refusal.as_ref()?;
        Some(if ask.is_api() {
            Answer::json(429, &serde_json::json!({ "error": text })).with("X-Error-Message", text)
        } else {
            Answer::text(429, text.clone()).with("X-Error-Message", text)
        })
    }

    /// The headers that every answer of the application carries (IETF draft 9).
    pub(crate) fn mark(&self, answer: &mut Answer) {
        let word = self.bucket.word();
        answer.set("RateLimit", &format!("\"{word}\";r={};t={}", self.remaining, self.reset));
        answer.set("RateLimit-Policy", &format!("\"fixed window\";\"{word}\";q={};w={WINDOW}", self.quota));
    }
}
