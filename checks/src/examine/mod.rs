//! One examination: from a case to a diagnosis.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::case::{Case, who};
use crate::check::registry::CHECKS;
use crate::check::trace;
use crate::check::{Check, Outcome, Status};
use crate::observe::{Network, Observations, Progress, Volumes, Want};
use hfdoctor_core::diagnosis::{Bearing, Finding, Note, Ranked, Source, rank};
use hfdoctor_core::log::Log;
use hfdoctor_core::remedy::{Failure, Here, remedies};
use hfdoctor_core::who::{Known, Who};

/// Which checks run.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these; all when empty.
    pub only: Vec<String>,
    /// Not these.
    pub without: Vec<String>,
}

impl Selection {
    /// Whether no check is left.
    pub fn is_empty(&self) -> bool {
        !CHECKS.iter().any(|check| self.takes(check))
    }

    fn takes(&self, check: &Check) -> bool {
        let named = |names: &[String]| names.iter().any(|n| n == check.name);
        (self.only.is_empty() || named(&self.only)) && !named(&self.without)
    }
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At least one cause.
    CausesFound,
    /// Looked, and found nothing wrong.
    Healthy,
    /// Could not look at what matters.
    Inconclusive,
}

/// The findings ranked, and what was looked at.
#[derive(Debug)]
pub struct Diagnosis {
    /// The answer in one word.
    pub verdict: Verdict,
    /// The causes, most likely first.
    pub causes: Vec<Ranked>,
    /// Harmless oddities.
    pub notes: Vec<Note>,
    /// Every check, in the registry's order.
    pub outcomes: Vec<Outcome>,
    /// The requests that were sent and the hosts that were met.
    pub network: Network,
    /// The volumes, where they were looked at.
    pub volumes: Option<Volumes>,
}

/// Examines a case: makes what the checks want, all at once, then lets each conclude.
pub async fn examine(case: Arc<Case>, selection: &Selection, progress: Arc<dyn Progress>) -> Diagnosis {
    let taken: Vec<&Check> = CHECKS.iter().copied().filter(|check| selection.takes(check)).collect();
    let wants: BTreeSet<Want> = taken.iter().flat_map(|check| (check.wants)(&case)).collect();
    let observations = Observations::make(Arc::clone(&case), &wants, progress).await;
    conclude(&case, selection, &observations)
}

/// What follows from observations that are already made. Pure.
pub fn conclude(case: &Case, selection: &Selection, observations: &Observations) -> Diagnosis {
    let mut findings: Vec<(&'static str, Finding)> = Vec::new();
    let mut outcomes = Vec::new();
    for check in CHECKS {
        if !selection.takes(check) {
            outcomes.push(Outcome {
                name: check.name,
                status: Status::Skipped,
                because: "left out on the command line".to_owned(),
                seconds: 0.0,
                notes: Vec::new(),
            });
            continue;
        }
        let conclusion = (check.conclude)(case, observations);
        debug_assert!(conclusion.findings.iter().all(|f| check.causes.contains(&f.cause)), "{}", check.name);
        findings.extend(conclusion.findings.into_iter().map(|finding| (check.name, finding)));
        outcomes.push(Outcome {
            name: check.name,
            status: conclusion.status,
            because: conclusion.because,
            seconds: observations.seconds_for(&(check.wants)(case)),
            notes: conclusion.notes.into_iter().map(|text| Note { check: check.name, text }).collect(),
        });
    }
    findings.extend(
        trace::findings(case, observations)
            .into_iter()
            .filter(|(check, _)| selection.takes(check))
            .map(|(check, f)| (check.name, f)),
    );
    let mut causes = rank(findings);
    let notes = mended(case, &mut causes, outcomes.iter().flat_map(|outcome| outcome.notes.clone()).collect());
    Diagnosis {
        verdict: verdict(case, &causes, &outcomes),
        causes,
        notes,
        outcomes,
        network: observations.network(),
        volumes: observations.volumes().ok().cloned(),
    }
}

/// Gives each cause the remedies of who failed, where its check has none that fit. A check knows this machine and its
/// Python; a log may be of another program or another machine.
fn mended(case: &Case, causes: &mut [Ranked], mut notes: Vec<Note>) -> Vec<Note> {
    if causes.is_empty() {
        return notes;
    }
    let (who, here) = (who::who(case), who::here(case));
    let nothing = Here::default();
    let foreign =
        case.log.is_some() && (who.elsewhere.is_some() || (!who.is_python() && who.family_known == Known::Log));
    for finding in causes.iter_mut().map(|ranked| &mut ranked.finding) {
        let logged = finding.evidence.iter().any(|evidence| evidence.source == Source::Log);
        let seen_here =
            finding.evidence.iter().any(|evidence| matches!(evidence.source, Source::Network | Source::Disk));
        let fits = !finding.fixes.is_empty() && !(foreign && logged && (who.elsewhere.is_some() || !seen_here));
        if fits {
            continue;
        }
        let said =
            finding.evidence.iter().map(|evidence| evidence.detail.to_lowercase()).collect::<Vec<_>>().join("\n");
        let told = case.log.as_ref().filter(|_| logged).and_then(Log::target);
        let who = Who { target: told.or_else(|| who.target.clone()), ..who.clone() };
        let here = if who.elsewhere.is_some() { &nothing } else { &here };
        finding.fixes = remedies(finding.cause, &Failure { who: &who, here, said: &said });
    }
    if let Some(place) = who.elsewhere {
        notes.push(Note {
            check: "other",
            text: format!("the log is of another machine ({place}): nothing is applied here"),
        });
    }
    notes
}

/// Causes, health, or neither.
///
/// Without a cause the machine is healthy only when what matters could be looked at: with a log, the log was read, and
/// that is an answer; without one, no check may have been kept from looking.
fn verdict(case: &Case, causes: &[Ranked], outcomes: &[Outcome]) -> Verdict {
    if causes.iter().any(|ranked| ranked.finding.bearing >= Bearing::Condition) {
        return Verdict::CausesFound;
    }
    let kept_from_looking = outcomes.iter().any(|outcome| outcome.status == Status::Unknown);
    if kept_from_looking && case.log.is_none() { Verdict::Inconclusive } else { Verdict::Healthy }
}

#[cfg(test)]
mod tests;
