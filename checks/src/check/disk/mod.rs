//! Where the download is written: room, rights, and what earlier downloads left.

pub mod filesystem;
pub mod integrity;
pub mod locks;
pub mod partial;
pub mod permission;
pub mod space;
