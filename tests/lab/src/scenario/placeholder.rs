//! `{…}` in a scenario's texts: values that exist only once its world does.

use crate::state::{HubState, Repo, Token};

/// Replaces what `lookup` knows; other braces stay, since logs are full of them.
pub(crate) fn fill(text: &str, lookup: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let name = rest[1..].split_once('}').map(|(name, _)| name);
        if let Some((name, value)) = name.and_then(|name| Some((name, lookup(name)?))) {
            out.push_str(&value);
            rest = &rest[name.len() + 2..];
        } else {
            out.push('{');
            rest = &rest[1..];
        }
    }
    out + rest
}

/// What the Hub's state alone decides: `token:NAME`, `commit`, `commit:ID`, `etag:ID:PATH` (the blob's name in a cache),
/// `sha256:ID:PATH` and `pointer:ID:PATH` (the LFS pointer's text).
pub(crate) fn of_hub(name: &str, state: &HubState) -> Option<String> {
    let repo = |id: &str| state.repo.iter().find(|repo| repo.id == id);
    let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
    match kind {
        "token" => Some(state.token_named(rest).map_or_else(|| Token::invented(rest), Token::value)),
        "commit" if rest.is_empty() => state.repo.first().map(Repo::commit),
        "commit" => repo(rest).map(Repo::commit),
        "etag" | "sha256" | "pointer" => {
            let (id, path) = rest.split_once(':')?;
            let content = repo(id)?.files.get(path)?.content();
            Some(match kind {
                "etag" => content.etag(),
                "sha256" => content.sha256(),
                _ => content.pointer(),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_replaced() {
        let mut lookup = |name: &str| (name == "home").then(|| "/h".to_owned());
        assert_eq!(fill("{\"a\": {home}} {home}/x {other", &mut lookup), "{\"a\": /h} /h/x {other");
    }

    #[test]
    fn the_hubs_values() {
        let repo = Repo::new("a/b").with_file("c.json", "{}");
        let state = HubState { repo: vec![repo.clone()], ..HubState::default() };
        assert_eq!(of_hub("commit", &state), Some(repo.commit()));
        assert_eq!(of_hub("etag:a/b:c.json", &state), repo.etag("c.json"));
        assert_eq!(of_hub("etag:a/b:d.json", &state), None);
        assert_eq!(of_hub("token:x", &state).unwrap().len(), 37);
    }
}
