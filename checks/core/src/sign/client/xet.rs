//! Words: the Xet client and its storage.

use crate::diagnosis::Cause;
use crate::sign::Sign;

/// What is said of a native library that cannot be loaded, or that crashed.
const BROKEN: &[&str] =
    &["panicked", "panic", "importerror", "undefined symbol", "glibc", "dll load failed", "segmentation"];

pub(super) const SIGNS: &[Sign] = &[
    // huggingface_hub and hf_xet that do not fit each other
    Sign::decisive(Cause::XetClient, "xetsession' object has no attribute"),
    Sign::decisive(Cause::XetClient, "new_file_download_group() got an unexpected"),
    Sign::decisive(Cause::XetClient, "internal error: task panic"),
    Sign::decisive(Cause::XetClient, "xet session failed: "),
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
    Sign::symptom(Cause::XetClient, "hf_xet/src").with(BROKEN),
    Sign::symptom(Cause::XetClient, "hf_xet.abi3").with(BROKEN),
    Sign::symptom(Cause::XetClient, "import hf_xet").with(BROKEN),
    Sign::symptom(Cause::XetClient, "hf_xet-1").with(BROKEN),
    Sign::symptom(Cause::XetClient, "/hf_xet/").with(BROKEN),
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
