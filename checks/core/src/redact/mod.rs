//! One redactor for everything that leaves the program.
//!
//! It knows the secrets of this machine by value, in every encoding that tools print them in, and strangers' secrets by
//! form. What is no secret stays readable: hashes, file names, identifiers, addresses without credentials.

mod command;
mod forms;
mod known;
mod rules;
mod terminal;

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use self::known::Known;
use crate::token::Token;

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// Passes after which a text counts as clean even if the last one still changed it. Two are the rule.
const MAX_PASSES: usize = 16;

/// How much was masked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tokens, passwords, keys, cookies.
    pub tokens: u64,
    /// Credentials and signatures in URLs.
    pub urls: u64,
}

/// Masks secrets, shortens the home directory and strips terminal escapes.
#[derive(Default)]
pub struct Redactor {
    known: Known,
    /// The home directory as paths spell it.
    homes: Vec<String>,
    tokens: AtomicU64,
    urls: AtomicU64,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({:?})", self.counts())
    }
}

impl Redactor {
    /// A redactor that knows these secrets and this home directory.
    pub fn new<'a>(secrets: impl Iterator<Item = &'a Token>, home: Option<&Path>) -> Redactor {
        Redactor { known: Known::new(secrets), homes: home.map(spellings).unwrap_or_default(), ..Redactor::default() }
    }

    /// The text without what must not leave the program. Cleaning it again changes nothing.
    ///
    /// Line ends stay, a tab becomes a blank, other control characters go.
    pub fn clean(&self, text: &str) -> String {
        let mut current = Cow::Borrowed(text);
        for _ in 0..MAX_PASSES {
            match self.pass(&current) {
                // What was masked may have brought together what was apart.
                Some(changed) => current = Cow::Owned(changed),
                None => break,
            }
        }
        current.into_owned()
    }

    /// How much was masked so far.
    pub fn counts(&self) -> Counts {
        Counts { tokens: self.tokens.load(Ordering::Relaxed), urls: self.urls.load(Ordering::Relaxed) }
    }

    /// One pass; none when there was nothing to change.
    fn pass(&self, text: &str) -> Option<String> {
        let mut current = Cow::Borrowed(text);
        if let Some(stripped) = terminal::strip(&current) {
            current = Cow::Owned(stripped);
        }
        if let Some((masked, count)) = self.known.mask(&current) {
            self.tokens.fetch_add(count, Ordering::Relaxed);
            current = Cow::Owned(masked);
        }
        if let Some((masked, counts)) = rules::apply(&current) {
            self.tokens.fetch_add(counts.tokens, Ordering::Relaxed);
            self.urls.fetch_add(counts.urls, Ordering::Relaxed);
            current = Cow::Owned(masked);
        }
        for home in &self.homes {
            if let Some(shortened) = shorten_home(&current, home) {
                current = Cow::Owned(shortened);
            }
        }
        match current {
            Cow::Owned(changed) if changed != text => Some(changed),
            _ => None,
        }
    }
}

/// The home directory as it stands in paths, in URLs and escaped in JSON.
fn spellings(home: &Path) -> Vec<String> {
    let home = home.to_string_lossy();
    let home = home.trim_end_matches(['/', '\\']);
    // A root or a bare drive is nobody's secret, and `~` for it would mislead.
    if home.len() < 4 || home.contains(['~', '*']) {
        return Vec::new();
    }
    let mut all = vec![home.to_owned()];
    if home.contains('\\') {
        all.extend([home.replace('\\', "\\\\"), home.replace('\\', "/")]);
    }
    all
}

/// `~` for the home directory where it stands as whole parts of a path.
fn shorten_home(text: &str, home: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in text.match_indices(home) {
        let (before, after) = (&text[..at], &text[at + home.len()..]);
        let of_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~');
        let rooted = home.starts_with('/') && before.ends_with('/') && !before.ends_with("file://");
        if before.ends_with(of_path) || rooted || after.starts_with(|c: char| of_path(c) && c != '.') || at < copied {
            continue;
        }
        // `/home/ada.old` is another directory; `/home/ada.` ends a sentence.
        if after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric())) {
            continue;
        }
        out.push_str(&text[copied..at]);
        out.push('~');
        copied = at + home.len();
    }
    (copied > 0).then(|| out + &text[copied..])
}

#[cfg(test)]
mod tests;
