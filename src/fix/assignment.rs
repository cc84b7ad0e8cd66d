//! Finding the one assignment of a variable in a start-up file, and saying whether it is understood.
//!
//! Understood is only a whole line that sets the variable and nothing else (`export NAME=value`, `set -gx NAME value`,
//! `$env:NAME = 'value'`) and begins in the first column, outside of quotes, comments, here-documents and continued lines,
//! with a value that needs no evaluation. Everything else is shown to the person and left alone.

use std::ops::Range;

/// The language of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// `sh`, bash, zsh, and `.env` files.
    Sh,
    /// Fish.
    Fish,
    /// PowerShell.
    PowerShell,
}

/// An assignment that is understood exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The line's number, from 1.
    pub number: usize,
    /// Where the line lies, without its end.
    pub line: Range<usize>,
    /// Where the value lies, without its quotes.
    pub value: Range<usize>,
    /// Programs that the shell starts get it.
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
pub(crate) fn find(text: &[u8], name: &str, language: Language) -> Found {
    let lines = lines(text, language);
    let mut numbers = Vec::new();
    let mut understood = None;
    for (index, line) in lines.iter().enumerate() {
        let bytes = text.get(line.range.clone()).unwrap_or_default();
        if !mentions(bytes, name, language) {
            continue;
        }
        numbers.push(index + 1);
        if line.plain {
            let parsed = match language {
                Language::Sh => parse(bytes, name),
                Language::Fish => parse_fish(bytes, name),
                Language::PowerShell => parse_powershell(bytes, name),
            };
            understood = parsed.map(|(value, exported)| Assignment {
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

/// The line, by number from 1, that may forbid every change of a variable for good: `readonly NAME`, `declare -r NAME`.
pub(crate) fn read_only(text: &[u8], name: &str, language: Language) -> Option<usize> {
    if language != Language::Sh {
        return None;
    }
    let forbids = |command: &[u8]| {
        let mut words = command.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let first = words.find(|word| !matches!(*word, b"then" | b"do" | b"else" | b"{" | b"builtin" | b"command"));
        let mut forbidden = match first {
            Some(b"readonly") => true,
            Some(b"declare" | b"typeset" | b"export") => false,
            _ => return false,
        };
        words.any(|word| {
            forbidden |= word.starts_with(b"-") && word.contains(&b'r');
            let named = word.strip_prefix(name.as_bytes());
            forbidden && named.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"=") || rest.starts_with(b"+="))
        })
    };
    let line_forbids = |line: &[u8]| {
        let code = line.trim_ascii_start();
        !code.starts_with(b"#") && code.split(|byte| matches!(byte, b';' | b'&' | b'|')).any(forbids)
    };
    text.split(|byte| *byte == b'\n').position(line_forbids).map(|index| index.saturating_add(1))
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

fn lines(text: &[u8], language: Language) -> Vec<Line> {
    let powershell = language == Language::PowerShell;
    let escape = if powershell { b'`' } else { b'\\' };
    let mut lines = Vec::new();
    let (mut state, mut start, mut plain) = (State::Plain, 0, true);
    // Parentheses open an array or a subshell, braces a block of PowerShell; a here-document or block comment has its own
    // rules, so nothing after it counts.
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
            (State::Plain | State::Double, byte) if byte == escape => escaped = true,
            // Fish escapes between single quotes, too.
            (State::Single, b'\\') if language == Language::Fish => escaped = true,
            (State::Plain, b'\'' | b'"') if powershell && previous == b'@' => here_document = true,
            (State::Plain, b'#') if powershell && previous == b'<' => here_document = true,
            (State::Plain, b'\'') => state = State::Single,
            (State::Single, b'\'') | (State::Double, b'"') => state = State::Plain,
            (State::Plain, b'"') => state = State::Double,
            (State::Plain, b'#') if matches!(previous, b'\n' | b' ' | b'\t' | b';' | b'&' | b'|' | b'(') => {
                state = State::Comment;
            }
            (State::Plain, b'(') => depth += 1,
            (State::Plain, b')') => depth = depth.saturating_sub(1),
            (State::Plain, b'{') if powershell => depth += 1,
            (State::Plain, b'}') if powershell => depth = depth.saturating_sub(1),
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

/// Whether a line that is no comment may set the variable.
fn mentions(line: &[u8], name: &str, language: Language) -> bool {
    if line.trim_ascii_start().starts_with(b"#") {
        return false;
    }
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let named = |byte_after: &dyn Fn(usize) -> bool| {
        line.windows(name.len().max(1)).enumerate().any(|(at, window)| {
            let before = at.checked_sub(1).and_then(|before| line.get(before)).copied();
            let same = match language {
                Language::PowerShell => window.eq_ignore_ascii_case(name.as_bytes()),
                _ => window == name.as_bytes(),
            };
            same && !before.is_some_and(word) && before != Some(b'$') && byte_after(at + name.len())
        })
    };
    match language {
        Language::Sh => named(&|after| matches!(line.get(after), Some(b'=' | b'+'))),
        // Whatever stands behind `set` may be what is set.
        Language::Fish => {
            let sets = line.split(|byte| !word(*byte)).any(|part| part == b"set" || part == b"export");
            sets && named(&|after| line.get(after).is_none_or(|byte| !word(*byte)))
        }
        Language::PowerShell => named(&|after| {
            let rest = line.get(after..).unwrap_or_default();
            let calls = line.windows(22).any(|window| window.eq_ignore_ascii_case(b"SetEnvironmentVariable"));
            let item = line.windows(8).any(|window| window.eq_ignore_ascii_case(b"Set-Item"));
            rest.first().is_none_or(|byte| !word(*byte))
                && (calls || item || matches!(rest.trim_ascii_start().first(), Some(b'=' | b'+' | b'}')))
        }),
    }
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

/// The same for fish: `set -gx NAME value`, with one value.
fn parse_fish(line: &[u8], name: &str) -> Option<(Range<usize>, bool)> {
    let mut rest = line.strip_prefix(b"set ")?;
    let (mut exported, mut universal) = (false, false);
    loop {
        rest = rest.trim_ascii_start();
        let Some(option) = rest.strip_prefix(b"-") else { break };
        let end = option.iter().position(|byte| *byte == b' ')?;
        match option.get(..end)? {
            b"-export" => exported = true,
            b"-global" => {}
            b"-universal" => universal = true,
            short if short.iter().all(|byte| b"gxU".contains(byte)) => {
                exported |= short.contains(&b'x');
                universal |= short.contains(&b'U');
            }
            _ => return None,
        }
        rest = option.get(end..)?;
    }
    // A universal variable outlives the line that has set it.
    if universal {
        return None;
    }
    let rest = rest.strip_prefix(name.as_bytes())?.strip_prefix(b" ")?.trim_ascii_start();
    let at = line.len().checked_sub(rest.len())?;
    word_at(rest, at, b"$\\", b"'\"$\\;&|<>(){}*?[]~#^%").map(|value| (value, exported))
}

/// The same for PowerShell: `$env:NAME = 'value'`.
fn parse_powershell(line: &[u8], name: &str) -> Option<(Range<usize>, bool)> {
    let (begin, rest) = line.split_at_checked("$env:".len())?;
    let (named, rest) = rest.split_at_checked(name.len())?;
    if !begin.eq_ignore_ascii_case(b"$env:") || !named.eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    let rest = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    // Bare words are commands there.
    rest.first().filter(|first| matches!(first, b'\'' | b'"'))?;
    let at = line.len().checked_sub(rest.len())?;
    word_at(rest, at, b"$`", b"").map(|value| (value, true))
}

/// The place of the one word with which a line ends, without its quotes: between double quotes without `evaluated`, bare
/// without `special`; a comment may follow.
fn word_at(rest: &[u8], at: usize, evaluated: &[u8], special: &[u8]) -> Option<Range<usize>> {
    let quote = rest.first().filter(|first| matches!(first, b'\'' | b'"'));
    let (value, length) = if let Some(quote) = quote {
        let inner = rest.get(1..)?;
        let end = inner.iter().position(|byte| byte == quote)?;
        let content = inner.get(..end)?;
        if content.contains(&b'\\') || (*quote == b'"' && content.iter().any(|byte| evaluated.contains(byte))) {
            return None;
        }
        (at + 1..at + 1 + end, end + 2)
    } else {
        let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\r')).unwrap_or(rest.len());
        if end == 0 || rest.get(..end)?.iter().any(|byte| special.contains(byte)) {
            return None;
        }
        (at..at + end, end)
    };
    let tail = rest.get(length..)?;
    let blank = tail.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    match tail.get(blank) {
        None => Some(value),
        Some(b'#') if blank > 0 => Some(value),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Option<&str> {
        match find(text.as_bytes(), "X", Language::Sh) {
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
            assert!(matches!(find(text.as_bytes(), "X", Language::Sh), Found::Unclear(_)), "{text}");
        }
        assert_eq!(find(b"export XY=1\necho $X=\n", "X", Language::Sh), Found::Nothing);
    }

    #[test]
    fn what_may_not_be_changed_is_seen() {
        for (text, line) in [
            ("a\nreadonly X=1\n", Some(2)),
            ("X=1; readonly Y X\n", Some(1)),
            ("if a; then declare -xr X=1; fi\n", Some(1)),
            ("typeset -r -x X\n", Some(1)),
            ("# readonly X=1\ndeclare -x X=1\nreadonly XY=1\necho readonly X\n", None),
            ("export X=-r\n", None),
        ] {
            assert_eq!(read_only(text.as_bytes(), "X", Language::Sh), line, "{text}");
        }
        assert_eq!(read_only(b"readonly X", "X", Language::Fish), None);
    }

    #[test]
    fn fish_and_powershell_have_their_own_lines() {
        let value = |text: &str, language| match find(text.as_bytes(), "HF_X", language) {
            Found::One(one) => Some((text[one.value].to_owned(), one.exported)),
            Found::Unclear(_) => Some(("unclear".to_owned(), false)),
            Found::Nothing => None,
        };
        for (text, expected) in [
            ("set -gx HF_X one\n", Some(("one", true))),
            ("set -x HF_X 'a b' # why\n", Some(("a b", true))),
            ("set --global --export HF_X \"a\"\n", Some(("a", true))),
            ("set HF_X one\n", Some(("one", false))),
            ("set -Ux HF_X one\n", Some(("unclear", false))),
            ("set -gx HF_X one two\n", Some(("unclear", false))),
            ("set -gx HF_X (cat t)\n", Some(("unclear", false))),
            ("set -gx HF_X $Y\n", Some(("unclear", false))),
            ("if true\n  set -gx HF_X 1\nend\n", Some(("unclear", false))),
            ("set -gx A 'it\\'s\nset -gx HF_X 1\n'\n", Some(("unclear", false))),
            ("echo $HF_X\nset -gx HF_XY 1\n", None),
        ] {
            let expected = expected.map(|(value, exported)| (value.to_owned(), exported));
            assert_eq!(value(text, Language::Fish), expected, "{text}");
        }
        for (text, expected) in [
            ("$env:HF_X = 'one'\r\n", Some(("one", true))),
            ("$Env:hf_x=\"one\"\n", Some(("one", true))),
            ("$env:HF_X = $other\n", Some(("unclear", false))),
            ("$env:HF_X = \"$other\"\n", Some(("unclear", false))),
            ("if ($true) {\n$env:HF_X = 'one'\n}\n", Some(("unclear", false))),
            ("<#\n$env:HF_X = 'one'\n#>\n", Some(("unclear", false))),
            ("[Environment]::SetEnvironmentVariable('HF_X', 'one')\n", Some(("unclear", false))),
            ("Write-Host $env:HF_X\n# $env:HF_X = 'one'\n", None),
        ] {
            let expected = expected.map(|(value, exported)| (value.to_owned(), exported));
            assert_eq!(value(text, Language::PowerShell), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_borne(text in prop::collection::vec(any::<u8>(), 0..200)) {
            for language in [Language::Sh, Language::Fish, Language::PowerShell] {
                if let Found::One(found) = find(&text, "X", language) {
                    prop_assert!(text.get(found.line).is_some() && text.get(found.value).is_some());
                }
            }
        }

        #[test]
        fn what_is_understood_is_what_the_shell_understands(value in "[a-zA-Z0-9/:._,@%+ =-]{0,12}", quote in 0..3_usize) {
            let q = ["", "'", "\""][quote];
            let text = format!("export X={q}{value}{q}\n");
            if let Found::One(found) = find(text.as_bytes(), "X", Language::Sh) {
                if quote == 0 { prop_assert!(!value.contains(' ') || value.trim_end() == &text[found.value.clone()]); }
                else { prop_assert_eq!(&text[found.value], value.as_str()); }
            }
        }
    }
}
