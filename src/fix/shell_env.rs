//! Variables for future shells: one file of our own, which the shell's start-up files read by one marked line each.

use std::fs;
use std::path::{Path, PathBuf};

use super::assignment::Language;
use super::change::{NewContent, Patch, Served};
use super::ending::{self, Ending};
use super::folder::Folder;
use super::syntax::{quote, statement};
use super::world::{FixWorld, Shell};
use super::{atomic, plain};

/// The mark at the end of the line that reads our file.
const MARK: &str = "# hfdoctor";

const HEADER: &str = "# Written by hfdoctor and read at the start of a shell. `hfdoctor undo` takes changes back.\n";

/// Whether a variable may have this name in every shell.
pub(crate) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether a value fits on one line of every shell's file.
pub(crate) fn is_value(value: &str) -> bool {
    !value.chars().any(char::is_control)
}

/// The language of a shell's start-up files.
pub(crate) fn language_of(shell: Shell) -> Language {
    match shell {
        Shell::Fish => Language::Fish,
        Shell::PowerShell | Shell::Registry => Language::PowerShell,
        _ => Language::Sh,
    }
}

/// The file of our own.
pub(crate) fn env_file(world: &FixWorld) -> PathBuf {
    let name = match world.shell {
        Shell::Fish => "env.fish",
        Shell::PowerShell => "env.ps1",
        _ => "env.sh",
    };
    world.config_dir.join(OWN_FOLDER).join(name)
}

/// The names of the file of our own.
const ENV_FILES: [&str; 3] = ["env.sh", "env.fish", "env.ps1"];

/// The folder of the file of our own.
const OWN_FOLDER: &str = "hfdoctor";

/// Whether a path is one of the file of our own, in whatever folder for settings.
pub(crate) fn is_env_file(path: &Path) -> bool {
    let in_our_folder = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == OWN_FOLDER);
    in_our_folder && path.file_name().is_some_and(|name| ENV_FILES.iter().any(|known| name == *known))
}

/// Makes sure of the folder of the file of our own, which every new shell obeys, and of the file where there is one.
pub(crate) fn own_folder(world: &FixWorld) -> std::io::Result<()> {
    let file = env_file(world);
    if world.lacks_home_of(&file) {
        return Ok(());
    }
    let folder = Folder::make_own(file.parent().unwrap_or(&file))?;
    match folder.open(file.file_name().unwrap_or_default(), false) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Start-up files of every shell, by their names in the home directory or below the folder for settings.
const AT_HOME: [&str; 9] = [
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".bash_aliases",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".zlogin",
];
const BELOW_CONFIG: [&str; 4] = [
    "fish/config.fish",
    "fish/conf.d/hfdoctor.fish",
    "powershell/profile.ps1",
    "powershell/Microsoft.PowerShell_profile.ps1",
];

/// Whether a file, with links resolved, is one that variables are set in: a start-up file, a `.env`, or our own.
pub(crate) fn may_be_edited(world: &FixWorld, path: &Path) -> bool {
    let corners = std::iter::once(&world.home).chain(&world.zdotdir);
    let at_home = corners.flat_map(|corner| AT_HOME.map(|file| corner.join(file)));
    let below_config = BELOW_CONFIG.iter().map(|file| world.config_dir.join(file));
    let is_snippet = path.extension().is_some_and(|end| end == "fish")
        && path.parent().is_some_and(|folder| folder.ends_with("fish/conf.d"));
    is_snippet
        || is_env_file(path)
        || path.file_name().is_some_and(|name| name == ".env")
        || at_home
            .chain(below_config)
            .any(|known| known == path || atomic::real_path(&known).is_ok_and(|real| real == path))
}

/// The same as it stands in our own file.
///
/// Fish keeps variables of two lives: only the one of the running shell is unset, because the other is kept for good and
/// could not be given back.
fn lasting(shell: Shell, name: &str, value: Option<&str>) -> String {
    match (shell, value) {
        (Shell::Fish, None) => format!("set -eg {name}"),
        _ => statement(shell, name, value),
    }
}

/// Whether a line of our file is the statement about a variable.
fn is_about(shell: Shell, line: &[u8], name: &str) -> bool {
    let begins = |text: String| line.starts_with(text.as_bytes());
    match shell {
        Shell::Fish => begins(format!("set -gx {name} ")) || line == lasting(shell, name, None).as_bytes(),
        Shell::PowerShell | Shell::Registry => begins(format!("$env:{name} = ")),
        _ => begins(format!("export {name}=")) || line == format!("unset {name}").as_bytes(),
    }
}

/// Our file with a variable set or unset; none when it says so already. Lines about anything else stay as they are.
pub(crate) fn with_variable(
    before: Option<&[u8]>,
    shell: Shell,
    name: &str,
    value: Option<&str>,
) -> Option<NewContent> {
    let statement = lasting(shell, name, value).into_bytes();
    let with_end = |line: &[u8]| [line, b"\n"].concat();
    let old = before.unwrap_or_else(|| HEADER.as_bytes());
    let about: Vec<&[u8]> = old.split(|byte| *byte == b'\n').filter(|line| is_about(shell, line, name)).collect();
    if about == [statement.as_slice()] {
        return None;
    }
    let to = with_end(&statement);
    let (bytes, from) = if let [line] = about.as_slice() {
        let from = with_end(line);
        // The line may be the last one, without its end.
        let whole = if old.ends_with(b"\n") { old.to_vec() } else { with_end(old) };
        let at = lines_at(&whole).find(|at| whole.get(*at..).is_some_and(|rest| rest.starts_with(&from)))?;
        let (head, tail) = (whole.get(..at)?, whole.get(at.checked_add(from.len())?..)?);
        ([head, to.as_slice(), tail].concat(), from)
    } else {
        let mut kept: Vec<u8> = Vec::new();
        for line in old.split_inclusive(|byte| *byte == b'\n') {
            if !is_about(shell, line.strip_suffix(b"\n").unwrap_or(line), name) {
                kept.extend_from_slice(line);
            }
        }
        if !kept.is_empty() && !kept.ends_with(b"\n") {
            kept.push(b'\n');
        }
        kept.extend_from_slice(&to);
        (kept, Vec::new())
    };
    Some(NewContent { bytes, patch: Some(Patch { from, to, whole_lines: true }), serves: None, mode: None })
}

/// Where lines begin.
fn lines_at(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    std::iter::once(0)
        .chain(bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at.saturating_add(1)))
}

/// Whether a file of ours holds any statement.
pub(crate) fn sets_something(path: &Path) -> bool {
    small(path).is_some_and(|bytes| {
        bytes.split(|byte| *byte == b'\n').any(|line| {
            let line = line.trim_ascii();
            !line.is_empty() && !line.starts_with(b"#")
        })
    })
}

/// The line that reads our file.
pub(crate) fn source_line(world: &FixWorld) -> String {
    let file = env_file(world);
    let plain = |text: &str| !text.chars().any(|c| matches!(c, '"' | '$' | '`' | '\\' | '\n'));
    let below_home = file.strip_prefix(&world.home).ok().and_then(Path::to_str).filter(|rest| plain(rest));
    let file = match below_home {
        Some(rest) => format!("\"$HOME/{rest}\""),
        None => quote(world.shell, &file.to_string_lossy()),
    };
    match world.shell {
        Shell::Fish => format!("test -r {file}; and source {file} {MARK}"),
        Shell::PowerShell | Shell::Registry => format!("if (Test-Path {file}) {{ . {file} }} {MARK}"),
        _ => format!("if [ -r {file} ]; then . {file}; fi {MARK}"),
    }
}

/// The start-up files that must read our file, so that the variable has our value in every new shell.
///
/// Bash reads either a login file or `.bashrc`, so both get the line. Zsh and fish read one file always, but before the
/// ones in which a person may set the variable again: where such a file names it, or reads others that may, that one gets
/// the line, too.
pub(crate) fn start_files(world: &FixWorld, name: &str) -> Vec<PathBuf> {
    let home = |file: &str| world.home.join(file);
    let language = language_of(world.shell);
    let names_it = |path: &PathBuf| {
        let sets =
            |bytes: Vec<u8>| contains(&bytes, name.as_bytes()) || ending::of(&bytes, name, language).reads_others;
        small(path).is_some_and(sets)
    };
    match world.shell {
        Shell::Bash => vec![bash_login_file(world), home(".bashrc")],
        Shell::Zsh => {
            let corner = world.zdotdir.clone().unwrap_or_else(|| world.home.clone());
            let later = [".zprofile", ".zshrc", ".zlogin"].map(|file| corner.join(file));
            let mut files = vec![home(".zshenv")];
            files.extend(world.zdotdir.as_ref().map(|corner| corner.join(".zshenv")).filter(|file| *file != files[0]));
            files.extend(later.into_iter().filter(names_it));
            files
        }
        Shell::Fish => {
            let corner = world.config_dir.join("fish");
            let mut files = vec![corner.join("conf.d/hfdoctor.fish")];
            files.extend(Some(corner.join("config.fish")).filter(names_it));
            files
        }
        // The console's profile is read after the one for all hosts.
        Shell::PowerShell => {
            let [all, console] = [0, 1].map(|at| powershell_files(world).swap_remove(at));
            std::iter::once(all).chain(Some(console).filter(names_it)).collect()
        }
        Shell::Posix => vec![home(".profile")],
        Shell::Registry | Shell::Csh | Shell::Nushell | Shell::Xonsh | Shell::Elvish | Shell::Unknown => Vec::new(),
    }
}

/// The file that bash reads as a login shell: the first of three that exists.
fn bash_login_file(world: &FixWorld) -> PathBuf {
    let files = [".bash_profile", ".bash_login", ".profile"].map(|file| world.home.join(file));
    files.iter().find(|file| file.exists()).cloned().unwrap_or_else(|| world.home.join(".profile"))
}

/// Every start-up file in which a person may have set a variable, with its language.
pub(crate) fn files_that_may_assign(world: &FixWorld) -> Vec<(PathBuf, Language)> {
    let corner = world.zdotdir.clone().unwrap_or_else(|| world.home.clone());
    let files: Vec<PathBuf> = match world.shell {
        Shell::Bash => [".bashrc", ".bash_profile", ".bash_login", ".profile", ".bash_aliases"]
            .map(|file| world.home.join(file))
            .to_vec(),
        Shell::Zsh => std::iter::once(world.home.join(".zshenv"))
            .chain([".zshenv", ".zprofile", ".zshrc", ".zlogin"].map(|file| corner.join(file)))
            .collect(),
        Shell::Posix => vec![world.home.join(".profile")],
        Shell::Fish => fish_files(world),
        Shell::PowerShell => powershell_files(world),
        Shell::Registry | Shell::Csh | Shell::Nushell | Shell::Xonsh | Shell::Elvish | Shell::Unknown => Vec::new(),
    };
    let language = language_of(world.shell);
    let mut once: Vec<(PathBuf, Language)> = Vec::new();
    for file in files {
        if file.is_file() && once.iter().all(|(known, _)| *known != file) {
            once.push((file, language));
        }
    }
    once
}

/// More files than this in fish's `conf.d` are not looked at.
const MOST_SNIPPETS: usize = 200;

/// What fish reads of a person's own, but for our file.
fn fish_files(world: &FixWorld) -> Vec<PathBuf> {
    let corner = world.config_dir.join("fish");
    let entries = fs::read_dir(corner.join("conf.d")).into_iter().flatten().flatten().take(MOST_SNIPPETS);
    let mut snippets: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "fish"))
        .filter(|path| path.file_name().is_some_and(|name| name != "hfdoctor.fish"))
        .collect();
    snippets.sort();
    snippets.push(corner.join("config.fish"));
    snippets
}

/// Whether fish keeps the variable for good, for every shell of this user. Nothing hides such a one from programs.
pub(crate) fn is_universal(world: &FixWorld, name: &str) -> bool {
    let kept = small(&world.config_dir.join("fish/fish_variables")).unwrap_or_default();
    let lines = [format!("SETUVAR --export {name}:"), format!("SETUVAR {name}:")];
    world.shell == Shell::Fish
        && kept.split(|byte| *byte == b'\n').any(|line| lines.iter().any(|known| line.starts_with(known.as_bytes())))
}

/// The profiles of a user that PowerShell reads: for all hosts, and for the console.
fn powershell_files(world: &FixWorld) -> Vec<PathBuf> {
    ["profile.ps1", "Microsoft.PowerShell_profile.ps1"]
        .map(|file| world.config_dir.join("powershell").join(file))
        .to_vec()
}

/// The `.env` of the working directory, where there is one.
pub(crate) fn dot_env(world: &FixWorld) -> Option<(PathBuf, Language)> {
    let file = world.environment.directory.as_ref()?.join(".env");
    file.is_file().then_some((file, Language::Sh))
}

/// A start-up file with the line that reads our file, where the shell gets to it behind what sets a variable; none when it has it already.
pub(crate) fn with_source_line(before: Option<&[u8]>, world: &FixWorld, name: &str) -> Option<NewContent> {
    let line = source_line(world).into_bytes();
    let old = before.unwrap_or_default();
    let Ending { at, dead, .. } = ending::of(old, name, language_of(world.shell));
    let read = old.get(..dead).unwrap_or(old);
    if read.split(|byte| *byte == b'\n').any(|known| known.trim_ascii() == line) {
        return None;
    }
    let (head, tail) = old.split_at_checked(at).unwrap_or((old, b""));
    let to = [line.as_slice(), b"\n"].concat();
    let gap: &[u8] = if head.is_empty() || head.ends_with(b"\n") { b"" } else { b"\n" };
    Some(NewContent {
        bytes: [head, gap, to.as_slice(), tail].concat(),
        patch: Some(Patch { from: Vec::new(), to, whole_lines: true }),
        serves: Some(Served::now(env_file(world))),
        // A start-up file holds no secret of ours: a new one is like any other.
        mode: before.is_none().then_some(0o644),
    })
}

/// The content of a start-up file; none when there is none, or one too large to be one.
pub(crate) fn small(path: &Path) -> Option<Vec<u8>> {
    plain::read(path, atomic::LARGEST).ok()
}

/// Whether new shells of the usual kind have a variable only if this start-up file can be edited: where they read the
/// file and may get the variable from it again.
pub(crate) fn decides(world: &FixWorld, file: &Path, name: &str) -> bool {
    let usual = world.shell == Shell::Bash && file == world.home.join(".bashrc");
    usual || small(file).is_some_and(|bytes| contains(&bytes, name.as_bytes()))
}

pub(crate) fn contains(bytes: &[u8], text: &[u8]) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(content: Option<NewContent>) -> String {
        content.map(|content| String::from_utf8(content.bytes).unwrap()).unwrap_or_default()
    }

    #[test]
    fn a_variable_stands_once_in_our_file() {
        let first = text(with_variable(None, Shell::Bash, "HF_ENDPOINT", Some("https://a")));
        assert!(first.starts_with('#') && first.ends_with("export HF_ENDPOINT='https://a'\n"), "{first}");
        let second = text(with_variable(Some(first.as_bytes()), Shell::Bash, "HF_ENDPOINT", None));
        assert!(second.ends_with("unset HF_ENDPOINT\n") && !second.contains("export"), "{second}");
        assert!(with_variable(Some(second.as_bytes()), Shell::Bash, "HF_ENDPOINT", None).is_none());
        let third = text(with_variable(Some(b"mine=1\nexport A='1'"), Shell::Bash, "A", Some("2")));
        assert_eq!(third, "mine=1\nexport A='2'\n");
        let twice = text(with_variable(Some(b"unset A\nx=1\nunset A\n"), Shell::Bash, "A", None));
        assert_eq!(twice, "x=1\nunset A\n");
    }

    #[test]
    fn a_name_that_begins_alike_is_another() {
        let content = text(with_variable(Some(b"export HF_HOME_OLD='1'\n"), Shell::Bash, "HF_HOME", Some("/x")));
        assert_eq!(content, "export HF_HOME_OLD='1'\nexport HF_HOME='/x'\n");
    }

    proptest! {
        #[test]
        fn editing_any_file_keeps_every_other_line(lines in prop::collection::vec("[ -~]{0,20}", 0..6), end: bool) {
            let mut old = lines.join("\n");
            if end { old.push('\n'); }
            if let Some(new) = with_variable(Some(old.as_bytes()), Shell::Bash, "X", Some("1")) {
                let new = String::from_utf8(new.bytes).unwrap();
                for line in old.lines().filter(|line| !is_about(Shell::Bash, line.as_bytes(), "X")) {
                    prop_assert!(new.lines().any(|kept| kept == line));
                }
                prop_assert!(with_variable(Some(new.as_bytes()), Shell::Bash, "X", Some("1")).is_none());
            }
        }
    }
}
