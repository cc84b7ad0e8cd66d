//! A proxy's text, and the proxy that it names.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

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

    /// What httpx fails at when it makes a transport for the setting, whether a request uses it or not. It reads more than
    /// names a proxy: what has no `://` is to it a host.
    pub fn stops_httpx(&self) -> Option<Malformed> {
        let (word, _) = self.value.split_once("://")?;
        let known = Scheme::from_word(word).is_some_and(|scheme| !scheme.is_socks4());
        match self.proxy() {
            Err(why @ Malformed::Port(_)) if known => (!why.is_a_number()).then_some(why),
            Err(_) | Ok(_) if known => None,
            Err(why) => Some(why),
            Ok(proxy) => Some(Malformed::Scheme(proxy.scheme.word().to_owned())),
        }
    }

    /// Whether requests takes the user for the scheme: credentials without `http://` before them.
    pub fn hides_its_scheme(&self) -> bool {
        !self.value.contains("://") && self.value.split_once('@').is_some_and(|(front, _)| front.contains(':'))
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

    /// Whether it is SOCKS 4 or 4a, which httpx does not speak.
    pub fn is_socks4(self) -> bool {
        matches!(self, Scheme::Socks4 | Scheme::Socks4a)
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
    /// Such a character in user or password ends the host for every client.
    #[error("`{0}` in user or password is not percent-encoded")]
    Credentials(char),
    /// What follows the colon is no port. Its text where it is a number: else it may be a password.
    #[error("{}", .0.as_ref().map_or("what follows the host is no port".to_owned(), |port| format!("`{port}` is no port")))]
    Port(Option<String>),
    /// requests takes the user for the scheme.
    #[error("`http://` is missing before the user and the password")]
    NoScheme,
    /// Anything else that is no URL.
    #[error("it is no URL: {0}")]
    NoUrl(String),
}

impl Malformed {
    fn is_a_number(&self) -> bool {
        matches!(self, Malformed::Port(Some(_)))
    }
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
                Some((word, _)) => return Err(Malformed::Scheme(format!("{}:/", scheme_word(word)))),
                None => ("http", value),
            },
        };
        let scheme = Scheme::from_word(word).ok_or_else(|| Malformed::Scheme(scheme_word(word)))?;
        let (authority, after) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
        if let Some(mark) = after.chars().next().filter(|_| after.contains('@')) {
            return Err(Malformed::Credentials(mark));
        }
        let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
        if host_and_port.is_empty() || host_and_port.starts_with(':') {
            return Err(Malformed::NoHost);
        }
        let after_brackets = host_and_port.rsplit_once(']').map_or(host_and_port, |(_, after)| after);
        if let Some((_, port)) = after_brackets.split_once(':')
            && !port.is_empty()
            && port.parse::<u16>().map_or(true, |p| p == 0)
        {
            return Err(Malformed::Port(Some(port.to_owned()).filter(|port| port.bytes().all(|b| b.is_ascii_digit()))));
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

/// A scheme to show: what cannot be one may be a password.
fn scheme_word(word: &str) -> String {
    let shown = word.len() <= 20 && word.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if shown { word.to_owned() } else { "…".to_owned() }
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
