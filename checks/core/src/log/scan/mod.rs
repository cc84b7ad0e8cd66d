//! From lines to events: one automaton for all signs, then a closer look at the lines on which it finds something.

mod beside;

use std::collections::VecDeque;
use std::sync::Arc;

use super::command;
use super::event::{Event, Mark, Tone};
use super::exception::{any_exception, exception, indent_of, is_marker, is_source_line};
use super::extract;
use super::facts::{Facts, Seen};
use super::flood::{Floods, same_shape};
use super::frame::{self, Frame};
use super::host::Owner;
use super::line::{PIECE, decode, excerpt, stamp, unescape, virtual_lines, without_escapes, without_prefix};
use super::look::Looks;
use super::sample::Sample;
use super::trigger::{Found, Trigger, Words, in_a_path, stands_alone};
use super::wording::{
    RETRYING, SURVIVED, SURVIVED_BEFORE, counts_a_failure, ends_a_retry, is_fatal_all_the_same, is_inert,
    is_last_retry, is_success,
};
use crate::diagnosis::Cause;
use crate::sign::Weight;
use crate::target::Target;

/// Events kept from the beginning of a log.
const FIRST: usize = 200;
/// Events kept from its end.
const LAST: usize = 3000;
/// Bytes kept of a line.
const KEPT: usize = 600;
/// A line that comes again in the same words within so many events is counted, not kept.
const SAME_WITHIN: usize = 24;

/// A repository that a line names, with the line's number.
pub type NamedTarget = (u64, Target);

/// Reads lines one after the other.
#[expect(clippy::struct_excessive_bools, reason = "the states of a reading, independent of each other")]
pub struct Scan {
    words: Arc<Words>,
    floods: Floods,
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
    /// The line on which the last traceback begins.
    pub traceback: Option<u64>,
    /// Services that are no part of a download are named.
    pub names_services: bool,
    /// What was seen beside the errors.
    pub looks: Looks,
    /// Its beginning and its end, as text.
    pub sample: Sample,
    frames: Vec<Frame>,
    frame_indent: usize,
    exception_closed: bool,
    in_trace: bool,
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
    /// A scan for these words.
    pub fn new(words: Arc<Words>) -> Scan {
        Scan {
            words,
            floods: Floods::default(),
            first: Vec::new(),
            last: VecDeque::new(),
            facts: Facts::default(),
            targets: VecDeque::new(),
            places: VecDeque::new(),
            successes: VecDeque::new(),
            finished: None,
            filled: 0,
            kin: false,
            traceback: None,
            names_services: false,
            looks: Looks::default(),
            sample: Sample::default(),
            frames: Vec::new(),
            frame_indent: 0,
            exception_closed: false,
            in_trace: false,
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

    /// The number of the last line that was looked at.
    pub fn last_line(&self) -> u64 {
        self.previous.0
    }

    /// The words, with the search that tells which lines of a long log are worth being taken.
    pub fn words(&self) -> Arc<Words> {
        Arc::clone(&self.words)
    }

    /// Takes one line; says whether what follows it is worth a look too.
    ///
    /// A line that came many times is put aside: only its last occurrence is looked at, in [`Scan::finish`].
    pub fn line(&mut self, number: u64, bytes: &[u8]) -> bool {
        if bytes.len() > 24 && self.floods.puts_aside(number, bytes) {
            return false;
        }
        self.take(number, bytes);
        self.in_trace || self.after_frame || self.ask_status || self.last_event_line == number
    }

    /// Takes the last occurrence of what was put aside. To be called once, at the log's end.
    pub fn finish(&mut self) {
        for (number, bytes) in self.floods.rest() {
            self.take(number, &bytes);
        }
    }

    fn take(&mut self, number: u64, bytes: &[u8]) {
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
        let survived = SURVIVED.iter().any(|words| text.contains(words)) && !is_fatal_all_the_same(&lower);
        if survived || is_inert(&lower) {
            return;
        }
        if SURVIVED_BEFORE.iter().any(|words| text.contains(words)) {
            self.forget(number - 1);
            return;
        }
        if ends_a_retry(text, &lower) && self.last_event().is_some_and(|event| event.retry) {
            self.success(number);
        }
        let is_code = (self.after_frame && indent > self.frame_indent) || is_source_line(text);
        let words = Arc::clone(&self.words);
        for (at, _, found) in words.on(&lower) {
            match found {
                Found::Sign(sign) if !is_code && stands_alone(sign.words, &lower, at) && sign.holds_on(&lower) => {
                    if !marks.iter().any(|m| m.words == sign.words && m.cause == sign.cause) {
                        marks.push(Mark { cause: sign.cause, weight: sign.weight, words: sign.words, at });
                    }
                }
                Found::Trigger(trigger) if !triggers.contains(&trigger) => triggers.push(trigger),
                Found::Service if !in_a_path(&lower, at) => self.names_services = true,
                Found::Sign(_) | Found::Trigger(_) | Found::Service => {}
            }
        }
        if !is_code {
            self.across_the_seam(number, &lower, &mut marks);
        }
        self.after_frame = triggers.contains(&Trigger::Frame) && lower.starts_with("file \"");
        if self.after_frame {
            self.frame_indent = indent;
        }
        if is_code || self.after_frame {
            frame::note(&lower, &mut self.frames);
        }
        self.looks.line(number, &lower, &self.previous.1);
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
            self.traceback = Some(number);
            if !self.linked {
                self.chain += 1;
            }
            self.linked = false;
            self.exception_closed = false;
            self.frames.clear();
        }
        if (triggers.contains(&Trigger::Success) || triggers.contains(&Trigger::MaybeSuccess))
            && is_success(text, &lower)
        {
            self.success(number);
        }
        if counts_a_failure(&lower) {
            self.successes.clear();
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
        let trouble = triggers.contains(&Trigger::Trouble) || triggers.contains(&Trigger::Error);
        let status = if trouble || !marks.is_empty() { extract::status(&lower).filter(|s| *s >= 400) } else { None };
        let exception = if ends_a_trace {
            any_exception(text)
        } else if trouble {
            exception(text)
        } else {
            None
        };
        let names_a_quota = [
            "requests remaining",
            "ratelimit: ",
            "ratelimit-policy: ",
            "amz cf id",
            // Who answered, in the headers that `curl -i` shows.
            "x-amz-cf-id: ",
            "error from cloudfront",
            "x-request-id: root=",
            "x-powered-by: huggingface",
        ]
        .iter()
        .any(|words| lower.contains(words));
        if marks.is_empty() && status.is_none() && exception.is_none() && !names_a_quota {
            if lower.contains("will retry") && !is_last_retry(&lower) {
                self.tried_again(number);
            }
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
        // curl wraps what it warns of, each line with the word before it
        let lower = if previous.starts_with("warning: ") { lower.trim_start_matches("warning: ") } else { lower };
        let head = super::line::head_of(lower.trim_start_matches(strip), 60);
        let joined = format!("{tail} {head}");
        for (start, end, found) in self.words.on(&joined) {
            let Found::Sign(sign) = found else { continue };
            let straddles = start < tail.len() && end > tail.len() + 1;
            if straddles && sign.words.len() > 12 && sign.holds_on(&joined) {
                marks.push(Mark { cause: sign.cause, weight: sign.weight, words: sign.words, at: 0 });
            }
        }
    }

    fn command(&mut self, number: u64, text: &str) {
        if !command::begins_a_run(text) {
            return;
        }
        self.facts.command = Some(Seen { value: excerpt(text, 0, KEPT), line: number });
        if self.run_has_events {
            self.new_run();
        }
        if let Some(target) = command::target_of_command(text) {
            self.target(number, target);
        }
    }

    fn new_run(&mut self) {
        self.run += 1;
        self.chain += 1;
        self.run_has_events = false;
    }

    fn last_event(&mut self) -> Option<&mut Event> {
        self.last.back_mut().or(self.first.last_mut())
    }

    /// The request that was tried again is given up: its error is the failure.
    fn retries_end(&mut self) {
        if let Some(event) = self.last_event() {
            event.retry = false;
        }
    }

    /// What failed on the lines just before is tried again.
    fn tried_again(&mut self, number: u64) {
        if let Some(event) = self.last_event().filter(|event| event.until + 2 >= number) {
            event.retry = true;
            event.tone = Tone::Passing;
        }
    }

    /// What failed on this line did no harm.
    fn forget(&mut self, line: u64) {
        if self.last_event().is_some_and(|event| event.line == line) && self.last.pop_back().is_none() {
            self.first.pop();
        }
    }

    fn success(&mut self, number: u64) {
        self.successes.push_back((number, self.run));
        if self.successes.len() > 64 {
            self.successes.pop_front();
        }
    }
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
