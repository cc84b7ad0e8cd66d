//! The choice as findings, with the lines that show each.

use super::super::event::Event;
use super::super::line::head_of;
use super::choose::{Choice, Conclusion};
use super::meaning::{Candidate, Context};
use super::summary;
use crate::diagnosis::{Bearing, Cause, Certainty, Evidence, Finding};
use crate::sign::Weight;

/// Bytes shown of a line.
const SHOWN: usize = 200;
/// Lines shown for a cause.
const LINES: usize = 4;

fn certainty(weight: Weight) -> Certainty {
    match weight {
        Weight::Decisive => Certainty::Confirmed,
        Weight::Symptom => Certainty::Likely,
        Weight::Wrapper | Weight::Hint => Certainty::Possible,
    }
}

/// The findings of an order of choices, and what failed.
pub(super) fn finish(context: &Context<'_>, order: &[Choice<'_>], candidates: &[Candidate<'_>]) -> Conclusion {
    let Some(first) = order.first().cloned() else { return Conclusion::default() };
    if first.weight == Weight::Hint && first.cause != Cause::TokenMalformed {
        return Conclusion::default();
    }
    let target = first.event.and_then(|event| context.target(event));
    let mut findings: Vec<Finding> = Vec::new();
    for (place, choice) in order.iter().enumerate().filter(|(_, c)| c.weight > Weight::Hint || order.len() == 1).take(6)
    {
        let (bearing, certainty) = match place {
            0 => (Bearing::Failure, certainty(choice.weight)),
            1 => (Bearing::Beside, certainty(choice.weight)),
            _ => (Bearing::Beside, certainty(choice.weight).min(Certainty::Likely)),
        };
        if place > 0 && choice.weight < Weight::Symptom {
            continue;
        }
        let subject = choice.event.and_then(|event| context.target(event)).or_else(|| target.clone());
        let text = summary::sentence(choice.cause, subject.as_ref(), choice.event, choice.why.as_deref());
        let finding = Finding::new(choice.cause, certainty, text).bearing(bearing);
        findings.push(finding.with_evidence(evidence(choice, candidates)));
    }
    if first.weight <= Weight::Symptom {
        for cause in first.also {
            // More than one would be a list of everything that it might be.
            if findings.len() < 2 && !findings.iter().any(|f| f.cause == *cause) {
                let text = summary::sentence(*cause, target.as_ref(), first.event, None);
                let finding = Finding::new(*cause, Certainty::Possible, text).bearing(Bearing::Beside);
                findings.push(finding.with_evidence(evidence(&first, candidates).into_iter().take(1)));
            }
        }
    }
    // What provoked a limit is told by no line of its own.
    let provoked = matches!(first.cause, Cause::TooParallel | Cause::RetryStorm);
    let failure = first.event.or_else(|| order.iter().filter(|_| provoked).find_map(|choice| choice.event));
    Conclusion { findings, target, failure: failure.cloned() }
}

/// The lines that show a cause, the most telling first.
fn evidence(choice: &Choice<'_>, candidates: &[Candidate<'_>]) -> Vec<Evidence> {
    let mut lines: Vec<Evidence> = Vec::new();
    let mut add = |event: &Event| {
        if lines.len() < LINES && !lines.iter().any(|known| known.line == Some(event.line)) {
            lines.push(Evidence::line(event.line, shown(event)));
        }
    };
    if let Some(event) = choice.event {
        add(event);
    }
    for candidate in candidates.iter().filter(|c| c.cause == choice.cause) {
        add(candidate.event);
    }
    lines
}

fn shown(event: &Event) -> String {
    let at = {
        let lower = event.text.to_ascii_lowercase();
        event.marks.iter().find_map(|m| lower.find(m.words))
    }
    .unwrap_or(0);
    let text = super::super::line::excerpt(&event.text, at, SHOWN);
    if event.times > 1 { format!("{} (and {} more times)", head_of(&text, SHOWN), event.times - 1) } else { text }
}
