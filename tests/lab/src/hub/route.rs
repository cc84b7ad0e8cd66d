//! Reads the Hub's URL shapes.

use crate::state::RepoType;
use crate::text;

/// What a path asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Whoami,
    /// `/api/models?search=…`
    List(RepoType),
    /// `/api/models/{id}` and what follows it.
    Api {
        kind: RepoType,
        id: String,
        action: Action,
    },
    /// `/{id}/resolve/{rev}/{path}`
    Resolve {
        kind: RepoType,
        id: String,
        revision: String,
        path: String,
    },
    /// `/api/resolve-cache/models/{id}/{commit}/{path}`
    Cached {
        kind: RepoType,
        id: String,
        commit: String,
        path: String,
    },
    /// A repository's page.
    Page {
        kind: RepoType,
        id: String,
    },
    /// The site's front page.
    Front,
    Unknown,
}

/// What is asked of a repository's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Record { revision: Option<String> },
    Tree { revision: String, under: String },
    PathsInfo { revision: String },
    Refs,
    AuthCheck { write: bool },
    XetToken { revision: String },
    Other,
}

const ACTIONS: [&str; 6] = ["revision", "tree", "paths-info", "refs", "auth-check", "xet-read-token"];

pub(crate) fn parse(path: &str) -> Route {
    let parts: Vec<&str> = path.trim_matches('/').split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => Route::Front,
        ["api", "whoami-v2"] => Route::Whoami,
        ["api", "resolve-cache", kind, rest @ ..] => cached(kind, rest),
        ["api", kind] => RepoType::of_path(kind).map_or(Route::Unknown, Route::List),
        ["api", kind, rest @ ..] => RepoType::of_path(kind).map_or(Route::Unknown, |kind| api(kind, rest)),
        _ => site(&parts),
    }
}

/// Splits the parts into an id of one or two segments and the rest, by the word that follows the id.
fn split<'a>(parts: &'a [&'a str], follows: &[&str]) -> (String, &'a [&'a str]) {
    let short = parts.len() == 1 || parts.get(1).is_some_and(|word| follows.contains(word));
    let (id, rest) = parts.split_at(if short { 1 } else { 2.min(parts.len()) });
    (text::decode(&id.join("/")), rest)
}

fn join(parts: &[&str]) -> String {
    text::decode(&parts.join("/"))
}

fn api(kind: RepoType, parts: &[&str]) -> Route {
    let (id, rest) = split(parts, &ACTIONS);
    let action = match rest {
        [] => Action::Record { revision: None },
        // Clients encode the slashes of a revision such as refs/pr/1; the Hub takes them plain as well.
        ["revision", revision @ ..] => Action::Record { revision: Some(join(revision)) },
        ["tree", revision, under @ ..] => Action::Tree { revision: join(&[revision]), under: join(under) },
        ["paths-info", revision] => Action::PathsInfo { revision: join(&[revision]) },
        ["refs"] => Action::Refs,
        ["auth-check"] => Action::AuthCheck { write: false },
        ["auth-check", "write"] => Action::AuthCheck { write: true },
        ["xet-read-token", revision] => Action::XetToken { revision: join(&[revision]) },
        _ => Action::Other,
    };
    Route::Api { kind, id, action }
}

fn cached(kind: &str, parts: &[&str]) -> Route {
    let Some(kind) = RepoType::of_path(kind) else { return Route::Unknown };
    // The commit tells where the id ends: forty hex digits.
    let is_commit = |part: &&str| part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    match parts.iter().position(is_commit) {
        Some(at @ (1 | 2)) if parts.len() > at + 1 => {
            Route::Cached { kind, id: join(&parts[..at]), commit: parts[at].into(), path: join(&parts[at + 1..]) }
        }
        _ => Route::Unknown,
    }
}

fn site(parts: &[&str]) -> Route {
    let (kind, parts) = match parts.split_first() {
        Some((&"datasets", rest)) if !rest.is_empty() => (RepoType::Dataset, rest),
        Some((&"spaces", rest)) if !rest.is_empty() => (RepoType::Space, rest),
        _ => (RepoType::Model, parts),
    };
    let (id, rest) = split(parts, &["resolve", "raw", "blob", "tree"]);
    match rest {
        [] | ["blob" | "tree", ..] => Route::Page { kind, id },
        ["resolve" | "raw", revision, path @ ..] if !path.is_empty() => {
            Route::Resolve { kind, id, revision: join(&[revision]), path: join(path) }
        }
        _ => Route::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_ids() {
        let tree = |path: &str| match parse(path) {
            Route::Api { id, action: Action::Tree { revision, under }, .. } => (id, revision, under),
            other => panic!("{other:?}"),
        };
        assert_eq!(tree("/api/models/gpt2/tree/main"), ("gpt2".into(), "main".into(), String::new()));
        assert_eq!(tree("/api/models/a/b/tree/refs%2Fpr%2F1/x/y"), ("a/b".into(), "refs/pr/1".into(), "x/y".into()));
    }

    #[test]
    fn resolve_of_each_type() {
        let resolve = |kind, id: &str, revision: &str, path: &str| Route::Resolve {
            kind,
            id: id.into(),
            revision: revision.into(),
            path: path.into(),
        };
        assert_eq!(parse("/gpt2/resolve/main/config.json"), resolve(RepoType::Model, "gpt2", "main", "config.json"));
        assert_eq!(parse("/datasets/a/b/resolve/v%2F1/x/y%20z"), resolve(RepoType::Dataset, "a/b", "v/1", "x/y z"));
        assert_eq!(parse("/a/b"), Route::Page { kind: RepoType::Model, id: "a/b".into() });
        assert_eq!(parse("/api/nonsense/a"), Route::Unknown);
    }
}
