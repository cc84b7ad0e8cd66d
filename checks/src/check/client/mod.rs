//! The programs that download.

pub mod other;
pub mod version;
pub mod xet;
