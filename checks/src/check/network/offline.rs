//! Switches that forbid requests.

use crate::case::Case;
use crate::check::network::reach::{self, unset_variables};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::observe::Observations;
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Finding, Risk, Source};

const CAUSES: &[Cause] = &[Cause::OfflineMode];

/// The check.
pub static CHECK: Check =
    Check { name: "offline", about: "switches that forbid requests", causes: CAUSES, wants: wants_nothing, conclude };

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    let logged = log_findings(case, CAUSES);
    let Some((name, value)) = &case.settings.offline else {
        return Conclusion::ok("no offline switch is on").with(logged);
    };
    let finding = |certainty, summary: String| {
        let names: Vec<&str> = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]
            .into_iter()
            .filter(|name| case.environment.switch(name))
            .collect();
        Finding::new(Cause::OfflineMode, certainty, summary)
            .saw(Source::Environment, format!("`{name}={value}`: the client sends no request at all"))
            .fix(
                unset_variables("offline-unset", Risk::Ask, "let the client send requests again", &names)
                    .note("a running notebook or service has read the variable already: restart it"),
            )
    };
    if !logged.is_empty() {
        let summary = format!("`{name}` forbids the download");
        return Conclusion::ok("").with(logged).with([finding(Certainty::Confirmed, summary)]);
    }
    let Some(target) = &case.target else {
        let summary = format!("`{name}` is on: nothing can be downloaded, only what is cached can be used");
        return Conclusion::ok("").with([finding(Certainty::Likely, summary).bearing(Bearing::Condition)]);
    };
    if case.log.is_some() {
        return Conclusion::ok(format!("`{name}` is on, but the log fails of something else"))
            .note(format!("`{name}` is on: what is not cached cannot be downloaded in this environment"));
    }
    if reach::is_cached(case) {
        return Conclusion::ok(format!("`{name}` is on, and {} is cached", target.repo_id))
            .note(format!("`{name}` is on: only what is cached can be used"));
    }
    let summary = format!("`{name}` forbids the download, and {} is not in the cache", target.repo_id);
    Conclusion::ok("").with([finding(Certainty::Confirmed, summary)
        .saw(Source::Disk, format!("no snapshot of it below {}", case.settings.hub_cache.display()))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Limits;
    use crate::case::environment::environment_of;
    use crate::check::Status;
    use hfdoctor_core::target::{RepoType, Target};
    use std::sync::Arc;

    fn conclude_with(variables: &[(&str, &str)], target: bool) -> Conclusion {
        let target = target.then(|| Target::new(RepoType::Model, "org/name", hfdoctor_core::target::From::Argument));
        let environment = environment_of(variables);
        let case = Case::new(environment, target, None, Limits::default(), std::time::SystemTime::UNIX_EPOCH);
        let case = Arc::new(case);
        conclude(&case, &Observations::none(Arc::clone(&case)))
    }

    #[test]
    fn a_switch_is_a_cause_only_for_what_is_not_cached() {
        let cache = tempfile::tempdir().expect("a folder");
        let hub = cache.path().to_string_lossy().into_owned();
        assert_eq!(conclude_with(&[("HF_HUB_CACHE", &hub)], true).status, Status::Ok);
        let set = [("HF_HUB_CACHE", hub.as_str()), ("HF_HUB_OFFLINE", "1")];
        let missing = conclude_with(&set, true);
        assert_eq!(missing.findings[0].certainty, Certainty::Confirmed);
        assert_eq!(missing.findings[0].fixes[0].commands.len(), 1);
        let snapshot = cache.path().join("models--org--name/snapshots/abc");
        std::fs::create_dir_all(&snapshot).expect("made");
        std::fs::write(snapshot.join("config.json"), "{}").expect("written");
        std::fs::create_dir_all(cache.path().join("models--org--name/refs")).expect("made");
        std::fs::write(cache.path().join("models--org--name/refs/main"), "abc").expect("written");
        let cached = conclude_with(&set, true);
        assert_eq!((cached.status, cached.findings.len(), cached.notes.len()), (Status::Ok, 0, 1));
        assert_eq!(conclude_with(&set, false).findings[0].bearing, Bearing::Condition);
    }
}
