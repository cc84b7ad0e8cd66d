//! Volumes that are really full, read-only or another user's. Making them needs root and Linux.
//!
//! `cargo test -p hfdoctor-checks --test disk_root -- --ignored` runs them as root. Elsewhere they are listed as ignored.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use hfdoctor_checks::case::{Environment, Limits};
use hfdoctor_checks::observe::{Progress, Want};
use hfdoctor_checks::{Case, Diagnosis, Selection, examine};
use hfdoctor_core::diagnosis::Cause;
use hfdoctor_core::target::From;
use hfdoctor_core::target::{RepoType, Target};

#[derive(Debug)]
struct Silent;

impl Progress for Silent {
    fn waiting_for(&self, _: &BTreeSet<Want>) {}
}

/// Examines what lies on disk, with a home.
async fn diagnose(home: &Path, target: Option<&str>) -> Diagnosis {
    let environment = Environment::new([(OsString::from("HOME"), home.as_os_str().to_owned())], None);
    let target = target.map(|id| Target {
        repo_type: RepoType::Model,
        repo_id: id.to_owned(),
        revision: None,
        file: None,
        tag: None,
        from: From::Argument,
    });
    let limits = Limits { offline: true, ..Limits::default() };
    let case = Case::new(environment, target, None, limits, SystemTime::now());
    let only = ["disk", "permission", "partial", "integrity", "locks", "filesystem"].map(str::to_owned).to_vec();
    examine(Arc::new(case), &Selection { only, ..Selection::default() }, Arc::new(Silent)).await
}

fn causes(diagnosis: &Diagnosis) -> Vec<Cause> {
    diagnosis.causes.iter().map(|ranked| ranked.finding.cause).collect()
}

/// A mount that ends with the test.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn new(arguments: &[&str]) -> Mounted {
        let folder = tempfile::tempdir().expect("a folder");
        run(Command::new("mount").args(arguments).arg(folder.path()));
        std::fs::create_dir_all(cache(folder.path())).expect("a cache");
        Mounted(folder)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A process that another test has just started may hold a copy of an open file for a moment more.
        run(Command::new("umount").arg("--lazy").arg(self.0.path()));
    }
}

fn cache(home: &Path) -> PathBuf {
    home.join(".cache/huggingface/hub")
}

fn run(command: &mut Command) {
    let status = command.status().expect("the command starts");
    assert!(status.success(), "{command:?}: {status}");
}

#[tokio::test]
#[ignore = "needs root: it mounts a file system"]
async fn a_full_volume_is_full() {
    let mounted = Mounted::new(&["-t", "tmpfs", "-o", "size=8m", "tmpfs"]);
    assert_eq!(causes(&diagnose(mounted.0.path(), None).await), [Cause::DiskFull], "8 MB are nearly nothing");
    // Filled to the last block.
    let filled = std::fs::write(mounted.0.path().join("fill"), vec![1; 16_000_000]);
    assert!(filled.is_err());
    let diagnosis = diagnose(mounted.0.path(), None).await;
    assert_eq!(causes(&diagnosis), [Cause::DiskFull]);
    assert!(diagnosis.causes[0].finding.summary.contains("is full"), "{}", diagnosis.causes[0].finding.summary);
}

#[tokio::test]
#[ignore = "needs root: it mounts a file system"]
async fn a_volume_without_inodes_is_not_called_full() {
    let mounted = Mounted::new(&["-t", "tmpfs", "-o", "nr_inodes=16", "tmpfs"]);
    let mut made = 0;
    while std::fs::write(mounted.0.path().join(made.to_string()), b"").is_ok() {
        made += 1;
        assert!(made < 100, "the inodes do not end");
    }
    assert_eq!(causes(&diagnose(mounted.0.path(), None).await), [Cause::DiskQuota]);
}

#[tokio::test]
#[ignore = "needs root: it mounts a file system"]
async fn a_read_only_volume_is_read_only() {
    let mounted = Mounted::new(&["-t", "tmpfs", "-o", "size=200m", "tmpfs"]);
    assert_eq!(causes(&diagnose(mounted.0.path(), None).await), []);
    run(Command::new("mount").args(["-o", "remount,ro"]).arg(mounted.0.path()));
    assert_eq!(causes(&diagnose(mounted.0.path(), None).await), [Cause::ReadOnlyCache]);
}

/// The same test is started once more as an unprivileged user, with the home in this variable.
const AS_OTHER: &str = "HFDOCTOR_TEST_HOME_AS_OTHER";

#[tokio::test]
#[ignore = "needs root: it gives files away and becomes another user"]
async fn what_root_left_is_named_with_its_owner() {
    if let Some(home) = std::env::var_os(AS_OTHER).map(PathBuf::from) {
        let diagnosis = diagnose(&home, Some("a/b")).await;
        assert_eq!(causes(&diagnosis), [Cause::CachePermission]);
        let finding = &diagnosis.causes[0].finding;
        assert!(
            finding.summary.contains("models--a--b/blobs") && finding.summary.contains("root"),
            "{}",
            finding.summary
        );
        assert_eq!(causes(&diagnose(&home, Some("x/y")).await), []);
        return;
    }
    let mounted = Mounted::new(&["-t", "tmpfs", "-o", "size=200m,mode=755", "tmpfs"]);
    let home = mounted.0.path();
    std::fs::set_permissions(home, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    std::fs::create_dir_all(cache(home).join("models--a--b/blobs")).expect("a folder");
    run(Command::new("chown").args(["-R", "65534:65534"]).arg(home));
    run(Command::new("chown").arg("0:0").arg(cache(home).join("models--a--b/blobs")));
    // The program lies where only root may go.
    let program = home.join("program");
    std::fs::copy(std::env::current_exe().expect("the program"), &program).expect("a copy");
    run(Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        // Some sandboxes let only root enter `/`: the right to search and read is kept, the one to write is what counts.
        .args(["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"])
        .arg(&program)
        .args(["--ignored", "--exact", "what_root_left_is_named_with_its_owner"])
        .env(AS_OTHER, home)
        .env_remove("LD_LIBRARY_PATH"));
}
