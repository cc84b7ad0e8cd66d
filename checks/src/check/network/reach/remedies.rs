//! What helps on the way to a host, whichever check finds the way broken.

use crate::case::Case;
use crate::case::clients::Generation;
use crate::check::network::reach::set_variable;
use crate::observe::Route;
use hfdoctor_core::diagnosis::{Fix, Risk};

/// What helps where a name does not resolve, or to a wrong address.
pub(crate) fn another_name_server(case: &Case, no_network: bool) -> Vec<Fix> {
    if no_network {
        let fix = Fix::manual("network-connect", "connect this machine to the network")
            .note("in a container or a virtual machine: give it a network, or a proxy by `HTTPS_PROXY`");
        return vec![fix];
    }
    let file = case.environment.system_file("etc/resolv.conf");
    let mut fix = Fix::manual("dns-server", "use a name server that answers, such as 1.1.1.1 or 8.8.8.8")
        .note("behind a company's firewall, ask its administrator; with a VPN, check what it sets");
    if cfg!(target_os = "linux") {
        fix = fix
            .command("resolvectl dns")
            .command(format!("sudo cp {0} {0}.before && echo 'nameserver 1.1.1.1' | sudo tee {0}", file.display()));
    } else if cfg!(target_os = "macos") {
        fix = fix.command("networksetup -setdnsservers Wi-Fi 1.1.1.1 8.8.8.8");
    } else if cfg!(windows) {
        fix = fix.command("Set-DnsClientServerAddress -InterfaceAlias Wi-Fi -ServerAddresses 1.1.1.1,8.8.8.8");
    }
    vec![fix]
}

/// What helps where nobody on this machine trusts the server.
pub(crate) fn trust_the_authority(case: &Case, route: &Route) -> Vec<Fix> {
    let variable = match case.clients.generation() {
        Generation::Requests => "REQUESTS_CA_BUNDLE",
        _ => "SSL_CERT_FILE",
    };
    let (host, port) = (&route.host, route.port);
    let install = if cfg!(target_os = "macos") {
        "sudo security add-trusted-cert -d -k /Library/Keychains/System.keychain company-ca.crt"
    } else if cfg!(windows) {
        "certutil -addstore -f Root company-ca.crt"
    } else {
        "sudo cp company-ca.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates"
    };
    let mut fix = Fix::manual("ca-install", "install the intercepting authority's certificate, from whoever runs it")
        .command(format!("openssl s_client -connect {host}:{port} -servername {host} -showcerts </dev/null"))
        .command(install);
    if !cfg!(any(windows, target_os = "macos")) {
        fix = fix.command(format!("export {variable}=/etc/ssl/certs/ca-certificates.crt"));
    }
    vec![fix.note(
        "do not trust a certificate only because it was presented: get it from the company or the program itself",
    )]
}

/// Takes the bytes over plain HTTPS, which is there for every file; the title says in whose place.
pub(crate) fn without_xet(title: &str) -> Fix {
    set_variable("xet-disable", Risk::Safe, title, "HF_HUB_DISABLE_XET", "1")
}

/// Lets the client wait longer than now for bytes and for a file's metadata.
pub(crate) fn longer_timeouts(case: &Case) -> Fix {
    let (bytes, metadata) = (case.settings.download_timeout, case.settings.etag_timeout);
    let longer = |seconds: u64| seconds.saturating_mul(6).max(60).to_string();
    let title = "let the client wait longer for answers and bytes";
    let fix = set_variable("timeout-raise", Risk::Safe, title, "HF_HUB_DOWNLOAD_TIMEOUT", &longer(bytes));
    let more = set_variable("timeout-raise", Risk::Safe, title, "HF_HUB_ETAG_TIMEOUT", &longer(metadata));
    Fix {
        actions: fix.actions.into_iter().chain(more.actions).collect(),
        commands: fix.commands.into_iter().chain(more.commands).collect(),
        ..fix
    }
}
