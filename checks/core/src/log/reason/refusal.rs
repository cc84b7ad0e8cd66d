//! What a bare status code means, by whose host answered and what was asked for.

use super::known::{Access, access, is_local_folder};
use crate::diagnosis::Cause;
use crate::log::host::Owner;
use crate::sign::Weight;
use crate::target::Target;

/// A refused request.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is said or not, independently of the others")]
pub struct Refusal<'a> {
    /// The status.
    pub status: u16,
    /// Whose host answered; none when the line names none.
    pub owner: Option<Owner>,
    /// The path asked for.
    pub path: &'a str,
    /// The repository, as far as a line names it.
    pub target: Option<&'a Target>,
    /// Words of a gate stand near it.
    pub gate: bool,
    /// A line says that a token was sent.
    pub token_sent: bool,
    /// A line says that none was sent.
    pub anonymous: bool,
    /// The client says that the answer had no words of the Hub's.
    pub wordless: bool,
    /// The Hub says near by that it has disabled the repository, or closed it for the region.
    pub disabled: bool,
    /// The Hub's application wrote the answer, by its request id.
    pub by_application: bool,
    /// The answer is of the Hub's registry for ollama, to which no token can be given.
    pub registry: bool,
}

/// A cause, how well it is shown, and what else it may be.
pub type Meaning = (Cause, Weight, &'static [Cause]);

/// Files that a client asks for first, and that nearly every repository of its kind has: when one is missing, it is
/// rather the repository that is wrong.
const FIRST_FILES: &[&str] =
    &["config.json", "tokenizer_config.json", "model_index.json", "modules.json", "README.md", ".gitattributes"];

/// Files that loaders only probe for: nearly every repository lacks some of them.
const PROBED_FILES: &[&str] = &[
    "adapter_config.json",
    "modules.json",
    "chat_template.jinja",
    "chat_template.json",
    "processor_config.json",
    "preprocessor_config.json",
    "video_preprocessor_config.json",
    "added_tokens.json",
    "special_tokens_map.json",
    "generation_config.json",
    "model.safetensors.index.json",
    "pytorch_model.bin.index.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "custom_generate/generate.py",
    "hf_quant_config.json",
    "tokenizer.model",
    "model.onnx_data",
    "dataset_infos.json",
    ".huggingface.yaml",
];

/// Whether loaders only probe for a file, so that its absence alone explains nothing.
pub fn is_probed(file: &str) -> bool {
    PROBED_FILES.iter().any(|probed| file == *probed || file.ends_with(&format!("/{probed}")))
}

/// What a refusal means. None when the status says nothing about a download.
pub fn meaning(refusal: &Refusal<'_>) -> Option<Meaning> {
    use Cause::{
        CaptivePortal, CdnBlocked, ClientOutdated, EndpointMisconfigured, FileNotFound, GatedNoToken, GatedNotAccepted,
        HubOutage, InferenceCredits, MirrorFailure, NotADownload, PartialCache, ProviderLimit, ProxyAuth, RepoDisabled,
        RepoIdInvalid, RepoNotFound, TokenInvalid, TokenMissing, TokenScope,
    };
    let owner = refusal.owner.unwrap_or(Owner::Hub);
    if matches!(owner, Owner::Other | Owner::Local) {
        return None;
    }
    let known = refusal.target.map_or(Access::Unknown, |target| access(&target.repo_id));
    let folder = refusal.target.is_some_and(|target| is_local_folder(&target.repo_id));
    let answer: Meaning = match (refusal.status, owner) {
        (400..=499, Owner::Hub) if doubles_a_path(refusal.path) => {
            (EndpointMisconfigured, Weight::Decisive, &[RepoNotFound])
        }
        // The Hub says so of what has not the form of a token.
        (400, Owner::Hub) if refusal.path.contains("/whoami") => {
            (Cause::TokenMalformed, Weight::Symptom, &[TokenInvalid])
        }
        (400, Owner::Hub) if refusal.path.contains("/resolve/") => {
            (HubOutage, Weight::Symptom, &[Cause::TokenMalformed, CaptivePortal])
        }
        (401, Owner::Storage | Owner::Xet) => (Cause::XetClient, Weight::Symptom, &[CdnBlocked, TokenInvalid]),
        (401, Owner::Inference | Owner::Space) => (TokenInvalid, Weight::Symptom, &[TokenMissing]),
        (401, _) if refusal.gate => (GatedNoToken, Weight::Decisive, &[TokenMissing]),
        (401, _) if refusal.registry && refusal.token_sent => (TokenMissing, Weight::Symptom, &[RepoNotFound]),
        (401, _) if refusal.registry => (RepoNotFound, Weight::Symptom, &[TokenMissing, GatedNoToken]),
        (401, _) if writes(refusal.path) && !refusal.token_sent => {
            (TokenMissing, Weight::Symptom, &[TokenInvalid, TokenScope])
        }
        (401, _) if refusal.path.contains("/whoami") => (TokenInvalid, Weight::Decisive, &[TokenMissing]),
        (401, _) if known == Access::Gated && !refusal.token_sent => {
            (GatedNoToken, Weight::Symptom, &[TokenMissing, TokenInvalid])
        }
        (401, _) if known == Access::Public && !refusal.anonymous => {
            (TokenInvalid, Weight::Symptom, &[TokenMissing, RepoNotFound])
        }
        (401, _) if refusal.token_sent && !refusal.anonymous => {
            (TokenInvalid, Weight::Symptom, &[RepoNotFound, GatedNoToken])
        }
        (401, _) => (RepoNotFound, Weight::Symptom, &[TokenMissing, TokenInvalid]),
        (402, Owner::Inference | Owner::Space) => (InferenceCredits, Weight::Decisive, &[]),
        (402, _) => (NotADownload, Weight::Symptom, &[InferenceCredits]),
        (403, Owner::Storage | Owner::Xet) => (CdnBlocked, Weight::Symptom, &[Cause::XetClient]),
        (403, Owner::Mirror) => (MirrorFailure, Weight::Symptom, &[GatedNotAccepted, TokenScope]),
        (403, Owner::Inference | Owner::Space) => (TokenScope, Weight::Symptom, &[ProviderLimit]),
        (403, _) if refusal.disabled => (RepoDisabled, Weight::Decisive, &[]),
        (403, _) if refusal.gate => (GatedNotAccepted, Weight::Decisive, &[TokenScope]),
        (403, _) if refusal.wordless => (CaptivePortal, Weight::Symptom, &[ProxyAuth, Cause::ConnectionBlocked]),
        // An ungated file is refused by what stands between, not by the Hub.
        (403, Owner::Hub) if known == Access::Public && !writes(refusal.path) => {
            (CaptivePortal, Weight::Symptom, &[Cause::ConnectionBlocked, HubOutage])
        }
        (403, _) if known == Access::Gated => (GatedNotAccepted, Weight::Symptom, &[TokenScope]),
        (403, _) => (TokenScope, Weight::Symptom, &[GatedNotAccepted, CaptivePortal]),
        // What the Hub has just redirected to is there: its storage, or something in its place, fails.
        (404, Owner::Storage) => (CdnBlocked, Weight::Symptom, &[HubOutage, FileNotFound]),
        (404, Owner::Xet) => (Cause::XetClient, Weight::Symptom, &[FileNotFound]),
        (404, Owner::Inference | Owner::Space) => (NotADownload, Weight::Symptom, &[RepoNotFound]),
        (404, Owner::Mirror) if refusal.path.contains("info/refs?service=") => {
            (EndpointMisconfigured, Weight::Symptom, &[MirrorFailure, RepoNotFound])
        }
        // The bucket from before the Hub: no mirror keeps it any more.
        (404, Owner::Mirror) if refusal.path.starts_with("/hugging-face-models/") => {
            (MirrorFailure, Weight::Symptom, &[FileNotFound])
        }
        (404, _) if folder => (RepoNotFound, Weight::Symptom, &[RepoIdInvalid, FileNotFound]),
        (404, _) => missing(refusal, owner, known),
        (407, _) => (ProxyAuth, Weight::Decisive, &[]),
        (410, _) => (RepoNotFound, Weight::Symptom, &[RepoDisabled]),
        (416, Owner::Xet) => (Cause::XetClient, Weight::Symptom, &[CdnBlocked, PartialCache]),
        (416, _) => (PartialCache, Weight::Decisive, &[]),
        (451, _) => (RepoDisabled, Weight::Symptom, &[GatedNotAccepted]),
        (405, Owner::Mirror) => (MirrorFailure, Weight::Symptom, &[EndpointMisconfigured]),
        (400, Owner::Mirror) => (MirrorFailure, Weight::Symptom, &[EndpointMisconfigured, ClientOutdated]),
        (500..=599, Owner::Mirror) => (MirrorFailure, Weight::Symptom, &[HubOutage]),
        (500..=599, Owner::Inference | Owner::Space) => (ProviderLimit, Weight::Symptom, &[HubOutage, NotADownload]),
        (500..=599, Owner::Storage | Owner::Xet) => (HubOutage, Weight::Symptom, &[CdnBlocked, Cause::XetClient]),
        (500..=599, _) => (HubOutage, Weight::Symptom, &[]),
        _ => return None,
    };
    Some(answer)
}

/// Whether the API's own path stands behind another one: the endpoint was given with a path.
fn doubles_a_path(path: &str) -> bool {
    ["/api/models/", "/api/datasets/", "/api/spaces/"].iter().any(|api| path.find(api).is_some_and(|at| at > 0))
}

/// Whether a path is of those that change something at the Hub.
pub fn writes(path: &str) -> bool {
    ["/api/repos/", "/commit/", "/preupload/", "/branch/", "/tag/", "/discussions"]
        .iter()
        .any(|part| path.contains(part))
}

/// A 404: the repository's, the revision's or the file's.
fn missing(refusal: &Refusal<'_>, owner: Owner, known: Access) -> Meaning {
    use Cause::{FileNotFound, MirrorFailure, RepoNotFound, RevisionNotFound};
    let file = refusal.target.and_then(|target| target.file.as_deref());
    let at_a_mirror = owner == Owner::Mirror;
    match file {
        // A mirror that hands on what the Hub says hands on its request id and its words, too: this is the mirror's own.
        _ if at_a_mirror && !refusal.by_application => match file {
            Some(_) => (MirrorFailure, Weight::Symptom, &[FileNotFound, RepoNotFound]),
            None => (MirrorFailure, Weight::Symptom, &[RepoNotFound, FileNotFound]),
        },
        None if known == Access::Public && !refusal.path.contains("/api/") => {
            (FileNotFound, Weight::Symptom, &[RepoNotFound, RevisionNotFound])
        }
        Some(file) if !FIRST_FILES.contains(&file.rsplit('/').next().unwrap_or(file)) => (
            FileNotFound,
            Weight::Symptom,
            if at_a_mirror { &[MirrorFailure, RepoNotFound] } else { &[RepoNotFound, RevisionNotFound] },
        ),
        _ => (
            RepoNotFound,
            Weight::Symptom,
            if at_a_mirror { &[MirrorFailure, FileNotFound] } else { &[FileNotFound, RevisionNotFound] },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::extract::target_of;

    #[test]
    fn a_status_means_what_host_and_path_make_of_it() {
        let table = [
            (401, Owner::Hub, "/meta-llama/x/resolve/main/config.json", Some(Cause::GatedNoToken)),
            (401, Owner::Hub, "/BAAI/x/resolve/main/config.json", Some(Cause::TokenInvalid)),
            (401, Owner::Hub, "/ada/x/resolve/main/config.json", Some(Cause::RepoNotFound)),
            (401, Owner::Hub, "/api/whoami-v2", Some(Cause::TokenInvalid)),
            (402, Owner::Inference, "/v1/chat", Some(Cause::InferenceCredits)),
            (402, Owner::Hub, "/api/repos/create", Some(Cause::NotADownload)),
            (403, Owner::Storage, "/xet-bridge-us/x", Some(Cause::CdnBlocked)),
            (403, Owner::Hub, "/meta-llama/x/resolve/main/config.json", Some(Cause::GatedNotAccepted)),
            (404, Owner::Hub, "/ada/x/resolve/main/x-00001.gguf", Some(Cause::FileNotFound)),
            (404, Owner::Hub, "/ada/x/resolve/main/config.json", Some(Cause::RepoNotFound)),
            (404, Owner::Hub, "/api/models/ada/x", Some(Cause::RepoNotFound)),
            (416, Owner::Storage, "/x", Some(Cause::PartialCache)),
            (503, Owner::Hub, "/x", Some(Cause::HubOutage)),
            (503, Owner::Mirror, "/x", Some(Cause::MirrorFailure)),
            (404, Owner::Mirror, "/ada/x/resolve/main/x-00001.gguf", Some(Cause::MirrorFailure)),
            (404, Owner::Mirror, "/api/models/ada/x", Some(Cause::MirrorFailure)),
            (503, Owner::Other, "/x", None),
            (404, Owner::Local, "/x", None),
            (418, Owner::Hub, "/x", None),
        ];
        for (status, owner, path, cause) in table {
            let target = target_of(path);
            let refusal = Refusal { status, owner: Some(owner), path, target: target.as_ref(), ..Refusal::default() };
            assert_eq!(meaning(&refusal).map(|m| m.0), cause, "{status} {owner:?} {path}");
        }
        let target = target_of("/ada/x/resolve/main/x-00001.gguf");
        let handed_on = Refusal {
            status: 404,
            owner: Some(Owner::Mirror),
            target: target.as_ref(),
            by_application: true,
            ..Refusal::default()
        };
        assert_eq!(meaning(&handed_on).map(|m| m.0), Some(Cause::FileNotFound));
    }
}
