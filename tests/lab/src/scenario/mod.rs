//! Whole tests as data: one TOML file describes a machine, a Hub, a network and what `hfdoctor` should say.
//!
//! [`Scenario::load`] reads one, [`Prepared::new`] makes its world on loopback and in a temporary directory,
//! [`Prepared::run`] runs the program in it, and [`Prepared::judge_report`] and [`Prepared::judge_text`] list what
//! differs from the expectation.
//!
//! Texts may hold placeholders for what exists only then; other braces stay as they are:
//!
//! | Placeholder | Value |
//! |---|---|
//! | `{home}` | the home directory |
//! | `{hub}`, `{cdn}` | `https://localhost:PORT`, `https://127.0.0.1:PORT` |
//! | `{port}` | the Hub's port |
//! | `{proxy}`, `{dns}` | `127.0.0.1:PORT` of the scenario's proxy and name server |
//! | `{port:refused}`, `{port:silent}`, … | `127.0.0.1:PORT` of a port in that [trouble](crate::tcp::Trouble) |
//! | `{ca}`, `{corporate_ca}` | PEM files of the test authority and of the company's root |
//! | `{host}` | the machine's name, as soft locks hold it (Linux) |
//! | `{token:NAME}` | a token's value; for a name that the Hub does not know, an invented one (a canary) |
//! | `{commit}`, `{commit:ID}` | the commit of `main` in the first repository, or in that one |
//! | `{etag:ID:PATH}` | the file's name among a cache's blobs |
//! | `{sha256:ID:PATH}`, `{pointer:ID:PATH}` | its SHA-256, its LFS pointer |

mod cache;
mod files;
mod judge;
mod network;
mod placeholder;
mod prepare;
mod process;
mod run;
mod secrets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use cache::{CacheEntry, Layout};
pub use files::FileEntry;
pub use judge::{After, Expect};
pub use network::{Network, ProxyTable, Trust};
pub use prepare::Prepared;
pub use process::ProcessEntry;
pub use run::Run;
pub use secrets::leaks;

use crate::state::HubState;

/// One test.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is about, in a sentence.
    pub about: String,
    /// What the machine must offer; elsewhere the scenario is skipped.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// Arguments of hfdoctor.
    #[serde(default)]
    pub args: Vec<String>,
    /// Variables beyond PATH and HOME, which is all that the program otherwise gets. An empty value sets an empty value.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Packages of a virtual environment that the person uses, by name with underscores: the installed client.
    #[serde(default)]
    pub client: BTreeMap<String, String>,
    /// What clients have downloaded from the Hub.
    #[serde(default)]
    pub cache: Vec<CacheEntry>,
    /// The home directory's further content, in this order.
    #[serde(default)]
    pub file: Vec<FileEntry>,
    /// What the failed command printed, given as `--log FILE`.
    pub log: Option<String>,
    /// What comes on standard input; without it, standard input is empty and no pipe.
    pub stdin: Option<String>,
    /// Texts, besides the tokens, of which no eight characters may be printed: proxy passwords, signatures.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The Hub.
    #[serde(default)]
    pub hub: HubState,
    /// Programs that run beside hfdoctor.
    #[serde(default)]
    pub process: Vec<ProcessEntry>,
    /// The network before it.
    #[serde(default)]
    pub network: Network,
    /// What hfdoctor should say.
    pub expect: Expect,
}

/// What a scenario needs of the machine it runs on.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// Unix modes and links.
    Unix,
    /// Linux.
    Linux,
    /// Windows.
    Windows,
    /// An account that permissions bind.
    NotRoot,
}

/// What is wrong with a scenario, or with the machine while it is prepared.
#[derive(Debug)]
pub struct Problem(String);

impl Problem {
    fn new(what: impl std::fmt::Display, why: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {why}"))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl Scenario {
    /// Reads a scenario; unknown keys are errors.
    pub fn from_toml(text: &str) -> Result<Self, Problem> {
        toml::from_str(text).map_err(|error| Problem::new("scenario", error))
    }

    /// Reads a scenario's file.
    pub fn load(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path).map_err(|error| Problem::new(path.display(), error))?;
        toml::from_str(&text).map_err(|error| Problem::new(path.display(), error))
    }

    /// The scenario files under a directory, in the order of their paths.
    pub fn files(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
        let problem = |error| Problem::new(directory.display(), error);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(problem)? {
            let path = entry.map_err(problem)?.path();
            if path.is_dir() {
                found.extend(Self::files(&path)?);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Why this machine cannot run it, if so.
    pub fn unmet(&self) -> Option<&'static str> {
        self.requires.iter().find_map(|requirement| {
            let (met, why) = match requirement {
                Requirement::Unix => (cfg!(unix), "needs Unix"),
                Requirement::Linux => (cfg!(target_os = "linux"), "needs Linux"),
                Requirement::Windows => (cfg!(windows), "needs Windows"),
                Requirement::NotRoot => (!is_root(), "needs an account that permissions bind"),
            };
            (!met).then_some(why)
        })
    }
}

/// Whether permissions do not bind this process: seen by the owner of a file it makes.
#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    let made = tempfile::tempfile().and_then(|file| file.metadata());
    made.is_ok_and(|metadata| metadata.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_errors_at_every_level() {
        let ok = "about = 'x'\n[expect]\nexit = 0\n";
        assert!(Scenario::from_toml(ok).is_ok());
        for wrong in ["argument = []\n", "file = [{path = 'a', content = 'b'}]\n", "network = {vpn = true}\n"] {
            let error = Scenario::from_toml(&format!("{wrong}{ok}")).unwrap_err().to_string();
            assert!(error.contains("unknown field"), "{error}");
        }
        assert!(Scenario::from_toml(&format!("{ok}cause = []")).is_err());
    }
}
