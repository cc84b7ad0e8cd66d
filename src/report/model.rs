//! The report's types, which are also its JSON and its schema. Ids, keys and enumerations are stable in version 1.

use std::collections::BTreeMap;

use hfdoctor_checks::{Status, Verdict};
use hfdoctor_core::diagnosis::{Cause, Certainty, Group, Relation, Risk, Source};
use hfdoctor_core::target::{From, RepoType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fix::{Place, PlannedFix, StepText};

/// The version of the report's form.
pub const SCHEMA_VERSION: u32 = 1;

/// The whole report. `causes[0]` is the answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Version of the form: 1.
    pub schema_version: u32,
    /// Version of the program.
    pub hfdoctor: String,
    /// When the examination began, RFC 3339 in UTC.
    pub created: String,
    /// The answer in one word.
    pub verdict: Verdict,
    /// What failed to download, where that is known.
    pub target: Option<TargetReport>,
    /// The causes, most likely first.
    pub causes: Vec<CauseReport>,
    /// Harmless oddities worth knowing.
    pub notes: Vec<String>,
    /// Every check and how it ended.
    pub checks: Vec<CheckReport>,
    /// The machine.
    pub environment: EnvironmentReport,
    /// The requests that were sent and the hosts that were met.
    pub network: NetworkReport,
    /// What `--fix --dry-run` would do; empty without it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub plan: Vec<PlannedReport>,
    /// What `--fix` did; empty without it.
    pub fixes_applied: Vec<AppliedReport>,
    /// What to type next in the shell that is open, after `--fix`: one line that can be pasted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub then: Option<String>,
    /// How much was masked.
    pub redacted: Redacted,
}

/// What failed to download.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TargetReport {
    /// Model, dataset, Space or kernel.
    pub repo_type: RepoType,
    /// The repository's id.
    pub repo_id: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// One file, where one was named.
    pub file: Option<String>,
    /// How the target became known.
    pub from: From,
}

/// A cause.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CauseReport {
    /// Place in the ranking, from 1.
    pub rank: usize,
    /// Its stable id.
    pub id: Cause,
    /// Its group.
    pub group: Group,
    /// What it is in general.
    pub title: String,
    /// What it is here, in one sentence.
    pub summary: String,
    /// How well it is proven.
    pub certainty: Certainty,
    /// The check that found it.
    pub check: String,
    /// What shows it.
    pub evidence: Vec<EvidenceReport>,
    /// Causes that were found too and that this one explains.
    pub explains: Vec<Cause>,
    /// What mends it, the best first.
    pub fixes: Vec<FixReport>,
    /// The official documentation's page.
    pub documentation: String,
}

/// One thing that was seen.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceReport {
    /// Where.
    pub source: Source,
    /// What.
    pub detail: String,
    /// The line of the log, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u64>,
}

/// A way to mend a cause.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FixReport {
    /// Its stable id.
    pub id: String,
    /// What it does.
    pub title: String,
    /// Whether `--fix` may apply it.
    pub risk: Risk,
    /// What a person would type.
    pub commands: Vec<String>,
    /// What else to know.
    pub note: Option<String>,
    /// Whether it is another way than the fix before it, or a further step.
    #[serde(default)]
    pub relation: Relation,
}

/// A check.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// Why.
    pub because: String,
    /// Seconds until all that it looks at was seen.
    pub seconds: f64,
}

/// The machine.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentReport {
    /// The operating system.
    pub os: String,
    /// The processor architecture.
    pub architecture: String,
    /// Client libraries and programs with their versions.
    pub clients: BTreeMap<String, String>,
    /// Variables that steer downloads, masked.
    pub variables: BTreeMap<String, String>,
    /// Folders that downloads use.
    pub paths: BTreeMap<String, String>,
    /// Free bytes by folder.
    pub free_bytes: BTreeMap<String, u64>,
}

/// Requests and hosts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NetworkReport {
    /// Requests that were sent.
    pub requests: u32,
    /// By host.
    pub hosts: BTreeMap<String, HostReport>,
}

/// What was met on one host.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct HostReport {
    /// The addresses that its name resolves to.
    pub addresses: Vec<String>,
    /// Milliseconds of each phase of the way there.
    pub phases: PhasesReport,
    /// The proxy that requests go through, without credentials.
    pub proxy: Option<String>,
    /// Who signed its certificate.
    pub certificate_issuer: Option<String>,
    /// The last HTTP status.
    pub status: Option<u16>,
    /// The server's software, by its own word.
    pub server: Option<String>,
    /// Milliseconds from sending the first request to its answer.
    pub milliseconds: Option<f64>,
    /// Why there was no answer.
    pub failure: Option<String>,
}

/// Milliseconds of the phases of one connection; null for a phase that was not reached.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
pub struct PhasesReport {
    /// The name lookup.
    pub dns: Option<f64>,
    /// The TCP connection, to the host or to the proxy.
    pub tcp: Option<f64>,
    /// The TLS handshake.
    pub tls: Option<f64>,
    /// From a request on a standing connection to its answer's first byte.
    pub first_byte: Option<f64>,
}

/// What `--fix` would do about one fix.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlannedReport {
    /// The fix's id.
    pub id: String,
    /// What it does.
    pub title: String,
    /// Whether it may be applied without a person.
    pub risk: Risk,
    /// The causes that it mends.
    pub causes: Vec<Cause>,
    /// The finding that it mends, in one sentence.
    #[serde(default)]
    pub mends: String,
    /// Whether it would be applied.
    pub applied: bool,
    /// Why it would not be applied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub because: Option<String>,
    /// What happens, in order.
    pub steps: Vec<StepReport>,
    /// What a person would type instead.
    pub commands: Vec<String>,
    /// What else to know.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

/// One step of a fix.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepReport {
    /// What happens.
    pub what: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// Why nothing is lost.
    pub why_safe: String,
    /// How it is taken back.
    pub undone: String,
}

impl PlannedReport {
    /// From the engine's plan.
    pub fn of(fix: &PlannedFix) -> PlannedReport {
        let because = match &fix.place {
            Place::Apply => None,
            Place::Instead { of } => Some(format!("tried only if `{of}` is declined or fails")),
            Place::Manual => Some("only a person can do it".to_owned()),
            Place::LeftOut { because } => Some(because.clone()),
        };
        let step = |step: &StepText| StepReport {
            what: step.what.clone(),
            place: step.place.clone(),
            why_safe: step.why_safe.clone(),
            undone: step.undone.clone(),
        };
        PlannedReport {
            id: fix.id.to_owned(),
            title: fix.title.clone(),
            risk: fix.risk,
            causes: fix.causes.clone(),
            mends: fix.mends.clone(),
            applied: fix.place == Place::Apply,
            because,
            steps: fix.steps.iter().map(step).collect(),
            commands: fix.commands.clone(),
            note: fix.note.clone(),
        }
    }
}

/// What `--fix` did about one fix.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AppliedReport {
    /// The fix's id.
    pub id: String,
    /// What it does, in the imperative.
    pub title: String,
    /// How it ended.
    pub outcome: AppliedOutcome,
    /// Why it was left out or failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub because: Option<String>,
    /// The command that takes it back.
    pub undo: Option<String>,
    /// What the shell that is open needs, one command each, for it to have what new shells have.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub in_this_shell: Vec<String>,
}

/// How a fix ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AppliedOutcome {
    /// Applied, and the cause is gone.
    Verified,
    /// Applied; whether the cause is gone, only the download itself will show.
    Applied,
    /// Applied, and the cause is still there.
    AppliedStillFailing,
    /// Not applied.
    Skipped,
    /// It could not be applied.
    Failed,
}

/// How much was masked.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
pub struct Redacted {
    /// Tokens, keys and passwords.
    pub tokens: u64,
    /// URLs with secrets in them.
    pub urls: u64,
}

impl Report {
    /// The JSON Schema, from the types.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Report).to_value()
    }
}
