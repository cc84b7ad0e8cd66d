//! The words by which causes of tokens, access and the repository are recognised.

mod access;
mod repository;
mod token;

use super::Sign;

/// The group's signs, a slice for each check.
pub(super) static SIGNS: &[&[Sign]] = &[token::SIGNS, access::SIGNS, repository::SIGNS];
