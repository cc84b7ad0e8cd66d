//! What the answers so far show of limits: which cause each limiting answer proves, and what the others tell.

#![allow(clippy::similar_names, reason = "case and cause are the words of this program")]

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;

use crate::case::Case;
use crate::observe::Observations;
use crate::observe::hub::sent_token;
use crate::observe::layer::{Block, Layer, Software, limits_address, page_words, short};
use crate::observe::limits::{Asked, Glimpse, glimpses};
use crate::observe::rate_limit::Remaining;
use hfdoctor_core::diagnosis::forecast::grouped;
use hfdoctor_core::diagnosis::tiers::{self, Bucket};
use hfdoctor_core::diagnosis::{Cause, Certainty, Evidence, Source};

/// A limit that the person's client meets too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limit {
    pub cause: Cause,
    pub certainty: Certainty,
    pub summary: String,
    pub evidence: Vec<Evidence>,
    /// When it ends, where the server says so.
    pub resets_at: Option<SystemTime>,
    /// A bucket is used up, in the Hub's own words.
    pub names_quota: bool,
    /// The layer that limits.
    pub layer: Layer,
}

/// All that the answers show.
#[derive(Debug, Default)]
pub(crate) struct Live<'a> {
    /// Every answer.
    pub glimpses: Vec<Glimpse<'a>>,
    /// One limit a cause, the most telling answer first.
    pub limits: Vec<Limit>,
    /// Limits that the person's download does not meet.
    pub notes: Vec<String>,
}

impl<'a> Live<'a> {
    /// The answer that tells most of the quota that the person's client has for files.
    pub fn quota(&self) -> Option<(&Glimpse<'a>, &Remaining)> {
        self.glimpses
            .iter()
            .filter(|g| g.as_client && matches!(g.asked, Asked::File | Asked::PublicFile))
            .filter(|g| g.writer.layer == Layer::Application)
            .find_map(|g| Some((g, g.limits.telling()?)))
    }
}

impl Live<'_> {
    /// What shows that the limit of a log is over: the same kind of request is served. `host` is the one that the log names.
    pub fn serves_by_now(&self, cause: Cause, host: Option<&str>) -> Option<String> {
        if self.limits.iter().any(|limit| limit.cause == cause) {
            return None;
        }
        if matches!(cause, Cause::RateLimitAnonymous | Cause::RateLimitAccount) {
            let (glimpse, remaining) = self.quota().filter(|(g, r)| g.block.is_none() && r.left > 0)?;
            let same_caller = glimpse.answer.with_token == (cause == Cause::RateLimitAccount);
            return same_caller.then(|| left(glimpse, remaining));
        }
        let served = |g: &&Glimpse<'_>| {
            let same_kind = match cause {
                Cause::RateLimitCdn => host.is_none_or(|host| host == g.writer.host),
                Cause::RateLimitMirror => matches!(g.writer.layer, Layer::Mirror | Layer::MirrorUpstream),
                _ => g.writer.layer == Layer::Application,
            };
            g.as_client && g.block.is_none() && g.answer.status < 400 && g.asked != Asked::Whoami && same_kind
        };
        let glimpse = self.glimpses.iter().find(served)?;
        Some(format!("{} answers {}, and limits nothing", glimpse.writer.host, glimpse.answer.status))
    }
}

/// Reads the observations that there are.
pub(crate) fn look<'a>(case: &Case, observations: &'a Observations) -> Live<'a> {
    let glimpses = glimpses(case, observations);
    let mut live = Live::default();
    for glimpse in glimpses.iter().filter(|g| g.block.is_some()) {
        match read(case, glimpse, &glimpses) {
            Reading::Limits(limit) => merge(&mut live.limits, limit),
            Reading::Beside(note) if !live.notes.contains(&note) => live.notes.push(note),
            Reading::Beside(_) => {}
        }
    }
    live.glimpses = glimpses;
    live
}

enum Reading {
    /// The person's download meets it.
    Limits(Limit),
    /// It does not.
    Beside(String),
}

fn merge(limits: &mut Vec<Limit>, limit: Limit) {
    match limits.iter_mut().find(|known| known.cause == limit.cause) {
        None => limits.push(limit),
        Some(known) => {
            known.certainty = known.certainty.max(limit.certainty);
            known.resets_at = known.resets_at.max(limit.resets_at);
            known.names_quota |= limit.names_quota;
            for evidence in limit.evidence {
                if !known.evidence.contains(&evidence) {
                    known.evidence.push(evidence);
                }
            }
        }
    }
}

fn read(case: &Case, glimpse: &Glimpse<'_>, all: &[Glimpse<'_>]) -> Reading {
    let used_up = glimpse.limits.exhausted();
    let serves_downloads = used_up.is_some_and(|r| {
        matches!(Bucket::from_name(&r.bucket), Some(Bucket::Api | Bucket::Resolvers)) || r.bucket.is_empty()
    });
    // Counters may disagree for a moment: an answer to the same caller from the same kind of page is worth more.
    let answered_all_the_same = |asked: Asked| {
        all.iter().any(|g| g.asked == asked && g.as_client && g.block.is_none() && !is_refused_by_stranger(g))
    };
    if glimpse.asked == Asked::Whoami && (!serves_downloads || answered_all_the_same(Asked::Record)) {
        return Reading::Beside(format!(
            "whose token it is could not be asked: `/api/whoami-v2` answered 429{}; it has a strict limit of its own, and \
             this says nothing against the token",
            used_up
                .or_else(|| glimpse.limits.telling())
                .map(|r| format!(" ({})", left(glimpse, r)))
                .unwrap_or_default()
        ));
    }
    if !glimpse.as_client {
        let (who, other) = if glimpse.answer.with_token {
            ("with the token", "without it")
        } else {
            ("without a token", "with the token")
        };
        return Reading::Beside(format!(
            "{} limits requests {who}{}; what the client sends goes {other}",
            glimpse.writer.host,
            used_up.map(|r| format!(" ({})", left(glimpse, r))).unwrap_or_default()
        ));
    }
    let file_is_served = answered_all_the_same(Asked::File);
    // A download of a whole repository asks for the list of its files first; an edge that refuses that refuses the download.
    let lists = glimpse.asked == Asked::Record
        && glimpse.writer.layer == Layer::Edge
        && case.target.as_ref().is_some_and(|target| target.file.is_none());
    let asks_for_files = lists || matches!(glimpse.asked, Asked::File | Asked::Bytes);
    if !asks_for_files && file_is_served && !serves_downloads {
        return Reading::Beside(format!(
            "{} answered {} once to hfdoctor while the file asked about is served",
            glimpse.writer.host, glimpse.answer.status
        ));
    }
    let mut limit = limit(case, glimpse);
    if limit.cause == Cause::RateLimitAccount && !limit.names_quota && anonymous_too(glimpse, all) {
        // The control: an account's quota is not that of callers without a token, and limits them not at all.
        limit.cause = Cause::RateLimitIp;
        limit.summary = format!(
            "{} limits requests with the token and without it, and names no quota: it is this address that it limits",
            glimpse.writer.host
        );
    }
    Reading::Limits(limit)
}

/// Whether the same was refused in the same way without a token.
fn anonymous_too(glimpse: &Glimpse<'_>, all: &[Glimpse<'_>]) -> bool {
    all.iter().any(|other| {
        let same = other.asked == glimpse.asked && other.writer.layer == glimpse.writer.layer;
        same && !other.answer.with_token && other.block.is_some() && other.limits.telling().is_none()
    })
}

/// An answer that limits nothing but is no service either: an outage of an edge, for instance.
fn is_refused_by_stranger(glimpse: &Glimpse<'_>) -> bool {
    glimpse.answer.status >= 400 && glimpse.writer.layer != Layer::Application
}

fn limit(case: &Case, glimpse: &Glimpse<'_>) -> Limit {
    let (cause, certainty, summary) = match glimpse.writer.layer {
        Layer::Application => by_application(glimpse),
        Layer::Edge => by_edge(glimpse),
        Layer::Storage => by_storage(glimpse),
        Layer::Mirror => (
            Cause::RateLimitMirror,
            Certainty::Confirmed,
            format!("the mirror {} limits requests, not the Hub", glimpse.writer.host),
        ),
        Layer::MirrorUpstream => (
            Cause::RateLimitMirror,
            Certainty::Confirmed,
            format!("the Hub limits the mirror {}, which hands the refusal on", glimpse.writer.host),
        ),
        Layer::Router => (
            Cause::RateLimitCdn,
            Certainty::Likely,
            format!("{} limits requests; it serves inference, not files", glimpse.writer.host),
        ),
        Layer::Proxy => (
            Cause::RateLimitCdn,
            Certainty::Possible,
            format!("a proxy on the way to {} limits requests{}", glimpse.writer.host, by(glimpse)),
        ),
        Layer::Unmarked => (
            Cause::RateLimitCdn,
            Certainty::Likely,
            format!(
                "an edge or gateway before {} limits requests: the Hub's application did not answer",
                glimpse.writer.host
            ),
        ),
    };
    let mut evidence = evidence(case, glimpse);
    let mut certainty = certainty;
    if glimpse.asked == Asked::Bytes && case.uses_xet() {
        certainty = certainty.min(Certainty::Likely);
        let detail = "asked over plain HTTPS; hf_xet, which is installed, fetches from other hosts at first";
        evidence.push(Evidence::new(Source::Client, detail));
    }
    if glimpse.writer.layer == Layer::Application && !glimpse.answer.with_token && sent_token(case).is_some() {
        // The client would send its token to this endpoint, and then another quota may count.
        certainty = certainty.min(Certainty::Likely);
        let detail = format!("asked without the token, which does not go to {} from here", glimpse.writer.host);
        evidence.push(Evidence::new(Source::Environment, detail));
    }
    Limit {
        cause,
        certainty,
        summary,
        evidence,
        resets_at: glimpse.resets_at(),
        names_quota: glimpse.limits.exhausted().is_some() && glimpse.writer.layer == Layer::Application,
        layer: glimpse.writer.layer,
    }
}

fn by_application(glimpse: &Glimpse<'_>) -> (Cause, Certainty, String) {
    use Cause::{RateLimitAccount, RateLimitAnonymous, RateLimitIp};
    use Certainty::{Confirmed, Likely};
    let with_token = glimpse.answer.with_token;
    match glimpse.limits.telling() {
        Some(used_up) if used_up.left == 0 => {
            let state = left(glimpse, used_up);
            if !with_token {
                (
                    RateLimitAnonymous,
                    Confirmed,
                    format!("the Hub's quota for requests without a token is used up: {state}"),
                )
            } else if counts_as_anonymous(glimpse, used_up) {
                let summary = format!("a token was sent, but the Hub counts the request as one without: {state}");
                (RateLimitAnonymous, Confirmed, summary)
            } else {
                (RateLimitAccount, Confirmed, format!("this account's quota at the Hub is used up: {state}"))
            }
        }
        _ if limits_address(glimpse.answer) && with_token => {
            (RateLimitIp, Likely, "the Hub throttles this address although a token is sent".to_owned())
        }
        _ if limits_address(glimpse.answer) => {
            (RateLimitAnonymous, Confirmed, "the Hub limits this address for requests without a token".to_owned())
        }
        Some(some_left) => (
            RateLimitIp,
            Likely,
            format!(
                "the Hub answers 429 although quota is left ({}): another limit than the quota of requests",
                left(glimpse, some_left)
            ),
        ),
        None if with_token => {
            (RateLimitAccount, Likely, "the Hub limits this account's requests; it names no quota".to_owned())
        }
        None => (
            RateLimitAnonymous,
            Likely,
            "the Hub limits requests without a token from this address; it names no quota".to_owned(),
        ),
    }
}

/// Whether the quota is the one of callers without a token.
pub(crate) fn counts_as_anonymous(glimpse: &Glimpse<'_>, bucket: &Remaining) -> bool {
    let Some(known) = Bucket::from_name(&bucket.bucket) else { return false };
    glimpse.limits.quota_of(&bucket.bucket).is_some_and(|q| q.quota == tiers::ANONYMOUS.quota(known))
}

fn by_edge(glimpse: &Glimpse<'_>) -> (Cause, Certainty, String) {
    let host = &glimpse.writer.host;
    let (certainty, summary) = match (&glimpse.writer.software, glimpse.block) {
        (Some(Software::CloudFront), Some(Block::Said)) => (
            Certainty::Confirmed,
            format!("the edge in front of {host} (CloudFront) limits requests: the Hub's application never answered"),
        ),
        (Some(Software::CloudFront | Software::AwsWaf), _) => (
            if glimpse.writer.software == Some(Software::AwsWaf) { Certainty::Likely } else { Certainty::Possible },
            format!("the firewall at the edge of {host} refuses this address{}", by(glimpse)),
        ),
        _ => (
            Certainty::Likely,
            format!("an edge before {host} limits requests{}; the Hub itself stands behind CloudFront", by(glimpse)),
        ),
    };
    (Cause::RateLimitCdn, certainty, summary)
}

fn by_storage(glimpse: &Glimpse<'_>) -> (Cause, Certainty, String) {
    let certainty = if glimpse.block == Some(Block::Said) { Certainty::Confirmed } else { Certainty::Likely };
    let summary = format!(
        "the host that serves the bytes, {}, limits requests{}: neither token nor quota of the Hub matters there",
        glimpse.writer.host,
        by(glimpse)
    );
    (Cause::RateLimitCdn, certainty, summary)
}

fn by(glimpse: &Glimpse<'_>) -> String {
    glimpse.writer.software.as_ref().map(|s| format!(" ({s})")).unwrap_or_default()
}

/// `bucket resolvers: 0 of 3,000 left, new window in 166 s`.
pub(crate) fn left(glimpse: &Glimpse<'_>, remaining: &Remaining) -> String {
    let bucket =
        if remaining.bucket.is_empty() { String::new() } else { format!("bucket `{}`: ", short(&remaining.bucket)) };
    let of =
        glimpse.limits.quota_of(&remaining.bucket).map(|q| format!(" of {}", grouped(q.quota))).unwrap_or_default();
    let window = remaining.resets_in.map(|t| format!(", new window in {} s", t.as_secs())).unwrap_or_default();
    format!("{bucket}{}{of} left{window}", grouped(remaining.left))
}

fn evidence(case: &Case, glimpse: &Glimpse<'_>) -> Vec<Evidence> {
    let answer = glimpse.answer;
    let source = if glimpse.writer.layer == Layer::Application { Source::Hub } else { Source::Network };
    let mut out = Vec::new();
    let mut saw = |detail: String| out.push(Evidence::new(source, detail));
    let how = match (glimpse.asked, answer.with_token) {
        (Asked::Bytes, _) => "",
        (_, true) => " with the token",
        (_, false) => " without a token",
    };
    saw(format!(
        "{} from {} on {}{how}; layer: {}",
        answer.status_words(),
        glimpse.writer.host,
        short(answer.url.path()),
        glimpse.writer.layer
    ));
    if let Some(remaining) = glimpse.limits.telling() {
        let tier = Bucket::from_name(&remaining.bucket)
            .zip(glimpse.limits.quota_of(&remaining.bucket))
            .and_then(|(bucket, quota)| tiers::tier_of(bucket, quota.quota))
            .map(|tier| format!("; that quota is the one of: {} (published {})", tier.plan, tiers::AS_OF));
        saw(format!("`RateLimit` says: {}{}", left(glimpse, remaining), tier.unwrap_or_default()));
    }
    if let Some(message) = answer.error_message().or_else(|| page_words(answer)) {
        saw(format!("\"{}\"", message.chars().take(300).collect::<String>()));
    }
    let marks = glimpse.writer.marks.join(", ");
    match glimpse.writer.layer {
        Layer::MirrorUpstream => {
            saw(format!("the answer carries the marks of the Hub's application ({marks}): inferred, not documented"));
        }
        _ if !marks.is_empty() => saw(marks),
        _ => {}
    }
    if let Some(at) = glimpse.resets_at() {
        saw(format!("the limit ends at {}", clock(at, case.now)));
    }
    out
}

/// A time as people read it: `20:27:20 UTC`, with the day when it is not today's.
pub(crate) fn clock(time: SystemTime, now: SystemTime) -> String {
    let (time, now) = (OffsetDateTime::from(time), OffsetDateTime::from(now));
    let day = if time.date() == now.date() { String::new() } else { format!("{} ", time.date()) };
    format!("{day}{:02}:{:02}:{:02} UTC", time.hour(), time.minute(), time.second())
}

/// A span as people read it: `45 s`, `5 min`, `2 h`.
pub(crate) fn span(duration: Duration) -> String {
    match duration.as_secs() {
        s @ 0..120 => format!("{s} s"),
        s @ 120..7200 => format!("{} min", s.div_ceil(60)),
        s => format!("{} h", s.div_ceil(3600)),
    }
}
