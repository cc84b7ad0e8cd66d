//! Whether the Xet client can write to its own cache, without which it gives up.

use std::io::ErrorKind;

use super::stands;
use crate::case::Case;
use crate::check::network::reach::without_xet;
use crate::observe::Observations;
use crate::observe::volume::{Purpose, Volume};
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Fix, Source};
use hfdoctor_core::text::shell::quoted;

/// What is wrong with the Xet cache, when something is.
pub(super) fn trouble(volumes: &[Volume]) -> Option<(Cause, String)> {
    let xet = volumes.iter().find(|volume| volume.purpose == Purpose::XetCache)?;
    let path = xet.path.display();
    if let Some(blocked) = &xet.blocked_by {
        let words = format!("the Xet cache belongs at {path}, but {} {}", blocked.path.display(), stands(blocked));
        return Some((Cause::CachePermission, words));
    }
    let refused = xet.writable.as_ref().err();
    if xet.read_only || refused.is_some_and(|refused| refused.kind == ErrorKind::ReadOnlyFilesystem) {
        return Some((Cause::ReadOnlyCache, format!("the Xet cache at {path} lies on a read-only file system")));
    }
    let refused = refused.filter(|refused| refused.kind == ErrorKind::PermissionDenied)?;
    Some((Cause::CachePermission, format!("the Xet cache at {path} cannot be written: {}", refused.message)))
}

/// Whether the client takes the target by Xet: it can, and the Hub names Xet's hosts for its files.
pub(super) fn is_taken(case: &Case, observations: &Observations) -> bool {
    let offered = observations.storage().is_ok_and(|storage| storage.as_ref().is_some_and(|s| !s.xet.is_empty()));
    case.uses_xet() && offered
}

/// The finding that hf_xet gives up at its cache (hf_xet 1.x: `I/O error: Permission denied`).
pub(super) fn finding(case: &Case, cause: Cause, words: &str) -> Finding {
    let place = &case.settings.xet_cache;
    let mut finding = Finding::new(cause, Certainty::Confirmed, format!("{words}; the Xet client gives up at that"))
        .saw(Source::Client, "the Hub offers the target by Xet, and hf_xet is installed")
        .fix(without_xet("take the bytes over plain HTTPS, which needs no Xet cache"));
    if cause == Cause::CachePermission && cfg!(unix) {
        let place = quoted(place);
        finding = finding.fix(
            Fix::manual("take-ownership", "take the Xet cache back")
                .command(format!("sudo chown -R \"$(id -u):$(id -g)\" {place} && chmod -R u+rwX {place}")),
        );
    }
    finding.fix(Fix::manual("place-cache", "let `HF_XET_CACHE` name a folder that this user may write to"))
}
