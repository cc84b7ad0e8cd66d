//! Limits and quotas, and what provokes them.

pub mod pressure;
pub mod quota;
pub mod rate_limit;
