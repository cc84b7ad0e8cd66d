//! What the network checks share: which fault stands on the client's way to the endpoint, so that exactly one of them
//! claims it, and the words and remedies that several of them use. Pure.

mod mirror;
mod remedies;
mod switch;

use std::collections::BTreeSet;

use crate::case::Case;
use crate::check::{Conclusion, log_findings};
use crate::observe::route::fault::{Fault, fault};
use crate::observe::{Access, Answer, Observations, Route, Seen, Want};
use hfdoctor_core::diagnosis::{Action, Cause, Evidence, Fix, Risk, Source};
pub(crate) use mirror::{go_through_a_mirror, mirror_evidence};
pub(crate) use remedies::{another_name_server, longer_timeouts, trust_the_authority, without_xet};
pub(crate) use switch::{is_cached, unasked};

/// What the checks of the endpoint's host want: the way there, and one real answer.
pub fn wants(case: &Case) -> BTreeSet<Want> {
    if case.limits.offline { BTreeSet::new() } else { BTreeSet::from([Want::Route, front(case)]) }
}

/// The same, and the list of the target's files.
pub fn wants_with_listing(case: &Case) -> BTreeSet<Want> {
    let mut wants = wants(case);
    if !case.limits.offline && case.target.is_some() {
        wants.insert(Want::Record);
    }
    wants
}

/// What answered for the list of the target's files, which a download of the whole repository asks for first, and in words
/// that files are served while it is not.
pub fn listing_alone<'a>(case: &Case, seen: &'a Observations) -> Option<(&'a Answer, String)> {
    let target = case.target.as_ref().filter(|target| target.file.is_none())?;
    let words = format!("single files of {} are served; the list of its files is not", target.repo_id);
    Some((&seen.record().ok()?.answer, words))
}

/// The observation that holds the endpoint's first answer.
pub fn front(case: &Case) -> Want {
    if case.target.is_some() { Want::Resolve } else { Want::Control }
}

/// The endpoint's first answer.
pub fn first_answer<'a>(case: &Case, seen: &'a Observations) -> Seen<&'a Access> {
    let resolve = if case.target.is_some() { seen.resolve() } else { seen.control() };
    resolve.map(crate::observe::Resolve::asked)
}

/// The conclusion of a network check: what it saw live, which the log supports. With `--offline` the log alone speaks.
pub fn conclude(
    case: &Case,
    seen: &Observations,
    causes: &[Cause],
    source: Source,
    live: fn(&Case, &Observations) -> Conclusion,
) -> Conclusion {
    if case.limits.offline {
        return Conclusion::skipped("not asked: --offline").with(log_findings(case, causes));
    }
    live(case, seen).and_log(case, causes, source)
}

/// Whether the fault is the mirror's own: the endpoint is no Hub host, and the rest of the world can be reached.
pub fn mirror_is_to_blame(case: &Case, route: &Route, seen: &Observations) -> bool {
    if !case.settings.foreign_endpoint() {
        return false;
    }
    let its_own = matches!(
        fault(route),
        Some(
            Fault::Lookup(_)
                | Fault::Misdirected(_)
                | Fault::Connection(_)
                | Fault::Filtered(..)
                | Fault::Handshake(..)
        )
    );
    its_own && (route.neutral.as_ref().is_some_and(crate::observe::neutral::Neutral::reachable) || hub_reachable(seen))
}

/// Whether the Hub itself was reached beside a mirror.
pub fn hub_reachable(seen: &Observations) -> bool {
    seen.beside_mirror()
        .ok()
        .and_then(Option::as_ref)
        .is_some_and(|beside| beside.route.works() || beside.access.is_ok())
}

/// What the neutral host shows, as evidence.
pub fn neutral_evidence(route: &Route) -> Option<Evidence> {
    route.neutral.as_ref().map(|neutral| Evidence::new(Source::Network, neutral.words()))
}

/// Sets a variable, with the line that a person would type.
pub fn set_variable(id: &'static str, risk: Risk, title: impl Into<String>, name: &str, value: &str) -> Fix {
    let action = Action::SetVariable { name: name.to_owned(), value: value.to_owned() };
    Fix::automatic(id, risk, title, vec![action]).command(variable_line(name, value))
}

/// The line that sets a variable in the shell that is open.
pub(crate) fn variable_line(name: &str, value: &str) -> String {
    if cfg!(windows) {
        format!("$env:{name} = '{}'", value.replace('\'', "''"))
    } else {
        format!("export {name}={}", shell_word(value))
    }
}

/// Unsets variables, with the lines that a person would type.
pub fn unset_variables(id: &'static str, risk: Risk, title: impl Into<String>, names: &[&str]) -> Fix {
    let actions = names.iter().map(|name| Action::UnsetVariable { name: (*name).to_owned() }).collect();
    let fix = Fix::automatic(id, risk, title, actions);
    names.iter().fold(fix, |fix, name| fix.command(unset_line(name)))
}

/// The line that unsets a variable in the shell that is open.
pub(crate) fn unset_line(name: &str) -> String {
    if cfg!(windows) { format!("Remove-Item Env:{name}") } else { format!("unset {name}") }
}

/// A word for a POSIX shell, quoted where it must be.
fn shell_word(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@%+=".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}
