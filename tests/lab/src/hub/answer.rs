//! An answer before it becomes bytes on a connection.

use std::ops::Range;

use serde_json::Value;

use super::ask::Ask;
use crate::state::Source;

/// Status, headers and a body, which may be longer than memory.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Source,
    /// Which part of the source is sent.
    pub(crate) span: Range<u64>,
}

impl Answer {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<String>) -> Self {
        let body = body.into().into_bytes();
        let span = 0..body.len() as u64;
        Self { status, headers: vec![], body: Source::Given(body.into()), span }.with("Content-Type", kind)
    }

    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    pub(crate) fn html(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    pub(crate) fn xml(status: u16, code: &str, message: &str) -> Self {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        Self::new(status, "application/xml", body)
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// An error of the application: JSON under `/api/`, plain text elsewhere, the text in `X-Error-Message` in any case.
    pub(crate) fn error(ask: &Ask, status: u16, code: Option<&str>, message: &str) -> Self {
        let answer = if ask.is_api() {
            Self::json(status, &serde_json::json!({ "error": message }))
        } else {
            Self::text(status, message)
        };
        let answer = answer.with("X-Error-Message", message);
        let answer = match code {
            Some(code) => answer.with("X-Error-Code", code),
            None => answer,
        };
        if status == 401 {
            answer.with("WWW-Authenticate", "Bearer realm=\"Authentication required\", charset=\"UTF-8\"")
        } else {
            answer
        }
    }

    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::text(status, format!("{}. Redirecting to {to}", reason(status))).with("Location", to)
    }

    /// A file, or the part of it that was asked for: 200, 206 or 416.
    pub(crate) fn file(body: Source, size: u64, range: Option<&str>) -> Self {
        let whole = Self { status: 200, headers: vec![], body, span: 0..size }
            .with("Content-Type", "application/octet-stream")
            .with("Accept-Ranges", "bytes");
        match range.map(|range| span(range, size)) {
            None | Some(Span::Ignored) => whole,
            Some(Span::Part(span)) => {
                let place = format!("bytes {}-{}/{size}", span.start, span.end - 1);
                Self { status: 206, span, ..whole }.with("Content-Range", &place)
            }
            Some(Span::Beyond) => {
                let text = "The requested range is not satisfiable";
                Self::xml(416, "InvalidRange", text).with("Content-Range", &format!("bytes */{size}"))
            }
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets a header, whatever it was.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.into(), value.into()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        _ => "Temporary Redirect",
    }
}

#[derive(Debug, PartialEq)]
enum Span {
    Part(Range<u64>),
    Beyond,
    Ignored,
}

/// Reads a `Range` header of one range; several are ignored, as the storage does.
fn span(header: &str, size: u64) -> Span {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Span::Ignored;
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), _) if first >= size => Span::Beyond,
        (Ok(first), Ok(last)) if last >= first => Span::Part(first..(last + 1).min(size)),
        (Ok(first), Err(_)) if last.is_empty() => Span::Part(first..size),
        (Err(_), Ok(count)) if first.is_empty() && count > 0 && size > 0 => {
            Span::Part(size.saturating_sub(count)..size)
        }
        _ => Span::Ignored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        assert_eq!(span("bytes=0-0", 10), Span::Part(0..1));
        assert_eq!(span("bytes=4-", 10), Span::Part(4..10));
        assert_eq!(span("bytes=-3", 10), Span::Part(7..10));
        assert_eq!(span("bytes=4-99", 10), Span::Part(4..10));
        assert_eq!(span("bytes=10-", 10), Span::Beyond);
        assert_eq!(span("bytes=0-1,3-4", 10), Span::Ignored);
        assert_eq!(span("lines=1-2", 10), Span::Ignored);
    }
}
