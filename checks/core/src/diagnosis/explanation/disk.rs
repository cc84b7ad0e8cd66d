//! The file system that the download writes to, and a link that is too slow.

use super::Explanation;

pub(super) const DISK_FULL: Explanation = Explanation {
    means: "The volume of the cache, or the one for temporary files, has less room than the download needs. The cache lies in \
            `~/.cache/huggingface/hub` unless `HF_HOME`, `HF_HUB_CACHE` or `XDG_CACHE_HOME` say otherwise, one folder \
            `models--org--name` for each repository; it keeps old revisions.",
    shows: "`No space left on device` (`WinError 112`), after a mere warning `Not enough free disk space to download the file`. The \
            download stops part-way, and every new start fails at once.",
    mends: "Make room: `hf cache ls` and `hf cache rm`, `hf cache prune` for old revisions (`huggingface-cli scan-cache` and \
            `delete-cache` before huggingface_hub 1.0). Or move the cache to a larger volume with `HF_HOME=/path`. Complete files stay \
            and are not fetched again, so there is no need to delete the whole repository folder.",
};

pub(super) const DISK_QUOTA: Explanation = Explanation {
    means: "The volume has room, but not for this user: a quota is reached, or all inodes are used up by very many small files. Home \
            directories of clusters and universities are small on purpose.",
    shows: "`Disk quota exceeded`, or `No space left on device` while `df -h` shows room and `df -i` shows none.",
    mends: "Move the cache to the scratch or project space: `HF_HOME=/scratch/$USER/hf`. Or delete what is not needed, with `hf cache \
            rm`. `quota -s` or the cluster's own command shows where the limit is.",
};

pub(super) const CACHE_PERMISSION: Explanation = Explanation {
    means: "The user that runs the program may not write to the cache, or not read it. A download with `sudo` or in a container left \
            files that belong to root, or a shared cache was made without rights for the group.",
    shows: "`PermissionError: [Errno 13] Permission denied` with the path, `Check cache directory permissions`, or on Windows `Access is \
            denied`.",
    mends: "Give the files back to yourself: `sudo chown -R \"$USER\" ~/.cache/huggingface`, that folder and no more. Or use a cache of \
            your own with `HF_HOME`. Do not run downloads with `sudo`; in containers run as the user who owns the mounted cache.",
};

pub(super) const READ_ONLY_CACHE: Explanation = Explanation {
    means: "The cache lies on a file system that is mounted for reading only: an image's layer, a shared dataset volume, or a disk \
            that the system has locked after errors.",
    shows: "`[Errno 30] Read-only file system` with the path.",
    mends: "Point `HF_HOME` or `HF_HUB_CACHE` to a place that can be written. To read a prepared cache only, fetch everything before \
            and set `HF_HUB_OFFLINE=1`. If the system made the volume read-only by itself, look at `dmesg`: the disk may be dying.",
};

pub(super) const PARTIAL_CACHE: Explanation = Explanation {
    means: "An interrupted download left files that fit neither each other nor the Hub's: a part that is too long, a link without its \
            file, a snapshot with gaps. Whether a part is continued depends on the client: from huggingface_hub 0.23 to 1.17 always, \
            since 1.18 never in a new run, where a leftover `.incomplete` costs room and harms nothing.",
    shows: "`Consistency check failed: file should be of size …`, 416 `Range Not Satisfiable` again and again, `The cached snapshot is \
            incomplete`, or a library that misses a file which the page lists.",
    mends: "Move only the `*.incomplete` files and the broken links away and run the download again: complete files are kept and not \
            fetched twice. `hf cache verify ID` (since 1.1) compares the rest. `--resume-download` does nothing since 0.23 and is \
            unknown since 1.0.",
};

pub(super) const CORRUPT_FILE: Explanation = Explanation {
    means: "A file has the right name and wrong content: cut off, overwritten through a link, or an error page saved as weights. In \
            the cache a large file is named by its SHA-256 and a small one by its git hash, so that it can be checked without the \
            network; a Xet hash is not a SHA-256.",
    shows: "`incomplete metadata, file not fully covered`, `header too large`, `PytorchStreamReader failed`, `invalid load key`, `not a \
            valid JSON file`, `Parquet magic bytes not found`.",
    mends: "`hf cache verify ID` (since huggingface_hub 1.1) names the file; remove that one, or `hf download ID FILE --force-download`. \
            Files fetched with curl: use `curl -fL`, which does not save error pages. If it happens again, test memory and disk.",
};

pub(super) const LFS_POINTER: Explanation = Explanation {
    means: "Instead of the weights there is a text of about 130 bytes that names them: the repository was cloned with git, and git-lfs, \
            which replaces such pointers by the content, was not installed or was told to skip it.",
    shows: "A file that begins with `version https://git-lfs.github.com/spec/v1`; `invalid load key, 'v'`; `header too large`; \
            `git-lfs: command not found`.",
    mends: "Install git-lfs, then in the clone `git lfs install` and `git lfs pull`. Better for downloads: `hf download ID --local-dir \
            DIR`, which needs no git, no double room for the history, and fetches in parallel.",
};

pub(super) const LOCK_STUCK: Explanation = Explanation {
    means: "Only one process at a time downloads a file; others wait for its lock. The lock file itself stays for ever and means \
            nothing. It does hold when another download runs, or where the file system has no real locks (some network file systems, \
            Lustre or GPFS without flock) and a file put in their place outlived its process.",
    shows: "A download that stands still, with `Still waiting to acquire lock on …` every ten seconds; in Rust programs `Lock acquisition \
            failed` or `Cache lock timed out`.",
    mends: "See whether another download runs, and let it end or end it. Only when none does, move the lock file away. A shared cache \
            on a NAS saves downloads for a team, but fetch into it from one machine at a time, or keep `HF_HOME` on a local disk.",
};

pub(super) const SYMLINK_UNSUPPORTED: Explanation = Explanation {
    means: "The cache links a snapshot's names to shared files. Where links cannot be made (Windows without the developer mode, some \
            network and removable drives), the client copies instead: more room is used, nothing else is lost. It does break programs \
            when only a part of the cache is mounted or copied.",
    shows: "The warning `cache-system uses symlinks by default … but your machine does not support them`, `WinError 1314`, or a mounted \
            snapshot full of dead links.",
    mends: "Switch the developer mode of Windows on, or ignore the warning. For drives without links, `hf download ID --local-dir DIR` \
            writes plain files, or set `HF_HUB_DISABLE_SYMLINKS=1` (since huggingface_hub 1.9). Mount the whole cache, not one snapshot.",
};

pub(super) const PATH_TOO_LONG: Explanation = Explanation {
    means: "A cached file's path has the cache, the repository, a commit and the file's own folders in it, and together that is more \
            than the system takes: 260 characters on Windows by default, 255 bytes for one name elsewhere, less on encrypted homes.",
    shows: "`File name too long`, `WinError 206`, or on Windows a `No such file or directory` for a path that was just made.",
    mends: "Use a shorter place: `HF_HOME=C:\\hf`, or `--local-dir` with a short one. On Windows allow long paths (`LongPathsEnabled` in the \
            registry, then a restart).",
};

pub(super) const SLOW_CONNECTION: Explanation = Explanation {
    means: "The link is too slow or too unsteady for the size: an answer takes longer than the client waits (10 seconds by default), or \
            the transfer breaks off and retries run out. Large models are tens of gigabytes. A read timeout on large files only may \
            also mean a blocked storage host.",
    shows: "`Read timed out`, `IncompleteRead`, `peer closed connection without sending complete message body`, `Connection reset` in the \
            middle, speeds of some KB/s.",
    mends: "Set `HF_HUB_DOWNLOAD_TIMEOUT=60` and `HF_HUB_ETAG_TIMEOUT=60`, download with `hf download ID --max-workers 2`, and fetch only what is \
            needed with `--include`. The fastest way today is hf_xet, which comes with huggingface_hub since 0.32; on a fast link \
            `HF_XET_HIGH_PERFORMANCE=1` uses more of it. `hf_transfer` is ignored since 1.0, `--resume-download` gone since 1.0; one file that \
            must resume across runs: `curl -fL -C -`.",
};
