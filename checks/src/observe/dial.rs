//! Connecting, with words for every way in which it fails, and a deadline for every phase.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::case::{Case, ConnectTo};

/// How long each phase may take, as parts of the examination's timeout, so that what hangs can still be named.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    began: Instant,
    total: Duration,
}

impl Budget {
    /// Begins now.
    pub fn new(case: &Case) -> Budget {
        Budget { began: Instant::now(), total: case.limits.timeout }
    }

    /// The name lookup: long enough for a resolver to give up on a dead server (5 s) and ask the next.
    pub fn dns(&self) -> Duration {
        self.part(0.62)
    }

    /// The connection: long enough for two lost SYNs (1 s, 3 s).
    pub fn tcp(&self) -> Duration {
        self.part(0.45)
    }

    /// The TLS handshake.
    pub fn tls(&self) -> Duration {
        self.part(0.40)
    }

    /// What is left of the whole, with room to conclude.
    pub fn rest(&self) -> Duration {
        self.part(1.0)
    }

    /// A part of the whole, never more than what is left.
    pub fn part(&self, share: f64) -> Duration {
        let end = self.total.mul_f64(0.93);
        self.total.mul_f64(share).min(end.saturating_sub(self.began.elapsed())).max(Duration::from_millis(20))
    }
}

/// Why there is no TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TcpFault {
    /// Something answers that nothing listens, or a filter says so.
    Refused,
    /// The connection was reset.
    Reset,
    /// No route, or a router or filter says that the host is out of reach.
    Unreachable(String),
    /// Nothing answers.
    Silent(Duration),
    /// The system forbids it: a local firewall or sandbox.
    Forbidden,
    /// Anything else, in the system's words.
    Other(String),
}

impl TcpFault {
    pub(crate) fn from_io(error: &std::io::Error) -> TcpFault {
        use std::io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused => TcpFault::Refused,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => TcpFault::Reset,
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::AddrNotAvailable | Kind::NetworkDown => {
                TcpFault::Unreachable(plain_words(error))
            }
            Kind::TimedOut => TcpFault::Silent(Duration::ZERO),
            Kind::PermissionDenied => TcpFault::Forbidden,
            _ => TcpFault::Other(plain_words(error)),
        }
    }

    /// Whether the network was asked at all: without a route nothing leaves the machine.
    pub fn never_left(&self) -> bool {
        matches!(self, TcpFault::Unreachable(_) | TcpFault::Forbidden)
    }
}

impl std::fmt::Display for TcpFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TcpFault::Refused => f.write_str("connection refused"),
            TcpFault::Reset => f.write_str("connection reset"),
            TcpFault::Unreachable(words) => write!(f, "unreachable: {words}"),
            TcpFault::Silent(after) if after.is_zero() => f.write_str("no answer to the connection attempt"),
            TcpFault::Silent(after) => write!(f, "no answer to the connection attempt within {}", seconds(*after)),
            TcpFault::Forbidden => f.write_str("this system forbids the connection"),
            TcpFault::Other(words) => f.write_str(words),
        }
    }
}

/// `2.5 s`.
pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// The system's words without Rust's `(os error 111)`.
pub fn plain_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Milliseconds since a moment.
pub fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// Connects within a time.
pub async fn tcp(address: SocketAddr, within: Duration) -> Result<(TcpStream, f64), TcpFault> {
    let began = Instant::now();
    match tokio::time::timeout(within, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            let _ = stream.set_nodelay(true);
            Ok((stream, milliseconds(began)))
        }
        Ok(Err(error)) => Err(TcpFault::from_io(&error)),
        Err(_) => Err(TcpFault::Silent(within)),
    }
}

/// Where connections to a host and port really go by `--connect-to`.
pub fn pinned(connect_to: &[ConnectTo], host: &str, port: u16) -> Option<SocketAddr> {
    connect_to
        .iter()
        .find(|c| (c.host.is_empty() || c.host.eq_ignore_ascii_case(host)) && (c.port == 0 || c.port == port))
        .map(|c| if c.to.port() == 0 { SocketAddr::new(c.to.ip(), port) } else { c.to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_port_refuses() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        drop(listener);
        assert_eq!(tcp(address, Duration::from_secs(5)).await.expect_err("refused"), TcpFault::Refused);
    }

    #[tokio::test]
    async fn a_full_backlog_is_silent() {
        // A listener that never accepts, its queue filled: further attempts get no answer.
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let listener = socket.listen(1).expect("listening");
        let address = listener.local_addr().expect("its address");
        let mut held = Vec::new();
        let mut last = None;
        for _ in 0..16 {
            match tcp(address, Duration::from_millis(200)).await {
                Ok(stream) => held.push(stream),
                Err(fault) => {
                    last = Some(fault);
                    break;
                }
            }
        }
        // Some systems answer every attempt; where one does not, it is silence.
        if let Some(fault) = last {
            assert!(matches!(fault, TcpFault::Silent(_) | TcpFault::Refused), "{fault}");
        }
    }

    #[test]
    fn pins_match_host_and_port() {
        let pins: Vec<ConnectTo> =
            ["huggingface.co:443:127.0.0.1:8443", "::127.0.0.1:9000"].iter().filter_map(|t| t.parse().ok()).collect();
        assert_eq!(pinned(&pins, "HuggingFace.co", 443).map(|a| a.port()), Some(8443));
        assert_eq!(pinned(&pins, "huggingface.co", 80).map(|a| a.port()), Some(9000));
        assert_eq!(pinned(&pins[..1], "huggingface.co", 80), None);
        let kept: ConnectTo = "localhost::127.0.0.1:".parse().expect("a pin");
        assert_eq!(pinned(&[kept], "localhost", 8080).map(|a| a.port()), Some(8080));
    }
}
