//! What mends a cause: declarative actions that one engine plans, applies and undoes.
//!
//! A check only describes a fix. Nothing in this crate changes anything.

use std::path::PathBuf;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a fix may be trusted to be wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Loses nothing and can be undone: `--fix --yes` applies it.
    Safe,
    /// Changes what the person may have set on purpose: applied after a yes.
    Ask,
    /// Only a person can do it: printed, never applied.
    Manual,
}

/// One change of the world, described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum Action {
    /// Set a variable for future shells. Never a token's value.
    SetVariable {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
    },
    /// Unset a variable for future shells.
    UnsetVariable {
        /// The variable.
        name: String,
    },
    /// Rewrite the token file without the bytes that do not belong to a token.
    CleanToken {
        /// The client's token file.
        path: PathBuf,
    },
    /// Rewrite the one line of a small file that assigns a token to a variable, without the bytes that do not belong
    /// to a token. The token's text stays out of the action.
    CleanAssignment {
        /// The file: a shell's start-up file or a `.env`; none for the one of them that sets the variable.
        path: Option<PathBuf>,
        /// The variable.
        name: String,
    },
    /// Take from group and others every right to a file that holds a token.
    KeepPrivate {
        /// The file.
        path: PathBuf,
    },
    /// Ask for a token and store it where the client looks.
    StoreToken {
        /// The client's token file.
        path: PathBuf,
    },
    /// Replace one exact text in a small file.
    EditFile {
        /// The file.
        path: PathBuf,
        /// The text that stands there once.
        from: String,
        /// What it becomes.
        to: String,
    },
    /// Move paths below a cache root to the quarantine of their volume.
    Quarantine {
        /// The cache root that they lie in.
        root: PathBuf,
        /// What is moved.
        paths: Vec<PathBuf>,
    },
    /// Delete unfinished downloads below a cache root for good, because a full volume has no room for them. Only what
    /// its name shows to be unfinished and what nobody holds is deleted; it cannot be taken back.
    Discard {
        /// The cache root that they lie in.
        root: PathBuf,
        /// What is deleted.
        paths: Vec<PathBuf>,
    },
    /// Give the owner the right to read and write paths of their own.
    GrantOwner {
        /// The cache root that they lie in.
        root: PathBuf,
        /// What is changed.
        paths: Vec<PathBuf>,
    },
    /// Run a command of an installed client.
    Run {
        /// Program and arguments.
        command: Vec<String>,
    },
    /// Open a page for the person.
    OpenPage {
        /// Its address.
        url: String,
    },
    /// Wait until a time.
    WaitUntil {
        /// The time.
        #[serde(with = "unix_seconds")]
        time: SystemTime,
    },
}

/// How a fix relates to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Another way: one of the two is enough.
    #[default]
    Or,
    /// A further step: it is needed as well.
    Step,
}

/// A way to mend a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Stable id, such as `token-strip`.
    pub id: &'static str,
    /// What it does, in the imperative.
    pub title: String,
    /// Whether it may be applied without a person.
    pub risk: Risk,
    /// What the engine does; empty when only a person can do it.
    pub actions: Vec<Action>,
    /// What a person would type instead, one command a line.
    pub commands: Vec<String>,
    /// What else to know.
    pub note: Option<String>,
    /// How it relates to the fix before it.
    pub relation: Relation,
}

impl Fix {
    /// A fix that only a person can do.
    pub fn manual(id: &'static str, title: impl Into<String>) -> Fix {
        Fix::automatic(id, Risk::Manual, title, Vec::new())
    }

    /// A fix that the engine can apply.
    pub fn automatic(id: &'static str, risk: Risk, title: impl Into<String>, actions: Vec<Action>) -> Fix {
        Fix { id, title: title.into(), risk, actions, commands: Vec::new(), note: None, relation: Relation::Or }
    }

    /// Adds a command that a person would type.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Fix {
        self.commands.push(command.into());
        self
    }

    /// A further step after the fix before it, and no other way.
    #[must_use]
    pub fn step(mut self) -> Fix {
        self.relation = Relation::Step;
        self
    }

    /// Adds what else to know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Fix {
        self.note = Some(note.into());
        self
    }
}

/// A time as whole seconds since 1970, so that a journal stays readable.
mod unix_seconds {
    use std::time::{Duration, SystemTime};

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &SystemTime, out: S) -> Result<S::Ok, S::Error> {
        let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        out.serialize_u64(seconds)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<SystemTime, D::Error> {
        let seconds = u64::deserialize(input)?;
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_secs(seconds))
            .ok_or_else(|| serde::de::Error::custom("a time that this system cannot hold"))
    }
}
