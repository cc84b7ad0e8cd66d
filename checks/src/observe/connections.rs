//! The connections that this user's processes hold open, by the address at their other end.
//!
//! Command lines tell of known programs only; a script of one's own with forty threads shows by its connections.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// A process with many open connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// The process.
    pub pid: u32,
    /// The name of its program.
    pub name: String,
    /// How many connections it holds to each address and port.
    pub peers: BTreeMap<SocketAddr, u32>,
}

impl Busy {
    /// How many connections it holds to any of these.
    pub fn connections_to(&self, addresses: &[SocketAddr]) -> u32 {
        let counts = self.peers.iter().filter(|(peer, _)| addresses.contains(peer)).map(|(_, count)| *count);
        counts.fold(0, u32::saturating_add)
    }
}

/// With fewer connections a process is not called busy.
const FEW: u32 = 8;

/// The busy ones of these processes, given with their names. Empty where the system does not tell whose a connection is.
pub fn look(processes: &[(u32, String)]) -> Vec<Busy> {
    let peers = system::peers();
    if peers.is_empty() {
        return Vec::new();
    }
    let busy = processes.iter().filter_map(|(pid, name)| {
        let mut open: BTreeMap<SocketAddr, u32> = BTreeMap::new();
        for socket in system::sockets(*pid) {
            if let Some(peer) = peers.get(&socket) {
                *open.entry(*peer).or_default() += 1;
            }
        }
        let total = open.values().fold(0_u32, |sum, count| sum.saturating_add(*count));
        (total > FEW).then(|| Busy { pid: *pid, name: name.clone(), peers: open })
    });
    busy.collect()
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::HashMap;
    use std::fs::{self, File};
    use std::io::{BufRead, BufReader, Read};
    use std::net::SocketAddr;

    /// The most bytes of each table that are read, and the most files of one process.
    const MOST_BYTES: u64 = 16 * 1024 * 1024;
    const MOST_FILES: usize = 4096;

    /// The established connections of the machine: the other end by the socket's number.
    pub fn peers() -> HashMap<u64, SocketAddr> {
        let mut peers = HashMap::new();
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            let Ok(file) = File::open(table) else { continue };
            let lines = BufReader::new(file.take(MOST_BYTES)).lines().map_while(Result::ok);
            peers.extend(lines.filter_map(|line| super::connection(&line)));
        }
        peers
    }

    /// The numbers of a process's sockets; none when it does not let us look.
    pub fn sockets(pid: u32) -> Vec<u64> {
        let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
        let number = |file: fs::DirEntry| {
            let target = fs::read_link(file.path()).ok()?;
            target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        };
        files.flatten().take(MOST_FILES).filter_map(number).collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::collections::HashMap;
    use std::net::SocketAddr;

    /// This system does not tell it in a form that is read here.
    pub fn peers() -> HashMap<u64, SocketAddr> {
        HashMap::new()
    }

    pub fn sockets(_: u32) -> Vec<u64> {
        Vec::new()
    }
}

/// One line of Linux's table of TCP connections: the socket's number and the other end, when the connection stands.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn connection(line: &str) -> Option<(u64, SocketAddr)> {
    const ESTABLISHED: &str = "01";
    let fields: Vec<&str> = line.split_whitespace().take(10).collect();
    let [_, _, remote, ESTABLISHED, _, _, _, _, _, inode] = fields[..] else { return None };
    let (address, port) = remote.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Words of four bytes, each written as a number of this machine's byte order.
    let word = |at: usize| Some(u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok()?.to_ne_bytes());
    let ip = match address.len() {
        8 => std::net::IpAddr::from(word(0)?),
        32 => {
            let mut bytes = [0; 16];
            for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(at)?);
            }
            std::net::Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some((inode.parse().ok()?, SocketAddr::new(ip, port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn lines_of_the_table() {
        let line = "   3: 0100007F:9C40 0200007F:01BB 01 00000000:00000000 02:000004F2 00000000  1000        0 84213 2 0 20 4 30 10 -1";
        assert_eq!(connection(line), Some((84213, "127.0.0.2:443".parse().unwrap())));
        let mapped = line.replace("0200007F", "0000000000000000FFFF00000200007F");
        assert_eq!(connection(&mapped), Some((84213, "127.0.0.2:443".parse().unwrap())));
        for other in [line.replace(" 01 ", " 0A "), line.replace("01BB", "é"), "  sl  local_address".to_owned()] {
            assert_eq!(connection(&other), None, "{other}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_with_many_connections_is_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let there = listener.local_addr().unwrap();
        let open: Vec<std::net::TcpStream> = (0..12).map(|_| std::net::TcpStream::connect(there).unwrap()).collect();
        let own = std::process::id();
        let busy = look(&[(own, "me".to_owned())]);
        let me = busy.iter().find(|busy| busy.pid == own).expect("this process");
        assert!(me.connections_to(&[there]) >= 12, "{me:?}");
        assert_eq!(me.connections_to(&["192.0.2.1:443".parse().unwrap()]), 0);
        drop(open);
    }

    proptest::proptest! {
        #[test]
        fn any_line_has_a_clear_outcome(line in "[0-9A-Fa-f: é]{0,120}") {
            let _ = connection(&line);
        }
    }
}
