//! How shells write what a person types: a variable set or unset, and a text as one word.

use super::world::Shell;

/// The statement that sets a variable, or unsets it, in a shell's language, as a person types it.
pub(crate) fn statement(shell: Shell, name: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => assignment(shell, name, &quote(shell, value)),
        None => match shell {
            Shell::Fish => format!("set -e {name}"),
            Shell::PowerShell | Shell::Registry => format!("$env:{name} = $null"),
            Shell::Csh => format!("unsetenv {name}"),
            Shell::Nushell => format!("hide-env --ignore-errors {name}"),
            Shell::Xonsh => format!("${{...}}.pop('{name}', None)"),
            Shell::Elvish => format!("unset-env {name}"),
            Shell::Bash | Shell::Zsh | Shell::Posix | Shell::Unknown => format!("unset {name}"),
        },
    }
}

/// The statement that gives a variable what a word, written in the shell's language, stands for.
fn assignment(shell: Shell, name: &str, word: &str) -> String {
    match shell {
        Shell::Fish => format!("set -gx {name} {word}"),
        Shell::PowerShell | Shell::Registry => format!("$env:{name} = {word}"),
        Shell::Csh => format!("setenv {name} {word}"),
        Shell::Nushell => format!("$env.{name} = {word}"),
        Shell::Xonsh => format!("${name} = {word}"),
        Shell::Elvish => format!("set-env {name} {word}"),
        Shell::Bash | Shell::Zsh | Shell::Posix | Shell::Unknown => format!("export {name}={word}"),
    }
}

/// A text as one word of a shell's language.
pub(crate) fn quote(shell: Shell, text: &str) -> String {
    match shell {
        Shell::Fish | Shell::Xonsh => format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'")),
        Shell::PowerShell | Shell::Registry => {
            // PowerShell takes typographic quotes for quotes, too.
            let doubled = text.chars().fold(String::new(), |mut out, c| {
                if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
                    out.push(c);
                }
                out.push(c);
                out
            });
            format!("'{doubled}'")
        }
        // The C shell looks for `!` within quotes, too.
        Shell::Csh => format!("'{}'", text.replace('\'', r"'\''").replace('!', r"\!")),
        Shell::Nushell if text.contains('\'') => format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")),
        Shell::Nushell => format!("'{text}'"),
        Shell::Elvish => format!("'{}'", text.replace('\'', "''")),
        Shell::Bash | Shell::Zsh | Shell::Posix | Shell::Unknown => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A text as a word that is quoted only where it has to be.
pub fn word(shell: Shell, text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    let bare = text.starts_with(|c: char| c.is_ascii_alphanumeric() || "-_./".contains(c)) && text.chars().all(plain);
    if bare { text.to_owned() } else { quote(shell, text) }
}

/// Commands on one line, each begun only when the one before it has succeeded, where the shell can say so; none when there
/// are none.
pub fn joined(shell: Shell, commands: &[String]) -> Option<String> {
    let between = match shell {
        Shell::Bash | Shell::Zsh | Shell::Posix | Shell::Unknown | Shell::Csh | Shell::Xonsh => " && ",
        Shell::Fish => "; and ",
        Shell::PowerShell | Shell::Registry | Shell::Nushell | Shell::Elvish => "; ",
    };
    (!commands.is_empty()).then(|| commands.join(between))
}

/// A line that sets or unsets variables the POSIX way, as another shell has it. None for every other line, and for a
/// shell that takes it as it is.
pub(crate) fn translated(shell: Shell, line: &str) -> Option<String> {
    if matches!(shell, Shell::Bash | Shell::Zsh | Shell::Posix | Shell::Unknown) {
        return None;
    }
    let (statement, comment) = match line.split_once(" #") {
        Some((statement, comment)) if !comment.contains('\'') => (statement.trim_end(), Some(comment)),
        _ => (line, None),
    };
    let said = if let Some(names) = statement.strip_prefix("unset ") {
        let names: Vec<&str> = names.split_ascii_whitespace().collect();
        if !names.iter().all(|name| super::shell_env::is_name(name)) {
            return None;
        }
        let each: Vec<String> = names.iter().map(|name| self::statement(shell, name, None)).collect();
        each.join("; ")
    } else {
        let (name, word) = statement.strip_prefix("export ")?.split_once('=')?;
        if !super::shell_env::is_name(name) {
            return None;
        }
        match unquoted(word)? {
            // A tilde at the beginning stands for the home directory only where it is not quoted.
            text if is_plain(&text) && matches!(shell, Shell::Fish | Shell::Csh | Shell::Elvish) => {
                assignment(shell, name, &text)
            }
            text => self::statement(shell, name, Some(&text)),
        }
    };
    match comment {
        // At a prompt the C shell knows no comments.
        Some(comment) if shell != Shell::Csh => Some(format!("{said}   #{comment}")),
        _ => Some(said),
    }
}

/// What a POSIX word stands for, when it is one plain word or one in single quotes.
fn unquoted(word: &str) -> Option<String> {
    if is_plain(word) {
        return Some(word.to_owned());
    }
    let inner = word.strip_prefix('\'')?.strip_suffix('\'')?;
    let text = inner.replace(r"'\''", "\0");
    (!text.contains('\'')).then(|| text.replace('\0', "'"))
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:,@%+~".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A shell that is there reads back what was quoted.
    fn reads_back(program: &str, shell: Shell, value: &str) -> Option<bool> {
        let script = format!("{}; printenv X", statement(shell, "X", Some(value)));
        let output = std::process::Command::new(program).args(["-c", &script]).output().ok()?;
        Some(output.stdout == [value.as_bytes(), b"\n"].concat())
    }

    #[test]
    fn shells_read_back_odd_values() {
        for value in ["a b", "it's", "$HOME `x` \\ \"q\" !", "é\u{2019}", "", "-n", "a\\'b", "wow!x"] {
            for (program, shell) in [
                ("sh", Shell::Posix),
                ("bash", Shell::Bash),
                ("zsh", Shell::Zsh),
                ("fish", Shell::Fish),
                ("tcsh", Shell::Csh),
                ("nu", Shell::Nushell),
                ("xonsh", Shell::Xonsh),
                ("elvish", Shell::Elvish),
            ] {
                assert_ne!(reads_back(program, shell, value), Some(false), "{program}: {value}");
            }
        }
        if cfg!(unix) {
            assert_eq!(reads_back("sh", Shell::Posix, "it's"), Some(true), "no shell to try it with");
        }
    }

    #[test]
    fn posix_lines_are_said_in_each_language() {
        for (shell, line, said) in [
            (Shell::Csh, "unset HF_ENDPOINT", Some("unsetenv HF_ENDPOINT")),
            (Shell::Csh, "export HF_HUB_CACHE=~/hf", Some("setenv HF_HUB_CACHE ~/hf")),
            (Shell::Csh, "export A='b c'   # why", Some("setenv A 'b c'")),
            (Shell::Csh, "unset A B", Some("unsetenv A; unsetenv B")),
            (Shell::Fish, "unset A", Some("set -e A")),
            (Shell::Fish, "export HF_TOKEN=hf_...   # bare", Some("set -gx HF_TOKEN hf_...   # bare")),
            (Shell::Nushell, r"export A='it'\''s'", Some("$env.A = \"it's\"")),
            (Shell::Xonsh, "unset A", Some("${...}.pop('A', None)")),
            (Shell::Elvish, "export A=1", Some("set-env A 1")),
            (Shell::Registry, "export A=1", Some("$env:A = '1'")),
            (Shell::Csh, "export A=\"$(cat f)\"", None),
            (Shell::Csh, "hf auth login", None),
            (Shell::Csh, "unset $X", None),
            (Shell::Bash, "unset A", None),
            (Shell::Unknown, "unset A", None),
        ] {
            assert_eq!(translated(shell, line).as_deref(), said, "{shell:?}: {line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_has_an_outcome(line in "(export |unset )?[A-Z]{0,3}[ =]?.{0,30}") {
            for shell in [Shell::Csh, Shell::Fish, Shell::Nushell, Shell::Xonsh, Shell::Elvish, Shell::PowerShell] {
                let _ = translated(shell, &line);
            }
        }

        #[test]
        fn a_quoted_word_is_read_back(value in "[ -~é]{1,20}") {
            let posix = statement(Shell::Posix, "A", Some(&value));
            if !value.contains(" #") {
                prop_assert_eq!(unquoted(posix.strip_prefix("export A=").unwrap_or_default()), Some(value));
            }
        }
    }
}
