//! Whether an action may be done at all.

use std::path::{Path, PathBuf};

use hfdoctor_checks::case::token::IGNORED_NAMES;
use hfdoctor_core::diagnosis::Action;

use super::super::world::FixWorld;
use super::super::{quarantine, shell_env, token_bytes};

/// Whether an action may be done at all.
pub(super) fn sound(world: &FixWorld, action: &Action) -> Result<(), String> {
    match action {
        Action::SetVariable { name, value } => may_set(name, Some(value)),
        Action::UnsetVariable { name } => may_set(name, None),
        Action::Quarantine { root, paths } | Action::Discard { root, paths } | Action::GrantOwner { root, paths } => {
            in_a_cache(world, root, paths.iter())
        }
        _ => Ok(()),
    }
}

/// Whether paths lie where files may be moved, deleted or have their rights changed: in a cache root, or in the corner
/// that clients keep in a folder which the person downloads to.
pub(crate) fn in_a_cache<'a>(
    world: &FixWorld,
    root: &Path,
    mut paths: impl Iterator<Item = &'a PathBuf>,
) -> Result<(), String> {
    let is_root = world.cache_roots.iter().any(|known| same_folder(known, root));
    let corners = quarantine::LOCAL_CORNERS.map(|corner| root.join(corner));
    if is_root || paths.all(|path| corners.iter().any(|corner| path.starts_with(corner))) {
        Ok(())
    } else {
        Err(format!("{} is no cache root", world.show(root)))
    }
}

fn same_folder(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Whether a variable may be written to a shell's file: never a token, never what a shell cannot read back.
pub(crate) fn may_set(name: &str, value: Option<&str>) -> Result<(), String> {
    if !shell_env::is_name(name) {
        return Err(format!("`{name}` is no name of a variable"));
    }
    let Some(value) = value else { return Ok(()) };
    let holds_tokens = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"].contains(&name) || IGNORED_NAMES.contains(&name);
    if holds_tokens || token_bytes::check(value).is_ok() {
        return Err("a token never goes into a shell's file".to_owned());
    }
    if !shell_env::is_value(value) {
        return Err(format!("the value for `{name}` has characters that no line can hold"));
    }
    Ok(())
}
