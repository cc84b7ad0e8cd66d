//! The report for a person: the verdict first, then the causes, most likely first, then what was in order.

use std::time::Duration;

use colored::{ColoredString, Colorize};
use hfdoctor_checks::diagnosis::Risk;
use hfdoctor_checks::{Status, Verdict};

use super::markdown::serde_word;
use super::model::{
    AppliedOutcome, CauseReport, CheckReport, FixReport, HostReport, PlannedReport, Report, StepReport, TargetReport,
};
use crate::terminal::Look;

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
    /// The command line that gives the same as JSON.
    pub for_a_ticket: String,
}

/// Pieces of evidence that are shown of one cause without `--verbose`.
const EVIDENCE_SHOWN: usize = 4;
/// Fixes that are shown of one cause without `--verbose`.
const FIXES_SHOWN: usize = 3;
/// Causes that are shown in full without `--verbose`.
const CAUSES_SHOWN: usize = 5;
/// The checks whose good news a healthy report tells, because a person asks for them.
const TOLD_WHEN_HEALTHY: &[&str] = &["token", "access", "connection", "cdn", "disk", "rate-limit"];

/// Writes the report for a person.
pub fn human(report: &Report, context: &Context) -> String {
    let mut page = Page { out: String::new(), look: context.look };
    match report.verdict {
        Verdict::CausesFound => causes(&mut page, report, context),
        Verdict::Healthy => healthy(&mut page, report, context),
        Verdict::Inconclusive => inconclusive(&mut page, report),
    }
    notes(&mut page, report);
    if !report.plan.is_empty() {
        planned(&mut page, &report.plan);
        page.blank();
    }
    applied(&mut page, report);
    if context.verbose {
        every_check(&mut page, report);
        waterfall(&mut page, report);
    }
    footer(&mut page, report, context);
    then(&mut page, report);
    if context.look.unicode { page.out } else { to_ascii(&page.out) }
}

/// A page under construction: wraps to the width, keeps hanging indents.
struct Page {
    out: String,
    look: Look,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Wraps text after a label, following lines indented below its start. The label may be coloured.
    fn labelled(&mut self, indent: usize, label: &ColoredString, column: usize, text: &str) {
        let plain_length = label.chars().count();
        let start = column.max(indent + plain_length + 1);
        let room = self.look.width.saturating_sub(start).max(10);
        let mut lines = wrap(text, room).into_iter();
        let first = lines.next().unwrap_or_default();
        let gap = " ".repeat(start - indent - plain_length);
        self.line(format!("{}{label}{gap}{first}", " ".repeat(indent)).trim_end());
        for line in lines {
            self.line(&format!("{}{line}", " ".repeat(start)));
        }
    }

    fn paragraph(&mut self, indent: usize, text: &str) {
        for line in wrap(text, self.look.width.saturating_sub(indent).max(10)) {
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    /// A command stays on one line whatever its length, so that it can be copied.
    fn command(&mut self, indent: usize, command: &str) {
        for line in command.lines() {
            self.line(&format!("{}{}", " ".repeat(indent), line.cyan()));
        }
    }
}

/// A blank at which no line is broken.
const NO_BREAK: char = '\u{a0}';

/// Names in one line, the dot between two staying with the first.
fn dotted(names: &[&str]) -> String {
    names.join(&format!("{NO_BREAK}· "))
}

/// Wraps at blanks; a word longer than the line is broken only when it has to be.
fn wrap(text: &str, width: usize) -> Vec<String> {
    // A line never runs over, however uneven the edge becomes.
    let mut penalties = textwrap::wrap_algorithms::Penalties::new();
    penalties.overflow_penalty = 1_000_000;
    let options = textwrap::Options::new(width)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .wrap_algorithm(textwrap::WrapAlgorithm::OptimalFit(penalties));
    text.lines().flat_map(|line| textwrap::wrap(line, &options)).map(|line| line.replace(NO_BREAK, " ")).collect()
}

fn name(target: &TargetReport) -> String {
    let mut name = match target.repo_type {
        hfdoctor_checks::case::RepoType::Model => target.repo_id.clone(),
        other => format!("{}{}", other.prefix(), target.repo_id),
    };
    if target.revision != "main" {
        name = format!("{name}@{}", target.revision);
    }
    name
}

fn causes(page: &mut Page, report: &Report, context: &Context) {
    let first = &report.causes[0];
    let headline = match &report.target {
        Some(target) => format!("{}: {}", name(target), first.title),
        None => first.title.clone(),
    };
    page.labelled(0, &"✗".red().bold(), 2, &headline);
    page.blank();
    if report.causes.len() > 1 {
        page.line("most likely first");
        page.blank();
    }
    let shown = if context.verbose { report.causes.len() } else { CAUSES_SHOWN };
    for cause in report.causes.iter().take(shown) {
        one_cause(page, cause, context);
        page.blank();
    }
    for cause in report.causes.iter().skip(shown) {
        page.labelled(0, &cause.rank.to_string().normal(), 3, &format!("{}: {}", cause.id, cause.summary));
    }
    in_order(page, report);
}

fn one_cause(page: &mut Page, cause: &CauseReport, context: &Context) {
    let head = format!("{} · {}", cause.id.id().bold(), serde_word(&cause.certainty));
    page.line(&format!("{:<3}{head}", cause.rank));
    page.paragraph(3, &cause.summary);
    let limit = if context.verbose { usize::MAX } else { EVIDENCE_SHOWN };
    for evidence in cause.evidence.iter().take(limit) {
        let line = evidence.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        page.labelled(5, &"saw".dimmed(), 12, &format!("{line}{}", evidence.detail));
    }
    if !cause.explains.is_empty() {
        let ids: Vec<&str> = cause.explains.iter().map(|c| c.id()).collect();
        page.labelled(5, &"also".dimmed(), 12, &format!("explains {}", ids.join(", ")));
    }
    let limit = if context.verbose { usize::MAX } else { FIXES_SHOWN };
    for fix in cause.fixes.iter().take(limit) {
        one_fix(page, fix);
    }
    page.labelled(5, &"more".dimmed(), 12, &format!("hfdoctor explain {}", cause.id));
}

/// `fix` is what the program can do, `do` is for the person.
fn one_fix(page: &mut Page, fix: &FixReport) {
    let label = if fix.risk == Risk::Manual { "do".green() } else { "fix".green() };
    page.labelled(5, &label, 12, &fix.title);
    for command in &fix.commands {
        page.command(14, command);
    }
    if let Some(note) = &fix.note {
        page.paragraph(12, note);
    }
}

fn healthy(page: &mut Page, report: &Report, context: &Context) {
    let asked = report.network.requests > 0;
    let looked = match &report.target {
        Some(target) if asked => format!("nothing found that would stop {} from downloading", name(target)),
        None if asked => "nothing found that would stop a download".to_owned(),
        _ => "nothing wrong found on this machine; the network was not looked at".to_owned(),
    };
    let what = match (context.read_log, asked) {
        (false, _) => looked,
        (true, false) => "no failed download recognised in the log".to_owned(),
        (true, true) => format!("no failed download recognised in the log, and {looked}"),
    };
    // What was verified is what a new shell has: the one that is open is as it was.
    let where_verified = report.fixes_applied.iter().any(|fix| !fix.in_this_shell.is_empty());
    let what = if where_verified { format!("in a new shell: {what}") } else { what };
    page.labelled(0, &"✓".green().bold(), 2, &what);
    page.blank();
    for check in report.checks.iter().filter(|c| c.status == Status::Ok && TOLD_WHEN_HEALTHY.contains(&c.name.as_str()))
    {
        page.labelled(2, &check.name.normal(), 14, &check.because);
    }
    not_looked_at(page, report);
    if context.read_log {
        page.labelled(2, &"more".dimmed(), 14, "a command that fails all the same: hfdoctor run -- COMMAND");
    }
    page.blank();
}

fn inconclusive(page: &mut Page, report: &Report) {
    let unknown = report.checks.iter().filter(|check| check.status == Status::Unknown).count();
    let headline = format!("no cause found; {unknown} of {} checks could not look", report.checks.len());
    page.labelled(0, &"?".yellow().bold(), 2, &headline);
    page.blank();
    not_looked_at(page, report);
    page.blank();
}

/// What could not be looked at, checks of one reason on one line.
fn not_looked_at(page: &mut Page, report: &Report) {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for check in report.checks.iter().filter(|check| check.status == Status::Unknown) {
        match reasons.iter_mut().find(|(because, _)| *because == check.because) {
            Some((_, names)) => names.push(&check.name),
            None => reasons.push((&check.because, vec![&check.name])),
        }
    }
    for (because, names) in reasons {
        page.labelled(2, &"not seen".yellow(), 14, &format!("{}: {because}", names.join(", ")));
    }
}

fn in_order(page: &mut Page, report: &Report) {
    let names = |status: Status| -> Vec<&str> {
        report.checks.iter().filter(|check| check.status == status).map(|check| check.name.as_str()).collect()
    };
    let ok = names(Status::Ok);
    if !ok.is_empty() {
        page.labelled(0, &"in order".green(), 11, &dotted(&ok));
    }
    let unknown = names(Status::Unknown);
    if !unknown.is_empty() {
        page.labelled(0, &"not seen".yellow(), 11, &dotted(&unknown));
    }
    page.blank();
}

fn notes(page: &mut Page, report: &Report) {
    for note in &report.notes {
        page.labelled(0, &"note".cyan(), 6, note);
    }
    if !report.notes.is_empty() {
        page.blank();
    }
}

/// The plan by itself, for the person who is asked.
pub fn plan(fixes: &[PlannedReport], look: &Look) -> String {
    let mut page = Page { out: String::new(), look: *look };
    planned(&mut page, fixes);
    if look.unicode { page.out } else { to_ascii(&page.out) }
}

fn planned(page: &mut Page, fixes: &[PlannedReport]) {
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

fn applied(page: &mut Page, report: &Report) {
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
fn then(page: &mut Page, report: &Report) {
    let Some(line) = &report.then else { return };
    let of_this_shell = report.fixes_applied.iter().any(|fix| !fix.in_this_shell.is_empty());
    page.line(if of_this_shell { "in this shell:" } else { "now:" });
    page.command(2, line);
}

fn every_check(page: &mut Page, report: &Report) {
    for CheckReport { name, status, because, seconds } in &report.checks {
        let word = super::markdown::status(*status);
        let word = match status {
            Status::Ok => word.green(),
            Status::Problem => word.red(),
            Status::Unknown => word.yellow(),
            Status::Skipped => word.dimmed(),
        };
        let time = if *seconds > 0.0 { format!(" ({seconds:.2} s)") } else { String::new() };
        page.labelled(0, &word, 9, &format!("{name}: {because}{time}"));
    }
    page.blank();
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the bar, between 0 and its length"
)]
/// The way to each host: how long each phase took, as a small waterfall.
fn waterfall(page: &mut Page, report: &Report) {
    let longest =
        report.network.hosts.values().map(|host| phases(host).iter().map(|p| p.1).sum::<f64>()).fold(0.0, f64::max);
    for (name, host) in &report.network.hosts {
        let end = host.status.map(|s| s.to_string()).or_else(|| host.failure.clone()).unwrap_or_default();
        let way = host.proxy.as_ref().map(|proxy| format!(" through {proxy}")).unwrap_or_default();
        page.labelled(0, &"host".normal(), 6, &format!("{name}{way}: {end}"));
        let mut before = 0.0;
        for (phase, took) in phases(host) {
            let columns = |ms: f64| if longest > 0.0 { (ms / longest * BAR).round() as usize } else { 0 };
            let (start, length) = (columns(before), columns(took).max(1));
            page.line(&format!("      {phase:<11}{took:>8.1} ms  {}{}", " ".repeat(start), "=".repeat(length)));
            before += took;
        }
    }
    if !report.network.hosts.is_empty() {
        page.blank();
    }
}

/// Columns of the longest way's bar.
const BAR: f64 = 40.0;

/// The phases that were reached, in order, with their milliseconds.
fn phases(host: &HostReport) -> Vec<(&'static str, f64)> {
    let phases = [
        ("DNS", host.phases.dns),
        ("TCP", host.phases.tcp),
        ("TLS", host.phases.tls),
        ("first byte", host.phases.first_byte),
    ];
    phases.into_iter().filter_map(|(name, ms)| Some((name, ms?))).collect()
}

fn footer(page: &mut Page, report: &Report, context: &Context) {
    let count = |status: Status| report.checks.iter().filter(|check| check.status == status).count();
    let fixable = report.causes.iter().filter(|cause| cause.fixes.iter().any(|fix| fix.risk != Risk::Manual)).count();
    let causes = match report.causes.len() {
        0 => format!(
            "{} checks ok, {} not seen, {} skipped",
            count(Status::Ok),
            count(Status::Unknown),
            count(Status::Skipped)
        ),
        1 => format!("1 cause, {fixable} fixable here · {} checks", report.checks.len()),
        n => format!("{n} causes, {fixable} fixable here · {} checks", report.checks.len()),
    };
    let requests = match report.network.requests {
        1 => "1 request".to_owned(),
        n => format!("{n} requests"),
    };
    page.paragraph(0, &format!("{causes}, {requests}, {:.1} s · exit {}", context.took.as_secs_f64(), context.exit));
    if fixable > 0 && report.fixes_applied.is_empty() && report.plan.is_empty() {
        page.paragraph(0, "to mend what can be mended here: hfdoctor --fix  (asks first)");
    }
    if !report.causes.is_empty() {
        page.paragraph(0, &format!("for a ticket: {}  (secrets masked)", context.for_a_ticket));
    }
}

/// Glyphs in ASCII for terminals that show no others; foreign letters become `?`.
fn to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '✗' => out.push('x'),
            '✓' => out.push('+'),
            '…' => out.push_str("..."),
            '·' | '—' | '–' => out.push('-'),
            '“' | '”' => out.push('"'),
            '‘' | '’' => out.push('\''),
            _ if c.is_ascii() => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}
