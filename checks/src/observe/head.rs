//! The head of an HTTP/1 answer, read from a raw stream within bounds.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The largest head that is read, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The most headers that are kept.
const MAX_HEADERS: usize = 100;

/// Status and headers of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// The words after it.
    pub reason: String,
    /// Names in small letters, and values, in their order.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Every header of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// Why no head could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoHead {
    /// The connection ended first.
    Closed,
    /// Nothing complete came in time.
    Silent,
    /// What came is no HTTP; its first characters.
    NotHttp(String),
    /// The system's words.
    Broken(String),
}

/// Reads one head, and nothing behind it that can be helped.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S, within: Duration) -> Result<Head, NoHead> {
    let mut bytes = Vec::new();
    let reading = async {
        loop {
            if let Some(end) = end_of_head(&bytes) {
                return parse(&bytes[..end]).ok_or_else(|| NoHead::NotHttp(first_characters(&bytes)));
            }
            let may_be_http = bytes.is_empty() || b"HTTP/".starts_with(&bytes[..bytes.len().min(5)]);
            if !may_be_http || bytes.len() >= MAX_HEAD {
                return Err(NoHead::NotHttp(first_characters(&bytes)));
            }
            let mut chunk = [0; 1024];
            match stream.read(&mut chunk).await {
                Ok(0) if bytes.is_empty() => return Err(NoHead::Closed),
                Ok(0) => return Err(NoHead::NotHttp(first_characters(&bytes))),
                Ok(length) => bytes.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Err(NoHead::Closed),
                Err(error) => return Err(NoHead::Broken(super::dial::plain_words(&error))),
            }
        }
    };
    match tokio::time::timeout(within, reading).await {
        Ok(outcome) => outcome,
        Err(_) => Err(NoHead::Silent),
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let full = memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4);
    let bare = memchr::memmem::find(bytes, b"\n\n").map(|at| at + 2);
    match (full, bare) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn first_characters(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]);
    super::tls::clean(&text).chars().take(40).collect()
}

/// Reads a head's bytes.
pub fn parse(bytes: &[u8]) -> Option<Head> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let mut words = lines.next()?.splitn(3, ' ');
    if !words.next()?.starts_with("HTTP/") {
        return None;
    }
    let status: u16 = words.next()?.parse().ok().filter(|s| (100..1000).contains(s))?;
    let reason = super::tls::clean(words.next().unwrap_or_default());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .take(MAX_HEADERS)
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), super::tls::clean(value)))
        .collect();
    Some(Head { status, reason, headers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;

    async fn answer(chunks: &'static [&'static [u8]], then_silent: bool) -> Result<Head, NoHead> {
        let (mut near, mut far) = tokio::io::duplex(64 * 1024);
        let writing = tokio::spawn(async move {
            for chunk in chunks {
                let _ = far.write_all(chunk).await;
            }
            if then_silent {
                std::future::pending::<()>().await;
            }
        });
        let head = read(&mut near, Duration::from_millis(300)).await;
        writing.abort();
        head
    }

    #[tokio::test]
    async fn heads_are_read_whole_or_not_at_all() {
        let head =
            answer(&[b"HTTP/1.1 407 Proxy Auth", b"entication Required\r\nProxy-Authenticate: NTLM\r\n\r\n"], true)
                .await
                .expect("a head");
        assert_eq!((head.status, head.header("proxy-authenticate")), (407, Some("NTLM")));
        assert_eq!(answer(&[], false).await, Err(NoHead::Closed));
        assert_eq!(answer(&[b"HTTP/1.1 200"], true).await, Err(NoHead::Silent));
        assert!(matches!(answer(&[b"SSH-2.0-x\r\n"], true).await, Err(NoHead::NotHttp(_))));
    }

    #[tokio::test]
    async fn an_endless_head_ends() {
        let (mut near, mut far) = tokio::io::duplex(1024);
        let writing = tokio::spawn(async move {
            let _ = far.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while far.write_all(b"X-More: and more and more\r\n").await.is_ok() {}
        });
        assert!(matches!(read(&mut near, Duration::from_secs(20)).await, Err(NoHead::NotHttp(_))));
        writing.abort();
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_clear_outcome(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = parse(&bytes);
            let _ = end_of_head(&bytes);
        }

        #[test]
        fn heads_survive(status in 100u16..1000, value in "[a-zA-Z0-9 ]{0,30}") {
            let head = parse(format!("HTTP/1.1 {status} OK\r\nX-A: {value}\r\n\r\n").as_bytes()).expect("a head");
            prop_assert_eq!(head.status, status);
            prop_assert_eq!(head.header("x-a"), Some(value.trim()));
        }
    }
}
