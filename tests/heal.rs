//! Every automatic fix heals: the real Python client fails in a fresh login shell, `hfdoctor --fix --yes` runs in one, and
//! then the client succeeds in another; `hfdoctor undo` brings the failing state back, byte for byte.
//!
//! Needs a Python with huggingface_hub 2.4 in `HFDOCTOR_CLIENT_PYTHON`, and for the faults that only older clients have one
//! with 0.36 in `HFDOCTOR_OLD_CLIENT_PYTHON`; `.ci/run` makes both.

#[cfg(unix)]
#[path = "heal/home.rs"]
mod home;
#[cfg(unix)]
#[path = "heal/shell.rs"]
mod shell;
#[cfg(unix)]
#[path = "heal/table.rs"]
mod table;

#[cfg(not(unix))]
fn main() {
    eprintln!("LEFT OUT: healing is tried in login shells, which this system has not");
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use libtest_mimic::{Arguments, Trial};
    let trials = table::TRIALS
        .iter()
        .map(|trial| {
            let name = [trial.fix, trial.variant].join(" ").trim_end().replace([' ', '-'], "_");
            let python = home::python(trial.client);
            if python.is_none() {
                let variable = home::variable(trial.client);
                eprintln!("LEFT OUT: {name}: {variable} names no Python with huggingface_hub");
            }
            let reached = trial.way == table::Way::RealNameUnreached && home::reaches_the_hub();
            if reached {
                eprintln!("LEFT OUT: {name}: needs a machine from which huggingface.co cannot be reached");
            }
            let unmet = shell::unmet(trial);
            if let Some(why) = unmet {
                eprintln!("LEFT OUT: {name}: {why}");
            }
            let left_out = python.is_none() || reached || unmet.is_some();
            Trial::test(name, move || match python {
                Some(python) => heals(trial, &python).map_err(Into::into),
                None => Ok(()),
            })
            .with_ignored_flag(left_out)
        })
        .collect();
    let mut arguments = Arguments::from_args();
    // They wait more than they work.
    arguments.test_threads.get_or_insert(6);
    libtest_mimic::run(&arguments, trials).exit_code()
}

#[cfg(unix)]
fn heals(trial: &'static table::Trial, python: &std::path::Path) -> Result<(), String> {
    let mut home = home::Home::new(trial, python)?;
    let failed = home.client()?;
    if failed.succeeded {
        return Err(format!("the client does not fail to begin with:\n{}", failed.text));
    }
    let before = home.state();
    let doctor = home.doctor(trial.log.then_some(failed.text.as_str()))?;
    let applied = doctor["fixes_applied"].as_array().cloned().unwrap_or_default();
    let outcome = applied.iter().find(|fix| fix["id"] == trial.fix).map(|fix| fix["outcome"].clone());
    // Only a log, or only a connection with TLS, would show some causes again.
    let unseen = trial.log || trial.way == table::Way::Plain;
    let expected = if unseen { "applied" } else { "verified" };
    if outcome != Some(expected.into()) && outcome != Some("verified".into()) {
        return Err(format!("`{}` was to be {expected}, and is {outcome:?}:\n{}", trial.fix, told(&doctor)));
    }
    let healed = home.client()?;
    if !healed.succeeded {
        return Err(format!("the client still fails:\n{}\nafter {}", healed.text, told(&doctor)));
    }
    if !trial.undo {
        return Ok(());
    }
    // What the client has fetched meanwhile would not be overwritten.
    home.forget_downloads(&before);
    home.undo()?;
    let after = home.state();
    let differs: Vec<_> =
        before.iter().filter(|(path, found)| after.get(*path) != Some(*found)).map(|(p, _)| p).collect();
    if !differs.is_empty() {
        return Err(format!("undo did not bring these back: {differs:?}\n{}", told(&doctor)));
    }
    let is_new = |path: &&std::path::PathBuf| {
        !before.contains_key(*path) && !home.is_the_clients(path) && (path.is_symlink() || !path.is_dir())
    };
    let added: Vec<_> = after.keys().filter(is_new).collect();
    if !added.is_empty() {
        return Err(format!("undo left these behind: {added:?}"));
    }
    let again = home.client()?;
    if again.succeeded { Err("the client does not fail again after undo".to_owned()) } else { Ok(()) }
}

/// What matters of a report.
#[cfg(unix)]
fn told(report: &serde_json::Value) -> String {
    let causes = report["causes"].as_array().into_iter().flatten().map(|cause| {
        let fixes: Vec<_> = cause["fixes"].as_array().into_iter().flatten().map(|fix| &fix["id"]).collect();
        format!("{}: {}: {fixes:?}", cause["id"], cause["summary"])
    });
    let applied = report["fixes_applied"].as_array().into_iter().flatten().map(ToString::to_string);
    let clients = std::iter::once(report["environment"]["clients"].to_string());
    causes.chain(applied).chain(clients).collect::<Vec<_>>().join("\n")
}
