//! Words: what provokes a limit: parallel connections and retries without a pause.

use crate::diagnosis::Cause;
use crate::sign::Sign;

pub(super) const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::TooParallel, "pooltimeout"),
    Sign::hint(Cause::RetryStorm, "restart counter is at"),
    // More files are fetched at once than the system lets a process have open.
    Sign::symptom(Cause::TooParallel, "too many open files").with(&[
        "models--",
        "datasets--",
        ".cache/huggingface",
        ".incomplete",
        "hf_xet",
        "xet_",
    ]),
];
