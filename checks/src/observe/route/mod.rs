//! The way to one host, walked by hand: lookup, connection to each address, TLS, or the tunnel through a proxy.
//!
//! It runs beside the real requests and sends none itself, so that what fails can be named by its phase. Only when the
//! client's way fails are the control experiments made: the other way, other proxies, a neutral host, each name server.

pub mod fault;
mod walker;

use std::net::SocketAddr;

use super::dial::TcpFault;
use super::dns::{Lookup, Opinion};
use super::head::Head;
use super::neutral::Neutral;
use super::proxy::{ProxyFault, ProxySeen};
use super::tls::{Certificate, Distrust, TlsFault};
use super::trust::Unloadable;
use crate::case::proxy::{Malformed, Setting, Way};
use crate::case::trust::Trust;

pub use walker::walk;

/// What a handshake showed, and who trusts it.
#[derive(Debug, Clone)]
pub struct Session {
    /// How the handshake ended.
    pub outcome: Result<(), TlsFault>,
    /// Milliseconds of the handshake.
    pub milliseconds: f64,
    /// The protocol version.
    pub version: Option<String>,
    /// What was presented, the server's own first.
    pub certificates: Vec<Certificate>,
    /// Whether the server's certificate is made out to the host, whoever signed it.
    pub names_host: bool,
    /// What the operating system's store says.
    pub by_system: Result<(), Distrust>,
    /// What all stores of this machine together say: whether a request can be sent at all.
    pub by_any: Result<(), Distrust>,
    /// What each client's store says; an unusable one trusts nothing.
    pub by_clients: Vec<(Trust, Result<(), ClientDistrust>)>,
    /// The same handshake without the host's name, tried when this one breaks off.
    pub unnamed: Option<Result<(), TlsFault>>,
    /// The answer to a bare HEAD without secrets, asked for when the certificate is not trusted.
    pub head: Option<Head>,
}

/// Why a client does not trust a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientDistrust {
    /// Its store cannot be used at all.
    Store(Unloadable),
    /// Its store does not vouch for the chain.
    Chain(Distrust),
}

impl std::fmt::Display for ClientDistrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ClientDistrust::Store(why) => write!(f, "{why}"),
            ClientDistrust::Chain(why) => write!(f, "{why}"),
        }
    }
}

impl Session {
    /// Whether the handshake went well and a store of this machine vouches for the server.
    pub fn trusted(&self) -> bool {
        self.outcome.is_ok() && self.by_any.is_ok()
    }

    /// The server's own certificate.
    pub fn leaf(&self) -> Option<&Certificate> {
        self.certificates.first()
    }
}

/// One address tried.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// Milliseconds of the connection, or why there is none.
    pub outcome: Result<f64, TcpFault>,
}

/// The straight way.
#[derive(Debug, Clone)]
pub struct Direct {
    /// The name lookup; none when `--connect-to` names the address.
    pub lookup: Option<Lookup>,
    /// The addresses tried, in the system's order.
    pub attempts: Vec<Attempt>,
    /// TLS on the first connection that stood; none for plain HTTP or without a connection.
    pub session: Option<Session>,
}

impl Direct {
    /// Whether an address took the connection.
    pub fn connected(&self) -> bool {
        self.attempts.iter().any(|a| a.outcome.is_ok())
    }

    /// Whether this way leads to a trusted server, as far as can be seen without a request.
    pub fn works(&self) -> bool {
        self.connected() && self.session.as_ref().is_none_or(Session::trusted)
    }

    /// The fault of the first address that has one.
    pub fn fault(&self) -> Option<&TcpFault> {
        self.attempts.iter().find_map(|a| a.outcome.as_ref().err())
    }
}

/// The way through a proxy.
#[derive(Debug, Clone)]
pub struct Proxied {
    /// The setting that names it.
    pub setting: Setting,
    /// The proxy, or what is wrong with its text.
    pub outcome: Result<ProxyWay, Malformed>,
}

/// What came of trying a proxy.
#[derive(Debug, Clone)]
pub struct ProxyWay {
    /// Phases.
    pub seen: ProxySeen,
    /// Whether it opened the tunnel.
    pub tunnel: Result<(), ProxyFault>,
    /// TLS inside the tunnel.
    pub session: Option<Session>,
}

impl Proxied {
    /// Whether this way leads to a trusted server.
    pub fn works(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|w| w.tunnel.is_ok() && w.session.as_ref().is_none_or(Session::trusted))
    }

    /// Whether the proxy opened the tunnel.
    pub fn opened(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|w| w.tunnel.is_ok())
    }

    /// TLS inside the tunnel.
    pub fn session(&self) -> Option<&Session> {
        self.outcome.as_ref().ok()?.session.as_ref()
    }
}

/// Everything about the way to one host.
#[derive(Debug, Clone)]
pub struct Route {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Which way the client goes.
    pub way: Way,
    /// The straight way: the client's own, or the control.
    pub direct: Option<Direct>,
    /// The way through the proxy that the client uses.
    pub proxied: Option<Proxied>,
    /// Proxies that the client does not use, tried because its own way fails.
    pub others: Vec<Proxied>,
    /// A host that has nothing to do with the Hub, tried because the client's way fails.
    pub neutral: Option<Neutral>,
    /// What each name server says, asked because the client's way fails or the lookup is slow.
    pub opinion: Option<Opinion>,
    /// What a resolver elsewhere says over HTTPS, asked because the address is suspicious.
    pub elsewhere: Option<Vec<std::net::IpAddr>>,
}

impl Route {
    /// Whether the client's way leads to a trusted server.
    pub fn works(&self) -> bool {
        match &self.proxied {
            Some(proxied) => proxied.works(),
            None => self.direct.as_ref().is_some_and(Direct::works),
        }
    }

    /// TLS on the client's way.
    pub fn session(&self) -> Option<&Session> {
        match &self.proxied {
            Some(proxied) => proxied.session(),
            None => self.direct.as_ref()?.session.as_ref(),
        }
    }
}
