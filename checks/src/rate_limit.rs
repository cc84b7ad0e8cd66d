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

const SIGNS: &[Sign] = &[];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
