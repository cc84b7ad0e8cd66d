//! Ctrl-C while files are hashed: what was found until then is told.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const COMMIT: &str = "1111111111111111111111111111111111111111";
/// The name of a blob with the text `hello`: `printf hello | git hash-object --stdin`.
const SMALL: &str = "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0";

/// A cache with one small file and one of a terabyte of zeros, which takes no room and no program hashes in a test's time.
fn cache(home: &Path) {
    let folder = home.join(".cache/huggingface/hub/models--a--b");
    let snapshot = folder.join("snapshots").join(COMMIT);
    for inside in ["blobs", "refs"] {
        fs::create_dir_all(folder.join(inside)).expect("a folder");
    }
    fs::create_dir_all(&snapshot).expect("a folder");
    fs::write(folder.join("refs/main"), COMMIT).expect("a ref");
    fs::write(folder.join("blobs").join(SMALL), "hello").expect("a blob");
    let large = "a".repeat(64);
    let blob = fs::File::create(folder.join("blobs").join(&large)).expect("a blob");
    blob.set_len(1 << 40).expect("a size");
    for (file, blob) in [("hello.txt", SMALL), ("huge.dat", &large)] {
        symlink(Path::new("../../blobs").join(blob), snapshot.join(file)).expect("a link");
    }
}

/// Waits until a process handles SIGINT itself.
fn wait_for_handler(child: &mut Child) {
    let began = Instant::now();
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0);
        if caught & 0b10 != 0 {
            return;
        }
        assert!(child.try_wait().expect("a state").is_none(), "the program ended before it hashed anything");
        assert!(began.elapsed() < Duration::from_mins(1), "the program never heeds Ctrl-C");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn ctrl_c_ends_the_hashing_with_a_report() {
    let home = tempfile::tempdir().expect("a folder");
    cache(home.path());
    let mut child = Command::new(env!("CARGO_BIN_EXE_hfdoctor"))
        .args(["--json", "--offline", "--verify", "a/b"])
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    wait_for_handler(&mut child);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill starts");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let check = report["checks"].as_array().expect("checks").iter().find(|c| c["name"] == "integrity");
    let because = check.and_then(|c| c["because"].as_str()).unwrap_or_default();
    assert!(because.starts_with("stopped before all was hashed"), "{because}");
    // Neither proof nor damage.
    assert_eq!((output.status.code(), report["verdict"].as_str()), (Some(3), Some("inconclusive")));
}
