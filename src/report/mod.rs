//! The report: one result, and pure renderers of it.

mod build;
mod clean;
mod human;
mod markdown;
mod model;

pub use build::{build, redacted};
pub use human::{Again, Context, human, plan};
pub use markdown::markdown;
pub use model::{AppliedOutcome, AppliedReport, PlannedReport, Report};
