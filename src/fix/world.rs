//! What the engine works in, as a value: places, shell, clock, and the points where a test may make it fail.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use hfdoctor_checks::case::Environment;
use hfdoctor_core::redact::Redactor;
use hfdoctor_core::token::Token;

use super::Error;

/// A person's shell, as far as variables are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// Z shell.
    Zsh,
    /// Fish.
    Fish,
    /// PowerShell outside Windows.
    PowerShell,
    /// Another shell that reads `~/.profile`.
    Posix,
    /// Windows: variables live in the registry.
    Registry,
    /// The C shell and tcsh.
    Csh,
    /// Nushell.
    Nushell,
    /// Xonsh.
    Xonsh,
    /// Elvish.
    Elvish,
    /// A program of which it is not known what it reads at its start.
    Unknown,
}

impl Shell {
    /// The shell that `SHELL` names.
    pub fn of(environment: &Environment) -> Shell {
        if cfg!(windows) {
            return Shell::Registry;
        }
        let program = environment.var("SHELL").unwrap_or_default();
        let name = Path::new(&program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // Some are installed under a name with their version, such as `ksh93` or `zsh-5.9`.
        match name.trim_end_matches(|c: char| c.is_ascii_digit() || ".-_".contains(c)) {
            "bash" | "rbash" => Shell::Bash,
            "zsh" | "rzsh" => Shell::Zsh,
            "fish" => Shell::Fish,
            "pwsh" | "pwsh-preview" => Shell::PowerShell,
            "sh" | "dash" | "ash" | "ksh" | "rksh" | "mksh" | "lksh" | "pdksh" | "oksh" | "loksh" | "posh" | "yash"
            | "busybox" => Shell::Posix,
            // Containers and services often have no `SHELL`; what they run reads `~/.profile`, where anything is read.
            _ if program.is_empty() => Shell::Posix,
            "csh" | "tcsh" | "bsd-csh" => Shell::Csh,
            "nu" => Shell::Nushell,
            "xonsh" => Shell::Xonsh,
            "elvish" => Shell::Elvish,
            _ => Shell::Unknown,
        }
    }

    /// Whether variables can be set for its new instances.
    pub fn can_be_configured(self) -> bool {
        match self {
            Shell::Bash | Shell::Zsh | Shell::Fish | Shell::PowerShell | Shell::Posix | Shell::Registry => true,
            Shell::Csh | Shell::Nushell | Shell::Xonsh | Shell::Elvish | Shell::Unknown => false,
        }
    }
}

/// The points of a change at which [`FixWorld::fault`] is asked, in the order in which they are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Before an action begins.
    Action,
    /// Before the earlier content is saved.
    Backup,
    /// Before the intention is written to the journal.
    Journal,
    /// The intention is on disk; nothing has happened.
    Intended,
    /// The new content lies beside the file that it will replace.
    Prepared,
    /// The change has happened; the journal does not say so yet.
    Changed,
    /// The journal says that the change has happened.
    Recorded,
    /// Before a change is taken back.
    Undo,
    /// A change is taken back; the journal does not say so yet.
    TakenBack,
    /// Before something in quarantine is deleted.
    Purge,
}

/// Asked at every [`Step`]; an error makes the change fail as if the system had said so.
pub type Fault = Box<dyn Fn(Step) -> io::Result<()> + Send + Sync>;

/// Says whether the Hub accepts a token, with the reason when not.
pub type ConfirmToken = Box<dyn Fn(&Token) -> Result<(), String> + Send + Sync>;

/// Makes text fit to be kept or shown: without secrets.
pub type Redact = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// The command of an installed client that asks for a token and stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The command as a person types it.
    pub shown: String,
    /// Program and arguments.
    pub command: Vec<std::ffi::OsString>,
}

/// What the engine works in.
pub struct FixWorld {
    /// The environment.
    pub environment: Environment,
    /// The home directory: start-up files lie in it.
    pub home: PathBuf,
    /// The folder for settings, such as `~/.config`.
    pub config_dir: PathBuf,
    /// The folder for journal, backups and lock.
    pub state_dir: PathBuf,
    /// Folders for the journal where the first has no room, such as a memory file system.
    pub spare_state_dirs: Vec<PathBuf>,
    /// The only places in which files are moved, deleted or have their rights changed.
    pub cache_roots: Vec<PathBuf>,
    /// The person's shell.
    pub shell: Shell,
    /// Where zsh looks for its start-up files, when not in the home directory.
    pub zdotdir: Option<PathBuf>,
    /// Whether a person sits at a terminal.
    pub terminal: bool,
    /// The clock.
    pub now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    /// A wait longer than this is not begun.
    pub longest_wait: Duration,
    /// A command that runs longer is ended.
    pub longest_command: Duration,
    /// The installed client's own login, to which a person may be handed over.
    pub login: Option<Login>,
    /// Asked before a token is stored; without it, no token is stored.
    pub confirm_token: Option<ConfirmToken>,
    /// Takes secrets out of text that is kept or shown.
    pub redact: Redact,
    /// The same for a command, which stays one that can be typed.
    pub redact_command: Redact,
    /// Set when the person presses Ctrl-C: waiting ends, and no further action begins.
    pub interrupted: Arc<AtomicBool>,
    /// Asked at every step of every change.
    pub fault: Option<Fault>,
}

impl FixWorld {
    /// The world of an environment. Cache roots are what [`FixWorld::cache_roots`] says.
    pub fn new(environment: &Environment, cache_roots: Vec<PathBuf>, terminal: bool) -> FixWorld {
        let home = environment.home.clone().unwrap_or_default();
        let absolute = |name: &str| environment.non_empty(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state_dir = if cfg!(windows) {
            absolute("LOCALAPPDATA").unwrap_or_else(|| home.join("AppData/Local")).join("hfdoctor")
        } else {
            absolute("XDG_STATE_HOME").unwrap_or_else(|| home.join(".local/state")).join("hfdoctor")
        };
        let spare_state_dirs = absolute("XDG_RUNTIME_DIR").map(|dir| dir.join("hfdoctor")).into_iter().collect();
        // By form alone: the secrets of this machine are known to who makes the case.
        let redactor = Arc::new(Redactor::new(std::iter::empty(), environment.home.as_deref()));
        let for_commands = Arc::clone(&redactor);
        FixWorld {
            environment: environment.clone(),
            config_dir: absolute("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")),
            state_dir,
            spare_state_dirs,
            cache_roots,
            shell: Shell::of(environment),
            zdotdir: absolute("ZDOTDIR"),
            terminal,
            now: Box::new(SystemTime::now),
            longest_wait: Duration::from_mins(20),
            longest_command: Duration::from_mins(15),
            login: None,
            confirm_token: None,
            redact: Arc::new(move |text: &str| redactor.clean(text)),
            redact_command: Arc::new(move |command: &str| for_commands.command(command)),
            interrupted: Arc::new(AtomicBool::new(false)),
            fault: None,
            home,
        }
    }

    /// Every folder that may hold a journal, the preferred one first.
    pub(crate) fn state_dirs(&self) -> impl Iterator<Item = &Path> {
        let known = std::iter::once(&self.state_dir).chain(&self.spare_state_dirs).map(PathBuf::as_path);
        known.filter(|folder| !self.lacks_home_of(folder))
    }

    /// Whether a path lies in a home directory that does not exist. A service's user often has such a one on purpose, so
    /// none is made.
    pub(crate) fn lacks_home_of(&self, path: &Path) -> bool {
        path.starts_with(&self.home) && !self.home.is_dir()
    }

    /// Whether the home directory is this user's or the system's, and not somebody else's.
    pub(crate) fn is_of_this_user(&self, command: &'static str) -> Result<(), Error> {
        #[cfg(unix)]
        if let Ok(found) = std::fs::metadata(&self.home) {
            use std::os::unix::fs::MetadataExt;
            let user = rustix::process::geteuid();
            if found.uid() != user.as_raw() && found.uid() != 0 {
                let owner = super::folder::user_name(found.uid());
                return Err(Error::OthersHome { owner, command, as_root: user.is_root() });
            }
        }
        let _ = command;
        Ok(())
    }

    /// Reaches a step; the error is the one that a test has put there.
    pub(crate) fn reach(&self, step: Step) -> io::Result<()> {
        self.fault.as_ref().map_or(Ok(()), |fault| fault(step))
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// A path as it is shown: the home directory as `~`.
    pub(crate) fn show(&self, path: &Path) -> String {
        match path.strip_prefix(&self.home) {
            Ok(rest) if !self.home.as_os_str().is_empty() && rest.as_os_str().is_empty() => "~".to_owned(),
            Ok(rest) if !self.home.as_os_str().is_empty() => format!("~/{}", rest.display()),
            _ => path.display().to_string(),
        }
    }
}

impl std::fmt::Debug for FixWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FixWorld")
            .field("home", &self.home)
            .field("state_dir", &self.state_dir)
            .field("cache_roots", &self.cache_roots)
            .field("shell", &self.shell)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_directory_follows_the_environment() {
        let environment = |variables: &[(&str, &str)]| {
            Environment::new(variables.iter().map(|(n, v)| ((*n).into(), (*v).into())), None)
        };
        let world = FixWorld::new(&environment(&[("HOME", "/home/ada"), ("SHELL", "/bin/zsh")]), Vec::new(), false);
        if cfg!(unix) {
            assert_eq!(world.state_dir, Path::new("/home/ada/.local/state/hfdoctor"));
            assert_eq!(world.shell, Shell::Zsh);
            assert_eq!(world.show(Path::new("/home/ada/x")), "~/x");
        }
        for (program, shell) in [
            ("", Shell::Posix),
            ("/bin/ksh93", Shell::Posix),
            ("/bin/zsh-5.9", Shell::Zsh),
            ("/bin/tcsh", Shell::Csh),
            ("/usr/bin/nu", Shell::Nushell),
            ("/usr/sbin/nologin", Shell::Unknown),
        ] {
            let named = Shell::of(&environment(&[("SHELL", program)]));
            assert!(cfg!(windows) || named == shell, "{program}: {named:?}");
        }
        let relative = FixWorld::new(&environment(&[("HOME", "/h"), ("XDG_STATE_HOME", "state")]), Vec::new(), false);
        assert!(relative.state_dir.starts_with("/h"), "a relative path in it is to be ignored");
    }
}
