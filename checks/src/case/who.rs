//! Who failed, and what this machine offers to remedies.

use std::path::Path;

use hfdoctor_core::remedy::Here;
use hfdoctor_core::who::{Family, Known, System, Who};

use super::Case;

/// Where the systems keep the bundle of certificates that they trust.
const BUNDLES: &[&str] = &[
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pki/tls/certs/ca-bundle.crt",
    "etc/ssl/ca-bundle.pem",
    "etc/ssl/cert.pem",
];

/// Who failed: by the log where there is one, else the client that is installed here.
pub fn who(case: &Case) -> Who {
    let system = System::of_this_machine();
    let Some(log) = &case.log else {
        return Who { target: case.target.clone(), family_known: Known::Installed, ..Who::assumed(system) };
    };
    let mut who = log.who().clone();
    let target = case.target.clone().or_else(|| who.target.clone());
    who.target = target;
    if !case.wrapped {
        who.elsewhere = elsewhere(case, &who);
    }
    // A log that names no program is of the one that is installed here.
    if who.family_known == Known::Assumed && who.elsewhere.is_none() && case.clients.hub.is_some() {
        who.family = Family::Python;
        who.family_known = Known::Installed;
    }
    if who.system_known == Known::Assumed || case.wrapped {
        who.system = system;
        who.shell = system.shell();
    }
    who
}

/// What shows that a log is of another machine: its system, or a home directory that is not here.
fn elsewhere(case: &Case, who: &Who) -> Option<String> {
    let home = who.home.clone();
    if who.system_known == Known::Log && who.system != System::of_this_machine() {
        return Some(
            home.map_or_else(|| who.system.name().to_owned(), |home| format!("{}, {home}", who.system.name())),
        );
    }
    let ours = case.environment.home.as_deref();
    home.filter(|home| ours != Some(Path::new(home)) && !Path::new(home).exists())
}

/// What this machine offers to remedies.
pub fn here(case: &Case) -> Here {
    let bundle = BUNDLES.iter().map(|path| case.environment.system_file(path)).find(|path| path.is_file());
    Here {
        hub: case.clients.hub,
        old_program: case.clients.has_old_program(),
        upgrade: Some(case.clients.upgrade_command()),
        token_path: Some(case.settings.token_path.clone()),
        hub_cache: Some(case.settings.hub_cache.clone()),
        variables: case.environment.variables().map(|(name, value)| (name.to_owned(), value)).collect(),
        bundle: bundle.map(|path| path.display().to_string()),
    }
}
