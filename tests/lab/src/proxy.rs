//! An HTTP proxy on loopback that tunnels to loopback only, or refuses in the ways company proxies do.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::runtime::{self, Task};

/// How a proxy treats requests.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyMode {
    /// Tunnels.
    #[default]
    Open,
    /// 407 with a Basic challenge, unless `user:password` comes along.
    Basic(String),
    /// 407 with an NTLM challenge, whatever comes.
    Ntlm,
    /// 407 with a Negotiate challenge, whatever comes.
    Negotiate,
    /// 403 on every CONNECT.
    Forbidden,
    /// 403 on CONNECT to hosts other than these.
    Only(Vec<String>),
    /// This status on every CONNECT.
    Status(u16),
    /// Takes the request and says nothing.
    Silent,
    /// Answers with something that is not HTTP.
    Garbage,
    /// Closes the connection once the request is read.
    Close,
}

/// One request to a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProxyRecord {
    /// Method; CONNECT for tunnels.
    pub method: String,
    /// `host:port`, or the URL of a request that is no tunnel.
    pub target: String,
    /// Whether credentials for the proxy came.
    pub credentials: bool,
    /// Whether an `Authorization` header, which is none of a proxy's business, came in clear.
    pub authorization: bool,
    /// Status answered; 0 for none.
    pub status: u16,
}

/// A running proxy; it stops when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    inner: Arc<Inner>,
    _task: Task,
}

#[derive(Debug)]
struct Inner {
    mode: ProxyMode,
    hosts: BTreeMap<String, SocketAddr>,
    records: Mutex<Vec<ProxyRecord>>,
}

impl Proxy {
    /// Starts a proxy. `hosts` says to which loopback address each `host:port` (or `host`, or `*`) leads; loopback
    /// targets lead to themselves, and no other target leads anywhere.
    pub fn start(mode: ProxyMode, hosts: BTreeMap<String, SocketAddr>) -> io::Result<Self> {
        let listener = runtime::listen()?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner { mode, hosts, records: Mutex::default() });
        let task = runtime::spawn(serve(listener, Arc::clone(&inner)));
        Ok(Self { address, inner, _task: task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was asked of it so far.
    pub fn requests(&self) -> Vec<ProxyRecord> {
        self.inner.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let inner = Arc::clone(&inner);
            tokio::spawn(async move {
                let _ = receive(stream, &inner).await;
            });
        }
    }
}

/// The head of a request, as far as a proxy needs it.
struct Head {
    method: String,
    target: String,
    credentials: Option<String>,
    authorization: bool,
}

/// The longest head that is read.
const LONGEST: usize = 64 << 10;

async fn read_head(stream: &mut TcpStream) -> io::Result<Head> {
    let mut bytes = Vec::new();
    // Byte by byte, so that nothing of what follows the head is taken from the tunnel.
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await?);
        if bytes.len() > LONGEST {
            return Err(io::Error::other("a head without end"));
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
        .collect();
    let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| (*value).to_owned());
    let (credentials, authorization) = (header("proxy-authorization"), header("authorization").is_some());
    Ok(Head { method, target, credentials, authorization })
}

/// What is said to a request.
enum Verdict {
    Tunnel(SocketAddr),
    Refuse(u16, &'static str, Option<&'static str>),
    Silence,
    Garbage,
    Hangup,
}

impl Inner {
    fn judge(&self, head: &Head) -> Verdict {
        let challenge = |scheme| Verdict::Refuse(407, "Proxy Authentication Required", Some(scheme));
        let host = head.target.rsplit_once(':').map_or(head.target.as_str(), |(host, _)| host);
        match &self.mode {
            ProxyMode::Silent => return Verdict::Silence,
            ProxyMode::Garbage => return Verdict::Garbage,
            ProxyMode::Close => return Verdict::Hangup,
            ProxyMode::Ntlm => return challenge("NTLM"),
            ProxyMode::Negotiate => return challenge("Negotiate"),
            ProxyMode::Basic(pair) => {
                let wanted = format!("Basic {}", base64(pair.as_bytes()));
                if head.credentials.as_deref() != Some(&wanted) {
                    return challenge("Basic realm=\"proxy.corp.example\"");
                }
            }
            ProxyMode::Forbidden => return Verdict::Refuse(403, "Forbidden", None),
            ProxyMode::Only(hosts) if !hosts.iter().any(|allowed| allowed == host) => {
                return Verdict::Refuse(403, "Forbidden", None);
            }
            ProxyMode::Status(status) => return Verdict::Refuse(*status, "Refused", None),
            ProxyMode::Open | ProxyMode::Only(_) => {}
        }
        if head.method != "CONNECT" {
            return Verdict::Refuse(501, "Not Implemented", None);
        }
        let loopback = head.target.replacen("localhost", "127.0.0.1", 1).parse::<SocketAddr>();
        let loopback = loopback.ok().filter(|address| address.ip().is_loopback());
        let named = [head.target.as_str(), host, "*"].iter().find_map(|name| self.hosts.get(*name)).copied();
        match loopback.or(named) {
            Some(address) => Verdict::Tunnel(address),
            None => Verdict::Refuse(502, "Bad Gateway", None),
        }
    }
}

async fn receive(mut client: TcpStream, inner: &Inner) -> io::Result<()> {
    loop {
        let head = read_head(&mut client).await?;
        let verdict = inner.judge(&head);
        let note = |status| {
            inner.records.lock().unwrap_or_else(PoisonError::into_inner).push(ProxyRecord {
                method: head.method.clone(),
                target: head.target.clone(),
                credentials: head.credentials.is_some(),
                authorization: head.authorization,
                status,
            });
        };
        match verdict {
            Verdict::Tunnel(address) => {
                let Ok(mut server) = TcpStream::connect(address).await else {
                    note(502);
                    return refuse(&mut client, 502, "Bad Gateway", None).await;
                };
                note(200);
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                copy_bidirectional(&mut client, &mut server).await?;
                return Ok(());
            }
            Verdict::Refuse(status, reason, challenge) => {
                note(status);
                // The connection stays open: clients that answer a challenge do so on it.
                refuse(&mut client, status, reason, challenge).await?;
            }
            Verdict::Silence => {
                note(0);
                client.read_u8().await?;
                return std::future::pending().await;
            }
            Verdict::Garbage => {
                note(0);
                client.write_all(b"\x00\x01\x02 this is no HTTP\n").await?;
                return client.shutdown().await;
            }
            Verdict::Hangup => {
                note(0);
                return client.shutdown().await;
            }
        }
    }
}

async fn refuse(client: &mut TcpStream, status: u16, reason: &str, challenge: Option<&str>) -> io::Result<()> {
    let body = format!("<html><head><title>{status} {reason}</title></head><body>proxy.corp.example</body></html>");
    let challenge = challenge.map_or_else(String::new, |scheme| format!("Proxy-Authenticate: {scheme}\r\n"));
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nServer: squid/6.6\r\n{challenge}Content-Type: text/html\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    client.write_all((head + &body).as_bytes()).await
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let word = part.iter().enumerate().fold(0, |word, (at, byte)| word | usize::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let letter = LETTERS[word >> (18 - 6 * at) & 63];
            out.push(if at <= part.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::tcp::{Trouble, TroubledPort};

    fn connect(proxy: &Proxy, target: &str, headers: &str) -> String {
        let mut stream = std::net::TcpStream::connect(proxy.address()).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
        write!(stream, "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{headers}\r\n").unwrap();
        let mut reply = vec![0; 4096];
        let length = stream.read(&mut reply).unwrap_or(0);
        String::from_utf8_lossy(&reply[..length]).into_owned()
    }

    #[test]
    fn base64_as_in_the_standard() {
        assert_eq!(base64(b"user:pass"), "dXNlcjpwYXNz");
        assert_eq!(base64(b"fo"), "Zm8=");
        assert_eq!(base64(b"f"), "Zg==");
    }

    #[test]
    fn tunnels_lead_to_loopback_only() {
        let port = TroubledPort::open(Trouble::Drip).unwrap();
        let proxy = Proxy::start(ProxyMode::Open, [("huggingface.co".into(), port.address())].into()).unwrap();
        assert!(connect(&proxy, "huggingface.co:443", "").starts_with("HTTP/1.1 200"));
        assert!(connect(&proxy, "192.0.2.1:443", "").starts_with("HTTP/1.1 502"));
        assert_eq!(proxy.requests().len(), 2);
        assert_eq!(proxy.requests()[0].target, "huggingface.co:443");
    }

    #[test]
    fn credentials_open_a_basic_proxy() {
        let port = TroubledPort::open(Trouble::Drip).unwrap();
        let proxy = Proxy::start(ProxyMode::Basic("u:p".into()), [("*".into(), port.address())].into()).unwrap();
        let refused = connect(&proxy, "hf.co:443", "");
        assert!(refused.starts_with("HTTP/1.1 407") && refused.contains("Proxy-Authenticate: Basic"));
        assert!(connect(&proxy, "hf.co:443", "Proxy-Authorization: Basic dTpw\r\n").starts_with("HTTP/1.1 200"));
    }
}
