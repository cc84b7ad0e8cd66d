//! Fewer requests and fewer connections at once, by the options of the program that downloads.

use super::remedies::{download, is_plain, with};
use crate::case::{Case, clients};
use hfdoctor_core::diagnosis::Fix;
use hfdoctor_core::target::RepoType;

/// The program that downloads, as the log's command tells it; the Hub's own client where it tells none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Client,
    Aria2,
    Curl,
    Git,
}

fn tool(case: &Case) -> Tool {
    let command = case.log.as_ref().and_then(|log| log.facts().command.as_ref());
    let program = command.and_then(|command| {
        let words = command.value.split_whitespace();
        // Assignments and `sudo` stand before the program.
        words.into_iter().find(|word| !word.contains('=') && *word != "sudo" && *word != "env")
    });
    match program.and_then(|path| path.rsplit(['/', '\\']).next()) {
        Some("aria2c" | "aria2c.exe") => Tool::Aria2,
        Some("curl" | "curl.exe") => Tool::Curl,
        Some("git" | "git.exe") => Tool::Git,
        _ => Tool::Client,
    }
}

/// Fewer requests to the Hub at once.
pub(super) fn fewer_workers(case: &Case) -> Fix {
    let fix = Fix::manual("fewer-workers", "download fewer files at once");
    match tool(case) {
        Tool::Aria2 => {
            return fix.note(
                "give aria2c the options `-x 4 -s 4 -j 1`: each file costs the Hub one request; the pieces that `-x` and `-s` make go to the host that serves the bytes",
            );
        }
        Tool::Curl => return fix.note("give curl the option `--parallel-max 2`"),
        Tool::Git => return fix.command("git -c lfs.concurrenttransfers=2 lfs pull"),
        Tool::Client => {}
    }
    // `--max-workers` came with 0.25; the function has always had it.
    if case.clients.hub_is(|v| v < (0, 25, 0)) {
        let Some(target) = case.target.as_ref().filter(|t| is_plain(&t.repo_id)) else {
            return fix.note("in Python it is `snapshot_download(..., max_workers=2)`");
        };
        let id = &target.repo_id;
        let kind = match target.repo_type {
            RepoType::Model => String::new(),
            other => format!(", repo_type=\"{}\"", other.word()),
        };
        return fix.command(format!(
            "python3 -c 'from huggingface_hub import snapshot_download; snapshot_download(\"{id}\"{kind}, max_workers=2)'"
        ));
    }
    with(fix, download(case, &["--max-workers 2"])).note(
        "the client's own default is 8 workers; in Python it is `snapshot_download(..., max_workers=2)`. More processes \
         multiply it",
    )
}

/// Fewer connections to the hosts that serve the bytes.
pub(super) fn fewer_connections(case: &Case) -> Fix {
    let fix = Fix::manual("fewer-connections", "open fewer connections");
    let by_client = |fix: Fix| {
        let max_workers: &[&str] = if case.clients.hub_is(|v| v < (0, 25, 0)) { &[] } else { &["--max-workers 2"] };
        match xet_variable(case) {
            Some(name) => with(fix, download(case, max_workers).map(|command| format!("{name}=4 {command}"))),
            None if max_workers.is_empty() => fix,
            None => with(fix, download(case, max_workers)),
        }
    };
    if tool(case) == Tool::Aria2 {
        return fix.note("give aria2c the options `-x 4 -s 4 -j 1`: four to eight connections are the usual advice");
    }
    by_client(fix)
        .note("four to eight connections are the usual advice; no figure is published. With aria2c `-x 4 -s 4 -j 1`")
}

/// The variable by which the installed hf_xet opens fewer connections; none where it is not used.
///
/// Seen in the released libraries: up to 1.2 they read the first name, from 1.3 on the second and no longer the first.
pub(crate) fn xet_variable(case: &Case) -> Option<&'static str> {
    const OLD: &str = "HF_XET_NUM_CONCURRENT_RANGE_GETS";
    const NEW: &str = "HF_XET_FIXED_DOWNLOAD_CONCURRENCY";
    if case.settings.xet_disabled {
        return None;
    }
    match case.clients.package("hf_xet") {
        Some(version) => Some(if clients::numbers(version).is_some_and(|v| v < (1, 3, 0)) { OLD } else { NEW }),
        // No client is known here: today's. A known one without it uses plain HTTPS.
        None => case.clients.hub.is_none().then_some(NEW),
    }
}
