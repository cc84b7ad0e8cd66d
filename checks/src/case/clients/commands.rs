//! The commands that exist in the installed client, for remedies.

use std::path::Path;

use super::{Clients, EnvironmentKind, PythonEnvironment};

impl Clients {
    /// Whether the client's program is `huggingface-cli`: before 0.34 there was no `hf`, since 1.0 there is no other.
    pub fn has_old_program(&self) -> bool {
        if self.has_hf {
            return false;
        }
        match self.hub {
            Some(version) => version < (0, 34, 0),
            None => false,
        }
    }

    /// The command that asks for a token and saves it; today's when no client was found.
    pub fn login_command(&self) -> &'static str {
        if self.has_old_program() { "huggingface-cli login" } else { "hf auth login" }
    }

    /// A command about saved tokens, such as `switch`: `hf auth` came with 0.34, `huggingface-cli auth` with 0.26.
    pub fn auth_command(&self, rest: &str) -> String {
        let program = if self.has_old_program() { "huggingface-cli" } else { "hf" };
        format!("{program} auth {rest}")
    }

    /// The command that downloads, to which the repository is appended; today's when no client was found.
    pub fn download_command(&self) -> &'static str {
        // `huggingface-cli download` came with 0.17.
        if self.has_old_program() { "huggingface-cli download" } else { "hf download" }
    }

    /// The command that brings huggingface_hub to its newest version that the other packages there allow.
    pub fn upgrade_command(&self) -> String {
        let package = match self.pins.iter().filter_map(super::Pin::below).min() {
            Some((major, 0, 0)) => format!("\"huggingface_hub<{major}\""),
            Some((major, minor, patch)) => format!("\"huggingface_hub<{major}.{minor}.{patch}\""),
            None => "huggingface_hub".to_owned(),
        };
        let Some(environment) = self.active() else { return format!("pip install -U {package}") };
        let tool = || environment.root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        match environment.kind {
            EnvironmentKind::Pipx => format!("pipx upgrade {}", tool()),
            EnvironmentKind::UvTool => format!("uv tool upgrade {}", tool()),
            EnvironmentKind::Homebrew => "brew upgrade hf".to_owned(),
            // `hf update` came with 1.13.
            EnvironmentKind::Installer if self.hub_is(|v| v >= (1, 13, 0)) => "hf update".to_owned(),
            EnvironmentKind::Installer => "curl -LsSf https://hf.co/cli/install.sh | bash".to_owned(),
            _ => self.install_command(&package),
        }
    }

    /// The command that installs a package, or its newest version, beside huggingface_hub.
    pub fn install_command(&self, package: &str) -> String {
        let Some(environment) = self.active() else { return format!("pip install -U {package}") };
        let python = || quoted(&environment.python());
        let tool = || environment.root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        match environment.kind {
            EnvironmentKind::Pipx => format!("pipx inject {} {package}", tool()),
            EnvironmentKind::UvTool => format!("uv tool install {} --with {package}", tool()),
            EnvironmentKind::Uv => format!("uv pip install --python {} -U {package}", python()),
            EnvironmentKind::Conda if environment.from_conda => {
                let word = if package == "huggingface_hub" { "update" } else { "install" };
                format!("conda {word} -p {} -c conda-forge {package}", quoted(&environment.root))
            }
            EnvironmentKind::User => format!("{} -m pip install --user -U {package}", self.python()),
            EnvironmentKind::System if environment.externally_managed => {
                format!("{} -m venv .venv && .venv/bin/pip install -U {package}", self.python())
            }
            EnvironmentKind::System | EnvironmentKind::PythonPath => {
                format!("{} -m pip install -U {package}", self.python())
            }
            EnvironmentKind::Venv | EnvironmentKind::Conda | EnvironmentKind::Homebrew | EnvironmentKind::Installer => {
                format!("{} -m pip install -U {package}", python())
            }
        }
    }

    fn python(&self) -> &'static str {
        if self.program("python3").is_none() && self.program("python").is_some() { "python" } else { "python3" }
    }
}

impl PythonEnvironment {
    /// Where its interpreter lies.
    fn python(&self) -> std::path::PathBuf {
        if cfg!(windows) {
            let in_venv = self.root.join("Scripts").join("python.exe");
            if in_venv.is_file() { in_venv } else { self.root.join("python.exe") }
        } else {
            self.root.join("bin").join("python")
        }
    }
}

/// A path that a shell takes as one word.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/\\:._-+~@".contains(c);
    if text.chars().all(plain) {
        text.into_owned()
    } else if cfg!(windows) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
