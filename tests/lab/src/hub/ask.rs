//! A request as the Hub's parts see it.

use crate::text;

/// Which machine a request meant to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// huggingface.co, hf.co, a mirror, or the laboratory's own first port.
    Hub,
    /// A host that serves bytes, or the laboratory's own second port.
    Cdn,
    /// The Xet metadata server.
    Cas,
    /// The Xet data server.
    Transfer,
}

impl Service {
    /// By the host's name; `usual` for loopback and unknown names.
    pub(crate) fn of_host(host: &str, cdn_host: &str, usual: Self) -> Self {
        match host {
            "huggingface.co" | "hf.co" | "www.huggingface.co" | "hub-ci.huggingface.co" => Self::Hub,
            _ if host.starts_with("cas-server.xethub") => Self::Cas,
            _ if host.starts_with("transfer.xethub") => Self::Transfer,
            _ if host == cdn_host
                || host.starts_with("cdn-lfs")
                || host.ends_with(".cdn.hf.co")
                || host.starts_with("cas-bridge.xethub") =>
            {
                Self::Cdn
            }
            _ => usual,
        }
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) service: Service,
    /// The host as asked for, without port.
    pub(crate) host: String,
    /// Scheme and authority as asked for: the base of absolute URLs in answers.
    pub(crate) base: String,
    /// The path, still percent-encoded.
    pub(crate) path: String,
    /// The query, still percent-encoded.
    pub(crate) query: String,
    /// Value of the Authorization header.
    pub(crate) authorization: Option<String>,
    pub(crate) range: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) agent: String,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    /// The bearer token.
    pub(crate) fn token(&self) -> Option<&str> {
        let value = self.authorization.as_deref()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// A query parameter, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        text::pairs(&self.query).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Whether a query parameter is set to something true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | ""))
    }

    /// Path and query as they came.
    pub(crate) fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// Whether the answer's error bodies are JSON.
    pub(crate) fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }
}
