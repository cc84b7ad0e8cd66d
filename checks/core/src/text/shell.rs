//! Paths as a shell takes them, and as a person reads them.

use std::fmt::Write;
use std::path::Path;

/// A shell that commands are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shell {
    /// sh, bash, zsh and their like.
    Posix,
    /// PowerShell.
    PowerShell,
    /// Windows' command prompt.
    Cmd,
}

impl Shell {
    /// A word as the shell takes it, whatever it holds.
    pub fn word(self, text: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,".contains(c);
        match self {
            Shell::Posix => quoted(Path::new(text)),
            Shell::PowerShell => {
                let plain = |c: char| plain(c) && !"@,=".contains(c) || c == '\\';
                if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
                    text.to_owned()
                } else {
                    // Curly quotes close a string there as straight ones do.
                    let inner: String = text
                        .chars()
                        .flat_map(
                            |c| if "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(c) { vec![c, c] } else { vec![c] },
                        )
                        .filter(|c| !c.is_control())
                        .collect();
                    format!("'{inner}'")
                }
            }
            Shell::Cmd => {
                let plain = |c: char| plain(c) && c != ',' && c != '=' || c == '\\';
                if !text.is_empty() && text.chars().all(plain) {
                    text.to_owned()
                } else {
                    // A quote cannot be typed inside of quotes there, and a line end not at all.
                    let inner: String = text.chars().filter(|c| *c != '"' && !c.is_control()).collect();
                    format!("\"{}\"", inner.replace('%', "%%"))
                }
            }
        }
    }

    /// A command of words.
    pub fn command<'a>(self, words: impl IntoIterator<Item = &'a str>) -> String {
        words.into_iter().map(|word| self.word(word)).collect::<Vec<_>>().join(" ")
    }

    /// The line that sets a variable in the shell that is open.
    pub fn set(self, name: &str, value: &str) -> String {
        match self {
            Shell::Posix => format!("export {name}={}", self.word(value)),
            Shell::PowerShell => format!("$env:{name} = '{}'", value.replace('\'', "''")),
            Shell::Cmd => format!("set \"{name}={}\"", value.replace('"', "").replace('%', "%%")),
        }
    }

    /// The line that unsets variables in the shell that is open.
    pub fn unset(self, names: &[&str]) -> String {
        match self {
            Shell::Posix => format!("unset {}", names.join(" ")),
            Shell::PowerShell => {
                let names: Vec<String> = names.iter().map(|name| format!("Env:{name}")).collect();
                format!("Remove-Item {} -ErrorAction SilentlyContinue", names.join(","))
            }
            Shell::Cmd => names.iter().map(|name| format!("set {name}=")).collect::<Vec<_>>().join(" & "),
        }
    }

    /// The line that asks for a secret, unseen, and sets a variable to it.
    pub fn ask(self, name: &str) -> String {
        match self {
            Shell::Posix => format!("read -rs {name} && export {name}"),
            Shell::PowerShell => {
                format!(
                    "$env:{name} = (Read-Host -AsSecureString | ForEach-Object {{ [Net.NetworkCredential]::new('', $_).Password }})"
                )
            }
            Shell::Cmd => format!("set /p {name}="),
        }
    }

    /// The value of a variable in a command, between double quotes.
    pub fn value(self, name: &str) -> String {
        match self {
            Shell::Posix => format!("${name}"),
            Shell::PowerShell => format!("$env:{name}"),
            Shell::Cmd => format!("%{name}%"),
        }
    }
}

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
    fn words_of_windows_shells_are_quoted() {
        assert_eq!(Shell::PowerShell.word(r"C:\hf\hub"), r"C:\hf\hub");
        assert_eq!(Shell::PowerShell.word("my dir's $(x)"), "'my dir''s $(x)'");
        assert_eq!(Shell::PowerShell.word("it\u{2019}s"), "'it\u{2019}\u{2019}s'");
        assert_eq!(Shell::PowerShell.word("-x"), "'-x'");
        assert_eq!(Shell::Cmd.word(r"C:\my dir"), "\"C:\\my dir\"");
        assert_eq!(Shell::Cmd.word("100%"), "\"100%%\"");
        assert_eq!(Shell::Cmd.unset(&["A", "B"]), "set A= & set B=");
        assert_eq!(Shell::PowerShell.set("A", "it's"), "$env:A = 'it''s'");
        assert_eq!(Shell::Posix.set("A", "a b"), "export A='a b'");
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
