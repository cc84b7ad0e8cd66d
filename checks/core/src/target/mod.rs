//! What failed to download, from what people have at hand.

mod parse;

pub use parse::TargetError;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepoType {
    /// A model.
    Model,
    /// A dataset.
    Dataset,
    /// A Space.
    Space,
    /// A kernel (huggingface_hub since 1.10).
    Kernel,
}

impl RepoType {
    /// The word in `/api/…` and in cache folders: `models`, `datasets`, `spaces`, `kernels`.
    pub fn plural(self) -> &'static str {
        match self {
            RepoType::Model => "models",
            RepoType::Dataset => "datasets",
            RepoType::Space => "spaces",
            RepoType::Kernel => "kernels",
        }
    }

    /// The word in messages and in `--repo-type`.
    pub fn word(self) -> &'static str {
        match self {
            RepoType::Model => "model",
            RepoType::Dataset => "dataset",
            RepoType::Space => "space",
            RepoType::Kernel => "kernel",
        }
    }

    /// What stands before the id in URLs: nothing for models, else `datasets/` and so on.
    pub fn prefix(self) -> &'static str {
        match self {
            RepoType::Model => "",
            RepoType::Dataset => "datasets/",
            RepoType::Space => "spaces/",
            RepoType::Kernel => "kernels/",
        }
    }
}

/// How the target became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum From {
    /// From the command line.
    Argument,
    /// From the failed command's output.
    Log,
    /// From what the failure left on disk.
    Cache,
}

/// What failed to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Model, dataset, Space or kernel.
    pub repo_type: RepoType,
    /// `name` or `namespace/name`, as given; it may be malformed, which [`Target::problem`] tells.
    pub repo_id: String,
    /// Branch, tag or commit; none for `main`.
    pub revision: Option<String>,
    /// Path of one file in the repository.
    pub file: Option<String>,
    /// The quantization that llama.cpp and ollama write after a colon, as in `org/name:Q4_K_M`; none for `latest`.
    pub tag: Option<String>,
    /// How it became known.
    pub from: From,
}

/// The longest namespace and the longest name, in characters (huggingface_hub `utils/_validators.py`).
const MAX_PART: usize = 96;

impl Target {
    /// The main branch of a repository.
    pub fn new(repo_type: RepoType, repo_id: impl Into<String>, from: From) -> Target {
        Target { repo_type, repo_id: repo_id.into(), revision: None, file: None, tag: None, from }
    }

    /// Revision or `main`.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    /// The folder of the repository in the hub cache, such as `datasets--org--name`.
    pub fn cache_folder(&self) -> String {
        format!("{}--{}", self.repo_type.plural(), self.repo_id.replace('/', "--"))
    }

    /// The repository's page on the Hub: where a licence is accepted and where the files are listed.
    pub fn url(&self) -> String {
        let mut url = format!("https://huggingface.co/{}", self.repo_type.prefix());
        for byte in self.repo_id.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_./~".contains(&byte) {
                url.push(char::from(byte));
            } else {
                // The bytes of a malformed id: a person may still want to look at what the address leads to.
                url.extend(['%', hexadecimal(byte >> 4), hexadecimal(byte & 15)]);
            }
        }
        url
    }

    /// Why the id cannot be one of a repository, by the rules that huggingface_hub applies before it asks the Hub; none
    /// for an id that passes.
    ///
    /// Source: `validate_repo_id` in huggingface_hub `utils/_validators.py`. What the client calls bad characters is told
    /// apart further here, because a local path and a stray blank have different remedies.
    pub fn problem(&self) -> Option<String> {
        problem_of(&self.repo_id)
    }
}

/// The type's prefix, the id, and the revision where it is not `main`. Control characters come out escaped.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.repo_type.prefix(), printable(&self.repo_id))?;
        match &self.revision {
            Some(revision) => write!(f, "@{}", printable(revision)),
            None => Ok(()),
        }
    }
}

fn hexadecimal(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

fn problem_of(id: &str) -> Option<String> {
    if id.is_empty() {
        return Some("it is empty".to_owned());
    }
    if let Some(kind) = local_path(id) {
        return Some(format!("it is {kind}, not `name` or `namespace/name`"));
    }
    if let Some((scheme, _)) = id.split_once("://") {
        return Some(format!("it is a {} URL, not `name` or `namespace/name`", printable(scheme)));
    }
    if id.matches('/').count() > 1 {
        return Some("it has more than one `/`: an id is `name` or `namespace/name`".to_owned());
    }
    let parts = match id.split_once('/') {
        Some((namespace, name)) => vec![("namespace", namespace), ("name", name)],
        None => vec![("name", id)],
    };
    for (what, part) in &parts {
        if part.is_empty() {
            return Some(format!("its {what} is empty"));
        }
        if let Some(c) = part.chars().find(|c| !is_id_character(*c)) {
            return Some(format!(
                "its {what} has {}: only letters, digits, `-`, `_` and `.` may be in it",
                describe(c)
            ));
        }
        let length = part.chars().count();
        if length > MAX_PART {
            return Some(format!("its {what} has {length} characters: at most {MAX_PART} are allowed"));
        }
        if part.starts_with(['-', '.']) || part.ends_with(['-', '.']) {
            return Some(format!("its {what} begins or ends with `-` or `.`"));
        }
    }
    for forbidden in ["--", ".."] {
        if id.contains(forbidden) {
            return Some(format!("it contains `{forbidden}`"));
        }
    }
    id.strip_suffix(".git").map(|_| "it ends with `.git`".to_owned())
}

fn is_id_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn describe(c: char) -> String {
    match c {
        ' ' => "a blank".to_owned(),
        c if c.is_control() || c.is_whitespace() || !c.is_ascii() => format!("the character {}", unicode_name(c)),
        c => format!("the character `{c}`"),
    }
}

/// A character that may not show as itself: its code point, and itself where it is a letter.
fn unicode_name(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if c.is_alphanumeric() { format!("`{c}` ({code})") } else { code }
}

/// What kind of local path the text is by its form alone; none when it could be an id.
///
/// A relative folder such as `models/llama` has the form of an id: whether it exists is a question to the disk.
fn local_path(text: &str) -> Option<&'static str> {
    let mut chars = text.chars();
    let drive = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.next() == Some(':')
        && matches!(chars.next(), None | Some('/' | '\\'));
    if drive || text.contains('\\') {
        return Some("a Windows path");
    }
    if text.starts_with('/') || text.starts_with("file://") {
        return Some("an absolute path");
    }
    if text == "~" || text.starts_with("~/") {
        return Some("a path in the home directory");
    }
    let relative = text == "." || text == ".." || text.starts_with("./") || text.starts_with("../");
    relative.then_some("a relative path")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(id: &str) -> Option<String> {
        Target::new(RepoType::Model, id, From::Argument).problem()
    }

    #[test]
    fn ids_that_the_client_accepts_have_no_problem() {
        let longest = "a".repeat(96);
        for id in ["gpt2", "org/name", "123", "Foo-BAR_foo.bar123", "a/b", "_a/_b_", "models/llama", &longest] {
            assert_eq!(problem(id), None, "{id}");
        }
    }

    #[test]
    fn ids_that_the_client_refuses_have_a_problem_in_words() {
        let long = "a".repeat(97);
        for (id, words) in [
            ("", "empty"),
            ("./x", "relative path"),
            ("..", "relative path"),
            ("/abs/x", "absolute path"),
            ("~/x", "home directory"),
            (r"C:\x", "Windows path"),
            (r"models\x", "Windows path"),
            ("s3://bucket/x", "s3 URL"),
            ("a/b/c", "more than one `/`"),
            ("a/", "name is empty"),
            ("/", "absolute path"),
            ("org/na me", "a blank"),
            ("org/naïve", "U+00EF"),
            ("org/na\u{200b}me", "U+200B"),
            ("org/na\nme", "U+000A"),
            ("org/a+b", "`+`"),
            (&long, "97 characters"),
            ("-org/name", "begins or ends"),
            ("org/name.", "begins or ends"),
            ("foo--bar", "`--`"),
            ("foo..bar", "`..`"),
            ("org/name.git", "`.git`"),
        ] {
            let found = problem(id).unwrap_or_default();
            assert!(found.contains(words), "{id}: {found}");
        }
    }

    #[test]
    fn cache_folder_page_and_display() {
        let mut target = Target::new(RepoType::Dataset, "org/name", From::Argument);
        assert_eq!(target.cache_folder(), "datasets--org--name");
        assert_eq!(target.url(), "https://huggingface.co/datasets/org/name");
        assert_eq!(target.to_string(), "datasets/org/name");
        target.revision = Some("refs/pr/1".to_owned());
        assert_eq!(target.to_string(), "datasets/org/name@refs/pr/1");
        let odd = Target::new(RepoType::Model, "a b\u{1b}[31m", From::Argument);
        assert_eq!(odd.url(), "https://huggingface.co/a%20b%1B%5B31m");
        assert!(!odd.to_string().contains('\u{1b}'));
        assert_eq!(Target::new(RepoType::Model, "gpt2", From::Argument).cache_folder(), "models--gpt2");
    }
}
