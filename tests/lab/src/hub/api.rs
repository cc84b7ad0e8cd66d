//! The repository API: records, trees, paths, refs, the access test, Xet tokens and a small search.

use serde_json::{Value, json};

use super::access::{Identity, Purpose, Refusal, admit, region};
use super::answer::Answer;
use super::app::{Call, renamed};
use super::resolve::{no_entry, no_revision};
use super::route::Action;
use crate::state::{Content, Repo, RepoType};
use crate::text;

/// `/api/{models|datasets|spaces}/{id}/…`.
pub(crate) fn answer(
    call: Call<'_>,
    identity: Result<Identity<'_>, Refusal>,
    kind: RepoType,
    id: &str,
    action: &Action,
) -> Result<Answer, Refusal> {
    let purpose = match action {
        Action::AuthCheck { write: true } => Purpose::Write,
        // A Xet token opens file content, so it is behind the gate.
        Action::AuthCheck { write: false } | Action::XetToken { .. } => Purpose::Gate,
        _ => Purpose::Record,
    };
    region(call.state.repo(kind, id), purpose)?;
    let who = identity?;
    if let Some(answer) = renamed(call, kind, id) {
        return Ok(answer);
    }
    let repo = admit(call.state, who, kind, id, purpose)?;
    match action {
        Action::Record { revision } => record(call, repo, revision.as_deref().unwrap_or("main")),
        Action::Tree { revision, under } => tree(call, repo, revision, under),
        Action::PathsInfo { revision } => paths_info(call, repo, revision),
        Action::Refs => Ok(refs(repo)),
        Action::AuthCheck { .. } => Ok(Answer::text(200, "OK")),
        Action::XetToken { revision } => xet_token(call, repo, revision),
        Action::Other => Err(Refusal::new(404, None, "Sorry, we can't find the page you are looking for.")),
    }
}

fn record(call: Call<'_>, repo: &Repo, revision: &str) -> Result<Answer, Refusal> {
    let commit = repo.resolve(revision).ok_or_else(|| no_revision(revision))?;
    let blobs = call.ask.flag("blobs");
    let siblings: Vec<Value> = repo
        .files_at(revision)
        .map(|(path, content)| {
            let mut entry = json!({ "rfilename": path });
            if blobs {
                entry["size"] = content.size().into();
                entry["blobId"] = content.oid().into();
                if content.is_lfs() {
                    entry["lfs"] = json!({
                        "sha256": content.sha256(), "size": content.size(), "pointerSize": content.pointer().len(),
                    });
                }
            }
            entry
        })
        .collect();
    let mut record = json!({
        "_id": &text::sha1(repo.id.as_bytes())[..24],
        "id": repo.id,
        "author": repo.owner(),
        "sha": commit,
        "private": repo.private,
        "gated": repo.gated.value(),
        "disabled": repo.disabled,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "lastModified": "2026-09-01T12:00:00.000Z",
        "createdAt": "2025-09-01T12:00:00.000Z",
        "siblings": siblings,
    });
    if repo.kind == RepoType::Model {
        record["modelId"] = repo.id.clone().into();
    }
    if repo.eu_disallowed {
        record["cardData"] = json!({ "extra_gated_eu_disallowed": true });
    }
    Ok(Answer::json(200, &record))
}

/// A file's entry in trees and path listings.
fn entry(path: &str, content: &Content<'_>) -> Value {
    let mut entry = json!({ "type": "file", "oid": content.oid(), "size": content.size(), "path": path });
    if content.is_lfs() {
        entry["lfs"] = json!({
            "oid": content.sha256(), "size": content.size(), "pointerSize": content.pointer().len(),
        });
    }
    if let Some(hash) = content.xet_hash() {
        entry["xetHash"] = hash.into();
    }
    entry
}

fn folder(path: &str) -> Value {
    json!({ "type": "directory", "oid": text::sha1(path.as_bytes()), "size": 0, "path": path })
}

/// Everything under a folder, folders included, in the order of their paths.
fn entries(repo: &Repo, revision: &str, under: &str, recursive: bool) -> Vec<Value> {
    let prefix = if under.is_empty() { String::new() } else { format!("{}/", under.trim_end_matches('/')) };
    let mut listed = std::collections::BTreeMap::new();
    for (path, content) in repo.files_at(revision) {
        let Some(inner) = path.strip_prefix(&prefix) else { continue };
        for (at, _) in inner.match_indices('/').take(if recursive { usize::MAX } else { 1 }) {
            let name = format!("{prefix}{}", &inner[..at]);
            listed.entry(name.clone()).or_insert_with(|| folder(&name));
        }
        if recursive || !inner.contains('/') {
            listed.insert(path.to_owned(), entry(path, &content));
        }
    }
    listed.into_values().collect()
}

fn tree(call: Call<'_>, repo: &Repo, revision: &str, under: &str) -> Result<Answer, Refusal> {
    let ask = call.ask;
    let commit = repo.resolve(revision).ok_or_else(|| no_revision(revision))?;
    let all = entries(repo, revision, under, ask.flag("recursive"));
    if all.is_empty() && !under.is_empty() {
        return Ok(no_entry(call, &commit));
    }
    let usual = if ask.flag("expand") { 50 } else { 1000 };
    let limit = ask.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usual);
    let page = call.state.tree_page.unwrap_or(limit).clamp(1, usual);
    let start = ask.parameter("cursor").and_then(|cursor| cursor.parse::<usize>().ok()).unwrap_or(0);
    let part: Vec<Value> = all.iter().skip(start).take(page).cloned().collect();
    let answer = Answer::json(200, &Value::Array(part)).with("X-Repo-Commit", &commit);
    Ok(if start + page < all.len() {
        let kept: Vec<&str> =
            ask.query.split('&').filter(|part| !part.is_empty() && !part.starts_with("cursor=")).collect();
        let cursor = format!("cursor={}", start + page);
        let query = kept.into_iter().chain([cursor.as_str()]).collect::<Vec<_>>().join("&");
        answer.with("Link", &format!("<{}{}?{query}>; rel=\"next\"", ask.base, ask.path))
    } else {
        answer
    })
}

/// POST with the wanted paths, as a form or as JSON; paths that do not exist are left out.
fn paths_info(call: Call<'_>, repo: &Repo, revision: &str) -> Result<Answer, Refusal> {
    repo.resolve(revision).ok_or_else(|| no_revision(revision))?;
    let body = String::from_utf8_lossy(&call.ask.body);
    let wanted: Vec<String> = match serde_json::from_str::<Value>(&body) {
        Ok(json) => match &json["paths"] {
            Value::Array(paths) => paths.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect(),
            Value::String(path) => vec![path.clone()],
            _ => Vec::new(),
        },
        Err(_) => text::pairs(&body).into_iter().filter(|(key, _)| key == "paths").map(|(_, path)| path).collect(),
    };
    let found: Vec<Value> = wanted
        .iter()
        .filter_map(|path| {
            let file = repo.file_at(revision, path).map(|content| entry(path, &content));
            let is_folder = || repo.files_at(revision).any(|(file, _)| file.starts_with(&format!("{path}/")));
            file.or_else(|| is_folder().then(|| folder(path)))
        })
        .collect();
    Ok(Answer::json(200, &Value::Array(found)))
}

fn refs(repo: &Repo) -> Answer {
    let list = |names: Vec<(String, String)>, place: &str| -> Vec<Value> {
        names
            .into_iter()
            .filter(|(name, _)| !name.starts_with("refs/"))
            .map(
                |(name, commit)| json!({ "name": name, "ref": format!("refs/{place}/{name}"), "targetCommit": commit }),
            )
            .collect()
    };
    let refs = json!({ "branches": list(repo.branches(), "heads"), "converts": [], "tags": list(repo.tags(), "tags") });
    Answer::json(200, &refs)
}

fn xet_token(call: Call<'_>, repo: &Repo, revision: &str) -> Result<Answer, Refusal> {
    repo.resolve(revision).ok_or_else(|| no_revision(revision))?;
    let expires =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_secs()) + 900;
    let token = format!("xet_{}", text::sha256(repo.id.as_bytes()));
    let body = json!({ "casUrl": call.cas, "exp": expires, "accessToken": token });
    Ok(Answer::json(200, &body)
        .with("X-Xet-Cas-Url", call.cas)
        .with("X-Xet-Access-Token", &token)
        .with("X-Xet-Token-Expiration", &expires.to_string()))
}

/// `/api/models?search=…`: the public repositories whose id contains the words.
pub(crate) fn list(call: Call<'_>, who: Identity<'_>, kind: RepoType) -> Answer {
    let Call { ask, state, .. } = call;
    let search = ask.parameter("search").unwrap_or_default().to_lowercase();
    let author = ask.parameter("author");
    let limit = ask.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(1000);
    let found: Vec<Value> = state
        .repo
        .iter()
        .filter(|repo| repo.kind == kind && repo.id.to_lowercase().contains(&search))
        .filter(|repo| author.as_deref().is_none_or(|author| repo.owner() == author))
        .filter(|repo| admit(state, who, kind, &repo.id, Purpose::Record).is_ok())
        .take(limit)
        .map(|repo| json!({ "id": repo.id, "modelId": repo.id, "private": repo.private, "gated": repo.gated.value() }))
        .collect();
    Answer::json(200, &Value::Array(found))
}
