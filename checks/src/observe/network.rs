//! What the report tells of the network: the hosts that were met, and how far each phase of the way to them went.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::HeaderMap;

use super::route::Route;
use super::tls::clean;

/// Hosts by name.
pub type Hosts = BTreeMap<String, HostSeen>;

/// What was met on one host.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostSeen {
    /// The addresses that its name resolves to.
    pub addresses: Vec<String>,
    /// Milliseconds of each phase of the first way there.
    pub phases: Phases,
    /// The last status.
    pub status: Option<u16>,
    /// The `Server` header.
    pub server: Option<String>,
    /// The proxy that requests go through, without credentials.
    pub proxy: Option<String>,
    /// Who signed its certificate.
    pub certificate_issuer: Option<String>,
    /// Milliseconds of the first request, from sending to its answer.
    pub milliseconds: Option<f64>,
    /// Why there was no answer.
    pub failure: Option<String>,
}

/// Milliseconds of the phases of one connection; none for a phase that was not reached.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Phases {
    /// The name lookup.
    pub dns: Option<f64>,
    /// The TCP connection, to the host or to the proxy.
    pub tcp: Option<f64>,
    /// The TLS handshake.
    pub tls: Option<f64>,
    /// From a request on a standing connection to its answer's first byte.
    pub first_byte: Option<f64>,
}

impl HostSeen {
    pub(super) fn answered(&mut self, status: u16, headers: &HeaderMap, elapsed: Duration) {
        let text = |name: &str| headers.get(name).map(|v| clean(&String::from_utf8_lossy(v.as_bytes())));
        self.status = Some(status);
        self.server = text("server").or_else(|| text("x-powered-by"));
        self.milliseconds.get_or_insert(elapsed.as_secs_f64() * 1000.0);
        self.estimate_first_byte();
    }

    pub(super) fn walked(&mut self, route: &Route) {
        if let Some(direct) = &route.direct {
            let found = direct.lookup.as_ref().and_then(|l| l.addresses.as_ref().ok());
            self.addresses = match found {
                Some(addresses) => addresses.iter().take(16).map(ToString::to_string).collect(),
                None => direct.attempts.iter().map(|a| a.address.ip().to_string()).collect(),
            };
        }
        match (&route.proxied, &route.direct) {
            (Some(proxied), _) => {
                if let Ok(way) = &proxied.outcome {
                    self.phases.dns = way.seen.dns;
                    self.phases.tcp = way.seen.tcp;
                }
            }
            (None, Some(direct)) => {
                self.phases.dns = direct.lookup.as_ref().map(|l| l.milliseconds);
                self.phases.tcp =
                    direct.attempts.iter().filter_map(|a| a.outcome.as_ref().ok()).copied().reduce(f64::min);
            }
            (None, None) => {}
        }
        if let Some(session) = route.session() {
            self.phases.tls = session.outcome.is_ok().then_some(session.milliseconds);
            self.certificate_issuer = session.leaf().map(|leaf| leaf.issuer.clone());
        }
        self.estimate_first_byte();
    }

    /// What is left of the first request without the phases before it. They were measured on another connection that was
    /// made at the same time.
    fn estimate_first_byte(&mut self) {
        let Phases { dns, tcp, tls, .. } = self.phases;
        if let (Some(whole), Some(tcp)) = (self.milliseconds, tcp) {
            let before = dns.unwrap_or(0.0) + tcp + tls.unwrap_or(0.0);
            self.phases.first_byte = Some((whole - before).max(0.0));
        }
    }
}

/// The requests that were sent and the hosts that were met.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// How many requests were sent.
    pub requests: u32,
    /// By host.
    pub hosts: Hosts,
}
