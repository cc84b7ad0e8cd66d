//! Git clones of the Hub in the working directory: without git-lfs their large files are pointers.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::header::{self, Flaw};
use super::{Damage, Damaged, Integrity};
use crate::case::Case;
use crate::observe::cache::Bounds;
use crate::observe::cache::folder::{Folder, Kind};

/// Entries of a clone that are looked at.
const MAX_ENTRIES: usize = 5_000;
/// Folders of a clone deeper than this are not entered.
const MAX_DEPTH: usize = 4;
/// A git configuration larger than this is none, in bytes.
const MAX_CONFIG: u64 = 256 * 1024;

/// Looks for pointers in the target's folder, when the target is one, or a clone in the working directory.
pub fn look(case: &Case, seen: &mut Integrity, bounds: &Bounds) {
    let Some(folder) = clone(case) else { return };
    let Ok(top) = Folder::open(&folder) else { return };
    let mut waiting = vec![(top, PathBuf::new(), 0_usize)];
    let mut entries = 0;
    while let Some((here, prefix, depth)) = waiting.pop() {
        let mut folders = Vec::new();
        let _ = here.entries(&mut |name, kind| {
            entries += 1;
            match kind {
                Kind::Folder if depth < MAX_DEPTH && name != ".git" => folders.push(name.to_owned()),
                Kind::File => pointer(&here, name, &prefix, seen),
                _ => {}
            }
            entries < MAX_ENTRIES && bounds.go_on()
        });
        for name in folders {
            if let Ok(child) = here.child(&name) {
                waiting.push((child, prefix.join(&name), depth + 1));
            }
        }
    }
    seen.clone = Some(folder);
}

fn pointer(here: &Folder, name: &OsStr, prefix: &Path, seen: &mut Integrity) {
    let Ok(meta) = here.meta(name) else { return };
    if meta.size == 0 || meta.size >= 1024 {
        return;
    }
    let Some(pointer) = here.read(name, 1024).ok().and_then(|bytes| header::pointer(&bytes)) else { return };
    seen.damaged(Damaged {
        repository: None,
        file: prefix.join(name).to_string_lossy().into_owned(),
        path: here.path().join(name),
        link: None,
        local: None,
        etag: None,
        shared: false,
        size: meta.size,
        modified: meta.modified,
        damage: Damage::Header(Flaw::Pointer(pointer)),
    });
}

/// The folder to look at: a clone whose remote is the Hub.
fn clone(case: &Case) -> Option<PathBuf> {
    let directory = case.environment.directory.as_deref()?;
    let mut places = vec![directory.to_owned()];
    if let Some(target) = &case.target {
        // `git clone` names the folder by the last part of the id; people also give the folder itself.
        let id = Path::new(&target.repo_id);
        places.insert(0, directory.join(id));
        places.extend(id.file_name().map(|name| directory.join(name)));
    }
    places.into_iter().find(|place| is_of_the_hub(place, case))
}

fn is_of_the_hub(place: &Path, case: &Case) -> bool {
    let Ok(git) = Folder::open(place).and_then(|f| f.child(OsStr::new(".git"))) else { return false };
    let Ok(config) = git.read(OsStr::new("config"), MAX_CONFIG) else { return false };
    let config = String::from_utf8_lossy(&config);
    let remote = |host: &str| config.lines().any(|l| l.trim().starts_with("url") && l.contains(host));
    if !(remote("huggingface.co") || remote("hf.co")) {
        return false;
    }
    // The working directory may be a clone of something else than the target.
    case.target.as_ref().is_none_or(|t| remote(&t.repo_id) || place.ends_with(&t.repo_id))
}
