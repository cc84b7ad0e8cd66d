//! A sign: words in a log that point at a cause.

use crate::diagnosis::Cause;

/// How much a sign says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Fits the cause, and other causes too.
    Hint,
    /// A wrapper: something failed, and the cause stands elsewhere.
    Wrapper,
    /// Names the cause.
    Decisive,
}

/// Words in a log that point at a cause. Every check declares its own; all are searched for in one pass.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// The cause that the words point at.
    pub cause: Cause,
    /// The words, compared without regard to ASCII case.
    pub words: &'static str,
    /// How much they say.
    pub weight: Weight,
}
