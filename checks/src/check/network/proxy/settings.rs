//! What is wrong with the values of the proxy variables themselves, and what they make of a log.

use url::Url;

use super::remedies::drop_or_correct;
use super::with_control;
use crate::case::Case;
use crate::case::clients::Generation;
use crate::case::proxy::{
    Malformed, ProxyUrl, Rules, Setting, exceptions, of_client, setting_for, unread_by_httpx, way,
};
use crate::check::network::reach::{set_variable, unset_line};
use crate::check::{Conclusion, log_findings};
use crate::observe::route::Route;
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::hub::is_hub_host;

/// Without a look at the network.
pub(super) fn from_settings(case: &Case) -> Conclusion {
    if let Some(finding) = at_start(case, None) {
        return Conclusion::ok("").with([finding]);
    }
    let setting = setting_for(&case.environment, Rules::of(&case.clients), "https");
    match setting.as_ref().map(|setting| (setting, setting.proxy())) {
        None => Conclusion::skipped("no proxy is set"),
        Some((_, Ok(_))) => Conclusion::skipped("the proxy was not tried: --offline"),
        Some((setting, Err(why))) => Conclusion::ok("").with([malformed(case, setting, &why, None)]),
    }
}

/// What stops the client before it sends anything: a value that it does not read, or SOCKS that it cannot speak.
///
/// httpx makes a transport for every proxy variable, also for those that no request to the Hub would use (`Client.__init__`,
/// `_get_proxy_map`); requests looks at the one for the URL alone.
pub(super) fn at_start(case: &Case, route: Option<&Route>) -> Option<Finding> {
    let rules = Rules::of(&case.clients);
    let settings = of_client(&case.environment, rules, &case.settings.endpoint);
    let unread = settings.iter().find_map(|setting| match rules {
        Rules::Httpx => Some((setting, setting.stops_httpx()?)),
        _ => setting.hides_its_scheme().then_some((setting, Malformed::NoScheme)),
    });
    if let Some((setting, why)) = unread {
        return Some(malformed(case, setting, &why, route));
    }
    if case.clients.generation() == Generation::Httpx
        && let Some((variable, entry)) = unread_by_httpx(&case.environment)
    {
        return Some(unread_exception(case, variable, &entry, route));
    }
    let socks = settings.iter().find(|setting| setting.proxy().is_ok_and(|proxy| proxy.scheme.is_socks()))?;
    let (package, extra) = match rules {
        Rules::Requests => ("pysocks", "requests[socks]"),
        _ => ("socksio", "socksio"),
    };
    if case.clients.hub.is_none() || case.clients.package(package).is_some() {
        return None;
    }
    let (place, client) = (&socks.place, rules.words());
    let summary =
        format!("`{place}` names a SOCKS proxy, and {client} cannot speak SOCKS without the package {package}");
    let finding = Finding::new(Cause::ProxyMisconfigured, Certainty::Confirmed, summary)
        .saw(Source::Environment, format!("`{place}={}`", socks.shown()))
        .saw(Source::Client, format!("{package} is not installed beside huggingface_hub"))
        .fix(
            Fix::manual("socks-install", format!("teach {client} SOCKS")).command(case.clients.install_command(extra)),
        );
    Some(match route {
        Some(route) => with_control(finding, route).with_fixes(drop_or_correct(case, route, socks)),
        None => finding.bearing(Bearing::Condition),
    })
}

/// A client that goes through a proxy looks up and connects to the proxy alone, while its errors name the Hub.
pub(super) fn behind_the_log(case: &Case) -> Option<Finding> {
    let endpoint = Url::parse(&case.settings.endpoint).ok()?;
    let way = way(&case.environment, Rules::of(&case.clients), &endpoint);
    let setting = way.through().filter(|setting| setting.proxy().is_ok())?;
    let facts = case.log.as_ref()?.facts();
    let at_endpoint = |host: &str| is_hub_host(host) || endpoint.host_str() == Some(host);
    if facts.host.as_ref().is_some_and(|host| !at_endpoint(&host.value)) {
        return None;
    }
    let logged = log_findings(case, &[Cause::DnsFailure, Cause::ConnectionBlocked]);
    let failure = logged.into_iter().find(|finding| finding.bearing == Bearing::Failure)?;
    let (place, shown) = (&setting.place, setting.shown());
    let what =
        if failure.cause == Cause::DnsFailure { "whose name does not resolve" } else { "that cannot be reached" };
    let summary = format!("requests go through the proxy {shown} of `{place}`: it is the proxy {what}");
    let finding = Finding::new(Cause::ProxyUnreachable, failure.certainty, summary)
        .saw(Source::Environment, format!("`{place}={shown}`"))
        .with_evidence(failure.evidence)
        .fix(
            Fix::manual(
                "proxy-correct",
                format!("set `{place}` to the proxy that this network has today, or unset it"),
            )
            .command(unset_line(place)),
        );
    Some(finding)
}

/// An entry of NO_PROXY at which httpx fails.
fn unread_exception(case: &Case, variable: &str, entry: &str, route: Option<&Route>) -> Finding {
    let listed = exceptions(&case.environment, Rules::Httpx).map(|(_, value)| value).unwrap_or_default();
    let entries = listed.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let readable: Vec<&str> = entries
        .map(|entry| entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry))
        .filter(|entry| !entry.contains('/') || !entry.contains(':'))
        .collect();
    let title = format!("write `{variable}` without brackets and IPv6 networks");
    let finding = Finding::new(
        Cause::ProxyMisconfigured,
        Certainty::Confirmed,
        format!(
            "`{variable}` has the entry `{entry}`, at which httpx fails when it starts, whether a proxy is set or not"
        ),
    )
    .saw(Source::Environment, format!("`{variable}={listed}`"))
    .fix(set_variable("no-proxy-correct", Risk::Ask, title, variable, &readable.join(",")))
    .fix(
        Fix::manual("hub-upgrade", "or upgrade huggingface_hub: from 2.0 on it reads such entries")
            .command(case.clients.upgrade_command()),
    );
    if route.is_none() { finding.bearing(Bearing::Condition) } else { finding }
}

/// The variable's value is no proxy.
pub(super) fn malformed(case: &Case, setting: &Setting, why: &Malformed, route: Option<&Route>) -> Finding {
    let place = &setting.place;
    let summary = format!("`{place}` names no proxy: {why}");
    let mut finding = Finding::new(Cause::ProxyMisconfigured, Certainty::Confirmed, summary)
        .saw(Source::Environment, format!("`{place}={}`", setting.shown()));
    if route.is_none() {
        finding = finding.bearing(Bearing::Condition);
    }
    if let Some(corrected) = setting.corrected().filter(|c: &ProxyUrl| !c.has_credentials()) {
        let title = format!("write `{place}` as clients read it");
        finding = finding.fix(set_variable("proxy-rewrite", Risk::Ask, title, place, &corrected.to_string()));
    }
    if let Some(route) = route {
        return with_control(finding, route).with_fixes(drop_or_correct(case, route, setting));
    }
    let title = format!("do without `{place}`, or write it as `http://`, the proxy's host, `:` and its port");
    finding.fix(Fix::manual("proxy-correct", title).command(unset_line(place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::made_cache::case;

    fn found(variables: &[(&str, &str)], hub: Option<(u64, u64, u64)>) -> Option<String> {
        let home = tempfile::tempdir().expect("a folder");
        let mut case = case(home.path(), variables, None);
        case.clients.hub = hub;
        at_start(&case, None).map(|finding| finding.summary)
    }

    #[test]
    fn httpx_reads_every_variable_when_it_starts_and_requests_the_one_that_it_needs() {
        let (httpx, requests) = (Some((2, 4, 0)), Some((0, 36, 2)));
        let proxy = ("HTTPS_PROXY", "http://proxy:3128");
        for (variables, hub, says) in [
            (&[proxy, ("ALL_PROXY", "socks://127.0.0.1:1080/")][..], httpx, Some("`socks`")),
            (&[proxy, ("ALL_PROXY", "socks://127.0.0.1:1080/")], requests, None),
            (&[proxy, ("http_proxy", "htp://proxy:3128")], httpx, Some("`htp`")),
            // No port, but a number: httpx finds out when it connects.
            (&[proxy, ("http_proxy", "http://proxy:31280000")], httpx, None),
            (&[proxy, ("http_proxy", "http://proxy:pass")], httpx, Some("no port")),
            (&[proxy, ("http_proxy", "http:/proxy:3128")], httpx, None),
            (&[proxy, ("http_proxy", "\"http://proxy:3128\"")], httpx, Some("quotation")),
            (&[("HTTPS_PROXY", "ada:geheim@proxy:3128")], requests, Some("`http://` is missing")),
            (&[("HTTPS_PROXY", "ada:geheim@proxy:3128")], httpx, None),
            (&[("NO_PROXY", "localhost,[::1]")], Some((1, 33, 0)), Some("`[::1]`")),
            (&[("NO_PROXY", "fe80::/10")], Some((1, 33, 0)), Some("fe80::/10")),
            (&[("NO_PROXY", "localhost,[::1]")], httpx, None),
            (&[("NO_PROXY", "::1,.corp:80,10.0.0.0/8,<local>,*.corp,http://[::1]")], Some((1, 33, 0)), None),
            (&[("NO_PROXY", "[::1],*")], Some((1, 33, 0)), None),
            (&[("ALL_PROXY", "socks4://127.0.0.1:1080")], httpx, Some("`socks4`")),
            (&[("ALL_PROXY", "socks5://127.0.0.1:1080")], httpx, Some("socksio")),
            (&[("ALL_PROXY", "socks5://127.0.0.1:1080")], requests, Some("pysocks")),
            (&[("ALL_PROXY", "socks5://127.0.0.1:1080"), ("NO_PROXY", "*")], httpx, None),
            (&[("ALL_PROXY", "socks5://127.0.0.1:1080"), ("NO_PROXY", "huggingface.co")], requests, None),
            // Whether a client that nobody knows speaks SOCKS cannot be told.
            (&[("ALL_PROXY", "socks5://127.0.0.1:1080")], None, None),
            (&[proxy, ("HTTP_PROXY", "proxy:3128")], httpx, None),
        ] {
            let summary = found(variables, hub);
            let holds = match (&summary, says) {
                (Some(summary), Some(says)) => summary.contains(says),
                (None, None) => true,
                _ => false,
            };
            assert!(holds, "{variables:?} {hub:?}: {summary:?}");
        }
    }
}
