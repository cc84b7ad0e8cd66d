use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::check::Status;
use crate::observe::cache::{RepoName, TargetCache};
use crate::observe::hub::Repository;
use crate::observe::made_cache::{case, of};
use crate::observe::volume::{Obstacle, WriteRefused};

fn volume() -> Volume {
    Volume {
        purpose: Purpose::HubCache,
        path: "/c/hub".into(),
        existing: "/c/hub".into(),
        owner: Some("root".into()),
        own: false,
        free: Some(1_000_000_000_000),
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

fn refusing(kind: ErrorKind) -> Volume {
    let refused = WriteRefused { code: None, kind, message: "Permission denied (os error 13)".into() };
    Volume { writable: Err(refused), ..volume() }
}

fn refused(path: &str, repository: &str, own: bool) -> Refused {
    Refused {
        path: PathBuf::from(path),
        repository: Some(RepoName { kind: hfdoctor_core::target::RepoType::Model, id: repository.into() }),
        owner: Some(0),
        owner_name: Some(if own { "ada" } else { "root" }.into()),
        own,
        may_not: "write",
        message: None,
    }
}

fn judged(volume: Volume, cache: Cache, variables: &[(&str, &str)], target: Option<&str>) -> Conclusion {
    let home = tempfile::tempdir().expect("a folder");
    let case = Arc::new(case(home.path(), variables, target));
    conclude(&case, &of(&case).seeing_volumes(vec![volume]).seeing_cache(cache).seeing_no_record())
}

fn answer(conclusion: &Conclusion) -> Vec<(Cause, Bearing)> {
    conclusion.findings.iter().map(|f| (f.cause, f.bearing)).collect()
}

#[test]
fn a_writable_cache_is_in_order() {
    assert_eq!(judged(volume(), Cache::default(), &[], None).status, Status::Ok);
}

#[test]
fn the_owner_of_what_refuses_is_named() {
    let conclusion = judged(refusing(ErrorKind::PermissionDenied), Cache::default(), &[], None);
    assert_eq!(answer(&conclusion), [(Cause::CachePermission, Bearing::Failure)]);
    let finding = &conclusion.findings[0];
    assert!(finding.summary.contains("/c/hub") && finding.summary.contains("root"), "{}", finding.summary);
    assert_eq!(finding.fixes[0].commands, ["sudo chown -R \"$(id -u):$(id -g)\" /c/hub"]);
}

#[test]
fn a_folder_in_which_nobody_can_make_a_file_is_no_place_for_a_cache() {
    let refused =
        WriteRefused { code: Some(2), kind: ErrorKind::NotFound, message: "No such file or directory".into() };
    let proc = Volume { existing: "/proc".into(), path: "/proc/hf/hub".into(), writable: Err(refused), ..volume() };
    let conclusion = judged(proc, Cache::default(), &[("HF_HOME", "/proc/hf")], None);
    assert_eq!(answer(&conclusion), [(Cause::CachePermission, Bearing::Failure)]);
    let summary = &conclusion.findings[0].summary;
    assert!(summary.contains("no file can be made in /proc"), "{summary}");
    // A full volume is another check's.
    assert_eq!(answer(&judged(refusing(ErrorKind::StorageFull), Cache::default(), &[], None)), []);
}

#[test]
fn a_read_only_volume_is_said_so() {
    let read_only = Volume { read_only: true, ..refusing(ErrorKind::ReadOnlyFilesystem) };
    assert_eq!(
        answer(&judged(read_only.clone(), Cache::default(), &[], None)),
        [(Cause::ReadOnlyCache, Bearing::Failure)]
    );
    // Offline nothing is written, so that a read-only cache is as good as another.
    let offline = judged(read_only, Cache::default(), &[("HF_HUB_OFFLINE", "1")], None);
    assert_eq!((offline.findings.len(), offline.notes.len()), (0, 1));
}

#[test]
fn a_file_where_the_cache_belongs_is_named_with_its_variable() {
    let blocked = Volume { blocked_by: Some(Obstacle { path: "/c".into(), link: false }), ..volume() };
    let conclusion = judged(blocked, Cache::default(), &[("HF_HOME", "/c")], None);
    assert_eq!(answer(&conclusion), [(Cause::CachePermission, Bearing::Failure)]);
    assert!(conclusion.findings[0].summary.contains("`HF_HOME`"), "{}", conclusion.findings[0].summary);
}

#[test]
fn what_belongs_to_others_matters_for_the_target() {
    let cache = || {
        let mut cache = Cache { root: "/c/hub".into(), ..Cache::default() };
        cache.refused.push(refused("/c/hub/models--a--b/blobs", "a/b", false));
        cache
    };
    let of_target = judged(volume(), cache(), &[], Some("a/b"));
    assert_eq!(answer(&of_target), [(Cause::CachePermission, Bearing::Failure)]);
    assert_eq!(of_target.findings[0].fixes[0].commands, ["sudo chown -R \"$(id -u):$(id -g)\" /c/hub/models--a--b"]);
    assert_eq!(answer(&judged(volume(), cache(), &[], Some("x/y"))), []);
    assert_eq!(answer(&judged(volume(), cache(), &[], None)), [(Cause::CachePermission, Bearing::Condition)]);
}

#[test]
fn the_snapshot_that_is_asked_for_must_take_links() {
    let home = tempfile::tempdir().expect("a folder");
    let case = Arc::new(case(home.path(), &[], Some("a/b")));
    let commit = "1".repeat(40);
    let cache = || {
        let target = TargetCache {
            folder: "/c/hub/models--a--b".into(),
            commit: Some(commit.clone()),
            ..TargetCache::default()
        };
        let mut cache = Cache { root: "/c/hub".into(), target: Some(target), ..Cache::default() };
        cache.refused.push(refused(&format!("/c/hub/models--a--b/snapshots/{commit}"), "a/b", true));
        cache
    };
    let found = |sha: &str| {
        let record = Repository { sha: sha.to_owned(), ..Repository::default() };
        let seen = of(&case).seeing_volumes(vec![volume()]).seeing_cache(cache()).seeing_record(record);
        answer(&conclude(&case, &seen))
    };
    assert_eq!(found(&commit), [(Cause::CachePermission, Bearing::Failure)]);
    // The Hub has gone on: the client makes a snapshot of its own for the newer commit.
    assert_eq!(found(&"2".repeat(40)), []);
}

#[test]
fn what_is_ones_own_is_granted() {
    let mut cache = Cache { root: "/c/hub".into(), ..Cache::default() };
    cache.refused.push(refused("/c/hub/models--a--b/blobs", "a/b", true));
    let fix = judged(volume(), cache, &[], Some("a/b")).findings[0].fixes[0].clone();
    assert!(
        matches!(&fix.actions[..], [Action::GrantOwner { paths, .. }] if paths == &[PathBuf::from("/c/hub/models--a--b/blobs")]),
        "{fix:?}"
    );
}

#[test]
fn a_file_where_a_folder_belongs_is_in_the_way_of_what_it_concerns() {
    let misplaced = |path: &str, repository: Option<&str>, wanted| Misplaced {
        path: path.into(),
        repository: repository.map(|id| RepoName { kind: hfdoctor_core::target::RepoType::Model, id: id.into() }),
        found: crate::observe::cache::folder::Kind::File,
        wanted,
    };
    let cache = |one: Misplaced| {
        let mut cache = Cache { root: "/c/hub".into(), ..Cache::default() };
        cache.misplaced.push(one);
        cache
    };
    let locks = cache(misplaced("/c/hub/.locks", None, Wanted::Folder));
    for target in [None, Some("a/b")] {
        let found = judged(volume(), locks.clone(), &[], target);
        assert_eq!(answer(&found), [(Cause::CachePermission, Bearing::Failure)]);
        assert!(found.findings[0].summary.contains("/c/hub/.locks is a file, where the client needs a folder"));
    }
    let other = cache(misplaced("/c/hub/models--x--y", Some("x/y"), Wanted::Folder));
    assert_eq!(answer(&judged(volume(), other.clone(), &[], Some("a/b"))), []);
    assert_eq!(answer(&judged(volume(), other, &[], None)), [(Cause::CachePermission, Bearing::Condition)]);
    // Contents are another check's.
    let content = cache(misplaced("/c/hub/models--a--b/blobs/e", Some("a/b"), Wanted::Content));
    assert_eq!(answer(&judged(volume(), content, &[], Some("a/b"))), []);
}
