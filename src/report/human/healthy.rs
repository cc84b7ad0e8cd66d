//! The report without a cause: what was in order, and what could not be looked at.

use colored::Colorize;
use hfdoctor_checks::Status;

use super::page::Page;
use super::{Context, name};
use crate::report::model::Report;

/// The checks whose good news a healthy report tells, because a person asks for them.
const TOLD: &[&str] = &["token", "access", "rate-limit", "connection", "cdn", "speed", "disk", "partial"];
const COLUMN: usize = 14;

/// Nothing is wrong.
pub(super) fn healthy(page: &mut Page, report: &Report, context: &Context) {
    let asked = report.network.requests > 0;
    let looked = match &report.target {
        Some(target) if asked => format!("nothing found that would stop {} from downloading", name(target)),
        None if asked => "nothing found that would stop a download".to_owned(),
        _ => "nothing wrong found on this machine; the network was not checked".to_owned(),
    };
    let what = match (context.read_log, asked) {
        (false, _) => looked,
        (true, false) => "no failed download found in the log".to_owned(),
        (true, true) => format!("no failed download found in the log, and {looked}"),
    };
    // What was verified is what a new shell has: the one that is open is as it was.
    let where_verified = report.fixes_applied.iter().any(|fix| !fix.in_this_shell.is_empty());
    let what = if where_verified { format!("in a new shell: {what}") } else { what };
    page.labelled(0, &"✓".green().bold(), 2, &what);
    page.blank();
    let told = |name: &str| TOLD.contains(&name);
    for check in report.checks.iter().filter(|check| check.status == Status::Ok && told(&check.name)) {
        page.labelled(2, &check.name.normal(), COLUMN, &check.because);
    }
    not_checked(page, report);
    if context.read_log {
        page.labelled(2, &"next".dimmed(), COLUMN, "if a command fails all the same: hfdoctor run -- COMMAND");
    } else if report.target.is_none() {
        page.labelled(2, &"next".dimmed(), COLUMN, "name what failed: hfdoctor ORG/NAME, or hfdoctor --log FILE");
    }
    page.blank();
}

/// What matters could not be looked at.
pub(super) fn inconclusive(page: &mut Page, report: &Report) {
    let unknown = report.checks.iter().filter(|check| check.status == Status::Unknown).count();
    let headline = format!("no cause found, but {unknown} of {} checks could not run", report.checks.len());
    page.labelled(0, &"?".yellow().bold(), 2, &headline);
    page.blank();
    not_checked(page, report);
    page.blank();
}

/// What could not be looked at, checks of one reason on one line.
fn not_checked(page: &mut Page, report: &Report) {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for check in report.checks.iter().filter(|check| check.status == Status::Unknown) {
        match reasons.iter_mut().find(|(because, _)| *because == check.because) {
            Some((_, names)) => names.push(&check.name),
            None => reasons.push((&check.because, vec![&check.name])),
        }
    }
    for (because, names) in reasons {
        page.labelled(2, &"not checked".yellow(), COLUMN, &format!("{}: {because}", names.join(", ")));
    }
}
