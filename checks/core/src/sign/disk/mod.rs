//! The words by which causes of the file system and the caches are recognised.

mod filesystem;
mod integrity;
mod locks;
mod partial;
mod permission;
mod space;

use super::Sign;

/// The group's signs, a slice for each check.
pub(super) static SIGNS: &[&[Sign]] =
    &[space::SIGNS, permission::SIGNS, partial::SIGNS, integrity::SIGNS, locks::SIGNS, filesystem::SIGNS];
