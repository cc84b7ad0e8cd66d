//! Whether cached files are what they should be.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::CorruptFile, Cause::LfsPointer];

/// The check.
pub static CHECK: Check = Check {
    name: "integrity",
    about: "whether cached files are what they should be",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::CorruptFile, "metadataincompletebuffer"),
    Sign::decisive(Cause::CorruptFile, "incomplete metadata, file not fully covered"),
    Sign::decisive(Cause::CorruptFile, "invalidheaderlength"),
    Sign::decisive(Cause::CorruptFile, "invalid header length"),
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
    Sign::decisive(Cause::CorruptFile, "sha256").with(&["mismatch", "does not match", "not match"]),
    Sign::decisive(Cause::CorruptFile, "hash mismatch"),
    Sign::decisive(Cause::CorruptFile, "digest mismatch"),
    Sign::decisive(Cause::CorruptFile, "expected oid"),
    Sign::decisive(Cause::CorruptFile, "data integrity error"),
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
    Sign::symptom(Cause::CorruptFile, "inflate").with(&["incorrect", "invalid"]),
    Sign::symptom(Cause::CorruptFile, "crc").with(&["mismatch", "failed", "error"]),
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
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
