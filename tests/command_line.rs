//! The command line from outside: usage, formats, exit codes, bad input.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The program in an empty home and a clean environment.
fn hfdoctor(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hfdoctor"));
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").current_dir(home);
    command.stdin(Stdio::null());
    command
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn ended(output: &Output) -> (i32, String, String) {
    (
        output.status.code().expect("it ended by itself"),
        String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8"),
        String::from_utf8(output.stderr.clone()).expect("standard error is UTF-8"),
    )
}

fn run(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    ended(&hfdoctor(home).args(arguments).output().expect("it starts"))
}

#[test]
fn nonsense_is_wrong_usage_and_says_what_would_be_right() {
    let home = home();
    for arguments in [
        &["--nonsense"][..],
        &["--timeout", "soon"],
        &["--timeout", "-1"],
        &["--timeout", "nan"],
        &["--timeout", "1e9"],
        &["--check", "nonsense"],
        &["--skip", ""],
        &["--format", "xml"],
        &["--color", "blue"],
        &["--repo-type", "film"],
        &["--log", "no/such/file"],
        &["--log", "."],
        &["--json", "--format", "human"],
        &["--connect-to", "x"],
        &["explain", "no-such-cause"],
        &["a", "b"],
        &[""],
        &["--check", "token", "--skip", "token"],
        // A token in the place of the target is sent nowhere.
        &["hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"],
    ] {
        let (code, stdout, stderr) = run(home.path(), arguments);
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        assert_eq!(stdout, "", "{arguments:?}");
        assert!(!stderr.is_empty() && !stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "something was written");
}

#[cfg(unix)]
#[test]
fn a_target_of_any_bytes_has_a_clear_outcome() {
    use std::os::unix::ffi::OsStrExt;
    let home = home();
    for bytes in [&b"\xff\xfe"[..], b"\x1b[31m", b"a\nb", "\u{202e}gpj".as_bytes(), b"%00", &[b'a'; 9000]] {
        let output = hfdoctor(home.path()).args(["--offline", "--"]).arg(OsStr::from_bytes(bytes)).output().unwrap();
        let code = output.status.code().expect("it ended by itself");
        assert!((1..=2).contains(&code), "{bytes:?}: {code}");
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{bytes:?}: an escape got through");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{bytes:?}");
    }
}

#[test]
fn an_empty_machine_is_no_problem_offline() {
    let home = home();
    let (code, stdout, stderr) = run(home.path(), &["--offline", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["verdict"], "healthy");
    assert_eq!(report["network"]["requests"], 0);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "something was written");
}

#[test]
fn every_format_has_the_same_exit_code() {
    let home = home();
    for format in ["human", "json", "markdown"] {
        let (code, stdout, _) = run(home.path(), &["--offline", "--format", format, "./not/an/id"]);
        assert_eq!(code, 1, "{format}");
        assert!(stdout.contains("repo-id-invalid"), "{format}: {stdout}");
    }
}

#[test]
fn a_token_file_at_which_the_client_fails_is_a_cause() {
    let home = home();
    let token = home.path().join(".cache/huggingface/token");
    fs::create_dir_all(&token).unwrap();
    let (code, stdout, _) = run(home.path(), &["--offline", "--json"]);
    assert!(code == 1 && stdout.contains("it is a folder"), "{stdout}");
    fs::remove_dir(&token).unwrap();
    fs::File::create(&token).unwrap().set_len(100 << 20).unwrap();
    let (code, stdout, _) = run(home.path(), &["--offline", "--json"]);
    assert!(code == 1 && stdout.contains("too large"), "{stdout}");
}

#[test]
fn every_cause_can_be_explained() {
    let home = home();
    let (code, all, _) = run(home.path(), &["explain"]);
    assert_eq!(code, 0);
    let ids: Vec<&str> = all.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(ids.len(), 51);
    for id in ids {
        let (code, text, _) = run(home.path(), &["explain", id]);
        assert_eq!(code, 0, "{id}");
        for heading in ["what it means", "how it shows", "what mends it"] {
            let after = text.split_once(heading).unwrap_or_else(|| panic!("{id}: no {heading}")).1;
            let paragraph = after.trim_start_matches('\n').lines().next().unwrap_or_default();
            assert!(paragraph.trim().len() > 20, "{id}: nothing under {heading}");
        }
        let wide = text.lines().find(|line| line.chars().count() > 80 && !line.contains("https://"));
        assert_eq!(wide, None, "{id}");
    }
}

#[test]
fn the_information_commands_print_what_they_promise() {
    let home = home();
    let (_, schema, _) = run(home.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert!(schema["properties"]["causes"].is_object());
    let (_, checks, _) = run(home.path(), &["checks"]);
    assert!(checks.contains("token") && checks.contains("rate-limit"));
    let (_, page, _) = run(home.path(), &["man"]);
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (code, script, _) = run(home.path(), &["completions", shell]);
        assert!(code == 0 && script.contains("hfdoctor"), "{shell}");
    }
}

#[test]
fn help_shows_no_token_of_the_environment() {
    let home = home();
    let output =
        hfdoctor(home.path()).env("HF_TOKEN", "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").arg("--help").output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stdout).contains("canary"));
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let home = home();
    let escapes = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = hfdoctor(home.path()).args(arguments).envs(variables.iter().copied()).output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!escapes(&["--offline"], &[]));
    assert!(escapes(&["--offline", "--color", "always"], &[]));
    assert!(escapes(&["--offline"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!escapes(&["--offline"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn a_locale_without_utf8_gets_ascii() {
    let home = home();
    let output = hfdoctor(home.path()).arg("--offline").env("LANG", "C").output().unwrap();
    assert!(output.stdout.is_ascii());
}

#[test]
fn a_log_comes_from_a_file_a_dash_or_a_pipe() {
    let home = home();
    let log = "huggingface_hub.errors.GatedRepoError: 403 Client Error.\n\n\
               Cannot access gated repo for url https://huggingface.co/acme/gated/resolve/main/config.json.\n\
               Access to model acme/gated is restricted and you are not in the authorized list. \
               Visit https://huggingface.co/acme/gated to ask for access.\n";
    fs::write(home.path().join("failed.log"), log).unwrap();
    let first = |command: &mut Command, input: bool| {
        command.args(["--offline", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.stdin(if input { Stdio::piped() } else { Stdio::null() }).spawn().unwrap();
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(log.as_bytes()).unwrap();
        }
        let (_, stdout, stderr) = ended(&child.wait_with_output().unwrap());
        let report: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
        assert_eq!(report["target"]["repo_id"], "acme/gated");
        report["causes"][0]["id"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(first(hfdoctor(home.path()).args(["--log", "failed.log"]), false), "gated-not-accepted");
    assert_eq!(first(hfdoctor(home.path()).args(["--log", "-"]), true), "gated-not-accepted");
    assert_eq!(first(&mut hfdoctor(home.path()), true), "gated-not-accepted");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = home();
    let mut child =
        hfdoctor(home.path()).args(["explain"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

/// What is typed wrong may be a secret that was pasted at the wrong place.
#[test]
fn errors_of_the_command_line_mask_what_was_typed() {
    let home = home();
    let token = "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";
    let missing = home.path().join(token);
    let missing = missing.to_str().expect("text");
    let cases: [&[&str]; 6] = [
        &["--check", token],
        &["org/name", token],
        &["completions", token],
        &["--log", missing],
        &["run", "--check", "\u{1b}[31mtoken\u{202e}", "--", "true"],
        &["explain", "\u{9b}31m"],
    ];
    for arguments in cases {
        let (code, output, errors) = run(home.path(), arguments);
        let said = format!("{output}{errors}");
        assert_eq!(code, 2, "{arguments:?}: {said}");
        assert!(!said.contains(&token[3..]), "{said}");
        assert!(!said.contains(home.path().to_str().expect("text")), "{said}");
        assert!(!said.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{said:?}");
    }
}
