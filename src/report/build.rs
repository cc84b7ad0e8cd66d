//! From a diagnosis to the report. Everything passes the redactor here, at one place.

use hfdoctor_checks::case::Case;
use hfdoctor_checks::diagnosis::Ranked;
use hfdoctor_checks::observe::{HostSeen, Network, Volumes};
use hfdoctor_checks::redact::Redactor;
use hfdoctor_checks::{Diagnosis, Outcome};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::model::{
    AppliedReport, CauseReport, CheckReport, EnvironmentReport, EvidenceReport, FixReport, HostReport, NetworkReport,
    PhasesReport, PlannedReport, Redacted, Report, SCHEMA_VERSION, TargetReport,
};

/// Builds the report and masks every text in it.
pub fn build(case: &Case, diagnosis: &Diagnosis, applied: Vec<AppliedReport>, plan: Vec<PlannedReport>) -> Report {
    let redactor = redactor(case);
    let report = Report {
        schema_version: SCHEMA_VERSION,
        hfdoctor: env!("CARGO_PKG_VERSION").to_owned(),
        created: created(case),
        verdict: diagnosis.verdict,
        target: case.target.as_ref().map(|target| TargetReport {
            repo_type: target.repo_type,
            repo_id: target.repo_id.clone(),
            revision: target.revision().to_owned(),
            file: target.file.clone(),
            from: target.from,
        }),
        causes: diagnosis.causes.iter().enumerate().map(|(place, r)| cause(&redactor, place + 1, r)).collect(),
        notes: diagnosis.notes.iter().map(|note| note.text.clone()).collect(),
        checks: diagnosis.outcomes.iter().map(check).collect(),
        environment: environment(case, diagnosis.volumes.as_ref()),
        network: network(&diagnosis.network),
        plan,
        fixes_applied: applied,
        then: None,
        redacted: Redacted::default(),
    };
    redact(&redactor, &report)
}

fn created(case: &Case) -> String {
    let now = OffsetDateTime::from(case.now);
    now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default()
}

fn cause(redactor: &Redactor, rank: usize, ranked: &Ranked) -> CauseReport {
    let finding = &ranked.finding;
    let row = finding.cause.row();
    CauseReport {
        rank,
        id: finding.cause,
        group: row.group,
        title: row.title.to_owned(),
        summary: finding.summary.clone(),
        certainty: finding.certainty,
        check: ranked.check.to_owned(),
        evidence: finding
            .evidence
            .iter()
            .map(|e| EvidenceReport { source: e.source, detail: e.detail.clone(), line: e.line })
            .collect(),
        explains: ranked.explains.clone(),
        fixes: finding
            .fixes
            .iter()
            .map(|fix| FixReport {
                id: fix.id.to_owned(),
                title: fix.title.clone(),
                risk: fix.risk,
                commands: fix.commands.iter().map(|command| redactor.command(command)).collect(),
                note: fix.note.clone(),
            })
            .collect(),
        documentation: row.documentation.to_owned(),
    }
}

fn check(outcome: &Outcome) -> CheckReport {
    CheckReport {
        name: outcome.name.to_owned(),
        status: outcome.status,
        because: outcome.because.clone(),
        seconds: (outcome.seconds * 1000.0).round() / 1000.0,
    }
}

/// Prefixes of the variables that steer downloads, beside the proxy and trust-store variables.
const PREFIXES: &[&str] = &["HF_", "HUGGING", "TRANSFORMERS_", "OLLAMA_", "LLAMA_"];
const NAMES: &[&str] = &[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "XDG_CACHE_HOME",
    "TMPDIR",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "MODEL_ENDPOINT",
];

fn environment(case: &Case, volumes: Option<&Volumes>) -> EnvironmentReport {
    let steers = |name: &str| {
        let upper = name.to_ascii_uppercase();
        PREFIXES.iter().any(|prefix| upper.starts_with(prefix)) || NAMES.contains(&upper.as_str())
    };
    // A variable that may hold a token is described, never shown: it need not look like a token to be one.
    let describe = |name: &str, value: String| match case.tokens.all().find(|t| t.place.is_variable(name)) {
        Some(source) => source.token.describe(),
        None if is_secret_name(name) => format!("{} bytes", value.len()),
        None => value,
    };
    let settings = &case.settings;
    let path = |path: &std::path::Path| path.display().to_string();
    EnvironmentReport {
        os: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        clients: case.clients.versions(),
        variables: case
            .environment
            .variables()
            .filter(|(name, _)| steers(name))
            .map(|(name, value)| (name.to_owned(), describe(name, value)))
            .collect(),
        paths: [
            ("home", path(&settings.home)),
            ("hub_cache", path(&settings.hub_cache)),
            ("xet_cache", path(&settings.xet_cache)),
            ("token", path(&settings.token_path)),
        ]
        .into_iter()
        .map(|(name, path)| (name.to_owned(), path))
        .collect(),
        free_bytes: volumes
            .into_iter()
            .flatten()
            .filter_map(|volume| Some((volume.purpose.words().replace(' ', "_").to_lowercase(), volume.free?)))
            .collect(),
    }
}

/// Names whose values are secrets whatever they look like.
fn is_secret_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let ends = ["TOKEN", "SECRET", "PASSWORD", "API_KEY", "_KEY"].iter().any(|end| upper.ends_with(end));
    ends && upper != "HF_HUB_DISABLE_IMPLICIT_TOKEN"
}

fn network(network: &Network) -> NetworkReport {
    let hosts = network.hosts.iter().map(|(name, seen)| (name.clone(), host(seen))).collect();
    NetworkReport { requests: network.requests, hosts }
}

fn host(seen: &HostSeen) -> HostReport {
    let tenths = |ms: Option<f64>| ms.map(|ms| (ms * 10.0).round() / 10.0);
    HostReport {
        addresses: seen.addresses.clone(),
        phases: PhasesReport {
            dns: tenths(seen.phases.dns),
            tcp: tenths(seen.phases.tcp),
            tls: tenths(seen.phases.tls),
            first_byte: tenths(seen.phases.first_byte),
        },
        proxy: seen.proxy.clone(),
        certificate_issuer: seen.certificate_issuer.clone(),
        status: seen.status,
        server: seen.server.clone(),
        milliseconds: tenths(seen.milliseconds),
        failure: seen.failure.clone(),
    }
}

/// The redactor that knows all that must not leave this machine.
fn redactor(case: &Case) -> Redactor {
    Redactor::new(case.tokens.all().map(|source| &source.token), case.environment.home.as_deref())
}

/// Passes every text of the report through the redactor, keys included, and counts.
fn redact(redactor: &Redactor, report: &Report) -> Report {
    let mut cleaned = masked(redactor, report);
    let counts = redactor.counts();
    cleaned.redacted = Redacted { tokens: counts.tokens, urls: counts.urls };
    cleaned
}

/// Masks every text of a part of a report that is shown by itself.
pub fn redacted<T: Serialize + DeserializeOwned>(case: &Case, part: &T) -> T {
    masked(&redactor(case), part)
}

fn masked<T: Serialize + DeserializeOwned>(redactor: &Redactor, part: &T) -> T {
    let mut value = serde_json::to_value(part).expect("a report has a JSON form");
    clean(redactor, &mut value);
    // Masking changes texts, never the form.
    serde_json::from_value(value).expect("a masked report has the report's form")
}

fn clean(redactor: &Redactor, value: &mut Value) {
    match value {
        Value::String(text) => *text = redactor.clean(text),
        Value::Array(items) => items.iter_mut().for_each(|item| clean(redactor, item)),
        Value::Object(entries) => {
            *entries = std::mem::take(entries)
                .into_iter()
                .map(|(key, mut entry)| {
                    clean(redactor, &mut entry);
                    (redactor.clean(&key), entry)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
