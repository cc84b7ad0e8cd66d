//! Who may see what: the Hub's order of questions and the words of its refusals (as observed until 2026-10).

use super::answer::Answer;
use super::ask::Ask;
use crate::state::{Access, Gate, HubState, Repo, RepoType, Role, Token, TokenStatus};

/// Whom the Hub takes the sender for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Identity<'a> {
    Anonymous,
    Known(&'a Token),
}

/// A refusal by the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: Option<&'static str>, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into() }
    }

    pub(crate) fn answer(&self, ask: &Ask) -> Answer {
        Answer::error(ask, self.status, self.code, &self.text)
    }
}

/// What is to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose<'a> {
    /// The record, the tree or the refs: public also where the files are gated.
    Record,
    /// A file's content.
    File(&'a str),
    /// `auth-check`: the gate itself.
    Gate,
    /// `auth-check/write`.
    Write,
}

impl<'a> Identity<'a> {
    /// Reads the credentials. A token that is not honoured is refused whatever is asked, on public repositories too.
    pub(crate) fn of(ask: &Ask, state: &'a HubState) -> Result<Self, Refusal> {
        let rejected = || Refusal::new(401, None, "Invalid credentials in Authorization header");
        if ask.authorization.is_none() {
            return Ok(Self::Anonymous);
        }
        let token = ask.token().and_then(|value| state.token_with_value(value)).ok_or_else(rejected)?;
        match token.status {
            TokenStatus::Active => Ok(Self::Known(token)),
            TokenStatus::Revoked => Err(rejected()),
            TokenStatus::Expired => {
                Err(Refusal::new(401, None, format!("User Access Token \"{}\" is expired", token.name)))
            }
        }
    }

    pub(crate) fn token(self) -> Option<&'a Token> {
        match self {
            Self::Anonymous => None,
            Self::Known(token) => Some(token),
        }
    }
}

/// The region block comes before the credentials: good, broken and no token get the same answer.
pub(crate) fn region(repo: Option<&Repo>, purpose: Purpose<'_>) -> Result<(), Refusal> {
    match (repo, purpose) {
        (Some(repo), Purpose::File(_) | Purpose::Gate) if repo.region_blocked => {
            let text = format!("This {} is not available in your region.", repo.kind.word());
            Err(Refusal::new(403, None, text))
        }
        _ => Ok(()),
    }
}

/// Finds the repository if the sender may see that it exists, and lets him through to the purpose or says why not.
pub(crate) fn admit<'a>(
    state: &'a HubState,
    who: Identity<'_>,
    kind: RepoType,
    id: &str,
    purpose: Purpose<'_>,
) -> Result<&'a Repo, Refusal> {
    let repo =
        state.repo(kind, id).filter(|repo| !repo.private || sees(state, who, repo)).ok_or_else(|| match who {
            Identity::Anonymous => Refusal::new(401, None, "Invalid username or password."),
            Identity::Known(_) => Refusal::new(404, Some("RepoNotFound"), "Repository not found"),
        })?;
    if repo.disabled {
        return Err(Refusal::new(403, None, "Access to this resource is disabled."));
    }
    let closed = repo.gated != Gate::Open;
    if let Some(refusal) = who.token().and_then(|token| token.org_refusals.get(repo.owner()))
        && (repo.private || closed && !matches!(purpose, Purpose::Record))
    {
        return Err(Refusal::new(403, None, refusal.text()));
    }
    match purpose {
        Purpose::File(path) if closed && !is_allow_listed(path) => gate(state, who, repo)?,
        Purpose::Gate if closed => gate(state, who, repo)?,
        Purpose::Write => write(state, who, repo)?,
        _ => {}
    }
    Ok(repo)
}

/// Files that stay readable inside a closed gate.
fn is_allow_listed(path: &str) -> bool {
    matches!(path, "README.md" | ".gitattributes")
}

/// Whether a private repository exists for the sender. A fine-grained token needs the scope; without it the Hub answers
/// as to a stranger (assumed: no capture of that case).
fn sees(state: &HubState, who: Identity<'_>, repo: &Repo) -> bool {
    who.token().is_some_and(|token| {
        state.belongs_to(&token.user, repo.owner()) && (token.role != Role::FineGrained || may_read(token, repo))
    })
}

fn may_read(token: &Token, repo: &Repo) -> bool {
    ["repo.content.read", "repo.write"].iter().any(|right| token.has_scope(&repo.id, repo.owner(), right))
}

fn gate(state: &HubState, who: Identity<'_>, repo: &Repo) -> Result<(), Refusal> {
    const CODE: Option<&str> = Some("GatedRepo");
    let word = repo.kind.word();
    let id = &repo.id;
    let page = format!("https://huggingface.co/{}{id}", repo.kind.prefix());
    let Identity::Known(token) = who else {
        let text = format!(
            "Access to {word} {id} is restricted. You must have access to it and be authenticated to access it. Please \
             log in."
        );
        return Err(Refusal::new(401, CODE, text));
    };
    if token.role == Role::FineGrained && !token.can_read_gated_repos && !may_read(token, repo) {
        let text = "Please enable access to public gated repositories in your fine-grained token settings to view this \
                    repository.";
        return Err(Refusal::new(403, None, text));
    }
    if token.user == repo.owner() {
        return Ok(());
    }
    let member = state.belongs_to(&token.user, repo.owner());
    let usual = if member { Access::Granted } else { Access::None };
    let text = match repo.access.get(&token.user).copied().unwrap_or(usual) {
        Access::Granted => return Ok(()),
        Access::None => format!(
            "Access to {word} {id} is restricted and you are not in the authorized list. Visit {page} to ask for access."
        ),
        Access::Pending => format!("Your request to access {word} {id} is awaiting a review from the repo authors."),
        Access::Rejected => format!("Your request to access {word} {id} has been rejected by the repo's authors."),
        Access::Reset => format!(
            "Your request to access {word} {id} has been reset by the repo's authors. Visit {page} to submit a new request."
        ),
    };
    Err(Refusal::new(403, CODE, text))
}

fn write(state: &HubState, who: Identity<'_>, repo: &Repo) -> Result<(), Refusal> {
    let Identity::Known(token) = who else {
        return Err(Refusal::new(401, None, "Invalid username or password."));
    };
    let role = match token.role {
        Role::Read => false,
        Role::Write => true,
        Role::FineGrained => token.has_scope(&repo.id, repo.owner(), "repo.write"),
    };
    if role && state.belongs_to(&token.user, repo.owner()) {
        return Ok(());
    }
    Err(Refusal::new(403, None, "You have read access but not the required permissions for this operation"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> HubState {
        HubState::from_toml(
            r#"
            token = [{name="alice", user="alice"}, {name="bob", user="bob"}, {name="fine", user="carol", role="fineGrained"}]
            [[repo]]
            id = "acme/gated"
            gated = "manual"
            access = {alice = "granted", bob = "pending", carol = "granted"}
            [[repo]]
            id = "bob/private"
            private = true
            "#,
        )
        .unwrap()
    }

    fn refused(token: Option<usize>, id: &str, purpose: Purpose<'_>) -> Option<(u16, Option<&'static str>, String)> {
        let state = state();
        let who = token.map_or(Identity::Anonymous, |at| Identity::Known(&state.token[at]));
        let result = admit(&state, who, RepoType::Model, id, purpose);
        result.err().map(|refusal| (refusal.status, refusal.code, refusal.text))
    }

    #[test]
    fn a_gate_hides_contents_and_shows_the_record() {
        let file = Purpose::File("model.safetensors");
        assert_eq!(refused(None, "acme/gated", Purpose::Record), None);
        assert_eq!(refused(None, "acme/gated", Purpose::File("README.md")), None);
        assert_eq!(refused(Some(0), "acme/gated", file), None);
        let (status, code, _) = refused(None, "acme/gated", file).unwrap();
        assert_eq!((status, code), (401, Some("GatedRepo")));
        let (status, code, text) = refused(Some(1), "acme/gated", file).unwrap();
        assert_eq!((status, code), (403, Some("GatedRepo")));
        assert!(text.contains("awaiting a review"));
        let (status, code, text) = refused(Some(2), "acme/gated", Purpose::Gate).unwrap();
        assert_eq!((status, code), (403, None));
        assert!(text.contains("fine-grained token settings"));
    }

    #[test]
    fn a_private_repository_looks_missing_to_others() {
        for id in ["bob/private", "no/such"] {
            assert_eq!(refused(None, id, Purpose::Record).unwrap().0, 401);
            assert_eq!(refused(Some(0), id, Purpose::Record).unwrap().1, Some("RepoNotFound"));
        }
        assert_eq!(refused(Some(1), "bob/private", Purpose::Record), None);
    }
}
