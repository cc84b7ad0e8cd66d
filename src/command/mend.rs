//! `--fix`: shows the plan, asks, applies, examines again, and says what is mended and what remains.

mod again;
mod outcome;
mod then;

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Instant, SystemTime};

use hfdoctor_checks::case::Case;
use hfdoctor_checks::{Selection, Status};
use hfdoctor_core::token::Token;

use super::{CommandError, diagnose, print};
use crate::cli::{Arguments, Format};
use crate::exit::Exit;
use crate::fix::consent::{Terminal, Yes};
use crate::fix::{Consent, Engine, FixWorld, Login, Outcome};
use crate::report::{self, Context, PlannedReport};
use crate::terminal::{self, Look};

/// Examines, mends and examines again.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CommandError> {
    let options = &arguments.examination;
    terminal::set_color(options.color);
    let began = Instant::now();
    let case = Arc::new(diagnose::case(options)?);
    let diagnosis = diagnose::diagnose(&case, options)?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let mut world = world(&case, &interrupted);
    if options.wait {
        world.longest_wait = options.max_wait;
    }
    let engine = Engine::new(world);
    let plan = engine.plan(&diagnosis.causes);
    let planned: Vec<PlannedReport> = plan.fixes.iter().map(PlannedReport::of).collect();

    let allowed = engine.may_change();
    let consent = consent(arguments).filter(|_| allowed.is_ok());
    if let Some(mut consent) = consent.filter(|_| !plan.is_empty()) {
        if options.format() == Format::Human {
            tell(&report::plan(&report::redacted(&case, &planned), &Look::of_stderr()));
        }
        heed_interrupts(&interrupted);
        let applied = engine.apply(&plan, consent.as_mut())?;
        drop(consent);
        // What was not touched still stands as it was found.
        let touched = applied.iter().any(|a| a.outcome == Outcome::Applied);
        let (case, diagnosis, outcomes) = if touched {
            let (after, mut now) = again::look(&case, &diagnosis, arguments, &applied, &interrupted)?;
            let outcomes = outcome::of(&applied, &diagnosis, &now, &plan);
            outcome::carry_over(&mut now, diagnosis, &applied);
            (after, now, outcomes)
        } else {
            let outcomes = outcome::of(&applied, &diagnosis, &diagnosis, &plan);
            (case, diagnosis, outcomes)
        };
        let exit = Exit::from(diagnosis.verdict);
        let mut report = report::build(&case, &diagnosis, outcomes, Vec::new());
        let then = then::line(&case, &diagnosis, &applied);
        report.then = then.map(|line| (engine.world().redact_command)(&line));
        print(&diagnose::written(&report, options.format(), &context(&case, arguments, began, exit)));
        return Ok(exit.into());
    }
    let exit = Exit::from(diagnosis.verdict);
    let report = report::build(&case, &diagnosis, Vec::new(), planned);
    print(&diagnose::written(&report, options.format(), &context(&case, arguments, began, exit)));
    if let (false, Err(why)) = (arguments.mending.dry_run || plan.is_empty(), allowed) {
        eprintln!("hfdoctor: nothing was changed: {why}");
    } else if !arguments.mending.dry_run && !plan.is_empty() {
        eprintln!("hfdoctor: nothing was changed: there is no terminal to ask at; --yes applies without asking");
    }
    Ok(exit.into())
}

fn context(case: &Case, arguments: &Arguments, began: Instant, exit: Exit) -> Context {
    Context {
        look: Look::of_stdout(),
        read_log: case.log.is_some(),
        verbose: arguments.examination.verbose,
        took: began.elapsed(),
        exit: exit.code(),
        again: diagnose::again(case, &arguments.examination),
    }
}

/// Who agrees: nobody with `--dry-run`, nobody where there is neither `--yes` nor a terminal.
fn consent(arguments: &Arguments) -> Option<Box<dyn Consent>> {
    let terminal = std::io::stderr().is_terminal();
    match (arguments.mending.dry_run, arguments.mending.yes, terminal) {
        (true, _, _) | (false, false, false) => None,
        (false, true, false) => Some(Box::new(Yes)),
        (false, yes, true) => Some(Box::new(Terminal::new(yes))),
    }
}

/// The world that the engine works in, made from the case.
fn world(case: &Arc<Case>, interrupted: &Arc<AtomicBool>) -> FixWorld {
    let roots = cache_roots(case);
    let mut world = FixWorld::new(&case.environment, roots, std::io::stderr().is_terminal());
    world.interrupted = Arc::clone(interrupted);
    world.login = login(case);
    let redactor = Arc::new(case.redactor());
    let for_commands = Arc::clone(&redactor);
    world.redact = Arc::new(move |text| redactor.clean(text));
    world.redact_command = Arc::new(move |command| for_commands.command(command));
    let asked = Arc::clone(case);
    world.confirm_token = Some(Box::new(move |token| confirm(&asked, token)));
    world
}

/// The installed client's own login, where its program lies on the path.
fn login(case: &Case) -> Option<Login> {
    let shown = case.clients.login_command();
    let mut words = shown.split(' ');
    let program = case.clients.program(words.next()?)?;
    let command = std::iter::once(program.as_os_str().to_owned()).chain(words.map(Into::into)).collect();
    Some(Login { shown: shown.to_owned(), command })
}

/// The folders below which files may be moved.
fn cache_roots(case: &Case) -> Vec<PathBuf> {
    let settings = &case.settings;
    let local = case.environment.directory.as_ref().map(|directory| directory.join(".cache/huggingface"));
    let known = [settings.hub_cache.clone(), settings.xet_cache.clone(), settings.datasets_cache.clone()];
    known.into_iter().chain(local).filter(|path| path.is_absolute()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether the Hub takes a token: the token check of a case that has it.
fn confirm(case: &Arc<Case>, token: &Token) -> Result<(), String> {
    let value = String::from_utf8(token.expose().to_vec()).map_err(|_| "it is no text".to_owned())?;
    let environment = case.environment.with([("HF_TOKEN", Some(value))]);
    let with_token =
        Arc::new(Case::new(environment, case.target.clone(), None, case.limits.clone(), SystemTime::now()));
    let selection = Selection { only: vec!["token".to_owned()], without: Vec::new() };
    let diagnosis = diagnose::examine_with(&with_token, &selection).map_err(|error| error.to_string())?;
    let outcome = diagnosis.outcomes.iter().find(|outcome| outcome.name == "token");
    match outcome {
        Some(outcome) if outcome.status == Status::Ok => Ok(()),
        // What is asked about is not set anywhere yet.
        Some(outcome) => Err(outcome.because.replace("the token in `HF_TOKEN`", "it")),
        None => Err("the token check did not run".to_owned()),
    }
}

fn tell(text: &str) {
    // Nobody listening on standard error is no error.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Ctrl-C ends the waiting and keeps further actions from beginning; a second one ends the program.
#[cfg(unix)]
fn heed_interrupts(interrupted: &Arc<AtomicBool>) {
    use signal_hook::consts::SIGINT;
    // Without the handlers Ctrl-C ends the program at once, which the journal is made for.
    let _ = signal_hook::flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(interrupted));
    let _ = signal_hook::flag::register(SIGINT, Arc::clone(interrupted));
}

#[cfg(not(unix))]
fn heed_interrupts(_: &Arc<AtomicBool>) {}
