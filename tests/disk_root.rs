//! Volumes that are really full, without inodes, read-only or another user's, filled by the real Python client from a Hub
//! on loopback, and then examined by the built program.
//!
//! Making them needs root and Linux: `cargo test --test disk_root -- --ignored` as root runs them; elsewhere they are
//! listed as ignored. Those with the real client need a Python with huggingface_hub in `HFDOCTOR_CLIENT_PYTHON`.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lab::{Hub, HubState};
use serde_json::Value;

const STATE: &str = r#"
[[repo]]
id = "acme/open"
files = { "config.json" = "{}\n", "weights.bin" = { size = 20000000, lfs = true } }
[[repo]]
id = "acme/other"
files = { "config.json" = "{}\n" }
"#;

fn hub() -> Hub {
    Hub::start(HubState::from_toml(STATE).expect("the state is good")).expect("the Hub starts")
}

/// The Python with the real client; said loudly when there is none.
fn python(test: &str) -> Option<PathBuf> {
    let python = std::env::var_os("HFDOCTOR_CLIENT_PYTHON").map(PathBuf::from);
    if python.is_none() {
        // Past the capture of tests: what is left out has proved nothing.
        let why = "HFDOCTOR_CLIENT_PYTHON names no Python with huggingface_hub";
        let _ = writeln!(std::io::stderr(), "LEFT OUT: {test}: {why}");
    }
    python
}

/// A mount that ends with the test.
struct Mounted(PathBuf);

impl Mounted {
    fn tmpfs(at: &Path, options: &str) -> Mounted {
        fs::create_dir_all(at).expect("a folder");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at));
        Mounted(at.to_owned())
    }

    fn bind(from: &Path, at: &Path) -> Mounted {
        fs::create_dir_all(at).expect("a folder");
        run(Command::new("mount").arg("--bind").args([from, at]));
        Mounted(at.to_owned())
    }

    fn remount(&self, options: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0));
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A process that another test has just started may hold a copy of an open file for a moment more.
        run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

fn run(command: &mut Command) {
    let status = command.status().expect("the command starts");
    assert!(status.success(), "{command:?}: {status}");
}

/// The same surroundings for client and doctor.
fn in_home<'a>(command: &'a mut Command, hub: &Hub, home: &Path, ca: &Path) -> &'a mut Command {
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("HF_ENDPOINT", hub.endpoint())
        .env("SSL_CERT_FILE", ca)
        .env("HF_HUB_DISABLE_XET", "1")
        .env("HF_HUB_DISABLE_UPDATE_CHECK", "1")
        .env("HF_HUB_DISABLE_TELEMETRY", "1")
        .stdin(Stdio::null())
}

/// Runs the real client.
fn download(python: &Path, hub: &Hub, home: &Path, id: &str) -> Output {
    let code = "import sys; from huggingface_hub import snapshot_download; snapshot_download(sys.argv[1])";
    let mut command = Command::new(python);
    in_home(&mut command, hub, home, &hub.ca_file()).args(["-c", code, id]).current_dir(home);
    command.output().expect("the client starts")
}

/// What the built program says.
struct Said {
    exit: Option<i32>,
    causes: Vec<String>,
    text: String,
}

impl Said {
    fn of(output: &Output) -> Said {
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let causes = report["causes"].as_array().cloned().unwrap_or_default();
        let causes = causes.iter().filter_map(|cause| cause["id"].as_str().map(str::to_owned)).collect();
        Said { exit: output.status.code(), causes, text }
    }

    fn first(&self) -> Option<&str> {
        self.causes.first().map(String::as_str)
    }
}

fn examine(hub: &Hub, home: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hfdoctor"));
    // From where no download to a folder of one's own lies about.
    in_home(&mut command, hub, home, &hub.ca_file()).arg("--json").args(arguments).current_dir("/");
    Said::of(&command.output().expect("the program starts"))
}

/// Runs the client into a failure, and asks the program about it with and without what the client printed.
fn fails_with(python: &Path, hub: &Hub, home: &Path, cause: &str, client_says: &str) {
    let client = download(python, hub, home, "acme/open");
    let printed = String::from_utf8_lossy(&client.stderr).into_owned();
    assert!(!client.status.success() && printed.contains(client_says), "{printed}");
    // The log must not lie on the volume that takes nothing.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let log = elsewhere.path().join("client.log");
    fs::write(&log, &client.stderr).expect("the log can be written");
    let log = log.to_string_lossy();
    for arguments in [
        &["acme/open"][..],
        &["acme/open", "--offline"],
        &["--offline"],
        &["acme/open", "--log", &log],
        &["--offline", "--log", &log],
    ] {
        let said = examine(hub, home, arguments);
        assert_eq!((said.first(), said.exit), (Some(cause), Some(1)), "{arguments:?}: {}\n{printed}", said.text);
    }
}

/// The same volume with room: the client succeeds, and nothing is wrong.
fn succeeds(python: &Path, hub: &Hub, home: &Path) {
    let client = download(python, hub, home, "acme/open");
    assert!(client.status.success(), "{}", String::from_utf8_lossy(&client.stderr));
    for arguments in [&["acme/open"][..], &["--offline"], &["--offline", "--verify"]] {
        let said = examine(hub, home, arguments);
        assert_eq!((said.causes.as_slice(), said.exit), (&[][..], Some(0)), "{arguments:?}: {}", said.text);
    }
}

#[test]
#[ignore = "needs root: it mounts a file system"]
fn a_volume_that_the_client_fills_is_full() {
    let Some(python) = python("a_volume_that_the_client_fills_is_full") else { return };
    let (hub, folder) = (hub(), tempfile::tempdir().expect("a folder"));
    let mounted = Mounted::tmpfs(folder.path(), "size=8m");
    fails_with(&python, &hub, folder.path(), "disk-full", "No space left on device");
    mounted.remount("size=200m");
    succeeds(&python, &hub, folder.path());
}

#[test]
#[ignore = "needs root: it mounts a file system"]
fn a_volume_without_inodes_is_not_called_full() {
    let Some(python) = python("a_volume_without_inodes_is_not_called_full") else { return };
    let (hub, folder) = (hub(), tempfile::tempdir().expect("a folder"));
    let mounted = Mounted::tmpfs(folder.path(), "size=200m,nr_inodes=24");
    let mut made = 0;
    while fs::write(folder.path().join(made.to_string()), b"").is_ok() {
        made += 1;
        assert!(made < 100, "the inodes do not end");
    }
    fails_with(&python, &hub, folder.path(), "disk-quota", "No space left on device");
    mounted.remount("nr_inodes=2000");
    succeeds(&python, &hub, folder.path());
}

#[test]
#[ignore = "needs root: it mounts a file system"]
fn a_read_only_volume_is_read_only_unless_all_is_cached() {
    let Some(python) = python("a_read_only_volume_is_read_only_unless_all_is_cached") else { return };
    let (hub, folder) = (hub(), tempfile::tempdir().expect("a folder"));
    let mounted = Mounted::tmpfs(folder.path(), "size=200m");
    mounted.remount("ro");
    fails_with(&python, &hub, folder.path(), "read-only-cache", "Read-only file system");
    mounted.remount("rw");
    succeeds(&python, &hub, folder.path());
    // A shared cache that is read-only on purpose serves what it holds.
    mounted.remount("ro");
    let said = examine(&hub, folder.path(), &["acme/open"]);
    assert_eq!((said.causes.as_slice(), said.exit), (&[][..], Some(0)), "{}", said.text);
    let other = examine(&hub, folder.path(), &["acme/other"]);
    assert_eq!((other.first(), other.exit), (Some("read-only-cache"), Some(1)), "{}", other.text);
}

#[test]
#[ignore = "needs root: it mounts a file system"]
fn a_read_only_bind_mount_is_read_only() {
    let (hub, folder) = (hub(), tempfile::tempdir().expect("a folder"));
    let cache = folder.path().join(".cache/huggingface");
    let under = tempfile::tempdir().expect("a folder");
    let mounted = Mounted::bind(under.path(), &cache);
    assert_eq!(examine(&hub, folder.path(), &["acme/other"]).causes, [""; 0]);
    mounted.remount("bind,ro");
    let said = examine(&hub, folder.path(), &["acme/other"]);
    assert_eq!((said.first(), said.exit), (Some("read-only-cache"), Some(1)), "{}", said.text);
}

/// An unprivileged user of a number of its own, below a root that it may enter.
///
/// Nothing of the machine is mounted in it: the program, its libraries and a few files are copies, so that nothing that
/// happens in it or to it can reach what they were copied from.
struct Jail {
    // Fields end in this order: the mounts are gone before their folder is removed.
    _proc: Mounted,
    _root: Mounted,
    root: tempfile::TempDir,
}

/// Nobody's number.
const NOBODY: &str = "65534:65534";

impl Jail {
    fn new(hub: &Hub) -> Jail {
        let root = tempfile::tempdir().expect("a folder");
        let mounted = Mounted::tmpfs(root.path(), "size=400m,mode=755");
        let program = Path::new(env!("CARGO_BIN_EXE_hfdoctor"));
        let ca = hub.ca_file();
        let mut copies = vec![(program.to_owned(), "hfdoctor".to_owned()), (ca, "ca.pem".to_owned())];
        let known = ["/etc/hosts", "/etc/passwd", "/etc/resolv.conf", "/etc/nsswitch.conf"].map(PathBuf::from);
        // What finds names and is loaded late.
        let late = ["/lib/x86_64-linux-gnu/libnss_files.so.2", "/lib/aarch64-linux-gnu/libnss_files.so.2"];
        for file in known.into_iter().chain(late.map(PathBuf::from)).chain(libraries(program)) {
            let inside = file.strip_prefix("/").map(|path| path.to_string_lossy().into_owned());
            copies.push((file.clone(), inside.expect("an absolute path")));
        }
        for (from, to) in copies.iter().filter(|(from, _)| from.is_file()) {
            let to = root.path().join(to);
            fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
            fs::copy(from, &to).expect("a copy");
            set_mode(&to, 0o755);
        }
        for (name, mode) in [("home", 0o755), ("tmp", 0o777), ("proc", 0o755)] {
            fs::create_dir(root.path().join(name)).expect("a folder");
            set_mode(&root.path().join(name), mode);
        }
        let proc = root.path().join("proc");
        run(Command::new("mount").args(["-t", "proc", "proc"]).arg(&proc));
        let jail = Jail { _proc: Mounted(proc), _root: mounted, root };
        jail.give("home");
        jail
    }

    fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    fn give(&self, path: &str) {
        run(Command::new("chown").args(["-R", NOBODY]).arg(self.root.path().join(path)));
    }

    fn examine(&self, hub: &Hub, variables: &[(&str, &str)], arguments: &[&str]) -> Said {
        let mut command = Command::new("chroot");
        in_home(&mut command, hub, Path::new("/home"), Path::new("/ca.pem"));
        command
            .arg(format!("--userspec={NOBODY}"))
            .arg(self.root.path())
            .arg("/hfdoctor")
            .arg("--json")
            .args(arguments)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .envs(variables.iter().copied());
        Said::of(&command.output().expect("chroot starts"))
    }
}

/// The libraries that a program is linked with, and what loads them.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let told = Command::new("ldd").arg(program).output().expect("ldd starts");
    let words = String::from_utf8_lossy(&told.stdout).into_owned();
    words.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
#[ignore = "needs root: it gives files away and becomes another user"]
fn what_root_downloaded_once_keeps_the_user_out() {
    let Some(python) = python("what_root_downloaded_once_keeps_the_user_out") else { return };
    let hub = hub();
    let jail = Jail::new(&hub);
    assert_eq!(jail.examine(&hub, &[], &["acme/open"]).causes, [""; 0]);
    // As with `sudo hf download` in the user's home.
    let client = download(&python, &hub, &jail.home(), "acme/open");
    assert!(client.status.success(), "{}", String::from_utf8_lossy(&client.stderr));
    let other = jail.examine(&hub, &[], &["acme/other"]);
    assert_eq!((other.first(), other.exit), (Some("cache-permission"), Some(1)), "{}", other.text);
    assert!(other.text.contains("root"), "whose it is must be said: {}", other.text);
    // What root fetched may be read by everybody: nothing is left to write.
    let same = jail.examine(&hub, &[], &["acme/open"]);
    assert_eq!((same.causes.as_slice(), same.exit), (&[][..], Some(0)), "{}", same.text);
    // The cache is the user's again, one repository in it is not.
    jail.give("home");
    run(Command::new("chown").args(["-R", "0:0"]).arg(jail.home().join(".cache/huggingface/hub/models--acme--open")));
    fs::remove_file(newest_blob(&jail.home())).expect("removed");
    let broken = jail.examine(&hub, &[], &["acme/open"]);
    assert!(broken.causes.iter().any(|cause| cause == "cache-permission"), "{}", broken.text);
    let other = jail.examine(&hub, &[], &["acme/other"]);
    assert_eq!((other.causes.as_slice(), other.exit), (&[][..], Some(0)), "{}", other.text);
}

/// The largest blob of `acme/open`.
fn newest_blob(home: &Path) -> PathBuf {
    let blobs = home.join(".cache/huggingface/hub/models--acme--open/blobs");
    let entries = fs::read_dir(blobs).expect("a listing").flatten();
    entries.max_by_key(|entry| entry.metadata().map_or(0, |m| m.len())).expect("a blob").path()
}

#[test]
#[ignore = "needs root: it becomes another user"]
fn a_home_that_cannot_be_used_is_named_and_left_alone() {
    let hub = hub();
    let jail = Jail::new(&hub);
    let home = jail.home();
    fs::create_dir_all(home.join(".cache/huggingface/hub")).expect("a folder");
    fs::create_dir_all(home.join("closed/hf")).expect("a folder");
    fs::write(home.join("file"), b"a file").expect("a file");
    symlink("/nowhere/at/all", home.join("dangling")).expect("a link");
    jail.give("home");
    for (path, mode) in [("closed", 0o000), (".cache/huggingface", 0o500)] {
        set_mode(&home.join(path), mode);
    }
    let before = listing(&home);
    for (place, words) in [
        ("/home/closed/hf", "/home/closed"),
        ("/home/file", "is a file, not a folder"),
        ("/home/file/below", "is a file, not a folder"),
        ("/home/dangling", "is a link that leads nowhere"),
        ("/home/dangling/below", "is a link that leads nowhere"),
    ] {
        for arguments in [&["acme/other"][..], &["--offline"]] {
            let said = jail.examine(&hub, &[("HF_HOME", place)], arguments);
            let answer = (said.first(), said.exit);
            assert_eq!(answer, (Some("cache-permission"), Some(1)), "{place} {arguments:?}: {}", said.text);
            let shown = words.replace("/home", "~");
            assert!(said.text.contains(words) || said.text.contains(&shown), "{place}: {}", said.text);
        }
    }
    // A hub cache that may be read and not written: only what is missing in it fails.
    set_mode(&home.join(".cache/huggingface/hub"), 0o500);
    let said = jail.examine(&hub, &[], &["acme/other"]);
    assert_eq!((said.first(), said.exit), (Some("cache-permission"), Some(1)), "{}", said.text);
    set_mode(&home.join(".cache/huggingface/hub"), 0o755);
    // A home that the user may not even enter.
    set_mode(&home, 0o000);
    let said = jail.examine(&hub, &[], &["acme/other"]);
    assert_eq!((said.first(), said.exit), (Some("cache-permission"), Some(1)), "{}", said.text);
    set_mode(&home, 0o755);
    assert_eq!(listing(&home), before);
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(here) = waiting.pop() {
        for entry in fs::read_dir(&here).expect("a listing").flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found.sort();
    found
}
