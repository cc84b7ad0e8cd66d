//! Whether the repository, revision and file exist under that name and type.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] =
    &[Cause::RepoNotFound, Cause::RevisionNotFound, Cause::FileNotFound, Cause::RepoDisabled, Cause::RepoIdInvalid];

/// The check.
pub static CHECK: Check = Check {
    name: "repository",
    about: "whether the repository, revision and file exist under that name and type",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
