//! Whose token it is: the fields of `/api/whoami-v2` that matter to a download.

use serde::Deserialize;

/// Whose token it is. Every field may be missing: OAuth tokens have no `accessToken` block.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Identity {
    /// The account.
    pub name: String,
    /// Whether it is a PRO account.
    pub is_pro: bool,
    /// The organizations of the account.
    pub orgs: Vec<Entity>,
    /// About the token.
    pub auth: Auth,
}

impl Identity {
    /// `user ada, fine-grained token "ci"`.
    pub fn describe(&self) -> String {
        let plan = if self.is_pro { " (PRO)" } else { "" };
        let token = match &self.auth.access_token {
            Some(token) => {
                let role = if token.role == "fineGrained" { "fine-grained" } else { token.role.as_str() };
                format!(", {role} token \"{}\"", token.display_name)
            }
            None => String::new(),
        };
        format!("user {}{plan}{token}", self.name)
    }

    /// The permissions of a fine-grained token; none for other tokens.
    pub fn fine_grained(&self) -> Option<&FineGrained> {
        self.auth.access_token.as_ref()?.fine_grained.as_ref()
    }

    /// Whether a namespace is the account's own or one of its organizations.
    pub fn owns(&self, namespace: &str) -> bool {
        self.name.eq_ignore_ascii_case(namespace)
            || self.orgs.iter().any(|org| org.name.eq_ignore_ascii_case(namespace))
    }
}

impl FineGrained {
    /// Whether it names a permission to read the contents of a repository, on it or on its owner.
    pub fn reads(&self, repo_id: &str) -> bool {
        let namespace = repo_id.split('/').next().unwrap_or_default();
        let reads = |permissions: &[String]| permissions.iter().any(|p| p == "repo.content.read" || p == "repo.write");
        self.scoped.iter().any(|scoped| {
            let name = &scoped.entity.name;
            (name.eq_ignore_ascii_case(repo_id) || name.eq_ignore_ascii_case(namespace)) && reads(&scoped.permissions)
        })
    }
}

/// The `auth` block.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Auth {
    /// Present for user access tokens.
    pub access_token: Option<AccessToken>,
}

/// The `accessToken` block.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AccessToken {
    /// The name that the person gave it.
    pub display_name: String,
    /// `read`, `write` or `fineGrained`.
    pub role: String,
    /// Present for fine-grained tokens.
    pub fine_grained: Option<FineGrained>,
}

/// The permissions of a fine-grained token.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FineGrained {
    /// Read access to public gated repositories that the account may read.
    pub can_read_gated_repos: bool,
    /// Permissions on all that the account owns.
    pub global: Vec<String>,
    /// Permissions on one entity each.
    pub scoped: Vec<Scoped>,
}

/// Permissions on one entity.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Scoped {
    /// The user, organization or repository.
    pub entity: Entity,
    /// Such as `repo.content.read`.
    pub permissions: Vec<String>,
}

/// A user, organization or repository.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Entity {
    /// `user`, `org`, `model`, `dataset`, `space`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
}
