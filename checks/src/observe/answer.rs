//! A server's answer.

use std::time::Duration;

use reqwest::header::HeaderMap;
use url::Url;

/// An answer, its body read up to a bound.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The URL that answered.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's first bytes.
    pub body: Vec<u8>,
    /// Whether the body was longer than what was read.
    pub cut: bool,
    /// Whether the request carried the token.
    pub with_token: bool,
    /// From sending to the end of what was read.
    pub elapsed: Duration,
}

impl Answer {
    /// A header's text; bytes that are no text are replaced.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
    }

    /// `X-Error-Code`, the Hub's own word for what is wrong.
    pub fn error_code(&self) -> Option<String> {
        self.header("x-error-code")
    }

    /// The Hub's sentence: `X-Error-Message`, else the JSON body's `error`, else a short text body.
    pub fn error_message(&self) -> Option<String> {
        if let Some(message) = self.header("x-error-message") {
            return Some(message);
        }
        if self.status < 400 {
            return None;
        }
        if let Ok(body) = serde_json::from_slice::<serde_json::Value>(&self.body) {
            return body.get("error").and_then(|e| e.as_str()).map(str::to_owned);
        }
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        (!text.is_empty() && text.len() <= 300 && !text.starts_with('<')).then(|| text.to_owned())
    }

    /// Whether the Hub's application wrote this answer, and not an edge, a proxy or a stranger.
    ///
    /// Every answer of the application carries `X-Powered-By: huggingface-moon` and `X-Request-Id: Root=…`
    /// (recorded answers of 2025 and 2026).
    pub fn from_application(&self) -> bool {
        self.header("x-powered-by").is_some_and(|v| v.contains("huggingface"))
            || self.header("x-request-id").is_some_and(|v| v.starts_with("Root="))
            || self.headers.contains_key("x-error-code")
            || self.headers.contains_key("x-repo-commit")
    }

    /// The request, how it was sent and the answer, with the Hub's own words: `401 on /x with the token, it says "…"`.
    pub fn told(&self) -> String {
        let how = if self.with_token { "with the token" } else { "without a token" };
        // Behind `token: ` a quotation would read as an assignment, and be masked.
        let words = self.error_message().map(|words| format!(", it says \"{words}\"")).unwrap_or_default();
        format!("{} on {} {how}{words}", self.status_words(), self.url.path())
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Option<Url> {
        if !(300..400).contains(&self.status) {
            return None;
        }
        self.url.join(&self.header("location")?).ok()
    }

    /// `200`, or `403 GatedRepo`.
    pub fn status_words(&self) -> String {
        match self.error_code() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }
}
