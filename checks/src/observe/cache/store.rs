//! The store that repositories share since huggingface_hub 1.32: `blobs/<2 hex digits>/<Xet hash>`.

use std::ffi::OsStr;

use super::Bounds;
use super::folder::{Folder, Kind};
use super::model::Amount;

/// The store's folder in the cache root.
pub const STORE: &str = "blobs";
/// Only a folder with this file in it is the store.
const MARKER: &str = ".huggingface-shared-blobs";

/// Sums up the store; none when the folder is not marked as one.
pub fn look(root: &Folder, bounds: &Bounds) -> Option<Amount> {
    let store = root.child(OsStr::new(STORE)).ok()?;
    store.meta(OsStr::new(MARKER)).ok().filter(|m| m.kind == Kind::File)?;
    let mut prefixes = Vec::new();
    let _ = store.entries(&mut |name, kind| {
        if kind == Kind::Folder && name.len() == 2 {
            prefixes.push(name.to_owned());
        }
        prefixes.len() < 4096
    });
    let mut amount = Amount::default();
    for prefix in prefixes {
        let Ok(here) = store.child(&prefix) else { continue };
        let _ = here.entries(&mut |name, kind| {
            if kind == Kind::File
                && name.len() == 64
                && let Ok(meta) = here.meta(name)
            {
                amount.add(meta.size);
            }
            bounds.go_on()
        });
    }
    Some(amount)
}
