//! What a person sees, word for word, through the built program. What differs between two runs is replaced: ports, times,
//! temporary places, sizes of this machine's disks.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test --test snapshots`, then read the difference.

use std::path::Path;

use lab::scenario::{Prepared, Scenario};
#[cfg(unix)]
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const PROGRAM: &str = env!("CARGO_BIN_EXE_hfdoctor");

/// What differs between two runs of the same program.
const VARYING: &[(&str, &str)] = &[
    (r"(127\.0\.0\.1|localhost):[0-9]+", "$1:PORT"),
    (r"\b[0-9]+(\.[0-9]+)? (GB|TB|MB) (free|of)\b", "[size] $3"),
    (r"\b[0-9]+(\.[0-9]+)? (ms|s)\b", "[time]"),
    (r"\b[0-9]+(\.[0-9]+)? MB/s", "[rate]"),
    (r"#[0-9a-f]{4,}", "#[fingerprint]"),
    (r"\b[0-9a-f]{40}\b", "[commit]"),
    (r"[0-9]{2}:[0-9]{2}:[0-9]{2} UTC, [0-9]+ min", "[clock] UTC, [minutes]"),
    (r"Root=1-[0-9a-f; \n-]+", "[request id]"),
    // Of the answers that come at once, the last one's.
    (r"(host  [a-z.]+): [0-9]{3}", "$1: [status]"),
    (r"lies on [a-z0-9]+", "lies on [file system]"),
    (r"/tmp/[A-Za-z0-9._/-]+", "[place]"),
];

/// Runs a scenario of `tests/scenarios` for a person; `more` goes before its own arguments.
fn seen(scenario: &str, more: &[&str], variables: &[(&str, &str)]) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(scenario).with_extension("toml");
    let mut scenario = Scenario::load(&file).expect("the scenario is there");
    for (name, value) in variables {
        scenario.environment.insert((*name).to_owned(), (*value).to_owned());
    }
    let world = Prepared::new(&scenario).expect("its world can be made");
    let run = world.run(Path::new(PROGRAM), more).expect("the program runs");
    format!("{}\nexit {}\n", run.stdout, run.exit.map_or("none".to_owned(), |code| code.to_string()))
}

/// The same at a terminal of so many columns.
#[cfg(unix)]
fn seen_at_a_terminal(scenario: &str, columns: u16) -> String {
    use std::io::Read;

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(scenario).with_extension("toml");
    let scenario = Scenario::load(&file).expect("the scenario is there");
    let world = Prepared::new(&scenario).expect("its world can be made");
    let wanted = world.command(Path::new(PROGRAM), &[]);
    let mut command = CommandBuilder::new("sh");
    // The spinner goes to standard error, which is the same terminal.
    command.args(["-c", r#"exec "$0" "$@" 2>/dev/null"#, PROGRAM]);
    command.args(wanted.get_args());
    command.env_clear();
    for (name, value) in wanted.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env(UTF8.0, UTF8.1);
    command.env("NO_COLOR", "1");
    command.cwd(world.home());
    let size = PtySize { rows: 40, cols: columns, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("there are pseudo-terminals");
    let mut child = pair.slave.spawn_command(command).expect("the program starts");
    drop(pair.slave);
    let mut text = Vec::new();
    // A pseudo-terminal whose last writer has gone answers with an error.
    let _ = pair.master.try_clone_reader().expect("the terminal can be read").read_to_end(&mut text);
    child.wait().expect("the program ends");
    String::from_utf8_lossy(&text).replace('\r', "")
}

/// Compares after what varies has been replaced.
macro_rules! assert_seen {
    ($name:literal, $text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        for (pattern, with) in VARYING {
            settings.add_filter(pattern, *with);
        }
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!($name, $text));
    }};
}

const UTF8: (&str, &str) = ("LANG", "C.UTF-8");

#[test]
fn a_healthy_download() {
    assert_seen!("healthy", seen("healthy/with-token", &[], &[UTF8]));
}

#[test]
fn one_cause() {
    assert_seen!("one-cause", seen("auth/gated-none", &[], &[UTF8]));
}

#[test]
fn a_root_and_what_it_explains() {
    assert_seen!("root-and-symptoms", seen("network/proxy-refused", &[], &[UTF8]));
}

#[test]
fn a_token_that_hides_another() {
    assert_seen!("shadowed", seen("auth/token-shadowed", &[], &[UTF8]));
}

#[test]
fn nothing_could_be_looked_at() {
    assert_seen!("inconclusive", seen("network/silent", &["--check", "access", "--check", "cdn"], &[UTF8]));
}

#[test]
fn only_what_is_on_the_disk() {
    assert_seen!("offline", seen("healthy/public", &["--offline"], &[UTF8]));
}

#[cfg(unix)]
#[test]
fn at_a_narrow_terminal() {
    assert_seen!("narrow", seen_at_a_terminal("auth/gated-none", 50));
}

#[test]
fn in_ascii() {
    assert_seen!("ascii", seen("auth/gated-none", &[], &[("LANG", "C")]));
}

#[test]
fn with_colour_and_every_check() {
    let more = ["--verbose", "--color", "always", "--check", "access", "--check", "offline", "--check", "client"];
    assert_seen!("verbose-colour", seen("auth/gated-none", &more, &[UTF8]));
}

#[test]
fn as_markdown() {
    let page = seen("auth/gated-none", &["--format", "markdown"], &[UTF8]);
    // What follows is this machine: its programs and folders.
    let (page, machine) = page.split_once("\n- ").expect("the machine is described");
    assert!(machine.contains("hub_cache: ~/.cache/huggingface/hub"), "{machine}");
    assert_seen!("markdown", page);
}

#[test]
fn the_limit_of_an_account() {
    assert_seen!("limit", seen("rate/account", &[], &[UTF8]));
}

#[test]
fn a_plan() {
    assert_seen!("plan", seen("auth/token-shadowed", &["--fix", "--dry-run"], &[UTF8]));
}
