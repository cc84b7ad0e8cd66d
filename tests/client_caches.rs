//! Caches that real clients of several generations have made are in order: no cause, whatever is asked.
//!
//! Needs a Python with huggingface_hub in `HFDOCTOR_CLIENT_PYTHON`, and takes more of them, separated as in PATH, from
//! `HFDOCTOR_MORE_CLIENT_PYTHONS`; `.ci/run` makes them.

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

#[test]
fn what_clients_leave_after_a_success_is_in_order() {
    let more = std::env::var_os("HFDOCTOR_MORE_CLIENT_PYTHONS").unwrap_or_default();
    let pythons: Vec<PathBuf> = std::env::var_os("HFDOCTOR_CLIENT_PYTHON")
        .map(PathBuf::from)
        .into_iter()
        .chain(std::env::split_paths(&more).filter(|path| !path.as_os_str().is_empty()))
        .collect();
    if pythons.is_empty() {
        // Past the capture of tests: what is left out has proved nothing.
        let _ = writeln!(std::io::stderr(), "LEFT OUT: HFDOCTOR_CLIENT_PYTHON names no Python with huggingface_hub");
        return;
    }
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

/// Client and doctor in the same surroundings.
fn run(command: &mut Command, hub: &Hub, home: &Path, python: &Path) -> Output {
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
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .expect("it starts")
}
