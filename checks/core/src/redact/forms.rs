//! What a value looks like: a secret, a word, a placeholder.

/// Whether a value stands for a secret without being one: a variable, `<token>`, `hf_xxxxx`, or what was masked already.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'', '`', '\\', ' ', '.', ',', ')']);
    if value.is_empty() || value.starts_with(['$', '<', '%', '{', '[', '(']) {
        return !value.starts_with('%') || value.ends_with('%');
    }
    if ["true", "false", "none", "null", "undefined", "[secure]", "redacted"]
        .iter()
        .any(|w| value.eq_ignore_ascii_case(w))
    {
        return true;
    }
    let body = value.strip_prefix("hf_").unwrap_or(value);
    let filler = |c: char| matches!(c, 'x' | 'X' | '*' | '.' | '…');
    body.chars().all(filler) || value.to_ascii_lowercase().starts_with("your")
}

/// Whether user and password before a host are the words that stand for them, in capitals as in suggested commands.
pub(super) fn is_written_out(user: &str) -> bool {
    let (name, password) = user.split_once(':').unwrap_or((user, "PASSWORD"));
    matches!(name, "USER" | "USERNAME" | "NAME") && matches!(password, "PASSWORD" | "PASS")
}

/// Whether a value is a word of the language: letters only, in the usual case.
pub(super) fn is_word(value: &str) -> bool {
    let value = value.trim_end_matches(['.', ',', ':', ';', '!', '?', ')', '`']);
    let mut rest = value.chars();
    rest.next().is_some_and(|c| c.is_ascii_alphabetic())
        && value.len() < 16
        && (rest.clone().all(|c| c.is_ascii_lowercase()) || (value.len() < 8 && rest.all(|c| c.is_ascii_uppercase())))
}

/// Whether a value is a name in a program, such as `self.token` or `get_token`.
pub(super) fn is_identifier(value: &str) -> bool {
    let lower = value.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.'));
    lower && !value.is_empty() && (value.len() < 8 || value.contains(['_', '.']))
}

/// Whether letters and digits change so often between the cases as they do by chance only.
pub(super) fn is_random(value: &str) -> bool {
    let class = |c: char| match c {
        'a'..='z' => 0,
        'A'..='Z' => 1,
        '0'..='9' => 2,
        _ => 3,
    };
    let classes: Vec<u8> = value.chars().map(class).filter(|c| *c < 3).collect();
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    classes.len() >= 8 && changes >= 3 && changes * 3 >= classes.len()
}
