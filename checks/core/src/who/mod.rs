//! Who failed: the program, its system and shell, the place, the command, the host and the paths. Remedies are chosen by it.

mod command;
mod family;
mod system;

pub use command::{Asked, asked};
pub use family::{FAMILIES, Family};
pub use system::{Place, System};

use crate::target::Target;
use crate::text::shell::Shell;

/// How something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Known {
    /// Nobody said it: what is usual.
    Assumed,
    /// It is what is installed on this machine.
    Installed,
    /// The log shows it.
    Log,
}

/// Who failed.
#[derive(Debug, Clone)]
pub struct Who {
    /// The family of the program.
    pub family: Family,
    /// How the family is known.
    pub family_known: Known,
    /// The operating system.
    pub system: System,
    /// How the system is known.
    pub system_known: Known,
    /// The shell that commands are written for.
    pub shell: Shell,
    /// Where it ran.
    pub place: Place,
    /// What the command asked for, by its options.
    pub asked: Asked,
    /// The host of the failure.
    pub host: Option<String>,
    /// What failed to download.
    pub target: Option<Target>,
    /// Variables that the log sets or shows.
    pub variables: Vec<(String, String)>,
    /// A folder that the log names as the place of the download.
    pub folder: Option<String>,
    /// What the log says of the version of huggingface_hub.
    pub hub_version: Option<(u64, u64, u64)>,
    /// A home directory that the log names.
    pub home: Option<String>,
    /// What shows that the log is of another machine: its system, or a home directory.
    pub elsewhere: Option<String>,
}

/// What was read from a log beside its text.
#[derive(Debug, Clone, Default)]
pub struct Told<'a> {
    /// The last command that began a run.
    pub command: Option<&'a str>,
    /// The host of the failure.
    pub host: Option<String>,
    /// What failed to download.
    pub target: Option<Target>,
    /// Variables that it sets or shows.
    pub variables: Vec<(String, String)>,
}

impl Who {
    /// Nobody in particular: Python's client on a system.
    pub fn assumed(system: System) -> Who {
        Who {
            family: Family::Python,
            family_known: Known::Assumed,
            system,
            system_known: Known::Assumed,
            shell: system.shell(),
            place: Place::Machine,
            asked: Asked::default(),
            host: None,
            target: None,
            variables: Vec::new(),
            folder: None,
            hub_version: None,
            home: None,
            elsewhere: None,
        }
    }

    /// What a log's text shows, and what was read from it.
    pub fn of_log(text: &str, told: Told<'_>) -> Who {
        let command = told.command;
        let (family, family_known) = family::family(text, command);
        let (system, system_known) = system::system(text);
        Who {
            family,
            family_known,
            system,
            system_known,
            shell: system::shell(system, text),
            place: system::place(text),
            asked: asked(text, command),
            host: told.host,
            target: told.target,
            variables: told.variables,
            folder: system::folder(text),
            hub_version: family::hub_version(text),
            home: system::home(text),
            elsewhere: None,
        }
    }

    /// Whether it is Python's client or something on top of it.
    pub fn is_python(&self) -> bool {
        self.family == Family::Python
    }

    /// The value of a variable that the log sets or shows.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Default for Who {
    fn default() -> Who {
        Who::assumed(System::Unknown)
    }
}
