//! Python environments, found by their directories alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Program;
use super::interpreter::{Prefix, interpreter, script_interpreter};
use super::sites::{externally_managed, names_in, packages_in, read_small, sites_below, system_sites, versions_in};
use crate::case::Environment;

/// What made a Python environment, and so what upgrades it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnvironmentKind {
    /// A virtual environment.
    Venv,
    /// A virtual environment made by uv, which may be without pip.
    Uv,
    /// A conda environment.
    Conda,
    /// An environment that pipx made for one tool.
    Pipx,
    /// An environment that uv made for one tool.
    UvTool,
    /// Homebrew's own environment of the formula `hf`.
    Homebrew,
    /// The environment of the Hub's installer script.
    Installer,
    /// The packages that a person installed for themselves without an environment.
    User,
    /// An interpreter of the system, of pyenv or the like.
    System,
    /// The directories of PYTHONPATH.
    PythonPath,
}

/// A Python environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonEnvironment {
    /// Its directory: what Python calls the prefix.
    pub root: PathBuf,
    /// What made it.
    pub kind: EnvironmentKind,
    /// Whether it is the one in use.
    pub active: bool,
    /// Installed packages that matter here and their versions, by name with underscores.
    pub packages: BTreeMap<String, String>,
    /// The directories that packages lie in.
    pub sites: Vec<PathBuf>,
    /// Whether conda installed huggingface_hub there, so that conda upgrades it.
    pub(super) from_conda: bool,
    /// Whether the system forbids pip to install there.
    pub(super) externally_managed: bool,
}

/// The packages that make an environment worth a line in the report.
const CLIENTS: &[&str] =
    &["huggingface_hub", "transformers", "datasets", "diffusers", "sentence_transformers", "vllm", "sglang"];

/// More tools of pipx or uv, and more directories of PYTHONPATH, are not looked at.
const MAX_TOOLS: usize = 64;
const MAX_PYTHON_PATH: usize = 16;

/// What a search found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub environments: Vec<PythonEnvironment>,
    pub search: Vec<usize>,
    pub has_hf: bool,
}

pub(super) fn find(environment: &Environment, programs: &[Program]) -> Found {
    let path_of = |name: &str| programs.iter().find(|p| p.name == name).map(|p| p.path.as_path());
    let of_variable = |name: &str| environment.non_empty(name).map(|v| Prefix::new(PathBuf::from(v)));
    let python = ["python3", "python"].iter().find_map(|name| interpreter(environment, path_of(name)?));
    let script = |name: &str| script_interpreter(environment, path_of(name)?, python.as_ref());
    let hf = script("hf");

    let mut finder = Finder { environment, found: Found::default() };
    // In the order in which a command that the person types would come upon them.
    let mut candidates: Vec<Prefix> = ["VIRTUAL_ENV", "CONDA_PREFIX"].iter().filter_map(|n| of_variable(n)).collect();
    candidates.extend(environment.directory.as_ref().map(|d| Prefix::new(d.join(".venv"))));
    candidates.extend(python.clone());
    candidates.extend(hf.clone());
    candidates.extend(["huggingface-cli", "transformers-cli"].iter().filter_map(|n| script(n)));
    candidates.push(Prefix::new(environment.system_file("usr")));
    let places: Vec<usize> = candidates.iter().filter_map(|prefix| finder.add(prefix)).collect();

    let version = python.as_ref().and_then(|p| p.version.clone());
    let python_path = finder.add_python_path();
    let user = finder.add_user_site(version.as_deref());
    let has_hub = |found: &Found, place: usize| found.environments[place].packages.contains_key("huggingface_hub");
    // An environment of one's own hides the user's packages; a plain interpreter sees them before its own.
    let searched = |found: &Found, place: usize| {
        let own_only = matches!(
            found.environments[place].kind,
            EnvironmentKind::Venv
                | EnvironmentKind::Uv
                | EnvironmentKind::Pipx
                | EnvironmentKind::UvTool
                | EnvironmentKind::Homebrew
                | EnvironmentKind::Installer
        );
        let user = user.filter(|_| !own_only && !environment.switch("PYTHONNOUSERSITE"));
        python_path.into_iter().chain(user).chain([place]).collect::<Vec<usize>>()
    };
    let in_use = places
        .iter()
        .copied()
        .find(|place| searched(&finder.found, *place).iter().any(|p| has_hub(&finder.found, *p)))
        .or_else(|| places.first().copied());
    let search = match in_use {
        Some(place) => searched(&finder.found, place),
        None => python_path.into_iter().chain(user).collect(),
    };
    if let Some(environment) = in_use.and_then(|place| finder.found.environments.get_mut(place)) {
        environment.active = true;
    }
    finder.add_tools();
    let has_hf = hf.is_some_and(|prefix| {
        finder.found.environments.iter().any(|e| {
            e.packages.get("huggingface_hub").and_then(|v| super::numbers(v)).is_some_and(|v| v >= (0, 34, 0))
                && (e.root == prefix.root || e.kind == EnvironmentKind::User)
        })
    });
    order(finder.found.environments, &search, has_hf)
}

/// Puts what the interpreter in use searches first and leaves out environments that have to do with no download.
fn order(environments: Vec<PythonEnvironment>, search: &[usize], has_hf: bool) -> Found {
    let mut found = Found { has_hf, ..Found::default() };
    let mut rest: Vec<Option<PythonEnvironment>> = environments.into_iter().map(Some).collect();
    for place in search {
        if let Some(environment) = rest.get_mut(*place).and_then(Option::take) {
            found.search.push(found.environments.len());
            found.environments.push(environment);
        }
    }
    let matters = |e: &PythonEnvironment| CLIENTS.iter().any(|name| e.packages.contains_key(*name));
    found.environments.extend(rest.into_iter().flatten().filter(matters));
    found
}

struct Finder<'a> {
    environment: &'a Environment,
    found: Found,
}

impl Finder<'_> {
    /// The place of the environment at a prefix; none when no package directory lies there.
    fn add(&mut self, prefix: &Prefix) -> Option<usize> {
        let root = &prefix.root;
        if let Some(place) = self.found.environments.iter().position(|e| e.root == *root) {
            return Some(place);
        }
        let mut sites = sites_below(root, prefix.version.as_deref());
        let is_system = [self.environment.system_file("usr"), self.environment.system_file("usr/local")].contains(root);
        if is_system {
            sites.extend(system_sites(self.environment, root, prefix.version.as_deref()));
        }
        if sites.is_empty() {
            return None;
        }
        let config = read_small(&root.join("pyvenv.cfg")).unwrap_or_default();
        let kind = kind_of(root, &config);
        if setting(&config, "include-system-site-packages").is_some_and(|v| v.eq_ignore_ascii_case("true"))
            && let Some(base) = setting(&config, "home").and_then(|home| Path::new(home).parent().map(Path::to_owned))
        {
            sites.extend(sites_below(&base, None));
            if base == self.environment.system_file("usr") {
                sites.extend(system_sites(self.environment, &base, None));
            }
        }
        Some(self.push(root.clone(), kind, sites))
    }

    fn push(&mut self, root: PathBuf, kind: EnvironmentKind, mut sites: Vec<PathBuf>) -> usize {
        let mut seen: Vec<PathBuf> = Vec::new();
        sites.retain(|site| {
            let new = !seen.contains(site);
            seen.push(site.clone());
            new
        });
        let mut packages = BTreeMap::new();
        for site in &sites {
            // The first directory that has a package hides it in the later ones.
            for (name, version) in packages_in(site) {
                packages.entry(name).or_insert(version);
            }
        }
        let from_conda = kind == EnvironmentKind::Conda
            && names_in(&root.join("conda-meta")).iter().any(|n| {
                n.to_string_lossy().starts_with("huggingface_hub-")
                    || n.to_string_lossy().starts_with("huggingface-hub-")
            });
        let externally_managed =
            sites.iter().filter_map(|s| s.parent()).any(|d| d.join("EXTERNALLY-MANAGED").is_file())
                || (kind == EnvironmentKind::System && externally_managed(&root));
        self.found.environments.push(PythonEnvironment {
            root,
            kind,
            active: false,
            packages,
            sites,
            from_conda,
            externally_managed,
        });
        self.found.environments.len() - 1
    }

    fn add_python_path(&mut self) -> Option<usize> {
        let directories: Vec<PathBuf> = std::env::split_paths(self.environment.raw("PYTHONPATH")?)
            .filter(|d| d.is_absolute() && d.is_dir())
            .take(MAX_PYTHON_PATH)
            .collect();
        let root = directories.first()?.clone();
        Some(self.push(root, EnvironmentKind::PythonPath, directories))
    }

    fn add_user_site(&mut self, version: Option<&str>) -> Option<usize> {
        let home = self.environment.home.clone()?;
        let base = self.environment.non_empty("PYTHONUSERBASE").map_or_else(|| home.join(".local"), PathBuf::from);
        let mut sites = sites_below(&base, version);
        let mac = home.join("Library").join("Python");
        let windows = self.environment.non_empty("APPDATA").map(|d| Path::new(&d).join("Python"));
        sites.extend(versions_in(&mac, "", version).into_iter().map(|d| d.join("lib/python/site-packages")));
        if let Some(windows) = windows {
            sites.extend(versions_in(&windows, "Python", None).into_iter().map(|d| d.join("site-packages")));
        }
        sites.retain(|site| site.is_dir());
        if sites.is_empty() { None } else { Some(self.push(base, EnvironmentKind::User, sites)) }
    }

    /// The tools of pipx and uv.
    fn add_tools(&mut self) {
        let environment = self.environment;
        let Some(home) = environment.home.as_ref() else { return };
        let data = environment.non_empty("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
        let mut parents = vec![data.join("pipx/venvs"), home.join(".local/pipx/venvs"), data.join("uv/tools")];
        parents.extend(environment.non_empty("PIPX_HOME").map(|d| Path::new(&d).join("venvs")));
        parents.extend(environment.non_empty("UV_TOOL_DIR").map(PathBuf::from));
        parents.extend(environment.non_empty("APPDATA").map(|d| Path::new(&d).join("uv").join("tools")));
        for parent in parents {
            for name in names_in(&parent).into_iter().take(MAX_TOOLS) {
                self.add(&Prefix::new(parent.join(name)));
            }
        }
    }
}

fn kind_of(root: &Path, config: &str) -> EnvironmentKind {
    let text = root.to_string_lossy().replace('\\', "/");
    if root.join(".hf_installer_marker").exists() {
        EnvironmentKind::Installer
    } else if text.contains("/Cellar/hf/") {
        EnvironmentKind::Homebrew
    } else if root.join("pipx_metadata.json").exists() || text.contains("/pipx/venvs/") {
        EnvironmentKind::Pipx
    } else if root.join("uv-receipt.toml").exists() || text.contains("/uv/tools/") {
        EnvironmentKind::UvTool
    } else if root.join("conda-meta").is_dir() {
        EnvironmentKind::Conda
    } else if setting(config, "uv").is_some() {
        EnvironmentKind::Uv
    } else if !config.is_empty() {
        EnvironmentKind::Venv
    } else {
        EnvironmentKind::System
    }
}

/// A value of `pyvenv.cfg`.
fn setting<'a>(config: &'a str, name: &str) -> Option<&'a str> {
    config.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim())
    })
}
