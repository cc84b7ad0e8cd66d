//! What may be wrong with a token's bytes, and whom it hurts.

/// Length in bytes of a user access token: `hf_` and 34 letters or digits (the Hub's form since 2022).
const USUAL_LENGTH: usize = 37;

/// One thing wrong with a token's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing but white space.
    Empty,
    /// Blanks or line ends around it: huggingface_hub ≥ 0.20 strips them, curl and llama.cpp do not.
    OuterSpace,
    /// White space within.
    InnerSpace,
    /// Quotation marks around it, straight or curly.
    Quotes,
    /// A byte order mark.
    ByteOrderMark,
    /// A character of no width.
    ZeroWidth,
    /// Another character that is not ASCII.
    NotAscii,
    /// A control character.
    Control,
    /// `Bearer ` stands inside.
    Bearer,
    /// A whole assignment: `export HF_TOKEN=…` or `HF_TOKEN=…`.
    Assignment,
    /// A placeholder out of a manual.
    Placeholder,
    /// The key of another service.
    OtherVendor(&'static str),
    /// An organization's API token, which downloads do not take.
    Organization,
    /// `hf_` and too few characters.
    CutShort,
    /// `hf_` and too many characters.
    TooLong,
    /// Neither of the Hub's forms: a password, perhaps.
    UnknownForm,
}

impl Fault {
    /// In words that follow "the token".
    pub fn words(self) -> String {
        match self {
            Fault::Empty => "is empty".to_owned(),
            Fault::OuterSpace => "has blanks or line ends around it".to_owned(),
            Fault::InnerSpace => "has white space within".to_owned(),
            Fault::Quotes => "has quotation marks around it".to_owned(),
            Fault::ByteOrderMark => "begins with a byte order mark".to_owned(),
            Fault::ZeroWidth => "has characters of no width in it".to_owned(),
            Fault::NotAscii => "has characters that are not ASCII".to_owned(),
            Fault::Control => "has control characters in it".to_owned(),
            Fault::Bearer => "has the word `Bearer` in it, which the client adds itself".to_owned(),
            Fault::Assignment => "is a whole assignment, not its value".to_owned(),
            Fault::Placeholder => "is a placeholder, not a token".to_owned(),
            Fault::OtherVendor(vendor) => format!("is a key of {vendor}"),
            Fault::Organization => "is an organization's API token, not a user's".to_owned(),
            Fault::CutShort => format!("is cut short: a user access token has {USUAL_LENGTH} bytes"),
            Fault::TooLong => format!("is too long: a user access token has {USUAL_LENGTH} bytes"),
            Fault::UnknownForm => "does not begin with `hf_`".to_owned(),
        }
    }

    /// Whether only the Hub can say if the token is good all the same.
    pub fn is_a_guess(self) -> bool {
        matches!(self, Fault::CutShort | Fault::TooLong | Fault::UnknownForm | Fault::Organization)
    }

    /// Whether a client can send it in a header at all; what it cannot send fails before any request.
    pub fn can_be_sent(self) -> bool {
        !matches!(self, Fault::ByteOrderMark | Fault::ZeroWidth | Fault::NotAscii | Fault::Control)
    }

    /// Whether the bytes can be mended without a new token.
    pub fn can_be_stripped(self) -> bool {
        matches!(
            self,
            Fault::OuterSpace
                | Fault::Quotes
                | Fault::ByteOrderMark
                | Fault::ZeroWidth
                | Fault::Bearer
                | Fault::Assignment
        )
    }
}

/// Prefixes of other services' keys. `sk-ant-` stands before `sk-`, of which it is a special case.
const VENDORS: &[(&str, &str)] = &[
    ("sk-ant-", "Anthropic"),
    ("sk-or-", "OpenRouter"),
    ("sk-", "OpenAI"),
    ("ghp_", "GitHub"),
    ("gho_", "GitHub"),
    ("ghs_", "GitHub"),
    ("github_pat_", "GitHub"),
    ("glpat-", "GitLab"),
    ("AKIA", "AWS"),
    ("AIza", "Google"),
    ("gsk_", "Groq"),
    ("r8_", "Replicate"),
    ("xoxb-", "Slack"),
    ("nvapi-", "NVIDIA"),
    ("xet_", "the Xet storage"),
    ("pypi-", "PyPI"),
    ("npm_", "npm"),
];

/// All that is wrong with the bytes, the gravest kind of guess last.
pub fn faults(bytes: &[u8]) -> Vec<Fault> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    let mut note = |fault: Fault, holds: bool| {
        if holds && !found.contains(&fault) {
            found.push(fault);
        }
    };
    let is_outer = |c: char| c.is_whitespace();
    let mut core = text.trim_matches(is_outer);
    if core.is_empty() {
        return vec![Fault::Empty];
    }
    note(Fault::OuterSpace, core.len() != text.len());
    // Peel what people paste along, in any order, until nothing more comes off.
    for _ in 0..8 {
        let before = core;
        for mark in ['\u{feff}', '\u{fffe}'] {
            note(Fault::ByteOrderMark, core.starts_with(mark));
            core = core.trim_start_matches(mark);
        }
        let zero = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{202a}'..='\u{202e}');
        note(Fault::ZeroWidth, core.contains(zero));
        core = core.trim_matches(zero);
        let quote = |c: char| matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '«' | '»');
        note(Fault::Quotes, core.starts_with(quote) || core.ends_with(quote));
        core = core.trim_matches(quote);
        if let Some(value) = assigned(core) {
            note(Fault::Assignment, true);
            core = value;
        }
        if let Some(rest) = strip_word(core, "authorization:").or_else(|| strip_word(core, "bearer")) {
            note(Fault::Bearer, true);
            core = rest;
        }
        core = core.trim_matches(is_outer);
        if core == before {
            break;
        }
    }
    note(Fault::InnerSpace, core.contains(char::is_whitespace));
    let plain = |c: char| c.is_ascii() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2018}'..='\u{201f}');
    note(Fault::NotAscii, !core.chars().all(plain));
    note(Fault::Control, core.chars().any(|c| c.is_control() && !c.is_whitespace()));
    if let Some(fault) = form(core) {
        note(fault, true);
    }
    found
}

/// The value of `NAME=value` or `export NAME=value`, where the name is one that tokens are assigned to.
fn assigned(text: &str) -> Option<&str> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    let name = ["export", "set", "setx", "$env:"].iter().find_map(|w| strip_word(name, w)).unwrap_or(name);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_name && name.to_ascii_uppercase().contains("TOKEN")).then(|| value.trim())
}

/// What follows a word, compared without regard to ASCII case.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| text[word.len()..].trim_start())
}

/// What is wrong with the form of bare token bytes.
fn form(core: &str) -> Option<Fault> {
    if is_placeholder(core) {
        return Some(Fault::Placeholder);
    }
    if core.starts_with("hf_oauth_") || core.starts_with("hf_jwt_") {
        return None;
    }
    if core.starts_with("api_org_") {
        return Some(Fault::Organization);
    }
    if let Some(body) = core.strip_prefix("hf_") {
        return match body.len() + 3 {
            USUAL_LENGTH => None,
            // Doubled pastes and tokens run together are longer; every other length is a cut.
            length if length > USUAL_LENGTH => Some(Fault::TooLong),
            _ => Some(Fault::CutShort),
        };
    }
    if core.starts_with("api_") {
        return None;
    }
    let vendor = VENDORS.iter().find(|(prefix, _)| core.starts_with(prefix)).map(|(_, vendor)| *vendor);
    Some(vendor.map_or(Fault::UnknownForm, Fault::OtherVendor))
}

/// Whether it is what manuals put in a token's place.
fn is_placeholder(core: &str) -> bool {
    let lower = core.to_ascii_lowercase();
    let body = lower.strip_prefix("hf_").unwrap_or(&lower);
    let one_character = |filler: char| body.len() >= 3 && body.chars().all(|c| c == filler);
    ['x', '*', '.', '0', '_', '-', '…'].into_iter().any(one_character)
        || (lower.starts_with('<') && lower.ends_with('>'))
        || (lower.starts_with("${") || lower.starts_with("$(") || lower.starts_with("{{"))
        || lower.starts_with('$')
        || lower.starts_with("%hf_")
        || [
            "your",
            "token_here",
            "mytoken",
            "my_token",
            "my-token",
            "redacted",
            "changeme",
            "placeholder",
            "replace",
            "insert",
        ]
        .iter()
        .any(|word| body.contains(word))
        || ["none", "null", "true", "false", "undefined", "token", "hf_token", "xxx", "todo"].contains(&lower.as_str())
        || body.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH";

    #[test]
    fn good_tokens_have_no_fault() {
        for good in [GOOD, "hf_oauth_eyJhbGciOi.JI_x", "hf_jwt_abc.def.ghi", "api_abcdefghijklmnop"] {
            assert_eq!(faults(good.as_bytes()), [], "{good}");
        }
    }

    #[test]
    fn each_fault_is_named() {
        let cases: &[(String, &[Fault])] = &[
            (format!("{GOOD}\n"), &[Fault::OuterSpace]),
            (format!(" {GOOD}\r\n"), &[Fault::OuterSpace]),
            (format!("\"{GOOD}\""), &[Fault::Quotes]),
            (format!("\u{201c}{GOOD}\u{201d}"), &[Fault::Quotes]),
            (format!("\u{feff}{GOOD}"), &[Fault::ByteOrderMark]),
            (format!("{GOOD}\u{200b}"), &[Fault::ZeroWidth]),
            (format!("Bearer {GOOD}"), &[Fault::Bearer]),
            (format!("export HF_TOKEN=\"{GOOD}\""), &[Fault::Assignment, Fault::Quotes]),
            (format!("HF_TOKEN={GOOD}"), &[Fault::Assignment]),
            ("hf_xxxxx".to_owned(), &[Fault::Placeholder]),
            ("<your token>".to_owned(), &[Fault::InnerSpace, Fault::Placeholder]),
            ("${HF_TOKEN}".to_owned(), &[Fault::Placeholder]),
            ("hf_***".to_owned(), &[Fault::Placeholder]),
            ("hf_abc".to_owned(), &[Fault::CutShort]),
            (format!("{GOOD}{GOOD}"), &[Fault::TooLong]),
            ("sk-ant-abcdef".to_owned(), &[Fault::OtherVendor("Anthropic")]),
            ("ghp_abcdefgh".to_owned(), &[Fault::OtherVendor("GitHub")]),
            ("hunter2!".to_owned(), &[Fault::UnknownForm]),
            (" \n".to_owned(), &[Fault::Empty]),
            ("hf_abcdéfghijklmnopqrstuvwxyzABCDEFG".to_owned(), &[Fault::NotAscii]),
        ];
        for (text, expected) in cases {
            let mut found = faults(text.as_bytes());
            found.sort();
            let mut expected = expected.to_vec();
            expected.sort();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let found = faults(&bytes);
            prop_assert!(found.len() < 12);
        }

        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,60}") {
            faults(text.as_bytes());
        }
    }
}
