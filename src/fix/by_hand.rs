//! Fixes as the person's own shell has them; where that shell cannot be configured from here, by hand alone.

use std::borrow::Cow;

use hfdoctor_core::diagnosis::{Action, Fix, Ranked, Risk};

use super::syntax;
use super::world::Shell;

/// Puts the commands of every fix into the person's shell's language. What would change variables in a shell that
/// hfdoctor cannot configure becomes a fix that only a person can do.
pub fn fit_the_shell(shell: Shell, causes: &mut [Ranked]) {
    for fix in causes.iter_mut().flat_map(|ranked| &mut ranked.finding.fixes) {
        if let Cow::Owned(fitted) = fitted(shell, fix) {
            *fix = fitted;
        }
    }
}

/// One fix as the shell has it.
pub(super) fn fitted(shell: Shell, fix: &Fix) -> Cow<'_, Fix> {
    let said: Vec<Option<String>> = fix.commands.iter().map(|line| syntax::translated(shell, line)).collect();
    let by_hand = !shell.can_be_configured() && fix.actions.iter().any(sets_a_variable);
    if !by_hand && said.iter().all(Option::is_none) {
        return Cow::Borrowed(fix);
    }
    let mut fitted = fix.clone();
    for (line, said) in fitted.commands.iter_mut().zip(said) {
        if let Some(said) = said {
            *line = said;
        }
    }
    if by_hand {
        if fitted.commands.is_empty() {
            fitted.commands = fix.actions.iter().filter_map(|action| line(shell, action)).collect();
        }
        fitted.actions.clear();
        fitted.risk = Risk::Manual;
        let note = match fix.note.as_deref() {
            Some(note) => format!("{}; {note}", lasting(shell)),
            None => lasting(shell).to_owned(),
        };
        fitted.note = Some(note);
    }
    Cow::Owned(fitted)
}

fn sets_a_variable(action: &Action) -> bool {
    matches!(action, Action::SetVariable { .. } | Action::UnsetVariable { .. })
}

fn line(shell: Shell, action: &Action) -> Option<String> {
    match action {
        Action::SetVariable { name, value } => Some(syntax::statement(shell, name, Some(value))),
        Action::UnsetVariable { name } => Some(syntax::statement(shell, name, None)),
        _ => None,
    }
}

/// What makes a line last, where hfdoctor does not do it.
fn lasting(shell: Shell) -> &'static str {
    match shell {
        Shell::Csh => "hfdoctor does not edit a C shell's files: for new shells change ~/.tcshrc, or else ~/.cshrc",
        Shell::Nushell => "hfdoctor does not edit Nushell's files: for new shells change its env.nu or config.nu",
        Shell::Xonsh => "hfdoctor does not edit xonsh's files: for new shells change ~/.xonshrc or its rc.xsh",
        Shell::Elvish => "hfdoctor does not edit Elvish's files: for new shells change its rc.elv",
        _ => "hfdoctor does not know the shell that `SHELL` names: this is how a POSIX shell has it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_that_cannot_be_configured_gets_no_automatic_change_of_variables() {
        let unset = Fix::automatic("u", Risk::Ask, "u", vec![Action::UnsetVariable { name: "A".to_owned() }]);
        let written = unset.clone().command("unset A").note("restart it");
        for (fix, note) in [(unset, false), (written, true)] {
            let csh = fitted(Shell::Csh, &fix);
            assert_eq!(
                (csh.risk, csh.actions.len(), csh.commands.as_slice()),
                (Risk::Manual, 0, &["unsetenv A".to_owned()][..])
            );
            assert_eq!(csh.note.as_deref().is_some_and(|n| n.contains("restart it")), note);
            assert_eq!(*fitted(Shell::Csh, &csh), *csh, "said twice");
            assert!(matches!(fitted(Shell::Bash, &fix), Cow::Borrowed(_)));
            assert_eq!(fitted(Shell::Fish, &fix).actions, fix.actions);
        }
        let other = Fix::automatic("o", Risk::Ask, "o", vec![Action::OpenPage { url: "https://x".to_owned() }]);
        assert!(matches!(fitted(Shell::Unknown, &other), Cow::Borrowed(_)));
    }
}
