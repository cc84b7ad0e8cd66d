//! Every client's words for every cause, one short log each: the first answer must be the cause.

use hfdoctor_checks::case::Log;
use hfdoctor_checks::case::log::Sign;
use hfdoctor_checks::{CHECKS, Cause, diagnosis};

fn signs() -> Vec<Sign> {
    CHECKS.iter().flat_map(|check| check.signs).copied().collect()
}

fn answers(text: &[u8], signs: &[Sign]) -> Vec<Cause> {
    let log = Log::read(text, signs).expect("memory is readable");
    let findings = CHECKS.iter().flat_map(|c| log.findings(c.causes).into_iter().map(|f| (c.name, f))).collect();
    diagnosis::rank(findings).into_iter().map(|ranked| ranked.finding.cause).collect()
}

#[test]
fn every_wording_leads_to_its_cause() {
    let signs = signs();
    let mut wrong = Vec::new();
    let mut blocks = 0;
    for block in include_str!("log_wordings.txt").split("\n== ").skip(1) {
        let (label, text) = block.split_once('\n').expect("a label and a text");
        blocks += 1;
        let answers = answers(text.as_bytes(), &signs);
        let right = match label {
            "none" => answers.is_empty() || answers == [Cause::NotADownload],
            label => answers.first().is_some_and(|first| label.split(' ').any(|id| id == first.id())),
        };
        if !right {
            wrong.push(format!("{label}: {answers:?}\n{text}"));
        }
    }
    assert!(blocks > 150, "{blocks}");
    assert!(wrong.is_empty(), "{} of {blocks} wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}
