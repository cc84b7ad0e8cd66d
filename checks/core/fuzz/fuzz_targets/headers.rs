//! Any bytes as the head and body of an answer: limits, layer and words are read, no figure is beyond its bound.
//!
//! `cargo +nightly fuzz run --fuzz-dir checks/core/fuzz headers -- -max_total_time=600 -dict=checks/core/fuzz/headers.dict`
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hfdoctor_checks::case::{Case, Environment, Limits};
use hfdoctor_checks::observe::Answer;
use hfdoctor_checks::observe::layer::{block, limits_address, limits_transfers, page_words, writer};
use hfdoctor_checks::observe::rate_limit::{RateLimits, quotas, remaining, retry_after, wait_in_words};
use hfdoctor_checks::observe::storage::parse_links;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);
const HOSTS: [&str; 6] = [
    "huggingface.co",
    "us.aws.cdn.hf.co",
    "hf-mirror.com",
    "cdn-lfs.hf-mirror.com",
    "router.huggingface.co",
    "127.0.0.1:8080",
];

static CASE: LazyLock<Case> = LazyLock::new(|| {
    Case::new(Environment::of_process(), None, None, Limits::default(), now())
});

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_292_674)
}

fuzz_target!(|bytes: &[u8]| {
    let [host, status, rest @ ..] = bytes else { return };
    let (head, body) = match rest.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&rest[..end], &rest[end + 2..]),
        None => (rest, &[][..]),
    };
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n').take(64) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let value = line[colon + 1..].trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let limits = RateLimits::of(&headers);
    assert!(limits.remaining.len() <= 32 && limits.quotas.len() <= 32);
    assert!(limits.wait(now()).is_none_or(|wait| wait <= LONGEST), "{limits:?}");
    let text = String::from_utf8_lossy(rest);
    let _ = (remaining(&text), quotas(&text), retry_after(&text));
    assert!(wait_in_words(&text).is_none_or(|wait| wait <= LONGEST));
    assert!(parse_links(&text).len() <= 16);
    let url = format!("https://{}/a/b/resolve/main/c", HOSTS[usize::from(*host) % HOSTS.len()]);
    let answer = Answer {
        url: url.parse().expect("a good URL"),
        status: 100 + u16::from(*status) * 2,
        headers,
        body: body.to_vec(),
        cut: false,
        with_token: host & 1 == 1,
        elapsed: Duration::ZERO,
    };
    let who = writer(&answer, &CASE.settings, host & 2 == 2);
    assert!(who.marks.iter().all(|mark| mark.chars().count() < 140), "{who:?}");
    assert!(!limits_transfers(&answer) || block(&answer).is_some());
    let _ = limits_address(&answer);
    assert!(page_words(&answer).is_none_or(|words| !words.is_empty() && words.chars().count() < 200));
});
