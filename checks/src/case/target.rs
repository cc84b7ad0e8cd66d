//! What failed to download, from what people have at hand.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepoType {
    /// A model.
    Model,
    /// A dataset.
    Dataset,
    /// A Space.
    Space,
    /// A kernel (huggingface_hub since 1.10).
    Kernel,
}

impl RepoType {
    /// The word in `/api/…` and in cache folders: `models`, `datasets`, `spaces`, `kernels`.
    pub fn plural(self) -> &'static str {
        match self {
            RepoType::Model => "models",
            RepoType::Dataset => "datasets",
            RepoType::Space => "spaces",
            RepoType::Kernel => "kernels",
        }
    }

    /// The word in messages and in `--repo-type`.
    pub fn word(self) -> &'static str {
        match self {
            RepoType::Model => "model",
            RepoType::Dataset => "dataset",
            RepoType::Space => "space",
            RepoType::Kernel => "kernel",
        }
    }

    /// What stands before the id in URLs: nothing for models, else `datasets/` and so on.
    pub fn prefix(self) -> &'static str {
        match self {
            RepoType::Model => "",
            RepoType::Dataset => "datasets/",
            RepoType::Space => "spaces/",
            RepoType::Kernel => "kernels/",
        }
    }
}

/// How the target became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum From {
    /// From the command line.
    Argument,
    /// From the failed command's output.
    Log,
    /// From what the failure left on disk.
    Cache,
}

/// What failed to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Model, dataset, Space or kernel.
    pub repo_type: RepoType,
    /// `name` or `namespace/name`, as given; it may be malformed, which [`Target::problem`] tells.
    pub repo_id: String,
    /// Branch, tag or commit; none for `main`.
    pub revision: Option<String>,
    /// Path of one file in the repository.
    pub file: Option<String>,
    /// How it became known.
    pub from: From,
}

impl Target {
    /// Revision or `main`.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }
}
