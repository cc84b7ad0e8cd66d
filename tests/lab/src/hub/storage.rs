//! The hosts that serve bytes: the CDN with its signed URLs, and the two Xet servers.

use serde_json::json;

use super::answer::Answer;
use super::app::Call;
use super::headers;
use crate::state::Content;

/// A file by its signed URL: 200, 206 or 416; XML refusals in the manner of S3 and CloudFront.
pub(crate) fn cdn(call: Call<'_>) -> Answer {
    let mut answer = bytes(call);
    answer.set("Server", "AmazonS3");
    let cache = if answer.status < 400 { "Hit from cloudfront" } else { "Error from cloudfront" };
    headers::edge(&mut answer, cache);
    answer
}

fn bytes(call: Call<'_>) -> Answer {
    let ask = call.ask;
    let signed = ["Expires", "Policy", "Signature", "Key-Pair-Id"].iter().all(|name| ask.parameter(name).is_some());
    if !signed {
        return Answer::xml(403, "MissingKey", "Missing Key-Pair-Id query parameter or cookie value");
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let expires = ask.parameter("Expires").and_then(|expires| expires.parse::<u64>().ok()).unwrap_or(0);
    if expires < now {
        return Answer::xml(403, "AccessDenied", "Access denied");
    }
    let place = ask.path.rsplit('/').next().unwrap_or_default();
    let Some(content) = find(call, place) else {
        return Answer::xml(403, "AccessDenied", "Access denied");
    };
    let mut answer = Answer::file(content.source(), content.size(), ask.range.as_deref());
    if answer.status < 400 {
        // For a Xet file this is the Xet hash, not the SHA-256.
        answer.set("ETag", &format!("\"{place}\""));
        answer.set("Cache-Control", "public, max-age=31536000");
        if let Some(disposition) = ask.parameter("response-content-disposition") {
            answer.set("Content-Disposition", &disposition);
        }
    }
    answer
}

fn find<'a>(call: Call<'a>, place: &str) -> Option<Content<'a>> {
    let files = call.state.repo.iter().flat_map(|repo| repo.files.values());
    files
        .map(crate::state::FileSpec::content)
        .filter(Content::is_lfs)
        .find(|content| content.xet_hash().unwrap_or_else(|| content.sha256()) == place)
}

/// The Xet metadata server. It knows who may ask; the one piece that it names is the plain file, no real xorb, and only
/// where it was asked by its real name.
pub(crate) fn cas(call: Call<'_>) -> Answer {
    let ask = call.ask;
    if !ask.path.contains("/reconstruction") {
        return Answer::text(404, "");
    }
    if !ask.token().is_some_and(|token| token.starts_with("xet_")) {
        return Answer::text(401, "Unauthorized");
    }
    let hash = ask.path.rsplit('/').next().unwrap_or_default();
    match find(call, hash) {
        Some(content) => {
            let mut pieces = serde_json::Map::new();
            if call.cas.contains("//cas-server.") {
                let data = call.cas.replacen("//cas-server.", "//transfer.", 1);
                let url = format!(
                    "{data}/xorb/default/{hash}?X-Xet-Signed-Range=bytes&Expires=9999999999&Policy=p&Signature=s&Key-Pair-Id=K"
                );
                let whole = json!({ "start": 0, "end": content.size().saturating_sub(1) });
                pieces.insert(
                    hash.into(),
                    json!([{ "range": { "start": 0, "end": 1 }, "url": url, "url_range": whole }]),
                );
            }
            Answer::json(200, &json!({ "offset_into_first_range": 0, "terms": [], "fetch_info": pieces }))
        }
        None => Answer::text(404, "Not Found"),
    }
}

/// The Xet data server: CloudFront, which refuses what is not signed.
pub(crate) fn transfer(call: Call<'_>) -> Answer {
    let mut answer = bytes(call);
    if answer.status < 400 {
        return answer;
    }
    answer.set("Server", "CloudFront");
    headers::edge(&mut answer, "Error from cloudfront");
    answer
}
