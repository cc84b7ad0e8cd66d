//! Whether the Hub's names resolve, by the system and by the resolver itself.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::DnsFailure];

/// The check.
pub static CHECK: Check = Check {
    name: "dns",
    about: "whether the Hub's names resolve, by the system and by the resolver itself",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::DnsFailure, "err_name_not_resolved"),
    Sign::decisive(Cause::DnsFailure, "failed host lookup"),
    Sign::decisive(Cause::DnsFailure, "specified hostname could not be found"),
    Sign::decisive(Cause::DnsFailure, "code=-1003"),
    Sign::decisive(Cause::DnsFailure, "name resolution failed"),
    Sign::decisive(Cause::DnsFailure, "could not be resolved").with(&["host", "name", "server"]).without(&["proxy"]),
    Sign::decisive(Cause::DnsFailure, "query refused"),
    Sign::decisive(Cause::DnsFailure, "server misbehaving"),
    Sign::decisive(Cause::DnsFailure, "error 12007"),
    Sign::decisive(Cause::DnsFailure, "name_not_resolved"),
    Sign::decisive(Cause::DnsFailure, "wsahost_not_found"),
    Sign::decisive(Cause::DnsFailure, "name or service not known"),
    Sign::decisive(Cause::DnsFailure, "temporary failure in name resolution"),
    Sign::decisive(Cause::DnsFailure, "nodename nor servname provided"),
    Sign::decisive(Cause::DnsFailure, "no address associated with hostname"),
    Sign::decisive(Cause::DnsFailure, "getaddrinfo failed"),
    Sign::decisive(Cause::DnsFailure, "getaddrinfo enotfound"),
    Sign::decisive(Cause::DnsFailure, "getaddrinfo eai_again"),
    Sign::symptom(Cause::DnsFailure, "enotfound").without(&["npm err", "404"]),
    Sign::symptom(Cause::DnsFailure, "eai_again"),
    Sign::decisive(Cause::DnsFailure, "nameresolutionerror"),
    Sign::decisive(Cause::DnsFailure, "failed to resolve '"),
    Sign::decisive(Cause::DnsFailure, "could not resolve host"),
    Sign::decisive(Cause::DnsFailure, "couldn't resolve host"),
    Sign::decisive(Cause::DnsFailure, "unable to resolve host"),
    Sign::decisive(Cause::DnsFailure, "name resolution for"),
    Sign::decisive(Cause::DnsFailure, "dns failed"),
    Sign::decisive(Cause::DnsFailure, "dns error"),
    Sign::decisive(Cause::DnsFailure, "failed to lookup address information"),
    Sign::decisive(Cause::DnsFailure, "no such host"),
    Sign::decisive(Cause::DnsFailure, "dial tcp: lookup").with(&[
        "server misbehaving",
        "i/o timeout",
        "no such host",
        "timeout",
        "refused",
    ]),
    Sign::decisive(Cause::DnsFailure, "unknownhostexception"),
    Sign::decisive(Cause::DnsFailure, "the remote name could not be resolved"),
    Sign::decisive(Cause::DnsFailure, "no such host is known"),
    Sign::decisive(Cause::DnsFailure, "[errno 11001]"),
    Sign::decisive(Cause::DnsFailure, "[errno 11002]"),
    Sign::decisive(Cause::DnsFailure, "[errno 11004]"),
    Sign::decisive(Cause::DnsFailure, "os error 11001"),
    Sign::decisive(Cause::DnsFailure, "os error 11004"),
    Sign::decisive(Cause::DnsFailure, "[winerror 11001]"),
    Sign::decisive(Cause::DnsFailure, "clientconnectordnserror"),
    Sign::decisive(Cause::DnsFailure, "could not contact dns servers"),
    Sign::decisive(Cause::DnsFailure, "nxdomain"),
    Sign::decisive(Cause::DnsFailure, "servfail"),
    Sign::symptom(Cause::DnsFailure, "[errno -2]"),
    Sign::symptom(Cause::DnsFailure, "[errno -3]"),
    Sign::symptom(Cause::DnsFailure, "[errno -5]"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
