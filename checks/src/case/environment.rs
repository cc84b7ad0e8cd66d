//! The process's surroundings as a value: variables, home, working directory, shell.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use hfdoctor_core::variable::is_true;

/// Variables and directories that settings are resolved from.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
    /// The home directory, where there is one.
    pub home: Option<PathBuf>,
    /// The working directory, where it still exists.
    pub directory: Option<PathBuf>,
    /// The root below which system files such as /etc/environment are read; `/` outside tests.
    pub system_root: PathBuf,
}

impl Environment {
    /// A made environment. Names are case-sensitive.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, directory: Option<PathBuf>) -> Environment {
        let variables: BTreeMap<String, OsString> =
            variables.into_iter().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        let home = home_in(&variables);
        Environment { variables, home, directory, system_root: PathBuf::from("/") }
    }

    /// The same with some variables set, or unset where the value is none.
    #[must_use]
    pub fn with<'a>(&self, changes: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Environment {
        let mut changed = self.clone();
        for (name, value) in changes {
            match value {
                Some(value) => changed.variables.insert(name.to_owned(), OsString::from(value)),
                None => changed.variables.remove(name),
            };
        }
        changed
    }

    /// The environment of this process.
    pub fn of_process() -> Environment {
        let mut environment = Environment::new(std::env::vars_os(), std::env::current_dir().ok());
        if environment.home.is_none() {
            environment.home = std::env::home_dir();
        }
        environment
    }

    /// A variable's value with bytes that are no UTF-8 replaced; none when it is not set.
    pub fn var(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|v| v.to_string_lossy().into_owned())
    }

    /// A variable's value as the system holds it.
    pub fn raw(&self, name: &str) -> Option<&OsString> {
        self.variables.get(name)
    }

    /// A variable's value, none also when it is empty.
    pub fn non_empty(&self, name: &str) -> Option<String> {
        self.var(name).filter(|v| !v.is_empty())
    }

    /// Whether a switch is on, as the Hub's client reads it.
    pub fn switch(&self, name: &str) -> bool {
        self.var(name).is_some_and(|v| is_true(&v))
    }

    /// All variables, by name.
    pub fn variables(&self) -> impl Iterator<Item = (&str, String)> {
        self.variables.iter().map(|(n, v)| (n.as_str(), v.to_string_lossy().into_owned()))
    }

    /// What Python's `expandvars(expanduser(value))` makes of a path.
    ///
    /// An unknown variable stays as it is, as there. `~user` is left alone: resolving it needs the user database.
    pub fn expand(&self, value: &str) -> PathBuf {
        let tilde = match (value.strip_prefix('~'), &self.home) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
                format!("{}{rest}", home.display())
            }
            _ => value.to_owned(),
        };
        PathBuf::from(self.expand_variables(&tilde))
    }

    fn expand_variables(&self, value: &str) -> String {
        let mut out = String::with_capacity(value.len());
        let mut rest = value;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, length) = variable_name(after);
            match self.var(name) {
                Some(v) if !name.is_empty() => out.push_str(&v),
                _ => out.push_str(&rest[at..at + 1 + length]),
            }
            rest = &after[length..];
        }
        out.push_str(rest);
        out
    }

    /// The directories of PATH, in order.
    pub fn search_path(&self) -> Vec<PathBuf> {
        self.raw("PATH").map(|p| std::env::split_paths(p).collect()).unwrap_or_default()
    }

    /// A file of the system, such as `etc/environment`.
    pub fn system_file(&self, path: impl AsRef<Path>) -> PathBuf {
        self.system_root.join(path)
    }
}

/// The variable's name after a `$`, and how many bytes it takes up with its braces.
fn variable_name(after: &str) -> (&str, usize) {
    if let Some(braced) = after.strip_prefix('{') {
        return braced.find('}').map_or(("", 0), |end| (&braced[..end], end + 2));
    }
    let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
    (&after[..end], end)
}

#[cfg(windows)]
fn home_in(variables: &BTreeMap<String, OsString>) -> Option<PathBuf> {
    variables.get("USERPROFILE").filter(|h| !h.is_empty()).map(PathBuf::from)
}

#[cfg(not(windows))]
fn home_in(variables: &BTreeMap<String, OsString>) -> Option<PathBuf> {
    variables.get("HOME").filter(|h| !h.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
pub(crate) fn environment_of(variables: &[(&str, &str)]) -> Environment {
    Environment::new(variables.iter().map(|(n, v)| (OsString::from(n), OsString::from(v))), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_expand_as_python_expands_them() {
        let environment = environment_of(&[("HOME", "/home/ada"), ("DATA", "/data"), ("EMPTY", "")]);
        for (value, expected) in [
            ("~/x", "/home/ada/x"),
            ("~", "/home/ada"),
            ("~bob/x", "~bob/x"),
            ("$DATA/hf", "/data/hf"),
            ("${DATA}/hf", "/data/hf"),
            ("$NOPE/hf", "$NOPE/hf"),
            ("${NOPE", "${NOPE"),
            ("a$EMPTY/b", "a/b"),
            ("$", "$"),
            ("x$$DATA", "x$/data"),
        ] {
            assert_eq!(environment.expand(value), PathBuf::from(expected), "{value}");
        }
    }

    #[test]
    fn switches_are_read_as_the_client_reads_them() {
        for (value, on) in [("1", true), ("true", true), ("Yes", true), ("ON", true), ("2", false), ("", false)] {
            assert_eq!(environment_of(&[("X", value)]).switch("X"), on, "{value}");
        }
    }
}
