//! The header parsers: the Hub's own fields, other servers' forms, and any bytes at all.

use proptest::prelude::*;
use reqwest::header::{HeaderName, HeaderValue};

use super::*;

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    map
}

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn the_hubs_own_fields() {
    let limits = RateLimits::of(&headers(&[
        ("RateLimit", r#""resolvers";r=2976;t=166"#),
        ("RateLimit-Policy", r#""fixed window";"resolvers";q=3000;w=300"#),
    ]));
    assert_eq!(
        limits.remaining,
        [Remaining { bucket: "resolvers".to_owned(), left: 2976, resets_in: Some(secs(166)) }]
    );
    let quota = limits.quota_of("resolvers").unwrap();
    assert_eq!((quota.quota, quota.window), (3000, Some(secs(300))));
    assert_eq!(limits.exhausted(), None);
    assert_eq!(limits.wait(SystemTime::UNIX_EPOCH), None, "quota is left: nothing to wait for");
}

#[test]
fn forms_that_are_not_quite_the_draft() {
    let of = |field: &str| remaining(field).into_iter().map(|r| (r.bucket, r.left, r.resets_in)).collect::<Vec<_>>();
    let one = |bucket: &str, left, t: Option<u64>| vec![(bucket.to_owned(), left, t.map(Duration::from_secs))];
    assert_eq!(of("\"api\"; r=0 ;\tt=12"), one("api", 0, Some(12)));
    assert_eq!(of("api;r=0;t=12"), one("api", 0, Some(12)), "a token where a string belongs");
    assert_eq!(of("\"api\";r=\"7\";t=1.2"), one("api", 7, Some(2)), "decimals are rounded up");
    assert_eq!(of("\"a;p,i\\\"\";r=1"), one("a;p,i\"", 1, None));
    assert_eq!(of("\"api\";r=1;t=-5"), one("api", 1, None));
    assert_eq!(of("\"api\";r=-1;t=5"), []);
    assert_eq!(of("\"api\";r=99999999999999999999;t=5"), []);
    assert_eq!(of("\"api\";r=1;t=99999999999"), one("api", 1, None), "a wait of three thousand years is no wait");
    assert_eq!(of("\"api;r=1;t=5"), [], "an open quote swallows the rest");
    assert_eq!(of("limit=100, remaining=0, reset=50"), one("", 0, Some(50)));
    assert_eq!(of(""), []);
    assert_eq!(of("\"api\";r=5;t=3, \"pages\";r=0;t=9").len(), 2);
    assert_eq!(quotas("100;w=60"), [Quota { names: vec!["100".to_owned()], quota: 100, window: Some(secs(60)) }]);
}

#[test]
fn the_used_up_bucket_is_found_wherever_it_stands() {
    let limits = RateLimits::of(&headers(&[
        ("ratelimit", r#""api";r=5;t=3"#),
        ("ratelimit", r#""pages";r=0;t=9"#),
        ("ratelimit-policy", r#""api";q=1000;w=300, "pages";q=200;w=300"#),
    ]));
    assert_eq!(limits.exhausted().unwrap().bucket, "pages");
    assert_eq!(limits.quota_of("pages").unwrap().quota, 200);
    assert_eq!(limits.wait(SystemTime::UNIX_EPOCH), Some(secs(9)));
}

#[test]
fn fields_of_other_servers() {
    let limits = RateLimits::of(&headers(&[
        ("x-ratelimit-limit", "600"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1763756000"),
        ("date", "Fri, 21 Nov 2025 20:13:00 GMT"),
    ]));
    assert_eq!(limits.exhausted().unwrap().resets_in, Some(secs(20)), "a Unix time, by the server's clock");
    assert_eq!(limits.quota_of("").unwrap().quota, 600);
}

#[test]
fn retry_after_in_both_forms() {
    assert_eq!(retry_after("120"), Some(RetryAfter::In(secs(120))));
    assert_eq!(retry_after(" 0.4 "), Some(RetryAfter::In(secs(1))));
    assert_eq!(retry_after("-1"), None);
    assert_eq!(retry_after("soon"), None);
    let dated = RateLimits::of(&headers(&[
        ("retry-after", "Sat, 21 Nov 2026 20:30:00 GMT"),
        ("date", "Sat, 21 Nov 2026 20:25:00 GMT"),
    ]));
    assert_eq!(dated.wait(SystemTime::UNIX_EPOCH), Some(secs(300)), "the clock here is off by decades");
    let past = RateLimits::of(&headers(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]));
    assert_eq!(past.wait(SystemTime::now()), Some(secs(0)));
}

#[test]
fn the_longer_wait_counts() {
    let limits = RateLimits::of(&headers(&[("ratelimit", r#""api";r=0;t=30"#), ("retry-after", "60")]));
    assert_eq!(limits.wait(SystemTime::UNIX_EPOCH), Some(secs(60)));
}

#[test]
fn waits_in_words() {
    for (text, expected) in [
        ("Rate limited. Waiting 56.0s before retry [Retry 1/5].", Some(56)),
        ("Retry after 56 seconds (0/1000 requests remaining in current 300s window).", Some(56)),
        ("You can retry this action in about 1 hour.", Some(3600)),
        ("ZeroGPU quota exceeded. Try again in 23:51:16.", Some(85876)),
        ("Retrying in 1s [Retry 1/5].", None),
        ("try again in a moment", None),
        ("retry in 20ms", None),
        ("Waiting for lock", None),
        ("try again in 99999999999999999999 days", None),
        ("try again in 18446744073709551615:00", None),
    ] {
        assert_eq!(wait_in_words(text), expected.map(Duration::from_secs), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(field in ".{0,200}") {
        let _ = (remaining(&field), quotas(&field), retry_after(&field), wait_in_words(&field));
    }

    #[test]
    fn text_of_the_grammars_own_characters(field in r#"[a-z0-9"\\;,=. \t:-]{0,200}"#) {
        let _ = (remaining(&field), quotas(&field), retry_after(&field));
        let _ = wait_in_words(&format!("try again in {field}"));
    }

    #[test]
    fn any_header_bytes_give_bounded_limits(bytes in proptest::collection::vec(any::<u8>(), 0..400), repeat in 1_usize..80) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let mut map = HeaderMap::new();
            for name in ["ratelimit", "ratelimit-policy", "retry-after", "date", "x-ratelimit-reset", "x-ratelimit-remaining"] {
                for _ in 0..repeat {
                    map.append(name, value.clone());
                }
            }
            let limits = RateLimits::of(&map);
            prop_assert!(limits.remaining.len() <= MAX_MEMBERS && limits.quotas.len() <= MAX_MEMBERS);
            prop_assert!(limits.wait(SystemTime::now()).is_none_or(|wait| wait.as_secs() <= MAX_WAIT));
        }
    }

    #[test]
    fn what_is_written_is_read_back(bucket in "[a-z ]{1,12}", left in 0_u64..1_000_000_000, t in 0_u64..100_000, q in 0_u64..1_000_000) {
        let read = remaining(&format!("\"{bucket}\";r={left};t={t}"));
        prop_assert_eq!(read, vec![Remaining { bucket: bucket.clone(), left, resets_in: Some(Duration::from_secs(t)) }]);
        let policies = quotas(&format!("\"fixed window\";\"{bucket}\";q={q};w=300"));
        prop_assert_eq!(policies.len(), 1);
        prop_assert_eq!(policies[0].quota, q);
        prop_assert!(policies[0].names.contains(&bucket));
    }
}
