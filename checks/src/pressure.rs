//! What provokes a limit: parallel connections and retries without a pause.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::TooParallel, Cause::RetryStorm];

/// The check.
pub static CHECK: Check = Check {
    name: "pressure",
    about: "what provokes a limit: parallel connections and retries without a pause",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[Sign::hint(Cause::RetryStorm, "restart counter is at")];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
