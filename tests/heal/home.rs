//! A person's home directory, with shell, client and Hub.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use lab::proxy::{Proxy, ProxyMode};
use lab::state::RepoType;
use lab::{Hub, HubOptions, HubState, Scheme};

use crate::shell::{Mounted, Shell};
use crate::table::{Client, MORE, Place, Trial, Way};

/// A name that exists nowhere.
const NOWHERE: &str = "hub.lab.invalid";

/// As Debian makes it for new users.
const PROFILE: &str = "if [ -n \"$BASH_VERSION\" ] && [ -f \"$HOME/.bashrc\" ]; then\n    . \"$HOME/.bashrc\"\nfi\n";

pub fn variable(client: Client) -> &'static str {
    match client {
        Client::Today => "HFDOCTOR_CLIENT_PYTHON",
        Client::Old => "HFDOCTOR_OLD_CLIENT_PYTHON",
    }
}

pub fn python(client: Client) -> Option<PathBuf> {
    std::env::var_os(variable(client)).map(PathBuf::from)
}

pub struct Home {
    // Fields end in this order: a volume is gone before the folder that it is mounted in.
    _volume: Option<Mounted>,
    root: tempfile::TempDir,
    shell: Shell,
    python: PathBuf,
    trial: &'static Trial,
    /// What the person types where a token is asked for.
    token: String,
    runs: usize,
    _hub: Hub,
    _proxies: [Proxy; 2],
}

/// How a client's program ended.
pub struct Ran {
    pub succeeded: bool,
    pub text: String,
}

/// The hub cache, where no variable says otherwise.
const CACHE: &str = ".cache/huggingface/hub";

pub type State = BTreeMap<PathBuf, (Vec<u8>, u32)>;

impl Home {
    pub fn new(trial: &'static Trial, python: &Path) -> Result<Home, String> {
        let words = |what: &str, error: &dyn std::fmt::Display| format!("{what}: {error}");
        let scheme = if trial.way == Way::Plain { Scheme::Http } else { Scheme::Https };
        let state = HubState::small(MORE).map_err(|error| words("the Hub's state", &error))?;
        let options = HubOptions { scheme, extra_names: vec![NOWHERE.to_owned()], ..HubOptions::default() };
        let hub = Hub::start_with(state, &options).map_err(|error| words("the Hub", &error))?;
        let at_hub = SocketAddr::from(([127, 0, 0, 1], hub.port()));
        let hosts = hub.names().iter().map(|name| (name.clone(), at_hub)).collect();
        let proxy = Proxy::start(ProxyMode::Open, hosts).map_err(|error| words("the proxy", &error))?;
        let none = BTreeMap::new();
        let forbidding = Proxy::start(ProxyMode::Forbidden, none).map_err(|error| words("the proxy", &error))?;
        let root = tempfile::tempdir().map_err(|error| words("a temporary folder", &error))?;
        let home = root.path().canonicalize().map_err(|error| words("the home directory", &error))?.join("home");

        let mut environment: BTreeMap<String, String> = BTreeMap::from(
            [
                ("HOME", home.to_string_lossy().as_ref()),
                ("SHELL", "/bin/bash"),
                ("LANG", "C.UTF-8"),
                ("HF_HUB_DISABLE_UPDATE_CHECK", "1"),
                ("HF_HUB_DISABLE_TELEMETRY", "1"),
                ("HF_HUB_DISABLE_XET", "1"),
                // A program that fails need not try for minutes.
                ("HF_XET_CLIENT_RETRY_MAX_ATTEMPTS", "0"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let mut set = |name: &str, value: String| environment.insert(name.to_owned(), value);
        set("PATH", "/usr/bin:/bin".to_owned());
        if trial.way != Way::Plain {
            let ca = hub.ca_file().to_string_lossy().into_owned();
            set("SSL_CERT_FILE", ca.clone());
            set("REQUESTS_CA_BUNDLE", ca);
        }
        match trial.way {
            Way::Straight | Way::Plain => set("HF_ENDPOINT", hub.endpoint()),
            Way::RealName => set("HTTPS_PROXY", format!("http://{}", proxy.address())),
            Way::BehindProxy => set("HF_ENDPOINT", format!("https://{NOWHERE}")),
            Way::RealNameUnreached => None,
        };

        let fill = |text: &str| fill(text, &hub, [&proxy, &forbidding], &home);
        let volume = match trial.place {
            Place::SmallCache(options) => Some(Mounted::tmpfs(&home.join(CACHE), options)?),
            Place::FullHome(options) => Some(Mounted::tmpfs(&home, options)?),
            Place::Here | Place::User => None,
        };
        // Where a login shell starts anew, the client is found all the same.
        let client = python.parent().unwrap_or(Path::new("/")).display();
        write(&home.join(".profile"), &format!("{PROFILE}PATH=\"{client}:$PATH\"\n"))?;
        write(&home.join(".bashrc"), &format!("# mine\n{}\n", fill(trial.shell)))?;
        for (path, content) in trial.files {
            write(&home.join(fill(path)), &fill(content))?;
        }
        for (path, mode) in trial.modes {
            use std::os::unix::fs::PermissionsExt;
            let path = home.join(fill(path));
            fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).map_err(|error| words("a mode", &error))?;
        }
        if matches!(trial.place, Place::FullHome(_)) {
            fill_up(&home).map_err(|error| words("filling the volume", &error))?;
        }
        let disk = root.path().canonicalize().map_err(|error| words("a temporary folder", &error))?;
        let token = fill(trial.types);
        Ok(Home {
            _volume: volume,
            token,
            shell: Shell { place: trial.place, environment, home, disk },
            root,
            python: python.to_owned(),
            trial,
            runs: 0,
            _hub: hub,
            _proxies: [proxy, forbidding],
        })
    }

    fn path(&self) -> &Path {
        &self.shell.home
    }

    /// The client downloads. One that hangs has failed.
    pub fn client(&mut self) -> Result<Ran, String> {
        self.runs += 1;
        let trial = self.trial;
        let cache = self.root.path().join(format!("cache-{}", self.runs));
        let cache = if trial.own_cache { String::new() } else { format!("HF_HUB_CACHE='{}' ", cache.display()) };
        let (repository, file) = trial.target;
        let program = format!(
            "{}\nfrom huggingface_hub import hf_hub_download\npath = hf_hub_download(\"{repository}\", \"{file}\")\n{}\n",
            trial.first, trial.then
        );
        let output = self.shell.run(&format!(
            "{cache}timeout -k 1 {} '{}' -c '{}'",
            trial.patience,
            self.python.display(),
            program.replace('\'', "'\\''")
        ))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Ok(Ran { succeeded: output.status.success(), text })
    }

    /// The doctor mends, and reports.
    pub fn doctor(&self, log: Option<&str>) -> Result<serde_json::Value, String> {
        let (repository, file) = self.trial.target;
        let mut line = format!("'{}' --json --fix --trust-endpoint --file {file}", env!("CARGO_BIN_EXE_hfdoctor"));
        if let Some(log) = log {
            let path = self.root.path().join("client.log");
            write(&path, log)?;
            line = format!("{line} --log '{}'", path.display());
        }
        let (report, said) = if self.trial.decline.is_empty() && self.token.is_empty() {
            let output = self.shell.run(&format!("{line} --yes {repository}"))?;
            (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
        } else {
            let report = self.root.path().join("report.json");
            let line = format!("{line} {repository} > '{}'", report.display());
            let said = self.shell.run_at_terminal(&line, self.trial.decline, &self.token)?;
            (fs::read(&report).unwrap_or_default(), said)
        };
        serde_json::from_slice(&report).map_err(|error| format!("no report ({error}): {said}"))
    }

    /// Takes back all that the doctor did.
    pub fn undo(&self) -> Result<(), String> {
        let output = self.shell.run(&format!("'{}' undo", env!("CARGO_BIN_EXE_hfdoctor")))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(()) } else { Err(text) }
    }

    /// Content and mode of everything in the home directory but the journal and what the client has fetched.
    pub fn state(&self) -> State {
        let mut found = State::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
                if path.ends_with(".local/state/hfdoctor") {
                } else if metadata.is_symlink() {
                    let leads_to = fs::read_link(&path).unwrap_or_default().into_os_string().into_encoded_bytes();
                    found.insert(path, (leads_to, 0));
                } else if metadata.is_dir() {
                    found.insert(path.clone(), (Vec::new(), metadata.mode()));
                    folders.push(path);
                } else {
                    found.insert(path.clone(), (fs::read(&path).unwrap_or_default(), metadata.mode()));
                }
            }
        }
        found
    }

    /// Whether the client itself writes there.
    pub fn is_the_clients(&self, path: &Path) -> bool {
        path.starts_with(self.path().join(".cache/huggingface"))
            || ["hf", "huggingface"].iter().any(|folder| path.starts_with(self.path().join(folder)))
            || path.components().any(|part| part.as_os_str() == "__pycache__")
    }

    /// Takes away what the client has fetched since.
    pub fn forget_downloads(&self, before: &State) {
        let of_content =
            |path: &Path| path.components().any(|part| ["blobs", "snapshots"].iter().any(|n| part.as_os_str() == *n));
        // What lies in a folder comes before the folder.
        for (path, found) in self.state().into_iter().rev() {
            if self.is_the_clients(&path) && !path.to_string_lossy().contains(".hfdoctor-quarantine") {
                if !path.is_symlink() && path.is_dir() {
                    if before.get(&path) != Some(&found) {
                        let _ = fs::remove_dir(path);
                    }
                } else if before.get(&path).is_none_or(|was| of_content(&path) && *was != found) {
                    let _ = fs::remove_file(path);
                }
            }
        }
    }
}

/// Takes the last bytes of the volume that a folder lies on.
fn fill_up(folder: &Path) -> std::io::Result<()> {
    use std::io::{ErrorKind, Write};
    let mut file = fs::File::create(folder.join("filler"))?;
    for size in [65_536, 4096, 1] {
        let bytes = vec![b'x'; size];
        while match file.write_all(&bytes) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::StorageFull => false,
            Err(error) => return Err(error),
        } {}
    }
    Ok(())
}

fn write(path: &Path, content: &str) -> Result<(), String> {
    let folder = path.parent().ok_or("no folder")?;
    let made = fs::create_dir_all(folder).and_then(|()| match content.strip_prefix("-> ") {
        Some(leads_to) => std::os::unix::fs::symlink(leads_to, path),
        None => fs::write(path, content),
    });
    made.map_err(|error| format!("{}: {error}", path.display()))
}

/// Puts the values in for `{hub}` and the like.
fn fill(text: &str, hub: &Hub, [proxy, forbidding]: [&Proxy; 2], home: &Path) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        let Some((name, tail)) = after.split_once('}') else { break };
        let state = hub.state();
        let repo = |id: &str| state.repo(RepoType::Model, id).expect("a repository of that name");
        let value = match name.split_once(':') {
            Some(("token", name)) => state.token_named(name).map(|token| token.value().clone()),
            Some(("commit", id)) => Some(repo(id).commit()),
            Some(("etag", file)) => file.split_once(':').and_then(|(id, file)| repo(id).etag(file)),
            None if name == "home" => Some(home.to_string_lossy().into_owned()),
            None if name == "port" => Some(hub.port().to_string()),
            None if name == "proxy" => Some(proxy.address().to_string()),
            None if name == "closed" => Some(closed_port().to_string()),
            None if name == "forbidding" => Some(forbidding.address().to_string()),
            None if name == "deep" => Some(vec!["d".repeat(240); 17].join("/")),
            None if name == "host" => fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|n| n.trim().to_owned()),
            None if name.ends_with(" bytes") => {
                name.strip_suffix(" bytes").and_then(|count| count.parse().ok()).map(|count| "x".repeat(count))
            }
            _ => None,
        };
        rest = if let Some(value) = value {
            out += &value;
            tail
        } else {
            out.push('{');
            after
        };
    }
    out + rest
}

/// A port on which nothing listens.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .map_or(9, |address| address.port())
}

/// Whether the real Hub's name resolves here.
pub fn reaches_the_hub() -> bool {
    use std::net::ToSocketAddrs;
    ("huggingface.co", 443).to_socket_addrs().is_ok()
}
