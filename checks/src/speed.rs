//! Whether bytes come fast enough, and without a break.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::SlowConnection];

/// The check.
pub static CHECK: Check = Check {
    name: "speed",
    about: "whether bytes come fast enough, and without a break",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::symptom(Cause::SlowConnection, "read timed out"),
    Sign::symptom(Cause::SlowConnection, "readtimeout"),
    Sign::symptom(Cause::SlowConnection, "the read operation timed out"),
    Sign::symptom(Cause::SlowConnection, "incompleteread"),
    Sign::symptom(Cause::SlowConnection, "incompletebody"),
    Sign::symptom(Cause::SlowConnection, "peer closed connection without sending complete message body"),
    Sign::symptom(Cause::SlowConnection, "server disconnected"),
    Sign::symptom(Cause::SlowConnection, "incomplete chunked read"),
    Sign::symptom(Cause::SlowConnection, "connection broken"),
    Sign::symptom(Cause::SlowConnection, "connection reset by peer"),
    Sign::symptom(Cause::SlowConnection, "connectionreset"),
    Sign::symptom(Cause::SlowConnection, "connection was reset"),
    Sign::symptom(Cause::SlowConnection, "econnreset"),
    Sign::symptom(Cause::SlowConnection, "und_err_socket"),
    Sign::symptom(Cause::SlowConnection, "und_err_body_timeout"),
    Sign::symptom(Cause::SlowConnection, "und_err_headers_timeout"),
    Sign::symptom(Cause::SlowConnection, "other side closed"),
    Sign::symptom(Cause::SlowConnection, "typeerror: terminated"),
    Sign::symptom(Cause::SlowConnection, "socket hang up"),
    Sign::symptom(Cause::SlowConnection, "[winerror 10054]"),
    Sign::symptom(Cause::SlowConnection, "[winerror 10053]"),
    Sign::symptom(Cause::SlowConnection, "os error 10054"),
    Sign::symptom(Cause::SlowConnection, "os error 104)"),
    Sign::symptom(Cause::SlowConnection, "[errno 104]"),
    Sign::symptom(Cause::SlowConnection, "[errno 54]"),
    Sign::symptom(Cause::SlowConnection, "forcibly closed by the remote host"),
    Sign::symptom(Cause::SlowConnection, "remoteprotocolerror"),
    Sign::symptom(Cause::SlowConnection, "remotedisconnected"),
    Sign::symptom(Cause::SlowConnection, "remote end closed connection without response"),
    Sign::symptom(Cause::SlowConnection, "remote end hung up"),
    Sign::symptom(Cause::SlowConnection, "early eof"),
    Sign::symptom(Cause::SlowConnection, "unexpected disconnect while reading sideband"),
    Sign::symptom(Cause::SlowConnection, "rpc failed; curl").without(&[" 22 "]),
    Sign::symptom(Cause::SlowConnection, "rpc failed; http/2 stream"),
    Sign::symptom(Cause::SlowConnection, "http/2 stream").with(&["not closed cleanly", "cancel", "internal_error"]),
    Sign::symptom(Cause::SlowConnection, "transfer closed with"),
    Sign::symptom(Cause::SlowConnection, "operation timed out after"),
    Sign::symptom(Cause::SlowConnection, "operation too slow"),
    Sign::symptom(Cause::SlowConnection, "less than").with(&["bytes/sec transferred the last"]),
    Sign::symptom(Cause::SlowConnection, "read error at byte"),
    Sign::symptom(Cause::SlowConnection, "connection closed at byte"),
    Sign::symptom(Cause::SlowConnection, "unexpected eof"),
    Sign::symptom(Cause::SlowConnection, "unexpectedeof").without(&["while_reading"]),
    Sign::symptom(Cause::SlowConnection, "unexpected end of file").without(&["json", "parse"]),
    Sign::symptom(Cause::SlowConnection, "premature close"),
    Sign::symptom(Cause::SlowConnection, "stalled; retrying"),
    Sign::symptom(Cause::SlowConnection, "operation timed out"),
    Sign::symptom(Cause::SlowConnection, "timed out").without(&[
        "lock",
        "probe",
        "gpu",
        "task timed out",
        "timed out waiting for reply",
    ]),
    Sign::symptom(Cause::SlowConnection, "error decoding response body"),
    Sign::symptom(Cause::SlowConnection, "end of file before message length reached"),
    Sign::symptom(Cause::SlowConnection, "payload is not completed"),
    Sign::symptom(Cause::SlowConnection, "clientpayloaderror"),
    Sign::symptom(Cause::SlowConnection, "serverdisconnectederror"),
    Sign::symptom(Cause::SlowConnection, "sockettimeout"),
    Sign::symptom(Cause::SlowConnection, "trying to resume download"),
    Sign::symptom(Cause::SlowConnection, "the connection was closed unexpectedly"),
    Sign::symptom(Cause::SlowConnection, "unable to read data from the transport connection"),
    Sign::symptom(Cause::SlowConnection, "max retries exceeded").without(&["with url"]),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
