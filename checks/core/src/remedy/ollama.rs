//! ollama. Its server downloads, so that variables must reach the server; it signs with a key of its own and reads no token.
//! Source: ollama's documentation and source (2026-08).

use super::Failure;
use super::words::HOSTS;
use crate::diagnosis::{Cause, Fix};
use crate::target::Target;
use crate::who::System;

const KEYS: &str = "https://huggingface.co/settings/keys";

/// The remedies of a cause; none where nothing is special to ollama.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Option<Vec<Fix>> {
    Some(match cause {
        Cause::GatedNoToken | Cause::GatedNotAccepted => {
            vec![f.conditions(), key(f).step()]
        }
        Cause::TokenMissing
        | Cause::TokenInvalid
        | Cause::TokenMalformed
        | Cause::TokenScope
        | Cause::TokenShadowed => vec![key(f)],
        Cause::RepoNotFound => vec![
            f.repository_page("repo-name", "compare the name with the repository's page: it must hold GGUF files"),
            key(f),
        ],
        Cause::RevisionNotFound | Cause::FileNotFound => vec![tag(f)],
        Cause::RepoIdInvalid => vec![named(f)],
        Cause::RateLimitAnonymous => vec![wait(), key(f)],
        Cause::RateLimitAccount | Cause::RateLimitIp | Cause::RateLimitCdn | Cause::RateLimitMirror => vec![wait()],
        Cause::ProxyUnreachable => vec![server(
            f,
            "proxy-unset",
            "remove the proxy from the server's environment, or start the proxy",
            "HTTPS_PROXY",
            "",
        )],
        Cause::ProxyMisconfigured | Cause::ProxyAuth => vec![server(
            f,
            "proxy-correct",
            "give ollama's server the proxy as `http://`, its host and its port, with user and password where it asks for them",
            "HTTPS_PROXY",
            "http://…",
        )],
        Cause::TlsUntrustedCa => vec![
            super::machine::install_authority(f),
            Fix::manual("server-restart", "restart ollama's server, so that it reads the certificates anew").step(),
        ],
        Cause::ConnectionBlocked | Cause::CdnBlocked => vec![
            Fix::manual(
                "connection-allow",
                format!("have {HOSTS} allowed for the machine on which ollama's server runs"),
            )
            .command(f.probe(&format!("https://{}/", f.host()))),
            server(
                f,
                "proxy-set",
                "or give ollama's server the proxy that this network needs",
                "HTTPS_PROXY",
                "http://…",
            ),
        ],
        Cause::DiskFull | Cause::DiskQuota | Cause::ReadOnlyCache | Cause::CachePermission => vec![
            Fix::manual("models-list", "see what the store holds, and remove what is not needed")
                .command("ollama list"),
            server(
                f,
                "models-move",
                "or let the models lie on a volume with room that ollama's user may write",
                "OLLAMA_MODELS",
                "…",
            ),
        ],
        Cause::PartialCache | Cause::SlowConnection => vec![pull(f, "pull again: it continues where it stopped")],
        Cause::CorruptFile => vec![
            pull(f, "pull again: the part with the wrong digest is fetched anew"),
            Fix::manual("model-again", "if the digest is wrong again, remove the model, then pull it"),
        ],
        Cause::ClientOutdated => vec![update(f)],
        Cause::MirrorFailure | Cause::EndpointMisconfigured => {
            vec![Fix::manual(
                "name-host",
                "name the mirror in the model's name, as `ollama pull HOST/OWNER/NAME`: ollama reads no HF_ENDPOINT",
            )]
        }
        _ => return None,
    })
}

/// ollama's key belongs into the account.
fn key(f: &Failure) -> Fix {
    let place = match f.system() {
        System::Windows => "type $env:USERPROFILE\\.ollama\\id_ed25519.pub",
        _ => "cat ~/.ollama/id_ed25519.pub",
    };
    let note = match f.system() {
        System::Linux | System::Unknown => {
            "where ollama runs as a service, its key is /usr/share/ollama/.ollama/id_ed25519.pub. ollama reads no HF_TOKEN"
        }
        _ => "ollama reads no HF_TOKEN",
    };
    Fix::manual("ollama-key", format!("add ollama's public key to your account at the Hub: {KEYS}"))
        .command(place)
        .note(note)
}

fn wait() -> Fix {
    Fix::manual("wait", "wait five minutes, then pull again: it continues where it stopped")
}

/// The name by which ollama calls a repository of the Hub.
fn model(target: &Target) -> String {
    format!("hf.co/{}", target.repo_id)
}

fn pull(f: &Failure, title: &str) -> Fix {
    let fix = Fix::manual("download-again", title);
    match f.target() {
        Some(target) => fix.command(format!("ollama pull {}", f.shell().word(&model(target)))),
        None => fix,
    }
}

fn tag(f: &Failure) -> Fix {
    let fix = Fix::manual("tag", "take a tag that names one of the repository's GGUF files, such as `:Q4_K_M`");
    match (f.files(), f.target()) {
        (Some(files), Some(target)) => fix
            .command(files)
            .note(format!("then `ollama run {}:` with the quantization in that file's name", model(target))),
        _ => fix.note("ollama's own models and their tags are listed at https://ollama.com/library"),
    }
}

fn named(f: &Failure) -> Fix {
    let fix = Fix::manual("repo-id", "name the model as `hf.co/OWNER/NAME:TAG`, without `https://`");
    match f.target() {
        Some(target) => fix.command(format!("ollama run {}", f.shell().word(&model(target)))),
        None => fix,
    }
}

/// A variable of the server, where the system keeps it. An empty value says that it is removed there.
fn server(f: &Failure, id: &'static str, title: &str, name: &str, value: &str) -> Fix {
    let fix = Fix::manual(id, title);
    match f.system() {
        System::Windows => fix.note(format!("`{name}` is a user variable of Windows: change it in the system settings, then quit and start ollama")),
        System::MacOs if value.is_empty() => fix.command(format!("launchctl unsetenv {name}")).note("then quit and start ollama"),
        System::MacOs => fix.note(format!("`launchctl setenv {name} VALUE` sets it for the app; then quit and start ollama")),
        _ => fix
            .command("sudo systemctl edit ollama.service")
            .note(format!(
                "below [Service] stands `Environment=\"{name}=…\"`; then `sudo systemctl daemon-reload && sudo systemctl restart \
                 ollama`. In a container `{name}` goes into its `-e`"
            )),
    }
}

fn update(f: &Failure) -> Fix {
    let fix = Fix::manual("client-upgrade", "update ollama: this version cannot do what was asked for");
    match f.system() {
        System::Linux => fix.command("curl -fsSL https://ollama.com/install.sh | sh"),
        _ => fix.command("https://ollama.com/download"),
    }
}
