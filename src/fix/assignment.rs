//! Finding the one assignment of a variable in a file in the language of `sh`, and saying whether it is understood.
//!
//! Understood is only a whole line `export NAME=value` (or `NAME=value`) that begins in the first column, outside of
//! quotes, comments, here-documents and continued lines, with a value that needs no evaluation. Everything else is shown
//! to the person and left alone.

use std::ops::Range;

/// An assignment that is understood exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The line's number, from 1.
    pub number: usize,
    /// Where the line lies, without its end.
    pub line: Range<usize>,
    /// Where the value lies, without its quotes.
    pub value: Range<usize>,
    /// It begins with `export`.
    pub exported: bool,
}

/// What a file says about a variable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// One assignment, understood.
    One(Assignment),
    /// Lines, by number from 1, that may assign it and are not, or not uniquely, understood.
    Unclear(Vec<usize>),
}

/// Looks for assignments of a variable.
pub(crate) fn find(text: &[u8], name: &str) -> Found {
    let lines = lines(text);
    let mut numbers = Vec::new();
    let mut understood = None;
    for (index, line) in lines.iter().enumerate() {
        let bytes = text.get(line.range.clone()).unwrap_or_default();
        if !mentions(bytes, name) {
            continue;
        }
        numbers.push(index + 1);
        if line.plain {
            understood = parse(bytes, name).map(|(value, exported)| Assignment {
                number: index + 1,
                line: line.range.clone(),
                value: line.range.start + value.start..line.range.start + value.end,
                exported,
            });
        }
    }
    match (numbers.as_slice(), understood) {
        ([], _) => Found::Nothing,
        ([_], Some(assignment)) => Found::One(assignment),
        _ => Found::Unclear(numbers),
    }
}

/// A line, and whether the shell is between two commands where it begins.
struct Line {
    range: Range<usize>,
    plain: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Plain,
    Single,
    Double,
    Comment,
}

fn lines(text: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut state, mut start, mut plain) = (State::Plain, 0, true);
    // Parentheses open an array or a subshell; a here-document has its own rules, so nothing after it counts.
    let (mut depth, mut here_document) = (0_usize, false);
    let (mut escaped, mut previous) = (false, b'\n');
    for (at, byte) in text.iter().copied().enumerate() {
        if byte == b'\n' {
            lines.push(Line { range: start..at, plain });
            if state == State::Comment {
                state = State::Plain;
            }
            plain = state == State::Plain && !escaped && depth == 0 && !here_document;
            start = at + 1;
            (escaped, previous) = (false, byte);
            continue;
        }
        if escaped {
            (escaped, previous) = (false, b'x');
            continue;
        }
        match (state, byte) {
            (State::Plain | State::Double, b'\\') => escaped = true,
            (State::Plain, b'\'') => state = State::Single,
            (State::Single, b'\'') | (State::Double, b'"') => state = State::Plain,
            (State::Plain, b'"') => state = State::Double,
            (State::Plain, b'#') if matches!(previous, b'\n' | b' ' | b'\t' | b';' | b'&' | b'|' | b'(') => {
                state = State::Comment;
            }
            (State::Plain, b'(') => depth += 1,
            (State::Plain, b')') => depth = depth.saturating_sub(1),
            (State::Plain, b'<') if previous == b'<' => here_document = true,
            _ => {}
        }
        previous = byte;
    }
    if start < text.len() {
        lines.push(Line { range: start..text.len(), plain });
    }
    lines
}

/// Whether a line that is no comment holds `NAME=`, or names the variable after a word that may set it.
fn mentions(line: &[u8], name: &str) -> bool {
    if line.trim_ascii_start().starts_with(b"#") {
        return false;
    }
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    line.windows(name.len().max(1)).enumerate().any(|(at, window)| {
        let before = at.checked_sub(1).and_then(|before| line.get(before)).copied();
        let after = line.get(at + name.len()).copied();
        window == name.as_bytes()
            && !before.is_some_and(word)
            && matches!(after, Some(b'=' | b'+'))
            && before != Some(b'$')
    })
}

/// The value's place in a line that is understood, and whether the line exports it.
fn parse(line: &[u8], name: &str) -> Option<(Range<usize>, bool)> {
    let mut at = 0;
    let exported = line.starts_with(b"export ");
    if exported {
        at = "export ".len();
        at += line.get(at..)?.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    }
    let rest = line.get(at..)?.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
    at += name.len() + 1;
    let quote = rest.first().filter(|first| matches!(first, b'\'' | b'"'));
    let (value, length) = if let Some(quote) = quote {
        let inner = rest.get(1..)?;
        let end = inner.iter().position(|byte| byte == quote)?;
        let content = inner.get(..end)?;
        if *quote == b'"' && content.iter().any(|byte| matches!(byte, b'$' | b'`' | b'\\' | b'!')) {
            return None;
        }
        (at + 1..at + 1 + end, end + 2)
    } else {
        let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\r')).unwrap_or(rest.len());
        if rest.get(..end)?.iter().any(|byte| b"'\"$`\\;&|<>(){}*?[]!~#".contains(byte)) {
            return None;
        }
        (at..at + end, end)
    };
    let tail = rest.get(length..)?;
    let blank = tail.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    match tail.get(blank) {
        None => Some((value, exported)),
        Some(b'#') if blank > 0 => Some((value, exported)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Option<&str> {
        match find(text.as_bytes(), "X") {
            Found::One(assignment) => Some(&text[assignment.value]),
            _ => None,
        }
    }

    #[test]
    fn plain_lines_are_understood() {
        for (text, expected) in [
            ("export X=1", "1"),
            ("a\nexport X='a b' # why\nb\n", "a b"),
            ("export X=\"a b\"\r\n", "a b"),
            ("X=plain\n", "plain"),
            ("# export X=2\nexport X=1\n", "1"),
            ("export X=\n", ""),
            ("it='\n'\nexport X=1\n", "1"),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_left_alone() {
        for text in [
            "export X=1\nexport X=2\n",
            "  export X=1\n",
            "export X=$Y\n",
            "export X=\"$(cat t)\"\n",
            "export X=1; export Y=2\n",
            "export Y=2 X=1\n",
            "X=1 command\n",
            "text='\nexport X=1\n'\n",
            "cat <<E\nexport X=1\nE\n",
            "true && \\\nexport X=1\n",
            "a=(\nX=1\n)\n",
            "[ -z \"$X\" ] && export X=1\n",
            "export X+=1\n",
        ] {
            assert!(matches!(find(text.as_bytes(), "X"), Found::Unclear(_)), "{text}");
        }
        assert_eq!(find(b"export XY=1\necho $X=\n", "X"), Found::Nothing);
    }

    proptest! {
        #[test]
        fn any_bytes_are_borne(text in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Found::One(found) = find(&text, "X") {
                prop_assert!(text.get(found.line).is_some() && text.get(found.value).is_some());
            }
        }

        #[test]
        fn what_is_understood_is_what_the_shell_understands(value in "[a-zA-Z0-9/:._,@%+ =-]{0,12}", quote in 0..3_usize) {
            let q = ["", "'", "\""][quote];
            let text = format!("export X={q}{value}{q}\n");
            if let Found::One(found) = find(text.as_bytes(), "X") {
                if quote == 0 { prop_assert!(!value.contains(' ') || value.trim_end() == &text[found.value.clone()]); }
                else { prop_assert_eq!(&text[found.value], value.as_str()); }
            }
        }
    }
}
