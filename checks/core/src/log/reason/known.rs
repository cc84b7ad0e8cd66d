//! Repositories that are known to be gated or public. A weak hint: it decides only where the answer says nothing else.

/// What is commonly known of a repository's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its licence must be accepted.
    Gated,
    /// Anybody may read it.
    Public,
    /// Nothing is known.
    Unknown,
}

/// Beginnings of ids whose repositories are gated.
const GATED: &[&str] = &[
    "meta-llama/",
    "google/gemma",
    "google/codegemma",
    "google/paligemma",
    "google/recurrentgemma",
    "google/shieldgemma",
    "google/medgemma",
    "google/txgemma",
    "google/datagemma",
    "google/embeddinggemma",
    "google/t5gemma",
    "mistralai/",
    "pyannote/",
    "black-forest-labs/flux.1-dev",
    "black-forest-labs/flux.1-schnell",
    "black-forest-labs/flux.1-kontext",
    "black-forest-labs/flux.1-fill",
    "black-forest-labs/flux.2-dev",
    "stabilityai/stable-diffusion-3",
    "stabilityai/stable-audio",
    "stabilityai/stable-video",
    "cohereforai/",
    "coherelabs/",
    "bigcode/starcoder",
    "bigcode/the-stack",
    "facebook/sam3",
    "facebook/dinov3",
    "facebook/chameleon",
    "facebook/seamless",
    "databricks/dbrx",
    "tiiuae/falcon-180b",
    "mozilla-foundation/common_voice",
    "imagenet-1k",
    "ilsvrc/imagenet-1k",
    "idavidrein/gpqa",
    "lmsys/lmsys-chat",
    "cais/hle",
];

/// Beginnings of ids whose repositories are public.
const PUBLIC: &[&str] = &[
    "baai/",
    "sentence-transformers/",
    "openai-community/",
    "openai/whisper",
    "openai/clip",
    "google-bert/",
    "google-t5/",
    "google/flan",
    "google/vit",
    "google/mt5",
    "facebookai/",
    "facebook/opt",
    "facebook/bart",
    "facebook/wav2vec2",
    "distilbert/",
    "qwen/",
    "microsoft/",
    "intfloat/",
    "thenlper/",
    "xenova/",
    "systran/",
    "cross-encoder/",
    "huggingfacetb/",
    "huggingfacefw/",
    "huggingfaceh4/",
    "eleutherai/",
    "thebloke/",
    "bartowski/",
    "unsloth/",
    "deepseek-ai/",
    "tinyllama/",
    "allenai/",
    "bigscience/",
    "nomic-ai/",
    "mixedbread-ai/",
    "prajjwal1/",
    "hf-internal-testing/",
    "laion/",
    "onnx-community/",
    "lerobot/",
    "ggerganov/",
    "ggml-org/",
    "lmstudio-community/",
    "mlx-community/",
    "mradermacher/",
    "rhasspy/",
    "hexgrad/",
    "comfy-org/",
    "kijai/",
    "city96/",
    "lllyasviel/",
    "h94/",
    "timm/",
    "docling-project/",
    "ds4sd/",
    "opendatalab/",
    "jinaai/",
    "snowflake/",
    "ibm-granite/",
    "zai-org/",
    "openbmb/",
    "internlm/",
];

/// Names without a namespace that are public.
const CANONICAL: &[&str] = &[
    "gpt2",
    "bert-base-uncased",
    "bert-base-cased",
    "roberta-base",
    "distilbert-base-uncased",
    "t5-small",
    "t5-base",
    "squad",
    "glue",
    "imdb",
    "xlm-roberta-base",
];

/// What is commonly known of a repository's access.
pub fn access(repo_id: &str) -> Access {
    let id = repo_id.to_ascii_lowercase();
    if GATED.iter().any(|known| id.starts_with(known)) {
        Access::Gated
    } else if PUBLIC.iter().any(|known| id.starts_with(known)) || CANONICAL.contains(&id.as_str()) {
        Access::Public
    } else {
        Access::Unknown
    }
}

/// Whether an id looks like a folder on this machine that was taken for a repository.
pub fn is_local_folder(repo_id: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "outputs",
        "output",
        "checkpoints",
        "checkpoint",
        "ckpt",
        "ckpts",
        "results",
        "runs",
        "saves",
        "saved_models",
        "saved_model",
        "logs",
        "exp",
        "experiments",
        "work_dirs",
        "tmp",
        "temp",
        "models",
        "weights",
        "data",
        "local",
        "pretrained",
        "finetuned",
        "trained_models",
        "lora",
        "adapters",
        "home",
        "mnt",
        "root",
        "workspace",
        "content",
        "drive",
        "model_cache",
        "cache",
        "artifacts",
        "users",
        "opt",
        "srv",
        "var",
        "save",
        "trained",
        "merged",
    ];
    let first = repo_id.split(['/', '\\']).next().unwrap_or(repo_id);
    repo_id.starts_with(['.', '/', '~', '\\'])
        || repo_id.contains('\\')
        || repo_id.get(1..3) == Some(":/")
        || repo_id.matches('/').count() > 1
        || (repo_id.contains('/') && FOLDERS.contains(&first.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_known_of_few() {
        assert_eq!(access("meta-llama/Llama-3.1-8B"), Access::Gated);
        assert_eq!(access("BAAI/bge-m3"), Access::Public);
        assert_eq!(access("ada/model"), Access::Unknown);
        assert_eq!(access("gpt2"), Access::Public);
    }

    #[test]
    fn folders_are_told_from_ids() {
        for folder in ["./x", "/a/b", "outputs/run1", "C:/x", "a/b/c", r"D:\x"] {
            assert!(is_local_folder(folder), "{folder}");
        }
        for id in ["ada/model", "gpt2", "data2vec/base"] {
            assert!(!is_local_folder(id), "{id}");
        }
    }
}
