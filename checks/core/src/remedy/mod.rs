//! What mends each cause, for whom: a table of causes by families of programs, one file a family.
//!
//! A family's file answers for the causes that its program is mended of in a way of its own. What it leaves out falls to
//! [`machine`], which holds what is true of every program: names, clocks, certificates, disks. No family is ever given
//! another one's command.

mod command_line;
mod desktop;
mod git;
mod languages;
mod llama_cpp;
mod machine;
mod node;
mod ollama;
mod python;
mod rust;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::diagnosis::{Cause, Fix};
use crate::who::{Family, Who};

/// What this machine offers to remedies. On a page, or for a log of another machine, that is nothing.
#[derive(Debug, Clone, Default)]
pub struct Here {
    /// The version of huggingface_hub that is installed.
    pub hub: Option<(u64, u64, u64)>,
    /// Whether its program is `huggingface-cli`.
    pub old_program: bool,
    /// The command that brings huggingface_hub up to date; today's where none is installed.
    pub upgrade: Option<String>,
    /// The client's token file.
    pub token_path: Option<PathBuf>,
    /// The cache of repositories.
    pub hub_cache: Option<PathBuf>,
    /// Variables that are set here, with their values.
    pub variables: BTreeMap<String, String>,
    /// The bundle of certificates that this system has.
    pub bundle: Option<String>,
}

/// A failure that is to be mended.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// Who failed.
    pub who: &'a Who,
    /// What this machine offers.
    pub here: &'a Here,
    /// What the evidence says, in lower case: some causes are mended by its words.
    pub said: &'a str,
}

/// The remedies of a cause for who failed, the best first.
pub fn remedies(cause: Cause, failure: &Failure) -> Vec<Fix> {
    let own = match failure.who.family {
        Family::Python => Some(python::remedies(cause, failure)),
        Family::Ollama => ollama::remedies(cause, failure),
        Family::LlamaCpp => llama_cpp::remedies(cause, failure),
        Family::Desktop => desktop::remedies(cause, failure),
        Family::Rust => rust::remedies(cause, failure),
        Family::Node => node::remedies(cause, failure),
        Family::Git => git::remedies(cause, failure),
        Family::Curl | Family::Wget | Family::Aria2 | Family::PowerShell => command_line::remedies(cause, failure),
        Family::Browser | Family::Go | Family::Java | Family::DotNet | Family::Swift => {
            languages::remedies(cause, failure)
        }
        Family::Other => None,
    };
    own.filter(|fixes| !fixes.is_empty()).unwrap_or_else(|| machine::remedies(cause, failure))
}

#[cfg(test)]
mod tests;
