//! What the log says beside its causes, for the checks that look further.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::event::Event;
use super::extract::{LimitWords, RequestId};

/// Something seen on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    /// What was seen.
    pub value: T,
    /// The line's number, from 1.
    pub line: u64,
}

/// What the log shows of the token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenUse {
    /// A line says that a token was sent or that the account is logged in.
    pub sent: bool,
    /// A line says that none was sent.
    pub anonymous: bool,
    /// A line says that `HF_TOKEN` hides the saved token.
    pub shadowed: bool,
}

/// Retries of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retries {
    /// How many lines say that something is tried again, or show the same refusal again.
    pub count: u64,
    /// The shortest time between two refusals that carry times, in milliseconds.
    pub shortest: Option<u64>,
    /// The words or times that show retries without a pause.
    pub without_pause: Option<Seen<String>>,
}

/// What the log says beside its causes. Everything here is the log's word, unverified, from its last run where it matters.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The status of the last refused request.
    pub status: Option<Seen<u16>>,
    /// The host of the last failure.
    pub host: Option<Seen<String>>,
    /// The URL of the last failure.
    pub url: Option<Seen<String>>,
    /// Whose request id the last failure carries.
    pub request_id: Option<RequestId>,
    /// The Hub's words on a limit.
    pub limit: Option<Seen<LimitWords>>,
    /// Programs and libraries with their versions, as far as the log names them.
    pub clients: Vec<(String, Option<String>)>,
    /// The last command that began a run.
    pub command: Option<Seen<String>>,
    /// The most transfers at once that a line asks for or shows.
    pub parallelism: Option<Seen<u32>>,
    /// Retries.
    pub retries: Retries,
    /// Variables that the log sets or shows, the last value of each.
    pub variables: Vec<(String, Seen<String>)>,
    /// Paths of caches that it names.
    pub cache_paths: BTreeSet<String>,
    /// What it shows of the token.
    pub token: TokenUse,
    /// When the last failure happened, where its line has a date. Without a zone it is read as UTC.
    pub failed_at: Option<SystemTime>,
    /// Whether that line also has a zone.
    pub failed_at_has_zone: bool,
    /// Whether anything in the log has to do with the Hub or its clients.
    pub about_the_hub: bool,
    /// Whether the words of a shared address (NAT, VPN, gateway) stand in it.
    pub shared_address: Option<Seen<String>>,
}

impl Facts {
    /// Takes over what the answer's line says.
    pub(super) fn set_failure(&mut self, failure: &Event) {
        let line = failure.line;
        self.status = failure.status.map(|value| Seen { value, line });
        self.host = failure.host().map(|host| Seen { value: host.to_owned(), line });
        self.url = failure.addresses.first().map(|a| Seen { value: format!("https://{}{}", a.host, a.path), line });
        self.request_id = failure.request_id;
        if self.limit.is_none() {
            self.limit = failure.limit.clone().map(|value| Seen { value, line });
        }
        self.failed_at_has_zone = failure.time.is_some_and(|time| time.offset.is_some());
        self.failed_at = failure.time.filter(|time| time.dated).and_then(|time| {
            let ahead = i64::from(time.offset.unwrap_or(0)).saturating_mul(60_000);
            let milliseconds = u64::try_from(time.milliseconds.saturating_sub(ahead)).ok()?;
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
        });
    }

    /// The last value of a variable that the log sets or shows.
    pub fn variable(&self, name: &str) -> Option<&Seen<String>> {
        self.variables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, seen)| seen)
    }

    /// The proxies that it names.
    pub fn proxies(&self) -> impl Iterator<Item = &str> {
        self.variables
            .iter()
            .filter(|(name, _)| name.to_ascii_lowercase().ends_with("_proxy") && !name.eq_ignore_ascii_case("no_proxy"))
            .map(|(_, seen)| seen.value.as_str())
    }

    /// The certificate bundles that it names.
    pub fn ca_paths(&self) -> impl Iterator<Item = &str> {
        self.variables
            .iter()
            .filter(|(name, _)| {
                matches!(name.as_str(), "REQUESTS_CA_BUNDLE" | "CURL_CA_BUNDLE" | "SSL_CERT_FILE" | "SSL_CERT_DIR")
            })
            .map(|(_, seen)| seen.value.as_str())
    }
}
