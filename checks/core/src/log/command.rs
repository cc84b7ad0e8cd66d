//! Command lines, variables and parallelism that a log shows.

use std::sync::LazyLock;

use regex::Regex;

use super::extract;
use crate::target::{From, RepoType, Target};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

static PROMPT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:\([A-Za-z0-9_. -]{1,40}\) ?)?(?:\++ |PS [^>]{0,200}> ?|[A-Za-z]:[\\/][^>]{0,200}> ?|>>> |Run |(?:\[[^\]]{1,80}\]|[A-Za-z0-9_.@:~/ -]{0,80}) ?[$#%❯»] )(.+)$",
    )
});

/// The command on a line: what stands after a prompt, or a downloading program's call that stands bare.
pub fn command(line: &str) -> Option<&str> {
    let line = line.trim();
    let rest = match PROMPT.captures(line) {
        Some(found) => {
            let rest = found.get(1)?;
            // A share of something, or the head of curl's meter, is no prompt of a C shell or zsh.
            let front = line[..rest.start()].trim_end();
            if front.strip_suffix('%').is_some_and(|front| front.ends_with(|c: char| c.is_ascii_digit()))
                || rest.as_str().contains("% Received")
            {
                return None;
            }
            rest.as_str().trim()
        }
        None if BARE.iter().any(|program| line.starts_with(program)) => line,
        None => return None,
    };
    let looks_like_one =
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '.' | '/' | '~' | '$' | '!'));
    looks_like_one.then_some(rest)
}

const BARE: &[&str] = &[
    "huggingface-cli ",
    "hf download ",
    "hf auth ",
    "aria2c ",
    "wget http",
    "wget -",
    "curl -",
    "git clone ",
    "ollama pull",
    "ollama run",
    "vllm serve ",
];

/// Programs whose call only looks at something: the failure that is asked about stands before it.
const LOOKING: &[&str] = &[
    "ls",
    "dir",
    "df",
    "du",
    "cat",
    "head",
    "tail",
    "env",
    "echo",
    "export",
    "set",
    "unset",
    "nslookup",
    "dig",
    "ping",
    "host",
    "getent",
    "ip",
    "ifconfig",
    "quota",
    "date",
    "which",
    "where",
    "type",
    "pip",
    "pip3",
    "systemctl",
    "journalctl",
    "sha256sum",
    "md5sum",
    "ss",
    "netstat",
    "printenv",
    "grep",
    "tree",
    "stat",
    "file",
    "find",
    "mount",
    "lsof",
    "fuser",
    "free",
    "nvidia-smi",
    "conda",
    "source",
    "cd",
    "pwd",
    "mkdir",
    "rm",
    "traceroute",
    "mtr",
    "openssl",
    "timedatectl",
    "chronyc",
    "id",
    "whoami",
    "uname",
    "wc",
    "xxd",
    "hexdump",
    "od",
    "vim",
    "nano",
    "less",
    "kill",
    "ps",
    "top",
    "history",
    "exit",
    "sudo",
    "chmod",
    "chown",
    "telnet",
    "nc",
    "apt",
    "apt-get",
    "yum",
    "#",
];

/// Whether a command begins a run of its own, as a download or a program does; one that only looks does not.
pub fn begins_a_run(command: &str) -> bool {
    let mut words = command.split_whitespace().skip_while(|word| word.contains('=') && !word.starts_with('-'));
    let Some(program) = words.next() else { return false };
    let program = program.rsplit(['/', '\\']).next().unwrap_or(program).trim_end_matches(".exe");
    let second = words.next().unwrap_or("");
    if LOOKING.contains(&program) || program.contains('=') {
        return false;
    }
    match program {
        "hf" | "huggingface-cli" => {
            !matches!(second, "auth" | "env" | "whoami" | "login" | "version" | "cache" | "scan-cache" | "--version")
        }
        "kubectl" => !matches!(second, "get" | "describe" | "logs" | "-n" | "top"),
        "docker" | "podman" => !matches!(second, "ps" | "logs" | "inspect" | "images" | "info" | "version"),
        "git" => !matches!(second, "status" | "log" | "config" | "remote" | "--version"),
        "curl" => !is_a_look(command),
        "python" | "python3" | "py" => !matches!(second, "--version" | "-V"),
        _ => true,
    }
}

/// Whether a call of curl only asks for headers.
fn is_a_look(command: &str) -> bool {
    command.contains("/dev/null")
        || command.contains("--head")
        || command.split_whitespace().any(|word| {
            word.starts_with('-')
                && !word.starts_with("--")
                && word.chars().skip(1).all(|c| c.is_ascii_alphabetic())
                && word.contains('I')
        })
}

static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:^|[ "'`:;(-])(?:\$env:|export |set |ENV |-e |--env[ =])?((?:HF|HUGGINGFACE|HUGGING_FACE|TRANSFORMERS|REQUESTS|CURL|SSL)_[A-Z_]{2,40}|(?:https?|all|no|HTTPS?|ALL|NO)_(?:proxy|PROXY)|ENDPOINT) ?[=:] ?["']?([^ "'`;,)\\]{1,200})"#,
    )
});

/// Variables of the Hub's clients, of proxies and of certificates that a line sets or shows, with their values.
pub fn variables(text: &str) -> Vec<(String, String)> {
    VARIABLE
        .captures_iter(text)
        .take(8)
        .filter_map(|found| Some((found.get(1)?.as_str(), found.get(2)?.as_str().to_owned())))
        // `hf env` calls it so.
        .map(|(name, value)| (if name == "ENDPOINT" { "HF_ENDPOINT" } else { name }.to_owned(), value))
        .collect()
}

static PARALLEL: LazyLock<Regex> = LazyLock::new(|| {
    let before = "max[-_]workers|num[-_]proc|num[-_]workers|workers|threads|n_jobs|concurrency|concurrent|parallel|max[-_]concurrent[-_]downloads|processes|max[-_]connections|--max-connection-per-server|--split|pool[-_]size";
    let after =
        "(?:parallel |concurrent |download )?(?:workers|threads|processes|connections|downloads|jobs|instances)";
    regex(&format!(
        r"(?:--?)?(?:{before})(?:=| |: |\()(?:[a-z_]+=)?([0-9]{{1,4}})(?-u:\b)|(?-u:\b)([0-9]{{1,4}}) {after}(?-u:\b)|worker +[0-9]+/([0-9]{{1,4}})(?-u:\b)|threadpool(?:executor)?\((?:max_workers=)?([0-9]{{1,4}})|(?:xargs|parallel) [^|]*-[pj] ?([0-9]{{1,4}})(?-u:\b)|os\.cpu_count\(\) = ([0-9]{{1,4}})|cn:([0-9]{{1,3}})(?-u:\b)"
    ))
});

static CONNECTIONS: LazyLock<Regex> = LazyLock::new(|| regex(r" -[xsj] ?([0-9]{1,3})(?-u:\b)"));

/// How many transfers at once a line in lower case asks for or shows; the largest number of the line.
pub fn parallelism(lower: &str) -> Option<u32> {
    let largest = |pattern: &Regex| {
        let numbers = pattern.captures_iter(lower).take(8);
        numbers.filter_map(|found| found.iter().skip(1).flatten().next().and_then(|m| m.as_str().parse().ok())).max()
    };
    let of_aria2 = if lower.contains("aria2") { largest(&CONNECTIONS) } else { None };
    largest(&PARALLEL).max(of_aria2)
}

/// The repository that a command asks for.
pub fn target_of_command(command: &str) -> Option<Target> {
    let words: Vec<&str> = command.split_whitespace().map(|w| w.trim_matches(['"', '\''])).collect();
    let after = |names: &[&str]| words.iter().position(|w| names.contains(w)).and_then(|at| words.get(at + 1).copied());
    if let Some(url) = words.iter().find(|w| w.starts_with("http")) {
        return extract::addresses(url).iter().find_map(|a| extract::target_of(&a.path));
    }
    let is_client = words.iter().any(|w| w.ends_with("hf") || w.ends_with("huggingface-cli") || w.ends_with("hf.exe"));
    let id = if is_client { after(&["download"]) } else { None }
        .or_else(|| {
            after(&[
                "--model",
                "-hf",
                "--hf-repo",
                "--model-id",
                "serve",
                "--repo",
                "--repo-id",
                "--repo_id",
                "--model_name_or_path",
            ])
        })
        .or_else(|| {
            words
                .iter()
                .find_map(|w| w.strip_prefix("hf.co/").or_else(|| w.strip_prefix("huggingface.co/")))
                .filter(|_| command.contains("ollama"))
        })?;
    let id = id.split([':', '@']).next().unwrap_or(id);
    let is_id = id.matches('/').count() <= 1
        && !id.starts_with(['-', '.', '/', '~'])
        && !id.is_empty()
        && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if !is_id {
        return None;
    }
    let repo_type = match after(&["--repo-type"]) {
        Some("dataset") => RepoType::Dataset,
        Some("space") => RepoType::Space,
        _ => RepoType::Model,
    };
    let file = if is_client {
        after(&["download"]).and_then(|_| {
            let at = words.iter().position(|w| *w == "download")?;
            words.get(at + 2).filter(|w| !w.starts_with('-')).map(|w| (*w).to_owned())
        })
    } else {
        None
    };
    Some(Target { revision: after(&["--revision"]).map(str::to_owned), file, ..Target::new(repo_type, id, From::Log) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_after_prompts() {
        let table = [
            ("$ hf download a/b", Some("hf download a/b")),
            ("ada@host:~/x$ wget -c https://x", Some("wget -c https://x")),
            ("(llm) D:\\x>python get.py", Some("python get.py")),
            ("PS C:\\x> git clone https://x", Some("git clone https://x")),
            ("+ python get.py", Some("python get.py")),
            ("[ada@host x]$ df -h", Some("df -h")),
            ("~/x ❯ hf auth whoami", Some("hf auth whoami")),
            ("aria2c -x 16 https://x", Some("aria2c -x 16 https://x")),
            ("% ./get a/b", Some("./get a/b")),
            ("model.bin:  45%|####| 1M/2M", None),
            ("Downloading 45% of model.bin", None),
            ("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current", None),
            ("Traceback (most recent call last):", None),
        ];
        for (line, expected) in table {
            assert_eq!(command(line), expected, "{line}");
        }
        assert!(begins_a_run("HF_TOKEN=x python3 get.py"));
        assert!(begins_a_run("hf download a/b"));
        assert!(!begins_a_run("hf auth whoami"));
        assert!(!begins_a_run("df -h /data"));
        assert!(!begins_a_run("curl -sI https://huggingface.co"));
    }

    #[test]
    fn variables_are_seen_however_they_are_set() {
        let set = |line: &str| variables(line).into_iter().next();
        assert_eq!(
            set("$ export HF_ENDPOINT=https://m.example"),
            Some(("HF_ENDPOINT".into(), "https://m.example".into()))
        );
        assert_eq!(set("$env:HF_HUB_OFFLINE = \"1\""), Some(("HF_HUB_OFFLINE".into(), "1".into())));
        assert_eq!(set("https_proxy=http://p:1 curl x"), Some(("https_proxy".into(), "http://p:1".into())));
        assert_eq!(set("- HF_HUB_OFFLINE: False"), Some(("HF_HUB_OFFLINE".into(), "False".into())));
        assert_eq!(set("no variable"), None);
    }

    #[test]
    fn parallelism_is_read() {
        let table = [
            ("aria2c -x16 -s16 -j8 -i l.txt", Some(16)),
            ("hf download a/b --max-workers 32", Some(32)),
            ("snapshot_download(repo, max_workers=64)", Some(64)),
            ("with threadpoolexecutor(max_workers=40) as p", Some(40)),
            ("cat l | xargs -n1 -p 24 wget -q", Some(24)),
            ("[worker 17/128] hello", Some(128)),
            ("caching latents: 12 workers", Some(12)),
            ("step 128 of 4000", None),
        ];
        for (line, expected) in table {
            assert_eq!(parallelism(line), expected, "{line}");
        }
    }
}
