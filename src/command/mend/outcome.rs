//! What became of each fix, in the light of the second look.

use hfdoctor_checks::{Diagnosis, Status, Verdict};
use hfdoctor_core::diagnosis::{Cause, Ranked, Source};

use crate::fix::{Applied, Outcome, Place, Plan};
use crate::report::{AppliedOutcome, AppliedReport};

/// What became of each fix of the plan.
pub(super) fn of(applied: &[Applied], before: &Diagnosis, after: &Diagnosis, plan: &Plan) -> Vec<AppliedReport> {
    let told = applied.iter().map(|fix| {
        let (outcome, because) = match &fix.outcome {
            Outcome::Applied if fix.causes.iter().any(|cause| remains(after, *cause)) => {
                (AppliedOutcome::AppliedStillFailing, None)
            }
            Outcome::Applied if fix.causes.iter().all(|cause| can_be_seen(before, after, *cause)) => {
                (AppliedOutcome::Verified, None)
            }
            Outcome::Applied => (AppliedOutcome::Applied, None),
            Outcome::Skipped(why) => (AppliedOutcome::Skipped, Some(why.clone())),
            Outcome::Failed(why) => (AppliedOutcome::Failed, Some(why.clone())),
        };
        let because = because.or_else(|| (!fix.notes.is_empty()).then(|| fix.notes.join("; ")));
        let undo = fix.undo.as_ref().map(|id| format!("hfdoctor undo {id}"));
        let in_this_shell = if fix.outcome == Outcome::Applied { fix.shell_lines.clone() } else { Vec::new() };
        AppliedReport { id: fix.fix_id.to_owned(), title: fix.title.clone(), outcome, because, undo, in_this_shell }
    });
    let left = plan.fixes.iter().filter(|fix| applied.iter().all(|a| a.fix_id != fix.id)).filter_map(|fix| {
        let because = match &fix.place {
            Place::Manual => "only a person can do it".to_owned(),
            Place::LeftOut { because } => because.clone(),
            Place::Apply | Place::Instead { .. } => return None,
        };
        Some(AppliedReport {
            id: fix.id.to_owned(),
            title: fix.title.clone(),
            outcome: AppliedOutcome::Skipped,
            because: Some(because),
            undo: None,
            in_this_shell: Vec::new(),
        })
    });
    told.chain(left).collect()
}

fn remains(after: &Diagnosis, cause: Cause) -> bool {
    after.causes.iter().any(|ranked| ranked.finding.cause == cause || ranked.explains.contains(&cause))
}

/// Whether the second look could have seen a cause: not where only the log had shown it, nor where its check did not look.
fn can_be_seen(before: &Diagnosis, after: &Diagnosis, cause: Cause) -> bool {
    before.causes.iter().filter(|ranked| ranked.finding.cause == cause).all(|ranked| {
        let looked = |name: &str| {
            after.outcomes.iter().any(|o| o.name == name && matches!(o.status, Status::Ok | Status::Problem))
        };
        !only_logged(ranked) && looked(ranked.check)
    })
}

/// Whether nothing but the log shows a cause.
fn only_logged(ranked: &Ranked) -> bool {
    ranked.finding.evidence.iter().all(|evidence| evidence.source == Source::Log)
}

/// Causes that only the log had shown and that no fix was applied for still stand: the second look is made without it.
pub(super) fn carry_over(now: &mut Diagnosis, before: Diagnosis, applied: &[Applied]) {
    let mended = |cause: Cause| applied.iter().any(|a| a.outcome == Outcome::Applied && a.causes.contains(&cause));
    for ranked in before.causes {
        if only_logged(&ranked) && !mended(ranked.finding.cause) && !remains(now, ranked.finding.cause) {
            now.causes.push(ranked);
            now.verdict = Verdict::CausesFound;
        }
    }
}
