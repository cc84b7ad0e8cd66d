use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// A made machine: a home, a system root and a PATH.
struct Machine {
    root: tempfile::TempDir,
    variables: Vec<(String, OsString)>,
    path: Vec<PathBuf>,
}

impl Machine {
    fn new() -> Machine {
        let machine = Machine { root: tempfile::tempdir().unwrap(), variables: Vec::new(), path: Vec::new() };
        fs::create_dir_all(machine.at("home/work")).unwrap();
        machine
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Packages `name-version` in a directory of packages.
    fn install(&self, site: &str, packages: &[&str]) {
        fs::create_dir_all(self.at(site)).unwrap();
        for package in packages {
            fs::create_dir_all(self.at(&format!("{site}/{package}.dist-info"))).unwrap();
        }
    }

    fn venv(&self, root: &str, config: &str, packages: &[&str]) {
        self.write(&format!("{root}/pyvenv.cfg"), config);
        self.install(&format!("{root}/lib/python3.12/site-packages"), packages);
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    fn program(&mut self, path: &str, text: &str) {
        self.write(path, text);
        let path = self.at(path);
        make_executable(&path);
        self.path.push(path.parent().unwrap().to_owned());
    }

    fn find(&self) -> Clients {
        let mut variables: Vec<(OsString, OsString)> =
            self.variables.iter().map(|(n, v)| (OsString::from(n), v.clone())).collect();
        variables.push(("PATH".into(), std::env::join_paths(&self.path).unwrap()));
        variables.push((if cfg!(windows) { "USERPROFILE" } else { "HOME" }.into(), self.at("home").into()));
        let mut environment = Environment::new(variables, Some(self.at("home/work")));
        environment.system_root = self.root.path().to_owned();
        Clients::find(&environment)
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn make_executable(_: &Path) {}

#[test]
fn an_empty_machine_has_todays_commands() {
    let clients = Machine::new().find();
    assert_eq!((clients.hub, clients.generation()), (None, Generation::Unknown));
    assert_eq!(clients.login_command(), "hf auth login");
    assert_eq!(clients.download_command(), "hf download");
    assert_eq!(clients.upgrade_command(), "pip install -U huggingface_hub");
    assert!(clients.environments.is_empty() && clients.programs.is_empty() && clients.certifi().is_none());
}

#[test]
fn the_activated_environment_wins() {
    let mut machine = Machine::new();
    machine.venv("v", "home = /usr/bin", &["huggingface_hub-0.23.5", "certifi-2024.1.1", "requests-2.31.0"]);
    machine.write("v/lib/python3.12/site-packages/certifi/cacert.pem", "x");
    machine.install("home/.local/lib/python3.12/site-packages", &["huggingface_hub-2.4.0", "hf_xet-1.8.0"]);
    machine.set("VIRTUAL_ENV", machine.at("v"));
    let clients = machine.find();
    assert_eq!(clients.hub, Some((0, 23, 5)));
    assert_eq!(clients.generation(), Generation::Requests);
    assert_eq!(clients.package("hf_xet"), None, "a virtual environment does not see the user's packages");
    assert_eq!(clients.login_command(), "huggingface-cli login");
    assert_eq!(clients.download_command(), "huggingface-cli download");
    assert_eq!(clients.certifi(), Some(machine.at("v/lib/python3.12/site-packages/certifi/cacert.pem")));
    assert!(clients.upgrade_command().ends_with(" -m pip install -U huggingface_hub"));
    assert_eq!(clients.environments.iter().filter(|e| e.active).count(), 1);
    assert_eq!(clients.active().unwrap().kind, EnvironmentKind::Venv);
}

#[test]
fn an_environment_beside_the_work_is_found_without_being_activated() {
    let machine = Machine::new();
    machine.venv("home/work/.venv", "home = /x\nuv = 0.9.1", &["huggingface_hub-1.33.0", "httpx-0.28.1"]);
    let clients = machine.find();
    assert_eq!((clients.hub, clients.generation()), (Some((1, 33, 0)), Generation::Httpx));
    assert!(clients.upgrade_command().starts_with("uv pip install --python "), "{}", clients.upgrade_command());
}

#[test]
fn what_other_packages_demand_bounds_the_upgrade() {
    let mut machine = Machine::new();
    let packages = ["huggingface_hub-1.2.0", "transformers-4.57.1"];
    machine.venv("v", "home = /usr/bin", &packages);
    machine.write(
        "v/lib/python3.12/site-packages/transformers-4.57.1.dist-info/METADATA",
        "Name: transformers\nRequires-Dist: huggingface-hub<1.0,>=0.34.0\n\nText",
    );
    machine.set("VIRTUAL_ENV", machine.at("v"));
    let clients = machine.find();
    let broken: Vec<&Pin> = clients.broken_pins().collect();
    assert_eq!(broken.len(), 1);
    assert_eq!((broken[0].package.as_str(), broken[0].demand.as_str()), ("transformers", "<1.0,>=0.34.0"));
    assert!(clients.upgrade_command().ends_with("-m pip install -U \"huggingface_hub<1\""));
}

#[test]
fn conda_and_its_own_packages() {
    let mut machine = Machine::new();
    machine.install("c/lib/python3.11/site-packages", &["huggingface_hub-0.30.0"]);
    machine.write("c/conda-meta/huggingface_hub-0.30.0-pyhd8.json", "{}");
    machine.set("CONDA_PREFIX", machine.at("c"));
    let clients = machine.find();
    assert_eq!(clients.active().unwrap().kind, EnvironmentKind::Conda);
    assert!(clients.upgrade_command().starts_with("conda update -p "), "{}", clients.upgrade_command());
}

#[cfg(unix)]
#[test]
fn the_systems_interpreter_sees_the_users_packages_first() {
    let mut machine = Machine::new();
    machine.program("usr/bin/python3.11", "");
    std::os::unix::fs::symlink("python3.11", machine.at("usr/bin/python3")).unwrap();
    machine.install("usr/lib/python3/dist-packages", &["huggingface_hub-0.20.0", "certifi-2022.9.24"]);
    fs::create_dir_all(machine.at("usr/lib/python3/dist-packages/certifi")).unwrap();
    machine.write("usr/lib/python3.11/EXTERNALLY-MANAGED", "");
    machine.write("etc/ssl/certs/ca-certificates.crt", "x");
    let before = machine.find();
    assert_eq!(before.hub, Some((0, 20, 0)));
    assert_eq!(before.certifi(), Some(machine.at("etc/ssl/certs/ca-certificates.crt")));
    assert!(before.upgrade_command().starts_with("python3 -m venv"), "{}", before.upgrade_command());

    machine.install("home/.local/lib/python3.11/site-packages", &["huggingface_hub-0.36.2"]);
    machine.install("home/.local/lib/python3.13/site-packages", &["huggingface_hub-2.4.0"]);
    let clients = machine.find();
    assert_eq!(clients.hub, Some((0, 36, 2)), "of the interpreter's own version");
    assert_eq!(clients.active().unwrap().kind, EnvironmentKind::User);
    machine.set("PYTHONNOUSERSITE", "1");
    assert_eq!(machine.find().hub, Some((0, 20, 0)));
    machine.install("extra", &["huggingface_hub-1.5.0"]);
    machine.set("PYTHONPATH", machine.at("extra"));
    assert_eq!(machine.find().hub, Some((1, 5, 0)));
}

#[cfg(unix)]
#[test]
fn the_program_on_the_path_leads_to_its_environment() {
    for (root, script, kind, upgrade) in [
        (
            "home/.local/share/uv/tools/huggingface-hub",
            "#!{}\n",
            EnvironmentKind::UvTool,
            "uv tool upgrade huggingface-hub",
        ),
        (
            "home/.local/share/pipx/venvs/huggingface_hub",
            "#!/bin/sh\n'''exec' \"{}\" \"$0\" \"$@\"\n' '''\n",
            EnvironmentKind::Pipx,
            "pipx upgrade huggingface_hub",
        ),
        ("opt/Cellar/hf/1.5.0/libexec", "#!{}\n", EnvironmentKind::Homebrew, "brew upgrade hf"),
    ] {
        let mut machine = Machine::new();
        machine.venv(root, "home = /x", &["huggingface_hub-1.5.0"]);
        machine.write(&format!("{root}/bin/python"), "");
        let python = machine.at(&format!("{root}/bin/python"));
        machine.program("home/.local/bin/hf", &script.replace("{}", &python.to_string_lossy()));
        let clients = machine.find();
        assert_eq!(clients.hub, Some((1, 5, 0)), "{root}");
        assert_eq!(clients.active().unwrap().kind, kind, "{root}");
        assert_eq!(clients.upgrade_command(), upgrade);
        assert_eq!(clients.login_command(), "hf auth login");
        assert_eq!(clients.environments.len(), 1, "{root}: found once, not again as a tool");
    }
}

#[cfg(unix)]
#[test]
fn pyenv_stands_in_for_its_interpreter() {
    let mut machine = Machine::new();
    machine.program("home/.pyenv/shims/python3", "#!/usr/bin/env bash\nexec pyenv exec\n");
    machine.install("home/.pyenv/versions/3.10.4/lib/python3.10/site-packages", &["huggingface_hub-0.25.0"]);
    machine.install("home/.pyenv/versions/3.12.1/lib/python3.12/site-packages", &["huggingface_hub-2.0.0"]);
    machine.write("home/.pyenv/version", "3.12.1\n");
    assert_eq!(machine.find().generation(), Generation::Httpx2);
    machine.write("home/.python-version", "3.10.4\n");
    assert_eq!(machine.find().hub, Some((0, 25, 0)));
    machine.set("PYENV_VERSION", "../../..");
    assert_eq!(machine.find().hub, None, "a name that leads out of the directory is not followed");
}

#[cfg(unix)]
#[test]
fn programs_are_files_that_can_be_run() {
    let mut machine = Machine::new();
    machine.program("bin/git", "");
    machine.write("bin/curl", "not executable");
    fs::create_dir_all(machine.at("bin/wget")).unwrap();
    let clients = machine.find();
    assert_eq!(clients.program("git"), Some(machine.at("bin/git").as_path()));
    assert_eq!(clients.programs.len(), 1);
    machine.program("bin/hf", "#!/bin/sh\necho another program\n");
    let clients = machine.find();
    assert_eq!(clients.hub, None);
    assert!(!clients.has_hf);
}

#[test]
fn rubbish_in_the_place_of_environments_is_passed_over() {
    let mut machine = Machine::new();
    machine.write("v", "a file where a directory should be");
    machine.set("VIRTUAL_ENV", machine.at("v"));
    machine.set("CONDA_PREFIX", "\u{0}\n");
    machine.write("home/.local/share/pipx/venvs/x/lib/python3.12/site-packages", "a file");
    machine.write("home/work/.venv/pyvenv.cfg", "include-system-site-packages = true\nhome");
    machine.install("home/work/.venv/lib/python3.99999999999999999999/site-packages", &["huggingface_hub-.", "x"]);
    let clients = machine.find();
    assert_eq!(clients.hub, None);
}

#[test]
fn versions_are_three_numbers() {
    for (text, expected) in [
        ("1.2.3", Some((1, 2, 3))),
        ("0.36", Some((0, 36, 0))),
        ("1.0.0rc6", Some((1, 0, 0))),
        ("2.4.0.dev0", Some((2, 4, 0))),
        ("1.0rc1", Some((1, 0, 0))),
        ("x", None),
        ("", None),
    ] {
        assert_eq!(numbers(text), expected, "{text}");
    }
}
