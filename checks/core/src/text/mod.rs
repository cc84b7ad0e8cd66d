//! How numbers, times, lists, paths and names are written for a person and for a shell.

pub mod measure;
pub mod shell;

/// `a, b and c`.
pub fn list(words: &[String]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
