//! What HF_ENDPOINT names, and whether that mirror works.

use std::collections::BTreeSet;

use url::Url;

use crate::case::Case;
use crate::case::settings::DEFAULT_ENDPOINT;
use crate::check::network::reach::{self, first_answer, set_variable, unset_variables};
use crate::check::{Check, Conclusion};
use crate::observe::dns::DnsFault;
use crate::observe::route::fault::{Fault, fault};
use crate::observe::{Answer, Failure, Observations, Route, Want};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Risk, Source};
use hfdoctor_core::hub::is_hub_host;

const CAUSES: &[Cause] = &[Cause::EndpointMisconfigured, Cause::MirrorFailure];

/// The check.
pub static CHECK: Check = Check {
    name: "endpoint",
    about: "what HF_ENDPOINT names, and whether that mirror works",
    causes: CAUSES,
    wants: |case| {
        if case.limits.offline || malformation(case).is_some() {
            return BTreeSet::new();
        }
        let mut wants = reach::wants(case);
        if case.settings.foreign_endpoint() {
            wants.extend([Want::BesideMirror, Want::OtherMirror]);
            if case.target.is_some() {
                wants.insert(Want::LargeFile);
            }
        }
        wants
    },
    conclude,
};

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    let conclusion = match malformation(case) {
        Some((certainty, why, corrected)) => Conclusion::ok("").with([malformed(case, certainty, &why, corrected)]),
        None if case.limits.offline => Conclusion::skipped("not asked: --offline"),
        None if !case.settings.foreign_endpoint() => {
            Conclusion::ok(format!("the endpoint is the Hub, {}", case.settings.endpoint))
        }
        None => mirror(case, seen),
    };
    conclusion.and_log(case, CAUSES, Source::Hub)
}

/// What is wrong with the value of HF_ENDPOINT itself, and what was probably meant.
fn malformation(case: &Case) -> Option<(Certainty, String, Option<String>)> {
    use Certainty::{Confirmed, Likely};
    let value = case.settings.endpoint_variable.as_deref()?;
    // huggingface_hub takes an empty value for an endpoint without a host, not for a variable that is not set.
    if value.trim().trim_end_matches('/').is_empty() {
        return Some((Confirmed, "it is set, but empty".to_owned(), None));
    }
    let quotes: &[char] = &['"', '\'', '“', '”', '‘', '’', '`'];
    let bare: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !quotes.contains(c)).collect();
    let corrected = || corrected(&bare);
    if value.contains(quotes) {
        return Some((Confirmed, "quotation marks are part of the value".to_owned(), corrected()));
    }
    if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some((Confirmed, "there is a blank or line end in the value".to_owned(), corrected()));
    }
    let Some((scheme, _)) = value.split_once("://") else {
        return Some((Confirmed, "the scheme `https://` is missing".to_owned(), corrected()));
    };
    if !["http", "https"].iter().any(|s| scheme.eq_ignore_ascii_case(s)) {
        return Some((Confirmed, format!("`{scheme}://` is no scheme of a web server"), corrected()));
    }
    let Ok(url) = Url::parse(value) else {
        return Some((Confirmed, "it is no URL".to_owned(), corrected()));
    };
    let host = url.host_str().unwrap_or_default();
    if host.is_empty() {
        return Some((Confirmed, "the host is missing".to_owned(), None));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Some((Confirmed, "a query or fragment is part of it".to_owned(), corrected()));
    }
    let path = url.path().trim_matches('/');
    if is_hub_host(host) || host.eq_ignore_ascii_case("www.huggingface.co") {
        if !path.is_empty() {
            return Some((
                Confirmed,
                format!("it has the path `/{path}`: only scheme and host belong there"),
                corrected(),
            ));
        }
        if url.scheme() == "http" {
            return Some((Likely, "`http://` is redirected, which clients do not follow".to_owned(), corrected()));
        }
    } else if path == "api" || path.ends_with("/resolve") || path.contains("/resolve/") || path == "models" {
        return Some((Confirmed, format!("it has the path `/{path}`, which clients append themselves"), corrected()));
    }
    None
}

/// Scheme and host of what was probably meant.
fn corrected(bare: &str) -> Option<String> {
    let rest = bare.rsplit_once("//").map_or(bare, |(_, rest)| rest);
    let rest = rest.trim_start_matches('/');
    let url = Url::parse(&format!("https://{rest}")).ok()?;
    let host = url.host_str().filter(|h| h.contains('.') || *h == "localhost")?;
    if is_hub_host(host) || host.eq_ignore_ascii_case("www.huggingface.co") {
        return Some(DEFAULT_ENDPOINT.to_owned());
    }
    let scheme = if bare.starts_with("http://") { "http" } else { "https" };
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    // The paths of repository managers are part of their endpoint.
    let path = url.path().trim_end_matches('/');
    let keep = !(path == "/api" || path == "/models" || path.contains("/resolve"));
    Some(format!("{scheme}://{host}{port}{}", if keep { path } else { "" }))
}

fn malformed(case: &Case, certainty: Certainty, why: &str, corrected: Option<String>) -> Finding {
    let value = case.settings.endpoint_variable.clone().unwrap_or_default();
    let mut finding =
        Finding::new(Cause::EndpointMisconfigured, certainty, format!("`HF_ENDPOINT` is no endpoint: {why}"))
            .saw(Source::Environment, format!("`HF_ENDPOINT={}`", value.escape_debug()));
    let corrected = corrected.filter(|c| c != DEFAULT_ENDPOINT);
    if let Some(corrected) = &corrected {
        let title = "write it as clients read it: scheme and host";
        finding = finding.fix(set_variable("endpoint-correct", Risk::Ask, title, "HF_ENDPOINT", corrected));
    }
    finding.fix(unset())
}

fn unset() -> Fix {
    unset_variables("endpoint-unset", Risk::Ask, "use the Hub itself", &["HF_ENDPOINT"])
}

/// The endpoint is another server than the Hub.
fn mirror(case: &Case, seen: &Observations) -> Conclusion {
    let route = match seen.route() {
        Ok(route) => route,
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    let conclusion = if reach::mirror_is_to_blame(case, route, seen) {
        Conclusion::ok("").with([unreachable(case, route, seen)])
    } else {
        match first_answer(case, seen) {
            Ok(Ok(answer)) => answered(case, route, seen, answer),
            Ok(Err(Failure::Circle { why, .. })) => {
                Conclusion::ok("").with([in_a_circle(case, &route.host, why, seen)])
            }
            Ok(Err(failure)) => Conclusion::unknown(failure.to_string()),
            Err(why) => Conclusion::unknown(why.to_string()),
        }
    };
    // huggingface_hub sends the token to the origin of HF_ENDPOINT as it does to the Hub.
    match case.tokens.active(&case.settings) {
        Some(_) if !case.limits.trust_endpoint => conclusion.note(format!(
            "huggingface_hub sends the token to `{}`, since HF_ENDPOINT names it; hfdoctor does not",
            route.host
        )),
        _ => conclusion,
    }
}

fn unreachable(case: &Case, route: &Route, seen: &Observations) -> Finding {
    let host = &route.host;
    let (named, why) = match fault(route) {
        Some(Fault::Lookup(fault @ DnsFault::NotFound)) => (Cause::EndpointMisconfigured, fault.to_string()),
        Some(Fault::Lookup(fault)) => (Cause::MirrorFailure, fault.to_string()),
        Some(Fault::Connection(fault)) => (Cause::MirrorFailure, fault.to_string()),
        Some(Fault::Handshake(_, fault) | Fault::Filtered(_, fault)) => (Cause::MirrorFailure, fault.to_string()),
        Some(Fault::Misdirected(why)) => (Cause::MirrorFailure, why.into_iter().next().unwrap_or_default()),
        _ => (Cause::MirrorFailure, "it cannot be reached".to_owned()),
    };
    let summary = match named {
        Cause::EndpointMisconfigured => format!("`HF_ENDPOINT` names `{host}`, which does not exist: {why}"),
        _ => format!("the mirror `{host}` of `HF_ENDPOINT` cannot be reached: {why}"),
    };
    let finding = Finding::new(named, Certainty::Confirmed, summary)
        .saw(Source::Environment, format!("`HF_ENDPOINT={}`", case.settings.endpoint))
        .saw(Source::Network, format!("`{host}`: {why}"))
        .with_evidence(reach::neutral_evidence(route));
    with_the_hub(case, finding, seen)
}

/// The control: the Hub itself. Where it can be reached the mirror is not needed.
fn with_the_hub(case: &Case, finding: Finding, seen: &Observations) -> Finding {
    if reach::hub_reachable(seen) {
        finding.saw(Source::Network, "huggingface.co itself can be reached").fix(unset())
    } else {
        finding
            .saw(Source::Network, "huggingface.co itself was not reached either")
            .with_evidence(reach::mirror_evidence(case, seen))
            .with_fixes(reach::go_through_a_mirror(case, seen))
            .fix(unset())
    }
}

fn answered(case: &Case, route: &Route, seen: &Observations, answer: &Answer) -> Conclusion {
    let host = &route.host;
    let commit = answer.headers.contains_key("x-repo-commit");
    let of_a_hub = answer.from_application();
    let asked_without_token = !answer.with_token && case.tokens.active(&case.settings).is_some();
    match answer.status {
        429 => Conclusion::ok(format!("`{host}` answers 429, which is its limit's matter")),
        500..=599 => Conclusion::ok("").with([failing(case, host, answer, seen)]),
        200..=399 if commit => weights(case, host, seen),
        300..=399 => redirected(case, host, answer, seen),
        401 | 403 if asked_without_token || !of_a_hub => Conclusion::unknown(format!(
            "`{host}` answers {} to a request without a token; --trust-endpoint sends it the token",
            answer.status
        )),
        // Nobody asked for that very file: in the Hub's own words it is not there, and others may be.
        404 if commit && !names_a_file(case) => weights(case, host, seen),
        400..=499 if of_a_hub => lacking(case, host, answer, seen),
        // Mirrors drop the Hub's marks; a web site's own page for what is missing is HTML.
        404 | 410 if is_known_mirror(host) || !is_html(answer) => lacking(case, host, answer, seen),
        _ => Conclusion::ok("").with([no_hub(case, host, answer, seen)]),
    }
}

fn names_a_file(case: &Case) -> bool {
    case.target.as_ref().is_some_and(|target| target.file.is_some())
}

/// Small files are served as a Hub does. A mirror that copies may have those alone.
fn weights(case: &Case, host: &str, seen: &Observations) -> Conclusion {
    match seen.large_file() {
        Ok(Some(large)) if (500..=599).contains(&large.answer.status) => {
            Conclusion::ok("").with([failing(case, host, &large.answer, seen)])
        }
        Ok(Some(large)) if matches!(large.answer.status, 404 | 410) && !names_a_file(case) => {
            lacking(case, host, &large.answer, seen)
        }
        _ => Conclusion::ok(format!("`{host}` answers as a Hub does")),
    }
}

/// The redirects of the endpoint lead back to themselves.
fn in_a_circle(case: &Case, host: &str, why: &str, seen: &Observations) -> Finding {
    let (named, what) = if is_known_mirror(host) {
        (Cause::MirrorFailure, format!("the mirror `{host}` of `HF_ENDPOINT`"))
    } else {
        (Cause::EndpointMisconfigured, format!("the server `{host}` of `HF_ENDPOINT`"))
    };
    let summary = format!("{what} redirects a download in a circle: no client comes to an end there");
    let finding = Finding::new(named, Certainty::Confirmed, summary)
        .saw(Source::Environment, format!("`HF_ENDPOINT={}`", case.settings.endpoint))
        .saw(Source::Network, why.to_owned());
    with_the_hub(case, finding, seen)
}

fn is_known_mirror(host: &str) -> bool {
    host == "hf-mirror.com" || host.ends_with(".hf-mirror.com")
}

fn is_html(answer: &Answer) -> bool {
    answer.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("text/html"))
}

fn failing(case: &Case, host: &str, answer: &Answer, seen: &Observations) -> Finding {
    let summary = format!("the mirror `{host}` of `HF_ENDPOINT` fails with {}", answer.status);
    let finding = Finding::new(Cause::MirrorFailure, Certainty::Confirmed, summary)
        .saw(Source::Environment, format!("`HF_ENDPOINT={}`", case.settings.endpoint))
        .saw(Source::Network, format!("HEAD {} answers {}", answer.url.path(), answer.status));
    with_the_hub(case, finding, seen)
}

/// The mirror sends the client elsewhere before it names a commit.
fn redirected(case: &Case, host: &str, answer: &Answer, seen: &Observations) -> Conclusion {
    let to = answer.location();
    let target = to.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned();
    // From 1.30 on the client follows redirects to the Hub's own hosts.
    let followed = is_hub_host(&target) && case.clients.hub_is(|v| v >= (1, 30, 0));
    if followed && reach::hub_reachable(seen) {
        return Conclusion::ok(format!("`{host}` sends the client back to `{target}`"))
            .note(format!("the mirror `{host}` only redirects to `{target}`: it helps nothing"));
    }
    if target.eq_ignore_ascii_case(host) {
        return Conclusion::ok(format!("`{host}` redirects within itself"));
    }
    let (named, summary) = if is_hub_host(&target) {
        (
            Cause::MirrorFailure,
            format!("the mirror `{host}` only redirects to `{target}`, which this client does not follow"),
        )
    } else {
        (Cause::EndpointMisconfigured, format!("`{host}` of `HF_ENDPOINT` is no Hub: it redirects to `{target}`"))
    };
    let finding = Finding::new(named, Certainty::Confirmed, summary)
        .saw(Source::Environment, format!("`HF_ENDPOINT={}`", case.settings.endpoint))
        .saw(Source::Network, format!("HEAD {} answers {} without `X-Repo-Commit`", answer.url.path(), answer.status));
    Conclusion::ok("").with([with_the_hub(case, finding, seen)])
}

fn no_hub(case: &Case, host: &str, answer: &Answer, seen: &Observations) -> Finding {
    let certainty = if answer.status < 300 { Certainty::Confirmed } else { Certainty::Likely };
    let summary = format!("`{host}` of `HF_ENDPOINT` does not answer as a Hub does");
    let mut finding = Finding::new(Cause::EndpointMisconfigured, certainty, summary)
        .saw(Source::Environment, format!("`HF_ENDPOINT={}`", case.settings.endpoint))
        .saw(Source::Network, format!("HEAD {} answers {} without `X-Repo-Commit`", answer.url.path(), answer.status));
    if let Some(server) = answer.header("server") {
        finding = finding.saw(Source::Network, format!("`Server: {}`", crate::observe::tls::clean(&server)));
    }
    if host.ends_with("modelscope.cn") {
        finding = finding.fix(
            Fix::manual("modelscope-client", "ModelScope has a client of its own").command("pip install modelscope"),
        );
    }
    with_the_hub(case, finding, seen)
}

/// Whether the Hub has what the mirror does not. A gate's refusal says that there is something behind it; a mirror that
/// hands the Hub's answers on would have handed on that one.
fn has_it(at_hub: &Answer, at_mirror: &Answer) -> bool {
    let gated = at_hub.error_code().is_some_and(|code| code == "GatedRepo") && !at_mirror.from_application();
    at_hub.from_application() && (at_hub.status < 400 || gated)
}

/// The mirror says no: does the Hub have what was asked for?
fn lacking(case: &Case, host: &str, answer: &Answer, seen: &Observations) -> Conclusion {
    let beside = match seen.beside_mirror() {
        Ok(Some(beside)) => beside,
        Ok(None) => return Conclusion::ok(format!("`{host}` answers {}", answer.status_words())),
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    match &beside.access {
        Ok(at_hub) if has_it(at_hub, answer) => {
            let summary = format!(
                "the mirror `{host}` does not have what the Hub has: it answers {}, the Hub {}",
                answer.status_words(),
                at_hub.status_words()
            );
            let how = match (at_hub.status, at_hub.with_token) {
                (400.., _) => ": it is there, behind a gate",
                (_, true) => " with the token",
                _ => "",
            };
            let finding = Finding::new(Cause::MirrorFailure, Certainty::Confirmed, summary)
                .saw(Source::Environment, format!("`HF_ENDPOINT={}`", case.settings.endpoint))
                .saw(Source::Network, format!("HEAD {} at `{host}`: {}", answer.url.path(), answer.status_words()))
                .saw(Source::Hub, format!("the same at huggingface.co: {}{how}", at_hub.status_words()));
            Conclusion::ok("").with([finding.fix(unset())])
        }
        Ok(at_hub) => Conclusion::ok(format!(
            "`{host}` answers {}, the Hub itself {}: the mirror adds nothing to it",
            answer.status_words(),
            at_hub.status_words()
        )),
        Err(failure) => Conclusion::unknown(format!(
            "`{host}` answers {}; whether the Hub has it could not be asked: {failure}",
            answer.status_words()
        )),
    }
}
