//! `/resolve/`: small Git files by way of the cache route, LFS and Xet files by a redirect to the CDN.

use super::access::{Identity, Purpose, Refusal, admit, region};
use super::answer::Answer;
use super::app::{Call, renamed};
use crate::state::{Content, Repo, RepoType};
use crate::text;

/// `/{id}/resolve/{revision}/{path}`.
pub(crate) fn file(
    call: Call<'_>,
    identity: Result<Identity<'_>, Refusal>,
    kind: RepoType,
    id: &str,
    revision: &str,
    path: &str,
) -> Result<Answer, Refusal> {
    let Call { ask, state, cdn, .. } = call;
    region(state.repo(kind, id), Purpose::File(path))?;
    let who = identity?;
    if let Some(answer) = renamed(call, kind, id) {
        return Ok(answer);
    }
    let repo = admit(state, who, kind, id, Purpose::File(path))?;
    let commit = repo.resolve(revision).ok_or_else(|| no_revision(revision))?;
    let Some(content) = repo.file_at(revision, path) else {
        return Ok(no_entry(call, &commit));
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let answer = if content.is_lfs() {
        let to_cdn = if ask.agent.starts_with("ollama") { 307 } else { 302 };
        let answer = Answer::redirect(to_cdn, &signed_url(cdn, repo, &content, name))
            .with("X-Linked-Size", &content.size().to_string())
            .with("Cache-Control", "no-store");
        match content.xet_hash() {
            Some(hash) => answer.with("X-Xet-Hash", &hash).with("Link", &xet_links(call, repo, &commit, &hash)),
            None => answer,
        }
    } else {
        Answer::redirect(307, &cache_route(repo, revision, &commit, path, &content)).with("Accept-Ranges", "bytes")
    };
    Ok(answer.with("X-Repo-Commit", &commit).with("X-Linked-Etag", &format!("\"{}\"", content.etag())))
}

/// `/api/resolve-cache/…`: the small file itself.
pub(crate) fn cached(
    call: Call<'_>,
    identity: Result<Identity<'_>, Refusal>,
    kind: RepoType,
    id: &str,
    commit: &str,
    path: &str,
) -> Result<Answer, Refusal> {
    let Call { ask, state, .. } = call;
    region(state.repo(kind, id), Purpose::File(path))?;
    let repo = admit(state, identity?, kind, id, Purpose::File(path))?;
    let Some(content) = repo.file_at(commit, path) else {
        return Ok(no_entry(call, commit));
    };
    let etag = format!("\"{}\"", content.etag());
    let mut answer = if ask.if_none_match.as_deref() == Some(&etag) {
        Answer::text(304, "")
    } else {
        Answer::file(content.source(), content.size(), ask.range.as_deref())
    };
    if !content.is_lfs() {
        answer.set("Content-Type", "text/plain; charset=utf-8");
    }
    let name = text::encode(path.rsplit('/').next().unwrap_or(path), "");
    Ok(answer
        .with("ETag", &etag)
        .with("X-Repo-Commit", commit)
        .with("Content-Disposition", &format!("inline; filename*=UTF-8''{name}")))
}

/// A repository's page, or the front page's way of saying that there is none.
pub(crate) fn page(call: Call<'_>, who: Identity<'_>, kind: RepoType, id: &str) -> Result<Answer, Refusal> {
    if let Some(answer) = renamed(call, kind, id) {
        return Ok(answer);
    }
    let repo = admit(call.state, who, kind, id, Purpose::Record)?;
    Ok(Answer::html(200, format!("<!doctype html><title>{} · Hugging Face</title>", repo.id)))
}

pub(crate) fn no_revision(revision: &str) -> Refusal {
    Refusal::new(404, Some("RevisionNotFound"), format!("Invalid rev id: {revision}"))
}

pub(crate) fn no_entry(call: Call<'_>, commit: &str) -> Answer {
    Answer::error(call.ask, 404, Some("EntryNotFound"), "Entry not found").with("X-Repo-Commit", commit)
}

fn cache_route(repo: &Repo, revision: &str, commit: &str, path: &str, content: &Content<'_>) -> String {
    let came_from = format!("/{}{}/resolve/{revision}/{path}", repo.kind.prefix(), repo.id);
    format!(
        "/api/resolve-cache/{}/{}/{commit}/{}?{}=&etag=%22{}%22",
        repo.kind.path(),
        repo.id,
        text::encode(path, ""),
        text::encode(&came_from, ""),
        content.etag()
    )
}

/// A URL of the CDN that is good for about an hour.
fn signed_url(cdn: &str, repo: &Repo, content: &Content<'_>, name: &str) -> String {
    let place = content.xet_hash().unwrap_or_else(|| content.sha256());
    let folder = &text::sha1(repo.id.as_bytes())[..24];
    let expires =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_secs()) + 3600;
    let disposition = text::encode(&format!("inline; filename*=UTF-8''{name}; filename=\"{name}\";"), "");
    let seal = text::sha256(format!("{place}{expires}").as_bytes());
    format!(
        "{cdn}/xet-bridge-us/{folder}/{place}?response-content-disposition={disposition}&Expires={expires}\
         &Policy=eyJTdGF0ZW1lbnQiOlt7{}fV19&Signature={seal}~&Key-Pair-Id=K2LABLABLABLAB",
        &seal[..16]
    )
}

fn xet_links(call: Call<'_>, repo: &Repo, commit: &str, hash: &str) -> String {
    format!(
        "<{}/api/{}/{}/xet-read-token/{commit}>; rel=\"xet-auth\", <{}/v1/reconstructions/{hash}>; \
         rel=\"xet-reconstruction-info\"",
        call.ask.base,
        repo.kind.path(),
        repo.id,
        call.cas
    )
}
