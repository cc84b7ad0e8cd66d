//! Variables with a number in them: huggingface_hub reads them with Python's `int` when it is imported, and a value that is
//! no whole number ends the program there.

use crate::case::Case;
use crate::check::network::reach::unset_variables;
use hfdoctor_core::diagnosis::{Cause, Certainty, Finding, Risk, Source};

/// The variables that every version reads so.
const NUMBERS: &[&str] = &["HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT"];
/// The one that versions before 1.0 read so, too.
const OLD_NUMBERS: &[&str] = &["HF_HUB_LOCAL_DIR_AUTO_SYMLINK_THRESHOLD"];
/// Python refuses to read longer numbers, in digits.
const LONGEST: usize = 4300;

/// A finding when a variable stops the client at its start.
pub(super) fn stopped(case: &Case) -> Option<Finding> {
    let old: &[&str] = if case.clients.hub_is(|version| version < (1, 0, 0)) { OLD_NUMBERS } else { &[] };
    let wrong: Vec<(&str, String)> = NUMBERS
        .iter()
        .chain(old)
        .filter_map(|name| Some((*name, case.environment.var(name).filter(|value| !is_whole_number(value))?)))
        .collect();
    let (name, value) = wrong.first()?;
    let names: Vec<&str> = wrong.iter().map(|(name, _)| *name).collect();
    // Without a Python client on this machine's paths, who reads the variable is not known.
    let certainty =
        if case.clients.package("huggingface_hub").is_some() { Certainty::Confirmed } else { Certainty::Likely };
    let why = if value.trim().is_empty() { "is set, but empty" } else { "is no whole number" };
    let summary = format!("`{name}` {why}: huggingface_hub stops at its start, before it asks for anything");
    let shown = |value: &str| value.chars().take(40).collect::<String>().escape_debug().to_string();
    let mut finding = Finding::new(Cause::NotADownload, certainty, summary);
    for (name, value) in &wrong {
        finding = finding.saw(Source::Environment, format!("`{name}={}`", shown(value)));
    }
    let says = format!("Python says: invalid literal for int() with base 10: '{}'", shown(value));
    let title = "unset what is no number: the client has values of its own";
    Some(finding.saw(Source::Client, says).fix(unset_variables("number-unset", Risk::Safe, title, &names)))
}

/// Whether Python's `int` takes a text: a sign, digits, single underscores between them, blanks around them.
fn is_whole_number(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let groups = || digits.split('_');
    let length = groups().map(|group| group.chars().count()).fold(0_usize, usize::saturating_add);
    // Python takes the digits of every script.
    length <= LONGEST && groups().all(|group| !group.is_empty() && group.chars().all(char::is_numeric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Limits;
    use crate::case::environment::environment_of;

    fn found(variables: &[(&str, &str)]) -> Option<Finding> {
        let limits = Limits { offline: true, ..Limits::default() };
        let case = Case::new(environment_of(variables), None, None, limits, std::time::SystemTime::UNIX_EPOCH);
        stopped(&case)
    }

    #[test]
    fn what_int_takes_is_no_fault() {
        for value in ["10", " 10 ", "+5", "-5", "1_000", "0", "\u{664}"] {
            assert!(found(&[("HF_HUB_ETAG_TIMEOUT", value)]).is_none(), "{value}");
        }
        assert!(found(&[]).is_none());
        assert!(found(&[("HF_HUB_LOCAL_DIR_AUTO_SYMLINK_THRESHOLD", "5MB")]).is_none(), "no old client is there");
    }

    #[test]
    fn what_int_refuses_stops_the_client() {
        let long = "1".repeat(LONGEST + 1);
        for value in ["10s", "abc", "", "1.5", "1__0", "_1", "1_", "--1", "0x10", "1e3", &long] {
            let finding = found(&[("HF_HUB_DOWNLOAD_TIMEOUT", value)]).expect(value);
            assert_eq!((finding.cause, finding.fixes.len()), (Cause::NotADownload, 1));
            assert_eq!(finding.fixes[0].actions.len(), 1);
        }
        let both = found(&[("HF_HUB_ETAG_TIMEOUT", "x"), ("HF_HUB_DOWNLOAD_TIMEOUT", "y")]).expect("two");
        assert_eq!(both.fixes[0].actions.len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn any_value_has_an_outcome(value in "[^\0]{0,40}") {
            let _ = found(&[("HF_HUB_ETAG_TIMEOUT", &value)]);
        }
    }
}
