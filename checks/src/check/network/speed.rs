//! Whether bytes come fast enough, and without a break.

use std::collections::BTreeSet;

use crate::case::Case;
use crate::check::network::reach::{self, first_answer, longer_timeouts, without_xet};
use crate::check::{Check, Conclusion};
use crate::observe::http::Failure;
use crate::observe::layer::limits_transfers;
use crate::observe::storage::{End, Storage, Transfer};
use crate::observe::{Observations, Want};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Source};
use hfdoctor_core::text::measure::{age, size};

const CAUSES: &[Cause] = &[Cause::SlowConnection];

/// The check.
pub static CHECK: Check = Check {
    name: "speed",
    about: "whether bytes come fast enough, and without a break",
    causes: CAUSES,
    wants: |case| {
        if case.limits.offline {
            BTreeSet::new()
        } else {
            BTreeSet::from([Want::Storage, Want::Route, reach::front(case)])
        }
    },
    conclude,
};

/// Below this many bytes a second a client's read timeouts become likely on a loaded link.
const CRAWL: f64 = 32.0 * 1024.0;

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    reach::conclude(case, seen, CAUSES, Source::Network, live)
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
    let need = crate::check::disk::space::needed(case, seen, seen.cache().ok()?)?;
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
