//! A page of text: wrapped to the width of the terminal, with hanging indents.

use colored::{ColoredString, Colorize};

use crate::terminal::Look;

/// A page under construction: wraps to the width, keeps hanging indents.
pub(super) struct Page {
    out: String,
    look: Look,
}

impl Page {
    pub(super) fn new(look: Look) -> Page {
        Page { out: String::new(), look }
    }

    /// The text, in ASCII where the terminal shows nothing else.
    pub(super) fn finish(self) -> String {
        if self.look.unicode { self.out } else { to_ascii(&self.out) }
    }

    pub(super) fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Wraps text after a label, following lines indented below its start. The label may be coloured.
    pub(super) fn labelled(&mut self, indent: usize, label: &ColoredString, column: usize, text: &str) {
        let plain_length = label.chars().count();
        let start = column.max(indent + plain_length + 1);
        let room = self.look.width.saturating_sub(start).max(10);
        let mut lines = wrap(text, room).into_iter();
        let first = lines.next().unwrap_or_default();
        let gap = " ".repeat(start - indent - plain_length);
        self.line(format!("{}{label}{gap}{first}", " ".repeat(indent)).trim_end());
        for line in lines {
            self.line(&format!("{}{line}", " ".repeat(start)));
        }
    }

    pub(super) fn paragraph(&mut self, indent: usize, text: &str) {
        for line in wrap(text, self.look.width.saturating_sub(indent).max(10)) {
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    /// A command stays on one line whatever its length, so that it can be copied.
    pub(super) fn command(&mut self, indent: usize, command: &str) {
        for line in command.lines() {
            self.line(&format!("{}{}", " ".repeat(indent), line.cyan()));
        }
    }
}

/// A blank at which no line is broken.
pub(super) const NO_BREAK: char = '\u{a0}';

/// Names in one line, the dot between two staying with the first.
pub(super) fn dotted(names: &[&str]) -> String {
    names.join(&format!("{NO_BREAK}· "))
}

/// Wraps at blanks. A word that is longer than the line, such as a path, stays whole, so that it can be copied.
fn wrap(text: &str, width: usize) -> Vec<String> {
    // A line never runs over, however uneven the edge becomes.
    let mut penalties = textwrap::wrap_algorithms::Penalties::new();
    penalties.overflow_penalty = 1_000_000;
    let options = textwrap::Options::new(width)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .wrap_algorithm(textwrap::WrapAlgorithm::OptimalFit(penalties));
    text.lines().flat_map(|line| textwrap::wrap(line, &options)).map(|line| line.replace(NO_BREAK, " ")).collect()
}

/// Glyphs in ASCII for terminals that show no others; foreign letters become `?`.
fn to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '✗' => out.push('x'),
            '✓' => out.push('+'),
            '…' => out.push_str("..."),
            '·' | '—' | '–' => out.push('-'),
            '“' | '”' => out.push('"'),
            '‘' | '’' => out.push('\''),
            _ if c.is_ascii() => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}
