//! Runs the program in a prepared world.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Prepared;

/// What a run left behind.
#[derive(Clone, Debug)]
pub struct Run {
    /// Exit code; none when a signal or the laboratory's patience ended it.
    pub exit: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(90);

impl Prepared {
    /// The program with the scenario's environment and arguments, and then `more`.
    pub fn command(&self, program: &Path, more: &[&str]) -> Command {
        let mut command = self.bare_command(program);
        // Before the scenario's own arguments, which may end in `run -- COMMAND`.
        command.args(more).args(self.arguments());
        command
    }

    /// The program with the scenario's environment and no arguments.
    pub fn bare_command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment()).current_dir(self.home());
        command
    }

    /// Runs the program as the scenario says, with `more` arguments before the scenario's.
    pub fn run(&self, program: &Path, more: &[&str]) -> io::Result<Run> {
        run(self.command(program, more), self.stdin())
    }

    /// Runs the program again in the same world with other arguments, the hidden ones aside.
    pub fn run_again(&self, program: &Path, arguments: &[&str]) -> io::Result<Run> {
        let mut command = self.bare_command(program);
        let hidden = self.hidden_arguments();
        command.args(hidden.iter().map(OsStr::new)).args(arguments);
        run(command, None)
    }
}

fn run(mut command: Command, stdin: Option<&str>) -> io::Result<Run> {
    let start = Instant::now();
    command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // Threads, since a program may fill one pipe while we wait at another.
    let feed = child.stdin.take().zip(stdin.map(str::to_owned));
    let feed = thread::spawn(move || {
        if let Some((mut pipe, text)) = feed {
            // A program need not read what it is given.
            let _ = pipe.write_all(text.as_bytes());
        }
    });
    let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let exit = loop {
        match child.try_wait()? {
            Some(status) => break status.code(),
            None if start.elapsed() > PATIENCE => {
                child.kill()?;
                child.wait()?;
                break None;
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let _ = feed.join();
    let text =
        |pipe: thread::JoinHandle<Vec<u8>>| String::from_utf8_lossy(&pipe.join().unwrap_or_default()).into_owned();
    Ok(Run { exit, stdout: text(out), stderr: text(err), took: start.elapsed() })
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}
