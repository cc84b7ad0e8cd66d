//! The Xet client and its storage.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, conclude_from_log, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::XetClient];

/// The check.
pub static CHECK: Check = Check {
    name: "xet",
    about: "the Xet client and its storage",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    conclude_from_log(case, CAUSES)
}
