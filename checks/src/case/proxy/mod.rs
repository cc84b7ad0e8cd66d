//! Proxy settings: the variables as each client generation reads them, and what the system knows beside them.
//!
//! Sources: Python's `urllib.request.getproxies_environment` and `proxy_bypass_environment`, requests'
//! `utils.should_bypass_proxies`, httpx' `_utils.get_environment_proxies`, curl's manual, hyper-util's `proxy::matcher`.

mod exceptions;
mod url;

use ::url::Url;

pub use exceptions::{exception, exceptions, unread_by_httpx};
pub use url::{Malformed, ProxyUrl, Scheme, Setting};

use super::clients::{Clients, Generation};
use super::environment::Environment;

/// Whose rules decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rules {
    /// requests: huggingface_hub 0.x.
    Requests,
    /// httpx and httpx2: huggingface_hub from 1.0.
    Httpx,
    /// curl, and git with it.
    Curl,
    /// reqwest: hf_xet and the Rust clients.
    Reqwest,
}

impl Rules {
    /// The client's name.
    pub fn words(self) -> &'static str {
        match self {
            Rules::Requests => "requests",
            Rules::Httpx => "httpx",
            Rules::Curl => "curl",
            Rules::Reqwest => "reqwest",
        }
    }

    /// The ones that the installed huggingface_hub follows; httpx' when none is known.
    pub fn of(clients: &Clients) -> Rules {
        match clients.generation() {
            Generation::Requests => Rules::Requests,
            Generation::Httpx | Generation::Httpx2 | Generation::Unknown => Rules::Httpx,
        }
    }
}

/// Which way a client goes to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Straight; no proxy is set for it.
    Direct,
    /// Straight, although a proxy is set, because NO_PROXY says so.
    Excepted {
        /// The proxy that is passed by.
        setting: Setting,
        /// The variable that holds the exceptions.
        variable: &'static str,
        /// The entry that matches.
        entry: String,
    },
    /// Through a proxy.
    Through(Setting),
}

impl Way {
    /// The proxy's setting, when the client goes through one.
    pub fn through(&self) -> Option<&Setting> {
        match self {
            Way::Through(setting) => Some(setting),
            _ => None,
        }
    }
}

/// Which way a client of these rules goes to a URL.
pub fn way(environment: &Environment, rules: Rules, url: &Url) -> Way {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(443);
    let Some(setting) = setting_for(environment, rules, url.scheme()) else { return Way::Direct };
    match exception(environment, rules, host, port) {
        Some((variable, entry)) => Way::Excepted { setting, variable, entry },
        None => Way::Through(setting),
    }
}

/// The variable that names the proxy for URLs of a scheme.
pub fn setting_for(environment: &Environment, rules: Rules, scheme: &str) -> Option<Setting> {
    let scheme = if scheme.eq_ignore_ascii_case("http") { "http" } else { "https" };
    let in_cgi = environment.raw("REQUEST_METHOD").is_some();
    let first =
        |names: &[String]| names.iter().find_map(|name| Some(Setting::new(name.clone(), environment.non_empty(name)?)));
    match rules {
        Rules::Requests | Rules::Httpx => {
            let http = (scheme != "http" || !in_cgi).then(|| python_variable(environment, scheme)).flatten();
            // Inside a CGI program Python drops HTTP_PROXY in capitals, which a request's header could set.
            let http = http.or_else(|| python_lower(environment, scheme));
            http.or_else(|| python_variable(environment, "all"))
        }
        Rules::Curl => {
            let own = if scheme == "http" {
                vec!["http_proxy".to_owned()]
            } else {
                vec!["https_proxy".to_owned(), "HTTPS_PROXY".to_owned()]
            };
            first(&own).or_else(|| first(&["all_proxy".to_owned(), "ALL_PROXY".to_owned()]))
        }
        Rules::Reqwest => {
            let upper = format!("{}_PROXY", scheme.to_ascii_uppercase());
            let own = if scheme == "http" && in_cgi { Vec::new() } else { vec![upper, format!("{scheme}_proxy")] };
            first(&own).or_else(|| first(&["ALL_PROXY".to_owned(), "all_proxy".to_owned()]))
        }
    }
}

/// The settings that a client reads when it starts, whichever way a request will go: httpx' for every scheme, unless
/// NO_PROXY excepts everything; others' the one for the endpoint.
pub fn of_client(environment: &Environment, rules: Rules, endpoint: &str) -> Vec<Setting> {
    if rules == Rules::Httpx {
        let everything = exceptions(environment, rules).is_some_and(|(_, v)| v.split(',').any(|e| e.trim() == "*"));
        let schemes = ["http", "https", "all"].into_iter().filter(|_| !everything);
        return schemes.filter_map(|scheme| python_variable(environment, scheme)).collect();
    }
    let way = Url::parse(endpoint).ok().map(|url| way(environment, rules, &url));
    way.as_ref().and_then(Way::through).cloned().into_iter().collect()
}

/// Python's rule: the name in small letters wins, and when it is set but empty there is no proxy; else any case will do.
fn python_variable(environment: &Environment, scheme: &str) -> Option<Setting> {
    let lower = format!("{scheme}_proxy");
    if environment.raw(&lower).is_some() {
        return python_lower(environment, scheme);
    }
    environment
        .variables()
        .filter(|(name, value)| name.eq_ignore_ascii_case(&lower) && !value.is_empty())
        .last()
        .map(|(name, value)| Setting::new(name, value))
}

fn python_lower(environment: &Environment, scheme: &str) -> Option<Setting> {
    let lower = format!("{scheme}_proxy");
    environment.non_empty(&lower).map(|value| Setting::new(lower, value))
}

/// Every proxy variable that is set, each with its value, in the order of their names.
pub fn variables(environment: &Environment) -> Vec<Setting> {
    environment
        .variables()
        .filter(|(name, value)| {
            let name = name.to_ascii_lowercase();
            !value.is_empty() && ["http_proxy", "https_proxy", "all_proxy"].contains(&name.as_str())
        })
        .map(|(name, value)| Setting::new(name, value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::environment::environment_of;
    use Rules::{Curl, Httpx, Requests, Reqwest};
    use proptest::prelude::*;

    fn hub() -> Url {
        Url::parse("https://huggingface.co/").expect("a URL")
    }

    fn proxy_of(rules: Rules, variables: &[(&str, &str)], url: &str) -> Option<String> {
        let url = Url::parse(url).expect("a URL");
        way(&environment_of(variables), rules, &url).through().map(|s| s.place.clone())
    }

    #[test]
    fn each_client_reads_its_own_variables() {
        let https = "https://huggingface.co/";
        let http = "http://mirror.example/";
        for (rules, variables, url, expected) in [
            (Httpx, &[("HTTPS_PROXY", "a"), ("https_proxy", "b")][..], https, Some("https_proxy")),
            (Reqwest, &[("HTTPS_PROXY", "a"), ("https_proxy", "b")], https, Some("HTTPS_PROXY")),
            (Curl, &[("HTTP_PROXY", "a")], http, None),
            (Curl, &[("http_proxy", "a")], http, Some("http_proxy")),
            (Requests, &[("HTTP_PROXY", "a")], https, None),
            (Requests, &[("ALL_PROXY", "a")], https, Some("ALL_PROXY")),
            (Httpx, &[("Https_Proxy", "a")], https, Some("Https_Proxy")),
            (Curl, &[("Https_Proxy", "a")], https, None),
            (Requests, &[("https_proxy", ""), ("HTTPS_PROXY", "a")], https, None),
            (Curl, &[("https_proxy", ""), ("HTTPS_PROXY", "a")], https, Some("HTTPS_PROXY")),
            (Requests, &[("HTTP_PROXY", "a"), ("REQUEST_METHOD", "GET")], http, None),
        ] {
            assert_eq!(proxy_of(rules, variables, url).as_deref(), expected, "{rules:?} {variables:?} {url}");
        }
    }

    #[test]
    fn exceptions_match_as_each_client_matches_them() {
        for (entry, host, expected) in [
            ("huggingface.co", "huggingface.co", [true, true, true, true]),
            (".huggingface.co", "huggingface.co", [true, false, true, true]),
            (".hf.co", "us.aws.cdn.hf.co", [true, true, true, true]),
            ("face.co", "huggingface.co", [true, false, false, false]),
            ("*", "huggingface.co", [true, true, true, true]),
            ("*.huggingface.co", "cdn.huggingface.co", [false, false, false, false]),
            ("10.0.0.0/8", "10.1.2.3", [true, false, true, true]),
            ("localhost, huggingface.co", "huggingface.co", [true, true, true, true]),
            ("huggingface.co:443", "huggingface.co", [true, true, false, false]),
            ("co", "huggingface.co", [true, true, true, true]),
            ("HuggingFace.co", "huggingface.co", [true, true, true, true]),
            ("localhost,127.0.0.1", "huggingface.co", [false, false, false, false]),
        ] {
            let environment = environment_of(&[("NO_PROXY", entry)]);
            let found = [Requests, Httpx, Curl, Reqwest].map(|g| exception(&environment, g, host, 443).is_some());
            assert_eq!(found, expected, "{entry} {host}");
        }
    }

    #[test]
    fn an_exception_names_its_entry() {
        let environment =
            environment_of(&[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "localhost,.co,huggingface.co")]);
        let Way::Excepted { variable, entry, .. } = way(&environment, Httpx, &hub()) else { panic!("not excepted") };
        assert_eq!((variable, entry.as_str()), ("NO_PROXY", ".co"));
    }

    #[test]
    fn proxies_are_read_as_clients_read_them() {
        let parsed = ProxyUrl::parse("user:p%40ss@proxy.corp:3128").expect("a proxy");
        assert_eq!(parsed.to_string(), "http://proxy.corp:3128");
        assert_eq!(parsed.expose_credentials(), Some(("user", "p@ss")));
        assert!(!format!("{parsed:?}").contains("ss"));
        assert_eq!(ProxyUrl::parse("socks5h://[::1]").expect("a proxy").to_string(), "socks5h://[::1]:1080");
        assert_eq!(ProxyUrl::parse("http://proxy").expect("a proxy").port, 80);
        for (value, mark) in [("http://ada:a#b@proxy:1", '#'), ("http://ada:a/b@proxy", '/'), ("ada:?@proxy:80", '?')] {
            assert_eq!(ProxyUrl::parse(value).err(), Some(Malformed::Credentials(mark)), "{value}");
        }
        assert!(ProxyUrl::parse("http://proxy:3128/path?x#y").is_ok());
        for (text, expected) in [
            ("\"http://p:1\"", Malformed::Quoted),
            ("http://p:1 ", Malformed::Blank),
            ("htp://p:1", Malformed::Scheme("htp".to_owned())),
            ("http:/p:1", Malformed::Scheme("http:/".to_owned())),
            ("http://", Malformed::NoHost),
            ("http://:3128", Malformed::NoHost),
            ("http://p:99999", Malformed::Port(Some("99999".to_owned()))),
            ("http://p:80x", Malformed::Port(None)),
        ] {
            assert_eq!(ProxyUrl::parse(text).expect_err(text), expected, "{text}");
        }
    }

    #[test]
    fn a_setting_does_not_show_its_password() {
        let setting = Setting::new("HTTPS_PROXY", "http://ada:geheim@p@proxy:3128");
        assert_eq!(setting.shown(), "http://***@proxy:3128");
        assert!(!format!("{setting:?}").contains("geheim"));
        assert_eq!(Setting::new("x", "ada:geheim@proxy").shown(), "***@proxy");
    }

    proptest! {
        #[test]
        fn any_text_has_a_clear_outcome(text in "\\PC{0,80}", entry in "\\PC{0,40}", host in "\\PC{0,40}") {
            if let Ok(proxy) = ProxyUrl::parse(&text) {
                prop_assert!(!proxy.host.is_empty());
                prop_assert!(proxy.port > 0);
            }
            let _ = Setting::new("X", text).shown();
            let environment = environment_of(&[("NO_PROXY", &entry)]);
            for rules in [Requests, Httpx, Curl, Reqwest] {
                let _ = exception(&environment, rules, &host, 443);
            }
        }

        #[test]
        fn a_password_never_shows(password in "[a-zA-Z0-9@:%/ ]{6,20}") {
            let setting = Setting::new("X", format!("http://ada:{password}@proxy:3128"));
            prop_assert!(!setting.shown().contains(&password));
        }
    }
}
