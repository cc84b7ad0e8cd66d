//! The other road to the bytes: the Xet protocol, walked as far as the first of them.
//!
//! Three requests, as hf_xet makes them: the Hub gives a short-lived token and names the metadata server, that server
//! says where the file's pieces lie, and the data server gives a piece (huggingface.co/docs/xet, 2026).

use serde::Deserialize;
use url::Url;

use super::http::{Ask, Http};
use super::hub;
use super::storage::{MOST_BYTES, Transfer, parse_links, take};
use super::{Answer, Failure};
use crate::case::Case;
use hfdoctor_core::token::Token;

/// The most bytes of a list of pieces that are read.
const MAX_LIST: usize = 8 * 1024 * 1024;

/// What came of asking for a file by the Xet protocol.
#[derive(Debug, Clone)]
pub struct XetTrial {
    /// The host that was asked last.
    pub host: String,
    /// How far it went.
    pub outcome: Outcome,
}

/// How far a trial went.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// As far as the bytes: what came of them.
    Bytes(Box<Transfer>),
    /// A server refused or did not answer on the way there, and in which words.
    Stopped(String),
    /// An answer had nothing to go on with. Nobody's fault that can be told from here.
    Unclear(String),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pass {
    cas_url: String,
    access_token: String,
}

#[derive(Debug, Deserialize)]
struct Pieces {
    fetch_info: std::collections::BTreeMap<String, Vec<Piece>>,
}

#[derive(Debug, Deserialize)]
struct Piece {
    url: String,
    url_range: Range,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Range {
    start: u64,
    end: u64,
}

/// Whether a URL is one of the Hub's own storage hosts over TLS: the only ones that get a storage token.
fn is_of_the_hub(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" && [".hf.co", ".huggingface.co"].iter().any(|suffix| host.ends_with(suffix))
}

/// Asks for the first piece of the file that an answer of the Hub is about; none where the answer names no way.
pub(super) async fn look(case: &Case, http: &Http, answer: &Answer) -> Option<XetTrial> {
    let links: Vec<(Url, String)> = answer
        .headers
        .get_all("link")
        .iter()
        .flat_map(|value| parse_links(&String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let named = |rel: &str| links.iter().find(|(_, known)| known == rel).map(|(url, _)| url.clone());
    let (pass_url, list_url) = (named("xet-auth")?, named("xet-reconstruction-info")?);
    let mut at = String::new();
    let outcome = match pieces(case, http, answer, pass_url, &list_url, &mut at).await {
        Err(stopped) => stopped,
        Ok((url, range)) => {
            url.host_str().unwrap_or_default().clone_into(&mut at);
            // The signature covers the whole range: another one would be refused.
            let transfer = take(http, url, (range.start, range.end), MOST_BYTES).await;
            match &transfer.status {
                Ok(200..=299) => Outcome::Bytes(Box::new(transfer)),
                Ok(status) => Outcome::Stopped(format!("it answers {status}")),
                Err(failure @ Failure::NotSent(_)) => Outcome::Unclear(failure.to_string()),
                Err(failure) => Outcome::Stopped(failure.to_string()),
            }
        }
    };
    Some(XetTrial { host: at, outcome })
}

/// Where the first piece lies.
async fn pieces(
    case: &Case,
    http: &Http,
    answer: &Answer,
    pass_url: Url,
    list_url: &Url,
    at: &mut String,
) -> Result<(Url, Range), Outcome> {
    pass_url.host_str().unwrap_or_default().clone_into(at);
    let mut ask = Ask::get(pass_url);
    if answer.with_token && http.may_carry_token(&ask.url) {
        ask = ask.with_token(hub::sent_token(case));
    }
    let pass: Pass = told(http, ask).await?;
    let base = Url::parse(&pass.cas_url).ok().filter(is_of_the_hub);
    let url = base.and_then(|base| base.join(list_url.path()).ok()).filter(is_of_the_hub);
    let url = url.ok_or_else(|| Outcome::Unclear("the Hub names no metadata server of its own".to_owned()))?;
    url.host_str().unwrap_or_default().clone_into(at);
    let mut ask = Ask::get(url);
    ask.max_body = MAX_LIST;
    ask.storage_token = Some(Token::new(pass.access_token.into_bytes()));
    let pieces: Pieces = told(http, ask).await?;
    let first = pieces.fetch_info.into_values().flatten().find_map(|piece| {
        let url = Url::parse(&piece.url).ok().filter(is_of_the_hub)?;
        (piece.url_range.start <= piece.url_range.end).then_some((url, piece.url_range))
    });
    first.ok_or_else(|| Outcome::Unclear("the metadata server names no piece of the file".to_owned()))
}

/// A JSON answer.
async fn told<T: for<'a> Deserialize<'a>>(http: &Http, ask: Ask) -> Result<T, Outcome> {
    match http.send(ask).await {
        Ok(answer) if answer.status == 200 => serde_json::from_slice(&answer.body)
            .map_err(|_| Outcome::Unclear("it answers with what is no such JSON".to_owned())),
        Ok(answer) => Err(Outcome::Stopped(format!("it answers {}", answer.status_words()))),
        Err(failure @ Failure::NotSent(_)) => Err(Outcome::Unclear(failure.to_string())),
        Err(failure) => Err(Outcome::Stopped(failure.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_storage_token_stays_with_the_hub() {
        let is = |text: &str| is_of_the_hub(&Url::parse(text).expect("a URL"));
        assert!(is("https://cas-server.xethub.hf.co/v1/reconstructions/0"));
        assert!(!is("http://cas-server.xethub.hf.co/"));
        assert!(!is("https://cas-server.xethub.hf.co.example/"));
        assert!(!is("https://nothf.co/"));
    }

    proptest! {
        #[test]
        fn any_list_has_a_clear_outcome(text in "[\\[\\]{}\":,a-z_0-9 ]{0,120}") {
            let _ = serde_json::from_str::<Pieces>(&text);
            let _ = serde_json::from_str::<Pass>(&text);
        }
    }
}
