//! How clients say that they try again, go on without, or came to a good end.

use super::facts::TokenUse;

/// Notes of clients that go on without what failed.
pub const SURVIVED: &[&str] = &[
    "Defaulting to existing file",
    "Returning existing local_dir",
    "Returning existing local snapshot",
    "Ignored error while",
    "Using the latest cached version of the",
    "Could not set the permissions on the file",
    "Continuing without setting permissions",
    "Error while fetching `HF_TOKEN` secret value from your vault",
    "does not exist in your Colab secrets",
];

/// Whether a note of a client that goes on tells of the cache's own folder: then nothing can be kept at all.
pub fn is_fatal_all_the_same(lower: &str) -> bool {
    let path = lower.split_once("permission denied: '").and_then(|(_, rest)| rest.split('\'').next());
    path.is_some_and(|path| path.ends_with("/hub"))
}

/// Notes of clients that go on without what failed on the line before.
pub const SURVIVED_BEFORE: &[&str] = &["no remote preset found, skipping", "Defaulting to unsafe serialization"];

/// Words of clients that try again.
pub const RETRYING: &[&str] = &[
    "thrown while requesting",
    "retrying",
    "[retry ",
    "trying to resume download",
    "rate limited. waiting",
    "retry in ",
    "will retry",
    "retry attempt",
    "error while downloading from",
    "try again in",
    "will delay",
    "ignoring the lookup",
];

/// Whether a client says that it tries for the last time.
pub fn is_last_retry(lower: &str) -> bool {
    lower.split_once("[retry ").is_some_and(|(_, rest)| {
        let count = rest.split(']').next().unwrap_or("");
        count.split_once('/').is_some_and(|(now, all)| now == all)
    })
}

/// Notes what a line in lower case says of the token.
pub fn token_use(lower: &str, token: &mut TokenUse) {
    token.sent |= [
        "authenticated: true",
        "✓ logged in",
        "logged in as",
        "login successful",
        "token is valid (permission",
        "authorization: bearer",
    ]
    .iter()
    .any(|w| lower.contains(w))
        || lower.starts_with("user:  ")
        || lower.starts_with("user: ")
        || lower.contains("login --token")
        || lower.contains("token: hf_*")
        || (lower.contains("hf_token=")
            && !lower.contains("unset")
            && !lower.contains("hf_token= ")
            && !lower.ends_with("hf_token="))
        || lower.contains("hf_token_path=")
        || lower.contains("from hf_token)")
        || lower.contains(":***@huggingface.co")
        || lower.contains(":***@hf.co")
        || (lower.contains("@huggingface.co/") && lower.contains("hf_"));
    token.anonymous |= [
        "authenticated: false",
        "unauthenticated requests",
        "unset hf_token",
        "not logged in",
        "hf_token not set",
        "hf_token is not set",
        "without a token",
        "no hf_token",
    ]
    .iter()
    .any(|w| lower.contains(w));
    token.shadowed |=
        ["current active token independently from", "will override the access token you've just switched to"]
            .iter()
            .any(|w| lower.contains(w));
}

/// Whether the words show that something is tried again without a pause.
pub fn shows_no_pause(lower: &str) -> bool {
    if lower.contains("--waitretry=0") || lower.contains("--retry-wait=0") || lower.contains("retry-delay 0") {
        return true;
    }
    let number_after = |word: &str| {
        lower.split_once(word).and_then(|(_, rest)| {
            let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().ok()
        })
    };
    number_after("restart counter is at").is_some_and(|n| n >= 20)
        || number_after("(try:").is_some_and(|n| n >= 10)
        || number_after("restartcount:").is_some_and(|n| n >= 20)
        || number_after("attempt ").is_some_and(|n| n >= 20)
        || lower.contains("retrying in 0s")
        || lower.contains("retrying in 0.0")
        || lower.contains("retrying immediately")
        || lower.contains("retry immediately")
        || lower.contains("without backoff")
        || lower.contains("no backoff")
        || lower.contains("sleep 0")
        || is_an_endless_loop(lower)
}

/// Whether a line is a shell's loop around a download that goes on at once after each failure.
fn is_an_endless_loop(lower: &str) -> bool {
    let programs = ["curl ", "wget ", "aria2c ", "hf download", "huggingface-cli download", "git clone"];
    let loops = ["while true", "while :", "while ! ", "until "];
    loops.iter().any(|l| lower.contains(l))
        && lower.contains("do ")
        && programs.iter().any(|p| lower.contains(p))
        && !lower.contains("sleep")
}

/// Whether a line shows that what was tried again came to a good end: the last state of curl's meter, with all of it
/// received, or a pull that ollama's own server has answered.
pub fn ends_a_retry(text: &str, lower: &str) -> bool {
    if lower.contains("\"/api/pull\"") {
        return lower.contains("| 200 |");
    }
    let mut columns = text.split_whitespace();
    let (whole, of, received, bytes) = (columns.next(), columns.next(), columns.next(), columns.next());
    whole == Some("100") && received == Some("100") && of == bytes && columns.count() == 8
}

/// Whether a line is a test's result that is no failure, or a header of an answer that says nothing of its outcome.
pub fn is_inert(lower: &str) -> bool {
    const HEADERS: &[&str] = &[
        "link: ",
        "access-control-",
        "content-security-policy",
        "vary: ",
        "report-to: ",
        "nel: ",
        "set-cookie: ",
        "permissions-policy: ",
        "strict-transport-security: ",
        "server-timing: ",
        "alt-svc: ",
    ];
    let header = lower.strip_prefix("< ").unwrap_or(lower);
    let tested = lower.contains("::") && [" passed", " skipped", " xfail"].iter().any(|end| lower.contains(end));
    // the uploads of a tracker
    let tracker = lower.starts_with("wandb: ");
    tested || tracker || HEADERS.iter().any(|name| header.starts_with(name))
}

/// Whether a count of failures is none: `3 ok, 0 failed`, and not `Shard 0 failed`.
fn counts_no_failure(lower: &str) -> bool {
    lower
        .find(" 0 failed")
        .is_some_and(|at| lower[..at].ends_with([',', ';', ':', '=', '|']) || lower[..at].ends_with("and"))
}

/// Whether a line is a row of aria2's closing table for a file that did not come, which the others' success does not mend.
pub fn counts_a_failure(lower: &str) -> bool {
    lower.get(6..).is_some_and(|rest| rest.starts_with("|err "))
        && lower.bytes().take(6).all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a line tells of a download or a run that came to a good end.
pub fn is_success(text: &str, lower: &str) -> bool {
    let ends_well = |word: &str| {
        lower.find(word).is_some_and(|at| {
            let after = lower[at + word.len()..].chars().next();
            after.is_none_or(|c| !c.is_ascii_digit() && c != '.')
        })
    };
    if lower.contains("incomplete total") || lower.contains("not complete") || lower.contains("(err)") {
        return false;
    }
    // the bars of all of a repository's files, and of loading what was downloaded
    if ["fetching ", "loading weights: ", "loading checkpoint shards: "]
        .iter()
        .any(|bar| lower.find(bar).is_some_and(|at| lower[at + bar.len()..].contains("100%|")))
    {
        return true;
    }
    if let Some(at) = lower.find("download complete") {
        let bar = &lower[at..];
        return bar.contains("100%") || !(bar.contains('%') || bar.contains("b/s"));
    }
    if [
        "✓ downloaded",
        "successfully downloaded",
        "download completed",
        "downloaded successfully",
        "all files downloaded",
        "artifacts downloaded",
        "nothing to do.",
        "server is listening on",
        "main: model loaded",
        "completed successfully",
        "status: 'ready'",
        "status: \"ready\"",
        "serving on http",
    ]
    .iter()
    .any(|w| lower.contains(w))
        || text.starts_with("Downloaded ")
        || lower.trim() == "success"
    {
        return true;
    }
    if [
        "exit status 0",
        "exit code 0",
        "exited with code 0",
        "exit code: 0",
        "status 0",
        "exit_code=0",
        "returncode=0",
        "rc=0",
    ]
    .iter()
    .any(|w| ends_well(w))
    {
        return lower.contains("exit")
            || lower.contains("ended")
            || lower.contains("finished")
            || lower.contains("done");
    }
    if [" passed in ", " deselected in ", " skipped in ", " warnings in "].iter().any(|words| lower.contains(words)) {
        return lower.contains(" passed") && !lower.contains(" failed");
    }
    if lower.contains(" 0 errors") || lower.contains("errors: 0") || counts_no_failure(lower) {
        return true;
    }
    if lower.contains("saved [") {
        return true;
    }
    // `hf download` ends with the path alone on a line
    let path = text.strip_prefix("path: ").unwrap_or(text);
    (path.starts_with('/') || path.get(1..3) == Some(":\\"))
        && !path.contains(' ')
        && path.contains("snapshots")
        && !path.contains("','")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_end_is_told_from_a_bar() {
        let good = [
            "Download complete: 100%|####| 2.4G/2.4G",
            "✓ Downloaded",
            "/root/.cache/huggingface/hub/models--a--b/snapshots/0a1b",
            "run 2 ended, status 0",
            "(OK):download completed.",
            "a: 1 fetched, 3 unchanged, 0 errors",
            "12 ok, 0 failed",
        ];
        let other = [
            "Download complete: : 0.00B [00:00, ?B/s]",
            "Downloading (incomplete total...): 0.00B",
            "model.bin: 100%|####| 1G/1G",
            "exited with code 1",
            "ERROR text_generation_launcher: Shard 0 failed to start",
            "exit status 01",
            "Download GID#5 not complete: x",
        ];
        for line in good {
            assert!(is_success(line, &line.to_ascii_lowercase()), "{line}");
        }
        for line in other {
            assert!(!is_success(line, &line.to_ascii_lowercase()), "{line}");
        }
    }

    #[test]
    fn the_last_retry_is_known() {
        assert!(is_last_retry("retrying in 8s [retry 5/5]."));
        assert!(!is_last_retry("retrying in 8s [retry 4/5]."));
    }

    #[test]
    fn retries_without_a_pause_are_seen() {
        assert!(shows_no_pause("wget --waitretry=0 -t 0"));
        assert!(shows_no_pause("scheduled restart job, restart counter is at 613."));
        assert!(!shows_no_pause("scheduled restart job, restart counter is at 2."));
        assert!(!shows_no_pause("retrying in 8s"));
    }
}
