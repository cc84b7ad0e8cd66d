//! `hfdoctor run -- COMMAND...`: runs the command, and diagnoses it when it fails.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use hfdoctor_checks::case::{Case, Environment};
use hfdoctor_core::redact::Redactor;
use hfdoctor_core::target::Target;

use super::{CommandError, diagnose, input};
use crate::cli::Run;
use crate::report::{self, Context};
use crate::run::{self, Ended};
use crate::terminal::{self, Look};

/// Runs the command; the exit code is its own.
pub fn run(options: &Run) -> Result<ExitCode, CommandError> {
    let examination = &options.examination;
    let given = [(examination.log.is_some(), "--log"), (examination.wait, "--wait")];
    if let Some((_, name)) = given.into_iter().find(|(given, _)| *given) {
        return Err(CommandError::NotWithRun(name));
    }
    // What is wrong in this command line is said before a download of hours and not after it.
    let named = diagnose::target(&options.examination)?;
    let ended = match run::run(&options.command, options.hang_after.0) {
        Ok(ended) => ended,
        Err(error) => {
            let home = Environment::of_process().home;
            let told = Redactor::new(std::iter::empty(), home.as_deref()).clean(&error.to_string());
            eprintln!("hfdoctor: {told}");
            return Ok(ExitCode::from(error.code()));
        }
    };
    let code = ended.code;
    if ended.needs_diagnosis() {
        // Whatever becomes of the diagnosis, the command's exit code is what the caller waits for.
        if let Err(error) = explain(ended, named, options) {
            eprintln!("hfdoctor: {error}");
        }
    }
    Ok(u8::try_from(code).map_or_else(|_| std::process::exit(code), ExitCode::from))
}

fn explain(ended: Ended, named: Option<Target>, options: &Run) -> Result<(), CommandError> {
    let began = Instant::now();
    ended.start_line();
    let code = ended.code;
    let log = input::read("the command's output", ended.into_log())?;
    // What the output says of the target is nearer to the failure than the command line.
    let target = named.or_else(|| log.target().is_none().then(|| run::target_of(&options.command)).flatten());
    let to_file = options.report.as_deref();
    terminal::set_color_on(options.examination.color, to_file.is_none() && std::io::stderr().is_terminal());
    let limits = diagnose::limits(&options.examination);
    let mut case = Case::new(Environment::of_process(), target, Some(log), limits, SystemTime::now());
    case.wrapped = true;
    let case = Arc::new(case);
    let diagnosis = diagnose::diagnose(&case, &options.examination)?;
    let report = report::build(&case, &diagnosis, Vec::new(), Vec::new());
    let context = Context {
        look: if to_file.is_some() { Look::of_file() } else { Look::of_stderr() },
        read_log: case.log.is_some(),
        verbose: options.examination.verbose,
        took: began.elapsed(),
        exit: u8::try_from(code).unwrap_or(1),
        again: diagnose::again(&case, &options.examination),
    };
    write(&diagnose::written(&report, options.examination.format(), &context), to_file)
}

/// Standard output belongs to the command.
fn write(text: &str, file: Option<&Path>) -> Result<(), CommandError> {
    let Some(path) = file else {
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        return Ok(());
    };
    std::fs::write(path, text).map_err(|error| CommandError::Report(path.display().to_string(), error))
}
