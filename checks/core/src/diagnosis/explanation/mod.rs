//! The prose of each cause: what it means, how it shows, what mends it.

mod auth;
mod client;
mod disk;
mod network;
mod rate;

use super::cause::Cause;

/// The long form behind `hfdoctor explain`. Sentences, with code in backticks.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// What the cause means and why it happens.
    pub means: &'static str,
    /// How it shows in what clients print.
    pub shows: &'static str,
    /// What mends it, in order.
    pub mends: &'static str,
}

/// The explanation of a cause.
pub fn explain(cause: Cause) -> Explanation {
    match cause {
        Cause::GatedNoToken => auth::GATED_NO_TOKEN,
        Cause::GatedNotAccepted => auth::GATED_NOT_ACCEPTED,
        Cause::TokenMissing => auth::TOKEN_MISSING,
        Cause::TokenMalformed => auth::TOKEN_MALFORMED,
        Cause::TokenInvalid => auth::TOKEN_INVALID,
        Cause::TokenScope => auth::TOKEN_SCOPE,
        Cause::TokenShadowed => auth::TOKEN_SHADOWED,
        Cause::RepoNotFound => auth::REPO_NOT_FOUND,
        Cause::RevisionNotFound => auth::REVISION_NOT_FOUND,
        Cause::FileNotFound => auth::FILE_NOT_FOUND,
        Cause::RepoDisabled => auth::REPO_DISABLED,
        Cause::RepoIdInvalid => auth::REPO_ID_INVALID,
        Cause::RateLimitAnonymous => rate::RATE_LIMIT_ANONYMOUS,
        Cause::DnsFailure => network::DNS_FAILURE,
        Cause::ConnectionBlocked => network::CONNECTION_BLOCKED,
        Cause::ProxyUnreachable => network::PROXY_UNREACHABLE,
        Cause::ProxyAuth => network::PROXY_AUTH,
        Cause::ProxyMisconfigured => network::PROXY_MISCONFIGURED,
        Cause::TlsUntrustedCa => network::TLS_UNTRUSTED_CA,
        Cause::TlsClock => network::TLS_CLOCK,
        Cause::TlsHandshake => network::TLS_HANDSHAKE,
        Cause::CaptivePortal => network::CAPTIVE_PORTAL,
        Cause::CdnBlocked => network::CDN_BLOCKED,
        Cause::MirrorFailure => network::MIRROR_FAILURE,
        Cause::EndpointMisconfigured => network::ENDPOINT_MISCONFIGURED,
        Cause::OfflineMode => network::OFFLINE_MODE,
        Cause::HubOutage => network::HUB_OUTAGE,
        Cause::DiskFull => disk::DISK_FULL,
        Cause::DiskQuota => disk::DISK_QUOTA,
        Cause::CachePermission => disk::CACHE_PERMISSION,
        Cause::ReadOnlyCache => disk::READ_ONLY_CACHE,
        Cause::PartialCache => disk::PARTIAL_CACHE,
        Cause::CorruptFile => disk::CORRUPT_FILE,
        Cause::LfsPointer => disk::LFS_POINTER,
        Cause::LockStuck => disk::LOCK_STUCK,
        Cause::SymlinkUnsupported => disk::SYMLINK_UNSUPPORTED,
        Cause::PathTooLong => disk::PATH_TOO_LONG,
        Cause::SlowConnection => disk::SLOW_CONNECTION,
        Cause::RateLimitAccount => rate::RATE_LIMIT_ACCOUNT,
        Cause::RateLimitIp => rate::RATE_LIMIT_IP,
        Cause::RateLimitCdn => rate::RATE_LIMIT_CDN,
        Cause::TooParallel => rate::TOO_PARALLEL,
        Cause::RetryStorm => rate::RETRY_STORM,
        Cause::RateLimitMirror => rate::RATE_LIMIT_MIRROR,
        Cause::InferenceCredits => rate::INFERENCE_CREDITS,
        Cause::ProviderLimit => rate::PROVIDER_LIMIT,
        Cause::ZerogpuQuota => rate::ZEROGPU_QUOTA,
        Cause::HfTransferProblem => client::HF_TRANSFER_PROBLEM,
        Cause::XetClient => client::XET_CLIENT,
        Cause::ClientOutdated => client::CLIENT_OUTDATED,
        Cause::NotADownload => client::NOT_A_DOWNLOAD,
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    fn fields(cause: Cause) -> [(&'static str, &'static str); 3] {
        let Explanation { means, shows, mends } = explain(cause);
        [("means", means), ("shows", shows), ("mends", mends)]
    }

    #[test]
    fn every_cause_is_explained_in_whole_sentences() {
        let sentence = Regex::new(r"[.:!] +[A-Z`]|\.$").unwrap();
        for cause in Cause::all() {
            for (field, text) in fields(cause) {
                assert!(text.len() > 40 && text.ends_with('.'), "{cause} {field}: {text}");
                assert!(!text.contains("  ") && !text.contains('\n'), "{cause} {field} has a gap");
                assert_eq!(text.matches('`').count() % 2, 0, "{cause} {field}: a backtick is left open");
                let sentences = sentence.find_iter(text).count();
                assert!((1..=7).contains(&sentences), "{cause} {field} has {sentences} sentences");
            }
        }
    }

    #[test]
    fn what_has_gone_is_named_with_the_version() {
        let version = Regex::new(r"([Ss]ince|before|below|up to) ([a-z_]+ )?[0-9]+\.[0-9]+").unwrap();
        for cause in Cause::all() {
            for (field, text) in fields(cause) {
                for dead in [
                    "huggingface-cli",
                    "--resume-download",
                    "hf_transfer",
                    "HF_TRANSFER",
                    "delete-cache",
                    "scan-cache",
                    "use_auth_token",
                    "cached_download",
                    "proxies=",
                ] {
                    // How it shows quotes what clients print.
                    let told = field == "shows" || !text.contains(dead) || version.is_match(text);
                    assert!(told, "{cause} {field} names {dead} without a version");
                }
                for wrong in ["Cloudflare", "15-30 minutes", "GB/hour", "no hard cap", "cdn-lfs.huggingface.co"] {
                    assert!(!text.contains(wrong), "{cause} {field}: {wrong}");
                }
            }
        }
    }

    #[test]
    fn the_questions_that_people_ask_are_answered() {
        for (question, cause, words) in [
            ("do I need an account", Cause::TokenMissing, "not needed for public models"),
            ("why is my new token refused", Cause::TokenInvalid, "minutes old"),
            ("what bytes does my token have", Cause::TokenMalformed, "xxd"),
            ("read or write token", Cause::TokenScope, "read is enough"),
            ("what is the fastest way", Cause::SlowConnection, "fastest way today is hf_xet"),
            ("where is the cache", Cause::DiskFull, "~/.cache/huggingface/hub"),
            ("how do I free space", Cause::DiskFull, "hf cache rm"),
            ("how many downloads at once", Cause::TooParallel, "--max-workers"),
            ("does a mirror bypass the limits", Cause::MirrorFailure, "bypasses neither"),
            ("how long does a limit last", Cause::RateLimitAnonymous, "five minutes at most"),
            ("how long does the edge's last", Cause::RateLimitCdn, "not published"),
            ("does a free account raise the limit", Cause::RateLimitAnonymous, "free account"),
            ("can a cache be shared", Cause::LockStuck, "NAS"),
            ("can I do without the Hub", Cause::RateLimitIp, "ModelScope"),
            ("how should a loop wait", Cause::RetryStorm, "double the pause"),
            ("which proxy variable", Cause::ConnectionBlocked, "HTTPS_PROXY"),
            ("git clone or hf download", Cause::LfsPointer, "hf download"),
            ("who pays for inference", Cause::InferenceCredits, "X-HF-Bill-To"),
            ("is it the hardware", Cause::NotADownload, "only other hardware helps"),
            ("ollama says not found", Cause::RepoNotFound, "ollama"),
        ] {
            let all: String = fields(cause).iter().map(|(_, text)| *text).collect::<Vec<_>>().join(" ");
            assert!(all.contains(words), "{question}: {cause} lacks {words:?}");
        }
    }
}
