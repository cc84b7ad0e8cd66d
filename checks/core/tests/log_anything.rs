//! Any bytes are a log: reading them ends without a panic, and what is found points at lines that are there.

use std::io::Read;
use std::sync::LazyLock;

use hfdoctor_core::diagnosis::{Bearing, Cause};
use hfdoctor_core::log::{Log, Search};
use proptest::prelude::*;

static SEARCH: LazyLock<Search> = LazyLock::new(Search::new);

fn read(bytes: &[u8]) -> Log {
    Log::read(bytes, &SEARCH).expect("memory is readable")
}

fn holds(log: &Log) {
    let findings = log.all_findings();
    assert!(
        findings.iter().filter(|finding| finding.bearing == Bearing::Failure).count() <= 1,
        "one failure is asked about"
    );
    for finding in findings {
        assert!(!finding.summary.is_empty());
        assert!(finding.evidence.len() <= 4, "{}", finding.evidence.len());
        for evidence in &finding.evidence {
            let line = evidence.line.expect("a log's evidence has a line");
            assert!((1..=log.lines).contains(&line), "line {line} of {}", log.lines);
            assert!(evidence.detail.len() < 400, "{}", evidence.detail);
        }
    }
}

/// Pieces of logs, whole and broken.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static str> = include_str!("log_wordings.txt").lines().collect();
    prop_oneof![
        4 => proptest::sample::select(words).prop_map(|line| line.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..80),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"\\n\\n".to_vec()),
        1 => Just(b"\x1b[1m\x1b]8;;".to_vec()),
        1 => Just(b"Traceback (most recent call last):\n  File \"a\", line 1\n    x(".to_vec()),
        1 => Just(vec![0xFF, 0xFE, b'O', 0, b'S', 0]),
        1 => Just(" \u{301}\u{200b}ß한".as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
        holds(&read(&bytes));
    }

    #[test]
    fn broken_logs_are_read(pieces in proptest::collection::vec((piece(), any::<bool>()), 0..40)) {
        let mut bytes = Vec::new();
        for (piece, ends) in pieces {
            bytes.extend(piece);
            if ends {
                bytes.push(b'\n');
            }
        }
        holds(&read(&bytes));
    }

    #[test]
    fn a_cut_log_is_read(from in 0_usize..20_000, length in 0_usize..3000) {
        let all = include_bytes!("log_wordings.txt");
        let from = from.min(all.len());
        holds(&read(&all[from..from.saturating_add(length).min(all.len())]));
    }
}

#[test]
fn only_the_causes_asked_for_are_returned() {
    let log = read(b"OSError: [Errno 28] No space left on device\n");
    assert_eq!(log.findings(&[Cause::DiskFull]).len(), 1);
    assert!(log.findings(&[Cause::DnsFailure]).is_empty());
}

#[test]
fn a_line_without_an_end_is_read() {
    let mut endless = b"x".repeat(5 << 20);
    endless.extend_from_slice(b" OSError: [Errno 28] No space left on device: models--ada--x");
    let log = read(&endless);
    assert_eq!(log.lines, 1);
    assert_eq!(log.all_findings().first().map(|f| f.cause), Some(Cause::DiskFull));
}

#[test]
fn lines_are_numbered_in_long_logs() {
    let mut text = b"[gpu0] step 1 loss=1.0\r[gpu0] step 2 loss=1.0\n".repeat(100_000);
    text.extend_from_slice(b"OSError: [Errno 28] No space left on device: '/models--ada--x'\nbye\n");
    let log = read(&text);
    assert_eq!(log.lines, 100_002);
    let findings = log.all_findings();
    assert_eq!(findings.first().and_then(|f| f.evidence.first()).and_then(|e| e.line), Some(100_001));
}

#[test]
fn a_flood_of_one_error_keeps_its_last_occurrence() {
    let mut text = b"huggingface_hub: OSError: [Errno 28] No space left on device\n".repeat(3000);
    text.extend_from_slice(b"Download complete\nhuggingface_hub: OSError: [Errno 28] No space left on device\n");
    let log = read(&text);
    assert_eq!(log.all_findings().first().map(|f| f.cause), Some(Cause::DiskFull));
}

/// Gives its bytes one at a time, as a slow pipe does.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match (self.0.split_first(), out.first_mut()) {
            (Some((byte, rest)), Some(place)) => {
                *place = *byte;
                self.0 = rest;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

#[test]
fn a_slow_pipe_is_read_like_a_file() {
    let text = "Fetching 2 files\r\nOSError: [Errno 122] Disk quota exceeded: '/models--ada--x'\r\n".as_bytes();
    let slow = Log::read(Drip(text), &SEARCH).expect("memory is readable");
    assert_eq!(slow.all_findings().len(), read(text).all_findings().len());
    assert_eq!(slow.all_findings().first().map(|f| f.cause), Some(Cause::DiskQuota));
}

#[test]
fn facts_are_told() {
    let text = "$ export HF_ENDPOINT=https://hf-mirror.com\n\
                $ hf download ada/model --max-workers 32\n\
                2026-01-02T10:00:00Z huggingface_hub.errors.HfHubHTTPError: 429 Client Error: Too Many Requests for url: \
                https://hf-mirror.com/api/models/ada/model/revision/main (Request ID: Root=1-0a;b)\n";
    let log = read(text.as_bytes());
    let facts = log.facts();
    assert_eq!(facts.status.as_ref().map(|seen| seen.value), Some(429));
    assert_eq!(facts.host.as_ref().map(|seen| seen.value.as_str()), Some("hf-mirror.com"));
    assert_eq!(facts.parallelism.as_ref().map(|seen| seen.value), Some(32));
    assert_eq!(facts.variable("HF_ENDPOINT").map(|seen| seen.value.as_str()), Some("https://hf-mirror.com"));
    assert_eq!(facts.command.as_ref().map(|seen| seen.line), Some(2));
    let seconds = facts.failed_at.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).map(|d| d.as_secs());
    assert_eq!(seconds, Some(1_767_348_000));
    let target = log.target().expect("the URL names it");
    assert_eq!((target.repo_id.as_str(), target.revision()), ("ada/model", "main"));
}
