//! What `--fix` would do, and what it did.

use colored::Colorize;

use super::page::Page;
use crate::report::model::{AppliedOutcome, PlannedReport, Report, StepReport};
use crate::terminal::Look;

/// The plan by itself, for the person who is asked.
pub fn plan(fixes: &[PlannedReport], look: &Look) -> String {
    let mut page = Page::new(*look);
    planned(&mut page, fixes);
    page.finish()
}

pub(super) fn planned(page: &mut Page, fixes: &[PlannedReport]) {
    page.line("the plan");
    for fix in fixes {
        page.blank();
        let title = match &fix.because {
            None => fix.title.clone(),
            Some(because) => format!("{} (not applied: {because})", fix.title),
        };
        page.labelled(0, &fix.id.bold(), 3, &title);
        if let (true, false) = (fix.because.is_none(), fix.mends.is_empty()) {
            page.labelled(3, &"mends".dimmed(), 10, &fix.mends);
        }
        if fix.because.is_none() {
            // Steps of one kind at one place are told together.
            let alike = |a: &StepReport, b: &StepReport| {
                (&a.place, &a.why_safe, &a.undone) == (&b.place, &b.why_safe, &b.undone)
            };
            for steps in fix.steps.chunk_by(alike) {
                for step in steps {
                    page.labelled(3, &"what".dimmed(), 10, &step.what);
                }
                if let Some(step) = steps.first() {
                    page.labelled(3, &"where".dimmed(), 10, &step.place);
                    page.labelled(3, &"safe".dimmed(), 10, &step.why_safe);
                    page.labelled(3, &"undo".dimmed(), 10, &step.undone);
                }
            }
            if let Some(note) = &fix.note {
                page.labelled(3, &"note".dimmed(), 10, note);
            }
        }
        if !fix.commands.is_empty() {
            page.line(&format!("   {}", "by hand".dimmed()));
        }
        for command in &fix.commands {
            page.command(6, command);
        }
    }
}

pub(super) fn applied(page: &mut Page, report: &Report) {
    for fix in &report.fixes_applied {
        let outcome = match fix.outcome {
            AppliedOutcome::Verified if !fix.in_this_shell.is_empty() => {
                "applied, verified: in a new shell the cause is gone"
            }
            AppliedOutcome::Verified => "applied, verified: the cause is gone",
            AppliedOutcome::Applied => "applied; run the download again to see whether that was it",
            AppliedOutcome::AppliedStillFailing => "applied, the cause is still there",
            AppliedOutcome::Skipped => "not applied",
            AppliedOutcome::Failed => "failed",
        };
        let because = fix.because.as_ref().map(|b| format!(": {b}")).unwrap_or_default();
        page.labelled(0, &fix.id.bold(), 2, &format!("{outcome}{because}"));
        if let Some(undo) = &fix.undo {
            page.labelled(2, &"undo".dimmed(), 8, undo);
        }
    }
    if !report.fixes_applied.is_empty() {
        page.blank();
    }
}

/// The last line: what to type next. It stays on one line, so that it can be copied.
pub(super) fn then(page: &mut Page, report: &Report) {
    let Some(line) = &report.then else { return };
    let of_this_shell = report.fixes_applied.iter().any(|fix| !fix.in_this_shell.is_empty());
    page.line(if of_this_shell { "in this shell:" } else { "now:" });
    page.command(2, line);
}
