//! Certificates, trust stores, handshakes and the clock.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::TlsUntrustedCa, Cause::TlsClock, Cause::TlsHandshake];

/// The check.
pub static CHECK: Check = Check {
    name: "tls",
    about: "certificates, trust stores, handshakes and the clock",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
