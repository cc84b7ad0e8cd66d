//! `--fix` by the built program where the system gives it little: no growing files, another's home, another's folders.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const TOKEN: &str = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567";

/// A home directory whose token file has a quoted token.
fn home() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let home = dir.path().canonicalize().expect("it is there").join("home");
    fs::create_dir_all(home.join(".cache/huggingface")).expect("a folder");
    let token = home.join(".cache/huggingface/token");
    fs::write(&token, format!("\"{TOKEN}\"\n")).expect("a token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("its rights");
    (dir, home)
}

fn token(home: &Path) -> String {
    fs::read_to_string(home.join(".cache/huggingface/token")).expect("a token")
}

/// Runs the program in a home, with `limits` said in a shell before.
fn run(home: &Path, limits: &str, arguments: &str, variables: &[(&str, &Path)]) -> (Output, String) {
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_hfdoctor");
    command.args(["-c", &format!("{limits}exec {program} {arguments}")]).current_dir(home).env_clear();
    command.env("HOME", home).env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/bash");
    command.envs(variables.iter().copied());
    let output = command.output().expect("it starts");
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output, String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn a_limit_of_file_size_fails_the_fix_and_not_the_program() {
    let (_dir, home) = home();
    let (output, text) = run(&home, "ulimit -f 0; ", "--offline --fix --yes", &[]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("token-clean failed: File too large"), "{text}");
    assert_eq!(token(&home), format!("\"{TOKEN}\"\n"));
    let (_, text) = run(&home, "", "--offline --fix --yes", &[]);
    assert!(text.contains("token-clean applied"), "{text}");
    assert_eq!(token(&home), TOKEN);
    let (output, text) = run(&home, "ulimit -f 0; ", "undo", &[]);
    assert!(output.status.code().is_some_and(|code| code != 0), "{text}");
    assert_eq!(token(&home), TOKEN);
    let (output, text) = run(&home, "", "undo", &[]);
    assert!(output.status.success(), "{text}");
    assert_eq!(token(&home), format!("\"{TOKEN}\"\n"));
}

#[test]
fn a_wrapped_command_has_the_signal_as_it_was() {
    let (_dir, home) = home();
    let (output, _) = run(&home, "ulimit -f 0; ", "run -- sh -c 'kill -XFSZ $$; exit 0'", &[]);
    assert_ne!(output.status.code(), Some(0));
}

#[test]
fn it_ends_with_the_line_for_the_shell_that_is_open() {
    let (_dir, home) = home();
    fs::write(home.join(".cache/huggingface/token"), TOKEN).expect("a token");
    let (_, text) = run(&home, "export HF_HUB_OFFLINE=1; ", "--offline --fix --yes acme/open 2>/dev/null", &[]);
    assert!(text.trim_end().ends_with("in this shell:\n  unset HF_HUB_OFFLINE && hf download acme/open"), "{text}");
    let headline = text.lines().next().unwrap_or_default();
    assert!(headline.contains("in a new shell"), "{text}");
    assert!(text.contains("verified: in a new shell the cause is gone"), "{text}");
}

#[test]
fn folders_that_others_can_write_to_are_refused_by_name() {
    let (dir, home) = home();
    let open = dir.path().canonicalize().expect("it is there").join("open");
    fs::create_dir(&open).expect("a folder");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("its rights");
    let (_, text) = run(&home, "", "--offline --fix --yes", &[("XDG_STATE_HOME", &open)]);
    assert!(text.contains("open can be written to by others"), "{text}");
    assert_eq!(token(&home), format!("\"{TOKEN}\"\n"));
    assert_eq!(fs::read_dir(&open).expect("it is there").count(), 0);
    let (output, text) =
        run(&home, "export HF_HUB_OFFLINE=1; ", "--offline --fix --yes a/b", &[("XDG_CONFIG_HOME", &open)]);
    assert!(text.contains("open can be written to by others"), "{text}");
    assert_eq!(output.status.code(), Some(1), "{text}");
}

#[test]
fn root_changes_nothing_in_anothers_home_and_says_who_may() {
    if !rustix::process::geteuid().is_root() {
        let _ = writeln!(std::io::stderr(), "LEFT OUT: root_changes_nothing_in_anothers_home: needs root");
        return;
    }
    let (_dir, home) = home();
    for path in
        [home.clone(), home.join(".cache"), home.join(".cache/huggingface"), home.join(".cache/huggingface/token")]
    {
        chown(path, Some(4711), Some(4711)).expect("another's");
    }
    let (output, text) = run(&home, "", "--offline --fix --yes", &[]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("this home belongs to user 4711: run `hfdoctor --fix` as user 4711, without sudo"), "{text}");
    let (_, plan) = run(&home, "", "--offline --fix --dry-run", &[]);
    assert!(plan.contains("token-clean") && !plan.contains("without sudo"), "{plan}");
    assert!(!run(&home, "", "undo", &[]).0.status.success());
    assert_eq!(token(&home), format!("\"{TOKEN}\"\n"));
    assert!(!home.join(".local").exists() && !home.join(".config").exists());
    // Its own home is root's, whoever's the folder above it is.
    chown(home.parent().expect("a folder"), Some(0), None).expect("root's");
    for path in
        [home.clone(), home.join(".cache"), home.join(".cache/huggingface"), home.join(".cache/huggingface/token")]
    {
        chown(path, Some(0), Some(0)).expect("root's");
    }
    assert!(run(&home, "", "--offline --fix --yes", &[]).1.contains("token-clean applied"));
}
