//! A secret planted anywhere in any text, in any of the encodings in which tools print it: no eight successive bytes of it
//! are left, and cleaning twice changes nothing.
//!
//! `cargo +nightly fuzz run --fuzz-dir checks/core/fuzz redact -- -max_total_time=600 -dict=checks/core/fuzz/log.dict`
#![no_main]

use hfdoctor_core::redact::Redactor;
use hfdoctor_core::token::Token;
use libfuzzer_sys::{arbitrary, fuzz_target};

/// Bytes of a secret of which none may be left.
const PIECE: usize = 8;

#[derive(Debug, arbitrary::Arbitrary)]
struct Planted {
    secret: [u8; 24],
    before: String,
    after: String,
    way: u8,
    /// Where a line of the text is cut off, in bytes.
    cut: u8,
}

/// A secret as people have them: letters, digits and what passwords hold beside.
fn secret(bytes: [u8; 24]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/=!@#$%&'\"<> ";
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

fn in_form(secret: &str, way: u8) -> String {
    match way % 5 {
        0 => secret.to_owned(),
        1 => secret.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        2 => serde_json::to_string(secret).unwrap_or_default(),
        3 => secret.escape_default().to_string(),
        _ => secret.bytes().map(|byte| format!("%{byte:02x}")).collect(),
    }
}

fuzz_target!(|planted: Planted| {
    let secret = secret(planted.secret);
    let token = Token::new(secret.clone().into_bytes());
    let redactor = Redactor::new([token].iter(), None);
    let form = in_form(&secret, planted.way);
    let from = form.ceil_char_boundary(usize::from(planted.cut) % (form.len() + 1));
    let text = format!("{}{}{}", planted.before, &form[from..], planted.after);
    let cleaned = redactor.clean(&text);
    for piece in secret.as_bytes().windows(PIECE) {
        let stands_in = |text: &str| text.as_bytes().windows(PIECE).any(|window| window == piece);
        // What our own words have in common with it tells nothing.
        assert!(!stands_in(&cleaned) || stands_in(&planted.before) || stands_in(&planted.after), "{cleaned:?}");
    }
    assert_eq!(redactor.clean(&cleaned), cleaned);
});
