//! The real Python client against the same Hub: it fails where hfdoctor says that it will, and succeeds where hfdoctor
//! says that nothing is wrong.
//!
//! Needs a Python with huggingface_hub 2.4 in `HFDOCTOR_CLIENT_PYTHON`; `.ci/run` makes one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lab::{Hub, HubState};

/// What is tried: repository, file, the token's name, and the first cause that must be named; none when it must work.
const TRIALS: &[(&str, &str, &str, Option<&str>)] = &[
    ("acme/open", "config.json", "", None),
    ("acme/open", "weights.bin", "reader", None),
    ("acme/open", "config.json", "narrow", None),
    ("acme/open", "config.json", "revoked", Some("token-invalid")),
    ("acme/open", "absent.json", "", Some("file-not-found")),
    ("acme/open@v9", "config.json", "", Some("revision-not-found")),
    ("acme/nope", "config.json", "reader", Some("repo-not-found")),
    ("acme/granted", "config.json", "reader", None),
    ("acme/granted", "config.json", "", Some("gated-no-token")),
    ("acme/granted", "config.json", "narrow", Some("token-scope")),
    ("acme/pending", "config.json", "reader", Some("gated-not-accepted")),
];

const DOWNLOAD: &str = "import sys; from huggingface_hub import hf_hub_download; \
    print(hf_hub_download(sys.argv[1], sys.argv[3], revision=sys.argv[2] or None))";

#[test]
fn the_client_fails_where_the_doctor_says_so() {
    let Some(python) = std::env::var_os("HFDOCTOR_CLIENT_PYTHON").map(PathBuf::from) else {
        eprintln!("LEFT OUT: HFDOCTOR_CLIENT_PYTHON names no Python with huggingface_hub");
        return;
    };
    let hub = Hub::start(HubState::small("").expect("the state is good")).expect("the Hub starts");
    let mut wrong = Vec::new();
    for &(target, file, token, expected) in TRIALS {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let value = hub.state().token.iter().find(|t| t.name == token).map(|t| t.value().clone());
        let (id, revision) = target.split_once('@').unwrap_or((target, ""));
        let mut client = Command::new(&python);
        client.args(["-c", DOWNLOAD, id, revision, file]);
        let client = run(client, &hub, home.path(), value.as_deref());
        if client.status.success() == expected.is_some() {
            wrong.push(format!("{target} {file} as {token:?}: the client ended with {}", client.status));
        }
        for with_log in [false, true] {
            let mut doctor = Command::new(env!("CARGO_BIN_EXE_hfdoctor"));
            doctor.args(["--json", "--trust-endpoint", target, "--file", file]);
            if with_log {
                let log = home.path().join("client.log");
                std::fs::write(&log, &client.stderr).expect("the log can be written");
                doctor.arg("--log").arg(log);
            }
            let doctor = run(doctor, &hub, home.path(), value.as_deref());
            let report: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap_or_default();
            let first = report["causes"][0]["id"].as_str();
            if first != expected {
                wrong.push(format!(
                    "{target} {file} as {token:?}, with the log: {with_log}: {first:?} instead of {expected:?}\n{}{}",
                    String::from_utf8_lossy(&client.stderr),
                    String::from_utf8_lossy(&doctor.stdout)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Client and doctor in the same surroundings.
fn run(mut command: Command, hub: &Hub, home: &Path, token: Option<&str>) -> Output {
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("HF_ENDPOINT", hub.endpoint())
        .env("SSL_CERT_FILE", hub.ca_file())
        .env("HF_HUB_DISABLE_XET", "1")
        .env("HF_HUB_DISABLE_UPDATE_CHECK", "1")
        .env("HF_HUB_DISABLE_TELEMETRY", "1")
        .current_dir(home)
        .stdin(Stdio::null());
    if let Some(token) = token {
        command.env("HF_TOKEN", token);
    }
    command.output().expect("it starts")
}
