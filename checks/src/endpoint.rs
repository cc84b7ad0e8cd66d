//! What HF_ENDPOINT names, and whether that mirror works.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::EndpointMisconfigured, Cause::MirrorFailure];

/// The check.
pub static CHECK: Check = Check {
    name: "endpoint",
    about: "what HF_ENDPOINT names, and whether that mirror works",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::EndpointMisconfigured, "host='https', port=443"),
    Sign::decisive(Cause::EndpointMisconfigured, "host='http', port=80"),
    Sign::decisive(Cause::EndpointMisconfigured, "request url has an unsupported protocol"),
    Sign::symptom(Cause::EndpointMisconfigured, "requests.exceptions.jsondecodeerror"),
    Sign::symptom(Cause::EndpointMisconfigured, "sorry, we can't find the page you are looking for"),
    Sign::symptom(Cause::MirrorFailure, "exceeded 10 redirects while resolving"),
    Sign::symptom(Cause::MirrorFailure, "308 permanent redirect"),
    Sign::decisive(Cause::EndpointMisconfigured, "no scheme supplied").with(&[
        "api/models",
        "api/datasets",
        "resolve",
        "hf",
        "hugging",
    ]),
    Sign::symptom(Cause::EndpointMisconfigured, "no scheme supplied"),
    Sign::symptom(Cause::EndpointMisconfigured, "request url is missing an 'http://' or 'https://' protocol"),
    Sign::symptom(Cause::EndpointMisconfigured, "unsupportedprotocol").without(&["socks"]),
    Sign::symptom(Cause::EndpointMisconfigured, "no connection adapters were found"),
    Sign::symptom(Cause::EndpointMisconfigured, "unsupported protocol scheme").with(&[
        "api/models",
        "resolve",
        "hugging",
    ]),
    Sign::symptom(Cause::EndpointMisconfigured, "does not seem to be on huggingface.co"),
    Sign::symptom(Cause::EndpointMisconfigured, "is missing the 'x-repo-commit' header"),
    Sign::symptom(Cause::EndpointMisconfigured, "missing commit header"),
    Sign::symptom(Cause::EndpointMisconfigured, "distant resource does not have an etag"),
    Sign::symptom(Cause::EndpointMisconfigured, "distant resource does not have a content-length"),
    Sign::symptom(Cause::EndpointMisconfigured, "does not seem to be served by a hugging face hub"),
    Sign::symptom(Cause::EndpointMisconfigured, "missing etag header"),
    Sign::symptom(Cause::EndpointMisconfigured, "header etag is missing"),
    Sign::symptom(Cause::EndpointMisconfigured, "header content-range is missing"),
    Sign::symptom(Cause::EndpointMisconfigured, "header x-repo-commit is missing"),
    Sign::wrapper(Cause::EndpointMisconfigured, "filemetadataerror"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
