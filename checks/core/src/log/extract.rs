//! What one line says in itself: addresses, hosts, status codes, request ids, numbers of quotas.

use std::sync::LazyLock;

use regex::Regex;

use super::host::{Owner, is_hub_path, owner};
use crate::target::{From, RepoType, Target};

/// Whose id a request id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestId {
    /// `Root=1-…`: the Hub's application answered.
    Application,
    /// A bare UUID: the client's own, no proof of an answer.
    Client,
    /// `Amz CF ID`: the edge answered, and not the application.
    Edge,
}

/// A URL in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host in lower case.
    pub host: String,
    /// The path with what follows it.
    pub path: String,
    /// Whose host it is. A host that answers for the Hub's API is a mirror whatever its name.
    pub owner: Owner,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

static URL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"https?://(?:[^ /'"<>@]{1,200}@)?([A-Za-z0-9.\-]{1,253}|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?(/[^ '"<>\\)\]|`,;]{0,600})?"#,
    )
});
static HOST: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:host=['"]|failed to resolve ['"]|resolve host:? |resolve host address ['"‘“]|resolve host address |resolve dns name ['"]|name resolution for |lookup |dial tcp |connection to |failed to connect to |connect to server |getaddrinfo (?:enotfound|eai_again) |unable to connect to |resolving |hostname ['"]|connecting to |could not connect to |connect (?:econnrefused|etimedout|enetunreach|ehostunreach) |domain: https?://|http [45][0-9]{2} from )\(?([a-z0-9][a-z0-9.\-]{2,252}|\[[0-9a-f:]+\])"#,
    )
});
static ENDPOINT_WITHOUT_SCHEME: LazyLock<Regex> =
    LazyLock::new(|| regex(r"Invalid URL '([a-z0-9][a-z0-9.\-]+)(/[^ ']*)"));

/// The first URLs of a line, and hosts that are named without one.
pub fn addresses(text: &str) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    for captures in URL.captures_iter(text).take(6) {
        let Some(host) = captures.get(1) else { continue };
        let path = captures.get(2).map_or("", |m| m.as_str().trim_end_matches(['.', ':', '}', '*']));
        found.push(address(host.as_str(), path));
    }
    if let Some(captures) = ENDPOINT_WITHOUT_SCHEME.captures(text)
        && let (Some(host), Some(path)) = (captures.get(1), captures.get(2))
    {
        found.push(address(host.as_str(), path.as_str()));
    }
    found
}

fn address(host: &str, path: &str) -> Address {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let by_name = owner(&host);
    let owner = if host.ends_with("githubusercontent.com") && path.starts_with("/huggingface/") {
        // where old clients fetch the scripts of datasets from
        Owner::Hub
    } else if matches!(by_name, Owner::Other | Owner::Local) && is_hub_path(path) {
        Owner::Mirror
    } else {
        by_name
    };
    Address { host, path: path.to_owned(), owner }
}

/// The hosts that a line in lower case names as the ones that could not be reached, in its order.
pub fn hosts(lower: &str) -> Vec<String> {
    let mut found = Vec::new();
    for captures in HOST.captures_iter(lower).take(6) {
        let Some(host) = captures.get(1) else { continue };
        let host = host.as_str().trim_end_matches(['.', '-']).to_owned();
        let is_file = [".py", ".json"].iter().any(|end| host.ends_with(end));
        let is_name = host.contains('.') && !is_file;
        if is_name
            || host == "localhost"
            || captures.get(0).is_some_and(|m| m.as_str().starts_with("lookup ")) && host != "address"
        {
            found.push(host);
        }
    }
    found
}

static STATUS: LazyLock<Regex> = LazyLock::new(|| {
    let reason = "unauthorized|payment required|forbidden|not found|method not allowed|proxy authentication required|request timeout|gone|range not satisfiable|requested range not satisfiable|too many requests|unavailable for legal reasons|internal server error|bad gateway|service unavailable|service temporarily unavailable|gateway time-?out|bad request";
    let before = "status|statuscode|status_code|status code|http status|error|returned error|response|failed|got|returned|http|code|answered|replied|responded with|received|server responded with a status of|with status";
    regex(&format!(
        r#"([45][0-9]{{2}}) (?:client|server) error|http error ([45][0-9]{{2}})|(?-u:\b)([45][0-9]{{2}}):? (?:{reason})|http/[0-9.]+"? ([1-5][0-9]{{2}})(?-u:\b)|(?-u:\b)(?:{before})[:= ]{{0,2}}\(?"?([45][0-9]{{2}})(?-u:\b)|(?:status|error) ?\(([45][0-9]{{2}})[,)]|manifest: ([45][0-9]{{2}})(?-u:\b)|^([45][0-9]{{2}}) error$|get failed \(([45][0-9]{{2}})\)|(?-u:\b)([45][0-9]{{2}}), message=|\(([45][0-9]{{2}})\) [a-z]|/[^ ]+ (?:-|->|=>|→) ([45][0-9]{{2}})(?-u:\b)|https?://[^ ]+ ([45][0-9]{{2}}) \(|(?-u:\b)([45][0-9]{{2}}) https?://"#
    ))
});

/// Statuses that clients put into words of their own: transformers.js, aria2's error codes, wget.
const IN_WORDS: &[(&str, u16)] = &[
    ("unauthorized access to file", 401),
    ("forbidden access to file", 403),
    ("errorcode=24", 401),
    ("errorcode=3 ", 404),
    ("username/password authentication failed", 401),
    // hf-hub 1.0, where the Hub sent no text
    ("authentication required (url=", 401),
    ("forbidden (url=", 403),
    ("rate limited (url=", 429),
];

/// The status code that a line in lower case names, the last one when it names several.
pub fn status(lower: &str) -> Option<u16> {
    // What a program passes on of another's answer comes before its own.
    if let Some((_, rest)) = lower.split_once("responded with status ")
        && let Some(status) = rest.get(..3).and_then(|digits| digits.parse().ok())
    {
        return Some(status);
    }
    let in_words = IN_WORDS.iter().find(|(words, _)| lower.contains(words)).map(|(_, status)| *status);
    if in_words.is_some() {
        return in_words;
    }
    STATUS
        .captures_iter(lower)
        .take(8)
        .filter_map(|found| found.iter().skip(1).flatten().next().and_then(|m| m.as_str().parse().ok()))
        .last()
}

/// Whether a path is one of the Hub's pages that messages point to, and not what was asked for.
pub fn is_a_page(path: &str) -> bool {
    ["/docs", "/settings", "/join", "/pricing", "/blog", "/login", "/pro", "/models", "/datasets"].iter().any(|page| {
        path.strip_prefix(page).is_some_and(|rest| {
            rest.is_empty() || (rest.starts_with(['/', '#', '?']) && !matches!(*page, "/models" | "/datasets"))
        })
    })
}

/// Whose request id a line shows.
pub fn request_id(text: &str) -> Option<RequestId> {
    if text.contains("Amz CF ID")
        || text.contains("rror from cloudfront")
        || text.contains("enerated by cloudfront")
        || text.contains("x-amz-cf-id")
        || text.contains("X-Amz-Cf-Id")
    {
        return Some(RequestId::Edge);
    }
    let powered_by = "x-powered-by: huggingface";
    let by_hub = text.get(..powered_by.len()).is_some_and(|start| start.eq_ignore_ascii_case(powered_by));
    if text.contains("Root=1-") || by_hub {
        return Some(RequestId::Application);
    }
    text.contains("(Request ID: ").then_some(RequestId::Client)
}

/// What the Hub says of a limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitWords {
    /// The bucket: `api`, `resolvers`, `pages`.
    pub bucket: Option<String>,
    /// Requests allowed in a window.
    pub quota: Option<u64>,
    /// Requests left.
    pub remaining: Option<u64>,
    /// Seconds until it is worth trying again.
    pub wait: Option<u64>,
}

impl LimitWords {
    /// These words and what others add to them.
    #[must_use]
    pub fn and(mut self, other: &LimitWords) -> LimitWords {
        self.bucket = self.bucket.or_else(|| other.bucket.clone());
        self.quota = self.quota.or(other.quota);
        self.remaining = self.remaining.or(other.remaining);
        self.wait = self.wait.or(other.wait);
        self
    }
}

static REMAINING: LazyLock<Regex> = LazyLock::new(|| regex(r"\(([0-9]{1,9})/([0-9]{1,9}) requests remaining"));
static BUCKET: LazyLock<Regex> = LazyLock::new(|| regex(r"your '([a-z]+)' rate limit"));
static QUOTA: LazyLock<Regex> = LazyLock::new(|| regex(r"quota of ([0-9]{1,9}) ([a-z]+) requests"));
static WAIT: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?:retry after|rate limited\. waiting|retry-after:?|wait) ([0-9]{1,6})(?:\.[0-9]+)? ?s"));
static HEADER: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"ratelimit[:=] *"?([a-z]+)"?; ?r=([0-9]{1,9}); ?t=([0-9]{1,9})"#));
static POLICY: LazyLock<Regex> = LazyLock::new(|| regex(r#"ratelimit-policy[:=].*"([a-z]+)"; ?q=([0-9]{1,9})"#));

/// What a line in lower case says of a limit's bucket, quota and waiting time.
pub fn limit_words(text: &str) -> Option<LimitWords> {
    let number = |captures: &regex::Captures<'_>, i: usize| captures.get(i).and_then(|m| m.as_str().parse().ok());
    let word = |captures: &regex::Captures<'_>, i: usize| captures.get(i).map(|m| m.as_str().to_owned());
    let mut words = LimitWords::default();
    if let Some(found) = REMAINING.captures(text) {
        words.remaining = number(&found, 1);
        words.quota = number(&found, 2);
    }
    if let Some(found) = BUCKET.captures(text) {
        words.bucket = word(&found, 1);
    }
    if let Some(found) = QUOTA.captures(text) {
        words.quota = number(&found, 1);
        words.bucket = word(&found, 2);
    }
    if let Some(found) = HEADER.captures(text) {
        words.bucket = word(&found, 1);
        words.remaining = number(&found, 2);
        words.wait = number(&found, 3);
    }
    if let Some(found) = POLICY.captures(text) {
        words.bucket = word(&found, 1);
        words.quota = number(&found, 2);
    }
    if let Some(found) = WAIT.captures(text) {
        words.wait = number(&found, 1);
    }
    (words != LimitWords::default()).then_some(words)
}

/// What may stand after an id in a path.
const AFTER_THE_ID: &[&str] = &[
    "resolve",
    "revision",
    "tree",
    "raw",
    "blob",
    "refs",
    "xet-read-token",
    "auth-check",
    "paths-info",
    "commit",
    "branch",
    "preupload",
    "info",
    "manifests",
    "blobs",
    "discussions",
    "commits",
];

/// The repository, revision and file that a path on a Hub or mirror names.
pub fn target_of(path: &str) -> Option<Target> {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let path = path.split_once("/huggingfaceml/").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, r)| r));
    let path = path.split_once("/repository/").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, r)| r));
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut repo_type = RepoType::Model;
    let api = parts.first() == Some(&"api");
    if api {
        parts.remove(0);
    }
    if parts.first() == Some(&"v2") {
        parts.remove(0);
    }
    match parts.first().copied() {
        Some("models") if api => {
            parts.remove(0);
        }
        Some("datasets") => {
            parts.remove(0);
            repo_type = RepoType::Dataset;
        }
        Some("spaces") => {
            parts.remove(0);
            repo_type = RepoType::Space;
        }
        Some("kernels") => {
            parts.remove(0);
            repo_type = RepoType::Kernel;
        }
        Some(
            "repos" | "whoami-v2" | "resolve-cache" | "docs" | "settings" | "join" | "pricing" | "login" | "blog"
            | "models",
        ) => return None,
        _ if api => return None,
        _ => {}
    }
    let verb = parts.iter().position(|part| AFTER_THE_ID.contains(part)).filter(|at| *at <= 2);
    let id = &parts[..verb.unwrap_or(parts.len()).min(2)];
    if id.is_empty() || (verb.is_none() && (parts.len() > 2 || (id.len() < 2 && !api))) {
        return None;
    }
    let repo_id = id.join("/");
    let repo_id = repo_id.trim_end_matches(".git").to_owned();
    let mut target = Target::new(repo_type, repo_id, From::Log);
    let rest = verb.map_or(&[][..], |at| parts.get(at + 1..).unwrap_or(&[]));
    match verb.and_then(|at| parts.get(at)) {
        Some(&("resolve" | "raw" | "blob")) => {
            target.revision = rest.first().map(|rev| decoded(rev));
            let file = rest.get(1..).map(|file| file.join("/")).filter(|file| !file.is_empty());
            target.file = file.map(|file| decoded(&file));
        }
        Some(&("revision" | "tree" | "xet-read-token")) => target.revision = rest.first().map(|rev| decoded(rev)),
        _ => {}
    }
    Some(target)
}

fn decoded(text: &str) -> String {
    text.replace("%2F", "/").replace("%2f", "/").replace("%20", " ")
}

static QUOTED_ID: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:(?-u:\b)([Mm]odel|[Dd]ataset|[Ss]pace)|from_pretrained\(|snapshot_download\(|hf_hub_download\(|load_dataset\(|model_info\(|repo_id=|load |for |of |access |specified: |pull |reach |name:? |id:? |form 'repo_name' or 'namespace/repo_name':) ?['"`]([A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_.-]{1,96})['"`]"#,
    )
});
static BARE_ID: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:[Aa]ccess to (model|dataset|space) |access (model|dataset|space) |downloading |when trying to load |^)([A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_.-]{1,96}) (?:is |does |isn't |was )",
    )
});

/// A repository that a message names in words.
pub fn target_in_words(text: &str) -> Option<Target> {
    let (kind, id) = if let Some(found) = QUOTED_ID.captures(text) {
        (found.get(1), found.get(2))
    } else {
        let found = BARE_ID.captures(text)?;
        (found.get(1).or(found.get(2)), found.get(3))
    };
    let repo_id = id?.as_str().trim_end_matches('.').to_owned();
    if repo_id.contains("site-packages") || [".py"].iter().any(|end| repo_id.ends_with(end)) || repo_id.starts_with('.')
    {
        return None;
    }
    let repo_type = match kind.map(|m| m.as_str().to_ascii_lowercase()).as_deref() {
        Some("dataset") => RepoType::Dataset,
        Some("space") => RepoType::Space,
        _ => RepoType::Model,
    };
    Some(Target::new(repo_type, repo_id, From::Log))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_in_every_clients_words() {
        let table = [
            ("requests.HTTPError: 404 Client Error: Not Found for url: x", Some(404)),
            ("Client error '429 Too Many Requests' for url 'x'", Some(429)),
            ("HTTP Error 503 thrown while requesting HEAD https://x", Some(503)),
            ("curl: (22) The requested URL returned error: 401", Some(401)),
            ("HTTP/2 403", Some(403)),
            ("HTTP request sent, awaiting response... 429 Too Many Requests", Some(429)),
            ("errorCode=22 The response status is not successful. status=429", Some(429)),
            ("request error: http status: 401", Some(401)),
            ("Error: pull model manifest: 401: {}", Some(401)),
            ("RequestError(Status(403, Response[status: 403]))", Some(403)),
            ("Error (429) occurred while trying to load file", Some(429)),
            ("-> HTTP 401 Unauthorized", Some(401)),
            ("step 429 loss 0.5", None),
            ("tokens=500", None),
            ("45000 examples", None),
        ];
        for (line, expected) in table {
            assert_eq!(status(&line.to_ascii_lowercase()), expected, "{line}");
        }
    }

    #[test]
    fn targets_come_from_paths() {
        let table = [
            ("/ada/model/resolve/main/config.json", "ada/model", Some("main"), Some("config.json")),
            ("/gpt2/resolve/refs%2Fpr%2F1/a/b.bin", "gpt2", Some("refs/pr/1"), Some("a/b.bin")),
            ("/api/models/ada/model/revision/v2", "ada/model", Some("v2"), None),
            ("/api/models/gpt2", "gpt2", None, None),
            ("/api/models/ada/model", "ada/model", None, None),
            ("/v2/ada/model/manifests/latest", "ada/model", None, None),
            (
                "/artifactory/api/huggingfaceml/remote/api/models/ada/model/revision/main",
                "ada/model",
                Some("main"),
                None,
            ),
        ];
        for (path, id, revision, file) in table {
            let target = target_of(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(
                (target.repo_id.as_str(), target.revision.as_deref(), target.file.as_deref()),
                (id, revision, file),
                "{path}"
            );
        }
        assert_eq!(target_of("/api/datasets/ada/set/tree/main?recursive=1").unwrap().repo_type, RepoType::Dataset);
        assert_eq!(target_of("/docs/hub/models-gated"), None);
        assert_eq!(target_of("/api/whoami-v2"), None);
    }

    #[test]
    fn limits_are_read() {
        let words = limit_words("retry after 55 seconds (0/3000 requests remaining in current 300s window).").unwrap();
        assert_eq!((words.remaining, words.quota, words.wait), (Some(0), Some(3000), Some(55)));
        let words = limit_words("ratelimit: \"api\";r=0;t=12").unwrap();
        assert_eq!((words.bucket.as_deref(), words.remaining), (Some("api"), Some(0)));
        assert_eq!(limit_words("nothing"), None);
    }

    #[test]
    fn a_foreign_host_that_speaks_the_hubs_api_is_a_mirror() {
        let found = addresses("403 for url: https://hub.corp.example/repository/hf/api/models/ada/m.");
        assert_eq!(found[0].owner, Owner::Mirror);
        assert_eq!(addresses("see https://packages.example/simple/x/")[0].owner, Owner::Other);
    }
}
