//! The report for a ticket, as GitHub's Markdown.

use std::fmt::Write;

use hfdoctor_checks::{Status, Verdict};

use super::model::{CauseReport, Report};

/// Writes the report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    let target = report.target.as_ref().map_or_else(|| "this machine".to_owned(), |t| t.repo_id.clone());
    writeln!(out, "### hfdoctor {}: {}\n", report.hfdoctor, escape(&target))?;
    match report.verdict {
        Verdict::CausesFound => writeln!(out, "Causes, most likely first:\n")?,
        Verdict::Healthy => writeln!(out, "Nothing found that would stop the download.\n")?,
        Verdict::Inconclusive => writeln!(out, "No cause found, but not everything could be looked at.\n")?,
    }
    for cause in &report.causes {
        write_cause(out, cause)?;
    }
    for note in &report.notes {
        writeln!(out, "- note: {}", escape(note))?;
    }
    writeln!(
        out,
        "\n<details><summary>{} checks, {} requests</summary>\n",
        report.checks.len(),
        report.network.requests
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
    writeln!(out, "{}. **{}** ({certainty}): {}", cause.rank, cause.id, escape(&cause.summary))?;
    for evidence in &cause.evidence {
        let line = evidence.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        writeln!(out, "   - saw {line}{}", escape(&evidence.detail))?;
    }
    for fix in &cause.fixes {
        writeln!(out, "   - do: {}", escape(&fix.title))?;
        for command in &fix.commands {
            writeln!(out, "     `{}`", command.replace(['`', '\n'], " "))?;
        }
    }
    writeln!(out)
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

/// Keeps foreign text from becoming markup: tables, HTML, mentions and line breaks.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '*' | '[' | ']' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            // A zero-width space keeps a name from being a mention.
            '@' => out.push_str("@\u{200b}"),
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
    }
}
