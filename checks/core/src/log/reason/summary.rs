//! One sentence for a cause, with the log's own names in it.

use super::super::event::Event;
use crate::diagnosis::Cause;
use crate::target::Target;

/// The sentence for a cause.
pub fn sentence(cause: Cause, target: Option<&Target>, event: Option<&Event>, why: Option<&str>) -> String {
    use Cause::{
        CachePermission, CaptivePortal, CdnBlocked, ClientOutdated, ConnectionBlocked, CorruptFile, DiskFull,
        DiskQuota, DnsFailure, EndpointMisconfigured, FileNotFound, GatedNoToken, GatedNotAccepted, HfTransferProblem,
        HubOutage, InferenceCredits, LfsPointer, LockStuck, MirrorFailure, NotADownload, OfflineMode, PartialCache,
        PathTooLong, ProviderLimit, ProxyAuth, ProxyMisconfigured, ProxyUnreachable, RateLimitAccount,
        RateLimitAnonymous, RateLimitCdn, RateLimitIp, RateLimitMirror, ReadOnlyCache, RepoDisabled, RepoIdInvalid,
        RepoNotFound, RetryStorm, RevisionNotFound, SlowConnection, SymlinkUnsupported, TlsClock, TlsHandshake,
        TlsUntrustedCa, TokenInvalid, TokenMalformed, TokenMissing, TokenScope, TokenShadowed, TooParallel, XetClient,
        ZerogpuQuota,
    };
    let repository =
        target.map_or_else(|| "the repository".to_owned(), |t| format!("{} `{}`", t.repo_type.word(), t.repo_id));
    let file = target.and_then(|t| t.file.as_ref()).map_or_else(|| "the file".to_owned(), |f| format!("`{f}`"));
    let host = event.and_then(Event::host).map_or_else(|| "the Hub".to_owned(), |h| format!("`{h}`"));
    let status = event.and_then(|e| e.status).map_or_else(String::new, |s| format!(" with status {s}"));
    let text = match cause {
        GatedNoToken => format!("{repository} is gated, and the request carried no token that opens it"),
        GatedNotAccepted => format!("the account behind the token has no access to the gated {repository} yet"),
        TokenMissing => format!("{repository} needs a token, and the request carried none"),
        TokenMalformed => "the token has bytes that no HTTP header may hold, such as a line end".to_owned(),
        TokenInvalid => format!("{host} rejects the token that was sent"),
        TokenScope => format!("the token lacks a permission that {repository} needs"),
        TokenShadowed => {
            "`HF_TOKEN` hides the saved token, so another token than the one just saved was sent".to_owned()
        }
        RepoNotFound => format!("{repository} does not exist under that id and type, or is private to others"),
        RevisionNotFound => match target.and_then(|t| t.revision.as_ref()) {
            Some(revision) => format!("{repository} has no revision `{revision}`"),
            None => format!("{repository} has no such revision"),
        },
        FileNotFound => {
            format!("{repository} has no file {}", file.trim_start_matches("the file")).trim_end().to_owned()
        }
        RepoDisabled => format!("access to {repository} is disabled"),
        RepoIdInvalid => match target {
            Some(target) => format!("`{}` is not a repository id", target.repo_id),
            None => "what was given is not a repository id".to_owned(),
        },
        RateLimitAnonymous => format!("{host} limits requests without a token from this address"),
        DnsFailure => format!("the name of {host} did not resolve"),
        ConnectionBlocked => format!("{host} could not be reached"),
        ProxyUnreachable => "the configured proxy could not be reached".to_owned(),
        ProxyAuth => "the proxy refused to pass the request on".to_owned(),
        ProxyMisconfigured => "the proxy setting does not fit the proxy or the client".to_owned(),
        TlsUntrustedCa => format!("this client does not trust the certificate that came for {host}"),
        TlsClock => format!("the certificate of {host} is out of its dates, seen from this machine's clock"),
        TlsHandshake => format!("the TLS handshake with {host} broke off"),
        CaptivePortal => format!("something else answered in the place of {host}"),
        CdnBlocked => format!("{host}, which serves the bytes, could not be reached or refused"),
        MirrorFailure => format!("the mirror {host} failed{status}"),
        EndpointMisconfigured => "`HF_ENDPOINT` does not name a Hub".to_owned(),
        OfflineMode => "an offline switch forbade the request".to_owned(),
        HubOutage => format!("{host} failed{status}"),
        DiskFull => "no space was left for the download".to_owned(),
        DiskQuota => "the quota or the inodes of the volume are used up".to_owned(),
        CachePermission => "the cache could not be read or written by this user".to_owned(),
        ReadOnlyCache => "the cache lies on a read-only file system".to_owned(),
        PartialCache => "an unfinished or inconsistent download stood in the way".to_owned(),
        CorruptFile => "a downloaded file's content is wrong".to_owned(),
        LfsPointer => "a Git LFS pointer lies where the file should be".to_owned(),
        LockStuck => "the download waited on a lock".to_owned(),
        SymlinkUnsupported => "the file system or the account cannot make symbolic links".to_owned(),
        PathTooLong => "a path is longer than the system allows".to_owned(),
        SlowConnection => format!("the transfer from {host} was too slow or broke off"),
        RateLimitAccount => "this account's requests have reached a limit".to_owned(),
        RateLimitIp => format!("{host} throttles this address"),
        RateLimitCdn => format!("the edge or storage behind {host} limits requests"),
        TooParallel => "too many transfers at once provoked the limit".to_owned(),
        RetryStorm => "retries without a pause provoked or prolonged the limit".to_owned(),
        RateLimitMirror => format!("the mirror {host}, not the Hub, limits requests"),
        InferenceCredits => "the Inference Providers credits are used up".to_owned(),
        ProviderLimit => format!("{host}, an inference service, throttles; no file was being downloaded"),
        ZerogpuQuota => "the ZeroGPU quota of the Space's caller is used up".to_owned(),
        HfTransferProblem => "hf_transfer is switched on but missing, obsolete or failing".to_owned(),
        XetClient => "the Xet client failed".to_owned(),
        ClientOutdated => "the client library is too old, too new or does not fit the others".to_owned(),
        NotADownload => "what failed is not a download".to_owned(),
    };
    match why {
        Some(why) => format!("{text}: {why}"),
        None => text,
    }
}
