//! A token: a type that cannot be printed.

use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};

/// A secret. It has no way to be printed, compared for order or serialised; its bytes come out of one function only.
#[derive(Clone)]
pub struct Token(SecretSlice<u8>);

impl Token {
    /// Wraps the bytes as they were found.
    pub fn new(bytes: Vec<u8>) -> Token {
        Token(SecretSlice::from(bytes))
    }

    /// The bytes. The only door: search for this name to see who looks at a secret.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.expose().len()
    }

    /// Whether there is no byte at all.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// The first eight hex digits of its SHA-256: enough to tell two tokens apart.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.expose());
        format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
    }

    /// What huggingface_hub sends of it since 0.20: without CR, LF and outer blanks; none when nothing is left.
    ///
    /// Source: `_clean_token` in huggingface_hub `utils/_auth.py`.
    pub fn cleaned(&self) -> Option<Token> {
        let text = String::from_utf8_lossy(self.expose());
        let without: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        let trimmed = without.trim();
        (!trimmed.is_empty()).then(|| Token::new(trimmed.as_bytes().to_vec()))
    }

    /// Whether two tokens are the same bytes.
    pub fn same_as(&self, other: &Token) -> bool {
        self.expose() == other.expose()
    }

    /// The form of the token by its prefix.
    pub fn kind(&self) -> &'static str {
        let bytes = self.expose();
        let starts = |prefix: &str| bytes.starts_with(prefix.as_bytes());
        if starts("hf_oauth_") {
            "OAuth token"
        } else if starts("hf_jwt_") {
            "JWT"
        } else if starts("hf_") {
            "user access token"
        } else if starts("api_org_") {
            "organization token"
        } else {
            "unknown form"
        }
    }

    /// What may be shown: the form, the length in bytes and the fingerprint.
    pub fn describe(&self) -> String {
        format!("{}, {} bytes, #{}", self.kind(), self.len(), self.fingerprint())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({} bytes, #{})", self.len(), self.fingerprint())
    }
}
