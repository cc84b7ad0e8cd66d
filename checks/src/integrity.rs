//! Whether cached files are what they should be.

mod damage;

use std::collections::{BTreeMap, BTreeSet};

use crate::case::{Case, Target, log::Sign};
use crate::check::{Check, Conclusion, log_findings};
use crate::diagnosis::{Bearing, Cause};
use crate::measure::{count, size};
use crate::observe::cache::need::{self, Expected};
use crate::observe::cache::{RepoName, TargetCache};
use crate::observe::integrity::header::Flaw;
use crate::observe::integrity::{Damage, Damaged, Integrity};
use crate::observe::{Observations, Want};
use crate::shell::shown;

const CAUSES: &[Cause] = &[Cause::CorruptFile, Cause::LfsPointer];

/// The check.
pub static CHECK: Check = Check {
    name: "integrity",
    about: "whether cached files are what they should be",
    causes: CAUSES,
    signs: SIGNS,
    wants,
    conclude,
};

/// Places that a cached file lies in: a disk or a mount that fails there leaves the file unreadable.
const CACHED: &[&str] = &["/blobs/", "/snapshots/", "models--", "datasets--", ".cache/huggingface", ".safetensors"];

const SIGNS: &[Sign] = &[
    Sign::symptom(Cause::CorruptFile, "[errno 5]").with(CACHED).without(&[".lock"]),
    Sign::symptom(Cause::CorruptFile, "input/output error").with(CACHED).without(&[".lock"]),
    Sign::decisive(Cause::CorruptFile, "invalid header or archive is corrupted"),
    Sign::decisive(Cause::CorruptFile, "the file might be corrupted"),
    Sign::decisive(Cause::CorruptFile, "not a gzip file"),
    Sign::decisive(Cause::CorruptFile, "zlib.error"),
    Sign::decisive(Cause::CorruptFile, "tarfile.readerror"),
    Sign::decisive(Cause::CorruptFile, "modelproto does not have a graph"),
    Sign::decisive(Cause::CorruptFile, "corrupt snappy"),
    Sign::decisive(Cause::CorruptFile, "invalid utf-8 in header"),
    Sign::decisive(Cause::CorruptFile, "file read failed"),
    Sign::decisive(Cause::CorruptFile, "invalid_protobuf"),
    Sign::decisive(Cause::CorruptFile, "unable to open file (truncated file"),
    Sign::decisive(Cause::CorruptFile, "file is truncated"),
    Sign::decisive(Cause::CorruptFile, "truncated file"),
    Sign::decisive(Cause::CorruptFile, "unexpected eof, expected"),
    Sign::decisive(Cause::LfsPointer, "invalid magic").with(&["'vers'"]),
    Sign::decisive(Cause::CorruptFile, "metadataincompletebuffer"),
    Sign::decisive(Cause::CorruptFile, "incomplete metadata, file not fully covered"),
    Sign::decisive(Cause::CorruptFile, "invalidheaderlength"),
    Sign::decisive(Cause::CorruptFile, "invalid header length"),
    Sign::decisive(Cause::CorruptFile, "invalid json header"),
    Sign::decisive(Cause::CorruptFile, "is not a valid .mlmodelc"),
    Sign::decisive(Cause::CorruptFile, "headertoolarge"),
    Sign::decisive(Cause::CorruptFile, "header too large"),
    Sign::decisive(Cause::CorruptFile, "headertoosmall"),
    Sign::decisive(Cause::CorruptFile, "header too small"),
    Sign::decisive(Cause::CorruptFile, "invalidheaderdeserialization"),
    Sign::decisive(Cause::CorruptFile, "invalid json in header"),
    Sign::decisive(Cause::CorruptFile, "error while deserializing header"),
    Sign::decisive(Cause::CorruptFile, "failed finding central directory"),
    Sign::decisive(Cause::CorruptFile, "failed reading zip archive"),
    Sign::decisive(Cause::CorruptFile, "pickle data was truncated"),
    Sign::decisive(Cause::CorruptFile, "unpicklingerror"),
    Sign::decisive(Cause::CorruptFile, "invalid load key"),
    Sign::decisive(Cause::CorruptFile, "ran out of input"),
    Sign::decisive(Cause::CorruptFile, "is not a valid json file"),
    Sign::symptom(Cause::CorruptFile, "jsondecodeerror"),
    Sign::symptom(Cause::CorruptFile, "expecting value: line 1 column 1"),
    Sign::symptom(Cause::CorruptFile, "expected value at line 1 column 1"),
    Sign::symptom(Cause::CorruptFile, "eof while parsing"),
    Sign::decisive(Cause::CorruptFile, "parquet magic bytes not found"),
    Sign::decisive(Cause::CorruptFile, "parquet file size is 0 bytes"),
    Sign::decisive(Cause::CorruptFile, "is not a zip file"),
    Sign::decisive(Cause::CorruptFile, "badzipfile"),
    Sign::decisive(Cause::CorruptFile, "badgzipfile"),
    Sign::decisive(Cause::CorruptFile, "not a gzipped file"),
    Sign::decisive(Cause::CorruptFile, "nonmatchingchecksumerror"),
    Sign::decisive(Cause::CorruptFile, "checksum").with(&[
        "mismatch",
        "not match",
        "failed",
        "don't match",
        "doesn't match",
    ]),
    Sign::decisive(Cause::CorruptFile, "sha256 mismatch"),
    Sign::decisive(Cause::CorruptFile, "sha mismatch"),
    Sign::symptom(Cause::CorruptFile, "could not parse modelproto"),
    Sign::decisive(Cause::CorruptFile, "sha256 does not match"),
    Sign::decisive(Cause::CorruptFile, "sha256 hash").with(&["mismatch", "not match"]),
    Sign::decisive(Cause::CorruptFile, "sha256sum mismatch"),
    Sign::decisive(Cause::CorruptFile, "wrong sha256"),
    Sign::decisive(Cause::CorruptFile, "hash mismatch"),
    Sign::decisive(Cause::CorruptFile, "digest mismatch"),
    Sign::decisive(Cause::CorruptFile, "expected oid"),
    Sign::decisive(Cause::CorruptFile, "unable to load weights from pytorch checkpoint"),
    Sign::decisive(Cause::CorruptFile, "invalid magic"),
    Sign::decisive(Cause::CorruptFile, "failed to read magic"),
    Sign::decisive(Cause::CorruptFile, "model is corrupted or incomplete"),
    Sign::decisive(Cause::CorruptFile, "data is not within the file bounds"),
    Sign::decisive(Cause::CorruptFile, "file is corrupt"),
    Sign::decisive(Cause::CorruptFile, "corrupted or incomplete"),
    Sign::decisive(Cause::CorruptFile, "safetensors file is incomplete"),
    Sign::decisive(Cause::CorruptFile, "model_proto->parsefromarray"),
    Sign::decisive(Cause::CorruptFile, "protobuf parsing failed"),
    Sign::decisive(Cause::CorruptFile, "error parsing message with type"),
    Sign::decisive(Cause::CorruptFile, "unexpectedly reached end of file"),
    Sign::decisive(Cause::CorruptFile, "file signature not found"),
    Sign::symptom(Cause::CorruptFile, "pytorchstreamreader failed"),
    Sign::symptom(Cause::CorruptFile, "invalid gguf"),
    Sign::symptom(Cause::CorruptFile, "while decompressing data"),
    Sign::symptom(Cause::CorruptFile, "incorrect data check"),
    Sign::symptom(Cause::CorruptFile, "incorrect header check"),
    Sign::symptom(Cause::CorruptFile, "crc mismatch"),
    Sign::symptom(Cause::CorruptFile, "crc error"),
    Sign::symptom(Cause::CorruptFile, "crc check failed"),
    Sign::symptom(Cause::CorruptFile, "bad crc "),
    Sign::decisive(Cause::LfsPointer, "version https://git-lfs.github.com/spec"),
    Sign::decisive(Cause::LfsPointer, "without having git-lfs installed"),
    Sign::decisive(Cause::LfsPointer, "'lfs' is not a git command"),
    Sign::decisive(Cause::LfsPointer, "git-lfs: command not found"),
    Sign::decisive(Cause::LfsPointer, "git-lfs: not found"),
    Sign::decisive(Cause::LfsPointer, "invalid load key, 'v'"),
    Sign::decisive(Cause::LfsPointer, "git lfs pointer"),
    Sign::decisive(Cause::LfsPointer, "lfs pointer"),
    Sign::decisive(Cause::LfsPointer, "git-lfs pointer"),
    Sign::decisive(Cause::LfsPointer, "git-lfs filter-process: git-lfs"),
    Sign::decisive(Cause::LfsPointer, "'git-lfs' is not recognized"),
    Sign::decisive(Cause::CorruptFile, "checksum error detected"),
    Sign::decisive(Cause::CorruptFile, "unexpected end of zlib input stream"),
    Sign::decisive(Cause::CorruptFile, "expected oid").with(&["got "]),
    Sign::symptom(Cause::CorruptFile, "unterminated string in json"),
    Sign::symptom(Cause::CorruptFile, "unexpected end of json input"),
    Sign::symptom(Cause::CorruptFile, "zip end header not found"),
    Sign::symptom(Cause::CorruptFile, "zipexception"),
    Sign::decisive(Cause::CorruptFile, "sha256 checksum mismatch"),
    Sign::decisive(Cause::CorruptFile, "checksum mismatch"),
    Sign::symptom(Cause::CorruptFile, "invalid magic").without(&["hdf5"]),
    Sign::symptom(Cause::CorruptFile, "content should be at least 1 mb"),
    Sign::symptom(Cause::CorruptFile, "unable to load weights from pytorch_model.bin"),
];

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
