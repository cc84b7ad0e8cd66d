//! Most likely first: one pure function that orders findings and folds symptoms under their root.

use super::cause::Cause;
use super::finding::{Bearing, Certainty, Finding, Source};

/// A finding in its place, with the causes that it explains.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The finding; evidence of the same cause from several checks is joined in it.
    pub finding: Finding,
    /// The check that found it first.
    pub check: &'static str,
    /// Causes that were found too and that this one explains, in the documents' order.
    pub explains: Vec<Cause>,
}

/// What a client's words alone may take for another cause, which a better proof corrects: a bare 403 of the storage or of a
/// proxy reads like the Hub's own, and one failure to connect like another.
const MISTAKEN_FOR: &[(Cause, Cause)] = &[
    (Cause::CdnBlocked, Cause::TokenScope),
    (Cause::CdnBlocked, Cause::GatedNotAccepted),
    (Cause::CdnBlocked, Cause::ConnectionBlocked),
    (Cause::ProxyAuth, Cause::TokenScope),
    (Cause::ProxyAuth, Cause::GatedNotAccepted),
    (Cause::ProxyAuth, Cause::ProxyUnreachable),
    (Cause::ProxyAuth, Cause::TlsHandshake),
    (Cause::CaptivePortal, Cause::TokenScope),
    (Cause::CaptivePortal, Cause::GatedNotAccepted),
];

/// Whether a finding may be what another one came from, or what the other was mistaken for.
fn may_explain(root: &Finding, symptom: &Finding) -> bool {
    root.cause.may_explain(symptom.cause)
        || (root.certainty > symptom.certainty && MISTAKEN_FOR.contains(&(root.cause, symptom.cause)))
}

/// Orders findings, given with the check that made each.
///
/// Findings of one cause are joined. A cause is shown under another when the table says that the other may explain it
/// and the other is at least as well proven and bears at least as much on the failure. What is left is ordered by its
/// bearing on the failure, its certainty, then the documents' order.
pub fn rank(findings: Vec<(&'static str, Finding)>) -> Vec<Ranked> {
    let mut causes = join(findings);
    settle_the_failure(&mut causes);
    causes.sort_by(|a, b| {
        let key = |r: &Ranked| {
            (std::cmp::Reverse(r.finding.bearing), std::cmp::Reverse(r.finding.certainty), r.finding.cause.order())
        };
        key(a).cmp(&key(b))
    });
    let explained_by = |symptom: &Ranked| {
        causes.iter().position(|root| {
            may_explain(&root.finding, &symptom.finding)
                && outweighs(&root.finding, &symptom.finding)
                // Two causes that may explain each other: the one placed first is the root.
                && (!may_explain(&symptom.finding, &root.finding)
                    || !outweighs(&symptom.finding, &root.finding)
                    || place(&causes, root) < place(&causes, symptom))
        })
    };
    let roots: Vec<Option<usize>> = causes.iter().map(explained_by).collect();
    let mut folded: Vec<Vec<Cause>> = vec![Vec::new(); causes.len()];
    for (place, ranked) in causes.iter().enumerate() {
        if let Some(root) = last_root(&roots, place) {
            folded[root].push(ranked.finding.cause);
        }
    }
    let mut answer = Vec::new();
    for (place, mut ranked) in causes.into_iter().enumerate() {
        if last_root(&roots, place).is_some() {
            continue;
        }
        ranked.explains = std::mem::take(&mut folded[place]);
        ranked.explains.sort();
        answer.push(ranked);
    }
    answer
}

/// With a log that shows a failure, that is the failure asked about: what the live examination finds beside it stays
/// beside it, unless it may be what the log's failure came from. An error in the log that nobody knows proves less than
/// a cause that is seen.
fn settle_the_failure(causes: &mut [Ranked]) {
    let from_log = |ranked: &Ranked| ranked.finding.evidence.iter().any(|e| e.source == Source::Log);
    let seen = causes.iter().any(|ranked| {
        let finding = &ranked.finding;
        !from_log(ranked) && finding.bearing == Bearing::Failure && finding.certainty == Certainty::Confirmed
    });
    let unknown = |finding: &Finding| finding.cause == Cause::NotADownload && finding.certainty == Certainty::Possible;
    if seen {
        for ranked in causes.iter_mut().filter(|ranked| unknown(&ranked.finding)) {
            ranked.finding.bearing = ranked.finding.bearing.min(Bearing::Beside);
        }
    }
    let failures: Vec<Finding> = causes
        .iter()
        .filter(|ranked| ranked.finding.bearing == Bearing::Failure && from_log(ranked))
        .map(|ranked| ranked.finding.clone())
        .collect();
    if failures.is_empty() {
        return;
    }
    for ranked in causes.iter_mut().filter(|ranked| !from_log(ranked)) {
        if !failures.iter().any(|failure| may_explain(&ranked.finding, failure)) {
            ranked.finding.bearing = ranked.finding.bearing.min(Bearing::Beside);
        }
    }
}

/// Whether a finding is proven well enough to stand above another.
fn outweighs(root: &Finding, symptom: &Finding) -> bool {
    root.bearing >= symptom.bearing && root.certainty >= symptom.certainty
}

fn place(causes: &[Ranked], wanted: &Ranked) -> usize {
    causes.iter().position(|r| r.finding.cause == wanted.finding.cause).unwrap_or(usize::MAX)
}

/// Follows "is explained by" to its end; a circle ends where it began, so that no cause is lost.
fn last_root(roots: &[Option<usize>], start: usize) -> Option<usize> {
    let mut at = roots[start]?;
    for _ in 0..roots.len() {
        match roots[at] {
            Some(next) if next == start => return (start > at).then_some(at),
            Some(next) => at = next,
            None => return Some(at),
        }
    }
    None
}

/// Joins findings of one cause: the best bearing and certainty, all evidence and fixes, each once.
fn join(findings: Vec<(&'static str, Finding)>) -> Vec<Ranked> {
    let mut causes: Vec<Ranked> = Vec::new();
    for (check, finding) in findings {
        match causes.iter_mut().find(|r| r.finding.cause == finding.cause) {
            None => causes.push(Ranked { finding, check, explains: Vec::new() }),
            Some(known) => merge(known, check, finding),
        }
    }
    causes
}

fn merge(known: &mut Ranked, check: &'static str, other: Finding) {
    let better = (other.bearing, other.certainty) > (known.finding.bearing, known.finding.certainty);
    let (mut first, second) = if better { (other, known.finding.clone()) } else { (known.finding.clone(), other) };
    if better {
        known.check = check;
    }
    first.bearing = first.bearing.max(second.bearing);
    first.certainty = first.certainty.max(second.certainty);
    for evidence in second.evidence {
        if !first.evidence.contains(&evidence) {
            first.evidence.push(evidence);
        }
    }
    for fix in second.fixes {
        if !first.fixes.iter().any(|f| f.id == fix.id) {
            first.fixes.push(fix);
        }
    }
    known.finding = first;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Evidence;

    fn found(cause: Cause, certainty: Certainty, bearing: Bearing) -> (&'static str, Finding) {
        ("test", Finding::new(cause, certainty, cause.id()).bearing(bearing))
    }

    fn order(findings: Vec<(&'static str, Finding)>) -> Vec<Cause> {
        rank(findings).into_iter().map(|r| r.finding.cause).collect()
    }

    #[test]
    fn the_failure_stands_above_better_proven_conditions() {
        use Bearing::{Condition, Failure};
        use Certainty::{Confirmed, Likely};
        let causes =
            order(vec![found(Cause::DiskFull, Confirmed, Condition), found(Cause::SlowConnection, Likely, Failure)]);
        assert_eq!(causes, [Cause::SlowConnection, Cause::DiskFull]);
    }

    #[test]
    fn a_root_swallows_the_chain_of_its_symptoms() {
        use Bearing::Failure;
        use Certainty::Confirmed;
        let ranked = rank(vec![
            found(Cause::GatedNoToken, Confirmed, Failure),
            found(Cause::TokenInvalid, Confirmed, Failure),
            found(Cause::TokenMalformed, Confirmed, Failure),
        ]);
        assert_eq!(ranked.len(), 1);
        assert_eq!(ranked[0].finding.cause, Cause::TokenMalformed);
        assert_eq!(ranked[0].explains, [Cause::GatedNoToken, Cause::TokenInvalid]);
    }

    #[test]
    fn a_weaker_root_does_not_swallow_a_proven_symptom() {
        use Certainty::{Confirmed, Possible};
        let causes = order(vec![
            found(Cause::TooParallel, Possible, Bearing::Condition),
            found(Cause::RateLimitAccount, Confirmed, Bearing::Failure),
        ]);
        assert_eq!(causes, [Cause::RateLimitAccount, Cause::TooParallel]);
    }

    #[test]
    fn equal_findings_follow_the_documents_order() {
        use Certainty::Likely;
        let causes = order(vec![
            found(Cause::CorruptFile, Likely, Bearing::Failure),
            found(Cause::RepoNotFound, Likely, Bearing::Failure),
        ]);
        assert_eq!(causes, [Cause::RepoNotFound, Cause::CorruptFile]);
    }

    #[test]
    fn evidence_of_one_cause_is_joined_once() {
        let seen =
            |text: &str| ("test", Finding::new(Cause::DiskFull, Certainty::Likely, "full").saw(Source::Disk, text));
        let ranked = rank(vec![seen("a"), seen("b"), seen("a")]);
        assert_eq!(ranked.len(), 1);
        assert_eq!(ranked[0].finding.evidence.len(), 2);
    }

    #[test]
    fn an_error_that_nobody_knows_gives_way_to_a_cause_that_is_seen() {
        use Certainty::{Confirmed, Likely, Possible};
        let unknown = |certainty| {
            let finding = Finding::new(Cause::NotADownload, certainty, "").with_evidence([Evidence::line(3, "words")]);
            ("test", finding)
        };
        let seen = |certainty| found(Cause::TokenMalformed, certainty, Bearing::Failure);
        let first = |findings| order(findings)[0];
        assert_eq!(first(vec![unknown(Possible), seen(Confirmed)]), Cause::TokenMalformed);
        assert_eq!(first(vec![unknown(Possible), seen(Likely)]), Cause::NotADownload);
        assert_eq!(first(vec![unknown(Likely), seen(Confirmed)]), Cause::NotADownload);
    }

    #[test]
    fn a_better_proof_corrects_what_words_were_mistaken_for() {
        use Certainty::{Confirmed, Likely};
        let logged = |certainty| {
            let finding = Finding::new(Cause::TokenScope, certainty, "").with_evidence([Evidence::line(3, "words")]);
            ("test", finding)
        };
        let storage = || found(Cause::CdnBlocked, Confirmed, Bearing::Failure);
        assert_eq!(order(vec![logged(Likely), storage()]), [Cause::CdnBlocked]);
        // In the Hub's own words.
        assert_eq!(order(vec![logged(Confirmed), storage()])[0], Cause::TokenScope);
    }

    #[test]
    fn what_the_log_shows_stands_above_what_is_wrong_by_now() {
        use Certainty::Confirmed;
        let logged = |cause: Cause| {
            let finding = Finding::new(cause, Confirmed, "").with_evidence([Evidence::line(3, "words")]);
            ("test", finding)
        };
        let live = |cause: Cause| found(cause, Confirmed, Bearing::Failure);
        assert_eq!(order(vec![live(Cause::DnsFailure), logged(Cause::DiskFull)]), [Cause::DiskFull, Cause::DnsFailure]);
        // A dead proxy may be where the log's failure came from.
        let ranked = rank(vec![live(Cause::ProxyUnreachable), logged(Cause::ConnectionBlocked)]);
        assert_eq!(ranked[0].finding.cause, Cause::ProxyUnreachable);
        assert_eq!(ranked[0].explains, [Cause::ConnectionBlocked]);
    }
}
