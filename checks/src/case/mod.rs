//! What is known before anything is asked: a read-only snapshot that a test can build from values.

pub mod clients;
pub mod environment;
pub mod proxy;
pub mod secrets;
pub mod settings;
pub mod token;
pub mod trust;
pub mod who;

use std::time::{Duration, SystemTime};

use hfdoctor_core::log::Log;
use hfdoctor_core::target::Target;

pub use clients::Clients;
pub use environment::Environment;
pub use settings::Settings;
pub use token::{TokenPlace, TokenSource, Tokens, Unreadable};

/// How the examination may look at the world.
#[derive(Debug, Clone)]
pub struct Limits {
    /// No request leaves the machine.
    pub offline: bool,
    /// The examination ends after this time, with what it has seen by then.
    pub timeout: Duration,
    /// The token may go to the host that HF_ENDPOINT names.
    pub trust_endpoint: bool,
    /// Where connections to a host really go, as in curl's `--connect-to`.
    pub connect_to: Vec<ConnectTo>,
    /// Hash the cached files.
    pub verify: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            offline: false,
            timeout: Duration::from_secs(10),
            trust_endpoint: false,
            connect_to: Vec::new(),
            verify: false,
        }
    }
}

/// One `HOST:PORT:ADDRESS:PORT`: connections to the first pair go to the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectTo {
    /// The host as it stands in the URL; empty for any.
    pub host: String,
    /// The port as it stands in the URL; 0 for any.
    pub port: u16,
    /// Where the connection goes; port 0 keeps the port.
    pub to: std::net::SocketAddr,
}

impl std::str::FromStr for ConnectTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || format!("`{text}` is not HOST:PORT:ADDRESS:PORT");
        let (host, rest) = text.split_once(':').ok_or_else(malformed)?;
        let (port, to) = rest.split_once(':').ok_or_else(malformed)?;
        Ok(ConnectTo {
            host: host.to_ascii_lowercase(),
            port: if port.is_empty() { 0 } else { port.parse().map_err(|_| malformed())? },
            // As with curl, an empty port at the end keeps the one that was asked for.
            to: match to.strip_suffix(':') {
                Some(_) => format!("{to}0").parse().map_err(|_| malformed())?,
                None => to.parse().map_err(|_| malformed())?,
            },
        })
    }
}

/// All that is known before anything is asked.
#[derive(Debug)]
pub struct Case {
    /// When the examination began.
    pub now: SystemTime,
    /// Variables, home and the like.
    pub environment: Environment,
    /// The Hub client's settings, resolved as the client does it.
    pub settings: Settings,
    /// Every token that lies about, and which one is sent.
    pub tokens: Tokens,
    /// The programs that download, and their versions.
    pub clients: Clients,
    /// What failed to download.
    pub target: Option<Target>,
    /// What the failed command printed.
    pub log: Option<Log>,
    /// The log is of a command that this program ran itself, so that it is of this machine.
    pub wrapped: bool,
    /// How the examination may look at the world.
    pub limits: Limits,
}

impl Case {
    /// Whether the installed client fetches files by Xet where the Hub offers it.
    pub fn uses_xet(&self) -> bool {
        !self.settings.xet_disabled && self.clients.package("hf_xet").is_some()
    }

    /// The redactor that knows all that must not leave this machine.
    pub fn redactor(&self) -> hfdoctor_core::redact::Redactor {
        secrets::redactor(&self.environment, &self.tokens)
    }

    /// Makes the snapshot: resolves settings, reads tokens, finds clients.
    ///
    /// The target that the log shows is taken when `target` is none.
    pub fn new(
        environment: Environment,
        target: Option<Target>,
        log: Option<Log>,
        limits: Limits,
        now: SystemTime,
    ) -> Case {
        let settings = Settings::resolve(&environment);
        let clients = Clients::find(&environment);
        let tokens = Tokens::read(&environment, &settings, &clients);
        let target = target.or_else(|| log.as_ref().and_then(Log::target));
        Case { now, environment, settings, tokens, clients, target, log, wrapped: false, limits }
    }
}
