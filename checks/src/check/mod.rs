//! A check: one independent question, as a value. The folders are the groups of the cause table.

pub mod auth;
pub mod client;
pub mod disk;
pub mod network;
pub mod rate;
pub mod registry;
pub mod trace;

pub use registry::CHECKS;

use std::collections::BTreeSet;

use crate::case::Case;
use crate::observe::{Observations, Want};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Note, Source};
use hfdoctor_core::target::Target;
use hfdoctor_core::text::measure::age;

/// How a check ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It looked and found nothing wrong.
    Ok,
    /// It found a cause.
    Problem,
    /// It could not look. Neither a problem nor health.
    Unknown,
    /// There was nothing for it to look at, or it was left out.
    Skipped,
}

/// One independent question. It sees case and observations, and no other check.
#[derive(Debug)]
pub struct Check {
    /// The name for `--check` and `--skip`.
    pub name: &'static str,
    /// What it looks at, in one line.
    pub about: &'static str,
    /// Every cause that it can conclude to.
    pub causes: &'static [Cause],
    /// The observations that it wants for a case.
    pub wants: fn(&Case) -> BTreeSet<Want>,
    /// What follows from case and observations. Pure.
    pub conclude: fn(&Case, &Observations) -> Conclusion,
}

/// What a check says.
#[derive(Debug, Clone)]
pub struct Conclusion {
    /// How it ended.
    pub status: Status,
    /// Why: what was in order, what was found, or what kept it from looking.
    pub because: String,
    /// The causes found.
    pub findings: Vec<Finding>,
    /// Harmless oddities.
    pub notes: Vec<String>,
}

impl Conclusion {
    /// It looked, and all is in order.
    pub fn ok(because: impl Into<String>) -> Conclusion {
        Conclusion { status: Status::Ok, because: because.into(), findings: Vec::new(), notes: Vec::new() }
    }

    /// It could not look.
    pub fn unknown(because: impl Into<String>) -> Conclusion {
        Conclusion { status: Status::Unknown, ..Conclusion::ok(because) }
    }

    /// There was nothing to look at.
    pub fn skipped(because: impl Into<String>) -> Conclusion {
        Conclusion { status: Status::Skipped, ..Conclusion::ok(because) }
    }

    /// Adds a finding: the check has found a problem.
    pub fn add(&mut self, finding: Finding) {
        if self.status != Status::Problem {
            self.status = Status::Problem;
            self.because.clone_from(&finding.summary);
        }
        self.findings.push(finding);
    }

    /// Adds findings.
    #[must_use]
    pub fn with(mut self, findings: impl IntoIterator<Item = Finding>) -> Conclusion {
        for finding in findings {
            self.add(finding);
        }
        self
    }

    /// Adds what the log shows. Where the check has looked and all is in order by now, each finding says so: the person
    /// should know that the failure may be over. `source` is what the check looks at.
    #[must_use]
    pub fn and_log(self, case: &Case, causes: &[Cause], source: Source) -> Conclusion {
        // What the Hub says of another repository than the log's says nothing of the log's failure.
        let told = source != Source::Hub
            || case
                .log
                .as_ref()
                .and_then(hfdoctor_core::log::Log::target)
                .is_none_or(|told| is_asked_about(case, &told));
        let by_now = (told && self.status == Status::Ok && !self.because.is_empty()).then(|| match failed(case) {
            Some(ago) => format!("looked at now, {ago} after the log's failure: {}", self.because),
            None => format!("looked at now: {}", self.because),
        });
        // What a log only may mean, and what is in order as it is seen, is no cause.
        let refuted = |finding: &Finding| by_now.is_some() && finding.certainty == Certainty::Possible;
        let findings =
            log_findings(case, causes).into_iter().filter(|finding| !refuted(finding)).map(|finding| match &by_now {
                Some(detail) => finding.saw(source, detail.clone()),
                None => finding,
            });
        self.with(findings)
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Conclusion {
        self.notes.push(text.into());
        self
    }
}

/// What one check said, and how long it took.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The check's name.
    pub name: &'static str,
    /// How it ended.
    pub status: Status,
    /// Why.
    pub because: String,
    /// Seconds from the start of the examination until all that it wanted was seen.
    pub seconds: f64,
    /// Harmless oddities.
    pub notes: Vec<Note>,
}

/// Wants nothing: for checks that read the case alone.
pub fn wants_nothing(_: &Case) -> BTreeSet<Want> {
    BTreeSet::new()
}

/// The whole conclusion of a check that has only the log to look at.
pub fn conclude_from_log(case: &Case, causes: &[Cause]) -> Conclusion {
    match case.log {
        Some(_) => Conclusion::ok("the log shows none of it").with(log_findings(case, causes)),
        None => Conclusion::skipped("only the failed command's output shows it: --log FILE"),
    }
}

/// Whether a repository is the one that is looked at.
fn is_asked_about(case: &Case, told: &Target) -> bool {
    case.target.as_ref().is_some_and(|asked| asked.repo_id == told.repo_id && asked.repo_type == told.repo_type)
}

/// How long ago the log's failure was, where the log tells.
fn failed(case: &Case) -> Option<String> {
    let facts = case.log.as_ref()?.facts();
    // A time without its zone may be hours off.
    let then = facts.failed_at.filter(|_| facts.failed_at_has_zone)?;
    case.now.duration_since(then).is_ok_and(|ago| ago.as_secs() >= 60).then(|| age(case.now, then))
}

/// The check's findings from the log alone.
pub fn log_findings(case: &Case, causes: &[Cause]) -> Vec<Finding> {
    case.log.as_ref().map(|log| log.findings(causes)).unwrap_or_default()
}
