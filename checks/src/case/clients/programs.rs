//! Programs on PATH.

use std::path::{Path, PathBuf};

use crate::case::Environment;

/// A program on PATH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name without an ending.
    pub name: &'static str,
    /// The first file of that name on PATH that can be run.
    pub path: PathBuf,
}

/// The programs that are looked for.
const NAMES: &[&str] = &[
    "hf",
    "huggingface-cli",
    "transformers-cli",
    "python3",
    "python",
    "git",
    "git-lfs",
    "curl",
    "wget",
    "aria2c",
    "ollama",
    "llama-cli",
    "llama-server",
    "node",
    "docker",
    "uv",
    "pipx",
    "conda",
];

/// More directories than this are not searched.
const MAX_DIRECTORIES: usize = 100;

pub(super) fn find(environment: &Environment) -> Vec<Program> {
    let directories = directories(environment);
    NAMES
        .iter()
        .filter_map(|name| {
            let path = directories.iter().find_map(|directory| executable(directory, name))?;
            Some(Program { name, path })
        })
        .collect()
}

fn directories(environment: &Environment) -> Vec<PathBuf> {
    let mut kept: Vec<PathBuf> = Vec::new();
    for directory in environment.search_path() {
        // A relative entry means another directory for every command: nobody's installation lies there.
        if directory.is_absolute() && !is_foreign(&directory) && !kept.contains(&directory) {
            kept.push(directory);
        }
        if kept.len() == MAX_DIRECTORIES {
            break;
        }
    }
    kept
}

/// A Windows drive as the Linux subsystem of Windows sees it: slow to look at, and its programs have other names.
fn is_foreign(directory: &Path) -> bool {
    let text = directory.to_string_lossy();
    let Some(rest) = text.strip_prefix("/mnt/") else { return false };
    let drive = rest.split('/').next().unwrap_or_default();
    drive.len() == 1 && ["/Windows", "/Program", "/AppData"].iter().any(|part| text.contains(part))
}

fn executable(directory: &Path, name: &str) -> Option<PathBuf> {
    file_names(name).into_iter().map(|name| directory.join(name)).find(|path| can_run(path))
}

#[cfg(windows)]
fn file_names(name: &str) -> Vec<String> {
    [".exe", ".cmd", ".bat"].iter().map(|ending| format!("{name}{ending}")).collect()
}

#[cfg(not(windows))]
fn file_names(name: &str) -> Vec<&str> {
    vec![name]
}

#[cfg(unix)]
fn can_run(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn can_run(path: &Path) -> bool {
    // The launchers of the Microsoft Store have no length and only open the shop.
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() > 0)
}
