//! Starting the command, and saying why it does not start.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cli::Words;

/// The exit code that shells give when there is no such command.
pub const NOT_FOUND: u8 = 127;
/// The exit code that shells give when the command cannot be executed.
pub const NOT_EXECUTABLE: u8 = 126;

/// Why the command did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no such program.
    #[error("{0}")]
    NotFound(String),
    /// There is one, and the system does not start it.
    #[error("{0}")]
    NotExecutable(String),
    /// No pipe, no thread, no process.
    #[error("cannot start `{0}`: {1}")]
    System(String, std::io::Error),
}

impl StartError {
    /// The exit code that shells give in this case.
    pub fn code(&self) -> u8 {
        match self {
            StartError::NotFound(_) => NOT_FOUND,
            StartError::NotExecutable(_) | StartError::System(..) => NOT_EXECUTABLE,
        }
    }
}

/// Starts the command with its own standard input.
pub fn start(words: &Words, stdout: Stdio, stderr: Stdio) -> Result<Child, StartError> {
    let (program, arguments) = match words.split_first() {
        Some((program, arguments)) if !program.is_empty() => (program, arguments),
        _ => return Err(StartError::NotFound("the command is empty: give one after `--`".to_owned())),
    };
    let mut command = Command::new(program);
    command.args(arguments).stdout(stdout).stderr(stderr);
    command.spawn().map_err(|error| why(program, arguments, error))
}

fn why(program: &OsStr, arguments: &[OsString], error: std::io::Error) -> StartError {
    let name = program.display();
    match error.kind() {
        ErrorKind::NotFound => match find(program) {
            // The file is there, so that it is its interpreter that is missing: an environment that was moved or removed.
            Some(path) => StartError::NotExecutable(match interpreter(&path) {
                Some(interpreter) => format!(
                    "`{}` is to be run by `{interpreter}`, which does not exist: install the program that it belongs to again",
                    path.display()
                ),
                None => format!("`{}` cannot be executed: a program that it needs does not exist", path.display()),
            }),
            None if has_directory(program) => StartError::NotFound(format!("`{name}` does not exist")),
            None => {
                let instead = other_name(program, arguments).unwrap_or_default();
                StartError::NotFound(format!("`{name}` is in no directory of PATH{instead}"))
            }
        },
        ErrorKind::PermissionDenied => StartError::NotExecutable(match find(program) {
            Some(path) if path.is_dir() => format!("`{}` is a directory", path.display()),
            Some(path) => format!("`{}` may not be executed: {error}", path.display()),
            None => format!("`{name}` may not be executed: {error}"),
        }),
        _ if is_no_program(&error) => StartError::NotExecutable(format!(
            "`{name}` is no program for this machine and has no `#!` line: run it with its interpreter, as in `sh {name}`"
        )),
        _ => StartError::System(name.to_string(), error),
    }
}

/// What else the Hub's client is called where its program is not there under this name: `hf` came with `huggingface_hub`
/// 0.34, and since 1.0 there is no `huggingface-cli`.
fn other_name(program: &OsStr, arguments: &[OsString]) -> Option<String> {
    let (other, when) = match program.to_str()? {
        "huggingface-cli" => ("hf", "today's program"),
        "hf" => ("huggingface-cli", "the program of the installed client"),
        _ => return None,
    };
    find(OsStr::new(other))?;
    // Other commands have other names there.
    let command = arguments.first().and_then(|word| word.to_str()).filter(|word| ["download", "upload"].contains(word));
    let command = command.map(|word| format!(" {word}")).unwrap_or_default();
    Some(format!("; {when} is `{other}`, which is there: run it as `{other}{command}`"))
}

fn has_directory(program: &OsStr) -> bool {
    Path::new(program).components().count() > 1 || Path::new(program).is_absolute()
}

/// Where the system finds the program, executable or not.
fn find(program: &OsStr) -> Option<PathBuf> {
    if has_directory(program) {
        let path = PathBuf::from(program);
        return path.exists().then_some(path);
    }
    let path = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&path).map(|directory| directory.join(program)).filter(|p| p.is_file());
    found.next()
}

/// What the `#!` line names, where there is one.
fn interpreter(path: &Path) -> Option<String> {
    // The kernel itself looks at no more than 256 bytes.
    let mut line = Vec::new();
    BufReader::new(std::fs::File::open(path).ok()?.take(256)).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8_lossy(&line).into_owned();
    line.strip_prefix("#!")?.split_whitespace().next().map(str::to_owned)
}

#[cfg(unix)]
fn is_no_program(error: &std::io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NOEXEC)
}

#[cfg(not(unix))]
fn is_no_program(_: &std::io::Error) -> bool {
    false
}
