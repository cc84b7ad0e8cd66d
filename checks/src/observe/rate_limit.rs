//! What an answer says of request limits: `RateLimit`, `RateLimit-Policy`, `Retry-After`, and the same in words.
//!
//! The Hub sends `RateLimit: "resolvers";r=2976;t=166` and `RateLimit-Policy: "fixed window";"resolvers";q=3000;w=300`
//! with every answer: IETF draft-ietf-httpapi-ratelimit-headers, revision 9, where r is what is left, t the seconds until
//! the window ends, q the quota and w the window's length in seconds. The policy is not quite a structured field (a
//! second string stands where a parameter's key should), so the grammar is read leniently: what cannot be understood is
//! left out, and never fails the rest. Earlier revisions (`limit=…, remaining=…, reset=…`) and the `X-RateLimit-*`
//! fields of other servers are understood too.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

/// The most bytes of one field that are read.
const MAX_FIELD: usize = 4096;
/// The most list members, and the most parameters of each, that are read.
const MAX_MEMBERS: usize = 32;
/// A wait beyond this is taken for a mistake, in seconds: 31 days.
const MAX_WAIT: u64 = 31 * 24 * 3600;
/// From here on a "reset" is a Unix time and no number of seconds.
const UNIX_TIME: u64 = 1_000_000_000;

/// What is left in one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// The bucket's name, such as `resolvers`; empty where the server names none.
    pub bucket: String,
    /// Requests left in this window.
    pub left: u64,
    /// Time until the window ends.
    pub resets_in: Option<Duration>,
}

/// What one bucket allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The names that stand before its parameters; the bucket's is among them.
    pub names: Vec<String>,
    /// Requests a window.
    pub quota: u64,
    /// The window's length.
    pub window: Option<Duration>,
}

/// `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// From the answer on.
    In(Duration),
    /// Until a time of the server's clock.
    At(SystemTime),
}

/// All that an answer's headers say of limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// What is left, by bucket.
    pub remaining: Vec<Remaining>,
    /// What is allowed, by bucket.
    pub quotas: Vec<Quota>,
    /// When to try again.
    pub retry_after: Option<RetryAfter>,
    /// The server's clock: its `Date`.
    pub date: Option<SystemTime>,
}

impl RateLimits {
    /// Reads the headers of an answer.
    pub fn of(headers: &HeaderMap) -> RateLimits {
        let text = |name: &str| headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
        let mut limits = RateLimits {
            retry_after: text("retry-after").as_deref().and_then(retry_after),
            date: text("date").as_deref().and_then(http_date),
            ..RateLimits::default()
        };
        for value in headers.get_all("ratelimit") {
            limits.remaining.extend(remaining(&String::from_utf8_lossy(value.as_bytes())));
        }
        for value in headers.get_all("ratelimit-policy") {
            limits.quotas.extend(quotas(&String::from_utf8_lossy(value.as_bytes())));
        }
        for prefix in ["ratelimit-", "x-ratelimit-"] {
            let number = |name: &str| text(&format!("{prefix}{name}")).as_deref().and_then(number);
            if limits.remaining.is_empty()
                && let Some(left) = number("remaining")
            {
                let resets_in = number("reset").and_then(|reset| limits.until(reset));
                limits.remaining.push(Remaining { bucket: String::new(), left, resets_in });
            }
            if limits.quotas.is_empty()
                && let Some(quota) = number("limit")
            {
                limits.quotas.push(Quota { names: Vec::new(), quota, window: None });
            }
        }
        limits.remaining.truncate(MAX_MEMBERS);
        limits.quotas.truncate(MAX_MEMBERS);
        limits
    }

    /// Whether the server says nothing of limits.
    pub fn is_empty(&self) -> bool {
        self.remaining.is_empty() && self.quotas.is_empty() && self.retry_after.is_none()
    }

    /// The bucket that is used up. Only this proves that a quota caused a 429 (huggingface_hub 1.29 and later test just so).
    pub fn exhausted(&self) -> Option<&Remaining> {
        self.remaining.iter().find(|r| r.left == 0)
    }

    /// The bucket that says most: the used-up one, else the first.
    pub fn telling(&self) -> Option<&Remaining> {
        self.exhausted().or_else(|| self.remaining.first())
    }

    /// What a bucket allows.
    pub fn quota_of(&self, bucket: &str) -> Option<&Quota> {
        let named = self.quotas.iter().find(|q| q.names.iter().any(|name| name == bucket));
        named.or_else(|| self.quotas.first().filter(|_| self.quotas.len() == 1 && self.remaining.len() <= 1))
    }

    /// The time to wait from the answer on, as the server says it: the used-up bucket's `t`, else `Retry-After`.
    ///
    /// A `Retry-After` in the form of a date is measured against the server's own `Date`, so that a wrong clock here does
    /// not spoil it; `now` stands in where there is none.
    pub fn wait(&self, now: SystemTime) -> Option<Duration> {
        let retry = self.retry_after.and_then(|retry| match retry {
            RetryAfter::In(wait) => Some(wait),
            RetryAfter::At(time) => {
                let wait = time.duration_since(self.date.unwrap_or(now)).unwrap_or_default();
                (wait.as_secs() <= MAX_WAIT).then_some(wait)
            }
        });
        let window = self.exhausted().and_then(|r| r.resets_in);
        window.max(retry)
    }

    /// A reset as a number of seconds, or as a Unix time by the server's clock.
    fn until(&self, reset: u64) -> Option<Duration> {
        if reset < UNIX_TIME {
            return seconds(reset);
        }
        let now = self.date?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        seconds(reset.saturating_sub(now))
    }
}

/// `Retry-After`: whole or decimal seconds, or an HTTP date.
pub fn retry_after(field: &str) -> Option<RetryAfter> {
    let field = field.trim();
    match number(field) {
        Some(n) => seconds(n).map(RetryAfter::In),
        None => http_date(field).map(RetryAfter::At),
    }
}

/// `RateLimit`: revisions 8 and later as a list of buckets, revision 7 as one dictionary.
pub fn remaining(field: &str) -> Vec<Remaining> {
    let members = members(field);
    let listed: Vec<Remaining> = members
        .iter()
        .filter_map(|member| {
            Some(Remaining {
                bucket: member.names.last().cloned().unwrap_or_default(),
                left: member.number("r")?,
                resets_in: member.number("t").and_then(seconds),
            })
        })
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let of_any = |key: &str| members.iter().find_map(|m| m.number(key));
    of_any("remaining")
        .map(|left| Remaining { bucket: String::new(), left, resets_in: of_any("reset").and_then(seconds) })
        .into_iter()
        .collect()
}

/// `RateLimit-Policy`: each policy's names, quota and window.
pub fn quotas(field: &str) -> Vec<Quota> {
    members(field)
        .into_iter()
        .filter_map(|member| {
            // Revision 7 and earlier write `100;w=60`.
            let bare = || member.names.first().and_then(|name| number(name));
            Some(Quota {
                quota: member.number("q").or_else(bare)?,
                window: member.number("w").and_then(seconds),
                names: member.names,
            })
        })
        .collect()
}

/// The wait that a sentence names: `Waiting 56.0s before retry`, `Retry after 56 seconds`, `in about 1 hour`,
/// `Try again in 23:51:16`. None when it names none, or several units that do not add up to one span.
pub fn wait_in_words(text: &str) -> Option<Duration> {
    let lower = text.to_ascii_lowercase();
    ["waiting ", "retry after ", "try again in ", "retry in ", "retry this action in ", "available again in "]
        .into_iter()
        .filter_map(|lead| lower.find(lead).map(|at| &lower[at + lead.len()..]))
        .find_map(span)
}

/// `56.0s`, `about 1 hour`, `23:51:16`.
fn span(text: &str) -> Option<Duration> {
    let text = text.trim_start().trim_start_matches("about ").trim_start();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).unwrap_or(text.len());
    let (figure, unit) = text.split_at(digits);
    let figure = figure.trim_end_matches(['.', ':']);
    if figure.contains(':') {
        let parts: Vec<u64> = figure.split(':').map(|p| p.parse().ok()).collect::<Option<_>>()?;
        let total = match parts[..] {
            [m, s] => m.checked_mul(60)?.checked_add(s)?,
            [h, m, s] => h.checked_mul(3600)?.checked_add(m.checked_mul(60)?)?.checked_add(s)?,
            _ => return None,
        };
        return seconds(total);
    }
    let amount = number(figure)?;
    let unit = unit.trim_start();
    let factor = match unit.as_bytes() {
        [b'm', b's', ..] => return None,
        [b's', ..] => 1,
        [b'm', ..] => 60,
        [b'h', ..] => 3600,
        [b'd', ..] => 24 * 3600,
        _ => return None,
    };
    seconds(amount.checked_mul(factor)?)
}

/// One member of a structured-field list: what stands bare, and its `key=value` parameters.
#[derive(Debug, Default)]
struct Member {
    names: Vec<String>,
    parameters: Vec<(String, String)>,
}

impl Member {
    fn number(&self, key: &str) -> Option<u64> {
        self.parameters.iter().find(|(k, _)| k == key).and_then(|(_, value)| number(value))
    }
}

fn members(field: &str) -> Vec<Member> {
    split(bounded(field), b',')
        .into_iter()
        .filter_map(|member| {
            let mut out = Member::default();
            for part in split(member, b';') {
                match split(part, b'=')[..] {
                    [name] if !name.trim().is_empty() => out.names.push(unquoted(name)),
                    [key, value] => out.parameters.push((key.trim().to_ascii_lowercase(), unquoted(value))),
                    _ => {}
                }
            }
            (!out.names.is_empty() || !out.parameters.is_empty()).then_some(out)
        })
        .collect()
}

/// Splits at a byte outside quotes, into at most [`MAX_MEMBERS`] parts. An open quote runs to the end.
fn split(text: &str, at: u8) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            // An ASCII byte is never part of another character: the places are boundaries.
            _ if byte == at && !quoted => {
                parts.push(&text[start..place]);
                start = place + 1;
                if parts.len() == MAX_MEMBERS {
                    return parts;
                }
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inner = text.strip_prefix('"').map_or(text, |t| t.strip_suffix('"').unwrap_or(t));
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.extend(characters.next()),
            c => out.push(c),
        }
    }
    out
}

/// A number that is not negative; decimals are rounded up, so that nobody waits too short.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || whole.len() > 18 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    Some(whole + u64::from(fraction.bytes().any(|b| b != b'0')))
}

fn seconds(n: u64) -> Option<Duration> {
    (n <= MAX_WAIT).then(|| Duration::from_secs(n))
}

fn http_date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(bounded(text.trim())).ok()
}

fn bounded(text: &str) -> &str {
    let mut end = text.len().min(MAX_FIELD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
#[path = "rate_limit_tests.rs"]
mod tests;
