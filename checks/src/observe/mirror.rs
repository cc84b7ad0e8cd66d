//! What the Hub itself says, when the endpoint that HF_ENDPOINT names does not give the file.

use url::Url;

use super::http::{Answer, Ask, Http};
use super::hub::{self, Access};
use super::layer;
use super::route::{self, Route};
use super::{Observations, Seen, Unseen};
use crate::case::Case;
use crate::case::settings::DEFAULT_ENDPOINT;

/// The Hub beside a mirror.
#[derive(Debug, Clone)]
pub struct BesideMirror {
    /// The way to the Hub itself.
    pub route: Route,
    /// The same file at the Hub: without a token, or with the one that opens it.
    pub access: Access,
}

/// Asks the Hub for what the mirror did not give. None when the endpoint is the Hub's own, or gives what is asked for.
pub(super) async fn look(case: &Case, observations: &Observations, http: &Http) -> Seen<Option<BesideMirror>> {
    if !case.settings.foreign_endpoint() {
        return Ok(None);
    }
    let resolve = match case.target {
        Some(_) => observations.see_resolve().await,
        None => observations.see_control().await,
    };
    let at_mirror = resolve.as_ref().map_err(Clone::clone)?;
    let good = at_mirror.asked().as_ref().is_ok_and(|a| a.status < 400 && a.headers.contains_key("x-repo-commit"));
    // A file that nobody asked for, only tried, may be missing: the Hub's own words for it came through.
    let named = case.target.as_ref().is_some_and(|target| target.file.is_some());
    let merely_absent = at_mirror.asked().as_ref().is_ok_and(|a| {
        let word = a.headers.get("x-error-code").is_some_and(|code| code == "EntryNotFound");
        !named && a.status == 404 && word && a.headers.contains_key("x-repo-commit")
    });
    // A limit of the mirror's own says nothing about what it has.
    let limited = at_mirror.asked().as_ref().is_ok_and(|a| layer::block(a).is_some());
    let missed = if limited {
        return Ok(None);
    } else if good || merely_absent {
        match observations.see_large_file().await {
            Ok(Some(large)) if refuses(&large.answer) => large.answer.url.clone(),
            _ => return Ok(None),
        }
    } else {
        at_mirror.url.clone()
    };
    let path = missed.as_str().strip_prefix(case.settings.endpoint.as_str()).unwrap_or(missed.path());
    let url = Url::parse(&format!("{DEFAULT_ENDPOINT}{path}")).map_err(|error| Unseen(error.to_string()))?;
    let walk = route::walk(case, http, &url, http.budget());
    let (route, access) = futures::join!(walk, ask(case, http, &url));
    Ok(Some(BesideMirror { route, access }))
}

/// Whether an answer is a refusal that tells what the server has.
pub(crate) fn refuses(answer: &Answer) -> bool {
    answer.status >= 400 && layer::block(answer).is_none()
}

/// The Hub's answer: without a token, and where it hides or withholds the file from callers without one, what it says to
/// the token if that opens it.
async fn ask(case: &Case, http: &Http, url: &Url) -> Access {
    let without = http.send(Ask::head(url.clone())).await;
    let refused = without.as_ref().is_ok_and(|a| matches!(a.status, 401 | 403 | 404) && a.from_application());
    let named = without
        .as_ref()
        .is_ok_and(|a| a.error_code().is_some_and(|code| code == "EntryNotFound" || code == "RevisionNotFound"));
    let Some(token) = hub::sent_token(case).filter(|_| refused && !named && http.may_carry_token(url)) else {
        return without;
    };
    match http.send(Ask::head(url.clone()).with_token(Some(token))).await {
        Ok(with) if with.status < 400 => Ok(with),
        _ => without,
    }
}
