//! Which token the client takes, and which one it leaves: hidden by another, led past by the settings, or unreadable.

use std::path::Path;

use super::remedies;
use super::{Verdict, new_token};
use crate::case::{Case, TokenPlace, TokenSource, Unreadable};
use crate::observe::Observations;
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Finding, Fix, Source};

/// The client fails at a token file that is there and cannot be read, also for public files; only one that is not there is
/// no token to it (huggingface_hub, `_get_token_from_file`). A token in a variable keeps it from looking.
pub(super) fn stops_the_client(case: &Case, path: &Path, unreadable: &Unreadable) -> Option<Finding> {
    let asks = path == case.settings.token_path && !case.settings.implicit_token_disabled;
    if !asks || case.tokens.first().is_some() {
        return None;
    }
    let shown = path.display();
    let quoted = hfdoctor_core::text::shell::quoted(path);
    let why = &unreadable.why;
    let (cause, fix) = if unreadable.denied {
        let fix = Fix::manual("take-ownership", "take the token file back, and keep others from reading it")
            .command(format!("sudo chown \"$(id -u):$(id -g)\" {quoted} && chmod 600 {quoted}"));
        (Cause::CachePermission, fix)
    } else if unreadable.too_long {
        let fix = Fix::manual("shorten-token-path", "let `HF_HOME` and `HF_TOKEN_PATH` name shorter paths");
        (Cause::PathTooLong, fix)
    } else {
        let fix = Fix::manual("move-obstacle", "move it out of the way, and log in again")
            .command(format!("mv {quoted} {quoted}.aside"))
            .command(case.clients.login_command());
        (Cause::TokenMalformed, fix)
    };
    let summary = format!("the token file {shown} cannot be read, and every download fails at it: {why}");
    Some(Finding::new(cause, Certainty::Confirmed, summary).saw(Source::Disk, format!("{shown}: {why}")).fix(fix))
}

/// The token file at its usual place, where the settings lead the client to another one.
pub(super) fn left_behind(case: &Case) -> Option<&TokenSource> {
    let usual = case.environment.expand("~/.cache/huggingface/token");
    case.tokens.elsewhere.iter().find(|source| source.place == TokenPlace::File(usual.clone()))
}

/// The settings lead past the saved token, which opens the repository.
pub(super) fn led_past(case: &Case, seen: &Observations) -> Option<Finding> {
    if case.settings.implicit_token_disabled {
        return None;
    }
    let saved = left_behind(case)?;
    let tried = seen.other_tokens().ok()?.iter().find(|other| other.place == saved.place)?;
    let opened = tried.access.as_ref().ok().filter(|answer| answer.status < 400)?;
    let name =
        ["HF_TOKEN_PATH", "HF_HOME", "XDG_CACHE_HOME"].into_iter().find(|n| case.environment.var(n).is_some())?;
    let looked = case.settings.token_path.display();
    let summary =
        format!("`{name}` leads the client past the saved token in {}, which may read this repository", saved.place);
    let finding = Finding::new(Cause::TokenShadowed, Certainty::Confirmed, summary)
        .saw(Source::Environment, format!("{} holds a token, but the client looks in {looked}", saved.place))
        .saw(Source::Hub, format!("{}: {} answers {}", saved.place, opened.url.path(), opened.status_words()));
    Some(finding.with_fixes(remedies::use_other_file(case, saved)).fix(new_token(case)))
}

/// Another token than the active one lies about, and the active one fails.
pub(super) fn shadowed(case: &Case, source: &TokenSource, verdict: &Verdict, seen: &Observations) -> Option<Finding> {
    if case.settings.implicit_token_disabled {
        return None;
    }
    let hides = |other: &str| format!("the token in {} hides {other}", source.place);
    let tried = seen.other_tokens().ok().map(Vec::as_slice).unwrap_or_default();
    if let Some(other) = tried.iter().find(|other| other.access.as_ref().is_ok_and(|a| a.status < 400)) {
        let finding = Finding::new(
            Cause::TokenShadowed,
            Certainty::Confirmed,
            format!("{}, which may read this repository", hides(&other.place.to_string())),
        )
        .saw(Source::Environment, format!("{}: {}, the one that is sent", source.place, source.token.describe()))
        .saw(Source::Hub, format!("{}: the same file answers with success", other.place));
        return Some(finding.with_fixes(prefer_other(case, source, &other.place)));
    }
    let other = others(case, source).next()?;
    // Nobody has tried it: only that the active one is rejected makes the other worth naming.
    let untried = tried.iter().all(|t| t.place != other.place);
    (verdict.is_rejected() && untried).then(|| {
        Finding::new(Cause::TokenShadowed, Certainty::Possible, hides(&other.place.to_string()))
            .bearing(Bearing::Condition)
            .saw(Source::Environment, format!("{}: {}", other.place, other.token.describe()))
            .with_fixes(prefer_other(case, source, &other.place))
    })
}

/// Tokens that differ from the active one once cleaned.
fn others<'a>(case: &'a Case, source: &'a TokenSource) -> impl Iterator<Item = &'a TokenSource> {
    let active = source.token.cleaned();
    case.tokens.sources.iter().chain(&case.tokens.stored).chain(&case.tokens.elsewhere).filter(move |other| {
        other.token.cleaned().zip(active.as_ref()).is_some_and(|(other, active)| !other.same_as(active))
    })
}

fn prefer_other(case: &Case, source: &TokenSource, other: &TokenPlace) -> Vec<Fix> {
    let mut fixes = Vec::new();
    if let TokenPlace::Variable(name) = source.place {
        fixes.push(remedies::unset_variable(case, name, &format!("then {other} is used")));
    } else if let Some(elsewhere) = case.tokens.elsewhere.iter().find(|source| source.place == *other) {
        fixes.extend(remedies::use_other_file(case, elsewhere));
    }
    if let TokenPlace::Stored(name) = other {
        let command = case.clients.auth_command(&format!("switch --token-name {name}"));
        fixes.push(Fix::manual("token-switch", format!("make `{name}` the active token")).command(command));
    }
    fixes
}

/// Worth knowing although the active token works.
pub(super) fn hidden_note(case: &Case, source: &TokenSource, verdict: &Verdict) -> Option<String> {
    if verdict.is_rejected() {
        return None;
    }
    let active = source.token.cleaned()?;
    let other = case.tokens.sources.iter().find(|other| {
        other.place != source.place && other.token.cleaned().is_some_and(|token| !token.same_as(&active))
    })?;
    Some(format!("{} is the active token; the other one in {} is not used", source.place, other.place))
}
