//! A host that has nothing to do with the Hub: it tells "no network" from "only the Hub is out of reach".
//!
//! It is asked for only after the Hub's host has failed: a connection, and not one byte of a request.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::dial::{self, TcpFault};
use super::dns::{self, DnsFault};
use crate::case::ConnectTo;

/// A host that people who use Python may mostly reach, in every country.
pub const NEUTRAL_HOST: &str = "www.python.org";
/// Public resolvers' addresses, which need no lookup.
pub const NEUTRAL_ADDRESSES: [[u8; 4]; 2] = [[1, 1, 1, 1], [8, 8, 8, 8]];

/// Whether the rest of the world can be reached.
#[derive(Debug, Clone)]
pub struct Neutral {
    /// Whether the neutral host's name resolves.
    pub lookup: Result<(), DnsFault>,
    /// Whether the neutral host takes a connection; not tried when its name does not resolve.
    pub named: Option<Result<(), TcpFault>>,
    /// Whether a public resolver's address takes a connection.
    pub numbered: Result<(), TcpFault>,
}

impl Neutral {
    /// Whether anything outside takes a connection.
    pub fn reachable(&self) -> bool {
        matches!(self.named, Some(Ok(()))) || self.numbered.is_ok()
    }

    /// In one sentence.
    pub fn words(&self) -> String {
        match (&self.named, &self.lookup) {
            (Some(Ok(())), _) => format!("{NEUTRAL_HOST} can be reached"),
            (_, _) if self.numbered.is_ok() => "1.1.1.1 or 8.8.8.8 can be reached by address".to_owned(),
            (Some(Err(fault)), _) => format!("{NEUTRAL_HOST} cannot be reached either: {fault}"),
            (None, Err(fault)) => {
                format!("{NEUTRAL_HOST} does not resolve either ({fault}), and no public address answers")
            }
            (None, Ok(())) => "no public address can be reached either".to_owned(),
        }
    }
}

/// Tries the neutral hosts.
pub async fn look(pins: &[ConnectTo], within: Duration) -> Neutral {
    let real = |host: &str, address: SocketAddr| dial::pinned(pins, host, 443).unwrap_or(address);
    let within = within.min(Duration::from_secs(3));
    let named = async {
        if let Some(pinned) = dial::pinned(pins, NEUTRAL_HOST, 443) {
            return (Ok(()), Some(dial::tcp(pinned, within).await.map(drop)));
        }
        let lookup = dns::system(NEUTRAL_HOST, within).await;
        match lookup.addresses {
            Err(fault) => (Err(fault), None),
            Ok(addresses) => {
                let v4 = addresses.iter().find(|a| a.is_ipv4()).or(addresses.first()).copied();
                let address = v4.map_or(SocketAddr::from(([0, 0, 0, 0], 443)), |a| SocketAddr::new(a, 443));
                (Ok(()), Some(dial::tcp(address, within).await.map(drop)))
            }
        }
    };
    let numbered = async {
        let tries = NEUTRAL_ADDRESSES.map(|a| {
            let address = IpAddr::from(a);
            Box::pin(dial::tcp(real(&address.to_string(), SocketAddr::new(address, 443)), within))
        });
        match futures::future::select_ok(tries).await {
            Ok(_) => Ok(()),
            Err(fault) => Err(fault),
        }
    };
    let ((lookup, named), numbered) = futures::join!(named, numbered);
    Neutral { lookup, named, numbered }
}
