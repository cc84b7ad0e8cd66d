//! What a failure of the network means, by whose host could not be reached and when it broke.

use crate::diagnosis::Cause;
use crate::log::host::Owner;
use crate::sign::Weight;

/// A failure below HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Breakage<'a> {
    /// The sign's cause.
    pub cause: Cause,
    /// The sign's weight.
    pub weight: Weight,
    /// Whose host it is; none when the line names none.
    pub owner: Option<Owner>,
    /// The line in lower case.
    pub lower: &'a str,
    /// The line, or one that belongs to it, tells that the bytes of a file were coming.
    pub body: bool,
    /// The log sets a proxy of this machine.
    pub local_proxy: bool,
    /// A proxy is named on the line or set in the log.
    pub proxy: bool,
}

/// A cause, how well it is shown, and what else it may be. None when the failure is not of a download.
pub fn meaning(breakage: &Breakage<'_>) -> Option<(Cause, Weight, &'static [Cause])> {
    use Cause::{
        CaptivePortal, CdnBlocked, ConnectionBlocked, DnsFailure, EndpointMisconfigured, HubOutage, MirrorFailure,
        ProxyUnreachable, SlowConnection, TlsHandshake, TlsUntrustedCa, XetClient,
    };
    let lower = breakage.lower;
    let owner = breakage.owner;
    if breakage.cause == DnsFailure && owner != Some(Owner::Mirror) && names_a_proxy(lower) {
        return Some((ProxyUnreachable, Weight::Decisive, &[DnsFailure]));
    }
    if owner == Some(Owner::Other) {
        return None;
    }
    if owner == Some(Owner::Local) {
        // A port of this machine that a download connects to is a proxy's.
        let connects = matches!(breakage.cause, ConnectionBlocked | DnsFailure);
        return (connects && breakage.proxy).then_some((ProxyUnreachable, Weight::Decisive, &[ConnectionBlocked]));
    }
    let weight = breakage.weight;
    let at_mirror = owner == Some(Owner::Mirror);
    let at_storage = matches!(owner, Some(Owner::Storage | Owner::Xet));
    let head = lower.contains("requesting head") || lower.contains("head http");
    let body = breakage.body;
    let reset = ["reset", "10054", "[errno 104]", "[errno 54]", "os error 104"].iter().any(|word| lower.contains(word));
    let answer: (Cause, Weight, &'static [Cause]) = match breakage.cause {
        DnsFailure if at_mirror => (DnsFailure, weight, &[MirrorFailure, EndpointMisconfigured]),
        DnsFailure if at_storage => (DnsFailure, weight, &[CdnBlocked, XetClient]),
        ConnectionBlocked if weight == Weight::Wrapper && at_storage => {
            (XetClient, Weight::Symptom, &[CdnBlocked, SlowConnection])
        }
        // "couldn't connect to <mirror>" is all that a wrapper leaves of it
        // Connections to the Hub go to the proxy that is set: it is the proxy that refuses.
        ConnectionBlocked if breakage.local_proxy && lower.contains("refused") && weight >= Weight::Symptom => {
            (ProxyUnreachable, Weight::Symptom, &[ConnectionBlocked])
        }
        ConnectionBlocked if at_mirror && weight == Weight::Wrapper && lower.contains("couldn't connect to") => {
            (MirrorFailure, Weight::Symptom, &[ConnectionBlocked])
        }
        ConnectionBlocked if at_mirror => (MirrorFailure, weight, &[ConnectionBlocked]),
        ConnectionBlocked if lower.contains("read error at byte") => (SlowConnection, weight, &[CdnBlocked]),
        ConnectionBlocked if at_storage => (CdnBlocked, Weight::Decisive, &[SlowConnection, XetClient]),
        ConnectionBlocked if weight >= Weight::Symptom => {
            (ConnectionBlocked, weight, &[SlowConnection, Cause::ProxyMisconfigured])
        }
        SlowConnection if at_mirror && (head || !body) => (MirrorFailure, weight, &[SlowConnection, TlsHandshake]),
        SlowConnection if reset && !body && !at_storage => {
            if lower.contains("10054") {
                (ConnectionBlocked, weight, &[TlsHandshake, SlowConnection])
            } else {
                (TlsHandshake, weight, &[ConnectionBlocked, SlowConnection])
            }
        }
        SlowConnection if at_storage => (SlowConnection, weight, &[CdnBlocked]),
        SlowConnection => (SlowConnection, weight, &[ConnectionBlocked, HubOutage]),
        TlsHandshake if lower.contains("rpc failed") => (SlowConnection, weight, &[TlsHandshake, ConnectionBlocked]),
        TlsHandshake if at_mirror => (MirrorFailure, Weight::Symptom, &[TlsHandshake]),
        TlsHandshake if at_storage => (TlsHandshake, weight, &[CdnBlocked, ConnectionBlocked]),
        TlsHandshake => (TlsHandshake, weight, &[ConnectionBlocked, ProxyUnreachable]),
        CaptivePortal => (CaptivePortal, weight, &[TlsUntrustedCa]),
        cause => (cause, weight, &[]),
    };
    Some(answer)
}

/// Whether a line in lower case tells that the bytes of a file were coming.
pub fn is_in_the_body(lower: &str) -> bool {
    [
        "error while downloading",
        "resume download",
        "connection broken",
        "incompleteread",
        "body",
        "bytes remaining",
        "out of",
        "read error at byte",
        "requesting get",
        "rpc failed",
        "ssl_read",
        "receiving objects",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Whether a host on the line bears a proxy's name, such as `proxy.example.org` or `webproxy01.example.org`.
fn names_a_proxy(lower: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    lower.split(|c: char| !part(c)).any(|word| {
        word.trim_end_matches('.').split_once('.').is_some_and(|(host, rest)| {
            // A source file is no host.
            host.contains("proxy") && !host.contains('_') && !matches!(rest, "py" | "js" | "ts" | "go" | "rs" | "java")
        })
    })
}

/// Whether a cause is one of the network's, whose meaning depends on the host.
pub fn is_of_the_network(cause: Cause) -> bool {
    use Cause::{ConnectionBlocked, DnsFailure, SlowConnection, TlsClock, TlsHandshake, TlsUntrustedCa};
    matches!(cause, ConnectionBlocked | DnsFailure | SlowConnection | TlsClock | TlsHandshake | TlsUntrustedCa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breakage_means_what_the_host_makes_of_it() {
        use Cause::{
            CdnBlocked, ConnectionBlocked, DnsFailure, MirrorFailure, ProxyUnreachable, SlowConnection, TlsHandshake,
        };
        let table = [
            (ConnectionBlocked, Some(Owner::Hub), "[errno 111] connection refused", Some(ConnectionBlocked)),
            (ConnectionBlocked, Some(Owner::Storage), "connect timeout", Some(CdnBlocked)),
            (ConnectionBlocked, Some(Owner::Mirror), "connect timeout", Some(MirrorFailure)),
            (ConnectionBlocked, Some(Owner::Other), "connect timeout", None),
            (ConnectionBlocked, Some(Owner::Local), "connection refused", Some(ProxyUnreachable)),
            (DnsFailure, Some(Owner::Hub), "no such host", Some(DnsFailure)),
            (DnsFailure, Some(Owner::Other), "could not resolve host: webproxy.example.org", Some(ProxyUnreachable)),
            (DnsFailure, Some(Owner::Hub), "in proxy.py: cannot connect to proxy. no such host", Some(DnsFailure)),
            (SlowConnection, Some(Owner::Storage), "read timed out", Some(SlowConnection)),
            (SlowConnection, Some(Owner::Mirror), "read timed out thrown while requesting head", Some(MirrorFailure)),
            (
                SlowConnection,
                Some(Owner::Mirror),
                "error while downloading from x: read timed out",
                Some(SlowConnection),
            ),
            (SlowConnection, Some(Owner::Hub), "connection aborted, connection reset by peer", Some(TlsHandshake)),
            (SlowConnection, Some(Owner::Hub), "connection broken: connection reset by peer", Some(SlowConnection)),
        ];
        for (cause, owner, lower, expected) in table {
            let body = is_in_the_body(lower);
            let breakage =
                Breakage { cause, weight: Weight::Symptom, owner, lower, body, local_proxy: false, proxy: true };
            assert_eq!(meaning(&breakage).map(|m| m.0), expected, "{cause} {owner:?} {lower}");
        }
    }
}
