//! From findings to the answer: the cause table, findings and fixes, and their ranking.

pub mod cause;
pub mod explanation;
pub mod finding;
pub mod fix;
pub mod forecast;
pub mod rank;
pub mod reset;
pub mod tiers;

pub use cause::{CAUSES, Cause, Group};
pub use finding::{Bearing, Certainty, Evidence, Finding, Note, Source};
pub use fix::{Action, Fix, Relation, Risk};
pub use rank::{Ranked, rank};
pub use reset::{Reset, resets_at};
