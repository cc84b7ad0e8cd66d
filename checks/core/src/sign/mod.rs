//! A sign: words in a log that point at a cause. They are sorted by the groups of the cause table, as the checks are.

mod auth;
mod client;
mod disk;
mod network;
mod rate;

use crate::diagnosis::Cause;

/// How much a sign says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Fits the cause, and much else too: it counts only when nothing better is found.
    Hint,
    /// A wrapper: something failed, and the cause stands elsewhere. Its cause is the guess when it stands nowhere.
    Wrapper,
    /// What a failure of this kind looks like; the host, the status or another line may turn it into another cause.
    Symptom,
    /// Names the cause.
    Decisive,
}

/// Words in a log that point at a cause. All are searched for in one pass.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// The cause that the words point at.
    pub cause: Cause,
    /// The words, compared without regard to ASCII case.
    pub words: &'static str,
    /// How much they say.
    pub weight: Weight,
    /// Of these, one must stand on the same line; none named, none needed. In lower case.
    pub with: &'static [&'static str],
    /// None of these may stand on the same line. In lower case.
    pub without: &'static [&'static str],
}

impl Sign {
    const fn new(cause: Cause, words: &'static str, weight: Weight) -> Sign {
        Sign { cause, words, weight, with: &[], without: &[] }
    }

    /// Words that name the cause.
    pub const fn decisive(cause: Cause, words: &'static str) -> Sign {
        Sign::new(cause, words, Weight::Decisive)
    }

    /// What a failure of this kind looks like.
    pub const fn symptom(cause: Cause, words: &'static str) -> Sign {
        Sign::new(cause, words, Weight::Symptom)
    }

    /// Something failed; the cause stands elsewhere.
    pub const fn wrapper(cause: Cause, words: &'static str) -> Sign {
        Sign::new(cause, words, Weight::Wrapper)
    }

    /// Fits the cause, and much else too.
    pub const fn hint(cause: Cause, words: &'static str) -> Sign {
        Sign::new(cause, words, Weight::Hint)
    }

    /// The same, only beside one of these words (in lower case).
    #[must_use]
    pub const fn with(mut self, any: &'static [&'static str]) -> Sign {
        self.with = any;
        self
    }

    /// The same, but not beside any of these words (in lower case).
    #[must_use]
    pub const fn without(mut self, any: &'static [&'static str]) -> Sign {
        self.without = any;
        self
    }

    /// Whether the words beside it allow the sign. `line` is in lower case.
    pub fn holds_on(&self, line: &str) -> bool {
        (self.with.is_empty() || self.with.iter().any(|word| line.contains(word)))
            && !self.without.iter().any(|word| line.contains(word))
    }
}

/// Every sign, once.
pub fn all() -> impl Iterator<Item = &'static Sign> {
    [auth::SIGNS, rate::SIGNS, network::SIGNS, disk::SIGNS, client::SIGNS].into_iter().flatten().copied().flatten()
}
