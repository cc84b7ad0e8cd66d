//! What the failed command printed: read in bounded memory, searched in one pass for the checks' signs.

pub mod command;
pub mod event;
mod exception;
pub mod extract;
pub mod facts;
mod flood;
mod frame;
pub mod host;
mod line;
mod look;
mod prefilter;
mod reader;
pub mod reason;
mod sample;
mod scan;
mod tongue;
mod trigger;
mod utf16;
mod wording;

pub use facts::Facts;

use std::sync::Arc;

use crate::diagnosis::{Cause, Finding};
use crate::target::Target;
use crate::who::{Told, Who};

/// The search for signs, made ready.
#[derive(Debug, Clone)]
pub struct Search(Arc<trigger::Words>);

impl Search {
    /// Makes the search for every sign ready.
    pub fn new() -> Search {
        Search(Arc::new(trigger::Words::new()))
    }
}

impl Default for Search {
    fn default() -> Search {
        Search::new()
    }
}

/// A log, read.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Lines read.
    pub lines: u64,
    facts: Facts,
    findings: Vec<Finding>,
    target: Option<Target>,
    who: Who,
}

impl Log {
    /// Reads a log to its end in bounded memory and searches it for every sign. One search serves many logs.
    pub fn read(input: impl std::io::Read, search: &Search) -> std::io::Result<Log> {
        let mut scan = scan::Scan::new(Arc::clone(&search.0));
        let lines = reader::read(input, &mut scan)?;
        let conclusion = reason::conclude(&scan);
        let mut facts = std::mem::take(&mut scan.facts);
        if let Some(failure) = &conclusion.failure {
            facts.set_failure(failure);
        }
        let target = conclusion.target.or_else(|| scan.targets.pop_back().map(|(_, target)| target));
        let told = Told {
            command: facts.command.as_ref().map(|seen| seen.value.as_str()),
            host: facts.host.as_ref().map(|seen| seen.value.clone()),
            target: target.clone(),
            variables: facts.variables.iter().map(|(name, seen)| (name.clone(), seen.value.clone())).collect(),
        };
        let who = Who::of_log(&scan.sample.text(), told);
        Ok(Log { lines, facts, findings: conclusion.findings, target, who })
    }

    /// What failed to download, by the log's last failure.
    pub fn target(&self) -> Option<Target> {
        self.target.clone()
    }

    /// Who failed.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// What the log says beside its causes.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// A finding for each cause that the log names, with its lines as evidence.
    pub fn all_findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What the log shows of these causes: a finding for each that it names, with its lines as evidence.
    ///
    /// The one with [`Bearing::Failure`](crate::diagnosis::Bearing::Failure) is the log's last decisive error.
    pub fn findings(&self, causes: &[Cause]) -> Vec<Finding> {
        self.findings.iter().filter(|finding| causes.contains(&finding.cause)).cloned().collect()
    }
}
