//! The Hub's application: takes a request through identity, quota and routes to an answer.

use super::access::{Identity, Refusal};
use super::answer::Answer;
use super::ask::Ask;
use super::limit::Counts;
use super::route::{Route, parse};
use super::{api, headers, resolve, whoami};
use crate::state::{HubState, Repo, RepoType};
use crate::text;

/// A request together with what answers it.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) ask: &'a Ask,
    pub(crate) state: &'a HubState,
    /// Base of CDN URLs.
    pub(crate) cdn: &'a str,
    /// Base of the CAS URLs.
    pub(crate) cas: &'a str,
}

/// Answers as the application does, with all its headers.
pub(crate) fn answer(call: Call<'_>, counts: &mut Counts) -> Answer {
    let Call { ask, state, .. } = call;
    if let Some(answer) = missing_at_mirror(ask, state) {
        return answer;
    }
    let identity = Identity::of(ask, state);
    let token = identity.as_ref().ok().and_then(|identity| identity.token());
    let standing = counts.take(ask, state, token);
    let mut answer = standing.refusal(ask).unwrap_or_else(|| routed(call, identity));
    standing.mark(&mut answer);
    headers::application(&mut answer);
    if ask.authorization.is_none() && state.unauthenticated_warning {
        let text = "unauthenticated; You are sending unauthenticated requests to the HF Hub. Please set a HF_TOKEN to \
                    enable higher rate limits and faster downloads.";
        answer.set("X-HF-Warning", text);
    }
    answer
}

/// What a mirror does not have, it refuses itself, without the Hub's headers.
fn missing_at_mirror(ask: &Ask, state: &HubState) -> Option<Answer> {
    let mirror = state.mirror(&ask.host)?;
    if ask.is_api() && !mirror.api {
        return Some(Answer::html(404, "<html><head><title>404 Not Found</title></head></html>"));
    }
    let (id, path) = match parse(&ask.path) {
        Route::Api { id, .. } => (id, String::new()),
        Route::Resolve { id, path, .. } | Route::Cached { id, path, .. } => (id, path),
        _ => return None,
    };
    let lacks = mirror.lacks.iter().any(|lack| *lack == id || *lack == format!("{id}/{path}"));
    lacks.then(|| Answer::text(404, "Not Found"))
}

fn routed(call: Call<'_>, identity: Result<Identity<'_>, Refusal>) -> Answer {
    let Call { ask, .. } = call;
    if !matches!(ask.method.as_str(), "GET" | "HEAD" | "POST") {
        return Answer::error(ask, 405, None, "Method Not Allowed");
    }
    let outcome = match parse(&ask.path) {
        Route::Whoami => identity.and_then(|who| whoami::answer(call, who)),
        Route::List(kind) => identity.map(|who| api::list(call, who, kind)),
        Route::Api { kind, id, action } => api::answer(call, identity, kind, &id, &action),
        Route::Resolve { kind, id, revision, path } => resolve::file(call, identity, kind, &id, &revision, &path),
        Route::Cached { kind, id, commit, path } => resolve::cached(call, identity, kind, &id, &commit, &path),
        Route::Page { kind, id } => identity.and_then(|who| resolve::page(call, who, kind, &id)),
        Route::Front => Ok(Answer::html(200, "<!doctype html><title>Hugging Face</title>")),
        Route::Unknown => Err(Refusal::new(404, None, "Sorry, we can't find the page you are looking for.")),
    };
    outcome.unwrap_or_else(|refusal| refusal.answer(ask))
}

/// A relative redirect to the present name of a renamed repository.
pub(crate) fn renamed(call: Call<'_>, kind: RepoType, id: &str) -> Option<Answer> {
    let Call { ask, state, .. } = call;
    if state.repo(kind, id).is_some() {
        return None;
    }
    let repo: &Repo = state.renamed(kind, id)?;
    let old = text::encode(id, "/");
    let target = ask.target().replacen(&format!("/{old}"), &format!("/{}", text::encode(&repo.id, "/")), 1);
    Some(Answer::redirect(307, &target))
}
