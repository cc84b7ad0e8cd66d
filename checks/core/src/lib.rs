//! What can be concluded from bytes alone: what failed to download, what the failed command's output means, which causes
//! there are, how findings are ranked, what mends them, and what must not be shown.
//!
//! Nothing here reaches the world: no network, no file system, no clock. It builds for WebAssembly.

pub mod diagnosis;
pub mod hub;
pub mod log;
pub mod redact;
pub mod remedy;
pub mod sign;
pub mod target;
pub mod text;
pub mod token;
pub mod variable;
pub mod who;
