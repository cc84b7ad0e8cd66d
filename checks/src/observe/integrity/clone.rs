//! Git clones of the Hub in the working directory: without git-lfs their large files are pointers.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::header::{self, Flaw, Pointer};
use super::{Damage, Damaged, Integrity};
use crate::case::Case;
use crate::observe::cache::folder::{Folder, Kind, Meta};
use crate::observe::cache::{Bounds, neighbours};

/// Entries of all clones together that are looked at.
const MAX_ENTRIES: usize = 5_000;
/// Clones that are looked into.
const MAX_CLONES: usize = 8;
/// Pointers in a folder that is no clone.
const MAX_LOOSE: usize = 100;
/// Folders of a clone deeper than this are not entered.
const MAX_DEPTH: usize = 4;
/// A git configuration larger than this is none, in bytes.
const MAX_CONFIG: u64 = 256 * 1024;

/// Looks for pointers in the target's folder, in the working directory and in the folders in it, as far as they are clones
/// of the Hub; the first clone that has some counts.
pub fn look(case: &Case, seen: &mut Integrity, bounds: &Bounds) {
    let mut entries = 0;
    for folder in clones(case).into_iter().take(MAX_CLONES) {
        let before = seen.damaged.len();
        pointers(&folder, seen, &mut entries, bounds);
        let found = seen.damaged.len() > before;
        if found || seen.clone.is_none() {
            seen.clone = Some(folder);
        }
        if found {
            return;
        }
    }
    if let (None, Some(directory), Some(_)) = (&seen.clone, &case.environment.directory, &case.target) {
        loose(directory, seen, bounds);
    }
}

fn pointers(clone: &Path, seen: &mut Integrity, entries: &mut usize, bounds: &Bounds) {
    let Ok(top) = Folder::open(clone) else { return };
    let mut waiting = vec![(top, PathBuf::new(), 0_usize)];
    while let Some((here, prefix, depth)) = waiting.pop() {
        let mut folders = Vec::new();
        let _ = here.entries(&mut |name, kind| {
            *entries += 1;
            match kind {
                Kind::Folder if depth < MAX_DEPTH && name != ".git" => folders.push(name.to_owned()),
                Kind::File => {
                    if let Some((pointer, meta)) = pointer(&here, name) {
                        seen.damaged(damaged(&here, name, &prefix, &pointer, meta));
                    }
                }
                _ => {}
            }
            *entries < MAX_ENTRIES && bounds.go_on()
        });
        for name in folders {
            if let Ok(child) = here.child(&name) {
                waiting.push((child, prefix.join(&name), depth + 1));
            }
        }
    }
}

/// Pointers that lie in a folder that is no clone, as a copy or an unpacked archive leaves them: whose they are, their
/// content tells whoever knows the target's files.
fn loose(directory: &Path, seen: &mut Integrity, bounds: &Bounds) {
    let Ok(here) = Folder::open(directory) else { return };
    let mut entries = 0;
    let _ = here.entries(&mut |name, kind| {
        entries += 1;
        if kind == Kind::File
            && let Some((pointer, meta)) = pointer(&here, name)
        {
            let etag = Some(pointer.sha256.clone());
            let local = Some(directory.to_owned());
            seen.loose.push(Damaged { local, etag, ..damaged(&here, name, Path::new(""), &pointer, meta) });
        }
        entries < MAX_ENTRIES && seen.loose.len() < MAX_LOOSE && bounds.go_on()
    });
}

/// The pointer in a file, where it is one.
fn pointer(here: &Folder, name: &OsStr) -> Option<(Pointer, Meta)> {
    let meta = here.meta(name).ok().filter(|meta| (1..1024).contains(&meta.size))?;
    let bytes = here.read(name, 1024).ok()?;
    Some((header::pointer(&bytes)?, meta))
}

fn damaged(here: &Folder, name: &OsStr, prefix: &Path, pointer: &Pointer, meta: Meta) -> Damaged {
    Damaged {
        repository: None,
        file: prefix.join(name).to_string_lossy().into_owned(),
        path: here.path().join(name),
        link: None,
        local: None,
        etag: None,
        shared: false,
        size: meta.size,
        modified: meta.modified,
        damage: Damage::Header(Flaw::Pointer(pointer.clone())),
    }
}

/// The clones whose origin is the Hub, and the target where one is given: its own folder and the working directory first,
/// then the folders in that.
fn clones(case: &Case) -> Vec<PathBuf> {
    let Some(directory) = case.environment.directory.as_deref() else { return Vec::new() };
    let mut places = vec![directory.to_owned()];
    if let Some(target) = &case.target {
        // `git clone` names the folder by the last part of the id; people also give the folder itself.
        let id = Path::new(&target.repo_id);
        places.insert(0, directory.join(id));
        places.extend(id.file_name().map(|name| directory.join(name)));
    }
    let named = places.len();
    places.extend(neighbours(case));
    let mut clones: Vec<PathBuf> = Vec::new();
    for (number, place) in places.into_iter().enumerate() {
        let matters = origin(&place).is_some_and(|origin| is_asked_for(&origin, &place, case));
        // With git-lfs on the machine it is often on purpose that a clone has none of its large files.
        let on_purpose = number >= named && case.target.is_none() && place.join(".git").join("lfs").is_dir();
        if matters && !on_purpose && !clones.contains(&place) {
            clones.push(place);
        }
    }
    clones
}

/// The repository on the Hub that a clone comes from, as in its address: `org/name`, `datasets/org/name`.
fn origin(place: &Path) -> Option<String> {
    let git = Folder::open(place).and_then(|folder| folder.child(OsStr::new(".git"))).ok()?;
    let config = git.read(OsStr::new("config"), MAX_CONFIG).ok()?;
    remotes(&String::from_utf8_lossy(&config)).into_iter().find_map(|address| on_the_hub(&address))
}

fn is_asked_for(origin: &str, place: &Path, case: &Case) -> bool {
    // The working directory may be a clone of something else than the target.
    case.target.as_ref().is_none_or(|target| {
        let wanted = format!("{}{}", target.repo_type.prefix(), target.repo_id);
        origin.eq_ignore_ascii_case(&wanted) || place.ends_with(&target.repo_id)
    })
}

/// The addresses of the remotes in a git configuration; those of submodules are not among them.
fn remotes(config: &str) -> Vec<String> {
    let mut in_remote = false;
    let mut found = Vec::new();
    for line in config.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            in_remote = section.trim_start().to_ascii_lowercase().starts_with("remote ");
        } else if let Some((name, value)) = line.split_once('=')
            && in_remote
            && name.trim().eq_ignore_ascii_case("url")
        {
            found.push(value.trim().trim_matches('"').to_owned());
        }
    }
    found
}

/// The repository in an address of the Hub such as `https://user:token@huggingface.co/org/name.git`,
/// `ssh://git@hf.co/org/name` or `git@hf.co:org/name`; none for other hosts.
fn on_the_hub(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://").map_or((None, address), |(scheme, rest)| (Some(scheme), rest));
    let end = if scheme.is_some() { rest.find('/') } else { rest.find(':') };
    let (host, path) = rest.split_at_checked(end?)?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
    let path = path.trim_matches(['/', ':']);
    let path = path.strip_suffix(".git").unwrap_or(path);
    (matches!(host.as_str(), "huggingface.co" | "www.huggingface.co" | "hf.co") && !path.is_empty())
        .then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_of_the_hub_tells_its_repository() {
        for (address, repository) in [
            ("https://huggingface.co/a/b", "a/b"),
            ("https://ada:hf_x@huggingface.co/datasets/a/b.git", "datasets/a/b"),
            ("https://hf.co/gpt2.git", "gpt2"),
            ("git@hf.co:a/b", "a/b"),
            ("ssh://git@hf.co:22/spaces/a/b", "spaces/a/b"),
        ] {
            assert_eq!(on_the_hub(address).as_deref(), Some(repository), "{address}");
        }
        for other in [
            "https://github.com/huggingface/course",
            "https://example.org/huggingface.co/a/b",
            "git@shelf.co:a/b",
            "https://hf.co.example.org/a/b",
            "https://huggingface.co",
            "/srv/hf.co/a",
            "",
        ] {
            assert_eq!(on_the_hub(other), None, "{other}");
        }
    }

    #[test]
    fn only_remotes_are_origins() {
        let config = "[core]\n\turl = x\n[submodule \"m\"]\n\turl = https://huggingface.co/a/b\n[remote \"origin\"]\n\
                      \tURL = https://example.org/c\n\tfetch = y\n";
        assert_eq!(remotes(config), ["https://example.org/c"]);
    }

    proptest! {
        #[test]
        fn any_configuration_is_read(text in ".{0,200}") {
            for address in remotes(&text).iter().chain([&text]) {
                let _ = on_the_hub(address);
            }
        }
    }
}
