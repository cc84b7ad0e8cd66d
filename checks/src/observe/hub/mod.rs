//! What the Hub says: whose token it is, the repository's record, and whether a file may be had.

mod identity;
mod repository;

use url::Url;

pub use identity::{AccessToken, Auth, Entity, FineGrained, Identity, Scoped};
pub use repository::{Lfs, Repository, Sibling};

use super::http::{Answer, Ask, Failure, Http};
use super::{Seen, Unseen};
use crate::case::{Case, TokenPlace};
use hfdoctor_core::target::{RepoType, Target};
use hfdoctor_core::token::Token;

/// The largest repository record that is read, in bytes: a listing of some 50 000 files.
const MAX_RECORD: usize = 16 * 1024 * 1024;

/// A public repository that every token may read: the control of the access experiments.
pub const PUBLIC_MODEL: &str = "openai-community/gpt2";

/// `/api/whoami-v2`.
#[derive(Debug, Clone)]
pub struct Whoami {
    /// The answer, whatever its status.
    pub answer: Answer,
    /// What it says, when it is 200.
    pub identity: Option<Identity>,
}

/// `/api/{models|datasets|spaces}/{id}`.
#[derive(Debug, Clone)]
pub struct Record {
    /// The answer, whatever its status.
    pub answer: Answer,
    /// What it says, when it is 200 and can be read.
    pub repository: Option<Repository>,
    /// The type under which the repository was found, when it is another than the one asked for.
    pub other_type: Option<RepoType>,
}

/// One side of the access experiment.
pub type Access = Result<Answer, Failure>;

/// HEAD on a resolve URL with the token and without it.
#[derive(Debug, Clone)]
pub struct Resolve {
    /// The URL without its redirects.
    pub url: Url,
    /// With the active token; none when there is none.
    pub with_token: Option<Access>,
    /// Without a token.
    pub without: Access,
    /// The id to which the Hub redirected, when it is another.
    pub renamed_to: Option<String>,
}

impl Resolve {
    /// The side that was really asked: without the token where it must not go to that host.
    pub fn asked(&self) -> &Access {
        match self.as_client() {
            Err(Failure::NotSent(_)) => &self.without,
            access => access,
        }
    }

    /// The side that the client would see.
    pub fn as_client(&self) -> &Access {
        self.with_token.as_ref().unwrap_or(&self.without)
    }
}

/// A token that lies about beside the active one, tried on the target.
#[derive(Debug, Clone)]
pub struct OtherToken {
    /// Where it lies.
    pub place: TokenPlace,
    /// What the target's file answered to it.
    pub access: Access,
}

/// How many other tokens are tried: each costs a request.
const MOST_OTHER_TOKENS: usize = 2;

/// Whether an answer says that the token itself is bad, and not what it asks for.
///
/// The Hub's words are `Invalid credentials in Authorization header` and `User Access Token "…" is expired`, both 401
/// without an error code (answers recorded in 2026). A 401 alone proves nothing: a missing repository gives it too.
pub fn rejects_token(answer: &Answer) -> bool {
    answer.status == 401
        && answer.with_token
        && answer.error_message().is_some_and(|m| {
            m.contains("Invalid credentials in Authorization header")
                || (m.contains("Token") && m.contains("is expired"))
        })
}

/// The token that requests carry, cleaned as the client cleans it.
pub fn sent_token(case: &Case) -> Option<Token> {
    case.tokens.active(&case.settings)?.token.cleaned()
}

pub(super) async fn whoami(case: &Case, http: &Http) -> Seen<Whoami> {
    let Some(token) = sent_token(case) else {
        return Err(Unseen("there is no token to ask about".to_owned()));
    };
    let answer = http
        .send(Ask::get(api(case, "api/whoami-v2")?).with_token(Some(token)))
        .await
        .map_err(|failure| unseen(&failure))?;
    let identity = (answer.status == 200).then(|| serde_json::from_slice(&answer.body).ok()).flatten();
    Ok(Whoami { answer, identity })
}

pub(super) async fn record(case: &Case, http: &Http) -> Seen<Record> {
    let target = askable(case)?;
    let answer = ask_record(case, http, target, target.repo_type).await?;
    let repository = (answer.status == 200).then(|| serde_json::from_slice(&answer.body).ok()).flatten();
    let mut record = Record { answer, repository, other_type: None };
    if matches!(record.answer.status, 401 | 404) && record.answer.from_application() {
        for other in [RepoType::Model, RepoType::Dataset, RepoType::Space] {
            if other != target.repo_type
                && let Ok(found) = ask_record(case, http, target, other).await
                && found.status == 200
            {
                record.other_type = Some(other);
                break;
            }
        }
    }
    Ok(record)
}

async fn ask_record(case: &Case, http: &Http, target: &Target, kind: RepoType) -> Seen<Answer> {
    let revision = match &target.revision {
        Some(revision) if kind == target.repo_type => format!("/revision/{}", encode(revision, false)),
        _ => String::new(),
    };
    let path = format!("api/{}/{}{revision}?blobs=true", kind.plural(), encode(&target.repo_id, true));
    let mut url = api(case, &path)?;
    for _ in 0..3 {
        let token = sent_token(case).filter(|_| http.may_carry_token(&url));
        let ask = Ask { max_body: MAX_RECORD, ..Ask::get(url.clone()).with_token(token) };
        let answer = http.send(ask).await.map_err(|failure| unseen(&failure))?;
        match answer.location().filter(|to| to.host() == url.host()) {
            Some(to) => url = to,
            None => return Ok(answer),
        }
    }
    Err(Unseen("the Hub redirects the record in a circle".to_owned()))
}

pub(super) async fn resolve_target(case: &Case, http: &Http) -> Seen<Resolve> {
    resolve(case, http, askable(case)?).await
}

pub(super) async fn resolve_public(case: &Case, http: &Http) -> Seen<Resolve> {
    resolve(case, http, &public_target()).await
}

fn public_target() -> Target {
    Target::new(RepoType::Model, PUBLIC_MODEL, hfdoctor_core::target::From::Argument)
}

/// The file that is asked for when the target names none. It need not exist: behind a closed gate every file answers with
/// the gate's refusal, and before an open one a missing file answers `EntryNotFound`, which proves access just as well.
const PROBE_FILE: &str = "config.json";

async fn resolve(case: &Case, http: &Http, target: &Target) -> Seen<Resolve> {
    let url = api(case, &resolve_path(target))?;
    let token = sent_token(case);
    let with = async {
        match token {
            Some(token) => Some(head(http, url.clone(), Some(token)).await),
            None => None,
        }
    };
    let (with_token, without) = futures::join!(with, head(http, url.clone(), None));
    let renamed_to = [with_token.as_ref(), Some(&without)]
        .into_iter()
        .flatten()
        .find_map(|access| renamed(target, access.as_ref().ok()?));
    Ok(Resolve { url, with_token, without, renamed_to })
}

fn resolve_path(target: &Target) -> String {
    let file = target.file.as_deref().unwrap_or(PROBE_FILE);
    format!(
        "{}{}/resolve/{}/{}",
        target.repo_type.prefix(),
        encode(&target.repo_id, true),
        encode(target.revision(), false),
        encode(file, true)
    )
}

/// Where another endpoint has the target's file; without a target a public one's.
pub(super) fn file_at(case: &Case, endpoint: &str) -> Seen<Url> {
    let path = match &case.target {
        Some(_) => resolve_path(askable(case)?),
        None => resolve_path(&public_target()),
    };
    Url::parse(&format!("{endpoint}/{path}")).map_err(|error| Unseen(error.to_string()))
}

/// Where the endpoint has a file of a target.
pub(super) fn file_of(case: &Case, target: &Target, file: &str) -> Seen<Url> {
    api(case, &resolve_path(&Target { file: Some(file.to_owned()), ..target.clone() }))
}

/// More redirects from one resolve URL to the next are no renaming, which is one step: they never end.
const MOST_REDIRECTS: usize = 4;

/// HEAD that follows the Hub's own redirects from one resolve URL to another (a renamed repository), as clients do.
async fn head(http: &Http, url: Url, token: Option<Token>) -> Access {
    let mut visited = vec![url];
    loop {
        let Some(url) = visited.last() else { return Err(Failure::NotSent("not asked: no URL".to_owned())) };
        let answer = http.send(Ask::head(url.clone()).with_token(token.clone())).await?;
        match answer.location().filter(|to| leads_on(&answer, to)) {
            Some(to) if visited.len() > MOST_REDIRECTS || visited.contains(&to) => {
                let host = to.host_str().unwrap_or_default();
                let why = format!("`{host}` redirects {} in a circle", to.path());
                return Err(Failure::Circle { by_application: answer.from_application(), why });
            }
            Some(to) => visited.push(to),
            None => return Ok(answer),
        }
    }
}

/// Whether a client follows a redirect before it reads what the file is. The Hub sends small files to a cache of its own,
/// after it has named the commit: that is enough.
fn leads_on(answer: &Answer, to: &Url) -> bool {
    let cached = to.path().contains("/resolve-cache/") && !answer.headers.contains_key("x-repo-commit");
    to.host() == answer.url.host() && (to.path().contains("/resolve/") || cached)
}

/// The id in the URL that answered, when it is another than the target's.
fn renamed(target: &Target, answer: &Answer) -> Option<String> {
    let path = answer.url.path().trim_start_matches('/').strip_prefix(target.repo_type.prefix())?;
    let (id, _) = path.split_once("/resolve/")?;
    (id != target.repo_id && !id.is_empty()).then(|| id.to_owned())
}

/// Tries the tokens that the active one hides on the target, when the active one, or none, is refused.
pub(super) async fn other_tokens(case: &Case, http: &Http, resolve: &Seen<Resolve>) -> Seen<Vec<OtherToken>> {
    let resolve = resolve.as_ref().map_err(Clone::clone)?;
    let refused = resolve.as_client().as_ref().is_ok_and(|answer| matches!(answer.status, 401 | 403 | 404));
    let missing = resolve
        .as_client()
        .as_ref()
        .is_ok_and(|a| a.error_code().is_some_and(|c| c != "RepoNotFound" && c != "GatedRepo"));
    if !refused || missing {
        return Ok(Vec::new());
    }
    let active = sent_token(case);
    let mut tried: Vec<Token> = active.into_iter().collect();
    let mut candidates = Vec::new();
    for source in case.tokens.all() {
        let Some(token) = source.token.cleaned() else { continue };
        if tried.iter().any(|t| t.same_as(&token)) {
            continue;
        }
        tried.push(token.clone());
        candidates.push((source.place.clone(), token));
    }
    candidates.truncate(MOST_OTHER_TOKENS);
    let heads = candidates.into_iter().map(|(place, token)| async move {
        OtherToken { place, access: head(http, resolve.url.clone(), Some(token)).await }
    });
    Ok(futures::future::join_all(heads).await)
}

/// The endpoint as a URL.
pub(super) fn endpoint_url(case: &Case) -> Seen<Url> {
    api(case, "")
}

fn api(case: &Case, path: &str) -> Seen<Url> {
    let text = format!("{}/{path}", case.settings.endpoint);
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(Unseen("not asked: HF_ENDPOINT is no http(s) URL".to_owned())),
    }
}

/// Percent-encodes as the client does: revisions wholly, ids and paths with their slashes kept.
pub fn encode(text: &str, keep_slashes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keep_slashes && byte == b'/') {
            out.push(char::from(byte));
        } else {
            use std::fmt::Write;
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The target, when it is one that the Hub can be asked about.
fn askable(case: &Case) -> Seen<&Target> {
    let target = case.target.as_ref().ok_or_else(|| Unseen("no repository was named".to_owned()))?;
    match target.problem() {
        Some(problem) => Err(Unseen(format!("not asked: `{}` is not a repository id: {problem}", target.repo_id))),
        None => Ok(target),
    }
}

fn unseen(failure: &Failure) -> Unseen {
    Unseen(failure.to_string())
}
