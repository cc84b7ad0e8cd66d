//! The downloads that run on this machine, by the command lines of this user's processes.
//!
//! Only what matters is kept of a command line: the program and its numbers. A header with a token never leaves here.

use std::ffi::OsString;

use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind, get_current_pid};

use super::connections::{self, Busy};
use super::{Seen, Unseen};

/// The most processes whose command line is read.
const MAX_PROCESSES: usize = 8192;
/// The most arguments of one command line, and the most bytes of one argument, that are looked at.
const MAX_ARGUMENTS: usize = 256;
const MAX_ARGUMENT: usize = 4096;

/// A program that downloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// aria2.
    Aria2,
    /// The Hub's own command line.
    Hf,
    /// curl.
    Curl,
    /// wget.
    Wget,
    /// A shell that runs a loop.
    Shell,
    /// Another program, seen by its connections.
    Other,
}

impl Program {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Program::Aria2 => "aria2c",
            Program::Hf => "hf download",
            Program::Curl => "curl",
            Program::Wget => "wget",
            Program::Shell => "sh",
            Program::Other => "a program",
        }
    }
}

/// A running download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// The process.
    pub pid: u32,
    /// The program.
    pub program: Program,
    /// What matters of its command line, such as `aria2c -x 16 -j 8`.
    pub shown: String,
    /// Whether the command line names a host of the Hub, or of the endpoint asked about. A list of URLs in a file
    /// (`aria2c -i`, `wget -i`, `curl -K`) is not read: unknown.
    pub to_hub: Option<bool>,
    /// Connections that it opens at once, as its options say.
    pub connections: u32,
    /// Whether it tries again on 429 without a pause, as its options or its loop say.
    pub without_pause: bool,
}

/// The downloads that run.
#[derive(Debug, Clone, Default)]
pub struct Downloads {
    /// The known programs.
    pub running: Vec<Download>,
    /// The processes with many open connections, whatever their programs.
    pub busy: Vec<Busy>,
}

/// Looks at this user's processes.
pub fn look(endpoint: &str) -> Seen<Downloads> {
    let cannot = |why: String| Unseen(format!("the running processes cannot be listed here: {why}"));
    let own = get_current_pid().map_err(|why| cannot(format!("{why:?}")))?;
    let mut system = System::new().map_err(|error| cannot(format!("{error:?}")))?;
    let owners = ProcessRefreshKind::nothing().without_tasks().with_user(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, owners);
    let Some(user) = system.process(own).and_then(Process::user_id).cloned() else {
        return Err(cannot("this process is not among them".to_owned()));
    };
    let mut mine: Vec<Pid> = system
        .processes()
        .values()
        .filter(|p| p.user_id() == Some(&user) && p.pid() != own)
        .map(Process::pid)
        .collect();
    mine.sort();
    mine.truncate(MAX_PROCESSES);
    let lines = ProcessRefreshKind::nothing().without_tasks().with_cmd(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&mine), true, lines);
    let host = url::Url::parse(endpoint).ok().and_then(|u| u.host_str().map(str::to_ascii_lowercase));
    let running = mine
        .iter()
        .filter_map(|pid| {
            let process = system.process(*pid)?;
            read(pid.as_u32(), &arguments(process.cmd()), host.as_deref())
        })
        .collect();
    let name = |pid: &Pid| {
        let name = system.process(*pid).map(|p| p.name().to_string_lossy().into_owned()).unwrap_or_default();
        name.chars().filter(|c| !c.is_control()).take(40).collect()
    };
    let named: Vec<(u32, String)> = mine.iter().map(|pid| (pid.as_u32(), name(pid))).collect();
    Ok(Downloads { running, busy: connections::look(&named) })
}

fn arguments(command: &[OsString]) -> Vec<String> {
    command
        .iter()
        .take(MAX_ARGUMENTS)
        .map(|argument| {
            let bytes = argument.as_encoded_bytes();
            String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_ARGUMENT)]).into_owned()
        })
        .collect()
}

/// What a command line does; none when it downloads nothing.
pub fn read(pid: u32, arguments: &[String], endpoint_host: Option<&str>) -> Option<Download> {
    let (program, rest) = program(arguments)?;
    let mut download = Download {
        pid,
        program,
        shown: String::new(),
        to_hub: to_hub(program, rest, endpoint_host),
        connections: 1,
        without_pause: false,
    };
    match program {
        Program::Aria2 => aria2(&mut download, rest),
        Program::Hf => {
            let workers = Options(rest).number("", "--max-workers");
            // Eight is what `hf download` uses when nothing is said.
            download.connections = workers.unwrap_or(8);
            download.shown = with_numbers("hf download", &[("--max-workers", workers)]);
        }
        Program::Curl => {
            let options = Options(rest);
            let parallel = options.has("-Z", "--parallel");
            let most = options.number("", "--parallel-max");
            // curl's own default for --parallel-max is 50; it never opens more than there are URLs.
            let urls = u32::try_from(rest.iter().filter(|a| a.contains("://")).count()).unwrap_or(u32::MAX);
            download.connections = if parallel { most.unwrap_or(50).min(urls.max(1)) } else { 1 };
            download.shown =
                with_numbers(if parallel { "curl --parallel" } else { "curl" }, &[("--parallel-max", most)]);
        }
        Program::Wget => {
            let options = Options(rest);
            let again = options.value("", "--retry-on-http-error").is_some_and(|codes| codes.contains("429"));
            let pause = options.number("", "--waitretry");
            download.without_pause = again && pause == Some(0);
            download.shown = if again {
                with_numbers("wget --retry-on-http-error=429", &[("--waitretry", pause)])
            } else {
                "wget".to_owned()
            };
        }
        Program::Shell => {
            download.without_pause = true;
            "a shell loop without `sleep`".clone_into(&mut download.shown);
        }
        // Never by a command line.
        Program::Other => {}
    }
    Some(download)
}

/// aria2 opens as many connections to one server as `-x` allows and `-s` pieces need, for `-j` files at once. Its own
/// defaults are 1, 5 and 5; how many files there are is not known, so that only a `-j` that is given counts.
fn aria2(download: &mut Download, rest: &[String]) {
    let options = Options(rest);
    let server = options.number("-x", "--max-connection-per-server");
    let pieces = options.number("-s", "--split");
    let files = options.number("-j", "--max-concurrent-downloads");
    let several = rest.iter().any(|a| a.starts_with("-i") || a.starts_with("--input-file"));
    let each = server.unwrap_or(1).min(pieces.unwrap_or_else(|| server.unwrap_or(5).max(5))).max(1);
    download.connections = each.saturating_mul(if several { files.unwrap_or(5) } else { 1 }.max(1));
    download.shown = with_numbers("aria2c", &[("-x", server), ("-s", pieces), ("-j", files)]);
}

fn with_numbers(program: &str, options: &[(&str, Option<u32>)]) -> String {
    let mut out = program.to_owned();
    for (name, value) in options {
        if let Some(value) = value {
            let number = value.to_string();
            out.extend([" ", name, " ", &number]);
        }
    }
    out
}

/// The program that a command line runs, and its arguments. Interpreters are looked through: what runs in
/// `python /usr/bin/hf download` is `hf`.
fn program(arguments: &[String]) -> Option<(Program, &[String])> {
    let name = |argument: &String| {
        let file = argument.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
        file.strip_suffix(".exe").map(str::to_owned).unwrap_or(file)
    };
    let (first, mut rest) = arguments.split_first()?;
    let mut called = name(first);
    if is_interpreter(&called) {
        // Switches such as `-u` take no value; `-c` and `-m` are followed by something else than a script.
        let switches =
            rest.iter().take_while(|a| a.starts_with('-') && a.len() == 2 && *a != "-c" && *a != "-m").count();
        if let Some((script, after)) = rest[switches..].split_first()
            && !script.starts_with('-')
        {
            (called, rest) = (name(script), after);
        }
    }
    let program = match called.as_str() {
        "aria2c" => Program::Aria2,
        "curl" => Program::Curl,
        "wget" | "wget2" => Program::Wget,
        "hf" | "huggingface-cli" if rest.first().is_some_and(|a| a == "download") => Program::Hf,
        shell if is_shell(shell) => {
            let script = rest.iter().skip_while(|a| !(a.starts_with('-') && a.ends_with('c'))).nth(1)?;
            let words = |word: &str| script.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w == word);
            let downloads = ["hf download", "huggingface-cli download", "curl ", "wget ", "aria2c "];
            let a_loop = (words("while") || words("until")) && words("do");
            if !a_loop || words("sleep") || words("read") || !downloads.iter().any(|d| script.contains(d)) {
                return None;
            }
            Program::Shell
        }
        _ => return None,
    };
    Some((program, rest))
}

fn is_interpreter(name: &str) -> bool {
    name.starts_with("python") || is_shell(name)
}

fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "zsh" | "dash")
}

fn to_hub(program: Program, rest: &[String], endpoint_host: Option<&str>) -> Option<bool> {
    let names_hub = rest.iter().any(|argument| {
        let argument = argument.to_ascii_lowercase();
        ["huggingface.co/", "://hf.co/", ".hf.co/"].iter().any(|host| argument.contains(host))
            || endpoint_host.is_some_and(|host| argument.contains(&format!("://{host}")))
            || (program == Program::Shell && (argument.contains("hf download") || argument.contains("huggingface-cli")))
    });
    let from_file = rest.iter().any(|a| {
        ["-i", "-K", "--input-file", "--config"]
            .iter()
            .any(|option| a == option || a.starts_with(&format!("{option}=")))
    });
    match program {
        Program::Hf => Some(true),
        _ if names_hub => Some(true),
        _ if from_file => None,
        _ => Some(false),
    }
}

/// The options of a command line.
struct Options<'a>(&'a [String]);

impl Options<'_> {
    /// The value of `-x 16`, `-x16`, `--long=16` or `--long 16`. The last one counts, as in most programs.
    fn value(&self, short: &str, long: &str) -> Option<&str> {
        let mut found = None;
        for (place, argument) in self.0.iter().enumerate() {
            let next = || self.0.get(place + 1).map(String::as_str);
            if argument == long || (!short.is_empty() && argument == short) {
                found = next().or(found);
            } else if let Some(value) = argument.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
                found = Some(value);
            } else if !short.is_empty()
                && let Some(value) = argument.strip_prefix(short)
                && !argument.starts_with("--")
            {
                found = Some(value);
            }
        }
        found
    }

    fn number(&self, short: &str, long: &str) -> Option<u32> {
        self.value(short, long)?.trim().parse().ok()
    }

    fn has(&self, short: &str, long: &str) -> bool {
        self.0.iter().any(|argument| argument == short || argument == long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Download> {
        let arguments: Vec<String> = line.split('|').map(str::to_owned).collect();
        read(7, &arguments, Some("hf-mirror.com"))
    }

    #[test]
    fn command_lines() {
        const URL: &str = "https://huggingface.co/a/b/resolve/main/c";
        for (line, connections, shown, to_hub) in [
            (format!("aria2c|-x|16|-s|16|{URL}"), 16, "aria2c -x 16 -s 16", Some(true)),
            (format!("/usr/bin/aria2c|-x16|{URL}"), 16, "aria2c -x 16", Some(true)),
            (format!("aria2c|--max-connection-per-server=16|-s4|{URL}"), 4, "aria2c -x 16 -s 4", Some(true)),
            ("aria2c|-x4|-s4|-j8|-i|urls.txt".to_owned(), 32, "aria2c -x 4 -s 4 -j 8", None),
            (format!("aria2c|{URL}"), 1, "aria2c", Some(true)),
            ("aria2c|-x16|https://example.org/a".to_owned(), 16, "aria2c -x 16", Some(false)),
            ("aria2c|-x16|https://hf-mirror.com/a".to_owned(), 16, "aria2c -x 16", Some(true)),
            ("hf|download|a/b|--max-workers|32".to_owned(), 32, "hf download --max-workers 32", Some(true)),
            ("/venv/bin/python3|/venv/bin/hf|download|a/b".to_owned(), 8, "hf download", Some(true)),
            (format!("/bin/sh|/opt/aria2c|-x16|{URL}"), 16, "aria2c -x 16", Some(true)),
            ("python3|-u|/venv/bin/hf|download|a/b".to_owned(), 8, "hf download", Some(true)),
            (format!("/bin/sh|/opt/aria2c|-x16|{URL}"), 16, "aria2c -x 16", Some(true)),
            ("python3|-u|/venv/bin/hf|download|a/b".to_owned(), 8, "hf download", Some(true)),
            ("C:\\bin\\hf.exe|download|a/b|--max-workers=4".to_owned(), 4, "hf download --max-workers 4", Some(true)),
            (format!("curl|-Z|--parallel-max|40|{URL}|{URL}"), 2, "curl --parallel --parallel-max 40", Some(true)),
            (format!("wget|{URL}"), 1, "wget", Some(true)),
        ] {
            let download = of(&line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((download.connections, download.shown.as_str(), download.to_hub), (connections, shown, to_hub));
            assert!(!download.without_pause, "{line}");
        }
    }

    #[test]
    fn what_downloads_nothing() {
        for line in
            ["hf|auth|login", "python3|train.py", "bash|-c|make", "", "sh|-c", "vim|aria2c.txt", "python3|-c|hf"]
        {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn retries_without_a_pause() {
        for (line, without) in [
            ("wget|-t|0|--waitretry=0|--retry-on-http-error=429|https://huggingface.co/a", true),
            ("wget|-t|0|--waitretry=30|--retry-on-http-error=429,503|https://huggingface.co/a", false),
            ("wget|-t|0|--waitretry=0|https://huggingface.co/a", false),
            ("bash|-c|while true; do hf download a/b && break; done", true),
        ] {
            assert_eq!(of(line).map(|d| d.without_pause), Some(without), "{line}");
        }
        assert_eq!(of("bash|-c|until hf download a/b; do sleep 5; done"), None);
        assert_eq!(of("bash|-c|while read u; do wget $u; done"), None, "a list, each URL once");
    }

    #[test]
    fn a_token_on_the_command_line_stays_there() {
        let download =
            of("aria2c|-x16|--header=Authorization: Bearer hf_secretsecret|https://huggingface.co/a").unwrap();
        assert!(!format!("{download:?}").contains("secret"));
    }

    #[cfg(unix)]
    #[test]
    fn a_running_download_is_seen() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("aria2c");
        std::fs::write(&script, "#!/bin/sh\nread line\n").unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        // It waits for a line that never comes, and ends with this test.
        let mut child = std::process::Command::new("/bin/sh")
            .arg(&script)
            .args(["-x", "16", "--header=Authorization: Bearer hf_secret", "https://huggingface.co/a/b/resolve/main/c"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let downloads = look("https://huggingface.co");
        child.kill().unwrap();
        child.wait().unwrap();
        let downloads = downloads.expect("processes");
        let seen = downloads.running.iter().find(|d| d.pid == child.id()).expect("the download");
        assert_eq!((seen.shown.as_str(), seen.connections, seen.to_hub), ("aria2c -x 16", 16, Some(true)));
        assert!(downloads.running.iter().all(|d| d.pid != std::process::id()));
    }

    proptest::proptest! {
        #[test]
        fn any_command_line_is_read(line in proptest::collection::vec(".{0,40}", 0..12), first in 0_usize..7) {
            let mut arguments = line;
            arguments.insert(0, ["aria2c", "hf", "curl", "wget", "sh", "python3", "x"][first].to_owned());
            let _ = read(1, &arguments, None);
        }
    }
}
