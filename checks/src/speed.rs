//! Whether bytes come fast enough, and without a break.

use std::collections::BTreeSet;

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion};
use crate::diagnosis::{Cause, Certainty, Finding, Fix, Source};
use crate::measure::{age, size};
use crate::observe::http::Failure;
use crate::observe::layer::limits_transfers;
use crate::observe::storage::{End, Storage, Transfer};
use crate::observe::{Observations, Want};
use crate::reach::{self, first_answer, longer_timeouts, without_xet};

const CAUSES: &[Cause] = &[Cause::SlowConnection];

/// The check.
pub static CHECK: Check = Check {
    name: "speed",
    about: "whether bytes come fast enough, and without a break",
    causes: CAUSES,
    signs: SIGNS,
    wants: |case| {
        if case.limits.offline {
            BTreeSet::new()
        } else {
            BTreeSet::from([Want::Storage, Want::Route, reach::front(case)])
        }
    },
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::SlowConnection, "contenttooshorterror"),
    Sign::decisive(Cause::SlowConnection, "retrieval incomplete: got only"),
    Sign::symptom(Cause::SlowConnection, "code=-1005"),
    Sign::symptom(Cause::SlowConnection, "code=-1001"),
    Sign::symptom(Cause::SlowConnection, "network connection was lost"),
    Sign::symptom(Cause::SlowConnection, "connection closed before message completed"),
    Sign::symptom(Cause::SlowConnection, "got disconnected from remote data host"),
    Sign::symptom(Cause::SlowConnection, "bytes of body are still expected"),
    Sign::symptom(Cause::SlowConnection, "ssl_read"),
    Sign::symptom(Cause::SlowConnection, "body write aborted"),
    Sign::symptom(Cause::SlowConnection, "connection reset").without(&["_recall", "connection_reset"]),
    Sign::symptom(Cause::SlowConnection, "connection was closed"),
    Sign::symptom(Cause::SlowConnection, "broken pipe"),
    Sign::symptom(Cause::SlowConnection, "unexpected end of stream"),
    Sign::symptom(Cause::SlowConnection, "download speed is too slow"),
    Sign::symptom(Cause::SlowConnection, "lowest-speed-limit"),
    Sign::symptom(Cause::SlowConnection, "too slow download speed"),
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
    Sign::symptom(Cause::SlowConnection, "connectionreset").without(&["connection lost"]),
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
    Sign::symptom(Cause::SlowConnection, "fixed content-length: ").with(&["bytes received"]),
    Sign::symptom(Cause::SlowConnection, "connection closed while receiving"),
    Sign::symptom(Cause::SlowConnection, "premature eof"),
    Sign::symptom(Cause::SlowConnection, "unexpected end of file from server"),
    Sign::symptom(Cause::SlowConnection, "connection prematurely closed"),
    Sign::symptom(Cause::SlowConnection, "premature end of content-length"),
    Sign::symptom(Cause::SlowConnection, "premature end of chunk"),
    Sign::symptom(Cause::SlowConnection, "response ended prematurely"),
    Sign::symptom(Cause::SlowConnection, "errorcode=2 timeout"),
    Sign::symptom(Cause::SlowConnection, "errorcode=5"),
    Sign::symptom(Cause::SlowConnection, "context cancellation while reading body"),
    Sign::symptom(Cause::SlowConnection, "connection closed").with(&[" bytes", "stream", "download", "transfer"]),
    Sign::symptom(Cause::SlowConnection, "transferred a partial file"),
    Sign::symptom(Cause::SlowConnection, "failure when receiving data from the peer"),
    Sign::symptom(Cause::SlowConnection, "timeout was reached"),
    Sign::symptom(Cause::SlowConnection, "stream error in the http/2 framing layer"),
    Sign::symptom(Cause::SlowConnection, "server returned nothing (no headers, no data)"),
    Sign::symptom(Cause::SlowConnection, "empty reply from server"),
    Sign::symptom(Cause::SlowConnection, "socketexception: connection reset"),
    Sign::symptom(Cause::SlowConnection, "the operation has timed out"),
    Sign::symptom(Cause::SlowConnection, "the request was canceled due to the configured httpclient.timeout"),
    Sign::symptom(Cause::SlowConnection, "download stalled"),
    Sign::symptom(Cause::SlowConnection, "no data received for"),
    Sign::symptom(Cause::SlowConnection, "no progress for"),
    Sign::symptom(Cause::SlowConnection, "stalled for").with(&["download", "transfer", "bytes", "model"]),
    Sign::symptom(Cause::SlowConnection, "und_err_res_content_length_mismatch"),
    Sign::symptom(Cause::SlowConnection, "err_content_length_mismatch"),
    Sign::symptom(Cause::SlowConnection, "err_incomplete_chunked_encoding"),
    Sign::symptom(Cause::SlowConnection, "err_http2_protocol_error"),
    Sign::symptom(Cause::SlowConnection, "err_connection_reset"),
    Sign::symptom(Cause::SlowConnection, "err_network_changed"),
    Sign::symptom(Cause::SlowConnection, "stream terminated by rst_stream"),
    Sign::symptom(Cause::SlowConnection, "server sent goaway"),
    Sign::symptom(Cause::SlowConnection, "body stream interrupted"),
    Sign::symptom(Cause::SlowConnection, "ended with").with(&["bytes remaining", "bytes missing"]),
    Sign::symptom(Cause::SlowConnection, "unexpectedly closed"),
    Sign::symptom(Cause::SlowConnection, "server aborted pending request"),
    Sign::symptom(Cause::SlowConnection, "the server aborted the request"),
];

/// Below this many bytes a second a client's read timeouts become likely on a loaded link.
const CRAWL: f64 = 32.0 * 1024.0;

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    if let Some(skipped) = reach::offline(case, CAUSES) {
        return skipped;
    }
    live(case, seen).and_log(case, CAUSES, Source::Network)
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    // The way stands, and no answer comes over it: what a client calls a read timeout.
    if let (Ok(route), Ok(Err(Failure::Timeout(why)))) = (seen.route(), first_answer(case, seen))
        && route.works()
    {
        let host = &route.host;
        let summary = format!("`{host}` takes the connection and then does not answer: {why}");
        let finding = Finding::new(Cause::SlowConnection, Certainty::Likely, summary)
            .saw(Source::Network, format!("connection and TLS with `{host}` stand, the request has no answer"))
            .with_fixes(patience(case));
        return Conclusion::ok("").with([finding]);
    }
    if let Some(finding) = impatient_for_metadata(case, seen) {
        return Conclusion::ok("").with([finding]);
    }
    let storage = match seen.storage() {
        Ok(Some(storage)) => storage,
        Ok(None) if asks_once(case) && matches!(first_answer(case, seen), Ok(Ok(_))) => {
            return Conclusion::ok("metadata comes in time; nothing large to measure with");
        }
        Ok(None) => return Conclusion::skipped("nothing large to measure with"),
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    if storage.transfer.answer.as_ref().is_some_and(limits_transfers) {
        return Conclusion::unknown(format!("not measured: `{}` limits requests", storage.host));
    }
    if !matches!(storage.transfer.status, Ok(200..=299)) {
        // Whether it times out after the way stands is this check's matter; everything else is another's.
        if let Err(Failure::Timeout(why)) = &storage.transfer.status
            && storage.route.works()
        {
            let finding = silent(case, storage, why);
            return Conclusion::ok("").with([finding]);
        }
        return Conclusion::unknown("not measured: the storage host gave no bytes");
    }
    let transfer = &storage.transfer;
    match impatient(case, storage).or_else(|| slow(storage)) {
        Some((certainty, summary)) => {
            let mut finding =
                Finding::new(Cause::SlowConnection, certainty, summary).saw(Source::Network, measured(transfer));
            if let (End::TimeUp, Some(left)) = (&transfer.end, left(case, seen, average(transfer))) {
                finding = finding.saw(Source::Disk, left);
            }
            Conclusion::ok("").with([finding.with_fixes(patience(case))])
        }
        None => Conclusion::ok(match transfer.rate() {
            Some(rate) => {
                let left = left(case, seen, rate).map(|words| format!(": {words}")).unwrap_or_default();
                format!("`{}` gives {}{left}", storage.host, per_second(rate))
            }
            None => format!("`{}` gives bytes at once", storage.host),
        }),
    }
}

fn silent(case: &Case, storage: &Storage, why: &str) -> Finding {
    let summary = format!("`{}` takes the connection and then gives no bytes: {why}", storage.host);
    Finding::new(Cause::SlowConnection, Certainty::Likely, summary)
        .saw(Source::Network, format!("connection and TLS with `{}` stand, the request has no answer", storage.host))
        .with_fixes(patience(case))
}

/// The endpoint answers, and later than the client was told to wait for a file's metadata. From 1.2 on huggingface_hub then
/// asks once more, with a patience of 60 s.
fn impatient_for_metadata(case: &Case, seen: &Observations) -> Option<Finding> {
    if !asks_once(case) {
        return None;
    }
    let (route, Ok(answer)) = (seen.route().ok()?, first_answer(case, seen).ok()?) else { return None };
    // The client counts each phase by itself; the connection's are not the wait for the answer.
    let session = route.session().map_or(0.0, |session| session.milliseconds);
    let attempts = route.direct.iter().flat_map(|direct| &direct.attempts);
    let connection = attempts.filter_map(|attempt| attempt.outcome.as_ref().ok()).fold(0.0, |a: f64, b| a.max(*b));
    let waited = answer.elapsed.as_secs_f64() - (session + connection) / 1000.0;
    let patience = case.settings.etag_timeout;
    if waited <= u32::try_from(patience).map_or(f64::INFINITY, f64::from) {
        return None;
    }
    let host = &route.host;
    let summary = format!("`{host}` answers after {waited:.1} s, and the client gives up after {patience} s");
    Some(
        Finding::new(Cause::SlowConnection, Certainty::Likely, summary)
            .saw(Source::Network, format!("HEAD {} took {waited:.1} s without the connection", answer.url.path()))
            .saw(Source::Environment, format!("`HF_HUB_ETAG_TIMEOUT` is {patience} s"))
            .fix(longer_timeouts(case)),
    )
}

fn asks_once(case: &Case) -> bool {
    case.clients.hub_is(|version| version < (1, 2, 0))
}

/// Bytes come, and later than the client was told to wait.
fn impatient(case: &Case, storage: &Storage) -> Option<(Certainty, String)> {
    let transfer = &storage.transfer;
    let waited = (transfer.first_byte.unwrap_or_default() / 1000.0).max(transfer.longest_wait);
    let patience = case.settings.download_timeout;
    let within = u32::try_from(patience).map_or(f64::INFINITY, f64::from);
    (transfer.received > 0 && waited > within).then(|| {
        let host = &storage.host;
        (
            Certainty::Confirmed,
            format!("`{host}` sends bytes after {waited:.1} s, and the client gives up after {patience} s"),
        )
    })
}

fn slow(storage: &Storage) -> Option<(Certainty, String)> {
    let transfer = &storage.transfer;
    let host = &storage.host;
    match &transfer.end {
        End::Cut(why) => Some((
            Certainty::Confirmed,
            format!("the connection to `{host}` breaks off after {}: {why}", bytes(transfer.received)),
        )),
        End::Stalled if transfer.received == 0 => {
            Some((Certainty::Confirmed, format!("`{host}` answers {} and sends no bytes", status(transfer))))
        }
        End::Stalled => Some((
            Certainty::Confirmed,
            format!("the transfer from `{host}` stands still after {}", bytes(transfer.received)),
        )),
        End::TimeUp => {
            let rate = average(transfer);
            (rate < CRAWL).then(|| (Certainty::Likely, format!("`{host}` gives only {}", per_second(rate))))
        }
        // An edge that promises bytes and gives none has been seen in August 2026.
        End::Enough if transfer.received == 0 => {
            Some((Certainty::Confirmed, format!("`{host}` answers {} with no bytes at all", status(transfer))))
        }
        End::Enough | End::NoAnswer => None,
    }
}

/// Bytes a second, however few they were.
fn average(transfer: &Transfer) -> f64 {
    u32::try_from(transfer.received).map_or(f64::from(u32::MAX), f64::from) / transfer.seconds.max(0.1)
}

/// How long what is missing takes at that many bytes a second, where the Hub or the cache tells how much it is.
fn left(case: &Case, seen: &Observations, rate: f64) -> Option<String> {
    let need = crate::disk::needed(case, seen, seen.cache().ok()?)?;
    if need.bytes == 0 || rate < 1.0 {
        return None;
    }
    // Whole bytes a second: beyond 2^32 of them nobody waits for anything.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is at least one, and saturates")]
    let seconds = need.bytes / (rate as u64).max(1);
    let epoch = std::time::UNIX_EPOCH;
    let takes = epoch.checked_add(std::time::Duration::from_secs(seconds)).map(|end| age(end, epoch))?;
    Some(format!("{} are left to fetch, about {takes} at this rate", size(need.bytes)))
}

fn status(transfer: &Transfer) -> u16 {
    transfer.status.as_ref().copied().unwrap_or_default()
}

fn measured(transfer: &Transfer) -> String {
    format!(
        "{} in {:.1} s, the longest wait {:.1} s",
        bytes(transfer.received),
        transfer.seconds,
        transfer.longest_wait
    )
}

/// `1.4 MB`.
fn bytes(count: u64) -> String {
    let count = u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    if count < 1000.0 {
        format!("{count:.0} bytes")
    } else if count < 1_000_000.0 {
        format!("{:.0} kB", count / 1000.0)
    } else {
        format!("{:.1} MB", count / 1_000_000.0)
    }
}

fn per_second(rate: f64) -> String {
    if rate < 1_000_000.0 { format!("{:.0} kB/s", rate / 1000.0) } else { format!("{:.1} MB/s", rate / 1_000_000.0) }
}

fn patience(case: &Case) -> Vec<Fix> {
    let mut fixes = vec![
        longer_timeouts(case),
        Fix::manual("download-again", "run the same command again: it goes on from what is complete"),
    ];
    if !case.settings.xet_disabled && case.clients.package("hf_xet").is_some() {
        fixes.insert(1, without_xet("try plain HTTPS instead of Xet"));
    }
    fixes
}
