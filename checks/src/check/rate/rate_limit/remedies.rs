//! What mends a limit, the best first, in the words of the client that is installed.

#![allow(clippy::similar_names, reason = "case and cause are the words of this program")]

use std::time::{Duration, SystemTime};

use super::live::{clock, span};
use super::workers::{fewer_connections, fewer_workers};
use crate::case::Case;
use hfdoctor_core::diagnosis::forecast::grouped;
use hfdoctor_core::diagnosis::tiers;
use hfdoctor_core::diagnosis::{Action, Cause, Fix, Risk};
use hfdoctor_core::target::RepoType;

/// When a limit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// The server said so.
    At(SystemTime),
    /// A guess: nobody said it.
    About(SystemTime),
    /// The window has been renewed since.
    Over,
}

/// How long an edge or an address stays throttled is not published. More than seven minutes have been seen; the advice in
/// circulation is half an hour to an hour.
const UNPUBLISHED: Duration = Duration::from_mins(30);

/// The guess for a cause whose end nobody named.
pub(crate) fn guess(cause: Cause, now: SystemTime) -> Ends {
    Ends::About(now.checked_add(usual_wait(cause)).unwrap_or(now))
}

/// How long a cause lasts where nobody says it.
pub(crate) fn usual_wait(cause: Cause) -> Duration {
    match cause {
        Cause::RateLimitIp | Cause::RateLimitCdn => UNPUBLISHED,
        // Fixed windows of five minutes: the Hub's, and, by its author's word, hf-mirror.com's.
        _ => tiers::WINDOW,
    }
}

/// The remedies of a cause, in order.
pub(crate) fn remedies(case: &Case, cause: Cause, ends: Ends) -> Vec<Fix> {
    let mut fixes = Vec::new();
    match cause {
        Cause::RateLimitAnonymous => {
            fixes.push(token(case));
            fixes.extend([
                wait(case, cause, ends),
                fewer_workers(case),
                backoff(case),
                other_network(),
                shared_cache(),
            ]);
        }
        Cause::RateLimitAccount => {
            fixes.extend([wait(case, cause, ends), fewer_workers(case), backoff(case), shared_cache(), plan()]);
        }
        Cause::RateLimitIp => {
            fixes.push(token(case));
            fixes.extend([wait(case, cause, ends), fewer_workers(case), other_network(), mirror(case), shared_cache()]);
        }
        Cause::RateLimitCdn => {
            fixes.extend([
                wait(case, cause, ends),
                fewer_connections(case),
                other_network(),
                mirror(case),
                shared_cache(),
            ]);
        }
        Cause::RateLimitMirror => fixes.extend([wait(case, cause, ends), leave_mirror(), fewer_workers(case)]),
        Cause::TooParallel => {
            fixes.extend([fewer_workers(case), fewer_connections(case), wait(case, cause, ends)]);
            fixes.push(token(case));
        }
        Cause::RetryStorm => {
            fixes.extend([backoff(case), wait(case, cause, ends)]);
            fixes.push(token(case));
        }
        _ => {}
    }
    fixes
}

/// Waiting, which the program can do by itself.
fn wait(case: &Case, cause: Cause, ends: Ends) -> Fix {
    let (time, certain) = match ends {
        Ends::At(time) => (time, true),
        Ends::About(time) => (time, false),
        Ends::Over => {
            return with(Fix::manual("retry", "try again: the window has been renewed since"), download(case, &[]));
        }
    };
    let left = time.duration_since(case.now).unwrap_or_default();
    let until = format!("{}, {} from now", clock(time, case.now), span(left));
    let target = case.target.as_ref().filter(|t| is_plain(&t.repo_id)).map(|target| {
        let revision = target.revision.as_ref().filter(|r| is_plain(r)).map(|r| format!("@{r}")).unwrap_or_default();
        format!(" {}{}{revision}", target.repo_type.prefix(), target.repo_id)
    });
    let command = format!("hfdoctor --wait{}", target.unwrap_or_default());
    let actions = vec![Action::WaitUntil { time }];
    if certain {
        return Fix::automatic("wait", Risk::Safe, format!("wait until the limit ends ({until})"), actions)
            .command(command);
    }
    let why = match cause {
        Cause::RateLimitIp | Cause::RateLimitCdn => {
            "an estimate: how long such a block lasts is not published, more than seven minutes have been seen"
        }
        Cause::RateLimitMirror => "an estimate: mirrors count in windows of about five minutes",
        _ => "an estimate: the Hub counts in fixed windows of five minutes, so it takes no longer",
    };
    Fix::automatic("wait", Risk::Ask, format!("wait (about until {until})"), actions).command(command).note(why)
}

/// A token, where none is sent.
fn token(case: &Case) -> Fix {
    if let Some(active) = case.tokens.active(&case.settings) {
        return Fix::manual(
            "token-pass",
            format!("pass the token on: {} holds one, but the request counted as one without", active.place),
        )
        .note(
            "huggingface_hub sends it by itself; curl needs `-H \"Authorization: Bearer $HF_TOKEN\"`, wget and aria2 \
             `--header=`, and containers and batch jobs need `HF_TOKEN` set inside",
        );
    }
    if case.tokens.first().is_some() {
        return crate::check::auth::token::remedies::send_saved(case);
    }
    let path = case.settings.token_path.clone();
    Fix::automatic("token-store", Risk::Ask, "log in with a token", vec![Action::StoreToken { path }])
            .command(case.clients.login_command())
            .note(format!(
                "a read token of https://huggingface.co/settings/tokens is enough: a free account has {} requests for files \
                 in five minutes of its own, where an address has {} (published {})",
                grouped(tiers::FREE.resolvers),
                grouped(tiers::ANONYMOUS.resolvers),
                tiers::AS_OF
            ))
}

/// Waiting between attempts.
fn backoff(case: &Case) -> Fix {
    let title = "wait between attempts: as long as `Retry-After` or the `t` of `RateLimit` says, else 1, 2, 4 … 60 s with \
                 some chance in it";
    let fix = Fix::manual("backoff", title);
    match case.clients.hub {
        Some(version) if version >= (1, 22, 0) => fix.note(format!(
            "huggingface_hub {} waits by itself for the `t` of `RateLimit` and for `Retry-After`, five times over: no \
             retry loop of one's own around it",
            words(version)
        )),
        Some(version) if version >= (1, 2, 0) => fix.note(format!(
            "huggingface_hub {} waits by itself for the `t` of `RateLimit`, five times over, and for `Retry-After` from 1.22 \
             on: no retry loop of one's own around it",
            words(version)
        )),
        Some(version) => fix.command(case.clients.upgrade_command()).note(format!(
            "huggingface_hub {} does not read when the window ends; 1.2 and later wait by themselves (transformers 4 needs a \
             version below 1.0)",
            words(version)
        )),
        None => fix.note(
            "huggingface_hub 1.2 and later wait by themselves for the `t` of `RateLimit`, 1.22 and later for `Retry-After` \
             too: no retry loop of one's own around it",
        ),
    }
}

fn other_network() -> Fix {
    Fix::manual("other-network", "use another network: a phone's hotspot, another exit of the VPN, no VPN").note(
        "everybody behind the same address shares the limit of requests without a token; requests with a token count by \
         account at the Hub, not at an edge",
    )
}

/// The mirror, with all that speaks against it.
fn mirror(case: &Case) -> Fix {
    let command =
        download(case, &[]).map(|command| format!("HF_ENDPOINT=https://hf-mirror.com HF_HUB_DISABLE_XET=1 {command}"));
    with(Fix::manual("mirror", "in mainland China: a mirror"), command)
        .note(
            "elsewhere it sends back to huggingface.co; it has a limit of its own, hands large files over to the Hub's own CDN, \
             and a token sent to it goes to a stranger",
        )
}

fn leave_mirror() -> Fix {
    let name = "HF_ENDPOINT";
    let action = Action::UnsetVariable { name: name.to_owned() };
    Fix::automatic("endpoint-unset", Risk::Ask, "use the Hub itself, where it can be reached", vec![action])
        .command(crate::check::network::reach::unset_line(name))
}

/// One cache for many machines.
fn shared_cache() -> Fix {
    Fix::manual("shared-cache", "download once for all: one cache for the team or the nodes of a cluster")
        .note(
            "let `HF_HUB_CACHE` name a folder that all of them see. File locks do not always work on NFS, Lustre and GPFS: let one process download, and the others run with \
             `HF_HUB_OFFLINE=1`. `HF_HOME` moves the saved token too",
        )
}

fn plan() -> Fix {
    let tiers: Vec<String> =
        tiers::TIERS[1..5].iter().map(|t| format!("{} {}", t.plan, grouped(t.resolvers))).collect();
    // Left to the person: nothing is asked again and again, while requests are limited, whether it is done.
    Fix::manual("plan", "a larger plan").command("https://huggingface.co/pricing").note(format!(
        "requests for files in five minutes, published {}: {}. The gauges of this account: \
         https://huggingface.co/settings/billing",
        tiers::AS_OF,
        tiers.join(", ")
    ))
}

/// The download command of the installed client, where it is known what to download.
pub(super) fn download(case: &Case, options: &[&str]) -> Option<String> {
    let target = case.target.as_ref().filter(|t| is_plain(&t.repo_id))?;
    let mut command = format!("{} {}", case.clients.download_command(), target.repo_id);
    if target.repo_type != RepoType::Model {
        command.push_str(" --repo-type ");
        command.push_str(target.repo_type.word());
    }
    for option in options {
        command.push(' ');
        command.push_str(option);
    }
    Some(command)
}

/// Adds a command, where there is one.
pub(super) fn with(fix: Fix, command: Option<String>) -> Fix {
    match command {
        Some(command) => fix.command(command),
        None => fix,
    }
}

fn words((major, minor, patch): (u64, u64, u64)) -> String {
    format!("{major}.{minor}.{patch}")
}

/// Whether a text can stand in a command as it is.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
}
