//! Whether the token and the account may read the repository, and whether it is there.

pub mod access;
pub mod repository;
pub mod token;
