//! What runs is a cause only where a limit is met.

use std::sync::Arc;

use super::*;
use crate::check::Status;
use crate::check::rate::rate_limit::tests::{case, edge_429, seen_file, used_up};
use crate::observe::Unseen;
use crate::observe::downloads::read;
use crate::observe::made::Made;

const URL: &str = "https://huggingface.co/org/name/resolve/main/model.safetensors";

fn process(line: &str) -> Download {
    let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    read(4242, &arguments, None).expect("a download")
}

fn run(made: Made, downloads: Result<Vec<Download>, Unseen>) -> Conclusion {
    let case = Arc::new(case(&[], Some("org/name")));
    let downloads = downloads.map(|running| Downloads { running, busy: Vec::new() });
    conclude(&case, &Made { downloads: Some(downloads), ..made }.of(&case))
}

fn causes(conclusion: &Conclusion) -> Vec<(Cause, Certainty, Bearing)> {
    conclusion.findings.iter().map(|f| (f.cause, f.certainty, f.bearing)).collect()
}

#[test]
fn an_accelerator_explains_a_limit_that_names_no_quota() {
    let conclusion = run(seen_file(None, edge_429(false)), Ok(vec![process(&format!("aria2c -x 16 -s 16 {URL}"))]));
    assert_eq!(causes(&conclusion), [(Cause::TooParallel, Certainty::Confirmed, Bearing::Failure)]);
    let finding = &conclusion.findings[0];
    assert!(finding.summary.contains("aria2c -x 16 -s 16"), "{}", finding.summary);
    assert_eq!(finding.fixes[0].id, "fewer-connections");
    assert!(finding.fixes.iter().any(|fix| fix.id == "wait"), "what it explains is folded away with its fixes");
}

#[test]
fn a_named_quota_stands_above_what_runs() {
    let conclusion =
        run(seen_file(None, used_up(false, 3000)), Ok(vec![process("hf download org/name --max-workers 32")]));
    assert_eq!(causes(&conclusion), [(Cause::TooParallel, Certainty::Likely, Bearing::Failure)]);
}

#[test]
fn many_small_downloaders_count_together() {
    let one = || process(&format!("wget {URL}"));
    let conclusion = run(seen_file(None, edge_429(false)), Ok((0..20).map(|_| one()).collect()));
    assert_eq!(causes(&conclusion), [(Cause::TooParallel, Certainty::Confirmed, Bearing::Failure)]);
    assert!(conclusion.findings[0].evidence.len() < 15);
    assert_eq!(causes(&run(seen_file(None, edge_429(false)), Ok((0..4).map(|_| one()).collect()))), []);
}

#[test]
fn nothing_runs_into_a_limit_that_is_not_there() {
    let healthy = crate::observe::layer::tests::answer(URL, 200, crate::observe::layer::tests::APPLICATION, "");
    let busy = vec![process(&format!("aria2c -x 16 {URL}"))];
    let conclusion = run(seen_file(None, healthy), Ok(busy));
    assert_eq!((conclusion.status, causes(&conclusion)), (Status::Ok, vec![]));
}

#[test]
fn other_downloads_do_not_count() {
    let elsewhere = vec![process("aria2c -x 16 https://example.org/iso")];
    assert_eq!(causes(&run(seen_file(None, edge_429(false)), Ok(elsewhere))), []);
    let unread = vec![process("aria2c -x 16 -i list.txt")];
    assert_eq!(
        causes(&run(seen_file(None, edge_429(false)), Ok(unread))),
        [(Cause::TooParallel, Certainty::Possible, Bearing::Condition)]
    );
}

#[test]
fn a_loop_without_a_pause_is_a_storm() {
    let hasty = process(&format!("wget -t 0 --waitretry=0 --retry-on-http-error=429 {URL}"));
    let conclusion = run(seen_file(None, edge_429(false)), Ok(vec![hasty]));
    assert_eq!(causes(&conclusion), [(Cause::RetryStorm, Certainty::Confirmed, Bearing::Failure)]);
}

#[test]
fn processes_that_cannot_be_listed_are_unknown() {
    let conclusion = run(seen_file(None, edge_429(false)), Err(Unseen("not here".to_owned())));
    assert_eq!(conclusion.status, Status::Unknown);
}

#[test]
fn variables_matter_to_the_storage_only() {
    let variables = [("HF_XET_HIGH_PERFORMANCE", "1")];
    let case = Arc::new(case(&variables, Some("org/name")));
    let made = Made { downloads: Some(Ok(Downloads::default())), ..seen_file(None, edge_429(false)) };
    assert_eq!(causes(&conclude(&case, &made.of(&case))), []);
}
