//! Caches that real clients of several generations have made are in order: no cause, whatever is asked.
//!
//! Needs a Python with huggingface_hub in `HFDOCTOR_CLIENT_PYTHON`, and takes more of them, separated as in PATH, from
//! `HFDOCTOR_MORE_CLIENT_PYTHONS`; `.ci/run` makes them.

#[cfg(unix)]
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lab::{Hub, HubState};
use serde_json::Value;

const STATE: &str = r##"
[[repo]]
id = "acme/open"
[repo.branches]
dev = "dddddddddddddddddddddddddddddddddddddddd"
[repo.files]
".gitattributes" = "*.bin filter=lfs\n"
"config.json" = "{}\n"
"sub/dir/tokenizer.json" = "{\"a\": 1}\n"
"weights.bin" = { size = 400000, lfs = true }
"xet.bin" = { size = 300000, seed = 3, xet = true }
"dev.txt" = { text = "dev", only_at = ["dev"] }
[[repo]]
id = "acme/corpus"
type = "dataset"
files = { ".gitattributes" = "", "data/train.jsonl" = { text = "{\"a\": 1}\n", lfs = true }, "README.md" = "# corpus\n" }
"##;

/// A whole repository, a second revision of it, a dataset, a folder of one's own, a file that is not there.
const DOWNLOADS: &str = r#"
from huggingface_hub import hf_hub_download, snapshot_download
snapshot_download("acme/open")
snapshot_download("acme/open", revision="dev")
snapshot_download("acme/corpus", repo_type="dataset")
snapshot_download("acme/open", local_dir="model")
try:
    hf_hub_download("acme/open", "absent.json")
except Exception as error:
    assert "EntryNotFound" in type(error).__name__, error
else:
    raise SystemExit("absent.json was found")
"#;

const QUESTIONS: &[&[&str]] = &[
    &["--offline"],
    &["--offline", "--verify"],
    &["--offline", "acme/open"],
    &["--offline", "--verify", "acme/open"],
    &["acme/open"],
    &["acme/open@dev"],
    &["datasets/acme/corpus"],
];

/// The Pythons with a client; said loudly when there is none.
fn pythons() -> Vec<PathBuf> {
    let more = std::env::var_os("HFDOCTOR_MORE_CLIENT_PYTHONS").unwrap_or_default();
    let pythons: Vec<PathBuf> = std::env::var_os("HFDOCTOR_CLIENT_PYTHON")
        .map(PathBuf::from)
        .into_iter()
        .chain(std::env::split_paths(&more).filter(|path| !path.as_os_str().is_empty()))
        .collect();
    if pythons.is_empty() {
        // Past the capture of tests: what is left out has proved nothing.
        let _ = writeln!(std::io::stderr(), "LEFT OUT: HFDOCTOR_CLIENT_PYTHON names no Python with huggingface_hub");
    }
    pythons
}

#[test]
fn what_clients_leave_after_a_success_is_in_order() {
    let pythons = pythons();
    let hub = Hub::start(HubState::from_toml(STATE).expect("the state is good")).expect("the Hub starts");
    let mut wrong = Vec::new();
    for python in &pythons {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let mut client = Command::new(python);
        let client = run(client.args(["-c", DOWNLOADS]), &hub, home.path(), python);
        assert!(client.status.success(), "{}: {}", python.display(), String::from_utf8_lossy(&client.stderr));
        for question in QUESTIONS {
            let mut doctor = Command::new(env!("CARGO_BIN_EXE_hfdoctor"));
            let doctor = run(doctor.args(["--json", "--trust-endpoint"]).args(*question), &hub, home.path(), python);
            let report: Value = serde_json::from_slice(&doctor.stdout).unwrap_or_default();
            let causes: Vec<&Value> = report["causes"].as_array().into_iter().flatten().map(|c| &c["id"]).collect();
            let checks = report["checks"].as_array().into_iter().flatten();
            let hashed = checks.clone().find(|check| check["name"] == "integrity").map(|check| &check["because"]);
            let proved = hashed.and_then(Value::as_str).is_some_and(|because| because.contains("have the hashes"));
            if doctor.status.code() != Some(0) || !causes.is_empty() || proved != question.contains(&"--verify") {
                let text = String::from_utf8_lossy(&doctor.stdout);
                wrong.push(format!("{} {question:?}: {:?}\n{text}", python.display(), doctor.status.code()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The snapshot that `main` names.
#[cfg(unix)]
fn snapshot(cache: &Path) -> PathBuf {
    let folder = cache.join("models--acme--open");
    folder.join("snapshots").join(fs::read_to_string(folder.join("refs/main")).expect("a ref"))
}

#[cfg(unix)]
fn shell(script: &str, cache: &Path) {
    let snapshot = snapshot(cache);
    let status = Command::new("sh").args(["-eu", "-c", script]).current_dir(cache).env("SNAPSHOT", snapshot).status();
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{script}: {status:?}");
}

/// What is done, by which script in the cache, and what must be set for it.
#[cfg(unix)]
type Change = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What people, desktops, file systems and tools do to a cache that stays in order.
#[cfg(unix)]
const CHANGES: &[Change] = &[
    (
        "litter of desktops, synchronisers and network file systems",
        r#"
        touch .DS_Store Thumbs.db .nfs000000000012 ._models--acme--open .locks/.DS_Store
        mkdir -p lost+found .snapshot/hourly.0 @eaDir .locks/lost+found
        cp -a models--acme--open .snapshot/hourly.0/ && rm -rf .snapshot/hourly.0/models--acme--open/blobs
        cd models--acme--open
        touch blobs/.DS_Store blobs/.nfs000000000022 blobs/.syncthing.a.tmp refs/._main snapshots/.DS_Store
        touch "$SNAPSHOT/._config.json" "$SNAPSHOT/.DS_Store" "$SNAPSHOT/desktop.ini"
        mkdir "$SNAPSHOT/.ipynb_checkpoints" && touch "$SNAPSHOT/.ipynb_checkpoints/config-checkpoint.json"
    "#,
        &[],
    ),
    (
        "a copy in which links became files",
        "cp -aL . ../copy && rm -rf models--* datasets--* && mv ../copy/*--* .",
        &[],
    ),
    (
        "the same without the contents beside",
        r"
        cp -aL . ../copy && rm -rf models--* datasets--* && mv ../copy/*--* . && rm -rf *--*/blobs
    ",
        &[],
    ),
    (
        "hard links",
        r#"
        cd models--acme--open && find snapshots -type l | while read -r link; do
            to=$(readlink -f "$link") && rm "$link" && ln "$to" "$link"
        done
    "#,
        &[],
    ),
    (
        "absolute links",
        r#"
        cd models--acme--open && find snapshots -type l | while read -r link; do ln -sf "$(readlink -f "$link")" "$link"; done
    "#,
        &[],
    ),
    (
        "refs of requests, conversions and tags",
        r"
        cd models--acme--open/refs && mkdir -p refs/pr refs/convert && cp main refs/pr/1 && cp main refs/convert/parquet
        cp main v1.0
    ",
        &[],
    ),
    (
        "names that break lines and that are no text",
        r#"
        to=$(readlink "$SNAPSHOT/config.json") && cd "$SNAPSHOT"
        ln -s "$to" "$(printf 'new\nline.json')" && ln -s "$to" "$(printf '\377\376.json')" && ln -s "$to" ./-rf.json
    "#,
        &[],
    ),
    (
        "a cache on another disk behind a link",
        "cd .. && mkdir ../disk && mv hub ../disk/hub && ln -s ../disk/hub hub",
        &[],
    ),
    ("times of another age", "find . -exec touch -h -d 2039-01-02 {} +", &[]),
    (
        "a repository of which only absence is known",
        r"
        mkdir -p models--acme--none/refs models--acme--none/.no_exist/1111111111111111111111111111111111111111
        printf 1111111111111111111111111111111111111111 > models--acme--none/refs/main
        touch models--acme--none/.no_exist/1111111111111111111111111111111111111111/config.json
    ",
        &[],
    ),
    (
        "files of the generation before the first",
        r#"
        a=$(printf 'a%.0s' $(seq 64)); touch "$a.$a" "$a.$a.json" "$a.$a.lock" version.txt
    "#,
        &[],
    ),
    ("a shared cache without the right to write", "chmod -R a-w .", &[("HF_HUB_OFFLINE", "1")]),
];

#[cfg(unix)]
#[test]
fn what_happens_to_caches_that_stay_in_order_is_no_cause() {
    let pythons = pythons();
    let hub = Hub::start(HubState::from_toml(STATE).expect("the state is good")).expect("the Hub starts");
    let mut wrong = Vec::new();
    for python in &pythons {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let client = run(Command::new(python).args(["-c", DOWNLOADS]), &hub, home.path(), python);
        assert!(client.status.success(), "{}: {}", python.display(), String::from_utf8_lossy(&client.stderr));
        for (what, script, variables) in CHANGES {
            let changed = tempfile::tempdir().expect("a temporary folder can be made");
            let copied = Command::new("cp").arg("-a").arg(home.path().join(".")).arg(changed.path()).status();
            assert!(copied.is_ok_and(|status| status.success()));
            shell(script, &changed.path().join(".cache/huggingface/hub"));
            for question in [&["--offline", "acme/open"][..], &["--offline", "--verify", "acme/open"], &["acme/open"]] {
                if question.len() == 1 && !variables.is_empty() {
                    continue;
                }
                let mut doctor = Command::new(env!("CARGO_BIN_EXE_hfdoctor"));
                doctor.args(["--json", "--trust-endpoint"]).args(question);
                let doctor = run_with(&mut doctor, &hub, changed.path(), python, variables);
                let report: Value = serde_json::from_slice(&doctor.stdout).unwrap_or_default();
                if doctor.status.code() != Some(0) || report["causes"].as_array().is_none_or(|c| !c.is_empty()) {
                    let text = String::from_utf8_lossy(&doctor.stdout);
                    wrong.push(format!(
                        "{what}: {} {question:?}: {:?}\n{text}",
                        python.display(),
                        doctor.status.code()
                    ));
                }
            }
            let _ = Command::new("chmod").args(["-R", "u+w"]).arg(changed.path()).status();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Client and doctor in the same surroundings.
fn run(command: &mut Command, hub: &Hub, home: &Path, python: &Path) -> Output {
    run_with(command, hub, home, python, &[])
}

fn run_with(command: &mut Command, hub: &Hub, home: &Path, python: &Path, variables: &[(&str, &str)]) -> Output {
    let environment = python.parent().and_then(Path::parent).expect("an environment");
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("VIRTUAL_ENV", environment)
        .env("HF_ENDPOINT", hub.endpoint())
        .env("SSL_CERT_FILE", hub.ca_file())
        // What the first generation reads in its place.
        .env("REQUESTS_CA_BUNDLE", hub.ca_file())
        .env("HF_HUB_DISABLE_XET", "1")
        .env("HF_HUB_DISABLE_UPDATE_CHECK", "1")
        .env("HF_HUB_DISABLE_TELEMETRY", "1")
        .envs(variables.iter().copied())
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .expect("it starts")
}
