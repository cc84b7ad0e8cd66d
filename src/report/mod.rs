//! The report: one result, and pure renderers of it.

mod build;
mod human;
mod markdown;
mod model;

pub use build::{build, redactor};
pub use human::{Context, human};
pub use markdown::markdown;
pub use model::Report;
