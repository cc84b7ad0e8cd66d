//! Opening cached files by the clients' own links only: a link that leads anywhere else is not followed.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Component, Path};

use super::folder::{Folder, Kind};
use super::store::STORE;

/// Opens a blob of a repository: a regular file, or a link into the store that the repositories share.
///
/// The second value tells whether it is such a link.
pub fn blob(root: &Folder, blobs: &Folder, name: &OsStr) -> io::Result<(File, bool)> {
    if blobs.meta(name)?.kind != Kind::Link {
        return Ok((blobs.file(name)?, false));
    }
    let target = blobs.link(name)?;
    let (prefix, hash) = in_store(&target).ok_or_else(|| io::Error::other("its link leads out of the cache"))?;
    let entry = root.child(OsStr::new(STORE))?.child(prefix)?.file(hash)?;
    Ok((entry, true))
}

/// Opens a regular file below a folder; a link on the way is not followed.
pub fn inside(folder: &Folder, path: &Path) -> io::Result<File> {
    let (parent, name) = parent_of(folder, path)?;
    parent.as_ref().unwrap_or(folder).file(name)
}

/// The folder that a path below another ends in, none when it is that itself, and the last name; links are not followed.
pub fn parent_of<'a>(folder: &Folder, path: &'a Path) -> io::Result<(Option<Folder>, &'a OsStr)> {
    let mut parts = path.components();
    let Some(Component::Normal(name)) = parts.next_back() else { return Err(io::ErrorKind::NotFound.into()) };
    let mut here: Option<Folder> = None;
    for part in parts {
        let Component::Normal(part) = part else { return Err(io::ErrorKind::NotFound.into()) };
        here = Some(here.as_ref().unwrap_or(folder).child(part)?);
    }
    Ok((here, name))
}

/// The two last parts of `../../blobs/<2 hex digits>/<Xet hash>`.
fn in_store(target: &Path) -> Option<(&OsStr, &OsStr)> {
    let parts: Vec<Component<'_>> = target.components().take(6).collect();
    match parts[..] {
        [
            Component::ParentDir,
            Component::ParentDir,
            Component::Normal(store),
            Component::Normal(prefix),
            Component::Normal(hash),
        ] if store == STORE && prefix.len() == 2 && hash.len() == 64 => Some((prefix, hash)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stores_own_links_are_followed() {
        let hash = "a".repeat(64);
        let store = format!("../../blobs/aa/{hash}");
        assert!(in_store(Path::new(&store)).is_some());
        for foreign in [
            "/etc/passwd",
            "../../../etc/passwd",
            "../../blobs/aa/short",
            "../../blobs/aa/../aa/x",
            &format!("../../../blobs/aa/{hash}"),
        ] {
            assert!(in_store(Path::new(foreign)).is_none(), "{foreign}");
        }
    }
}
