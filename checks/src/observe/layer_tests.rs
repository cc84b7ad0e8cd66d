//! The layers, told apart by the header sets that real servers send.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::case::environment::environment_of;

/// An answer with these headers and body.
pub(crate) fn answer(url: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    Answer {
        url: url.parse().unwrap(),
        status,
        headers: map,
        body: body.as_bytes().to_vec(),
        cut: false,
        with_token: false,
        elapsed: Duration::ZERO,
    }
}

/// What the Hub's application and the edge in front of it add to every answer.
pub(crate) const APPLICATION: &[(&str, &str)] = &[
    ("x-powered-by", "huggingface-moon"),
    ("x-request-id", "Root=1-6920c8aa-0b1e3c7d5f2a4b6c8d9e0f1a;3f1c2a4e-8b7d-4c6f-9e0a-1b2c3d4e5f60"),
    ("via", "1.1 5f7c9a1b3d.cloudfront.net (CloudFront)"),
    ("x-cache", "Error from cloudfront"),
    ("x-amz-cf-pop", "FRA56-P9"),
    ("x-amz-cf-id", "q1W2e3R4t5Y6u7I8o9P0aSdFgHjKlZxCvBnM=="),
];

/// What CloudFront sends when it answers by itself.
pub(crate) const CLOUDFRONT: &[(&str, &str)] = &[
    ("server", "CloudFront"),
    ("content-type", "text/html"),
    ("x-cache", "Error from cloudfront"),
    ("via", "1.1 5f7c9a1b3d.cloudfront.net (CloudFront)"),
    ("x-amz-cf-pop", "IAD89-C1"),
    ("x-amz-cf-id", "q1W2e3R4t5Y6u7I8o9P0aSdFgHjKlZxCvBnM=="),
];

const CLOUDFLARE: &[(&str, &str)] =
    &[("server", "cloudflare"), ("cf-ray", "8f1a2b3c4d5e6f70-AMS"), ("content-type", "text/plain; charset=UTF-8")];

const S3: &[(&str, &str)] = &[
    ("server", "AmazonS3"),
    ("x-amz-request-id", "4Z8N1G7T2QK5R0XY"),
    ("x-amz-id-2", "Uu3mZr6+abcdefgh="),
    ("content-type", "application/xml"),
];

const GOOGLE: &[(&str, &str)] =
    &[("server", "UploadServer"), ("via", "1.1 google"), ("x-guploader-uploadid", "AHmUCY")];

const SQUID: &[(&str, &str)] =
    &[("server", "squid/5.7"), ("x-squid-error", "ERR_ACCESS_DENIED 0"), ("via", "1.1 gate.example (squid/5.7)")];

const HUB: &str = "https://huggingface.co/openai-community/gpt2/resolve/main/config.json";
const MIRROR: &str = "https://hf-mirror.com/openai-community/gpt2/resolve/main/config.json";
const CDN: &str = "https://us.aws.cdn.hf.co/xet-bridge-us/abc/def";

fn settings(endpoint: Option<&str>) -> Settings {
    let variables: Vec<(&str, &str)> = endpoint.map(|e| ("HF_ENDPOINT", e)).into_iter().collect();
    Settings::resolve(&environment_of(&variables))
}

#[test]
fn who_wrote_it() {
    let here = "http://127.0.0.1:8000/openai-community/gpt2/resolve/main/config.json";
    let there = Some("https://hf-mirror.com");
    let bucket: &[(&str, &str)] = &[("ratelimit", r#""resolvers";r=0;t=9"#)];
    for (name, url, headers, endpoint, trusted, layer, software) in [
        ("application", HUB, APPLICATION, None, false, Layer::Application, Some(Software::CloudFront)),
        ("application by its bucket", HUB, bucket, None, false, Layer::Application, None),
        ("edge", HUB, CLOUDFRONT, None, false, Layer::Edge, Some(Software::CloudFront)),
        ("a stranger's edge", HUB, CLOUDFLARE, None, false, Layer::Edge, Some(Software::Cloudflare)),
        ("proxy", HUB, SQUID, None, false, Layer::Proxy, Some(Software::Named("squid/5.7".to_owned()))),
        ("nothing to tell", HUB, &[], None, false, Layer::Unmarked, None),
        ("storage", CDN, CLOUDFRONT, None, false, Layer::Storage, Some(Software::CloudFront)),
        ("storage by S3", "https://cdn-lfs-us-1.hf.co/repos/a/b", S3, None, false, Layer::Storage, Some(Software::S3)),
        (
            "old storage",
            "https://cdn-lfs.huggingface.co/a",
            CLOUDFRONT,
            None,
            false,
            Layer::Storage,
            Some(Software::CloudFront),
        ),
        (
            "storage by Google",
            "https://us.gcp.cdn.hf.co/a",
            GOOGLE,
            None,
            false,
            Layer::Storage,
            Some(Software::Google),
        ),
        (
            "storage behind a proxy",
            CDN,
            SQUID,
            None,
            false,
            Layer::Proxy,
            Some(Software::Named("squid/5.7".to_owned())),
        ),
        ("mirror", MIRROR, CLOUDFLARE, there, false, Layer::Mirror, Some(Software::Cloudflare)),
        ("mirror's own file host", "https://cdn-lfs.hf-mirror.com/a", &[], there, false, Layer::Mirror, None),
        ("mirror hands on", MIRROR, APPLICATION, there, false, Layer::MirrorUpstream, Some(Software::CloudFront)),
        ("trusted endpoint", MIRROR, APPLICATION, there, true, Layer::Application, Some(Software::CloudFront)),
        ("trusted endpoint's own", MIRROR, CLOUDFLARE, there, true, Layer::Mirror, Some(Software::Cloudflare)),
        (
            "tunnel",
            here,
            APPLICATION,
            Some("http://127.0.0.1:8000"),
            false,
            Layer::Application,
            Some(Software::CloudFront),
        ),
        ("mirror on this machine", here, &[], Some("http://127.0.0.1:8000"), false, Layer::Mirror, None),
        ("storage while a mirror is set", CDN, CLOUDFRONT, there, false, Layer::Storage, Some(Software::CloudFront)),
        (
            "router",
            "https://router.huggingface.co/together/v1",
            APPLICATION,
            None,
            false,
            Layer::Router,
            Some(Software::CloudFront),
        ),
    ] {
        let written = writer(&answer(url, 429, headers, ""), &settings(endpoint), trusted);
        assert_eq!((written.layer, written.software), (layer, software), "{name}");
    }
}

const SLOW_DOWN: &str =
    "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
const BLOCKED: &str = "<H1>403 ERROR</H1><H2>The request could not be satisfied.</H2>Request blocked.";

#[test]
fn what_limits_the_rate() {
    const DENIED: &str = "<Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>";
    let waf: &[(&str, &str)] = &[("server", "CloudFront"), ("x-amzn-waf-action", "captcha")];
    for (name, status, headers, body, expected) in [
        ("429", 429, APPLICATION, "", Some(Block::Said)),
        ("SlowDown", 503, S3, SLOW_DOWN, Some(Block::Said)),
        ("SlowDown to HEAD", 503, S3, "", Some(Block::Implied)),
        ("S3 refuses", 403, S3, DENIED, None),
        ("1015", 403, CLOUDFLARE, "error code: 1015", Some(Block::Said)),
        ("1020", 403, CLOUDFLARE, "error code: 1020", None),
        ("firewall asks", 405, waf, "", Some(Block::Implied)),
        ("firewall asks softly", 202, waf, "", Some(Block::Implied)),
        ("firewall blocks", 403, CLOUDFRONT, BLOCKED, Some(Block::Filter)),
        ("edge fails", 503, CLOUDFRONT, "", None),
        ("Hub fails", 503, APPLICATION, "", None),
        ("Hub refuses", 403, APPLICATION, "Access to this resource is disabled.", None),
        ("fine", 200, APPLICATION, "reduce your request rate", None),
    ] {
        assert_eq!(block(&answer(HUB, status, headers, body)), expected, "{name}");
    }
}

#[test]
fn marks_are_bounded() {
    let long = "x".repeat(5000);
    let written = writer(&answer(HUB, 429, &[("server", &long)], ""), &settings(None), false);
    assert!(written.marks.iter().all(|mark| mark.chars().count() < 120), "{:?}", written.marks);
}

#[test]
fn pages_say_it_in_their_own_words() {
    let said = |body: &str| page_words(&answer("https://us.aws.cdn.hf.co/a", 503, &[], body));
    assert_eq!(said(SLOW_DOWN).as_deref(), Some("SlowDown: Please reduce your request rate."));
    let page = "<html><head><title>ERROR: The request could not be satisfied</title></head></html>";
    assert_eq!(said(page).as_deref(), Some("ERROR: The request could not be satisfied"));
    for nothing in ["", "<Code></Code>", "<Code>cut short", "<title><b>x</b></title>", "{\"error\": 1}"] {
        assert_eq!(said(nothing), None, "{nothing}");
    }
}

#[test]
fn a_filters_refusal_of_signed_links_is_no_limit() {
    let blocked = answer("https://us.aws.cdn.hf.co/a", 403, CLOUDFRONT, BLOCKED);
    assert_eq!((block(&blocked), limits_transfers(&blocked)), (Some(Block::Filter), false));
    let slow = answer("https://us.aws.cdn.hf.co/a", 503, S3, SLOW_DOWN);
    assert!(limits_transfers(&slow));
}

proptest::proptest! {
    #[test]
    fn any_answer_has_a_writer(
        status in 100_u16..600,
        server in "[ -~]{0,100}",
        via in "[ -~]{0,100}",
        body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        host in 0_usize..4,
    ) {
        let url = ["https://huggingface.co/a", "https://us.aws.cdn.hf.co/a", "https://hf-mirror.com/a", "http://127.0.0.1/a"][host];
        let mut seen = answer(url, status, &[("server", server.trim()), ("via", via.trim())], "");
        seen.body = body;
        let settings = crate::check::rate::rate_limit::tests::case(&[("HF_ENDPOINT", "https://hf-mirror.com")], None).settings;
        let who = writer(&seen, &settings, false);
        proptest::prop_assert!(who.marks.iter().all(|mark| mark.chars().count() < 140));
        proptest::prop_assert!(!limits_transfers(&seen) || block(&seen).is_some());
        proptest::prop_assert!(page_words(&seen).is_none_or(|words| words.chars().count() < 200));
    }
}
