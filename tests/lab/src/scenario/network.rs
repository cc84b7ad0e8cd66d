//! The network of a scenario.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::dns::Table;
use crate::proxy::ProxyMode;
use crate::tcp::Trouble;
use crate::tls::CertKind;

/// What lies between the program and the Hub. The default is a network without fault.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Whether real names are led to the Hub by `--connect-to`. Without it only `{hub}` and a proxy lead there.
    pub connect_to: bool,
    /// Hosts whose port 443 is in trouble, by name; `*` for all of the Hub's names.
    pub hosts: BTreeMap<String, Trouble>,
    /// What becomes of connections to hosts that are none of the Hub's names; without it, they are not diverted.
    pub elsewhere: Option<Trouble>,
    /// Certificates that are not good, by name; `*` for all.
    pub certificates: BTreeMap<String, CertKind>,
    /// Names for the good certificate, and for `--connect-to`, beyond the Hub's own.
    pub names: Vec<String>,
    /// Which authorities `SSL_CERT_FILE` names, unless the scenario sets that variable itself.
    pub trust: Trust,
    /// A proxy, at `{proxy}` (`127.0.0.1:PORT`); it leads to the Hub even where direct connections are in trouble.
    pub proxy: Option<ProxyTable>,
    /// A name server, at `{dns}`.
    pub dns: Option<Table>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            connect_to: true,
            hosts: BTreeMap::new(),
            elsewhere: None,
            certificates: BTreeMap::new(),
            names: Vec::new(),
            trust: Trust::Lab,
            proxy: None,
            dns: None,
        }
    }
}

/// A proxy and where its tunnels do not lead to the Hub.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProxyTable {
    /// How it treats requests.
    pub mode: ProxyMode,
    /// Hosts whose tunnels end in trouble.
    pub hosts: BTreeMap<String, Trouble>,
}

/// The authorities the program trusts.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// The test authority.
    #[default]
    Lab,
    /// The company's root only.
    Corporate,
    /// `SSL_CERT_FILE` is not set.
    System,
}
