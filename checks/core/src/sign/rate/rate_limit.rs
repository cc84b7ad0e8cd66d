//! Words: whose request limit is reached, by which layer, and until when.

use crate::diagnosis::Cause;
use crate::sign::Sign;

pub(super) const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::RateLimitAccount, "rate limit for the /whoami-v2 endpoint"),
    Sign::decisive(Cause::RateLimitCdn, "please reduce your request rate"),
    Sign::decisive(Cause::RateLimitCdn, "slow down for url"),
    Sign::decisive(Cause::RateLimitCdn, "503 slow down"),
    Sign::decisive(Cause::RateLimitCdn, "x-amzn-waf-action"),
    Sign::symptom(Cause::RateLimitAnonymous, "too many requests"),
    Sign::decisive(Cause::RateLimitAnonymous, "we had to rate limit your ip"),
    Sign::decisive(Cause::RateLimitAccount, "we had to rate limit you")
        .without(&["rate limit your ip", "log in or pass"]),
    Sign::decisive(Cause::RateLimitAccount, "you hit the quota of"),
    Sign::decisive(Cause::RateLimitAccount, "exceeded the rate limit for repository"),
    Sign::symptom(Cause::RateLimitAnonymous, "you have reached your '").with(&["rate limit"]),
    Sign::symptom(Cause::RateLimitAnonymous, "rate limited. waiting"),
    Sign::symptom(Cause::RateLimitAnonymous, "rate limited:"),
    Sign::symptom(Cause::RateLimitAnonymous, "rate limit").with(&["exceeded", "429", "reached", "hit"]).without(&[
        // GitHub limits with this status, the Hub does not
        "http error 403",
        "docker",
        "github",
        "pypi",
        "openai",
        "anthropic",
    ]),
    Sign::decisive(Cause::RateLimitCdn, "error code: 1015"),
    Sign::decisive(Cause::RateLimitCdn, "<code>slowdown</code>"),
    Sign::decisive(Cause::RateLimitCdn, "you are being rate limited"),
    Sign::decisive(Cause::RateLimitAnonymous, "log in or pass a hf_token"),
];
