//! Imports run one way: no folder takes anything from one above it, in the core and in the live examination.

use std::path::{Path, PathBuf};

/// The folders and files of a crate's root, the lowest first; those of one row know nothing of each other.
const CORE: &[&[&str]] =
    &[&["text", "hub", "token", "variable"], &["target", "diagnosis", "redact"], &["sign", "who"], &["log", "remedy"]];
const CHECKS: &[&[&str]] = &[&["case"], &["observe"], &["check"], &["examine"]];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn floor(rows: &[&[&str]], name: &str) -> Option<usize> {
    rows.iter().position(|row| row.contains(&name))
}

/// Imports that do not run down, as `file: name`.
fn wrong(root: &Path, rows: &[&[&str]]) -> Vec<String> {
    let mut files = Vec::new();
    sources(root, &mut files);
    assert!(files.len() > 20, "{} holds no sources", root.display());
    let mut wrong = Vec::new();
    for file in files {
        let below = file.strip_prefix(root).expect("below the root");
        let Some(first) = below.iter().next().and_then(|name| Path::new(name).file_stem()).and_then(|n| n.to_str())
        else {
            continue;
        };
        if first == "lib" || file.file_name().is_some_and(|name| name.to_string_lossy().contains("tests")) {
            continue;
        }
        let own = floor(rows, first).unwrap_or_else(|| panic!("`{first}` has no floor: give it one in this test"));
        let text = std::fs::read_to_string(&file).expect("a source");
        // What a file's own tests use is no part of the house.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for name in text.split("crate::").skip(1) {
            let name: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if name != first && floor(rows, &name).is_some_and(|other| other >= own) {
                wrong.push(format!("{}: crate::{name}", below.display()));
            }
        }
    }
    wrong
}

#[test]
fn imports_run_down() {
    let checks = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (root, rows) in [(checks.join("core/src"), CORE), (checks.join("src"), CHECKS)] {
        let wrong = wrong(&root, rows);
        assert!(wrong.is_empty(), "these imports run up or across:\n{}", wrong.join("\n"));
    }
}
