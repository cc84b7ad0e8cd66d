//! Whether the Hub itself fails.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::HubOutage];

/// The check.
pub static CHECK: Check = Check {
    name: "outage",
    about: "whether the Hub itself fails",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::HubOutage, "internal error - we're working hard"),
    Sign::symptom(Cause::HubOutage, "internal server error"),
    Sign::symptom(Cause::HubOutage, "bad gateway"),
    Sign::symptom(Cause::HubOutage, "service unavailable"),
    Sign::symptom(Cause::HubOutage, "service temporarily unavailable"),
    Sign::symptom(Cause::HubOutage, "gateway time-out"),
    Sign::symptom(Cause::HubOutage, "gateway timeout"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
