//! Whether the hosts that serve the bytes can be reached.

use std::collections::BTreeSet;

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings};
use crate::diagnosis::{Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use crate::observe::storage::{Storage, XetHost};
use crate::observe::{Observations, Route, Want};
use crate::reach::{self, Fault, set_variable};

const CAUSES: &[Cause] = &[Cause::CdnBlocked];

/// The check.
pub static CHECK: Check = Check {
    name: "cdn",
    about: "whether the hosts that serve the bytes can be reached",
    causes: CAUSES,
    signs: SIGNS,
    wants: |case| {
        if case.limits.offline { BTreeSet::new() } else { BTreeSet::from([Want::Storage]) }
    },
    conclude,
};

const SIGNS: &[Sign] = &[];

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    if let Some(skipped) = reach::offline(case, CAUSES) {
        return skipped;
    }
    live(case, seen).with(log_findings(case, CAUSES))
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    let storage = match seen.storage() {
        Ok(Some(storage)) => storage,
        Ok(None) => return Conclusion::skipped("the Hub serves this itself, without a storage host"),
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    let host = &storage.host;
    if let Some(finding) = unreachable(storage).or_else(|| refused(case, storage)) {
        return Conclusion::ok("").with([finding]);
    }
    if storage.transfer.status.is_err() {
        let why = storage.transfer.status.as_ref().err().map(ToString::to_string).unwrap_or_default();
        return Conclusion::unknown(format!("`{host}`: {why}"));
    }
    let ok = Conclusion::ok(format!("`{host}` serves {}", storage.file));
    match storage.xet.iter().find(|xet| closed(xet)) {
        Some(xet) if uses_xet(case) => ok.with([xet_blocked(case, storage, xet)]),
        Some(xet) => ok.note(format!(
            "the Xet host `{}` cannot be reached; where hf_xet is used, set HF_HUB_DISABLE_XET=1",
            xet.route.host
        )),
        None => ok,
    }
}

/// What keeps a client from a host, in words.
fn obstacle(route: &Route) -> Option<String> {
    Some(match reach::fault(route)? {
        Fault::Lookup(fault) => format!("its name does not resolve: {fault}"),
        Fault::Misdirected(why) => why.into_iter().next().unwrap_or_default(),
        Fault::Connection(fault) => fault.to_string(),
        Fault::Handshake(_, fault) | Fault::Filtered(_, fault) => fault.to_string(),
        Fault::Untrusted(session) => match &session.by_any {
            Err(why) => format!("its certificate is not trusted: {why}"),
            Ok(()) => return None,
        },
        Fault::Proxy(setting, fault) => format!("through the proxy {}: {fault}", setting.shown()),
        Fault::ProxyText => return None,
    })
}

fn unreachable(storage: &Storage) -> Option<Finding> {
    let host = &storage.host;
    let why = obstacle(&storage.route)?;
    // A request that came through all the same says more than the walk.
    if storage.transfer.status.is_ok() {
        return None;
    }
    let summary = format!("the Hub answers, but `{host}`, which serves the bytes, cannot be reached: {why}");
    let mut finding = Finding::new(Cause::CdnBlocked, Certainty::Confirmed, summary)
        .saw(Source::Hub, format!("the Hub redirects {} to `{host}`", storage.file))
        .saw(Source::Network, format!("`{host}`: {why}"));
    if let Err(failure) = &storage.transfer.status {
        finding = finding.saw(Source::Network, format!("the request for its bytes: {failure}"));
    }
    Some(finding.with_evidence(reach::neutral_evidence(&storage.route)).fix(allow(host)))
}

/// The storage answers, and refuses.
fn refused(case: &Case, storage: &Storage) -> Option<Finding> {
    let status = *storage.transfer.status.as_ref().ok()?;
    let host = &storage.host;
    match status {
        200..=399 | 429 => None,
        500..=599 => {
            let summary = format!("`{host}`, which serves the bytes, fails with {status}");
            Some(
                Finding::new(Cause::CdnBlocked, Certainty::Likely, summary)
                    .with_evidence(said(storage))
                    .fix(Fix::manual("cdn-wait", "wait and try again: the storage's own fault passes")),
            )
        }
        _ => {
            let clock = storage.transfer.said.contains("expired");
            let summary = format!("`{host}`, which serves the bytes, refuses with {status}");
            let mut finding =
                Finding::new(Cause::CdnBlocked, Certainty::Confirmed, summary).with_evidence(said(storage));
            if clock {
                finding = finding.saw(Source::Network, "it calls the link expired, which was made a second ago");
            }
            let finding = finding.fix(allow(host));
            Some(if uses_xet(case) || storage.xet.is_empty() {
                finding
            } else {
                finding.fix(
                    Fix::manual("xet-use", "let the client take the other road to the bytes: Xet")
                        .command("pip install -U hf_xet"),
                )
            })
        }
    }
}

fn said(storage: &Storage) -> Vec<crate::diagnosis::Evidence> {
    let transfer = &storage.transfer;
    let mut evidence = Vec::new();
    if let Ok(status) = transfer.status {
        let server = transfer.server.as_ref().map(|s| format!(", `Server: {s}`")).unwrap_or_default();
        evidence.push(crate::diagnosis::Evidence::new(
            Source::Network,
            format!("`{}` answers {status}{server}", storage.host),
        ));
    }
    if !transfer.said.is_empty() {
        evidence.push(crate::diagnosis::Evidence::new(Source::Network, format!("it says: {}", transfer.said)));
    }
    evidence
}

/// Whether a Xet host is out of reach. A host that was not named is only believed closed when something answers for it
/// in a way that a filter does, not when its name is merely unknown.
fn closed(xet: &XetHost) -> bool {
    match reach::fault(&xet.route) {
        None | Some(Fault::ProxyText) => false,
        Some(Fault::Lookup(_)) => xet.named,
        Some(_) => true,
    }
}

fn uses_xet(case: &Case) -> bool {
    !case.settings.xet_disabled && case.clients.package("hf_xet").is_some()
}

fn xet_blocked(case: &Case, storage: &Storage, xet: &XetHost) -> Finding {
    let host = &xet.route.host;
    let why = obstacle(&xet.route).unwrap_or_default();
    let summary =
        format!("the Xet host `{host}` cannot be reached, plain downloads from `{}` can: {why}", storage.host);
    let certainty = if xet.named { Certainty::Confirmed } else { Certainty::Likely };
    let finding = Finding::new(Cause::CdnBlocked, certainty, summary)
        .saw(Source::Network, format!("`{host}`: {why}"))
        .saw(Source::Network, format!("`{}` serves {} over plain HTTPS", storage.host, storage.file));
    let finding = if case.log.is_none() { finding } else { finding.bearing(Bearing::Failure) };
    finding
        .fix(set_variable(
            "xet-disable",
            Risk::Safe,
            "download over plain HTTPS instead of Xet",
            "HF_HUB_DISABLE_XET",
            "1",
        ))
        .fix(allow(host))
}

fn allow(host: &str) -> Fix {
    Fix::manual("storage-allow", format!("have the firewall or proxy let `{host}` through on port 443")).note(
        "storage hosts change: allow the suffixes hf.co and huggingface.co; `*.hf.co` does not cover us.aws.cdn.hf.co",
    )
}
