//! What each command does.

mod diagnose;
mod information;
mod input;
mod mend;
mod run;
mod undo;

use std::io::Write;
use std::process::ExitCode;

use crate::cli::{Arguments, Command};
use crate::exit::Exit;

/// What keeps a command from being carried out: wrong usage, or an input that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// TARGET is nothing that names a repository.
    #[error("{0}")]
    Target(#[from] hfdoctor_core::target::TargetError),
    /// The log cannot be read.
    #[error("cannot read the log {0}: {1}")]
    Log(String, std::io::Error),
    /// The engine of fixes could not begin.
    #[error("{0}")]
    Fix(#[from] crate::fix::Error),
    /// `--check` and `--skip` leave nothing to do.
    #[error("`--skip` leaves out every check that `--check` names: there is nothing to look at")]
    NothingSelected,
    /// There is no such cause.
    #[error("there is no cause `{0}`; `hfdoctor explain` lists them")]
    Cause(String),
    /// An option of the examination that has no meaning for a command that is run now.
    #[error("`{0}` cannot be used with `run`")]
    NotWithRun(&'static str),
    /// The report cannot be written to the file that was named.
    #[error("cannot write the report to {0}: {1}")]
    Report(String, std::io::Error),
    /// The asynchronous runtime does not start.
    #[error("cannot start: {0}")]
    Start(std::io::Error),
}

/// Runs the command line.
pub fn run(arguments: Arguments) -> Result<ExitCode, CommandError> {
    match arguments.command {
        None if arguments.mending.fix => mend::run(&arguments),
        None => diagnose::run(&arguments.examination),
        Some(Command::Undo(options)) => undo::run(&options),
        Some(Command::Run(options)) => run::run(&options),
        Some(Command::Explain { cause }) => information::explain(cause.as_deref()),
        Some(Command::Checks) => Ok(information::checks()),
        Some(Command::Schema) => Ok(information::schema()),
        Some(Command::Completions { shell }) => Ok(information::completions(shell)),
        Some(Command::Man) => information::man(),
    }
}

/// Writes to standard output. Nobody listening any more is no error.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Exit::Healthy.into()
}
