//! What to type next, in the shell that is open: a fix reaches new shells only, and the download is still to be done.

use hfdoctor_checks::case::Case;
use hfdoctor_checks::{Diagnosis, Verdict};
use hfdoctor_core::target::RepoType;

use crate::fix::{Applied, Outcome, Shell, joined, word};

/// One line that can be pasted as it stands; none when nothing is left to type.
pub(super) fn line(case: &Case, now: &Diagnosis, applied: &[Applied]) -> Option<String> {
    let done = applied.iter().filter(|fix| fix.outcome == Outcome::Applied);
    let mut commands: Vec<String> = Vec::new();
    for line in done.flat_map(|fix| &fix.shell_lines) {
        if !commands.contains(line) {
            commands.push(line.clone());
        }
    }
    let shell = Shell::of(&case.environment);
    let is_mended = now.verdict == Verdict::Healthy && applied.iter().any(|fix| fix.outcome == Outcome::Applied);
    commands.extend(is_mended.then(|| download(case, shell)).flatten());
    joined(shell, &commands)
}

/// The installed client's command for the target.
fn download(case: &Case, shell: Shell) -> Option<String> {
    let target = case.target.as_ref()?;
    let mut command = format!("{} {}", case.clients.download_command(), word(shell, &target.repo_id));
    if let Some(file) = &target.file {
        command = format!("{command} {}", word(shell, file));
    }
    if target.repo_type != RepoType::Model {
        command = format!("{command} --repo-type {}", target.repo_type.word());
    }
    if let Some(revision) = &target.revision {
        command = format!("{command} --revision {}", word(shell, revision));
    }
    Some(command)
}
