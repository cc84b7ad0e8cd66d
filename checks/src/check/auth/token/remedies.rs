//! Remedies for a token that is wrong where it is stored, or that is not the one which is sent.

use std::path::Path;

use crate::case::{Case, TokenPlace, TokenSource};
use crate::check::network::reach::{unset_line, variable_line};
use hfdoctor_core::diagnosis::{Action, Fix, Risk};

/// Unsets the variable that holds a token, so that the saved one is sent or none.
pub fn unset_variable(case: &Case, name: &str, why: &str) -> Fix {
    let mut actions = vec![Action::UnsetVariable { name: name.to_owned() }];
    actions.extend(keep_saved_private(case));
    Fix::automatic("token-variable-unset", Risk::Ask, format!("unset `{name}`: {why}"), actions)
        .command(unset_line(name))
}

/// Lets the client send the token that it has.
pub fn send_saved(case: &Case) -> Fix {
    let name = "HF_HUB_DISABLE_IMPLICIT_TOKEN";
    let mut actions = vec![Action::UnsetVariable { name: name.to_owned() }];
    actions.extend(keep_saved_private(case));
    let title = format!("unset `{name}`: then the saved token is sent");
    Fix::automatic("implicit-token-enable", Risk::Ask, title, actions).command(unset_line(name))
}

/// Rewrites the assignment of a variable, where it stands in a start-up file or `.env`, without what is no part of the token.
pub fn repair_variable(name: &str) -> Fix {
    let action = Action::CleanAssignment { path: None, name: name.to_owned() };
    let title = format!("take what is no part of the token off the line that sets `{name}`");
    Fix::automatic("token-line-clean", Risk::Safe, title, vec![action])
        .command(format!(r#"export {name}="$(printf %s "${name}" | grep -o 'hf_[A-Za-z0-9_]*' | head -n 1)""#))
}

/// Lets the client find a token file that its settings lead past.
///
/// Where `HF_TOKEN_PATH` leads past the file, it is unset; else it is set to the file, because `HF_HOME` and
/// `XDG_CACHE_HOME` place the cache as well and stay.
pub fn use_other_file(case: &Case, other: &TokenSource) -> Option<Fix> {
    let TokenPlace::File(path) = &other.place else { return None };
    let name = "HF_TOKEN_PATH";
    let fix = if case.environment.var(name).is_some() && *path == default_file(case)? {
        let action = Action::UnsetVariable { name: name.to_owned() };
        let title = format!("unset `{name}`: then the token in {} is found", path.display());
        Fix::automatic("token-path-unset", Risk::Ask, title, with_private(vec![action], other, path))
            .command(unset_line(name))
    } else {
        let value = path.to_string_lossy().into_owned();
        let action = Action::SetVariable { name: name.to_owned(), value };
        let title = format!("let `{name}` name the token file {}", path.display());
        Fix::automatic("token-path-set", Risk::Ask, title, with_private(vec![action], other, path))
            .command(variable_line(name, &path.to_string_lossy()))
    };
    Some(fix)
}

/// The token file that the client reads when `HF_TOKEN_PATH` is not set.
fn default_file(case: &Case) -> Option<std::path::PathBuf> {
    let path = case.settings.home.join("token");
    path.is_absolute().then_some(path)
}

/// Takes others' rights to the saved token away before it is used again.
fn keep_saved_private(case: &Case) -> Option<Action> {
    let saved = case.tokens.sources.iter().find(|s| s.place == TokenPlace::File(case.settings.token_path.clone()))?;
    open_to_others(saved).then(|| Action::KeepPrivate { path: case.settings.token_path.clone() })
}

fn with_private(mut actions: Vec<Action>, source: &TokenSource, path: &Path) -> Vec<Action> {
    if open_to_others(source) {
        actions.push(Action::KeepPrivate { path: path.to_owned() });
    }
    actions
}

/// Whether other users of this machine may read a token's file.
pub fn open_to_others(source: &TokenSource) -> bool {
    source.mode.is_some_and(|mode| mode & 0o077 != 0)
}
