//! What lines are looked through for: the checks' signs, and words that make a line worth a closer look.

use aho_corasick::{AhoCorasick, MatchKind};

use super::prefilter::Prefilter;
use super::tongue::in_every_language;
use crate::sign::{self, Sign};

/// Words that are no sign of a cause but that make a line worth a closer look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A traceback begins.
    Traceback,
    /// The next traceback belongs to this one.
    Linked,
    /// An exception, an error, a status.
    Trouble,
    /// A word of trouble that is common in any log.
    Error,
    /// Something came to a good end.
    Success,
    /// Something may have come to a good end; common in any log.
    MaybeSuccess,
    /// It has to do with the Hub.
    Hub,
    /// It may have to do with the Hub: what is downloaded, or who downloads.
    Kin,
    /// A URL.
    Url,
    /// A command, a variable, a version, a token.
    Fact,
    /// A frame of a traceback.
    Frame,
    /// A prompt for the exit status.
    AskStatus,
}

impl Trigger {
    /// Whether its words are rare enough to look for them in all of a long log.
    fn is_rare(self) -> bool {
        !matches!(
            self,
            Trigger::Hub
                | Trigger::Kin
                | Trigger::Url
                | Trigger::Frame
                | Trigger::Fact
                | Trigger::Error
                | Trigger::MaybeSuccess
        )
    }
}

const TRIGGERS: &[(Trigger, &str)] = &[
    (Trigger::Traceback, "traceback (most recent call last)"),
    (Trigger::Linked, "during handling of the above exception"),
    (Trigger::Linked, "the above exception was the direct cause"),
    (Trigger::Error, "error"),
    (Trigger::Error, "(407)"),
    (Trigger::Error, "exception"),
    (Trigger::Trouble, "http/2 4"),
    (Trigger::Trouble, "http/2 5"),
    (Trigger::Trouble, "http/1.1 4"),
    (Trigger::Trouble, "http/1.1 5"),
    (Trigger::Error, "http/1.1\" 4"),
    (Trigger::Error, "http/1.1\" 5"),
    (Trigger::Trouble, "client error"),
    (Trigger::Trouble, "unauthorized"),
    (Trigger::Error, "forbidden"),
    (Trigger::Error, "not found"),
    (Trigger::Error, "fatal:"),
    (Trigger::Trouble, "panicked"),
    (Trigger::Error, "status=4"),
    (Trigger::Error, "status=5"),
    (Trigger::Error, "status code"),
    (Trigger::Error, "status_code"),
    (Trigger::Trouble, "get failed ("),
    (Trigger::Trouble, "manifest: 4"),
    (Trigger::Trouble, "manifest: 5"),
    (Trigger::Trouble, "http 429"),
    (Trigger::Error, " 429"),
    (Trigger::Error, "(429"),
    (Trigger::Error, " 401"),
    (Trigger::Error, " 403"),
    (Trigger::Error, " 404"),
    (Trigger::Error, " 503"),
    (Trigger::Error, " 504"),
    (Trigger::Error, "killed"),
    (Trigger::Success, "download complete"),
    (Trigger::MaybeSuccess, "fetching "),
    (Trigger::MaybeSuccess, "loading weights: "),
    (Trigger::MaybeSuccess, "loading checkpoint shards: "),
    (Trigger::MaybeSuccess, "downloaded"),
    (Trigger::MaybeSuccess, "status 0"),
    (Trigger::MaybeSuccess, "code 0"),
    (Trigger::MaybeSuccess, "code: 0"),
    (Trigger::MaybeSuccess, "code=0"),
    (Trigger::MaybeSuccess, " 0 errors"),
    (Trigger::MaybeSuccess, " 0 failed"),
    (Trigger::MaybeSuccess, "errors: 0"),
    (Trigger::MaybeSuccess, "/snapshots/"),
    (Trigger::MaybeSuccess, "\\snapshots\\"),
    (Trigger::Success, "saved ["),
    (Trigger::MaybeSuccess, "success"),
    (Trigger::Success, "✓ downloaded"),
    (Trigger::Success, "successfully downloaded"),
    (Trigger::Success, "download completed"),
    (Trigger::Success, "exit status 0"),
    (Trigger::Success, "exited with code 0"),
    (Trigger::Success, "train_runtime"),
    (Trigger::MaybeSuccess, "completed"),
    (Trigger::MaybeSuccess, "nothing to do."),
    (Trigger::MaybeSuccess, "server is listening on"),
    (Trigger::MaybeSuccess, "main: model loaded"),
    (Trigger::MaybeSuccess, "status: 'ready'"),
    (Trigger::MaybeSuccess, "status: \"ready\""),
    (Trigger::MaybeSuccess, "serving on http"),
    (Trigger::MaybeSuccess, " passed in "),
    (Trigger::MaybeSuccess, " deselected in "),
    (Trigger::MaybeSuccess, " skipped in "),
    (Trigger::MaybeSuccess, " warnings in "),
    (Trigger::AskStatus, "echo $?"),
    (Trigger::AskStatus, "%errorlevel%"),
    (Trigger::AskStatus, "$lastexitcode"),
    (Trigger::Hub, "huggingface"),
    (Trigger::Hub, "hugging face"),
    (Trigger::Hub, "hf.co"),
    (Trigger::Hub, "hf-mirror"),
    (Trigger::Hub, "hf_hub"),
    (Trigger::Hub, "hf download"),
    (Trigger::Hub, "hf_token"),
    (Trigger::Hub, "hf_endpoint"),
    (Trigger::Hub, "hf_home"),
    (Trigger::Hub, "hf_transfer"),
    (Trigger::Hub, "hf_xet"),
    (Trigger::Hub, "on the hub"),
    (Trigger::Hub, "hf://"),
    (Trigger::Hub, "whoami-v2"),
    (Trigger::Hub, "\"resolvers\""),
    (Trigger::Hub, "models--"),
    (Trigger::Hub, "datasets--"),
    (Trigger::Hub, "snapshot_download"),
    (Trigger::Hub, "hfh"),
    (Trigger::Hub, "request error: http status"),
    (Trigger::Hub, "reqwest error: builder error"),
    (Trigger::Hub, "xet-core"),
    (Trigger::Hub, "local entry not found"),
    (Trigger::Hub, "localentrynotfound"),
    (Trigger::Hub, "get_repo_"),
    (Trigger::Hub, "reconstruction error"),
    (Trigger::Hub, "we had to rate limit your ip"),
    (Trigger::Kin, "pytorchstreamreader"),
    (Trigger::Kin, "file must be downloaded again"),
    (Trigger::Trouble, "curl: (22)"),
    (Trigger::Trouble, "amz cf id"),
    (Trigger::Trouble, "x-amz-cf-id"),
    (Trigger::Trouble, "error from cloudfront"),
    (Trigger::Trouble, "x-request-id: root="),
    (Trigger::Trouble, "x-powered-by: huggingface"),
    (Trigger::Hub, "cas service"),
    (Trigger::Kin, "transformers"),
    (Trigger::Kin, "diffusers"),
    (Trigger::Kin, "from_pretrained"),
    (Trigger::Kin, "load_dataset"),
    (Trigger::Kin, "safetensors"),
    (Trigger::Kin, "gguf"),
    (Trigger::Kin, "ggml"),
    (Trigger::Kin, "pytorch_model"),
    (Trigger::Kin, "tokenizer"),
    (Trigger::Kin, "checkpoint shards"),
    (Trigger::Kin, "ollama"),
    (Trigger::Kin, "llama"),
    (Trigger::Kin, "vllm"),
    (Trigger::Kin, "sglang"),
    (Trigger::Kin, "whisper"),
    (Trigger::Kin, "model"),
    (Trigger::Kin, "weights"),
    (Trigger::Kin, "dataset"),
    (Trigger::Kin, "fetching "),
    (Trigger::Kin, "git-lfs"),
    (Trigger::Kin, "git lfs"),
    (Trigger::Kin, "embedding"),
    (Trigger::Url, "http://"),
    (Trigger::Url, "https://"),
    (Trigger::Fact, "_proxy"),
    (Trigger::Fact, "_ca_bundle"),
    (Trigger::Fact, "ssl_cert"),
    (Trigger::Fact, "transformers_offline"),
    (Trigger::Fact, "hf_"),
    (Trigger::Fact, "- endpoint: "),
    (Trigger::Fact, "aria2"),
    (Trigger::Fact, "workers"),
    (Trigger::Fact, "worker "),
    (Trigger::Fact, "threads"),
    (Trigger::Fact, "threadpool"),
    (Trigger::Fact, "num_proc"),
    (Trigger::Fact, "concurren"),
    (Trigger::Fact, "parallel"),
    (Trigger::Fact, "xargs"),
    (Trigger::Fact, "cpu_count"),
    (Trigger::Fact, "authenticated:"),
    (Trigger::Fact, "unauthenticated requests"),
    (Trigger::Fact, "logged in"),
    (Trigger::Fact, "login successful"),
    (Trigger::Fact, "authorization: bearer"),
    (Trigger::Fact, "token is valid"),
    (Trigger::Fact, "user: "),
    (Trigger::Fact, "token="),
    (Trigger::Fact, "retrying"),
    (Trigger::Fact, "waitretry"),
    (Trigger::Fact, "while true"),
    (Trigger::Fact, "while :"),
    (Trigger::Fact, "while ! "),
    (Trigger::Fact, "until curl "),
    (Trigger::Fact, "until wget "),
    (Trigger::Fact, "until aria2c "),
    (Trigger::Fact, "until hf "),
    (Trigger::Fact, "until huggingface-cli "),
    (Trigger::Fact, "(try:"),
    (Trigger::Fact, "restart"),
    (Trigger::Fact, "shared by"),
    (Trigger::Fact, "shared nat"),
    (Trigger::Fact, "nat-gw"),
    (Trigger::Fact, "vpn"),
    (Trigger::Fact, "ratelimit"),
    (Trigger::Fact, "requests remaining"),
    (Trigger::Fact, "application startup at"),
    (Trigger::Fact, "sleep"),
    (Trigger::Fact, "git clone"),
    (Trigger::Fact, " iused"),
    (Trigger::Frame, "file \""),
];

/// Words of services that are no part of a download.
pub const SERVICES: &[&str] = &[
    "postgres",
    "psycopg",
    "redis",
    "mysql",
    "mariadb",
    "mongo",
    "rabbitmq",
    "amqp",
    "kafka",
    "elasticsearch",
    "zookeeper",
    "memcached",
    "smtp",
    "ldap",
    "upstream prematurely",
    "upstream timed out",
    "to upstream",
    "from upstream",
    "npm err",
    "yarn",
    "maven",
    "gradle",
    "/simple/",
    "docker.io",
    "apt-get",
    "e: failed to fetch",
    "port 5432",
    "port 6379",
    "port 3306",
    "port 27017",
    ":5432",
    ":6379",
    ":3306",
    ":27017",
    ":9092",
    "sshd",
    "port 22",
    "nats",
    "etcd",
    "consul",
    "prometheus",
    "grafana",
    "jupyter_client",
    "ray.rpc",
    "gcs_client",
    "github.com",
    "gitlab",
    "bitbucket",
    "docker.com",
    "error response from daemon",
    "wandb:",
    "wandb.errors",
    "connect to s3",
];

/// Whether a word stands inside the path of a file, where it names a folder and no service.
pub fn in_a_path(lower: &str, at: usize) -> bool {
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '(' | ')' | '=');
    let edge = lower[..at].char_indices().rev().find(|(_, c)| is_edge(*c));
    let start = edge.map_or(0, |(place, c)| place + c.len_utf8());
    let word = lower[start..].split(is_edge).find(|part| !part.is_empty()).unwrap_or("");
    word.contains('\\') || (start < at && word.starts_with(['/', '~', '.']))
}

/// The words that the automaton looks for, and what they mean.
#[derive(Debug)]
pub struct Words {
    /// The automaton: signs, then triggers, then services.
    pub automaton: AhoCorasick,
    /// The search that goes before it in long logs.
    pub prefilter: Prefilter,
    /// The signs, in the order of their patterns.
    pub signs: Vec<Sign>,
}

impl Words {
    /// The words of every sign.
    pub fn new() -> Words {
        let signs = in_every_language(sign::all());
        let patterns =
            signs.iter().map(|s| s.words).chain(TRIGGERS.iter().map(|t| t.1)).chain(SERVICES.iter().copied());
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(patterns)
            .expect("a few hundred short patterns fit an automaton");
        let rare = TRIGGERS.iter().filter(|(trigger, _)| trigger.is_rare()).map(|t| t.1);
        let prefilter = Prefilter::new(signs.iter().map(|s| s.words).chain(rare));
        Words { automaton, prefilter, signs }
    }
}

/// What a pattern's number stands for.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// A sign of a check.
    Sign(&'a Sign),
    /// A word that makes the line worth a closer look.
    Trigger(Trigger),
    /// A service that is no part of a download.
    Service,
}

impl Words {
    /// Everything that stands on a line in lower case, with its place.
    pub fn on<'a>(&'a self, lower: &'a str) -> impl Iterator<Item = (usize, usize, Found<'a>)> {
        self.automaton.find_overlapping_iter(lower).map(|found| {
            let id = found.pattern().as_usize();
            let what = match self.signs.get(id) {
                Some(sign) => Found::Sign(sign),
                None => {
                    TRIGGERS.get(id - self.signs.len()).map_or(Found::Service, |(trigger, _)| Found::Trigger(*trigger))
                }
            };
            (found.start(), found.end(), what)
        })
    }
}

/// Whether a short name such as `eperm` stands at the beginning of a word, and not inside another.
pub fn stands_alone(words: &str, lower: &str, at: usize) -> bool {
    let short = words.len() <= 10 && words.bytes().all(|b| b.is_ascii_alphabetic());
    !short || !lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_a_path_names_no_service() {
        let found = |line: &str| in_a_path(line, line.find("redis").expect("it is there"));
        assert!(found("open /srv/redis/dump") && found(r"c:\redis\dump"));
        assert!(!found("redis refused"));
        // A blank of two bytes before the word.
        assert!(!found("\u{a0}redis") && found("\u{a0}/srv/redis"));
    }
}
