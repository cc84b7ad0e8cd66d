//! Tracebacks: what ends one, and which of its lines are only quoted source code.

use std::sync::LazyLock;

use regex::Regex;

static EXCEPTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[Ee]rror: |Caused by: |E +|Exception in thread [^ ]+ |Uncaught (?:\(in promise\) )?|!!! Exception during processing !!! |[a-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*\.)?([A-Z][A-Za-z0-9]*(?:Error|Exception|Interrupt|Timeout|Failure|Warning|Exit|NotFound|IsEnabled))(?-u:\b)",
    )
    .expect("the exception is a regular expression")
});

/// The class of the exception that a line begins with.
pub fn exception(text: &str) -> Option<String> {
    if text.contains("Traceback (most recent call last)") {
        return None;
    }
    // How a shell tells that the kernel ended the program, mostly for want of memory
    if matches!(text.trim_end(), "Killed" | "Killed: 9") {
        return Some("Killed".to_owned());
    }
    let class = EXCEPTION.captures(text)?.get(1)?.as_str();
    (!class.ends_with("Warning")).then(|| class.to_owned())
}

/// The class of whatever exception ends a traceback.
pub fn any_exception(text: &str) -> Option<String> {
    let class = text.split([':', ' ', '(']).next()?;
    let name = class.rsplit('.').next()?;
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
        && class.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    (is_name && !name.ends_with("Warning")).then(|| name.to_owned())
}

/// Whether a line is the source code that a traceback quotes.
pub fn is_source_line(text: &str) -> bool {
    let text = text.trim_start_matches(['│', ' ', '❱']);
    let text = text.strip_prefix("-").map_or(text, |rest| rest.trim_start_matches(['-', '>', ' ']));
    if text.starts_with('[') && text.contains("](file:///") {
        return true;
    }
    // the first or the marked line of a notebook's excerpt
    let numbered = text.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    if numbered.is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())) {
        return true;
    }
    // curl's meter stands in columns as well, and its last word may be on the same line
    if text.contains("--:--") {
        return false;
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 5 {
        return false;
    }
    let rest = &text[digits..];
    rest.starts_with("    ") || rest.starts_with(" │") || (rest.starts_with("  ") && text.len() < 160)
}

/// Whether a line only points at the source line above it.
pub fn is_marker(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '^' | '~' | ' '))
        || text.starts_with("[Previous line repeated")
        || text == "[...]"
}

/// How many blanks stand before a line's message.
pub fn indent_of(whole: &str, text: &str) -> usize {
    let before = whole.len() - whole.trim_end().len();
    let end = whole.len() - before - text.trim_end().len().min(whole.len() - before);
    whole.get(..end).map_or(0, |prefix| prefix.len() - prefix.trim_end_matches(' ').len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_read() {
        assert_eq!(exception("huggingface_hub.errors.GatedRepoError: 403").as_deref(), Some("GatedRepoError"));
        assert_eq!(exception("Error: ValueError: no").as_deref(), Some("ValueError"));
        assert_eq!(exception("FutureWarning: old"), None);
        assert_eq!(exception("all errors are fine"), None);
        assert_eq!(any_exception("httpx2.InvalidURL: Invalid port").as_deref(), Some("InvalidURL"));
        assert_eq!(any_exception("then something else"), None);
    }

    #[test]
    fn quoted_source_is_told_from_messages() {
        assert!(is_source_line("   1654             raise X("));
        assert!(is_source_line("--> 469             hub("));
        assert!(is_source_line("---> [26] from huggingface_hub.errors import HFValidationError"));
        assert!(!is_source_line(
            "0     0    0     0 --:--:--  0:00:04 --:--:--     0curl: (6) Could not resolve host: x"
        ));
        assert!(!is_source_line("404 Client Error"));
        assert!(is_marker("   ^^^^^~~~"));
        assert_eq!(indent_of("x | pre    text", "text"), 4);
    }
}
