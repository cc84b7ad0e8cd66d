//! Whether the Hub's hosts can be reached.

use std::net::IpAddr;

use crate::case::Case;
use crate::check::network::reach;
use crate::check::{Check, Conclusion};
use crate::observe::dial::TcpFault;
use crate::observe::failure::Failure;
use crate::observe::route::fault::{Fault, fault};
use crate::observe::route::{Attempt, Direct, Route, Session};
use crate::observe::tls::TlsFault;
use crate::observe::{Observations, Want};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Source};
use hfdoctor_core::text::list;

const CAUSES: &[Cause] = &[Cause::ConnectionBlocked];

/// The check.
pub static CHECK: Check = Check {
    name: "connection",
    about: "whether the Hub's hosts can be reached",
    causes: CAUSES,
    wants: |case| {
        let mut wants = reach::wants(case);
        if !case.limits.offline && !case.settings.foreign_endpoint() {
            wants.insert(Want::OtherMirror);
        }
        wants
    },
    conclude,
};

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    reach::conclude(case, seen, CAUSES, Source::Network, live)
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    let route = match seen.route() {
        Ok(route) => route,
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    if reach::mirror_is_to_blame(case, route, seen) {
        return Conclusion::ok("the mirror's host is the endpoint check's matter");
    }
    match fault(route) {
        Some(Fault::Connection(fault)) => Conclusion::ok("").with([blocked(case, route, seen, fault)]),
        Some(Fault::Filtered(session, fault)) => Conclusion::ok("").with([filtered(case, route, seen, session, fault)]),
        Some(Fault::Lookup(_) | Fault::Misdirected(_)) => {
            Conclusion::unknown(format!("not tried: `{}` has no usable address", route.host))
        }
        Some(Fault::ProxyText | Fault::Proxy(..)) => {
            Conclusion::unknown(format!("not tried: the proxy is in the way of `{}`", route.host))
        }
        None if !case.settings.foreign_endpoint() => match reach::first_answer(case, seen) {
            Ok(Err(Failure::Broken(why))) => Conclusion::ok("").with([broken_off(case, route, seen, why)]),
            _ => reachable(route),
        },
        _ => reachable(route),
    }
}

/// Connection and TLS stand, and the request is not answered as HTTP is.
fn broken_off(case: &Case, route: &Route, seen: &Observations, why: &str) -> Finding {
    let host = &route.host;
    let summary = format!("`{host}` takes the connection, and then something breaks it off: {why}");
    let finding = Finding::new(Cause::ConnectionBlocked, Certainty::Likely, summary)
        .saw(Source::Network, format!("connection and TLS with `{host}` stand; the request: {why}"));
    round_it(case, route, seen, finding.with_evidence(reach::neutral_evidence(route)))
}

fn blocked(case: &Case, route: &Route, seen: &Observations, fault: &TcpFault) -> Finding {
    let host = &route.host;
    let world = route.neutral.as_ref().map(crate::observe::neutral::Neutral::reachable);
    let summary = match (fault, world) {
        (TcpFault::Forbidden, _) => format!("this system forbids connections to `{host}`"),
        (_, Some(true)) => format!("`{host}` cannot be reached, other hosts can: {fault}"),
        (_, Some(false)) => format!("`{host}` cannot be reached, and nothing else can: {fault}"),
        (_, None) => format!("`{host}` cannot be reached: {fault}"),
    };
    let mut finding = Finding::new(Cause::ConnectionBlocked, Certainty::Confirmed, summary);
    let attempts = route.direct.as_ref().map(|d| d.attempts.as_slice()).unwrap_or_default();
    for attempt in attempts.iter().take(6) {
        if let Err(fault) = &attempt.outcome {
            finding = finding.saw(Source::Network, format!("{}: {fault}", attempt.address));
        }
    }
    finding = finding.with_evidence(reach::neutral_evidence(route));
    if world == Some(false) {
        return finding.fix(
            Fix::manual("network-connect", "connect this machine to the network, or let it out through the firewall")
                .note("where only a proxy leads out, set `HTTPS_PROXY` to it"),
        );
    }
    round_it(case, route, seen, finding)
}

/// The ways round a host that alone is out of reach.
fn round_it(case: &Case, route: &Route, seen: &Observations, finding: Finding) -> Finding {
    let host = &route.host;
    let allow = Fix::manual("firewall-allow", format!("have the firewall let `{host}` through on port {}", route.port))
        .note("a download needs huggingface.co and everything below hf.co: allow both suffixes for 443/tcp");
    finding
        .with_evidence(reach::mirror_evidence(case, seen))
        .fix(allow)
        .with_fixes(reach::go_through_a_mirror(case, seen))
}

/// The connection stands, and what is said over it is swallowed or broken off.
fn filtered(case: &Case, route: &Route, seen: &Observations, session: &Session, fault: &TlsFault) -> Finding {
    let host = &route.host;
    let by_name = matches!(session.unnamed, Some(Ok(()) | Err(TlsFault::Alert(_))));
    let summary = if by_name {
        format!("a filter on the way blocks connections that name `{host}`: {fault}")
    } else {
        format!("connections to `{host}` are taken and then swallowed: {fault}")
    };
    let mut finding = Finding::new(Cause::ConnectionBlocked, Certainty::Confirmed, summary)
        .saw(Source::Network, format!("the TLS handshake with `{host}`: {fault}"));
    if by_name {
        let control = "the same address completes the handshake when the host is not named in it (SNI)";
        finding = finding.saw(Source::Network, control);
    }
    round_it(case, route, seen, finding.with_evidence(reach::neutral_evidence(route)))
}

/// All is well, or one family or one address is dead beside others.
fn reachable(route: &Route) -> Conclusion {
    let host = &route.host;
    let Some(direct) = &route.direct else {
        return Conclusion::ok(format!("`{host}` is reached through the proxy"));
    };
    if route.proxied.is_some() {
        return Conclusion::ok(format!("`{host}` is reached through the proxy"));
    }
    let quickest = direct.attempts.iter().filter_map(|a| a.outcome.as_ref().ok()).copied().reduce(f64::min);
    let ok = Conclusion::ok(match quickest {
        Some(milliseconds) => format!("`{host}` takes connections in {milliseconds:.0} ms"),
        None => format!("`{host}` takes connections"),
    });
    let silent = |a: &&Attempt| matches!(a.outcome, Err(TcpFault::Silent(_)));
    let dead: Vec<&Attempt> = direct.attempts.iter().filter(silent).collect();
    if dead.is_empty() {
        return ok;
    }
    let family_is_dead = |v6: bool| {
        let mut of_family = direct.attempts.iter().filter(|a| a.address.is_ipv6() == v6).peekable();
        of_family.peek().is_some() && of_family.all(|a| silent(&a))
    };
    let addresses = list(&dead.iter().map(|a| a.address.ip().to_string()).collect::<Vec<_>>());
    // Clients of Python try one address after the other in the system's order, each up to its whole timeout.
    let first_is_dead = direct.attempts.first().is_some_and(|a| silent(&a));
    if !first_is_dead {
        return ok.note(format!("`{host}` has addresses that do not answer, after ones that do: {addresses}"));
    }
    let v6 = family_is_dead(true);
    let summary = if v6 {
        format!("IPv6 leads nowhere on this network: clients wait for `{host}` over IPv6 before they try IPv4")
    } else {
        format!("{addresses}, which `{host}` resolves to first, does not answer; other addresses of it do")
    };
    let mut finding = Finding::new(Cause::ConnectionBlocked, Certainty::Likely, summary)
        .saw(Source::Network, format!("no answer from {addresses}"));
    if let Some(good) = direct.attempts.iter().find(|a| a.outcome.is_ok()) {
        finding = finding.saw(Source::Network, format!("{} answers", good.address.ip()));
    }
    ok.with([finding.fix(if v6 { prefer_ipv4() } else { avoid(direct) })])
}

fn prefer_ipv4() -> Fix {
    let fix = Fix::manual("ipv6-off", "prefer IPv4, or repair IPv6 on this network");
    if cfg!(target_os = "linux") {
        fix.command("echo 'precedence ::ffff:0:0/96 100' | sudo tee -a /etc/gai.conf")
    } else if cfg!(target_os = "macos") {
        fix.command("networksetup -setv6off Wi-Fi")
    } else {
        fix.command("netsh interface ipv6 set prefixpolicy ::ffff:0:0/96 100 4")
    }
}

fn avoid(direct: &Direct) -> Fix {
    let good: Vec<IpAddr> = direct.attempts.iter().filter(|a| a.outcome.is_ok()).map(|a| a.address.ip()).collect();
    Fix::manual("address-retry", "try again: the name servers hand out other addresses after a minute")
        .note(format!("these answered: {}", list(&good.iter().map(ToString::to_string).collect::<Vec<_>>())))
}
