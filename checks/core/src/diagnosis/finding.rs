//! What a check concludes to: a cause, how sure that is, what shows it and what mends it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::fix::Fix;

/// How well a cause is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// A contributing condition: it fits, and nothing excludes it.
    Possible,
    /// Strong but indirect.
    Likely,
    /// A control experiment separates it, or the system or the Hub says it in so many words.
    Confirmed,
}

/// What a finding has to do with the failure that the person had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bearing {
    /// A condition on the machine that may matter but is not what failed.
    Condition,
    /// A trace that an earlier failure left behind.
    Trace,
    /// An error of the log that is not its last decisive one, or a live fault beside the one asked about.
    Beside,
    /// The failure itself: the log's last decisive error, or what the live examination of the target shows.
    Failure,
}

/// Where a piece of evidence was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The output of the failed command.
    Log,
    /// A connection made by hfdoctor.
    Network,
    /// An answer of the Hub.
    Hub,
    /// The file system.
    Disk,
    /// Variables and settings.
    Environment,
    /// The installed client programs.
    Client,
}

/// One thing that was seen. The text is not redacted yet: the report does that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where it was seen.
    pub source: Source,
    /// What was seen, in one sentence or one quoted line.
    pub detail: String,
    /// The line of the log, from 1.
    pub line: Option<u64>,
}

impl Evidence {
    /// Evidence from anywhere but the log.
    pub fn new(source: Source, detail: impl Into<String>) -> Evidence {
        Evidence { source, detail: detail.into(), line: None }
    }

    /// A line of the log, numbered from 1.
    pub fn line(line: u64, detail: impl Into<String>) -> Evidence {
        Evidence { source: Source::Log, detail: detail.into(), line: Some(line) }
    }
}

/// A cause that a check has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which cause.
    pub cause: Cause,
    /// How well it is proven.
    pub certainty: Certainty,
    /// What it has to do with the failure.
    pub bearing: Bearing,
    /// One sentence that says what is wrong, with the person's own names in it.
    pub summary: String,
    /// What shows it, the most telling first.
    pub evidence: Vec<Evidence>,
    /// What mends it, the best first.
    pub fixes: Vec<Fix>,
}

impl Finding {
    /// A finding that explains the failure, without evidence or fixes yet.
    pub fn new(cause: Cause, certainty: Certainty, summary: impl Into<String>) -> Finding {
        Finding {
            cause,
            certainty,
            bearing: Bearing::Failure,
            summary: summary.into(),
            evidence: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// The same with another bearing.
    #[must_use]
    pub fn bearing(mut self, bearing: Bearing) -> Finding {
        self.bearing = bearing;
        self
    }

    /// Adds evidence.
    #[must_use]
    pub fn saw(mut self, source: Source, detail: impl Into<String>) -> Finding {
        self.evidence.push(Evidence::new(source, detail));
        self
    }

    /// Adds evidence that is already made.
    #[must_use]
    pub fn with_evidence(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Finding {
        self.evidence.extend(evidence);
        self
    }

    /// Adds a fix.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Finding {
        self.fixes.push(fix);
        self
    }

    /// Adds fixes.
    #[must_use]
    pub fn with_fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Finding {
        self.fixes.extend(fixes);
        self
    }
}

/// A harmless oddity worth knowing: never a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The check that made it.
    pub check: &'static str,
    /// What is worth knowing, in one sentence.
    pub text: String,
}
