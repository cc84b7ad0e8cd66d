//! Who wrote an answer: the Hub's application, an edge or storage host, a mirror, or something on the way.

use super::http::Answer;
use crate::case::Settings;
use hfdoctor_core::hub::is_hub_host;

/// The layer that wrote an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The Hub's application: it marks every answer with `X-Request-Id` and `X-Powered-By`.
    Application,
    /// The edge in front of the Hub's own host: the application never answered.
    Edge,
    /// The CDN or storage host that serves the bytes.
    Storage,
    /// The server that HF_ENDPOINT names.
    Mirror,
    /// The Hub behind the mirror: the mirror hands its answer on.
    MirrorUpstream,
    /// The router of Inference Providers, or an inference endpoint.
    Router,
    /// A proxy or gateway between this machine and the host.
    Proxy,
    /// The Hub's own host, but no header tells who wrote it.
    Unmarked,
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Layer::Application => "the Hub's application",
            Layer::Edge => "the edge before the Hub",
            Layer::Storage => "the host that serves the bytes",
            Layer::Mirror => "the mirror",
            Layer::MirrorUpstream => "the Hub behind the mirror",
            Layer::Router => "the inference service",
            Layer::Proxy => "a proxy on the way",
            Layer::Unmarked => "not marked, and not the Hub's application",
        })
    }
}

/// The software that an answer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Software {
    /// Amazon CloudFront.
    CloudFront,
    /// Amazon's web application firewall, behind CloudFront.
    AwsWaf,
    /// Cloudflare.
    Cloudflare,
    /// Amazon S3.
    S3,
    /// Google's front end or storage.
    Google,
    /// What the `Server` or `Via` header says.
    Named(String),
}

impl std::fmt::Display for Software {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Software::CloudFront => f.write_str("CloudFront"),
            Software::AwsWaf => f.write_str("AWS WAF at CloudFront"),
            Software::Cloudflare => f.write_str("Cloudflare"),
            Software::S3 => f.write_str("Amazon S3"),
            Software::Google => f.write_str("Google's CDN"),
            Software::Named(name) => write!(f, "`{name}`"),
        }
    }
}

/// Who wrote an answer, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The layer.
    pub layer: Layer,
    /// The host that was asked, in lower case.
    pub host: String,
    /// The software, where the answer names it.
    pub software: Option<Software>,
    /// The headers that show it, as they came, and in words what is missing.
    pub marks: Vec<String>,
}

/// How well an answer shows that it limits the rate of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    /// A refusal by a filter at the edge, which may count requests or look at something else, such as the country.
    Filter,
    /// A filter that counts requests asks for a proof that a person is there; or a status that only fits a limit.
    Implied,
    /// In so many words: status 429, or a text that says it.
    Said,
}

/// Says who wrote an answer.
///
/// `trusted` is whether the person has called HF_ENDPOINT's server trustworthy.
pub fn writer(answer: &Answer, settings: &Settings, trusted: bool) -> Writer {
    let host = answer.url.host_str().unwrap_or_default().to_ascii_lowercase();
    let software = software(answer);
    let application = speaks_as_application(answer);
    let layer = if is_endpoint(&host, settings) {
        match (application, trusted || is_loopback(&host)) {
            // A server that is trusted with the token, or a tunnel on this very machine, and that hands on the
            // application's own answer: the limit is the Hub's, and counts this machine's address.
            (true, true) => Layer::Application,
            (true, false) => Layer::MirrorUpstream,
            (false, _) => Layer::Mirror,
        }
    } else if is_router(&host) {
        Layer::Router
    } else if is_hub_host(&host) || is_hub_subdomain(&host) {
        match &software {
            _ if application => Layer::Application,
            Some(Software::CloudFront | Software::AwsWaf) => Layer::Edge,
            _ if is_proxy(answer) => Layer::Proxy,
            // The Hub stands behind CloudFront; another vendor's edge is a stranger, but an edge.
            Some(Software::Cloudflare | Software::Google | Software::S3) => Layer::Edge,
            Some(Software::Named(_)) | None => Layer::Unmarked,
        }
    } else if is_proxy(answer) && !matches!(software, Some(Software::CloudFront | Software::S3 | Software::Cloudflare))
    {
        Layer::Proxy
    } else {
        Layer::Storage
    };
    let marks = marks(answer, layer);
    Writer { layer, host, software, marks }
}

/// Whether an answer limits the rate of requests, and how plainly it says so.
pub fn block(answer: &Answer) -> Option<Block> {
    let body = body_start(answer);
    let says = |words: &str| body.contains(words);
    if answer.status == 429 || says("we had to rate limit your ip") {
        return Some(Block::Said);
    }
    if !(400..600).contains(&answer.status) || speaks_as_application(answer) {
        // A challenge of the firewall comes as 202 or 405.
        return (answer.status == 202 && answer.headers.contains_key("x-amzn-waf-action")).then_some(Block::Implied);
    }
    let software = software(answer);
    if says("<code>slowdown</code>") || says("reduce your request rate") {
        return Some(Block::Said);
    }
    if software == Some(Software::Cloudflare) && (says("error code: 1015") || says("you are being rate limited")) {
        return Some(Block::Said);
    }
    // A HEAD has no body that could say `SlowDown`; S3 answers 503 for little else.
    let slow_down = answer.status == 503 && software == Some(Software::S3) && body.is_empty();
    if slow_down || software == Some(Software::AwsWaf) {
        return Some(Block::Implied);
    }
    let blocked = answer.status == 403 && software == Some(Software::CloudFront) && says("request blocked");
    blocked.then_some(Block::Filter)
}

/// Whether a host that serves bytes limits the rate of requests. There a filter's plain refusal is a refusal: the links
/// are signed, and signatures and countries are looked at before requests are counted.
pub fn limits_transfers(answer: &Answer) -> bool {
    block(answer).is_some_and(|block| block > Block::Filter)
}

/// Whether the answer names the Hub's limit by address, which it tells callers without a token.
pub fn limits_address(answer: &Answer) -> bool {
    body_start(answer).contains("we had to rate limit your ip")
        || answer.header("x-error-message").is_some_and(|m| m.to_ascii_lowercase().contains("rate limit your ip"))
}

/// What a page says in its own words: code and message of an XML error, or the title of an HTML page.
pub fn page_words(answer: &Answer) -> Option<String> {
    let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(16 * 1024)]);
    let between = |tag: &str| {
        let (_, rest) = body.split_once(&format!("<{tag}>"))?;
        let (words, _) = rest.split_once(&format!("</{tag}>"))?;
        let words = super::tls::clean(words.trim());
        (!words.is_empty() && !words.contains('<')).then(|| short(&words))
    };
    match (between("Code"), between("Message")) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.or(message).or_else(|| between("title")),
    }
}

fn speaks_as_application(answer: &Answer) -> bool {
    answer.from_application() || limits_address(answer) || hub_bucket(answer)
}

/// Whether the answer counts one of the Hub's own buckets.
fn hub_bucket(answer: &Answer) -> bool {
    answer.header("ratelimit").is_some_and(|field| {
        super::rate_limit::remaining(&field).iter().any(|r| matches!(r.bucket.as_str(), "api" | "resolvers" | "pages"))
    })
}

fn body_start(answer: &Answer) -> String {
    let start = &answer.body[..answer.body.len().min(16 * 1024)];
    String::from_utf8_lossy(start).to_ascii_lowercase()
}

fn software(answer: &Answer) -> Option<Software> {
    let has = |name: &str| answer.headers.contains_key(name);
    let contains =
        |name: &str, words: &str| answer.header(name).is_some_and(|value| value.to_ascii_lowercase().contains(words));
    if has("x-amzn-waf-action") {
        return Some(Software::AwsWaf);
    }
    // Who names itself as the server stands above who only handed the answer on.
    let server = answer.header("server").filter(|s| !s.is_empty());
    let lower = server.as_deref().unwrap_or_default().to_ascii_lowercase();
    if lower.contains("cloudflare") {
        Some(Software::Cloudflare)
    } else if lower.contains("cloudfront") {
        Some(Software::CloudFront)
    } else if lower.contains("amazons3") {
        Some(Software::S3)
    } else if ["gws", "gse", "uploadserver", "google frontend"].contains(&lower.as_str()) {
        Some(Software::Google)
    } else if contains("via", "cloudfront") || has("x-amz-cf-id") || has("x-amz-cf-pop") {
        Some(Software::CloudFront)
    } else if has("cf-ray") {
        Some(Software::Cloudflare)
    } else if has("x-amz-id-2") {
        Some(Software::S3)
    } else if has("x-guploader-uploadid") || contains("via", "google") {
        Some(Software::Google)
    } else {
        server.or_else(|| answer.header("via")).map(|name| Software::Named(short(&name)))
    }
}

/// Whether a proxy or gateway wrote the answer, by the headers that such programs add to answers of their own.
fn is_proxy(answer: &Answer) -> bool {
    const NAMES: [&str; 9] =
        ["squid", "zscaler", "bluecoat", "blue coat", "mcafee", "forcepoint", "netskope", "privoxy", "mitmproxy"];
    let own = ["x-squid-error", "proxy-agent", "proxy-status", "x-bluecoat-via", "proxy-connection"];
    own.iter().any(|name| answer.headers.contains_key(*name))
        || ["server", "via", "x-cache"].iter().any(|name| {
            answer.header(name).is_some_and(|value| {
                let value = value.to_ascii_lowercase();
                NAMES.iter().any(|known| value.contains(known))
            })
        })
}

/// The headers that tell who wrote an answer, for the report.
fn marks(answer: &Answer, layer: Layer) -> Vec<String> {
    let wanted: &[&str] = match layer {
        Layer::Application | Layer::MirrorUpstream => &["x-request-id", "x-powered-by"],
        _ => &["server", "via", "x-cache", "x-amz-cf-pop", "x-amzn-waf-action", "cf-ray", "x-amz-request-id"],
    };
    let mut marks: Vec<String> = wanted
        .iter()
        .filter_map(|name| answer.header(name).map(|value| format!("`{name}: {}`", short(&value))))
        .take(3)
        .collect();
    if layer == Layer::Edge || layer == Layer::Unmarked {
        marks.push("no `x-request-id` of the application".to_owned());
    }
    marks
}

/// A header's value, cut to what a line can show.
pub fn short(value: &str) -> String {
    const MOST: usize = 80;
    if value.chars().count() <= MOST {
        return value.to_owned();
    }
    value.chars().take(MOST - 1).chain(['…']).collect()
}

/// Whether a host is the one that HF_ENDPOINT names, or a sibling of it, and not the Hub's own.
fn is_endpoint(host: &str, settings: &Settings) -> bool {
    if !settings.foreign_endpoint() {
        return false;
    }
    let endpoint = url::Url::parse(&settings.endpoint).ok();
    let Some(endpoint) = endpoint.as_ref().and_then(|u| u.host_str()).map(str::to_ascii_lowercase) else {
        return false;
    };
    host == endpoint || (!is_known_hub_name(host) && domain(host).is_some_and(|d| domain(&endpoint) == Some(d)))
}

/// The last two labels of a name; none of an address.
fn domain(host: &str) -> Option<&str> {
    if host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') {
        return None;
    }
    let (before, last) = host.rsplit_once('.')?;
    let start = before.rfind('.').map_or(0, |dot| dot + 1);
    (last.len() >= 2 && before.len() > start).then(|| &host[start..])
}

fn is_known_hub_name(host: &str) -> bool {
    is_hub_host(host) || host.ends_with(".huggingface.co") || host.ends_with(".hf.co")
}

/// Hosts below huggingface.co that run the application, and not the old `cdn-lfs` ones.
fn is_hub_subdomain(host: &str) -> bool {
    host.ends_with(".huggingface.co") && !host.starts_with("cdn-lfs")
}

fn is_router(host: &str) -> bool {
    matches!(host, "router.huggingface.co" | "api-inference.huggingface.co" | "api.endpoints.huggingface.cloud")
        || host.ends_with(".endpoints.huggingface.cloud")
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[path = "layer_tests.rs"]
pub(crate) mod tests;
