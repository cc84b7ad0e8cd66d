//! Reading a target out of whatever was pasted.

mod address;

use url::Url;

use self::address::url_parts;
use super::{From, RepoType, Target, local_path};
use crate::hub::is_hub_host;

/// The longest text that is looked at, in bytes: longer than any URL that a client makes.
const MAX_TEXT: usize = 8 * 1024;

/// Why a text names no repository at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing was given.
    #[error("the target is empty: give a repository such as `org/name`, or the URL of its page or of a file in it")]
    Empty,
    /// The text is a secret that was given in the wrong place.
    #[error(
        "the target is an access token, not a repository: it was sent nowhere; give a repository such as `org/name`"
    )]
    Token,
    /// The text cannot be a target by its length.
    #[error("the target has {0} bytes: a repository id or URL has at most {MAX_TEXT}")]
    TooLong(usize),
    /// A URL that leads to something else than a repository.
    #[error("`{shown}` names no repository: {why}; give `org/name` or the URL of the repository's page")]
    NotARepository {
        /// The URL without credentials and query.
        shown: String,
        /// What it is instead.
        why: &'static str,
    },
    /// The text and an option say different things.
    #[error("the target says {what} `{given}`, the option says `{option}`: leave one of them out")]
    Contradiction {
        /// What they differ in.
        what: &'static str,
        /// The text's word.
        given: String,
        /// The option's word.
        option: String,
    },
}

/// What the text alone says. A type that it does not name stays open for the option.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    repo_type: Option<RepoType>,
    id: String,
    revision: Option<String>,
    file: Option<String>,
    tag: Option<String>,
}

impl Target {
    /// Reads a repository id, a URL of the Hub, a mirror or git, an `hf://` path or a cache folder's name.
    ///
    /// The options fill in what the text leaves open. What has the place of an id but not its form is kept as it is, and
    /// [`Target::problem`] says what is wrong with it: that is a finding, not wrong usage.
    pub fn parse(
        text: &str,
        repo_type: Option<RepoType>,
        revision: Option<&str>,
        file: Option<&str>,
    ) -> Result<Target, TargetError> {
        if text.len() > MAX_TEXT {
            return Err(TargetError::TooLong(text.len()));
        }
        let text = unwrapped(text);
        if text.is_empty() {
            return Err(TargetError::Empty);
        }
        if is_token(text) {
            return Err(TargetError::Token);
        }
        let parts = parts_of(text)?;
        let word = |kind: RepoType| kind.word().to_owned();
        let repo_type = agreed("the repository type", parts.repo_type.map(word), repo_type.map(word))?
            .and_then(|word| TYPES.into_iter().find(|kind| kind.word() == word))
            .unwrap_or(RepoType::Model);
        let given = |option: Option<&str>| option.map(str::trim).filter(|o| !o.is_empty()).map(str::to_owned);
        let revision = agreed("the revision", parts.revision, given(revision))?;
        let file = agreed("the file", parts.file, given(file))?;
        let revision = revision.filter(|r| r != "main");
        Ok(Target { repo_type, repo_id: parts.id, revision, file, tag: parts.tag, from: From::Argument })
    }
}

const TYPES: [RepoType; 4] = [RepoType::Model, RepoType::Dataset, RepoType::Space, RepoType::Kernel];

/// Whether a text has the form of a user access token: `hf_` and 34 letters or digits, or nearly as many.
fn is_token(text: &str) -> bool {
    text.strip_prefix("hf_").is_some_and(|rest| rest.len() >= 28 && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The type whose plural stands in URLs and cache folders.
fn type_of(plural: &str) -> Option<RepoType> {
    TYPES.into_iter().find(|kind| kind.plural() == plural)
}

fn agreed(what: &'static str, given: Option<String>, option: Option<String>) -> Result<Option<String>, TargetError> {
    match (given, option) {
        (Some(given), Some(option)) if given != option => Err(TargetError::Contradiction { what, given, option }),
        (given, option) => Ok(given.or(option)),
    }
}

/// Without blanks, quotes and brackets around it, however deep.
fn unwrapped(text: &str) -> &str {
    const PAIRS: [(char, char); 10] = [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('<', '>'),
        ('(', ')'),
        ('[', ']'),
        ('\u{201c}', '\u{201d}'),
        ('\u{2018}', '\u{2019}'),
        ('\u{ab}', '\u{bb}'),
        ('{', '}'),
    ];
    // Zero-width characters and the byte order mark come along when a page is copied.
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
    let mut text = text.trim_matches(is_blank);
    while let Some(inner) = PAIRS.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close)) {
        text = inner.trim_matches(is_blank);
    }
    // A bracket or quote of which only one half was copied, and the end of the sentence that the URL stood in.
    text.trim_start_matches(['"', '\'', '`', '<'])
        .trim_end_matches(['"', '\'', '`', '>', ',', ';'])
        .trim_matches(is_blank)
}

fn parts_of(text: &str) -> Result<Parts, TargetError> {
    if let Some(rest) = strip_prefix_ignoring_case(text, "hf://") {
        return fsspec_parts(rest, text);
    }
    if let Some(parts) = cached_parts(text) {
        return Ok(parts);
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let scheme = scheme.to_ascii_lowercase();
        return match scheme.as_str() {
            "http" | "https" => url_parts(text.trim_end_matches('.')),
            "ssh" | "git" | "git+https" | "git+ssh" => url_parts(&format!("https://{rest}")),
            _ => Ok(as_it_is(text)),
        };
    }
    if local_path(text).is_some() {
        return Ok(as_it_is(text));
    }
    if let Some((host, path)) = text.strip_prefix("git@").and_then(|rest| rest.split_once(':')) {
        return url_parts(&format!("https://{host}/{path}"));
    }
    if let Some((host, _)) = text.split_once('/')
        && looks_like_host(host, text)
    {
        return url_parts(&format!("https://{text}"));
    }
    Ok(bare_parts(text))
}

fn as_it_is(text: &str) -> Parts {
    Parts { id: text.to_owned(), ..Parts::default() }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Whether the first part of a text without a scheme is a host: one of the Hub's, or one with a port or a dot before a
/// path that is too long for an id.
fn looks_like_host(host: &str, text: &str) -> bool {
    let bare = host.strip_prefix("www.").unwrap_or(host);
    if is_hub_host(bare) {
        return true;
    }
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let is_port = port.is_some_and(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_digit()));
    is_name
        && (is_port || (port.is_none() && name.contains('.') && text.trim_end_matches('/').matches('/').count() > 1))
}

/// `org/name`, `datasets/org/name`, each with `@revision` or `:tag`.
fn bare_parts(text: &str) -> Parts {
    let text = text.trim_end_matches('/');
    let (path, revision) = match text.split_once('@') {
        Some((path, revision)) if !path.is_empty() => (path, Some(revision)),
        _ => (text, None),
    };
    let segments: Vec<&str> = path.split('/').collect();
    let (repo_type, segments) = typed(&segments, |s| s);
    let takes_file = repo_type.is_some() && segments.len() > 2;
    let (id, tag) = split_tag(&if takes_file { segments[..2].join("/") } else { segments.join("/") });
    let mut parts = Parts { repo_type, id, ..Parts::default() };
    if takes_file {
        parts.file = Some(segments[2..].join("/"));
    }
    set_tag(&mut parts, tag);
    if let Some(revision) = revision.filter(|r| !r.is_empty()) {
        // A branch's name may have slashes, so that only a reference of the Hub's own shows where a file begins.
        let segments: Vec<&str> = revision.split('/').collect();
        let length = special_reference(&segments).unwrap_or(segments.len());
        parts.revision = Some(decoded(segments[..length].join("/")));
        if length < segments.len() {
            parts.file = Some(segments[length..].join("/"));
        }
    }
    parts
}

/// Takes the type's plural off the front, unless the plural is all there is.
fn typed<T>(segments: &[T], text: impl Fn(&T) -> &str) -> (Option<RepoType>, &[T]) {
    match segments.split_first() {
        Some((first, rest)) if !rest.is_empty() => match type_of(text(first)) {
            Some(kind) => (Some(kind), rest),
            None => (None, segments),
        },
        _ => (None, segments),
    }
}

/// How many segments a reference such as `refs/pr/1` or `refs/convert/parquet` takes up.
fn special_reference(segments: &[impl AsRef<str>]) -> Option<usize> {
    match segments {
        [refs, kind, _, ..] if refs.as_ref() == "refs" && matches!(kind.as_ref(), "pr" | "convert") => Some(3),
        _ => None,
    }
}

/// The id and what stands after the colon in its last part.
fn split_tag(id: &str) -> (String, Option<String>) {
    let name_at = id.rfind('/').map_or(0, |at| at + 1);
    match id[name_at..].split_once(':') {
        Some((name, tag)) if !name.is_empty() && !tag.is_empty() => {
            (format!("{}{name}", &id[..name_at]), Some(tag.to_owned()))
        }
        Some((name, "")) if !name.is_empty() => (format!("{}{name}", &id[..name_at]), None),
        _ => (id.to_owned(), None),
    }
}

/// ollama takes a quantization or a file's name after the colon; `latest` is its word for the default.
fn set_tag(parts: &mut Parts, tag: Option<String>) {
    match tag {
        Some(tag) if tag.to_ascii_lowercase().ends_with(".gguf") => parts.file = Some(tag),
        Some(tag) if !tag.eq_ignore_ascii_case("latest") => parts.tag = Some(tag),
        _ => {}
    }
}

/// What stands after `hf://`: `[type/]namespace/name[@revision][/path]`, as huggingface_hub `utils/_hf_uris.py` reads it.
fn fsspec_parts(rest: &str, text: &str) -> Result<Parts, TargetError> {
    let rest = rest.trim_matches('/');
    if rest == "buckets" || rest.starts_with("buckets/") {
        return Err(not_a_repository(text, "it is a storage bucket"));
    }
    if rest.is_empty() {
        return Err(not_a_repository(text, "nothing stands after `hf://`"));
    }
    let segments: Vec<&str> = rest.split('/').collect();
    let (repo_type, segments) = typed(&segments, |s| s);
    let Some((first, after)) = segments.split_first() else { return Ok(as_it_is(rest)) };
    // A name without a namespace shows itself by its revision, or by standing alone.
    let takes = if first.contains('@') || after.is_empty() { 1 } else { 2 };
    let (id, after) = (segments[..takes].join("/"), &segments[takes..]);
    let mut parts = Parts { repo_type, ..Parts::default() };
    let mut path: Vec<&str> = after.to_vec();
    parts.id.clone_from(&id);
    match id.split_once('@') {
        Some((id, revision)) if !id.is_empty() => {
            id.clone_into(&mut parts.id);
            let mut all = vec![revision];
            all.extend(path);
            let length = special_reference(&all).unwrap_or(1);
            parts.revision = Some(decoded(all[..length].join("/"))).filter(|r| !r.is_empty());
            path = all.split_off(length);
        }
        _ => {}
    }
    parts.file = Some(path.join("/")).filter(|p| !p.is_empty());
    Ok(parts)
}

/// A cache folder's name, or a path through one such as `…/models--org--name/snapshots/<commit>/config.json`.
fn cached_parts(text: &str) -> Option<Parts> {
    if text.contains("://") {
        return None;
    }
    let segments: Vec<&str> = text.split(['/', '\\']).filter(|s| !s.is_empty()).collect();
    let place = segments.iter().rposition(|segment| {
        segment.split_once("--").is_some_and(|(plural, id)| type_of(plural).is_some() && !id.is_empty())
    })?;
    let (plural, id) = segments[place].split_once("--")?;
    let mut parts = Parts { repo_type: type_of(plural), id: id.replace("--", "/"), ..Parts::default() };
    if let [snapshots, commit, file @ ..] = &segments[place + 1..]
        && *snapshots == "snapshots"
    {
        parts.revision = Some((*commit).to_owned());
        parts.file = Some(file.join("/")).filter(|f| !f.is_empty());
    }
    Some(parts)
}

fn not_a_repository(text: &str, why: &'static str) -> TargetError {
    // The query may be a signature and the part before `@` a password.
    let shown = Url::parse(text).map_or_else(
        |_| text.split(['?', '#']).next().unwrap_or_default().to_owned(),
        |url| format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path()),
    );
    TargetError::NotARepository { shown: shown.chars().take(200).collect(), why }
}

/// Percent-decoded; bytes that are no UTF-8 become replacement characters.
fn decoded(text: impl AsRef<str>) -> String {
    let bytes = text.as_ref().as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digit = |place: usize| bytes.get(place).and_then(|b| char::from(*b).to_digit(16));
        let escaped = if *byte == b'%' { digit(at + 1).zip(digit(at + 2)) } else { None };
        let value = escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        out.push(value.unwrap_or(*byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests;
