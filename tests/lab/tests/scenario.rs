//! Scenarios: prepared worlds, and runs of a program in them.

use std::fs;
use std::path::Path;

use lab::scenario::{Prepared, Run, Scenario};

fn prepared(text: &str) -> Prepared {
    Prepared::new(&Scenario::from_toml(text).unwrap()).unwrap()
}

fn run_with(stdout: &str) -> Run {
    Run { exit: Some(1), stdout: stdout.into(), stderr: String::new(), took: std::time::Duration::ZERO }
}

#[test]
fn every_scenario_file_can_be_prepared() {
    let files = Scenario::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")).unwrap();
    assert!(!files.is_empty());
    for file in files {
        Prepared::new(&Scenario::load(&file).unwrap()).unwrap();
    }
}

#[test]
fn a_world_is_made_as_described() {
    let scenario = include_str!("scenarios/gated-pending.toml");
    let world = prepared(scenario);
    let token = world.hub.state().token[0].value();
    assert_eq!(world.environment()["HF_TOKEN"], token);
    assert!(Path::new(&world.environment()["SSL_CERT_FILE"]).is_file());
    let diversion = format!("huggingface.co:443:127.0.0.1:{}", world.hub.port());
    assert!(world.arguments().contains(&diversion));
    assert_eq!(world.arguments().last().unwrap(), "acme/gated");
    let etag = world.hub.state().repo[0].etag("model.safetensors").unwrap();
    let part = format!(".cache/huggingface/hub/models--acme--gated/blobs/{etag}.incomplete");
    assert_eq!(fs::metadata(world.home().join(part)).unwrap().len(), 400);
}

#[test]
fn a_leak_is_told_without_repeating_it() {
    let world = prepared("about = 'x'\nlog = 'token={token:canary}'\n[expect]");
    let log = fs::read_to_string(world.arguments().last().unwrap()).unwrap();
    let token = log.strip_prefix("token=").unwrap();
    let differences = world.judge_text(&run_with(&format!("found {} in the log", &token[..12])));
    assert_eq!(differences.len(), 1);
    assert!(differences[0].contains("token canary") && !differences[0].contains(&token[3..10]));
    // A journal that the program writes is looked at as well.
    fs::write(world.home().join("journal"), token).unwrap();
    assert!(world.judge_text(&run_with("fine"))[0].starts_with("journal shows"));
}

#[test]
fn a_report_is_judged() {
    let world = prepared("about = 'x'\n[expect]\nexit = 1\nfirst = 'disk-full'\nmax_requests = 0");
    let good = r#"{"causes": [{"id": "disk-full"}], "network": {"requests": 0}}"#;
    assert_eq!(world.judge_report(&run_with(good)), Vec::<String>::new());
    assert_eq!(world.judge_report(&run_with("{\"causes\": []}")).len(), 1);
    assert!(world.judge_report(&run_with("not JSON"))[0].contains("not JSON"));
}

#[test]
fn ports_in_trouble_and_proxies_have_addresses() {
    let world = prepared(
        r#"
        about = "x"
        [environment]
        HTTPS_PROXY = "http://{proxy}"
        ALL_PROXY = "http://{port:refused}"
        [network]
        elsewhere = "refused"
        hosts = {"us.aws.cdn.hf.co" = "silent"}
        proxy = {mode = {basic = "user:pass"}}
        dns = {"huggingface.co" = "nxdomain", "*" = ["127.0.0.1"]}
        [expect]
        "#,
    );
    let proxy = world.proxy.as_ref().unwrap().address();
    assert_eq!(world.environment()["HTTPS_PROXY"], format!("http://{proxy}"));
    let refused = world.port(lab::tcp::Trouble::Refused).unwrap();
    assert_eq!(world.environment()["ALL_PROXY"], format!("http://{refused}"));
    let silent = world.port(lab::tcp::Trouble::Silent).unwrap();
    assert!(world.arguments().contains(&format!("us.aws.cdn.hf.co:443:{silent}")));
    assert!(world.arguments().contains(&format!("::{refused}")));
    assert!(world.dns.is_some());
}

#[test]
fn a_program_runs_in_its_world() {
    let world = prepared(
        "about = 'x'\nargs = ['--help']\n[network]\nconnect_to = false\n[expect]\nexit = 0\noutput = ['on loopback']\noutput_not = ['panicked']",
    );
    let run = world.run(Path::new(env!("CARGO_BIN_EXE_hfdoctor-lab")), &[]).unwrap();
    assert_eq!(world.judge_text(&run), Vec::<String>::new());
}
