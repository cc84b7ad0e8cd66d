//! The actions that a fix is made of, one file a kind.

mod edit_file;
mod grant_owner;
mod open_page;
mod quarantine;
mod run;
mod store_token;
mod token_file;
mod token_line;
mod variable;
mod wait;

use hfdoctor_core::diagnosis::Action;
use hfdoctor_core::token::Token;

pub(crate) use edit_file::may_be_edited;
pub(crate) use token_line::the_one_that_sets;

use super::apply::Variable;
use super::change::{Halt, Recorder};
use super::consent::Consent;
use super::plan::PlannedAction;

/// What the actions of one fix have brought about.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Something was done.
    pub done: bool,
    /// What else the person has to know.
    pub notes: Vec<String>,
    /// What to type in the shell that is open now.
    pub shell_lines: Vec<String>,
    /// Variables as new shells will have them.
    pub variables: Vec<Variable>,
    /// Variables that hold a token, as new shells will have them.
    pub tokens: Vec<(String, Token)>,
    /// It is the person's turn, on a page that was opened or named.
    pub awaits_person: bool,
}

/// Does one action.
pub(crate) fn perform(
    recorder: &mut Recorder<'_>,
    planned: &PlannedAction,
    consent: &mut dyn Consent,
    effects: &mut Effects,
) -> Result<(), Halt> {
    match &planned.action {
        Action::SetVariable { name, value } => variable::set(recorder, name, Some(value), effects),
        Action::UnsetVariable { name } => variable::set(recorder, name, None, effects),
        Action::CleanToken { path } => token_file::clean(recorder, path, effects),
        Action::CleanAssignment { path, name } => token_line::clean(recorder, path.as_deref(), name, effects),
        Action::KeepPrivate { path } => token_file::keep_private(recorder, path, effects),
        Action::StoreToken { path } => store_token::store(recorder, path, consent, effects),
        Action::EditFile { path, from, to } => edit_file::edit(recorder, path, from, to, effects),
        Action::Quarantine { root, paths: _ } => quarantine::move_aside(recorder, root, &planned.seen, effects),
        Action::Discard { root, paths: _ } => quarantine::discard(recorder, root, &planned.seen, effects),
        Action::GrantOwner { root, paths } => grant_owner::grant(recorder, root, paths, effects),
        Action::Run { command } => run::run(recorder, command, consent, effects),
        Action::OpenPage { url } => open_page::open(recorder, url, consent, effects),
        Action::WaitUntil { time } => wait::until(recorder, *time, consent, effects),
    }
}
