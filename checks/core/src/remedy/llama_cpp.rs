//! llama.cpp and its relatives. Source: llama.cpp's documentation and `common/` (2026-08).

use super::words::TOKENS;
use super::{Failure, machine};
use crate::diagnosis::{Cause, Fix};

/// The remedies of a cause; none where nothing is special to llama.cpp.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Option<Vec<Fix>> {
    Some(match cause {
        Cause::GatedNoToken => vec![
            f.conditions(),
            token(f).step(),
        ],
        Cause::TokenMissing | Cause::TokenInvalid | Cause::TokenMalformed | Cause::TokenShadowed => vec![token(f)],
        Cause::RateLimitAnonymous => vec![token(f), wait()],
        Cause::RateLimitAccount | Cause::RateLimitIp | Cause::RateLimitCdn | Cause::RateLimitMirror => vec![wait()],
        Cause::RepoNotFound | Cause::FileNotFound | Cause::RevisionNotFound => vec![listed(f), token(f)],
        Cause::RepoIdInvalid => vec![
            Fix::manual("repo-id", "name the repository as `-hf OWNER/NAME:QUANT`, without the site's address"),
        ],
        Cause::TlsUntrustedCa => vec![
            machine::install_authority(f),
            Fix::manual("download-beside", "or download the file by another program, and start with `-m FILE`"),
        ],
        Cause::ProxyAuth | Cause::ProxyUnreachable | Cause::ProxyMisconfigured | Cause::ConnectionBlocked | Cause::CdnBlocked => {
            let mut fixes = machine::remedies(cause, f);
            fixes.push(beside(f));
            fixes
        }
        Cause::MirrorFailure | Cause::EndpointMisconfigured => vec![
            f.unset("endpoint-unset", &["MODEL_ENDPOINT", "HF_ENDPOINT"], "ask the Hub itself"),
            Fix::manual("mirror-other", "or write the mirror as https://HOST/"),
        ],
        Cause::OfflineMode => vec![
            f.unset("offline-unset", &["LLAMA_OFFLINE"], "let llama.cpp download, without `--offline`"),
        ],
        Cause::DiskFull | Cause::DiskQuota | Cause::CachePermission | Cause::ReadOnlyCache => {
            let mut fixes = machine::remedies(cause, f);
            fixes.truncate(1);
            fixes.push(Fix::manual("disk-move", "let `LLAMA_CACHE` name a folder with room that you may write"));
            fixes
        }
        Cause::PartialCache | Cause::SlowConnection => vec![
            Fix::manual("download-again", "start the same command again: it continues where it stopped"),
            beside(f),
        ],
        Cause::CorruptFile | Cause::LfsPointer => vec![
            Fix::manual("file-again", "delete the damaged .gguf file alone, and start the same command again")
                .note("`LLAMA_CACHE`, ~/.cache/llama.cpp or the Hub's cache holds it; a file of a few hundred bytes is an error page"),
        ],
        Cause::ClientOutdated | Cause::HfTransferProblem | Cause::XetClient => outdated(f),
        _ => return None,
    })
}

fn token(f: &Failure) -> Fix {
    Fix::manual("token-pass", "give llama.cpp a token, by `HF_TOKEN` or `--hf-token`")
        .command(f.shell().ask("HF_TOKEN"))
        .note(format!("{TOKENS}; what does not look like `hf_` and letters it leaves out, and goes on without a token"))
}

fn wait() -> Fix {
    Fix::manual("wait", "wait five minutes, then start again")
}

fn listed(f: &Failure) -> Fix {
    let fix = Fix::manual(
        "file-name",
        "take a quantization or file that the repository has: `-hf OWNER/NAME:QUANT`, or `-hff FILE`",
    );
    match f.files() {
        Some(files) => fix.command(files),
        None => fix,
    }
}

/// The same file by curl, which reads proxies and certificates.
fn beside(f: &Failure) -> Fix {
    let fix = Fix::manual("download-beside", "or download the file by curl, and start with `-m FILE`");
    match f.file_url() {
        Some(url) => fix.command(format!("{} -fL -C - -O {}", f.curl(), f.shell().word(&url))),
        None => fix,
    }
}

fn outdated(f: &Failure) -> Vec<Fix> {
    if f.said.contains("https is not supported")
        || f.said.contains("without curl")
        || f.said.contains("libcurl")
        || f.said.contains("openssl")
    {
        return vec![
            Fix::manual("rebuild", "build llama.cpp with TLS, or take a release that has it")
                .command("cmake -B build -DLLAMA_OPENSSL=ON && cmake --build build --config Release")
                .note("before October 2025 the option was `-DLLAMA_CURL=ON`; the development files of the library must be installed"),
            beside(f),
        ];
    }
    vec![
        Fix::manual(
            "client-upgrade",
            "update llama.cpp: this version does not know the model's format or architecture",
        )
        .command("https://github.com/ggml-org/llama.cpp/releases"),
    ]
}
