//! huggingface_hub, its `hf`, and what stands on top of them: transformers, datasets, diffusers, vLLM and others.

use super::words::TOKENS;
use super::{Failure, machine};
use crate::diagnosis::{Action, Cause, Fix, Risk};
use crate::who::{Place, System};

/// The remedies of a cause.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Vec<Fix> {
    match cause {
        Cause::GatedNoToken => vec![
            f.conditions(),
            log_in(f, "log in with a token of the same account").step(),
        ],
        Cause::GatedNotAccepted => vec![f.repository_page(
            "gate-open",
            "accept the conditions, or see the state of the request, on the repository's page",
        )],
        Cause::TokenMissing if f.said.contains("oidc") => oidc(f),
        Cause::TokenMissing => vec![
            log_in(f, "log in with a token of an account that may read it"),
            Fix::manual("token-pass", "give the token to the library that downloads").command(f.shell().ask("HF_TOKEN")),
        ],
        Cause::TokenMalformed => vec![
            Fix::manual("token-set-clean", "set the bare token: no quotes inside, no `Bearer`, no line end")
                .command(f.shell().ask("HF_TOKEN")),
            log_in(f, "or log in anew"),
        ],
        Cause::TokenInvalid => vec![
            log_in(f, "log in with a new token"),
            f.unset("token-variable-unset", &["HF_TOKEN"], "unset `HF_TOKEN`, which stands above the saved token"),
        ],
        Cause::TokenScope => scope(f),
        Cause::TokenShadowed => vec![
            f.unset("token-variable-unset", &["HF_TOKEN"], "let the saved token be used"),
            Fix::manual("token-which", "see which token is active").command(auth(f, "list")),
        ],
        Cause::RepoNotFound => vec![
            f.repository_page("repo-name", "compare the name with the repository's page, letter by letter")
                .note("a dataset or a Space needs `--repo-type`; a private repository a token of an account that may read it"),
        ],
        Cause::RepoIdInvalid => vec![
            with_command(
                Fix::manual("repo-id", "name the repository as `owner/name`, without the site's address"),
                f.hf_download(&[]),
            )
            .note("where a local folder was meant, check that its path exists: what is no folder is taken for a repository"),
        ],
        Cause::RateLimitAnonymous => vec![log_in(f, "log in: with a token the quota is your own"), machine::wait(f), fewer_workers(f)],
        Cause::RateLimitAccount => vec![machine::wait(f), fewer_workers(f)],
        Cause::RateLimitIp => vec![log_in(f, "log in: requests with a token count by account"), machine::wait(f), machine::other_network()],
        Cause::RateLimitCdn => vec![fewer_workers(f), machine::other_network()],
        Cause::TooParallel if f.said.contains("too many open files") || f.said.contains("emfile") => {
            machine::parallel(f).into_iter().take(1).chain([fewer_workers(f)]).collect()
        }
        Cause::TooParallel => vec![fewer_workers(f)],
        Cause::RetryStorm => vec![
            Fix::manual(
                "backoff",
                "wait between attempts: as long as `Retry-After` or `RateLimit` says, else twice as long each time",
            )
            .command(upgrade(f))
            .note("huggingface_hub waits by itself since 1.2: it needs no loop around it"),
        ],
        Cause::ProxyMisconfigured if f.said.contains("socks") => socks(f),
        Cause::TlsUntrustedCa => trust(f),
        Cause::CdnBlocked => {
            let mut fixes = machine::remedies(cause, f);
            fixes.truncate(1);
            if xet_is_on(f) {
                fixes.push(without_xet(f, "take the files over plain HTTPS, when only the Xet hosts are blocked"));
            }
            fixes
        }
        Cause::MirrorFailure | Cause::RateLimitMirror => mirror(f),
        Cause::EndpointMisconfigured => vec![
            f.unset("endpoint-unset", &["HF_ENDPOINT"], "ask the Hub itself"),
            Fix::manual("endpoint-correct", "write `HF_ENDPOINT` as https://HOST, with the path that the server's instructions give"),
        ],
        Cause::OfflineMode => vec![
            f.unset("offline-unset", &["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"], "let the client ask the Hub again")
                .note("`local_files_only=True` in the code forbids requests, too"),
        ],
        Cause::DiskFull => disk_full(f),
        Cause::DiskQuota => {
            let mut fixes = machine::remedies(cause, f);
            fixes.truncate(1);
            fixes.push(move_cache(f, "let the cache lie where there is room"));
            fixes
        }
        Cause::CachePermission => permission(f),
        Cause::ReadOnlyCache => vec![move_cache(f, "use a cache folder that can be written")],
        Cause::PartialCache => vec![again(f)],
        Cause::CorruptFile => vec![verify(f), anew(f)],
        Cause::LfsPointer => vec![
            Fix::manual("lfs-pull", "in the clone, fetch the files that the pointers stand for")
                .command("git lfs install")
                .command("git lfs pull"),
            f.with_download(Fix::manual("download-instead", "download without git"), &[]),
        ],
        Cause::LockStuck => vec![machine::lock(f)],
        Cause::SymlinkUnsupported => vec![
            machine::links(f),
            f.set("symlinks-disable", "HF_HUB_DISABLE_SYMLINKS", "1", "do without links (huggingface_hub since 1.9)"),
        ],
        Cause::PathTooLong => long_path(f),
        Cause::SlowConnection => slow(f),
        Cause::HfTransferProblem => vec![f.unset(
            "hf-transfer-unset",
            &["HF_HUB_ENABLE_HF_TRANSFER"],
            "unset `HF_HUB_ENABLE_HF_TRANSFER`: the ordinary download needs no hf_transfer",
        )],
        Cause::XetClient => vec![
            Fix::manual("xet-upgrade", "bring hf_xet up to date").command(install(f, "hf_xet")),
            without_xet(f, "or take the files over plain HTTPS"),
        ],
        Cause::ClientOutdated => outdated(f),
        Cause::NotADownload => {
            let own = machine::remedies(cause, f);
            number(f).into_iter().chain(own).collect()
        }
        _ => machine::remedies(cause, f),
    }
}

fn with_command(fix: Fix, command: Option<String>) -> Fix {
    match command {
        Some(command) => fix.command(command),
        None => fix,
    }
}

fn old_program(f: &Failure) -> bool {
    f.here.old_program || f.who.hub_version.is_some_and(|version| version < (0, 34, 0))
}

/// The version of huggingface_hub that failed.
fn version(f: &Failure) -> Option<(u64, u64, u64)> {
    f.who.hub_version.or(f.here.hub)
}

fn auth(f: &Failure, rest: &str) -> String {
    let program = if old_program(f) { "huggingface-cli" } else { "hf" };
    format!("{program} auth {rest}")
}

fn log_in(f: &Failure, title: &str) -> Fix {
    let note = format!("a read token of {TOKENS} is enough for downloads");
    let command = if old_program(f) { "huggingface-cli login" } else { "hf auth login" };
    match f.who.place {
        Place::Ci => {
            return Fix::manual(
                "token-secret",
                "give the job a token: a secret `HF_TOKEN`, passed to the step in `env:`",
            )
            .note(note);
        }
        Place::Pod => {
            return Fix::manual(
                "token-secret",
                "give the pod a token: a Secret, passed to the container as `HF_TOKEN`",
            )
            .note(note);
        }
        Place::Container => {
            return Fix::manual("token-secret", "give the container a token: `-e HF_TOKEN`, or a secret of compose")
                .note(note);
        }
        Place::Notebook => {
            return Fix::manual("token-secret", "log in inside the notebook, or add a secret `HF_TOKEN` to it")
                .command("from huggingface_hub import notebook_login; notebook_login()")
                .note(note);
        }
        Place::Machine | Place::Batch => {}
    }
    match f.here.token_path.clone().filter(|_| f.who.elsewhere.is_none()) {
        Some(path) => Fix::automatic("token-store", Risk::Ask, title, vec![Action::StoreToken { path }]),
        None => Fix::manual("token-store", title),
    }
    .command(command)
    .note(note)
}

/// The exchange of a CI's identity token, which stands above every other token.
fn oidc(f: &Failure) -> Vec<Fix> {
    vec![
        f.unset(
            "oidc-unset",
            &["HF_OIDC_RESOURCE"],
            "unset `HF_OIDC_RESOURCE`: then `HF_TOKEN` or the saved token is sent",
        ),
        Fix::manual(
            "oidc-permission",
            "or let the job have an identity token: in GitHub Actions `permissions: id-token: write`",
        ),
    ]
}

fn scope(f: &Failure) -> Vec<Fix> {
    if f.said.contains("ip ") && f.said.contains("organization") || f.said.contains("network security") {
        return vec![Fix::manual(
            "organization",
            "ask the organization's administrators: it admits only certain addresses",
        )];
    }
    if f.said.contains("organization") {
        return vec![
            Fix::manual("organization", "ask the organization's administrators to approve the token").command(TOKENS),
        ];
    }
    machine::remedies(Cause::TokenScope, f)
}

fn fewer_workers(f: &Failure) -> Fix {
    let note = "in Python it is `snapshot_download(..., max_workers=2)`; several processes multiply it";
    f.with_download(Fix::manual("fewer-workers", "download fewer files at once").note(note), &["--max-workers", "2"])
}

fn socks(f: &Failure) -> Vec<Fix> {
    let mut fixes = machine::proxy_misconfigured(f);
    // By package: hub 0.x needs PySocks, 1.x and 2.x socksio.
    let package = match version(f) {
        Some(version) if version < (1, 0, 0) => "pysocks",
        _ => "socksio",
    };
    let install = Fix::manual("socks-install", "install the client's support for SOCKS").command(install(f, package));
    if f.said.contains("socksio") || f.said.contains("missing dependencies for socks") {
        return vec![install];
    }
    fixes.push(install.step());
    fixes
}

fn trust(f: &Failure) -> Vec<Fix> {
    let name = match version(f) {
        Some(version) if version < (1, 0, 0) => "REQUESTS_CA_BUNDLE",
        None if f.said.contains("requests.exceptions") || f.said.contains("urllib3") => "REQUESTS_CA_BUNDLE",
        _ => "SSL_CERT_FILE",
    };
    let mut fixes = vec![machine::install_authority(f)];
    let note = "huggingface_hub before 1.0 reads REQUESTS_CA_BUNDLE, 1.x SSL_CERT_FILE; 2.x and hf_xet read what the system trusts";
    let bundle = f.here.bundle.clone().filter(|_| f.who.elsewhere.is_none() && f.system() == System::of_this_machine());
    fixes.push(match bundle {
        Some(bundle) => Fix::manual("ca-bundle", format!("let the client read what the system trusts: `{name}`"))
            .command(f.shell().set(name, &bundle))
            .note(note)
            .step(),
        None => {
            Fix::manual("ca-bundle", format!("let `{name}` name a bundle that holds the public authorities and yours"))
                .note(note)
                .step()
        }
    });
    fixes
}

fn xet_is_on(f: &Failure) -> bool {
    f.who.variable("HF_HUB_DISABLE_XET").is_none_or(|value| !crate::variable::is_true(value))
}

fn without_xet(f: &Failure, title: &str) -> Fix {
    f.set("xet-disable", "HF_HUB_DISABLE_XET", "1", title)
}

fn mirror(f: &Failure) -> Vec<Fix> {
    let mut fixes = Vec::new();
    let of_xet = f.said.contains("xet") || f.said.contains("cas service") || f.said.contains("cas-server");
    if of_xet && xet_is_on(f) {
        fixes.push(without_xet(f, "switch Xet off: its storage does not take what the mirror gives"));
    }
    fixes.push(f.unset("endpoint-unset", &["HF_ENDPOINT"], "ask the Hub itself, where it can be reached"));
    if !of_xet {
        fixes.push(Fix::manual("mirror-other", "or wait, ask the mirror's operators, or use another mirror"));
    }
    fixes
}

fn cache_folder(f: &Failure) -> Option<String> {
    let here =
        || f.here.hub_cache.as_ref().filter(|_| f.who.elsewhere.is_none()).map(|path| path.display().to_string());
    f.who.folder.clone().or_else(here)
}

/// A new place for the cache; where the download went to a folder that was named, another folder.
fn move_cache(f: &Failure, title: &str) -> Fix {
    if f.who.asked.local_dir.is_some() {
        return Fix::manual("disk-move", format!("{title}: name another folder with `--local-dir`"));
    }
    Fix::manual("disk-move", title)
        .note("`HF_HUB_CACHE` names the folder of the cache; `HF_HOME` would move the saved token, too")
}

fn disk_full(f: &Failure) -> Vec<Fix> {
    let mut fixes = machine::remedies(Cause::DiskFull, f);
    fixes.truncate(1);
    if matches!(f.who.place, Place::Machine | Place::Batch) {
        let list = if version(f).is_some_and(|version| version < (1, 0, 0)) {
            "huggingface-cli scan-cache"
        } else {
            "hf cache ls"
        };
        fixes.push(Fix::manual("cache-see", "see what the cache holds, and remove what is not needed").command(list));
    }
    fixes.push(move_cache(f, "let the cache lie on a volume with room"));
    fixes
}

fn permission(f: &Failure) -> Vec<Fix> {
    let folder = cache_folder(f);
    let see = Fix::manual("permission-see", "see who owns the folder");
    let see = match folder {
        Some(folder) if f.windows() => see.command(format!("icacls {}", f.shell().word(&folder))),
        Some(folder) => see.command(format!("ls -ld {}", f.shell().word(&folder))),
        None => see,
    };
    let note = match f.who.place {
        Place::Container | Place::Pod => {
            "in a container, mount the folder writable for its user, or set `HF_HOME` to a folder that this user owns"
        }
        _ => {
            "a run with `sudo` leaves files of root behind: give them back with `sudo chown -R \"$USER\"` on that folder"
        }
    };
    let see = if f.windows() { see } else { see.note(note) };
    vec![see, move_cache(f, "use a cache folder of your own")]
}

/// The same download once more: what is there is not taken anew.
fn again(f: &Failure) -> Fix {
    f.with_download(
        Fix::manual(
            "download-again",
            "start the same download again: whole files stay, the unfinished one is fetched anew",
        ),
        &[],
    )
}

/// One damaged file, removed alone and fetched alone.
fn anew(f: &Failure) -> Fix {
    let file = f.target().and_then(|target| target.file.clone()).or_else(|| f.who.asked.files.first().cloned());
    let fix = match &file {
        Some(file) => {
            Fix::manual("file-again", format!("delete `{file}` from the cache, and download that file alone"))
        }
        None => Fix::manual("file-again", "delete the damaged file from the cache, and download it alone"),
    };
    match (file, f.target()) {
        (Some(_), Some(_)) => f.with_download(fix, &["--force-download"]),
        _ => fix.note("the error or `hfdoctor --verify` names the file"),
    }
}

fn verify(f: &Failure) -> Fix {
    let fix = Fix::manual("verify", "see which files are damaged");
    if f.who.elsewhere.is_some() {
        return match f.target() {
            Some(target) => fix.command(format!("hf cache verify {}", f.shell().word(&target.repo_id))),
            None => fix,
        };
    }
    fix.command("hfdoctor --verify")
}

fn long_path(f: &Failure) -> Vec<Fix> {
    let first = machine::long_path(f);
    if f.who.asked.local_dir.is_some() {
        return vec![Fix::manual("path-shorten", "name a shorter folder with `--local-dir`"), first];
    }
    let short = if f.windows() { "C:\\hf" } else { "~/hf" };
    let line = if f.windows() { f.shell().set("HF_HUB_CACHE", short) } else { "export HF_HUB_CACHE=~/hf".to_owned() };
    vec![Fix::manual("path-shorten", "let the cache lie under a short path").command(line), first]
}

/// A connection that breaks: the client waits longer, where it reads how long.
fn slow(f: &Failure) -> Vec<Fix> {
    let mut fixes = vec![again(f)];
    // To wait longer does not help where the connection was closed.
    let closed = ["reset", "closed", "incompleteread", "incomplete read", "10054", "disconnected", "eof"];
    let closed = closed.iter().any(|word| f.said.contains(word)) && !f.said.contains("timed out");
    if f.said.contains("xet") || f.said.contains("cas ") {
        fixes.push(f.set("xet-timeout", "HF_XET_CLIENT_READ_TIMEOUT", "600s", "let Xet wait longer for bytes"));
        if xet_is_on(f) {
            let line = f.shell().set("HF_HUB_DISABLE_XET", "1");
            fixes.push(Fix::manual("xet-avoid", "or take the files over plain HTTPS").command(line));
        }
    } else if !closed {
        fixes.push(longer(f));
    }
    if f.who.asked.workers != Some(1) {
        fixes.push(fewer_workers(f));
    }
    fixes
}

/// Longer waits for bytes and for a file's metadata.
fn longer(f: &Failure) -> Fix {
    let title = "let the client wait longer for answers and bytes";
    let bytes = f.set("timeout-raise", "HF_HUB_DOWNLOAD_TIMEOUT", "60", title);
    let metadata = f.set("timeout-raise", "HF_HUB_ETAG_TIMEOUT", "60", title);
    Fix {
        actions: bytes.actions.into_iter().chain(metadata.actions).collect(),
        commands: bytes.commands.into_iter().chain(metadata.commands).collect(),
        ..bytes
    }
}

fn upgrade(f: &Failure) -> String {
    let needs_old = f.said.contains("<1.0") || f.said.contains("<1,") || f.said.contains("< 1.0");
    match (needs_old, &f.here.upgrade) {
        (true, _) => install(f, "huggingface_hub<1.0"),
        (false, Some(command)) if f.who.elsewhere.is_none() => command.clone(),
        _ => install(f, "huggingface_hub"),
    }
}

/// The command that installs a package, or its newest version.
fn install(f: &Failure, package: &str) -> String {
    let (program, flag) = (if f.windows() { "py -m pip" } else { "python3 -m pip" }, "install -U");
    let program = if f.who.place == Place::Notebook { "%pip" } else { program };
    let quoted = if package.contains(['<', '>', '=']) { format!("\"{package}\"") } else { package.to_owned() };
    format!("{program} {flag} {quoted}")
}

fn outdated(f: &Failure) -> Vec<Fix> {
    if f.said.contains("no module named 'httpx2'")
        || f.said.contains("no module named 'truststore'")
        || f.said.contains("no module named 'typer'")
    {
        return vec![
            Fix::manual(
                "client-reinstall",
                "install huggingface_hub anew, with all that it needs: the upgrade stopped half-way",
            )
            .command(format!("{} --force-reinstall huggingface_hub", install(f, "").trim_end())),
        ];
    }
    if f.said.contains("does not recognize this architecture") || f.said.contains("unrecognized model") {
        return vec![
            Fix::manual("client-upgrade", "upgrade transformers: this version does not know the model's architecture")
                .command(install(f, "transformers")),
        ];
    }
    if f.said.contains("cannot import name")
        || f.said.contains("has no attribute")
        || f.said.contains("unexpected keyword")
    {
        return vec![
            Fix::manual(
                "client-match",
                "install versions that fit each other: the program that is named last in the trace asks for a name that this \
                 huggingface_hub no longer has, or does not have yet",
            )
            .command(upgrade(f))
            .note("upgrade the program that asks as well; where it cannot be upgraded, `huggingface_hub<1.0` has the older names"),
        ];
    }
    vec![Fix::manual("client-upgrade", "install versions that fit each other").command(upgrade(f))]
}

/// A variable that holds no number stops the client when it starts.
fn number(f: &Failure) -> Option<Fix> {
    let names = ["HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT"];
    let title =
        "where `huggingface_hub/constants.py` stands above it in the trace, unset the variable that its line names";
    f.said
        .contains("invalid literal for int()")
        .then(|| Fix::manual("number-unset", title).command(f.shell().unset(&names)))
}
