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

use clap::Parser;
use hfdoctor_core::redact::Redactor;

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
            // Help and version are answers, all else is wrong usage; printing fails only when nobody listens.
            let _ = error.print();
            return if error.use_stderr() { exit::Exit::Usage.into() } else { exit::Exit::Healthy.into() };
        }
    };
    match command::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            // The text may quote what was typed or read: no escape of it may reach the terminal.
            let masked = Redactor::new(std::iter::empty(), None).clean(&error.to_string());
            eprintln!("hfdoctor: {masked}");
            exit::Exit::Usage.into()
        }
    }
}
