//! Which token is sent, where it comes from, its bytes, and whether the Hub accepts it.

pub mod bytes;
pub mod remedies;
mod which;

use std::collections::BTreeSet;

use crate::case::{Case, TokenPlace, TokenSource};
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::hub::rejects_token;
use crate::observe::{Answer, Observations, Resolve, Seen, Unseen, Want};
use bytes::{Fault, faults};
use hfdoctor_core::diagnosis::{Action, Bearing, Cause, Certainty, Finding, Fix, Risk, Source};
use which::{hidden_note, led_past, left_behind, shadowed, stops_the_client};

const CAUSES: &[Cause] =
    &[Cause::TokenMalformed, Cause::TokenInvalid, Cause::TokenShadowed, Cause::CachePermission, Cause::PathTooLong];

/// Those that a log's words are about the token for.
const LOGGED: &[Cause] = &[Cause::TokenMalformed, Cause::TokenInvalid, Cause::TokenShadowed];

/// The check.
pub static CHECK: Check = Check {
    name: "token",
    about: "which token is sent, where it comes from, its bytes, and whether the Hub accepts it",
    causes: CAUSES,
    wants,
    conclude,
};

fn wants(case: &Case) -> BTreeSet<Want> {
    if case.tokens.first().is_none() {
        let leads_past = left_behind(case).is_some() && case.target.is_some();
        return if leads_past { BTreeSet::from([Want::Resolve, Want::OtherTokens]) } else { BTreeSet::new() };
    }
    let file = if case.target.is_some() { Want::Resolve } else { Want::Control };
    BTreeSet::from([Want::Whoami, Want::OtherTokens, file])
}

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    let mut conclusion = match case.tokens.first() {
        None => without_token(case, seen),
        Some(source) => with_token(case, source, seen),
    };
    for (path, unreadable) in &case.tokens.unreadable {
        conclusion = match stops_the_client(case, path, unreadable) {
            Some(finding) => conclusion.with([finding]),
            None => conclusion.note(format!("{} cannot be read: {}", path.display(), unreadable.why)),
        };
    }
    conclusion.and_log(case, LOGGED, Source::Environment)
}

/// No token at all: public repositories need none, so that this is no problem by itself.
fn without_token(case: &Case, seen: &Observations) -> Conclusion {
    let mut conclusion = Conclusion::ok("no token is set; public repositories need none").with(led_past(case, seen));
    for source in &case.tokens.sources {
        conclusion = conclusion.note(format!("{} is set but empty", source.place));
    }
    for source in &case.tokens.ignored {
        conclusion = conclusion
            .note(format!("{} holds a token, but huggingface_hub does not read it: it reads `HF_TOKEN`", source.place));
    }
    conclusion
}

fn with_token(case: &Case, source: &TokenSource, seen: &Observations) -> Conclusion {
    let verdict = Verdict::of(case, seen);
    let mut conclusion = match &verdict {
        Verdict::Accepted(who) => Conclusion::ok(format!("{}: {}{who}", source.place, source.token.describe())),
        // A token that is not sent has no part in a download.
        Verdict::Unknown(why) if case.limits.offline || case.settings.implicit_token_disabled => {
            Conclusion::skipped(format!("{}: {}; not tested: {why}", source.place, source.token.describe()))
        }
        Verdict::Unknown(why) => {
            Conclusion::unknown(format!("{}: {}; not tested: {why}", source.place, source.token.describe()))
        }
        Verdict::Rejected(_) => Conclusion::ok(""),
    };
    let faults = faults(source.token.expose());
    if let Some(finding) = malformed(case, source, &faults, &verdict, seen) {
        conclusion.add(finding);
    } else if faults.contains(&Fault::OuterSpace) {
        conclusion = conclusion.note(format!(
            "the token in {} has blanks or line ends around it: huggingface_hub strips them since 0.20, \
             curl and llama.cpp do not",
            source.place
        ));
    }
    if let Verdict::Rejected(answer) = &verdict {
        conclusion.add(invalid(case, source, answer, seen));
    }
    if let Some(finding) = shadowed(case, source, &verdict, seen) {
        conclusion.add(finding);
    }
    if let Some(note) = hidden_note(case, source, &verdict) {
        conclusion = conclusion.note(note);
    }
    if let (true, TokenPlace::File(path)) = (remedies::open_to_others(source), &source.place) {
        conclusion = conclusion.note(format!(
            "others on this machine may read the {}: `chmod go= {}` keeps them out",
            source.place,
            hfdoctor_core::text::shell::quoted(path)
        ));
    }
    conclusion
}

/// What the Hub thinks of the active token.
enum Verdict {
    /// It answered as to a known account, told in the words behind the token's description.
    Accepted(String),
    /// It rejected the token itself.
    Rejected(Box<Answer>),
    /// It could not be asked, and why. This says nothing against the token.
    Unknown(String),
}

impl Verdict {
    fn of(case: &Case, seen: &Observations) -> Verdict {
        if let Some(answer) = answers_with_token(seen).into_iter().find(|answer| rejects_token(answer)) {
            return Verdict::Rejected(Box::new(answer.clone()));
        }
        match seen.whoami() {
            Ok(whoami) => {
                let answer = &whoami.answer;
                if answer.status == 401 && answer.from_application() {
                    return Verdict::Rejected(Box::new(answer.clone()));
                }
                if let Some(identity) = &whoami.identity {
                    return Verdict::Accepted(format!("; {}", identity.describe()));
                }
                if accepted_elsewhere(seen) {
                    return Verdict::Accepted(String::new());
                }
                Verdict::Unknown(format!("/api/whoami-v2 answered {}", answer.status))
            }
            Err(_) if accepted_elsewhere(seen) => Verdict::Accepted(String::new()),
            Err(_) if case.settings.implicit_token_disabled => {
                Verdict::Unknown("`HF_HUB_DISABLE_IMPLICIT_TOKEN` keeps it from being sent".to_owned())
            }
            Err(Unseen(why)) => Verdict::Unknown(why),
        }
    }

    fn is_rejected(&self) -> bool {
        matches!(self, Verdict::Rejected(_))
    }
}

/// The answers to requests that carried the active token.
fn answers_with_token(seen: &Observations) -> Vec<&Answer> {
    [seen.resolve(), seen.control()]
        .into_iter()
        .filter_map(Result::ok)
        .filter_map(|resolve| resolve.with_token.as_ref()?.as_ref().ok())
        .chain(seen.whoami().ok().map(|whoami| &whoami.answer))
        .filter(|answer| answer.with_token)
        .collect()
}

/// Whether the Hub answered a request with the token as it answers a known account: with success, or with a refusal that it
/// gives only to those it knows.
fn accepted_elsewhere(seen: &Observations) -> bool {
    answers_with_token(seen).into_iter().any(|answer| {
        answer.from_application()
            && (answer.status < 400 || (matches!(answer.status, 403 | 404) && answer.error_code().is_some()))
    })
}

/// The finding that the bytes are wrong, unless the fault is one that this client strips or that only a guess stands behind
/// and the Hub takes the token.
fn malformed(
    case: &Case,
    source: &TokenSource,
    faults: &[Fault],
    verdict: &Verdict,
    seen: &Observations,
) -> Option<Finding> {
    let accepted = matches!(verdict, Verdict::Accepted(_));
    let strips = !case.clients.hub_is(|version| version < (0, 20, 0));
    // A server other than the Hub has its own tokens, of any form.
    let foreign = case.settings.foreign_endpoint();
    let grave: Vec<Fault> = faults
        .iter()
        .copied()
        .filter(|fault| !(*fault == Fault::OuterSpace && strips))
        .filter(|fault| !(fault.is_a_guess() && (accepted || foreign)))
        .filter(|fault| !(matches!(fault, Fault::OtherVendor(_)) && foreign))
        .collect();
    if grave.is_empty() || (accepted && grave.iter().all(|fault| *fault == Fault::OuterSpace)) {
        return None;
    }
    let words: Vec<String> = grave.iter().map(|fault| fault.words()).collect();
    let only_guesses = grave.iter().all(|fault| fault.is_a_guess());
    // The log's rejection is of this token: the case's tokens are the ones that its client sends.
    let rejected = verdict.is_rejected() || rejected_in_the_log(case);
    let certainty = if rejected || !only_guesses { Certainty::Confirmed } else { Certainty::Likely };
    // What the Hub would reject plays no part where no request reaches it.
    let sent = grave.iter().all(|fault| fault.can_be_sent());
    let unasked = !case.limits.offline && sent && nobody_judged(seen) || case.settings.offline.is_some();
    let bearing = if (only_guesses || unasked) && !rejected { Bearing::Condition } else { Bearing::Failure };
    let mut finding = Finding::new(
        Cause::TokenMalformed,
        certainty,
        format!("the token in {} {}", source.place, words.join(" and ")),
    )
    .bearing(bearing)
    .saw(Source::Environment, format!("{}: {}", source.place, source.token.describe()));
    if let Verdict::Rejected(answer) = verdict {
        finding = finding.saw(Source::Hub, answer.told());
    }
    let strippable = grave.iter().all(|fault| fault.can_be_stripped());
    Some(finding.with_fixes(byte_fixes(case, source, strippable)))
}

/// Whether the log's failure is that the Hub rejects the token.
fn rejected_in_the_log(case: &Case) -> bool {
    log_findings(case, &[Cause::TokenInvalid]).iter().any(|finding| finding.bearing == Bearing::Failure)
}

/// Whether no request with the token came as far as the Hub's judgement of it: nothing answered, or it fails itself.
fn nobody_judged(seen: &Observations) -> bool {
    let answered = |resolve: Seen<&Resolve>| {
        resolve.is_ok_and(|resolve| resolve.asked().as_ref().is_ok_and(|answer| answer.status < 500))
    };
    let asked = seen.resolve().is_ok() || seen.control().is_ok();
    asked && !answered(seen.resolve()) && !answered(seen.control()) && seen.whoami().is_err()
}

fn byte_fixes(case: &Case, source: &TokenSource, strippable: bool) -> Vec<Fix> {
    let mut fixes = Vec::new();
    match &source.place {
        TokenPlace::File(path) if strippable => fixes.push(
            Fix::automatic(
                "token-clean",
                Risk::Safe,
                "rewrite the token file without the bytes that do not belong to the token",
                vec![Action::CleanToken { path: path.clone() }],
            )
            .command(case.clients.login_command()),
        ),
        TokenPlace::Variable(name) if strippable => fixes.push(remedies::repair_variable(name)),
        TokenPlace::Variable(name) => fixes.push(remedies::unset_variable(case, name, "what it holds is no token")),
        _ => {}
    }
    fixes.push(new_token(case));
    fixes
}

/// A new token, stored where the client looks.
fn new_token(case: &Case) -> Fix {
    Fix::automatic(
        "token-store",
        Risk::Ask,
        "log in with a token from https://huggingface.co/settings/tokens",
        vec![Action::StoreToken { path: case.settings.token_path.clone() }],
    )
    .command(case.clients.login_command())
}

fn invalid(case: &Case, source: &TokenSource, answer: &Answer, seen: &Observations) -> Finding {
    let expired = answer.error_message().is_some_and(|m| m.contains("is expired"));
    let what = if expired { "has expired" } else { "is rejected by the Hub: revoked, deleted or mistyped" };
    let mut finding =
        Finding::new(Cause::TokenInvalid, Certainty::Confirmed, format!("the token in {} {what}", source.place))
            .saw(Source::Hub, answer.told())
            .saw(Source::Environment, format!("{}: {}", source.place, source.token.describe()));
    let without = [seen.resolve(), seen.control()].into_iter().filter_map(Result::ok).find_map(|resolve| {
        let answer = resolve.without.as_ref().ok()?;
        (answer.status < 400).then(|| format!("{} on {} without the token", answer.status, resolve.url.path()))
    });
    if let Some(detail) = without {
        finding = finding.saw(Source::Hub, detail);
    }
    if let TokenPlace::Variable(name) = source.place {
        finding = finding.fix(remedies::unset_variable(case, name, "stop sending the rejected token"));
    }
    finding.fix(new_token(case))
}
