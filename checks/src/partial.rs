//! What unfinished downloads left in the cache.

use crate::case::{Case, log::Sign};
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::diagnosis::Cause;
use crate::observe::Observations;

const CAUSES: &[Cause] = &[Cause::PartialCache];

/// The check.
pub static CHECK: Check = Check {
    name: "partial",
    about: "what unfinished downloads left in the cache",
    causes: CAUSES,
    signs: SIGNS,
    wants: wants_nothing,
    conclude,
};

const SIGNS: &[Sign] = &[
    Sign::decisive(Cause::PartialCache, "is incomplete: failed to read a buffer"),
    Sign::decisive(Cause::PartialCache, "unable to open file 'model.bin'"),
    Sign::decisive(Cause::PartialCache, "incomplete snapshot available"),
    Sign::decisive(Cause::PartialCache, "is required according to the checkpoint index"),
    Sign::symptom(Cause::PartialCache, "integrity check failed, the download may be incomplete"),
    Sign::symptom(Cause::PartialCache, "no cached tree listing found"),
    Sign::symptom(Cause::PartialCache, "invalid pointer path"),
    Sign::symptom(Cause::PartialCache, "missing shard"),
    Sign::decisive(Cause::PartialCache, "consistency check failed"),
    Sign::decisive(Cause::PartialCache, "range not satisfiable"),
    Sign::decisive(Cause::PartialCache, "requested range not satisfiable"),
    Sign::decisive(Cause::PartialCache, "incompletesnapshoterror"),
    Sign::decisive(Cause::PartialCache, "the cached snapshot for"),
    Sign::decisive(Cause::PartialCache, "invalid part file"),
    Sign::decisive(Cause::PartialCache, "file size mismatch"),
    Sign::decisive(Cause::PartialCache, "the model is not fully cached locally"),
    Sign::decisive(Cause::PartialCache, "invalid range header"),
    Sign::decisive(Cause::PartialCache, "doesn't seem to support byte ranges"),
    Sign::symptom(Cause::PartialCache, "no such file or directory").with(&[
        "snapshots/",
        "snapshots\\",
        "/blobs/",
        "\\blobs\\",
        "models--",
        "datasets--",
        ".incomplete",
    ]),
    Sign::symptom(Cause::PartialCache, ".incomplete").with(&[
        "no such file",
        "cannot find",
        "rename",
        "notfound",
        "enoent",
        "filenotfounderror",
    ]),
    Sign::symptom(Cause::PartialCache, "[errno 116]"),
    Sign::symptom(Cause::PartialCache, "stale file handle"),
    Sign::symptom(Cause::PartialCache, "broken symlink"),
    Sign::symptom(Cause::PartialCache, "nonmatchingsplitssizeserror"),
    Sign::symptom(Cause::PartialCache, "expectedmoredownloadedfileserror"),
    Sign::symptom(Cause::PartialCache, "status=416"),
    Sign::symptom(Cause::PartialCache, "error: 416"),
    Sign::symptom(Cause::PartialCache, "416 client error"),
];

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    Conclusion::ok("nothing of it in the log").with(log_findings(case, CAUSES))
}
