//! How a person's command lines are run: whose they are, in which surroundings, and at what.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::table::{Place, Trial};

/// Takes from root the rights to read, write and enter whatever the modes say.
const BOUND: [&str; 2] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

/// How long a person waits for a program at the terminal.
const PATIENCE: Duration = Duration::from_mins(1);

/// A mount that ends with the trial.
pub struct Mounted(PathBuf);

impl Mounted {
    pub fn tmpfs(at: &Path, options: &str) -> Result<Mounted, String> {
        std::fs::create_dir_all(at).map_err(|error| format!("{}: {error}", at.display()))?;
        run(Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at))?;
        Ok(Mounted(at.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A process that is still ending may lie on it for a moment more.
        let _ = run(Command::new("umount").args(["--lazy"]).arg(&self.0));
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Why a trial cannot be made here.
pub fn unmet(trial: &Trial) -> Option<&'static str> {
    match trial.place {
        Place::User if !is_root() => None,
        Place::User if run(Command::new(BOUND[0]).args([BOUND[1], "true"])).is_err() => {
            Some("needs an account that permissions bind, or `setpriv`")
        }
        Place::Here | Place::User => None,
        _ if cfg!(not(target_os = "linux")) => Some("needs Linux"),
        Place::SmallCache(_) | Place::FullHome(_) if !is_root() => Some("needs root: it mounts a file system"),
        Place::SmallCache(_) if !is_on_disk(&std::env::temp_dir()) => Some("needs temporary files on a real disk"),
        Place::SmallCache(_) | Place::FullHome(_) => None,
    }
}

/// Whether a folder lies on a disk with one of the usual file systems.
fn is_on_disk(folder: &Path) -> bool {
    let kind = Command::new("stat").args(["-f", "-c", "%T"]).arg(folder).output();
    kind.is_ok_and(|output| {
        let kind = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ["ext2/ext3", "xfs", "btrfs", "zfs", "f2fs"].contains(&kind.as_str())
    })
}

/// A login shell.
pub struct Shell {
    pub place: Place,
    pub environment: BTreeMap<String, String>,
    pub home: PathBuf,
    /// The one folder on a disk that may be written to, where the cache's volume is small.
    pub disk: PathBuf,
}

/// Where another volume is looked for, none but the trial's own may be found: in a mount namespace of its own every other
/// disk is read-only.
const OTHER_DISKS_READ_ONLY: &str = "
    mount --make-rprivate / && mount --rbind \"$DISK\" \"$DISK\" || exit 98
    while read -r _ _ _ _ at _ rest; do
        case \"${rest#*- }\" in
            ext[234]\\ *|xfs\\ *|btrfs\\ *|zfs\\ *|f2fs\\ *)
                [ \"$at\" = \"$DISK\" ] || mount -o remount,bind,ro \"$at\" || exit 99 ;;
        esac
    done < /proc/self/mountinfo
    unset DISK at rest
    cd \"$HOME\" && exec bash -l -c \"$1\"";

impl Shell {
    /// The program and arguments that run a command line in a fresh login shell.
    fn words(&self, line: &str) -> Vec<String> {
        let words: Vec<String> = match self.place {
            Place::SmallCache(_) => {
                ["unshare", "--mount", "sh", "-c", OTHER_DISKS_READ_ONLY, "sh", line].map(str::to_owned).into()
            }
            Place::User if is_root() => [BOUND[0], BOUND[1], "bash", "-l", "-c", line].map(str::to_owned).into(),
            _ => ["bash", "-l", "-c", line].map(str::to_owned).into(),
        };
        words
    }

    fn environment(&self) -> impl Iterator<Item = (String, String)> {
        let disk = matches!(self.place, Place::SmallCache(_)).then(|| self.disk.to_string_lossy().into_owned());
        self.environment.clone().into_iter().chain(disk.map(|disk| ("DISK".to_owned(), disk)))
    }

    /// Runs a command line with nobody at a terminal.
    pub fn run(&self, line: &str) -> Result<Output, String> {
        let words = self.words(line);
        Command::new(&words[0])
            .args(&words[1..])
            .env_clear()
            .envs(self.environment())
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{}: {error}", words[0]))
    }

    /// Runs a command line at a terminal, where a person says no to some fixes and yes to the rest, and types a token where
    /// one is asked for. What the terminal has shown comes back.
    pub fn run_at_terminal(&self, line: &str, decline: &[&str], token: &str) -> Result<String, String> {
        let words = |error: &dyn std::fmt::Display| format!("the terminal: {error}");
        let size = PtySize { rows: 40, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).map_err(|error| words(&error))?;
        let all = self.words(line);
        let mut command = CommandBuilder::new(&all[0]);
        command.args(&all[1..]);
        command.env_clear();
        self.environment().for_each(|(name, value)| command.env(name, value));
        command.env("TERM", "xterm");
        command.cwd(&self.home);
        let mut child = pty.slave.spawn_command(command).map_err(|error| words(&error))?;
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().map_err(|error| words(&error))?;
        let mut keys = pty.master.take_writer().map_err(|error| words(&error))?;
        let (sender, shown) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let _open = pty.master;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let (begun, mut screen, mut answered) = (Instant::now(), String::new(), 0);
        while child.try_wait().map_err(|error| words(&error))?.is_none() {
            if begun.elapsed() > PATIENCE {
                let _ = child.kill();
                return Err(format!("the program does not end at the terminal:\n{screen}"));
            }
            if let Ok(bytes) = shown.recv_timeout(Duration::from_millis(50)) {
                screen += &String::from_utf8_lossy(&bytes);
            }
            // Only a question that is written out.
            let new = screen.get(answered..).unwrap_or_default();
            if let Some((question, _)) = new.split_once("[s]top: ") {
                let no = decline.iter().any(|id| question.contains(&format!("apply `{id}`")));
                answered += question.len() + "[s]top: ".len();
                keys.write_all(if no { b"n\r" } else { b"y\r" }).map_err(|error| words(&error))?;
            } else if let Some((question, _)) = new.split_once("stays unseen") {
                answered += question.len() + "stays unseen".len();
                // The echo is switched off just after the question is written.
                std::thread::sleep(Duration::from_millis(200));
                keys.write_all(format!("{token}\r").as_bytes()).map_err(|error| words(&error))?;
            }
        }
        Ok(screen)
    }
}
