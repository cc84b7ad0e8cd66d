//! From events to findings: what failed last, which line names the root, and whose fault the numbers show.

pub mod choose;
mod elsewhere;
pub mod known;
mod limited;
pub mod meaning;
pub mod network;
pub mod rate;
pub mod refusal;
mod revise;
pub mod summary;
mod tell;
mod wrapper;

pub use choose::conclude;
