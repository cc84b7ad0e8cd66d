use hfdoctor_core::log::{Log, Search};
use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::check::Status;
use crate::observe::cache::folder::{Kind, Meta};
use crate::observe::cache::model::Blob;
use crate::observe::cache::{Kept, Partial, PartialKind, Reach, Reclaimable, RepoName, TargetCache};
use crate::observe::hub::{Lfs, Repository, Sibling};
use crate::observe::made_cache::{case, of};
use crate::observe::volume::{Room, WriteRefused};
use hfdoctor_core::diagnosis::{Action, Risk};

fn volume(purpose: Purpose, free: u64) -> Volume {
    Volume {
        purpose,
        path: "/c/hub".into(),
        existing: "/c/hub".into(),
        owner: None,
        own: true,
        free: Some(free),
        total: Some(1_000_000_000_000),
        free_inodes: Some(1000),
        read_only: false,
        longest_name: Some(255),
        ignores_case: Some(false),
        mount: None,
        writable: Ok(()),
        blocked_by: None,
        others: Vec::new(),
    }
}

fn refusing(mut volume: Volume, kind: ErrorKind) -> Volume {
    volume.writable = Err(WriteRefused { code: None, kind, message: "No space left on device (os error 28)".into() });
    volume
}

/// What the check says of a volume, for a target with these file sizes.
fn judged(volumes: Vec<Volume>, sizes: Option<&[u64]>) -> Conclusion {
    let home = tempfile::tempdir().expect("a folder");
    let case = Arc::new(case(home.path(), &[], sizes.map(|_| "a/b")));
    let cache = Cache { root: "/c/hub".into(), reach: Reach::Whole, ..Cache::default() };
    let mut observations = of(&case).seeing_volumes(volumes).seeing_cache(cache);
    if let Some(sizes) = sizes {
        let sibling = |(n, size): (usize, &u64)| Sibling {
            path: format!("{n}.bin"),
            size: None,
            blob_id: None,
            lfs: Some(Lfs { sha256: format!("{n:064}"), size: *size }),
        };
        let siblings = sizes.iter().enumerate().map(sibling).collect();
        observations = observations.seeing_record(Repository { siblings, ..Repository::default() });
    }
    conclude(&case, &observations)
}

fn answer(conclusion: &Conclusion) -> Vec<(Cause, Certainty, Bearing)> {
    conclusion.findings.iter().map(|f| (f.cause, f.certainty, f.bearing)).collect()
}

#[test]
fn what_does_not_fit_is_said_with_both_figures() {
    use Bearing::Failure;
    let gb = 1_000_000_000;
    let hub = |free| vec![volume(Purpose::HubCache, free)];
    assert_eq!(answer(&judged(hub(5 * gb), Some(&[16 * gb]))), [(Cause::DiskFull, Certainty::Confirmed, Failure)]);
    // Each file fits, all together do not: the person may want a part of them.
    assert_eq!(answer(&judged(hub(5 * gb), Some(&[4 * gb, 4 * gb]))), [(Cause::DiskFull, Certainty::Likely, Failure)]);
    let fits = judged(hub(9 * gb), Some(&[4 * gb, 4 * gb]));
    assert_eq!((fits.status, fits.findings.len()), (Status::Ok, 0));
    // A small rest fits into little space.
    assert_eq!(answer(&judged(hub(40_000_000), Some(&[1000]))), []);
    let summary = judged(hub(5 * gb), Some(&[16 * gb])).findings[0].summary.clone();
    assert!(summary.contains("16 GB") && summary.contains("5.0 GB"), "{summary}");
}

#[test]
fn without_a_target_only_a_full_volume_counts() {
    assert_eq!(
        answer(&judged(vec![volume(Purpose::HubCache, 49_000_000)], None)),
        [(Cause::DiskFull, Certainty::Likely, Bearing::Failure)]
    );
    assert_eq!(answer(&judged(vec![volume(Purpose::HubCache, 51_000_000)], None)), []);
}

#[test]
fn a_refused_trial_names_space_inodes_or_quota() {
    use Certainty::Confirmed;
    let hub = |free| volume(Purpose::HubCache, free);
    let full = refusing(hub(0), ErrorKind::StorageFull);
    assert_eq!(answer(&judged(vec![full], None)), [(Cause::DiskFull, Confirmed, Bearing::Failure)]);
    let mut inodes = refusing(hub(9_000_000_000), ErrorKind::StorageFull);
    inodes.free_inodes = Some(0);
    assert_eq!(answer(&judged(vec![inodes], None)), [(Cause::DiskQuota, Confirmed, Bearing::Failure)]);
    let quota = refusing(hub(9_000_000_000), ErrorKind::QuotaExceeded);
    assert_eq!(answer(&judged(vec![quota], None)), [(Cause::DiskQuota, Confirmed, Bearing::Failure)]);
    let unnamed = refusing(hub(9_000_000_000), ErrorKind::StorageFull);
    assert_eq!(answer(&judged(vec![unnamed], None)), [(Cause::DiskQuota, Confirmed, Bearing::Failure)]);
}

#[test]
fn a_full_temporary_volume_is_a_condition_and_a_nearly_full_one_nothing() {
    let hub = volume(Purpose::HubCache, 9_000_000_000);
    let full = refusing(volume(Purpose::Temporary, 0), ErrorKind::StorageFull);
    assert_eq!(
        answer(&judged(vec![hub.clone(), full], None)),
        [(Cause::DiskFull, Certainty::Possible, Bearing::Condition)]
    );
    assert_eq!(answer(&judged(vec![hub, volume(Purpose::Temporary, 1000)], None)), []);
}

#[test]
fn the_client_writes_no_download_to_the_temporary_volume() {
    let home = tempfile::tempdir().expect("a folder");
    let volumes = || {
        vec![volume(Purpose::HubCache, 9_000_000_000), refusing(volume(Purpose::Temporary, 0), ErrorKind::StorageFull)]
    };
    for (hub, log, findings) in [
        (None, None, 1),
        (Some((0, 23, 5)), None, 0),
        (Some((2, 4, 0)), None, 0),
        (Some((2, 4, 0)), Some("OSError: [Errno 28] No space left on device\n"), 2),
    ] {
        let mut case = case(home.path(), &[], None);
        case.clients.hub = hub;
        case.log = log.map(|text| Log::read(text.as_bytes(), &Search::new()).expect("memory is readable"));
        let case = Arc::new(case);
        let conclusion = conclude(&case, &of(&case).seeing_volumes(volumes()).seeing_cache(Cache::default()));
        assert_eq!(
            (conclusion.findings.len(), conclusion.notes.len()),
            (findings, usize::from(findings == 0)),
            "{hub:?}"
        );
    }
}

#[test]
fn a_full_volume_serves_what_it_holds() {
    let home = tempfile::tempdir().expect("a folder");
    let full = || {
        let purposes = [Purpose::HubCache, Purpose::XetCache, Purpose::Temporary];
        purposes.map(|purpose| refusing(volume(purpose, 0), ErrorKind::StorageFull)).to_vec()
    };
    let etag = "e".repeat(64);
    let record = || {
        let lfs = Some(Lfs { sha256: etag.clone(), size: 7 });
        let sibling = Sibling { path: "w.bin".into(), size: None, blob_id: None, lfs };
        Repository { siblings: vec![sibling], ..Repository::default() }
    };
    let cached = |linked: bool| {
        let mut cached = TargetCache { exists: true, ..TargetCache::default() };
        cached.blobs.insert(etag.clone(), Blob { size: Some(7), modified: None, shared: false });
        if linked {
            cached.files.insert("w.bin".into(), Kept::Link(etag.clone()));
        }
        Cache { root: "/c/hub".into(), reach: Reach::Whole, target: Some(cached), ..Cache::default() }
    };
    let concluded = |cache: Cache, variables: &[(&str, &str)]| {
        let case = Arc::new(case(home.path(), variables, Some("a/b")));
        conclude(&case, &of(&case).seeing_volumes(full()).seeing_cache(cache).seeing_record(record()))
    };
    let complete = concluded(cached(true), &[]);
    assert_eq!((complete.status, complete.findings.len(), complete.notes.len()), (Status::Ok, 0, 1), "{complete:?}");
    // The link is still to be made.
    assert_eq!(concluded(cached(false), &[]).findings.len(), 1);
    let offline = concluded(Cache::default(), &[("HF_HUB_OFFLINE", "1")]);
    assert_eq!((offline.findings.len(), offline.notes.len()), (0, 1), "{offline:?}");
}

#[test]
fn what_reports_no_size_may_have_room() {
    let unknown = Volume { free: None, total: None, ..volume(Purpose::HubCache, 0) };
    let conclusion = judged(vec![unknown], Some(&[16_000_000_000]));
    assert_eq!((conclusion.status, conclusion.findings.len()), (Status::Ok, 0), "{conclusion:?}");
}

#[test]
fn room_is_made_with_the_least_loss_first() {
    let home = tempfile::tempdir().expect("a folder");
    let mut case = case(home.path(), &[], Some("a/b"));
    case.clients.hub = Some((2, 4, 0));
    let repository = |id: &str, bytes, days: u64| Reclaimable {
        repository: RepoName { kind: hfdoctor_core::target::RepoType::Model, id: id.into() },
        folder: PathBuf::from("/c/hub").join(id),
        bytes,
        orphans: crate::observe::cache::Amount::default(),
        detached: crate::observe::cache::Amount { files: 1, bytes: bytes / 2 },
        modified: Some(case.now - std::time::Duration::from_hours(24 * days)),
    };
    let mut cache = Cache { root: "/c/hub".into(), ..Cache::default() };
    cache.reclaimable =
        vec![repository("new/one", 9_000, 1), repository("old/one", 9_000, 90), repository("a/b", 9_000, 99)];
    cache.detached.add(9_000);
    let mut volume = volume(Purpose::HubCache, 0);
    volume.others = vec![Room { path: "/data".into(), free: 5_000_000_000 }];
    let need = Need { bytes: 8_000, largest: 8_000, files: 1, resumed: 0 };
    let fixes = room::fixes(&case, &volume, Some(&cache), Some(need));
    let ids: Vec<&str> = fixes.iter().map(|f| f.id).collect();
    assert_eq!(ids, ["prune-cache", "remove-repositories", "move-cache", "free-space"]);
    // The oldest that suffices, and never the target itself.
    assert_eq!(fixes[1].commands, ["hf cache rm model/old/one"]);
    assert_eq!(fixes[2].commands, ["export HF_HUB_CACHE=/data/huggingface/hub"]);
    cache.xet = vec![("/c/xet/s/chunk-cache".into(), 60_000_000), ("/c/xet/s/shard-cache".into(), 1)];
    let xet = &room::fixes(&case, &volume, Some(&cache), Some(need))[0];
    assert_eq!((xet.id, xet.commands.len(), xet.actions.len()), ("clear-xet-cache", 2, 0));
    cache.xet.clear();
    case.clients.hub = Some((0, 36, 2));
    assert_eq!(room::fixes(&case, &volume, Some(&cache), Some(need))[0].commands, ["huggingface-cli delete-cache"]);
}

fn partial(path: &str, kind: PartialKind, size: u64) -> Partial {
    let meta = Meta { kind: Kind::File, size, allocated: size, modified: None, owner: None, identity: None };
    let path = PathBuf::from("/c/hub/models--a--b/blobs").join(path);
    Partial { etag: "e".into(), idle: true, ..Partial::new(path, std::path::Path::new("/c/hub"), kind, &meta) }
}

#[test]
fn what_is_useless_is_deleted_as_far_as_the_target_needs_it() {
    let home = tempfile::tempdir().expect("a folder");
    let mut case = case(home.path(), &[], Some("a/b"));
    case.clients.hub = Some((2, 4, 0));
    let mut cache = Cache { root: "/c/hub".into(), ..Cache::default() };
    cache.partials.list = vec![
        partial("small", PartialKind::Unique, 1_000),
        partial("large", PartialKind::Unique, 9_000),
        partial("anybody's", PartialKind::Temporary, 90_000),
        Partial { held_by: Some(1), ..partial("live", PartialKind::Unique, 90_000) },
        Partial { root: "/elsewhere".into(), ..partial("far", PartialKind::Unique, 90_000) },
    ];
    let mut volume = volume(Purpose::HubCache, 0);
    volume.others = vec![Room { path: "/data".into(), free: 5_000_000_000 }];
    let need = |bytes| Some(Need { bytes, largest: bytes, files: 1, resumed: 0 });
    let first = |need| {
        let fix = room::fixes(&case, &volume, Some(&cache), need).remove(0);
        let deleted = match fix.actions.first() {
            Some(Action::Discard { paths, .. }) => paths.len(),
            _ => 0,
        };
        (fix.id, fix.risk, deleted)
    };
    assert_eq!(first(need(8_000)), ("free-partial-files", Risk::Ask, 1));
    assert_eq!(first(need(9_500)), ("free-partial-files", Risk::Ask, 2));
    assert_eq!(first(None), ("free-partial-files", Risk::Ask, 2));
    // They would not suffice: nothing is deleted where another volume has room.
    assert_eq!(first(need(50_000)), ("move-cache", Risk::Ask, 0));
}

#[test]
fn the_systems_errors_are_told_apart_by_what_they_are_about() {
    use hfdoctor_core::diagnosis::Cause::{
        CachePermission, CorruptFile, DiskFull, DiskQuota, LockStuck, NotADownload, PartialCache, TooParallel,
    };
    let search = Search::new();
    let home = tempfile::tempdir().expect("a folder");
    for (line, cause) in [
        ("OSError: [Errno 28] No space left on device", Some(DiskFull)),
        ("OSError: [Errno 28] inotify watch limit reached", Some(NotADownload)),
        ("Error: ENOSPC: System limit for number of file watchers reached, watch '/app/src'", Some(NotADownload)),
        ("OSError: [Errno 27] File too large", Some(DiskQuota)),
        ("OSError: [Errno 116] Stale file handle: '/nfs/hf/hub/.locks/models--acme--open/x.lock'", Some(LockStuck)),
        ("OSError: [Errno 116] Stale file handle: '/nfs/hf/hub/models--a--b/blobs/x'", Some(PartialCache)),
        ("OSError: [Errno 5] Input/output error: '/nfs/hf/hub/.locks/models--acme--open/x.lock'", Some(LockStuck)),
        ("OSError: [Errno 5] Input/output error: '/mnt/usb/hf/hub/models--a--b/blobs/x'", Some(CorruptFile)),
        ("OSError: [Errno 5] Input/output error: '/mnt/usb/hf/hub/blobs/x'", Some(CorruptFile)),
        ("Error: \"/data/hub/models--a--b/blobs/x\": Input/output error (os error 5)", Some(CorruptFile)),
        ("Error: \"C:\\\\hub\\\\x\": Access is denied. (os error 5)", Some(CachePermission)),
        // A terminal that is gone, to which the client writes its progress.
        ("OSError: [Errno 5] Input/output error", None),
        (
            "OSError: [Errno 24] Too many open files: '/home/ada/.cache/huggingface/hub/models--a--b/blobs/x'",
            Some(TooParallel),
        ),
    ] {
        let mut case = case(home.path(), &[], None);
        case.log = Some(Log::read(format!("{line}\n").as_bytes(), &search).expect("memory is readable"));
        let case = Arc::new(case);
        let diagnosis = crate::examine::conclude(&case, &crate::Selection::default(), &of(&case));
        assert_eq!(diagnosis.causes.first().map(|ranked| ranked.finding.cause), cause, "{line}");
    }
}
