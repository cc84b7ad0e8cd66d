//! Every file below `scenarios/` is a world: a home, a Hub, a network. The built program is run in it twice, for a
//! program and for a person, and what it says is held against what the file expects.

use std::path::Path;
use std::sync::OnceLock;

use lab::scenario::{Prepared, Scenario};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = Scenario::files(&root).expect("the scenarios can be listed");
    let trials = files
        .into_iter()
        .map(|file| {
            let name = file.strip_prefix(&root).unwrap_or(&file).with_extension("").display().to_string();
            match Scenario::load(&file).map(|scenario| scenario.unmet()) {
                // Said loudly: a scenario that cannot run here has proved nothing.
                Ok(Some(unmet)) => {
                    eprintln!("LEFT OUT: {name} {unmet}");
                    Trial::test(name, || Ok(())).with_ignored_flag(true)
                }
                _ => Trial::test(name, move || run(&file)),
            }
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run(file: &Path) -> Result<(), Failed> {
    let program = Path::new(env!("CARGO_BIN_EXE_hfdoctor"));
    let scenario = Scenario::load(file).map_err(|error| Failed::from(error.to_string()))?;
    let world = Prepared::new(&scenario).map_err(|error| Failed::from(error.to_string()))?;
    let json = world.run(program, &["--json"])?;
    let mut differences = world.judge_report(&json);
    if let Ok(report) = serde_json::from_str::<serde_json::Value>(&json.stdout) {
        differences.extend(schema().iter_errors(&report).map(|error| format!("against the schema: {error}")));
    }
    world.hub.clear_requests();
    let human = world.run(program, &[])?;
    differences.extend(world.judge_text(&human));
    differences.extend(too_wide(&human.stdout));
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!("{}\n--- what a person sees ---\n{}{}", differences.join("\n"), human.stdout, human.stderr).into())
}

/// The report's schema, as the program prints it.
fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let printed = std::process::Command::new(env!("CARGO_BIN_EXE_hfdoctor"))
            .arg("schema")
            .output()
            .expect("the program runs");
        let schema = serde_json::from_slice(&printed.stdout).expect("the schema is JSON");
        jsonschema::validator_for(&schema).expect("the schema is a schema")
    })
}

/// Lines that a ticket would wrap, commands and addresses left aside: they must stay whole to be copied.
fn too_wide(page: &str) -> Vec<String> {
    page.lines()
        .filter(|line| line.chars().count() > 80 && line.split_whitespace().all(|word| word.chars().count() < 60))
        .filter(|line| {
            !line.starts_with("         ")
                && !["apply ", "more ", "ticket "].iter().any(|label| line.starts_with(label))
        })
        .map(|line| format!("wider than 80 columns: {line}"))
        .collect()
}
