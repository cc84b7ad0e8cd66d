//! Browsers, and programs in Go, Java, .NET and Swift.

use super::words::TOKENS;
use super::{Failure, machine};
use crate::diagnosis::{Cause, Fix};
use crate::who::Family;

/// The remedies of a cause; none where nothing is special to these programs.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Option<Vec<Fix>> {
    if f.who.family == Family::Browser {
        return browser(cause, f);
    }
    Some(match cause {
        Cause::GatedNoToken | Cause::TokenMissing | Cause::TokenInvalid => vec![
            f.repository_page("gate-open", "accept the repository's conditions, where it has any, on its page"),
            Fix::manual(
                "token-pass",
                format!("let the program send `Authorization: Bearer` and a read token of {TOKENS}"),
            )
            .step(),
        ],
        Cause::TlsUntrustedCa if f.who.family == Family::Java => vec![
            Fix::manual("ca-java", "add the authority's certificate to the store that Java reads")
                .command("keytool -importcert -cacerts -alias company -file company-ca.crt")
                .note("or let Java read what Windows trusts: `-Djavax.net.ssl.trustStoreType=Windows-ROOT`"),
        ],
        Cause::TlsUntrustedCa if f.who.family == Family::Go && !f.windows() && !f.mac() => vec![
            machine::install_authority(f),
            Fix::manual(
                "ca-variable",
                "or let `SSL_CERT_FILE` name a bundle that holds the public authorities and yours",
            ),
        ],
        Cause::ProxyUnreachable | Cause::ProxyAuth | Cause::ProxyMisconfigured if f.who.family == Family::Java => {
            vec![Fix::manual(
                "proxy-java",
                "give Java the proxy: `-Dhttps.proxyHost` and `-Dhttps.proxyPort`; it reads no HTTPS_PROXY",
            )]
        }
        Cause::MirrorFailure | Cause::EndpointMisconfigured => {
            vec![Fix::manual(
                "mirror-other",
                "let the program ask huggingface.co itself: the address stands in its configuration",
            )]
        }
        Cause::DiskFull | Cause::DiskQuota | Cause::CachePermission | Cause::ReadOnlyCache => vec![
            machine::remedies(cause, f).swap_remove(0),
            Fix::manual("disk-move", "or let the program write to a folder with room that it may write"),
        ],
        _ => return None,
    })
}

fn browser(cause: Cause, f: &Failure) -> Option<Vec<Fix>> {
    Some(match cause {
        Cause::GatedNoToken | Cause::GatedNotAccepted | Cause::TokenMissing | Cause::TokenInvalid => {
            vec![f.repository_page(
                "gate-open",
                "log in at huggingface.co in the browser, and accept the conditions on the page",
            )]
        }
        Cause::SlowConnection | Cause::PartialCache => vec![Fix::manual(
            "continue",
            "resume it in the browser's list of downloads; after an hour the link is void: start from the page",
        )],
        Cause::CdnBlocked => vec![
            Fix::manual(
                "other-network",
                "start again from the repository's page: a link to the file is void after an hour",
            ),
            machine::remedies(cause, f).swap_remove(0),
        ],
        _ => return None,
    })
}
