//! Versions of the client libraries, and hf_transfer.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, conclude_from_log, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::ClientOutdated, Cause::HfTransferProblem];

/// The check.
pub static CHECK: Check = Check {
    name: "client",
    about: "versions of the client libraries, and hf_transfer",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    conclude_from_log(case, CAUSES)
}
