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

const SIGNS: &[Sign] = &[
    // the library itself, in a stack or a core dump
    Sign::symptom(Cause::XetClient, "hf_xet.abi3.so").without(&["site-packages/hf_xet/hf_xet.abi3.so: cannot"]),
    Sign::symptom(Cause::XetClient, "xet runtime error"),
    Sign::symptom(Cause::XetClient, "does not contain a refresh endpoint"),
    Sign::symptom(Cause::XetClient, "merkledb"),
    Sign::symptom(Cause::XetClient, "single flight error"),
    Sign::symptom(Cause::XetClient, "unable to register sigint handler"),
    Sign::symptom(Cause::XetClient, "data integrity error"),
    Sign::symptom(Cause::XetClient, "cas service error"),
    Sign::symptom(Cause::XetClient, "cas client error"),
    Sign::symptom(Cause::XetClient, "data processing error"),
    Sign::symptom(Cause::XetClient, "casobjecterror"),
    Sign::symptom(Cause::XetClient, "file reconstruction error"),
    Sign::symptom(Cause::XetClient, "xet headers have not been correctly set"),
    Sign::decisive(Cause::XetClient, "too large to be downloaded using the regular download method"),
    Sign::decisive(Cause::XetClient, "to use optimized download using xet storage"),
    Sign::decisive(Cause::XetClient, "from 'hf_xet'").with(&["cannot import"]),
    Sign::decisive(Cause::XetClient, "no module named 'hf_xet'"),
    Sign::symptom(Cause::XetClient, "hf_xet/src").with(&[
        "panicked",
        "panic",
        "importerror",
        "undefined symbol",
        "glibc",
        "dll load failed",
        "segmentation",
    ]),
    Sign::symptom(Cause::XetClient, "hf_xet.abi3").with(&[
        "panicked",
        "panic",
        "importerror",
        "undefined symbol",
        "glibc",
        "dll load failed",
        "segmentation",
    ]),
    Sign::symptom(Cause::XetClient, "import hf_xet").with(&[
        "panicked",
        "panic",
        "importerror",
        "undefined symbol",
        "glibc",
        "dll load failed",
        "segmentation",
    ]),
    Sign::symptom(Cause::XetClient, "hf_xet-1").with(&[
        "panicked",
        "panic",
        "importerror",
        "undefined symbol",
        "glibc",
        "dll load failed",
        "segmentation",
    ]),
    Sign::symptom(Cause::XetClient, "/hf_xet/").with(&[
        "panicked",
        "panic",
        "importerror",
        "undefined symbol",
        "glibc",
        "dll load failed",
        "segmentation",
    ]),
    Sign::symptom(Cause::XetClient, "xetauthenticationerror"),
    Sign::symptom(Cause::XetClient, "xetobjectnotfounderror"),
    Sign::symptom(Cause::XetClient, "xet download failed"),
    Sign::symptom(Cause::XetClient, "xet_get()").with(&["error", "failed"]),
    Sign::symptom(Cause::XetClient, "hf-xet-1")
        .with(&["panicked", "failed", "error", "incompatible"])
        .without(&["pip install"]),
    Sign::symptom(Cause::XetClient, "xet-core").with(&["panicked", "error"]).without(&["warn", "retry"]),
    Sign::wrapper(Cause::XetClient, "xet-read-token"),
    Sign::symptom(Cause::XetClient, "network error: request"),
    Sign::symptom(Cause::XetClient, "authentication error: request"),
    Sign::symptom(Cause::XetClient, "task error:"),
];

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
