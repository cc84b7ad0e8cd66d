//! The Hub on loopback: one port for the Hub's hosts, one for those that serve bytes.

mod access;
mod answer;
mod api;
mod app;
mod ask;
mod body;
mod faults;
mod headers;
mod limit;
mod preset;
mod record;
mod resolve;
mod route;
mod serve;
mod storage;
mod stream;
mod whoami;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use self::ask::Service;
use self::faults::Faults;
pub use self::record::RequestRecord;
use self::serve::{Shared, lock};
use crate::runtime::{self, Task};
use crate::state::{HubState, Repo};
use crate::tls::{CertKind, Pki};

/// The real names for which the Hub holds a certificate, besides the loopback names, the mirrors and the CDN's name.
pub const REAL_NAMES: [&str; 12] = [
    "huggingface.co",
    "hf.co",
    "us.aws.cdn.hf.co",
    "us.gcp.cdn.hf.co",
    "cas-server.xethub.hf.co",
    "transfer.xethub.hf.co",
    "cas-bridge.xethub.hf.co",
    "cdn-lfs.huggingface.co",
    "cdn-lfs.hf.co",
    "cdn-lfs-us-1.hf.co",
    "cdn-lfs-eu-1.hf.co",
    "hf-mirror.com",
];

/// With or without TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// `https`, by the test authority, HTTP/2 offered.
    #[default]
    Https,
    /// `http`.
    Http,
}

impl Scheme {
    /// The URL's scheme.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// How a Hub is served.
#[derive(Clone, Debug, Default)]
pub struct HubOptions {
    /// With or without TLS.
    pub scheme: Scheme,
    /// Certificates that are not good, by host name; `*` for every name.
    pub certificates: BTreeMap<String, CertKind>,
    /// Names for the certificate beyond the usual ones.
    pub extra_names: Vec<String>,
}

/// A running Hub; it stops when dropped.
#[derive(Debug)]
pub struct Hub {
    shared: Arc<Shared>,
    scheme: Scheme,
    port: u16,
    cdn_port: u16,
    names: Vec<String>,
    pki: Pki,
    files: TempDir,
    _tasks: [Task; 2],
}

impl Hub {
    /// Starts a Hub with TLS and good certificates.
    ///
    /// # Errors
    /// When no socket or certificate can be made, or a fault's expression is none.
    pub fn start(state: HubState) -> io::Result<Self> {
        Self::start_with(state, &HubOptions::default())
    }

    /// Starts a Hub.
    ///
    /// # Errors
    /// When no socket or certificate can be made, or a fault's expression is none.
    pub fn start_with(mut state: HubState, options: &HubOptions) -> io::Result<Self> {
        state.repo.iter_mut().for_each(Repo::fill_up);
        let names = names(&state, options);
        let pki = Pki::new().map_err(io::Error::other)?;
        let files = tempfile::Builder::new().prefix("hfdoctor-lab-").tempdir()?;
        std::fs::write(files.path().join("ca.pem"), pki.lab.pem())?;
        std::fs::write(files.path().join("corporate-ca.pem"), pki.corporate.pem())?;
        let acceptor = match options.scheme {
            Scheme::Http => None,
            Scheme::Https => {
                let mut all = names.clone();
                all.extend(["localhost".to_owned(), "127.0.0.1".to_owned()]);
                let config = pki.server(&all, &options.certificates).map_err(io::Error::other)?;
                Some(TlsAcceptor::from(config))
            }
        };
        let (hub, cdn) = (runtime::listen()?, runtime::listen()?);
        let (port, cdn_port) = (hub.local_addr()?.port(), cdn.local_addr()?.port());
        let shared = Arc::new(Shared {
            faults: Faults::new(&state.fault).map_err(io::Error::other)?,
            state,
            counts: Mutex::default(),
            records: Mutex::default(),
            scheme: options.scheme.word(),
            cdn_port,
        });
        let serve =
            |listener, usual| runtime::spawn(serve::accept(listener, acceptor.clone(), usual, Arc::clone(&shared)));
        let tasks = [serve(hub, Service::Hub), serve(cdn, Service::Cdn)];
        Ok(Self { scheme: options.scheme, port, cdn_port, names, pki, files, _tasks: tasks, shared })
    }

    /// The state it was started from.
    #[must_use]
    pub fn state(&self) -> &HubState {
        &self.shared.state
    }

    /// `https://localhost:PORT`, for `HF_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}://localhost:{}", self.scheme.word(), self.port)
    }

    /// The Hub's port. Whatever the name asked for, it answers for that name's service.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port on which loopback names stand for the CDN.
    #[must_use]
    pub fn cdn_port(&self) -> u16 {
        self.cdn_port
    }

    /// The test authority's certificate as a PEM file.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.files.path().join("ca.pem")
    }

    /// The company root's certificate as a PEM file.
    #[must_use]
    pub fn corporate_ca_file(&self) -> PathBuf {
        self.files.path().join("corporate-ca.pem")
    }

    /// A directory that lives as long as the Hub.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.files.path()
    }

    /// The authorities behind its certificates.
    #[must_use]
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// The real names it answers for.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Everything that was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        lock(&self.shared.records).clone()
    }

    /// Forgets what was asked.
    pub fn clear_requests(&self) {
        lock(&self.shared.records).clear();
    }
}

fn names(state: &HubState, options: &HubOptions) -> Vec<String> {
    let mut names: Vec<String> = REAL_NAMES.iter().map(ToString::to_string).collect();
    names.push(state.cdn_host.clone());
    names.extend(state.mirror.iter().map(|mirror| mirror.host.clone()));
    names.extend(options.extra_names.iter().cloned());
    names.sort();
    names.dedup();
    names
}
