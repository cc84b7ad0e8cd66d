//! git and git-lfs: two programs, two network stacks. Source: git 2.47, git-lfs 3.7 (2026-08).

use super::words::{HOSTS, TOKENS};
use super::{Failure, machine};
use crate::diagnosis::{Cause, Fix};

/// The remedies of a cause; none where nothing is special to git.
pub(super) fn remedies(cause: Cause, f: &Failure) -> Option<Vec<Fix>> {
    Some(match cause {
        Cause::GatedNoToken => vec![f.conditions(), password().step()],
        Cause::TokenMissing => vec![password()],
        Cause::TokenInvalid | Cause::TokenMalformed | Cause::TokenShadowed => vec![forget(f), password().step()],
        Cause::RepoNotFound => vec![
            f.repository_page(
                "repo-name",
                "compare the address with the repository's page; a dataset has /datasets/ before its name",
            ),
            password(),
        ],
        Cause::RevisionNotFound => vec![match f.page() {
            Some(page) => Fix::manual("revision", "see which branches and tags there are")
                .command(format!("git ls-remote {}", f.shell().word(&page))),
            None => Fix::manual("revision", "see which branches and tags there are, with `git ls-remote`"),
        }],
        Cause::RateLimitAnonymous => {
            vec![password(), Fix::manual("wait", "wait five minutes, then go on in the clone").command("git lfs pull")]
        }
        Cause::RateLimitAccount
        | Cause::RateLimitIp
        | Cause::RateLimitCdn
        | Cause::RateLimitMirror
        | Cause::TooParallel => vec![
            Fix::manual("fewer-workers", "wait five minutes, then go on in the clone with one file at a time")
                .command("git -c lfs.concurrenttransfers=1 lfs pull"),
        ],
        Cause::ProxyUnreachable | Cause::ProxyMisconfigured | Cause::ProxyAuth => vec![
            Fix::manual("proxy-git", "see which proxy git has, and correct or remove it")
                .command("git config --show-origin --get-all http.proxy")
                .note("`git config --global --unset http.proxy` removes it; git-lfs reads no ALL_PROXY"),
            machine::remedies(cause, f).swap_remove(0),
        ],
        Cause::TlsUntrustedCa => vec![
            if f.windows() {
                Fix::manual("ca-git", "let git trust what Windows trusts")
                    .command("git config --global http.sslBackend schannel")
            } else {
                Fix::manual(
                    "ca-git",
                    "let `http.sslCAInfo` name a bundle that holds the public authorities and yours; git-lfs reads it, too",
                )
            },
            machine::install_authority(f),
        ],
        Cause::CdnBlocked | Cause::ConnectionBlocked => vec![
            Fix::manual(
                "cdn-allow",
                format!("have {HOSTS} allowed: git-lfs fetches the files from other hosts than the clone"),
            )
            .command(f.probe(&format!("https://{}/", f.host()))),
            Fix::manual(
                "proxy-git",
                "or give git the proxy that this network needs, as `http.proxy` in its configuration",
            ),
        ],
        Cause::MirrorFailure | Cause::EndpointMisconfigured => vec![match f.page() {
            Some(page) => Fix::manual("remote-url", "let the clone ask the Hub itself")
                .command(format!("git remote set-url origin {}", f.shell().word(&page))),
            None => Fix::manual(
                "remote-url",
                "let the clone ask the Hub itself: `git remote set-url origin https://huggingface.co/…`",
            ),
        }],
        Cause::LfsPointer | Cause::PartialCache | Cause::SlowConnection => vec![
            Fix::manual("lfs-pull", "in the clone, fetch the files that are missing: it continues where it stopped")
                .command("git lfs install")
                .command("git lfs pull")
                .note("without git-lfs: install the package git-lfs first"),
        ],
        Cause::CorruptFile => vec![
            Fix::manual("lfs-fsck", "in the clone, let git-lfs set damaged files aside, then fetch them anew")
                .command("git lfs fsck")
                .command("git lfs pull"),
        ],
        Cause::ClientOutdated => vec![
            Fix::manual("lfs-install", "install git-lfs, then fetch the files in the clone")
                .command("git lfs install")
                .command("git lfs pull"),
        ],
        Cause::DiskFull | Cause::DiskQuota => {
            let mut fixes = machine::remedies(cause, f);
            fixes.truncate(1);
            fixes.push(
                Fix::manual("clone-room", "a clone needs twice the model's size: free that, or fetch single files")
                    .note("`GIT_LFS_SKIP_SMUDGE=1 git clone …`, then `git lfs pull --include FILE`"),
            );
            fixes
        }
        Cause::PathTooLong if f.windows() => {
            vec![Fix::manual("path-git", "let git use long paths").command("git config --global core.longpaths true")]
        }
        Cause::CachePermission | Cause::ReadOnlyCache => {
            vec![Fix::manual("disk-move", "clone into a folder of your own")]
        }
        _ => return None,
    })
}

/// git keeps the password; no line of Windows's shells takes it out of the Credential Manager.
fn forget(f: &Failure) -> Fix {
    let fix = Fix::manual("credential-reject", "let git forget the stored password, then give it a token when it asks")
        .note("on Windows it lies in the Credential Manager as git:https://huggingface.co");
    if f.windows() {
        return fix;
    }
    fix.command("printf 'protocol=https\\nhost=huggingface.co\\n\\n' | git credential reject")
}

/// The token is the password.
fn password() -> Fix {
    Fix::manual("git-password", "give git a token where it asks for the password; the user name is your account's")
        .note(format!("{TOKENS}: a read token to clone, a write token to push. Or use SSH: git@hf.co:OWNER/NAME"))
}
