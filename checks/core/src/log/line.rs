//! One line made readable: decoded, without colours, escapes and the prefixes that containers and loggers put before it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// A line that is searched is cut into pieces of at most this many bytes.
pub const PIECE: usize = 16 * 1024;

/// The text of a line's bytes: UTF-8, else read as Latin-1, which has a character for every byte.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.contains(&0) {
        // UTF-16 that was appended to a file of another encoding: its ASCII part survives without the zero bytes.
        let kept: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
        return Cow::Owned(decode(&kept).into_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) if error.valid_up_to() + 8 > bytes.len() || bytes.iter().filter(|b| **b >= 0xC2).count() > 8 => {
            String::from_utf8_lossy(bytes)
        }
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Without terminal escapes and control characters.
pub fn without_escapes(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b < 0x20 || b == 0x7F) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            '\t' => out.push(' '),
            '\u{8}' => {
                out.pop();
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Skips what follows an ESC: a control sequence, an operating system command, or one character.
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.next() {
        Some('[') => {
            for c in rest.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    return;
                }
            }
        }
        Some(']') => {
            while let Some(c) = rest.next() {
                if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                    return;
                }
            }
        }
        _ => {}
    }
}

/// Takes JSON's, Python's, Markdown's and HTML's escapes out of a line: quotes, escape characters, entities.
///
/// Line ends that are written as `\n` stay: [`virtual_lines`] cuts there.
pub fn unescape(text: &str) -> Cow<'_, str> {
    let has_slash = text.contains('\\');
    if !has_slash && !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '&']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        rest = tail;
        if let Some((written, meant)) = ESCAPES.iter().find(|(written, _)| rest.starts_with(written)) {
            out.push_str(meant);
            rest = &rest[written.len()..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    if out.contains('\u{1b}') { Cow::Owned(without_escapes(&out).into_owned()) } else { Cow::Owned(out) }
}

const ESCAPES: &[(&str, &str)] = &[
    ("\\\\\"", "\""),
    ("\\\\n", "\\n"),
    ("\\\\r", "\\r"),
    ("\\\"", "\""),
    ("\\'", "'"),
    ("\\_", "_"),
    ("\\[", "["),
    ("\\]", "]"),
    ("\\*", "*"),
    ("\\u001b", "\u{1b}"),
    ("\\u001B", "\u{1b}"),
    ("\\x1b", "\u{1b}"),
    ("\\033", "\u{1b}"),
    ("\\u0027", "'"),
    ("\\u0022", "\""),
    ("\\u003c", "<"),
    ("\\u003e", ">"),
    ("\\u0026", "&"),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
];

/// Cuts a line where its text has line ends written as `\n`, as JSON and repr() do.
///
/// A `\n` that is part of a Windows path, or ends a quoted token, is none: what follows must begin a line.
pub fn virtual_lines(text: &str) -> Vec<&str> {
    if !text.contains("\\n") {
        return vec![text];
    }
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices("\\n") {
        let after = text[at + 2..].chars().next();
        let begins_a_line = after.is_none_or(|c| c == ' ' || c == '\\' || c.is_ascii_uppercase() || c.is_ascii_digit());
        let in_a_path = text[..at].ends_with(':') || text[..at].ends_with('\\');
        if begins_a_line && !in_a_path && at >= start {
            lines.push(&text[start..at]);
            start = at + 2;
        }
    }
    lines.push(&text[start..]);
    lines.retain(|line| !line.trim_matches(['\\', 'r', ' ']).is_empty());
    if lines.is_empty() { vec![text] } else { lines }
}

static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    let parts = [
        // a time in brackets or bare, ISO or with slashes, with zone
        r"\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}(?:[T :][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]+)?)?(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?\]?:?[ |-]*",
        r"\[?[0-9]{2}/[0-9]{2}/(?:20)?[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\]?[ -]*",
        r"\[?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?\]? +",
        // syslog
        r"[A-Z][a-z]{2} +[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)? [^ ]+ [^ :\[]+(?:\[[0-9]+\])?: ",
        r"[A-Z][a-z]{2} +[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]+ ",
        // compose, buildkit, kubectl --prefix, stern
        r"[A-Za-z0-9_.-]+ *\| ",
        r"#[0-9]+ (?:[0-9]+\.[0-9]+ )?",
        r"\[pod/[^\]]+\] ",
        r"(?:std(?:out|err)) [FP] ",
        // workers
        r"\([A-Za-z_0-9]+ pid=[0-9]+[^)]*\) ",
        r"\[[a-z0-9_. :/-]{1,40}\]:? +",
        // levels
        r"(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)(?: [0-9]{2}-[0-9]{2} [0-9:]{8})? *(?:\[[^\]]{1,60}\])?[: |-]+",
        r"\[(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL|Error|Warning|Info|Log)\][: ]+",
        // srun --label; a status such as 401 is none
        r"(?:[0-9]{1,2}|[1-36-9][0-9]{2}): ",
        r"E {3,8}",
        r"##\[error\]",
        r"[│|] ",
    ];
    Regex::new(&format!("^(?:{})", parts.join("|"))).expect("the prefixes are a regular expression")
});

/// Without the prefixes of containers, loggers and workers.
pub fn without_prefix(text: &str) -> &str {
    let mut rest = in_json(text.trim());
    for _ in 0..6 {
        match PREFIX.find(rest) {
            Some(found) if found.end() > 0 && found.end() < rest.len() => rest = rest[found.end()..].trim_start(),
            _ => break,
        }
    }
    rest
}

/// What a container's engine or collector put under the key `log` of an object, one object a line.
fn in_json(text: &str) -> &str {
    if !text.starts_with('{') || !text.ends_with('}') {
        return text;
    }
    let value = ["\"log\":\"", "\"log\": \""].iter().find_map(|key| text.split_once(key)).map(|(_, value)| value);
    let Some(value) = value else { return text };
    let end = value.find("\",\"").or_else(|| value.find("\", \"")).or_else(|| value.rfind('"')).unwrap_or(value.len());
    let line = value[..end].trim_end_matches("\\n");
    if line.trim().is_empty() { text } else { line.trim() }
}

static STAMP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})[T :]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,9}))?(?: ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?",
    )
    .expect("the time is a regular expression")
});

static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[ \[])([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,9}))?")
        .expect("the clock is a regular expression")
});

/// A time that a line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Milliseconds since 1970 where the line has a date, else since midnight; by the log's own clock.
    pub milliseconds: i64,
    /// Minutes that the log's clock is ahead of UTC, where the line says so.
    pub offset: Option<i32>,
    /// Whether the line has a date.
    pub dated: bool,
}

/// The time at the beginning of a line.
pub fn stamp(text: &str) -> Option<Stamp> {
    let head = head_of(text, 80);
    let number = |found: Option<regex::Match<'_>>| found.and_then(|m| m.as_str().parse::<i64>().ok());
    let thousandths = |found: Option<regex::Match<'_>>| {
        found.map_or(0, |m| {
            let digits: String = m.as_str().chars().chain("000".chars()).take(3).collect();
            digits.parse::<i64>().unwrap_or(0)
        })
    };
    if let Some(found) = STAMP.captures(head) {
        let part = |i: usize| number(found.get(i));
        let month = time::Month::try_from(u8::try_from(part(2)?).ok()?).ok()?;
        let date =
            time::Date::from_calendar_date(i32::try_from(part(1)?).ok()?, month, u8::try_from(part(3)?).ok()?).ok()?;
        let days = i64::from(date.to_julian_day()) - 2_440_588;
        let seconds = days * 86_400 + part(4)? * 3_600 + part(5)? * 60 + part(6)?;
        let offset = found.get(8).and_then(|zone| minutes_ahead(zone.as_str()));
        return Some(Stamp { milliseconds: seconds * 1000 + thousandths(found.get(7)), offset, dated: true });
    }
    let found = CLOCK.captures(head)?;
    let seconds = number(found.get(1))? * 3_600 + number(found.get(2))? * 60 + number(found.get(3))?;
    Some(Stamp { milliseconds: seconds * 1000 + thousandths(found.get(4)), offset: None, dated: false })
}

fn minutes_ahead(zone: &str) -> Option<i32> {
    if zone == "Z" || zone == "UTC" {
        return Some(0);
    }
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4)?.parse().ok()?;
    let ahead = hours * 60 + minutes;
    Some(if zone.starts_with('-') { -ahead } else { ahead })
}

/// The first `bytes` bytes of a text, or a little less so that no character is cut.
pub fn head_of(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// What is shown of a line: at most `bytes` bytes around what was found at `at`, blanks folded.
pub fn excerpt(text: &str, at: usize, bytes: usize) -> String {
    let from = at.saturating_sub(bytes / 2);
    let from = if text.len() <= bytes { 0 } else { from.min(text.len().saturating_sub(bytes)) };
    let from = (from..text.len()).find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let shown = head_of(&text[from..], bytes);
    let mut out = String::with_capacity(shown.len() + 8);
    if from > 0 {
        out.push('…');
    }
    let mut blank = true;
    for c in shown.chars() {
        if c == ' ' && blank {
            continue;
        }
        blank = c == ' ';
        out.push(c);
    }
    if from + shown.len() < text.len() {
        out.push('…');
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_go_and_the_message_stays() {
        let cases = [
            ("2026-08-19T04:12:55.31Z Traceback (most recent call last):", "Traceback (most recent call last):"),
            ("web-1  | ValueError: no", "ValueError: no"),
            ("(APIServer pid=41) ValueError: no", "ValueError: no"),
            ("#14 31.2 OSError: no", "OSError: no"),
            ("[rank0]: OSError: no", "OSError: no"),
            ("Feb 17 02:14:07 edge-12 python3[90110]: OSError: no", "OSError: no"),
            ("E   ImportError: no", "ImportError: no"),
            ("0: OSError: no", "OSError: no"),
            (r#"{"ts": "2026-10-15T14:38:14.000Z", "stream": "stderr", "log": "OSError: no"}"#, "OSError: no"),
            (r#"{"log":"OSError: no\n","stream":"stderr"}"#, "OSError: no"),
            ("OSError: no", "OSError: no"),
            ("INFO 06-02 15:31:22 [__init__.py:239] hello", "hello"),
        ];
        for (line, message) in cases {
            assert_eq!(without_prefix(line), message, "{line}");
        }
    }

    #[test]
    fn colours_and_cursor_codes_go() {
        assert_eq!(without_escapes("\u{1b}[1;31mError:\u{1b}[0m no\u{1b}[K"), "Error: no");
        assert_eq!(without_escapes("\u{1b}]8;;https://a.example\u{7}link\u{1b}]8;;\u{7}"), "link");
        assert_eq!(without_escapes("a\u{8}b"), "b");
    }

    #[test]
    fn escaped_text_is_read() {
        assert_eq!(unescape(r#"{\"a\": \"it\'s\"}"#), r#"{"a": "it's"}"#);
        assert_eq!(unescape("can&#39;t &amp; won&quot;t"), "can't & won\"t");
        assert_eq!(virtual_lines(r"one\n\nTwo\n  three"), ["one", "Two", "  three"]);
        assert_eq!(virtual_lines(r"C:\new\name"), [r"C:\new\name"]);
        assert_eq!(virtual_lines(r"b'Bearer hf_x\n'"), [r"b'Bearer hf_x\n'"]);
    }

    #[test]
    fn times_are_read_with_and_without_a_date() {
        let utc = stamp("2026-08-19T04:12:55.31Z x").unwrap();
        assert_eq!((utc.milliseconds, utc.offset, utc.dated), (1_787_112_775_310, Some(0), true));
        assert_eq!(stamp("[10:00:01] x").unwrap().milliseconds, 36_001_000);
        assert_eq!(stamp("2026-13-19 04:12:55"), None);
        assert_eq!(stamp("no time"), None);
    }

    #[test]
    fn an_excerpt_keeps_what_was_found() {
        let line = format!("{}here{}", "é".repeat(500), "ü".repeat(500));
        let shown = excerpt(&line, 1000, 200);
        assert!(shown.contains("here") && shown.len() < 220, "{shown}");
    }
}
