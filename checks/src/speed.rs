//! Whether bytes come fast enough, and without a break.

use std::collections::BTreeSet;

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings};
use crate::diagnosis::{Cause, Certainty, Finding, Fix, Risk, Source};
use crate::observe::http::Failure;
use crate::observe::storage::{End, Storage, Transfer};
use crate::observe::{Observations, Want};
use crate::reach::{self, first_answer, set_variable};

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

const SIGNS: &[Sign] = &[];

/// Below this many bytes a second a client's read timeouts become likely on a loaded link.
const CRAWL: f64 = 32.0 * 1024.0;

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    if let Some(skipped) = reach::offline(case, CAUSES) {
        return skipped;
    }
    live(case, seen).with(log_findings(case, CAUSES))
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
    let storage = match seen.storage() {
        Ok(Some(storage)) => storage,
        Ok(None) => return Conclusion::skipped("nothing large to measure with"),
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
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
    match slow(storage) {
        Some((certainty, summary)) => {
            let finding = Finding::new(Cause::SlowConnection, certainty, summary)
                .saw(Source::Network, measured(transfer))
                .with_fixes(patience(case));
            Conclusion::ok("").with([finding])
        }
        None => Conclusion::ok(match transfer.rate() {
            Some(rate) => format!("`{}` gives {}", storage.host, per_second(rate)),
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
            let rate =
                u32::try_from(transfer.received).map_or(f64::from(u32::MAX), f64::from) / transfer.seconds.max(0.1);
            (rate < CRAWL).then(|| (Certainty::Likely, format!("`{host}` gives only {}", per_second(rate))))
        }
        // An edge that promises bytes and gives none has been seen in August 2026.
        End::Enough if transfer.received == 0 => {
            Some((Certainty::Confirmed, format!("`{host}` answers {} with no bytes at all", status(transfer))))
        }
        End::Enough | End::NoAnswer => None,
    }
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
        set_variable(
            "timeout-raise",
            Risk::Safe,
            "let the client wait longer for bytes",
            "HF_HUB_DOWNLOAD_TIMEOUT",
            &case.settings.download_timeout.saturating_mul(6).max(60).to_string(),
        ),
        Fix::manual("download-again", "run the same command again: it goes on from what is complete"),
    ];
    if !case.settings.xet_disabled && case.clients.package("hf_xet").is_some() {
        fixes.insert(
            1,
            set_variable("xet-disable", Risk::Safe, "try plain HTTPS instead of Xet", "HF_HUB_DISABLE_XET", "1"),
        );
    }
    fixes
}
