//! Space and inodes, against what the target needs.

mod room;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use crate::case::Case;
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::cache::need::{self, Expected, Need};
use crate::observe::volume::{Purpose, Volume};
use crate::observe::{Cache, Observations, Want};
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Evidence, Finding, Source};
use hfdoctor_core::target::From;
use hfdoctor_core::text::measure::size;

const CAUSES: &[Cause] = &[Cause::DiskFull, Cause::DiskQuota];

/// The check.
pub static CHECK: Check =
    Check { name: "disk", about: "space and inodes, against what the target needs", causes: CAUSES, wants, conclude };

/// With less than this a volume is full for every practical purpose, in bytes.
const NEARLY_NOTHING: u64 = 50_000_000;

fn wants(case: &Case) -> BTreeSet<Want> {
    let mut wants = BTreeSet::from([Want::Volumes, Want::Cache]);
    if case.target.is_some() {
        wants.insert(Want::Record);
    }
    wants
}

fn conclude(case: &Case, observations: &Observations) -> Conclusion {
    let mut logged = log_findings(case, CAUSES);
    let volumes = match observations.volumes() {
        Ok(volumes) => volumes,
        Err(why) => return Conclusion::unknown(why.to_string()).with(logged),
    };
    let cache = observations.cache().ok();
    let expected = cache.and_then(|cache| expected(case, observations, cache));
    let need = expected.as_ref().zip(cache).map(|(expected, cache)| need::need(expected, cache, case));
    let complete = expected.zip(cache).is_some_and(|(expected, cache)| need::is_complete(&expected, cache, case));
    let nothing_written = match case.settings.offline {
        _ if complete => Some("all of the target is in the cache"),
        Some(_) => Some("nothing is written in offline mode"),
        None => None,
    };
    let mut conclusion = Conclusion::ok(in_order(volumes, need));
    for volume in volumes {
        let (found, harmless) = match volume.purpose {
            Purpose::HubCache => (of_cache(case, volume, need), nothing_written),
            Purpose::XetCache if !touches_xet(case) => continue,
            Purpose::XetCache => (beside(volumes, volume), nothing_written),
            Purpose::Temporary => (beside(volumes, volume), nothing_written.or(untouched(case, &logged))),
        };
        match (found, harmless) {
            (Some(finding), Some(why)) => conclusion.notes.push(format!("{}, but {why}", finding.summary)),
            (Some(mut finding), None) => {
                if volume.purpose == Purpose::HubCache {
                    finding.fixes.extend(room::fixes(case, volume, cache, need));
                }
                conclusion.add(finding);
            }
            (None, _) => {}
        }
    }
    for finding in &mut logged {
        finding.evidence.extend(since(volumes, need));
        if let Some(volume) = volumes.first() {
            let known = |id| finding.fixes.iter().any(|f| f.id == id);
            let more: Vec<_> = room::fixes(case, volume, cache, need).into_iter().filter(|f| !known(f.id)).collect();
            finding.fixes.extend(more);
        }
    }
    conclusion.with(logged)
}

/// Why a download does not mind a full temporary volume, where it is known not to.
///
/// huggingface_hub writes beside the file's own place, in the cache or in the folder of the person's own: before 0.23 by
/// `NamedTemporaryFile(dir=cache_dir)`, since then as `.incomplete`. What else a person downloads with may not, as pip
/// and torch, and where the log says that space ran out, this may be where.
fn untouched(case: &Case, logged: &[Finding]) -> Option<&'static str> {
    (case.clients.hub.is_some() && logged.is_empty()).then_some("huggingface_hub writes no download there")
}

/// What the target should be, where the Hub or the cached listing tells.
fn expected(case: &Case, observations: &Observations, cache: &Cache) -> Option<BTreeMap<String, Expected>> {
    // What lies behind a link is not looked at.
    if cache.target.as_ref().is_some_and(|target| target.linked_to.is_some()) {
        return None;
    }
    need::of_case(case, observations)
}

/// What the target still needs, where the Hub or the cached listing tells.
pub(crate) fn needed(case: &Case, observations: &Observations, cache: &Cache) -> Option<Need> {
    Some(need::need(&expected(case, observations, cache)?, cache, case))
}

fn in_order(volumes: &[Volume], need: Option<Need>) -> String {
    let free = volumes.first().and_then(|v| v.free).map_or_else(|| "unknown space".to_owned(), size);
    match need {
        Some(need) if need.bytes == 0 => format!("nothing is left to fetch; {free} free for the hub cache"),
        Some(need) => format!("{} are left to fetch; {free} free for the hub cache", size(need.bytes)),
        None => format!("{free} free for the hub cache"),
    }
}

/// How full the system says the volume is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// No block is free.
    Space,
    /// Blocks are free, inodes are not.
    Inodes,
    /// The quota of the user, group or project.
    Quota,
}

fn refusal(volume: &Volume) -> Option<Refusal> {
    let refused = volume.writable.as_ref().err()?;
    match refused.kind {
        ErrorKind::QuotaExceeded => Some(Refusal::Quota),
        ErrorKind::StorageFull if volume.free_inodes == Some(0) => Some(Refusal::Inodes),
        // The system refuses although it says that there is room: a quota that it does not name.
        ErrorKind::StorageFull if volume.free.is_some_and(|free| free >= NEARLY_NOTHING) => Some(Refusal::Quota),
        ErrorKind::StorageFull => Some(Refusal::Space),
        _ => None,
    }
}

fn of_cache(case: &Case, volume: &Volume, need: Option<Need>) -> Option<Finding> {
    let place = volume.existing.display();
    if let Some(kind) = refusal(volume) {
        let finding = refused(volume, kind);
        // Nothing is left to fetch: what failed was not for want of space.
        let bearing = match need {
            Some(need) if need.bytes == 0 && need.files == 0 => Bearing::Condition,
            _ => Bearing::Failure,
        };
        return Some(finding.bearing(bearing));
    }
    let free = volume.free?;
    match need {
        // Which of the files was asked for is not known: only one that fits nowhere says something.
        Some(need) if is_guess(case) && need.largest <= free => None,
        Some(need) if need.bytes > free => {
            // One file that does not fit will fail; of a whole repository the person may want a part.
            let certainty = if is_guess(case) {
                Certainty::Likely
            } else if need.largest > free || case.target.as_ref().is_some_and(|t| t.file.is_some()) {
                Certainty::Confirmed
            } else {
                Certainty::Likely
            };
            let summary = format!(
                "{} are still to be fetched, and the volume of the hub cache has {} free",
                size(need.bytes),
                size(free)
            );
            let mut finding = Finding::new(Cause::DiskFull, certainty, summary)
                .saw(Source::Disk, format!("{} free at {place}", size(free)))
                .saw(Source::Hub, need_in_words(need));
            if need.resumed > 0 {
                finding = finding.saw(
                    Source::Disk,
                    format!(
                        "{} of partial files are counted as fetched: this client goes on with them",
                        size(need.resumed)
                    ),
                );
            }
            Some(finding)
        }
        None if free < NEARLY_NOTHING => {
            let summary = format!("the volume of the hub cache has only {} free", size(free));
            let of = volume.total.map_or_else(String::new, |total| format!(" of {}", size(total)));
            let finding = Finding::new(Cause::DiskFull, Certainty::Likely, summary);
            Some(finding.saw(Source::Disk, format!("{} free{of} at {place}", size(free))))
        }
        _ => None,
    }
}

/// Whether the target is a whole repository that nobody named: its download broke off, which may have been of one file.
fn is_guess(case: &Case) -> bool {
    case.target.as_ref().is_some_and(|target| target.from == From::Cache && target.file.is_none())
}

fn need_in_words(need: Need) -> String {
    format!(
        "{} in {} are not in the cache yet, the largest with {}",
        size(need.bytes),
        hfdoctor_core::text::measure::count(need.files, "file"),
        size(need.largest)
    )
}

fn refused(volume: &Volume, kind: Refusal) -> Finding {
    let words = volume.writable.as_ref().err().map_or("", |r| r.message.as_str());
    let what = volume.purpose.words();
    let (cause, summary) = match kind {
        Refusal::Space => (Cause::DiskFull, format!("the volume of the {what} is full")),
        Refusal::Inodes => {
            (Cause::DiskQuota, format!("the volume of the {what} has no inodes left: no file can be made"))
        }
        Refusal::Quota => (Cause::DiskQuota, format!("the quota on the volume of the {what} is used up")),
    };
    let mut finding = Finding::new(cause, Certainty::Confirmed, summary)
        .saw(Source::Disk, format!("writing a trial file to {} was refused: {words}", volume.existing.display()));
    // How many inodes are left says something only where it is they that are missing.
    let inodes = match volume.free_inodes.filter(|_| kind != Refusal::Space) {
        Some(inodes) => format!(", {}", hfdoctor_core::text::measure::count(inodes, "free inode")),
        None => String::new(),
    };
    if let Some(free) = volume.free {
        finding = finding.saw(Source::Disk, format!("{} free{inodes} at {}", size(free), volume.existing.display()));
    }
    finding
}

/// Whether the client may write to the Xet cache; where none is known, any may.
fn touches_xet(case: &Case) -> bool {
    !case.settings.xet_disabled && (case.clients.hub.is_none() || case.clients.package("hf_xet").is_some())
}

/// The volumes that a download touches in passing: full, they may contribute; nearly full, they do not.
fn beside(volumes: &[Volume], volume: &Volume) -> Option<Finding> {
    let kind = refusal(volume)?;
    // On the cache's own volume the cache's finding says it.
    let cache = volumes.iter().find(|v| v.purpose == Purpose::HubCache)?;
    if refusal(cache) == Some(kind) && cache.total == volume.total && cache.free == volume.free {
        return None;
    }
    let mut finding = refused(volume, kind).bearing(Bearing::Condition);
    finding.certainty = if volume.purpose == Purpose::XetCache { Certainty::Likely } else { Certainty::Possible };
    Some(finding.fix(room::free_by_hand(volume)))
}

/// What is so now, beside an error that the log has.
fn since(volumes: &[Volume], need: Option<Need>) -> Option<Evidence> {
    let volume = volumes.first()?;
    let free = volume.free?;
    let words = match need {
        Some(need) if need.bytes > free => format!("{} are free now, and {} are needed", size(free), size(need.bytes)),
        Some(need) if need.bytes > 0 => {
            format!("{} are free now, which is enough for the {} that are left", size(free), size(need.bytes))
        }
        _ => format!("{} are free now at {}", size(free), volume.existing.display()),
    };
    Some(Evidence::new(Source::Disk, words))
}

#[cfg(test)]
mod tests;
