use std::sync::Arc;

use super::*;
use crate::check::Status;
use crate::observe::hub::{Repository, Sibling};
use crate::observe::integrity::{Meter, look};
use crate::observe::made_cache::{MadeCache, case, of};
use hfdoctor_core::diagnosis::{Action, Certainty};

fn judged(made: &MadeCache, target: Option<&str>, verify: bool, record: Option<Repository>) -> Conclusion {
    let mut case = case(made.home.path(), &[], target);
    case.limits.verify = verify;
    case.environment.directory = Some(made.home.path().to_owned());
    let meter = Meter::default();
    let seen = look(&case, &meter);
    let cache = crate::observe::cache::of_case(&case);
    let case = Arc::new(case);
    let mut observations = of(&case).seeing_cache(cache).seeing_integrity(seen);
    observations = match record {
        Some(record) => observations.seeing_record(record),
        None => observations.seeing_no_record(),
    };
    conclude(&case, &observations)
}

const ZIP: &[u8] = b"PK\x03\x04weightsPK\x05\x06directory";

#[cfg(unix)]
#[test]
fn sound_files_are_in_order_with_and_without_hashes() {
    let made = MadeCache::new();
    made.add("config.json", b"{\"a\": 1}", false);
    made.add("sub/pytorch_model.bin", ZIP, true);
    for (target, verify) in
        [(None, false), (None, true), (Some("a/b"), false), (Some("a/b"), true), (Some("x/y"), true)]
    {
        let conclusion = judged(&made, target, verify, None);
        assert_eq!((conclusion.status, conclusion.findings.len()), (Status::Ok, 0), "{conclusion:?}");
    }
    assert!(judged(&made, None, true, None).because.contains("2 files"));
}

#[cfg(unix)]
#[test]
fn a_changed_byte_shows_only_in_the_hash() {
    let made = MadeCache::new();
    let etag = made.add("sub/pytorch_model.bin", ZIP, true);
    let mut bytes = ZIP.to_vec();
    bytes[6] ^= 1;
    let blob = made.write(&format!("models--a--b/blobs/{etag}"), &bytes);
    assert_eq!(judged(&made, Some("a/b"), false, None).findings, []);
    let conclusion = judged(&made, Some("a/b"), true, None);
    let finding = &conclusion.findings[0];
    assert_eq!(
        (finding.cause, finding.certainty, finding.bearing),
        (Cause::CorruptFile, Certainty::Confirmed, Bearing::Failure)
    );
    assert!(finding.summary.contains("sub/pytorch_model.bin of a/b"), "{}", finding.summary);
    let link = made
        .root()
        .join("models--a--b/snapshots")
        .join(crate::observe::made_cache::COMMIT)
        .join("sub/pytorch_model.bin");
    assert_eq!(finding.fixes[0].actions, [Action::Quarantine { root: made.root(), paths: vec![link, blob] }]);
    assert_eq!(judged(&made, None, true, None).findings[0].bearing, Bearing::Trace);
}

#[cfg(unix)]
#[test]
fn a_cut_file_shows_in_its_header_and_against_the_hubs_size() {
    let made = MadeCache::new();
    let etag = made.add("pytorch_model.bin", ZIP, true);
    made.write(&format!("models--a--b/blobs/{etag}"), &ZIP[..9]);
    assert!(judged(&made, Some("a/b"), false, None).findings[0].summary.contains("ends wrong"));
    let notes = made.add("notes.txt", b"twelve bytes", false);
    made.write(&format!("models--a--b/blobs/{notes}"), b"twelve");
    let sibling = Sibling { path: "notes.txt".into(), size: Some(12), blob_id: Some(notes), lfs: None };
    let record = Repository { siblings: vec![sibling], ..Repository::default() };
    let found = judged(&made, Some("a/b"), false, Some(record));
    assert!(found.findings[0].evidence.iter().any(|e| e.detail.contains("6 of 12 bytes")), "{found:?}");
}

#[cfg(unix)]
#[test]
fn what_the_hub_itself_serves_is_not_blamed() {
    let made = MadeCache::new();
    // A broken JSON document that was published so.
    made.add("config.json", b"{\"a\": ", false);
    made.add("empty.json", b"", false);
    assert_eq!(judged(&made, Some("a/b"), false, None).findings, []);
}

#[cfg(unix)]
#[test]
fn a_pointer_in_the_cache_is_told_apart_from_damage() {
    let made = MadeCache::new();
    let etag = made.add("model.safetensors", b"whole", true);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{etag}\nsize 5\n");
    made.write(&format!("models--a--b/blobs/{etag}"), pointer.as_bytes());
    let conclusion = judged(&made, Some("a/b"), false, None);
    assert_eq!(conclusion.findings.iter().map(|f| f.cause).collect::<Vec<_>>(), [Cause::LfsPointer]);
}

#[test]
fn a_clone_of_the_hub_without_git_lfs_is_seen() {
    let made = MadeCache::new();
    let clone = made.home.path().join("b");
    std::fs::create_dir_all(clone.join(".git")).expect("a folder");
    let sha = "a".repeat(64);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha}\nsize 4976698672\n");
    std::fs::write(clone.join("model.safetensors"), pointer).expect("a file");
    // Another server's clone is none of ours.
    std::fs::write(clone.join(".git/config"), "[remote \"origin\"]\n\turl = https://example.org/a/b\n")
        .expect("a file");
    assert_eq!(judged(&made, Some("a/b"), false, None).findings, []);
    std::fs::write(clone.join(".git/config"), "[remote \"origin\"]\n\turl = https://huggingface.co/a/b\n")
        .expect("a file");
    let conclusion = judged(&made, Some("a/b"), false, None);
    assert_eq!(
        conclusion.findings.iter().map(|f| (f.cause, f.bearing)).collect::<Vec<_>>(),
        [(Cause::LfsPointer, Bearing::Failure)]
    );
    assert!(conclusion.findings[0].fixes[0].commands[1].ends_with("lfs pull"));
    assert_eq!(judged(&made, Some("x/b"), false, None).findings, []);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_cache_is_not_read() {
    let made = MadeCache::new();
    let outside = made.home.path().join("secret.json");
    std::fs::write(&outside, b"{\"broken\": ").expect("a file");
    made.add("config.json", b"{}", false);
    let snapshot = made.root().join("models--a--b/snapshots").join(crate::observe::made_cache::COMMIT);
    std::os::unix::fs::symlink(&outside, snapshot.join("out.json")).expect("a link");
    let blob = made.root().join("models--a--b/blobs").join("f".repeat(40));
    std::os::unix::fs::symlink(&outside, blob).expect("a link");
    made.link("through.json", &"f".repeat(40));
    assert_eq!(judged(&made, Some("a/b"), true, None).findings, []);
}

#[cfg(unix)]
#[test]
fn what_others_put_into_a_snapshot_is_not_judged() {
    let made = MadeCache::new();
    let etag = made.add("config.json", b"{}", false);
    let snapshot = format!("models--a--b/snapshots/{}", crate::observe::made_cache::COMMIT);
    // A desktop's shadow of a file, and an editor's folder.
    made.write(&format!("{snapshot}/._config.json"), b"");
    made.write(&format!("{snapshot}/.ipynb_checkpoints/config-checkpoint.json"), b"");
    assert_eq!(judged(&made, Some("a/b"), false, None).findings, []);
    // What a library makes beside the files is told by the listing; without one a damaged copy looks the same.
    made.write(&format!("{snapshot}/made.json"), b"");
    assert_eq!(judged(&made, Some("a/b"), false, None).findings.len(), 1);
    let tree = format!(r#"{{"format_version":1,"files":{{"config.json":{{"size":2,"blob_id":"{etag}"}}}}}}"#);
    made.write(&format!("models--a--b/trees/{}.json", crate::observe::made_cache::COMMIT), tree.as_bytes());
    for verify in [false, true] {
        assert_eq!(judged(&made, Some("a/b"), verify, None).findings, []);
    }
}

#[cfg(unix)]
#[test]
fn a_blob_that_is_named_by_its_xet_hash_is_proved_by_the_listing() {
    let made = MadeCache::new();
    let xet = "c".repeat(64);
    made.write(&format!("models--a--b/blobs/{xet}"), ZIP);
    made.link("w.bin", &xet);
    made.write("models--a--b/refs/main", crate::observe::made_cache::COMMIT.as_bytes());
    let listed = |sha: &str| {
        let size = ZIP.len();
        let tree = format!(
            r#"{{"format_version":1,"files":{{"w.bin":{{"size":134,"blob_id":"b","lfs_sha256":"{sha}","lfs_size":{size},"xet_hash":"{xet}"}}}}}}"#
        );
        made.write(&format!("models--a--b/trees/{}.json", crate::observe::made_cache::COMMIT), tree.as_bytes());
        judged(&made, Some("a/b"), true, None)
    };
    let sound = listed(&crate::observe::made_cache::sha256(ZIP));
    assert_eq!((sound.status, sound.findings.len()), (Status::Ok, 0), "{sound:?}");
    assert!(sound.because.contains("1 file"), "{}", sound.because);
    assert_eq!(listed(&"d".repeat(64)).findings.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_folder_in_place_of_a_file_is_found() {
    let made = MadeCache::new();
    let etag = made.add("config.json", b"{}", false);
    let blob = made.root().join("models--a--b/blobs").join(&etag);
    std::fs::remove_file(&blob).expect("removed");
    std::fs::create_dir(&blob).expect("a folder");
    let mut case = case(made.home.path(), &[], Some("a/b"));
    case.environment.directory = None;
    let cache = crate::observe::cache::of_case(&case);
    let seen = look(&case, &Meter::default());
    let case = Arc::new(case);
    let conclusion = conclude(&case, &of(&case).seeing_integrity(seen).seeing_cache(cache).seeing_no_record());
    assert_eq!(conclusion.findings.len(), 1, "{conclusion:?}");
    assert!(conclusion.findings[0].summary.contains("a folder lies where a file of a/b belongs"));
    assert_eq!(conclusion.findings[0].bearing, Bearing::Failure);
    assert!(conclusion.findings[0].fixes[0].actions.is_empty());
}

#[cfg(unix)]
#[test]
fn a_cache_that_is_linked_to_another_disk_is_read_and_not_changed() {
    let whole = b"{\"a\": 1}";
    for part in ["models--a--b", "models--a--b/blobs"] {
        let made = MadeCache::new();
        let etag = made.add("config.json", whole, false);
        let (here, there) = (made.root().join(part), made.home.path().join("disk"));
        std::fs::rename(&here, &there).expect("moved");
        std::os::unix::fs::symlink(&there, &here).expect("a link");
        for verify in [false, true] {
            assert_eq!(judged(&made, Some("a/b"), verify, None).findings, [], "{part}");
        }
        std::fs::write(made.root().join("models--a--b/blobs").join(&etag), b"{\"a\"").expect("cut off");
        let conclusion = judged(&made, Some("a/b"), false, None);
        assert_eq!(conclusion.findings.iter().map(|f| f.cause).collect::<Vec<_>>(), [Cause::CorruptFile], "{part}");
        let fixes = &conclusion.findings[0].fixes;
        assert!(fixes.iter().all(|fix| fix.actions.is_empty()), "{fixes:?}");
        assert!(fixes[0].commands.iter().any(|command| command.ends_with("--force-download")), "{fixes:?}");
        // Of another repository nobody asked, and no link of its is followed.
        assert_eq!(judged(&made, Some("x/y"), true, None).findings, []);
    }
}
