//! Failures that are no failed download.

use crate::case::Case;
use crate::check::{Check, Conclusion, conclude_from_log, wants_nothing};
use crate::observe::Observations;
use hfdoctor_core::diagnosis::Cause;

const CAUSES: &[Cause] = &[Cause::NotADownload];

/// The check.
pub static CHECK: Check = Check {
    name: "other",
    about: "failures that are no failed download",
    causes: CAUSES,
    wants: wants_nothing,
    conclude,
};

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    conclude_from_log(case, CAUSES)
}
