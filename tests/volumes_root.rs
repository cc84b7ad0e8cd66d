//! Volumes of a machine's own making: a second disk with room, a quota that the file system counts, a small one on which
//! a part is gone on with. Each test runs in a mount namespace of its own and mounts below a folder of its own alone.
//!
//! Needs root and Linux: `cargo test --test volumes_root -- --ignored` as root runs them; elsewhere they are listed as
//! ignored. The quota is btrfs', whose tools must be installed.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lab::{Hub, HubState};
use serde_json::Value;

/// In the namespace: the folder that the test may mount below.
const INSIDE: &str = "HFDOCTOR_TEST_INSIDE";
/// How a test inside says that it could not be made here.
const LEFT_OUT: i32 = 77;

/// Runs a test's body in a mount namespace of its own, which takes its mounts with it when it ends.
fn alone(test: &str, body: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(INSIDE).map(PathBuf::from) {
        return body(&folder);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let status = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "--"])
        .arg(std::env::current_exe().expect("the program"))
        .args(["--ignored", "--exact", test, "--nocapture"])
        .env(INSIDE, folder.path())
        .status()
        .expect("unshare starts");
    assert!(status.success() || status.code() == Some(LEFT_OUT), "{test}: {status}");
}

/// Says loudly that a test has proved nothing, past the capture of tests, and ends it.
fn left_out(test: &str, why: &str) -> ! {
    let _ = writeln!(std::io::stderr(), "LEFT OUT: {test}: {why}");
    std::process::exit(LEFT_OUT)
}

/// A mounted file system of this type at a new folder.
fn mount(kind: &str, options: &str, what: &Path, at: &Path) -> bool {
    fs::create_dir_all(at).expect("a folder");
    let mut command = Command::new("mount");
    command.args(["-t", kind, "-o", options]).args([what, at]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A file of a size that takes no room, formatted by a program.
fn image(at: &Path, bytes: u64, format: &[&str]) -> bool {
    fs::File::create(at).and_then(|file| file.set_len(bytes)).expect("a file with holes");
    let Some((program, arguments)) = format.split_first() else { return false };
    let mut command = Command::new(program);
    command.args(arguments).arg(at).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn run(program: &str, arguments: &[&str], path: &Path) {
    let status = Command::new(program).args(arguments).arg(path).stdout(Stdio::null()).status();
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{program} {arguments:?}: {status:?}");
}

/// An environment with a huggingface_hub of a version in it, as far as anybody looks.
fn client(folder: &Path, version: &str) -> PathBuf {
    let environment = folder.join(format!("venv-{version}"));
    let package = environment.join(format!("lib/python3.12/site-packages/huggingface_hub-{version}.dist-info"));
    fs::create_dir_all(&package).expect("a folder");
    fs::write(package.join("METADATA"), "Name: huggingface_hub\n").expect("a file");
    fs::write(environment.join("pyvenv.cfg"), "version = 3.12.1\n").expect("a file");
    environment
}

fn examine(home: &Path, variables: &[(&str, &Path)], hub: Option<&Hub>, target: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hfdoctor"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("LANG", "C.UTF-8");
    command.envs(variables.iter().copied()).env("HF_HUB_DISABLE_XET", "1").current_dir("/").stdin(Stdio::null());
    match hub {
        Some(hub) => command.env("HF_ENDPOINT", hub.endpoint()).env("SSL_CERT_FILE", hub.ca_file()),
        None => command.arg("--offline"),
    };
    let output = command.args(["--json", target]).output().expect("the program starts");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn causes(report: &Value) -> Vec<&str> {
    report["causes"].as_array().into_iter().flatten().filter_map(|cause| cause["id"].as_str()).collect()
}

/// The first cause's fix of this id.
fn fix<'a>(report: &'a Value, id: &str) -> Option<&'a Value> {
    report["causes"][0]["fixes"].as_array()?.iter().find(|fix| fix["id"] == id)
}

fn hub() -> Hub {
    const STATE: &str = r#"
[[repo]]
id = "acme/open"
files = { "config.json" = "{}\n", "weights.bin" = { size = 20000000, lfs = true } }
"#;
    Hub::start(HubState::from_toml(STATE).expect("the state is good")).expect("the Hub starts")
}

#[test]
#[ignore = "needs root: it mounts file systems"]
fn a_second_disk_with_room_is_named_and_serves() {
    const TEST: &str = "a_second_disk_with_room_is_named_and_serves";
    alone(TEST, |folder| {
        let (home, disk) = (folder.join("home"), folder.join("my disk"));
        assert!(mount("tmpfs", "size=8m", Path::new("tmpfs"), &home), "no small volume");
        // Larger than what else may be mounted here, and with next to nothing in it.
        let blank = folder.join("disk.image");
        let format =
            ["mkfs.ext4", "-q", "-F", "-m", "0", "-T", "largefile4", "-O", "^has_journal", "-E", "lazy_itable_init=1"];
        if !image(&blank, 2 << 40, &format) || !mount("ext4", "loop", &blank, &disk) {
            left_out(TEST, "no file system in a file can be made or mounted");
        }
        let hub = hub();
        let report = examine(&home, &[], Some(&hub), "acme/open");
        assert_eq!(causes(&report), ["disk-full"], "{report:#}");
        let place = disk.join("huggingface/hub");
        let fix = fix(&report, "move-cache").unwrap_or_else(|| panic!("no other place: {report:#}"));
        assert_eq!(fix["commands"][0], format!("export HF_HUB_CACHE='{}'", place.display()), "{report:#}");
        // The same question with the remedy taken, and with a disk on which nobody may write.
        let moved = examine(&home, &[("HF_HUB_CACHE", &place)], Some(&hub), "acme/open");
        assert_eq!(causes(&moved), [""; 0], "{moved:#}");
        run("mount", &["-o", "remount,ro"], &disk);
        let report = examine(&home, &[], Some(&hub), "acme/open");
        let named = report["causes"][0]["fixes"].to_string();
        assert!(causes(&report) == ["disk-full"] && !named.contains("my disk"), "{report:#}");
    });
}

#[test]
#[ignore = "needs root: it mounts a file system"]
fn a_quota_is_no_full_disk() {
    const TEST: &str = "a_quota_is_no_full_disk";
    alone(TEST, |folder| {
        let (blank, disk) = (folder.join("disk.image"), folder.join("disk"));
        if !image(&blank, 300 << 20, &["mkfs.btrfs", "-q"]) || !mount("btrfs", "loop", &blank, &disk) {
            left_out(TEST, "btrfs' tools or the kernel's btrfs are missing");
        }
        let home = disk.join("home");
        run("btrfs", &["quota", "enable"], &disk);
        run("btrfs", &["subvolume", "create"], &home);
        assert_eq!(causes(&examine(&home, &[], None, "acme/open")), [""; 0]);
        run("btrfs", &["qgroup", "limit", "4M"], &home);
        let mut file = fs::File::create(home.join("other")).expect("a file");
        let full = (0..200).find_map(|_| file.write_all(&vec![7; 100_000]).and_then(|()| file.sync_all()).err());
        assert_eq!(full.expect("the quota ends").kind(), std::io::ErrorKind::QuotaExceeded);
        for (hub, target) in [(None, "acme/open"), (Some(hub()), "acme/open")] {
            let report = examine(&home, &[], hub.as_ref(), target);
            assert_eq!(causes(&report), ["disk-quota"], "{report:#}");
            assert_eq!(report["causes"][0]["certainty"], "confirmed", "{report:#}");
        }
    });
}

#[test]
#[ignore = "needs root: it mounts a file system"]
fn only_what_a_part_really_holds_counts_as_fetched() {
    alone("only_what_a_part_really_holds_counts_as_fetched", |folder| {
        let home = folder.join("home");
        assert!(mount("tmpfs", "size=30m", Path::new("tmpfs"), &home), "no small volume");
        let (old, new) = (client(folder, "0.36.2"), client(folder, "2.4.0"));
        let hub = hub();
        let etag = hub.state().repo[0].etag("weights.bin").expect("a file of the Hub");
        let blobs = home.join(".cache/huggingface/hub/models--acme--open/blobs");
        fs::create_dir_all(&blobs).expect("a folder");
        let part = blobs.join(format!("{etag}.incomplete"));
        let ask = |venv: &PathBuf| examine(&home, &[("VIRTUAL_ENV", venv)], Some(&hub), "acme/open");
        // 12 of 20 MB: the rest fits into 18, the whole does not.
        fs::write(&part, vec![b'Z'; 12_000_000]).expect("a part");
        assert_eq!(causes(&ask(&old)), [""; 0], "{:#}", ask(&old));
        let report = ask(&new);
        assert_eq!(causes(&report), ["disk-full"], "{report:#}");
        assert!(fix(&report, "free-partial-files").is_some(), "{report:#}");
        // The same length with nothing in it, and another file in its place: nothing of it is fetched, nothing of it frees.
        fs::File::create(&part).and_then(|file| file.set_len(12_000_000)).expect("a part");
        fs::write(home.join("other"), vec![b'Z'; 12_000_000]).expect("another file");
        let report = ask(&old);
        assert_eq!(causes(&report).first(), Some(&"disk-full"), "{report:#}");
        let report = ask(&new);
        assert_eq!(causes(&report), ["disk-full"], "{report:#}");
        assert!(fix(&report, "free-partial-files").is_none(), "{report:#}");
    });
}
