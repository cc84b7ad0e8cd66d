//! The examination: from the command line to the report.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use hfdoctor_checks::case::{Case, Environment, Limits};
use hfdoctor_checks::observe::traces;
use hfdoctor_checks::{Diagnosis, Selection, examine};
use hfdoctor_core::diagnosis::{Reset, resets_at};
use hfdoctor_core::target::Target;

use super::{CommandError, input, print};
use crate::cli::{Examination, Format};
use crate::exit::Exit;
use crate::fix::{self, Shell};
use crate::progress;
use crate::report::{self, Again, Context};
use crate::terminal::{self, Look};
use crate::wait;

/// Examines and reports.
pub fn run(options: &Examination) -> Result<ExitCode, CommandError> {
    terminal::set_color(options.color);
    let began = Instant::now();
    let case = Arc::new(case(options)?);
    let diagnosis = diagnose(&case, options)?;
    let exit = Exit::from(diagnosis.verdict);
    let report = report::build(&case, &diagnosis, Vec::new(), Vec::new());
    let context = Context {
        look: Look::of_stdout(),
        read_log: case.log.is_some(),
        verbose: options.verbose,
        took: began.elapsed(),
        exit: exit.code(),
        again: again(&case, options),
    };
    print(&written(&report, options.format(), &context));
    if options.wait {
        match resets_at(&diagnosis.causes) {
            Some(reset) => return Ok(wait_until(reset, options.max_wait).into()),
            None if diagnosis.causes.is_empty() => {}
            None => eprintln!("hfdoctor: not waiting: what was found first does not end by waiting"),
        }
    }
    Ok(exit.into())
}

fn wait_until(reset: Reset, most: Duration) -> Exit {
    match wait::until(reset, SystemTime::now(), most) {
        Ok(needed) => {
            wait::count_down(needed, reset.estimated);
            Exit::Healthy
        }
        Err(too_long) => {
            eprintln!("hfdoctor: {too_long}");
            Exit::CausesFound
        }
    }
}

/// What is known before anything is asked.
pub fn case(options: &Examination) -> Result<Case, CommandError> {
    let target = target(options)?;
    let log = input::log(options.log.as_deref(), target.is_some())?;
    let mut case = Case::new(Environment::of_process(), target, log, limits(options), SystemTime::now());
    // Run bare after a failed download: what broke off is what is asked about.
    if case.target.is_none() && case.log.is_none() {
        case.target = traces::target(&case.settings, case.now);
    }
    Ok(case)
}

/// The command lines that carry this case on.
pub fn again(case: &Case, options: &Examination) -> Again {
    let line = |words: &[&str]| options.same_case(words, case.target.as_ref());
    report::redacted(case, &Again { ticket: line(&["--json"]), fix: line(&["--fix"]) })
}

/// The target that the command line names.
pub fn target(options: &Examination) -> Result<Option<Target>, CommandError> {
    let parse = |text| {
        Target::parse(text, options.repo_type.map(Into::into), options.revision.as_deref(), options.file.as_deref())
    };
    Ok(options.target.as_deref().map(parse).transpose()?)
}

/// How the examination may look at the world.
pub fn limits(options: &Examination) -> Limits {
    Limits {
        offline: options.offline,
        timeout: options.timeout,
        trust_endpoint: options.trust_endpoint,
        connect_to: options.connect_to.clone(),
        verify: options.verify,
    }
}

/// Runs the checks that the command line selects.
pub fn diagnose(case: &Arc<Case>, options: &Examination) -> Result<Diagnosis, CommandError> {
    let selection = Selection { only: options.check.clone(), without: options.skip.clone() };
    if selection.is_empty() {
        return Err(CommandError::NothingSelected);
    }
    examine_with(case, &selection)
}

/// Runs the selected checks.
pub fn examine_with(case: &Arc<Case>, selection: &Selection) -> Result<Diagnosis, CommandError> {
    // One thread: the work is waiting. What blocks, such as the system's resolver, runs on threads made for it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CommandError::Start)?;
    let mut diagnosis = runtime.block_on(examine(Arc::clone(case), selection, progress::spinner()));
    // A look-up that hangs in the system's resolver must not keep the person waiting.
    runtime.shutdown_background();
    fix::fit_the_shell(Shell::of(&case.environment), &mut diagnosis.causes);
    Ok(diagnosis)
}

/// The report in the form that was asked for.
pub fn written(report: &report::Report, format: Format, context: &Context) -> String {
    match format {
        Format::Json => format!("{}\n", serde_json::to_string_pretty(report).unwrap_or_default()),
        Format::Markdown => report::markdown(report),
        Format::Human => report::human(report, context),
    }
}
