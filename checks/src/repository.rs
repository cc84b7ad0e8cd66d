//! Whether the repository, revision and file exist under that name and type.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] =
    &[Cause::RepoNotFound, Cause::RevisionNotFound, Cause::FileNotFound, Cause::RepoDisabled, Cause::RepoIdInvalid];

/// The check.
pub static CHECK: Check = Check {
    name: "repository",
    about: "whether the repository, revision and file exist under that name and type",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::RepoNotFound, "could not find space"),
    Sign::symptom(Cause::RepoNotFound, "couldn't find a dataset script at"),
    Sign::symptom(Cause::RepoNotFound, "is not a local folder or a valid repository name"),
    Sign::symptom(Cause::RepoNotFound, "bucket '").with(&["not found", "doesn't exist on the hub"]),
    Sign::decisive(Cause::RepoIdInvalid, "is neither a valid local path nor a valid repo id"),
    Sign::decisive(Cause::RepoIdInvalid, "invalid repo type"),
    Sign::decisive(Cause::RepoIdInvalid, "invalid hf uri"),
    Sign::decisive(Cause::RepoIdInvalid, "is not a valid huggingface model path"),
    Sign::decisive(Cause::FileNotFound, "object does not exist on the server"),
    Sign::symptom(Cause::FileNotFound, "no (supported) data files found"),
    Sign::symptom(Cause::FileNotFound, "no files matched"),
    Sign::wrapper(Cause::RepoNotFound, "on the hugging face hub either"),
    Sign::decisive(Cause::RepoNotFound, "repository not found for url"),
    Sign::decisive(Cause::RepoNotFound, "repositorynotfounderror"),
    Sign::decisive(Cause::RepoNotFound, "repository not found"),
    Sign::decisive(Cause::RepoNotFound, "reponotfound"),
    Sign::decisive(Cause::RepoNotFound, "is not a valid model identifier"),
    Sign::decisive(Cause::RepoNotFound, "doesn't exist on the hub or cannot be accessed"),
    Sign::decisive(Cause::RepoNotFound, "doesn't exist on the hub")
        .with(&["dataset", "model"])
        .without(&["revision", "file"]),
    Sign::symptom(Cause::RepoNotFound, "no config file found - are you sure the `model_name` is correct"),
    Sign::symptom(Cause::RepoNotFound, "file does not exist").with(&["pull model manifest", "manifest"]),
    Sign::symptom(Cause::RepoNotFound, "invalid username or password"),
    Sign::symptom(Cause::RepoNotFound, "please make sure you specified the correct `repo_id`"),
    Sign::symptom(Cause::RepoNotFound, "if the repo is private, make sure you are authenticated"),
    Sign::symptom(Cause::RepoNotFound, "datasetnotfounderror").without(&["revision", "gated"]),
    Sign::symptom(Cause::RepoNotFound, "repository")
        .with(&["does not exist", "not found", "doesn't exist"])
        .without(&["revision", "github", "apt", "docker", "file"]),
    Sign::symptom(Cause::RepoNotFound, "' not found.")
        .with(&["model '", "dataset '", "space '"])
        .without(&["file", "entry", "module", "revision"]),
    Sign::decisive(Cause::RepoNotFound, "fatal: repository 'https://huggingface.co"),
    Sign::decisive(Cause::RevisionNotFound, "revision not found"),
    Sign::decisive(Cause::RevisionNotFound, "revisionnotfound"),
    Sign::decisive(Cause::RevisionNotFound, "invalid rev id"),
    Sign::decisive(Cause::RevisionNotFound, "is not a valid git identifier"),
    Sign::decisive(Cause::RevisionNotFound, "doesn't exist for dataset").with(&["revision"]),
    Sign::decisive(Cause::RevisionNotFound, "remote branch").with(&["not found in upstream"]),
    Sign::symptom(Cause::RevisionNotFound, "did not match any file(s) known to git"),
    Sign::decisive(Cause::FileNotFound, "entry not found for url"),
    Sign::decisive(Cause::FileNotFound, "entrynotfounderror").without(&["localentrynotfounderror"]),
    Sign::symptom(Cause::FileNotFound, "entrynotfound").without(&["localentrynotfound"]),
    Sign::symptom(Cause::FileNotFound, "entry not found").without(&["local entry not found"]),
    Sign::symptom(Cause::FileNotFound, "does not appear to have a file named")
        .without(&["according to the checkpoint index"]),
    Sign::symptom(Cause::FileNotFound, "does not appear to have files named"),
    Sign::symptom(Cause::FileNotFound, "error no file named"),
    Sign::decisive(Cause::FileNotFound, "could not locate file"),
    Sign::decisive(Cause::FileNotFound, "file not found in"),
    Sign::decisive(Cause::FileNotFound, "no gguf files found"),
    Sign::decisive(Cause::FileNotFound, "not a valid quantization scheme"),
    Sign::decisive(Cause::FileNotFound, "repository is not gguf"),
    Sign::decisive(Cause::FileNotFound, "file was not found locally at"),
    Sign::symptom(Cause::FileNotFound, "couldn't find any data file at"),
    Sign::symptom(Cause::FileNotFound, "unable to find").with(&["resolve/", "hf://", "in repository", "any data file"]),
    Sign::symptom(Cause::FileNotFound, "should have a `model_type` key in its config.json"),
    Sign::symptom(Cause::FileNotFound, "cannot find any model weights"),
    Sign::decisive(Cause::RepoDisabled, "access to this resource is disabled"),
    Sign::decisive(Cause::RepoDisabled, "disabledrepoerror"),
    Sign::decisive(Cause::RepoDisabled, "is not available in your region"),
    Sign::symptom(Cause::RepoDisabled, "cannot access repository for url"),
    Sign::symptom(Cause::RepoDisabled, "repository has been disabled"),
    Sign::decisive(Cause::RepoIdInvalid, "hfvalidationerror"),
    Sign::decisive(Cause::RepoIdInvalid, "repo id must be in the form"),
    Sign::decisive(Cause::RepoIdInvalid, "repo id must use alphanumeric"),
    Sign::decisive(Cause::RepoIdInvalid, "repo id must be"),
    Sign::decisive(Cause::RepoIdInvalid, "repo_id must be"),
    Sign::decisive(Cause::RepoIdInvalid, "cannot have -- or .. in repo_id"),
    Sign::decisive(Cause::RepoIdInvalid, "cannot end by '.git'"),
    Sign::decisive(Cause::RepoIdInvalid, "repo_id cannot end"),
    Sign::decisive(Cause::RepoIdInvalid, "incorrect path_or_model_id"),
    Sign::decisive(Cause::RepoIdInvalid, "invalid repo id"),
    Sign::decisive(Cause::RepoIdInvalid, "invalid repo name"),
    Sign::decisive(Cause::RepoIdInvalid, "invalid repo_id"),
    Sign::wrapper(Cause::RepoNotFound, "invalid repository id or local directory specified"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
