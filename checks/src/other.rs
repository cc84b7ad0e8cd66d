//! Failures that are no failed download.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, conclude_from_log, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::NotADownload];

/// The check.
pub static CHECK: Check = Check {
    name: "other",
    about: "failures that are no failed download",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    conclude_from_log(case, CAUSES)
}
