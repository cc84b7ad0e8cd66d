//! Any bytes as a log: reading, reasoning and ranking end, and every finding points at a line that is there.
//!
//! `cargo +nightly fuzz run --fuzz-dir checks/fuzz log -- -max_total_time=600 -dict=checks/fuzz/log.dict`
#![no_main]

use std::sync::LazyLock;

use hfdoctor_checks::case::Log;
use hfdoctor_checks::case::log::{Search, Sign};
use hfdoctor_checks::{CHECKS, diagnosis};
use libfuzzer_sys::fuzz_target;

static SEARCH: LazyLock<Search> = LazyLock::new(|| {
    let signs: Vec<Sign> = CHECKS.iter().flat_map(|check| check.signs).copied().collect();
    Search::new(&signs)
});

fuzz_target!(|bytes: &[u8]| {
    let log = Log::read_with(bytes, &SEARCH).expect("memory is readable");
    let findings: Vec<_> =
        CHECKS.iter().flat_map(|check| log.findings(check.causes).into_iter().map(|found| (check.name, found))).collect();
    for (_, finding) in &findings {
        assert!(!finding.summary.is_empty());
        for evidence in &finding.evidence {
            let line = evidence.line.expect("a log's evidence has a line");
            assert!(line >= 1 && line <= log.lines, "line {line} of {}", log.lines);
            assert!(evidence.detail.len() < 400, "{}", evidence.detail.len());
        }
    }
    diagnosis::rank(findings);
});
