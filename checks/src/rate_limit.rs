//! Whose request limit is reached, by which layer, and until when.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[
    Cause::RateLimitAnonymous,
    Cause::RateLimitAccount,
    Cause::RateLimitIp,
    Cause::RateLimitCdn,
    Cause::RateLimitMirror,
];

/// The check.
pub static CHECK: Check = Check {
    name: "rate-limit",
    about: "whose request limit is reached, by which layer, and until when",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::RateLimitAccount, "rate limit for the /whoami-v2 endpoint"),
    Sign::decisive(Cause::RateLimitCdn, "please reduce your request rate"),
    Sign::symptom(Cause::RateLimitAnonymous, "too many requests"),
    Sign::decisive(Cause::RateLimitAnonymous, "we had to rate limit your ip"),
    Sign::decisive(Cause::RateLimitAccount, "we had to rate limit you").without(&["rate limit your ip"]),
    Sign::decisive(Cause::RateLimitAccount, "you hit the quota of"),
    Sign::decisive(Cause::RateLimitAccount, "exceeded the rate limit for repository"),
    Sign::symptom(Cause::RateLimitAnonymous, "you have reached your '").with(&["rate limit"]),
    Sign::symptom(Cause::RateLimitAnonymous, "rate limited. waiting"),
    Sign::symptom(Cause::RateLimitAnonymous, "rate limited:"),
    Sign::symptom(Cause::RateLimitAnonymous, "rate limit").with(&["exceeded", "429", "reached", "hit"]).without(&[
        "docker",
        "github",
        "pypi",
        "openai",
        "anthropic",
    ]),
    Sign::decisive(Cause::RateLimitCdn, "error code: 1015"),
    Sign::decisive(Cause::RateLimitCdn, "<code>slowdown</code>"),
    Sign::decisive(Cause::RateLimitCdn, "you are being rate limited"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
