//! Any bytes as a log: reading, reasoning and ranking end, and every finding points at a line that is there.
//!
//! `cargo +nightly fuzz run --fuzz-dir checks/core/fuzz log -- -max_total_time=600 -dict=checks/core/fuzz/log.dict`
#![no_main]

use std::sync::LazyLock;

use hfdoctor_core::diagnosis;
use hfdoctor_core::log::{Log, Search};
use libfuzzer_sys::fuzz_target;

static SEARCH: LazyLock<Search> = LazyLock::new(Search::new);

fuzz_target!(|bytes: &[u8]| {
    let log = Log::read(bytes, &SEARCH).expect("memory is readable");
    let findings: Vec<_> =
        log.all_findings().iter().map(|found| ("log", found.clone())).collect();
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
