//! Which fault stands on the client's way to a host: one, or none. Pure.

use super::{Direct, Route, Session};
use crate::case::proxy::Setting;
use crate::observe::dial::TcpFault;
use crate::observe::dns::{self, DnsFault};
use crate::observe::proxy::ProxyFault;
use crate::observe::tls::{Distrust, TlsFault};
use hfdoctor_core::text::list;

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
