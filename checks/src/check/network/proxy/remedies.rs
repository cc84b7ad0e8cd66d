//! Remedies for a proxy setting: drop it, correct it, except the Hub from it.

use super::straight_works;
use crate::case::Case;
use crate::case::proxy::{Rules, Scheme, Setting, exceptions, variables};
use crate::check::network::reach::{set_variable, unset_variables};
use crate::observe::route::Route;
use hfdoctor_core::diagnosis::{Fix, Risk};
use hfdoctor_core::hub::is_hub_host;
use hfdoctor_core::text::list;

pub(super) fn credentials(case: &Case, route: &Route, setting: &Setting, methods: &[String]) -> Vec<Fix> {
    let place = &setting.place;
    let host = setting.proxy().map_or_else(|_| "proxy:3128".to_owned(), |p| format!("{}:{}", p.host, p.port));
    let only_windows = !methods.is_empty()
        && methods.iter().all(|m| ["ntlm", "negotiate", "kerberos"].iter().any(|w| m.eq_ignore_ascii_case(w)));
    let mut fixes = Vec::new();
    if straight_works(route) {
        fixes.extend(drop_or_correct(case, route, setting));
    }
    fixes.push(if only_windows {
        Fix::manual("proxy-local", format!("put a local proxy before it that speaks {}", list(methods)))
            .command("python3 -m pip install px-proxy && px --proxy=\"$PROXY\" &".replace("$PROXY", &host))
            .command(format!("export {place}=http://127.0.0.1:3128"))
            .note("px and cntlm listen on 127.0.0.1:3128; no client of the Hub speaks NTLM, Negotiate or Kerberos by itself")
    } else {
        Fix::manual("proxy-credentials", format!("put the user name and password before {host} in `{place}`"))
            .command(with_credentials(place, &host))
            .note("USER and PASSWORD are yours to fill in; characters such as @ : / # must be percent-encoded: @ is %40")
    });
    fixes
}

/// Sets the variable with words in the place of what only the person knows.
fn with_credentials(place: &str, host: &str) -> String {
    format!("export {place}=http://USER:PASSWORD@{host}")
}

pub(super) fn with_scheme(setting: &Setting, scheme: Scheme) -> Vec<Fix> {
    let Ok(proxy) = setting.proxy() else { return Vec::new() };
    let corrected = proxy.with_scheme(scheme);
    if proxy.has_credentials() {
        // A password is never written anywhere.
        let fix = Fix::manual("proxy-scheme", format!("call the proxy by `{}://`", scheme.word()))
            .command(with_credentials(&setting.place, &format!("{}:{}", proxy.host, proxy.port)));
        return vec![fix];
    }
    let title = format!("call the proxy by `{}://`", scheme.word());
    vec![set_variable("proxy-scheme", Risk::Ask, title, &setting.place, &corrected.to_string())]
}

/// Where the straight way works the variable goes; where it does not the proxy's address must be right.
pub(super) fn drop_or_correct(case: &Case, route: &Route, setting: &Setting) -> Vec<Fix> {
    let place = setting.place.as_str();
    if straight_works(route) {
        let others: Vec<Setting> =
            variables(&case.environment).into_iter().filter(|s| s.same_proxy_as(setting)).collect();
        let mut names: Vec<&str> = others.iter().map(|s| s.place.as_str()).collect();
        if !names.contains(&place) {
            names.push(place);
        }
        let title = format!("do without the proxy: `{}` answers directly", route.host);
        let unset = unset_variables("proxy-unset", Risk::Ask, title, &names);
        return vec![unset, except(case, route)];
    }
    let fix = Fix::manual("proxy-correct", format!("set `{place}` to the proxy that this network has today"))
        .note("off the company's network, without its VPN, the proxy is not needed: unset the variable");
    vec![fix]
}

/// The proxy stays for other hosts: the Hub's and the endpoint's are added to those that need none, in the variable that
/// clients read.
fn except(case: &Case, route: &Route) -> Fix {
    let (variable, listed) =
        exceptions(&case.environment, Rules::of(&case.clients)).unwrap_or(("NO_PROXY", String::new()));
    let mut hosts: Vec<&str> = listed.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    let ours = if is_hub_host(&route.host) { None } else { Some(route.host.as_str()) };
    hosts.extend(["huggingface.co", "hf.co"].into_iter().chain(ours));
    let title = "keep the proxy for other hosts, and go straight to the Hub's";
    set_variable("proxy-except", Risk::Ask, title, variable, &hosts.join(","))
}
