//! Credits and quotas of inference, endpoints and ZeroGPU.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::InferenceCredits, Cause::ProviderLimit, Cause::ZerogpuQuota];

/// The check.
pub static CHECK: Check = Check {
    name: "quota",
    about: "credits and quotas of inference, endpoints and ZeroGPU",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::symptom(Cause::ProviderLimit, "is currently loading").with(&["model"]),
    Sign::decisive(Cause::ProviderLimit, "free usage limit"),
    Sign::decisive(Cause::ProviderLimit, "max requests total reached"),
    Sign::symptom(Cause::ProviderLimit, "endpoint is paused"),
    Sign::symptom(Cause::ProviderLimit, "scaled to zero"),
    Sign::symptom(Cause::ProviderLimit, "please duplicate the space"),
    Sign::decisive(Cause::ZerogpuQuota, "daily zerogpu quotas"),
    Sign::symptom(Cause::ZerogpuQuota, "gpu task aborted"),
    Sign::symptom(Cause::ZerogpuQuota, "zerogpu worker error"),
    Sign::decisive(Cause::InferenceCredits, "monthly included credits"),
    Sign::decisive(Cause::InferenceCredits, "exceeded your monthly included"),
    Sign::decisive(Cause::InferenceCredits, "included credits for inference providers"),
    Sign::symptom(Cause::InferenceCredits, "pre-paid credits"),
    Sign::decisive(Cause::ZerogpuQuota, "zerogpu quota"),
    Sign::decisive(Cause::ZerogpuQuota, "exceeded your gpu quota"),
    Sign::decisive(Cause::ZerogpuQuota, "exceeded your free gpu quota"),
    Sign::decisive(Cause::ZerogpuQuota, "exceeded your pro gpu quota"),
    Sign::decisive(Cause::ZerogpuQuota, "requested gpu duration"),
    Sign::decisive(Cause::ZerogpuQuota, "zerogpu queue timeout"),
    Sign::decisive(Cause::ZerogpuQuota, "no gpu was available after"),
    Sign::decisive(Cause::ZerogpuQuota, "gpu quota").with(&["exceeded", "left", "requested", "zerogpu", "daily"]),
    Sign::decisive(Cause::ZerogpuQuota, "falling back to ip-based quotas"),
    Sign::symptom(Cause::ProviderLimit, "inference endpoint").with(&["quota", "limit reached", "rate limit", "429"]),
    Sign::decisive(Cause::ProviderLimit, "instance quota").with(&["endpoint", "exceeded", "reached"]),
    Sign::symptom(Cause::ProviderLimit, "provider").with(&["rate limit", "429", "too many requests"]),
    Sign::symptom(Cause::ProviderLimit, "model too busy"),
    Sign::symptom(Cause::ProviderLimit, "model is overloaded"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
