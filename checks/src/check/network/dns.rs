//! Whether the Hub's names resolve, by the system and by the resolver itself.

use crate::case::Case;
use crate::check::network::reach::{self, another_name_server};
use crate::check::{Check, Conclusion};
use crate::observe::dns::{DnsFault, Opinion, ServerFault, hosts_file};
use crate::observe::route::fault::{Fault, fault};
use crate::observe::{Observations, Route};
use hfdoctor_core::diagnosis::{Cause, Certainty, Evidence, Finding, Fix, Source};
use hfdoctor_core::text::list;

const CAUSES: &[Cause] = &[Cause::DnsFailure];

/// The check.
pub static CHECK: Check = Check {
    name: "dns",
    about: "whether the Hub's names resolve, by the system and by the resolver itself",
    causes: CAUSES,
    wants: reach::wants,
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
    let host = &route.host;
    if reach::mirror_is_to_blame(case, route, seen) {
        return Conclusion::ok("names resolve; the mirror's own is the endpoint check's matter");
    }
    match fault(route) {
        Some(Fault::Lookup(fault)) => Conclusion::ok("").with([unresolved(case, route, fault)]),
        Some(Fault::Misdirected(why)) => Conclusion::ok("").with([misdirected(case, route, why)]),
        _ => match route.direct.as_ref().and_then(|d| d.lookup.as_ref()) {
            Some(lookup) if lookup.addresses.is_ok() => match slow_server(route) {
                Some(why) => Conclusion::ok(format!("`{host}` resolves, slowly")).note(why),
                None => Conclusion::ok(format!("`{host}` resolves in {:.0} ms", lookup.milliseconds)),
            },
            Some(_) => Conclusion::ok(format!("`{host}` does not resolve here, and need not: the proxy resolves it")),
            None if route.proxied.is_some() => Conclusion::ok(format!("the proxy resolves `{host}`")),
            None => Conclusion::ok(format!("`{host}` needs no lookup: the command line names its address")),
        },
    }
}

/// A dead server among several delays each lookup by seconds.
fn slow_server(route: &Route) -> Option<String> {
    let opinion = route.opinion.as_ref()?;
    let dead: Vec<String> = opinion
        .servers
        .iter()
        .filter(|s| matches!(s.answer, Err(ServerFault::Silent | ServerFault::Unreachable(_))))
        .map(|s| s.server.to_string())
        .collect();
    (!dead.is_empty() && !opinion.addresses().is_empty())
        .then(|| format!("name server {} does not answer: every lookup waits seconds for the next one", list(&dead)))
}

fn unresolved(case: &Case, route: &Route, fault: &DnsFault) -> Finding {
    let host = &route.host;
    let neutral_resolves = route.neutral.as_ref().is_some_and(|n| n.lookup.is_ok());
    let shut_in = route.neutral.as_ref().is_some_and(|n| !n.reachable());
    // A name server that says no is reached over some network.
    let served = route.opinion.as_ref().is_some_and(Opinion::any_answer);
    let no_network = shut_in && !served && !neutral_resolves;
    let summary = if neutral_resolves {
        format!("`{host}` does not resolve here, other names do")
    } else if no_network {
        format!("`{host}` does not resolve, and nothing else can be reached: this machine has no working network")
    } else if shut_in {
        format!("`{host}` does not resolve, and nothing outside can be reached: this network lets nothing out directly")
    } else {
        format!("`{host}` does not resolve: name resolution does not work here")
    };
    let mut finding = Finding::new(Cause::DnsFailure, Certainty::Confirmed, summary)
        .saw(Source::Network, format!("looking up `{host}`: {fault}"));
    if let Some(opinion) = &route.opinion {
        finding = finding.with_evidence(server_evidence(opinion));
    }
    finding = finding.with_evidence(reach::neutral_evidence(route));
    if let Some(elsewhere) = route.elsewhere.as_ref().filter(|e| !e.is_empty()) {
        let addresses = list(&elsewhere.iter().take(3).map(ToString::to_string).collect::<Vec<_>>());
        finding = finding.saw(Source::Network, format!("1.1.1.1, asked over HTTPS, resolves it to {addresses}"));
    }
    if shut_in && served && !neutral_resolves {
        finding = finding
            .fix(Fix::manual("proxy-ask", "ask which proxy leads out of this network, and set `HTTPS_PROXY` to it"));
    }
    finding.with_fixes(another_name_server(case, no_network))
}

fn misdirected(case: &Case, route: &Route, why: Vec<String>) -> Finding {
    let host = &route.host;
    let pinned = route.opinion.as_ref().is_some_and(|o| {
        let addresses = route.direct.as_ref().and_then(|d| d.lookup.as_ref()?.addresses.as_ref().ok());
        addresses.is_some_and(|found| o.hosts_file.iter().any(|a| found.contains(a)))
    });
    let summary = if pinned {
        format!("the hosts file sends `{host}` to an address where the Hub is not")
    } else {
        format!("`{host}` resolves to an address where the Hub is not")
    };
    let mut finding = Finding::new(Cause::DnsFailure, Certainty::Confirmed, summary)
        .with_evidence(why.into_iter().map(|detail| Evidence::new(Source::Network, detail)));
    if let Some(direct) = &route.direct {
        for attempt in direct.attempts.iter().take(3) {
            if let Err(fault) = &attempt.outcome {
                finding = finding.saw(Source::Network, format!("{}: {fault}", attempt.address));
            }
        }
    }
    if let Some(opinion) = &route.opinion {
        finding = finding.with_evidence(server_evidence(opinion));
    }
    if pinned {
        let file = hosts_file(&case.environment);
        let pattern = host.replace('.', r"\.");
        let mut fix = Fix::manual("hosts-unpin", format!("take `{host}` out of {}", file.display()));
        fix = if cfg!(windows) {
            fix.command(format!("notepad {}", file.display()))
        } else {
            fix.command(format!("sudo sed -i.bak '/{pattern}/d' {}", file.display()))
        };
        return finding.fix(fix);
    }
    finding.with_fixes(another_name_server(case, false))
}

fn server_evidence(opinion: &Opinion) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = opinion
        .servers
        .iter()
        .map(|server| {
            let answer = match &server.answer {
                Ok(addresses) => list(&addresses.iter().take(3).map(ToString::to_string).collect::<Vec<_>>()),
                Err(fault) => fault.to_string(),
            };
            Evidence::new(Source::Network, format!("name server {}: {answer}", server.server))
        })
        .collect();
    if let Some(why) = &opinion.unread {
        evidence.push(Evidence::new(Source::Environment, format!("the system's name servers are not known: {why}")));
    } else if opinion.servers.is_empty() {
        evidence.push(Evidence::new(Source::Environment, "no name server is configured"));
    }
    evidence
}
