//! Rust programs on hf-hub: text-embeddings-inference, candle, mistral.rs and others.
//! Source: hf-hub 0.3 to 1.0 (2026-08): up to 0.5 only the token file is read, from 1.0 on HF_TOKEN as well.

use super::words::TOKENS;
use super::{Failure, machine};
use crate::diagnosis::{Cause, Fix};

/// The remedies of a cause; none where nothing is special to hf-hub.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Option<Vec<Fix>> {
    Some(match cause {
        Cause::GatedNoToken => vec![f.conditions(), token(f).step()],
        Cause::TokenMissing | Cause::TokenInvalid | Cause::TokenMalformed | Cause::TokenShadowed => vec![token(f)],
        Cause::RepoNotFound => {
            vec![
                f.repository_page("repo-name", "compare the name with the repository's page, letter by letter"),
                token(f),
            ]
        }
        Cause::RateLimitAnonymous => vec![token(f), Fix::manual("wait", "wait five minutes, then start again")],
        Cause::RateLimitAccount | Cause::RateLimitIp | Cause::RateLimitCdn | Cause::RateLimitMirror => {
            vec![
                Fix::manual("wait", "wait five minutes, then start again"),
                Fix::manual("fewer-workers", "start fewer replicas at once"),
            ]
        }
        Cause::TlsUntrustedCa => vec![
            machine::install_authority(f),
            Fix::manual(
                "tls-roots",
                "if the program is built with webpki roots it reads no system store: rebuild hf-hub with `native-tls` or `rustls-native-certs`",
            ),
        ],
        Cause::MirrorFailure | Cause::EndpointMisconfigured if f.who.variable("HF_ENDPOINT").is_some() => {
            vec![f.unset("endpoint-unset", &["HF_ENDPOINT"], "ask the Hub itself")]
        }
        Cause::ClientOutdated | Cause::EndpointMisconfigured | Cause::XetClient | Cause::HfTransferProblem => vec![
            Fix::manual(
                "client-upgrade",
                "update the hf-hub crate: versions before 0.4.2 do not follow the Hub's relative redirects",
            )
            .command("cargo update -p hf-hub")
            .note("`hf-hub = \"0.4\"` or newer in Cargo.toml; of a program that others built, take a newer release"),
        ],
        Cause::PartialCache | Cause::CorruptFile | Cause::SlowConnection => vec![
            Fix::manual(
                "file-again",
                "delete the unfinished file (its name ends in .part or .incomplete) from the cache, and start again",
            )
            .note("`HF_HOME` names the cache; ~/.cache/huggingface/hub without it"),
        ],
        Cause::LockStuck => vec![Fix::manual(
            "lock-remove",
            "when no other process downloads, delete the file that ends in .lock beside the blob, and start again",
        )],
        Cause::DiskFull | Cause::DiskQuota | Cause::CachePermission | Cause::ReadOnlyCache => {
            let mut fixes = machine::remedies(cause, f);
            fixes.truncate(1);
            fixes.push(Fix::manual("disk-move", "let `HF_HOME` name a folder with room that the program may write"));
            fixes
        }
        Cause::OfflineMode => {
            vec![Fix::manual("offline-unset", "start without the offline option, or fetch the files beforehand")]
        }
        _ => return None,
    })
}

fn token(f: &Failure) -> Fix {
    Fix::manual(
        "token-pass",
        "give the program a token: `HF_TOKEN`, or for hf-hub before 1.0 the file token in `HF_HOME`",
    )
    .command(f.shell().ask("HF_TOKEN"))
    .note(format!("a read token of {TOKENS}; in a container it needs `-e HF_TOKEN`"))
}
