use std::sync::Arc;

use super::*;
use crate::check::Status;
use crate::observe::cache::of_case;
use crate::observe::hub::{Lfs, Repository, Sibling};
use crate::observe::made_cache::{MadeCache, case, of, sha256};

/// What the check says with a client, a target and the Hub's size of `w.bin`.
fn judged(
    made: &MadeCache,
    hub: Option<(u64, u64, u64)>,
    target: Option<&str>,
    size: Option<u64>,
    offline: bool,
) -> Conclusion {
    let variables: &[(&str, &str)] = if offline { &[("HF_HUB_OFFLINE", "1")] } else { &[] };
    let mut case = case(made.home.path(), variables, target);
    case.clients.hub = hub;
    let cache = of_case(&case);
    let case = Arc::new(case);
    let mut observations = of(&case).seeing_cache(cache);
    observations = match size {
        Some(size) => observations.seeing_record(Repository {
            siblings: vec![Sibling {
                path: "w.bin".into(),
                size: Some(134),
                blob_id: Some("p".into()),
                lfs: Some(Lfs { sha256: sha256(b"whole"), size }),
            }],
            ..Repository::default()
        }),
        None => observations.seeing_no_record(),
    };
    conclude(&case, &observations)
}

#[test]
fn the_same_leftover_is_a_cause_for_an_old_client_and_a_note_for_a_new_one() {
    let made = MadeCache::new();
    let path = made.write(&format!("models--a--b/blobs/{}.incomplete", sha256(b"whole")), b"far too long");
    let old = judged(&made, Some((0, 28, 1)), Some("a/b"), Some(5), false);
    assert_eq!(old.status, Status::Problem);
    let finding = &old.findings[0];
    assert_eq!(
        (finding.cause, finding.certainty, finding.bearing),
        (Cause::PartialCache, Certainty::Confirmed, Bearing::Failure)
    );
    assert!(finding.summary.contains("w.bin"), "{}", finding.summary);
    assert_eq!(finding.fixes[0].actions, [Action::Quarantine { root: made.root(), paths: vec![path] }]);
    // Xet may fetch the file anew, which makes it less sure.
    assert_eq!(judged(&made, Some((0, 36, 2)), Some("a/b"), Some(5), false).findings[0].certainty, Certainty::Likely);
    for new in [Some((1, 18, 0)), Some((2, 4, 0)), None] {
        let new = judged(&made, new, Some("a/b"), Some(5), false);
        assert_eq!((new.status, new.findings.len(), new.notes.len()), (Status::Ok, 0, 1), "{new:?}");
        assert!(new.notes[0].contains("12 bytes"), "{}", new.notes[0]);
    }
}

#[test]
fn a_part_that_is_gone_on_with_is_no_cause() {
    let made = MadeCache::new();
    made.write(&format!("models--a--b/blobs/{}.incomplete", sha256(b"whole")), b"who");
    let conclusion = judged(&made, Some((0, 36, 2)), Some("a/b"), Some(5), false);
    assert_eq!(conclusion.status, Status::Ok);
    assert!(
        conclusion.notes[0].contains("3 of 5 bytes") || conclusion.notes[0].contains("3 bytes of 5 bytes"),
        "{:?}",
        conclusion.notes
    );
}

/// A partial file of `w.bin` with these bytes from an offset on, and nothing before them.
#[cfg(target_os = "linux")]
fn with_hole(made: &MadeCache, offset: u64, bytes: &[u8]) {
    use std::os::unix::fs::FileExt;
    let path = made.write(&format!("models--a--b/blobs/{}.incomplete", sha256(b"whole")), b"");
    std::fs::File::options().write(true).open(path).expect("the file").write_all_at(bytes, offset).expect("written");
}

#[cfg(target_os = "linux")]
#[test]
fn a_gap_is_in_the_way_of_a_client_that_goes_on_behind_it() {
    let made = MadeCache::new();
    with_hole(&made, 1 << 20, b"the end");
    let old = judged(&made, Some((0, 28, 1)), Some("a/b"), Some(8 << 20), false);
    assert_eq!((old.findings.len(), old.findings[0].certainty), (1, Certainty::Likely), "{old:?}");
    assert!(old.findings[0].summary.contains("from byte 0 on"), "{}", old.findings[0].summary);
    let new = judged(&made, Some((2, 4, 0)), Some("a/b"), Some(8 << 20), false);
    // Its length would be a megabyte; what can be had back is a block.
    assert_eq!((new.findings.len(), new.notes.len()), (0, 1));
    assert!(!new.notes[0].contains("1.0 MB"), "{}", new.notes[0]);
}

#[test]
fn a_part_that_begins_with_a_page_is_in_the_way() {
    let made = MadeCache::new();
    made.write(&format!("models--a--b/blobs/{}.incomplete", sha256(b"whole")), b"<html>Sign in to the hotel's network");
    let old = judged(&made, Some((0, 28, 1)), Some("a/b"), Some(5000), false);
    assert!(old.findings[0].summary.contains("web page"), "{old:?}");
    assert_eq!(judged(&made, Some((2, 4, 0)), Some("a/b"), Some(5000), false).findings, []);
}

#[test]
fn a_part_as_long_as_the_file_is_in_the_way_of_the_first_that_resumed() {
    let made = MadeCache::new();
    made.write(&format!("models--a--b/blobs/{}.incomplete", sha256(b"whole")), b"whole");
    for (version, in_the_way) in [((0, 23, 5), 1), ((0, 24, 7), 1), ((0, 25, 2), 0), ((0, 36, 2), 0), ((2, 4, 0), 0)] {
        let found = judged(&made, Some(version), Some("a/b"), Some(5), false).findings;
        assert_eq!(found.len(), in_the_way, "{version:?}: {found:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_ref_is_judged_by_what_the_client_does_with_it() {
    for (content, online, offline) in [
        (crate::observe::made_cache::COMMIT.as_bytes(), (0, 0), 0),
        (b"", (0, 1), 1),
        (b"<html>", (0, 1), 1),
        (b"1111111111111111111111111111111111111111\n", (0, 1), 1),
        // Of a snapshot that is not there.
        (b"2222222222222222222222222222222222222222", (0, 0), 1),
        (b"\xff\xfe\x00", (1, 0), 1),
    ] {
        let made = MadeCache::new();
        made.add("config.json", b"{}", false);
        made.write("models--a--b/refs/main", content);
        let found = judged(&made, None, Some("a/b"), None, false);
        assert_eq!((found.findings.len(), found.notes.len()), online, "{content:?}: {found:?}");
        let found = judged(&made, None, Some("a/b"), None, true);
        assert_eq!(found.findings.len(), offline, "{content:?}: {found:?}");
        assert!(found.findings.iter().all(|f| f.certainty == Certainty::Confirmed), "{found:?}");
    }
}

#[cfg(unix)]
#[test]
fn names_that_would_break_a_line_are_written_out() {
    let made = MadeCache::new();
    made.add("config.json", b"{}", false);
    made.link("new\nline\u{1b}[31m.json", "0000");
    let finding = &judged(&made, None, Some("a/b"), None, false).findings[0];
    let texts = finding.evidence.iter().map(|e| e.detail.as_str()).chain([finding.summary.as_str()]);
    assert!(texts.chain(finding.fixes[0].commands.iter().map(String::as_str)).all(|t| !t.contains(['\n', '\u{1b}'])));
}

#[test]
fn without_a_target_only_a_recent_part_is_a_trace() {
    let made = MadeCache::new();
    let path = made.write(&format!("models--a--b/blobs/{}.incomplete", sha256(b"whole")), b"who");
    let recent = judged(&made, Some((0, 36, 2)), None, None, false);
    assert_eq!(
        recent.findings.iter().map(|f| (f.bearing, f.certainty)).collect::<Vec<_>>(),
        [(Bearing::Trace, Certainty::Possible)]
    );
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(48);
    std::fs::File::options().write(true).open(&path).expect("the file").set_modified(long_ago).expect("a time");
    assert_eq!(judged(&made, Some((0, 36, 2)), None, None, false).findings, []);
    // Another repository's leftover is not the target's failure.
    assert_eq!(judged(&made, Some((0, 36, 2)), Some("x/y"), Some(5), false).findings, []);
}

#[cfg(target_os = "linux")]
#[test]
fn a_part_that_a_process_writes_is_live_and_never_listed() {
    let made = MadeCache::new();
    let path = made.write(&format!("models--a--b/blobs/{}.incomplete", sha256(b"whole")), b"far too long");
    let open = std::fs::File::options().append(true).open(&path).expect("the file");
    let conclusion = judged(&made, Some((0, 28, 1)), Some("a/b"), Some(5), false);
    assert_eq!(conclusion.findings, []);
    assert!(conclusion.notes[0].contains(&format!("process {}", std::process::id())), "{:?}", conclusion.notes);
    drop(open);
}

#[cfg(unix)]
#[test]
fn links_without_their_file_are_found() {
    let made = MadeCache::new();
    made.add("config.json", b"{}", false);
    assert_eq!(judged(&made, None, Some("a/b"), None, false).findings, []);
    let link = made.link("sub/w.bin", "0000");
    let online = judged(&made, None, Some("a/b"), None, false);
    assert_eq!(online.findings.len(), 1);
    assert_eq!((online.findings[0].certainty, online.findings[0].bearing), (Certainty::Likely, Bearing::Failure));
    assert_eq!(online.findings[0].fixes[0].actions, [Action::Quarantine { root: made.root(), paths: vec![link] }]);
    assert_eq!(judged(&made, None, Some("a/b"), None, true).findings[0].certainty, Certainty::Confirmed);
    assert_eq!(judged(&made, None, None, None, false).findings[0].bearing, Bearing::Trace);
    let other = judged(&made, None, Some("x/y"), None, false);
    assert_eq!((other.findings.len(), other.notes.len()), (0, 1));
}

#[cfg(unix)]
#[test]
fn offline_the_listing_tells_what_is_missing() {
    let made = MadeCache::new();
    let etag = made.add("config.json", b"{}", false);
    let tree = format!(
        r#"{{"format_version":1,"files":{{"config.json":{{"size":2,"blob_id":"{etag}"}},"w.bin":{{"size":5,"blob_id":"x"}}}}}}"#
    );
    made.write(&format!("models--a--b/trees/{}.json", crate::observe::made_cache::COMMIT), tree.as_bytes());
    assert_eq!(judged(&made, None, Some("a/b"), None, false).findings, []);
    let offline = judged(&made, None, Some("a/b"), None, true);
    assert_eq!(offline.findings.len(), 1);
    assert!(offline.findings[0].summary.contains("w.bin"), "{}", offline.findings[0].summary);
}

#[test]
fn no_cache_is_no_problem() {
    let made = MadeCache::new();
    let conclusion = judged(&made, None, Some("a/b"), Some(5), false);
    assert_eq!((conclusion.status, conclusion.notes.len()), (Status::Ok, 0), "{conclusion:?}");
}

#[cfg(unix)]
#[test]
fn a_dangling_link_of_an_older_revision_is_a_note() {
    let made = MadeCache::new();
    made.add("w.bin", b"whole", true);
    let old = made.root().join("models--a--b/snapshots").join("2".repeat(40));
    std::fs::create_dir_all(&old).expect("a folder");
    std::os::unix::fs::symlink("../../blobs/gone", old.join("w.bin")).expect("a link");
    for (target, offline) in [(Some("a/b"), false), (Some("a/b"), true), (None, false)] {
        let conclusion = judged(&made, Some((2, 4, 0)), target, None, offline);
        assert_eq!((conclusion.status, conclusion.findings.len()), (Status::Ok, 0), "{conclusion:?}");
        assert!(conclusion.notes.iter().any(|note| note.contains("older revisions")), "{:?}", conclusion.notes);
    }
    // Where no ref names any, it may be the one that was asked for.
    std::fs::remove_file(made.root().join("models--a--b/refs/main")).expect("removed");
    assert_eq!(judged(&made, Some((2, 4, 0)), None, None, false).findings.len(), 1);
}
