//! The environment variables that steer downloads: who reads each, since when, and what of its value may be shown.
//!
//! A value is shown only where the table says what it is, and where it looks like that. Anything else is described by its
//! length: a variable that nobody has classified may hold a secret.

mod address;
mod table;

pub use address::{credentials, shape};
pub use table::VARIABLES;

/// What a variable holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// On or off.
    Switch,
    /// A number, a size such as `10gb`, a duration such as `30s`, or one of a few words.
    Word,
    /// One path, or several.
    Path,
    /// A URL or `host:port`, perhaps with credentials in it.
    Address,
    /// Hosts that are reached without the proxy.
    Hosts,
    /// Text of the person's own.
    Text,
    /// A secret.
    Secret,
}

/// One variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Who reads it, with the versions: `huggingface_hub 0.19+`.
    pub readers: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
}

/// The row of a variable. Proxy variables count in both cases.
pub fn variable(name: &str) -> Option<&'static Variable> {
    let upper = name.to_ascii_uppercase();
    VARIABLES.iter().find(|row| row.name == name || (row.name.ends_with("_PROXY") && row.name == upper))
}

/// The values that count as true for the Hub's client: `1`, `ON`, `YES`, `TRUE` in any case (huggingface_hub
/// `constants._is_true`).
pub fn is_true(value: &str) -> bool {
    ["1", "on", "yes", "true"].iter().any(|t| value.eq_ignore_ascii_case(t))
}

/// Prefixes of names that belong to the clients, whether or not the table knows them.
const PREFIXES: &[&str] = &["HF_", "HUGGING", "TRANSFORMERS_", "OLLAMA_", "LLAMA_"];

/// Whether a variable steers downloads, or is named as if it did.
pub fn steers(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    variable(name).is_some() || PREFIXES.iter().any(|prefix| upper.starts_with(prefix))
}

/// What may be shown of a variable's value.
pub fn shown(name: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    let looks_like_it = match variable(name).map(|row| row.kind) {
        Some(Kind::Address) => return shape(value),
        Some(Kind::Hosts) => value.len() <= 4096 && value.bytes().all(|b| is_of_a_host(b) || b", *[]/".contains(&b)),
        Some(Kind::Switch | Kind::Word) => value.len() <= 64 && value.bytes().all(is_of_a_word),
        Some(Kind::Path) => value.len() <= 4096 && !value.contains(['@', '\n', '\r']) && !value.contains("://"),
        Some(Kind::Text | Kind::Secret) | None => false,
    };
    if looks_like_it { value.to_owned() } else { format!("set, {} bytes", value.len()) }
}

fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.+,:/ ".contains(&byte)
}

fn is_of_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)
}

/// Words in a variable's name that tell of a secret in its value.
const SECRET_WORDS: &[&str] = &[
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PWD",
    "APIKEY",
    "KEY",
    "AUTH",
    "AUTHORIZATION",
    "BEARER",
    "COOKIE",
    "CREDENTIAL",
    "CREDENTIALS",
    "CREDS",
    "PAT",
    "JWT",
    "SIGNATURE",
];

/// Whether a variable's value is a secret, by its name: what the table calls one, or what is named as one.
pub fn is_secret(name: &str) -> bool {
    match variable(name) {
        _ if ["PWD", "OLDPWD"].contains(&name) => false,
        Some(row) => row.kind == Kind::Secret,
        None => {
            let upper = name.to_ascii_uppercase();
            let words = upper.split(|c: char| !c.is_ascii_alphanumeric());
            words
                .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
                .any(|word| SECRET_WORDS.contains(&word) || SECRET_WORDS.contains(&word.trim_end_matches('S')))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_name_stands_once_and_says_who_reads_it() {
        let names: BTreeSet<&str> = VARIABLES.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), VARIABLES.len());
        for row in VARIABLES {
            assert!(!row.readers.is_empty() && !row.about.is_empty(), "{}", row.name);
            assert!(!row.about.ends_with('.'), "{}", row.name);
        }
    }

    #[test]
    fn only_what_is_classified_is_shown() {
        for name in [
            "HF_PASSWD",
            "HF_PASS",
            "HF_PAT",
            "HF_AUTH",
            "HF_BEARER",
            "HF_COOKIE",
            "HF_CREDENTIALS",
            "HF_TOKEN_BACKUP",
            "HF_TOKEN_2",
            "HF_TOKENS",
            "HUGGINGFACE_CO_TOKEN_OLD",
            "HF_DATASETS_SERVER_AUTHORIZATION",
            "HF_ANYTHING",
            "OLLAMA_PWD",
            "LLAMA_API_KEY",
            "hf_passwd",
            "TRANSFORMERS_SESSION",
        ] {
            assert!(steers(name), "{name}");
            assert_eq!(shown(name, "correct horse"), "set, 13 bytes", "{name}");
        }
        assert_eq!(shown("HF_HUB_OFFLINE", "1"), "1");
        assert_eq!(shown("HF_HUB_OFFLINE", "p@ss word!"), "set, 10 bytes");
        assert_eq!(shown("HF_HOME", "/data/hf home"), "/data/hf home");
        assert_eq!(shown("HF_HOME", "http://ada:pw@host"), "set, 18 bytes");
        assert_eq!(
            shown("NO_PROXY", "localhost,127.0.0.1,.corp.lan,[::1],10.0.0.0/8"),
            "localhost,127.0.0.1,.corp.lan,[::1],10.0.0.0/8"
        );
        assert_eq!(shown("no_proxy", "http://ada:my PASSWORD@host:9"), "set, 29 bytes");
        assert_eq!(shown("HF_HUB_USER_AGENT_ORIGIN", "my company"), "set, 10 bytes");
        assert_eq!(shown("HF_TOKEN", ""), "");
    }

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "HF_TOKEN",
            "HF_TOKEN_2",
            "HF_TOKENS",
            "MY_API_KEY",
            "DB_PASSWORD",
            "GITHUB_PAT",
            "npm_auth",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "HF_HOME",
            "PATH",
            "HF_HUB_DISABLE_IMPLICIT_TOKEN",
            "KEYBOARD",
            "PASSENGER",
            "SSH_AUTHOR",
            "HF_OIDC_RESOURCE",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
