//! The words by which causes of the programs that download are recognised.

mod other;
mod version;
mod xet;

use super::Sign;

/// The group's signs, a slice for each check.
pub(super) static SIGNS: &[&[Sign]] = &[xet::SIGNS, version::SIGNS, other::SIGNS];
