//! The report for a ticket, as GitHub's Markdown.

use std::fmt::Write;

use hfdoctor_checks::{Status, Verdict};
use hfdoctor_core::diagnosis::Risk;

use super::human::headline;
use super::model::{CauseReport, Report};

/// Writes the report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    match (report.verdict, report.causes.first()) {
        (_, Some(first)) => writeln!(out, "### {}\n", escape(&headline(report, first)))?,
        (Verdict::Inconclusive, _) => writeln!(out, "### No cause found, but not everything could be checked\n")?,
        _ => writeln!(out, "### Nothing found that would stop the download\n")?,
    }
    for cause in &report.causes {
        write_cause(out, cause)?;
    }
    for note in &report.notes {
        writeln!(out, "- note: {}", escape(note))?;
    }
    let (checks, requests) = (report.checks.len(), report.network.requests);
    writeln!(
        out,
        "\n<details><summary>hfdoctor {}: {checks} checks, {requests} requests</summary>\n",
        report.hfdoctor
    )?;
    writeln!(out, "| check | status | because |\n| --- | --- | --- |")?;
    for check in &report.checks {
        writeln!(out, "| {} | {} | {} |", check.name, status(check.status), escape(&check.because))?;
    }
    writeln!(out)?;
    let environment = &report.environment;
    writeln!(out, "- {} {}", environment.os, environment.architecture)?;
    for (name, value) in environment.clients.iter().chain(&environment.variables).chain(&environment.paths) {
        writeln!(out, "- {}: {}", escape(name), escape(value))?;
    }
    writeln!(out, "\n</details>")
}

fn write_cause(out: &mut String, cause: &CauseReport) -> std::fmt::Result {
    let certainty = serde_word(&cause.certainty);
    writeln!(out, "{}. **{}** ({certainty}): {}\n", cause.rank, cause.id, escape(&cause.summary))?;
    for evidence in &cause.evidence {
        let line = evidence.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        writeln!(out, "   - saw {line}{}", escape(&evidence.detail))?;
    }
    for fix in &cause.fixes {
        let word = if fix.risk == Risk::Manual { "do" } else { "fix" };
        writeln!(out, "   - {word}: {}", escape(&fix.title))?;
        let (pages, commands): (Vec<&String>, Vec<&String>) =
            fix.commands.iter().partition(|command| command.starts_with("https://") && !command.contains(' '));
        for page in pages {
            writeln!(out, "     {page}")?;
        }
        if !commands.is_empty() {
            let commands = commands.into_iter().map(String::as_str).collect::<Vec<_>>().join("\n");
            let fence = "`".repeat(longest_run_of_ticks(&commands).max(2) + 1);
            writeln!(out, "\n     {fence}sh")?;
            for line in commands.lines() {
                writeln!(out, "     {line}")?;
            }
            writeln!(out, "     {fence}\n")?;
        }
        if let Some(note) = &fix.note {
            writeln!(out, "     {}", escape(note))?;
        }
    }
    writeln!(out, "\n   Documentation: {}\n", cause.documentation)
}

/// Eight hexadecimal digits, by which two tokens are told apart.
fn is_fingerprint(text: &str) -> bool {
    text.bytes().take_while(u8::is_ascii_hexdigit).count() == 8
}

/// What a block of code is fenced with must be longer than any run of backticks in it.
fn longest_run_of_ticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The word of an enumeration as it stands in the JSON.
pub(super) fn serde_word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Problem => "problem",
        Status::Unknown => "unknown",
        Status::Skipped => "skipped",
    }
}

/// Keeps foreign text from becoming markup: tables, HTML, entities, mentions, references to issues, and line breaks.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '\n' | '\r' => out.push(' '),
            // Else an entity would become what it stands for, such as the `@` of a mention.
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '*' | '[' | ']' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            // A zero-width space keeps a name from being a mention, and a number from being an issue.
            '@' => out.push_str("@\u{200b}"),
            '#' if text[at + 1..].starts_with(|c: char| c.is_ascii_digit()) && !is_fingerprint(&text[at + 1..]) => {
                out.push_str("#\u{200b}");
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn foreign_text_stays_text() {
        assert_eq!(escape("<img src=x>\n| @all"), "&lt;img src=x&gt; \\| @\u{200b}all");
        assert_eq!(
            escape("&#64;all &commat;here org/repo#12"),
            "&amp;#\u{200b}64;all &amp;commat;here org/repo#\u{200b}12"
        );
    }
}
