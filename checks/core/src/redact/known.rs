//! Secrets that are known by value, and every piece of eight bytes of them.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{MASK, terminal};
use crate::token::Token;

/// A piece of a secret of this many bytes is masked, in bytes.
const PIECE: usize = 8;

/// A longer value is no token but a file put in its place: only its own bytes are masked, not their encodings.
const MAX_ENCODED: usize = 1024;

/// Words that stand everywhere. A secret that holds them by mistake, such as `export HF_TOKEN=hf_…` in the token file,
/// must not blot them out: they tell nothing of it.
const COMMON: &[&str] = &[
    "https://huggingface.co/settings/tokens",
    "https://huggingface.co/datasets/",
    "huggingface_hub",
    "huggingface-cli login",
    "huggingface-cli download",
    "huggingface/token",
    "huggingface/hub",
    ".cache/huggingface",
    "hf auth login",
    "hf download",
    "export HF_TOKEN=",
    "HUGGING_FACE_HUB_TOKEN",
    "HUGGINGFACE_HUB_TOKEN",
    "HUGGINGFACEHUB_API_TOKEN",
    "Authorization: Bearer ",
    "authorization: bearer ",
    "access token",
    "password",
    "username",
    "transformers",
    "diffusers",
    "HF_TOKEN=hf_xxxxxxxxxxxx",
    "HF_TOKEN=hf_XXXXXXXXXXXX",
    "hf_xxxxxxxxxxxx",
    "hf_XXXXXXXXXXXX",
    "your_token_here",
    "YOUR_TOKEN_HERE",
];

/// All pieces of all known secrets.
#[derive(Default)]
pub(super) struct Known {
    pieces: HashSet<[u8; PIECE]>,
    /// One bit for each hash of a piece: almost every place of a text is dismissed by it.
    filter: Vec<u64>,
    /// Secrets that are shorter than a piece, masked as whole words.
    short: Vec<String>,
}

const FILTER_BITS: u32 = 16;

fn filter_place(piece: [u8; PIECE]) -> usize {
    let hash = u64::from_le_bytes(piece).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(hash >> (64 - FILTER_BITS)).unwrap_or(0)
}

impl Known {
    pub(super) fn new<'a>(secrets: impl Iterator<Item = &'a Token>) -> Known {
        let mut known = Known::default();
        for secret in secrets {
            let bytes = secret.expose();
            let text = String::from_utf8_lossy(bytes);
            let trimmed = text.trim();
            if (4..PIECE).contains(&trimmed.len())
                && trimmed.bytes().any(|b| b.is_ascii_digit())
                && !trimmed.bytes().all(|b| b.is_ascii_digit())
            {
                known.short.push(trimmed.to_owned());
            }
            for form in forms(bytes, &text) {
                known.pieces.extend(form.windows(PIECE).filter_map(|w| <[u8; PIECE]>::try_from(w).ok()));
            }
        }
        for common in COMMON.iter().flat_map(|word| word.as_bytes().windows(PIECE)) {
            if let Ok(piece) = <[u8; PIECE]>::try_from(common) {
                known.pieces.remove(&piece);
            }
        }
        if !known.pieces.is_empty() {
            known.filter = vec![0; 1 << (FILTER_BITS - 6)];
            for piece in &known.pieces {
                let place = filter_place(*piece);
                known.filter[place / 64] |= 1 << (place % 64);
            }
        }
        known
    }

    /// The text with every piece masked, and how many there were; none when there was none.
    pub(super) fn mask(&self, text: &str) -> Option<(String, u64)> {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        if !self.pieces.is_empty() {
            for (at, window) in text.as_bytes().windows(PIECE).enumerate() {
                let Ok(piece) = <[u8; PIECE]>::try_from(window) else { continue };
                let place = filter_place(piece);
                if self.filter[place / 64] >> (place % 64) & 1 == 0 || !self.pieces.contains(&piece) {
                    continue;
                }
                // A piece may begin or end within a character.
                let start = text.floor_char_boundary(at);
                let end = text.ceil_char_boundary(at + PIECE);
                match ranges.last_mut() {
                    Some((_, last)) if *last >= start => *last = end,
                    _ => ranges.push((start, end)),
                }
            }
        }
        for short in &self.short {
            for (at, _) in text.match_indices(short.as_str()) {
                let end = at + short.len();
                let whole =
                    !text[..at].ends_with(char::is_alphanumeric) && !text[end..].starts_with(char::is_alphanumeric);
                if whole && ranges.iter().all(|(from, to)| end <= *from || *to <= at) {
                    ranges.push((at, end));
                }
            }
        }
        if ranges.is_empty() {
            return None;
        }
        ranges.sort_unstable();
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (start, end) in &ranges {
            // Where a piece that was seen later begins within the one before, only the rest of it is new.
            out.push_str(text.get(copied..*start).unwrap_or_default());
            out.push_str(MASK);
            copied = copied.max(*end);
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        Some((out, u64::try_from(ranges.len()).unwrap_or(u64::MAX)))
    }
}

/// A secret as tools print it.
fn forms(bytes: &[u8], text: &str) -> Vec<Vec<u8>> {
    let stripped = terminal::strip(text).unwrap_or_else(|| text.to_owned());
    let mut forms =
        vec![bytes.to_vec(), text.as_bytes().to_vec(), stripped.replace('\n', "").into_bytes(), stripped.into_bytes()];
    if bytes.len() > MAX_ENCODED {
        return forms;
    }
    // In JSON, in Python's `repr` of text and of bytes.
    forms.push(serde_json::to_string(text).unwrap_or_default().into_bytes());
    forms.push(text.chars().flat_map(json_ascii).collect::<String>().into_bytes());
    forms.push(text.chars().flat_map(python_ascii).collect::<String>().into_bytes());
    forms.push(bytes.escape_ascii().to_string().into_bytes());
    // In Rust's `{:?}`.
    forms.push(text.escape_default().to_string().into_bytes());
    forms.push(text.escape_debug().to_string().into_bytes());
    // In URLs: what must be encoded, what may be, and all of it; digits in both cases.
    for keep in ["-._~", "", "\0"] {
        let kept = |byte: u8| keep != "\0" && (byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte));
        for lower in [false, true] {
            let mut encoded = String::new();
            for byte in bytes {
                if kept(*byte) {
                    encoded.push(char::from(*byte));
                } else {
                    let digits = if lower { format!("%{byte:02x}") } else { format!("%{byte:02X}") };
                    encoded.push_str(&digits);
                }
            }
            forms.push(encoded.into_bytes());
        }
    }
    // In `Basic user:token`, where the length of the name decides how the token falls into groups of three bytes.
    let cleaned = text.trim().replace(['\r', '\n'], "");
    for secret in [bytes, cleaned.as_bytes()] {
        for shift in 0..3 {
            let mut shifted = vec![0; shift];
            shifted.extend_from_slice(secret);
            let encoded = STANDARD.encode(&shifted);
            let from = [0, 2, 3][shift];
            let to = shifted.len() * 8 / 6;
            let sure = encoded.get(from..to).unwrap_or_default();
            forms.push(sure.as_bytes().to_vec());
            forms.push(sure.replace('+', "-").replace('/', "_").into_bytes());
        }
    }
    forms
}

/// A character in JSON that is written in ASCII.
fn json_ascii(c: char) -> Vec<char> {
    match c {
        '"' | '\\' => vec!['\\', c],
        '\n' => vec!['\\', 'n'],
        '\r' => vec!['\\', 'r'],
        '\t' => vec!['\\', 't'],
        c if c.is_ascii_graphic() || c == ' ' => vec![c],
        c => c
            .encode_utf16(&mut [0; 2])
            .iter()
            .flat_map(|unit| format!("\\u{unit:04x}").chars().collect::<Vec<_>>())
            .collect(),
    }
}

/// A character in Python's `ascii()`.
fn python_ascii(c: char) -> Vec<char> {
    match u32::from(c) {
        _ if matches!(c, '\\' | '\'' | '"' | '\n' | '\r' | '\t') => c.escape_default().collect(),
        0x20..=0x7e => vec![c],
        code @ ..=0xff => format!("\\x{code:02x}").chars().collect(),
        code @ ..=0xffff => format!("\\u{code:04x}").chars().collect(),
        code => format!("\\U{code:08x}").chars().collect(),
    }
}
