//! A world as a file describes it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use lab::tls::CertKind;
use serde::Deserialize;

/// One network, and what must be found in it. In all texts `{gateway}` is the far side's address, `{home}` the person's
/// home, `{ca}` the Hub's authority, `{corporate}` and `{mitm}` those of interceptions, each as a PEM file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// What is wrong, or why all is well.
    #[expect(dead_code, reason = "for people")]
    pub about: String,
    /// The cause that must come first; without it nothing may be found.
    pub first: Option<String>,
    /// Whether the client's download works, where that does not follow from `first`.
    pub client_works: Option<bool>,
    /// The fix whose commands, typed, must make the client work.
    pub remedy: Option<String>,
    /// What a person fills into that fix's commands.
    #[serde(default)]
    pub fill: BTreeMap<String, String>,
    /// What is downloaded, and asked about.
    #[serde(default = "usual_repository")]
    pub repository: String,

    /// The person's variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Files in the person's home.
    #[serde(default)]
    pub home: BTreeMap<String, String>,
    /// Files of `/etc` on the person's machine.
    #[serde(default)]
    pub etc: BTreeMap<String, String>,
    /// Authorities in the system's trust store: `lab`, `corporate`, `mitm`.
    #[serde(default = "usual_trust")]
    pub trust: Vec<String>,
    /// How far the person's clock is off, as libfaketime writes it: `-400d`.
    pub clock: Option<String>,
    /// Rules of the person's own firewall, for what goes out.
    #[serde(default)]
    pub firewall: Vec<String>,
    /// Rules of a firewall before the person's machine, for what comes in.
    #[serde(default)]
    pub arrivals: Vec<String>,
    /// Whether the client is one that brings its own certificates, of the generation before huggingface_hub 1.0.
    #[serde(default)]
    pub old_client: bool,
    /// Arguments of `ip` on the person's machine, once all stands.
    #[serde(default)]
    pub ip: Vec<String>,

    /// Rules of the firewall at the far side, for what comes in.
    #[serde(default)]
    pub gate: Vec<String>,
    /// Options of dnsmasq, instead of the usual names.
    pub resolver: Option<Vec<String>>,
    /// Names whose TLS hello makes the far side reset the connection.
    #[serde(default)]
    pub reset_names: Vec<String>,
    /// Lines of tinyproxy's configuration; without them there is no such proxy. It listens at `{gateway}:3128`.
    pub proxy: Option<Vec<String>>,
    /// Hosts that the proxy's filter lets through: the file `{allowed}`.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// Options of mitmdump; without them there is none. It listens at `{gateway}:3129`.
    pub interception: Option<Vec<String>>,
    /// Certificates that are not good, by name; `*` for all.
    #[serde(default)]
    pub certificates: BTreeMap<String, CertKind>,
    /// Additions to the Hub's state.
    #[serde(default)]
    pub hub: toml::Table,
}

fn usual_repository() -> String {
    "acme/open".to_owned()
}

fn usual_trust() -> Vec<String> {
    vec!["lab".to_owned()]
}

impl World {
    /// Every world of a folder, with its name.
    pub fn all(root: &Path) -> io::Result<Vec<(String, World)>> {
        let mut worlds = Vec::new();
        for entry in std::fs::read_dir(root)? {
            let path = entry?.path();
            let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
            let text = std::fs::read_to_string(&path)?;
            let world = toml::from_str(&text).map_err(|error| io::Error::other(format!("{name}: {error}")))?;
            worlds.push((name.to_owned(), world));
        }
        worlds.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(worlds)
    }

    /// Commands with what a person fills in.
    pub fn completed(&self, commands: &[String]) -> Vec<String> {
        commands.iter().map(|command| fill(command, &self.fill)).collect()
    }
}

/// Puts values in their places.
pub fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(text.to_owned(), |text, (place, value)| text.replace(place, value))
}
