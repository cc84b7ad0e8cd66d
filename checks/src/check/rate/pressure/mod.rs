//! What provokes a limit: parallel connections and retries without a pause.

#![allow(clippy::similar_names, reason = "case and cause are the words of this program")]

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::case::Case;
use crate::check::rate::rate_limit::live::{self, Live};
use crate::check::rate::rate_limit::logged;
use crate::check::rate::rate_limit::remedies::{Ends, guess, remedies};
use crate::check::rate::rate_limit::workers::xet_variable;
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::downloads::{Download, Downloads, Program};
use crate::observe::layer::Layer;
use crate::observe::{Observations, Want};
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Evidence, Finding, Source};

const CAUSES: &[Cause] = &[Cause::TooParallel, Cause::RetryStorm];

/// The limits that they may provoke.
const PROVOKED: &[Cause] = &[
    Cause::RateLimitAnonymous,
    Cause::RateLimitAccount,
    Cause::RateLimitIp,
    Cause::RateLimitCdn,
    Cause::RateLimitMirror,
];

/// The check.
pub static CHECK: Check = Check {
    name: "pressure",
    about: "what provokes a limit: parallel connections and retries without a pause",
    causes: CAUSES,
    wants,
    conclude,
};

/// Up to here connections are usual: `hf download` has eight workers by default.
const USUAL: u32 = 8;
/// From here on they are called aggressive in the advice in circulation; no figure is published.
const MANY: u32 = 16;
/// The most processes that are listed one by one.
const MOST: usize = 8;

fn wants(case: &Case) -> BTreeSet<Want> {
    match case.target {
        // Without the network only the log can show a limit that something here would have provoked.
        _ if case.limits.offline && !limited_in_log(case) => BTreeSet::new(),
        _ if case.limits.offline => BTreeSet::from([Want::Downloads]),
        Some(_) => BTreeSet::from([Want::Downloads, Want::Resolve, Want::Record, Want::Route, Want::Storage]),
        None => BTreeSet::from([Want::Downloads, Want::Control, Want::Route, Want::Storage]),
    }
}

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    let live = live::look(case, seen);
    let mut log = log_findings(case, CAUSES);
    for finding in &mut log {
        if let Some(log) = case.log.as_ref().filter(|_| finding.bearing == Bearing::Failure) {
            logged::tell(case, log.facts(), finding);
        }
        let fixes = remedies(case, finding.cause, ends(case, &live));
        finding.fixes.extend(fixes);
    }
    if live.limits.is_empty() && !limited_in_log(case) {
        return Conclusion::ok("no limit is met that anything could provoke").with(log);
    }
    let conclusion = match seen.downloads() {
        Ok(downloads) => from_downloads(case, &live, &all(seen, downloads)),
        Err(why) => Conclusion::unknown(why.to_string()),
    };
    conclusion.with(from_variables(case, &live)).with(log)
}

fn limited_in_log(case: &Case) -> bool {
    log_findings(case, PROVOKED).iter().any(|finding| finding.bearing == Bearing::Failure)
}

/// The known programs, and the others that hold many connections to the hosts of the case.
fn all(seen: &Observations, downloads: &Downloads) -> Vec<Download> {
    let ways = [seen.route().ok(), seen.storage().ok().and_then(|s| s.as_ref()).map(|s| &s.route)];
    let direct = ways.into_iter().flatten().filter(|route| route.proxied.is_none());
    let addresses: Vec<SocketAddr> =
        direct.filter_map(|route| route.direct.as_ref()).flat_map(|d| &d.attempts).map(|a| a.address).collect();
    let mut all = downloads.running.clone();
    for busy in &downloads.busy {
        let connections = busy.connections_to(&addresses);
        match all.iter_mut().find(|known| known.pid == busy.pid) {
            // What is open says more than what an option allows.
            Some(known) if connections > known.connections => {
                known.connections = connections;
                known.to_hub = Some(true);
            }
            None if connections > USUAL => all.push(Download {
                pid: busy.pid,
                program: Program::Other,
                shown: busy.name.clone(),
                to_hub: Some(true),
                connections,
                without_pause: false,
            }),
            _ => {}
        }
    }
    all
}

fn from_downloads(case: &Case, live: &Live<'_>, downloads: &[Download]) -> Conclusion {
    let concerned: Vec<&Download> = downloads.iter().filter(|d| d.to_hub != Some(false)).collect();
    let total = concerned.iter().fold(0_u32, |sum, d| sum.saturating_add(d.connections));
    let mut found = Vec::new();
    if total > USUAL {
        found.push(too_parallel(case, live, &concerned, total));
    }
    let hasty: Vec<&Download> = concerned.iter().copied().filter(|d| d.without_pause).collect();
    if !hasty.is_empty() {
        let summary = "a download that runs here tries again and again without a pause";
        found.push(provoking(case, live, Cause::RetryStorm, summary.to_owned(), &hasty, true));
    }
    Conclusion::ok("no download runs here that is known to provoke a limit").with(found)
}

fn too_parallel(case: &Case, live: &Live<'_>, concerned: &[&Download], total: u32) -> Finding {
    let summary = match concerned {
        [one] => format!("`{}` runs here with up to {total} connections at once", one.shown),
        several => format!("{} downloads run here with up to {total} connections at once", several.len()),
    };
    let mut finding = provoking(case, live, Cause::TooParallel, summary, concerned, total >= MANY);
    if concerned.iter().any(|d| d.program == Program::Aria2) {
        finding.fixes.sort_by_key(|fix| fix.id != "fewer-connections");
    }
    finding
}

/// A finding of what runs, as sure as it can be.
///
/// Where the Hub names a used-up quota, that says more than how many connections there were: a quota counts requests. Where
/// nothing names a quota, what runs here explains the limit as well as the limit itself is proven.
fn provoking(
    case: &Case,
    live: &Live<'_>,
    cause: Cause,
    summary: String,
    downloads: &[&Download],
    strong: bool,
) -> Finding {
    let proven = live.limits.iter().map(|limit| limit.certainty).max();
    let to_hub = downloads.iter().any(|d| d.to_hub == Some(true));
    let named = live.limits.iter().any(|limit| limit.names_quota);
    let (certainty, bearing) = match proven {
        Some(proven) if to_hub && strong && !named => (proven, Bearing::Failure),
        Some(proven) if to_hub => (proven.min(Certainty::Likely), Bearing::Failure),
        // A list of addresses in a file is not read; and what runs now need not have run when the log was written.
        Some(_) | None => (Certainty::Possible, Bearing::Condition),
    };
    let mut evidence: Vec<Evidence> = downloads
        .iter()
        .take(MOST)
        .map(|d| {
            Evidence::new(
                Source::Client,
                match d.connections {
                    n if d.program == Program::Other => {
                        format!("process {}: `{}`, {n} connections open to the hosts of this download", d.pid, d.shown)
                    }
                    1 => format!("process {}: `{}`", d.pid, d.shown),
                    n => format!("process {}: `{}`, up to {n} connections", d.pid, d.shown),
                },
            )
        })
        .collect();
    if downloads.len() > MOST {
        evidence.push(Evidence::new(Source::Client, format!("and {} more", downloads.len() - MOST)));
    }
    // What this explains is shown under it, so that its proof has to stand here too.
    let limits = live.limits.iter().flat_map(|limit| limit.evidence.iter().take(2).cloned());
    Finding::new(cause, certainty, summary)
        .bearing(bearing)
        .with_evidence(evidence)
        .with_evidence(limits)
        .with_fixes(remedies(case, cause, ends(case, live)))
}

/// Variables that raise the number of connections to the storage. Requests to the Hub itself do not follow them.
fn from_variables(case: &Case, live: &Live<'_>) -> Option<Finding> {
    if !live.limits.iter().any(|limit| limit.layer == Layer::Storage) {
        return None;
    }
    let above = |name: &str, usual: u32| {
        let value: u32 = case.environment.var(name)?.trim().parse().ok()?;
        (value > usual).then(|| format!("`{name}={value}`"))
    };
    // Another version's variable is not read and raises nothing.
    let mut set: Vec<String> = xet_variable(case).and_then(|name| above(name, 16)).into_iter().collect();
    if case.environment.switch("HF_XET_HIGH_PERFORMANCE") {
        set.push("`HF_XET_HIGH_PERFORMANCE` is on".to_owned());
    }
    if set.is_empty() {
        return None;
    }
    Some(
        Finding::new(
            Cause::TooParallel,
            Certainty::Possible,
            "variables ask for many connections to the storage at once",
        )
        .bearing(Bearing::Condition)
        .saw(Source::Environment, set.join(", "))
        .with_fixes(remedies(case, Cause::TooParallel, ends(case, live))),
    )
}

fn ends(case: &Case, live: &Live<'_>) -> Ends {
    let latest = live.limits.iter().filter_map(|limit| limit.resets_at).max();
    let cause = live.limits.first().map_or(Cause::TooParallel, |limit| limit.cause);
    latest.map_or_else(|| guess(cause, case.now), Ends::At)
}

#[cfg(test)]
mod tests;
