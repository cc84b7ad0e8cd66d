//! Words: space and inodes, against what the target needs.

use crate::diagnosis::Cause;
use crate::sign::Sign;

/// What the system calls no space, and is a limit on watches of files.
const WATCHES: &[&str] = &["inotify", "file watchers"];

pub(super) const SIGNS: &[Sign] = &[
    Sign::symptom(Cause::DiskFull, "only has 0.00 mb free disk space"),
    // A limit on the size of a file, where the volume has space: the shell's, or that of FAT.
    Sign::symptom(Cause::DiskQuota, "[errno 27]"),
    Sign::symptom(Cause::DiskQuota, "file too large (os error 27)"),
    Sign::symptom(Cause::DiskQuota, "efbig: file too large"),
    Sign::decisive(Cause::DiskQuota, "usage of emptydir volume"),
    Sign::decisive(Cause::DiskQuota, "workload evicted"),
    Sign::decisive(Cause::DiskQuota, "drive storage quota"),
    Sign::decisive(Cause::DiskFull, "more disk space than is available"),
    Sign::symptom(Cause::DiskFull, "pytorchstreamwriter failed"),
    Sign::symptom(Cause::DiskFull, "failed to write to disk"),
    Sign::symptom(Cause::DiskFull, "diskpressure"),
    Sign::decisive(Cause::DiskFull, "insufficient free space"),
    Sign::decisive(Cause::DiskFull, "not enough free space"),
    Sign::decisive(Cause::DiskFull, "no space left").without(WATCHES),
    Sign::decisive(Cause::DiskFull, "error 112"),
    Sign::decisive(Cause::DiskFull, "no space left on device").without(WATCHES),
    Sign::decisive(Cause::DiskFull, "[errno 28]").without(WATCHES),
    Sign::decisive(Cause::DiskFull, "os error 28)").without(WATCHES),
    Sign::decisive(Cause::DiskFull, "enospc: ").without(WATCHES),
    Sign::decisive(Cause::DiskFull, "'enospc'").without(WATCHES),
    Sign::decisive(Cause::DiskFull, "enospc, ").without(WATCHES),
    Sign::decisive(Cause::DiskFull, "[winerror 112]"),
    Sign::decisive(Cause::DiskFull, "os error 112)"),
    Sign::decisive(Cause::DiskFull, "[winerror 39]"),
    Sign::decisive(Cause::DiskFull, "not enough space on the disk"),
    Sign::decisive(Cause::DiskFull, "not enough disk space"),
    Sign::decisive(Cause::DiskFull, "disk is full"),
    Sign::decisive(Cause::DiskFull, "disk full").without(&["f1", "accuracy", "recall", "->"]),
    Sign::decisive(Cause::DiskFull, "ephemeral-storage").with(&["low on resource", "exceeds", "evict", "usage"]),
    Sign::decisive(Cause::DiskFull, "ephemeral local storage usage exceeds"),
    Sign::decisive(Cause::DiskFull, "insufficient disk space"),
    Sign::decisive(Cause::DiskFull, "insufficient storage"),
    Sign::decisive(Cause::DiskFull, "out of disk space"),
    Sign::decisive(Cause::DiskFull, "write disk cache flush failure"),
    Sign::symptom(Cause::DiskFull, "failure writing output to destination"),
    Sign::symptom(Cause::DiskFull, "failed writing body"),
    Sign::hint(Cause::DiskFull, "not enough free disk space to download"),
    Sign::decisive(Cause::DiskQuota, "disk quota exceeded"),
    // the BSDs and macOS
    Sign::decisive(Cause::DiskQuota, "disc quota exceeded"),
    Sign::decisive(Cause::DiskQuota, "[errno 122]"),
    // Node has no name for it
    Sign::decisive(Cause::DiskQuota, "unknown system error -122"),
    // a browser's storage
    Sign::decisive(Cause::DiskQuota, "quotaexceedederror"),
    Sign::decisive(Cause::DiskQuota, "[errno 69]"),
    Sign::decisive(Cause::DiskQuota, "os error 122)"),
    Sign::decisive(Cause::DiskQuota, "os error 69)"),
    Sign::decisive(Cause::DiskQuota, "edquot: "),
    Sign::decisive(Cause::DiskQuota, "'edquot'"),
    Sign::decisive(Cause::DiskQuota, "storage limit exceeded"),
    Sign::decisive(Cause::DiskQuota, "quota exceeded").with(&[
        "disk",
        "storage",
        "file system",
        "filesystem",
        "home",
        "user",
        "block",
        "inode",
    ]),
    Sign::decisive(Cause::DiskQuota, "[winerror 1295]"),
    Sign::decisive(Cause::DiskQuota, "exceeded your disk"),
    Sign::decisive(Cause::DiskQuota, "no inodes"),
    Sign::decisive(Cause::DiskQuota, "out of inodes"),
    Sign::decisive(Cause::DiskQuota, "inodes exhausted"),
];
