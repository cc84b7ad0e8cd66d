//! The Xet client and its storage.

use crate::case::clients::numbers;
use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
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

/// Versions of hf_xet whose every request the storage refused with 401: fixed in 1.1.7 (xet-core, 2025).
const REFUSED: std::ops::RangeInclusive<(u64, u64, u64)> = (1, 1, 4)..=(1, 1, 6);

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    let findings = log_findings(case, CAUSES);
    let Some(version) = case.clients.package("hf_xet") else {
        return Conclusion::ok("hf_xet is not installed: files come over plain HTTPS").with(findings);
    };
    let mut conclusion = Conclusion::ok(format!("hf_xet {version}"));
    if case.settings.xet_disabled {
        conclusion = Conclusion::ok(format!("hf_xet {version}, switched off by `HF_HUB_DISABLE_XET`"));
    } else if numbers(version).is_some_and(|numbers| REFUSED.contains(&numbers)) {
        conclusion = conclusion.note(format!(
            "the storage answers 401 to hf_xet {version}, a fault of its own: {}",
            case.clients.upgrade_command()
        ));
    }
    conclusion.with(findings)
}
