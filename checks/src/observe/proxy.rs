//! Speaking to a proxy by hand, so that each of its refusals can be told apart.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base64::Engine;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::dial::{self, Budget, TcpFault, milliseconds};
use super::dns::{self, DnsFault};
use super::head::{self, Head, NoHead};
use super::http::USER_AGENT;
use super::tls::{self, Sni, TlsFault};
use crate::case::ConnectTo;
use crate::case::proxy::{ProxyUrl, Scheme};

/// A stream through a proxy.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Why a proxy does not open the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyFault {
    /// Its name does not resolve.
    Dns(DnsFault),
    /// It takes no connection.
    Tcp(TcpFault),
    /// TLS to the proxy itself fails.
    Tls {
        /// How.
        fault: TlsFault,
        /// Whether the same port speaks plain HTTP: the scheme is wrong.
        plain: bool,
    },
    /// It answers CONNECT with another status than 2xx.
    Refused(Head),
    /// SOCKS: it wants credentials, or other ones.
    SocksCredentials,
    /// SOCKS: it refuses, with its reason.
    SocksRefused(&'static str),
    /// What answers is no proxy of that kind.
    NotProxy(String),
    /// It closes the connection without a word.
    Closed,
    /// It takes the connection and does not answer.
    Silent(Duration),
}

impl std::fmt::Display for ProxyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ProxyFault::Dns(fault) => write!(f, "its name does not resolve: {fault}"),
            ProxyFault::Tcp(fault) => write!(f, "{fault}"),
            ProxyFault::Tls { fault, plain: true } => write!(f, "it speaks plain HTTP, not TLS ({fault})"),
            ProxyFault::Tls { fault, plain: false } => write!(f, "TLS to the proxy fails: {fault}"),
            ProxyFault::Refused(head) => write!(f, "it answers {} {}", head.status, head.reason),
            ProxyFault::SocksCredentials => f.write_str("it wants other credentials"),
            ProxyFault::SocksRefused(why) => write!(f, "it refuses: {why}"),
            ProxyFault::NotProxy(what) => write!(f, "what answers is no such proxy: `{what}`"),
            ProxyFault::Closed => f.write_str("it closes the connection"),
            ProxyFault::Silent(after) => write!(f, "it does not answer within {}", dial::seconds(*after)),
        }
    }
}

/// What was seen of a proxy.
#[derive(Debug, Clone, Default)]
pub struct ProxySeen {
    /// The address that was connected to.
    pub address: Option<SocketAddr>,
    /// Milliseconds of the lookup.
    pub dns: Option<f64>,
    /// Milliseconds of the connection to the proxy.
    pub tcp: Option<f64>,
    /// Milliseconds until the tunnel stood.
    pub tunnel: Option<f64>,
}

/// Opens a tunnel to a host through a proxy.
pub async fn tunnel(
    pins: &[ConnectTo],
    proxy: &ProxyUrl,
    host: &str,
    port: u16,
    budget: &Budget,
) -> (ProxySeen, Result<Box<dyn Stream>, ProxyFault>) {
    let began = std::time::Instant::now();
    let mut seen = ProxySeen::default();
    let stream = match connect(pins, proxy, budget, &mut seen).await {
        Ok(stream) => stream,
        Err(fault) => return (seen, Err(fault)),
    };
    let within = budget.tls();
    let outcome = match proxy.scheme {
        Scheme::Http => connect_method(stream, proxy, host, port, within).await,
        Scheme::Https => match tls::handshake(stream, &proxy.host, Sni::Named, within).await {
            // The proxy's own certificate is not judged here: the tunnel's TLS to the Hub is what protects.
            (_, Ok(stream)) => connect_method(stream, proxy, host, port, within).await,
            (_, Err(fault)) => Err(ProxyFault::Tls { plain: speaks_plain(pins, proxy, budget).await, fault }),
        },
        Scheme::Socks5 | Scheme::Socks5h => socks5(stream, proxy, host, port, within).await,
        Scheme::Socks4 | Scheme::Socks4a => socks4(stream, host, port, within).await,
    };
    if outcome.is_ok() {
        seen.tunnel = Some(milliseconds(began));
    }
    (seen, outcome)
}

async fn connect(
    pins: &[ConnectTo],
    proxy: &ProxyUrl,
    budget: &Budget,
    seen: &mut ProxySeen,
) -> Result<tokio::net::TcpStream, ProxyFault> {
    let addresses = if let Some(address) = dial::pinned(pins, &proxy.host, proxy.port) {
        vec![address]
    } else {
        let lookup = dns::system(&proxy.host, budget.dns()).await;
        seen.dns = Some(lookup.milliseconds);
        let found = lookup.addresses.map_err(ProxyFault::Dns)?;
        found.into_iter().take(4).map(|a: IpAddr| SocketAddr::new(a, proxy.port)).collect()
    };
    let tries = addresses.into_iter().map(|address| {
        Box::pin(async move { dial::tcp(address, budget.tcp()).await.map(|connected| (address, connected)) })
    });
    let ((address, (stream, tcp)), _) = futures::future::select_ok(tries).await.map_err(ProxyFault::Tcp)?;
    seen.address = Some(address);
    seen.tcp = Some(tcp);
    Ok(stream)
}

/// Whether a proxy that is called `https://` answers to plain HTTP.
async fn speaks_plain(pins: &[ConnectTo], proxy: &ProxyUrl, budget: &Budget) -> bool {
    let plain = proxy.with_scheme(Scheme::Http);
    let Ok(mut stream) = connect(pins, &plain, budget, &mut ProxySeen::default()).await else { return false };
    // A request to the proxy itself, which no proxy forwards.
    let request = b"OPTIONS * HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.is_ok() && head::read(&mut stream, budget.tls()).await.is_ok()
}

async fn connect_method<S: Stream + 'static>(
    mut stream: S,
    proxy: &ProxyUrl,
    host: &str,
    port: u16,
    within: Duration,
) -> Result<Box<dyn Stream>, ProxyFault> {
    let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut request =
        format!("CONNECT {bracketed}:{port} HTTP/1.1\r\nHost: {bracketed}:{port}\r\nUser-Agent: {USER_AGENT}\r\n");
    if let Some((user, password)) = proxy.expose_credentials() {
        let text = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        request = format!("{request}Proxy-Authorization: Basic {text}\r\n");
    }
    request.push_str("\r\n");
    if let Err(error) = stream.write_all(request.as_bytes()).await {
        return Err(ProxyFault::Tcp(TcpFault::from_io(&error)));
    }
    match head::read(&mut stream, within).await {
        Ok(head) if (200..300).contains(&head.status) => Ok(Box::new(stream)),
        Ok(head) => Err(ProxyFault::Refused(head)),
        Err(NoHead::Closed) => Err(ProxyFault::Closed),
        Err(NoHead::Silent) => Err(ProxyFault::Silent(within)),
        Err(NoHead::NotHttp(what)) => Err(ProxyFault::NotProxy(what)),
        Err(NoHead::Broken(_)) => Err(ProxyFault::Tcp(TcpFault::Reset)),
    }
}

/// SOCKS 5 (RFC 1928, RFC 1929). The name goes to the proxy, as httpx and socks5h do it.
async fn socks5<S: Stream + 'static>(
    mut stream: S,
    proxy: &ProxyUrl,
    host: &str,
    port: u16,
    within: Duration,
) -> Result<Box<dyn Stream>, ProxyFault> {
    let talk = async {
        let credentials = proxy.expose_credentials();
        let greeting: &[u8] = if credentials.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
        stream.write_all(greeting).await.map_err(|e| broken(&e))?;
        match exactly::<2, _>(&mut stream).await? {
            [5, 0] => {}
            [5, 2] => {
                let (user, password) = credentials.ok_or(ProxyFault::SocksCredentials)?;
                let mut message = vec![1];
                for part in [user, password] {
                    let length = u8::try_from(part.len()).map_err(|_| ProxyFault::SocksCredentials)?;
                    message.push(length);
                    message.extend_from_slice(part.as_bytes());
                }
                stream.write_all(&message).await.map_err(|e| broken(&e))?;
                if exactly::<2, _>(&mut stream).await?[1] != 0 {
                    return Err(ProxyFault::SocksCredentials);
                }
            }
            [5, _] => return Err(ProxyFault::SocksCredentials),
            [first, second] => {
                return Err(ProxyFault::NotProxy(tls::clean(&String::from_utf8_lossy(&[first, second]))));
            }
        }
        let length = u8::try_from(host.len()).map_err(|_| ProxyFault::SocksRefused("the host name is too long"))?;
        let mut request = vec![5, 1, 0, 3, length];
        request.extend_from_slice(host.as_bytes());
        request.extend_from_slice(&port.to_be_bytes());
        stream.write_all(&request).await.map_err(|e| broken(&e))?;
        let [_, reply, _, kind] = exactly::<4, _>(&mut stream).await?;
        if reply != 0 {
            return Err(ProxyFault::SocksRefused(socks5_reply(reply)));
        }
        match kind {
            1 => drop(exactly::<6, _>(&mut stream).await?),
            4 => drop(exactly::<18, _>(&mut stream).await?),
            _ => {
                let [length] = exactly::<1, _>(&mut stream).await?;
                let mut rest = vec![0; usize::from(length) + 2];
                stream.read_exact(&mut rest).await.map_err(|e| broken(&e))?;
            }
        }
        Ok(())
    };
    match tokio::time::timeout(within, talk).await {
        Ok(outcome) => outcome.map(|()| Box::new(stream) as Box<dyn Stream>),
        Err(_) => Err(ProxyFault::Silent(within)),
    }
}

/// SOCKS 4a: an address that cannot be, then the name.
async fn socks4<S: Stream + 'static>(
    mut stream: S,
    host: &str,
    port: u16,
    within: Duration,
) -> Result<Box<dyn Stream>, ProxyFault> {
    let talk = async {
        let mut request = vec![4, 1];
        request.extend_from_slice(&port.to_be_bytes());
        request.extend_from_slice(&[0, 0, 0, 1, 0]);
        request.extend_from_slice(host.as_bytes());
        request.push(0);
        stream.write_all(&request).await.map_err(|e| broken(&e))?;
        match exactly::<8, _>(&mut stream).await? {
            [0, 90, ..] => Ok(()),
            [0, 92 | 93, ..] => Err(ProxyFault::SocksCredentials),
            [0, ..] => Err(ProxyFault::SocksRefused("request rejected")),
            bytes => Err(ProxyFault::NotProxy(tls::clean(&String::from_utf8_lossy(&bytes)))),
        }
    };
    match tokio::time::timeout(within, talk).await {
        Ok(outcome) => outcome.map(|()| Box::new(stream) as Box<dyn Stream>),
        Err(_) => Err(ProxyFault::Silent(within)),
    }
}

fn socks5_reply(code: u8) -> &'static str {
    match code {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live exceeded",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown reply",
    }
}

async fn exactly<const N: usize, S: Stream>(stream: &mut S) -> Result<[u8; N], ProxyFault> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.map_err(|error| broken(&error))?;
    Ok(bytes)
}

fn broken(error: &std::io::Error) -> ProxyFault {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => ProxyFault::Closed,
        _ => ProxyFault::Tcp(TcpFault::from_io(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Case, Limits};
    use tokio::net::TcpListener;

    fn budget() -> Budget {
        let environment = crate::case::environment::environment_of(&[]);
        let limits = Limits { timeout: Duration::from_secs(3), ..Limits::default() };
        Budget::new(&Case::new(environment, None, None, limits, std::time::SystemTime::now()))
    }

    /// A proxy that answers each connection's first bytes with these, and then waits.
    async fn proxy(answers: &'static [&'static [u8]]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    for answer in answers {
                        if stream.read(&mut buffer).await.unwrap_or(0) == 0 || stream.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                    if !answers.is_empty() {
                        let _ = stream.read(&mut buffer).await;
                    }
                });
            }
        });
        port
    }

    async fn outcome(url: &str) -> Result<(), ProxyFault> {
        let proxy = ProxyUrl::parse(url).expect("a proxy");
        tunnel(&[], &proxy, "huggingface.co", 443, &budget()).await.1.map(drop)
    }

    #[tokio::test]
    async fn every_refusal_has_its_own_word() {
        let port = proxy(&[b"HTTP/1.1 200 Connection established\r\n\r\n"]).await;
        assert_eq!(outcome(&format!("127.0.0.1:{port}")).await, Ok(()));
        let port =
            proxy(&[b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"])
                .await;
        let Err(ProxyFault::Refused(head)) = outcome(&format!("127.0.0.1:{port}")).await else { panic!("no refusal") };
        assert_eq!((head.status, head.header("proxy-authenticate")), (407, Some("Basic realm=\"x\"")));
        let port = proxy(&[b"SSH-2.0-OpenSSH_9.2\r\n"]).await;
        assert!(matches!(outcome(&format!("127.0.0.1:{port}")).await, Err(ProxyFault::NotProxy(_))));
        let port = proxy(&[]).await;
        assert!(matches!(outcome(&format!("127.0.0.1:{port}")).await, Err(ProxyFault::Closed | ProxyFault::Tcp(_))));
        assert!(matches!(outcome("http://no-such-proxy.invalid:3128").await, Err(ProxyFault::Dns(_))));
    }

    #[tokio::test]
    async fn an_https_scheme_before_a_plain_proxy_is_seen() {
        let port = proxy(&[b"HTTP/1.1 400 Bad Request\r\n\r\n"]).await;
        assert!(matches!(
            outcome(&format!("https://127.0.0.1:{port}")).await,
            Err(ProxyFault::Tls { plain: true, .. })
        ));
    }

    #[tokio::test]
    async fn socks_answers_are_understood() {
        let port = proxy(&[&[5, 0], &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]]).await;
        assert_eq!(outcome(&format!("socks5h://127.0.0.1:{port}")).await, Ok(()));
        let port = proxy(&[&[5, 0], &[5, 2, 0, 1]]).await;
        let refused = ProxyFault::SocksRefused("not allowed by its rules");
        assert_eq!(outcome(&format!("socks5://127.0.0.1:{port}")).await, Err(refused));
        let port = proxy(&[&[5, 0xff]]).await;
        assert_eq!(outcome(&format!("socks5://127.0.0.1:{port}")).await, Err(ProxyFault::SocksCredentials));
        let port = proxy(&[&[5, 2], &[1, 1]]).await;
        assert_eq!(outcome(&format!("socks5://a:b@127.0.0.1:{port}")).await, Err(ProxyFault::SocksCredentials));
        let port = proxy(&[b"HTTP/1.1 400 Bad Request\r\n\r\n"]).await;
        assert!(matches!(outcome(&format!("socks5://127.0.0.1:{port}")).await, Err(ProxyFault::NotProxy(_))));
        let port = proxy(&[&[0, 90, 0, 0, 0, 0, 0, 0]]).await;
        assert_eq!(outcome(&format!("socks4a://127.0.0.1:{port}")).await, Ok(()));
    }

    /// What a tunnel by each protocol comes to when the proxy says these bytes and closes, or falls silent.
    async fn said(bytes: &[u8], falls_silent: bool) -> [bool; 3] {
        let mut opened = [false; 3];
        for (opened, scheme) in opened.iter_mut().zip(["http", "socks5", "socks4a"]) {
            let proxy = ProxyUrl::parse(&format!("{scheme}://proxy.example:1080")).expect("a proxy");
            let (near, mut far) = tokio::io::duplex(64 * 1024);
            far.write_all(bytes).await.expect("there is room");
            let far = falls_silent.then_some(far);
            let within = Duration::from_millis(20);
            *opened = match proxy.scheme {
                Scheme::Http => connect_method(near, &proxy, "huggingface.co", 443, within).await.is_ok(),
                Scheme::Socks5 => socks5(near, &proxy, "huggingface.co", 443, within).await.is_ok(),
                _ => socks4(near, "huggingface.co", 443, within).await.is_ok(),
            };
            drop(far);
        }
        opened
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]
        #[test]
        fn any_reply_has_a_clear_outcome(
            start in "(HTTP/1.[01] [0-9]{1,4} ?|\\PC{0,12})",
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            falls_silent in proptest::prelude::any::<bool>(),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let reply = [start.as_bytes(), &bytes].concat();
            let [http, socks5, socks4] = runtime.block_on(said(&reply, falls_silent));
            // Nothing is taken for a tunnel that does not say so.
            proptest::prop_assert!(!http || start.starts_with("HTTP/1.") && start[9..].starts_with('2'));
            proptest::prop_assert!(!socks5 || reply.starts_with(&[5, 0]));
            proptest::prop_assert!(!socks4 || reply.starts_with(&[0, 90]));
        }
    }
}
