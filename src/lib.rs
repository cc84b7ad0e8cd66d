//! What faces the person: the command line, the reports, the wrapped command, the application of fixes.
//!
//! What is examined and how it is concluded lives in [`hfdoctor_checks`].

pub mod cli;
pub mod command;
pub mod exit;
pub mod fix;
pub mod progress;
pub mod report;
pub mod run;
pub mod terminal;
pub mod wait;

use std::io::Write;

use clap::Parser;
use hfdoctor_checks::case::Environment;
use hfdoctor_checks::case::secrets::redactor_of_environment;

/// Where files may not grow beyond a limit, the system ends a program that writes on, unless it takes the signal: then the
/// write fails, and is told as such. Programs that are started have the signal as it was.
#[cfg(unix)]
fn outlive_file_limits() {
    // Without it the program ends there, which the journal is made for.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
}

#[cfg(not(unix))]
fn outlive_file_limits() {}

/// Parses the command line, runs it, and says how it ended.
pub fn main() -> std::process::ExitCode {
    outlive_file_limits();
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, all else is wrong usage, and quotes what was typed; printing fails only when
            // nobody listens.
            if error.use_stderr() {
                tell(error.render().to_string().trim_end());
                return exit::Exit::Usage.into();
            }
            let _ = error.print();
            return exit::Exit::Healthy.into();
        }
    };
    match command::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            tell(&format!("hfdoctor: {error}"));
            exit::Exit::Usage.into()
        }
    }
}

/// An error on standard error. It may quote what was typed or read: no secret and no escape of it may reach the terminal.
fn tell(text: &str) {
    let masked = redactor_of_environment(&Environment::of_process()).clean(text);
    let _ = writeln!(std::io::stderr().lock(), "{masked}");
}
