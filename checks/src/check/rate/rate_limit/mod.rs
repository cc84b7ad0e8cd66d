//! Whose request limit is reached, by which layer, and until when.

mod forecast;
pub(crate) mod live;
pub(crate) mod logged;
pub(crate) mod remedies;
pub(crate) mod workers;

use std::collections::BTreeSet;

use self::forecast::forecast;
use self::live::{Limit, Live, left, span};
use self::remedies::{Ends, guess, remedies};
use crate::case::Case;
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::limits::spent_by_others;
use crate::observe::{Observations, Want};
use hfdoctor_core::diagnosis::forecast::grouped;
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Evidence, Finding, Source};

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
    wants,
    conclude,
};

fn wants(case: &Case) -> BTreeSet<Want> {
    match case.target {
        _ if case.limits.offline => BTreeSet::new(),
        Some(_) => BTreeSet::from([Want::Resolve, Want::Record, Want::Storage]),
        None => BTreeSet::from([Want::Control, Want::Storage]),
    }
}

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    let live = live::look(case, seen);
    let mut log = log_findings(case, CAUSES);
    let mut found: Vec<Finding> = live.limits.iter().map(|limit| finding(case, limit)).collect();
    if let Some(log_read) = &case.log {
        for finding in log.iter_mut().filter(|finding| finding.bearing == Bearing::Failure) {
            logged::tell(case, log_read.facts(), finding);
        }
    }
    correct_the_guess(&mut log, &mut found);
    for finding in &mut log {
        if !found.iter().any(|live| live.cause == finding.cause) {
            finish(case, &live, finding);
        }
    }
    found.extend(log);
    let mut conclusion = state(case, seen, &live);
    if let Some(note) = shared_address(case, &live, &mut found) {
        conclusion = conclusion.note(note);
    }
    if let Some(words) = forecast(case, seen, &live) {
        let counted = |f: &&mut Finding| {
            f.bearing == Bearing::Failure && matches!(f.cause, Cause::RateLimitAnonymous | Cause::RateLimitAccount)
        };
        match found.iter_mut().find(counted) {
            Some(finding) => finding.evidence.push(Evidence::new(Source::Hub, words)),
            None => conclusion = conclusion.note(words),
        }
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
    let Some(proven) = live.iter_mut().find(|f| BY_APPLICATION.contains(&f.cause) && f.certainty > Certainty::Possible)
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
    let facts = case.log.as_ref().map(hfdoctor_core::log::Log::facts);
    let mut ends = logged::ends(case, facts, finding);
    let served = match facts {
        Some(facts) => live.serves_by_now(finding.cause, facts.host.as_ref().map(|host| host.value.as_str())),
        None => live.serves_by_now(finding.cause, None),
    };
    if let Some(served) = served {
        let age = facts.and_then(|facts| logged::age(case, facts));
        let age = age.map(|age| format!("the log's refusal is {} old; ", span(age))).unwrap_or_default();
        finding.evidence.push(Evidence::new(Source::Hub, format!("{age}by now: {served}")));
        ends = Ends::Over;
    } else if ends == Ends::Over
        && let Some(age) = facts.and_then(|facts| logged::age(case, facts))
    {
        let words = format!("the log's refusal is {} old: the window that it counted in has ended since", span(age));
        finding.evidence.push(Evidence::new(Source::Log, words));
    }
    for fix in remedies(case, finding.cause, ends) {
        if !finding.fixes.iter().any(|known| known.id == fix.id) {
            finding.fixes.push(fix);
        }
    }
}

/// Whether others use the same address: a proxy that all leave through, or a quota that falls without our doing. Where no
/// limit is met, that is a note.
fn shared_address(case: &Case, live: &Live<'_>, found: &mut Vec<Finding>) -> Option<String> {
    let spent = spent_by_others(&live.glimpses).map(|spent| {
        format!(
            "between two answers the quota of this address fell by {} requests that hfdoctor did not send: others, or \
             another program here, use it too",
            grouped(spent)
        )
    });
    let by_address = |f: &&mut Finding| {
        matches!(f.cause, Cause::RateLimitAnonymous | Cause::RateLimitIp | Cause::RateLimitCdn)
            && f.bearing == Bearing::Failure
    };
    let Some(limited) = found.iter_mut().find(by_address) else { return spent };
    let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    if let Some(name) = names.into_iter().find(|name| case.environment.non_empty(name).is_some()) {
        let detail = format!("`{name}` names a proxy: everybody who leaves through it has the same address");
        limited.evidence.push(Evidence::new(Source::Environment, detail));
    }
    let detail = spent?;
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
    None
}

#[cfg(test)]
mod loopback_tests;
#[cfg(test)]
pub(crate) mod tests;
