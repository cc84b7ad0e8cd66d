//! Makes a scenario's world: home, Hub, ports, proxy, name server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::cache;
use super::files::{self, Written};
use super::network::Trust;
use super::placeholder;
use super::process::Running;
use super::{Problem, Scenario};
use crate::dns::DnsServer;
use crate::hub::{Hub, HubOptions};
use crate::proxy::Proxy;
use crate::tcp::{Trouble, TroubledPort};

/// A scenario ready to run. Its world ends when this is dropped.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) scenario: Scenario,
    /// The Hub, with its log of requests.
    pub hub: Hub,
    /// The proxy, with its log.
    pub proxy: Option<Proxy>,
    /// The name server, with its log.
    pub dns: Option<DnsServer>,
    pub(crate) written: Written,
    ports: Ports,
    /// Ends before the directory that their scripts lie in.
    _running: Vec<Running>,
    root: TempDir,
    environment: BTreeMap<String, String>,
    arguments: Vec<String>,
    stdin: Option<String>,
}

/// Ports in trouble, opened when first needed.
#[derive(Debug, Default)]
struct Ports(BTreeMap<Trouble, TroubledPort>);

impl Ports {
    fn get(&mut self, trouble: Trouble) -> Result<SocketAddr, Problem> {
        if let Some(port) = self.0.get(&trouble) {
            return Ok(port.address());
        }
        let port = TroubledPort::open(trouble).map_err(|error| Problem::new("a port in trouble", error))?;
        let address = port.address();
        self.0.insert(trouble, port);
        Ok(address)
    }
}

/// Values for placeholders.
struct Values<'a> {
    hub: &'a Hub,
    home: &'a Path,
    proxy: Option<SocketAddr>,
    dns: Option<SocketAddr>,
}

impl Values<'_> {
    fn lookup(&self, name: &str, ports: &mut Ports) -> Option<String> {
        let path = |path: PathBuf| Some(path.to_string_lossy().into_owned());
        match name {
            "home" => path(self.home.to_path_buf()),
            "ca" => path(self.hub.ca_file()),
            "corporate_ca" => path(self.hub.corporate_ca_file()),
            "hub" => Some(self.hub.endpoint()),
            "port" => Some(self.hub.port().to_string()),
            "cdn" => Some(format!("https://127.0.0.1:{}", self.hub.cdn_port())),
            "proxy" => self.proxy.map(|address| address.to_string()),
            "host" => std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim_end().to_owned()),
            "dns" => self.dns.map(|address| address.to_string()),
            _ => match name.strip_prefix("port:") {
                // `{port:refused}` and so on: the address of a port in that trouble.
                Some(trouble) => {
                    let trouble = trouble_named(trouble)?;
                    ports.get(trouble).ok().map(|address| address.to_string())
                }
                None => placeholder::of_hub(name, self.hub.state()),
            },
        }
    }

    fn fill(&self, text: &str, ports: &mut Ports) -> String {
        placeholder::fill(text, &mut |name| self.lookup(name, ports))
    }
}

fn trouble_named(name: &str) -> Option<Trouble> {
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};
    let word: StrDeserializer<'_, Error> = name.into_deserializer();
    Trouble::deserialize(word).ok()
}

impl Prepared {
    /// Makes the world.
    pub fn new(scenario: &Scenario) -> Result<Self, Problem> {
        let network = &scenario.network;
        let options = HubOptions {
            certificates: network.certificates.clone(),
            extra_names: network.names.clone(),
            ..HubOptions::default()
        };
        let hub = Hub::start_with(scenario.hub.clone(), &options).map_err(|error| Problem::new("the Hub", error))?;
        let mut ports = Ports::default();
        let proxy = start_proxy(scenario, &hub, &mut ports)?;
        let dns = network.dns.clone().map(DnsServer::start).transpose();
        let dns = dns.map_err(|error| Problem::new("the name server", error))?;

        let root = tempfile::Builder::new().prefix("hfdoctor-scenario-").tempdir();
        let root = root.map_err(|error| Problem::new("a temporary directory", error))?;
        let base = plain_path(root.path()).map_err(|error| Problem::new("a temporary directory", error))?;
        let home = base.join("home");
        std::fs::create_dir(&home).map_err(|error| Problem::new(home.display(), error))?;
        let values = Values {
            hub: &hub,
            home: &home,
            proxy: proxy.as_ref().map(Proxy::address),
            dns: dns.as_ref().map(DnsServer::address),
        };

        cache::write(&home, &scenario.cache, &scenario.hub)?;
        let written = files::write(&home, &scenario.file, &scenario.hub, &mut |text| values.fill(text, &mut ports))?;
        let mut environment = clean_environment(&home);
        if !scenario.client.is_empty() {
            let root = cache::write_client(&home, &scenario.client)?;
            environment.insert("VIRTUAL_ENV".into(), root.to_string_lossy().into_owned());
        }
        let trusted = match network.trust {
            Trust::System => None,
            Trust::Lab => Some(hub.ca_file()),
            Trust::Corporate => Some(hub.corporate_ca_file()),
        };
        if let Some(file) = trusted {
            environment.insert("SSL_CERT_FILE".into(), file.to_string_lossy().into_owned());
        }
        for (name, value) in &scenario.environment {
            environment.insert(name.clone(), values.fill(value, &mut ports));
        }
        let mut arguments = connect_to(scenario, &hub, &mut ports)?;
        if let Some(log) = &scenario.log {
            let path = base.join("failure.log");
            std::fs::write(&path, values.fill(log, &mut ports)).map_err(|error| Problem::new(path.display(), error))?;
            arguments.extend(["--log".to_owned(), path.to_string_lossy().into_owned()]);
        }
        arguments.extend(scenario.args.iter().map(|argument| values.fill(argument, &mut ports)));
        let stdin = scenario.stdin.as_ref().map(|text| values.fill(text, &mut ports));
        let mut running = Vec::new();
        for entry in &scenario.process {
            let args: Vec<String> = entry.args.iter().map(|text| values.fill(text, &mut ports)).collect();
            running.push(Running::start(entry, &args, &base, hub.port())?);
        }
        let mut scenario = scenario.clone();
        for secret in &mut scenario.secrets {
            *secret = values.fill(secret, &mut ports);
        }
        for text in scenario.expect.texts() {
            *text = values.fill(text, &mut ports);
        }
        Ok(Self { scenario, hub, proxy, dns, written, ports, _running: running, root, environment, arguments, stdin })
    }

    /// The program's whole environment.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// The program's arguments: the hidden ones first, then `--log`, then the scenario's.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The hidden arguments alone, for further runs in the same world (`undo`, `explain`).
    pub fn hidden_arguments(&self) -> Vec<String> {
        let pairs = self.arguments.chunks(2).take_while(|pair| pair[0] == "--connect-to");
        pairs.flatten().cloned().collect()
    }

    /// What the program gets on standard input.
    pub fn stdin(&self) -> Option<&str> {
        self.stdin.as_deref()
    }

    /// The home directory.
    pub fn home(&self) -> PathBuf {
        self.environment.get("HOME").map_or_else(|| self.root.path().join("home"), PathBuf::from)
    }

    /// The address of a port in that trouble, if the scenario has opened one.
    pub fn port(&self, trouble: Trouble) -> Option<SocketAddr> {
        self.ports.0.get(&trouble).map(TroubledPort::address)
    }
}

/// The directory spelled without links, as homes mostly are; Windows would answer in a spelling that programs dislike.
fn plain_path(directory: &Path) -> std::io::Result<PathBuf> {
    if cfg!(windows) { Ok(directory.to_path_buf()) } else { directory.canonicalize() }
}

/// PATH and HOME, and what Windows programs cannot start without.
fn clean_environment(home: &Path) -> BTreeMap<String, String> {
    let home = home.to_string_lossy().into_owned();
    let mut clean = BTreeMap::from([("HOME".to_owned(), home.clone())]);
    if cfg!(windows) {
        clean.insert("USERPROFILE".into(), home);
    }
    for name in ["PATH", "SYSTEMROOT", "TEMP", "TMP"] {
        if let Ok(value) = std::env::var(name)
            && (name == "PATH" || cfg!(windows))
        {
            clean.insert(name.into(), value);
        }
    }
    clean
}

fn start_proxy(scenario: &Scenario, hub: &Hub, ports: &mut Ports) -> Result<Option<Proxy>, Problem> {
    let Some(table) = &scenario.network.proxy else { return Ok(None) };
    let mut hosts: BTreeMap<String, SocketAddr> =
        hub.names().iter().map(|name| (name.clone(), SocketAddr::from(([127, 0, 0, 1], hub.port())))).collect();
    for (host, trouble) in &table.hosts {
        hosts.insert(host.clone(), ports.get(*trouble)?);
    }
    let proxy = Proxy::start(table.mode.clone(), hosts).map_err(|error| Problem::new("the proxy", error))?;
    Ok(Some(proxy))
}

/// What the doctor connects to when the Hub cannot be reached, to see whether anything can.
const NEUTRAL: [&str; 3] = ["www.python.org", "1.1.1.1", "8.8.8.8"];

/// `--connect-to HOST:443:127.0.0.1:PORT` for each name, in curl's syntax and with its rule that the first match counts.
fn connect_to(scenario: &Scenario, hub: &Hub, ports: &mut Ports) -> Result<Vec<String>, Problem> {
    let network = &scenario.network;
    let mut diversions = Vec::new();
    let mut divert = |from: String, to: String| diversions.extend(["--connect-to".to_owned(), format!("{from}:{to}")]);
    for (host, trouble) in network.hosts.iter().filter(|(host, _)| *host != "*") {
        divert(format!("{host}:443"), ports.get(*trouble)?.to_string());
    }
    if let Some(trouble) = network.hosts.get("*") {
        let address = ports.get(*trouble)?;
        for name in hub.names().iter().filter(|name| !network.hosts.contains_key(*name)) {
            divert(format!("{name}:443"), address.to_string());
        }
    } else if network.connect_to {
        for name in hub.names().iter().filter(|name| !network.hosts.contains_key(*name)) {
            divert(format!("{name}:443"), format!("127.0.0.1:{}", hub.port()));
        }
    }
    if let Some(trouble) = network.elsewhere {
        // Loopback stays where it is; an empty host and port match everything else.
        for host in ["localhost", "127.0.0.1"] {
            divert(format!("{host}:"), "127.0.0.1:".into());
        }
        divert(":".into(), ports.get(trouble)?.to_string());
    } else if network.connect_to {
        // The rest of the world can be reached, and is this machine.
        for host in NEUTRAL.iter().filter(|host| !network.hosts.contains_key(**host)) {
            divert(format!("{host}:443"), format!("127.0.0.1:{}", hub.port()));
        }
    }
    Ok(diversions)
}
