//! The report for a person: what is wrong, what to type now, why, what else, and what to type next.

mod causes;
mod details;
mod healthy;
mod page;
mod plan;

use std::time::Duration;

use colored::Colorize;
use hfdoctor_checks::{Status, Verdict};
use hfdoctor_core::target::RepoType;

use super::model::{Report, TargetReport};
use crate::terminal::Look;
pub(super) use causes::headline;
use page::{Page, dotted};
pub use plan::plan;

/// What the report itself does not know.
#[derive(Debug, Clone)]
pub struct Context {
    /// How the report may look.
    pub look: Look,
    /// Whether the failed command's output was read.
    pub read_log: bool,
    /// Show every check and all evidence.
    pub verbose: bool,
    /// How long the examination took.
    pub took: Duration,
    /// The exit code.
    pub exit: u8,
    /// The same case once more.
    pub again: Again,
}

/// Command lines that carry this case: its target, revision, log and selection of checks.
#[derive(Debug, Clone)]
pub struct Again {
    /// Gives the same as JSON.
    pub ticket: String,
    /// Mends what can be mended here.
    pub fix: String,
}

/// Writes the report for a person.
pub fn human(report: &Report, context: &Context) -> String {
    let mut page = Page::new(context.look);
    match report.verdict {
        Verdict::CausesFound => causes::causes(&mut page, report, context),
        Verdict::Healthy => healthy::healthy(&mut page, report, context),
        Verdict::Inconclusive => healthy::inconclusive(&mut page, report),
    }
    if context.verbose || report.verdict != Verdict::CausesFound {
        notes(&mut page, report);
    }
    if !report.plan.is_empty() {
        page.blank();
        plan::planned(&mut page, &report.plan);
    }
    if !report.fixes_applied.is_empty() {
        page.blank();
        plan::applied(&mut page, report);
    }
    if context.verbose {
        page.blank();
        no_problem(&mut page, report);
        details::every_check(&mut page, report);
        details::waterfall(&mut page, report);
    }
    if context.verbose || report.verdict != Verdict::CausesFound {
        footer(&mut page, report, context);
    }
    plan::then(&mut page, report);
    page.finish()
}

/// A target as a person types it.
fn name(target: &TargetReport) -> String {
    let mut name = match target.repo_type {
        RepoType::Model => target.repo_id.clone(),
        other => format!("{}{}", other.prefix(), target.repo_id),
    };
    if target.revision != "main" {
        name = format!("{name}@{}", target.revision);
    }
    name
}

fn no_problem(page: &mut Page, report: &Report) {
    let ok: Vec<&str> =
        report.checks.iter().filter(|check| check.status == Status::Ok).map(|check| check.name.as_str()).collect();
    if !ok.is_empty() {
        page.labelled(0, &"checked, no problem".green(), 20, &dotted(&ok));
        page.blank();
    }
}

fn notes(page: &mut Page, report: &Report) {
    for note in &report.notes {
        page.labelled(0, &"note".cyan(), 6, note);
    }
    if !report.notes.is_empty() {
        page.blank();
    }
}

fn footer(page: &mut Page, report: &Report, context: &Context) {
    let count = |status: Status| report.checks.iter().filter(|check| check.status == status).count();
    let requests = match report.network.requests {
        1 => "1 request".to_owned(),
        n => format!("{n} requests"),
    };
    page.paragraph(
        0,
        &format!(
            "{} checks ok, {} could not run, {} not needed · {requests}, {:.1} s · exit {}",
            count(Status::Ok),
            count(Status::Unknown),
            count(Status::Skipped),
            context.took.as_secs_f64(),
            context.exit
        ),
    );
}
