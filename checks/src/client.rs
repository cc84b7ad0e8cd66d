//! Versions of the client libraries, and hf_transfer.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
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

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::ClientOutdated, "deprecated and no longer works").with(&["huggingface-cli"]),
    Sign::decisive(Cause::ClientOutdated, "'hf' is not recognized"),
    Sign::decisive(Cause::ClientOutdated, "does not exist or is not currently imported").with(&["tokenizer class"]),
    Sign::decisive(Cause::ClientOutdated, "did not match any variant of untagged enum"),
    Sign::symptom(Cause::ClientOutdated, "unrecognized configuration class"),
    Sign::decisive(Cause::ClientOutdated, "`trust_remote_code` is not supported anymore"),
    Sign::decisive(Cause::ClientOutdated, "in a localfilesystem is not supported"),
    Sign::symptom(Cause::ClientOutdated, "relative url without a base"),
    Sign::decisive(Cause::ClientOutdated, "huggingface-cli: no such file"),
    Sign::decisive(Cause::ClientOutdated, "is a deprecated way").with(&["huggingface"]),
    Sign::decisive(Cause::HfTransferProblem, "'hf_transfer' package is not available"),
    Sign::decisive(Cause::HfTransferProblem, "downloading using `hf_transfer`"),
    Sign::decisive(Cause::HfTransferProblem, "outdated version of `hf_transfer`"),
    Sign::decisive(Cause::HfTransferProblem, "failed too many failures in parallel"),
    Sign::decisive(Cause::HfTransferProblem, "no module named 'hf_transfer'"),
    Sign::decisive(Cause::HfTransferProblem, "consider disabling hf_hub_enable_hf_transfer"),
    Sign::symptom(Cause::HfTransferProblem, "hf_transfer")
        .with(&["error", "exception", "failed", "panicked"])
        .without(&["futurewarning", "deprecated", "consider using"]),
    Sign::decisive(Cause::ClientOutdated, "is required for a normal functioning of this module"),
    Sign::decisive(Cause::ClientOutdated, "cannot import name").with(&[
        "huggingface_hub",
        "transformers",
        "diffusers",
        "datasets",
    ]),
    Sign::symptom(Cause::ClientOutdated, "no module named 'huggingface_hub."),
    Sign::symptom(Cause::ClientOutdated, "no module named 'transformers."),
    Sign::symptom(Cause::ClientOutdated, "no module named 'diffusers."),
    Sign::decisive(Cause::ClientOutdated, "module 'huggingface_hub' has no attribute"),
    Sign::decisive(Cause::ClientOutdated, "unexpected keyword argument").with(&[
        "'use_auth_token'",
        "'proxies'",
        "'resume_download'",
        "'local_dir_use_symlinks'",
        "hf_hub_download",
        "snapshot_download",
        "cached_download",
        "'token'",
        "'legacy_cache_layout'",
    ]),
    Sign::decisive(Cause::ClientOutdated, "does not recognize this architecture"),
    Sign::decisive(Cause::ClientOutdated, "command not found").with(&["huggingface-cli", "hf:", "hf: "]),
    Sign::decisive(Cause::ClientOutdated, "'huggingface-cli' is not recognized"),
    Sign::decisive(Cause::ClientOutdated, "huggingface-cli: not found"),
    Sign::decisive(Cause::ClientOutdated, "no such option").with(&[
        "--resume-download",
        "--local-dir-use-symlinks",
        "--quiet",
        "--token",
    ]),
    Sign::decisive(Cause::ClientOutdated, "unrecognized arguments").with(&[
        "--local-dir",
        "--resume-download",
        "--include",
        "--exclude",
        "--max-workers",
        "huggingface-cli",
    ]),
    Sign::decisive(Cause::ClientOutdated, "invalid choice: 'download'"),
    Sign::symptom(Cause::ClientOutdated, "invalid choice").with(&["huggingface-cli", "whoami"]),
    Sign::decisive(Cause::ClientOutdated, "dataset scripts are no longer supported"),
    Sign::decisive(Cause::ClientOutdated, "no such command").with(&["hf ", "usage: hf", "'download'", "'auth'"]),
    Sign::symptom(Cause::ClientOutdated, "your version of transformers is out of date"),
    Sign::symptom(Cause::ClientOutdated, "requires transformers"),
    Sign::symptom(Cause::ClientOutdated, "requires huggingface"),
    Sign::symptom(Cause::ClientOutdated, "requires a newer version of ollama"),
    Sign::symptom(Cause::ClientOutdated, "unknown model architecture"),
    Sign::decisive(Cause::ClientOutdated, "invalid magic number 67676a74"),
    Sign::decisive(Cause::ClientOutdated, "invalid magic number 67676d66"),
    Sign::decisive(Cause::ClientOutdated, "invalid magic number 67676d6c"),
    Sign::symptom(Cause::ClientOutdated, "unknown (magic, version) combination"),
    Sign::symptom(Cause::ClientOutdated, "has no attribute 'cached_download'"),
    Sign::symptom(Cause::ClientOutdated, "versionconflict"),
    Sign::symptom(Cause::ClientOutdated, "incompatible").with(&["huggingface-hub", "huggingface_hub", "transformers"]),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
