//! The real parts on this machine, and what a world lacks without one.

use std::path::{Path, PathBuf};

use crate::world::World;

/// Where each part lies.
#[derive(Debug, Clone)]
pub struct Parts {
    root: bool,
    missing: Vec<&'static str>,
    /// A Python with huggingface_hub.
    pub python: Option<PathBuf>,
    /// A Python with a huggingface_hub before 1.0.
    pub old_python: Option<PathBuf>,
    /// mitmdump.
    pub mitmdump: Option<PathBuf>,
    /// libfaketime, for programs with several threads.
    pub faketime: Option<PathBuf>,
    tinyproxy: bool,
}

impl Parts {
    /// Looks for them.
    pub fn find() -> Parts {
        let missing = ["ip", "nft", "dnsmasq"].into_iter().filter(|name| program(name).is_none()).collect();
        let libraries = ["x86_64-linux-gnu", "aarch64-linux-gnu", ""];
        let faketime =
            libraries.iter().map(|folder| Path::new("/usr/lib").join(folder).join("faketime/libfaketimeMT.so.1"));
        Parts {
            root: is_root(),
            missing,
            python: named("HFDOCTOR_CLIENT_PYTHON"),
            old_python: named("HFDOCTOR_OLD_CLIENT_PYTHON"),
            mitmdump: named("HFDOCTOR_MITMDUMP").or_else(|| program("mitmdump")),
            faketime: faketime.into_iter().find(|path| path.is_file()),
            tinyproxy: program("tinyproxy").is_some(),
        }
    }

    /// Whether any world can be made.
    pub fn usable(&self) -> bool {
        self.root && self.missing.is_empty()
    }

    /// What a world lacks here.
    pub fn lacking(&self, world: &World) -> Option<String> {
        if !self.root {
            return Some("namespaces need root on Linux".to_owned());
        }
        let mut lacking: Vec<&str> = self.missing.clone();
        if self.python.is_none() {
            lacking.push("a Python with huggingface_hub in HFDOCTOR_CLIENT_PYTHON");
        }
        if world.old_client && self.old_python.is_none() {
            lacking.push("a Python with huggingface_hub 0.36 in HFDOCTOR_OLD_CLIENT_PYTHON");
        }
        if world.proxy.is_some() && !self.tinyproxy {
            lacking.push("tinyproxy");
        }
        if world.interception.is_some() && self.mitmdump.is_none() {
            lacking.push("mitmdump, on the path or in HFDOCTOR_MITMDUMP");
        }
        if world.clock.is_some() && self.faketime.is_none() {
            lacking.push("libfaketime");
        }
        (!lacking.is_empty()).then(|| format!("needs {}", lacking.join(", ")))
    }
}

/// A file that a variable names.
fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file())
}

/// A program on the path, or where system programs lie.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(target_os = "linux")]
fn is_root() -> bool {
    // Effective user, the second number.
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        line.and_then(|ids| ids.split_whitespace().nth(1).map(|id| id == "0")).unwrap_or(false)
    })
}

#[cfg(not(target_os = "linux"))]
fn is_root() -> bool {
    false
}
