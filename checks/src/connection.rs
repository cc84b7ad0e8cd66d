//! Whether the Hub's hosts can be reached.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::ConnectionBlocked];

/// The check.
pub static CHECK: Check = Check {
    name: "connection",
    about: "whether the Hub's hosts can be reached",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::symptom(Cause::ConnectionBlocked, "connection refused"),
    Sign::symptom(Cause::ConnectionBlocked, "connectionrefused"),
    Sign::symptom(Cause::ConnectionBlocked, "econnrefused"),
    Sign::symptom(Cause::ConnectionBlocked, "actively refused"),
    Sign::symptom(Cause::ConnectionBlocked, "network is unreachable"),
    Sign::symptom(Cause::ConnectionBlocked, "networkunreachable"),
    Sign::symptom(Cause::ConnectionBlocked, "enetunreach"),
    Sign::symptom(Cause::ConnectionBlocked, "no route to host"),
    Sign::symptom(Cause::ConnectionBlocked, "ehostunreach"),
    Sign::symptom(Cause::ConnectionBlocked, "host is unreachable"),
    Sign::symptom(Cause::ConnectionBlocked, "host is down"),
    Sign::symptom(Cause::ConnectionBlocked, "connecttimeout"),
    Sign::symptom(Cause::ConnectionBlocked, "connect timeout"),
    Sign::symptom(Cause::ConnectionBlocked, "connection timed out"),
    Sign::symptom(Cause::ConnectionBlocked, "connection timeout"),
    Sign::symptom(Cause::ConnectionBlocked, "all connection attempts failed"),
    Sign::symptom(Cause::ConnectionBlocked, "failed to establish a new connection").without(&[
        "name or service",
        "name resolution",
        "nodename",
        "getaddrinfo",
    ]),
    Sign::symptom(Cause::ConnectionBlocked, "failed to establish connection"),
    Sign::symptom(Cause::ConnectionBlocked, "could not establish connection"),
    Sign::symptom(Cause::ConnectionBlocked, "failed to connect to"),
    Sign::symptom(Cause::ConnectionBlocked, "couldn't connect to server"),
    Sign::symptom(Cause::ConnectionBlocked, "connection failed: connect error"),
    Sign::symptom(Cause::ConnectionBlocked, "tcp connect error"),
    Sign::symptom(Cause::ConnectionBlocked, "und_err_connect_timeout"),
    Sign::symptom(Cause::ConnectionBlocked, "etimedout"),
    Sign::symptom(Cause::ConnectionBlocked, "connect etimedout"),
    Sign::symptom(Cause::ConnectionBlocked, "[winerror 10060]"),
    Sign::symptom(Cause::ConnectionBlocked, "[winerror 10061]"),
    Sign::symptom(Cause::ConnectionBlocked, "[winerror 10051]"),
    Sign::symptom(Cause::ConnectionBlocked, "[winerror 10065]"),
    Sign::symptom(Cause::ConnectionBlocked, "[winerror 10013]"),
    Sign::symptom(Cause::ConnectionBlocked, "os error 10060"),
    Sign::symptom(Cause::ConnectionBlocked, "os error 10061"),
    Sign::symptom(Cause::ConnectionBlocked, "os error 10051"),
    Sign::symptom(Cause::ConnectionBlocked, "os error 110)"),
    Sign::symptom(Cause::ConnectionBlocked, "os error 111)"),
    Sign::symptom(Cause::ConnectionBlocked, "os error 101)"),
    Sign::symptom(Cause::ConnectionBlocked, "os error 113)"),
    Sign::symptom(Cause::ConnectionBlocked, "[errno 101]"),
    Sign::symptom(Cause::ConnectionBlocked, "[errno 110]"),
    Sign::symptom(Cause::ConnectionBlocked, "[errno 111]"),
    Sign::symptom(Cause::ConnectionBlocked, "[errno 113]"),
    Sign::symptom(Cause::ConnectionBlocked, "[errno 51]"),
    Sign::symptom(Cause::ConnectionBlocked, "[errno 60]"),
    Sign::symptom(Cause::ConnectionBlocked, "[errno 61]"),
    Sign::symptom(Cause::ConnectionBlocked, "[errno 65]"),
    Sign::symptom(Cause::ConnectionBlocked, "unable to connect to the remote server"),
    Sign::symptom(Cause::ConnectionBlocked, "dial tcp")
        .with(&["i/o timeout", "connection refused", "unreachable", "connectex", "no route"])
        .without(&["lookup"]),
    Sign::symptom(Cause::ConnectionBlocked, "tls handshake timeout"),
    Sign::wrapper(Cause::ConnectionBlocked, "client.timeout exceeded while awaiting headers"),
    Sign::wrapper(Cause::ConnectionBlocked, "error sending request for url"),
    Sign::wrapper(Cause::ConnectionBlocked, "we couldn't connect to '"),
    Sign::wrapper(Cause::ConnectionBlocked, "couldn't connect to 'http"),
    Sign::wrapper(Cause::ConnectionBlocked, "error happened while trying to locate the file"),
    Sign::wrapper(Cause::ConnectionBlocked, "connection error, and we cannot find the requested files"),
    Sign::wrapper(Cause::ConnectionBlocked, "localentrynotfounderror"),
    Sign::wrapper(Cause::ConnectionBlocked, "local entry not found"),
    Sign::wrapper(Cause::ConnectionBlocked, "can't load the configuration of"),
    Sign::wrapper(Cause::ConnectionBlocked, "can't load config for"),
    Sign::wrapper(Cause::ConnectionBlocked, "can't load tokenizer for"),
    Sign::wrapper(Cause::ConnectionBlocked, "can't load the model for"),
    Sign::wrapper(Cause::ConnectionBlocked, "can't load image processor for"),
    Sign::wrapper(Cause::ConnectionBlocked, "can't load feature extractor for"),
    Sign::wrapper(Cause::ConnectionBlocked, "can't load processor for"),
    Sign::wrapper(Cause::ConnectionBlocked, "there was a specific connection error when trying to load"),
    Sign::wrapper(Cause::ConnectionBlocked, "check your internet connection"),
    Sign::wrapper(Cause::ConnectionBlocked, "couldn't reach").with(&["hub", "hugging", "http"]),
    Sign::wrapper(Cause::ConnectionBlocked, "fetch failed").without(&["failed to fetch"]),
    Sign::wrapper(Cause::ConnectionBlocked, "connecterror").without(&["certificate", "ssl"]),
    Sign::wrapper(Cause::ConnectionBlocked, "max retries exceeded with url"),
    Sign::wrapper(Cause::ConnectionBlocked, "failed to resolve commit for"),
    Sign::wrapper(Cause::ConnectionBlocked, "httplib failed"),
    Sign::wrapper(Cause::ConnectionBlocked, "err_internet_disconnected"),
    Sign::wrapper(Cause::ConnectionBlocked, "err_connection"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
