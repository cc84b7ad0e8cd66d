//! The headers that tell an answer of the Hub's application from one of its edge or storage.

use std::sync::atomic::{AtomicU64, Ordering};

use super::answer::Answer;
use crate::text;

fn fresh(purpose: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    text::sha256(format!("{purpose} {}", COUNT.fetch_add(1, Ordering::Relaxed)).as_bytes())
}

/// What CloudFront adds to everything that passes it.
pub(crate) fn edge(answer: &mut Answer, cache: &str) {
    let id = fresh("edge");
    answer.set("Via", &format!("1.1 {}.cloudfront.net (CloudFront)", &id[..32]));
    answer.set("X-Amz-Cf-Pop", "LAB50-P1");
    answer.set("X-Amz-Cf-Id", &format!("{}==", &id[..54]));
    answer.set("X-Cache", cache);
}

/// What the application itself adds.
pub(crate) fn application(answer: &mut Answer) {
    let id = fresh("request");
    let uuid = [&id[32..40], &id[40..44], &id[44..48], &id[48..52], &id[52..64]].join("-");
    answer.set("X-Powered-By", "huggingface-moon");
    answer.set("X-Request-Id", &format!("Root=1-{}-{};{uuid}", &id[..8], &id[8..32]));
    answer.set("Access-Control-Expose-Headers", "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,ETag,Link");
    answer.set("Vary", "Origin, Accept");
    let cache = if answer.status < 400 { "Miss from cloudfront" } else { "Error from cloudfront" };
    edge(answer, cache);
}
