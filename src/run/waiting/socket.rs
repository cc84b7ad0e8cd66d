//! Sockets of processes, from /proc/PID/net and /proc/PID/fd.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::process::{Process, bounded};

/// An address and a port.
pub type Place = (IpAddr, u16);

/// What a socket does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The connection is not yet answered.
    Connecting,
    /// The connection stands.
    Established,
    /// The other side has closed it.
    ClosedByPeer,
    /// It waits for others to connect.
    Listening,
    /// Datagrams go to one place.
    Datagrams,
    /// On its way to being closed.
    Closing,
}

/// A socket of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// Whose it is.
    pub process: u32,
    /// The near end.
    pub local: Place,
    /// The far end.
    pub remote: Place,
    /// What it does.
    pub state: State,
}

impl Socket {
    /// Whether it leads to somebody else.
    pub fn is_connection(&self) -> bool {
        self.state != State::Listening && self.remote.1 != 0
    }
}

/// What is waited for on a socket in this state, in words after "it waits for".
pub fn words(state: State, remote: Place) -> String {
    let to = std::net::SocketAddr::from(remote);
    match state {
        State::Connecting => format!("{to} to accept a connection"),
        State::Established => format!("data from {to}, which is connected"),
        State::ClosedByPeer | State::Closing => format!("the end of a connection to {to}, which is closing"),
        State::Datagrams if remote.1 == 53 => format!("an answer of the name server {to}"),
        State::Datagrams | State::Listening => format!("datagrams from {to}"),
    }
}

/// The TCP and UDP sockets of the processes.
pub fn sockets(processes: &[Process]) -> Vec<Socket> {
    let mut found = Vec::new();
    // The table of a network is the same for all processes in it; a container has its own.
    let mut tables: BTreeMap<String, BTreeMap<u64, Socket>> = BTreeMap::new();
    for process in processes {
        let network = std::fs::read_link(format!("/proc/{}/ns/net", process.id)).unwrap_or_default();
        let table = tables.entry(network.to_string_lossy().into_owned()).or_insert_with(|| table(process.id));
        for (_, name) in process.files() {
            let inode = name.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')?.parse::<u64>().ok());
            if let Some(socket) = inode.and_then(|inode| table.get(&inode)) {
                found.push(Socket { process: process.id, ..*socket });
            }
        }
    }
    found
}

fn table(process: u32) -> BTreeMap<u64, Socket> {
    ["tcp", "tcp6", "udp", "udp6"]
        .into_iter()
        .flat_map(|kind| {
            let text = bounded(&format!("/proc/{process}/net/{kind}"));
            let stream = kind.starts_with("tcp");
            text.lines().filter_map(|line| row(line, stream)).collect::<Vec<_>>()
        })
        .collect()
}

/// A row of such a table: the inode and the socket.
fn row(line: &str, stream: bool) -> Option<(u64, Socket)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let state = match (stream, *words.get(3)?) {
        (false, _) => State::Datagrams,
        (true, "01") => State::Established,
        (true, "02" | "03") => State::Connecting,
        (true, "08") => State::ClosedByPeer,
        (true, "0A") => State::Listening,
        (true, _) => State::Closing,
    };
    let socket = Socket { process: 0, local: place(words.get(1)?)?, remote: place(words.get(2)?)?, state };
    Some((words.get(9)?.parse().ok()?, socket))
}

/// `0100007F:01BB`: the address as the machine holds it in memory, word by word, and the port.
fn place(text: &str) -> Option<Place> {
    let (address, port) = text.split_once(':')?;
    if !address.is_ascii() {
        return None;
    }
    let mut bytes = Vec::new();
    for word in address.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let address = if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        IpAddr::V4(Ipv4Addr::from(four))
    } else {
        Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?).to_canonical()
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_sockets_of_this_process_are_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback takes a socket");
        let address = listener.local_addr().expect("it has an address");
        let client = std::net::TcpStream::connect(address).expect("it is listening");
        let me = Process::read(std::process::id()).expect("this process exists");
        let seen = sockets(&[me]);
        let remote = (address.ip(), address.port());
        assert!(seen.iter().any(|s| s.state == State::Listening && s.local == remote));
        let connected = seen.iter().find(|s| s.is_connection() && s.remote == remote).expect("the client is seen");
        assert_eq!(connected.local.1, client.local_addr().expect("it has an address").port());
        assert_eq!(words(connected.state, remote), format!("data from {address}, which is connected"));
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_row_of_the_longer_addresses_is_read() {
        let line = "0: 0000000000000000FFFF00000100007F:C350 B80D01200000000000000000010000 00:01BB 02";
        assert_eq!(row(line, true), None);
        let line =
            "3: 0000000000000000FFFF00000100007F:C350 B80D0120000000000000000001000000:01BB 02 0:0 0:0 0 0 0 77 1";
        let (inode, socket) = row(line, true).expect("it is a whole row");
        assert_eq!((inode, socket.state), (77, State::Connecting));
        assert_eq!(socket.local, ("127.0.0.1".parse().expect("an address"), 50000));
        assert_eq!(words(socket.state, socket.remote), "[2001:db8::1]:443 to accept a connection");
    }

    proptest! {
        #[test]
        fn any_row_is_survived(line in ".{0,200}", address in "[0-9A-Fé:]{0,40}") {
            let _ = (row(&line, true), place(&address));
        }
    }
}
