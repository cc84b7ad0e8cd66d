//! Prints the first answers for cases, for measuring while there is no command line.
use hfdoctor_checks::case::Log;
use hfdoctor_checks::{CHECKS, diagnosis};

fn main() {
    let signs: Vec<_> = CHECKS.iter().flat_map(|c| c.signs).copied().collect();
    let path = std::env::args().nth(1).unwrap();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let log = Log::read(case["text"].as_str().unwrap().as_bytes(), &signs).unwrap();
        let findings = CHECKS.iter().flat_map(|c| log.findings(c.causes).into_iter().map(|f| (c.name, f))).collect();
        let ranked = diagnosis::rank(findings);
        let ids: Vec<_> = ranked.iter().map(|r| r.finding.cause.id()).collect();
        let shown: Vec<_> = ranked.iter().map(|r| serde_json::json!({"id": r.finding.cause.id(), "certainty": format!("{:?}", r.finding.certainty), "summary": r.finding.summary, "evidence": r.finding.evidence.iter().map(|e| format!("{}: {}", e.line.unwrap_or(0), e.detail)).collect::<Vec<_>>(), "explains": r.explains.iter().map(|c| c.id()).collect::<Vec<_>>()})).collect();
        println!(
            "{}",
            serde_json::json!({"id": case["id"], "answer": ids, "shown": shown, "target": log.target().map(|t| t.repo_id)})
        );
    }
}
