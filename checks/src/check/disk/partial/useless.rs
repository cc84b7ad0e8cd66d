//! Partial files that nobody reads again.

use crate::case::Case;
use crate::observe::Cache;
use crate::observe::cache::need::{Resumes, resumes};
use crate::observe::cache::{Partial, PartialKind};
use hfdoctor_core::diagnosis::{Action, Fix, Risk};
use hfdoctor_core::text::measure::{count, size};
use hfdoctor_core::text::shell::quoted;

/// Whether a partial file is of no use to the installed client, and no process writes it.
pub fn is_useless(case: &Case, partial: &Partial) -> bool {
    let read_again = match partial.kind {
        PartialKind::Unique | PartialKind::Temporary | PartialKind::Datasets => false,
        PartialKind::Plain => resumes(case) != Resumes::No && !partial.complete_beside,
        // Other programs go on with theirs.
        PartialKind::RustPart | PartialKind::LlamaCpp => !partial.complete_beside,
        // It tidies up by itself when it starts.
        PartialKind::Ollama => true,
    };
    !read_again && partial.idle && partial.held_by.is_none()
}

/// Moves partial files that nobody reads again out of the way.
pub fn clear_partials(case: &Case, cache: &Cache) -> Option<Fix> {
    let useless: Vec<&Partial> = cache.partials.list.iter().filter(|p| is_useless(case, p)).collect();
    let bytes: u64 = useless.iter().map(|p| p.allocated).sum();
    let mut roots: Vec<_> = useless.iter().map(|p| &p.root).collect();
    roots.sort();
    roots.dedup();
    let actions: Vec<Action> = roots
        .into_iter()
        .map(|root| Action::Quarantine {
            root: root.clone(),
            paths: useless.iter().filter(|p| &p.root == root).map(|p| p.path.clone()).collect(),
        })
        .collect();
    if useless.is_empty() {
        return None;
    }
    // Without a client on this machine another one, in a container say, may still know what to do with a plain name.
    let sure = useless.iter().all(|p| p.kind != PartialKind::Plain || p.complete_beside || case.clients.hub.is_some());
    let risk = if sure { Risk::Safe } else { Risk::Ask };
    let title = format!(
        "clear away {} that no client reads again ({})",
        count(useless.len() as u64, "partial file"),
        size(bytes)
    );
    let mut fix = Fix::automatic("clear-partial-files", risk, title, actions);
    for partial in useless.iter().take(8) {
        fix = fix.command(format!("rm {}", quoted(&partial.path)));
    }
    Some(fix)
}
