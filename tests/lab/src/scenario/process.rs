//! Programs that run beside the doctor: real processes with the command line and the connections that a scenario names.

use std::io::{BufRead, BufReader, Error};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use super::Problem;

/// A program that runs while hfdoctor looks. Its file is a shell script of that name, which opens its connections, says
/// that it is ready and waits until the scenario is over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessEntry {
    /// The program's name, such as `aria2c`.
    pub name: String,
    /// Its arguments; placeholders allowed.
    #[serde(default)]
    pub args: Vec<String>,
    /// How many connections it holds open to the Hub's port.
    #[serde(default)]
    pub connections: u16,
}

/// A running program; it ends with this.
#[derive(Debug)]
pub(crate) struct Running(Child);

impl Running {
    /// Starts it and waits until its connections stand.
    pub(crate) fn start(entry: &ProcessEntry, args: &[String], directory: &Path, port: u16) -> Result<Self, Problem> {
        let problem = |error: Error| Problem::new(&entry.name, error);
        let script = directory.join(&entry.name);
        let text = format!(
            "for n in $(seq {}); do exec {{fd}}<>/dev/tcp/127.0.0.1/{port} || exit 1; done\necho ready\nread line\n",
            entry.connections
        );
        std::fs::write(&script, text).map_err(problem)?;
        let mut child = Command::new("bash")
            .arg(&script)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(problem)?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).map_err(problem)?;
        }
        let running = Self(child);
        if line.trim() == "ready" { Ok(running) } else { Err(Problem::new(&entry.name, "it did not get ready")) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
