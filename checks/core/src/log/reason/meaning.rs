//! What each event means: its signs and numbers, read with what the rest of the log says.

use super::super::event::{Event, Mark};
use super::super::extract::{LimitWords, RequestId, target_of};
use super::super::host::{Owner, owner};
use super::super::scan::Scan;
use super::super::trigger::{SERVICES, in_a_path};
use super::network::{Breakage, is_of_the_network};
use super::rate::Limit;
use super::refusal::{Meaning, Refusal};
use super::{known, network, rate, refusal};
use crate::diagnosis::Cause;
use crate::sign::Weight;
use crate::target::Target;

/// Lines with anything on them of a log that a person pastes rather than a service writes.
const SHORT: u64 = 40;

/// A cause that a line shows.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// Which.
    pub cause: Cause,
    /// How well the line shows it.
    pub weight: Weight,
    /// What else the line may mean.
    pub also: &'static [Cause],
    /// The line.
    pub event: &'a Event,
}

/// What the whole log says, for reading one line.
pub struct Context<'a> {
    scan: &'a Scan,
    endpoint: Option<(String, Owner)>,
    proxies: Vec<String>,
    about_the_hub: bool,
    has_strangers: bool,
}

impl<'a> Context<'a> {
    /// The context of a scanned log.
    pub fn new(scan: &'a Scan) -> Context<'a> {
        let endpoint = scan.facts.variable("HF_ENDPOINT").map(|seen| {
            let host = host_of(&seen.value);
            let by_name = owner(&host);
            (host, if by_name == Owner::Hub { Owner::Hub } else { Owner::Mirror })
        });
        let proxies = scan.facts.proxies().map(host_of).collect();
        let has_strangers = scan.names_services || scan.events().any(|event| event.owner() == Some(Owner::Other));
        // A short log that names nothing else is taken to be about what the person asks.
        let about_the_hub =
            scan.facts.about_the_hub || scan.kin || scan.filled <= 6 || (scan.filled <= SHORT && !has_strangers);
        Context { scan, endpoint, proxies, about_the_hub, has_strangers }
    }

    /// Whether the log's endpoint is a mirror.
    pub fn at_a_mirror(&self) -> bool {
        self.endpoint.as_ref().is_some_and(|(_, owner)| *owner == Owner::Mirror)
    }

    /// Whose host an event is about, with what the log says of endpoint and proxies.
    pub fn owner(&self, event: &Event) -> Option<Owner> {
        let is_endpoint = |host: &str| self.endpoint.as_ref().is_some_and(|(name, _)| name == host && !name.is_empty());
        let named = || event.hosts.iter().map(String::as_str).chain(event.addresses.iter().map(|a| a.host.as_str()));
        if named().any(is_endpoint) {
            return self.endpoint.as_ref().map(|(_, owner)| *owner);
        }
        if event.hosts.iter().any(|host| self.proxies.iter().any(|proxy| proxy == host)) {
            return Some(Owner::Local);
        }
        event.owner()
    }

    /// Whose host an event without one is about: of the request, command or wrapper that stands nearest.
    fn owner_nearby(&self, event: &Event) -> Option<Owner> {
        let before = self.scan.places.iter().rev().find(|(line, _)| *line <= event.line && event.line - line <= 150);
        let after = || self.scan.places.iter().find(|(line, _)| *line > event.line && line - event.line <= 40);
        before.or_else(after).map(|(_, owner)| *owner)
    }

    /// Whose host an event is about, its own or the nearest.
    pub fn owner_or_nearby(&self, event: &Event) -> Option<Owner> {
        self.owner(event).or_else(|| self.owner_nearby(event))
    }

    /// The repository that an event is about: of its own URL, else the nearest that was named before it.
    pub fn target(&self, event: &Event) -> Option<Target> {
        let own = event
            .addresses
            .iter()
            .filter(|a| matches!(a.owner, Owner::Hub | Owner::Mirror))
            .find_map(|a| target_of(&a.path));
        own.or_else(|| {
            let near = self.scan.targets.iter().rev().find(|(line, _)| *line <= event.line + 4);
            near.map(|(_, target)| target.clone())
        })
    }

    /// Everything that an event shows.
    pub fn candidates<'e>(&self, event: &'e Event, run: &[&'e Event]) -> Vec<Candidate<'e>> {
        let owner = self.owner_or_nearby(event);
        let foreign = matches!(owner, Some(Owner::Other)) || (owner == Some(Owner::Local) && !self.has_proxy(event));
        let mut found: Vec<Candidate<'e>> = Vec::new();
        let probes = self.target(event).and_then(|target| target.file).is_some_and(|file| refusal::is_probed(&file));
        let mut add = |meaning: Option<Meaning>| {
            let meaning = meaning.map(|(cause, weight, also)| match cause {
                Cause::FileNotFound | Cause::RepoNotFound if probes && weight < Weight::Decisive => {
                    (cause, Weight::Hint, also)
                }
                Cause::FileNotFound if probes => (cause, Weight::Wrapper, also),
                _ => (cause, weight, also),
            });
            if let Some((cause, weight, also)) = meaning
                && !found.iter().any(|c| c.cause == cause && c.weight >= weight)
            {
                found.push(Candidate { cause, weight, also, event });
            }
        };
        for mark in &event.marks {
            add(self.of_mark(mark, event, run, owner, foreign));
        }
        // A server's error in the listing of requests is the failure that a wrapper hides.
        let hidden = |status: u16| {
            status >= 500
                && run.iter().any(|e| e.marks.iter().any(|m| m.weight == Weight::Wrapper) && e.line >= event.line)
        };
        if let Some(status) = event.status
            && (!is_incidental(event) || hidden(status))
        {
            add(self.of_status(status, event, run, owner, foreign));
        }
        found
    }

    /// Whether a failure of the network without a host may be a download's.
    fn may_be_the_hubs(&self, lower: &str) -> bool {
        if SERVICES.iter().any(|service| lower.find(service).is_some_and(|at| !in_a_path(lower, at))) {
            return false;
        }
        let facts = &self.scan.facts;
        facts.about_the_hub || self.scan.kin || (self.about_the_hub && !self.has_strangers)
    }

    fn has_proxy(&self, event: &Event) -> bool {
        let lower = event.text.to_ascii_lowercase();
        let url_beside = event.addresses.iter().any(|a| a.owner.is_download());
        let called = self
            .scan
            .facts
            .command
            .as_ref()
            .is_some_and(|c| c.value.contains("huggingface.co") || c.value.contains("hf.co"));
        !self.proxies.is_empty()
            || lower.contains("proxy")
            || url_beside
            || called
            || self.scan.facts.about_the_hub && is_a_proxy_port(&lower)
    }

    fn of_mark(
        &self,
        mark: &Mark,
        event: &Event,
        run: &[&Event],
        owner: Option<Owner>,
        foreign: bool,
    ) -> Option<Meaning> {
        use Cause::{
            CachePermission, CaptivePortal, CdnBlocked, CorruptFile, DiskFull, DiskQuota, EndpointMisconfigured,
            FileNotFound, GatedNoToken, GatedNotAccepted, HubOutage, LockStuck, MirrorFailure, NotADownload,
            PartialCache, PathTooLong, ProviderLimit, RepoNotFound, SymlinkUnsupported, TokenInvalid, TokenMissing,
            TokenScope,
        };
        let lower = event.text.to_ascii_lowercase();
        let cause = mark.cause;
        let weight = mark.weight;
        if is_of_the_network(cause)
            && let Some(meaning) = of_an_endpoint_here(event, &lower)
        {
            return Some(meaning);
        }
        // ollama's own registry is no host of the Hub's: what its certificate is worth is its operators' matter.
        if cause == Cause::TlsClock && lower.contains("registry.ollama.ai") && expired_lately(&lower) {
            return Some((NotADownload, Weight::Decisive, &[Cause::TlsClock]));
        }
        if is_of_the_network(cause) {
            if owner.is_none() && !self.may_be_the_hubs(&lower) {
                return None;
            }
            let owner = if owner.is_none() && self.at_a_mirror() { Some(Owner::Mirror) } else { owner };
            let proxy = self.has_proxy(event);
            let body = near(event, run).any(|e| network::is_in_the_body(&e.text.to_ascii_lowercase()));
            let local_proxy = self.proxies.iter().any(|host| super::super::host::owner(host) == Owner::Local);
            return network::meaning(&Breakage { cause, weight, owner, lower: &lower, body, local_proxy, proxy });
        }
        let on_disk = matches!(
            cause,
            DiskFull
                | DiskQuota
                | CachePermission
                | Cause::ReadOnlyCache
                | PathTooLong
                | SymlinkUnsupported
                | LockStuck
                | CorruptFile
        );
        if on_disk && !self.about_the_hub {
            return None;
        }
        match cause {
            NotADownload => Some((NotADownload, weight, &[])),
            Cause::RateLimitAnonymous | Cause::RateLimitAccount | Cause::RateLimitCdn => {
                let after_an_outage = || {
                    let mut statuses = near(event, run).filter_map(|e| e.status).peekable();
                    statuses.peek().is_some() && statuses.all(|status| status >= 500)
                };
                if mark.words == "rate limited. waiting" && after_an_outage() {
                    return None;
                }
                if foreign || (owner.is_none() && !(self.about_the_hub && self.may_be_the_hubs(&lower))) {
                    return None;
                }
                let edge = matches!(cause, Cause::RateLimitCdn);
                if edge && owner != Some(Owner::Mirror) {
                    return Some((Cause::RateLimitCdn, Weight::Decisive, &[Cause::RateLimitIp]));
                }
                Some(self.limit(event, run, owner))
            }
            GatedNoToken if weight == Weight::Symptom => Some(self.gate(event, run)),
            GatedNotAccepted if weight == Weight::Symptom => {
                let token = self.scan.facts.token;
                Some(if token.anonymous && !token.sent {
                    (GatedNoToken, Weight::Symptom, &[GatedNotAccepted])
                } else {
                    (GatedNotAccepted, Weight::Symptom, &[GatedNoToken, TokenScope])
                })
            }
            TokenInvalid if mark.words.starts_with("authentication failed") => Some(if self.scan.facts.token.sent {
                (TokenInvalid, Weight::Symptom, &[TokenMissing])
            } else {
                (TokenMissing, Weight::Symptom, &[TokenInvalid, RepoNotFound])
            }),
            TokenMissing | TokenScope | ProviderLimit | PartialCache if foreign => None,
            FileNotFound
                if mark.words.starts_with("filenotfoundexc") || mark.words.starts_with("filenotfounderror: http") =>
            {
                let gated = self.target(event).is_some_and(|t| known::access(&t.repo_id) == known::Access::Gated);
                if foreign {
                    None
                } else if gated {
                    Some(self.gate(event, run))
                } else {
                    Some((FileNotFound, Weight::Symptom, &[RepoNotFound, GatedNoToken]))
                }
            }
            RepoNotFound | FileNotFound | Cause::RevisionNotFound if foreign || self.may_be_a_strangers(owner) => None,
            CorruptFile if self.may_be_a_strangers(owner) => None,
            HubOutage if weight == Weight::Symptom => {
                if foreign || (owner.is_none() && !self.scan.facts.about_the_hub) || is_incidental(event) {
                    return None;
                }
                refusal::meaning(&Refusal { status: event.status.unwrap_or(503), owner, ..Refusal::default() })
            }
            // The address itself is wrong, whoever would have answered.
            EndpointMisconfigured
                if weight == Weight::Decisive
                    || ["scheme", "protocol", "adapters"].iter().any(|word| mark.words.contains(word)) =>
            {
                Some((EndpointMisconfigured, Weight::Decisive, &[]))
            }
            EndpointMisconfigured if mark.words.contains("can't find the page") => {
                let mirror = self.at_a_mirror() || owner == Some(Owner::Mirror);
                mirror.then_some((EndpointMisconfigured, Weight::Decisive, &[MirrorFailure]))
            }
            EndpointMisconfigured => {
                let weight = weight.min(Weight::Symptom);
                Some(
                    if self.at_a_mirror()
                        || owner == Some(Owner::Mirror)
                        || run.iter().any(|e| e.owner() == Some(Owner::Mirror))
                    {
                        (MirrorFailure, weight, &[EndpointMisconfigured, CaptivePortal])
                    } else {
                        (CaptivePortal, weight, &[EndpointMisconfigured, MirrorFailure])
                    },
                )
            }
            CdnBlocked if foreign && owner == Some(Owner::Other) => None,
            CdnBlocked if near(event, run).any(|e| e.status == Some(429)) => Some(self.limit(event, run, owner)),
            PartialCache if owner == Some(Owner::Xet) => Some((Cause::XetClient, Weight::Symptom, &[CdnBlocked])),
            Cause::ClientOutdated
                if mark.words == "relative url without a base" && self.has_endpoint_without_scheme() =>
            {
                Some((EndpointMisconfigured, Weight::Decisive, &[]))
            }
            CaptivePortal if weight < Weight::Decisive && !self.scan.facts.about_the_hub => None,
            PartialCache
                if lower.contains("size of size 0 ") || (lower.contains("be of size 0 but") && self.at_a_mirror()) =>
            {
                Some((MirrorFailure, Weight::Symptom, &[PartialCache]))
            }
            PartialCache if weight == Weight::Symptom && is_too_long(&event.text) => {
                Some((PathTooLong, Weight::Decisive, &[PartialCache]))
            }
            _ => Some((cause, weight, &[])),
        }
    }

    fn has_endpoint_without_scheme(&self) -> bool {
        self.scan.facts.variable("HF_ENDPOINT").is_some_and(|seen| !seen.value.contains("://"))
    }

    /// Whether a line that names no host may be about another service: the log speaks of some, and not of the Hub.
    fn may_be_a_strangers(&self, owner: Option<Owner>) -> bool {
        owner.is_none() && self.is_among_strangers()
    }

    /// Whether an event is about a service that is no part of a download.
    pub fn is_a_strangers(&self, event: &Event) -> bool {
        match self.owner_or_nearby(event) {
            Some(owner) => matches!(owner, Owner::Other | Owner::Local),
            None => self.is_among_strangers(),
        }
    }

    /// Whether the log speaks of other services, and never of the Hub.
    fn is_among_strangers(&self) -> bool {
        !self.scan.facts.about_the_hub && self.has_strangers
    }

    fn of_status(
        &self,
        status: u16,
        event: &Event,
        run: &[&Event],
        owner: Option<Owner>,
        foreign: bool,
    ) -> Option<Meaning> {
        if foreign || (owner.is_none() && !self.scan.facts.about_the_hub) {
            return None;
        }
        if status == 429 {
            return Some(self.limit(event, run, owner));
        }
        let target = self.target(event);
        let path = event.addresses.iter().find(|a| Some(a.owner) == owner).map_or("", |a| a.path.as_str());
        let token = self.scan.facts.token;
        refusal::meaning(&Refusal {
            status,
            owner,
            path,
            target: target.as_ref(),
            gate: near(event, run).any(|e| e.has(Cause::GatedNoToken) || e.has(Cause::GatedNotAccepted)),
            token_sent: token.sent,
            // transformers.js says so of requests that it mostly sends without a token
            anonymous: token.anonymous || event.text.contains("Unauthorized access to file"),
            disabled: near(event, run).any(|e| e.has(Cause::RepoDisabled)),
            by_application: near(event, run).any(|e| e.request_id == Some(RequestId::Application)),
            registry: event.text.contains("pull model manifest") || event.text.contains("registry responded"),
            wordless: near(event, run).any(|e| e.text.contains("403 Forbidden: None")),
        })
    }

    /// Whose limit a 429 is.
    fn limit(&self, event: &Event, run: &[&Event], owner: Option<Owner>) -> Meaning {
        let around: Vec<&Event> = near(event, run).collect();
        let says = |words: &str| around.iter().any(|e| e.marks.iter().any(|m| m.words.contains(words)));
        let owner = owner.or_else(|| {
            around.iter().find_map(|e| self.owner(e).filter(|o| !matches!(o, Owner::Other | Owner::Local)))
        });
        let owner = if owner.is_none() && self.at_a_mirror() { Some(Owner::Mirror) } else { owner };
        let path =
            around.iter().flat_map(|e| &e.addresses).find(|a| Some(a.owner) == owner).map_or("", |a| a.path.as_str());
        let token = self.scan.facts.token;
        let mut request_id = around.iter().filter_map(|e| e.request_id).min();
        if request_id == Some(RequestId::Client) {
            request_id = None;
        }
        let words = around.iter().filter_map(|e| e.limit.as_ref()).fold(LimitWords::default(), LimitWords::and);
        rate::whose(&Limit {
            owner,
            path: if around.iter().any(|e| e.text.contains("/whoami")) { "/api/whoami-v2" } else { path },
            request_id,
            words: (words != LimitWords::default()).then_some(&words),
            limits_the_address: says("rate limit your ip"),
            limits_the_account: around.iter().any(|e| e.has(Cause::RateLimitAccount)),
            token_sent: token.sent,
            anonymous: token.anonymous,
            shared_address: self.scan.facts.shared_address.is_some(),
            never_sends_a_token: around.iter().any(|e| e.text.contains("occurred while trying to load file")),
        })
    }

    /// Which side of a gate: by the status beside its words, else by what is known of the token.
    fn gate(&self, event: &Event, run: &[&Event]) -> Meaning {
        use Cause::{GatedNoToken, GatedNotAccepted, TokenMissing, TokenScope};
        let status =
            event.status.or_else(|| near(event, run).filter_map(|e| e.status).find(|s| matches!(s, 401 | 403)));
        let token = self.scan.facts.token;
        match status {
            Some(403) => (GatedNotAccepted, Weight::Decisive, &[TokenScope]),
            Some(401) => (GatedNoToken, Weight::Decisive, &[TokenMissing]),
            _ if token.sent && !token.anonymous => (GatedNotAccepted, Weight::Symptom, &[GatedNoToken, TokenScope]),
            _ => (GatedNoToken, Weight::Symptom, &[GatedNotAccepted, TokenMissing]),
        }
    }
}

/// The events of the same chain, and those a few lines away.
pub(super) fn near<'e>(event: &Event, run: &[&'e Event]) -> impl Iterator<Item = &'e Event> {
    let (line, chain) = (event.line, event.chain);
    run.iter().copied().filter(move |e| e.line.abs_diff(line) <= 8 || (e.chain == chain && e.line.abs_diff(line) <= 60))
}

/// A request of the Hub's API that went to this machine: the port of a proxy was given as the endpoint, or a mirror that
/// runs here is down.
fn of_an_endpoint_here(event: &Event, lower: &str) -> Option<Meaning> {
    let asks =
        |path: &str| path.contains("/resolve/") || path.starts_with("/api/models") || path.starts_with("/api/datasets");
    let here = event.addresses.iter().any(|a| a.owner == Owner::Local && asks(&a.path));
    here.then(|| {
        if is_a_proxy_port(lower) {
            (Cause::EndpointMisconfigured, Weight::Decisive, [Cause::ProxyMisconfigured].as_slice())
        } else {
            (Cause::MirrorFailure, Weight::Symptom, [Cause::EndpointMisconfigured].as_slice())
        }
    })
}

/// Whether a certificate ran out at most a month before: then it is the server's fault, and not that of a wrong clock.
fn expired_lately(lower: &str) -> bool {
    // Days, near enough: a month has 31, a year 372.
    let days = |text: &str| {
        let mut parts = text.trim().get(..10)?.split('-').map(|part| part.parse::<u32>().ok());
        Some(parts.next()?? * 372 + parts.next()?? * 31 + parts.next()??)
    };
    let Some((now, end)) = lower.split_once("current time ").and_then(|(_, rest)| rest.split_once(" is after ")) else {
        return false;
    };
    days(now).zip(days(end)).is_some_and(|(now, end)| now >= end && now - end <= 31)
}

/// Whether a status stands in an access log or a debug line of every answer: it shows no failure by itself.
fn is_incidental(event: &Event) -> bool {
    let lower = event.text.to_ascii_lowercase();
    lower.contains("http/1.1\" ")
        || lower.contains("http/1.0\" ")
        || lower.contains("http/2\" ")
        || lower.contains("\"http/1.1 ")
        || lower.contains("\"http/2 ")
}

fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    host.split(':').next().unwrap_or(host).to_ascii_lowercase()
}

/// Whether a line names a port on which local proxies commonly listen.
fn is_a_proxy_port(lower: &str) -> bool {
    const PORTS: &[&str] = &[
        "7890", "7891", "7897", "10808", "10809", "1080", "1081", "1087", "3128", "8118", "8888", "20171", "33210",
        "20170", "2080",
    ];
    PORTS.iter().any(|port| {
        [format!("port {port}"), format!(":{port}"), format!("port={port}")]
            .iter()
            .any(|words| lower.contains(words.as_str()))
    })
}

/// Whether a quoted Windows path is longer than what Windows allows without the long form.
fn is_too_long(text: &str) -> bool {
    text.split(['\'', '"']).any(|part| {
        let path = part.replace("\\\\", "\\");
        path.get(1..3) == Some(":\\") && path.len() >= 250
    })
}
