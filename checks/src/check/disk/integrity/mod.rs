//! Whether cached files are what they should be.

mod damage;

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::check::{Check, Conclusion, log_findings};
use crate::observe::cache::need::{self, Expected};
use crate::observe::cache::{RepoName, TargetCache};
use crate::observe::integrity::header::Flaw;
use crate::observe::integrity::{Damage, Damaged, Integrity};
use crate::observe::{Observations, Want};
use hfdoctor_core::diagnosis::{Bearing, Cause};
use hfdoctor_core::target::Target;
use hfdoctor_core::text::measure::{count, size};
use hfdoctor_core::text::shell::shown;

const CAUSES: &[Cause] = &[Cause::CorruptFile, Cause::LfsPointer];

/// The check.
pub static CHECK: Check =
    Check { name: "integrity", about: "whether cached files are what they should be", causes: CAUSES, wants, conclude };

fn wants(case: &Case) -> BTreeSet<Want> {
    let mut wants = BTreeSet::from([Want::Integrity, Want::Cache]);
    if case.target.is_some() {
        wants.insert(Want::Record);
    }
    wants
}

fn conclude(case: &Case, observations: &Observations) -> Conclusion {
    let logged = log_findings(case, CAUSES);
    let seen = match observations.integrity() {
        Ok(seen) => seen,
        Err(why) => return Conclusion::unknown(why.to_string()).with(logged),
    };
    let mut damaged = seen.damaged.clone();
    let mut wanted = None;
    if let (Some(target), Ok(cache)) = (&case.target, observations.cache()) {
        let record = observations.record().ok().and_then(|record| record.repository.as_ref());
        if let (Some(cached), Some(expected)) = (&cache.target, need::expected(target, record, cache.target.as_ref())) {
            for wrong in wrong_sizes(&name_of(target), cached, &expected) {
                if !damaged.iter().any(|d| d.path == wrong.path) {
                    damaged.push(wrong);
                }
            }
            wanted = Some(expected);
        }
    }
    // A folder of one's own does not say whose files it holds; their hashes do, where the target's are known.
    if let Some(wanted) = &wanted {
        let of_target = |d: &Damaged| wanted.values().any(|file| d.etag.as_deref() == Some(file.etag.as_str()));
        damaged.extend(seen.loose.iter().cloned());
        damaged.retain(|d| d.local.is_none() || of_target(d));
    }
    let (pointers, corrupt): (Vec<&Damaged>, Vec<&Damaged>) =
        damaged.iter().partition(|d| matches!(d.damage, Damage::Header(Flaw::Pointer(_))));
    let mut conclusion = match seen.unread.first() {
        // The person asked for proof, and there is none.
        Some((path, why)) if case.limits.verify && damaged.is_empty() => {
            Conclusion::unknown(format!("{} could not be read: {why}", shown(path)))
        }
        _ if seen.stopped && damaged.is_empty() => Conclusion::unknown(format!(
            "stopped before all was hashed: {} ({}) have the hashes that they should have",
            count(seen.hashed, "file"),
            size(seen.hashed_bytes)
        )),
        _ => Conclusion::ok(in_order(case, seen)),
    };
    for (files, are_pointers) in [(corrupt, false), (pointers, true)] {
        if files.is_empty() {
            continue;
        }
        let mut finding =
            if are_pointers { damage::lfs_pointers(case, &files, seen) } else { damage::corrupt_files(case, &files) };
        // Whether a folder of one's own has to do with the target is not known.
        if case.target.is_some() && wanted.is_none() && files.iter().all(|d| d.local.is_some()) {
            finding.bearing = finding.bearing.min(Bearing::Condition);
        }
        conclusion.add(finding);
    }
    if let Ok(cache) = observations.cache() {
        conclusion = conclusion.with(damage::no_files(case, cache));
    }
    if let Some(first) = seen.edited.first() {
        let others = seen.edited.len() - 1;
        let and = if others == 0 { String::new() } else { format!(" and {}", count(others as u64, "other file")) };
        conclusion.notes.push(format!("{}{and} changed since the download: not held against it", shown(first)));
    }
    conclusion.with(logged)
}

fn in_order(case: &Case, seen: &Integrity) -> String {
    if case.limits.verify {
        return format!(
            "{} ({}) have the hashes that they should have",
            count(seen.hashed, "file"),
            size(seen.hashed_bytes)
        );
    }
    let cut = if seen.whole { "" } else { "; there was no time for more" };
    format!("the headers and sizes of {} agree{cut}", count(seen.looked_at, "cached file"))
}

/// Blobs of the target that have the name of a listed file and another size.
fn wrong_sizes(name: &RepoName, cached: &TargetCache, expected: &BTreeMap<String, Expected>) -> Vec<Damaged> {
    expected
        .iter()
        .filter_map(|(file, wanted)| {
            let blob = cached.blobs.get(&wanted.etag)?;
            let size = blob.size.filter(|size| *size != wanted.size)?;
            Some(Damaged {
                repository: Some(name.clone()),
                file: file.clone(),
                path: cached.folder.join("blobs").join(&wanted.etag),
                link: cached.files.contains_key(file).then(|| cached.path_of(file)).flatten(),
                local: None,
                etag: Some(wanted.etag.clone()),
                shared: blob.shared,
                size,
                modified: blob.modified,
                damage: Damage::Size(wanted.size),
            })
        })
        .collect()
}

fn name_of(target: &Target) -> RepoName {
    RepoName { kind: target.repo_type, id: target.repo_id.clone() }
}

#[cfg(test)]
mod tests;
