//! The cause that the Xet client's own log names, when the failed command's output is not at hand.

use crate::case::Case;
use crate::check::Check;
use crate::check::registry::CHECKS;
use crate::observe::Observations;
use hfdoctor_core::diagnosis::{Bearing, Certainty, Finding, Source};
use hfdoctor_core::text::measure::age;

/// Findings of a recent log, as traces: with the failed command's output they would be the lesser witness.
pub fn findings(case: &Case, observations: &Observations) -> Vec<(&'static Check, Finding)> {
    let Ok(traces) = observations.traces() else { return Vec::new() };
    let Some(log) = traces.xet_log.as_ref().filter(|log| !log.survived && case.log.is_none()) else {
        return Vec::new();
    };
    let when = age(case.now, log.modified);
    let mut found: Vec<(&'static Check, Finding)> = Vec::new();
    for &check in CHECKS {
        for mut finding in log.log.findings(check.causes) {
            if found.iter().any(|(_, known)| known.cause == finding.cause) {
                continue;
            }
            finding.bearing = Bearing::Trace;
            finding.certainty = finding.certainty.min(Certainty::Likely);
            for evidence in &mut finding.evidence {
                // Its number is one of the lines that were picked out, which nobody can look up.
                evidence.line = None;
                evidence.detail = format!("Xet log of {when} ago: {}", evidence.detail);
            }
            let place = format!("{} was last written {when} ago", log.path.display());
            found.push((check, finding.saw(Source::Disk, place)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::observe::made_cache::{MadeCache, case, of};
    use crate::observe::traces::look;

    #[test]
    fn a_log_that_names_nothing_known_adds_nothing() {
        let made = MadeCache::new();
        let line = r#"{"level":"WARN","fields":{"message":"a shard was not found in the cache"}}"#;
        made.write("../xet/logs/xet_1_2.log", line.as_bytes());
        let case = Arc::new(case(made.home.path(), &[], None));
        let traces = look(&case);
        assert_eq!(traces.xet_log.as_ref().map(|l| l.lines.len()), Some(1));
        assert_eq!(findings(&case, &of(&case).seeing_traces(traces)).len(), 0);
    }
}
