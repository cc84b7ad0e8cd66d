//! Versions of the client libraries, hf_transfer, and values that stop the client at its start.

mod start;

use crate::case::Case;
use crate::case::clients::Pin;
use crate::check::{Check, Conclusion, log_findings, wants_nothing};
use crate::observe::Observations;
use hfdoctor_core::diagnosis::{Action, Bearing, Cause, Certainty, Finding, Fix, Risk, Source};

const CAUSES: &[Cause] = &[Cause::ClientOutdated, Cause::HfTransferProblem, Cause::NotADownload];
/// What a log shows of the last one is another check's matter.
const LOGGED: &[Cause] = &[Cause::ClientOutdated, Cause::HfTransferProblem];

/// The check.
pub static CHECK: Check = Check {
    name: "client",
    about: "versions of the client libraries, hf_transfer, and values that stop the client at its start",
    causes: CAUSES,
    wants: wants_nothing,
    conclude,
};

fn conclude(case: &Case, _: &Observations) -> Conclusion {
    let clients = &case.clients;
    let mut conclusion = match clients.package("huggingface_hub") {
        Some(version) => Conclusion::ok(format!("huggingface_hub {version}")),
        None => Conclusion::ok("no huggingface_hub was found: remedies name today's commands"),
    };
    for pin in clients.broken_pins() {
        conclusion.add(mismatch(case, pin));
    }
    if case.settings.hf_transfer {
        if clients.hub_is(|version| version < (1, 0, 0)) && clients.package("hf_transfer").is_none() {
            conclusion.add(transfer_missing(case));
        } else if !clients.hub_is(|version| version < (1, 0, 0)) {
            conclusion = conclusion.note("`HF_HUB_ENABLE_HF_TRANSFER` is set, which huggingface_hub ignores since 1.0");
        }
    }
    conclusion.with(start::stopped(case)).with(log_findings(case, LOGGED))
}

/// A package that refuses to be imported beside the installed huggingface_hub.
fn mismatch(case: &Case, pin: &Pin) -> Finding {
    let hub = case.clients.package("huggingface_hub").unwrap_or_default();
    let summary =
        format!("{} {} needs huggingface_hub {}, and {hub} is installed", pin.package, pin.version, pin.demand);
    Finding::new(Cause::ClientOutdated, Certainty::Likely, summary.clone())
        .bearing(Bearing::Condition)
        .saw(Source::Client, summary)
        .fix(upgrade(case))
}

/// huggingface_hub before 1.0 refuses every large file when the switch is on and the package is missing.
fn transfer_missing(case: &Case) -> Finding {
    let name = "HF_HUB_ENABLE_HF_TRANSFER";
    Finding::new(
        Cause::HfTransferProblem,
        Certainty::Confirmed,
        format!("`{name}` is set, and the package hf_transfer is not installed beside huggingface_hub"),
    )
    .saw(Source::Environment, format!("{name}={}", case.environment.var(name).unwrap_or_default()))
    .saw(
        Source::Client,
        format!("huggingface_hub {} without hf_transfer", case.clients.package("huggingface_hub").unwrap_or_default()),
    )
    .fix(
        Fix::automatic(
            "hf-transfer-unset",
            Risk::Safe,
            format!("unset `{name}`: the ordinary download needs no hf_transfer"),
            vec![Action::UnsetVariable { name: name.to_owned() }],
        )
        .command(crate::check::network::reach::unset_line(name))
        .note("today's client is fast without it: hf_xet comes with huggingface_hub since 0.32"),
    )
}

fn upgrade(case: &Case) -> Fix {
    Fix::manual("client-upgrade", "install versions that fit each other").command(case.clients.upgrade_command())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::environment::environment_of;
    use std::sync::Arc;

    /// Packages in a made virtual environment, by folder names as pip makes them.
    fn concluded(packages: &[(&str, &str)], variables: &[(&str, &str)]) -> Conclusion {
        let home = tempfile::tempdir().unwrap();
        let site = home.path().join("venv/lib/python3.12/site-packages");
        for (folder, metadata) in packages {
            std::fs::create_dir_all(site.join(folder)).unwrap();
            std::fs::write(site.join(folder).join("METADATA"), metadata).unwrap();
        }
        std::fs::write(home.path().join("venv/pyvenv.cfg"), "version = 3.12.1\n").unwrap();
        let venv = home.path().join("venv").display().to_string();
        let home_path = home.path().display().to_string();
        let mut all = vec![("HOME", home_path.as_str()), ("VIRTUAL_ENV", venv.as_str())];
        all.extend_from_slice(variables);
        let limits = crate::case::Limits { offline: true, ..Default::default() };
        let case = Arc::new(Case::new(environment_of(&all), None, None, limits, std::time::SystemTime::UNIX_EPOCH));
        conclude(&case, &Observations::none(Arc::clone(&case)))
    }

    const OLD_HUB: (&str, &str) = ("huggingface_hub-0.30.0.dist-info", "Name: huggingface_hub\n");
    const NEW_HUB: (&str, &str) = ("huggingface_hub-2.4.0.dist-info", "Name: huggingface_hub\n");
    const SWITCH: (&str, &str) = ("HF_HUB_ENABLE_HF_TRANSFER", "1");

    #[test]
    fn the_switch_without_its_package_stops_old_clients_only() {
        assert_eq!(concluded(&[OLD_HUB], &[SWITCH]).findings[0].cause, Cause::HfTransferProblem);
        let with_package = concluded(&[OLD_HUB, ("hf_transfer-0.1.9.dist-info", "Name: hf_transfer\n")], &[SWITCH]);
        assert!(with_package.findings.is_empty());
        let new = concluded(&[NEW_HUB], &[SWITCH]);
        assert!(new.findings.is_empty() && new.notes.len() == 1);
        assert!(concluded(&[OLD_HUB], &[]).findings.is_empty());
    }

    #[test]
    fn a_pin_that_is_not_met_is_named() {
        let transformers =
            ("transformers-4.57.0.dist-info", "Name: transformers\nRequires-Dist: huggingface-hub<1.0,>=0.34.0\n");
        let found = concluded(&[NEW_HUB, transformers], &[]);
        assert_eq!(found.findings[0].cause, Cause::ClientOutdated);
        assert!(found.findings[0].summary.contains("transformers 4.57.0"));
    }
}
