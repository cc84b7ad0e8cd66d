//! Tokens: where they lie, and which one is sent.

use std::io::Read;
use std::path::{Path, PathBuf};

use hfdoctor_core::token::Token;

use super::clients::Clients;
use super::environment::Environment;
use super::settings::Settings;

/// A token file larger than this is no token file; reading stops here, in bytes.
pub const MAX_TOKEN_FILE: u64 = 64 * 1024;

/// A place that holds a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPlace {
    /// A variable.
    Variable(&'static str),
    /// The client's token file.
    File(PathBuf),
    /// A named entry of the `stored_tokens` file.
    Stored(String),
}

impl TokenPlace {
    /// Whether it is the variable of that name.
    pub fn is_variable(&self, name: &str) -> bool {
        matches!(self, TokenPlace::Variable(variable) if *variable == name)
    }
}

impl std::fmt::Display for TokenPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TokenPlace::Variable(name) => write!(f, "`{name}`"),
            TokenPlace::File(path) => write!(f, "token file {}", path.display()),
            TokenPlace::Stored(name) => write!(f, "saved token `{name}`"),
        }
    }
}

/// A token and where it lies.
#[derive(Debug, Clone)]
pub struct TokenSource {
    /// Where.
    pub place: TokenPlace,
    /// The bytes as found.
    pub token: Token,
    /// The file's permission bits, where the system has them.
    pub mode: Option<u32>,
}

/// Every token found on the machine.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// In the order in which the installed client looks: the first that is not empty once cleaned is sent.
    pub sources: Vec<TokenSource>,
    /// Entries of the `stored_tokens` file: saved, but only the token file's one is active.
    pub stored: Vec<TokenSource>,
    /// Variables that hold something but that the Hub's client does not read.
    pub ignored: Vec<TokenSource>,
    /// Token files that the client would read with other settings: the default one when HF_HOME or HF_TOKEN_PATH leads
    /// elsewhere, and the one of huggingface_hub ≤ 0.10.
    pub elsewhere: Vec<TokenSource>,
    /// What renews a login: it lies beside the tokens of `stored_tokens` (huggingface_hub 1.20+), and is as secret as they.
    pub refresh: Vec<Token>,
    /// What could not be read, with the reason.
    pub unreadable: Vec<(PathBuf, Unreadable)>,
}

/// Why a file that should hold tokens gave none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// In words.
    pub why: String,
    /// Whether this user may not read it.
    pub denied: bool,
    /// Whether its path is longer than the system allows, so that no file can be there.
    pub too_long: bool,
}

impl Unreadable {
    fn new(why: impl Into<String>) -> Unreadable {
        Unreadable { why: why.into(), denied: false, too_long: false }
    }
}

impl From<std::io::Error> for Unreadable {
    fn from(error: std::io::Error) -> Unreadable {
        let is = |kind| error.kind() == kind;
        let (denied, too_long) = (is(std::io::ErrorKind::PermissionDenied), is(std::io::ErrorKind::InvalidFilename));
        Unreadable { why: error.to_string(), denied, too_long }
    }
}

/// Names that people set and that huggingface_hub does not read.
pub const IGNORED_NAMES: &[&str] = &[
    "HUGGINGFACE_TOKEN",
    "HUGGINGFACEHUB_API_TOKEN",
    "HF_API_TOKEN",
    "HUGGINGFACE_HUB_TOKEN",
    "HF_ACCESS_TOKEN",
    "HF_API_KEY",
    "HUGGINGFACE_API_KEY",
];

impl Tokens {
    /// Reads variables and token files.
    pub fn read(environment: &Environment, settings: &Settings, clients: &Clients) -> Tokens {
        let mut tokens = Tokens::default();
        // HF_TOKEN came with huggingface_hub 0.19; before, only the longer name was read.
        let names: &[&'static str] = if clients.hub_is(|v| v < (0, 19, 0)) {
            &["HUGGING_FACE_HUB_TOKEN"]
        } else {
            &["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]
        };
        for name in names {
            if let Some(source) = variable(environment, name) {
                tokens.sources.push(source);
            }
        }
        match token_file(&settings.token_path) {
            Ok(source) => tokens.sources.extend(source),
            Err(why) => tokens.unreadable.push((settings.token_path.clone(), why)),
        }
        for path in ["~/.cache/huggingface/token", "~/.huggingface/token"].map(|path| environment.expand(path)) {
            if path.is_absolute() && path != settings.token_path {
                // A file that nothing reads and that cannot be read is nobody's trouble.
                tokens.elsewhere.extend(token_file(&path).ok().flatten());
            }
        }
        (tokens.stored, tokens.refresh) = stored_tokens(&settings.stored_tokens_path(), &mut tokens.unreadable);
        let unread = if names.len() == 1 { &["HF_TOKEN"][..] } else { &[] };
        for name in IGNORED_NAMES.iter().chain(unread) {
            tokens.ignored.extend(variable(environment, name));
        }
        tokens
    }

    /// The token that the installed client sends by itself; none when there is none or it is switched off.
    pub fn active<'a>(&'a self, settings: &Settings) -> Option<&'a TokenSource> {
        if settings.implicit_token_disabled { None } else { self.first() }
    }

    /// The first token in the client's order, also when sending it is switched off.
    pub fn first(&self) -> Option<&TokenSource> {
        self.sources.iter().find(|source| source.token.cleaned().is_some())
    }

    /// Every secret on the machine, for the redactor.
    pub fn all(&self) -> impl Iterator<Item = &TokenSource> {
        self.sources.iter().chain(&self.stored).chain(&self.ignored).chain(&self.elsewhere)
    }
}

fn variable(environment: &Environment, name: &'static str) -> Option<TokenSource> {
    let bytes = bytes_of(environment.raw(name)?);
    Some(TokenSource { place: TokenPlace::Variable(name), token: Token::new(bytes), mode: None })
}

fn bytes_of(value: &std::ffi::OsString) -> Vec<u8> {
    value.as_encoded_bytes().to_vec()
}

/// The token that a file holds; none when there is no such file.
fn token_file(path: &Path) -> Result<Option<TokenSource>, Unreadable> {
    Ok(read_bounded(path)?.map(|(bytes, mode)| TokenSource {
        place: TokenPlace::File(path.to_owned()),
        token: Token::new(bytes),
        mode,
    }))
}

/// The names and tokens of an INI file such as huggingface_hub ≥ 0.26 writes it, a section a token with the key `hf_token`,
/// and what renews them.
fn stored_tokens(path: &Path, unreadable: &mut Vec<(PathBuf, Unreadable)>) -> (Vec<TokenSource>, Vec<Token>) {
    let none = (Vec::new(), Vec::new());
    let (bytes, mode) = match read_bounded(path) {
        Ok(Some(read)) => read,
        Ok(None) => return none,
        Err(why) => {
            unreadable.push((path.to_owned(), why));
            return none;
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let Ok(ini) = ini::Ini::load_from_str_noescape(&text) else {
        unreadable.push((path.to_owned(), Unreadable::new("it is not an INI file")));
        return none;
    };
    let secret = |text: &str| Token::new(text.as_bytes().to_vec());
    let refresh = ini.iter().filter_map(|(_, keys)| keys.get("refresh_token")).map(secret).collect();
    let stored = ini
        .iter()
        .filter_map(|(section, keys)| {
            Some(TokenSource {
                place: TokenPlace::Stored(section?.to_owned()),
                token: secret(keys.get("hf_token")?),
                mode,
            })
        })
        .collect();
    (stored, refresh)
}

/// A file's bytes, and its permission bits where the system has them.
type FileBytes = (Vec<u8>, Option<u32>);

/// A small file's bytes and mode; none when there is no such file.
///
/// A directory, a device, a file beyond [`MAX_TOKEN_FILE`] or one that may not be read gives the reason in words.
fn read_bounded(path: &Path) -> Result<Option<FileBytes>, Unreadable> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    if !metadata.is_file() {
        return Err(Unreadable::new(if metadata.is_dir() { "it is a folder" } else { "it is not a regular file" }));
    }
    if metadata.len() > MAX_TOKEN_FILE {
        return Err(Unreadable::new(format!("it has {} bytes: too large for a token file", metadata.len())));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_TOKEN_FILE).read_to_end(&mut bytes)?;
    Ok(Some((bytes, mode_of(&metadata))))
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no mode")]
fn mode_of(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode_of(_: &std::fs::Metadata) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_is_the_clients() {
        let cleaned = |bytes: &[u8]| Token::new(bytes.to_vec()).cleaned().map(|t| t.expose().to_vec());
        assert_eq!(cleaned(b" hf_abc\r\n"), Some(b"hf_abc".to_vec()));
        assert_eq!(cleaned(b"hf_\nabc"), Some(b"hf_abc".to_vec()));
        assert_eq!(cleaned(b" \r\n"), None);
        assert_eq!(cleaned(b"hf_a b"), Some(b"hf_a b".to_vec()));
    }

    #[test]
    fn a_token_does_not_print() {
        let token = Token::new(b"hf_abcdefghijklmnopqrstuvwxyzABCDEFGH".to_vec());
        let shown = format!("{token:?} {}", token.describe());
        assert!(!shown.contains("abcdefgh"), "{shown}");
        assert!(shown.contains("37 bytes"), "{shown}");
    }
}
