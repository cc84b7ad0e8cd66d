//! Programs with a window of their own, such as LM Studio and Jan: they have settings, and read no variables of the shell.

use super::words::{HOSTS, TOKENS};
use super::{Failure, machine};
use crate::diagnosis::{Cause, Fix};

/// The remedies of a cause; none where nothing is special to such programs.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Option<Vec<Fix>> {
    Some(match cause {
        Cause::GatedNoToken | Cause::TokenMissing | Cause::TokenInvalid | Cause::TokenMalformed | Cause::TokenShadowed => vec![
            f.repository_page("gate-open", "accept the repository's conditions on its page, logged in to the Hub"),
            Fix::manual("token-pass", format!("put a read token into the app's settings: {TOKENS}"))
                .note("an app without such a setting cannot fetch gated files: download them in the browser, and add them by hand")
                .step(),
        ],
        Cause::RateLimitAnonymous | Cause::RateLimitAccount | Cause::RateLimitIp | Cause::RateLimitCdn | Cause::RateLimitMirror => vec![
            Fix::manual("wait", "wait five minutes, then try again"),
            Fix::manual("token-pass", "or give the app a token in its settings: requests with a token count by account"),
        ],
        Cause::ProxyUnreachable | Cause::ProxyAuth | Cause::ProxyMisconfigured => {
            vec![Fix::manual("proxy-settings", "correct the proxy in the app's settings; without such a setting it takes the system's")]
        }
        Cause::TlsUntrustedCa => vec![
            machine::install_authority(f),
            Fix::manual("app-restart", "restart the app; one built on Electron may need `NODE_EXTRA_CA_CERTS` in its environment").step(),
        ],
        Cause::ConnectionBlocked | Cause::CdnBlocked | Cause::CaptivePortal => vec![
            Fix::manual("connection-allow", format!("have {HOSTS} allowed"))
                .command(f.probe(&format!("https://{}/", f.host()))),
            Fix::manual("download-beside", "or download the file in the browser, and add it to the app's model folder"),
        ],
        Cause::MirrorFailure | Cause::EndpointMisconfigured => {
            vec![Fix::manual("mirror-settings", "switch off the app's own proxy or mirror for the Hub in its settings")]
        }
        Cause::PartialCache | Cause::CorruptFile | Cause::SlowConnection => vec![
            Fix::manual("download-again", "remove the unfinished model in the app, and download it again"),
            Fix::manual("download-beside", "or download the file in the browser, and add it to the app's model folder"),
        ],
        Cause::DiskFull | Cause::DiskQuota | Cause::CachePermission | Cause::ReadOnlyCache => {
            vec![Fix::manual("disk-move", "choose another model folder, with room, in the app's settings, or remove models there")]
        }
        Cause::ClientOutdated | Cause::XetClient | Cause::HfTransferProblem => {
            vec![Fix::manual("client-upgrade", "update the app: this version cannot do what was asked for")]
        }
        Cause::OfflineMode => vec![Fix::manual("offline-unset", "switch off the app's offline mode in its settings")],
        _ => return None,
    })
}
