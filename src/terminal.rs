//! What the terminal can show: colour, width, characters.

use std::io::IsTerminal;

use crate::cli::Color;

/// The widest line of a report, in columns: a ticket must not wrap it.
pub const WIDEST: usize = 80;

/// How the report may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns of a line.
    pub width: usize,
    /// Whether characters beyond ASCII show.
    pub unicode: bool,
}

impl Look {
    /// For this process's standard output.
    pub fn of_stdout() -> Look {
        Look::on(std::io::stdout().is_terminal().then(textwrap::termwidth))
    }

    /// For this process's standard error.
    pub fn of_stderr() -> Look {
        // The width is the one terminal's, whichever stream leads to it.
        Look::on(std::io::stderr().is_terminal().then(textwrap::termwidth))
    }

    /// For a file.
    pub fn of_file() -> Look {
        Look::on(None)
    }

    fn on(width: Option<usize>) -> Look {
        let width = width.unwrap_or(WIDEST).clamp(30, WIDEST);
        Look { width, unicode: unicode_locale(|name| std::env::var(name).ok()) }
    }
}

/// Whether the locale is UTF-8: the first of LC_ALL, LC_CTYPE, LANG that is set decides. Windows consoles take Unicode.
fn unicode_locale(var: impl Fn(&str) -> Option<String>) -> bool {
    if cfg!(windows) {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var).find(|v| !v.is_empty());
    // macOS terminals leave all three unset in some shells and still show UTF-8.
    locale.map_or(cfg!(target_os = "macos"), |l| {
        let l = l.to_ascii_lowercase();
        l.contains("utf-8") || l.contains("utf8")
    })
}

/// Switches colour on or off for the whole process, as it suits standard output.
///
/// `--color` decides; without it NO_COLOR and CLICOLOR_FORCE (<https://no-color.org>, <https://bixense.com/clicolors>),
/// then whether standard output is a terminal that is not dumb.
pub fn set_color(color: Color) {
    set_color_on(color, std::io::stdout().is_terminal());
}

/// The same for output that goes elsewhere, which may be a terminal.
pub fn set_color_on(color: Color, terminal: bool) {
    let on = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => auto(|name| std::env::var(name).ok(), terminal),
    };
    colored::control::set_override(on);
}

fn auto(var: impl Fn(&str) -> Option<String>, terminal: bool) -> bool {
    if var("NO_COLOR").is_some_and(|v| !v.is_empty()) {
        return false;
    }
    if var("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0") {
        return true;
    }
    terminal && var("TERM").is_none_or(|term| term != "dumb") && var("CLICOLOR").is_none_or(|v| v != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
    }

    #[test]
    fn colour_follows_the_conventions() {
        assert!(auto(vars(&[]), true));
        assert!(!auto(vars(&[]), false));
        assert!(!auto(vars(&[("NO_COLOR", "1")]), true));
        assert!(auto(vars(&[("NO_COLOR", "")]), true));
        assert!(auto(vars(&[("CLICOLOR_FORCE", "1")]), false));
        assert!(!auto(vars(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), true));
        assert!(!auto(vars(&[("TERM", "dumb")]), true));
    }

    #[cfg(not(any(windows, target_os = "macos")))]
    #[test]
    fn the_first_locale_variable_decides() {
        assert!(unicode_locale(vars(&[("LANG", "de_DE.UTF-8")])));
        assert!(!unicode_locale(vars(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")])));
        assert!(!unicode_locale(vars(&[])));
    }
}
