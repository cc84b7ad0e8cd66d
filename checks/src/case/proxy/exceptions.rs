//! NO_PROXY, by each client's own rules.

use std::net::IpAddr;

use super::Rules;
use crate::case::Environment;

/// The exceptions and the variable that holds them.
pub fn exceptions(environment: &Environment, rules: Rules) -> Option<(&'static str, String)> {
    let order = match rules {
        Rules::Reqwest => ["NO_PROXY", "no_proxy"],
        _ => ["no_proxy", "NO_PROXY"],
    };
    // urllib takes an empty variable in small letters for "no exceptions"; requests looks at the other one again.
    if rules == Rules::Httpx && environment.raw("no_proxy").is_some_and(|value| value.is_empty()) {
        return None;
    }
    order.into_iter().find_map(|name| environment.non_empty(name).map(|value| (name, value)))
}

/// The entry of NO_PROXY by which a client passes the proxy by.
pub fn exception(environment: &Environment, rules: Rules, host: &str, port: u16) -> Option<(&'static str, String)> {
    let (variable, value) = exceptions(environment, rules)?;
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // requests leaves the star to urllib, which does not see it behind an empty variable in small letters.
    let star = match rules {
        Rules::Requests => environment.raw("no_proxy").is_none_or(|value| !value.is_empty()),
        Rules::Httpx | Rules::Curl => true,
        Rules::Reqwest => false,
    };
    if star && value.trim() == "*" {
        return Some((variable, "*".to_owned()));
    }
    let separators: &[char] = if rules == Rules::Curl { &[',', ' ', '\t'] } else { &[','] };
    value
        .split(separators)
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .find(|entry| excepts(rules, &entry.to_ascii_lowercase(), &host, port))
        .map(|entry| (variable, entry.to_owned()))
}

/// The first entry that httpx cannot read, at which it fails when it starts, whether a proxy is set or not: addresses in
/// brackets, IPv6 networks, ports that are no number and names beyond ASCII (httpx 0.28; httpx2 reads or ignores them).
pub fn unread_by_httpx(environment: &Environment) -> Option<(&'static str, String)> {
    let (variable, value) = exceptions(environment, Rules::Httpx)?;
    let entries = || value.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    if entries().any(|entry| entry == "*") {
        return None;
    }
    let unread = |entry: &&str| {
        let v6 = |text: &str| text.parse::<std::net::Ipv6Addr>().is_ok();
        if entry.contains("://") || v6(entry) {
            return false;
        }
        let port = entry.rsplit_once(':').map_or("", |(_, port)| port);
        let network = entry.split_once('/').is_some_and(|(network, _)| v6(network));
        entry.starts_with('[') || network || !entry.is_ascii() || !port.bytes().all(|byte| byte.is_ascii_digit())
    };
    entries().find(unread).map(|entry| (variable, entry.to_owned()))
}

fn excepts(rules: Rules, entry: &str, host: &str, port: u16) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    match rules {
        Rules::Requests => {
            let entry: String = entry.chars().filter(|c| *c != ' ').collect();
            if address.is_some_and(|a| a.is_ipv4()) && (entry == host || network_holds(&entry, address)) {
                return true;
            }
            // requests compares the end of the name without regard to dots; urllib adds its own rule with dots.
            address.is_none() && (host.ends_with(&entry) || format!("{host}:{port}").ends_with(&entry))
                || suffix_with_dot(entry.trim_start_matches('.'), host)
                || suffix_with_dot(entry.trim_start_matches('.'), &format!("{host}:{port}"))
        }
        Rules::Httpx => {
            if entry == "*" {
                return true;
            }
            if let Some((_, rest)) = entry.split_once("://") {
                return rest.trim_end_matches('/') == host || rest.trim_end_matches('/') == format!("{host}:{port}");
            }
            if address.is_some() || entry == "localhost" {
                return entry == host;
            }
            let (name, entry_port) = split_port(entry);
            if entry_port.is_some_and(|p| p != port) {
                return false;
            }
            match name.strip_prefix('.') {
                // `.example.org` stands for what lies below it and not for itself.
                Some(below) => host.strip_suffix(below).is_some_and(|front| front.len() > 1 && front.ends_with('.')),
                None => suffix_with_dot(name, host),
            }
        }
        Rules::Curl => {
            if address.is_some() {
                return entry == host || network_holds(entry, address);
            }
            suffix_with_dot(entry.trim_start_matches('.').trim_end_matches('.'), host)
        }
        Rules::Reqwest => {
            if entry == "*" {
                return true;
            }
            if address.is_some() {
                return entry == host || network_holds(entry, address);
            }
            suffix_with_dot(entry.trim_start_matches('.'), host)
        }
    }
}

/// `a.example.org` and `example.org` end in `example.org`; `notexample.org` does not.
fn suffix_with_dot(suffix: &str, host: &str) -> bool {
    !suffix.is_empty() && host.strip_suffix(suffix).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) => port.parse().map_or((entry, None), |port| (name, Some(port))),
        None => (entry, None),
    }
}

fn network_holds(entry: &str, address: Option<IpAddr>) -> bool {
    let (Some((network, bits)), Some(address)) = (entry.split_once('/'), address) else { return false };
    match (network.parse::<IpAddr>(), address, bits.parse::<u32>()) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(address), Ok(bits @ 0..=32)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(network) & mask == u32::from(address) & mask
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(address), Ok(bits @ 0..=128)) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(network) & mask == u128::from(address) & mask
        }
        _ => false,
    }
}
