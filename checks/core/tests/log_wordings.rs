//! Every client's words for every cause, one short log each: the first answer must be the cause.

use hfdoctor_core::diagnosis::{Cause, rank};
use hfdoctor_core::log::{Log, Search};

fn answers(text: &[u8], search: &Search) -> Vec<Cause> {
    let log = Log::read(text, search).expect("memory is readable");
    let findings = log.all_findings().iter().map(|finding| ("log", finding.clone())).collect();
    rank(findings).into_iter().map(|ranked| ranked.finding.cause).collect()
}

#[test]
fn every_wording_leads_to_its_cause() {
    let search = Search::new();
    let mut wrong = Vec::new();
    let mut blocks = 0;
    for block in include_str!("log_wordings.txt").split("\n== ").skip(1) {
        let (label, text) = block.split_once('\n').expect("a label and a text");
        blocks += 1;
        let answers = answers(text.as_bytes(), &search);
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

/// The wordings, each as its own log.
fn blocks() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("log_wordings.txt").split("\n== ").skip(1).filter_map(|block| block.split_once('\n'))
}

/// Puts a text into the form in which a log may hold it.
type Dress = fn(&str) -> Vec<u8>;

/// How a log may reach the program, beside as it was printed.
const DRESSES: &[(&str, Dress)] = &[
    ("windows line ends", |text| text.replace('\n', "\r\n").into_bytes()),
    ("utf-8 with a mark", |text| format!("\u{feff}{text}").into_bytes()),
    ("utf-16 of powershell", |text| {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    }),
    ("compose", |text| text.lines().flat_map(|line| format!("app-1  | {line}\n").into_bytes()).collect()),
    ("kubectl with times", |text| {
        text.lines().flat_map(|line| format!("2026-01-02T10:00:00.123456789Z {line}\n").into_bytes()).collect()
    }),
    ("workers", |text| text.lines().flat_map(|line| format!("(Worker pid=17) {line}\n").into_bytes()).collect()),
    ("colours", |text| {
        text.lines().flat_map(|line| format!("\u{1b}[1m\u{1b}[31m{line}\u{1b}[0m\n").into_bytes()).collect()
    }),
    ("after a progress bar", |text| format!("m.bin:  10%|#   | 1M/9M\rm.bin:  20%|##  | 2M/9M\r\n{text}").into_bytes()),
    ("after a long healthy log", |text| {
        let mut long = "[gpu0] step 17 loss=1.2 lr=3e-05\n".repeat(20_000);
        long.push_str(text);
        long.into_bytes()
    }),
    ("json", |text| {
        let mut line = serde_json::json!({"level": "error", "logger": "app", "msg": text}).to_string();
        line.push('\n');
        line.into_bytes()
    }),
];

#[test]
fn every_dress_leads_to_the_same_cause() {
    let search = Search::new();
    for (dress, put_on) in DRESSES {
        let mut wrong = Vec::new();
        let mut all = 0;
        for (label, text) in blocks().filter(|(label, _)| *label != "none") {
            all += 1;
            let answers = answers(&put_on(text), &search);
            if answers.first().is_none_or(|first| first.id() != label) {
                wrong.push(format!("{label}: {answers:?}\n{text}"));
            }
        }
        // Times that a log carries already are doubled here, and some words need the line for themselves.
        assert!(wrong.len() * 50 <= all, "{dress}: {} of {all} wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
    }
}

#[test]
fn healthy_runs_around_a_failure_do_not_hide_it() {
    let search = Search::new();
    let healthy =
        "$ hf download ada/other\nFetching 3 files: 100%|###| 3/3 [00:01<00:00]\nDownload complete: 100%|###| 1G/1G\n";
    for (label, text) in blocks().filter(|(label, _)| *label != "none") {
        let answers = answers(format!("{healthy}$ python get.py\n{text}").as_bytes(), &search);
        assert!(answers.first().is_some_and(|first| first.id() == label), "{label}: {answers:?}\n{text}");
    }
}

#[test]
fn a_failure_that_was_overcome_is_no_cause() {
    let search = Search::new();
    let end = "\n$ hf download ada/x\nDownload complete: 100%|###| 1G/1G\n$ echo $?\n0\n";
    for (label, text) in blocks() {
        let answers = answers(format!("{text}{end}").as_bytes(), &search);
        assert!(answers.is_empty() || answers == [Cause::NotADownload], "{label}: {answers:?}\n{text}");
    }
}
