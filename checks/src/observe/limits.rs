//! The answers that limit the rate of requests, and what the others tell of the quota, from all that was asked.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::http::Answer;
use super::layer::{self, Block, Writer};
use super::rate_limit::RateLimits;
use super::{Observations, Want};
use crate::case::Case;
use crate::observe::hub::Resolve;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Whose token it is: a page with a strict limit of its own.
    Whoami,
    /// The repository's record.
    Record,
    /// The target's file.
    File,
    /// A public file.
    PublicFile,
    /// The bytes of a file, of the host that serves them.
    Bytes,
}

/// One answer, with what its headers say of limits.
#[derive(Debug, Clone)]
pub struct Glimpse<'a> {
    /// What was asked.
    pub asked: Asked,
    /// The answer.
    pub answer: &'a Answer,
    /// What its headers say of limits.
    pub limits: RateLimits,
    /// Who wrote it.
    pub writer: Writer,
    /// Whether it limits the rate.
    pub block: Option<Block>,
    /// Whether it was asked as the person's client asks: with a token when that sends one.
    pub as_client: bool,
    /// When it was there.
    pub at: SystemTime,
}

impl Glimpse<'_> {
    /// When the limit ends, where the server says it. Window ends are whole seconds: one is added, as the client does.
    pub fn resets_at(&self) -> Option<SystemTime> {
        let wait = self.limits.wait(self.at)?;
        self.at.checked_add(wait)?.checked_add(Duration::from_secs(1))
    }
}

/// Every answer so far, in the order in which a download would ask.
pub fn glimpses<'a>(case: &Case, observations: &'a Observations) -> Vec<Glimpse<'a>> {
    let client_sends_token = super::hub::sent_token(case).is_some();
    let mut seen = Vec::new();
    let mut add = |asked, want, answer: &'a Answer| {
        let after = Duration::try_from_secs_f64(observations.seconds_for(&[want].into())).unwrap_or_default();
        let writer = layer::writer(answer, &case.settings, case.limits.trust_endpoint);
        // A foreign endpoint does not get the token from here, though the client would send it: what it answers without
        // one is the nearest to what the client sees.
        let as_client =
            asked == Asked::Bytes || answer.with_token == client_sends_token || case.settings.foreign_endpoint();
        seen.push(Glimpse {
            asked,
            answer,
            limits: RateLimits::of(&answer.headers),
            writer,
            block: layer::block(answer).filter(|block| asked != Asked::Bytes || *block > Block::Filter),
            as_client,
            at: case.now.checked_add(after).unwrap_or(case.now),
        });
    };
    if let Ok(resolve) = observations.resolve() {
        for answer in sides(resolve) {
            add(Asked::File, Want::Resolve, answer);
        }
    }
    if let Ok(Some(storage)) = observations.storage() {
        // With a file that was named, this is the first answer itself.
        let known = observations.resolve().is_ok_and(|r| sides(r).iter().any(|a| a.url == storage.redirect.url));
        if !known {
            add(if case.target.is_some() { Asked::File } else { Asked::PublicFile }, Want::Storage, &storage.redirect);
        }
        if let Some(answer) = &storage.transfer.answer {
            add(Asked::Bytes, Want::Storage, answer);
        }
    }
    if let Ok(record) = observations.record() {
        add(Asked::Record, Want::Record, &record.answer);
    }
    if let Ok(control) = observations.control() {
        for answer in sides(control) {
            add(Asked::PublicFile, Want::Control, answer);
        }
    }
    if let Ok(whoami) = observations.whoami() {
        add(Asked::Whoami, Want::Whoami, &whoami.answer);
    }
    seen
}

fn sides(resolve: &Resolve) -> Vec<&Answer> {
    [resolve.with_token.as_ref(), Some(&resolve.without)]
        .into_iter()
        .flatten()
        .filter_map(|a| a.as_ref().ok())
        .collect()
}

/// By how much the anonymous quota of one bucket fell between two answers beyond what hfdoctor's own requests explain.
///
/// The counters of the Hub's servers may lag behind each other, and a request may count twice: both are allowed for.
pub fn spent_by_others(glimpses: &[Glimpse<'_>]) -> Option<u64> {
    let mut left: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let anonymous = |g: &&Glimpse<'_>| !g.answer.with_token && g.writer.layer == layer::Layer::Application;
    for remaining in glimpses.iter().filter(anonymous).filter_map(|g| g.limits.telling()) {
        left.entry(&remaining.bucket).or_default().push(remaining.left);
    }
    left.values()
        .filter_map(|left| {
            let fall = left.iter().max()?.saturating_sub(*left.iter().min()?);
            // Every request of hfdoctor's that counts there is among the answers; a redirect may have come before each.
            let own = u64::try_from(left.len()).ok()?.saturating_mul(2).saturating_add(10);
            fall.checked_sub(own).filter(|more| *more > 0)
        })
        .max()
}
