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
