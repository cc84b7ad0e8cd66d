//! Compares what the program said and did with what the scenario expects.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{Prepared, Run, leaks};
use crate::state::Token;

/// What hfdoctor should say and do. What is not given is not looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Exit code.
    pub exit: Option<i32>,
    /// `causes-found`, `healthy` or `inconclusive`.
    pub verdict: Option<String>,
    /// Where the target comes from: `argument`, `log` or `cache`; `none` when there is none.
    pub target_from: Option<String>,
    /// The first cause.
    pub first: Option<String>,
    /// Exactly these causes, in this order; an empty list for none.
    pub causes: Option<Vec<String>>,
    /// Causes that must not be named, neither as such nor as explained by another.
    pub not: Vec<String>,
    /// Certainty by cause.
    pub certainty: BTreeMap<String, String>,
    /// What a cause explains, at least.
    pub explains: BTreeMap<String, Vec<String>>,
    /// Texts of which each must occur in some note.
    pub notes: Vec<String>,
    /// Texts of which each must occur in some evidence's detail.
    pub evidence: Vec<String>,
    /// Ids of fixes that must be offered.
    pub fixes: Vec<String>,
    /// Texts of which each must occur in some fix's command.
    pub commands: Vec<String>,
    /// Status by check.
    pub checks: BTreeMap<String, String>,
    /// Texts that the human report contains.
    pub output: Vec<String>,
    /// Texts that the human report does not contain.
    pub output_not: Vec<String>,
    /// Texts that standard error contains, in both runs.
    pub stderr: Vec<String>,
    /// Most requests that the Hub and its CDN may receive.
    pub max_requests: Option<usize>,
    /// Exactly so many requests to a host in each run; a host that limits is asked once and never again.
    pub requests_to: BTreeMap<String, usize>,
    /// Exactly the hosts that received a token. Without this, it may be huggingface.co and hf.co.
    pub token_sent_to: Option<Vec<String>>,
    /// Exactly the targets that a proxy was asked for, in the order of their names.
    pub proxy_targets: Option<Vec<String>>,
    /// Files after the run.
    pub after: Vec<After>,
}

/// The state of one file after the run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// Where, relative to the home directory; placeholders allowed.
    pub path: String,
    /// Whether anything is there.
    #[serde(default = "crate::state::yes")]
    pub exists: bool,
    /// Its exact text; placeholders allowed.
    pub text: Option<String>,
    /// Its Unix mode.
    pub mode: Option<u32>,
}

impl Expect {
    /// The texts in which placeholders are filled.
    pub(crate) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let Expect { notes, evidence, commands, output, output_not, stderr, after, .. } = self;
        let after = after.iter_mut().flat_map(|after| std::iter::once(&mut after.path).chain(after.text.as_mut()));
        let lists = [notes, evidence, commands, output, output_not, stderr];
        lists.into_iter().flatten().chain(after)
    }
}

/// Collects differences.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn say(&mut self, text: impl Into<String>) {
        self.0.push(text.into());
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, wanted: &T, got: &T) {
        if wanted != got {
            self.say(format!("{what}: expected {wanted:?}, got {got:?}"));
        }
    }
}

impl Prepared {
    /// Differences between a run with `--json` and the expectation; none when all is well.
    pub fn judge_report(&self, run: &Run) -> Vec<String> {
        let mut differences = self.judge_run(run);
        let expect = &self.scenario.expect;
        match serde_json::from_str::<Value>(&run.stdout) {
            Err(error) => differences.say(format!("the report is not JSON: {error}")),
            Ok(report) => {
                compare(&report, expect, &mut differences);
                let received = self.hub.requests().len();
                if let Some(told) = report["network"]["requests"].as_u64()
                    && told < received as u64
                {
                    differences.say(format!("the report tells of {told} requests, the Hub received {received}"));
                }
            }
        }
        self.with_context(differences, run)
    }

    /// Differences between a run with the human report and the expectation.
    pub fn judge_text(&self, run: &Run) -> Vec<String> {
        let mut differences = self.judge_run(run);
        // Where a line is broken is a matter of its width.
        let flat = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in &self.scenario.expect.output {
            if !flat.contains(text) && !run.stdout.contains(text) {
                differences.say(format!("the report lacks {text:?}"));
            }
        }
        for text in &self.scenario.expect.output_not {
            if run.stdout.contains(text) {
                differences.say(format!("the report contains {text:?}"));
            }
        }
        self.with_context(differences, run)
    }

    /// What every run is judged by: exit code, secrets, requests, files.
    fn judge_run(&self, run: &Run) -> Differences {
        let mut differences = Differences::default();
        let expect = &self.scenario.expect;
        if let Some(exit) = expect.exit {
            differences.same("exit code", &Some(exit), &run.exit);
        }
        for text in &expect.stderr {
            if !run.stderr.contains(text) {
                differences.say(format!("standard error lacks {text:?}"));
            }
        }
        self.judge_secrets(run, &mut differences);
        self.judge_requests(&mut differences);
        for after in &expect.after {
            self.judge_file(after, &mut differences);
        }
        differences
    }

    /// Every secret of the scenario: the Hub's tokens, the canaries it invented, and what it lists.
    fn secrets(&self) -> Vec<(String, String)> {
        let hub = &self.hub.state().token;
        let tokens = hub.iter().map(|token| (format!("token {}", token.name), token.value()));
        let listed = self.scenario.secrets.iter().enumerate().map(|(at, text)| (format!("secret {at}"), text.clone()));
        let texts = [self.scenario.log.as_deref(), self.scenario.stdin.as_deref()].into_iter().flatten();
        let texts = texts.chain(self.scenario.environment.values().map(String::as_str));
        let texts = texts.chain(self.scenario.args.iter().map(String::as_str));
        let texts = texts.chain(self.scenario.file.iter().filter_map(|file| file.text.as_deref()));
        let mut canaries = BTreeSet::new();
        for text in texts {
            let names = text.split("{token:").skip(1).filter_map(|rest| rest.split_once('}'));
            canaries.extend(names.map(|(name, _)| name.to_owned()));
        }
        let canaries = canaries.into_iter().filter(|name| self.hub.state().token_named(name).is_none());
        let canaries = canaries.map(|name| (format!("token {name}"), Token::invented(&name)));
        tokens.chain(listed).chain(canaries).collect()
    }

    fn judge_secrets(&self, run: &Run, differences: &mut Differences) {
        let secrets = self.secrets();
        let mut look = |place: &str, text: &str| {
            for leak in leaks(secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())), text) {
                differences.say(format!("{place} shows {leak}"));
            }
        };
        look("standard output", &run.stdout);
        look("standard error", &run.stderr);
        // What the program wrote beside what it found: journals, quarantine notes. Token files may hold tokens.
        for path in self.new_files() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let (false, Ok(bytes)) = (matches!(name.as_str(), "token" | "stored_tokens"), fs::read(&path)) {
                let place = path.strip_prefix(self.home()).unwrap_or(&path).display().to_string();
                look(&place, &String::from_utf8_lossy(&bytes));
            }
        }
    }

    /// Files of at most a megabyte under the home that the scenario did not put there.
    pub fn new_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.home(), &mut found);
        found.retain(|path| !self.written.paths.contains(path));
        found
    }

    fn judge_requests(&self, differences: &mut Differences) {
        let expect = &self.scenario.expect;
        let requests = self.hub.requests();
        if let Some(most) = expect.max_requests
            && requests.len() > most
        {
            let list: Vec<String> =
                requests.iter().map(|r| format!("    {} {}{} -> {}", r.method, r.host, r.path, r.status)).collect();
            differences.say(format!("at most {most} requests, got {}:\n{}", requests.len(), list.join("\n")));
        }
        for (host, wanted) in &expect.requests_to {
            let got = requests.iter().filter(|request| request.host == *host).count();
            differences.same(&format!("requests to {host}"), wanted, &got);
        }
        // The Hub's own short-lived Xet tokens go where the Hub says.
        let with_token = requests.iter().filter(|r| r.token.as_ref().is_some_and(|token| !token.starts_with("xet:")));
        let hosts: BTreeSet<String> = with_token.map(|request| request.host.clone()).collect();
        match &expect.token_sent_to {
            Some(wanted) => differences.same("hosts that saw a token", &wanted.iter().cloned().collect(), &hosts),
            None => {
                for host in hosts.iter().filter(|host| !matches!(host.as_str(), "huggingface.co" | "hf.co")) {
                    differences.say(format!("a token was sent to {host}"));
                }
            }
        }
        if let (Some(wanted), Some(proxy)) = (&expect.proxy_targets, &self.proxy) {
            let targets: BTreeSet<String> = proxy.requests().into_iter().map(|request| request.target).collect();
            differences.same("targets asked of the proxy", &wanted.iter().cloned().collect(), &targets);
        }
    }

    fn judge_file(&self, after: &After, differences: &mut Differences) {
        let path = self.home().join(&after.path);
        let found = fs::symlink_metadata(&path);
        if found.is_ok() != after.exists {
            let words = if after.exists { "is missing" } else { "is still there" };
            return differences.say(format!("{} {words}", after.path));
        }
        if let Some(wanted) = &after.text {
            let got = fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
            if *wanted != got {
                // Not shown: it may be a token.
                differences.say(format!("{}: not the expected text ({} bytes)", after.path, got.len()));
            }
        }
        #[cfg(unix)]
        if let (Some(wanted), Ok(found)) = (after.mode, found) {
            use std::os::unix::fs::PermissionsExt;
            let got = found.permissions().mode() & 0o7777;
            if got != wanted {
                differences.say(format!("{}: expected mode {wanted:o}, got {got:o}", after.path));
            }
        }
    }

    /// Adds what helps to understand differences, where there are any.
    fn with_context(&self, mut differences: Differences, run: &Run) -> Vec<String> {
        if !differences.0.is_empty() && !run.stderr.trim().is_empty() {
            let clean = leaks(self.secrets().iter().map(|(a, b)| (a.as_str(), b.as_str())), &run.stderr).is_empty();
            let words: String = run.stderr.trim().chars().take(2000).collect();
            differences.say(if clean { format!("standard error: {words}") } else { "standard error: withheld".into() });
        }
        differences.0
    }
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => walk(&entry.path(), found),
            Ok(metadata) if metadata.is_file() && metadata.len() <= 1 << 20 => found.push(entry.path()),
            _ => {}
        }
    }
}

fn strings<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    list.as_array().into_iter().flatten().filter_map(|item| item[key].as_str()).collect()
}

/// Compares a report with what is expected of it.
fn compare(report: &Value, expect: &Expect, differences: &mut Differences) {
    let causes = strings(&report["causes"], "id");
    let cause = |id: &str| report["causes"].as_array().into_iter().flatten().find(|cause| cause["id"] == id);
    if let Some(verdict) = &expect.verdict {
        differences.same("verdict", &verdict.as_str(), &report["verdict"].as_str().unwrap_or_default());
    }
    if let Some(first) = &expect.first {
        differences.same("first cause", &Some(first.as_str()), &causes.first().copied());
    }
    if let Some(wanted) = &expect.target_from {
        differences.same("target", &wanted.as_str(), &report["target"]["from"].as_str().unwrap_or("none"));
    }
    if let Some(wanted) = &expect.causes {
        differences.same("causes", &wanted.iter().map(String::as_str).collect(), &causes);
    }
    let explained = |cause: &Value| -> Vec<String> {
        cause["explains"].as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
    };
    for id in &expect.not {
        if causes.contains(&id.as_str()) {
            differences.say(format!("{id} is named"));
        } else if report["causes"].as_array().into_iter().flatten().any(|cause| explained(cause).contains(id)) {
            differences.say(format!("{id} is named as explained"));
        }
    }
    for (id, wanted) in &expect.certainty {
        let got = cause(id).and_then(|cause| cause["certainty"].as_str());
        differences.same(&format!("certainty of {id}"), &Some(wanted.as_str()), &got);
    }
    for (id, wanted) in &expect.explains {
        let got = cause(id).map(explained).unwrap_or_default();
        for other in wanted.iter().filter(|other| !got.contains(other)) {
            differences.say(format!("{id} does not explain {other}"));
        }
    }
    for (name, wanted) in &expect.checks {
        let checks = report["checks"].as_array().into_iter().flatten();
        let got = checks.clone().find(|check| check["name"] == name.as_str());
        let status = got.and_then(|check| check["status"].as_str());
        differences.same(&format!("check {name}"), &Some(wanted.as_str()), &status);
    }
    let notes: Vec<String> = report["notes"].as_array().into_iter().flatten().map(ToString::to_string).collect();
    let each = |list: &str| -> Vec<Value> {
        let causes = report["causes"].as_array().into_iter().flatten();
        causes.flat_map(|cause| cause[list].as_array().cloned().unwrap_or_default()).collect()
    };
    let evidence: Vec<String> =
        each("evidence").iter().filter_map(|item| item["detail"].as_str().map(str::to_owned)).collect();
    let fixes = each("fixes");
    let commands: Vec<String> = fixes
        .iter()
        .flat_map(|fix| fix["commands"].as_array().cloned().unwrap_or_default())
        .filter_map(|command| command.as_str().map(str::to_owned))
        .collect();
    for (what, wanted, got) in [
        ("note", &expect.notes, &notes),
        ("evidence", &expect.evidence, &evidence),
        ("command", &expect.commands, &commands),
    ] {
        for text in wanted.iter().filter(|text| !got.iter().any(|got| got.contains(text.as_str()))) {
            differences.say(format!("no {what} with {text:?}, only {got:?}"));
        }
    }
    for id in expect.fixes.iter().filter(|id| !fixes.iter().any(|fix| fix["id"] == id.as_str())) {
        differences.say(format!("the fix {id} is not offered"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(expect: &str) -> Vec<String> {
        let report = serde_json::json!({
            "verdict": "causes-found",
            "causes": [
                {"id": "token-malformed", "certainty": "confirmed", "explains": ["token-invalid"],
                 "evidence": [{"detail": "ends in a space"}], "fixes": [{"id": "trim", "commands": ["hf auth login"]}]},
                {"id": "disk-full", "certainty": "possible", "explains": [], "evidence": [], "fixes": []},
            ],
            "notes": [{"id": "old-lock", "text": "nobody holds it"}],
            "checks": [{"name": "token", "status": "problem"}],
        });
        let mut found = Differences::default();
        compare(&report, &toml::from_str(expect).unwrap(), &mut found);
        found.0
    }

    #[test]
    fn a_report_that_fits() {
        let expect = r#"
            verdict = "causes-found"
            first = "token-malformed"
            causes = ["token-malformed", "disk-full"]
            not = ["gated-no-token"]
            certainty = {disk-full = "possible"}
            explains = {token-malformed = ["token-invalid"]}
            notes = ["old-lock"]
            evidence = ["a space"]
            fixes = ["trim"]
            commands = ["auth login"]
            checks = {token = "problem"}
        "#;
        assert_eq!(differences(expect), Vec::<String>::new());
    }

    #[test]
    fn each_difference_is_told() {
        for (expect, word) in [
            ("verdict = 'healthy'", "verdict"),
            ("first = 'disk-full'", "first cause"),
            ("causes = ['disk-full', 'token-malformed']", "causes"),
            ("not = ['token-invalid']", "as explained"),
            ("not = ['disk-full']", "is named"),
            ("certainty = {disk-full = 'likely'}", "certainty"),
            ("explains = {disk-full = ['dns-failure']}", "does not explain"),
            ("notes = ['nothing']", "no note"),
            ("commands = ['rm -rf']", "no command"),
            ("fixes = ['other']", "not offered"),
            ("checks = {disk = 'ok'}", "check disk"),
        ] {
            let found = differences(expect);
            assert!(found.len() == 1 && found[0].contains(word), "{expect}: {found:?}");
        }
    }
}
