//! Whether this account and token may read the repository: licence, privacy, scope.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::GatedNoToken, Cause::GatedNotAccepted, Cause::TokenMissing, Cause::TokenScope];

/// The check.
pub static CHECK: Check = Check {
    name: "access",
    about: "whether this account and token may read the repository: licence, privacy, scope",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::symptom(Cause::GatedNoToken, "make sure to request access at"),
    Sign::symptom(Cause::GatedNoToken, "accept the user conditions"),
    Sign::symptom(Cause::GatedNoToken, "you do not have access to this hf model"),
    Sign::symptom(Cause::GatedNotAccepted, "may require acceptance of terms"),
    Sign::decisive(Cause::TokenMissing, "you have not set the hf_token"),
    Sign::decisive(Cause::TokenMissing, "did not find huggingfacehub_api_token"),
    Sign::symptom(Cause::TokenMissing, "could not find a valid huggingface token"),
    Sign::symptom(Cause::TokenMissing, "could not find a valid hugging face token"),
    Sign::symptom(Cause::TokenMissing, "hf token is required"),
    Sign::symptom(Cause::TokenMissing, "requires a huggingface token"),
    Sign::symptom(Cause::TokenMissing, "requires a hugging face token"),
    Sign::symptom(Cause::TokenMissing, "please provide a hugging face token").without(&["could not find space"]),
    Sign::symptom(Cause::TokenMissing, "you must provide a token"),
    Sign::symptom(Cause::TokenMissing, "no hf token").without(&["prefix"]),
    Sign::symptom(Cause::TokenMissing, "credentials were not provided. please login"),
    Sign::decisive(Cause::TokenScope, "not a \"write\" token"),
    Sign::decisive(Cause::TokenScope, "token has not the required role"),
    Sign::decisive(Cause::GatedNotAccepted, "not in the authorized list"),
    Sign::decisive(Cause::GatedNotAccepted, "awaiting a review"),
    Sign::decisive(Cause::GatedNotAccepted, "has been rejected by the repo"),
    Sign::decisive(Cause::GatedNotAccepted, "has been reset by the repo"),
    Sign::decisive(Cause::GatedNotAccepted, "to ask for access").with(&["gated", "restricted", "visit"]),
    Sign::decisive(Cause::GatedNotAccepted, "agree to share your contact information"),
    Sign::decisive(Cause::GatedNotAccepted, "accept the license").with(&["403", "gated", "access"]),
    Sign::symptom(Cause::GatedNotAccepted, "requires approval").with(&["access denied", "gated", "repositor"]),
    Sign::decisive(Cause::GatedNoToken, "and be authenticated to access it"),
    Sign::decisive(Cause::GatedNoToken, "you must be authenticated to access it"),
    Sign::decisive(Cause::GatedNoToken, "please log in").with(&["restricted", "gated", "access to"]),
    Sign::symptom(Cause::GatedNoToken, "cannot access gated repo"),
    Sign::symptom(Cause::GatedNoToken, "trying to access a gated repo"),
    Sign::symptom(Cause::GatedNoToken, "gatedrepo"),
    Sign::symptom(Cause::GatedNoToken, "is a gated dataset"),
    Sign::symptom(Cause::GatedNoToken, "is gated")
        .with(&["access", "model", "repo", "token", "pipeline", "log in", "accept"]),
    Sign::symptom(Cause::GatedNoToken, "gated model")
        .with(&["access", "token", "401", "403", "log in", "accept", "denied", "authent"]),
    Sign::symptom(Cause::GatedNoToken, "private or gated so make sure"),
    Sign::symptom(Cause::GatedNoToken, "ssh-auth\"").with(&["huggingface"]),
    Sign::decisive(Cause::TokenMissing, "token is required"),
    Sign::decisive(Cause::TokenMissing, "but no token found"),
    Sign::decisive(Cause::TokenMissing, "localtokennotfounderror"),
    Sign::decisive(Cause::TokenMissing, "must provide an api_key"),
    Sign::decisive(Cause::TokenMissing, "not logged in. run"),
    Sign::decisive(Cause::TokenMissing, "you are not logged in"),
    Sign::symptom(Cause::TokenMissing, "not logged in").without(&["not logged into", "wandb"]),
    Sign::decisive(Cause::TokenMissing, "you need to provide a token or be logged in"),
    Sign::decisive(Cause::TokenMissing, "could not read username for 'https://huggingface.co"),
    Sign::decisive(Cause::TokenMissing, "could not read username for 'https://hf.co"),
    Sign::decisive(Cause::TokenMissing, "could not read password for 'https://").with(&["huggingface.co", "hf.co"]),
    Sign::decisive(Cause::TokenMissing, "password authentication in git is no longer supported"),
    Sign::symptom(Cause::TokenMissing, "hf_token").with(&[
        "not set",
        "missing",
        "is required",
        "must be set",
        "undefined",
        "unset or empty",
        "not found in",
    ]),
    Sign::symptom(Cause::TokenMissing, "huggingface token").with(&[
        "not set",
        "missing",
        "is required",
        "not found",
        "no huggingface token",
    ]),
    Sign::symptom(Cause::TokenMissing, "hugging face token").with(&[
        "not set",
        "missing",
        "is required",
        "not found",
        "no hugging face token",
    ]),
    Sign::symptom(Cause::TokenMissing, "authentication required:").with(&["url=", "hugging", "hf.co"]),
    Sign::symptom(Cause::TokenMissing, "no hugging face credentials"),
    Sign::symptom(Cause::TokenMissing, "please provide a valid hugging face token"),
    Sign::decisive(Cause::TokenScope, "fine-grained token settings"),
    Sign::decisive(Cause::TokenScope, "does not have sufficient permissions"),
    Sign::decisive(Cause::TokenScope, "not the required permissions for this operation"),
    Sign::decisive(Cause::TokenScope, "organization token policy"),
    Sign::decisive(Cause::TokenScope, "revoked by the organization administrator"),
    Sign::decisive(Cause::TokenScope, "you don't have the rights to"),
    Sign::decisive(Cause::TokenScope, "token does not have the required"),
    Sign::decisive(Cause::TokenScope, "only fine-grained tokens"),
    Sign::decisive(Cause::TokenScope, "requires fine-grained tokens"),
    Sign::symptom(Cause::TokenScope, "insufficient permission").with(&["hugging", "hf.co", "token", "403"]),
    Sign::symptom(Cause::TokenScope, "insufficient_scope"),
    Sign::symptom(Cause::TokenScope, "ip address is not allowed").with(&["token", "organization", "hugging"]),
    Sign::hint(Cause::TokenScope, "token with the `write` role"),
    Sign::hint(Cause::TokenScope, "make sure your token has the correct permissions"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
