//! A token's bytes: taking off what does not belong to it, and telling a token from a placeholder.

use hfdoctor_core::token::Token;

/// A text longer than this holds no token, in characters.
const LONGEST: usize = 16 * 1024;

/// Shorter than any token that the Hub has given out.
const SHORTEST: usize = 20;

/// The token in bytes as they were found: without byte order mark, blanks, quotes, invisible characters, the word
/// `Bearer` and a variable's name in front. The error says why there is none, without showing any of it.
pub(crate) fn clean(found: &Token) -> Result<Token, String> {
    let text = decode(found.expose())?;
    if text.chars().count() > LONGEST {
        return Err("it is too long for a token".to_owned());
    }
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let lines: Vec<&str> = visible.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
    let token = match lines.as_slice() {
        [] => return Err("there is nothing in it".to_owned()),
        [line] => strip(line).to_owned(),
        // A token that a terminal or an editor has broken in two, which clients join again; but two tokens stay two.
        several => {
            let joined = strip(&several.concat()).to_owned();
            if joined.len() != 37 || joined.matches("hf_").count() != 1 {
                return Err("it has several lines: which of them is the token cannot be told".to_owned());
            }
            joined
        }
    };
    check(&token)?;
    Ok(Token::new(token.into_bytes()))
}

/// Whether this is a token that may be stored.
pub(crate) fn check(token: &str) -> Result<(), String> {
    let Some(body) = token.strip_prefix("hf_") else {
        return Err("what is left does not begin with `hf_`".to_owned());
    };
    if is_placeholder(token, body) {
        return Err("it is a placeholder, not a token".to_owned());
    }
    if !body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')) {
        return Err("characters are left in it that no token has".to_owned());
    }
    if token.len() < SHORTEST {
        return Err(format!("it has {} bytes: too short for a token", token.len()));
    }
    Ok(())
}

/// Whether it stands for a secret instead of being one.
fn is_placeholder(token: &str, body: &str) -> bool {
    let signs = ['*', '<', '>', '[', ']', '{', '}', '$', '…', '•', '█'];
    if token.contains(signs) || token.contains("...") {
        return true;
    }
    let lower = body.to_ascii_lowercase();
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if !body.is_empty() && distinct.len() < 5 || lower.contains("xxxxx") {
        return true;
    }
    // In a real token of 34 letters and digits a word may stand by chance.
    let as_given_out = body.len() == 34 && body.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let words = [
        "your",
        "token",
        "redact",
        "example",
        "placeholder",
        "secret",
        "insert",
        "change",
        "hidden",
        "masked",
        "dummy",
        "paste",
        "replace",
        "todo",
    ];
    !as_given_out
        && words.iter().any(|word| lower.contains(word))
        && !lower.starts_with("oauth_")
        && !lower.starts_with("jwt_")
}

/// UTF-8, or what PowerShell's redirection writes: UTF-16 with a byte order mark.
fn decode(bytes: &[u8]) -> Result<String, String> {
    let wide = |from: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units = bytes.chunks(2).map(|pair| match pair {
            [a, b] => from([*a, *b]),
            _ => 0xFFFD,
        });
        char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| "its bytes are no text".to_owned())
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xFE, 0xFF, rest @ ..] => wide(u16::from_be_bytes, rest),
        _ => String::from_utf8(bytes.to_vec()).map_err(|_| "its bytes are no text".to_owned()),
    }
}

/// Characters that take no room on the screen: zero-width ones, marks of writing direction, controls but line ends.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || (c.is_control() && !matches!(c, '\r' | '\n' | '\t'))
}

/// Takes off what stands around a token, as long as there is any.
fn strip(line: &str) -> &str {
    let quotes = ['"', '\'', '`', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}'];
    let mut text = line;
    loop {
        let before = text;
        text = text.trim().trim_matches(quotes).trim_end_matches([';', ',']);
        for prefix in ["export ", "set ", "authorization:", "bearer ", "bearer\t"] {
            text = without_prefix(text, prefix);
        }
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN", "token"] {
            let rest = without_prefix(text, name);
            if rest.len() < text.len()
                && let Some(value) = rest.trim_start().strip_prefix(['=', ':'])
            {
                text = value;
            }
        }
        if text == before {
            return text;
        }
    }
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> &'a str {
    match text.get(..prefix.len()) {
        Some(head) if head.eq_ignore_ascii_case(prefix) => text.get(prefix.len()..).unwrap_or_default(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567";

    fn cleaned(bytes: &[u8]) -> Result<String, String> {
        clean(&Token::new(bytes.to_vec())).map(|token| String::from_utf8(token.expose().to_vec()).unwrap())
    }

    #[test]
    fn what_does_not_belong_is_taken_off() {
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(format!("{TOKEN}\r\n").encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(cleaned(&utf16), Ok(TOKEN.to_owned()));
        for text in [
            format!("{TOKEN}\r\n"),
            format!("\u{feff}{TOKEN}"),
            format!(" \"{TOKEN}\" \n\n"),
            format!("Bearer {TOKEN}"),
            format!("Authorization: Bearer {TOKEN}"),
            format!("export HF_TOKEN='{TOKEN}';"),
            format!("HF_TOKEN = {TOKEN}"),
            format!("\u{200b}{TOKEN}\u{a0}"),
            format!("“{TOKEN}”"),
            format!("{}\n{}\n", &TOKEN[..20], &TOKEN[20..]),
        ] {
            assert_eq!(cleaned(text.as_bytes()), Ok(TOKEN.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn placeholders_and_strangers_are_refused() {
        for text in [
            "hf_***",
            "hf_********************************",
            "<your token>",
            "hf_<token>",
            "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "[REDACTED]",
            "hf_[REDACTED]",
            "hf_your_token_here_please",
            "hf_...",
            "hf_",
            "",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "hf_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
            "hf_abc",
            "hf_AbCdEfGh IjKlMnOpQrStUvWxYz01234567",
            "${HF_TOKEN}",
            "hf_…",
            "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567\nhf_ZbCdEfGhIjKlMnOpQrStUvWxYz01234567",
        ] {
            assert!(cleaned(text.as_bytes()).is_err(), "{text}");
        }
        assert!(cleaned(&[0xC3, 0x28]).is_err());
    }

    #[test]
    fn the_reason_shows_nothing_of_the_secret() {
        let why = cleaned(b"sk-live-verysecretvalue").unwrap_err();
        assert!(!why.contains("verysecret"), "{why}");
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_sound_token_or_a_reason(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            if let Ok(token) = cleaned(&bytes) {
                prop_assert!(check(&token).is_ok());
                prop_assert_eq!(cleaned(token.as_bytes()), Ok(token));
            }
        }

        #[test]
        fn real_looking_tokens_pass(body in "[A-Za-z0-9]{34}") {
            prop_assume!(!body.to_ascii_lowercase().contains("xxxxx"));
            let token = format!("hf_{body}");
            prop_assert_eq!(cleaned(token.as_bytes()), Ok(token));
        }
    }
}
