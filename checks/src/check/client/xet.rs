//! The Xet client and its storage.

use std::collections::BTreeSet;

use crate::case::Case;
use crate::case::clients::numbers;
use crate::check::network::reach::without_xet;
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::route::fault::fault;
use crate::observe::storage::{End, Storage, Transfer};
use crate::observe::xet::Outcome;
use crate::observe::{Observations, Want};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Source};

const CAUSES: &[Cause] = &[Cause::XetClient];

/// The check.
pub static CHECK: Check = Check {
    name: "xet",
    about: "the Xet client and its storage",
    causes: CAUSES,
    wants: |case| {
        let looks = !case.limits.offline && !case.settings.xet_disabled && case.clients.package("hf_xet").is_some();
        if looks { BTreeSet::from([Want::Storage]) } else { BTreeSet::new() }
    },
    conclude,
};

/// Versions of hf_xet whose every request the storage refused with 401: fixed in 1.1.7 (xet-core, 2025).
const REFUSED: std::ops::RangeInclusive<(u64, u64, u64)> = (1, 1, 4)..=(1, 1, 6);

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    let findings = log_findings(case, CAUSES);
    let Some(version) = case.clients.package("hf_xet") else {
        return Conclusion::ok("hf_xet is not installed: files come over plain HTTPS").with(findings);
    };
    let mut conclusion = Conclusion::ok(format!("hf_xet {version}"));
    if case.settings.xet_disabled {
        conclusion = Conclusion::ok(format!("hf_xet {version}, switched off by `HF_HUB_DISABLE_XET`"));
    } else if numbers(version).is_some_and(|numbers| REFUSED.contains(&numbers)) {
        conclusion = conclusion.note(format!(
            "the storage answers 401 to hf_xet {version}, a fault of its own: {}",
            case.clients.upgrade_command()
        ));
    }
    if let Ok(Some(storage)) = seen.storage()
        && !case.settings.xet_disabled
    {
        let (finding, note) = against_plain(version, storage);
        conclusion = conclusion.with(finding);
        if let Some(note) = note {
            conclusion = conclusion.note(note);
        }
    }
    conclusion.with(findings)
}

/// The control experiment that people make by hand: the same file over Xet and over plain HTTPS.
fn against_plain(version: &str, storage: &Storage) -> (Option<Finding>, Option<String>) {
    let Some(trial) = &storage.xet_trial else { return (None, None) };
    let plain = &storage.transfer;
    let plain_works =
        matches!(plain.status, Ok(200..=299)) && plain.received > 0 && matches!(plain.end, End::Enough | End::TimeUp);
    // Hosts that cannot be reached are the storage check's matter, and a failing plain way is no control.
    if !plain_works || storage.xet.iter().any(|xet| fault(&xet.route).is_some()) {
        return (None, None);
    }
    let host = &trial.host;
    let (certainty, why) = match &trial.outcome {
        Outcome::Unclear(_) => return (None, None),
        Outcome::Stopped(why) => (Certainty::Likely, why.clone()),
        Outcome::Bytes(transfer) => match stuck(transfer) {
            Some(why) => (Certainty::Confirmed, why),
            None => return (None, slower(transfer, plain)),
        },
    };
    let summary = format!("Xet gives nothing where plain HTTPS works: `{host}`: {why}");
    let finding = Finding::new(Cause::XetClient, certainty, summary)
        .saw(Source::Network, format!("{} over Xet, from `{host}`: {why}", storage.file))
        .saw(Source::Network, format!("{} over plain HTTPS, from `{}`: bytes come", storage.file, storage.host))
        .saw(Source::Client, format!("hf_xet {version} is installed, and used"))
        .fix(without_xet("download over plain HTTPS instead of Xet"))
        .fix(Fix::manual("xet-upgrade", "or try the newest hf_xet").command("pip install -U hf_xet"));
    (Some(finding), None)
}

/// Why a transfer gives no bytes, or soon none any more.
fn stuck(transfer: &Transfer) -> Option<String> {
    match &transfer.end {
        End::Stalled if transfer.received == 0 => Some("it answers and sends no bytes".to_owned()),
        End::Stalled => Some(format!("it stands still after {} bytes", transfer.received)),
        End::Cut(why) => Some(format!("it breaks off after {} bytes: {why}", transfer.received)),
        End::Enough if transfer.received == 0 => Some("it answers with no bytes at all".to_owned()),
        End::Enough | End::TimeUp | End::NoAnswer => None,
    }
}

/// A note where Xet is many times slower.
fn slower(xet: &Transfer, plain: &Transfer) -> Option<String> {
    let (xet, plain) = (xet.rate()?, plain.rate()?);
    (xet * 10.0 < plain).then(|| {
        format!(
            "Xet gives {:.1} MB/s here, plain HTTPS {:.1} MB/s: `HF_HUB_DISABLE_XET=1` may be faster",
            xet / 1e6,
            plain / 1e6
        )
    })
}
