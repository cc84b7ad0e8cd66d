//! Which cause each kind of answer proves, and that nothing is found where nothing is wrong.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::case::Limits;
use crate::case::environment::environment_of;
use crate::check::Status;
use crate::observe::hub::{Lfs, Record, Repository, Resolve, Sibling, Whoami};
use crate::observe::layer::tests::{APPLICATION, CLOUDFRONT, answer};
use crate::observe::made::Made;
use crate::observe::{Answer, Failure};
use hfdoctor_core::diagnosis::{Action, Risk};
use hfdoctor_core::target::From;
use hfdoctor_core::target::{RepoType, Target};

const HUB: &str = "https://huggingface.co";
const TOKEN: (&str, &str) = ("HF_TOKEN", "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH");

/// A case of 21 November 2026, 20:24:34 UTC, with no file and no client on the machine.
pub(crate) fn case(variables: &[(&str, &str)], target: Option<&str>) -> Case {
    let target = target.map(|id| Target::new(RepoType::Model, id, From::Argument));
    let now = UNIX_EPOCH + Duration::from_secs(1_795_292_674);
    Case::new(environment_of(variables), target, None, Limits::default(), now)
}

fn quota(bucket: &str, left: u64, quota: u64) -> [(String, String); 2] {
    [
        ("ratelimit".to_owned(), format!("\"{bucket}\";r={left};t=166")),
        ("ratelimit-policy".to_owned(), format!("\"fixed window\";\"{bucket}\";q={quota};w=300")),
    ]
}

/// An answer of the Hub's application with a quota.
fn hub(path: &str, status: u16, with_token: bool, limits: &[(String, String)]) -> Answer {
    let mut headers: Vec<(&str, &str)> = APPLICATION.to_vec();
    headers.extend(limits.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    Answer { with_token, ..answer(&format!("{HUB}{path}"), status, &headers, "") }
}

const FILE: &str = "/org/name/resolve/main/config.json";

fn resolve(with_token: Option<Answer>, without: Answer) -> Resolve {
    Resolve { url: without.url.clone(), with_token: with_token.map(Ok), without: Ok(without), renamed_to: None }
}

pub(crate) fn seen_file(with_token: Option<Answer>, without: Answer) -> Made {
    Made { resolve: Some(Ok(resolve(with_token, without))), ..Made::default() }
}

/// The application's 429 with its quota used up.
pub(crate) fn used_up(with_token: bool, allowed: u64) -> Answer {
    hub(FILE, 429, with_token, &quota("resolvers", 0, allowed))
}

/// CloudFront's own 429.
pub(crate) fn edge_429(with_token: bool) -> Answer {
    Answer { with_token, ..answer(&format!("{HUB}{FILE}"), 429, CLOUDFRONT, "") }
}

fn fine(with_token: bool) -> Answer {
    hub(FILE, 200, with_token, &quota("resolvers", 4982, if with_token { 5000 } else { 3000 }))
}

fn run(variables: &[(&str, &str)], made: Made) -> (Arc<Case>, Conclusion) {
    let case = Arc::new(case(variables, Some("org/name")));
    let conclusion = conclude(&case, &made.of(&case));
    (case, conclusion)
}

fn causes(conclusion: &Conclusion) -> Vec<(Cause, Certainty)> {
    conclusion.findings.iter().map(|f| (f.cause, f.certainty)).collect()
}

fn reset_of(finding: &Finding) -> Option<(SystemTime, Risk)> {
    finding.fixes.iter().find_map(|fix| match fix.actions[..] {
        [Action::WaitUntil { time }] => Some((time, fix.risk)),
        _ => None,
    })
}

#[test]
fn each_answer_proves_its_cause() {
    use Cause::{RateLimitAccount, RateLimitAnonymous, RateLimitCdn, RateLimitIp};
    use Certainty::{Confirmed, Likely};
    let by_address = |with_token| Answer {
        body: b"We had to rate limit your IP (192.0.2.7). To continue using our service, create a HF account".to_vec(),
        ..hub(FILE, 429, with_token, &[])
    };
    let some_left = hub(FILE, 429, true, &quota("resolvers", 4000, 5000));
    let cloudflare =
        answer(&format!("{HUB}{FILE}"), 429, &[("server", "cloudflare"), ("cf-ray", "8f-AMS")], "error code: 1015");
    for (name, with, without, expected) in [
        ("quota of the address", None, used_up(false, 3000), (RateLimitAnonymous, Confirmed)),
        ("words on the address", None, by_address(false), (RateLimitAnonymous, Confirmed)),
        ("no words at all", None, hub(FILE, 429, false, &[]), (RateLimitAnonymous, Likely)),
        ("quota of the account", Some(used_up(true, 5000)), fine(false), (RateLimitAccount, Confirmed)),
        ("token counted as none", Some(used_up(true, 3000)), used_up(false, 3000), (RateLimitAnonymous, Confirmed)),
        ("address throttled with a token", Some(by_address(true)), by_address(false), (RateLimitIp, Likely)),
        ("no words with a token", Some(hub(FILE, 429, true, &[])), fine(false), (RateLimitAccount, Likely)),
        (
            "no words with a token or without",
            Some(hub(FILE, 429, true, &[])),
            hub(FILE, 429, false, &[]),
            (RateLimitIp, Likely),
        ),
        ("quota left", Some(some_left), fine(false), (RateLimitIp, Likely)),
        ("edge", None, edge_429(false), (RateLimitCdn, Confirmed)),
        ("edge with a token", Some(edge_429(true)), edge_429(false), (RateLimitCdn, Confirmed)),
        ("a stranger's edge", None, cloudflare, (RateLimitCdn, Likely)),
    ] {
        let variables: &[(&str, &str)] = if with.is_some() { &[TOKEN] } else { &[] };
        let (_, conclusion) = run(variables, seen_file(with, without));
        assert_eq!(causes(&conclusion), [expected], "{name}");
        assert_eq!(conclusion.findings[0].bearing, Bearing::Failure, "{name}");
    }
}

#[test]
fn the_report_names_bucket_limit_rest_reset_and_layer() {
    let (case, conclusion) = run(&[], seen_file(None, used_up(false, 3000)));
    let finding = &conclusion.findings[0];
    let shown = finding.evidence.iter().map(|e| e.detail.as_str()).collect::<Vec<_>>().join("\n");
    for part in
        ["bucket `resolvers`", "0 of 3,000 left", "in 166 s", "at 20:27:21 UTC", "Hub's application", "without a token"]
    {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    assert_eq!(reset_of(finding), Some((case.now + Duration::from_secs(167), Risk::Safe)));
    let wait = finding.fixes.iter().find(|fix| fix.id == "wait").unwrap();
    assert_eq!(wait.commands, ["hfdoctor --wait org/name"]);
    assert_eq!(finding.fixes[0].id, "token-store", "a token first");
}

#[test]
fn what_nobody_said_is_an_estimate() {
    let (case, conclusion) = run(&[], seen_file(None, edge_429(false)));
    let (time, risk) = reset_of(&conclusion.findings[0]).unwrap();
    assert_eq!(time, case.now + Duration::from_mins(30));
    assert_eq!(risk, Risk::Ask);
    let note = conclusion.findings[0].fixes.iter().find(|f| f.id == "wait").unwrap().note.clone().unwrap();
    assert!(note.contains("an estimate"), "{note}");
}

#[test]
fn retry_after_is_waited_for() {
    let limited = answer(&format!("{HUB}{FILE}"), 429, &[("server", "CloudFront"), ("retry-after", "90")], "");
    let (case, conclusion) = run(&[], seen_file(None, limited));
    assert_eq!(reset_of(&conclusion.findings[0]), Some((case.now + Duration::from_secs(91), Risk::Safe)));
}

#[test]
fn the_doctors_own_anonymous_request_may_be_limited() {
    for limited in [used_up(false, 3000), edge_429(false)] {
        let (_, conclusion) = run(&[TOKEN], seen_file(Some(fine(true)), limited));
        assert_eq!(conclusion.status, Status::Ok);
        assert_eq!(causes(&conclusion), []);
        assert_eq!(conclusion.notes.len(), 1);
        assert!(conclusion.notes[0].contains("without a token"), "{:?}", conclusion.notes);
    }
}

#[test]
fn whoamis_limit_is_no_cause() {
    for limits in [&quota("api", 900, 1000)[..], &[][..], &quota("whoami", 0, 5)[..]] {
        let whoami = Whoami { answer: hub("/api/whoami-v2", 429, true, limits), identity: None };
        let made = Made { whoami: Some(Ok(whoami)), ..seen_file(Some(fine(true)), fine(false)) };
        let (_, conclusion) = run(&[TOKEN], made);
        assert_eq!((conclusion.status, causes(&conclusion)), (Status::Ok, vec![]));
        assert!(conclusion.notes[0].contains("nothing against the token"), "{:?}", conclusion.notes);
    }
}

#[test]
fn a_used_up_api_bucket_is_a_cause_though_files_are_served() {
    let record = Record {
        answer: hub("/api/models/org/name", 429, true, &quota("api", 0, 1000)),
        repository: None,
        other_type: None,
    };
    let made = Made { record: Some(Ok(record)), ..seen_file(Some(fine(true)), fine(false)) };
    let (_, conclusion) = run(&[TOKEN], made);
    assert_eq!(causes(&conclusion), [(Cause::RateLimitAccount, Certainty::Confirmed)]);
}

#[test]
fn a_mirror_limits_by_itself() {
    let mirror = ("HF_ENDPOINT", "https://hf-mirror.com");
    let url = format!("https://hf-mirror.com{FILE}");
    for (headers, words) in [(&[("server", "nginx")][..], "not the Hub"), (APPLICATION, "hands the refusal on")] {
        let (_, conclusion) = run(&[mirror], seen_file(None, answer(&url, 429, headers, "")));
        assert_eq!(causes(&conclusion), [(Cause::RateLimitMirror, Certainty::Confirmed)]);
        assert!(conclusion.findings[0].summary.contains(words), "{}", conclusion.findings[0].summary);
    }
    // A token that does not go to the mirror from here leaves the side without it to look at.
    let limited = answer(&url, 429, &[], "");
    let made = Made {
        resolve: Some(Ok(Resolve {
            url: limited.url.clone(),
            with_token: Some(Err(Failure::NotSent("not asked".to_owned()))),
            without: Ok(limited),
            renamed_to: None,
        })),
        ..Made::default()
    };
    let (_, conclusion) = run(&[mirror, TOKEN], made);
    assert_eq!(causes(&conclusion), [(Cause::RateLimitMirror, Certainty::Confirmed)]);
}

#[test]
fn health_and_blindness() {
    let (_, conclusion) = run(&[], seen_file(None, fine(false)));
    assert_eq!(
        (conclusion.status, conclusion.because.as_str()),
        (Status::Ok, "bucket `resolvers`: 4,982 of 3,000 left, new window in 166 s")
    );
    assert!(conclusion.notes.is_empty() && conclusion.findings.is_empty());
    let (_, conclusion) = run(&[], Made::default());
    assert_eq!(conclusion.status, Status::Unknown);
    let outage = answer(&format!("{HUB}{FILE}"), 503, CLOUDFRONT, "");
    assert_eq!(causes(&run(&[], seen_file(None, outage)).1), []);
}

fn record_of(small: usize, large: usize) -> Record {
    let file = |lfs| Sibling { lfs, ..Sibling::default() };
    let siblings =
        std::iter::repeat_n(file(None), small).chain(std::iter::repeat_n(file(Some(Lfs::default())), large)).collect();
    let repository = Some(Repository { siblings, ..Repository::default() });
    Record { answer: hub("/api/models/org/name", 200, false, &[]), repository, other_type: None }
}

#[test]
fn a_download_that_does_not_fit_is_foretold() {
    let file = |left| hub(FILE, 200, false, &quota("resolvers", left, 3000));
    let of = |left, small, large| {
        run(&[], Made { record: Some(Ok(record_of(small, large))), ..seen_file(None, file(left)) }).1
    };
    assert_eq!(causes(&of(2976, 30, 4)), []);
    assert_eq!(causes(&of(40, 0, 5000)), [], "large files cost this client nothing");
    let conclusion = of(2976, 12_431, 0);
    assert_eq!((conclusion.status, causes(&conclusion)), (Status::Ok, vec![]), "nothing has failed yet");
    let shown = &conclusion.notes[0];
    assert!(shown.contains("12,431 files need about 24,862 requests") && shown.contains("9 windows"), "{shown}");
    // Where the limit is met, it is evidence of why.
    let made = Made { record: Some(Ok(record_of(12_431, 0))), ..seen_file(None, used_up(false, 3000)) };
    let (_, conclusion) = run(&[], made);
    assert!(conclusion.notes.is_empty(), "{:?}", conclusion.notes);
    let shown = &conclusion.findings[0].evidence.last().unwrap().detail;
    assert!(shown.contains("12,431 files need about 24,862 requests"), "{shown}");
    let made = Made { record: Some(Ok(record_of(1000, 0))), ..seen_file(None, used_up(false, 3000)) };
    let (_, conclusion) = run(&[], made);
    assert!(!conclusion.findings[0].evidence.iter().any(|e| e.detail.contains("1,000 files")), "it fits a new window");
    // A client that waits by itself will come through.
    let mut waiting = case(&[], Some("org/name"));
    waiting.clients.hub = Some((1, 33, 0));
    let waiting = Arc::new(waiting);
    let made = Made { record: Some(Ok(record_of(12_431, 0))), ..seen_file(None, file(2976)) };
    let conclusion = conclude(&waiting, &made.of(&waiting));
    assert_eq!(conclusion.status, Status::Ok);
    assert!(conclusion.notes[0].contains("waits for new windows by itself"), "{:?}", conclusion.notes);
}

#[test]
fn a_shared_address_shows_by_a_quota_that_others_spend() {
    let file = hub(FILE, 200, false, &quota("resolvers", 2900, 3000));
    let record = hub("/api/models/org/name", 429, false, &quota("api", 0, 500));
    let other = hub("/openai-community/gpt2/resolve/main/config.json", 200, false, &quota("resolvers", 2700, 3000));
    let made = Made {
        record: Some(Ok(Record { answer: record, repository: None, other_type: None })),
        control: Some(Ok(resolve(None, other))),
        ..seen_file(None, file)
    };
    let (_, conclusion) = run(&[], made);
    assert_eq!(
        causes(&conclusion),
        [(Cause::RateLimitAnonymous, Certainty::Confirmed), (Cause::RateLimitIp, Certainty::Possible)]
    );
    assert_eq!(conclusion.findings[1].bearing, Bearing::Condition);
}

#[test]
fn a_guess_of_the_log_yields_to_what_the_hub_says() {
    let mut log =
        [Finding::new(Cause::RateLimitAnonymous, Certainty::Likely, "429").saw(Source::Log, "429 Too Many Requests")];
    let mut live = [Finding::new(Cause::RateLimitAccount, Certainty::Confirmed, "used up")];
    correct_the_guess(&mut log, &mut live);
    assert_eq!((log[0].certainty, log[0].bearing), (Certainty::Possible, Bearing::Condition));
    assert_eq!(live[0].evidence[0].source, Source::Log);
    let mut sure =
        [Finding::new(Cause::RateLimitAnonymous, Certainty::Confirmed, "your IP").saw(Source::Log, "your IP")];
    correct_the_guess(&mut sure, &mut live);
    assert_eq!(sure[0].certainty, Certainty::Confirmed);
}

#[test]
fn a_limit_of_the_log_is_over_when_the_quota_is_back() {
    let case = Arc::new(case(&[], Some("org/name")));
    let observations = seen_file(None, fine(false)).of(&case);
    let live = live::look(&case, &observations);
    let mut old = Finding::new(Cause::RateLimitAnonymous, Certainty::Confirmed, "limited")
        .saw(Source::Log, "Waiting 56.0s before retry");
    finish(&case, &live, &mut old);
    assert_eq!(reset_of(&old), None);
    assert!(old.fixes.iter().any(|fix| fix.id == "retry"));
    // Without an answer by now, what the log says is the estimate.
    let mut blind = Finding::new(Cause::RateLimitAnonymous, Certainty::Confirmed, "limited")
        .saw(Source::Log, "Waiting 56.0s before retry");
    finish(&case, &Live::default(), &mut blind);
    assert_eq!(reset_of(&blind), Some((case.now + Duration::from_secs(56), Risk::Ask)));
}

#[test]
fn remedies_fit_the_client() {
    let of = |hub, cause| {
        let mut case = case(&[], Some("org/name"));
        case.clients.hub = hub;
        let fixes = remedies(&case, cause, guess(cause, case.now));
        fixes
            .iter()
            .map(|f| format!("{} {} {:?}", f.title, f.commands.join(" "), f.note))
            .collect::<Vec<_>>()
            .join("\n")
    };
    for cause in CAUSES {
        for hub in [None, Some((0, 23, 5)), Some((0, 34, 4)), Some((1, 1, 7)), Some((2, 4, 0))] {
            let shown = of(hub, *cause);
            assert!(!shown.contains("--resume-download") && !shown.contains("HF_HUB_ENABLE_HF_TRANSFER"), "{shown}");
            // `hf` came with 0.34, `--max-workers` with 0.25.
            assert!(hub == Some((0, 23, 5)) || !shown.contains("huggingface-cli"), "{shown}");
            assert!(
                hub != Some((0, 23, 5)) || !(shown.contains("hf download") || shown.contains("--max-workers")),
                "{shown}"
            );
        }
    }
    assert!(of(Some((0, 23, 5)), Cause::RateLimitAccount).contains("snapshot_download(\"org/name\", max_workers=2)"));
    assert!(of(Some((1, 5, 0)), Cause::RateLimitAccount).contains("`Retry-After` from 1.22"));
    assert!(of(Some((2, 4, 0)), Cause::RateLimitAccount).contains("and for `Retry-After`, five times"));
    assert!(of(Some((1, 5, 0)), Cause::RateLimitAccount).contains("waits by itself"));
    assert!(of(Some((0, 36, 2)), Cause::RateLimitAccount).contains("pip install -U"));
}

#[test]
fn an_id_from_outside_does_not_become_a_command() {
    let case = case(&[], Some("org/name;rm -rf ~"));
    let fixes = remedies(&case, Cause::RateLimitAnonymous, guess(Cause::RateLimitAnonymous, case.now));
    assert!(fixes.iter().flat_map(|f| &f.commands).all(|c| !c.contains("rm -rf")));
}
