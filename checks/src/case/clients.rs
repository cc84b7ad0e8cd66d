//! The installed programs that download, found without starting them.
use super::environment::Environment;

/// Numbers of a version: major, minor, patch.
pub type Numbers = (u64, u64, u64);

/// The programs that download, and their versions.
#[derive(Debug, Clone, Default)]
pub struct Clients {
    /// Version of huggingface_hub in the environment that the person uses.
    pub hub: Option<Numbers>,
}

impl Clients {
    /// Looks for Python environments and programs.
    pub fn find(_environment: &Environment) -> Clients {
        Clients::default()
    }

    /// Whether huggingface_hub is installed and its version answers to `test`.
    pub fn hub_is(&self, test: impl Fn(Numbers) -> bool) -> bool {
        self.hub.is_some_and(test)
    }
}

impl Clients {
    /// Versions by name, for the report.
    pub fn versions(&self) -> std::collections::BTreeMap<String, String> {
        std::collections::BTreeMap::new()
    }

    /// The command that logs in.
    pub fn login_command(&self) -> String {
        self.auth_command("login")
    }

    /// A command of the installed client about tokens.
    pub fn auth_command(&self, rest: &str) -> String {
        format!("hf auth {rest}")
    }
}
