//! What the laboratory remembers of each request, so that a test can say how many were sent and who saw the token.

use serde::Serialize;

/// One request that was received.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct RequestRecord {
    /// Method.
    pub method: String,
    /// Host asked for, without port.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// First eight hex digits of the SHA-256 of the Authorization value's credentials, if any came. Never the value.
    /// The Hub's own Xet tokens have `xet:` before it.
    pub token: Option<String>,
    /// Status answered; 0 when no HTTP answer was given.
    pub status: u16,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// The range asked for.
    pub range: Option<String>,
    /// The user agent.
    pub agent: String,
}
