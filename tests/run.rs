//! `hfdoctor run -- COMMAND...` from outside: what the command gets, what the person sees, how it ends.
#![cfg(unix)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hfdoctor");
/// So long is something waited for that must come. Nothing is concluded from its coming early.
const PATIENCE: Duration = Duration::from_mins(2);

/// `hfdoctor run` in an empty home and a clean environment, without the network.
fn hfdoctor(home: &Path, options: &[&str], command: &[&str]) -> Command {
    let mut program = Command::new(PROGRAM);
    let path = format!("{}:/usr/bin:/bin", home.join("bin").display());
    program.env_clear().env("HOME", home).env("PATH", path).env("LANG", "C.UTF-8").current_dir(home);
    program.arg("run").arg("--offline").args(options).arg("--").args(command).stdin(Stdio::null());
    program
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn ended(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the output is UTF-8");
    (output.status.code().expect("it ended by itself"), text(&output.stdout), text(&output.stderr))
}

fn run(home: &Path, options: &[&str], command: &[&str]) -> (i32, String, String) {
    ended(&hfdoctor(home, options, command).output().expect("it starts"))
}

fn script(home: &Path, name: &str, text: &str) {
    let path = home.join("bin").join(name);
    fs::create_dir_all(home.join("bin")).expect("a folder can be made");
    fs::write(&path, text).expect("a file can be written");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("its mode can be set");
}

#[test]
fn success_is_silent_and_the_streams_stay_apart() {
    let home = home();
    let result = run(home.path(), &[], &["sh", "-c", "printf out; printf 'err\\n' >&2"]);
    assert_eq!(result, (0, "out".to_owned(), "err\n".to_owned()));
}

#[test]
fn the_exit_code_is_the_commands() {
    let home = home();
    for (command, expected) in
        [("exit 1", 1), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
    {
        let (code, stdout, stderr) = run(home.path(), &[], &["sh", "-c", command]);
        assert_eq!((code, stdout.as_str()), (expected, ""), "{command}");
        assert!(stderr.contains(&format!("exit {expected}")), "{command}: {stderr}");
    }
}

#[test]
fn a_command_that_cannot_start_has_the_shells_code() {
    let home = home();
    script(home.path(), "moved", "#!/no/such/python3\n");
    script(home.path(), "plain", "not executable");
    fs::set_permissions(home.path().join("bin/plain"), PermissionsExt::from_mode(0o644)).expect("its mode can be set");
    for (command, expected, words) in [
        ("no-such-command", 127, "in no directory of PATH"),
        ("./no/such/command", 127, "does not exist"),
        ("", 127, "empty"),
        ("moved", 126, "`/no/such/python3`, which does not exist"),
        ("./bin", 126, "is a directory"),
        ("./bin/plain", 126, "may not be executed"),
    ] {
        let (code, stdout, stderr) = run(home.path(), &[], &[command]);
        assert_eq!((code, stdout.as_str()), (expected, ""), "{command}: {stderr}");
        assert!(stderr.contains(words), "{command}: {stderr}");
    }
}

#[test]
fn wrong_usage_is_said_before_the_command_runs() {
    let home = home();
    for options in [&["--log", "x"][..], &["--wait"], &["--fix"], &["--hang-after", "soon"], &["--hang-after", "-1"]] {
        let (code, stdout, stderr) = run(home.path(), options, &["touch", "ran"]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{options:?}: {stderr}");
        assert!(!home.path().join("ran").exists(), "{options:?}");
    }
}

#[test]
fn a_failed_client_is_diagnosed_with_what_it_was_to_download() {
    let home = home();
    let client = "#!/bin/sh\necho starting\necho 'OSError: [Errno 28] No space left on device' >&2\nexit 1\n";
    script(home.path(), "hf", client);

    let (code, stdout, stderr) = run(home.path(), &[], &["hf", "download", "org/name"]);
    assert_eq!((code, stdout.as_str()), (1, "starting\n"));
    let report =
        stderr.strip_prefix("OSError: [Errno 28] No space left on device\n").expect("its own words come first");
    assert!(report.contains("disk-full"), "{report}");

    let options = ["--json", "--report", "report.json"];
    let (code, stdout, stderr) = run(home.path(), &options, &["hf", "download", "org/name", "--repo-type", "dataset"]);
    assert_eq!((code, stdout.as_str()), (1, "starting\n"));
    assert_eq!(stderr, "OSError: [Errno 28] No space left on device\n");
    let report = fs::read_to_string(home.path().join("report.json")).expect("the report was written");
    let report: Value = serde_json::from_str(&report).expect("it is JSON");
    assert_eq!(report["target"]["repo_id"], "org/name");
    assert_eq!(report["target"]["repo_type"], "dataset");
    assert_eq!(report["causes"][0]["id"], "disk-full");
}

#[test]
fn both_streams_in_one_place_keep_their_order() {
    let home = home();
    let path = home.path().join("both");
    let file = File::create(&path).expect("a file can be made");
    let command = "i=0; while [ $i -lt 300 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
    let status = hfdoctor(home.path(), &[], &["sh", "-c", command])
        .stdout(file.try_clone().expect("it can be shared"))
        .stderr(file)
        .status()
        .expect("it starts");
    assert_eq!(status.code(), Some(0));
    let expected: Vec<String> = (0..300).flat_map(|i| [format!("out {i}"), format!("err {i}")]).collect();
    let text = fs::read_to_string(path).expect("it can be read");
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn much_output_is_passed_on_to_the_last_byte() {
    let home = home();
    let command = "head -c 60000000 /dev/zero; printf end; head -c 3000000 /dev/zero >&2; exit 9";
    let output = hfdoctor(home.path(), &[], &["sh", "-c", command]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(9));
    assert_eq!(output.stdout.len(), 60_000_003);
    assert!(output.stdout.ends_with(b"\0end"));
    // The report follows.
    assert!(output.stderr.len() > 3_000_000 && output.stderr[..3_000_000].iter().all(|byte| *byte == 0));
}

#[test]
fn a_process_left_behind_does_not_keep_the_person_waiting() {
    let home = home();
    // It holds both pipes until long after the command has ended.
    let command = "(sleep 20; touch late) & echo done";
    let (code, stdout, stderr) = run(home.path(), &[], &["sh", "-c", command]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "done\n", ""));
    assert!(!home.path().join("late").exists(), "it waited for the process left behind");
}

#[test]
fn a_command_may_close_its_streams() {
    let home = home();
    let command = "echo first; exec >&-; echo second >&2; exec 2>&-; sleep 0.3; exit 4";
    let (code, stdout, stderr) = run(home.path(), &[], &["sh", "-c", command]);
    assert_eq!((code, stdout.as_str()), (4, "first\n"));
    assert!(stderr.starts_with("second\n"), "{stderr}");
}

#[test]
fn standard_input_is_the_commands() {
    let home = home();
    let mut child = hfdoctor(home.path(), &[], &["sh", "-c", "read a; echo got $a; cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("it is a pipe").write_all(b"one\ntwo\n").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "got one\ntwo\n");
}

#[test]
fn a_command_whose_reader_is_gone_learns_of_it() {
    let home = home();
    let mut child =
        hfdoctor(home.path(), &[], &["yes"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut out = child.stdout.take().expect("it is a pipe");
    out.read_exact(&mut [0; 2]).expect("it prints");
    drop(out);
    assert_eq!(child.wait_with_output().expect("it ends").status.code(), Some(128 + 13));
}

#[test]
fn a_signal_is_passed_on_and_an_interrupted_command_is_not_diagnosed() {
    let home = home();
    for signal in ["TERM", "INT", "HUP", "USR1"] {
        let command = format!("trap 'exit 7' {signal}; echo ready; while :; do sleep 0.05; done");
        let mut child = hfdoctor(home.path(), &[], &["sh", "-c", &command])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        child.stdout.as_mut().expect("it is a pipe").read_exact(&mut [0; 6]).expect("it prints");
        let kill =
            Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("there is a kill");
        assert!(kill.success());
        let (code, _, stderr) = ended(&child.wait_with_output().expect("it ends"));
        assert_eq!(code, 7, "{signal}");
        // SIGUSR1 is no wish to end: what failed then has failed.
        assert_eq!(stderr.is_empty(), signal != "USR1", "{signal}: {stderr}");
    }
}

#[test]
fn a_client_that_has_another_name_here_is_named() {
    let home = home();
    let command = ["huggingface-cli", "download", "acme/open"];
    let (code, _, stderr) = run(home.path(), &[], &command);
    assert_eq!((code, stderr.contains("`hf")), (127, false), "{stderr}");
    script(home.path(), "hf", "#!/bin/sh\n");
    let (code, stdout, stderr) = run(home.path(), &[], &command);
    assert_eq!((code, stdout.as_str()), (127, ""));
    assert!(stderr.contains("in no directory of PATH") && stderr.contains("`hf download`"), "{stderr}");
    let (_, _, stderr) = run(home.path(), &[], &["huggingface-cli", "login"]);
    assert!(stderr.contains("run it as `hf`") && !stderr.contains("hf login"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_hanging_command_is_told_with_what_it_waits_for() {
    let home = home();
    let server = TcpListener::bind("127.0.0.1:0").expect("loopback takes a socket");
    let address = server.local_addr().expect("it has an address");
    let command = format!("exec 3<>/dev/tcp/127.0.0.1/{}; read answer <&3; echo no answer >&2; exit 6", address.port());
    let mut child = hfdoctor(home.path(), &["--hang-after", "0.4"], &["bash", "-c", &command])
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let (connection, _) = server.accept().expect("it connects");
    let mut err = child.stderr.take().expect("it is a pipe");
    let mut seen = String::new();
    while !seen.contains("which is connected") {
        let mut block = [0; 4096];
        let length = err.read(&mut block).expect("it can be read");
        assert_ne!(length, 0, "it ended without a word: {seen}");
        seen.push_str(&String::from_utf8_lossy(&block[..length]));
    }
    assert!(seen.contains("nothing printed") && seen.contains(&format!("data from {address}")), "{seen}");
    drop(connection);
    err.read_to_string(&mut seen).expect("it can be read");
    assert_eq!(child.wait().expect("it ends").code(), Some(6));
    assert!(seen.contains("no answer\n") && seen.contains("exit 6"), "{seen}");
}

/// A process that holds a lock until its standard input ends.
#[cfg(target_os = "linux")]
fn holder_of(lock: &Path) -> std::process::Child {
    let mut holder = Command::new("flock")
        .arg(lock)
        .args(["sh", "-c", "echo held; cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is a flock");
    holder.stdout.as_mut().expect("it is a pipe").read_exact(&mut [0; 5]).expect("it prints");
    holder
}

#[cfg(target_os = "linux")]
#[test]
fn a_lock_that_somebody_holds_is_named_with_its_holder() {
    let home = home();
    let lock = home.path().join("some.lock");
    let mut holder = holder_of(&lock);
    let path = lock.to_str().expect("it is UTF-8");
    let mut child = hfdoctor(home.path(), &["--hang-after", "0.4"], &["flock", path, "true"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut err = child.stderr.take().expect("it is a pipe");
    let mut seen = String::new();
    while !seen.contains("held by") {
        let mut block = [0; 4096];
        let length = err.read(&mut block).expect("it can be read");
        assert_ne!(length, 0, "it ended without a word: {seen}");
        seen.push_str(&String::from_utf8_lossy(&block[..length]));
    }
    drop(holder.stdin.take());
    holder.wait().expect("it ends");
    err.read_to_string(&mut seen).expect("it can be read");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(seen.contains("the lock `~/some.lock`, held by "), "{seen}");
    assert_eq!(seen.matches("some.lock").count(), 1, "{seen}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_lock_that_the_command_was_seen_to_wait_for_is_the_diagnosis() {
    let home = home();
    let locks = home.path().join(".cache/huggingface/hub/.locks/models--acme--open");
    fs::create_dir_all(&locks).expect("a folder can be made");
    let lock = locks.join(format!("{}.lock", "a".repeat(64)));
    let mut holder = holder_of(&lock);
    let path = lock.to_str().expect("it is UTF-8");
    // Killed once the message is there.
    let ended_after_the_message = |command: &str| {
        let pid = home.path().join("pid");
        let command = format!("echo $$ >'{}'; {command}", pid.display());
        let mut child = hfdoctor(home.path(), &["--hang-after", "0.5"], &["sh", "-c", &command])
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut err = child.stderr.take().expect("it is a pipe");
        let mut seen = String::new();
        while !(seen.contains("it waits for the lock") && seen.ends_with('\n')) {
            let mut block = [0; 4096];
            let length = err.read(&mut block).expect("it can be read");
            assert_ne!(length, 0, "it ended without a word: {seen}");
            seen.push_str(&String::from_utf8_lossy(&block[..length]));
        }
        let pid = fs::read_to_string(pid).expect("the command has written it");
        let kill = Command::new("kill").args(["-s", "KILL", pid.trim()]).status().expect("there is a kill");
        assert!(kill.success());
        err.read_to_string(&mut seen).expect("it can be read");
        assert_eq!(child.wait().expect("it ends").code(), Some(137), "{seen}");
        seen
    };
    let polls = format!("while ! flock -n '{path}' true; do sleep 0.05; done");
    for (command, says) in
        [(format!("exec flock '{path}' true"), " (flock, process "), (polls.clone(), ", and asked for again and again")]
    {
        let seen = ended_after_the_message(&command);
        assert!(seen.contains(says) && seen.contains("lock-stuck"), "{seen}");
        // Once at once, and once more as the report's evidence.
        assert!(seen.matches("it waits for the lock").count() >= 2, "it is no evidence: {seen}");
    }
    // Somebody else asks for the lock; the command itself lies still.
    let mut other = Command::new("sh").args(["-c", &polls]).spawn().expect("it starts");
    let seen = ended_after_the_message("exec sleep 60");
    other.kill().and_then(|()| other.wait()).expect("it ends");
    assert!(seen.contains("if it wants the same file") && !seen.contains("again and again"), "{seen}");
    assert_eq!(seen.matches("it waits for the lock").count(), 1, "{seen}");
    drop(holder.stdin.take());
    holder.wait().expect("it ends");
}

#[cfg(target_os = "linux")]
#[test]
fn a_silent_command_whose_file_grows_does_not_hang() {
    let home = home();
    let command = "exec 3>file; i=0; while [ $i -lt 60 ]; do echo $i >&3; sleep 0.1; i=$((i+1)); done";
    let result = run(home.path(), &["--hang-after", "4"], &["sh", "-c", command]);
    assert_eq!(result, (0, String::new(), String::new()));
}

/// The program in a terminal of 33 rows and 101 columns.
struct Session {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    seen: String,
}

fn session(home: &Path, options: &[&str], command: &[&str]) -> Session {
    let size = PtySize { rows: 33, cols: 101, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("there are pseudo-terminals");
    let mut program = CommandBuilder::new(PROGRAM);
    program.env_clear();
    for (name, value) in [("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("TERM", "xterm-256color")] {
        program.env(name, value);
    }
    program.env("HOME", home);
    program.cwd(home);
    program.args(["run", "--offline"]);
    program.args(options);
    program.arg("--");
    program.args(command);
    let child = pair.slave.spawn_command(program).expect("it starts");
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("it can be read");
    let (send, output) = mpsc::channel();
    std::thread::spawn(move || {
        let mut block = [0; 4096];
        while let Ok(length @ 1..) = reader.read(&mut block) {
            if send.send(block[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    let keys = pair.master.take_writer().expect("it can be written to");
    Session { master: pair.master, keys, child, output, seen: String::new() }
}

impl Session {
    fn wait_for(&mut self, words: &str) {
        while !self.seen.contains(words) {
            let block =
                self.output.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no `{words}` in {:?}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&block));
        }
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).and_then(|()| self.keys.flush()).expect("the terminal takes keys");
    }

    /// How it ended, and all that was on the screen.
    fn end(mut self) -> (u32, String) {
        while let Ok(block) = self.output.recv_timeout(PATIENCE) {
            self.seen.push_str(&String::from_utf8_lossy(&block));
        }
        (self.child.wait().expect("it ends").exit_code(), self.seen)
    }
}

#[test]
fn in_a_terminal_the_command_has_one_of_the_same_size_and_colour() {
    let home = home();
    let command =
        "test -t 0 && test -t 1 && test -t 2 && stty size && stty size <&1 && printf '\\033[31mred\\033[0m\\rbar'";
    let (code, seen) = session(home.path(), &[], &["sh", "-c", command]).end();
    assert_eq!((code, seen.as_str()), (0, "33 101\r\n33 101\r\n\u{1b}[31mred\u{1b}[0m\rbar"));
}

#[test]
fn only_the_stream_that_is_a_terminal_stays_one() {
    let home = home();
    let command = format!("{PROGRAM} run -- sh -c 'test ! -t 1 && test -t 2 && echo out && echo err >&2' >file");
    let (code, seen) = session(home.path(), &[], &["sh", "-c", &command]).end();
    assert_eq!((code, seen.as_str()), (0, "err\r\n"));
    assert_eq!(fs::read_to_string(home.path().join("file")).expect("it was written"), "out\n");
}

#[test]
fn keys_reach_the_command() {
    let home = home();
    let mut session = session(home.path(), &[], &["sh", "-c", "echo ready; read line; echo \"got $line\""]);
    session.wait_for("ready");
    session.press(b"words\r");
    let (code, seen) = session.end();
    assert_eq!(code, 0);
    assert!(seen.contains("got words"), "{seen:?}");
}

#[test]
fn control_c_interrupts_the_command_once_and_nothing_is_said() {
    let home = home();
    let command =
        "trap 'echo caught; n=1$n' INT; echo ready; while [ -z \"$n\" ]; do sleep 0.05; done; sleep 0.5; exit 1$n";
    let mut session = session(home.path(), &[], &["sh", "-c", command]);
    session.wait_for("ready");
    session.press(b"\x03");
    let (code, seen) = session.end();
    assert_eq!(code, 11);
    assert_eq!(seen.replace("^C", ""), "ready\r\ncaught\r\n");
}

#[test]
fn the_commands_terminal_follows_the_size() {
    let home = home();
    let command = "trap 'stty size <&1' WINCH; echo ready; until [ -e stop ]; do sleep 0.05; done";
    let mut session = session(home.path(), &[], &["bash", "-c", command]);
    session.wait_for("ready");
    session.master.resize(PtySize { rows: 40, cols: 120, ..PtySize::default() }).expect("it can be resized");
    // It may look at its size once too early, and is told again when its own terminal has it.
    session.wait_for("40 120");
    File::create(home.path().join("stop")).expect("a file can be made");
    assert_eq!(session.end().0, 0);
}

#[test]
fn the_report_starts_on_a_line_of_its_own() {
    let home = home();
    let (code, seen) = session(home.path(), &[], &["sh", "-c", "printf 'at 50 %%'; exit 2"]).end();
    assert_eq!(code, 2);
    assert!(seen.starts_with("at 50 %\r\n"), "{seen:?}");
    assert!(seen.contains("exit 2"), "{seen:?}");
}
