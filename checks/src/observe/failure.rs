//! Why a request got no answer, told apart by the types in the error's chain.

use super::dial::plain_words;

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
    /// It was redirected on and on, and no answer came of it.
    Circle {
        /// Whether the Hub's application wrote the redirects, by their marks.
        by_application: bool,
        /// Where, in words.
        why: String,
    },
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
            Failure::Circle { why, .. } | Failure::NotSent(why) => f.write_str(why),
        }
    }
}

/// What a transport error means, by the types in its chain.
pub(super) fn failure(error: &reqwest::Error) -> Failure {
    let mut words: Vec<String> = Vec::new();
    let mut link: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(at) = link {
        if let Some(lookup) = at.downcast_ref::<LookupFailed>() {
            return Failure::Dns(lookup.to_string());
        }
        if let Some(tls) = at.downcast_ref::<rustls::Error>() {
            return Failure::Tls(tls.to_string());
        }
        if let Some(io) = at.downcast_ref::<std::io::Error>() {
            if let Some(tls) = tls_inside(io) {
                return Failure::Tls(tls.to_string());
            }
            if error.is_connect() {
                return Failure::Connect(io.raw_os_error(), plain_words(io));
            }
        }
        words.push(at.to_string());
        link = at.source();
    }
    let mut last = words.pop().unwrap_or_default();
    if last.contains("close_notify") {
        // What rustls says to a connection that is simply cut, with a link to its manual.
        "the connection was closed before all of it had come".clone_into(&mut last);
    }
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

/// The TLS error that an I/O error wraps, under however many of its kind.
fn tls_inside(mut io: &std::io::Error) -> Option<&rustls::Error> {
    for _ in 0..8 {
        let inner = io.get_ref()?;
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        io = inner.downcast_ref::<std::io::Error>()?;
    }
    None
}

/// A name that the system could not resolve.
#[derive(Debug, thiserror::Error)]
#[error("{host}: {error}")]
pub(super) struct LookupFailed {
    pub host: String,
    pub error: std::io::Error,
}
