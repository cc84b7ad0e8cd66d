//! Requests to the Hub: counted, bounded, never retried, and careful with the token.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderValue};
use url::Url;

use super::layer::{self, Block};
use crate::case::settings::is_hub_host;
use crate::case::{Case, ConnectTo, Token};

/// The most bytes of a body that are read, unless a request says otherwise.
pub const MAX_BODY: usize = 1024 * 1024;

/// How hfdoctor names itself to servers.
pub const USER_AGENT: &str = concat!("hfdoctor/", env!("CARGO_PKG_VERSION"));

/// Why a request got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The host's name did not resolve.
    Dns(String),
    /// No connection: refused, unreachable, reset, with the system's error number where it gave one.
    Connect(Option<i32>, String),
    /// The proxy did not let it through.
    Proxy(String),
    /// The TLS handshake failed.
    Tls(String),
    /// Time ran out.
    Timeout(String),
    /// An answer came that is no HTTP, or broke off.
    Broken(String),
    /// It was not sent, and why.
    NotSent(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Dns(why) => write!(f, "the name does not resolve: {why}"),
            Failure::Connect(_, why) => write!(f, "no connection: {why}"),
            Failure::Proxy(why) => write!(f, "the proxy does not let it through: {why}"),
            Failure::Tls(why) => write!(f, "the TLS handshake fails: {why}"),
            Failure::Timeout(why) => write!(f, "no answer: {why}"),
            Failure::Broken(why) => write!(f, "the answer is broken: {why}"),
            Failure::NotSent(why) => f.write_str(why),
        }
    }
}

/// An answer, its body read up to a bound.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The URL that answered.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's first bytes.
    pub body: Vec<u8>,
    /// Whether the body was longer than what was read.
    pub cut: bool,
    /// Whether the request carried the token.
    pub with_token: bool,
    /// From sending to the end of what was read.
    pub elapsed: Duration,
}

impl Answer {
    /// A header's text; bytes that are no text are replaced.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
    }

    /// `X-Error-Code`, the Hub's own word for what is wrong.
    pub fn error_code(&self) -> Option<String> {
        self.header("x-error-code")
    }

    /// The Hub's sentence: `X-Error-Message`, else the JSON body's `error`, else a short text body.
    pub fn error_message(&self) -> Option<String> {
        if let Some(message) = self.header("x-error-message") {
            return Some(message);
        }
        if self.status < 400 {
            return None;
        }
        if let Ok(body) = serde_json::from_slice::<serde_json::Value>(&self.body) {
            return body.get("error").and_then(|e| e.as_str()).map(str::to_owned);
        }
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        (!text.is_empty() && text.len() <= 300 && !text.starts_with('<')).then(|| text.to_owned())
    }

    /// Whether the Hub's application wrote this answer, and not an edge, a proxy or a stranger.
    ///
    /// Every answer of the application carries `X-Powered-By: huggingface-moon` and `X-Request-Id: Root=…`
    /// (recorded answers of 2025 and 2026).
    pub fn from_application(&self) -> bool {
        self.header("x-powered-by").is_some_and(|v| v.contains("huggingface"))
            || self.header("x-request-id").is_some_and(|v| v.starts_with("Root="))
            || self.headers.contains_key("x-error-code")
            || self.headers.contains_key("x-repo-commit")
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Option<Url> {
        if !(300..400).contains(&self.status) {
            return None;
        }
        self.url.join(&self.header("location")?).ok()
    }

    /// `200`, or `403 GatedRepo`.
    pub fn status_words(&self) -> String {
        match self.error_code() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }
}

/// A request to send.
#[derive(Debug, Clone)]
pub struct Ask {
    /// GET or HEAD.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// With the token, if it may go there.
    pub token: Option<Token>,
    /// The most bytes of the body to read.
    pub max_body: usize,
    /// A byte range, first and last.
    pub range: Option<(u64, u64)>,
}

impl Ask {
    /// HEAD without a token.
    pub fn head(url: Url) -> Ask {
        Ask { method: Method::HEAD, url, token: None, max_body: MAX_BODY, range: None }
    }

    /// GET without a token.
    pub fn get(url: Url) -> Ask {
        Ask { method: Method::GET, ..Ask::head(url) }
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(mut self, token: Option<Token>) -> Ask {
        self.token = token;
        self
    }
}

/// What was met on one host.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostSeen {
    /// The last status.
    pub status: Option<u16>,
    /// The `Server` header.
    pub server: Option<String>,
    /// Milliseconds of the first request, from sending to its answer.
    pub milliseconds: Option<f64>,
    /// Why there was no answer.
    pub failure: Option<String>,
}

/// The requests that were sent and the hosts that were met.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// How many requests were sent.
    pub requests: u32,
    /// By host.
    pub hosts: BTreeMap<String, HostSeen>,
}

/// The one way out to HTTP.
#[derive(Debug)]
pub struct Http {
    offline: bool,
    trusted_endpoint: Option<String>,
    connect_to: Vec<ConnectTo>,
    proxy: Option<(String, Option<String>)>,
    client: OnceLock<Result<reqwest::Client, String>>,
    requests: AtomicU32,
    limited: Mutex<BTreeSet<String>>,
    hosts: Mutex<BTreeMap<String, HostSeen>>,
}

impl Http {
    /// For a case. Nothing is opened until the first request.
    pub fn new(case: &Case) -> Http {
        let environment = &case.environment;
        let first = |names: &[&str]| names.iter().find_map(|name| environment.non_empty(name));
        let proxy = first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
            .map(|proxy| (proxy, first(&["no_proxy", "NO_PROXY"])));
        let trusted_endpoint = case
            .limits
            .trust_endpoint
            .then(|| Url::parse(&case.settings.endpoint).ok().and_then(|u| u.host_str().map(str::to_ascii_lowercase)))
            .flatten();
        Http {
            offline: case.limits.offline,
            trusted_endpoint,
            connect_to: case.limits.connect_to.clone(),
            proxy,
            client: OnceLock::new(),
            requests: AtomicU32::new(0),
            limited: Mutex::default(),
            hosts: Mutex::default(),
        }
    }

    /// Whether the token may go to this URL: the Hub itself over TLS, or the endpoint that the person trusts.
    pub fn may_carry_token(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let trusted = self.trusted_endpoint.as_deref().is_some_and(|t| t.eq_ignore_ascii_case(host));
        trusted || (url.scheme() == "https" && is_hub_host(host))
    }

    /// Sends a request and reads its answer within the bound. Redirects are not followed.
    ///
    /// Nothing is sent offline, or to a host that has just limited the rate, or with a token to a host that must not have it.
    pub async fn send(&self, ask: Ask) -> Result<Answer, Failure> {
        if self.offline {
            return Err(Failure::NotSent("not asked: --offline".to_owned()));
        }
        let host = ask.url.host_str().unwrap_or_default().to_ascii_lowercase();
        if lock(&self.limited).contains(&host) {
            return Err(Failure::NotSent(format!("not asked: {host} has just limited the rate of requests")));
        }
        let client = self.client()?;
        let mut request = client.request(ask.method.clone(), ask.url.clone());
        let mut with_token = false;
        if let Some(token) = &ask.token {
            if !self.may_carry_token(&ask.url) {
                return Err(Failure::NotSent(format!("not asked: the token does not go to {host}")));
            }
            request = request.header(reqwest::header::AUTHORIZATION, bearer(token)?);
            with_token = true;
        }
        if let Some((first, last)) = ask.range {
            request = request.header(reqwest::header::RANGE, format!("bytes={first}-{last}"));
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let result = read(request, &ask, with_token, began).await;
        self.remember(&host, &result, began.elapsed());
        result
    }

    /// Requests sent and hosts met so far.
    pub fn network(&self) -> Network {
        Network { requests: self.requests.load(Ordering::Relaxed), hosts: lock(&self.hosts).clone() }
    }

    fn remember(&self, host: &str, result: &Result<Answer, Failure>, elapsed: Duration) {
        let mut hosts = lock(&self.hosts);
        let seen = hosts.entry(host.to_owned()).or_default();
        match result {
            Ok(answer) => {
                seen.status = Some(answer.status);
                seen.server = answer.header("server").or_else(|| answer.header("x-powered-by"));
                seen.milliseconds.get_or_insert(elapsed.as_secs_f64() * 1000.0);
                if layer::block(answer) == Some(Block::Said) {
                    lock(&self.limited).insert(host.to_owned());
                }
            }
            Err(failure) => seen.failure = Some(failure.to_string()),
        }
    }

    fn client(&self) -> Result<&reqwest::Client, Failure> {
        self.client
            .get_or_init(|| self.build().map_err(|error| error.clone()))
            .as_ref()
            .map_err(|error| Failure::NotSent(format!("not asked: {error}")))
    }

    fn build(&self) -> Result<reqwest::Client, String> {
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(system_roots())
            .with_no_client_auth();
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .dns_resolver(Arc::new(SystemResolver { connect_to: self.connect_to.clone() }))
            .tls_backend_preconfigured(tls);
        if let Some((proxy, exceptions)) = &self.proxy {
            let with_scheme = if proxy.contains("://") { proxy.clone() } else { format!("http://{proxy}") };
            let proxy = reqwest::Proxy::all(&with_scheme).map_err(|_| "the proxy variable is no URL".to_owned())?;
            let exceptions = exceptions.as_deref().and_then(reqwest::NoProxy::from_string);
            builder = builder.proxy(proxy.no_proxy(exceptions));
        }
        builder.build().map_err(|error| error.to_string())
    }
}

/// `Bearer …` of a token's bytes as they are sent: cleaned, as the client does it.
fn bearer(token: &Token) -> Result<HeaderValue, Failure> {
    let mut bytes = b"Bearer ".to_vec();
    bytes.extend_from_slice(token.expose());
    let mut value = HeaderValue::from_bytes(&bytes)
        .map_err(|_| Failure::NotSent("not asked: the token has bytes that no HTTP header may hold".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn read(
    request: reqwest::RequestBuilder,
    ask: &Ask,
    with_token: bool,
    began: Instant,
) -> Result<Answer, Failure> {
    let mut response = request.send().await.map_err(|error| failure(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    let mut cut = false;
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        let room = ask.max_body - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            cut = true;
            break;
        }
    }
    Ok(Answer { url: ask.url.clone(), status, headers, body, cut, with_token, elapsed: began.elapsed() })
}

/// What a transport error means, by the types in its chain.
fn failure(error: &reqwest::Error) -> Failure {
    let mut words = Vec::new();
    let mut link: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(at) = link {
        if let Some(lookup) = at.downcast_ref::<LookupFailed>() {
            return Failure::Dns(lookup.to_string());
        }
        if let Some(tls) = at.downcast_ref::<rustls::Error>() {
            return Failure::Tls(tls.to_string());
        }
        if let Some(io) = at.downcast_ref::<std::io::Error>() {
            if let Some(tls) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                return Failure::Tls(tls.to_string());
            }
            if error.is_connect() {
                return Failure::Connect(io.raw_os_error(), io.to_string());
            }
        }
        words.push(at.to_string());
        link = at.source();
    }
    let last = words.pop().unwrap_or_default();
    if words.iter().chain([&last]).any(|w| w.contains("tunnel") || w.contains("proxy") || w.contains("socks")) {
        Failure::Proxy(last)
    } else if error.is_timeout() {
        Failure::Timeout(last)
    } else if error.is_connect() {
        Failure::Connect(None, last)
    } else {
        Failure::Broken(last)
    }
}

/// A name that the system could not resolve.
#[derive(Debug, thiserror::Error)]
#[error("{host}: {error}")]
struct LookupFailed {
    host: String,
    error: std::io::Error,
}

/// The system's way to resolve names (getaddrinfo), after `--connect-to`.
#[derive(Debug)]
struct SystemResolver {
    connect_to: Vec<ConnectTo>,
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let pinned = self.connect_to.iter().find(|c| c.host.is_empty() || c.host == host).map(|c| c.to);
        Box::pin(async move {
            if let Some(address) = pinned {
                return Ok(Box::new(std::iter::once(address)) as Addrs);
            }
            let found = tokio::net::lookup_host((host.as_str(), 0)).await.map(Iterator::collect::<Vec<SocketAddr>>);
            match found {
                Ok(addresses) => Ok(Box::new(addresses.into_iter()) as Addrs),
                Err(error) => Err(Box::new(LookupFailed { host, error }) as Box<dyn std::error::Error + Send + Sync>),
            }
        })
    }
}

/// The operating system's trust store, or what SSL_CERT_FILE and SSL_CERT_DIR name in its place.
pub fn system_roots() -> rustls::RootCertStore {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
