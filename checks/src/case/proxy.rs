//! Proxy settings: the variables as each client generation reads them, and what the system knows beside them.
//!
//! Sources: Python's `urllib.request.getproxies_environment` and `proxy_bypass_environment`, requests'
//! `utils.should_bypass_proxies`, httpx' `_utils.get_environment_proxies`, curl's manual, hyper-util's `proxy::matcher`.

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

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

/// A setting that names a proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// Where it stands: a variable's name, or a file.
    pub place: String,
    /// Its value as it stands there. May hold a password: use [`Setting::shown`] in texts.
    value: String,
}

impl Setting {
    /// A value and where it stands.
    pub fn new(place: impl Into<String>, value: impl Into<String>) -> Setting {
        Setting { place: place.into(), value: value.into() }
    }

    /// The value without its credentials.
    pub fn shown(&self) -> String {
        without_credentials(&self.value)
    }

    /// Whether the value holds credentials.
    pub fn has_credentials(&self) -> bool {
        self.value.contains('@')
    }

    /// The proxy that it names.
    pub fn proxy(&self) -> Result<ProxyUrl, Malformed> {
        ProxyUrl::parse(&self.value)
    }

    /// The proxy that was probably meant, when the value itself names none.
    pub fn corrected(&self) -> Option<ProxyUrl> {
        if self.proxy().is_ok() {
            return None;
        }
        let quotes: &[char] = &['"', '\'', '“', '”', '‘', '’'];
        let bare: String =
            self.value.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !quotes.contains(c)).collect();
        let rest = bare.rsplit_once("//").map_or(bare.as_str(), |(_, rest)| rest);
        // A typing error in the scheme is worth a guess; a SOCKS scheme that nobody knows is not.
        let scheme = bare.split_once(':').map_or("", |(scheme, _)| scheme);
        let known = Scheme::from_word(scheme).filter(|_| bare.contains("://"));
        let guess = scheme.starts_with('h') || !bare.contains("//");
        match known {
            Some(known) => ProxyUrl::parse(&format!("{}://{rest}", known.word())).ok(),
            None if guess => ProxyUrl::parse(&format!("http://{}", rest.trim_start_matches('/'))).ok(),
            None => None,
        }
    }

    /// Whether both lead to the same proxy.
    pub fn same_proxy_as(&self, other: &Setting) -> bool {
        match (self.proxy(), other.proxy()) {
            (Ok(a), Ok(b)) => a.host == b.host && a.port == b.port,
            _ => self.value == other.value,
        }
    }
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Setting({} = {})", self.place, self.shown())
    }
}

/// A proxy's text without what stands before its last `@`.
fn without_credentials(value: &str) -> String {
    let (scheme, rest) = value.split_once("://").map_or(("", value), |(s, r)| (s, r));
    let separator = if scheme.is_empty() { "" } else { "://" };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}{separator}***@{host}"),
        None => value.to_owned(),
    }
}

/// How one speaks to a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP with CONNECT.
    Http,
    /// CONNECT inside TLS.
    Https,
    /// SOCKS 4: addresses only.
    Socks4,
    /// SOCKS 4a: the proxy resolves names.
    Socks4a,
    /// SOCKS 5: this machine resolves names.
    Socks5,
    /// SOCKS 5: the proxy resolves names.
    Socks5h,
}

impl Scheme {
    /// As in a URL.
    pub fn word(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Socks4 => "socks4",
            Scheme::Socks4a => "socks4a",
            Scheme::Socks5 => "socks5",
            Scheme::Socks5h => "socks5h",
        }
    }

    fn from_word(word: &str) -> Option<Scheme> {
        [Scheme::Http, Scheme::Https, Scheme::Socks4, Scheme::Socks4a, Scheme::Socks5, Scheme::Socks5h]
            .into_iter()
            .find(|s| s.word().eq_ignore_ascii_case(word))
    }

    fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
            _ => 1080,
        }
    }

    /// Whether it is one of the SOCKS protocols.
    pub fn is_socks(self) -> bool {
        !matches!(self, Scheme::Http | Scheme::Https)
    }
}

/// A proxy that can be spoken to.
#[derive(Clone)]
pub struct ProxyUrl {
    /// How.
    pub scheme: Scheme,
    /// Name or address, IPv6 without its brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User and password, percent-decoded.
    credentials: Option<(String, SecretString)>,
}

impl std::fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_string())
    }
}

impl std::fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{}://{host}:{}", self.scheme.word(), self.port)
    }
}

impl PartialEq for ProxyUrl {
    fn eq(&self, other: &Self) -> bool {
        (self.scheme, &self.host, self.port) == (other.scheme, &other.host, other.port)
    }
}

/// Why a proxy's text names no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Quotation marks stand in the value.
    #[error("quotation marks are part of the value")]
    Quoted,
    /// Blanks or line ends stand in the value.
    #[error("there is a blank or line end in the value")]
    Blank,
    /// A scheme that no client knows.
    #[error("the scheme `{0}` is none that clients know")]
    Scheme(String),
    /// Nothing where the host belongs.
    #[error("the host is missing")]
    NoHost,
    /// What follows the colon is no port.
    #[error("`{0}` is no port")]
    Port(String),
    /// Anything else that is no URL.
    #[error("it is no URL: {0}")]
    NoUrl(String),
}

impl ProxyUrl {
    /// Reads a proxy's text as clients do: without a scheme it is an HTTP proxy.
    pub fn parse(value: &str) -> Result<ProxyUrl, Malformed> {
        if value.chars().any(|c| matches!(c, '"' | '\'' | '“' | '”' | '‘' | '’')) {
            return Err(Malformed::Quoted);
        }
        if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Malformed::Blank);
        }
        let (word, rest) = match value.split_once("://") {
            Some((word, rest)) => (word, rest),
            None => match value.split_once(":/") {
                Some((word, _)) => return Err(Malformed::Scheme(format!("{word}:/"))),
                None => ("http", value),
            },
        };
        let scheme = Scheme::from_word(word).ok_or_else(|| Malformed::Scheme(word.to_owned()))?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
        if host_and_port.is_empty() || host_and_port.starts_with(':') {
            return Err(Malformed::NoHost);
        }
        let after_brackets = host_and_port.rsplit_once(']').map_or(host_and_port, |(_, after)| after);
        if let Some((_, port)) = after_brackets.split_once(':')
            && !port.is_empty()
            && port.parse::<u16>().map_or(true, |p| p == 0)
        {
            return Err(Malformed::Port(port.to_owned()));
        }
        // The URL parser knows `http`; other schemes would be parsed by laxer rules.
        let url = Url::parse(&format!("http://{rest}")).map_err(|error| Malformed::NoUrl(error.to_string()))?;
        let host = url.host_str().ok_or(Malformed::NoHost)?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let explicit = after_brackets.split_once(':').and_then(|(_, p)| p.parse().ok());
        let credentials = (!url.username().is_empty() || url.password().is_some()).then(|| {
            (percent_decode(url.username()), SecretString::from(percent_decode(url.password().unwrap_or_default())))
        });
        Ok(ProxyUrl { scheme, host, port: explicit.unwrap_or(scheme.default_port()), credentials })
    }

    /// Whether it comes with user and password.
    pub fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// The same proxy by another scheme.
    #[must_use]
    pub fn with_scheme(&self, scheme: Scheme) -> ProxyUrl {
        ProxyUrl { scheme, ..self.clone() }
    }

    /// The URL with its credentials, for the connector and for nobody else.
    pub(crate) fn to_url(&self) -> Option<Url> {
        // A URL's scheme decides how its parts may be changed: all are put together as text.
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let encode = |text: &str| text.bytes().fold(String::new(), |out, b| out + &format!("%{b:02X}"));
        let credentials = self
            .expose_credentials()
            .map(|(user, password)| format!("{}:{}@", encode(user), encode(password)))
            .unwrap_or_default();
        Url::parse(&format!("{}://{credentials}{host}:{}", self.scheme.word(), self.port)).ok()
    }

    /// User and password for the proxy itself, and for nobody else.
    pub(crate) fn expose_credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(user, password)| (user.as_str(), password.expose_secret()))
    }
}

fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digits = (byte == b'%').then(|| Some((hex(ahead.next()?)?, hex(ahead.next()?)?))).flatten();
        match digits {
            Some((high, low)) => {
                out.push(high * 16 + low);
                bytes = ahead;
            }
            None => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
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

/// The exceptions and the variable that holds them.
pub fn exceptions(environment: &Environment, rules: Rules) -> Option<(&'static str, String)> {
    let order = match rules {
        Rules::Reqwest => ["NO_PROXY", "no_proxy"],
        _ => ["no_proxy", "NO_PROXY"],
    };
    order.into_iter().find_map(|name| environment.non_empty(name).map(|value| (name, value)))
}

/// The entry of NO_PROXY by which a client passes the proxy by.
pub fn exception(environment: &Environment, rules: Rules, host: &str, port: u16) -> Option<(&'static str, String)> {
    let (variable, value) = exceptions(environment, rules)?;
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if matches!(rules, Rules::Requests | Rules::Httpx | Rules::Curl) && value.trim() == "*" {
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
        for (text, expected) in [
            ("\"http://p:1\"", Malformed::Quoted),
            ("http://p:1 ", Malformed::Blank),
            ("htp://p:1", Malformed::Scheme("htp".to_owned())),
            ("http:/p:1", Malformed::Scheme("http:/".to_owned())),
            ("http://", Malformed::NoHost),
            ("http://:3128", Malformed::NoHost),
            ("http://p:99999", Malformed::Port("99999".to_owned())),
            ("http://p:80x", Malformed::Port("80x".to_owned())),
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
