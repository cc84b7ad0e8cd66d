//! The system, the shell and the place in which something failed, by the forms of paths, prompts and errors.

use std::sync::LazyLock;

use regex::Regex;

use super::Known;
use crate::text::shell::Shell;

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum System {
    /// Linux.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
    /// Nothing tells.
    Unknown,
}

impl System {
    /// The system that this program was built for.
    pub fn of_this_machine() -> System {
        match std::env::consts::OS {
            "macos" | "ios" => System::MacOs,
            "windows" => System::Windows,
            "linux" | "android" => System::Linux,
            _ => System::Unknown,
        }
    }

    /// The system's name.
    pub fn name(self) -> &'static str {
        match self {
            System::Linux => "Linux",
            System::MacOs => "macOS",
            System::Windows => "Windows",
            System::Unknown => "another system",
        }
    }

    /// The shell that people use there.
    pub fn shell(self) -> Shell {
        if self == System::Windows { Shell::PowerShell } else { Shell::Posix }
    }
}

/// Where something ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A machine of the person's own.
    Machine,
    /// A container.
    Container,
    /// A pod of Kubernetes.
    Pod,
    /// Continuous integration.
    Ci,
    /// A notebook.
    Notebook,
    /// A batch job.
    Batch,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

static WINDOWS: LazyLock<Regex> = LazyLock::new(|| {
    // A letter before the drive's would be the end of a word, as in an escaped `by:\n`.
    regex(
        r"(?m)(?:^|[^A-Za-z])[A-Za-z]:\\|(?i-u)\bPS [A-Z]:|WinError|\.ps1\b|\bwin32\b|platform: windows|\\users\\|\\appdata\\|schannel",
    )
});
static MAC: LazyLock<Regex> =
    LazyLock::new(|| regex(r"/Users/[a-z]|(?i-u:\bmacos\b)|(?i-u:darwin)|/opt/homebrew|/Library/"));
static LINUX: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"/home/[a-z]|/root/|/usr/|/opt/|/var/|/mnt/|/data/|(?i-u:\blinux\b)|(?i-u:ubuntu)|/tmp/|/workspace")
});

/// The system that a log shows.
pub(super) fn system(text: &str) -> (System, Known) {
    let (windows, mac, linux) =
        (WINDOWS.find_iter(text).count(), MAC.find_iter(text).count(), LINUX.find_iter(text).count());
    // A path of Windows stands in no other system's log; the Subsystem for Linux sees drives below /mnt.
    if windows > 0 {
        return (System::Windows, Known::Log);
    }
    match (mac, linux) {
        (0, 0) => (System::Unknown, Known::Assumed),
        (0, _) => (System::Linux, Known::Log),
        _ => (System::MacOs, Known::Log),
    }
}

/// The shell for commands on a system.
pub(super) fn shell(system: System, text: &str) -> Shell {
    static CMD: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^[A-Z]:\\[^\n>]*>|\.bat(?-u:\b)|(?-u:\b)set [A-Z_]+="));
    static POWERSHELL: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i-u)\bPS [A-Z]:|\$env:|\.ps1\b|categoryinfo|powershell"));
    match system {
        System::Windows if CMD.is_match(text) && !POWERSHELL.is_match(text) => Shell::Cmd,
        other => other.shell(),
    }
}

/// Words of places, in lower case, the most telling first.
const PLACES: &[(Place, &[&str])] = &[
    (
        Place::Ci,
        &[
            "##[error]",
            "##[group]",
            "/home/runner/",
            "github actions",
            "gitlab-runner",
            "process completed with exit code",
            "jenkins",
            "circleci",
            "/__w/",
        ],
    ),
    (
        Place::Notebook,
        &["ipykernel", "<ipython-input", "cell in[", "/content/", "google.colab", "/kaggle/", "cell in ["],
    ),
    (Place::Batch, &["slurm", "srun:", "sbatch", "pbs_jobid", "qsub"]),
    (
        Place::Pod,
        &[
            "kubectl",
            "kubernetes",
            "crashloopbackoff",
            "init container",
            "the node was low on resource",
            "evicted",
            "openshift",
            "kserve",
            "storage-initializer",
        ],
    ),
    (Place::Container, &["docker", "podman", "singularity", "apptainer", "/app/", "dockerfile", "container"]),
];

/// The place that a log shows.
pub(super) fn place(text: &str) -> Place {
    let lower = text.to_ascii_lowercase();
    let named = |words: &&(Place, &[&str])| words.1.iter().any(|word| lower.contains(word));
    PLACES.iter().find(named).map_or(Place::Machine, |(place, _)| *place)
}

static FOLDER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?m)(?:^|[ '"`=:(\[]|\\\\\?\\)((?:[A-Za-z]:\\|/|~/)[^ \t\n\r'"`:*?<>|]+?)[/\\](?:(?:\.locks[/\\])?(?:models|datasets|spaces)--|\.locks[/\\]|\.cache[/\\]huggingface[/\\]download)"#,
    )
});

/// The cache or folder into which the download went, as the log names it last.
pub(super) fn folder(text: &str) -> Option<String> {
    FOLDER.captures_iter(text).last().and_then(|found| found.get(1)).map(|folder| folder.as_str().to_owned())
}

static HOME: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?m)(?:^|[^A-Za-z0-9_./-])((?:[A-Za-z]:\\+(?i-u:users)\\+|/home/|/Users/)[A-Za-z0-9_][A-Za-z0-9_.-]*)")
});

/// The home directory that a log names last.
pub(super) fn home(text: &str) -> Option<String> {
    HOME.captures_iter(text).last().and_then(|found| found.get(1)).map(|home| home.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_shells_and_places_are_told_apart() {
        for (text, system, shell) in [
            (r"C:\Users\ada> hf download a/b", System::Windows, Shell::Cmd),
            (r"PS C:\Users\ada> hf download a/b", System::Windows, Shell::PowerShell),
            ("[WinError 10061] No connection", System::Windows, Shell::PowerShell),
            ("/Users/ada/.cache/huggingface", System::MacOs, Shell::Posix),
            ("/home/ada/.cache/huggingface", System::Linux, Shell::Posix),
            ("connection refused", System::Unknown, Shell::Posix),
        ] {
            assert_eq!(super::system(text).0, system, "{text}");
            assert_eq!(super::shell(system, text), shell, "{text}");
        }
        assert_eq!(place("/home/runner/work/x"), Place::Ci);
        assert_eq!(place("  File \"/tmp/ipykernel_33/1.py\""), Place::Notebook);
        assert_eq!(place("hf download a/b"), Place::Machine);
    }

    #[test]
    fn folders_are_read() {
        let folder = |text| super::folder(text);
        assert_eq!(folder("denied: '/data/hf/hub/.locks/models--a--b'").as_deref(), Some("/data/hf/hub"));
        assert_eq!(folder(r"D:\hf\hub\models--a--b\blobs\x").as_deref(), Some(r"D:\hf\hub"));
        assert_eq!(
            folder("'/a/b/.cache/huggingface/hub/models--a--b'").as_deref(),
            Some("/a/b/.cache/huggingface/hub")
        );
        assert_eq!(folder("nothing"), None);
        assert_eq!(home("/tmp/home/ada and '/home/ada/x'").as_deref(), Some("/home/ada"));
        assert_eq!(home("/tmp/home/.cache"), None);
    }
}
