//! From a diagnosis to the report. Everything passes the redactor here, at one place.

use hfdoctor_checks::case::Case;
use hfdoctor_checks::observe::{HostSeen, Network, Volumes};
use hfdoctor_checks::{Diagnosis, Outcome};
use hfdoctor_core::diagnosis::Ranked;
use hfdoctor_core::redact::Redactor;
use hfdoctor_core::variable;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::clean::Clean;
use super::model::{
    AppliedReport, CauseReport, CheckReport, EnvironmentReport, EvidenceReport, FixReport, HostReport, NetworkReport,
    PhasesReport, PlannedReport, Redacted, Report, SCHEMA_VERSION, TargetReport,
};

/// Builds the report and masks every text in it.
pub fn build(case: &Case, diagnosis: &Diagnosis, applied: Vec<AppliedReport>, plan: Vec<PlannedReport>) -> Report {
    let redactor = case.redactor();
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
    redact(&redactor, report)
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
                relation: fix.relation,
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

fn environment(case: &Case, volumes: Option<&Volumes>) -> EnvironmentReport {
    // A variable that may hold a token is described, never shown: it need not look like a token to be one.
    let shown = |name: &str, value: &str| match case.tokens.all().find(|t| t.place.is_variable(name)) {
        Some(source) => source.token.describe(),
        None => variable::shown(name, value),
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
            .filter(|(name, _)| variable::steers(name))
            .map(|(name, value)| (name.to_owned(), shown(name, &value)))
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

/// Passes every text of the report through the redactor, and counts.
fn redact(redactor: &Redactor, mut report: Report) -> Report {
    report.clean(redactor);
    let counts = redactor.counts();
    report.redacted = Redacted { tokens: counts.tokens, urls: counts.urls };
    report
}

/// A part of a report that is shown by itself, with every text of it masked.
pub fn redacted<T: Clean + Clone>(case: &Case, part: &T) -> T {
    let mut part = part.clone();
    part.clean(&case.redactor());
    part
}
