//! A mirror that might stand in, when the endpoint's own host is out of reach and the rest of the world is not.

use url::Url;

use super::http::{Ask, Http};
use super::hub::{self, Access};
use super::neutral::Neutral;
use super::route::fault::{Fault, fault};
use super::{Observations, Seen};
use crate::case::Case;

/// The mirror that is known well enough to be named: a volunteers' live forwarder for mainland China. Elsewhere it sends
/// visitors back to the Hub (answers of 2026).
pub const KNOWN_MIRROR: &str = "https://hf-mirror.com";

/// What a mirror answered for the very target.
#[derive(Debug, Clone)]
pub struct OtherMirror {
    /// What HF_ENDPOINT would be.
    pub endpoint: &'static str,
    /// HEAD on the target's resolve URL there, without a token.
    pub access: Access,
}

impl OtherMirror {
    /// What it showed, in one sentence.
    pub fn words(&self, case: &Case) -> String {
        match &self.access {
            Ok(_) if self.serves(case) => {
                let what = case.target.as_ref().map_or("a public repository", |target| target.repo_id.as_str());
                format!("the mirror {} answers, and has {what}", self.endpoint)
            }
            Ok(answer) if answer.headers.contains_key("x-repo-commit") => {
                format!("the mirror {} answers {} for this target", self.endpoint, answer.status)
            }
            Ok(answer) => format!("the mirror {} answers {}, not as a Hub does", self.endpoint, answer.status),
            Err(failure) => format!("the mirror {} does not answer either: {failure}", self.endpoint),
        }
    }

    /// Whether it answers as the Hub does for what is wanted: with a commit, and no refusal.
    pub fn serves(&self, case: &Case) -> bool {
        let Ok(answer) = &self.access else { return false };
        // A file that nobody asked for, only tried, may be missing: the repository is there.
        let named = case.target.as_ref().is_some_and(|target| target.file.is_some());
        let merely_absent = !named && answer.status == 404 && answer.error_code().as_deref() == Some("EntryNotFound");
        answer.headers.contains_key("x-repo-commit") && (answer.status < 400 || merely_absent)
    }
}

/// Asks the mirror for the target, by one HEAD. None when nobody needs a mirror: the Hub can be reached, or nothing can.
pub(super) async fn look(case: &Case, observations: &Observations, http: &Http) -> Seen<Option<OtherMirror>> {
    let route = if case.settings.foreign_endpoint() {
        let beside = observations.see_beside_mirror().await.as_ref().map_err(Clone::clone)?;
        match beside {
            Some(beside) => &beside.route,
            None => return Ok(None),
        }
    } else {
        observations.see_route().await.as_ref().map_err(Clone::clone)?
    };
    let cut_off = matches!(fault(route), Some(Fault::Connection(_) | Fault::Filtered(..)));
    if !cut_off || is_the_endpoint(case) || !route.neutral.as_ref().is_some_and(Neutral::reachable) {
        return Ok(None);
    }
    let url = hub::file_at(case, KNOWN_MIRROR)?;
    let access = http.send(Ask::head(url)).await;
    Ok(Some(OtherMirror { endpoint: KNOWN_MIRROR, access }))
}

fn is_the_endpoint(case: &Case) -> bool {
    let host = |text: &str| Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase));
    host(KNOWN_MIRROR) == host(&case.settings.endpoint)
}
