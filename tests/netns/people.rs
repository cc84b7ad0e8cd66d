//! The person's machine: the client that fails there, and the program that is asked why.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::far::FarSide;
use crate::parts::Parts;
use crate::space::{GATEWAY, Space, ip};
use crate::world::{World, fill};

/// How long the client may take: a person gives up too.
const PATIENCE: Duration = Duration::from_secs(25);

/// What the client does between its attempts is left out: it only waits, longer each time.
const DOWNLOAD: &str = "import sys, time; time.sleep = lambda seconds: None; \
    from huggingface_hub import hf_hub_download; hf_hub_download(sys.argv[1], 'model.safetensors')";

/// A machine with a network cable, a home and a Python.
#[derive(Debug)]
pub struct Person {
    namespace: String,
    home: tempfile::TempDir,
    environment: BTreeMap<String, String>,
    python: PathBuf,
    preload: Option<(PathBuf, String)>,
    repository: String,
}

/// How the client ended.
#[derive(Debug)]
pub struct Client {
    /// Whether the download worked.
    pub success: bool,
    /// What it printed about it.
    pub stderr: String,
}

/// What the program said.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code.
    pub code: Option<i32>,
    /// How long it took.
    pub seconds: f64,
    /// The report as text.
    pub page: String,
    report: serde_json::Value,
}

impl Outcome {
    /// The first cause.
    pub fn first(&self) -> Option<&str> {
        self.report["causes"][0]["id"].as_str()
    }

    /// What a person types for a fix of the first cause.
    pub fn commands(&self, fix: &str) -> Vec<String> {
        let fixes = self.report["causes"][0]["fixes"].as_array().into_iter().flatten();
        let commands = fixes.filter(|known| known["id"] == fix).filter_map(|known| known["commands"].as_array());
        commands.flatten().filter_map(|command| command.as_str().map(str::to_owned)).collect()
    }
}

impl Person {
    /// Sets the machine up.
    pub fn new(world: &World, space: &Space, far: &FarSide, parts: &Parts) -> io::Result<Person> {
        let home = tempfile::tempdir()?;
        let mut places = far.places.clone();
        places.insert("{home}".to_owned(), home.path().display().to_string());
        for (name, text) in &world.home {
            let file = home.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap_or(home.path()))?;
            std::fs::write(file, text)?;
        }
        let etc = space.etc();
        std::fs::write(etc.join("resolv.conf"), format!("nameserver {GATEWAY}\n"))?;
        std::fs::write(etc.join("hosts"), "127.0.0.1 localhost\n")?;
        for (name, text) in &world.etc {
            std::fs::write(etc.join(name), fill(text, &places))?;
        }
        // The system's trust store holds the world's authorities and no others.
        let certificates = etc.join("ssl/certs");
        std::fs::create_dir_all(&certificates)?;
        let mut bundle = String::new();
        for name in &world.trust {
            let place = if name == "lab" { "{ca}".to_owned() } else { format!("{{{name}}}") };
            let file = places.get(&place).ok_or_else(|| io::Error::other(format!("no authority `{name}`")))?;
            bundle.push_str(&std::fs::read_to_string(file)?);
        }
        std::fs::write(certificates.join("ca-certificates.crt"), bundle)?;
        for (hook, rules) in [("output", &world.firewall), ("input", &world.arrivals)] {
            let rules: Vec<String> = rules.iter().map(|rule| fill(rule, &places)).collect();
            Space::rules(&space.near(), hook, &rules)?;
        }
        for arguments in &world.ip {
            ip(&format!("-n {} {}", space.near(), fill(arguments, &places)))?;
        }
        let python = if world.old_client { &parts.old_python } else { &parts.python };
        let python = python.clone().ok_or_else(|| io::Error::other("no Python"))?;
        let preload = world.clock.clone().zip(parts.faketime.clone()).map(|(clock, library)| (library, clock));
        Ok(Person {
            namespace: space.near(),
            environment: world.environment.iter().map(|(name, value)| (name.clone(), fill(value, &places))).collect(),
            home,
            python,
            preload,
            repository: world.repository.clone(),
        })
    }

    /// Lets the client download, after these lines in the same shell.
    pub fn download(&self, typed: &[String]) -> io::Result<Client> {
        let cache = tempfile::tempdir_in(self.home.path())?;
        let script = format!("{}\nexec \"$@\"", typed.join("\n"));
        let mut command = self.command("sh");
        command.args(["-c", &script, "sh"]).arg(&self.python).args(["-c", DOWNLOAD, &self.repository]);
        // A person would wait longer; what is printed in the end is the same.
        command.env("HF_HUB_ETAG_TIMEOUT", "2").env("HF_HUB_DOWNLOAD_TIMEOUT", "2").env("HF_HUB_CACHE", cache.path());
        let output = within(command, PATIENCE)?;
        Ok(Client { success: output.status.success(), stderr: String::from_utf8_lossy(&output.stderr).into_owned() })
    }

    /// Asks the program.
    pub fn ask(&self, log: Option<&str>) -> io::Result<Outcome> {
        let mut command = self.command(env!("CARGO_BIN_EXE_hfdoctor"));
        command.args(["--json", &self.repository]);
        if let Some(log) = log {
            let file = self.home.path().join("client.log");
            std::fs::write(&file, log)?;
            command.arg("--log").arg(file);
        }
        let began = Instant::now();
        let output = within(command, PATIENCE)?;
        let seconds = began.elapsed().as_secs_f64();
        let page = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
        Ok(Outcome { code: output.status.code(), seconds, page, report })
    }

    fn command(&self, program: &str) -> Command {
        let bin = self.python.parent().unwrap_or(Path::new("/usr/bin"));
        let mut command = Space::command(&self.namespace, program);
        command
            .env_clear()
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", bin.display()))
            .env("HOME", self.home.path())
            .env("LANG", "C.UTF-8")
            .env("HF_HUB_DISABLE_XET", "1")
            .env("HF_HUB_DISABLE_UPDATE_CHECK", "1")
            .env("HF_HUB_DISABLE_TELEMETRY", "1")
            .env("HF_HUB_DISABLE_PROGRESS_BARS", "1")
            .envs(&self.environment)
            .current_dir(self.home.path());
        if let Some((library, clock)) = &self.preload {
            command.env("LD_PRELOAD", library).env("FAKETIME", clock).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command
    }
}

/// Runs a command for a time at most.
fn within(mut command: Command, patience: Duration) -> io::Result<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, errors) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if began.elapsed() > patience {
            child.kill()?;
            break child.wait()?;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let read = |thread: std::thread::JoinHandle<Vec<u8>>| thread.join().unwrap_or_default();
    Ok(Output { status, stdout: read(out), stderr: read(errors) })
}

fn collect(from: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            let _ = from.read_to_end(&mut bytes);
        }
        bytes
    })
}
