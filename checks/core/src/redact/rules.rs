//! Secrets that are known by their form or by the name before them.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Captures as Groups, Regex, RegexBuilder};

use super::forms::{is_identifier, is_placeholder, is_random, is_word, is_written_out};
use super::{Counts, MASK};

/// What a rule masks, for the count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Token,
    Url,
}

/// One form of a secret.
struct Rule {
    /// Words of which one stands in every text that the rule can match, in lower case. Building an expression costs more
    /// than a report may take, so that none is built for a text that only speaks of tokens.
    hints: &'static [&'static str],
    /// What follows at once on a hint.
    then: &'static [&'static str],
    kind: Kind,
    regex: LazyLock<Regex>,
    /// What the match becomes; none when it is no secret after all.
    replace: fn(&Captures) -> Option<String>,
}

macro_rules! rule {
    ($kind:ident, $hints:expr, $regex:expr, $replace:expr) => {
        rule!($kind, $hints, &[""], $regex, $replace)
    };
    ($kind:ident, $hints:expr, $then:expr, $regex:expr, $replace:expr) => {
        Rule {
            hints: $hints,
            then: $then,
            kind: Kind::$kind,
            // Over bytes: Unicode's classes cost milliseconds to build, and all that bounds a secret is ASCII.
            regex: LazyLock::new(|| {
                RegexBuilder::new($regex).unicode(false).build().unwrap_or_else(|error| unreachable!("{error}"))
            }),
            replace: $replace,
        }
    };
}

/// A value: quoted one way or the other, or bare.
macro_rules! value {
    () => {
        r#"(b?\\*"[^"\n]*|b?\\*'[^'\n]*|[^ \n"'`&;,(){}\[\]<>|][^ \n"'`&;,)}\]<>|]*)"#
    };
}

static RULES: [Rule; 17] = [
    rule!(
        Token,
        &["private key"],
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*-----|\z)",
        |_| Some(format!("{MASK} (a private key)"))
    ),
    // Headers, as they stand on the wire, in JSON, in Python's dictionaries and tuples, and in `curl -H`.
    rule!(
        Token,
        &[
            "authorization",
            "cookie",
            "cookie2",
            "x-api-key",
            "x-auth-token",
            "x-xet-access-token",
            "x-amz-security-token",
            "x-goog-api-key",
            "x-jfrog-art-api",
        ],
        &["=", ":", " ", "\"", "'", "\\", "]"],
        concat!(
            r"(\b(?i:(?:proxy-)?authorization|set-cookie2?|cookie|x-api-key|x-auth-token|x-xet-access-token|",
            r"x-amz-security-token|x-goog-api-key|x-jfrog-art-api)",
            r#"(?:\\*["']\]? *(?:=>|[:=,]) *|\]? *[:=] *))"#,
            r#"(?:(b?\\*")([^"\n]*)|(b?\\*')([^'\n]*)|((?i:bearer|basic|token) *(?:["']|“|‘)[^"'\n]+|[^"'\n ][^"'\n]*))"#
        ),
        header
    ),
    rule!(
        Token,
        &["bearer"],
        concat!(
            r"(\b(?i:bearer)(?:(?: |%20|\+|\\u0020)+(?i:bearer))*(?: |%20|\+|\\u0020)+",
            r#"(?:b?\\*["']|“|‘)?)([^ \n"'<>,;()]{2,})"#
        ),
        |c| unless(c, 2, |v| is_word(v) || is_placeholder(v) || v.starts_with("realm="))
    ),
    rule!(
        Token,
        &["basic", "negotiate", "ntlm"],
        r"(\b(?i:basic|negotiate|ntlm)(?: |%20)+)([A-Za-z0-9+/=_-]{8,})",
        |c| unless(c, 2, |v| !v.ends_with('=') && !is_random(v))
    ),
    // A login for a machine, as .netrc holds it.
    rule!(
        Token,
        &["password "],
        r"(\b(?i:machine|login)[ \n]+[^ \n]+[ \n]+(?:login[ \n]+[^ \n]+[ \n]+)?(?:account[ \n]+[^ \n]+[ \n]+)?password[ \n]+)([^ \n]+)",
        |c| unless(c, 2, |_| false)
    ),
    rule!(Token, &["response=", "cnonce="], r#"(\b(?i:response|cnonce)=\\*["']?)([0-9A-Fa-f]{16,128})"#, |c| unless(
        c,
        2,
        |_| false
    )),
    // The Hub's own tokens, whole or cut short.
    rule!(
        Token,
        &["hf_", "api_", "xet_"],
        concat!(
            r"(\b(?:hf_oauth_|hf_jwt_|xet_))([A-Za-z0-9_.=-]{8,})|",
            // A page or a chat may have put blanks of other kinds into it: no-break, thin, ideographic.
            r"(\b(?:hf_|api_org_|api_))((?:[A-Za-z0-9]|\xC2\xA0|\xE2\x80[\x80-\x8A\xAF]|\xE2\x81\x9F|\xE3\x80\x80){8,})|",
            r"(hf_)([A-Za-z0-9]{30,})"
        ),
        hub_token
    ),
    rule!(
        Token,
        &["eyj", "cmvmdgtu"],
        r"\b(?:eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_=-]*){1,4}|(?:eyJ|cmVmdGtu)[A-Za-z0-9_=-]{16,})",
        |_| Some(MASK.to_owned())
    ),
    rule!(
        Token,
        &[
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "akia",
            "asia",
            "glpat-",
            "xox",
            "npm_",
            "aiza",
            "pypi-",
            "akcp",
            "dckr_pat_",
            "nvapi-",
            "gsk_",
            "r8_",
            "_live_",
            "_test_"
        ],
        concat!(
            r"\b(gh[pousr]_|github_pat_|A[KS]IA|glpat-|xox[abeoprs]-|npm_|AIza|pypi-|AKCp|dckr_pat_|nvapi-|gsk_|r8_|",
            r"[rs]k_(?:live|test)_)([A-Za-z0-9_-]{16,})"
        ),
        |c| unless(c, 2, |v| v.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-')))
    ),
    rule!(Token, &["sk-"], r"(\bsk-)([A-Za-z0-9_-]{16,})", |c| unless(c, 2, |v| !is_random(v))),
    // Options of commands.
    rule!(
        Token,
        &[
            "-token",
            "_token",
            "-password",
            "_password",
            "-passwd",
            "_passwd",
            "-secret",
            "_secret",
            "api-key",
            "api_key",
            "apikey"
        ],
        &["=", " ", "\"", "'"],
        concat!(
            r"((?:^|[ \n\x22'`\[(,])--?(?:(?:hf|hub|api|auth|access|user|http|ftp|proxy|refresh|bearer|client|github)[-_])*",
            r"(?:token|password|passwd|secret|api[-_]?key)(?:=| +|\x22, *|', *))",
            value!()
        ),
        |c| unless(c, 2, |v| v.starts_with('-') || (v.len() < 8 && is_word(v)) || is_variable_name(v))
    ),
    rule!(
        Token,
        &["-u", "--user", "-user"],
        r#"((?:^|[ \n"'])(?:-[uU]|--user|--proxy-user)[ =]*["']?[^ \n:"'=-][^ \n:"'=]*:)([^ \n"']+)"#,
        // The ids of `docker run -u 1000:1000`, and a URL.
        |c| unless(c, 2, |v| v.chars().all(|c| c.is_ascii_digit()) || v.starts_with("//"))
    ),
    // Variables, keyword arguments, JSON and YAML.
    rule!(
        Token,
        &[
            "token",
            "password",
            "passwd",
            "pwd",
            "passphrase",
            "secret",
            "apikey",
            "_key",
            "accountkey",
            "accesskey",
            "credential",
            "credentials",
        ],
        &["=", ":", " =", "  ", "\"", "'", "\\", "]"],
        concat!(
            r"(\b(?:[A-Z0-9_]*(?:TOKEN|PASSWORD|PASSWD|SECRET|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|CREDENTIALS?)|",
            r"(?:(?i:(?:hf|hub|auth|access|api|id|refresh|bearer|session|security|use_auth|user|private)_?token|[a-z_]*password|passwd|pwd|",
            r"passphrase|[a-z_]*secret|[a-z_]*api_?key|[a-z_]*(?:account|access|secret|private)_?key)|token)))",
            r#"(\\*["']?\]? *= *|\\*["']\]? *: *|: *)"#,
            value!()
        ),
        assignment
    ),
    // Variables whose names are longer or shorter than those: HF_TOKEN_2, HF_PASS, HF_PAT, DATASETS_AUTHORIZATION.
    rule!(
        Token,
        &[
            "token_",
            "tokens",
            "pass_",
            "_pass",
            "password_",
            "passwd_",
            "_pat",
            "_auth",
            "auth_",
            "bearer",
            "cookie",
            "secret_",
            "secrets",
            "_jwt",
            "_creds",
        ],
        concat!(
            r"(\b[A-Z][A-Z0-9_]*_(?:TOKENS?|PASSWORD|PASSWD|PASS|PAT|AUTH|AUTHORIZATION|BEARER|COOKIES?|SECRETS?|JWT|CREDS)(?:_[A-Z0-9]+)*)",
            r#"(\\*["']?\]? *= *|\\*["']\]? *: *|: *)"#,
            value!()
        ),
        assignment
    ),
    // Credentials before a host. A password may hold `@` and even `/`.
    rule!(
        Url,
        &["@"],
        concat!(
            r#"\b([A-Za-z][A-Za-z0-9+.-]*:(?:\\?/){2})([^ \n/:?#"'<>`@\\]+:[^ \n"'<>`]+|[^ \n/?#"'<>`\\]+)(@)|"#,
            r#"((?:^|[ \n"'=(]))([^ \n/:@"'<>=(]+:[^ \n/@"'<>]+)(@[A-Za-z0-9._-]+:[0-9]{1,5})"#
        ),
        credentials
    ),
    // Credentials before a host, whatever the password holds: blanks, quotes, brackets, and behind a mistyped scheme.
    rule!(
        Url,
        &[":/"],
        concat!(
            r#"(\b[A-Za-z][A-Za-z0-9+.-]*:(?:\\?/){1,2})([^ \n/:@"'<>`]+:[^\n]{1,200}?)"#,
            r#"(@(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+(:[0-9]{1,5})?)(?:[/ \n"'`),;>\]]|\z)"#
        ),
        loose_credentials
    ),
    rule!(
        Url,
        &[
            "signature",
            "sig",
            "policy",
            "key-pair-id",
            "credential",
            "token",
            "range",
            "key",
            "secret",
            "password",
            "passwd",
            "pwd",
            "auth",
            "authorization",
            "code",
            "session",
            "jwt",
            "__sign",
            "accessid",
            "accesskeyid",
        ],
        &["=", "%3d"],
        concat!(
            r"((?:[?&;]|&amp;|%3[fF]|%26|\\u0026)(?i:signature|sig|policy|key-pair-id|x-(?:amz|goog|oss|cos)-(?:signature|credential|security-token)|",
            r"x-xet-signed-range|(?:[a-z]+_)?token|api[-_]?key|key|(?:client_)?secret|password|passwd|pwd|auth|authorization|",
            r"code|session|jwt|__sign|googleaccessid|awsaccesskeyid)(?:=|%3[dD])|",
            r"(?:^|[ \n\x22'(])(?:X-Amz-(?:Signature|Credential|Security-Token)|X-Xet-Signed-Range|Signature|Policy|Key-Pair-Id)=)",
            r#"([^ \n"'<>`#&;]+)"#
        ),
        |c| unless(c, 2, |v| v.starts_with(MASK)
            && v[MASK.len()..].bytes().all(|b| matches!(b, b')' | b'.' | b',' | b'\\' | b']')))
    ),
];

/// The groups of a match, as text.
struct Captures<'t> {
    text: &'t str,
    groups: Groups<'t>,
}

impl<'t> Captures<'t> {
    fn get(&self, group: usize) -> Option<&'t str> {
        self.text.get(self.groups.get(group)?.range())
    }
}

/// The text with every match masked, and how many there were; none when there was none.
pub(super) fn apply(text: &str) -> Option<(String, Counts)> {
    let mask = hinted(text);
    if mask == 0 {
        return None;
    }
    let mut current = Cow::Borrowed(text);
    let mut counts = Counts::default();
    for (place, rule) in RULES.iter().enumerate() {
        if mask >> place & 1 == 0 {
            continue;
        }
        let mut out = String::new();
        let mut copied = 0;
        for groups in rule.regex.captures_iter(current.as_bytes()) {
            let Some(whole) = groups.get(0).map(|whole| whole.range()) else { continue };
            let captures = Captures { text: &current, groups };
            let Some(matched) = captures.get(0) else { continue };
            let Some(replacement) = (rule.replace)(&captures).filter(|r| r != matched) else { continue };
            out.push_str(&current[copied..whole.start]);
            out.push_str(&replacement);
            copied = whole.end;
            match rule.kind {
                Kind::Token => counts.tokens += 1,
                Kind::Url => counts.urls += 1,
            }
        }
        if copied > 0 {
            out.push_str(&current[copied..]);
            current = Cow::Owned(out);
        }
    }
    match current {
        Cow::Owned(changed) => Some((changed, counts)),
        Cow::Borrowed(_) => None,
    }
}

/// The rules of which a hint stands in the text, one bit each: one pass instead of one for each rule.
fn hinted(text: &str) -> u32 {
    static HINTS: LazyLock<(AhoCorasick, Vec<u32>)> = LazyLock::new(|| {
        let pairs: Vec<(String, u32)> = RULES
            .iter()
            .enumerate()
            .flat_map(|(place, rule)| {
                let then = move |hint: &&str| rule.then.iter().map(|t| format!("{hint}{t}")).collect::<Vec<_>>();
                rule.hints.iter().flat_map(then).map(move |hint| (hint, 1u32 << place))
            })
            .collect();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            // The quickest to build: what is masked is a report, not a log.
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .build(pairs.iter().map(|(hint, _)| hint))
            .unwrap_or_else(|error| unreachable!("{error}"));
        (automaton, pairs.into_iter().map(|(_, bit)| bit).collect())
    });
    let (automaton, bits) = &*HINTS;
    automaton.find_overlapping_iter(text).fold(0, |mask, found| mask | bits[found.pattern().as_usize()])
}

/// Everything up to the value, and the mask in the value's place, unless it is no secret.
fn unless(captures: &Captures, value: usize, innocent: impl Fn(&str) -> bool) -> Option<String> {
    let (before, value) = (captures.get(value - 1)?, captures.get(value)?);
    let (open, inner, close) = split_quotes(value);
    (!inner.is_empty() && inner != MASK && !is_placeholder(inner) && !innocent(inner))
        .then(|| format!("{before}{open}{MASK}{close}"))
}

/// The opening quote with what belongs to it, the value, and the backslashes that belong to the closing one.
fn split_quotes(value: &str) -> (&str, &str, &str) {
    let end = value.find(['"', '\'']).filter(|at| value[..*at].chars().all(|c| matches!(c, 'b' | '\\')));
    let (open, rest) = value.split_at(end.map_or(0, |at| at + 1));
    let inner = if open.is_empty() { rest } else { rest.trim_end_matches('\\') };
    (open, inner, &rest[inner.len()..])
}

fn header(captures: &Captures) -> Option<String> {
    let key = captures.get(1)?;
    let quoted = [(2, 3), (4, 5)].iter().find_map(|(open, inner)| Some((captures.get(*open)?, captures.get(*inner)?)));
    let (open, value) = match quoted {
        Some((open, inner)) => (open, inner),
        None => ("", captures.get(6)?),
    };
    let inner = value.trim_end_matches('\\');
    let secret = inner.trim();
    (!secret.is_empty() && secret != MASK).then(|| format!("{key}{open}{MASK}{}", &value[inner.len()..]))
}

fn hub_token(captures: &Captures) -> Option<String> {
    let (prefix, value) =
        [(1, 2), (3, 4), (5, 6)].iter().find_map(|(p, v)| Some((captures.get(*p)?, captures.get(*v)?)))?;
    let letters = value.chars().filter(char::is_ascii_alphanumeric).count();
    // Names such as `hf_transfer`, `hf_jwt_exchange` or `api_org_settings` have no digits and no capitals.
    let named = value.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.' | '-' | '='));
    let whole = letters >= 20 && (!named || (prefix == "hf_" && letters >= 30));
    (whole || is_random(value)).then(|| format!("{prefix}{MASK}"))
}

/// A name that an option's value is given for in a manual.
fn is_variable_name(value: &str) -> bool {
    ["TOKEN", "HF_TOKEN", "PASSWORD", "SECRET", "KEY", "API_KEY"].contains(&value)
}

fn assignment(captures: &Captures) -> Option<String> {
    let (key, separator) = (captures.get(1)?, captures.get(2)?);
    let (open, inner, close) = split_quotes(captures.get(3)?);
    if inner.is_empty() || inner == MASK || is_placeholder(inner) || is_variable_name(inner) {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    // The place of a secret is none.
    if ["_path", "_file", "_dir", "_url", "_sock"].iter().any(|end| lower.ends_with(end)) {
        return None;
    }
    let is_token = lower.contains("token") && !lower.starts_with("refresh");
    let digits = inner.len() < 8 && inner.chars().all(|c| c.is_ascii_digit());
    // `token=token` and `"token": "read"` are code and prose; a password may be a word.
    if is_token && (digits || is_identifier(inner) || (!open.is_empty() && is_word(inner) && inner.len() < 8)) {
        return None;
    }
    // `HF_TOKEN: the variable…` is a sentence.
    let prose = separator.trim() == ":" && open.is_empty();
    if prose && !is_random(inner) && (is_token || is_word(inner) || inner.starts_with(['/', '~'])) {
        return None;
    }
    Some(format!("{key}{separator}{open}{MASK}{close}"))
}

/// Credentials of which only the `@` before a host tells where they end.
fn loose_credentials(captures: &Captures) -> Option<String> {
    let (whole, scheme, user, host) = (captures.get(0)?, captures.get(1)?, captures.get(2)?, captures.get(3)?);
    let password = user.split_once(':').map_or("", |(_, password)| password);
    // `http://host:8080/path and ada@example.org` holds none; `http://ada:12/x@host:9` does.
    let port = password.trim_start_matches(|c: char| c.is_ascii_digit());
    let of_a_port = port.len() < password.len() && port.starts_with(['/', ' ', '"', '\'', ')', ',', ';']);
    let innocent = user.contains("://") || is_written_out(user) || (of_a_port && captures.get(4).is_none());
    let end = &whole[scheme.len() + user.len() + host.len()..];
    (!innocent).then(|| format!("{scheme}{MASK}{host}{end}"))
}

fn credentials(captures: &Captures) -> Option<String> {
    if let Some(bare) = captures.get(5) {
        let (before, after) = (captures.get(4)?, captures.get(6)?);
        let shown = bare == MASK || is_written_out(bare);
        return (!shown).then(|| format!("{before}{MASK}{after}"));
    }
    let (scheme, user) = (captures.get(1)?, captures.get(2)?);
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    // The name of a repository before its revision; git's own user; a port before a path that holds an `@`.
    let port = password.split_once('/').is_some_and(|(p, _)| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    let innocent = scheme.eq_ignore_ascii_case("hf://")
        || (name == "git" && password.is_empty())
        || port
        || user == MASK
        || is_written_out(user);
    (!innocent).then(|| format!("{scheme}{MASK}@"))
}
