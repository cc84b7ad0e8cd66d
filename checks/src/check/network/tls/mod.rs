//! Certificates, trust stores, handshakes and the clock.

use crate::case::Case;
use crate::case::trust::Store;
use crate::check::network::reach::{self, set_variable, trust_the_authority, unset_variables};
use crate::check::{Check, Conclusion};
use crate::observe::route::fault::{Fault, fault};
use crate::observe::route::{ClientDistrust, Session};
use crate::observe::tls::{Distrust, TlsFault};
use crate::observe::{Observations, Route, Stores, Want};
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::text::list;

mod clock;
mod issuer;

use clock::{clock_offset, hours, out_of_dates};

const CAUSES: &[Cause] = &[Cause::TlsUntrustedCa, Cause::TlsClock, Cause::TlsHandshake];

/// The check.
pub static CHECK: Check = Check {
    name: "tls",
    about: "certificates, trust stores, handshakes and the clock",
    causes: CAUSES,
    wants: |case| {
        let mut wants = reach::wants(case);
        wants.insert(Want::Stores);
        wants
    },
    conclude,
};

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    let mut conclusion =
        if case.limits.offline { Conclusion::skipped("not asked: --offline") } else { live(case, seen) };
    if let Ok(stores) = seen.stores() {
        conclusion = conclusion.with(unusable_stores(stores));
    }
    conclusion.and_log(case, CAUSES, Source::Network)
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    let route = match seen.route() {
        Ok(route) => route,
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    if reach::mirror_is_to_blame(case, route, seen) {
        return Conclusion::ok("the mirror's host is the endpoint check's matter");
    }
    let stores = seen.stores().ok().map(AsRef::as_ref);
    match fault(route) {
        Some(Fault::Handshake(session, fault)) => Conclusion::ok("").with([broken(route, session, fault)]),
        Some(Fault::Untrusted(session)) => Conclusion::ok("").with([untrusted(case, route, session)]),
        Some(_) => Conclusion::unknown(format!("not tried: there is no connection to `{}`", route.host)),
        None => match route.session() {
            Some(session) => trusted(case, route, session, stores, seen),
            None => Conclusion::skipped("the endpoint is asked without TLS"),
        },
    }
}

/// Some store of this machine trusts the server. Does the client's?
fn trusted(case: &Case, route: &Route, session: &Session, stores: Option<&Stores>, seen: &Observations) -> Conclusion {
    let issuer = session.leaf().map_or("nobody", |leaf| leaf.issuer.as_str());
    let mut ok = Conclusion::ok(format!("the certificate of `{}` is trusted; signed by {issuer}", route.host));
    for (trust, judged) in &session.by_clients {
        let Err(ClientDistrust::Chain(why)) = judged else { continue };
        ok.add(client_distrusts(route, session, trust, why, stores));
    }
    if let Some(off) = clock_offset(case, seen).filter(|off| off.abs() > 3600.0) {
        ok = ok.note(format!("this machine's clock is off by {} against the server's `Date`", hours(off)));
    }
    ok
}

/// "curl works, Python does not": the operating system trusts the chain, the client's own store does not.
fn client_distrusts(
    route: &Route,
    session: &Session,
    trust: &crate::case::trust::Trust,
    why: &Distrust,
    stores: Option<&Stores>,
) -> Finding {
    let host = &route.host;
    let issuer = session.leaf().map(|leaf| leaf.issuer.clone()).unwrap_or_default();
    let by_system = session.by_system.is_ok();
    let summary = match issuer::product(&session.certificates) {
        Some(product) => format!("{product} intercepts TLS to `{host}`, and {} does not trust it", trust.client),
        None if by_system => {
            format!("the operating system trusts the certificate of `{host}`, {} does not", trust.client)
        }
        None => format!("{} does not trust the certificate of `{host}`", trust.client),
    };
    let certainty = if trust.installed { Certainty::Confirmed } else { Certainty::Likely };
    let mut finding = Finding::new(Cause::TlsUntrustedCa, certainty, summary)
        .saw(Source::Network, format!("the certificate of `{host}` is signed by {issuer}"))
        .saw(Source::Client, format!("{} trusts {}: {why}", trust.client, trust.words()));
    if by_system {
        finding = finding
            .saw(Source::Network, "the operating system's store vouches for it: programs that use that store work");
    }
    finding.with_fixes(point_to_system(trust.variable, trust.steered_by, by_system, stores))
}

/// The variable set to a bundle that verifies, or unset when the client's own choice would do.
fn point_to_system(
    variable: Option<&'static str>,
    steered_by: &'static str,
    by_system: bool,
    stores: Option<&Stores>,
) -> Vec<Fix> {
    let bundle = stores.and_then(|s| s.system_bundle.as_ref());
    let mut fixes = Vec::new();
    if let (Some(bundle), true) = (bundle, by_system) {
        let title = format!("let the client trust the operating system's bundle by `{steered_by}`");
        fixes.push(set_variable("ca-system-bundle", Risk::Safe, title, steered_by, &bundle.to_string_lossy()));
    }
    if let Some(variable) = variable {
        let title = format!("unset `{variable}`, which replaces the client's own certificates");
        fixes.push(unset_variables("ca-unset", Risk::Ask, title, &[variable]));
    }
    if fixes.is_empty() || steered_by == "REQUESTS_CA_BUNDLE" {
        fixes.push(
            Fix::manual(
                "hub-upgrade",
                "upgrade huggingface_hub: from 2.0 on it trusts what the operating system trusts",
            )
            .command("pip install -U huggingface_hub"),
        );
    }
    fixes
}

/// Nobody on this machine trusts the server.
fn untrusted(case: &Case, route: &Route, session: &Session) -> Finding {
    let host = &route.host;
    let Err(why) = &session.by_any else { return Finding::new(Cause::TlsUntrustedCa, Certainty::Possible, "") };
    if let Some(finding) = out_of_dates(case, route, session, why) {
        return finding;
    }
    let leaf = session.leaf();
    let issuer = leaf.map_or_else(|| "nobody".to_owned(), |leaf| leaf.issuer.clone());
    let product = issuer::product(&session.certificates);
    let self_signed = leaf.is_some_and(|leaf| leaf.self_signed);
    let summary = match (&product, why) {
        (Some(product), _) => format!("{product} intercepts TLS to `{host}`, and nothing on this machine trusts it"),
        (None, Distrust::WrongName) => format!("the certificate that answers for `{host}` is for other names"),
        (None, Distrust::Expired) => format!("the certificate of `{host}` has expired"),
        (None, Distrust::UnknownIssuer) if self_signed => format!("`{host}` answers with a self-signed certificate"),
        (None, Distrust::UnknownIssuer) => {
            format!("`{host}` answers with a certificate of an unknown issuer, {issuer}")
        }
        (None, other) => format!("the certificate of `{host}` is not trusted: {other}"),
    };
    let mut finding = Finding::new(Cause::TlsUntrustedCa, Certainty::Confirmed, summary);
    if let Some(leaf) = leaf {
        finding = finding.saw(Source::Network, format!("subject {}, signed by {}", leaf.subject, leaf.issuer));
        if !session.names_host {
            let names: Vec<String> = leaf.names.iter().take(4).cloned().collect();
            finding = finding.saw(Source::Network, format!("it is made out to {}", list(&names)));
        }
    }
    if let Some(root) = session.certificates.last().filter(|c| c.self_signed && session.certificates.len() > 1) {
        finding = finding.saw(Source::Network, format!("the chain ends in {}, sha256 {}", root.subject, root.sha256));
    }
    if let Some(proxied) = &route.proxied {
        finding = finding.saw(Source::Network, format!("seen through the proxy {}", proxied.setting.shown()));
    }
    finding.with_fixes(trust_the_authority(case, route))
}

/// The handshake breaks.
fn broken(route: &Route, session: &Session, fault: &TlsFault) -> Finding {
    let host = &route.host;
    let summary = match fault {
        TlsFault::NotTls => format!("what answers for `{host}` on port {} speaks no TLS", route.port),
        TlsFault::Alert(word) => format!("`{host}` refuses the TLS handshake: alert `{word}`"),
        TlsFault::Incompatible(_) => format!("what answers for `{host}` speaks no TLS that today's clients speak"),
        _ => format!("the TLS handshake with `{host}` breaks: {fault}"),
    };
    let mut finding = Finding::new(Cause::TlsHandshake, Certainty::Confirmed, summary)
        .saw(Source::Network, format!("handshake with `{host}`: {fault}"));
    if let Some(Err(fault)) = &session.unnamed {
        finding = finding.saw(Source::Network, format!("without naming the host: {fault}"));
    }
    let fix = match fault {
        TlsFault::NotTls => {
            Fix::manual("port-check", "find out what answers there: a proxy, a portal, or a wrong port")
        }
        TlsFault::Incompatible(_) | TlsFault::Alert(_) => Fix::manual(
            "tls-gateway",
            "have the gateway on the way speak TLS 1.2 or 1.3, or leave the Hub's hosts alone",
        ),
        _ => Fix::manual(
            "filter-allow",
            format!("have the filter on the way let `{host}` through, or go another way: a proxy, a VPN"),
        )
        .note("a download needs huggingface.co and everything below hf.co: both suffixes for 443/tcp"),
    };
    finding.fix(fix.command(format!("curl -v -o /dev/null https://{host}/")))
}

/// Bundles that a client must use and cannot: it fails before it sends anything.
fn unusable_stores(stores: &Stores) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (trust, roots) in &stores.clients {
        let Err(why) = roots else { continue };
        let (Some(variable), Store::Path(_)) = (trust.variable, &trust.store) else { continue };
        let certainty = if trust.installed { Certainty::Confirmed } else { Certainty::Likely };
        let summary = format!("`{variable}` keeps {} from any TLS connection: {why}", trust.client);
        let finding = Finding::new(Cause::TlsUntrustedCa, certainty, summary)
            .saw(Source::Environment, format!("{}: {why}", trust.words()))
            .with_fixes(point_to_system(
                Some(variable),
                trust.steered_by,
                stores.system_bundle.is_some(),
                Some(stores),
            ));
        findings.push(if trust.installed { finding } else { finding.bearing(Bearing::Failure) });
    }
    findings
}
