//! Whether it is the Hub that answers.

use crate::case::Case;
use crate::check::network::reach::{self, first_answer};
use crate::check::{Check, Conclusion};
use crate::observe::head::Head;
use crate::observe::layer::{Layer, block, writer};
use crate::observe::route::fault::{Fault, fault};
use crate::observe::{Answer, Failure, Observations, Route};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Source};
use hfdoctor_core::hub::is_hub_host;
use hfdoctor_core::text::list;

const CAUSES: &[Cause] = &[Cause::CaptivePortal];

/// The check.
pub static CHECK: Check = Check {
    name: "portal",
    about: "whether it is the Hub that answers",
    causes: CAUSES,
    wants: reach::wants_with_listing,
    conclude,
};

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    reach::conclude(case, seen, CAUSES, Source::Network, live)
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    if case.settings.foreign_endpoint() {
        return Conclusion::skipped("the endpoint is not the Hub; the endpoint check judges its answers");
    }
    let route = seen.route();
    if let Ok(route) = &route
        && let Some(Fault::Untrusted(session)) = fault(route)
        && let Some(head) = session.head.as_ref().filter(|head| strange(head, &route.host))
    {
        return Conclusion::ok("").with([behind_a_forged_certificate(route, head)]);
    }
    let answer = match first_answer(case, seen) {
        Ok(Ok(answer)) => answer,
        Ok(Err(Failure::Circle { by_application, why })) => {
            return Conclusion::ok("").with([in_a_circle(seen, *by_application, why)]);
        }
        Ok(Err(failure)) => return Conclusion::unknown(failure.to_string()),
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    let found = stranger(case, answer).or_else(|| stripped(seen, answer)).or_else(|| at_the_listing(case, seen));
    match found {
        Some(finding) => Conclusion::ok("").with([finding]),
        None if answer.from_application() => {
            Conclusion::ok(format!("`{}` answers as the Hub's application", answer.url.host_str().unwrap_or_default()))
        }
        None => Conclusion::ok("nothing on the way answers in the Hub's place"),
    }
}

/// An answer over trusted TLS that neither the Hub's application nor its edge wrote.
fn stranger(case: &Case, answer: &Answer) -> Option<Finding> {
    let host = answer.url.host_str().unwrap_or_default();
    let written = writer(answer, &case.settings, case.limits.trust_endpoint);
    if !matches!(written.layer, Layer::Proxy | Layer::Unmarked) || matches!(answer.status, 429 | 500..=599) {
        return None;
    }
    let away = answer.location().filter(|to| to.host_str().is_some_and(|h| !is_hub_host(h) && !serves_the_hub(h)));
    let html = is_html(answer);
    let by = written.software.as_ref().map(|s| format!(", by {s}")).unwrap_or_default();
    let (certainty, what) = match (answer.status, &away) {
        (_, Some(to)) => (Certainty::Confirmed, format!("redirects to `{}`", to.host_str().unwrap_or_default())),
        (200..=299, None) if html || !answer.headers.contains_key("x-repo-commit") => {
            (Certainty::Confirmed, format!("answers {} with a page of its own", answer.status))
        }
        (403 | 451 | 511, None) if html || written.layer == Layer::Proxy || answer.status == 511 => {
            (Certainty::Confirmed, format!("answers {} in the Hub's place", answer.status))
        }
        (403 | 451, None) => (Certainty::Likely, format!("answers {} without any mark of the Hub", answer.status)),
        _ => return None,
    };
    let summary =
        format!("something between this machine and `{host}` {what}{by}: a login page or a filter's block page");
    let mut finding = Finding::new(Cause::CaptivePortal, certainty, summary).saw(
        Source::Network,
        format!("`{}` answers {} without `X-Request-Id` and `X-Repo-Commit`", answer.url.path(), answer.status),
    );
    if let Some(to) = &away {
        finding = finding.saw(Source::Network, format!("`Location: {}`", short_url(to)));
    }
    for mark in &written.marks {
        finding = finding.saw(Source::Network, mark.clone());
    }
    Some(finding.with_fixes(remedies()))
}

fn is_html(answer: &Answer) -> bool {
    answer.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("text/html"))
}

/// Files are served, and somebody else answers for the list of files, which a download of a whole repository asks for first.
fn at_the_listing(case: &Case, seen: &Observations) -> Option<Finding> {
    let (listing, words) = reach::listing_alone(case, seen)?;
    // An answer that is a list without the Hub's marks, or tries to be one, is no page.
    let finding = stranger(case, listing).filter(|_| listing.status >= 300 || is_html(listing))?;
    Some(finding.saw(Source::Network, words))
}

/// The Hub's answer without the headers by which clients know it: something on the way takes them out.
///
/// On a file the Hub names the commit and an ETag, in its redirects too, and huggingface_hub takes nothing without them.
fn stripped(seen: &Observations, answer: &Answer) -> Option<Finding> {
    let to = answer.location();
    let to_storage = to.as_ref().and_then(url::Url::host_str).is_some_and(serves_the_hub);
    let answers_with_file = answer.status == 200 || to_storage;
    if !answers_with_file || block(answer).is_some() {
        return None;
    }
    let lacks = |names: &[&str]| names.iter().all(|name| !answer.headers.contains_key(*name));
    let missing: Vec<String> = [("X-Repo-Commit", &["x-repo-commit"][..]), ("ETag", &["etag", "x-linked-etag"])]
        .into_iter()
        .filter(|(_, names)| lacks(names))
        .map(|(shown, _)| format!("`{shown}`"))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let host = answer.url.host_str().unwrap_or_default();
    let certainty = if answer.from_application() { Certainty::Confirmed } else { Certainty::Likely };
    let missing = list(&missing);
    let summary = format!(
        "something between this machine and `{host}` takes {missing} out of the Hub's answers, without which clients do not \
         download"
    );
    let finding = Finding::new(Cause::CaptivePortal, certainty, summary)
        .saw(Source::Network, format!("`{}` answers {} without {missing}", answer.url.path(), answer.status));
    Some(through(finding, seen).fix(leave_answers_alone()))
}

/// Redirects that lead back to themselves. The Hub's own end; what rewrites its answers on the way makes such circles.
fn in_a_circle(seen: &Observations, by_application: bool, why: &str) -> Finding {
    let summary = "something between this machine and the Hub redirects a download in a circle";
    let marks = if by_application {
        "the redirects bear the marks of the Hub's application: it may be the Hub's own fault, which passes"
    } else {
        "the redirects bear no mark of the Hub's application"
    };
    let finding = Finding::new(Cause::CaptivePortal, Certainty::Likely, summary)
        .saw(Source::Network, why.to_owned())
        .saw(Source::Network, marks);
    through(finding, seen).fix(leave_answers_alone()).with_fixes(remedies())
}

/// Names the proxy that the answer came through, if there is one.
fn through(finding: Finding, seen: &Observations) -> Finding {
    let proxied = seen.route().ok().and_then(|route| route.proxied.as_ref());
    match proxied {
        Some(proxied) => {
            finding.saw(Source::Environment, format!("requests go through the proxy {}", proxied.setting.shown()))
        }
        _ => finding,
    }
}

fn leave_answers_alone() -> Fix {
    Fix::manual(
        "filter-headers",
        "have the proxy, filter or virus scanner leave the answers of huggingface.co alone, or go without it",
    )
    .command("curl -sI https://huggingface.co/openai-community/gpt2/resolve/main/config.json")
}

/// The Hub's own storage and Xet hosts.
fn serves_the_hub(host: &str) -> bool {
    ["hf.co", "huggingface.co"].iter().any(|suffix| host.ends_with(&format!(".{suffix}")))
        || host.ends_with(".amazonaws.com")
}

/// Whether a head is a login page's or a block page's: no mark of the Hub or of its edge.
fn strange(head: &Head, host: &str) -> bool {
    let of_the_hub = head.header("x-powered-by").is_some_and(|v| v.contains("huggingface"))
        || head.header("x-amz-cf-id").is_some()
        || head.header("x-request-id").is_some_and(|v| v.starts_with("Root="));
    let away = head
        .header("location")
        .and_then(|to| url::Url::parse(to).ok())
        .is_some_and(|to| to.host_str().is_some_and(|other| !other.eq_ignore_ascii_case(host) && !is_hub_host(other)));
    let html = head.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("text/html"));
    !of_the_hub && (away || (html && matches!(head.status, 200 | 401 | 403 | 451 | 511)) || head.status == 511)
}

fn behind_a_forged_certificate(route: &Route, head: &Head) -> Finding {
    let host = &route.host;
    let what = match head.header("location").and_then(|to| url::Url::parse(to).ok()) {
        Some(to) => format!("redirects to `{}`", to.host_str().unwrap_or_default()),
        None => format!("answers {} with a page of its own", head.status),
    };
    let summary = format!("something between this machine and `{host}` {what}: a login page or a filter's block page");
    Finding::new(Cause::CaptivePortal, Certainty::Confirmed, summary)
        .saw(
            Source::Network,
            format!("its certificate is not the Hub's, and it answers {} {}", head.status, head.reason),
        )
        .with_fixes(remedies())
}

fn remedies() -> Vec<Fix> {
    vec![
        Fix::manual("portal-login", "log in to the network: open any page in a browser").command(
            if cfg!(target_os = "macos") { "open http://neverssl.com" } else { "xdg-open http://neverssl.com" },
        ),
        Fix::manual("filter-allow", "have the filter's administrator allow huggingface.co and everything below hf.co"),
    ]
}

/// A URL without its query, which may hold a session's secret.
fn short_url(url: &url::Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
