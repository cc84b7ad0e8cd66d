//! curl, wget, aria2 and PowerShell's own commands: they read no settings of the Hub, the token is a header.
//! Source: curl 7.88, wget 1.21, aria2 1.36, tried against a server on loopback (2026-12).

use super::words::TOKENS;
use super::{Failure, machine};
use crate::diagnosis::{Cause, Fix};
use crate::who::Family;

/// The remedies of a cause; none where nothing is special to these programs.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Option<Vec<Fix>> {
    Some(match cause {
        Cause::GatedNoToken => vec![f.conditions(), token(f).step()],
        Cause::TokenMissing | Cause::TokenInvalid | Cause::TokenMalformed | Cause::TokenShadowed => vec![token(f)],
        Cause::RepoNotFound | Cause::FileNotFound | Cause::RevisionNotFound => {
            let fix = Fix::manual(
                "file-name",
                "take the file's exact name from the repository's list: upper and lower case differ",
            );
            let fix = match f.files() {
                Some(files) => fix.command(files),
                None => fix,
            };
            vec![fix.note("a private repository needs the token's header as well")]
        }
        Cause::RepoIdInvalid | Cause::LfsPointer => vec![page(f)],
        Cause::RateLimitAnonymous => vec![token(f), Fix::manual("wait", "wait five minutes, then continue")],
        Cause::RateLimitAccount
        | Cause::RateLimitIp
        | Cause::RateLimitCdn
        | Cause::RateLimitMirror
        | Cause::TooParallel => {
            vec![fewer(f), Fix::manual("wait", "wait five minutes, then continue")]
        }
        Cause::RetryStorm => vec![match f.who.family {
            Family::Curl => with_url(
                f,
                Fix::manual("backoff", "let curl wait between its tries"),
                &["curl", "-fL", "-C", "-", "-O", "--retry", "8"],
            ),
            Family::Wget => with_url(
                f,
                Fix::manual("backoff", "let wget wait between its tries"),
                &["wget", "-c", "--waitretry=60"],
            ),
            Family::Aria2 => with_url(
                f,
                Fix::manual("backoff", "let aria2 wait between its tries"),
                &["aria2c", "-c", "--retry-wait=60"],
            ),
            _ => Fix::manual("backoff", "wait between the tries, twice as long each time"),
        }],
        Cause::ProxyMisconfigured if f.said.contains("socks") && f.who.family != Family::Curl => vec![Fix::manual(
            "proxy-socks",
            format!("{} speaks to no SOCKS proxy: give it an HTTP proxy, or use curl", f.who.family.name()),
        )],
        Cause::TlsUntrustedCa => vec![
            machine::install_authority(f),
            Fix::manual(
                "ca-option",
                match f.who.family {
                    Family::Curl => "or name a file of certificates with `--cacert`; never `-k`",
                    Family::Wget => {
                        "or name a file of certificates with `--ca-certificate`; never `--no-check-certificate`"
                    }
                    Family::Aria2 => {
                        "or name a file of certificates with `--ca-certificate`; never `--check-certificate=false`"
                    }
                    _ => "PowerShell trusts what Windows trusts; never `-SkipCertificateCheck`",
                },
            ),
        ],
        Cause::PartialCache | Cause::SlowConnection => vec![resume(f)],
        Cause::CorruptFile | Cause::CaptivePortal if is_page(f) => vec![page(f)],
        Cause::CorruptFile => vec![
            Fix::manual(
                "file-again",
                "delete the file, and download it without continuing: what continues would keep the wrong bytes",
            )
            .note("a file of a few hundred bytes holds an error page: look into it first"),
        ],
        Cause::MirrorFailure | Cause::EndpointMisconfigured => {
            vec![Fix::manual("mirror-other", "put huggingface.co into the address in place of the mirror")]
        }
        Cause::DiskFull | Cause::DiskQuota | Cause::CachePermission | Cause::ReadOnlyCache => vec![Fix::manual(
            "disk-move",
            match f.who.family {
                Family::Curl => "write to a folder with room that you may write: `--output-dir`",
                Family::Wget => "write to a folder with room that you may write: `-P`",
                Family::Aria2 => "write to a folder with room that you may write: `-d`",
                _ => "write to a folder with room that you may write: `-OutFile`",
            },
        )],
        Cause::DnsFailure if f.who.family == Family::Aria2 => {
            let mut fixes = vec![
                Fix::manual("dns-aria2", "let aria2 ask the system's resolver")
                    .note("the option is `--async-dns=false`: aria2 has a resolver of its own"),
            ];
            fixes.extend(machine::remedies(cause, f));
            fixes
        }
        Cause::ClientOutdated => {
            vec![Fix::manual("client-upgrade", "update the program: this version lacks what the server needs")]
        }
        _ => return None,
    })
}

/// The header that carries the token.
fn token(f: &Failure) -> Fix {
    let variable = f.shell().value("HF_TOKEN");
    let header = format!("\"Authorization: Bearer {variable}\"");
    let url = f.file_url().map(|url| f.shell().word(&url));
    let fix = Fix::manual("token-header", "send a token as a header").command(f.shell().ask("HF_TOKEN"));
    let note = format!("a read token of {TOKENS}; these programs do not read it by themselves");
    match (url, f.who.family) {
        (Some(url), Family::Curl) => fix.command(format!("{} -fL -O -H {header} {url}", f.curl())),
        (Some(url), Family::Wget) => fix.command(format!("wget --header={header} {url}")),
        (Some(url), Family::Aria2) => fix.command(format!("aria2c --header={header} {url}")),
        (Some(url), _) => {
            let name = url.rsplit('/').next().unwrap_or("file").trim_matches('\'').to_owned();
            fix.command(format!(
                "Invoke-WebRequest -Uri {url} -OutFile {} -Headers @{{ Authorization = \"Bearer {variable}\" }}",
                f.shell().word(&name)
            ))
        }
        (None, Family::PowerShell) => {
            return fix.note(format!("then `-Headers @{{ Authorization = \"Bearer {variable}\" }}`. {note}"));
        }
        (None, Family::Curl) => return fix.note(format!("then `-H {header}`. {note}")),
        (None, _) => return fix.note(format!("then `--header={header}`. {note}")),
    }
    .note(note)
}

fn with_url(f: &Failure, fix: Fix, words: &[&str]) -> Fix {
    let Some(url) = f.file_url() else { return fix };
    let command = f.shell().command(words.iter().copied().chain([url.as_str()]));
    fix.command(command)
}

/// The same download once more, from where it stopped.
fn resume(f: &Failure) -> Fix {
    let title = "continue from where it stopped: the same command, with the option that continues";
    match f.who.family {
        Family::Curl => with_url(
            f,
            Fix::manual("continue", title),
            &[f.curl(), "-fL", "-C", "-", "-O", "--retry", "10", "--retry-all-errors"],
        )
        .note("the option is `-C -`"),
        Family::Wget => {
            with_url(f, Fix::manual("continue", title), &["wget", "-c", "--tries=0"]).note("the option is `-c`")
        }
        Family::Aria2 => with_url(f, Fix::manual("continue", title), &["aria2c", "-c", "-x", "4"])
            .note("keep the file that ends in .aria2: it says what is missing"),
        _ => Fix::manual(
            "continue",
            "continue with curl, which Windows brings along: `curl.exe -fL -C - -O` and the address",
        ),
    }
}

fn fewer(f: &Failure) -> Fix {
    match f.who.family {
        Family::Aria2 => with_url(
            f,
            Fix::manual("fewer-connections", "open one connection at a time"),
            &["aria2c", "-c", "-x", "1", "-s", "1", "-j", "1"],
        ),
        _ => Fix::manual("fewer-connections", "download one file at a time"),
    }
}

fn is_page(f: &Failure) -> bool {
    f.said.contains("/blob/")
        || f.said.contains("<!doctype")
        || f.said.contains("text/html")
        || f.said.contains("<html")
}

/// The page of a file is not the file.
fn page(f: &Failure) -> Fix {
    let fix = Fix::manual(
        "resolve",
        "take the address with `/resolve/` in it: `/blob/` is the page about the file, `/raw/` its pointer",
    );
    match f.file_url() {
        Some(url) => fix.command(url),
        None => fix,
    }
}
