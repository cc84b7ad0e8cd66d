//! The far side: a Hub behind the usual addresses, a resolver, proxies, and a relay that can reset by name.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lab::dns::{DnsAnswer, DnsServer};
use lab::tls::CertKind;
use lab::{Hub, HubOptions, HubState};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::parts::Parts;
use crate::space::{self, CDN, FORGER, GATEWAY, HUB, MIRROR, NEUTRAL, OTHERS, Space, XET};
use crate::world::{World, fill};

/// Set for the process that is the Hub: its folder.
pub const ROLE: &str = "HFDOCTOR_TEST_FAR_SIDE";

/// What every world's Hub has; the first repository is what is downloaded.
const STATE: &str = r#"
[[repo]]
id = "acme/open"
files = { "config.json" = "{}\n", "model.safetensors" = { size = 300000, lfs = true } }
[[repo]]
id = "openai-community/gpt2"
files = { "config.json" = "{}\n", "model.safetensors" = { size = 300000, lfs = true } }
"#;

/// Who answers for which name. Names below these go the same way.
const NAMES: [(&str, &str); 6] = [
    ("huggingface.co", HUB),
    ("hf.co", HUB),
    ("cdn.hf.co", CDN),
    ("xethub.hf.co", XET),
    ("hf-mirror.com", MIRROR),
    ("www.python.org", NEUTRAL),
];

/// What the Hub's process is told.
#[derive(Debug, Serialize, Deserialize)]
struct Orders {
    state: String,
    certificates: BTreeMap<String, String>,
    reset_names: Vec<String>,
}

/// What it says once it listens.
#[derive(Debug, Serialize, Deserialize)]
struct Standing {
    ca: PathBuf,
    corporate: PathBuf,
    /// The authority of the server that has nothing to do with the Hub.
    stranger: PathBuf,
    /// A name server that fails at everything, as dnsmasq names servers.
    broken_dns: String,
}

/// The running far side; it stops when dropped.
#[derive(Debug)]
pub struct FarSide {
    running: Vec<Child>,
    said: Arc<Mutex<String>>,
    /// Values for the places in a world's texts.
    pub places: BTreeMap<String, String>,
    folder: tempfile::TempDir,
}

impl FarSide {
    /// Starts it, and returns once everything answers.
    pub fn start(world: &World, space: &Space, parts: &Parts) -> io::Result<FarSide> {
        let mut far = FarSide {
            running: Vec::new(),
            said: Arc::default(),
            places: BTreeMap::from([
                ("{gateway}".to_owned(), GATEWAY.to_owned()),
                ("{hub}".to_owned(), HUB.to_owned()),
                ("{cdn}".to_owned(), CDN.to_owned()),
                ("{xet}".to_owned(), XET.to_owned()),
                ("{mirror}".to_owned(), MIRROR.to_owned()),
                ("{forger}".to_owned(), FORGER.to_owned()),
                ("{neutral}".to_owned(), NEUTRAL.to_owned()),
            ]),
            folder: tempfile::tempdir()?,
        };
        let standing = far.start_hub(world, space)?;
        far.places.insert("{ca}".to_owned(), standing.ca.display().to_string());
        far.places.insert("{corporate}".to_owned(), standing.corporate.display().to_string());
        far.places.insert("{stranger}".to_owned(), standing.stranger.display().to_string());
        far.places.insert("{broken_dns}".to_owned(), standing.broken_dns.clone());
        // Whatever runs over there finds the real names without the resolver.
        let etc = Path::new("/etc/netns").join(space.far());
        std::fs::create_dir_all(&etc)?;
        let hosts = [("us.aws.cdn.hf.co", CDN), ("cas-server.xethub.hf.co", XET), ("transfer.xethub.hf.co", XET)];
        let lines: Vec<String> =
            NAMES.iter().chain(&hosts).map(|(name, address)| format!("{address} {name}\n")).collect();
        std::fs::write(etc.join("hosts"), lines.concat())?;
        std::fs::write(etc.join("resolv.conf"), "nameserver 127.0.0.1\n")?;
        far.start_resolver(world, space)?;
        if let Some(lines) = &world.proxy {
            let allowed = far.folder.path().join("allowed");
            std::fs::write(&allowed, world.allowed.join("\n"))?;
            far.places.insert("{allowed}".to_owned(), allowed.display().to_string());
            far.start_proxy(lines, space)?;
        }
        if let (Some(options), Some(mitmdump)) = (&world.interception, &parts.mitmdump) {
            far.start_interception(options, mitmdump, &standing.ca, space)?;
        }
        let rules: Vec<String> = world.gate.iter().map(|rule| fill(rule, &far.places)).collect();
        Space::rules(&space.far(), "input", &rules)?;
        Ok(far)
    }

    /// What the parts printed.
    pub fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn start_hub(&mut self, world: &World, space: &Space) -> io::Result<Standing> {
        let mut state: toml::Table = toml::from_str(STATE).map_err(io::Error::other)?;
        for (key, value) in world.hub.clone() {
            match (state.get_mut(&key), value) {
                (Some(toml::Value::Array(known)), toml::Value::Array(more)) => known.extend(more),
                (_, value) => {
                    state.insert(key, value);
                }
            }
        }
        let orders = Orders {
            state: toml::to_string(&state).map_err(io::Error::other)?,
            certificates: world.certificates.iter().map(|(h, kind)| (h.clone(), format!("{kind:?}"))).collect(),
            reset_names: world.reset_names.clone(),
        };
        let mut hub = Space::command(&space.far(), &std::env::current_exe()?.display().to_string())
            .env(ROLE, serde_json::to_string(&orders)?)
            .env("TMPDIR", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = hub.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        if let Some(errors) = hub.stderr.take() {
            self.listen(errors);
        }
        self.running.push(hub);
        serde_json::from_str(&line).map_err(|error| io::Error::other(format!("the Hub does not start: {error}")))
    }

    fn start_resolver(&mut self, world: &World, space: &Space) -> io::Result<()> {
        let usual: Vec<String> = NAMES
            .iter()
            .map(|(name, address)| format!("--address=/{name}/{address}"))
            .chain(["--local=/#/".to_owned()])
            .collect();
        let options = world.resolver.as_ref().unwrap_or(&usual);
        let mut usual_too = Vec::new();
        for option in options {
            if option == "usual" {
                usual_too.extend(usual.iter().cloned());
            } else {
                usual_too.push(fill(option, &self.places));
            }
        }
        let mut command = Space::command(&space.far(), "dnsmasq");
        command
            .args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root"])
            .args(["--pid-file=", "--bind-interfaces", "--log-facility=-", "--local-ttl=5"])
            .arg(format!("--listen-address={GATEWAY}"))
            .args(usual_too);
        self.spawn(command)?;
        wait_for(&space.far(), GATEWAY, 53)
    }

    fn start_proxy(&mut self, lines: &[String], space: &Space) -> io::Result<()> {
        let file = self.folder.path().join("tinyproxy.conf");
        let mut text = format!("Port 3128\nListen {GATEWAY}\nTimeout 30\nMaxClients 50\nLogLevel Connect\n");
        for line in lines {
            text.push_str(&fill(line, &self.places));
            text.push('\n');
        }
        std::fs::write(&file, text)?;
        let mut command = Space::command(&space.far(), "tinyproxy");
        command.args(["-d", "-c"]).arg(file);
        self.spawn(command)?;
        wait_for(&space.far(), GATEWAY, 3128)
    }

    fn start_interception(&mut self, options: &[String], mitmdump: &Path, ca: &Path, space: &Space) -> io::Result<()> {
        let folder = self.folder.path().join("mitmproxy");
        std::fs::create_dir_all(&folder)?;
        let mut command = Space::command(&space.far(), &mitmdump.display().to_string());
        command
            .args(["--listen-host", GATEWAY, "--listen-port", "3129", "--quiet", "--set"])
            .arg(format!("confdir={}", folder.display()))
            .arg("--set")
            .arg(format!("ssl_verify_upstream_trusted_ca={}", ca.display()))
            .args(options.iter().map(|option| fill(option, &self.places)));
        self.spawn(command)?;
        self.places.insert("{mitm}".to_owned(), folder.join("mitmproxy-ca-cert.pem").display().to_string());
        wait_for(&space.far(), GATEWAY, 3129)
    }

    fn spawn(&mut self, mut command: Command) -> io::Result<()> {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        if let Some(errors) = child.stderr.take() {
            self.listen(errors);
        }
        self.running.push(child);
        Ok(())
    }

    /// Keeps what a part prints, so that it never waits for a reader.
    fn listen(&self, mut from: impl Read + Send + 'static) {
        let said = Arc::clone(&self.said);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut bytes) {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                if said.len() < 100_000 {
                    said.push_str(&String::from_utf8_lossy(&bytes[..length]));
                }
            }
        });
    }
}

impl Drop for FarSide {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until something listens, by asking from within the namespace.
fn wait_for(namespace: &str, address: &str, port: u16) -> io::Result<()> {
    let script = format!(
        "for i in $(seq 300); do (exec 3<>/dev/tcp/{address}/{port}) 2>/dev/null && exit 0; sleep 0.1; done; \
         echo nothing listens at {address}:{port} >&2; exit 1"
    );
    space::run(Space::command(namespace, "bash").args(["-c", &script]))
}

/// The Hub's process: serves until its standard input ends.
pub fn serve() {
    let orders: Orders =
        serde_json::from_str(&std::env::var(ROLE).unwrap_or_default()).expect("the orders can be read");
    let kind = |word: &str| match word {
        "Expired" => CertKind::Expired,
        "NotYetValid" => CertKind::NotYetValid,
        "WrongName" => CertKind::WrongName,
        "SelfSigned" => CertKind::SelfSigned,
        "Intercepted" => CertKind::Intercepted,
        "Refused" => CertKind::Refused,
        _ => CertKind::Good,
    };
    let options = HubOptions {
        certificates: orders.certificates.iter().map(|(host, word)| (host.clone(), kind(word))).collect(),
        ..HubOptions::default()
    };
    let state = HubState::from_toml(&orders.state).expect("the state is good");
    let hub = Hub::start_with(state, &options).expect("the Hub starts");
    let all = |kind| HubOptions { certificates: BTreeMap::from([("*".to_owned(), kind)]), ..HubOptions::default() };
    let stranger = Hub::start_with(HubState::default(), &all(CertKind::WrongName)).expect("the stranger starts");
    let portal = HubState::from_toml("[[fault]]\npreset = 'captive-page'").expect("the state is good");
    let portal = Hub::start_with(portal, &all(CertKind::SelfSigned)).expect("the portal starts");
    let broken = DnsServer::start(BTreeMap::from([("*".to_owned(), DnsAnswer::Servfail)])).expect("it starts");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let names = Arc::new(orders.reset_names);
    let ways = [HUB, CDN, XET, MIRROR].map(|address| (address, hub.port()));
    let others = [OTHERS[0], OTHERS[1], NEUTRAL].map(|address| (address, stranger.port()));
    for (address, port) in ways.into_iter().chain(others).chain([(GATEWAY, portal.port())]) {
        let listener = runtime.block_on(TcpListener::bind((address, 443))).expect("port 443 is free in a namespace");
        runtime.spawn(relay(listener, port, Arc::clone(&names)));
    }
    let broken_dns = format!("{}#{}", broken.address().ip(), broken.address().port());
    let standing =
        Standing { ca: hub.ca_file(), corporate: hub.corporate_ca_file(), stranger: stranger.ca_file(), broken_dns };
    println!("{}", serde_json::to_string(&standing).expect("it is JSON"));
    let _ = io::stdout().flush();
    let _ = io::stdin().read_to_end(&mut Vec::new());
    runtime.shutdown_timeout(Duration::from_millis(100));
}

/// Leads every connection to the Hub, which tells the services apart by name, and resets those whose first bytes hold
/// a forbidden name, as filters do that read the TLS hello.
async fn relay(listener: TcpListener, port: u16, forbidden: Arc<Vec<String>>) {
    loop {
        let Ok((mut near, _)) = listener.accept().await else { continue };
        let forbidden = Arc::clone(&forbidden);
        tokio::spawn(async move {
            let mut first = vec![0; 16 * 1024];
            let length = near.read(&mut first).await?;
            let has = |name: &String| first[..length].windows(name.len()).any(|part| part == name.as_bytes());
            if forbidden.iter().any(has) {
                return near.set_zero_linger();
            }
            let mut hub = TcpStream::connect(("127.0.0.1", port)).await?;
            hub.write_all(&first[..length]).await?;
            copy_bidirectional(&mut near, &mut hub).await.map(drop)
        });
    }
}
