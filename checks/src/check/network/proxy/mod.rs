//! The proxy settings, and whether the proxy lets the download through.

mod remedies;
mod settings;

use self::remedies::{credentials, drop_or_correct, with_scheme};
use self::settings::{from_settings, malformed};
use crate::case::Case;
use crate::case::proxy::{Rules, Scheme, Setting, Way, exceptions, variables};
use crate::check::network::reach::{self, set_variable, unset_variables};
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::proxy::ProxyFault;
use crate::observe::route::{Direct, Proxied};
use crate::observe::{Observations, Route};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::text::list;

const CAUSES: &[Cause] = &[Cause::ProxyUnreachable, Cause::ProxyAuth, Cause::ProxyMisconfigured];

/// The check.
pub static CHECK: Check = Check {
    name: "proxy",
    about: "the proxy settings, and whether the proxy lets the download through",
    causes: CAUSES,
    wants: reach::wants,
    conclude,
};

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    if case.limits.offline {
        return from_settings(case).with(log_findings(case, CAUSES)).with(settings::behind_the_log(case));
    }
    let mut conclusion = live(case, seen).and_log(case, CAUSES, Source::Network);
    // What the log says of the proxy, held against what it does now: where it lets the Hub through, something else may
    // explain better why it once refused.
    if seen.route().ok().and_then(|route| route.proxied.as_ref()).is_some_and(Proxied::works) {
        for finding in conclusion.findings.iter_mut().filter(|finding| finding.cause == Cause::ProxyAuth) {
            finding.certainty = finding.certainty.min(Certainty::Likely);
        }
    }
    conclusion
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    let route = match seen.route() {
        Ok(route) => route,
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    if let Some(finding) = settings::at_start(case, Some(route)) {
        return Conclusion::ok("").with([finding]);
    }
    if let Some(proxied) = &route.proxied {
        return through(case, route, proxied);
    }
    let passed_by = match &route.way {
        Way::Excepted { setting, .. } => Some(setting),
        _ => None,
    };
    // The way that the client goes fails: does one of the proxies that it does not use lead there?
    if let Some(found) = route.others.iter().find(|p| p.works()) {
        return Conclusion::ok("").with([unused(case, route, found)]);
    }
    if let Some(knocking) = route.others.iter().find(|p| p.opened()).filter(|_| !route.works()) {
        return Conclusion::ok("no proxy is set").note(format!(
            "{} names the proxy {}, which opens a tunnel to `{}`",
            knocking.setting.place,
            knocking.setting.shown(),
            route.host
        ));
    }
    if route.works() || route.direct.as_ref().is_some_and(Direct::connected) {
        return match (passed_by, set_but_unused(case, route)) {
            (Some(setting), _) => {
                Conclusion::ok(format!("`{}` does not apply: NO_PROXY excepts `{}`", setting.place, route.host))
            }
            (None, Some(note)) => Conclusion::ok("no proxy is set for this host").note(note),
            (None, None) => Conclusion::ok("no proxy is set, and none is needed"),
        };
    }
    Conclusion::ok("no proxy is set, and the system knows of none")
}

/// Variables that are set, although the client goes straight.
fn set_but_unused(case: &Case, route: &Route) -> Option<String> {
    let set = variables(&case.environment);
    let names: Vec<String> = set.iter().map(|s| format!("`{}`", s.place)).collect();
    (route.way == Way::Direct && !names.is_empty()).then(|| {
        format!("{} is set, which {} does not use for `{}`", list(&names), Rules::of(&case.clients).words(), route.host)
    })
}

fn through(case: &Case, route: &Route, proxied: &Proxied) -> Conclusion {
    let setting = &proxied.setting;
    let way = match &proxied.outcome {
        Ok(way) => way,
        Err(why) => return Conclusion::ok("").with([malformed(case, setting, why, Some(route))]),
    };
    match &way.tunnel {
        Ok(()) => {
            let mut ok = Conclusion::ok(format!("the proxy {} lets `{}` through", setting.shown(), route.host));
            if let Some(note) = contradiction(case, setting) {
                ok = ok.note(note);
            }
            ok
        }
        Err(fault) => Conclusion::ok("").with([refused(case, route, setting, fault)]),
    }
}

/// Two variables for the same thing with different values: other clients take the other one.
fn contradiction(case: &Case, setting: &Setting) -> Option<String> {
    let other = variables(&case.environment)
        .into_iter()
        .find(|o| o.place.eq_ignore_ascii_case(&setting.place) && !o.same_proxy_as(setting))?;
    Some(format!("`{}` and `{}` name different proxies; `{}` is used here", setting.place, other.place, setting.place))
}

fn refused(case: &Case, route: &Route, setting: &Setting, fault: &ProxyFault) -> Finding {
    let place = &setting.place;
    let shown = setting.shown();
    let host = &route.host;
    let straight = straight_works(route);
    let finding = match fault {
        ProxyFault::Dns(_) | ProxyFault::Tcp(_) | ProxyFault::Silent(_) | ProxyFault::Closed => Finding::new(
            Cause::ProxyUnreachable,
            Certainty::Confirmed,
            format!("the proxy {shown} of `{place}` cannot be used: {fault}"),
        )
        .with_fixes(drop_or_correct(case, route, setting)),
        // 401 in the place of 407 is what tinyproxy says to a wrong password.
        ProxyFault::Refused(head) if head.status == 407 || (head.status == 401 && setting.has_credentials()) => {
            let methods: Vec<String> = head.all("proxy-authenticate").map(method).collect();
            let summary = if setting.has_credentials() {
                format!("the proxy {shown} of `{place}` rejects its credentials ({})", head.status)
            } else {
                format!("the proxy {shown} of `{place}` wants credentials, and `{place}` has none (407)")
            };
            let mut finding = Finding::new(Cause::ProxyAuth, Certainty::Confirmed, summary);
            if !methods.is_empty() {
                finding = finding.saw(Source::Network, format!("it offers {}", list(&methods)));
            }
            finding.with_fixes(credentials(case, route, setting, &methods))
        }
        ProxyFault::SocksCredentials => Finding::new(
            Cause::ProxyAuth,
            Certainty::Confirmed,
            format!("the SOCKS proxy {shown} of `{place}` does not take these credentials"),
        )
        .with_fixes(credentials(case, route, setting, &[])),
        ProxyFault::Refused(head) if matches!(head.status, 401 | 403 | 451) => {
            forbidden(case, route, setting, &format!("{} {}", head.status, head.reason))
        }
        ProxyFault::SocksRefused(why @ "not allowed by its rules") => forbidden(case, route, setting, why),
        ProxyFault::Refused(head) if matches!(head.status, 500..=599) && head.status != 501 => {
            let summary =
                format!("the proxy {shown} of `{place}` cannot reach `{host}`: {} {}", head.status, head.reason);
            let certainty = if straight { Certainty::Confirmed } else { Certainty::Likely };
            Finding::new(Cause::ProxyMisconfigured, certainty, summary)
                .with_fixes(drop_or_correct(case, route, setting))
        }
        ProxyFault::SocksRefused(why) => {
            let summary = format!("the SOCKS proxy {shown} of `{place}` cannot reach `{host}`: {why}");
            let certainty = if straight { Certainty::Confirmed } else { Certainty::Likely };
            Finding::new(Cause::ProxyMisconfigured, certainty, summary)
                .with_fixes(drop_or_correct(case, route, setting))
        }
        ProxyFault::Tls { plain: true, .. } => {
            let summary = format!("`{place}` calls the proxy {shown} by `https://`, but it speaks plain HTTP");
            Finding::new(Cause::ProxyMisconfigured, Certainty::Confirmed, summary)
                .with_fixes(with_scheme(setting, Scheme::Http))
                .with_fixes(drop_or_correct(case, route, setting))
        }
        ProxyFault::Tls { .. } | ProxyFault::NotProxy(_) | ProxyFault::Refused(_) => {
            let summary = format!("what answers at {shown} of `{place}` is no such proxy: {fault}");
            Finding::new(Cause::ProxyMisconfigured, Certainty::Confirmed, summary)
                .with_fixes(drop_or_correct(case, route, setting))
        }
    };
    let finding = finding
        .saw(Source::Environment, format!("`{place}={shown}`"))
        .saw(Source::Network, format!("a tunnel to {host}:{} through {shown}: {fault}", route.port));
    with_control(finding, route)
}

/// The control experiment: the same host without the proxy.
fn with_control(finding: Finding, route: &Route) -> Finding {
    let host = &route.host;
    let finding = match &route.direct {
        Some(direct) if direct.works() => finding.saw(Source::Network, format!("`{host}` answers without the proxy")),
        Some(_) => finding.saw(Source::Network, format!("`{host}` cannot be reached without the proxy either")),
        None => finding,
    };
    finding.with_evidence(reach::neutral_evidence(route))
}

fn straight_works(route: &Route) -> bool {
    route.direct.as_ref().is_some_and(Direct::works)
}

fn forbidden(case: &Case, route: &Route, setting: &Setting, words: &str) -> Finding {
    let (host, shown) = (&route.host, setting.shown());
    let summary = format!("the proxy {shown} of `{}` forbids `{host}`: {words}", setting.place);
    let ask = Fix::manual("proxy-allow", format!("have the proxy's administrator allow `{host}`"))
        .note("a download needs huggingface.co and everything below hf.co: both suffixes for 443/tcp");
    let finding = Finding::new(Cause::ProxyAuth, Certainty::Confirmed, summary);
    if straight_works(route) {
        // It serves other hosts: the least that helps is to go round it for this one.
        let mut fixes = drop_or_correct(case, route, setting);
        fixes.reverse();
        finding.with_fixes(fixes).fix(ask)
    } else {
        finding.fix(ask)
    }
}

/// `Basic realm="x"` is `Basic`.
fn method(challenge: &str) -> String {
    challenge.split_whitespace().next().unwrap_or("nothing that it names").to_owned()
}

/// The client goes straight and fails, and a proxy that it does not use leads to the Hub.
fn unused(case: &Case, route: &Route, found: &Proxied) -> Finding {
    let (host, shown) = (&route.host, found.setting.shown());
    let evidence = format!("`{host}` can be reached through {shown}");
    match &route.way {
        Way::Excepted { setting, variable, entry } if setting.same_proxy_as(&found.setting) => {
            let summary = format!("`{variable}` keeps clients from using the proxy for `{host}`, which is needed here");
            let listed = exceptions(&case.environment, Rules::of(&case.clients)).map(|(_, v)| v).unwrap_or_default();
            let left: Vec<&str> = listed.split(',').map(str::trim).filter(|e| !e.is_empty() && e != entry).collect();
            let title = format!("take `{entry}` out of `{variable}`");
            let fix = if left.is_empty() {
                unset_variables("no-proxy-unset", Risk::Ask, title, &[variable])
            } else {
                set_variable("no-proxy-correct", Risk::Ask, title, variable, &left.join(","))
            };
            Finding::new(Cause::ProxyMisconfigured, Certainty::Confirmed, summary)
                .saw(Source::Environment, format!("`{variable}` has the entry `{entry}`, which matches `{host}`"))
                .saw(Source::Network, evidence)
                .fix(fix)
        }
        _ => {
            let place = &found.setting.place;
            let summary = format!("this network needs a proxy: {place} names it, but `HTTPS_PROXY` is not set");
            let finding = Finding::new(Cause::ProxyMisconfigured, Certainty::Confirmed, summary)
                .saw(Source::Environment, format!("{place}: {shown}"))
                .saw(Source::Network, evidence);
            match found.setting.proxy() {
                Ok(proxy) if !proxy.has_credentials() => {
                    let title = "use the proxy that the system knows";
                    finding.fix(set_variable("proxy-set", Risk::Ask, title, "HTTPS_PROXY", &proxy.to_string()))
                }
                _ => finding.fix(
                    Fix::manual("proxy-set", "use the proxy that the system knows")
                        .command(format!("export HTTPS_PROXY=\"${place}\"")),
                ),
            }
        }
    }
}
