//! Credits and quotas of inference, endpoints and ZeroGPU.
//!
//! None of them has to do with downloads, and none can be asked for without using it: only a log shows them.

use crate::case::Case;
use crate::check::{Check, Conclusion, conclude_from_log, wants_nothing};
use crate::observe::Observations;
use crate::observe::rate_limit::wait_in_words;
use hfdoctor_core::diagnosis::tiers::{INFERENCE_CREDITS, ZEROGPU_MINUTES};
use hfdoctor_core::diagnosis::{Action, Cause, Finding, Fix, Risk};

const CAUSES: &[Cause] = &[Cause::InferenceCredits, Cause::ProviderLimit, Cause::ZerogpuQuota];

/// The check.
pub static CHECK: Check = Check {
    name: "quota",
    about: "credits and quotas of inference, endpoints and ZeroGPU",
    causes: CAUSES,
    wants: wants_nothing,
    conclude,
};

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    let mut conclusion = conclude_from_log(case, CAUSES);
    for finding in &mut conclusion.findings {
        let fixes = remedies(case, finding);
        finding.fixes.extend(fixes);
    }
    conclusion
}

fn remedies(case: &Case, finding: &Finding) -> Vec<Fix> {
    match finding.cause {
        Cause::InferenceCredits => vec![
            page("billing", "buy credits, or see what is left", "https://huggingface.co/settings/billing").note(format!(
                "a month includes: {}. An organization pays with the header `X-HF-Bill-To` or `bill_to=` of the client. \
                 Downloads cost no credits",
                INFERENCE_CREDITS.iter().map(|(plan, credits)| format!("{plan} {credits}")).collect::<Vec<_>>().join(", ")
            )),
            own_key(),
        ],
        Cause::ProviderLimit => vec![
            Fix::manual("backoff", "wait as `Retry-After` says, else longer after each attempt, and send fewer requests at once"),
            own_key(),
            page("endpoints-quota", "for an endpoint of one's own: its quota", "https://ui.endpoints.huggingface.co")
                .note("more instances are granted by the Hub's support; an endpoint scaled to zero counts too"),
        ],
        Cause::ZerogpuQuota => zerogpu(case, finding),
        _ => Vec::new(),
    }
}

fn zerogpu(case: &Case, finding: &Finding) -> Vec<Fix> {
    let mut fixes = Vec::new();
    let minutes: Vec<String> = ZEROGPU_MINUTES.iter().map(|(plan, minutes)| format!("{plan} {minutes}")).collect();
    let log_in =
        Fix::manual("zerogpu-log-in", "call the Space with a token: without one the quota of the address counts")
            .command(case.clients.login_command())
            .command("Client(\"ORG/SPACE\", token=\"hf_…\")")
            .note(format!("minutes of ZeroGPU a day: {}; anew 24 hours after the first use", minutes.join(", ")));
    let wait = finding.evidence.iter().find_map(|evidence| wait_in_words(&evidence.detail));
    if let Some(time) = wait.and_then(|wait| case.now.checked_add(wait)) {
        fixes.push(
            Fix::automatic("wait", Risk::Ask, "wait until the quota is counted anew", vec![Action::WaitUntil { time }])
                .command("hfdoctor --wait")
                .note("an estimate: the log says how long, but not since when"),
        );
    }
    fixes.push(log_in);
    fixes.push(page("plan", "a larger plan", "https://huggingface.co/pricing"));
    fixes
}

fn own_key() -> Fix {
    page(
        "provider-key",
        "use a key of one's own at the provider",
        "https://huggingface.co/settings/inference-providers",
    )
    .note("the provider then bills, and its own limits hold")
}

fn page(id: &'static str, title: &str, url: &str) -> Fix {
    Fix::automatic(id, Risk::Ask, title, vec![Action::OpenPage { url: url.to_owned() }]).command(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hfdoctor_core::diagnosis::{Certainty, Source};

    #[test]
    fn a_zerogpu_log_names_its_wait() {
        let case = crate::check::rate::rate_limit::tests::case(&[], None);
        let finding = Finding::new(Cause::ZerogpuQuota, Certainty::Confirmed, "used up").saw(
            Source::Log,
            "You have exceeded your free ZeroGPU quota (60s requested vs. 0s left). Try again in 23:51:16.",
        );
        let fixes = remedies(&case, &finding);
        let time = case.now + std::time::Duration::from_secs(85_876);
        assert_eq!(fixes[0].actions, [Action::WaitUntil { time }]);
        assert_eq!(fixes[0].risk, Risk::Ask, "an estimate is not waited for unasked");
    }

    #[test]
    fn without_a_log_there_is_nothing_to_look_at() {
        let case = std::sync::Arc::new(crate::check::rate::rate_limit::tests::case(&[], None));
        let conclusion = conclude(&case, &Observations::none(std::sync::Arc::clone(&case)));
        assert_eq!(conclusion.status, crate::check::Status::Skipped);
    }
}
