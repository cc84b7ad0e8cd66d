//! A name server on loopback, over UDP and TCP, that answers from a table, rightly, wrongly or not at all.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::runtime::{self, Task};

/// What a name server says about a name.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum DnsAnswer {
    /// There is no such name.
    Nxdomain,
    /// The server failed.
    Servfail,
    /// The server refuses to say.
    Refused,
    /// The name exists without an address.
    Empty,
    /// Silence.
    Silent,
    /// These addresses, of either family; a wrong one is just another address.
    #[serde(untagged)]
    Addresses(Vec<IpAddr>),
}

/// Answers by name; `*` answers for every other name. A name that nothing answers for does not exist.
pub type Table = BTreeMap<String, DnsAnswer>;

/// A running name server; it stops when dropped.
#[derive(Debug)]
pub struct DnsServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _tasks: [Task; 2],
}

impl DnsServer {
    /// Starts a server on a loopback port, the same for UDP and TCP.
    pub fn start(table: Table) -> io::Result<Self> {
        let (udp, tcp) = bind()?;
        let address = tcp.local_addr()?;
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let zone = Arc::new(Zone { table, asked: Arc::clone(&asked) });
        let tasks = [runtime::spawn(serve_udp(udp, Arc::clone(&zone))), runtime::spawn(serve_tcp(tcp, zone))];
        Ok(Self { address, asked, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names asked for so far, once per question.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A port that is free for both protocols.
fn bind() -> io::Result<(UdpSocket, TcpListener)> {
    let mut last = io::Error::other("no port");
    for _ in 0..20 {
        let tcp = runtime::listen()?;
        match std::net::UdpSocket::bind(tcp.local_addr()?) {
            Ok(udp) => {
                udp.set_nonblocking(true)?;
                return Ok((runtime::within(|| UdpSocket::from_std(udp))?, tcp));
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[derive(Debug)]
struct Zone {
    table: Table,
    asked: Arc<Mutex<Vec<String>>>,
}

async fn serve_udp(socket: UdpSocket, zone: Arc<Zone>) {
    let mut buffer = [0; 4096];
    loop {
        if let Ok((length, from)) = socket.recv_from(&mut buffer).await
            && let Some(reply) = zone.reply(&buffer[..length])
        {
            let _ = socket.send_to(&reply, from).await;
        }
    }
}

async fn serve_tcp(listener: TcpListener, zone: Arc<Zone>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let zone = Arc::clone(&zone);
            tokio::spawn(async move {
                let _ = converse(stream, &zone).await;
            });
        }
    }
}

/// Over TCP each message is preceded by its length.
async fn converse(mut stream: TcpStream, zone: &Zone) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut query = vec![0; usize::from(length)];
        stream.read_exact(&mut query).await?;
        if let Some(reply) = zone.reply(&query) {
            stream.write_u16(u16::try_from(reply.len()).unwrap_or(u16::MAX)).await?;
            stream.write_all(&reply).await?;
        }
    }
}

const A: u16 = 1;
const AAAA: u16 = 28;
/// Length of a message's header.
const HEADER: usize = 12;

impl Zone {
    /// The reply to a query of one question (RFC 1035, section 4); none for silence and for what is no query.
    fn reply(&self, query: &[u8]) -> Option<Vec<u8>> {
        let (name, end) = read_name(query, HEADER)?;
        let kind = u16::from_be_bytes([*query.get(end)?, *query.get(end + 1)?]);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        let answer = self.table.get(&name).or_else(|| self.table.get("*")).unwrap_or(&DnsAnswer::Nxdomain);
        let (code, addresses): (u8, &[IpAddr]) = match answer {
            DnsAnswer::Silent => return None,
            DnsAnswer::Empty => (0, &[]),
            DnsAnswer::Servfail => (2, &[]),
            DnsAnswer::Nxdomain => (3, &[]),
            DnsAnswer::Refused => (5, &[]),
            DnsAnswer::Addresses(addresses) => (0, addresses),
        };
        let wanted: Vec<&IpAddr> =
            addresses.iter().filter(|address| kind == if address.is_ipv4() { A } else { AAAA }).collect();
        // A response with the question's "recursion desired", and "recursion available".
        let flags = [0x80 | query[2] & 0x01, 0x80 | code];
        let mut reply = [&query[..2], &flags, &[0, 1]].concat();
        reply.extend(u16::try_from(wanted.len()).unwrap_or(0).to_be_bytes());
        reply.extend([0; 4]);
        reply.extend(query.get(HEADER..end + 4)?);
        for address in wanted {
            let bytes = match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            // The name is a pointer to the question's; class IN; a short life.
            reply.extend([0xc0, u8::try_from(HEADER).unwrap_or(12)]);
            reply.extend(kind.to_be_bytes());
            reply.extend([0, 1, 0, 0, 0, 5]);
            reply.extend(u16::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
            reply.extend(bytes);
        }
        Some(reply)
    }
}

/// Reads a name without compression, as questions write it, and says where it ends.
fn read_name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        let label = message.get(at..at + length).filter(|_| length < 64)?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(u8::try_from(label.len()).unwrap());
            message.extend(label.bytes());
        }
        message.push(0);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1]);
        message
    }

    fn table() -> Table {
        toml::from_str("'hf.co' = ['127.0.0.1', '::1']\n'bad.example' = 'servfail'\n'deaf.example' = 'silent'").unwrap()
    }

    #[test]
    fn answers_come_from_the_table() {
        let zone = Zone { table: table(), asked: Arc::default() };
        let reply = zone.reply(&query("HF.co", A)).unwrap();
        assert_eq!((reply[3] & 15, reply[7]), (0, 1));
        assert_eq!(reply[reply.len() - 4..], [127, 0, 0, 1]);
        assert_eq!(zone.reply(&query("hf.co", AAAA)).unwrap()[7], 1);
        assert_eq!(zone.reply(&query("bad.example", A)).unwrap()[3] & 15, 2);
        assert_eq!(zone.reply(&query("none.example", A)).unwrap()[3] & 15, 3);
        assert!(zone.reply(&query("deaf.example", A)).is_none());
        assert!(zone.reply(&[1, 2, 3]).is_none());
    }

    #[test]
    fn both_protocols_answer() {
        use std::io::{Read, Write};
        let server = DnsServer::start(table()).unwrap();
        let query = query("hf.co", A);
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.send_to(&query, server.address()).unwrap();
        let mut buffer = [0; 512];
        let length = udp.recv(&mut buffer).unwrap();
        let mut tcp = std::net::TcpStream::connect(server.address()).unwrap();
        tcp.write_all(&[&u16::try_from(query.len()).unwrap().to_be_bytes()[..], &query].concat()).unwrap();
        let mut over_tcp = vec![0; length + 2];
        tcp.read_exact(&mut over_tcp).unwrap();
        assert_eq!(over_tcp[2..], buffer[..length]);
        assert_eq!(server.asked(), ["hf.co", "hf.co"]);
    }
}
