//! Commands that only tell: causes, checks, schema, completions, manual page.

use std::fmt::Write;
use std::process::ExitCode;

use clap::CommandFactory;
use hfdoctor_checks::CHECKS;
use hfdoctor_core::diagnosis::Cause;
use hfdoctor_core::diagnosis::explanation::explain as explanation;

use super::{CommandError, print};
use crate::cli::Arguments;
use crate::report::Report;
use crate::terminal::Look;

/// One cause in full, or all in a line each.
pub fn explain(cause: Option<&str>) -> Result<ExitCode, CommandError> {
    let width = Look::of_stdout().width;
    let Some(id) = cause else {
        let lines: String = Cause::all().fold(String::new(), |mut all, cause| {
            let _ = writeln!(all, "{:<24}{}", cause.id(), cause.row().title);
            all
        });
        return Ok(print(&lines));
    };
    let cause = Cause::from_id(id).ok_or_else(|| CommandError::Cause(id.to_owned()))?;
    let row = cause.row();
    let prose = explanation(cause);
    let mut out = format!("{}\n", textwrap::fill(&format!("{id}: {}", row.title), width));
    for (heading, text) in
        [("what it means", prose.means), ("how it shows", prose.shows), ("what mends it", prose.mends)]
    {
        let _ = write!(out, "\n{heading}\n");
        for line in textwrap::wrap(text, textwrap::Options::new(width).initial_indent("  ").subsequent_indent("  ")) {
            let _ = writeln!(out, "{line}");
        }
    }
    if !row.explains.is_empty() {
        let ids: Vec<&str> = row.explains.iter().map(|c| c.id()).collect();
        let text = format!("  it may explain {}", ids.join(", "));
        let _ = write!(out, "\n{}\n", textwrap::fill(&text, textwrap::Options::new(width).subsequent_indent("  ")));
    }
    let _ = write!(out, "\ndocumentation: {}\n", row.documentation);
    Ok(print(&out))
}

/// The checks and what each looks at.
pub fn checks() -> ExitCode {
    let width = Look::of_stdout().width;
    let mut out = String::new();
    for check in CHECKS {
        let text = format!("{:<14}{}", check.name, check.about);
        let _ = writeln!(
            out,
            "{}",
            textwrap::fill(&text, textwrap::Options::new(width).subsequent_indent(&" ".repeat(14)))
        );
        let ids: Vec<&str> = check.causes.iter().map(|c| c.id()).collect();
        let text = format!("{:<14}finds {}", "", ids.join(", "));
        let _ = writeln!(
            out,
            "{}",
            textwrap::fill(&text, textwrap::Options::new(width).subsequent_indent(&" ".repeat(20)))
        );
    }
    print(&out)
}

/// The JSON Schema of the report.
pub fn schema() -> ExitCode {
    print(&format!("{:#}\n", Report::schema()))
}

/// A shell's completions.
pub fn completions(shell: clap_complete::Shell) -> ExitCode {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "hfdoctor", &mut out);
    print(&String::from_utf8_lossy(&out))
}

/// The manual page.
pub fn man() -> Result<ExitCode, CommandError> {
    let mut out = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut out).map_err(CommandError::Start)?;
    Ok(print(&String::from_utf8_lossy(&out)))
}
