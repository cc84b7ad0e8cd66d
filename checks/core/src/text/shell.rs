//! Paths as a shell takes them, and as a person reads them.

use std::fmt::Write;
use std::path::Path;

/// A path as a shell takes it.
pub fn quoted(path: &Path) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,".contains(c);
    match path.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => text.to_owned(),
        Some(text) if !text.chars().any(char::is_control) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => escaped(path),
    }
}

/// Bytes that are no text, and line ends, can be typed in this form alone; bash, zsh and ksh read it. Only what comes after
/// the last sound folder is written so: its beginning stays what it is everywhere else.
fn escaped(path: &Path) -> String {
    let sound =
        |path: &&Path| path.to_str().is_some_and(|text| !text.is_empty() && !text.chars().any(char::is_control));
    let (mut out, rest) = match path.ancestors().skip(1).find(sound) {
        Some(folder) => {
            let mut out = quoted(folder);
            if !folder.as_os_str().as_encoded_bytes().ends_with(b"/") {
                out.push('/');
            }
            (out, path.strip_prefix(folder).unwrap_or(path))
        }
        None => (String::new(), path),
    };
    out.push_str("$'");
    for byte in rest.as_os_str().as_encoded_bytes() {
        match byte {
            b'\'' | b'\\' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            b' '..=b'~' => out.push(char::from(*byte)),
            other => {
                let _ = write!(out, "\\x{other:02x}");
            }
        }
    }
    out.push('\'');
    out
}

/// A path in a sentence: on one line, whatever its name holds.
pub fn shown(path: &Path) -> String {
    in_line(&path.to_string_lossy())
}

/// A name in a sentence: control characters are written out.
pub fn in_line(name: &str) -> String {
    if !name.chars().any(char::is_control) {
        return name.to_owned();
    }
    name.chars().fold(String::new(), |mut out, c| {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_quoted_for_the_shell() {
        assert_eq!(quoted(Path::new("/a b/c'd")), r"'/a b/c'\''d'");
        assert_eq!(quoted(Path::new("/a/b-c.d")), "/a/b-c.d");
        assert_eq!(quoted(Path::new("")), "''");
        assert_eq!(quoted(Path::new("a\n'b")), r"$'a\x0a\'b'");
        assert_eq!(quoted(Path::new("/a/b c/d\n")), r"'/a/b c'/$'d\x0a'");
        assert_eq!(quoted(Path::new("/\n")), r"/$'\x0a'");
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_any_name() {
        use std::os::unix::ffi::OsStrExt;
        for name in [
            &b"a\nb"[..],
            b"/x y/a\n/b",
            b"/\x01",
            b"\xff\xfe 'x'",
            "ü 😀".as_bytes(),
            b"-rf $HOME `x` \\ \"",
            b"\x1b[31m",
        ] {
            let path = Path::new(std::ffi::OsStr::from_bytes(name));
            let script = format!("printf %s {}", quoted(path));
            let Ok(said) = std::process::Command::new("bash").args(["-c", &script]).output() else { return };
            assert_eq!(said.stdout, name, "{script}");
        }
    }

    #[test]
    fn names_stay_on_their_line() {
        assert_eq!(shown(Path::new("a\nb\x1b[31m")), r"a\nb\u{1b}[31m");
        assert_eq!(in_line("plain ü"), "plain ü");
    }

    proptest! {
        #[test]
        fn no_control_character_gets_through(name in "\\PC{0,20}[\\x00-\\x1f]{0,5}.{0,20}") {
            prop_assert!(!in_line(&name).chars().any(char::is_control));
            prop_assert!(!quoted(Path::new(&name)).chars().any(char::is_control));
        }
    }
}
