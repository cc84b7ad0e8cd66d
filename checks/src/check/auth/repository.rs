//! Whether the repository, revision and file exist under that name and type.

use std::collections::BTreeSet;

use crate::case::Case;
use crate::check::{Check, Conclusion};
use crate::observe::hub::{Repository, rejects_token};
use crate::observe::{Answer, Observations, Record, Want};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Source};
use hfdoctor_core::target::From;
use hfdoctor_core::target::Target;

const CAUSES: &[Cause] =
    &[Cause::RepoNotFound, Cause::RevisionNotFound, Cause::FileNotFound, Cause::RepoDisabled, Cause::RepoIdInvalid];

/// The check.
pub static CHECK: Check = Check {
    name: "repository",
    about: "whether the repository, revision and file exist under that name and type",
    causes: CAUSES,
    wants,
    conclude,
};

/// How alike a file's name has to be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.6;
/// How many names are suggested.
const MOST_SUGGESTIONS: usize = 3;

fn wants(case: &Case) -> BTreeSet<Want> {
    match &case.target {
        Some(target) if target.problem().is_none() => BTreeSet::from([Want::Record, Want::Resolve, Want::Whoami]),
        _ => BTreeSet::new(),
    }
}

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    crate::check::network::reach::unasked(case, live(case, seen)).and_log(case, CAUSES, Source::Hub)
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    let Some(target) = &case.target else {
        return Conclusion::skipped("no repository was named");
    };
    if let Some(problem) = target.problem() {
        return Conclusion::ok("").with([invalid_id(target, &problem)]);
    }
    if case.limits.offline {
        return Conclusion::skipped("not asked: --offline");
    }
    let record = seen.record();
    let answer = seen.resolve().ok().and_then(|resolve| resolve.as_client().as_ref().ok());
    let (Some(answer), Ok(record)) = (answer, &record) else {
        let why = match (seen.resolve(), record) {
            (Ok(resolve), _) if resolve.as_client().is_err() => {
                resolve.as_client().as_ref().err().map(ToString::to_string).unwrap_or_default()
            }
            (Err(why), _) | (_, Err(why)) => why.to_string(),
            (Ok(_), Ok(_)) => String::new(),
        };
        return Conclusion::unknown(why);
    };
    let mut conclusion = match finding(target, record, answer, hides_private(seen)) {
        Some(finding) => Conclusion::ok("").with([finding]),
        None if exists(record, answer) => Conclusion::ok(format!("{} exists at {}", target.repo_id, target.revision())),
        None => Conclusion::unknown(format!("not tested: the server answered {}", answer.status)),
    };
    if let Some(new) = seen.resolve().ok().and_then(|resolve| resolve.renamed_to.as_ref()) {
        conclusion = conclusion.note(format!("{} is now called {new}; the Hub redirects the old name", target.repo_id));
    }
    conclusion
}

fn exists(record: &Record, answer: &Answer) -> bool {
    record.repository.is_some()
        || answer.status < 400
        || matches!(answer.error_code().as_deref(), Some("EntryNotFound" | "GatedRepo"))
}

/// Whether the active token is one that may not see all that its account may see.
fn hides_private(seen: &Observations) -> bool {
    seen.whoami().is_ok_and(|whoami| whoami.identity.as_ref().is_some_and(|who| who.fine_grained().is_some()))
}

fn finding(target: &Target, record: &Record, answer: &Answer, hides_private: bool) -> Option<Finding> {
    let message = answer.error_message().unwrap_or_default();
    let code = answer.error_code().unwrap_or_default();
    if message.contains("Access to this resource is disabled") || record.repository.as_ref().is_some_and(|r| r.disabled)
    {
        return Some(disabled(target, answer, "the Hub has disabled it"));
    }
    if message.contains("not available in your region") {
        return Some(disabled(target, answer, "it is not available in this region"));
    }
    if code == "RevisionNotFound" || record.answer.error_code().as_deref() == Some("RevisionNotFound") {
        return Some(no_revision(target, record, answer));
    }
    if code == "EntryNotFound" && target.file.is_some() && !is_a_folder(target, record) {
        return Some(no_file(target, record.repository.as_ref(), answer));
    }
    let refused_as_missing = code == "RepoNotFound" || (matches!(answer.status, 401 | 404) && code.is_empty());
    let record_agrees = matches!(record.answer.status, 401 | 404) && record.repository.is_none();
    if refused_as_missing && record_agrees && answer.from_application() && !rejects_token(answer) {
        return Some(no_repository(target, record, answer, hides_private));
    }
    None
}

/// Whether what the person gave is a folder of the repository, as the URL of its page names one.
fn is_a_folder(target: &Target, record: &Record) -> bool {
    let (Some(path), Some(repository)) = (&target.file, &record.repository) else { return false };
    let inside = |file: &str| file.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
    target.from == From::Argument && repository.siblings.iter().any(|sibling| inside(&sibling.path))
}

fn invalid_id(target: &Target, problem: &str) -> Finding {
    Finding::new(
        Cause::RepoIdInvalid,
        Certainty::Confirmed,
        format!("`{}` is not a repository id: {problem}", target.repo_id),
    )
    .saw(Source::Environment, format!("given: {}", target.repo_id))
    .fix(Fix::manual("repo-id", "give `namespace/name` as it stands on the repository's page"))
}

fn disabled(target: &Target, answer: &Answer, why: &str) -> Finding {
    Finding::new(Cause::RepoDisabled, Certainty::Confirmed, format!("{}: {why}", target.repo_id))
        .saw(Source::Hub, answer.told())
        .fix(
            Fix::manual("repo-other", "no setting helps; its page may say why, or name a successor")
                .command(target.url()),
        )
}

fn no_revision(target: &Target, record: &Record, answer: &Answer) -> Finding {
    let summary = format!("{} exists, but has no revision `{}`", target.repo_id, target.revision());
    let mut finding = Finding::new(Cause::RevisionNotFound, Certainty::Confirmed, summary)
        .saw(Source::Hub, if answer.status >= 400 { answer.told() } else { record.answer.told() });
    if let Some(repository) = record.repository.as_ref().filter(|r| !r.sha.is_empty()) {
        finding = finding.saw(Source::Hub, format!("its default branch is at {}", repository.sha));
    }
    finding.fix(
        Fix::manual("revision", "take a branch, tag or commit that exists; without `--revision` it is `main`")
            .command(format!("{}/tree/main", target.url())),
    )
}

fn no_file(target: &Target, repository: Option<&Repository>, answer: &Answer) -> Finding {
    let file = target.file.as_deref().unwrap_or_default();
    let summary = format!("{} has no file `{file}` at {}", target.repo_id, target.revision());
    let mut finding = Finding::new(Cause::FileNotFound, Certainty::Confirmed, summary).saw(Source::Hub, answer.told());
    let alike = repository.map(|r| nearest(file, r.siblings.iter().map(|s| s.path.as_str()))).unwrap_or_default();
    if !alike.is_empty() {
        finding = finding.saw(Source::Hub, format!("files of nearly that name: {}", alike.join(", ")));
    }
    finding.fix(
        Fix::manual("file-name", "take a path from the repository's file list; upper and lower case differ")
            .command(format!("{}/tree/{}", target.url(), target.revision())),
    )
}

fn no_repository(target: &Target, record: &Record, answer: &Answer, hides_private: bool) -> Finding {
    let kind = target.repo_type.word();
    let id = &target.repo_id;
    if let Some(other) = record.other_type {
        let option = format!("--repo-type {}", other.word());
        return Finding::new(
            Cause::RepoNotFound,
            Certainty::Confirmed,
            format!("{id} is a {}, not a {kind}", other.word()),
        )
        .saw(Source::Hub, answer.told())
        .saw(Source::Hub, format!("/api/{}/{id} answers 200", other.plural()))
        .fix(
            Fix::manual("repo-type", format!("ask for it as a {}", other.word()))
                .command(format!("hf download {id} {option}")),
        );
    }
    let (summary, certainty) = if answer.with_token {
        let certainty = if hides_private { Certainty::Likely } else { Certainty::Confirmed };
        (format!("no {kind} {id} exists, or it is private to others"), certainty)
    } else {
        (format!("no public {kind} {id} exists; without a token a private one looks the same"), Certainty::Likely)
    };
    Finding::new(Cause::RepoNotFound, certainty, summary)
        .saw(Source::Hub, answer.told())
        .saw(Source::Hub, "no repository of another type has that id either")
        .fix(
            Fix::manual("repo-name", "compare the name with the repository's page, letter by letter")
                .command(format!("https://huggingface.co/models?search={}", id.rsplit('/').next().unwrap_or(id)))
                .note("if it is private, log in with an account that may read it"),
        )
}

/// The paths most like the one asked for, by their whole path or by their last part.
fn nearest<'a>(wanted: &str, paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let wanted_last = last(wanted);
    let mut alike: Vec<(f64, &str)> = paths
        .map(|path| {
            let whole = strsim::jaro_winkler(&wanted.to_lowercase(), &path.to_lowercase());
            (whole.max(strsim::jaro_winkler(&wanted_last, &last(path))), path)
        })
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    alike.into_iter().take(MOST_SUGGESTIONS).map(|(_, path)| path.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names_nearly_right_are_suggested_first() {
        let files = ["README.md", "config.json", "model-Q4_K_M.gguf", "model-Q8_0.gguf", "onnx/model.onnx"];
        assert_eq!(nearest("model-q4_k_m.gguf", files.into_iter())[0], "model-Q4_K_M.gguf");
        assert_eq!(nearest("Config.JSON", files.into_iter())[0], "config.json");
        assert!(nearest("zzzz", files.into_iter()).is_empty());
    }
}
