//! Whether the process that holds a lock has a connection at all: without one it fetches nothing.

/// Whether a process has a TCP connection, also one that is being made or closed; none where the system does not tell.
///
/// Clients keep theirs between requests and while they wait to try again, and nearly all of them for longer than that.
pub fn is_connected(pid: u32) -> Option<bool> {
    system::is_connected(pid)
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::HashSet;
    use std::fs::{self, File};
    use std::io::{BufRead, BufReader, Read};

    /// The most bytes of each table that are read, and the most files of the process.
    const MOST_BYTES: u64 = 16 * 1024 * 1024;
    const MOST_FILES: usize = 65_536;

    pub fn is_connected(pid: u32) -> Option<bool> {
        // Other users' processes do not let us look.
        let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        let number = |file: fs::DirEntry| {
            let target = fs::read_link(file.path()).ok()?;
            target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok()
        };
        let (mut sockets, mut seen) = (HashSet::new(), 0);
        for file in files {
            seen += 1;
            sockets.extend(number(file.ok()?));
        }
        if seen > MOST_FILES {
            return None;
        }
        if sockets.is_empty() {
            return Some(false);
        }
        // The tables of the process's own network, which in a container is another than ours.
        for table in ["tcp", "tcp6"] {
            let file = match File::open(format!("/proc/{pid}/net/{table}")) {
                Ok(file) => file,
                // A system without the sixth version of IP.
                Err(error) if table == "tcp6" && error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(_) => return None,
            };
            for line in BufReader::new(file.take(MOST_BYTES)).lines() {
                if super::connection(&line.ok()?).is_some_and(|socket| sockets.contains(&socket)) {
                    return Some(true);
                }
            }
        }
        Some(false)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    /// This system does not tell it in a form that is read here.
    pub fn is_connected(_: u32) -> Option<bool> {
        None
    }
}

/// The socket's number in a line of Linux's table of TCP connections, when it does not merely listen.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn connection(line: &str) -> Option<u64> {
    const LISTENS: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().take(10).collect();
    let [_, _, _, state, _, _, _, _, _, inode] = fields[..] else { return None };
    if state == LISTENS { None } else { inode.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_socket_that_listens_is_no_connection() {
        let line = "   3: 0100007F:9C40 0200007F:01BB 08 00000000:00000000 02:000004F2 00000000  1000        0 84213 2 0 20 4 30 10 -1";
        assert_eq!(connection(line), Some(84213));
        for other in [line.replace(" 08 ", " 0A "), "  sl  local_address".to_owned()] {
            assert_eq!(connection(&other), None, "{other}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_connected_as_long_as_it_has_a_connection() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("a child");
        assert_eq!(is_connected(child.id()), Some(false));
        drop(child.stdin.take());
        child.wait().expect("its end");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let open = std::net::TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        assert_eq!(is_connected(std::process::id()), Some(true));
        drop(open);
        assert_eq!(is_connected(u32::MAX - 1), None);
    }

    proptest! {
        #[test]
        fn any_line_has_a_clear_outcome(line in "[0-9A-Fa-f: é]{0,120}") {
            let _ = connection(&line);
        }
    }
}
