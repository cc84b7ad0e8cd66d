//! The hosts that serve the bytes: the one that a real resolve redirects to, and the Xet hosts that it names.
//!
//! No host name is kept here: storage moves. One bounded transfer shows whether bytes come, and how fast.

use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::future::join4;
use url::Url;

use super::dial::milliseconds;
use super::failure::{Failure, failure};
use super::http::{Answer, Ask, Http};
use super::large_file::LargeFile;
use super::layer;
use super::route::{self, Route};
use super::tls::clean;
use super::xet::{self, XetTrial};
use super::{Observations, Seen, Unseen};
use crate::case::Case;
use hfdoctor_core::hub::is_hub_host;

/// The most bytes that one transfer takes.
pub const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// The longest that one transfer takes.
pub const LONGEST: Duration = Duration::from_secs(2);
/// With this many bytes at once a link without any sign of trouble is left in peace.
const ENOUGH: u64 = 12 * 1024;
/// The bytes of an error's body that are kept: the pages in which edges say that they limit are a few thousand long.
const KEPT: usize = 8 * 1024;
/// The bytes of it that are shown.
const SHOWN: usize = 600;
/// Milliseconds until an answer's head, above which it is such a sign, as lost packets make it.
const PROMPT: f64 = 1000.0;
/// Seconds for these few bytes, above which they are such a sign.
const QUICK: f64 = 0.25;

/// The storage of one file.
#[derive(Debug, Clone)]
pub struct Storage {
    /// The file, by its path in the repository.
    pub file: String,
    /// The Hub's answer that redirects there.
    pub redirect: Answer,
    /// Its storage URL's host.
    pub host: String,
    /// The way there.
    pub route: Route,
    /// The bounded transfer.
    pub transfer: Transfer,
    /// The Xet hosts that the Hub's answer names.
    pub xet: Vec<XetHost>,
    /// The same file by the Xet protocol, where a download of it has failed before and the client uses Xet.
    pub xet_trial: Option<XetTrial>,
}

/// A host of the Xet protocol.
#[derive(Debug, Clone)]
pub struct XetHost {
    /// The way there.
    pub route: Route,
    /// Whether the Hub named it; otherwise it is the data host that goes with the named one.
    pub named: bool,
}

/// A bounded transfer.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// The status, or why there was none.
    pub status: Result<u16, Failure>,
    /// Status and headers, and of an error's body the beginning; none when nothing answered.
    pub answer: Option<Answer>,
    /// The `Server` header.
    pub server: Option<String>,
    /// The bytes that the answer promised.
    pub promised: Option<u64>,
    /// The bytes that came.
    pub received: u64,
    /// Milliseconds until the answer's head.
    pub first_byte: Option<f64>,
    /// Seconds from the head to the end.
    pub seconds: f64,
    /// Seconds of the longest wait for the next bytes.
    pub longest_wait: f64,
    /// How it ended.
    pub end: End,
    /// The body's first characters, when the status is an error.
    pub said: String,
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All that was asked for, or as much as proves the link.
    Enough,
    /// The connection broke off.
    Cut(String),
    /// The time was up while bytes still came.
    TimeUp,
    /// The time was up, and for most of it nothing came.
    Stalled,
    /// There was no answer.
    NoAnswer,
}

impl Transfer {
    /// Bytes a second, where enough came to tell.
    pub fn rate(&self) -> Option<f64> {
        (self.received >= 64 * 1024 && self.seconds > 0.05)
            .then(|| u32::try_from(self.received).map_or(f64::from(u32::MAX), f64::from) / self.seconds)
    }

    fn none(why: Failure) -> Transfer {
        Transfer {
            status: Err(why),
            answer: None,
            server: None,
            promised: None,
            received: 0,
            first_byte: None,
            seconds: 0.0,
            longest_wait: 0.0,
            end: End::NoAnswer,
            said: String::new(),
        }
    }
}

/// A file's storage: none when the Hub serves it itself, as it does with small files.
pub(super) async fn look(case: &Case, observations: &Observations, http: &Http) -> Seen<Option<Storage>> {
    let large = observations.see_large_file().await.as_ref().map_err(Clone::clone)?;
    let Some(LargeFile { path: file, answer }) = large.clone() else { return Ok(None) };
    if layer::block(&answer).is_some() {
        return Err(Unseen(format!("where the bytes lie was not told: {} limits requests", answer_host(&answer))));
    }
    if matches!(answer.status, 301..=308) && answer.status != 304 && answer.location().is_none() {
        return Err(Unseen(format!("the Hub redirects {file} to what is no URL")));
    }
    let Some(url) = away(case, &answer) else { return Ok(None) };
    let thorough = case.log.is_some() || has_partials(case);
    let budget = http.budget();
    let hosts = xet_hosts(case, &answer);
    let tried = thorough && !hosts.is_empty() && case.clients.package("hf_xet").is_some();
    let xet = join_all(
        hosts
            .into_iter()
            .map(|(url, named)| async move { XetHost { route: route::walk(case, http, &url, budget).await, named } }),
    );
    let trial = async { if tried { xet::look(case, http, &answer).await } else { None } };
    let walk = route::walk(case, http, &url, budget);
    let (route, transfer, xet, xet_trial) = join4(walk, fetch(http, url.clone(), thorough), xet, trial).await;
    let host = route.host.clone();
    Ok(Some(Storage { file, redirect: answer, host, route, transfer, xet, xet_trial }))
}

fn answer_host(answer: &Answer) -> &str {
    answer.url.host_str().unwrap_or_default()
}

/// Where the Hub, or a mirror, redirects to, when that is neither the Hub nor the endpoint.
fn away(case: &Case, answer: &Answer) -> Option<Url> {
    let to = answer.location()?;
    let host = to.host_str()?;
    // A login page's redirect leads to no storage.
    if !case.settings.foreign_endpoint() && !answer.from_application() {
        return None;
    }
    let endpoint = Url::parse(&case.settings.endpoint).ok()?;
    let same = Some(host) == endpoint.host_str() && to.port_or_known_default() == endpoint.port_or_known_default();
    (matches!(to.scheme(), "http" | "https") && !same && !is_hub_host(host)).then_some(to)
}

/// Whether an earlier download of the target has left unfinished files: a reason to look longer.
fn has_partials(case: &Case) -> bool {
    let Some(target) = &case.target else { return false };
    let folder = format!("{}--{}", target.repo_type.plural(), target.repo_id.replace('/', "--"));
    let blobs = case.settings.hub_cache.join(folder).join("blobs");
    let entries = std::fs::read_dir(blobs).into_iter().flatten().filter_map(Result::ok).take(10_000);
    entries.map(|e| e.file_name()).any(|name| name.to_string_lossy().ends_with(".incomplete"))
}

/// The Xet hosts of an answer, and whether the Hub named each; none where the client does not use Xet.
fn xet_hosts(case: &Case, answer: &Answer) -> Vec<(Url, bool)> {
    let installed = case.clients.hub.is_none() || case.clients.package("hf_xet").is_some();
    if case.settings.xet_disabled || !installed {
        return Vec::new();
    }
    let links = answer.headers.get_all("link").iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
    let named = links.flat_map(|link| parse_links(&link)).find(|(_, rel)| rel == "xet-reconstruction-info");
    let Some((named, _)) = named.filter(|(url, _)| url.scheme() == "https") else { return Vec::new() };
    let mut hosts = Vec::new();
    // The data host is known for sure only from an answer that costs two more requests.
    let data = named
        .host_str()
        .and_then(|host| host.strip_prefix("cas-server."))
        .map(|rest| format!("https://transfer.{rest}/"));
    if let Some(data) = data.and_then(|text| Url::parse(&text).ok()) {
        hosts.push((data, false));
    }
    hosts.insert(0, (named, true));
    hosts
}

/// The URLs of a `Link` header with their relations.
pub fn parse_links(header: &str) -> Vec<(Url, String)> {
    let mut links = Vec::new();
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((url, after)) = after.split_once('>') else { break };
        let (parameters, next) = after.split_once('<').map_or((after, ""), |(p, _)| (p, &after[p.len()..]));
        let rel = parameters.split([';', ',']).find_map(|p| p.trim().strip_prefix("rel="));
        if let (Ok(url), Some(rel)) = (Url::parse(url), rel) {
            links.push((url, rel.trim_matches('"').to_owned()));
        }
        rest = next;
        if links.len() >= 16 {
            break;
        }
    }
    links
}

/// Takes bytes until the link is proven, the bound is reached or the time is up.
async fn fetch(http: &Http, url: Url, thorough: bool) -> Transfer {
    if thorough {
        return take(http, url, (0, MOST_BYTES - 1), MOST_BYTES).await;
    }
    // No more than fits in what a server sends at once: a healthy link costs one round trip, and no transfer is torn off.
    let began = Instant::now();
    let few = take(http, url.clone(), (0, ENOUGH - 1), ENOUGH).await;
    let quick = few.first_byte.is_some_and(|head| head < PROMPT) && few.seconds < QUICK;
    let worth_more = matches!(few.status, Ok(200..=299)) && few.end == End::Enough && few.received >= ENOUGH && !quick;
    if !worth_more || began.elapsed() > http.budget().part(0.3) {
        return few;
    }
    let more = take(http, url, (0, MOST_BYTES - 1), MOST_BYTES).await;
    Transfer { first_byte: few.first_byte.into_iter().chain(more.first_byte).reduce(f64::max), ..more }
}

/// Takes so many bytes of a range at most, and no longer than [`LONGEST`].
pub(super) async fn take(http: &Http, url: Url, range: (u64, u64), most: u64) -> Transfer {
    let mut ask = Ask::get(url);
    ask.range = Some(range);
    let within = http.budget().part(0.5);
    let began = Instant::now();
    let mut response = match http.open(&ask, within).await {
        Ok(response) => response,
        Err(why) => return Transfer::none(why),
    };
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut transfer = Transfer {
        status: Ok(status),
        server: headers.get("server").map(|v| clean(&String::from_utf8_lossy(v.as_bytes()))),
        promised: response.content_length(),
        first_byte: Some(milliseconds(began)),
        ..Transfer::none(Failure::NotSent(String::new()))
    };
    let body_began = Instant::now();
    let mut last = body_began;
    let longest = LONGEST.min(http.budget().rest());
    let mut said = Vec::new();
    transfer.end = loop {
        let left = longest.saturating_sub(body_began.elapsed());
        let next = tokio::time::timeout(left, response.chunk()).await;
        transfer.longest_wait = transfer.longest_wait.max(last.elapsed().as_secs_f64());
        last = Instant::now();
        match next {
            Err(_) if transfer.longest_wait > longest.as_secs_f64() * 0.7 => break End::Stalled,
            Err(_) => break End::TimeUp,
            Ok(Err(error)) => break End::Cut(clean(&failure(&error).to_string())),
            Ok(Ok(None)) => {
                let short = transfer.promised.is_some_and(|promised| transfer.received < promised);
                break if short { End::Cut("it ended too early".to_owned()) } else { End::Enough };
            }
            Ok(Ok(Some(bytes))) => {
                transfer.received = transfer.received.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                if status >= 400 && said.len() < KEPT {
                    said.extend_from_slice(&bytes[..bytes.len().min(KEPT - said.len())]);
                }
                if transfer.received >= most {
                    break End::Enough;
                }
            }
        }
    };
    transfer.seconds = body_began.elapsed().as_secs_f64();
    transfer.said = clean(&String::from_utf8_lossy(&said[..said.len().min(SHOWN)]));
    let cut = said.len() >= KEPT;
    let (url, elapsed) = (ask.url, began.elapsed());
    let answer = Answer { url, status, headers, body: said, cut, with_token: false, elapsed };
    http.heed_limit(&answer);
    transfer.answer = Some(answer);
    transfer
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_are_read_with_their_relations() {
        let header = r#"<https://huggingface.co/api/models/a/b/xet-read-token/1>; rel="xet-auth", <https://cas-server.xethub.hf.co/v1/reconstructions/2>; rel="xet-reconstruction-info""#;
        let links: Vec<(String, String)> =
            parse_links(header).into_iter().map(|(u, r)| (u.host_str().unwrap_or_default().to_owned(), r)).collect();
        assert_eq!(
            links,
            [
                ("huggingface.co".to_owned(), "xet-auth".to_owned()),
                ("cas-server.xethub.hf.co".to_owned(), "xet-reconstruction-info".to_owned())
            ]
        );
    }

    proptest! {
        #[test]
        fn any_header_has_a_clear_outcome(text in "[<>;,=\"a-z:/. é]{0,120}") {
            let _ = parse_links(&text);
        }
    }
}
