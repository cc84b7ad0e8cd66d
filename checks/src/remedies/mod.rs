//! What usually mends a cause, for findings whose check had no better remedy: most of all those that only a log shows.

pub mod token;

use crate::case::Case;
use crate::check::client::version::start;
use crate::check::network::reach::{unset_line, variable_line};
use hfdoctor_core::diagnosis::{Action, Cause, Finding, Fix, Risk, Source};
use hfdoctor_core::log::Log;
use hfdoctor_core::target::{RepoType, Target};

/// The page on which tokens are made.
const TOKENS: &str = "https://huggingface.co/settings/tokens";
/// The page that says whether the Hub is well.
const STATUS: &str = "https://status.huggingface.co";

/// The usual remedies of a finding's cause, the best first. Commands fit the installed client; without one, today's.
pub fn usual(finding: &Finding, case: &Case) -> Vec<Fix> {
    let words = Words { case, target: failed(finding, case) };
    match finding.cause {
        Cause::GatedNoToken => vec![
            words.log_in(),
            words.page("gate-open", "accept the conditions on the repository's page with the same account"),
        ],
        Cause::GatedNotAccepted => {
            vec![words.page("gate-open", "accept the conditions, or see the state of the request, on the repository's page")]
        }
        Cause::TokenMissing => vec![
            words.log_in(),
            Fix::manual("token-pass", "give the token to the library that downloads").command("export HF_TOKEN=hf_..."),
        ],
        Cause::TokenMalformed => vec![
            Fix::manual("token-set-clean", "set the bare token: no quotes inside, no `Bearer`, no line end")
                .command("export HF_TOKEN=hf_..."),
            words.log_in(),
        ],
        Cause::TokenInvalid => vec![
            words.log_in(),
            Fix::manual("token-variable-unset", "a token in a variable hides the saved one").command(unset_line("HF_TOKEN")),
        ],
        Cause::TokenScope => vec![
            open("token-permissions", "give the token the permission that the message names", TOKENS),
            words.page("gate-open", "for a gated repository the account must have accepted its conditions as well"),
        ],
        Cause::TokenShadowed => vec![
            Fix::manual("token-variable-unset", "let the saved token be used").command(unset_line("HF_TOKEN")),
            Fix::manual("token-which", "see which token is active").command(case.clients.auth_command("list")),
        ],
        Cause::RepoNotFound => vec![
            Fix::manual("repo-name", "compare the id with the repository's page, letter by letter")
                .command(words.url("https://huggingface.co/models"))
                .note("a dataset or Space needs `--repo-type`; a private repository needs the token of an account that may read it"),
        ],
        Cause::RevisionNotFound => vec![
            Fix::manual("revision", "take a branch, tag or commit that exists; without `--revision` it is `main`")
                .command(format!("{}/tree/main", words.url("https://huggingface.co/ORG/NAME"))),
        ],
        Cause::FileNotFound => vec![
            Fix::manual("file-name", "take a path from the repository's file list; upper and lower case differ")
                .command(format!("{}/tree/main", words.url("https://huggingface.co/ORG/NAME"))),
        ],
        Cause::RepoDisabled => vec![
            Fix::manual("repo-other", "no setting helps; its page may say why, or name a successor")
                .command(words.url("https://huggingface.co/ORG/NAME")),
        ],
        Cause::RepoIdInvalid => vec![
            Fix::manual("repo-id", "give `namespace/name`; when a local folder was meant, check that the path exists")
                .command(format!("{} ORG/NAME", case.clients.download_command()))
                .command("ls -d /PATH/OF/THE/FOLDER"),
        ],
        Cause::RateLimitAnonymous => vec![words.log_in(), words.fewer_workers(), words.wait_for_window()],
        Cause::RateLimitAccount => vec![words.wait_for_window(), words.fewer_workers()],
        Cause::RateLimitIp => vec![words.log_in(), words.wait_for_window(), other_network()],
        Cause::RateLimitCdn => vec![words.fewer_workers(), other_network()],
        Cause::TooParallel => vec![words.fewer_workers()],
        Cause::RetryStorm => vec![
            Fix::manual("backoff", "wait between attempts: what `Retry-After` or `RateLimit` says, else twice as long each time")
                .command(case.clients.upgrade_command())
                .note("huggingface_hub waits by itself since 1.2: no loop of your own is needed around it"),
        ],
        Cause::DnsFailure => vec![
            Fix::manual("dns-test", "see what the system's resolver says").command("getent ahosts huggingface.co"),
            Fix::manual("dns-server", "use a resolver that answers, in the network settings or with the network's administrators"),
        ],
        Cause::ConnectionBlocked => vec![
            Fix::manual("connection-test", "see where the connection ends")
                .command("curl -sS -o /dev/null -w '%{http_code}\\n' https://huggingface.co/api/models/gpt2"),
            Fix::manual("connection-allow", "have 443/tcp to huggingface.co and *.hf.co allowed, or set the network's proxy")
                .command("export HTTPS_PROXY=http://HOST:PORT"),
        ],
        Cause::ProxyUnreachable => vec![
            Fix::manual("proxy-unset", "where the direct way works, unset the proxy")
                .command("unset HTTPS_PROXY https_proxy ALL_PROXY all_proxy"),
            Fix::manual("proxy-correct", "else set the proxy that runs").command("export HTTPS_PROXY=http://HOST:PORT"),
        ],
        Cause::ProxyAuth => vec![
            Fix::manual("proxy-credentials", "give the proxy the credentials that it asks for")
                .command("export HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT")
                .note("characters such as @ in the password are written percent-encoded; a 403 is the administrators' to lift"),
        ],
        Cause::ProxyMisconfigured => vec![
            Fix::manual("proxy-correct", "write the proxy as http://HOST:PORT, also for https addresses")
                .command("export HTTPS_PROXY=http://HOST:PORT"),
        ],
        Cause::TlsUntrustedCa => words.trust(),
        Cause::TlsClock => {
            vec![Fix::manual("clock-set", "set the clock by the network").command("sudo timedatectl set-ntp true")]
        }
        Cause::TlsHandshake => vec![
            Fix::manual(
                "tls-path",
                "something between breaks TLS: try without the VPN, proxy or virus scanner, or from another network",
            )
            .command("curl -v https://huggingface.co/   # where the handshake ends"),
        ],
        Cause::CaptivePortal => vec![
            Fix::manual("portal-login", "open a page in a browser and log in to the network")
                .command("http://neverssl.com")
                .note("a company's filter needs its administrators to allow huggingface.co and *.hf.co"),
        ],
        Cause::CdnBlocked => vec![
            Fix::manual("cdn-allow", "have 443/tcp to the host of the bytes allowed, best the suffixes hf.co and huggingface.co")
                .command("curl -sSI https://us.aws.cdn.hf.co/   # any answer shows that the way is open"),
            words.set("xet-disable", "HF_HUB_DISABLE_XET", "1", "take the bytes over plain HTTPS, when only the Xet hosts are blocked"),
        ],
        Cause::MirrorFailure | Cause::RateLimitMirror => vec![words.unset("endpoint-unset", "HF_ENDPOINT", "ask the Hub itself")],
        Cause::EndpointMisconfigured => vec![
            words.unset("endpoint-unset", "HF_ENDPOINT", "ask the Hub itself"),
            Fix::manual("endpoint-correct", "or write the mirror with its scheme").command("export HF_ENDPOINT=https://HOST"),
        ],
        Cause::OfflineMode => vec![
            words.unset("offline-unset", "HF_HUB_OFFLINE", "let requests out"),
            words.unset("transformers-offline-unset", "TRANSFORMERS_OFFLINE", "let requests out")
                .note("`local_files_only=True` in the code forbids them as well"),
        ],
        Cause::HubOutage => vec![Fix::manual("outage-wait", "nothing here is wrong: try again later").command(STATUS)],
        Cause::DiskFull => vec![
            Fix::manual("disk-see", "see what the cache holds, and remove what is not needed").command(words.list_cache()),
            Fix::manual("disk-move", "or let the cache lie on a volume with room").command(variable_line("HF_HUB_CACHE", "/path/with/room/hub")),
        ],
        Cause::DiskQuota => vec![
            Fix::manual("quota-see", "see quota and inodes").command("quota -s; df -h ~; df -i ~"),
            Fix::manual("disk-move", "let the cache lie where there is room").command(variable_line("HF_HUB_CACHE", "/path/with/room/hub")),
        ],
        Cause::CachePermission => vec![
            Fix::manual("permission-see", "see whose the cache is")
                .command(format!("ls -ld {}", case.settings.hub_cache.display()))
                .note("a `sudo` run leaves files of root: `sudo chown -R \"$USER\"` on that folder gives them back"),
            Fix::manual("disk-move", "or take a cache of your own").command("export HF_HUB_CACHE=~/.cache/huggingface/hub"),
        ],
        Cause::ReadOnlyCache => {
            vec![Fix::manual("disk-move", "take a cache that can be written").command(variable_line("HF_HUB_CACHE", "/path/that/can/be/written/hub"))]
        }
        Cause::PartialCache => vec![words.download_again()],
        Cause::CorruptFile => vec![
            Fix::manual("verify", "see which files are wrong").command("hfdoctor --verify"),
            words.download_again(),
        ],
        Cause::LfsPointer => vec![
            Fix::manual("lfs-pull", "fetch the files that the pointers stand for").command("git lfs install && git lfs pull"),
            words.download_again(),
        ],
        Cause::LockStuck => vec![
            Fix::manual("lock-holder", "see who holds the lock, and end it if it hangs")
                .command(format!("fuser -v {}/.locks/*/*.lock", case.settings.hub_cache.display()))
                .note("on NFS, Lustre and the like locks may not work at all: take a local HF_HOME"),
        ],
        Cause::SymlinkUnsupported => vec![
            Fix::manual("symlink-allow", "switch on Developer Mode on Windows, or take a file system with symbolic links"),
            words.without_links(),
        ],
        Cause::PathTooLong => {
            vec![Fix::manual("path-shorten", "let the cache lie under a short path").command("export HF_HUB_CACHE=~/hf")]
        }
        Cause::SlowConnection => vec![
            crate::check::network::reach::longer_timeouts(case),
            words.fewer_workers(),
            words.download_again(),
        ],
        Cause::InferenceCredits => vec![
            open("billing", "see what is used up, buy credits or take a plan", "https://huggingface.co/settings/billing")
                .note("this does not touch downloads"),
        ],
        Cause::ProviderLimit => vec![
            Fix::manual("provider-wait", "wait as the provider says, send fewer requests, or use a key of your own with it")
                .command("https://huggingface.co/settings/inference-providers"),
        ],
        Cause::ZerogpuQuota => vec![
            Fix::manual("zerogpu-wait", "wait until the quota is back: 24 hours after its first use")
                .command("https://huggingface.co/settings/billing   # what is left")
                .note("the quota of an account is larger than that of an address: log in, and pass the token on"),
        ],
        Cause::HfTransferProblem => {
            vec![words.unset("hf-transfer-unset", "HF_HUB_ENABLE_HF_TRANSFER", "the ordinary download needs no hf_transfer")]
        }
        Cause::XetClient => vec![
            Fix::manual("xet-upgrade", "bring the Xet client up to date").command(case.clients.upgrade_command()),
            words.set("xet-disable", "HF_HUB_DISABLE_XET", "1", "or take the bytes over plain HTTPS"),
        ],
        Cause::ClientOutdated => vec![
            Fix::manual("client-upgrade", "install versions that fit each other").command(case.clients.upgrade_command()),
        ],
        Cause::NotADownload => {
            let own = Fix::manual(
                "not-a-download",
                "the files arrived; look at the error itself: memory, a missing package, or the program's own code",
            )
            .command("hfdoctor explain not-a-download");
            start::advice(finding).into_iter().chain([own]).collect()
        }
    }
}

/// Opens a page.
fn open(id: &'static str, title: &str, url: &str) -> Fix {
    Fix::automatic(id, Risk::Ask, title, vec![Action::OpenPage { url: url.to_owned() }]).command(url)
}

fn other_network() -> Fix {
    Fix::manual("other-network", "the address is shared or marked: try from another network, or wait half an hour")
}

/// What failed to download: of a finding from the log it is what the log tells of, whatever is asked about now.
fn failed(finding: &Finding, case: &Case) -> Option<Target> {
    let logged = finding.evidence.iter().any(|evidence| evidence.source == Source::Log);
    let told = case.log.as_ref().filter(|_| logged).and_then(Log::target);
    let same = |told: &Target, asked: &Target| told.repo_type == asked.repo_type && told.repo_id == asked.repo_id;
    match (told, &case.target) {
        (Some(told), Some(asked)) if !same(&told, asked) => Some(told),
        (told, asked) => asked.clone().or(told),
    }
    .filter(|target| target.problem().is_none())
}

/// Remedies in the words of one case.
struct Words<'a> {
    case: &'a Case,
    /// What failed to download, when it is one that the Hub can have.
    target: Option<Target>,
}

impl Words<'_> {
    fn url(&self, otherwise: &str) -> String {
        self.target.as_ref().map_or_else(|| otherwise.to_owned(), Target::url)
    }

    fn page(&self, id: &'static str, title: &str) -> Fix {
        match &self.target {
            Some(target) => open(id, title, &target.url()),
            None => Fix::manual(id, title).command("https://huggingface.co/ORG/NAME"),
        }
    }

    fn log_in(&self) -> Fix {
        let path = self.case.settings.token_path.clone();
        Fix::automatic("token-store", Risk::Ask, "log in with a token", vec![Action::StoreToken { path }])
            .command(self.case.clients.login_command())
            .note(format!("a read token of {TOKENS} is enough for downloads"))
    }

    /// Unsets a variable: by itself where it is set, else as advice.
    fn unset(&self, id: &'static str, name: &str, why: &str) -> Fix {
        let title = format!("unset `{name}`: {why}");
        let command = unset_line(name);
        if self.case.environment.var(name).is_none() {
            return Fix::manual(id, title).command(command);
        }
        Fix::automatic(id, Risk::Ask, title, vec![Action::UnsetVariable { name: name.to_owned() }]).command(command)
    }

    fn set(&self, id: &'static str, name: &str, value: &str, why: &str) -> Fix {
        let title = format!("set `{name}={value}`: {why}");
        if self.case.environment.var(name).is_some_and(|set| set == value) {
            return Fix::manual(id, title).note("it is set already");
        }
        let action = Action::SetVariable { name: name.to_owned(), value: value.to_owned() };
        Fix::automatic(id, Risk::Ask, title, vec![action]).command(variable_line(name, value))
    }

    /// Copies in place of links, where the client knows how: since 1.9 it reads the variable.
    fn without_links(&self) -> Fix {
        if self.case.clients.hub_is(|version| version < (1, 9, 0)) {
            return Fix::manual("symlinks-disable", "or upgrade huggingface_hub: from 1.9 on it can do without links")
                .command(self.case.clients.upgrade_command())
                .command(variable_line("HF_HUB_DISABLE_SYMLINKS", "1"));
        }
        self.set("symlinks-disable", "HF_HUB_DISABLE_SYMLINKS", "1", "or do without links (huggingface_hub since 1.9)")
    }

    fn fewer_workers(&self) -> Fix {
        let command = self.download("--max-workers 2");
        Fix::manual("fewer-workers", "download with fewer connections at once").command(command).note(
            "in Python `snapshot_download(..., max_workers=2)`, aria2c `-x 4 -s 4`; Xet: HF_XET_FIXED_DOWNLOAD_CONCURRENCY",
        )
    }

    fn wait_for_window(&self) -> Fix {
        let target = self.target.as_ref().map(|t| format!(" {t}")).unwrap_or_default();
        Fix::manual("wait", "wait for the next window of 5 minutes").command(format!("hfdoctor --wait{target}"))
    }

    fn download(&self, options: &str) -> String {
        let command = self.case.clients.download_command();
        let Some(target) = &self.target else {
            return format!("{command} ORG/NAME {options}").trim_end().to_owned();
        };
        let kind = match target.repo_type {
            RepoType::Model => String::new(),
            other => format!(" --repo-type {}", other.word()),
        };
        format!("{command} {}{kind} {options}", target.repo_id).trim_end().to_owned()
    }

    fn download_again(&self) -> Fix {
        Fix::manual("download-again", "download again; what is complete is kept")
            .command(self.download("--force-download"))
            .note("`--force-download` takes every file anew; without it only what is missing")
    }

    fn list_cache(&self) -> &'static str {
        if self.case.clients.hub_is(|version| version < (1, 0, 0)) {
            "huggingface-cli scan-cache"
        } else {
            "hf cache ls"
        }
    }

    /// The variable that the installed client reads, pointed at the system's store.
    fn trust(&self) -> Vec<Fix> {
        let old = self.case.clients.hub_is(|version| version < (1, 0, 0));
        let name = if old { "REQUESTS_CA_BUNDLE" } else { "SSL_CERT_FILE" };
        vec![
            Fix::manual("ca-bundle", "let the client trust the network's own authority")
                .command(format!("export {name}=/etc/ssl/certs/ca-certificates.crt"))
                .note(
                    "huggingface_hub before 1.0 reads REQUESTS_CA_BUNDLE, 1.x SSL_CERT_FILE, 2.x and hf_xet the system's \
                     store; the authority's certificate must be in that file",
                ),
        ]
    }
}

#[cfg(test)]
mod tests;
