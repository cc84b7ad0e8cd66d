//! The words by which causes of limits and quotas are recognised.

mod pressure;
mod quota;
mod rate_limit;

use super::Sign;

/// The group's signs, a slice for each check.
pub(super) static SIGNS: &[&[Sign]] = &[rate_limit::SIGNS, pressure::SIGNS, quota::SIGNS];
