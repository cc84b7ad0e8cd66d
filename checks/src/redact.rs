//! One redactor for everything that leaves the program.
use crate::case::Token;
/// stand-in until the branch is merged
#[derive(Debug, Default)]
pub struct Redactor;
/// Counts.
#[derive(Debug, Default)]
pub struct Counts {
    /// tokens
    pub tokens: u64,
    /// urls
    pub urls: u64,
}
impl Redactor {
    /// New.
    pub fn new<'a>(_: impl Iterator<Item = &'a Token>, _: Option<&std::path::Path>) -> Redactor {
        Redactor
    }
    /// Clean.
    pub fn clean(&self, text: &str) -> String {
        text.to_owned()
    }
    /// Counts.
    pub fn counts(&self) -> Counts {
        Counts::default()
    }
}
