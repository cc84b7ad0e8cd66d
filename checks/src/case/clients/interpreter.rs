//! Which interpreter a program on PATH runs with.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::sites::{read_small, sites_below, version_in};
use crate::case::Environment;

/// Links and parent directories followed.
const MAX_HOPS: usize = 16;

/// An interpreter's prefix, and its version where its file name tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefix {
    pub root: PathBuf,
    pub version: Option<String>,
}

impl Prefix {
    pub fn new(root: PathBuf) -> Prefix {
        Prefix { root, version: None }
    }
}

/// The interpreter's prefix. Links are followed one by one, because a virtual environment's `python` is a link out of it.
pub(super) fn interpreter(environment: &Environment, path: &Path) -> Option<Prefix> {
    if let Some(root) = pyenv_root(environment, path) {
        return Some(Prefix::new(root));
    }
    let mut at = path.to_owned();
    let mut plain = None;
    for _ in 0..MAX_HOPS {
        let root = root_of_program(&at)?;
        if root.join("pyvenv.cfg").is_file() || root.join("conda-meta").is_dir() {
            return Some(Prefix::new(root));
        }
        if plain.is_none() && !sites_below(&root, None).is_empty() {
            plain = Some(root.clone());
        }
        match std::fs::read_link(&at) {
            Ok(link) => at = at.parent()?.join(link),
            Err(_) => break,
        }
    }
    let version = at.file_stem().and_then(OsStr::to_str).and_then(|_| version_in(at.file_name()?.to_str()?, "python"));
    // `/bin` is a link to `/usr/bin` on most systems.
    let root = plain.or_else(|| root_of_program(&at.canonicalize().ok()?))?;
    Some(Prefix { root, version })
}

/// The directory above `bin` or `Scripts`; on Windows the interpreter lies in the prefix itself.
fn root_of_program(program: &Path) -> Option<PathBuf> {
    let directory = program.parent()?;
    let name = directory.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let below = name == "bin" || name.eq_ignore_ascii_case("scripts");
    Some(if below { directory.parent()? } else { directory }.to_owned())
}

/// The prefix that pyenv's stand-in for a program leads to.
fn pyenv_root(environment: &Environment, program: &Path) -> Option<PathBuf> {
    let shims = program.parent()?;
    if shims.file_name()? != "shims" {
        return None;
    }
    let pyenv = shims.parent()?;
    let above = |directory: &PathBuf| {
        directory
            .ancestors()
            .take(MAX_HOPS)
            .find_map(|d| read_small(&d.join(".python-version")))
            .filter(|v| !v.is_empty())
    };
    let version = environment
        .non_empty("PYENV_VERSION")
        .or_else(|| environment.directory.as_ref().and_then(above))
        .or_else(|| read_small(&pyenv.join("version")))?;
    let version = version.split([':', '\n', ' ']).next()?.trim().to_owned();
    // A name from a file becomes one part of a path.
    let versions = pyenv.join("versions");
    let fits = !version.is_empty() && !version.contains(['/', '\\']) && version != "..";
    fits.then(|| versions.join(version)).filter(|root| root.is_dir())
}

/// The prefix of the interpreter that a script starts with.
pub(super) fn script_interpreter(environment: &Environment, script: &Path, python: Option<&Prefix>) -> Option<Prefix> {
    if let Some(root) = pyenv_root(environment, script) {
        return Some(Prefix::new(root));
    }
    let Some(text) = read_small(script).filter(|t| t.starts_with("#!")) else {
        // A launcher of Windows, which lies in the environment's own directory.
        let root = root_of_program(&script.canonicalize().ok()?)?;
        return Some(Prefix::new(root)).filter(|p| !sites_below(&p.root, None).is_empty());
    };
    let mut lines = text.lines();
    let first = lines.next()?.trim_start_matches("#!").trim();
    let program = first.split_whitespace().next()?;
    if program.ends_with("/env") {
        return first.contains("python").then(|| python.cloned()).flatten();
    }
    let program = if program.ends_with("/sh") {
        // How installers write an interpreter's path that is too long for the first line or has a blank in it.
        let line = lines.next()?.strip_prefix("'''exec' ")?;
        match line.strip_prefix(['"', '\'']) {
            Some(rest) => rest.split(['"', '\'']).next()?,
            None => line.split_whitespace().next()?,
        }
    } else if first.contains(" -") || Path::new(first).parent().is_none() {
        program
    } else {
        first
    };
    interpreter(environment, Path::new(program))
}
