//! What is true whichever program failed: names, the way, certificates, the clock, the disk, the repository's page.

use super::Failure;
use super::words::{HOSTS, TOKENS, open_page};
use crate::diagnosis::{Cause, Fix};
use crate::text::shell::Shell;
use crate::who::{Place, System};

/// The page that says whether the Hub is well.
const STATUS: &str = "https://status.huggingface.co";

/// The remedies of a cause that hold for every program.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Vec<Fix> {
    match cause {
        Cause::GatedNoToken => vec![
            conditions(f),
            Fix::manual("token-pass", format!("give the program a read token of that account, from {TOKENS}")).step(),
        ],
        Cause::GatedNotAccepted => vec![conditions(f)],
        Cause::TokenMissing => {
            vec![Fix::manual(
                "token-pass",
                format!("give the program a token of an account that may read it, from {TOKENS}"),
            )]
        }
        Cause::TokenMalformed => vec![Fix::manual(
            "token-set-clean",
            "give the program the bare token: no quotes inside, no `Bearer`, no blank or line end",
        )],
        Cause::TokenInvalid => {
            vec![open_page("token-new", "make a new token, and give the program that one in place of the old", TOKENS)]
        }
        Cause::TokenScope => vec![
            open_page("token-permissions", "give the token the permission that the message names", TOKENS),
            f.repository_page("gate-open", "for a gated repository the account must have accepted its conditions, too")
                .step(),
        ],
        Cause::TokenShadowed => {
            vec![Fix::manual("token-which", "find out which token the program sends, and remove the wrong one")]
        }
        Cause::RepoNotFound => vec![
            f.repository_page("repo-name", "compare the name with the repository's page, letter by letter")
                .note("a private repository needs a token of an account that may read it"),
        ],
        Cause::RevisionNotFound => {
            vec![listed(f, "revision", "take a branch, tag or commit that exists; the default branch is `main`")]
        }
        Cause::FileNotFound => {
            vec![listed(f, "file-name", "take a file name from the repository's list; upper and lower case differ")]
        }
        Cause::RepoDisabled => {
            vec![f.repository_page(
                "repo-other",
                "look at the repository's page for a reason or a successor; no setting helps",
            )]
        }
        Cause::RepoIdInvalid => vec![
            Fix::manual("repo-id", "name the repository as `owner/name`, without the site's address")
                .note("where a local folder was meant, check that its path exists"),
        ],
        Cause::RateLimitAnonymous => vec![
            Fix::manual("token-pass", format!("send a token: a free account has a quota of its own; {TOKENS}")),
            wait(f),
        ],
        Cause::RateLimitAccount => vec![wait(f), fewer()],
        Cause::RateLimitIp => vec![wait(f), other_network()],
        Cause::RateLimitCdn => vec![fewer(), other_network()],
        Cause::RateLimitMirror => {
            vec![Fix::manual("mirror-wait", "wait about five minutes: mirrors count requests as the Hub does"), fewer()]
        }
        Cause::TooParallel => parallel(f),
        Cause::RetryStorm => vec![Fix::manual(
            "backoff",
            "wait between attempts: as long as `Retry-After` or `RateLimit` says, else twice as long each time",
        )],
        Cause::DnsFailure => dns(f),
        Cause::ConnectionBlocked => connection(f),
        Cause::ProxyUnreachable => proxy_unreachable(f),
        Cause::ProxyAuth => proxy_auth(f),
        Cause::ProxyMisconfigured => proxy_misconfigured(f),
        Cause::TlsUntrustedCa => vec![install_authority(f)],
        Cause::TlsClock => vec![clock(f)],
        Cause::TlsHandshake => vec![
            Fix::manual(
                "tls-path",
                "try without the VPN, the proxy or the virus scanner, or from another network: something on the way breaks TLS",
            ),
            Fix::manual("tls-test", "see where the handshake ends").command(format!(
                "{} -v -o {} https://{}/",
                f.curl(),
                f.null(),
                f.host()
            )),
        ],
        Cause::CaptivePortal => vec![
            Fix::manual(
                "portal-look",
                format!("open https://{} in a browser on the same network, and see who answers", f.host()),
            )
            .note(format!(
                "in a hotel or guest network: log in there. In a company: ask its administrators to allow {HOSTS}"
            )),
        ],
        Cause::CdnBlocked => cdn(f),
        Cause::MirrorFailure => {
            vec![Fix::manual(
                "mirror-other",
                "ask the mirror's operators, use another mirror, or ask huggingface.co itself",
            )]
        }
        Cause::EndpointMisconfigured => vec![Fix::manual(
            "endpoint-correct",
            "write the endpoint as https://HOST with the path that the server's own instructions give, or leave it out",
        )],
        Cause::OfflineMode => {
            vec![Fix::manual("offline-unset", "switch off the offline mode, or fetch the files beforehand")]
        }
        Cause::HubOutage => vec![
            Fix::manual("outage-wait", "try again later: the server failed, nothing here is wrong").command(STATUS),
        ],
        Cause::DiskFull => disk_full(f),
        Cause::DiskQuota => quota(f),
        Cause::CachePermission => permission(f),
        Cause::ReadOnlyCache => vec![Fix::manual("disk-move", "download to a folder that can be written")],
        Cause::PartialCache => {
            vec![Fix::manual("download-again", "start the same download again: it continues where the program can")]
        }
        Cause::CorruptFile => vec![damaged(f)],
        Cause::LfsPointer => vec![
            Fix::manual(
                "lfs-fetch",
                "fetch the file itself: what lies there is the pointer to it, a few lines of text",
            )
            .note("the address of the file has `/resolve/` in it; `/raw/` and `/blob/` give pointer and page"),
        ],
        Cause::LockStuck => vec![lock(f)],
        Cause::SymlinkUnsupported => vec![links(f)],
        Cause::PathTooLong => vec![long_path(f)],
        Cause::SlowConnection => vec![
            Fix::manual("download-again", "start the same download again: it continues where the program can"),
            Fix::manual("connection-better", "try a wired or another network, without the VPN"),
        ],
        Cause::InferenceCredits => vec![
            open_page(
                "billing",
                "see what is used up, and buy credits or take a plan",
                "https://huggingface.co/settings/billing",
            )
            .note("this does not touch downloads"),
        ],
        Cause::ProviderLimit => vec![
            Fix::manual(
                "provider-wait",
                "wait as long as the provider says, send fewer requests, or use a key of your own with it",
            )
            .command("https://huggingface.co/settings/inference-providers"),
        ],
        Cause::ZerogpuQuota => vec![
            Fix::manual("zerogpu-wait", "wait until the quota is back: 24 hours after its first use")
                .command("https://huggingface.co/settings/billing")
                .note("an account has a larger quota than an address: log in to the Space"),
        ],
        Cause::HfTransferProblem => vec![Fix::manual("hf-transfer-off", "download without hf_transfer")],
        Cause::XetClient => {
            vec![Fix::manual("xet-off", "download over plain HTTPS instead of Xet, or upgrade the program")]
        }
        Cause::ClientOutdated => {
            vec![Fix::manual("client-upgrade", "upgrade the program: this version cannot do what was asked for")]
        }
        Cause::NotADownload => vec![
            Fix::manual("not-a-download", "look at the error itself: it is not about a download from the Hub")
                .command("hfdoctor explain not-a-download"),
        ],
    }
}

fn conditions(f: &Failure) -> Fix {
    f.repository_page("gate-open", "log in to the Hub and accept the conditions on the repository's page")
}

fn listed(f: &Failure, id: &'static str, title: &str) -> Fix {
    match f.files() {
        Some(files) => Fix::manual(id, title).command(files),
        None => Fix::manual(id, title),
    }
}

/// Waits for the next window of a rate limit.
pub(super) fn wait(f: &Failure) -> Fix {
    let fix = Fix::manual("wait", "wait for the next window of five minutes");
    if f.who.elsewhere.is_some() {
        return fix;
    }
    match f.target() {
        Some(target) => fix.command(format!("hfdoctor --wait {}", f.shell().word(&target.to_string()))),
        None => fix.command("hfdoctor --wait"),
    }
}

fn fewer() -> Fix {
    Fix::manual("fewer-workers", "download fewer files at once")
}

/// The limit that a shared or marked address has met.
pub(super) fn other_network() -> Fix {
    Fix::manual("other-network", "use another network, or wait half an hour: the address is shared or marked")
}

/// Too many files or connections at once; where the system's own bound is met, that bound.
pub(super) fn parallel(f: &Failure) -> Vec<Fix> {
    if f.said.contains("too many open files") || f.said.contains("emfile") {
        let raise = Fix::manual("open-files", "let the program open more files at once");
        let raise = if f.windows() { raise } else { raise.command("ulimit -n 65536") };
        return vec![raise, fewer()];
    }
    vec![fewer()]
}

fn dns(f: &Failure) -> Vec<Fix> {
    let host = f.host();
    let test = Fix::manual("dns-test", format!("see whether `{host}` resolves"));
    let test = match (f.system(), f.shell()) {
        (System::Windows, Shell::Cmd) => test.command(format!("nslookup {host}")),
        (System::Windows, _) => test.command(format!("Resolve-DnsName {host}")),
        (System::MacOs, _) => test.command(format!("dscacheutil -q host -a name {host}")),
        _ => test.command(format!("getent ahosts {host}")),
    };
    let server = match (f.who.place, f.system()) {
        (Place::Container, _) => {
            Fix::manual("dns-server", "give the container a name server that answers, such as 1.1.1.1").note(
                "with Docker: `docker run --dns 1.1.1.1 …`, or `\"dns\": [\"1.1.1.1\"]` in /etc/docker/daemon.json",
            )
        }
        (Place::Pod, _) => Fix::manual(
            "dns-server",
            "check the cluster's DNS and its network policies: the pod must reach it on port 53",
        ),
        (_, System::Windows) => {
            Fix::manual("dns-server", "use a name server that answers, such as 1.1.1.1, in the network settings")
        }
        (_, System::MacOs) => Fix::manual("dns-server", "use a name server that answers, such as 1.1.1.1")
            .command("networksetup -setdnsservers Wi-Fi 1.1.1.1 8.8.8.8"),
        _ => Fix::manual("dns-server", "use a name server that answers, such as 1.1.1.1, in the network settings"),
    };
    let server = server
        .note("behind a company's firewall, ask its administrators; with a VPN, check the name server that it sets");
    vec![test, server]
}

fn connection(f: &Failure) -> Vec<Fix> {
    let url = format!("https://{}/", f.host());
    vec![
        Fix::manual("connection-test", format!("see whether `{}` can be reached from this network", f.host()))
            .command(f.probe(&url)),
        Fix::manual("connection-allow", format!("have {HOSTS} allowed, or set the proxy that this network needs")),
    ]
}

fn proxy_unreachable(f: &Failure) -> Vec<Fix> {
    let names = f.proxy_variables();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let start =
        Fix::manual("proxy-start", "start the proxy program, or correct the address that the program has of it");
    if names.is_empty() || !names.iter().any(|name| f.who.family.reads(name)) {
        return vec![
            start,
            Fix::manual("proxy-unset", "where the direct way works, remove the proxy from the program's settings"),
        ];
    }
    vec![f.unset("proxy-unset", &names, "where the direct way works, unset the proxy"), start]
}

fn proxy_auth(f: &Failure) -> Vec<Fix> {
    if f.said.contains("403") && !f.said.contains("407") {
        return vec![Fix::manual(
            "proxy-allow",
            format!("ask the proxy's administrators to allow {HOSTS}: it refuses the host, not the user"),
        )];
    }
    vec![
        Fix::manual("proxy-credentials", "give the proxy the user name and password that it asks for, in the proxy's address")
            .note("as http://USER:PASSWORD@HOST:PORT; characters such as @ : / # in the password are percent-encoded, @ as %40"),
    ]
}

/// A proxy's address that no client can use.
pub(super) fn proxy_misconfigured(f: &Failure) -> Vec<Fix> {
    let socks = |text: &str| text.contains("socks");
    let told = f
        .who
        .variables
        .iter()
        .find(|(name, value)| name.to_ascii_lowercase().ends_with("_proxy") && socks(&value.to_ascii_lowercase()));
    if let Some((name, value)) = told {
        let address = value.rsplit("://").next().unwrap_or(value);
        let title = format!("call the proxy by `socks5h://`: the port behind `{name}` speaks SOCKS, not HTTP");
        let plain = address.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-_[]".contains(&b));
        let fix = Fix::manual("proxy-socks", title);
        return vec![if plain { fix.command(f.shell().set(name, &format!("socks5h://{address}"))) } else { fix }];
    }
    if socks(f.said) {
        return vec![Fix::manual(
            "proxy-socks",
            "call the proxy by `socks5h://` and its host and port, and install the client's support for SOCKS",
        )];
    }
    vec![Fix::manual(
        "proxy-correct",
        "write the proxy as `http://`, its host, `:` and its port, also for https addresses",
    )]
}

/// How a certificate authority is added to what the system trusts.
pub(super) fn install_authority(f: &Failure) -> Fix {
    let fix = Fix::manual(
        "ca-install",
        "add the certificate of your company's or program's own authority to what the system trusts",
    );
    let fix = match (f.system(), f.shell()) {
        (System::Windows, Shell::Cmd) => fix.command("certutil -addstore -f Root company-ca.crt"),
        (System::Windows, _) => {
            fix.command("Import-Certificate -FilePath company-ca.crt -CertStoreLocation Cert:\\LocalMachine\\Root")
        }
        (System::MacOs, _) => fix.command(
            "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain company-ca.crt",
        ),
        _ => fix.command("sudo cp company-ca.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates"),
    };
    let elsewhere = match f.system() {
        System::Linux | System::Unknown => {
            "; on Fedora and RHEL it goes to /etc/pki/ca-trust/source/anchors/, then `sudo update-ca-trust`"
        }
        System::Windows | System::MacOs => "",
    };
    fix.note(format!(
        "get `company-ca.crt` from your administrators, not from the connection{elsewhere}. On a machine without any certificates \
         install the package ca-certificates"
    ))
}

fn clock(f: &Failure) -> Fix {
    let fix = Fix::manual("clock-set", "set the clock by the network");
    match f.system() {
        System::Windows => fix.command("w32tm /resync"),
        System::MacOs => fix.command("sudo sntp -sS time.apple.com"),
        _ if matches!(f.who.place, Place::Container | Place::Pod) => {
            fix.note("a container has the clock of its host: set it there")
        }
        _ => fix.command("sudo timedatectl set-ntp true"),
    }
}

fn cdn(f: &Failure) -> Vec<Fix> {
    let host = f.who.host.as_deref().filter(|host| *host != "huggingface.co" && *host != "hf.co");
    let allow = match host {
        Some(host) => Fix::manual("cdn-allow", format!("have {HOSTS} allowed: `{host}` serves the files"))
            .command(f.probe(&format!("https://{host}/"))),
        None => {
            Fix::manual("cdn-allow", format!("have {HOSTS} allowed: other hosts than huggingface.co serve the files"))
        }
    };
    vec![allow, Fix::manual("other-network", "try from another network, or through a proxy or VPN")]
}

fn disk_full(f: &Failure) -> Vec<Fix> {
    let free = match f.who.place {
        Place::Pod => Fix::manual(
            "disk-volume",
            "give the pod more room: raise its `ephemeral-storage` limit, or mount a volume for the models",
        ),
        Place::Container => {
            Fix::manual("disk-volume", "mount a folder of the host with room for the models, or free Docker's disk")
                .command("docker system df")
        }
        Place::Ci => Fix::manual("disk-volume", "free the runner's disk before the download, or take a larger runner"),
        Place::Notebook => {
            Fix::manual("disk-volume", "delete files of the notebook's disk, or take a machine with a larger one")
        }
        Place::Machine | Place::Batch => {
            let fix = Fix::manual("disk-see", "see how much room is left, and free what is not needed");
            match (f.windows(), &f.who.folder) {
                (true, _) => fix.command("Get-PSDrive -PSProvider FileSystem"),
                (false, Some(folder)) => fix.command(format!("df -h {}", f.shell().word(folder))),
                (false, None) => fix,
            }
        }
    };
    vec![free, Fix::manual("disk-move", "or download to a volume with room")]
}

fn quota(f: &Failure) -> Vec<Fix> {
    let see = Fix::manual("quota-see", "see how much of the quota is used, in bytes and in files");
    let see = if f.windows() { see } else { see.command("quota -s") };
    vec![see, Fix::manual("disk-move", "download to a volume without that quota, such as scratch")]
}

fn permission(f: &Failure) -> Vec<Fix> {
    let fix =
        Fix::manual("permission-see", "see who owns the folder, and make it yours or download to a folder of your own");
    vec![match &f.who.folder {
        Some(folder) if f.windows() => fix.command(format!("icacls {}", f.shell().word(folder))),
        Some(folder) => fix.command(format!("ls -ld {}", f.shell().word(folder))),
        None => fix,
    }]
}

fn damaged(f: &Failure) -> Fix {
    let name = f.target().and_then(|target| target.file.clone());
    let what = name.map_or_else(|| "the damaged file".to_owned(), |name| format!("`{name}`"));
    Fix::manual("file-again", format!("delete {what} alone, and download it again"))
        .note("a file of a few hundred bytes holds an error page instead: look into it first")
}

/// Who holds a lock.
pub(super) fn lock(f: &Failure) -> Fix {
    let fix = Fix::manual("lock-holder", "see which process holds the lock, and end it if it hangs")
        .note("on NFS, Lustre and the like locks may not work at all: download to a local disk");
    match (&f.who.folder, f.system()) {
        (_, System::Windows) => fix.command("Get-Process python, hf -ErrorAction SilentlyContinue"),
        (Some(folder), System::MacOs) => fix.command(format!("lsof +D {}/.locks", f.shell().word(folder))),
        (Some(folder), _) => {
            fix.command(format!("find {}/.locks -name '*.lock' -exec fuser -v {{}} +", f.shell().word(folder)))
        }
        (None, _) => fix,
    }
}

/// Links that cannot be made.
pub(super) fn links(f: &Failure) -> Fix {
    if f.windows() {
        return Fix::manual(
            "symlink-allow",
            "switch on Developer Mode: then links can be made without an administrator",
        )
        .command("start ms-settings:developers");
    }
    Fix::manual(
        "symlink-allow",
        "download to a file system with symbolic links: not exFAT, FAT or a mount that forbids them",
    )
}

/// A path that the system does not take.
pub(super) fn long_path(f: &Failure) -> Fix {
    if f.windows() {
        return Fix::manual("path-allow", "switch on long paths (as administrator, then restart), or download to a short folder such as C:\\hf")
            .command(
                "New-ItemProperty -Path HKLM:\\SYSTEM\\CurrentControlSet\\Control\\FileSystem -Name LongPathsEnabled -Value 1 -PropertyType DWORD -Force",
            );
    }
    Fix::manual("path-shorten", "download to a folder with a shorter path")
}
