//! Node and transformers.js. Source: Node's documentation of 20 to 24, transformers.js 4.3, @huggingface/hub 2.17.

use super::words::TOKENS;
use super::{Failure, machine};
use crate::diagnosis::{Cause, Fix};

/// The remedies of a cause; none where nothing is special to Node.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Option<Vec<Fix>> {
    Some(match cause {
        Cause::GatedNoToken => vec![
            f.conditions(),
            token(f).step(),
        ],
        Cause::TokenMissing | Cause::TokenInvalid | Cause::TokenMalformed | Cause::TokenShadowed => vec![token(f)],
        Cause::RepoNotFound => {
            vec![f.repository_page("repo-name", "compare the name with the repository's page, letter by letter"), token(f)]
        }
        Cause::FileNotFound => vec![
            match f.files() {
                Some(files) => file_name().command(files),
                None => file_name(),
            },
        ],
        Cause::RateLimitAnonymous => vec![token(f), Fix::manual("wait", "wait five minutes, then try again")],
        Cause::ProxyUnreachable | Cause::ProxyAuth | Cause::ProxyMisconfigured | Cause::ConnectionBlocked => {
            let mut fixes = machine::remedies(cause, f);
            fixes.truncate(1);
            fixes.push(
                Fix::manual("proxy-node", "behind a proxy, let Node use the proxy variables: from version 24 on")
                    .command(f.shell().set("NODE_USE_ENV_PROXY", "1"))
                    .note("before 24 Node's `fetch` ignores HTTPS_PROXY: set undici's `EnvHttpProxyAgent` as the global dispatcher"),
            );
            fixes
        }
        Cause::TlsUntrustedCa => vec![
            Fix::manual("ca-node", "let Node trust the system's certificates (22.15 and newer), or name your company's file")
                .command(f.shell().set("NODE_OPTIONS", "--use-system-ca"))
                .note("`NODE_EXTRA_CA_CERTS=FILE` adds a file of certificates in every version; never NODE_TLS_REJECT_UNAUTHORIZED=0"),
        ],
        Cause::MirrorFailure | Cause::EndpointMisconfigured => {
            vec![Fix::manual("endpoint-node", "set `env.remoteHost` back to https://huggingface.co/ in the program: it reads no HF_ENDPOINT")]
        }
        Cause::OfflineMode => {
            vec![Fix::manual("offline-unset", "set `env.allowRemoteModels = true`, and leave out `local_files_only`")]
        }
        Cause::PartialCache | Cause::CorruptFile | Cause::SlowConnection => vec![
            Fix::manual("file-again", "delete the file from the folder `.cache` beside the package (`env.cacheDir`), and start again"),
        ],
        Cause::DiskFull | Cause::DiskQuota | Cause::CachePermission | Cause::ReadOnlyCache => {
            vec![Fix::manual("disk-move", "let `env.cacheDir` name a folder with room that the program may write")]
        }
        Cause::ClientOutdated | Cause::XetClient | Cause::HfTransferProblem => vec![
            Fix::manual("client-upgrade", "update the package").command("npm install @huggingface/transformers@latest"),
        ],
        _ => return None,
    })
}

fn file_name() -> Fix {
    Fix::manual(
        "file-name",
        "see which files the repository has: transformers.js needs the folder `onnx` with the `dtype` asked for",
    )
}

fn token(f: &Failure) -> Fix {
    Fix::manual("token-pass", "give Node a token; in a browser it must never lie in the page")
        .command(f.shell().ask("HF_TOKEN"))
        .note(format!(
            "a read token of {TOKENS}; transformers.js reads `HF_TOKEN`, other code needs it passed as `accessToken`"
        ))
}
