//! Whose request limit is reached, by which layer, and until when.

mod forecast;
pub(crate) mod live;
pub(crate) mod remedies;

use std::collections::BTreeSet;

use self::forecast::{Forecast, forecast};
use self::live::{Limit, Live, left};
use self::remedies::{Ends, guess, remedies};
use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings};
use crate::diagnosis::{Bearing, Cause, Certainty, Evidence, Finding, Source};
use crate::observe::limits::spent_by_others;
use crate::observe::rate_limit::wait_in_words;
use crate::observe::{Observations, Want};

const CAUSES: &[Cause] = &[
    Cause::RateLimitAnonymous,
    Cause::RateLimitAccount,
    Cause::RateLimitIp,
    Cause::RateLimitCdn,
    Cause::RateLimitMirror,
];

/// The check.
pub static CHECK: Check = Check {
    name: "rate-limit",
    about: "whose request limit is reached, by which layer, and until when",
    causes: CAUSES,
    signs: SIGNS,
    wants,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::RateLimitAccount, "rate limit for the /whoami-v2 endpoint"),
    Sign::decisive(Cause::RateLimitCdn, "please reduce your request rate"),
    Sign::symptom(Cause::RateLimitAnonymous, "too many requests"),
    Sign::decisive(Cause::RateLimitAnonymous, "we had to rate limit your ip"),
    Sign::decisive(Cause::RateLimitAccount, "we had to rate limit you").without(&["rate limit your ip"]),
    Sign::decisive(Cause::RateLimitAccount, "you hit the quota of"),
    Sign::decisive(Cause::RateLimitAccount, "exceeded the rate limit for repository"),
    Sign::symptom(Cause::RateLimitAnonymous, "you have reached your '").with(&["rate limit"]),
    Sign::symptom(Cause::RateLimitAnonymous, "rate limited. waiting"),
    Sign::symptom(Cause::RateLimitAnonymous, "rate limited:"),
    Sign::symptom(Cause::RateLimitAnonymous, "rate limit").with(&["exceeded", "429", "reached", "hit"]).without(&[
        "docker",
        "github",
        "pypi",
        "openai",
        "anthropic",
    ]),
    Sign::decisive(Cause::RateLimitCdn, "error code: 1015"),
    Sign::decisive(Cause::RateLimitCdn, "<code>slowdown</code>"),
    Sign::decisive(Cause::RateLimitCdn, "you are being rate limited"),
];

fn wants(case: &Case) -> BTreeSet<Want> {
    match case.target {
        Some(_) => BTreeSet::from([Want::Resolve, Want::Record]),
        None => BTreeSet::from([Want::Control]),
    }
}

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    let live = live::look(case, seen);
    let mut log = log_findings(case, CAUSES);
    let mut found: Vec<Finding> = live.limits.iter().map(|limit| finding(case, limit)).collect();
    correct_the_guess(&mut log, &mut found);
    for finding in &mut log {
        if !found.iter().any(|live| live.cause == finding.cause) {
            finish(case, &live, finding);
        }
    }
    found.extend(log);
    shared_address(case, seen, &live, &mut found);
    let mut conclusion = state(case, seen, &live);
    match forecast(case, seen, &live) {
        Forecast::Fits => {}
        Forecast::Waits(words) => conclusion = conclusion.note(words),
        Forecast::Fails(finding) => found.push(*finding),
    }
    for note in live.notes {
        conclusion = conclusion.note(note);
    }
    conclusion.with(found)
}

/// How the check ends when nothing is found.
fn state(case: &Case, seen: &Observations, live: &Live<'_>) -> Conclusion {
    if case.limits.offline {
        return Conclusion::skipped("not asked: --offline");
    }
    if let Some((glimpse, remaining)) = live.quota() {
        return Conclusion::ok(left(glimpse, remaining));
    }
    if let Some(glimpse) = live.glimpses.iter().find(|g| g.as_client) {
        return Conclusion::ok(format!("{} limits nothing, and names no quota", glimpse.writer.host));
    }
    let asked = if case.target.is_some() { seen.resolve() } else { seen.control() };
    let why = match asked {
        Ok(resolve) => resolve.as_client().as_ref().err().map(ToString::to_string),
        Err(unseen) => Some(unseen.to_string()),
    };
    Conclusion::unknown(why.unwrap_or_else(|| "no answer to read a limit from".to_owned()))
}

fn finding(case: &Case, limit: &Limit) -> Finding {
    let ends = limit.resets_at.map_or_else(|| guess(limit.cause, case.now), Ends::At);
    Finding::new(limit.cause, limit.certainty, limit.summary.clone())
        .with_evidence(limit.evidence.iter().cloned())
        .with_fixes(remedies(case, limit.cause, ends))
}

/// A log often shows a bare 429, and whose quota it was is a guess. What the Hub says now of the same caller is better: then
/// the log's lines are evidence of that.
fn correct_the_guess(log: &mut [Finding], live: &mut [Finding]) {
    const BY_APPLICATION: [Cause; 3] = [Cause::RateLimitAnonymous, Cause::RateLimitAccount, Cause::RateLimitIp];
    let Some(proven) =
        live.iter_mut().find(|f| BY_APPLICATION.contains(&f.cause) && f.certainty == Certainty::Confirmed)
    else {
        return;
    };
    for guessed in log.iter_mut().filter(|f| {
        BY_APPLICATION.contains(&f.cause)
            && f.cause != proven.cause
            && f.certainty < Certainty::Confirmed
            && f.bearing == Bearing::Failure
    }) {
        guessed.certainty = Certainty::Possible;
        guessed.bearing = Bearing::Condition;
        proven.evidence.append(&mut guessed.evidence);
    }
}

/// Adds to a finding of the log what can be told by now, and the remedies.
fn finish(case: &Case, live: &Live<'_>, finding: &mut Finding) {
    let said = finding.evidence.iter().find_map(|evidence| wait_in_words(&evidence.detail));
    let mut ends = match said.and_then(|wait| case.now.checked_add(wait)) {
        // When the log was written is not known: by then at the latest.
        Some(time) => Ends::About(time),
        None => guess(finding.cause, case.now),
    };
    if matches!(finding.cause, Cause::RateLimitAnonymous | Cause::RateLimitAccount)
        && let Some((glimpse, remaining)) = live.quota()
        && glimpse.block.is_none()
        && glimpse.answer.with_token == (finding.cause == Cause::RateLimitAccount)
        && remaining.left > 0
    {
        ends = Ends::Over;
        finding.evidence.push(Evidence::new(Source::Hub, format!("by now: {}", left(glimpse, remaining))));
    }
    for fix in remedies(case, finding.cause, ends) {
        if !finding.fixes.iter().any(|known| known.id == fix.id) {
            finding.fixes.push(fix);
        }
    }
}

/// Whether others use the same address: a proxy that all leave through, or a quota that falls without our doing.
fn shared_address(case: &Case, seen: &Observations, live: &Live<'_>, found: &mut Vec<Finding>) {
    let Some(limited) = found
        .iter_mut()
        .find(|f| matches!(f.cause, Cause::RateLimitAnonymous | Cause::RateLimitIp | Cause::RateLimitCdn))
    else {
        return;
    };
    let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    if let Some(name) = names.into_iter().find(|name| case.environment.non_empty(name).is_some()) {
        let detail = format!("`{name}` names a proxy: everybody who leaves through it has the same address");
        limited.evidence.push(Evidence::new(Source::Environment, detail));
    }
    if let Some(spent) = spent_by_others(&live.glimpses, seen.network().requests) {
        let detail = format!(
            "the quota of this address fell by {spent} requests within a second that hfdoctor did not send: others, or \
             another program here, use it too"
        );
        if limited.cause == Cause::RateLimitIp {
            limited.evidence.push(Evidence::new(Source::Hub, detail));
        } else {
            let summary = "this address is shared with others who send requests to the Hub";
            let finding = Finding::new(Cause::RateLimitIp, Certainty::Possible, summary)
                .bearing(Bearing::Condition)
                .saw(Source::Hub, detail)
                .with_fixes(remedies(case, Cause::RateLimitIp, guess(Cause::RateLimitIp, case.now)));
            found.push(finding);
        }
    }
}

#[cfg(test)]
mod loopback_tests;
#[cfg(test)]
pub(crate) mod tests;
