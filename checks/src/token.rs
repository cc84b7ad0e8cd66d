//! Which token is sent, where it comes from, its bytes, and whether the Hub accepts it.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::TokenMalformed, Cause::TokenInvalid, Cause::TokenShadowed];

/// The check.
pub static CHECK: Check = Check {
    name: "token",
    about: "which token is sent, where it comes from, its bytes, and whether the Hub accepts it",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
