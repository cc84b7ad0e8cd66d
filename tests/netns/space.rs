//! Two network namespaces joined by one cable: the person's machine, and everything that is not.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// The far side's address on the cable: gateway, name server and proxy of the person's machine.
pub const GATEWAY: &str = "10.53.0.1";
const NEAR: &str = "10.53.0.2";
/// What stands for the world's addresses: they all lie on the far side, and nowhere else.
pub const HUB: &str = "18.164.174.23";
pub const CDN: &str = "18.164.174.24";
pub const XET: &str = "18.164.174.25";
pub const MIRROR: &str = "160.16.199.204";
/// Where an interception stands that answers in the Hub's place.
pub const FORGER: &str = "18.164.174.30";
/// What has nothing to do with the Hub.
pub const NEUTRAL: &str = "151.101.0.223";
pub const OTHERS: [&str; 2] = ["1.1.1.1", "8.8.8.8"];
const PREFIX: &str = "hfdoctor-";

/// The two namespaces; they are gone when dropped.
#[derive(Debug)]
pub struct Space {
    name: String,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);
static MAKING: Mutex<()> = Mutex::new(());

impl Space {
    /// Makes and joins them.
    pub fn new() -> io::Result<Space> {
        let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let space = Space { name: format!("{PREFIX}{}-{number}", std::process::id()) };
        let (near, far) = (space.near(), space.far());
        std::fs::create_dir_all(space.etc())?;
        for namespace in [&near, &far] {
            ip(&format!("netns add {namespace}"))?;
            ip(&format!("-n {namespace} link set lo up"))?;
        }
        ip(&format!("-n {near} link add cable type veth peer name cable netns {far}"))?;
        ip(&format!("-n {near} address add {NEAR}/24 dev cable"))?;
        ip(&format!("-n {far} address add {GATEWAY}/24 dev cable"))?;
        ip(&format!("-n {near} address add 2a00:1450:4001:813::2/64 dev cable nodad"))?;
        ip(&format!("-n {far} address add 2a00:1450:4001:813::1/64 dev cable nodad"))?;
        for address in [HUB, CDN, XET, MIRROR, FORGER, NEUTRAL].iter().chain(&OTHERS) {
            ip(&format!("-n {far} address add {address}/32 dev lo"))?;
        }
        for namespace in [&near, &far] {
            ip(&format!("-n {namespace} link set cable up"))?;
        }
        ip(&format!("-n {near} route add default via {GATEWAY}"))?;
        for namespace in [&near, &far] {
            // So that rules can count a connection's bytes.
            let count = "test ! -e /proc/sys/net/netfilter/nf_conntrack_acct || echo 1 >/proc/sys/net/netfilter/nf_conntrack_acct";
            run(Space::command(namespace, "sh").args(["-c", count]))?;
        }
        Ok(space)
    }

    /// The person's machine.
    pub fn near(&self) -> String {
        format!("{}-near", self.name)
    }

    /// Everything else.
    pub fn far(&self) -> String {
        format!("{}-far", self.name)
    }

    /// Files there lie over those of `/etc` for whatever runs on the person's machine.
    pub fn etc(&self) -> PathBuf {
        PathBuf::from("/etc/netns").join(self.near())
    }

    /// A command within a namespace.
    pub fn command(namespace: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, program]).stdin(Stdio::null());
        command
    }

    /// Loads rules into a namespace's firewall: `hook` is `input` or `output`.
    pub fn rules(namespace: &str, hook: &str, rules: &[String]) -> io::Result<()> {
        if rules.is_empty() {
            return Ok(());
        }
        let text = format!(
            "table inet world {{\nchain {hook} {{\ntype filter hook {hook} priority 0; policy accept;\n{}\n}}\n}}\n",
            rules.join("\n")
        );
        run(Space::command(namespace, "nft").arg(text))
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        remove(&self.near());
        remove(&self.far());
    }
}

fn remove(namespace: &str) {
    let _ = Command::new("ip").args(["netns", "delete", namespace]).stderr(Stdio::null()).status();
    let _ = std::fs::remove_dir_all(PathBuf::from("/etc/netns").join(namespace));
}

/// Removes what an earlier run of these tests left, when it was killed.
pub fn sweep() {
    for folder in ["/run/netns", "/etc/netns"] {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
            if process.is_some_and(|id| id.parse::<u32>().is_ok() && !PathBuf::from("/proc").join(id).exists()) {
                remove(&name);
            }
        }
    }
}

/// Runs `ip` with arguments.
pub fn ip(arguments: &str) -> io::Result<()> {
    run(Command::new("ip").args(arguments.split_whitespace()))
}

/// Runs a command that must end well.
pub fn run(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
