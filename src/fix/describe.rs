//! Actions in words: what happens, where, why that is safe, and how it is undone.

use std::path::{Path, PathBuf};

use hfdoctor_core::diagnosis::Action;

use super::action::the_one_that_sets;
use super::plan::{Seen, StepText};
use super::shell_env;
use super::stamp::Stamp;
use super::syntax;
use super::world::{FixWorld, Shell};

const UNDO: &str = "`hfdoctor undo`";

/// One action as a person reads it.
pub(super) fn step(world: &FixWorld, action: &Action, seen: &[Seen]) -> StepText {
    let text = |what: String, place: String, why_safe: &str, undone: &str| StepText {
        what: (world.redact)(&what),
        place: (world.redact)(&place),
        why_safe: why_safe.to_owned(),
        undone: undone.to_owned(),
    };
    match action {
        Action::SetVariable { name, value } => text(
            format!("set `{name}` to `{value}` for new shells"),
            variable_place(world, name),
            "one file of hfdoctor's own holds it; a start-up file gets one marked line that reads it",
            UNDO,
        ),
        Action::UnsetVariable { name } => text(
            format!("unset `{name}` for new shells"),
            variable_place(world, name),
            "besides hfdoctor's own file only the line that sets it changes, where one plain line does: it becomes a comment",
            UNDO,
        ),
        Action::CleanToken { path } => text(
            "take off the bytes that do not belong to the token".to_owned(),
            world.show(path),
            "written whole and only if a token is left; the file as it was is kept, readable by you alone",
            UNDO,
        ),
        Action::CleanAssignment { path, name } => text(
            format!("take off the bytes that do not belong to the token in the line that sets `{name}`"),
            path.clone()
                .or_else(|| line_place(world, name))
                .map_or_else(|| "the start-up file that sets it".to_owned(), |path| world.show(&path)),
            "only that line changes, and only if a token is left; the file as it was is kept, readable by you alone",
            UNDO,
        ),
        Action::KeepPrivate { path } => text(
            "take from group and others every right to the file".to_owned(),
            world.show(path),
            "its content and its owner's rights stay as they are",
            UNDO,
        ),
        Action::StoreToken { path } => text(
            match &world.login {
                Some(login) => format!("ask for a token, unseen, or hand over to `{}`", login.shown),
                None => "ask for a token, unseen, and store it where the client looks".to_owned(),
            },
            world.show(path),
            "stored only once the Hub accepts it, readable by you alone; an earlier one is kept",
            UNDO,
        ),
        Action::EditFile { path, .. } => text(
            "replace one text".to_owned(),
            world.show(path),
            "only if it stands there exactly once; mode, owner and the rest of the file stay; the file as it was is kept",
            UNDO,
        ),
        Action::Quarantine { root, paths } => text(
            format!("move aside {}", amount(paths, seen)),
            places(world, root, paths),
            "nothing is deleted, and nothing that is whole, in use or outside the cache is touched",
            "`hfdoctor undo`; until `hfdoctor undo --purge` the space stays in use",
        ),
        Action::Discard { root, paths } => text(
            format!("delete {} for good", amount(paths, seen)),
            places(world, root, paths),
            "only unfinished downloads that nobody holds",
            "not at all: they are downloaded again",
        ),
        Action::GrantOwner { root, paths } => text(
            format!("let the owner read and write {}", amount(paths, seen)),
            places(world, root, paths),
            "only what belongs to you; nobody else gets a right",
            UNDO,
        ),
        Action::Run { command } => text(
            format!("run `{}`", command.join(" ")),
            "this machine".to_owned(),
            "the installed client's own command, without a shell",
            "not by hfdoctor",
        ),
        Action::OpenPage { url } => text(
            format!("open {url}"),
            "your browser, at a terminal only".to_owned(),
            "it only opens the page",
            "nothing to undo",
        ),
        Action::WaitUntil { time } => {
            let left = time.duration_since((world.now)()).unwrap_or_default().as_secs();
            text(format!("wait {left} s"), "here".to_owned(), "it only waits; Ctrl-C ends it", "nothing to undo")
        }
    }
}

/// The file in which the one plain line sets a variable.
fn line_place(world: &FixWorld, name: &str) -> Option<PathBuf> {
    the_one_that_sets(world, name).ok().map(|(path, _)| path)
}

fn variable_place(world: &FixWorld, name: &str) -> String {
    if world.shell == Shell::Registry {
        return r"HKEY_CURRENT_USER\Environment".to_owned();
    }
    let files: Vec<String> = shell_env::start_files(world, name).iter().map(|file| world.show(file)).collect();
    format!("{}, read by {}", world.show(&shell_env::env_file(world)), files.join(" and "))
}

fn amount(paths: &[PathBuf], seen: &[Seen]) -> String {
    let stamps: Vec<&Stamp> = seen.iter().filter_map(|seen| seen.stamp.as_ref().ok()).collect();
    let size = stamps.iter().fold(0_u64, |sum, stamp| sum.saturating_add(stamp.size));
    match (paths.len(), size) {
        (1, 0) => "1 path".to_owned(),
        (1, size) => format!("1 path ({})", bytes(size)),
        (count, 0) => format!("{count} paths"),
        (count, size) => format!("{count} paths ({})", bytes(size)),
    }
}

fn places(world: &FixWorld, root: &Path, paths: &[PathBuf]) -> String {
    match paths {
        [one] => world.show(one),
        _ => world.show(root),
    }
}

/// A size as the Hub shows it, in powers of ten.
pub(super) fn bytes(size: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB"];
    if size < 1000 {
        return format!("{size} bytes");
    }
    #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let mut value = size as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", units.get(unit).unwrap_or(&"PB"))
}

/// What a person would type, where the check has not said it.
pub(super) fn commands(world: &FixWorld, action: &Action) -> Vec<String> {
    let quoted = |path: &Path| syntax::quote(world.shell, &path.to_string_lossy());
    match action {
        Action::SetVariable { name, value } => vec![syntax::statement(world.shell, name, Some(value))],
        Action::UnsetVariable { name } => vec![syntax::statement(world.shell, name, None)],
        Action::KeepPrivate { path } => vec![format!("chmod go= {}", quoted(path))],
        Action::GrantOwner { paths, .. } => paths.iter().map(|path| format!("chmod u+rwX {}", quoted(path))).collect(),
        Action::Run { command } => vec![command.iter().map(|word| argument(world, word)).collect::<Vec<_>>().join(" ")],
        _ => Vec::new(),
    }
}

fn argument(world: &FixWorld, text: &str) -> String {
    syntax::word(world.shell, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_digit_after_the_point() {
        for (size, shown) in
            [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_950, "1.0 MB"), (4_100_000_000, "4.1 GB")]
        {
            assert_eq!(bytes(size), shown);
        }
        assert!(bytes(u64::MAX).ends_with("PB"));
    }
}
