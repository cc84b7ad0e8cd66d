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

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::NotADownload, "address already in use"),
    Sign::decisive(Cause::NotADownload, "builderconfig").with(&["not found"]),
    Sign::decisive(Cause::NotADownload, "config name is missing"),
    Sign::decisive(Cause::NotADownload, "bad split:"),
    Sign::decisive(Cause::NotADownload, "datasetgenerationcasterror"),
    Sign::decisive(Cause::NotADownload, "packagenotfounderror"),
    Sign::decisive(Cause::NotADownload, "cudamalloc failed"),
    Sign::decisive(Cause::NotADownload, "kv cache").with(&["larger than", "not enough", "insufficient"]),
    Sign::decisive(Cause::NotADownload, "you need to have torch"),
    Sign::decisive(Cause::NotADownload, "dubious ownership"),
    Sign::decisive(Cause::NotADownload, "that was saved using `save_to_disk`"),
    Sign::decisive(Cause::NotADownload, "is in the invalid state"),
    Sign::decisive(Cause::NotADownload, "exit code 137"),
    Sign::decisive(Cause::NotADownload, "cublas_status"),
    Sign::decisive(Cause::NotADownload, "nccl error"),
    Sign::decisive(Cause::NotADownload, "is greater than the derived max_model_len"),
    Sign::decisive(Cause::NotADownload, "free memory on device"),
    Sign::decisive(Cause::NotADownload, "no available memory for the cache blocks"),
    Sign::decisive(Cause::NotADownload, "dll load failed").without(&["hf_xet"]),
    Sign::decisive(Cause::NotADownload, "libcuda.so").with(&["cannot open shared object", "not found"]),
    Sign::decisive(Cause::NotADownload, "cannot open shared object file").without(&["hf_xet"]),
    Sign::decisive(Cause::NotADownload, "cuda out of memory"),
    Sign::decisive(Cause::NotADownload, "outofmemoryerror"),
    Sign::decisive(Cause::NotADownload, "out of memory").without(&["huggingface"]),
    Sign::decisive(Cause::NotADownload, "hip out of memory"),
    Sign::decisive(Cause::NotADownload, "packages that were not found in your environment"),
    Sign::decisive(Cause::NotADownload, "no module named").without(&[
        "huggingface_hub",
        "hf_transfer",
        "hf_xet",
        "'transformers.",
        "'diffusers.",
    ]),
    Sign::decisive(Cause::NotADownload, "found no nvidia driver"),
    Sign::decisive(Cause::NotADownload, "torch not compiled with cuda"),
    Sign::decisive(Cause::NotADownload, "cuda error"),
    Sign::decisive(Cause::NotADownload, "cuda driver version is insufficient"),
    Sign::decisive(Cause::NotADownload, "no cuda gpus are available"),
    Sign::decisive(Cause::NotADownload, "requires you to execute the"),
    Sign::decisive(Cause::NotADownload, "trust_remote_code=true` to remove this error"),
    Sign::decisive(Cause::NotADownload, "set the option `trust_remote_code"),
    Sign::decisive(Cause::NotADownload, "probability tensor contains"),
    Sign::decisive(Cause::NotADownload, "oomkilled"),
    Sign::decisive(Cause::NotADownload, "out-of-memory"),
    Sign::decisive(Cause::NotADownload, "oom-kill"),
    Sign::decisive(Cause::NotADownload, "segmentation fault"),
    Sign::decisive(Cause::NotADownload, "requires a pro subscription"),
    Sign::decisive(Cause::NotADownload, "size mismatch for"),
    Sign::decisive(Cause::NotADownload, "error(s) in loading state_dict"),
    Sign::decisive(Cause::NotADownload, "flashattention").with(&["not installed", "only supports", "cannot be used"]),
    Sign::decisive(Cause::NotADownload, "requires the `").with(&["library", "package"]),
    Sign::decisive(Cause::NotADownload, "is not installed").with(&["please install", "pip install"]).without(&[
        "hf_transfer",
        "hf_xet",
        "git-lfs",
        "socks",
        "xet",
        "git lfs",
    ]),
    Sign::decisive(Cause::NotADownload, "ssl module is not available"),
    Sign::decisive(Cause::NotADownload, "error response from daemon"),
    Sign::decisive(Cause::NotADownload, "npm error network"),
    Sign::decisive(Cause::NotADownload, "no matching distribution found"),
    Sign::decisive(Cause::NotADownload, "could not find a version that satisfies"),
    Sign::decisive(Cause::NotADownload, "e: unable to locate package"),
    Sign::decisive(Cause::NotADownload, "exceeded its lfs budget"),
    Sign::decisive(Cause::NotADownload, "due to time limit"),
    Sign::decisive(Cause::NotADownload, "you exceeded your current quota"),
    Sign::decisive(Cause::NotADownload, "modelscope").with(&["- error -", "not exists"]),
    Sign::decisive(Cause::NotADownload, "wandb.errors"),
    Sign::decisive(Cause::NotADownload, "failed to connect to s3"),
    Sign::decisive(Cause::NotADownload, "pull model manifest: file does not exist"),
    // GitHub's words, whose archives torch.hub and others fetch
    Sign::decisive(Cause::NotADownload, "http error 403: rate limit exceeded"),
    Sign::decisive(Cause::NotADownload, "syntaxerror:"),
    Sign::decisive(Cause::NotADownload, "indentationerror:"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    conclude_from_log(case, CAUSES)
}
