//! From events to findings: what failed last, which line names the root, and whose fault the numbers show.

pub mod choose;
pub mod known;
mod limited;
pub mod meaning;
pub mod network;
pub mod rate;
pub mod refusal;
pub mod summary;

pub use choose::conclude;
