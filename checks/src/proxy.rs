//! The proxy settings, and whether the proxy lets the download through.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::ProxyUnreachable, Cause::ProxyAuth, Cause::ProxyMisconfigured];

/// The check.
pub static CHECK: Check = Check {
    name: "proxy",
    about: "the proxy settings, and whether the proxy lets the download through",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::ProxyUnreachable, "tunnel connection failed: 50"),
    Sign::decisive(Cause::ProxyUnreachable, "proxyerror: 50"),
    Sign::decisive(Cause::ProxyUnreachable, "connect tunnel failed, response 50"),
    Sign::symptom(Cause::ProxyUnreachable, "proxy connect error"),
    Sign::symptom(Cause::ProxyUnreachable, "tunnel error").without(&["407", "403", "proxy auth"]),
    Sign::decisive(Cause::ProxyAuth, "tunnel error").with(&["407", "403", "proxy auth"]),
    Sign::decisive(Cause::ProxyAuth, "err_proxy_auth"),
    Sign::decisive(Cause::ProxyAuth, "407 proxy"),
    Sign::decisive(Cause::ProxyMisconfigured, "proxy url had no scheme"),
    Sign::decisive(Cause::ProxyMisconfigured, "check_hostname requires server_hostname"),
    Sign::decisive(Cause::ProxyMisconfigured, "connect to proxy").with(&[
        "remotedisconnected",
        "filenotfounderror(2",
        "oserror(0",
    ]),
    Sign::decisive(Cause::ProxyMisconfigured, "locationparseerror").with(&["proxy"]),
    Sign::decisive(Cause::ProxyUnreachable, "unable to connect to proxy").without(&[
        "407",
        "ssl",
        "connection failed: 403",
        "remotedisconnected",
        "filenotfounderror(2",
        "oserror(0",
        "wrong_version",
    ]),
    Sign::decisive(Cause::ProxyUnreachable, "cannot connect to proxy").without(&[
        "407",
        "ssl",
        "failed: 403",
        "remotedisconnected",
        "filenotfounderror(2",
        "oserror(0",
        "wrong_version",
    ]),
    Sign::decisive(Cause::ProxyUnreachable, "could not resolve proxy"),
    Sign::decisive(Cause::ProxyUnreachable, "proxyconnect tcp").without(&["407", "tls: first record"]),
    Sign::symptom(Cause::ProxyUnreachable, "proxyerror").without(&[
        "407",
        "failed: 403",
        "403 forbidden",
        "ssl",
        "remotedisconnected",
        "filenotfounderror(2",
        "oserror(0",
    ]),
    Sign::symptom(Cause::ProxyUnreachable, "proxy connection failed"),
    Sign::symptom(Cause::ProxyUnreachable, "proxyconnectionerror"),
    Sign::decisive(Cause::ProxyUnreachable, "err_proxy_connection_failed"),
    Sign::decisive(Cause::ProxyUnreachable, "failed to connect to proxy"),
    Sign::decisive(Cause::ProxyUnreachable, "can't complete socks"),
    Sign::decisive(Cause::ProxyUnreachable, "socks error").without(&["unsupported"]),
    Sign::decisive(Cause::ProxyAuth, "proxy authentication required"),
    Sign::decisive(Cause::ProxyAuth, "connect tunnel failed, response 407"),
    Sign::decisive(Cause::ProxyAuth, "connect tunnel failed, response 403"),
    Sign::symptom(Cause::ProxyAuth, "connect tunnel failed").without(&["response 50"]),
    Sign::decisive(Cause::ProxyAuth, "from proxy after connect"),
    Sign::decisive(Cause::ProxyAuth, "tunnel connection failed: 407"),
    Sign::decisive(Cause::ProxyAuth, "tunnel connection failed: 403"),
    Sign::decisive(Cause::ProxyAuth, "proxyerror: 403"),
    Sign::decisive(Cause::ProxyAuth, "\": forbidden").with(&["get \"http", "head \"http"]),
    Sign::decisive(Cause::ProxyAuth, "\": proxy authentication required"),
    Sign::decisive(Cause::ProxyAuth, "proxyerror: 407"),
    Sign::symptom(Cause::ProxyAuth, "tunnel connection failed").without(&["failed: 50"]),
    Sign::symptom(Cause::ProxyAuth, "proxyerror").with(&["403 forbidden", "407"]),
    Sign::symptom(Cause::ProxyAuth, "proxy tunneling failed"),
    Sign::decisive(Cause::ProxyAuth, "err_tunnel_connection_failed"),
    Sign::decisive(Cause::ProxyAuth, "proxy authorization required"),
    Sign::decisive(Cause::ProxyAuth, "unable to tunnel through proxy"),
    Sign::decisive(Cause::ProxyAuth, "unsuccessful tunnel"),
    Sign::decisive(Cause::ProxyMisconfigured, "using socks proxy, but the 'socksio' package is not installed"),
    Sign::decisive(Cause::ProxyMisconfigured, "missing dependencies for socks support"),
    Sign::decisive(Cause::ProxyMisconfigured, "unknown scheme for proxy url"),
    Sign::decisive(Cause::ProxyMisconfigured, "proxy url had unsupported scheme"),
    Sign::decisive(Cause::ProxyMisconfigured, "proxy appears to only use http and not https"),
    Sign::decisive(Cause::ProxyMisconfigured, "unable to connect to proxy").with(&[
        "ssl",
        "wrong_version",
        "eof occurred",
    ]),
    Sign::decisive(Cause::ProxyMisconfigured, "cannot connect to proxy").with(&[
        "ssl",
        "wrong_version",
        "eof occurred",
    ]),
    Sign::decisive(Cause::ProxyMisconfigured, "invalid proxy url"),
    Sign::decisive(Cause::ProxyMisconfigured, "invalidproxyurl"),
    Sign::decisive(Cause::ProxyMisconfigured, "please check proxy url"),
    Sign::decisive(Cause::ProxyMisconfigured, "unable to determine socks version"),
    Sign::decisive(Cause::ProxyMisconfigured, "unsupported proxy syntax"),
    Sign::decisive(Cause::ProxyMisconfigured, "unsupported proxy scheme"),
    Sign::decisive(Cause::ProxyMisconfigured, "error parsing proxy url"),
    Sign::decisive(Cause::ProxyMisconfigured, "invalid proxy").with(&["url", "scheme", "uri", "syntax"]),
    Sign::decisive(Cause::ProxyMisconfigured, "proxyconnect tcp: tls: first record does not look like a tls handshake"),
    Sign::decisive(Cause::ProxyMisconfigured, "proxyconnect tcp: eof"),
    Sign::decisive(Cause::ProxyMisconfigured, "failed to parse proxy"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
