//! Name lookups: the system's way (getaddrinfo, with hosts file and nsswitch), and each configured server asked by itself.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures::future::join_all;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;

use super::dial::{milliseconds, seconds};
use crate::case::{Case, Environment};

/// The most that is read of a hosts file, in bytes.
const MAX_HOSTS: u64 = 4 * 1024 * 1024;
/// The most servers that are asked.
const MAX_SERVERS: usize = 4;

/// Why the system found no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnsFault {
    /// The name does not exist, or has no address.
    NotFound,
    /// The servers fail or cannot be reached.
    Temporary,
    /// The lookup did not end.
    Silent(Duration),
    /// Anything else, in the system's words.
    Other(String),
}

impl std::fmt::Display for DnsFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DnsFault::NotFound => f.write_str("the name is not known"),
            DnsFault::Temporary => f.write_str("temporary failure in name resolution"),
            DnsFault::Silent(after) => write!(f, "the lookup has no answer within {}", seconds(*after)),
            DnsFault::Other(words) => f.write_str(words),
        }
    }
}

impl DnsFault {
    /// By getaddrinfo's words, which are all that the standard library keeps of its error code.
    pub(crate) fn from_io(error: &std::io::Error) -> DnsFault {
        let words = error.to_string();
        let said = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        if said(&[
            "not known",
            "nodename nor servname",
            "No address associated",
            "11001",
            "11004",
            "Name does not resolve",
        ]) {
            DnsFault::NotFound
        } else if said(&["Temporary failure", "Try again", "11002", "non-recoverable", "Non-recoverable", "11003"]) {
            DnsFault::Temporary
        } else {
            let words = words.strip_prefix("failed to lookup address information: ").unwrap_or(&words);
            DnsFault::Other(super::tls::clean(words))
        }
    }
}

/// One lookup by the system's way.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The addresses in the system's order, or why there is none.
    pub addresses: Result<Vec<IpAddr>, DnsFault>,
    /// How long it took.
    pub milliseconds: f64,
}

/// Looks a name up as every client does.
pub async fn system(host: &str, within: Duration) -> Lookup {
    let began = Instant::now();
    if let Ok(address) = host.parse() {
        return Lookup { addresses: Ok(vec![address]), milliseconds: 0.0 };
    }
    let addresses = match tokio::time::timeout(within, tokio::net::lookup_host((host, 443))).await {
        Err(_) => Err(DnsFault::Silent(within)),
        Ok(Err(error)) => Err(DnsFault::from_io(&error)),
        Ok(Ok(found)) => {
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in found.map(|a: SocketAddr| a.ip()) {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            if addresses.is_empty() { Err(DnsFault::NotFound) } else { Ok(addresses) }
        }
    };
    Lookup { addresses, milliseconds: milliseconds(began) }
}

/// What one configured server says.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerAnswer {
    /// The server's address.
    pub server: IpAddr,
    /// Its answer.
    pub answer: Result<Vec<IpAddr>, ServerFault>,
}

/// Why a server gave no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFault {
    /// NXDOMAIN.
    NxDomain,
    /// The name exists and has no address.
    NoAddress,
    /// SERVFAIL, REFUSED and the like.
    Code(String),
    /// No answer.
    Silent,
    /// It cannot be reached.
    Unreachable(String),
}

impl std::fmt::Display for ServerFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ServerFault::NxDomain => f.write_str("NXDOMAIN"),
            ServerFault::NoAddress => f.write_str("no address for the name"),
            ServerFault::Code(code) => f.write_str(code),
            ServerFault::Silent => f.write_str("no answer"),
            ServerFault::Unreachable(why) => write!(f, "cannot be reached: {why}"),
        }
    }
}

/// The second opinion on a name.
#[derive(Debug, Clone, Default)]
pub struct Opinion {
    /// What each configured server says to the name as it stands, without search domains.
    pub servers: Vec<ServerAnswer>,
    /// Addresses that the hosts file gives it.
    pub hosts_file: Vec<IpAddr>,
    /// Domains that the system appends to names.
    pub search: Vec<String>,
    /// Why the servers could not be asked.
    pub unread: Option<String>,
}

impl Opinion {
    /// Every address that a server names.
    pub fn addresses(&self) -> BTreeSet<IpAddr> {
        self.servers.iter().filter_map(|s| s.answer.as_ref().ok()).flatten().copied().collect()
    }

    /// Whether any server says anything at all.
    pub fn any_answer(&self) -> bool {
        self.servers.iter().any(|s| !matches!(s.answer, Err(ServerFault::Silent | ServerFault::Unreachable(_))))
    }

    /// Whether every server that answers says that there is no such name.
    pub fn denied(&self) -> bool {
        let mut answers =
            self.servers.iter().filter(|s| !matches!(s.answer, Err(ServerFault::Silent | ServerFault::Unreachable(_))));
        answers.clone().next().is_some()
            && answers.all(|s| matches!(s.answer, Err(ServerFault::NxDomain | ServerFault::NoAddress)))
    }
}

/// Asks each of the system's servers by itself, and reads the hosts file.
pub async fn second_opinion(case: &Case, host: &str, within: Duration) -> Opinion {
    let hosts_file = hosts_file_addresses(&case.environment, host);
    let (config, search) = match hickory_resolver::system_conf::read_system_conf() {
        Ok((config, _)) => {
            let search: Vec<String> = config.search().iter().map(ToString::to_string).collect();
            (config, search)
        }
        Err(error) => {
            return Opinion { hosts_file, unread: Some(super::tls::clean(&error.to_string())), ..Opinion::default() };
        }
    };
    let mut servers: Vec<NameServerConfig> = Vec::new();
    for server in config.name_servers() {
        if servers.len() < MAX_SERVERS && !servers.iter().any(|s| s.ip == server.ip) {
            servers.push(server.clone());
        }
    }
    let asked = servers.into_iter().map(|server| ask(server, host, within));
    Opinion { servers: join_all(asked).await, hosts_file, search, unread: None }
}

async fn ask(server: NameServerConfig, host: &str, within: Duration) -> ServerAnswer {
    let address = server.ip;
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.timeout = within.min(Duration::from_secs(2));
    options.attempts = 1;
    options.use_hosts_file = ResolveHosts::Never;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.cache_size = 0;
    let resolver = match builder.build() {
        Ok(resolver) => resolver,
        Err(error) => return ServerAnswer { server: address, answer: Err(fault(&error)) },
    };
    // The dot at the end keeps search domains away.
    let name = format!("{}.", host.trim_end_matches('.'));
    let answer = match tokio::time::timeout(within, resolver.lookup_ip(name)).await {
        Err(_) => Err(ServerFault::Silent),
        Ok(Err(error)) => Err(fault(&error)),
        Ok(Ok(found)) => {
            let addresses: Vec<IpAddr> = found.iter().take(32).collect();
            if addresses.is_empty() { Err(ServerFault::NoAddress) } else { Ok(addresses) }
        }
    };
    ServerAnswer { server: address, answer }
}

fn fault(error: &NetError) -> ServerFault {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => ServerFault::NxDomain,
            ResponseCode::NoError => ServerFault::NoAddress,
            code => ServerFault::Code(code_word(code)),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => ServerFault::Code(code_word(*code)),
        NetError::Timeout => ServerFault::Silent,
        NetError::Io(error) => ServerFault::Unreachable(super::dial::plain_words(error)),
        NetError::NoConnections => ServerFault::Unreachable("no connection".to_owned()),
        other => ServerFault::Code(super::tls::clean(&other.to_string())),
    }
}

fn code_word(code: ResponseCode) -> String {
    match code {
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => super::tls::clean(other.to_str()),
    }
}

/// Where the system keeps its hosts file.
pub fn hosts_file(environment: &Environment) -> std::path::PathBuf {
    if cfg!(windows) {
        let root = environment.non_empty("SystemRoot").unwrap_or_else(|| r"C:\Windows".to_owned());
        std::path::PathBuf::from(root).join(r"System32\drivers\etc\hosts")
    } else {
        environment.system_file("etc/hosts")
    }
}

fn hosts_file_addresses(environment: &Environment, host: &str) -> Vec<IpAddr> {
    let mut text = Vec::new();
    let read = std::fs::File::open(hosts_file(environment)).and_then(|f| f.take(MAX_HOSTS).read_to_end(&mut text));
    match read {
        Ok(_) => parse_hosts(&String::from_utf8_lossy(&text), host),
        Err(_) => Vec::new(),
    }
}

/// The addresses that a hosts file gives a name.
pub fn parse_hosts(text: &str, host: &str) -> Vec<IpAddr> {
    let host = host.trim_end_matches('.');
    text.lines()
        .filter_map(|line| {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let address: IpAddr = words.next()?.parse().ok()?;
            words.any(|name| name.trim_end_matches('.').eq_ignore_ascii_case(host)).then_some(address)
        })
        .collect()
}

/// Why an address cannot be the Hub's own.
pub fn suspicious(address: IpAddr) -> Option<&'static str> {
    let v4 = match address {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                v4
            } else if v6.is_unspecified() {
                return Some("unspecified");
            } else if v6.is_loopback() {
                return Some("loopback");
            } else if v6.is_unique_local() || v6.is_unicast_link_local() {
                return Some("private");
            } else if v6.segments()[0] == 0x2001 && v6.segments()[1] == 0 {
                // Teredo: what some censoring resolvers answer with.
                return Some("Teredo");
            } else {
                return None;
            }
        }
    };
    if v4.is_unspecified() {
        Some("unspecified")
    } else if v4.is_loopback() {
        Some("loopback")
    } else if v4.is_private() || v4.is_link_local() || in_shared_range(v4) {
        Some("private")
    } else if v4.is_documentation() || v4.is_broadcast() || v4.is_multicast() || v4.octets()[0] == 0 {
        Some("reserved")
    } else {
        None
    }
}

/// 100.64.0.0/10 of carriers, and 198.18.0.0/15, from which local proxies hand out made-up addresses.
fn in_shared_range(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    (a == 100 && (64..128).contains(&b)) || (a == 198 && (b == 18 || b == 19))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::net::UdpSocket;

    /// A server that answers every query with these bytes after the query's id, or not at all.
    async fn server(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> NameServerConfig {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let port = socket.local_addr().expect("its address").port();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = answer(&buffer[..length]) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        let mut config = NameServerConfig::udp(IpAddr::from([127, 0, 0, 1]));
        for connection in &mut config.connections {
            connection.port = port;
        }
        config
    }

    /// The query as an answer with a response code and no records.
    fn refused_with(query: &[u8], code: u8) -> Vec<u8> {
        let mut answer = query.to_vec();
        answer[2] |= 0x80;
        answer[3] = 0x80 | code;
        answer
    }

    #[tokio::test]
    async fn each_way_of_a_server_to_fail_has_its_word() {
        let within = Duration::from_secs(3);
        let says = |code: u8| move |query: &[u8]| Some(refused_with(query, code));
        let answer = ask(server(says(3)).await, "huggingface.co", within).await.answer;
        assert_eq!(answer, Err(ServerFault::NxDomain));
        let answer = ask(server(says(2)).await, "huggingface.co", within).await.answer;
        assert_eq!(answer, Err(ServerFault::Code("SERVFAIL".to_owned())));
        let answer = ask(server(says(0)).await, "huggingface.co", within).await.answer;
        assert_eq!(answer, Err(ServerFault::NoAddress));
        let answer = ask(server(|_| None).await, "huggingface.co", Duration::from_millis(400)).await.answer;
        assert_eq!(answer, Err(ServerFault::Silent));
        // Garbage is ignored by the resolver, as it could be anybody's.
        let garbage = server(|_| Some(vec![0xff; 40])).await;
        assert!(ask(garbage, "huggingface.co", Duration::from_millis(400)).await.answer.is_err());
    }

    #[tokio::test]
    async fn the_system_says_why_a_name_has_no_address() {
        let lookup = system("no-such-name.invalid", Duration::from_secs(20)).await;
        assert!(lookup.addresses.is_err());
        assert_eq!(system("127.0.0.1", Duration::ZERO).await.addresses, Ok(vec![IpAddr::from([127, 0, 0, 1])]));
    }

    #[test]
    fn hosts_files_are_read_as_the_system_reads_them() {
        let text = "127.0.0.1 localhost\n10.1.2.3\thub HuggingFace.co # old\n#1.1.1.1 huggingface.co\n::1 huggingface.co\nx huggingface.co";
        assert_eq!(
            parse_hosts(text, "huggingface.co"),
            ["10.1.2.3".parse::<IpAddr>().expect("v4"), "::1".parse().expect("v6")]
        );
        assert!(parse_hosts(text, "face.co").is_empty());
    }

    #[test]
    fn addresses_that_cannot_be_the_hubs_are_known() {
        for (address, expected) in [
            ("0.0.0.0", Some("unspecified")),
            ("127.0.0.1", Some("loopback")),
            ("10.0.0.1", Some("private")),
            ("198.18.0.7", Some("private")),
            ("100.64.1.1", Some("private")),
            ("::", Some("unspecified")),
            ("fd00::1", Some("private")),
            ("::ffff:10.0.0.1", Some("private")),
            ("2001::1", Some("Teredo")),
            ("18.164.174.23", None),
            ("2600:9000:2490::1", None),
        ] {
            assert_eq!(suspicious(address.parse().expect(address)), expected, "{address}");
        }
    }

    proptest! {
        #[test]
        fn any_hosts_file_can_be_read(text in "\\PC{0,400}", host in "\\PC{0,20}") {
            let _ = parse_hosts(&text, &host);
        }

        #[test]
        fn any_address_can_be_judged(bits in any::<u128>(), small in any::<u32>()) {
            let _ = suspicious(IpAddr::V6(bits.into()));
            let _ = suspicious(IpAddr::V4(small.into()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_answer_of_a_server_has_a_clear_outcome(
            flags in any::<[u8; 2]>(),
            counts in any::<[u8; 8]>(),
            keeps_question in any::<bool>(),
            rest in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let forged = server(move |query: &[u8]| {
                    let head = [&query[..2], &[flags[0] | 0x80, flags[1]], &counts].concat();
                    let question = if keeps_question { &query[12..] } else { &[] };
                    Some([&head, question, &rest].concat())
                });
                let _ = ask(forged.await, "huggingface.co", Duration::from_millis(60)).await;
            });
        }
    }
}
