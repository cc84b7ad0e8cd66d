//! Quotas. The Hub counts requests in fixed windows of five minutes, per account or, without a token, per address, in
//! three buckets (its documentation, table of September 2025).

use serde::Deserialize;

/// What is counted together.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
pub enum Bucket {
    /// `/api/…`.
    Api,
    /// URLs with `/resolve/`.
    Resolvers,
    /// Everything else.
    Pages,
    /// `/api/whoami-v2`, which has a strict limit of its own that the `RateLimit` header does not show.
    Whoami,
}

impl Bucket {
    /// The word in the `RateLimit` header.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Api | Self::Whoami => "api",
            Self::Resolvers => "resolvers",
            Self::Pages => "pages",
        }
    }
}

/// The state of one bucket for one identity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Which bucket.
    pub bucket: Bucket,
    /// `anonymous`, an account's name, or `*` for everybody.
    #[serde(default = "everybody")]
    pub who: String,
    /// Requests in a window; the published number if not given.
    pub quota: Option<u64>,
    /// Requests left; each one takes one, and at 0 the answer is 429.
    pub remaining: u64,
    /// How many requests each request counts as: more than one is how an address looks that others use too.
    #[serde(default = "one")]
    pub takes: u64,
    /// Seconds until the window ends.
    #[serde(default = "some_seconds")]
    pub reset: u64,
    /// The refusal's text, where it should not be the usual one.
    pub message: Option<String>,
}

fn everybody() -> String {
    "*".into()
}

fn one() -> u64 {
    1
}

fn some_seconds() -> u64 {
    166
}

/// The published quota of a bucket: anonymous, free account or PRO.
#[must_use]
pub fn default_quota(bucket: Bucket, account: Option<bool>) -> u64 {
    match (bucket, account) {
        (Bucket::Api | Bucket::Whoami, None) => 500,
        (Bucket::Api | Bucket::Whoami, Some(false)) => 1_000,
        (Bucket::Api | Bucket::Whoami, Some(true)) => 2_500,
        (Bucket::Resolvers, None) => 3_000,
        (Bucket::Resolvers, Some(false)) => 5_000,
        (Bucket::Resolvers, Some(true)) => 12_000,
        (Bucket::Pages, None) => 100,
        (Bucket::Pages, Some(false)) => 200,
        (Bucket::Pages, Some(true)) => 400,
    }
}
