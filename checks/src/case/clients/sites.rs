//! Directories of packages, and what lies in them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::case::Environment;

/// The packages that are recorded.
const PACKAGES: &[&str] = &[
    "huggingface_hub",
    "hf_xet",
    "hf_transfer",
    "transformers",
    "tokenizers",
    "datasets",
    "diffusers",
    "sentence_transformers",
    "vllm",
    "sglang",
    "safetensors",
    "torch",
    "requests",
    "urllib3",
    "httpx",
    "httpx2",
    "certifi",
    "truststore",
    "filelock",
    "pysocks",
    "socksio",
];

/// More entries of one directory are not read.
const MAX_ENTRIES: usize = 20_000;

/// `lib/python3.11/site-packages` and the like below a prefix; of several versions the given one, else the newest.
pub(super) fn sites_below(root: &Path, version: Option<&str>) -> Vec<PathBuf> {
    let mut sites = vec![root.join("Lib").join("site-packages")];
    for lib in ["lib", "lib64"] {
        let versions = versions_in(&root.join(lib), "python", version);
        sites.extend(versions.iter().flat_map(|d| [d.join("site-packages"), d.join("dist-packages")]));
    }
    sites.retain(|site| site.is_dir());
    sites
}

/// Where distributions put packages for the system's interpreter.
pub(super) fn system_sites(environment: &Environment, root: &Path, version: Option<&str>) -> Vec<PathBuf> {
    if root.ends_with("local") {
        return Vec::new();
    }
    // Debian's interpreter looks in /usr/local before its own directory.
    let mut sites = sites_below(&environment.system_file("usr/local"), version);
    sites.push(environment.system_file("usr/lib/python3/dist-packages"));
    sites.retain(|site| site.is_dir());
    sites
}

/// Whether the distribution forbids pip to install for its interpreter, by the mark in the standard library.
pub(super) fn externally_managed(root: &Path) -> bool {
    let lib = root.join("lib");
    names_in(&lib)
        .iter()
        .filter(|name| name.to_str().is_some_and(|n| version_in(n, "python").is_some()))
        .any(|name| lib.join(name).join("EXTERNALLY-MANAGED").is_file())
}

/// The directories `<prefix>3.<minor>`: the given version's, or the newest that has packages.
pub(super) fn versions_in(parent: &Path, prefix: &str, version: Option<&str>) -> Vec<PathBuf> {
    let mut found: Vec<((u64, u64, u64), String, PathBuf)> = names_in(parent)
        .into_iter()
        .filter_map(|name| {
            let text = version_in(name.to_str()?, prefix)?;
            Some((super::numbers(&text)?, text, parent.join(name)))
        })
        .collect();
    if let Some(place) = found.iter().position(|(_, text, _)| Some(text.as_str()) == version) {
        return vec![found.swap_remove(place).2];
    }
    found.sort_by_key(|(numbers, ..)| std::cmp::Reverse(*numbers));
    found
        .into_iter()
        .map(|(_, _, directory)| directory)
        .find(|d| ["site-packages", "dist-packages", "lib/python/site-packages"].iter().any(|s| d.join(s).is_dir()))
        .into_iter()
        .collect()
}

/// `3.11` of `python3.11`, or of `Python311` as Windows writes it.
pub(super) fn version_in(name: &str, prefix: &str) -> Option<String> {
    let rest = name.strip_prefix(prefix)?.trim_end_matches(".exe").trim_end_matches('t');
    let rest = if rest.contains('.') || rest.len() < 2 {
        rest.to_owned()
    } else {
        format!("{}.{}", rest.get(..1)?, rest.get(1..)?)
    };
    let (major, minor) = rest.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    (major == "3" && digits(minor)).then_some(rest)
}

/// Name and version of each package that matters, by the names of the directories that installers leave.
pub(super) fn packages_in(site: &Path) -> BTreeMap<String, String> {
    let mut packages: BTreeMap<String, String> = BTreeMap::new();
    for name in names_in(site) {
        let Some((package, version)) = name.to_str().and_then(package_of) else { continue };
        // Two records of one package are the rest of a broken upgrade; the newer files were written last.
        let newer = packages.get(&package).is_none_or(|old| super::numbers(old) < super::numbers(&version));
        if newer {
            packages.insert(package, version);
        }
    }
    packages
}

/// Package and version of `huggingface_hub-2.4.0.dist-info` or `requests-2.28.1-py3.11.egg-info`.
fn package_of(directory: &str) -> Option<(String, String)> {
    let stem = directory.strip_suffix(".dist-info").or_else(|| directory.strip_suffix(".egg-info"))?;
    let (name, version) = stem.split_once('-')?;
    let (name, version) = match version.split_once('-') {
        // Old tools left the dash in a name such as `huggingface-hub`.
        Some((more, version)) if !more.starts_with(|c: char| c.is_ascii_digit()) => (format!("{name}_{more}"), version),
        _ => (name.to_owned(), version),
    };
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    let version = version.split("-py").next()?;
    let known = PACKAGES.contains(&name.as_str()) && super::numbers(version).is_some();
    known.then(|| (name, version.to_owned()))
}

/// The names in a directory; none when it cannot be listed.
pub(super) fn names_in(directory: &Path) -> Vec<std::ffi::OsString> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    entries.take(MAX_ENTRIES).filter_map(|entry| Some(entry.ok()?.file_name())).collect()
}

/// The beginning of a small text file.
pub(super) fn read_small(path: &Path) -> Option<String> {
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(4096).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packages_are_known_by_their_records() {
        let read = |name: &str| package_of(name).map(|(n, v)| format!("{n} {v}"));
        assert_eq!(read("huggingface_hub-2.4.0.dist-info").as_deref(), Some("huggingface_hub 2.4.0"));
        assert_eq!(read("huggingface_hub-1.0.0rc6.dist-info").as_deref(), Some("huggingface_hub 1.0.0rc6"));
        assert_eq!(read("huggingface-hub-0.14.1.dist-info").as_deref(), Some("huggingface_hub 0.14.1"));
        assert_eq!(read("requests-2.28.1-py3.11.egg-info").as_deref(), Some("requests 2.28.1"));
        assert_eq!(read("PySocks-1.7.1.dist-info").as_deref(), Some("pysocks 1.7.1"));
        for other in ["numpy-1.0.dist-info", "requests", "requests-.dist-info", ".dist-info", "-.dist-info"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn versions_stand_in_names() {
        assert_eq!(version_in("python3.11", "python").as_deref(), Some("3.11"));
        assert_eq!(version_in("python3.13t", "python").as_deref(), Some("3.13"));
        assert_eq!(version_in("Python311", "Python").as_deref(), Some("3.11"));
        for other in ["python3", "python", "python2.7", "python3.x", "pythoné1"] {
            assert_eq!(version_in(other, "python"), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_name_gets_a_clear_outcome(name in "\\PC{0,30}(\\.dist-info)?") {
            let _ = (package_of(&name), version_in(&name, ""), super::super::numbers(&name));
        }
    }
}
