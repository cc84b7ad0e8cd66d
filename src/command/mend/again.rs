//! The second look, after fixes were applied.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use hfdoctor_checks::case::Case;
use hfdoctor_checks::{Diagnosis, Selection};
use hfdoctor_core::diagnosis::Cause;

use super::super::{CommandError, diagnose};
use super::tell;
use crate::cli::Arguments;
use crate::fix::{Applied, Outcome};

/// How many times the Hub is asked whether a person has done on a page what was to be done there.
const MOST_POLLS: u32 = 30;

/// A fresh look at the world as new shells will see it, without the log: that tells of what was.
///
/// Where it is a person's turn on a page, the one check that matters is run again from time to time until its cause is
/// gone, the patience is at its end or the person presses Ctrl-C.
pub(super) fn look(
    case: &Case,
    before: &Diagnosis,
    arguments: &Arguments,
    applied: &[Applied],
    interrupted: &AtomicBool,
) -> Result<(Arc<Case>, Diagnosis), CommandError> {
    let changes = applied.iter().flat_map(|a| &a.variables).map(|v| (v.name.as_str(), v.value.clone()));
    let tokens = applied.iter().flat_map(|a| &a.tokens);
    let tokens = tokens.map(|(name, token)| (name.as_str(), String::from_utf8(token.expose().to_vec()).ok()));
    let environment = case.environment.with(changes.chain(tokens));
    let again =
        || Arc::new(Case::new(environment.clone(), case.target.clone(), None, case.limits.clone(), SystemTime::now()));
    let awaited: Vec<Cause> = applied
        .iter()
        .filter(|a| a.awaits_person && a.outcome == Outcome::Applied)
        .flat_map(|a| a.causes.clone())
        .collect();
    if !awaited.is_empty() && std::io::stderr().is_terminal() {
        wait_for_person(&again, before, &awaited, arguments.mending.poll, interrupted)?;
    }
    let case = again();
    let diagnosis = diagnose::diagnose(&case, &arguments.examination)?;
    Ok((case, diagnosis))
}

fn wait_for_person(
    case: &dyn Fn() -> Arc<Case>,
    before: &Diagnosis,
    awaited: &[Cause],
    every: Duration,
    interrupted: &AtomicBool,
) -> Result<(), CommandError> {
    let found = before.causes.iter().filter(|ranked| awaited.contains(&ranked.finding.cause));
    let selection = Selection { only: found.map(|ranked| ranked.check.to_owned()).collect(), without: Vec::new() };
    if selection.only.is_empty() {
        return Ok(());
    }
    tell("waiting until it is done on the page; Ctrl-C ends the waiting\n");
    for _ in 0..MOST_POLLS {
        let until = Instant::now() + every;
        while Instant::now() < until {
            if interrupted.load(Ordering::Relaxed) {
                tell("not waited for any longer\n");
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50).min(every));
        }
        let now = diagnose::examine_with(&case(), &selection)?;
        if now.causes.iter().all(|ranked| !awaited.contains(&ranked.finding.cause)) {
            tell("it is done\n");
            return Ok(());
        }
    }
    tell("it is not done yet: run hfdoctor again once it is\n");
    Ok(())
}
