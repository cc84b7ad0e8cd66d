//! The proxy settings, and whether the proxy lets the download through.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::ProxyUnreachable, Cause::ProxyAuth, Cause::ProxyMisconfigured];

/// The check.
pub static CHECK: Check = Check {
    name: "proxy",
    about: "the proxy settings, and whether the proxy lets the download through",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
