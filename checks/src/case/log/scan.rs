//! From lines to events: one automaton for all signs, then a closer look at the lines on which it finds something.

use std::collections::VecDeque;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::command;
use super::event::{Event, Mark, Tone};
use super::extract;
use super::facts::{Facts, Seen};
use super::frame::{self, Frame};
use super::host::Owner;
use super::line::{PIECE, decode, excerpt, stamp, unescape, virtual_lines, without_escapes, without_prefix};
use super::sign::{Sign, Weight};
use crate::case::target::Target;
use crate::diagnosis::Cause;

/// Events kept from the beginning of a log.
const FIRST: usize = 200;
/// Events kept from its end.
const LAST: usize = 3000;
/// Bytes kept of a line.
const KEPT: usize = 600;
/// A line that comes again in the same words within so many events is counted, not kept.
const SAME_WITHIN: usize = 24;

/// Whether a short name such as `eperm` stands at the beginning of a word, and not inside another.
fn stands_alone(words: &str, lower: &str, at: usize) -> bool {
    let short = words.len() <= 10 && words.bytes().all(|b| b.is_ascii_alphabetic());
    !short || !lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// Whether a row of a listing shows a file of weights that is as small as a Git LFS pointer.
fn lists_a_pointer(lower: &str) -> bool {
    const WEIGHTS: &[&str] =
        &[".safetensors", ".bin", ".gguf", ".onnx", ".parquet", ".pt", ".pth", ".h5", ".msgpack", ".ckpt"];
    if !WEIGHTS.iter().any(|end| lower.ends_with(end)) || lower.len() > 200 {
        return false;
    }
    let columns: Vec<&str> = lower.split_whitespace().collect();
    columns.len() >= 4
        && columns[..columns.len() - 1].iter().any(|c| c.parse::<u32>().is_ok_and(|size| (120..=140).contains(&size)))
}

/// Words that are no sign of a cause but that make a line worth a closer look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trigger {
    /// A traceback begins.
    Traceback,
    /// The next traceback belongs to this one.
    Linked,
    /// An exception, an error, a status.
    Trouble,
    /// Something came to a good end.
    Success,
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

const TRIGGERS: &[(Trigger, &str)] = &[
    (Trigger::Traceback, "traceback (most recent call last)"),
    (Trigger::Linked, "during handling of the above exception"),
    (Trigger::Linked, "the above exception was the direct cause"),
    (Trigger::Trouble, "error"),
    (Trigger::Trouble, "exception"),
    (Trigger::Trouble, "http/2 4"),
    (Trigger::Trouble, "http/2 5"),
    (Trigger::Trouble, "http/1.1 4"),
    (Trigger::Trouble, "http/1.1 5"),
    (Trigger::Trouble, "http/1.1\" 4"),
    (Trigger::Trouble, "client error"),
    (Trigger::Trouble, "unauthorized"),
    (Trigger::Trouble, "forbidden"),
    (Trigger::Trouble, "not found"),
    (Trigger::Trouble, "fatal:"),
    (Trigger::Trouble, "panicked"),
    (Trigger::Trouble, "status=4"),
    (Trigger::Trouble, "status=5"),
    (Trigger::Trouble, "status code"),
    (Trigger::Trouble, "status_code"),
    (Trigger::Trouble, "get failed ("),
    (Trigger::Trouble, "manifest: 4"),
    (Trigger::Trouble, "manifest: 5"),
    (Trigger::Trouble, " 429"),
    (Trigger::Trouble, "(429"),
    (Trigger::Trouble, " 401"),
    (Trigger::Trouble, " 403"),
    (Trigger::Trouble, " 404"),
    (Trigger::Trouble, " 503"),
    (Trigger::Trouble, " 504"),
    (Trigger::Trouble, "killed"),
    (Trigger::Success, "download complete"),
    (Trigger::Success, "downloaded"),
    (Trigger::Success, "status 0"),
    (Trigger::Success, "code 0"),
    (Trigger::Success, "code: 0"),
    (Trigger::Success, "code=0"),
    (Trigger::Success, " 0 errors"),
    (Trigger::Success, " 0 failed"),
    (Trigger::Success, "errors: 0"),
    (Trigger::Success, "/snapshots/"),
    (Trigger::Success, "\\snapshots\\"),
    (Trigger::Success, "saved ["),
    (Trigger::Success, "success"),
    (Trigger::Success, "train_runtime"),
    (Trigger::Success, "completed"),
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
    (Trigger::Hub, "models--"),
    (Trigger::Hub, "datasets--"),
    (Trigger::Hub, "snapshot_download"),
    (Trigger::Hub, "hfh"),
    (Trigger::Hub, "xet-core"),
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
    "upstream",
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
];

/// The words that the automaton looks for, and what they mean.
struct Words {
    automaton: AhoCorasick,
    signs: Vec<Sign>,
}

impl Words {
    fn new(signs: &[Sign]) -> Words {
        let patterns =
            signs.iter().map(|s| s.words).chain(TRIGGERS.iter().map(|t| t.1)).chain(SERVICES.iter().copied());
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(patterns)
            .expect("a few hundred short patterns fit an automaton");
        Words { automaton, signs: signs.to_vec() }
    }
}

/// A repository that a line names, with the line's number.
pub type NamedTarget = (u64, Target);

/// Reads lines one after the other.
pub struct Scan {
    words: Words,
    /// The events, from the log's beginning and from its end.
    pub first: Vec<Event>,
    /// The last events.
    pub last: VecDeque<Event>,
    /// What else it says.
    pub facts: Facts,
    /// Repositories that lines name, the last ones.
    pub targets: VecDeque<NamedTarget>,
    /// Hosts of the download path that lines name, the last ones.
    pub places: VecDeque<(u64, Owner)>,
    /// Lines that tell of a good end: the line's number and the number of the run.
    pub successes: VecDeque<(u64, u32)>,
    /// Lines that say a training or a program came to its own end.
    pub finished: Option<u64>,
    /// Lines with anything on them.
    pub filled: u64,
    /// Whether a line has to do with what is downloaded, or who downloads.
    pub kin: bool,
    /// A listing shows a file of weights of the size of a Git LFS pointer.
    pub small_weights: bool,
    /// A repository was cloned with git.
    pub cloned: bool,
    /// Git LFS fetched its files.
    pub lfs_fetched: bool,
    /// A listing shows that no inode is left.
    pub inodes_used_up: bool,
    /// Services that are no part of a download are named.
    pub names_services: bool,
    /// Xet is named, or the progress bar of the client that uses it by itself.
    pub xet: bool,
    /// The line on which a transfer that stood still was broken off by hand.
    pub broken_off: Option<u64>,
    frames: Vec<Frame>,
    frame_indent: usize,
    exception_closed: bool,
    in_trace: bool,
    stalled: Option<u64>,
    run: u32,
    run_has_events: bool,
    chain: u32,
    linked: bool,
    after_frame: bool,
    ask_status: bool,
    previous: (u64, String),
    last_event_line: u64,
    last_refusal: Option<(u64, i64)>,
}

impl Scan {
    /// A scan for these signs.
    pub fn new(signs: &[Sign]) -> Scan {
        Scan {
            words: Words::new(signs),
            first: Vec::new(),
            last: VecDeque::new(),
            facts: Facts::default(),
            targets: VecDeque::new(),
            places: VecDeque::new(),
            successes: VecDeque::new(),
            finished: None,
            filled: 0,
            kin: false,
            small_weights: false,
            cloned: false,
            lfs_fetched: false,
            inodes_used_up: false,
            names_services: false,
            xet: false,
            broken_off: None,
            frames: Vec::new(),
            frame_indent: 0,
            exception_closed: false,
            in_trace: false,
            stalled: None,
            run: 0,
            run_has_events: false,
            chain: 0,
            linked: false,
            after_frame: false,
            ask_status: false,
            previous: (0, String::new()),
            last_event_line: 0,
            last_refusal: None,
        }
    }

    /// The events in the log's order.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.first.iter().chain(&self.last)
    }

    /// Takes one line, or one piece of a very long one.
    pub fn line(&mut self, number: u64, bytes: &[u8]) {
        for piece in bytes.chunks(PIECE) {
            let decoded = decode(piece);
            let clean = without_escapes(&decoded);
            if clean.trim().is_empty() {
                continue;
            }
            self.filled += 1;
            let read = unescape(&clean);
            for text in virtual_lines(&read) {
                self.virtual_line(number, text);
            }
        }
    }

    fn virtual_line(&mut self, number: u64, whole: &str) {
        if let Some(command) = command::command(without_date(whole)) {
            self.command(number, command);
        }
        let text = without_prefix(whole);
        if self.ask_status && !text.is_empty() {
            self.ask_status = false;
            if text == "0" {
                self.success(number);
            }
        }
        let lower = text.to_ascii_lowercase();
        let mut triggers: Vec<Trigger> = Vec::new();
        let mut marks: Vec<Mark> = Vec::new();
        let indent = indent_of(whole, text);
        if SURVIVED.iter().any(|words| text.contains(words)) {
            return;
        }
        let is_code = (self.after_frame && indent > self.frame_indent) || is_source_line(text);
        for found in self.words.automaton.find_overlapping_iter(&lower) {
            let id = found.pattern().as_usize();
            match self.words.signs.get(id) {
                Some(sign) if !is_code && stands_alone(sign.words, &lower, found.start()) && sign.holds_on(&lower) => {
                    if !marks.iter().any(|m| m.words == sign.words && m.cause == sign.cause) {
                        marks.push(Mark {
                            cause: sign.cause,
                            weight: sign.weight,
                            words: sign.words,
                            at: found.start(),
                        });
                    }
                }
                Some(_) => {}
                None => match TRIGGERS.get(id - self.words.signs.len()) {
                    Some((trigger, _)) if !triggers.contains(trigger) => triggers.push(*trigger),
                    Some(_) => {}
                    None => self.names_services = true,
                },
            }
        }
        if !is_code {
            self.across_the_seam(number, &lower, &mut marks);
        }
        self.after_frame = triggers.contains(&Trigger::Frame) && lower.starts_with("file \"");
        if self.after_frame {
            self.frame_indent = indent;
        }
        self.looks(number, &lower, is_code);
        let quoted = is_code || self.after_frame || is_marker(text);
        let ends_a_trace = self.in_trace && !quoted;
        self.in_trace = quoted && (self.in_trace || self.after_frame);
        self.previous = (number, lower.clone());
        if triggers.is_empty() && marks.is_empty() && !ends_a_trace {
            return;
        }
        self.facts(number, whole, text, &lower, &triggers);
        if triggers.contains(&Trigger::Linked) {
            self.linked = true;
        }
        if is_last_retry(&lower) {
            self.retries_end();
        }
        if triggers.contains(&Trigger::Traceback) {
            if !self.linked {
                self.chain += 1;
            }
            self.linked = false;
            self.exception_closed = false;
            self.frames.clear();
        }
        if triggers.contains(&Trigger::Success) && is_success(text, &lower) {
            self.success(number);
        }
        if lower.contains("train_runtime") || lower.starts_with("training completed") {
            self.finished = Some(number);
        }
        if triggers.contains(&Trigger::AskStatus) {
            self.ask_status = true;
        }
        if is_code || self.after_frame {
            return;
        }
        let trouble = triggers.contains(&Trigger::Trouble);
        let status = if trouble || !marks.is_empty() { extract::status(&lower).filter(|s| *s >= 400) } else { None };
        let exception = if ends_a_trace {
            any_exception(text)
        } else if trouble {
            exception(text)
        } else {
            None
        };
        let names_a_quota = lower.contains("requests remaining") || lower.starts_with("ratelimit");
        if marks.is_empty() && status.is_none() && exception.is_none() && !names_a_quota {
            return;
        }
        self.event(number, whole, text, &lower, marks, status, exception);
    }

    #[expect(clippy::too_many_arguments, reason = "what was found on one line")]
    fn event(
        &mut self,
        number: u64,
        whole: &str,
        text: &str,
        lower: &str,
        mut marks: Vec<Mark>,
        status: Option<u16>,
        exception: Option<String>,
    ) {
        // An exception without a traceback of its own, after one that is told to its end, is another story.
        let another = exception.is_some() && self.exception_closed && !self.linked;
        if number > self.last_event_line + 60 || another {
            self.chain += 1;
        }
        self.exception_closed |= exception.is_some();
        if exception.is_some() {
            self.linked = false;
        }
        self.last_event_line = number;
        marks.sort_by_key(|mark| (std::cmp::Reverse(mark.weight), mark.at));
        let at = marks.first().map_or(0, |mark| mark.at);
        let shown = frame::marks(lower, exception.as_deref(), &self.frames);
        if !shown.is_empty() {
            marks.retain(|mark| mark.cause != Cause::CorruptFile);
            marks.extend(shown);
        }
        let retry = RETRYING.iter().any(|word| lower.contains(word));
        let error = exception.is_some()
            || ["error", "fatal", "panicked", "exception", "failed"].iter().any(|w| lower.contains(w));
        let passing = retry
            || ((lower.contains("warning") || whole.contains("WARN"))
                && exception.as_deref().is_none_or(|e| e.ends_with("Warning")));
        let event = Event {
            line: number,
            text: excerpt(text, at, KEPT),
            marks,
            status,
            addresses: extract::addresses(text),
            hosts: extract::hosts(lower),
            request_id: extract::request_id(text),
            limit: extract::limit_words(lower),
            tone: if passing || !error { Tone::Passing } else { Tone::Error },
            retry,
            exception,
            chain: self.chain,
            run: self.run,
            time: stamp(whole),
            times: 1,
            until: number,
        };
        self.run_has_events |= event.marks.iter().any(|m| m.weight >= Weight::Wrapper);
        self.refusal(&event, lower);
        if event.exception.is_some() {
            self.frames.clear();
        }
        self.keep(event);
    }

    fn keep(&mut self, event: Event) {
        let same = |known: &Event| {
            known.run == event.run
                && known.status == event.status
                && known.exception == event.exception
                && same_shape(&known.text, &event.text)
        };
        let known = self.last.iter_mut().rev().chain(self.first.iter_mut().rev()).take(SAME_WITHIN).find(|k| same(k));
        if let Some(known) = known {
            known.times += 1;
            known.until = event.line;
            return;
        }
        if self.first.len() < FIRST {
            self.first.push(event);
            return;
        }
        self.last.push_back(event);
        if self.last.len() > LAST {
            self.last.pop_front();
        }
    }

    /// Signs that begin on the line before and end on this one: text that was wrapped at a terminal's width.
    fn across_the_seam(&self, number: u64, lower: &str, marks: &mut Vec<Mark>) {
        let (before, previous) = &self.previous;
        if previous.len() < 50 || number > before + 1 {
            return;
        }
        let strip = |c: char| c == ' ' || c == '│' || c == '|' || c == '┃';
        let tail = previous.trim_end_matches(strip);
        let from = tail.len().saturating_sub(60);
        let from = (from..=tail.len()).find(|at| tail.is_char_boundary(*at)).unwrap_or(tail.len());
        let tail = &tail[from..];
        let head = super::line::head_of(lower.trim_start_matches(strip), 60);
        let joined = format!("{tail} {head}");
        for found in self.words.automaton.find_overlapping_iter(&joined) {
            let Some(sign) = self.words.signs.get(found.pattern().as_usize()) else { continue };
            let straddles = found.start() < tail.len() && found.end() > tail.len() + 1;
            if straddles && sign.words.len() > 12 && sign.holds_on(&joined) {
                marks.push(Mark { cause: sign.cause, weight: sign.weight, words: sign.words, at: 0 });
            }
        }
    }

    /// What listings and frames show beside.
    fn looks(&mut self, number: u64, lower: &str, is_code: bool) {
        if is_code || self.after_frame {
            frame::note(lower, &mut self.frames);
        }
        self.xet |= lower.contains("xet") || lower.contains("incomplete total");
        let bar = lower.contains("?b/s]");
        if bar {
            let moved = lower.contains("[00:0");
            self.stalled = (!moved && !lower.contains("100%")).then_some(number);
        } else if lower.contains("b/s") || lower.contains("it/s") {
            self.stalled = None;
        }
        let by_hand = lower.ends_with("^c")
            || lower.starts_with("aborted!")
            || lower.starts_with("keyboardinterrupt")
            || lower.contains("^c");
        if by_hand && self.stalled.is_some() {
            self.broken_off = Some(number);
        }
        self.small_weights |= lists_a_pointer(lower);
        self.cloned |= lower.contains("git clone https://huggingface.co") || lower.contains("git clone https://hf.co");
        self.lfs_fetched |= lower.contains("filtering content: 100%") || lower.contains("git lfs pull");
        let columns: Vec<&str> = if lower.contains("100%") { lower.split_whitespace().collect() } else { Vec::new() };
        self.inodes_used_up |=
            columns.len() == 6 && columns[4] == "100%" && columns[3] == "0" && self.previous.1.contains("iused");
    }

    fn command(&mut self, number: u64, text: &str) {
        if !command::begins_a_run(text) {
            return;
        }
        self.facts.command = Some(Seen { value: excerpt(text, 0, KEPT), line: number });
        if self.run_has_events {
            self.new_run();
        }
        if let Some(target) = target_of_command(text) {
            self.target(number, target);
        }
    }

    fn new_run(&mut self) {
        self.run += 1;
        self.chain += 1;
        self.run_has_events = false;
    }

    /// The request that was tried again is given up: its error is the failure.
    fn retries_end(&mut self) {
        if let Some(event) = self.last.back_mut().or(self.first.last_mut()) {
            event.retry = false;
        }
    }

    fn success(&mut self, number: u64) {
        self.successes.push_back((number, self.run));
        if self.successes.len() > 64 {
            self.successes.pop_front();
        }
    }

    fn target(&mut self, number: u64, target: Target) {
        self.targets.push_back((number, target));
        if self.targets.len() > 256 {
            self.targets.pop_front();
        }
    }

    fn facts(&mut self, number: u64, whole: &str, text: &str, lower: &str, triggers: &[Trigger]) {
        let facts = &mut self.facts;
        facts.about_the_hub |= triggers.contains(&Trigger::Hub);
        self.kin |= triggers.contains(&Trigger::Kin);
        if lower.contains("application startup at") && self.run_has_events {
            self.new_run();
        }
        let facts = &mut self.facts;
        if triggers.contains(&Trigger::Fact) {
            for (name, value) in command::variables(text) {
                let seen = Seen { value, line: number };
                if let Some((_, old)) = facts.variables.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name))
                {
                    *old = seen;
                } else if facts.variables.len() < 64 {
                    facts.variables.push((name, seen));
                }
            }
            if let Some(count) = command::parallelism(lower)
                && facts.parallelism.as_ref().is_none_or(|known| known.value < count)
            {
                facts.parallelism = Some(Seen { value: count, line: number });
            }
            token_use(lower, facts);
            if facts.shared_address.is_none()
                && ["shared by", "shared nat", "nat-gw", "behind a nat", "shared ip", "shared egress", "same ip"]
                    .iter()
                    .any(|w| lower.contains(w))
            {
                facts.shared_address = Some(Seen { value: excerpt(text, 0, 200), line: number });
            }
            if facts.retries.without_pause.is_none() && shows_no_pause(lower) {
                facts.retries.without_pause = Some(Seen { value: excerpt(text, 0, 200), line: number });
            }
        }
        if triggers.contains(&Trigger::Url) {
            let addresses = extract::addresses(whole);
            let place = addresses
                .iter()
                .find(|a| !matches!(a.owner, Owner::Other | Owner::Local) && !extract::is_a_page(&a.path));
            if let Some(place) = place {
                self.places.push_back((number, place.owner));
                if self.places.len() > 512 {
                    self.places.pop_front();
                }
            }
            let target = addresses
                .iter()
                .filter(|a| matches!(a.owner, Owner::Hub | Owner::Mirror))
                .find_map(|a| extract::target_of(&a.path));
            if let Some(target) = target {
                self.target(number, target);
            }
        }
        if (triggers.contains(&Trigger::Hub)
            || triggers.contains(&Trigger::Kin)
            || triggers.contains(&Trigger::Trouble))
            && let Some(target) = extract::target_in_words(text)
        {
            self.target(number, target);
        }
        for path in
            lower.split(['\'', '"', ' ', '<', '>']).filter(|p| p.contains("models--") || p.contains("datasets--"))
        {
            if self.facts.cache_paths.len() < 16
                && let Some((cache, _)) = path.split_once("models--").or_else(|| path.split_once("datasets--"))
                && cache.len() > 1
            {
                self.facts.cache_paths.insert(cache.to_owned());
            }
        }
    }

    /// Counts refusals that come again, and the time between them.
    fn refusal(&mut self, event: &Event, lower: &str) {
        let limited = event.status == Some(429) || lower.contains("too many requests");
        if event.retry {
            self.facts.retries.count += 1;
        }
        if !limited {
            return;
        }
        let Some(time) = event.time else { return };
        if let Some((shape, before)) = self.last_refusal
            && shape == shape_of(&event.text)
        {
            let apart = time.milliseconds.saturating_sub(before);
            if apart >= 0 {
                let apart = apart.unsigned_abs();
                self.facts.retries.count += 1;
                self.facts.retries.shortest = Some(self.facts.retries.shortest.map_or(apart, |s| s.min(apart)));
            }
        }
        self.last_refusal = Some((shape_of(&event.text), time.milliseconds));
    }
}

/// Notes of clients that go on without what failed.
const SURVIVED: &[&str] = &[
    "Defaulting to existing file",
    "Returning existing local_dir",
    "Returning existing local snapshot",
    "Ignored error while",
    "Continuing without setting permissions",
    "no remote preset found, skipping",
    "Error while fetching `HF_TOKEN` secret value from your vault",
    "does not exist in your Colab secrets",
];

const RETRYING: &[&str] = &[
    "thrown while requesting",
    "retrying",
    "[retry ",
    "trying to resume download",
    "rate limited. waiting",
    "retry in ",
    "will retry",
    "retry attempt",
    "error while downloading from",
    "try again in",
    "will delay",
    "ignoring the lookup",
];

/// Whether a client says that it tries for the last time.
fn is_last_retry(lower: &str) -> bool {
    lower.split_once("[retry ").is_some_and(|(_, rest)| {
        let count = rest.split(']').next().unwrap_or("");
        count.split_once('/').is_some_and(|(now, all)| now == all)
    })
}

fn token_use(lower: &str, facts: &mut Facts) {
    let token = &mut facts.token;
    token.sent |= [
        "authenticated: true",
        "✓ logged in",
        "logged in as",
        "login successful",
        "token is valid (permission",
        "authorization: bearer",
    ]
    .iter()
    .any(|w| lower.contains(w))
        || lower.starts_with("user:  ")
        || lower.starts_with("user: ")
        || lower.contains("token: hf_*")
        || (lower.contains("hf_token=")
            && !lower.contains("unset")
            && !lower.contains("hf_token= ")
            && !lower.ends_with("hf_token="))
        || lower.contains("hf_token_path=")
        || lower.contains("from hf_token)")
        || lower.contains(":***@huggingface.co")
        || lower.contains(":***@hf.co")
        || (lower.contains("@huggingface.co/") && lower.contains("hf_"));
    token.anonymous |= [
        "authenticated: false",
        "unauthenticated requests",
        "unset hf_token",
        "not logged in",
        "hf_token not set",
        "hf_token is not set",
        "without a token",
        "no hf_token",
    ]
    .iter()
    .any(|w| lower.contains(w));
    token.shadowed |=
        ["current active token independently from", "will override the access token you've just switched to"]
            .iter()
            .any(|w| lower.contains(w));
}

/// Whether the words show that something is tried again without a pause.
fn shows_no_pause(lower: &str) -> bool {
    if lower.contains("--waitretry=0") || lower.contains("--retry-wait=0") || lower.contains("retry-delay 0") {
        return true;
    }
    let number_after = |word: &str| {
        lower.split_once(word).and_then(|(_, rest)| {
            let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().ok()
        })
    };
    number_after("restart counter is at").is_some_and(|n| n >= 20)
        || number_after("(try:").is_some_and(|n| n >= 10)
        || number_after("restartcount:").is_some_and(|n| n >= 20)
        || number_after("attempt ").is_some_and(|n| n >= 20)
        || lower.contains("retrying in 0s")
        || lower.contains("retrying in 0.0")
        || lower.contains("retrying immediately")
        || lower.contains("retry immediately")
        || lower.contains("without backoff")
        || lower.contains("no backoff")
        || lower.contains("sleep 0")
}

/// Whether a line tells of a download or a run that came to a good end.
fn is_success(text: &str, lower: &str) -> bool {
    let ends_well = |word: &str| {
        lower.find(word).is_some_and(|at| {
            let after = lower[at + word.len()..].chars().next();
            after.is_none_or(|c| !c.is_ascii_digit() && c != '.')
        })
    };
    if lower.contains("incomplete total") || lower.contains("not complete") {
        return false;
    }
    if let Some(at) = lower.find("download complete") {
        let bar = &lower[at..];
        return !bar.contains('%') || bar.contains("100%");
    }
    if [
        "✓ downloaded",
        "successfully downloaded",
        "download completed",
        "downloaded successfully",
        "all files downloaded",
    ]
    .iter()
    .any(|w| lower.contains(w))
        || text.starts_with("Downloaded ")
        || lower.trim() == "success"
    {
        return true;
    }
    if [
        "exit status 0",
        "exit code 0",
        "exited with code 0",
        "exit code: 0",
        "status 0",
        "exit_code=0",
        "returncode=0",
        "rc=0",
    ]
    .iter()
    .any(|w| ends_well(w))
    {
        return lower.contains("exit")
            || lower.contains("ended")
            || lower.contains("finished")
            || lower.contains("done");
    }
    if lower.contains(" 0 errors") || lower.contains("errors: 0") || lower.contains(" 0 failed") {
        return true;
    }
    if lower.contains("saved [") {
        return true;
    }
    // `hf download` ends with the path alone on a line
    let path = text.strip_prefix("path: ").unwrap_or(text);
    (path.starts_with('/') || path.get(1..3) == Some(":\\"))
        && !path.contains(' ')
        && path.contains("snapshots")
        && !path.contains("','")
}

/// Whether a line is the source code that a traceback quotes.
fn is_source_line(text: &str) -> bool {
    let text = text.trim_start_matches(['│', ' ', '❱']);
    let text = text.strip_prefix("-").map_or(text, |rest| rest.trim_start_matches(['-', '>', ' ']));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 5 {
        return false;
    }
    let rest = &text[digits..];
    rest.starts_with("    ") || rest.starts_with(" │") || (rest.starts_with("  ") && text.len() < 160)
}

static EXCEPTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[Ee]rror: |Caused by: |E +|Exception in thread [^ ]+ |Uncaught (?:\(in promise\) )?|!!! Exception during processing !!! |[a-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*\.)?([A-Z][A-Za-z0-9]*(?:Error|Exception|Interrupt|Timeout|Failure|Warning|Exit|NotFound|IsEnabled))(?-u:\b)",
    )
    .expect("the exception is a regular expression")
});

/// The class of the exception that a line begins with.
fn exception(text: &str) -> Option<String> {
    if text.contains("Traceback (most recent call last)") {
        return None;
    }
    let class = EXCEPTION.captures(text)?.get(1)?.as_str();
    (!class.ends_with("Warning")).then(|| class.to_owned())
}

/// The class of whatever exception ends a traceback.
fn any_exception(text: &str) -> Option<String> {
    let class = text.split([':', ' ', '(']).next()?;
    let name = class.rsplit('.').next()?;
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
        && class.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    (is_name && !name.ends_with("Warning")).then(|| name.to_owned())
}

/// Whether a line only points at the source line above it.
fn is_marker(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '^' | '~' | ' '))
        || text.starts_with("[Previous line repeated")
        || text == "[...]"
}

/// Without a date in front of a prompt.
fn without_date(whole: &str) -> &str {
    let trimmed = whole.trim();
    if trimmed.starts_with(|c: char| c.is_ascii_digit()) || trimmed.contains(" | ") {
        without_prefix(trimmed)
    } else {
        trimmed
    }
}

/// How many blanks stand before a line's message.
fn indent_of(whole: &str, text: &str) -> usize {
    let before = whole.len() - whole.trim_end().len();
    let end = whole.len() - before - text.trim_end().len().min(whole.len() - before);
    whole.get(..end).map_or(0, |prefix| prefix.len() - prefix.trim_end_matches(' ').len())
}

/// A line's words without its numbers, as a hash.
fn shape_of(text: &str) -> u64 {
    // FNV-1a over everything but digits and hex: enough to tell lines apart
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes().filter(|b| !b.is_ascii_digit() && !matches!(b, b'a'..=b'f')) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

fn same_shape(a: &str, b: &str) -> bool {
    a == b || (a.len().abs_diff(b.len()) < 8 && shape_of(a) == shape_of(b))
}

/// The repository that a command asks for.
fn target_of_command(command: &str) -> Option<Target> {
    use crate::case::target::{From, RepoType};
    let words: Vec<&str> = command.split_whitespace().map(|w| w.trim_matches(['"', '\''])).collect();
    let after = |names: &[&str]| words.iter().position(|w| names.contains(w)).and_then(|at| words.get(at + 1).copied());
    if let Some(url) = words.iter().find(|w| w.starts_with("http")) {
        return extract::addresses(url).iter().find_map(|a| extract::target_of(&a.path));
    }
    let is_client = words.iter().any(|w| w.ends_with("hf") || w.ends_with("huggingface-cli") || w.ends_with("hf.exe"));
    let id = if is_client { after(&["download"]) } else { None }
        .or_else(|| {
            after(&[
                "--model",
                "-hf",
                "--hf-repo",
                "--model-id",
                "serve",
                "--repo",
                "--repo-id",
                "--repo_id",
                "--model_name_or_path",
            ])
        })
        .or_else(|| {
            words
                .iter()
                .find_map(|w| w.strip_prefix("hf.co/").or_else(|| w.strip_prefix("huggingface.co/")))
                .filter(|_| command.contains("ollama"))
        })?;
    let id = id.split([':', '@']).next().unwrap_or(id);
    let is_id = id.matches('/').count() <= 1
        && !id.starts_with(['-', '.', '/', '~'])
        && !id.is_empty()
        && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if !is_id {
        return None;
    }
    let repo_type = match after(&["--repo-type"]) {
        Some("dataset") => RepoType::Dataset,
        Some("space") => RepoType::Space,
        _ => RepoType::Model,
    };
    let file = if is_client {
        after(&["download"]).and_then(|_| {
            let at = words.iter().position(|w| *w == "download")?;
            words.get(at + 2).filter(|w| !w.starts_with('-')).map(|w| (*w).to_owned())
        })
    } else {
        None
    };
    let revision = after(&["--revision"]).map(str::to_owned);
    Some(Target { revision, file, ..Target::new(repo_type, id, From::Log) })
}
