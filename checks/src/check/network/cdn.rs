//! Whether the hosts that serve the bytes can be reached.

use std::collections::BTreeSet;

use crate::case::Case;
use crate::case::proxy::Setting;
use crate::check::network::reach::{self, another_name_server, trust_the_authority, unset_line, without_xet};
use crate::check::{Check, Conclusion};
use crate::observe::http::Failure;
use crate::observe::layer::limits_transfers;
use crate::observe::proxy::ProxyFault;
use crate::observe::route::Session;
use crate::observe::route::fault::{Fault, fault};
use crate::observe::storage::{Storage, XetHost};
use crate::observe::tls::{Distrust, TlsFault};
use crate::observe::{Observations, Route, Want};
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Finding, Fix, Source};

const CAUSES: &[Cause] = &[
    Cause::CdnBlocked,
    Cause::DnsFailure,
    Cause::TlsUntrustedCa,
    Cause::TlsHandshake,
    Cause::CaptivePortal,
    Cause::ProxyUnreachable,
];

/// The check.
pub static CHECK: Check = Check {
    name: "cdn",
    about: "whether the hosts that serve the bytes can be reached",
    causes: CAUSES,
    wants: |case| {
        if case.limits.offline { BTreeSet::new() } else { BTreeSet::from([Want::Storage]) }
    },
    conclude,
};

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    reach::conclude(case, seen, &[Cause::CdnBlocked], Source::Network, live)
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    let storage = match seen.storage() {
        Ok(Some(storage)) => storage,
        Ok(None) => return Conclusion::skipped("the Hub serves this itself, without a storage host"),
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    let host = &storage.host;
    if let Some(finding) = unreachable(case, storage).or_else(|| refused(case, storage)).or_else(|| impostor(storage)) {
        return Conclusion::ok("").with([finding]);
    }
    if let Err(Failure::Broken(why)) = &storage.transfer.status {
        let summary = format!("what answers for `{host}`, which serves the bytes, does not speak as it should: {why}");
        let finding = Finding::new(Cause::CdnBlocked, Certainty::Likely, summary)
            .saw(Source::Network, format!("connection and TLS with `{host}` stand; its answer: {why}"))
            .fix(allow(host));
        return Conclusion::ok("").with([finding]);
    }
    if let Some(answer) = storage.transfer.answer.as_ref().filter(|answer| limits_transfers(answer)) {
        return Conclusion::ok(format!("`{host}` can be reached; it limits requests with {}", answer.status));
    }
    if storage.transfer.status.is_err() {
        let why = storage.transfer.status.as_ref().err().map(ToString::to_string).unwrap_or_default();
        return Conclusion::unknown(format!("`{host}`: {why}"));
    }
    let ok = Conclusion::ok(format!("`{host}` serves {}", storage.file));
    match storage.xet.iter().find(|xet| closed(xet)) {
        Some(xet) if case.uses_xet() => ok.with([xet_blocked(case, storage, xet)]),
        Some(xet) => ok.note(format!(
            "the Xet host `{}` cannot be reached; where hf_xet is used, set HF_HUB_DISABLE_XET=1",
            xet.route.host
        )),
        None => ok,
    }
}

/// What keeps a client from a host, in words.
fn obstacle(route: &Route) -> Option<String> {
    Some(match fault(route)? {
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

fn unreachable(case: &Case, storage: &Storage) -> Option<Finding> {
    let host = &storage.host;
    let why = obstacle(&storage.route)?;
    // A request that came through all the same says more than the walk.
    if storage.transfer.status.is_ok() {
        return None;
    }
    // A name that does not resolve and a forged certificate are not the storage's alone: they have their own remedies.
    let (cause, fixes) = match fault(&storage.route) {
        Some(Fault::Lookup(_) | Fault::Misdirected(_)) => (Cause::DnsFailure, another_name_server(case, false)),
        Some(Fault::Untrusted(session)) if !out_of_its_dates(session) => {
            (Cause::TlsUntrustedCa, trust_the_authority(case, &storage.route))
        }
        Some(Fault::Handshake(_, TlsFault::Alert(_) | TlsFault::Incompatible(_) | TlsFault::NotTls)) => {
            (Cause::TlsHandshake, vec![allow(host)])
        }
        // The Hub itself is excepted from the proxy, or an earlier connection to it still stood.
        Some(Fault::Proxy(
            setting,
            ProxyFault::Dns(_) | ProxyFault::Tcp(_) | ProxyFault::Silent(_) | ProxyFault::Closed,
        )) => (Cause::ProxyUnreachable, vec![without_the_proxy(setting)]),
        _ => (Cause::CdnBlocked, vec![allow(host)]),
    };
    let summary = match cause {
        Cause::DnsFailure => format!("the Hub answers, but the host that serves the bytes, `{host}`: {why}"),
        _ => format!("the Hub answers, but `{host}`, which serves the bytes, cannot be reached: {why}"),
    };
    let mut finding = Finding::new(cause, Certainty::Confirmed, summary)
        .saw(Source::Hub, format!("the Hub redirects {} to `{host}`", storage.file))
        .saw(Source::Network, format!("`{host}`: {why}"));
    if let Err(failure) = &storage.transfer.status {
        finding = finding.saw(Source::Network, format!("the request for its bytes: {failure}"));
    }
    Some(finding.with_evidence(reach::neutral_evidence(&storage.route)).with_fixes(fixes))
}

/// Whether a certificate's dates are what is wrong with it.
fn out_of_its_dates(session: &Session) -> bool {
    matches!(session.by_any, Err(Distrust::Expired | Distrust::NotYetValid))
}

/// The storage answers, and refuses.
fn refused(case: &Case, storage: &Storage) -> Option<Finding> {
    let status = *storage.transfer.status.as_ref().ok()?;
    let host = &storage.host;
    if storage.transfer.answer.as_ref().is_some_and(limits_transfers) {
        return None;
    }
    match status {
        200..=399 => None,
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
            Some(if case.uses_xet() || storage.xet.is_empty() {
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

/// Success, with something else than the file.
fn impostor(storage: &Storage) -> Option<Finding> {
    let host = &storage.host;
    let answer = storage.transfer.answer.as_ref().filter(|answer| matches!(answer.status, 200 | 206))?;
    let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let name = storage.file.to_ascii_lowercase();
    if kind.contains("text/html") && ![".html", ".htm", ".xhtml"].iter().any(|end| name.ends_with(end)) {
        let summary = format!(
            "something answers for `{host}`, which serves the bytes, with a page in the file's place: a login page or a \
             filter's block page"
        );
        let finding =
            Finding::new(Cause::CaptivePortal, Certainty::Confirmed, summary).with_evidence(said(storage)).saw(
                Source::Network,
                format!("`Content-Type: {}` for {}", crate::observe::tls::clean(&kind), storage.file),
            );
        return Some(finding.fix(allow(host)));
    }
    let whole = match answer.status {
        206 => answer.header("content-range")?.rsplit_once('/')?.1.trim().parse().ok()?,
        _ => storage.transfer.promised?,
    };
    let expected: u64 = storage.redirect.header("x-linked-size")?.trim().parse().ok()?;
    if whole == expected || answer.headers.contains_key("content-encoding") {
        return None;
    }
    let summary =
        format!("what `{host}` serves for {} is another file: {whole} bytes instead of {expected}", storage.file);
    let finding = Finding::new(Cause::CdnBlocked, Certainty::Likely, summary).with_evidence(said(storage));
    Some(finding.fix(allow(host)))
}

fn said(storage: &Storage) -> Vec<hfdoctor_core::diagnosis::Evidence> {
    let transfer = &storage.transfer;
    let mut evidence = Vec::new();
    if let Ok(status) = transfer.status {
        let server = transfer.server.as_ref().map(|s| format!(", `Server: {s}`")).unwrap_or_default();
        evidence.push(hfdoctor_core::diagnosis::Evidence::new(
            Source::Network,
            format!("`{}` answers {status}{server}", storage.host),
        ));
    }
    if !transfer.said.is_empty() {
        evidence.push(hfdoctor_core::diagnosis::Evidence::new(Source::Network, format!("it says: {}", transfer.said)));
    }
    evidence
}

/// Whether a Xet host is out of reach. A host that was not named is only believed closed when something answers for it
/// in a way that a filter does, not when its name is merely unknown.
fn closed(xet: &XetHost) -> bool {
    match fault(&xet.route) {
        None | Some(Fault::ProxyText) => false,
        Some(Fault::Lookup(_)) => xet.named,
        Some(_) => true,
    }
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
    finding.fix(without_xet("download over plain HTTPS instead of Xet")).fix(allow(host))
}

fn without_the_proxy(setting: &Setting) -> Fix {
    let title = format!("unset `{}`, or name the proxy that this network has today", setting.place);
    Fix::manual("proxy-correct", title).command(unset_line(&setting.place))
}

fn allow(host: &str) -> Fix {
    Fix::manual("storage-allow", format!("have the firewall or proxy let `{host}` through on port 443")).note(
        "storage hosts change: allow the suffixes hf.co and huggingface.co; `*.hf.co` does not cover us.aws.cdn.hf.co",
    )
}
