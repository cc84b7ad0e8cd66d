//! What the network checks share: which fault stands on the client's way to the endpoint, so that exactly one of them
//! claims it, and the words and remedies that several of them use. Pure.

mod mirror;
mod remedies;
mod switch;

use std::collections::BTreeSet;

use crate::case::Case;
use crate::case::proxy::Setting;
use crate::check::{Conclusion, log_findings};
use crate::diagnosis::{Action, Cause, Evidence, Fix, Risk, Source};
use crate::observe::dial::TcpFault;
use crate::observe::dns::{self, DnsFault};
use crate::observe::proxy::ProxyFault;
use crate::observe::route::{Direct, Session};
use crate::observe::tls::{Distrust, TlsFault};
use crate::observe::{Access, Answer, Observations, Route, Seen, Want};
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

/// The conclusion of a network check with `--offline`: the log still speaks.
pub fn offline(case: &Case, causes: &[Cause]) -> Option<Conclusion> {
    case.limits.offline.then(|| Conclusion::skipped("not asked: --offline").with(log_findings(case, causes)))
}

/// The one fault on the client's way to a host.
#[derive(Debug, Clone)]
pub enum Fault<'a> {
    /// The variable names no proxy.
    ProxyText,
    /// The proxy does not open the way.
    Proxy(&'a Setting, &'a ProxyFault),
    /// The name does not resolve.
    Lookup(&'a DnsFault),
    /// The name resolves to somebody else, with what shows it.
    Misdirected(Vec<String>),
    /// No address takes a connection.
    Connection(&'a TcpFault),
    /// Connections are taken, and then a filter swallows them, or breaks them by the name that they carry.
    Filtered(&'a Session, &'a TlsFault),
    /// The handshake breaks.
    Handshake(&'a Session, &'a TlsFault),
    /// The certificate is not trusted by anybody here.
    Untrusted(&'a Session),
}

/// The fault on the client's way, none when it leads to a trusted server.
pub fn fault(route: &Route) -> Option<Fault<'_>> {
    if route.works() {
        return None;
    }
    if let Some(proxied) = &route.proxied {
        return match &proxied.outcome {
            Err(_) => Some(Fault::ProxyText),
            Ok(way) => match (&way.tunnel, &way.session) {
                (Err(fault), _) => Some(Fault::Proxy(&proxied.setting, fault)),
                (Ok(()), Some(session)) => session_fault(session),
                (Ok(()), None) => None,
            },
        };
    }
    let direct = route.direct.as_ref()?;
    if let Some(lookup) = &direct.lookup {
        if let Err(fault) = &lookup.addresses {
            return Some(Fault::Lookup(fault));
        }
        let why = misdirection(route, direct);
        if !why.is_empty() {
            return Some(Fault::Misdirected(why));
        }
    }
    if !direct.connected() {
        return direct.fault().map(Fault::Connection);
    }
    session_fault(direct.session.as_ref()?)
}

fn session_fault(session: &Session) -> Option<Fault<'_>> {
    match &session.outcome {
        Err(fault @ TlsFault::Silent(_)) => Some(Fault::Filtered(session, fault)),
        // Without the name the same address shakes hands: something on the way reads the name.
        Err(fault @ (TlsFault::Reset | TlsFault::Closed))
            if matches!(session.unnamed, Some(Ok(()) | Err(TlsFault::Alert(_)))) =>
        {
            Some(Fault::Filtered(session, fault))
        }
        Err(fault) => Some(Fault::Handshake(session, fault)),
        Ok(()) if !session.trusted() => Some(Fault::Untrusted(session)),
        Ok(()) => None,
    }
}

/// What shows that the name leads to somebody else; empty when nothing does.
fn misdirection(route: &Route, direct: &Direct) -> Vec<String> {
    let mut why = Vec::new();
    let addresses =
        direct.lookup.as_ref().and_then(|l| l.addresses.as_ref().ok()).map(Vec::as_slice).unwrap_or_default();
    // A forged certificate for the right name on a private address is a company's gateway, not a wrong address.
    let forged = direct.session.as_ref().is_some_and(|s| s.outcome.is_ok() && s.names_host);
    if forged {
        return why;
    }
    let host = &route.host;
    // A server of the person's own may well be pinned by the hosts file, and have a private address.
    let public = is_of_the_hub(host);
    if let Some(opinion) = route.opinion.as_ref().filter(|_| public) {
        for address in opinion.hosts_file.iter().filter(|a| addresses.contains(a)) {
            why.push(format!("the hosts file pins `{host}` to {address}"));
        }
    }
    for address in addresses {
        if let Some(kind) = dns::suspicious(*address).filter(|_| public) {
            why.push(format!("`{host}` resolves to {address}, which is {kind} and cannot be the Hub's"));
        }
    }
    if let Some(opinion) = &route.opinion
        && opinion.denied()
        && opinion.hosts_file.is_empty()
    {
        why.push(format!("the name servers know no `{host}`; the system appends {} to it", list(&opinion.search)));
    }
    let stranger = direct.session.as_ref().filter(|s| s.by_any == Err(Distrust::WrongName));
    if let Some(leaf) = stranger.and_then(Session::leaf) {
        let names = list(&leaf.names.iter().take(3).cloned().collect::<Vec<_>>());
        why.push(format!("the server there has somebody else's genuine certificate, for {names}"));
    }
    if !why.is_empty()
        && let Some(elsewhere) = route.elsewhere.as_ref().filter(|e| !e.is_empty())
        && !elsewhere.iter().any(|a| addresses.contains(a))
    {
        let others = list(&elsewhere.iter().take(4).map(ToString::to_string).collect::<Vec<_>>());
        why.push(format!("1.1.1.1, asked over HTTPS, says {others}"));
    }
    why
}

/// Whether a name is one of the Hub's or of its storage's.
fn is_of_the_hub(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    ["huggingface.co", "hf.co"]
        .iter()
        .any(|name| host.strip_suffix(name).is_some_and(|front| front.is_empty() || front.ends_with('.')))
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

/// `a, b and c`.
pub fn list(words: &[String]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
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
