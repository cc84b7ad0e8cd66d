//! `hfdoctor undo`: takes back what a `--fix` did, lists the runs, frees their quarantine.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

use hfdoctor_checks::case::{Environment, Settings};
use hfdoctor_core::redact::Redactor;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{CommandError, print};
use crate::cli::Undo;
use crate::exit::Exit;
use crate::fix::{Engine, FixWorld, RunState, Undoing};

/// Takes back, lists or frees.
pub fn run(options: &Undo) -> Result<ExitCode, CommandError> {
    let environment = Environment::of_process();
    let settings = Settings::resolve(&environment);
    let roots = vec![settings.hub_cache, settings.xet_cache, settings.datasets_cache];
    let engine = Engine::new(FixWorld::new(&environment, roots, false));
    let redactor = Redactor::new(std::iter::empty(), environment.home.as_deref());
    for why in engine.refused() {
        eprintln!("hfdoctor: not read: {}", redactor.clean(&why));
    }
    if options.list {
        return Ok(list(&engine));
    }
    if options.purge {
        purge(&engine, options.id.as_deref(), &redactor)
    } else {
        take_back(&engine, options.id.as_deref())
    }
}

fn list(engine: &Engine) -> ExitCode {
    let mut out = String::new();
    for run in engine.runs() {
        let created = OffsetDateTime::from(run.created);
        let created = created.replace_nanosecond(0).unwrap_or(created).format(&Rfc3339).unwrap_or_default();
        let state = match run.state {
            RunState::Applied if run.changes == 0 => "done, and cannot be taken back",
            RunState::Applied => "stands",
            RunState::Interrupted => "was cut off; undo works",
            RunState::PartlyUndone => "partly taken back",
            RunState::Undone => "taken back",
        };
        let _ = writeln!(out, "{}  {created}  {state}: {}", run.id, run.fixes.join(", "));
        if run.bytes() > 0 {
            let _ = writeln!(
                out,
                "  {} in quarantine; `hfdoctor undo --purge {}` deletes them",
                bytes(run.bytes()),
                run.id
            );
        }
    }
    if out.is_empty() {
        out.push_str("no --fix has changed anything\n");
    }
    print(&out)
}

/// Things that one fix had changed and that are told one by one when they are restored.
const TOLD_OF_ONE_FIX: usize = 20;

fn take_back(engine: &Engine, id: Option<&str>) -> Result<ExitCode, CommandError> {
    let report = engine.undo(id)?;
    let mut out = format!("undo of {}\n", report.run);
    let mut told = None;
    let mut back = BTreeMap::new();
    for change in &report.changes {
        // A file that was written to several times goes back as often.
        if told.replace(change) == Some(change) {
            continue;
        }
        // Of thousands of links that are back a few tell enough.
        let count: &mut usize = back.entry(change.fix.as_str()).or_default();
        if change.outcome == Undoing::Restored {
            *count += 1;
            if *count > TOLD_OF_ONE_FIX {
                continue;
            }
        }
        let word = match change.outcome {
            Undoing::Restored => "restored",
            Undoing::AlreadyThere => "as it was",
            Undoing::Kept => "kept",
            Undoing::CouldNot => "could not",
            Undoing::Never => "cannot be undone",
        };
        let _ = writeln!(out, "  {word}: {}: {}", change.fix, change.what);
    }
    for (fix, count) in back.into_iter().filter(|(_, count)| *count > TOLD_OF_ONE_FIX) {
        let _ = writeln!(out, "  restored: {fix}: {} more", count - TOLD_OF_ONE_FIX);
    }
    if report.damaged > 0 {
        let _ = writeln!(out, "  {} lines of the journal cannot be read: what they told of stands", report.damaged);
    }
    print(&out);
    Ok(if report.is_complete() { Exit::Healthy } else { Exit::CausesFound }.into())
}

fn purge(engine: &Engine, id: Option<&str>, redactor: &Redactor) -> Result<ExitCode, CommandError> {
    let mut out = String::new();
    let mut complete = true;
    for purge in engine.purge(id)? {
        let _ = writeln!(out, "{}: {} files deleted, {} freed", purge.run, purge.deleted.len(), bytes(purge.bytes()));
        for (path, why) in &purge.could_not {
            complete = false;
            let _ = writeln!(out, "  not deleted: {}", redactor.clean(&format!("{}: {why}", path.display())));
        }
        for path in &purge.forgotten {
            let path = redactor.clean(&path.display().to_string());
            let _ = writeln!(out, "  the earlier text of {path} deleted, which undo could not give back");
        }
        for path in &purge.kept {
            let path = redactor.clean(&path.display().to_string());
            let _ = writeln!(out, "  the earlier text of {path} kept until `hfdoctor undo {}`", purge.run);
        }
    }
    print(&out);
    Ok(if complete { Exit::Healthy } else { Exit::CausesFound }.into())
}

/// Bytes in the unit that people read.
fn bytes(count: u64) -> String {
    indicatif::DecimalBytes(count).to_string()
}
