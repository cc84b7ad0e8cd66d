//! What a [`crate::Hub`] knows, as data: tokens, repositories, quotas and faults. Readable from TOML.

mod content;
mod fault;
mod rate;
mod repo;
mod token;

use std::collections::BTreeMap;

use serde::Deserialize;

pub(crate) use content::{Content, Source};
pub use content::{FileSpec, FileTable};
pub use fault::{Fault, Preset};
pub use rate::{Bucket, RateLimit, default_quota};
pub use repo::{Access, Gate, Repo, RepoType};
pub use token::{OrgRefusal, Role, Scope, Token, TokenStatus, User};

/// Everything a Hub answers from. The default is an empty, healthy Hub.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HubState {
    /// Access tokens. A token that is not here is garbage to the Hub.
    pub token: Vec<Token>,
    /// Accounts by name, where more than the name matters.
    pub user: BTreeMap<String, User>,
    /// Repositories of every type.
    pub repo: Vec<Repo>,
    /// Quotas that differ from the published ones, or are nearly used up.
    pub rate: Vec<RateLimit>,
    /// Departures from what a healthy Hub and network would answer; the first that matches is taken.
    pub fault: Vec<Fault>,
    /// Whether anonymous calls are told about tokens in `X-HF-Warning`, as clients since 1.2 print it.
    pub unauthenticated_warning: bool,
    /// Host names that answer as a mirror of the Hub.
    pub mirror: Vec<Mirror>,
    /// Base of the URLs to which big files are sent (`https://host[:port]`). Without it: the real CDN's name when the
    /// request came to a real name, the laboratory's own address when it came to a loopback name.
    pub cdn_base: Option<String>,
    /// Host name of the CDN in URLs and faults.
    pub cdn_host: String,
    /// Entries on one page of a tree listing; the Hub sends 1000, or 50 with `expand`.
    pub tree_page: Option<usize>,
}

impl Default for HubState {
    fn default() -> Self {
        Self {
            token: Vec::new(),
            user: BTreeMap::new(),
            repo: Vec::new(),
            rate: Vec::new(),
            fault: Vec::new(),
            unauthenticated_warning: true,
            mirror: Vec::new(),
            cdn_base: None,
            cdn_host: "us.aws.cdn.hf.co".into(),
            tree_page: None,
        }
    }
}

/// A host that passes the Hub's answers on, perhaps not all of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// Host name, such as `hf-mirror.com`.
    pub host: String,
    /// Repositories (`org/name`) or files (`org/name/path`) that it does not have; it answers 404 without the Hub's headers.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// Whether it speaks `/api/…`.
    #[serde(default = "yes")]
    pub api: bool,
}

pub(crate) fn yes() -> bool {
    true
}

impl HubState {
    /// Reads a state from TOML.
    ///
    /// # Errors
    /// When the text is no TOML or holds an unknown key.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The small Hub of `examples/small.toml` (`acme/open`, the gated `acme/granted` and `acme/pending`, and alice's tokens
    /// `reader`, `revoked` and `narrow`), and what `more` adds to it.
    ///
    /// # Errors
    /// When `more` is no TOML or holds an unknown key.
    pub fn small(more: &str) -> Result<Self, toml::de::Error> {
        Self::from_toml(&[include_str!("../../examples/small.toml"), more].concat())
    }

    /// The token of that name.
    #[must_use]
    pub fn token_named(&self, name: &str) -> Option<&Token> {
        self.token.iter().find(|token| token.name == name)
    }

    /// The token with that value, among the healthy and the refused ones.
    #[must_use]
    pub fn token_with_value(&self, value: &str) -> Option<&Token> {
        self.token.iter().find(|token| token.value() == value)
    }

    /// The repository of that type and id, not counting former names.
    #[must_use]
    pub fn repo(&self, kind: RepoType, id: &str) -> Option<&Repo> {
        self.repo.iter().find(|repo| repo.kind == kind && repo.id.eq_ignore_ascii_case(id))
    }

    /// The repository that once bore that id and type.
    #[must_use]
    pub fn renamed(&self, kind: RepoType, id: &str) -> Option<&Repo> {
        self.repo.iter().find(|repo| repo.kind == kind && repo.renamed_from.iter().any(|old| old == id))
    }

    /// Whether the account is the owner or a member of the owning organisation.
    #[must_use]
    pub fn belongs_to(&self, user: &str, owner: &str) -> bool {
        user == owner || self.user.get(user).is_some_and(|user| user.orgs.iter().any(|org| org == owner))
    }

    /// The mirror of that host name.
    #[must_use]
    pub fn mirror(&self, host: &str) -> Option<&Mirror> {
        self.mirror.iter().find(|mirror| mirror.host == host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_from_toml() {
        let state = HubState::from_toml(
            r#"
            [[token]]
            name = "reader"
            user = "alice"
            role = "fineGrained"
            [user.alice]
            orgs = ["acme"]
            [[repo]]
            id = "acme/secret"
            private = true
            gated = "manual"
            renamed_from = ["secret"]
            [repo.files]
            "README.md" = "hello"
            "w.bin" = { size = 10, lfs = true }
            "#,
        )
        .unwrap();
        assert!(state.belongs_to("alice", "acme"));
        assert_eq!(state.renamed(RepoType::Model, "secret").unwrap().id, "acme/secret");
        assert!(state.repo(RepoType::Dataset, "acme/secret").is_none());
        assert_eq!(state.token[0].value().len(), 37);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(HubState::from_toml("[[repo]]\nid = \"a/b\"\ngate = \"auto\"").is_err());
        assert!(HubState::from_toml("tokens = []").is_err());
    }
}
