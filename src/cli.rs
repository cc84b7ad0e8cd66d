//! The command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use hfdoctor_checks::CHECKS;
use hfdoctor_checks::case::ConnectTo;
use hfdoctor_core::target::{RepoType, Target};
use hfdoctor_core::text::shell::quoted;

/// Says why a Hugging Face download failed, most likely cause first, and mends it.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 nothing wrong found, 1 causes found, 2 wrong usage, 3 the examination could not look.\n\
                  Nothing is sent anywhere but to the Hub, the hosts it names and a neutral control host."
)]
pub struct Arguments {
    /// What to do instead of examining.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The examination.
    #[command(flatten)]
    pub examination: Examination,
    /// What becomes of what it finds.
    #[command(flatten)]
    pub mending: Mending,
}

/// Whether what is found is mended.
#[derive(Debug, Args)]
pub struct Mending {
    /// Mend what can be mended here: show the plan, ask, apply, examine again
    #[arg(long)]
    pub fix: bool,
    /// Apply without asking; what only a person can do is still left to a person
    #[arg(long, requires = "fix")]
    pub yes: bool,
    /// Stop after the plan
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
    /// How often the Hub is asked whether a person has done what a page is open for
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, hide = true, overrides_with = "poll")]
    pub poll: std::time::Duration,
}

/// What to examine and how to say it.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Examination {
    /// What failed to download: org/name, datasets/org/name, org/name@revision, a page or file URL, hf://...
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Read the failed command's output from a file, or from standard input with `-`
    #[arg(long, value_name = "FILE|-")]
    pub log: Option<PathBuf>,
    /// The repository's type, where TARGET does not say it
    #[arg(long, value_enum, value_name = "TYPE")]
    pub repo_type: Option<RepoTypeWord>,
    /// Branch, tag or commit, where TARGET does not say it
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// One file of the repository, where TARGET does not say it
    #[arg(long, value_name = "PATH")]
    pub file: Option<String>,
    /// The report as JSON; the same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Send nothing: judge by the log, the settings and the disk
    #[arg(long)]
    pub offline: bool,
    /// End the examination after so many seconds, with what is known by then
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub timeout: std::time::Duration,
    /// Run only this check; may be given more than once
    #[arg(long = "check", value_name = "NAME", value_parser = check_name)]
    pub check: Vec<String>,
    /// Leave this check out; may be given more than once
    #[arg(long = "skip", value_name = "NAME", value_parser = check_name)]
    pub skip: Vec<String>,
    /// Hash the cached files and compare them with their names
    #[arg(long)]
    pub verify: bool,
    /// When a request limit is reached, wait until it has reset and exit with 0
    #[arg(long)]
    pub wait: bool,
    /// The longest that --wait waits, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "900", value_parser = seconds_to_wait, requires = "wait")]
    pub max_wait: std::time::Duration,
    /// Send the token also to the server that HF_ENDPOINT names
    #[arg(long)]
    pub trust_endpoint: bool,
    /// Connections to HOST:PORT go to ADDRESS:PORT, as in curl
    #[arg(long, value_name = "HOST:PORT:ADDRESS:PORT", hide = true)]
    pub connect_to: Vec<ConnectTo>,
    /// Show every check and all evidence
    #[arg(long, short)]
    pub verbose: bool,
    /// When to colour the report
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// What to do instead of examining.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a download; when it fails, diagnose it with what it printed
    Run(Box<Run>),
    /// Take back what a --fix did
    Undo(Undo),
    /// Say what a cause means, how it shows and what mends it
    Explain {
        /// A cause's id, such as token-scope; all causes when left out
        cause: Option<String>,
    },
    /// List the checks and what each looks at
    Checks,
    /// Print the JSON Schema of the report
    Schema,
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// What to take back.
#[derive(Debug, Args)]
pub struct Undo {
    /// The run, as --list names it; the last one when left out
    pub id: Option<String>,
    /// List the runs that changed something
    #[arg(long, conflicts_with_all = ["id", "purge"])]
    pub list: bool,
    /// Delete for good what the run has moved to quarantine; of all runs when no id is given
    #[arg(long)]
    pub purge: bool,
}

/// A command to run, and what to do when it fails.
#[derive(Debug, Args)]
#[command(
    override_usage = "hfdoctor run [OPTIONS] [TARGET] -- COMMAND...",
    after_help = "The exit code is the command's own: 128 and the number of the signal that ended it, 127 when it is not \
                  found, 126 when it cannot be executed. Nothing is printed when it succeeds or is interrupted; the \
                  report goes to standard error. What processes left in the background print half a second after the \
                  command's end or later is not passed on."
)]
pub struct Run {
    /// The examination.
    #[command(flatten)]
    pub examination: Examination,
    /// Write the report to a file instead of standard error
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Say what the command waits for when it has shown no sign of life for so many seconds; 0 for never
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = seconds_or_never)]
    pub hang_after: Patience,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, last = true)]
    pub command: Vec<OsString>,
}

/// How long silence is borne; none for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience(pub Option<std::time::Duration>);

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a person
    Human,
    /// For a program
    Json,
    /// For a ticket
    Markdown,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The words of `--repo-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RepoTypeWord {
    /// A model
    Model,
    /// A dataset
    Dataset,
    /// A Space
    Space,
    /// A kernel
    Kernel,
}

impl From<RepoTypeWord> for RepoType {
    fn from(word: RepoTypeWord) -> RepoType {
        match word {
            RepoTypeWord::Model => RepoType::Model,
            RepoTypeWord::Dataset => RepoType::Dataset,
            RepoTypeWord::Space => RepoType::Space,
            RepoTypeWord::Kernel => RepoType::Kernel,
        }
    }
}

impl Examination {
    /// The format asked for.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format.unwrap_or(Format::Human) }
    }

    /// The command line that examines the same case with other options, such as `--json`. A log that came by standard
    /// input cannot be read again: then the target that was found stands for it.
    pub fn same_case(&self, options: &[&str], found: Option<&Target>) -> String {
        let mut words = vec!["hfdoctor".to_owned()];
        words.extend(options.iter().map(|option| (*option).to_owned()));
        let mut give = |name: &str, value: &str| {
            words.push(name.to_owned());
            words.push(quoted(Path::new(value)));
        };
        let log = self.log.as_deref().filter(|log| *log != Path::new("-"));
        if let Some(log) = log {
            give("--log", &log.display().to_string());
        }
        if self.target.is_some() {
            if let Some(repo_type) = self.repo_type {
                give("--repo-type", RepoType::from(repo_type).word());
            }
            for (name, value) in [("--revision", &self.revision), ("--file", &self.file)] {
                if let Some(value) = value {
                    give(name, value);
                }
            }
        }
        for (name, values) in [("--check", &self.check), ("--skip", &self.skip)] {
            for value in values {
                give(name, value);
            }
        }
        for (given, name) in
            [(self.offline, "--offline"), (self.verify, "--verify"), (self.trust_endpoint, "--trust-endpoint")]
        {
            words.extend(given.then(|| name.to_owned()));
        }
        let found = found.filter(|_| log.is_none()).map(ToString::to_string);
        if let Some(target) = self.target.clone().or(found) {
            words.push(quoted(Path::new(&target)));
        }
        words.join(" ")
    }
}

/// The longest examination that may be asked for, in seconds.
const LONGEST: f64 = 3600.0;

/// The longest wait that may be asked for, in seconds: a ZeroGPU quota is new after a day.
const LONGEST_WAIT: f64 = 31.0 * 24.0 * 3600.0;

fn seconds(text: &str) -> Result<std::time::Duration, String> {
    seconds_up_to(text, LONGEST)
}

fn seconds_to_wait(text: &str) -> Result<std::time::Duration, String> {
    seconds_up_to(text, LONGEST_WAIT)
}

fn seconds_up_to(text: &str, longest: f64) -> Result<std::time::Duration, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is no number of seconds"))?;
    if !(number > 0.0 && number <= longest) {
        return Err(format!("{text} is not between 0 and {longest} seconds"));
    }
    Ok(std::time::Duration::from_secs_f64(number))
}

fn seconds_or_never(text: &str) -> Result<Patience, String> {
    if text.parse::<f64>().is_ok_and(|number| number == 0.0) {
        return Ok(Patience(None));
    }
    seconds(text).map(|patience| Patience(Some(patience)))
}

fn check_name(text: &str) -> Result<String, String> {
    if CHECKS.iter().any(|check| check.name == text) {
        return Ok(text.to_owned());
    }
    let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    Err(format!("there is no check of that name; there are {}", names.join(", ")))
}

/// The words of a command to run, kept as the system gave them.
pub type Words = Vec<OsString>;
