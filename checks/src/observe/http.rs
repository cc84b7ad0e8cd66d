//! Requests to the Hub: counted, bounded, never retried, and careful with the token.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderValue;
use tokio::sync::OnceCell;
use url::Url;

use super::dial::{Budget, pinned, seconds};
use super::failure::{LookupFailed, failure};
use super::layer;
use super::network::{HostSeen, Hosts, Network};
use super::route::Route;
use super::tls::Strict;
use super::trust::{self, Stores};
use crate::case::proxy::{self, Rules};
use crate::case::trust::{Trust, of_clients};
use crate::case::{Case, ConnectTo, Environment};
use hfdoctor_core::hub::is_hub_host;
use hfdoctor_core::token::Token;

pub use super::answer::Answer;
pub use super::failure::Failure;

/// The most bytes of a body that are read, unless a request says otherwise.
pub const MAX_BODY: usize = 1024 * 1024;

/// How hfdoctor names itself to servers.
pub const USER_AGENT: &str = concat!("hfdoctor/", env!("CARGO_PKG_VERSION"));

/// A request to send.
#[derive(Debug, Clone)]
pub struct Ask {
    /// GET or HEAD.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// With the token, if it may go there.
    pub token: Option<Token>,
    /// The short-lived token that the Hub gives for its Xet storage; it goes to the storage host that it is for.
    pub storage_token: Option<Token>,
    /// The most bytes of the body to read.
    pub max_body: usize,
    /// A byte range, first and last.
    pub range: Option<(u64, u64)>,
    /// The `Accept` header, where it is not anything.
    pub accept: Option<&'static str>,
}

impl Ask {
    /// HEAD without a token.
    pub fn head(url: Url) -> Ask {
        Ask {
            method: Method::HEAD,
            url,
            token: None,
            storage_token: None,
            max_body: MAX_BODY,
            range: None,
            accept: None,
        }
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

    /// The same with an `Accept` header.
    #[must_use]
    pub fn accept(mut self, accept: &'static str) -> Ask {
        self.accept = Some(accept);
        self
    }
}

/// The one way out to HTTP.
#[derive(Debug)]
pub struct Http {
    offline: bool,
    trusted_endpoint: Option<String>,
    connect_to: Vec<ConnectTo>,
    environment: Environment,
    rules: Rules,
    trusts: Vec<Trust>,
    budget: Budget,
    stores: OnceCell<Arc<Stores>>,
    client: OnceCell<Result<reqwest::Client, String>>,
    requests: AtomicU32,
    limited: Mutex<BTreeSet<String>>,
    hosts: Mutex<Hosts>,
}

impl Http {
    /// For a case. Nothing is opened until the first request.
    pub fn new(case: &Case) -> Http {
        let trusted_endpoint = case
            .limits
            .trust_endpoint
            .then(|| Url::parse(&case.settings.endpoint).ok().and_then(|u| u.host_str().map(str::to_ascii_lowercase)))
            .flatten();
        Http {
            offline: case.limits.offline,
            trusted_endpoint,
            connect_to: case.limits.connect_to.clone(),
            environment: case.environment.clone(),
            rules: Rules::of(&case.clients),
            trusts: of_clients(case),
            budget: Budget::new(case),
            stores: OnceCell::new(),
            client: OnceCell::new(),
            requests: AtomicU32::new(0),
            limited: Mutex::default(),
            hosts: Mutex::default(),
        }
    }

    /// How long the phases may take. It runs from the first look at the network.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Whether nothing may leave the machine.
    pub fn is_offline(&self) -> bool {
        self.offline
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
        let host = host_of(&ask.url);
        let (request, with_token) = self.prepare(&ask).await?;
        let began = Instant::now();
        let within = self.budget.rest();
        let result = match tokio::time::timeout(within, read(request, &ask, with_token, began)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Timeout(format!("nothing complete came within {}", seconds(within)))),
        };
        self.remember(&host, &result, began.elapsed());
        result
    }

    /// Sends a request and hands out the answer's body as it comes. For one bounded transfer; counted like any other.
    pub(super) async fn open(&self, ask: &Ask, within: Duration) -> Result<reqwest::Response, Failure> {
        let host = host_of(&ask.url);
        let (request, _) = self.prepare(ask).await?;
        let began = Instant::now();
        let result = match tokio::time::timeout(within, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(Failure::Timeout(format!("no answer within {}", seconds(within)))),
        };
        let mut hosts = lock(&self.hosts);
        let seen = hosts.entry(host.clone()).or_default();
        match &result {
            Ok(response) => {
                seen.answered(response.status().as_u16(), response.headers(), began.elapsed());
                if response.status().as_u16() == 429 {
                    lock(&self.limited).insert(host);
                }
            }
            Err(failure) => seen.failure = Some(failure.to_string()),
        }
        drop(hosts);
        result
    }

    /// A request that may be sent, and whether it carries the token.
    async fn prepare(&self, ask: &Ask) -> Result<(reqwest::RequestBuilder, bool), Failure> {
        if self.offline {
            return Err(Failure::NotSent("not asked: --offline".to_owned()));
        }
        let host = host_of(&ask.url);
        if let Some(setting) = proxy::way(&self.environment, self.rules, &ask.url).through() {
            if let Err(why) = setting.proxy() {
                return Err(Failure::Proxy(format!("`{}` names no proxy: {why}", setting.place)));
            }
            lock(&self.hosts).entry(host.clone()).or_default().proxy = Some(setting.shown());
        }
        let client = self.client().await?;
        // Asked last: another answer may have come while the client was made ready.
        if lock(&self.limited).contains(&host) {
            return Err(Failure::NotSent(format!("not asked: {host} has just limited the rate of requests")));
        }
        let mut request = client.request(ask.method.clone(), ask.url.clone());
        let mut with_token = false;
        if let Some(token) = &ask.token {
            if !self.may_carry_token(&ask.url) {
                return Err(Failure::NotSent(format!("not asked: the token does not go to {host}")));
            }
            request = request.header(reqwest::header::AUTHORIZATION, bearer(token)?);
            with_token = true;
        }
        if let Some(token) = &ask.storage_token {
            request = request.header(reqwest::header::AUTHORIZATION, bearer(token)?);
        }
        if let Some((first, last)) = ask.range {
            request = request.header(reqwest::header::RANGE, format!("bytes={first}-{last}"));
        }
        if let Some(accept) = ask.accept {
            request = request.header(reqwest::header::ACCEPT, accept);
        }
        self.count_request();
        Ok((request, with_token))
    }

    /// Counts a request that was sent by hand.
    pub(super) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests sent and hosts met so far.
    pub fn network(&self) -> Network {
        Network { requests: self.requests.load(Ordering::Relaxed), hosts: lock(&self.hosts).clone() }
    }

    /// Keeps a walked way's phases for the report.
    pub(super) fn remember_route(&self, route: &Route) {
        lock(&self.hosts).entry(route.host.clone()).or_default().walked(route);
    }

    fn remember(&self, host: &str, result: &Result<Answer, Failure>, elapsed: Duration) {
        let mut hosts = lock(&self.hosts);
        let seen: &mut HostSeen = hosts.entry(host.to_owned()).or_default();
        match result {
            Ok(answer) => {
                seen.answered(answer.status, &answer.headers, elapsed);
                self.heed_limit(answer);
            }
            Err(failure) => seen.failure = Some(failure.to_string()),
        }
    }

    /// Asks a host nothing more when its answer limits the rate of requests, in whatever words.
    pub(super) fn heed_limit(&self, answer: &Answer) {
        if layer::block(answer).is_some() {
            lock(&self.limited).insert(host_of(&answer.url));
        }
    }

    /// The trust stores of this machine.
    pub(super) async fn stores(&self) -> Arc<Stores> {
        let load = || async {
            let (environment, clients) = (self.environment.clone(), self.trusts.clone());
            let loaded = tokio::task::spawn_blocking(move || trust::load(&environment, &clients)).await;
            Arc::new(loaded.unwrap_or_default())
        };
        Arc::clone(self.stores.get_or_init(load).await)
    }

    async fn client(&self) -> Result<&reqwest::Client, Failure> {
        let stores = self.stores().await;
        self.client
            .get_or_init(|| async { self.build(&stores) })
            .await
            .as_ref()
            .map_err(|error| Failure::NotSent(format!("not asked: {error}")))
    }

    fn build(&self, stores: &Stores) -> Result<reqwest::Client, String> {
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Strict::new(stores.combined.clone())))
            .with_no_client_auth();
        let (environment, rules) = (self.environment.clone(), self.rules);
        let by_rules = reqwest::Proxy::custom(move |url: &Url| {
            let proxy = proxy::way(&environment, rules, url).through()?.proxy().ok()?;
            proxy.to_url()
        });
        reqwest::Client::builder()
            .user_agent(USER_AGENT)
            // Long enough for a lookup that waits for a second name server, short enough to end before the examination.
            .connect_timeout(self.budget.part(0.72))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .proxy(by_rules)
            .dns_resolver(Arc::new(SystemResolver { connect_to: self.connect_to.clone() }))
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| error.to_string())
    }
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
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
        let room = ask.max_body.saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            cut = true;
            break;
        }
    }
    Ok(Answer { url: ask.url.clone(), status, headers, body, cut, with_token, elapsed: began.elapsed() })
}

/// The system's way to resolve names (getaddrinfo), after `--connect-to`.
#[derive(Debug)]
struct SystemResolver {
    connect_to: Vec<ConnectTo>,
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        // The port is not known here: any pin of the host will do.
        let first = self.connect_to.iter().find(|c| c.host.is_empty() || c.host.eq_ignore_ascii_case(&host));
        let pinned = first.and_then(|pin| pinned(std::slice::from_ref(pin), &host, pin.port));
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
