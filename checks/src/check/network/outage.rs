//! Whether the Hub itself fails.

use crate::case::Case;
use crate::check::network::reach::{self, first_answer};
use crate::check::{Check, Conclusion};
use crate::observe::layer::{Layer, block, writer};
use crate::observe::{Answer, Observations};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Source};

const CAUSES: &[Cause] = &[Cause::HubOutage];

/// The check.
pub static CHECK: Check = Check {
    name: "outage",
    about: "whether the Hub itself fails",
    causes: CAUSES,
    wants: reach::wants_with_listing,
    conclude,
};

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    reach::conclude(case, seen, CAUSES, Source::Hub, live)
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    let answer = match first_answer(case, seen) {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => return Conclusion::unknown(failure.to_string()),
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    if answer.status < 500 {
        return match api_alone(case, seen) {
            Some(finding) => Conclusion::ok("").with([finding]),
            None => Conclusion::ok(format!("the Hub answers {}", answer.status)),
        };
    }
    match failing(case, answer, seen) {
        Some(finding) => Conclusion::ok("").with([finding]),
        None => Conclusion::ok(format!("the answer {} is not the Hub's own", answer.status)),
    }
}

/// Files are served, and the list of files is not, which a download of a whole repository asks for first.
fn api_alone(case: &Case, seen: &Observations) -> Option<Finding> {
    let (listing, words) = reach::listing_alone(case, seen)?;
    let finding = failing(case, listing, seen).filter(|_| listing.status >= 500)?;
    Some(finding.saw(Source::Hub, words))
}

fn failing(case: &Case, answer: &Answer, seen: &Observations) -> Option<Finding> {
    let written = writer(answer, &case.settings, case.limits.trust_endpoint);
    let (certainty, who) = match written.layer {
        Layer::Application => (Certainty::Confirmed, "the Hub's application"),
        Layer::MirrorUpstream => (Certainty::Likely, "the Hub behind the mirror"),
        Layer::Edge if block(answer).is_some() => return None,
        Layer::Edge => (Certainty::Confirmed, "the edge before the Hub"),
        Layer::Unmarked => (Certainty::Likely, "the Hub's host"),
        _ => return None,
    };
    let host = answer.url.host_str().unwrap_or_default();
    let summary =
        format!("{who} fails: `{host}` answers {}; nothing on this machine is wrong with that", answer.status);
    let mut finding = Finding::new(Cause::HubOutage, certainty, summary)
        .saw(Source::Hub, format!("{} answers {}", answer.url.path(), answer.status));
    if let Some(message) = answer.error_message() {
        finding = finding.saw(Source::Hub, format!("it says: {}", crate::observe::tls::clean(&message)));
    }
    if let Some(id) = answer.header("x-request-id").or_else(|| answer.header("x-amz-cf-id")) {
        finding = finding.saw(Source::Hub, format!("request id {}", crate::observe::tls::clean(&id)));
    }
    // The same with the token and without, and on other routes, shows that it is not this one request.
    let others = [seen.record().ok().map(|r| r.answer.status), seen.whoami().ok().map(|w| w.answer.status)];
    let failing = others.iter().flatten().filter(|s| **s >= 500).count();
    if failing > 0 {
        finding = finding.saw(Source::Hub, format!("{failing} other requests answer 5xx too"));
    }
    Some(finding.with_fixes(remedies()))
}

fn remedies() -> [Fix; 2] {
    [
        Fix::manual("outage-wait", "try again in some minutes: the server failed, nothing here is wrong"),
        Fix::manual("outage-status", "see what the Hub says of itself").command("https://status.huggingface.co"),
    ]
}
