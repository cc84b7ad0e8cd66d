//! The cause table: every reason for a failed download that hfdoctor can name.
//!
//! One row holds all that is fixed about a cause; [`super::explanation`] holds its prose.
//! A new cause is a new row here and one check file that concludes to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a cause is about, in the order in which the report groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Tokens and permission.
    Auth,
    /// The repository, revision or file that was asked for.
    Repo,
    /// Rate limits of the Hub, its edge, its storage and mirrors.
    Rate,
    /// The way between this machine and the Hub.
    Network,
    /// The file system that the download writes to.
    Disk,
    /// A link that works, but not fast or long enough.
    Slow,
    /// Paid or counted services beside downloads.
    Quota,
    /// The program that downloads.
    Client,
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// The cause that the row describes.
    pub cause: Cause,
    /// Its stable id, as in the report.
    pub id: &'static str,
    /// Its group.
    pub group: Group,
    /// The headline: what is wrong, in the field's words.
    pub title: &'static str,
    /// The page of the official documentation that treats it.
    pub documentation: &'static str,
    /// Causes that this one makes appear: they are its symptoms when both are found.
    pub explains: &'static [Cause],
}

macro_rules! causes {
    ($($variant:ident $id:literal $group:ident $title:literal $documentation:literal [$($explained:ident),*])*) => {
        /// A cause of a failed download. The order of the variants is the documents' order, most likely first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Cause {
            $(#[doc = $title] #[serde(rename = $id)] $variant,)*
        }

        /// The table, in the documents' order.
        pub static CAUSES: &[Row] = &[
            $(Row {
                cause: Cause::$variant,
                id: $id,
                group: Group::$group,
                title: $title,
                documentation: concat!("https://", $documentation),
                explains: &[$(Cause::$explained),*],
            },)*
        ];
    };
}

causes! {
    GatedNoToken "gated-no-token" Auth "the repository is gated, and the request carried no usable token"
        "huggingface.co/docs/hub/models-gated" [RepoNotFound, TokenMissing]
    GatedNotAccepted "gated-not-accepted" Auth "this account has no access to the gated repository"
        "huggingface.co/docs/hub/models-gated" [RepoNotFound]
    TokenMissing "token-missing" Auth "the request needs a token, and carried none"
        "huggingface.co/docs/huggingface_hub/quick-start#authentication" [RepoNotFound, RateLimitAnonymous]
    TokenMalformed "token-malformed" Auth "the token is malformed"
        "huggingface.co/docs/hub/security-tokens" [TokenInvalid, TokenMissing, GatedNoToken, RepoNotFound, RateLimitAnonymous]
    TokenInvalid "token-invalid" Auth "the Hub rejects this token"
        "huggingface.co/docs/hub/security-tokens" [GatedNoToken, RepoNotFound, TokenMissing, RateLimitAnonymous]
    TokenScope "token-scope" Auth "the token lacks a permission that this download needs"
        "huggingface.co/docs/hub/security-tokens" [GatedNotAccepted, RepoNotFound]
    TokenShadowed "token-shadowed" Auth "a different token from the one you meant is in use"
        "huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hftoken" [TokenInvalid, TokenMissing, GatedNoToken, GatedNotAccepted, RepoNotFound, TokenScope, RateLimitAnonymous]
    RepoNotFound "repo-not-found" Repo "no repository with that name and type is visible to this request"
        "huggingface.co/docs/hub/repositories" []
    RevisionNotFound "revision-not-found" Repo "the repository exists, but the revision does not"
        "huggingface.co/docs/huggingface_hub/guides/download" []
    FileNotFound "file-not-found" Repo "the repository exists, but the file does not"
        "huggingface.co/docs/huggingface_hub/guides/download" []
    RepoDisabled "repo-disabled" Repo "the Hub has disabled access to the repository"
        "huggingface.co/docs/hub/moderation" []
    RepoIdInvalid "repo-id-invalid" Repo "what was given is not a repository id"
        "huggingface.co/docs/huggingface_hub/guides/download" [RepoNotFound]
    RateLimitAnonymous "rate-limit-anonymous" Rate "requests without a token reached the Hub's limit for this address"
        "huggingface.co/docs/hub/rate-limits" []
    DnsFailure "dns-failure" Network "a Hub hostname does not resolve, or resolves to the wrong address"
        "huggingface.co/docs/hub/models-downloading" [ConnectionBlocked, CdnBlocked, TlsUntrustedCa, TlsHandshake, CaptivePortal, XetClient]
    ConnectionBlocked "connection-blocked" Network "the hostname resolves, but connections fail"
        "huggingface.co/docs/hub/models-downloading" [CdnBlocked, TlsHandshake, SlowConnection, XetClient]
    ProxyUnreachable "proxy-unreachable" Network "the configured proxy cannot be reached"
        "requests.readthedocs.io/en/latest/user/advanced/#proxies" [DnsFailure, ConnectionBlocked, CdnBlocked, TlsHandshake, SlowConnection, XetClient]
    ProxyAuth "proxy-auth" Network "the proxy refuses the request: credentials or permission are missing"
        "requests.readthedocs.io/en/latest/user/advanced/#proxies" [ConnectionBlocked, CdnBlocked, XetClient]
    ProxyMisconfigured "proxy-misconfigured" Network "the proxy settings are wrong or missing"
        "www.python-httpx.org/environment_variables/" [DnsFailure, ConnectionBlocked, ProxyUnreachable, TlsHandshake, CdnBlocked, XetClient]
    TlsUntrustedCa "tls-untrusted-ca" Network "the server's certificate is not trusted by this client"
        "www.python-httpx.org/advanced/ssl/" [CdnBlocked, XetClient]
    TlsClock "tls-clock" Network "the clock is wrong, so a certificate seems expired or not yet valid"
        "www.python-httpx.org/advanced/ssl/" [TlsUntrustedCa, XetClient]
    TlsHandshake "tls-handshake" Network "the TLS handshake fails"
        "www.python-httpx.org/advanced/ssl/" [XetClient]
    CaptivePortal "captive-portal" Network "something other than the Hub answers in its place"
        "huggingface.co/docs/hub/models-downloading" [TlsUntrustedCa, EndpointMisconfigured, PartialCache, CorruptFile]
    CdnBlocked "cdn-blocked" Network "the Hub answers, but the host that serves the files does not"
        "huggingface.co/docs/hub/models-downloading" [SlowConnection, XetClient, PartialCache, ProxyAuth, TlsHandshake]
    MirrorFailure "mirror-failure" Network "the mirror in HF_ENDPOINT fails"
        "huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hfendpoint" [RepoNotFound, FileNotFound, RevisionNotFound]
    EndpointMisconfigured "endpoint-misconfigured" Network "HF_ENDPOINT does not name a Hub"
        "huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hfendpoint" [MirrorFailure, RepoNotFound, DnsFailure, ConnectionBlocked]
    OfflineMode "offline-mode" Network "an offline switch forbids the request"
        "huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hfhuboffline" [DnsFailure, ConnectionBlocked, ProxyUnreachable, TlsUntrustedCa, CaptivePortal, CdnBlocked, HubOutage, PartialCache, SlowConnection, MirrorFailure]
    HubOutage "hub-outage" Network "the Hub itself fails"
        "status.huggingface.co" [XetClient, SlowConnection]
    DiskFull "disk-full" Disk "there is no space left for the download"
        "huggingface.co/docs/huggingface_hub/guides/manage-cache" [PartialCache, CorruptFile, XetClient, LockStuck]
    DiskQuota "disk-quota" Disk "the quota or the inodes of the volume are used up"
        "huggingface.co/docs/huggingface_hub/guides/manage-cache" [DiskFull, PartialCache, CorruptFile, XetClient]
    CachePermission "cache-permission" Disk "this user cannot read or write the cache"
        "huggingface.co/docs/huggingface_hub/guides/manage-cache" [LockStuck, PartialCache, TokenMissing]
    ReadOnlyCache "read-only-cache" Disk "the cache lies on a read-only file system"
        "huggingface.co/docs/huggingface_hub/guides/manage-cache" [CachePermission, LockStuck]
    PartialCache "partial-cache" Disk "an unfinished or inconsistent download is in the way"
        "huggingface.co/docs/huggingface_hub/guides/manage-cache" [CorruptFile]
    CorruptFile "corrupt-file" Disk "a downloaded file is damaged"
        "huggingface.co/docs/huggingface_hub/guides/manage-cache" []
    LfsPointer "lfs-pointer" Disk "a Git LFS pointer lies where the file should be"
        "huggingface.co/docs/hub/repositories-getting-started" [CorruptFile]
    LockStuck "lock-stuck" Disk "the download is waiting for a lock"
        "huggingface.co/docs/huggingface_hub/guides/manage-cache" []
    SymlinkUnsupported "symlink-unsupported" Disk "the file system or the account does not allow symbolic links"
        "huggingface.co/docs/huggingface_hub/how-to-cache#limitations" []
    PathTooLong "path-too-long" Disk "a path is longer than the system allows"
        "huggingface.co/docs/huggingface_hub/guides/manage-cache" []
    SlowConnection "slow-connection" Slow "the transfer is too slow, or breaks off"
        "huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hfhubdownloadtimeout" [PartialCache]
    RateLimitAccount "rate-limit-account" Rate "this account's requests have reached a limit"
        "huggingface.co/docs/hub/rate-limits" []
    RateLimitIp "rate-limit-ip" Rate "this address is throttled"
        "huggingface.co/docs/hub/rate-limits" []
    RateLimitCdn "rate-limit-cdn" Rate "the CDN edge or the storage host limits requests, not the Hub itself"
        "huggingface.co/docs/hub/rate-limits" [CaptivePortal]
    TooParallel "too-parallel" Rate "too many parallel connections provoke the limit"
        "huggingface.co/docs/huggingface_hub/guides/cli" [RateLimitAnonymous, RateLimitAccount, RateLimitIp, RateLimitCdn, RateLimitMirror]
    RetryStorm "retry-storm" Rate "retries without a pause provoke or prolong the limit"
        "huggingface.co/docs/hub/rate-limits" [RateLimitAnonymous, RateLimitAccount, RateLimitIp, RateLimitCdn, RateLimitMirror]
    RateLimitMirror "rate-limit-mirror" Rate "the mirror, not the Hub, limits requests"
        "huggingface.co/docs/hub/rate-limits" [MirrorFailure]
    InferenceCredits "inference-credits" Quota "the Inference Providers credits are used up"
        "huggingface.co/docs/inference-providers/pricing" []
    ProviderLimit "provider-limit" Quota "an inference provider or endpoint throttles"
        "huggingface.co/docs/inference-providers/pricing" []
    ZerogpuQuota "zerogpu-quota" Quota "the ZeroGPU quota is used up"
        "huggingface.co/docs/hub/spaces-zerogpu" []
    HfTransferProblem "hf-transfer-problem" Client "hf_transfer is switched on but missing, obsolete or failing"
        "huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hfxethighperformance" []
    XetClient "xet-client" Client "the Xet client or protocol fails"
        "huggingface.co/docs/hub/xet/using-xet-storage" []
    ClientOutdated "client-outdated" Client "the client library is too old, too new, or does not fit the others"
        "huggingface.co/docs/huggingface_hub/installation" []
    NotADownload "not-a-download" Client "it was not the download that failed"
        "huggingface.co/docs/hub/models-downloading" []
}

impl Cause {
    /// Every cause, in the documents' order.
    pub fn all() -> impl Iterator<Item = Cause> {
        CAUSES.iter().map(|row| row.cause)
    }

    /// The table's row.
    pub fn row(self) -> &'static Row {
        &CAUSES[self as usize]
    }

    /// The stable id.
    pub fn id(self) -> &'static str {
        self.row().id
    }

    /// The cause of that id.
    pub fn from_id(id: &str) -> Option<Cause> {
        CAUSES.iter().find(|row| row.id == id).map(|row| row.cause)
    }

    /// The place in the documents' order, from 1.
    pub fn order(self) -> usize {
        self as usize + 1
    }

    /// Whether this cause can make `other` appear.
    pub fn may_explain(self, other: Cause) -> bool {
        self.row().explains.contains(&other)
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_stand_where_their_variants_say() {
        for (place, row) in CAUSES.iter().enumerate() {
            assert_eq!(row.cause as usize, place, "{}", row.id);
            assert_eq!(Cause::from_id(row.id), Some(row.cause));
        }
        assert_eq!(CAUSES.len(), 51);
    }

    #[test]
    fn nothing_explains_itself() {
        for row in CAUSES {
            assert!(!row.explains.contains(&row.cause), "{}", row.id);
        }
    }
}
