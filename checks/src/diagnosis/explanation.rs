//! The prose of each cause: what it means, how it shows, what mends it.
use super::cause::Cause;

/// The long form behind `hfdoctor explain`.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// What the cause means and why it happens.
    pub means: &'static str,
    /// How it shows in what clients print.
    pub shows: &'static str,
    /// What mends it, in order.
    pub mends: &'static str,
}

/// The explanation of a cause.
pub fn explain(cause: Cause) -> Explanation {
    let _ = cause;
    Explanation { means: "", shows: "", mends: "" }
}
