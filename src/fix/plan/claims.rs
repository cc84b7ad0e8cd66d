//! What earlier fixes of a plan speak for, so that each change happens once and no two work against each other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hfdoctor_core::diagnosis::Action;

/// What is spoken for by fixes that come earlier.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// Variables, with their new values and the fix that gives them.
    variables: BTreeMap<String, (Option<String>, &'static str)>,
    /// Paths that are moved or deleted.
    paths: Vec<PathBuf>,
    /// Every other action, with the fix that takes it.
    actions: Vec<(Action, &'static str)>,
}

/// What is left of a fix beside earlier ones.
pub(crate) enum Left {
    /// These actions.
    Actions(Vec<Action>),
    /// Nothing: earlier ones do it all.
    Nothing { by: &'static str },
    /// It speaks against an earlier one.
    Conflict { because: String },
}

impl Claims {
    /// What is left of a fix's actions.
    pub(crate) fn left(&self, actions: &[Action]) -> Left {
        let mut left = Vec::new();
        let mut by = None;
        for action in actions {
            if let Some((name, value)) = variable_of(action) {
                match self.variables.get(name) {
                    Some((known, fix)) if *known == value => {
                        by = Some(*fix);
                        continue;
                    }
                    Some((known, fix)) => {
                        let does = if known.is_some() { "sets" } else { "unsets" };
                        return Left::Conflict { because: format!("`{fix}` {does} `{name}` already") };
                    }
                    None => {}
                }
            }
            if let Some((_, fix)) = self.actions.iter().find(|(known, _)| known == action) {
                by = Some(*fix);
                continue;
            }
            match without_claimed(action, &self.paths) {
                Some(action) => left.push(action),
                None => by = by.or(Some("an earlier fix")),
            }
        }
        match (left.is_empty(), by) {
            (true, Some(by)) => Left::Nothing { by },
            _ => Left::Actions(left),
        }
    }

    /// Speaks for a fix's actions.
    pub(crate) fn take(&mut self, fix: &'static str, actions: &[Action]) {
        for action in actions {
            if let Some((name, value)) = variable_of(action) {
                self.variables.insert(name.to_owned(), (value, fix));
            }
            if let Action::Quarantine { paths, .. } | Action::Discard { paths, .. } = action {
                self.paths.extend(paths.iter().cloned());
            }
            self.actions.push((action.clone(), fix));
        }
    }
}

fn variable_of(action: &Action) -> Option<(&str, Option<String>)> {
    match action {
        Action::SetVariable { name, value } => Some((name, Some(value.clone()))),
        Action::UnsetVariable { name } => Some((name, None)),
        _ => None,
    }
}

/// The action without paths that are moved already; none when no path is left.
fn without_claimed(action: &Action, claimed: &[PathBuf]) -> Option<Action> {
    let free = |paths: &[PathBuf]| -> Vec<PathBuf> {
        let mut free: Vec<PathBuf> = Vec::new();
        for path in paths {
            if !claimed.iter().chain(&free).any(|known| path.starts_with(known)) {
                free.push(path.clone());
            }
        }
        free
    };
    match action {
        Action::Quarantine { root, paths } => {
            let paths = free(paths);
            (!paths.is_empty()).then(|| Action::Quarantine { root: root.clone(), paths })
        }
        Action::Discard { root, paths } => {
            let paths = free(paths);
            (!paths.is_empty()).then(|| Action::Discard { root: root.clone(), paths })
        }
        other => Some(other.clone()),
    }
}
