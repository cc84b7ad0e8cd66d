//! Words: what HF_ENDPOINT names, and whether that mirror works.

use crate::diagnosis::Cause;
use crate::sign::Sign;

pub(super) const SIGNS: &[Sign] = &[
    Sign::symptom(Cause::EndpointMisconfigured, "missing x-repo-commit header"),
    Sign::symptom(Cause::EndpointMisconfigured, "too many relative redirects"),
    Sign::decisive(Cause::EndpointMisconfigured, "host='https', port=443"),
    Sign::decisive(Cause::EndpointMisconfigured, "host='http', port=80"),
    Sign::decisive(Cause::EndpointMisconfigured, "request url has an unsupported protocol"),
    Sign::decisive(Cause::EndpointMisconfigured, "no host supplied").with(&["/resolve/", "/api/"]),
    Sign::decisive(Cause::EndpointMisconfigured, "failed to parse url from").with(&["/resolve/", "/api/"]),
    Sign::symptom(Cause::EndpointMisconfigured, "requests.exceptions.jsondecodeerror"),
    Sign::symptom(Cause::EndpointMisconfigured, "sorry, we can't find the page you are looking for"),
    Sign::symptom(Cause::MirrorFailure, "exceeded 10 redirects while resolving"),
    Sign::symptom(Cause::EndpointMisconfigured, "redirects while resolving"),
    Sign::symptom(Cause::EndpointMisconfigured, "toomanyredirects: exceeded"),
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
    Sign::decisive(Cause::EndpointMisconfigured, "invalid non-printable ascii character in url"),
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
    Sign::decisive(Cause::MirrorFailure, "failed to retrieve remote resource"),
    // The Hub is not behind Cloudflare.
    Sign::symptom(Cause::MirrorFailure, "used cloudflare to restrict access"),
    Sign::decisive(Cause::MirrorFailure, "could not fetch remote").with(&["nexus", "artifactory", "remote repository"]),
];
