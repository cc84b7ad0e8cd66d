//! A command that a person is to type: the home directory in it as a shell expands it.

use super::Redactor;

/// Where in a shell's line a place stands.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Between words.
    Between,
    /// In a word, outside of quotes.
    Word,
    /// Between single quotes.
    Single,
    /// Between double quotes.
    Double,
}

impl Redactor {
    /// A command without what must not leave the program, still one that can be typed: the home directory becomes `~` at
    /// the beginning of a word and `$HOME` elsewhere, because no shell expands a `~` between quotes.
    pub fn command(&self, command: &str) -> String {
        // What Windows's shells expand is a question of the program that is called, so that the path is only shortened.
        let expanded = match self.homes.first() {
            Some(home) if home.starts_with('/') => with_home(command, home),
            _ => command.to_owned(),
        };
        self.clean(&expanded)
    }
}

fn with_home(command: &str, home: &str) -> String {
    let mut out = String::with_capacity(command.len());
    let (mut state, mut escaped) = (State::Between, false);
    let mut rest = command;
    while let Some(c) = rest.chars().next() {
        let path = rest.strip_prefix(home).filter(|after| !escaped && ends_part(after) && !out.ends_with(is_part));
        if let Some(after) = path {
            match state {
                State::Between => out.push('~'),
                State::Word => out.push_str("\"$HOME\""),
                State::Double => out.push_str("$HOME"),
                State::Single => {
                    // The quote that was opened just before is taken back; else it is closed and opened again.
                    if out.ends_with('\'') && !out.ends_with("\\'") {
                        out.pop();
                    } else {
                        out.push('\'');
                    }
                    out.push_str("\"$HOME\"'");
                }
            }
            state = if state == State::Between { State::Word } else { state };
            rest = after;
            continue;
        }
        match (state, c) {
            _ if escaped => escaped = false,
            (State::Between | State::Word | State::Double, '\\') => escaped = true,
            (State::Between | State::Word, '\'') => state = State::Single,
            (State::Between | State::Word, '"') => state = State::Double,
            (State::Between | State::Word, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(') => state = State::Between,
            (State::Single, '\'') | (State::Double, '"') | (State::Between, _) => state = State::Word,
            _ => {}
        }
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    out
}

/// Whether a path's part may end here.
fn ends_part(after: &str) -> bool {
    !after.starts_with(is_part)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~')
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(std::iter::empty(), Some(Path::new("/home/ada")))
    }

    #[test]
    fn a_shell_still_finds_the_home_directory() {
        for (command, expected) in [
            ("rm /home/ada/.cache/x", "rm ~/.cache/x"),
            ("rm '/home/ada/my cache/x'", "rm \"$HOME\"'/my cache/x'"),
            ("rm \"/home/ada/my cache/x\"", "rm \"$HOME/my cache/x\""),
            ("export HF_HOME=/home/ada/hf", "export HF_HOME=\"$HOME\"/hf"),
            ("export HF_HOME='/home/ada/h f'", "export HF_HOME=\"$HOME\"'/h f'"),
            ("echo 'in /home/ada/x'", "echo 'in '\"$HOME\"'/x'"),
            ("ls /home/adam /mnt/home/ada/x", "ls /home/adam /mnt/home/ada/x"),
            ("ls /home/ada", "ls ~"),
            ("(cd /home/ada/x && ls); rm /home/ada/y", "(cd ~/x && ls); rm ~/y"),
        ] {
            assert_eq!(redactor().command(command), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_real_shell_expands_what_is_shown() {
        for path in ["/home/ada/a b", "/home/ada/it's", "/home/ada/$x", "/home/ada/plain", "/home/ada/a \"b\""] {
            for quoted in [format!("'{}'", path.replace('\'', r"'\''")), format!("a='{}'", path.replace('\'', r"'\''"))]
            {
                let command = redactor().command(&format!("printf %s {quoted}"));
                assert!(!command.contains("/home/ada"), "{command}");
                let output = std::process::Command::new("sh").args(["-c", &command]).env("HOME", "/home/ada").output();
                let shown = String::from_utf8(output.expect("a shell").stdout).expect("text");
                assert!(shown == path || shown == format!("a={path}"), "{command} printed {shown}");
            }
        }
    }

    #[test]
    fn placeholders_stay_and_credentials_do_not() {
        let keep = "export HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT";
        assert_eq!(redactor().command(keep), keep);
        let command = redactor().command("export HTTPS_PROXY=http://ada:hunter2@proxy:3128");
        assert!(!command.contains("hunter2"), "{command}");
    }
}
