//! Access tokens and accounts.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::text;

/// One access token and what the Hub thinks of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its display name; scenarios refer to it by this.
    pub name: String,
    /// The secret itself; without it, one of the usual form (`hf_` and 34 letters and digits) is derived from the name.
    value: Option<String>,
    /// The account it belongs to.
    #[serde(default = "somebody")]
    pub user: String,
    /// The role chosen on the token page.
    #[serde(default)]
    pub role: Role,
    /// Whether the Hub still honours it.
    #[serde(default)]
    pub status: TokenStatus,
    /// The fine-grained switch "read access to contents of all public gated repos you can access".
    #[serde(default)]
    pub can_read_gated_repos: bool,
    /// What a fine-grained token may do, per entity.
    #[serde(default)]
    pub scoped: Vec<Scope>,
    /// What a fine-grained token may do everywhere, for example `discussion.write`.
    #[serde(default)]
    pub global: Vec<String>,
    /// An OAuth or JWT token: whoami then has no `accessToken` block.
    #[serde(default)]
    pub oauth: bool,
    /// Organisations whose policy refuses this token on their private and gated repositories.
    #[serde(default)]
    pub org_refusals: BTreeMap<String, OrgRefusal>,
}

fn somebody() -> String {
    "somebody".into()
}

impl Token {
    /// A healthy read token of that account.
    #[must_use]
    pub fn read(name: &str, user: &str) -> Self {
        Self {
            name: name.into(),
            value: None,
            user: user.into(),
            role: Role::Read,
            status: TokenStatus::Active,
            can_read_gated_repos: false,
            scoped: Vec::new(),
            global: Vec::new(),
            oauth: false,
            org_refusals: BTreeMap::new(),
        }
    }

    /// The secret.
    #[must_use]
    pub fn value(&self) -> String {
        self.value.clone().unwrap_or_else(|| Self::invented(&self.name))
    }

    /// A well-formed secret that belongs to nobody: `hf_` and 34 letters and digits, derived from the name.
    #[must_use]
    pub fn invented(name: &str) -> String {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let digest = [text::sha256(name.as_bytes()), text::sha256(format!("{name}+").as_bytes())].concat();
        let bytes = text::unhex(&digest).unwrap_or_default();
        let body: String = bytes.iter().take(34).map(|byte| char::from(LETTERS[usize::from(*byte) % 62])).collect();
        format!("hf_{body}")
    }

    /// Whether a permission is granted on the entity or on its owner.
    #[must_use]
    pub fn has_scope(&self, id: &str, owner: &str, permission: &str) -> bool {
        self.scoped.iter().any(|scope| {
            (scope.entity == id || scope.entity == owner) && scope.permissions.iter().any(|p| p == permission)
        })
    }
}

/// The three roles of the token page (whoami's words).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum Role {
    /// Reads whatever the account reads.
    #[default]
    #[serde(rename = "read")]
    Read,
    /// Reads and writes.
    #[serde(rename = "write")]
    Write,
    /// Only what its scopes and switches allow.
    #[serde(rename = "fineGrained")]
    FineGrained,
}

impl Role {
    /// The word in whoami's answer.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::FineGrained => "fineGrained",
        }
    }
}

/// Whether the Hub honours a token.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum TokenStatus {
    /// Honoured.
    #[default]
    Active,
    /// 401 `User Access Token "<name>" is expired`.
    Expired,
    /// Revoked or deleted: the Hub no longer knows it.
    Revoked,
}

/// Permissions of a fine-grained token on one entity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// A repository id or an account's name.
    pub entity: String,
    /// `user`, `org`, `model`, `dataset` or `space`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Permission names, for example `repo.content.read`.
    pub permissions: Vec<String>,
}

/// Why an organisation refuses a token. The first two texts stand in the Hub's documentation on enterprise token
/// management; the third refusal is documented, its text is not known.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrgRefusal {
    /// Tokens need an administrator's approval; pending and denied read the same.
    NeedsApproval,
    /// An administrator revoked this token for the organisation.
    Revoked,
    /// Any other text, for policies whose words are not known (IP range, fine-grained tokens only).
    #[serde(untagged)]
    Text(String),
}

impl OrgRefusal {
    /// The Hub's words.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::NeedsApproval => {
                "Due to the organization token policy, your token needs to be approved by the organization before you \
                 can access this resource."
            }
            Self::Revoked => {
                "Your token has been revoked by the organization administrator, you can no longer access organization \
                 resources. Please contact them for more information."
            }
            Self::Text(text) => text,
        }
    }
}

/// An account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct User {
    /// Organisations it is a member of.
    pub orgs: Vec<String>,
    /// Whether it has a PRO subscription (bigger quotas).
    pub pro: bool,
    /// Its mail address, shown by whoami only to itself.
    pub email: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_tokens_have_the_usual_form() {
        let one = Token::invented("one");
        assert_eq!(one.len(), 37);
        assert!(one.starts_with("hf_") && one[3..].bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_ne!(one, Token::invented("two"));
        assert_eq!(one, Token::invented("one"));
    }

    #[test]
    fn an_organisations_refusal_may_be_any_text() {
        let token: Token =
            toml::from_str("name = 't'\n[org_refusals]\nacme = 'needs-approval'\nother = 'not from this address'")
                .unwrap();
        assert!(token.org_refusals["acme"].text().contains("approved"));
        assert_eq!(token.org_refusals["other"].text(), "not from this address");
    }
}
