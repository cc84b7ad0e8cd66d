//! The installed programs that download, found without starting them.
//!
//! Only directories are listed and a few small files read, so that the whole search stays within a few milliseconds.

mod commands;
mod interpreter;
mod pin;
mod programs;
mod python;
mod sites;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use pin::Pin;
pub use programs::Program;
pub use python::{EnvironmentKind, PythonEnvironment};

use super::environment::Environment;

/// Numbers of a version: major, minor, patch.
pub type Numbers = (u64, u64, u64);

/// The HTTP library under the Hub's client, which decides proxies, certificates and the wording of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// requests: huggingface_hub 0.x.
    Requests,
    /// httpx: huggingface_hub 1.x.
    Httpx,
    /// httpx2: huggingface_hub since 2.0.
    Httpx2,
    /// No huggingface_hub was found.
    Unknown,
}

/// The programs that download, and their versions.
#[derive(Debug, Clone, Default)]
pub struct Clients {
    /// Version of huggingface_hub in the environment that the person uses.
    pub hub: Option<Numbers>,
    /// Python environments that hold a program of the Hub, the one in use first.
    pub environments: Vec<PythonEnvironment>,
    /// Programs on PATH that download or run models, and Python itself.
    pub programs: Vec<Program>,
    /// What packages of the environment in use demand of huggingface_hub's version.
    pub pins: Vec<Pin>,
    /// Places in `environments` that the interpreter in use imports from, in its order.
    search: Vec<usize>,
    certifi: Option<PathBuf>,
    /// Whether the `hf` on PATH is the Hub's, and not another program of that name.
    has_hf: bool,
}

impl Clients {
    /// Looks for Python environments and programs.
    pub fn find(environment: &Environment) -> Clients {
        let programs = programs::find(environment);
        let found = python::find(environment, &programs);
        let mut clients = Clients {
            environments: found.environments,
            search: found.search,
            has_hf: found.has_hf,
            programs,
            ..Clients::default()
        };
        clients.hub = clients.package("huggingface_hub").and_then(numbers);
        clients.certifi = clients.find_certifi(environment);
        let mut pins: Vec<Pin> = Vec::new();
        for pin in clients.searched().flat_map(pin::read) {
            // A package hides itself in the directories that come later.
            if pins.iter().all(|known| known.package != pin.package) {
                pins.push(pin);
            }
        }
        clients.pins = pins;
        clients
    }

    /// Whether huggingface_hub is installed and its version answers to `test`.
    pub fn hub_is(&self, test: impl Fn(Numbers) -> bool) -> bool {
        self.hub.is_some_and(test)
    }

    /// A package's version in the environment in use, by its name with underscores, such as `hf_xet`.
    pub fn package(&self, name: &str) -> Option<&str> {
        self.searched().find_map(|e| e.packages.get(name)).map(String::as_str)
    }

    /// The environment in use that huggingface_hub comes from; where it is not installed, the one in use.
    pub fn active(&self) -> Option<&PythonEnvironment> {
        self.searched()
            .find(|e| e.packages.contains_key("huggingface_hub"))
            .or_else(|| self.environments.iter().find(|e| e.active))
    }

    /// The certificates that certifi brings along in the environment in use.
    pub fn certifi(&self) -> Option<PathBuf> {
        self.certifi.clone()
    }

    /// Where a program on PATH lies.
    pub fn program(&self, name: &str) -> Option<&Path> {
        self.programs.iter().find(|p| p.name == name).map(|p| p.path.as_path())
    }

    /// The HTTP library under the installed client.
    pub fn generation(&self) -> Generation {
        match self.hub {
            None => Generation::Unknown,
            Some((0, ..)) => Generation::Requests,
            Some((1, ..)) => Generation::Httpx,
            Some(_) => Generation::Httpx2,
        }
    }

    /// The pins that the installed huggingface_hub does not meet.
    pub fn broken_pins(&self) -> impl Iterator<Item = &Pin> {
        self.pins.iter().filter(|pin| self.hub.is_some_and(|hub| !pin.allows(hub)))
    }

    /// What is installed, by name, with its version; a program whose version only starting it would tell has its path.
    pub fn versions(&self) -> BTreeMap<String, String> {
        let programs = self.programs.iter().map(|p| (p.name.to_owned(), p.path.display().to_string()));
        let packages = self.searched().flat_map(|e| &e.packages).map(|(name, version)| (name.clone(), version.clone()));
        let mut versions = BTreeMap::new();
        // The first environment that holds a package is the one that imports it.
        for (name, version) in packages.chain(programs) {
            versions.entry(name).or_insert(version);
        }
        versions
    }

    fn searched(&self) -> impl Iterator<Item = &PythonEnvironment> {
        self.search.iter().filter_map(|place| self.environments.get(*place))
    }

    fn find_certifi(&self, environment: &Environment) -> Option<PathBuf> {
        let holder = self.searched().find(|e| e.packages.contains_key("certifi"))?;
        let debian = environment.system_file("usr/lib/python3/dist-packages");
        holder.sites.iter().find_map(|site| {
            // Debian's certifi brings no certificates and names the system's instead.
            let path = if *site == debian {
                environment.system_file("etc/ssl/certs/ca-certificates.crt")
            } else {
                site.join("certifi").join("cacert.pem")
            };
            (site.join("certifi").is_dir() && path.is_file()).then_some(path)
        })
    }
}

/// The first three numbers of a version such as `1.0.0rc6` or `0.36`; none when it does not begin with one.
pub fn numbers(version: &str) -> Option<Numbers> {
    let mut parts = version.trim().split('.').map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse::<u64>().ok()
    });
    Some((parts.next()??, parts.next().flatten().unwrap_or(0), parts.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests;
