//! The ref of the revision that is asked for, and its snapshot: without the network nothing else leads to the files.

use super::{RepoName, download_command};
use crate::case::Case;
use crate::check::Conclusion;
use crate::observe::Cache;
use crate::observe::cache::RefFlaw;
use hfdoctor_core::diagnosis::{Bearing, Cause, Certainty, Finding, Fix, Source};
use hfdoctor_core::text::shell::{in_line, quoted, shown};

/// What is wrong with the ref, when the client stumbles over it; what it mends by itself is a note.
///
/// Online the client writes the ref anew after it has compared it, for which it must be text. Offline it takes all of the
/// content for the name of the snapshot. Source: `_cache_commit_hash_for_specific_revision` and `try_to_load_from_cache`
/// in huggingface_hub `file_download.py`.
pub fn judge(case: &Case, cache: &Cache, conclusion: &mut Conclusion) -> Option<Finding> {
    let target = case.target.as_ref()?;
    let cached = cache.target.as_ref()?;
    if let Some(place) = &cached.linked_to {
        let (link, place) = (shown(&cached.folder), shown(place));
        conclusion
            .notes
            .push(format!("{link} is a link to {place}: of what lies there, only the files' contents were looked at"));
        return None;
    }
    let revision = target.revision();
    let path = cached.folder.join("refs").join(revision);
    let offline = case.settings.offline.as_ref();
    let what = match (cached.ref_flaw, &cached.commit) {
        (Some(RefFlaw::Empty), _) => "is empty".to_owned(),
        (Some(RefFlaw::Blanks), _) => "has blanks or a line end beside its commit".to_owned(),
        (Some(RefFlaw::NoCommit), _) => "holds no commit".to_owned(),
        (Some(RefFlaw::NoText), _) => "holds bytes that are no text".to_owned(),
        (None, Some(commit)) if cached.exists && !cached.has_snapshot && cached.refs.contains_key(revision) => {
            format!("names the commit {}, of which there is no snapshot", commit.get(..12).unwrap_or(commit))
        }
        _ => return None,
    };
    let name = RepoName { kind: target.repo_type, id: target.repo_id.clone() };
    let revision = in_line(revision);
    let fails_online = cached.ref_flaw == Some(RefFlaw::NoText);
    let (summary, fix) = match offline {
        Some((variable, value)) => (
            format!(
                "the ref `{revision}` of {name} {what}: with `{variable}={value}` nothing in the cache is found by it"
            ),
            Fix::manual("write-ref", "let the client write the ref anew, with the network")
                .command(format!("{variable}=0 {}", download_command(case, &name, target.file.as_deref()))),
        ),
        None if fails_online => (
            format!("the ref `{revision}` of {name} {what}: the client fails to read it"),
            Fix::manual("remove-ref", "remove the ref: the client writes it anew")
                .command(format!("rm {}", quoted(&path)))
                .command(download_command(case, &name, target.file.as_deref())),
        ),
        None => {
            if cached.ref_flaw.is_some() {
                conclusion.notes.push(format!("the ref `{revision}` of {name} {what}: the client writes it anew"));
            }
            return None;
        }
    };
    let finding = Finding::new(Cause::PartialCache, Certainty::Confirmed, summary)
        .bearing(Bearing::Failure)
        .saw(Source::Disk, format!("{} {what}", shown(&path)));
    Some(finding.fix(fix))
}
