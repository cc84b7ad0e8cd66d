//! Reading a target out of a URL: pages, files, the API, the registry, mirrors.

use url::Url;

use super::{
    Parts, TargetError, as_it_is, decoded, not_a_repository, set_tag, special_reference, split_tag, type_of, typed,
};
use crate::hub::is_hub_host;
use crate::target::RepoType;

/// Words that follow an id in a URL, and after which a revision stands.
const BEFORE_REVISION: &[&str] = &["resolve", "tree", "blob", "raw", "edit", "blame", "commit", "commits", "upload"];
/// Words that follow an id in the API's URLs, and after which a revision stands.
const API_BEFORE_REVISION: &[&str] = &[
    "tree",
    "revision",
    "paths-info",
    "xet-read-token",
    "xet-write-token",
    "resolve",
    "commits",
    "commit",
    "preupload",
];
/// Words that follow an id in a URL and are not a part of it.
const AFTER_ID: &[&str] = &[
    "discussions",
    "settings",
    "viewer",
    "embed",
    "info",
    "git-upload-pack",
    "git-receive-pack",
    "info.json",
    "new",
    "refs",
    "auth-check",
    "ask-access",
    "user-access-request",
    "delete",
    "move",
    "treesize",
    "scan",
    "parquet",
    "notebook",
];
/// First words of the Hub's own pages, which are no repository.
const PAGES: &[&str] = &[
    "docs",
    "settings",
    "join",
    "login",
    "logout",
    "pricing",
    "blog",
    "papers",
    "collections",
    "organizations",
    "learn",
    "tasks",
    "chat",
    "enterprise",
    "support",
    "oauth",
    "search",
    "notifications",
    "welcome",
    "inference",
    "posts",
    "new",
    "new-dataset",
    "new-space",
    "terms-of-service",
    "privacy",
    "languages",
    "brand",
    "changelog",
    "storage",
    "hardware",
    "buckets",
    "cli",
    "jobs",
    "playground",
    "trending",
    "subscribe",
    ".well-known",
];

/// Reads an `http` or `https` URL.
pub(super) fn url_parts(text: &str) -> Result<Parts, TargetError> {
    let Ok(url) = Url::parse(text) else { return Ok(as_it_is(text)) };
    let Some(host) = url.host_str() else { return Ok(as_it_is(text)) };
    let is_hub = is_hub_host(host.strip_prefix("www.").unwrap_or(host));
    if !is_hub && is_storage_host(host) {
        return Err(not_a_repository(text, "it is an address of the storage behind the Hub"));
    }
    if is_other_site(host) {
        return Err(not_a_repository(text, "it is an address of another site, which is no Hub and no mirror of it"));
    }
    let mut segments: Vec<String> =
        url.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).map(decoded).collect();
    if !is_hub {
        drop_mirror_prefix(&mut segments);
    }
    let segments = segments.as_slice();
    match segments {
        [] => Err(not_a_repository(text, "it is the Hub's start page")),
        [api, cache, plural, rest @ ..] if api == "api" && cache == "resolve-cache" => {
            Ok(located(type_of(plural), rest, 2, Some(0)))
        }
        [api, plural, rest @ ..] if api == "api" && type_of(plural).is_some() && !rest.is_empty() => {
            let kind = type_of(plural);
            let (id, action) = id_and_action(rest, API_BEFORE_REVISION, false);
            let after = action.filter(|at| API_BEFORE_REVISION.contains(&rest[*at].as_str()));
            Ok(located(kind, rest, id, after.map(|_| 1)))
        }
        [api, ..] if api == "api" => {
            Err(not_a_repository(text, "it is an address of the API that concerns no repository"))
        }
        [v2, rest @ ..] if v2 == "v2" && rest.len() >= 2 => {
            let mut parts = located(None, rest, 2, None);
            if let Some(tag) = rest.get(3).filter(|_| rest[2] == "manifests") {
                set_tag(&mut parts, Some(tag.clone()));
            }
            Ok(parts)
        }
        [only] if type_of(only).is_some() => Err(not_a_repository(text, "it is a list of repositories")),
        [first, ..] if is_hub && PAGES.contains(&first.as_str()) => {
            Err(not_a_repository(text, "it is another page of the Hub"))
        }
        _ => {
            let (kind, rest) = typed(segments, String::as_str);
            let (id, action) = id_and_action(rest, BEFORE_REVISION, !is_hub);
            // On a mirror the type may stand after a path of the mirror's own.
            let (kind, start) = match action.filter(|at| !is_hub && *at > id) {
                Some(at) => (kind.or_else(|| at.checked_sub(3).and_then(|t| type_of(&rest[t]))), at - id),
                None => (kind, 0),
            };
            let rest = &rest[start..];
            let after = rest.get(id).filter(|word| BEFORE_REVISION.contains(&word.as_str()));
            let mut parts = located(kind, rest, id, after.map(|_| 1));
            if after.is_none() && rest.len() > id && !AFTER_ID.contains(&rest[id].as_str()) {
                // An address that no page of the Hub has: the id alone is sure.
                parts.file = None;
            }
            let (id, tag) = split_tag(parts.id.strip_suffix(".git").unwrap_or(&parts.id));
            parts.id = id;
            set_tag(&mut parts, tag);
            Ok(parts)
        }
    }
}

/// How many segments the id takes up, and where the word after it stands.
///
/// `anywhere`: look for the word in the whole path, because a mirror may put a path of its own before the id.
fn id_and_action(segments: &[String], actions: &[&str], anywhere: bool) -> (usize, Option<usize>) {
    let is_action = |at: usize| segments.get(at).is_some_and(|s| actions.contains(&s.as_str()));
    let ends_id = |at: usize| is_action(at) || segments.get(at).is_some_and(|s| AFTER_ID.contains(&s.as_str()));
    // An id of which the slash was percent-encoded.
    if segments.first().is_some_and(|s| s.contains('/')) {
        return (1, Some(1).filter(|at| ends_id(*at)));
    }
    // `gpt2/resolve/main/…`: a repository without a namespace. `org/tree` alone is a repository of that name.
    if is_action(1) && segments.len() > 2 || (segments.len() == 2 && segments[1] == "discussions") {
        return (1, Some(1));
    }
    if actions.contains(&"paths-info") && ends_id(1) {
        return (1, Some(1));
    }
    if segments.len() < 2 {
        return (segments.len(), None);
    }
    let found =
        if anywhere { (2..segments.len()).find(|at| is_action(*at)) } else { Some(2).filter(|at| ends_id(*at)) };
    (2, found)
}

/// The id in the first segments, then with `skip` segments between them revision and file.
fn located(repo_type: Option<RepoType>, segments: &[String], id: usize, skip: Option<usize>) -> Parts {
    let id = id.min(segments.len());
    let mut parts = Parts { repo_type, id: segments[..id].join("/"), ..Parts::default() };
    let Some(rest) = skip.and_then(|skip| segments.get(id + skip..)) else { return parts };
    let length = special_reference(rest).unwrap_or(1).min(rest.len());
    parts.revision = Some(rest[..length].join("/")).filter(|r| !r.is_empty());
    parts.file = Some(rest[length..].join("/")).filter(|f| !f.is_empty());
    parts
}

/// Takes off what repository managers and mirrors put before the Hub's own paths.
fn drop_mirror_prefix(segments: &mut Vec<String>) {
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    let length = match words.as_slice() {
        ["artifactory", "api", "huggingfaceml", _, ..] => 4,
        ["api", "huggingfaceml", _, ..] => 3,
        ["repository", _, _, ..] => 2,
        ["hf" | "huggingface", _, _, ..] => 1,
        _ => 0,
    };
    segments.drain(..length);
}

/// Well-known sites whose addresses look like the Hub's, `org/name`, and name something else. Any other host may be a mirror.
fn is_other_site(host: &str) -> bool {
    const SITES: &[&str] = &[
        "github.com",
        "gitlab.com",
        "bitbucket.org",
        "modelscope.cn",
        "modelscope.ai",
        "kaggle.com",
        "civitai.com",
        "pypi.org",
        "arxiv.org",
        "docker.com",
    ];
    let host = host.to_ascii_lowercase();
    SITES.iter().any(|site| host.strip_suffix(site).is_some_and(|front| front.is_empty() || front.ends_with('.')))
}

/// Hosts of the Hub that serve bytes under hashes, from which no repository can be told.
fn is_storage_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    [".hf.co", ".huggingface.co"].iter().any(|suffix| host.ends_with(suffix))
        && (host.contains("cdn") || host.contains("xethub") || host.starts_with("transfer"))
}
