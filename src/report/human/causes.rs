//! The report of causes: what is wrong, what to type, why, what else.

use colored::Colorize;
use hfdoctor_checks::Status;
use hfdoctor_core::diagnosis::{Relation, Risk};

use super::page::{NO_BREAK, Page, dotted};
use super::{Context, name};
use crate::report::markdown::serde_word;
use crate::report::model::{CauseReport, EvidenceReport, FixReport, Report};

/// Pieces of evidence that are shown of the first cause without `--verbose`.
const EVIDENCE_SHOWN: usize = 4;
/// Fixes that are shown of the first cause without `--verbose`.
const FIXES_SHOWN: usize = 2;
/// Causes that are shown without `--verbose`.
const CAUSES_SHOWN: usize = 4;
/// The column at which what a label introduces begins.
const COLUMN: usize = 7;

/// Writes the causes, most likely first.
pub(super) fn causes(page: &mut Page, report: &Report, context: &Context) {
    let Some((first, others)) = report.causes.split_first() else { return };
    page.labelled(0, &"✗".red().bold(), 2, &headline(report, first));
    page.blank();
    // The first remedy with all of its steps; other ways come after what shows the cause.
    let steps = first.fixes.iter().skip(1).take_while(|fix| fix.relation == Relation::Step).count();
    let mut fixes = first.fixes.iter();
    for (place, fix) in fixes.by_ref().take(1 + steps).enumerate() {
        one_fix(page, fix, (place > 0).then_some("then"));
    }
    if !first.fixes.is_empty() {
        page.blank();
    }
    for evidence in shown(&first.evidence, EVIDENCE_SHOWN, context) {
        saw(page, evidence);
    }
    also(page, first);
    let more = fixes.len();
    let limit = if context.verbose { more } else { FIXES_SHOWN - 1 };
    for fix in fixes.by_ref().take(limit) {
        let word = if fix.relation == Relation::Step { "then" } else { "or" };
        page.blank();
        one_fix(page, fix, Some(word));
    }
    page.blank();
    for cause in others.iter().take(if context.verbose { others.len() } else { CAUSES_SHOWN - 1 }) {
        another(page, cause, context);
    }
    if others.len() >= CAUSES_SHOWN && !context.verbose {
        let rest = others[CAUSES_SHOWN - 1..].iter().map(|cause| cause.id.id()).collect::<Vec<_>>();
        page.labelled(0, &"also".dimmed(), COLUMN, &dotted(&rest));
        page.blank();
    }
    next(page, report, context, first);
}

/// What is wrong, with the person's own names.
pub(in crate::report) fn headline(report: &Report, cause: &CauseReport) -> String {
    match &report.target {
        Some(target) if !cause.summary.contains(&target.repo_id) => format!("{}: {}", name(target), cause.summary),
        _ => cause.summary.clone(),
    }
}

fn shown<'a>(evidence: &'a [EvidenceReport], most: usize, context: &Context) -> &'a [EvidenceReport] {
    if context.verbose { evidence } else { &evidence[..evidence.len().min(most)] }
}

fn saw(page: &mut Page, evidence: &EvidenceReport) {
    let line = evidence.line.map(|line| format!("line {line}: ")).unwrap_or_default();
    page.labelled(2, &"saw".dimmed(), COLUMN, &format!("{line}{}", evidence.detail));
}

/// Causes that were found too and that this one explains.
fn also(page: &mut Page, cause: &CauseReport) {
    if !cause.explains.is_empty() {
        let ids: Vec<&str> = cause.explains.iter().map(|c| c.id()).collect();
        page.labelled(2, &"also".dimmed(), COLUMN, &format!("explains {}", ids.join(", ")));
    }
}

/// A cause beside the first: what it is, and what mends it.
fn another(page: &mut Page, cause: &CauseReport, context: &Context) {
    let head = format!("{} · {}: {}", cause.id, serde_word(&cause.certainty), cause.summary);
    page.labelled(0, &cause.rank.to_string().normal(), 2, &head);
    for evidence in shown(&cause.evidence, 1, context) {
        saw(page, evidence);
    }
    also(page, cause);
    for fix in cause.fixes.iter().take(if context.verbose { usize::MAX } else { 1 }) {
        one_fix(page, fix, None);
    }
    page.blank();
}

/// `fix` is what the program can do, `do` is for the person; an alternative to the fix before it says `or`.
fn one_fix(page: &mut Page, fix: &FixReport, relation: Option<&str>) {
    let word = if fix.risk == Risk::Manual { "do" } else { "fix" };
    page.labelled(2, &relation.unwrap_or(word).green(), COLUMN, &fix.title);
    for command in &fix.commands {
        page.command(COLUMN + 2, command);
    }
    if let Some(note) = &fix.note {
        page.paragraph(COLUMN, note);
    }
}

/// What to type next, and the line by which the cause can be named to somebody else.
fn next(page: &mut Page, report: &Report, context: &Context, first: &CauseReport) {
    // To open a page is no mending.
    let mends = |fix: &FixReport| {
        fix.risk != Risk::Manual && (fix.commands.is_empty() || fix.commands.iter().any(|c| !c.starts_with("https://")))
    };
    let applicable = |cause: &CauseReport| cause.fixes.iter().any(mends);
    let mends = report.causes.iter().any(applicable) && report.fixes_applied.is_empty() && report.plan.is_empty();
    let mut lines = Vec::new();
    if mends {
        lines.push(("apply", context.again.fix.clone()));
    }
    lines.push(("more", format!("hfdoctor explain {}", first.id)));
    lines.push(("ticket", context.again.ticket.clone()));
    for (label, command) in lines {
        page.line(&format!("{:<11} {}", label.dimmed(), command.cyan()));
    }
    let unseen: Vec<&str> =
        report.checks.iter().filter(|check| check.status == Status::Unknown).map(|check| check.name.as_str()).collect();
    if !unseen.is_empty() {
        page.labelled(0, &"not checked".yellow(), 12, &dotted(&unseen));
    }
    page.blank();
    let mut words = vec![first.id.id().to_owned(), serde_word(&first.certainty)];
    words.extend(report.target.as_ref().map(name));
    words.push(first.documentation.clone());
    page.paragraph(0, &words.join(&format!("{NO_BREAK}· ")));
}
