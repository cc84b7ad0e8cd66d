//! The table. Sources: the sources of huggingface_hub 0.36.2, 1.33.0 and 2.4.0, transformers 4.57 and 5.24, datasets 5.2, diffusers
//! 0.42 and sentence-transformers 6.2, the strings of hf_xet 1.2, 1.5 and 1.8, and the documentation of the other programs (2026-12).

use super::{Kind, Variable};

macro_rules! table {
    ($($name:literal $kind:ident $readers:literal $about:literal;)+) => {
        /// Every variable that is known to steer a download.
        pub static VARIABLES: &[Variable] =
            &[$(Variable { name: $name, kind: Kind::$kind, readers: $readers, about: $about },)+];
    };
}

table! {
    "HF_ENDPOINT" Address
        "huggingface_hub; hf-hub; llama.cpp"
        "the Hub, or the mirror in its place";
    "HUGGINGFACE_CO_RESOLVE_ENDPOINT" Address
        "transformers 4.x, diffusers"
        "the Hub, or the mirror in its place; deprecated";
    "HF_INFERENCE_ENDPOINT" Address
        "huggingface_hub"
        "the inference service";
    "MODEL_ENDPOINT" Address
        "llama.cpp"
        "the Hub, or the mirror in its place; before HF_ENDPOINT";
    "HF_HOME" Path
        "huggingface_hub; hf-hub; transformers; datasets; llama.cpp"
        "the root of token, caches and Xet data";
    "XDG_CACHE_HOME" Path
        "huggingface_hub"
        "the root below which ~/.cache/huggingface lies";
    "HF_HUB_CACHE" Path
        "huggingface_hub 0.19+; hf-hub 1.0+; llama.cpp"
        "the cache of downloaded repositories";
    "HUGGINGFACE_HUB_CACHE" Path
        "huggingface_hub; hf-hub 1.0+; llama.cpp"
        "the cache of downloaded repositories; the older name";
    "HF_ASSETS_CACHE" Path
        "huggingface_hub"
        "the cache of assets";
    "HUGGINGFACE_ASSETS_CACHE" Path
        "huggingface_hub"
        "the cache of assets";
    "HF_TOKEN_PATH" Path
        "huggingface_hub 0.23+; hf-hub 1.0+"
        "the token file";
    "HF_TOKEN" Secret
        "huggingface_hub 0.19+; transformers.js; llama.cpp; hf-hub 1.0+; text-embeddings-inference"
        "the token";
    "HUGGING_FACE_HUB_TOKEN" Secret
        "huggingface_hub; text-generation-inference"
        "the token; the older name";
    "HF_ACCESS_TOKEN" Secret
        "transformers.js"
        "the token, after HF_TOKEN";
    "HUGGINGFACEHUB_API_TOKEN" Secret
        "langchain"
        "the token; huggingface_hub does not read it";
    "HF_API_TOKEN" Secret
        "text-embeddings-inference; text-generation-inference"
        "the token; huggingface_hub does not read it";
    "HUGGINGFACE_TOKEN" Secret
        "nobody"
        "a name that huggingface_hub does not read";
    "HUGGINGFACE_HUB_TOKEN" Secret
        "nobody"
        "a name that huggingface_hub does not read";
    "HF_HUB_DISABLE_IMPLICIT_TOKEN" Switch
        "huggingface_hub; hf-hub 1.0+"
        "keeps the saved token and HF_TOKEN from being sent";
    "HF_OIDC_RESOURCE" Word
        "huggingface_hub 1.19+"
        "exchanges an identity token of the CI for a Hub token; stands above every other token";
    "HF_OIDC_ID_TOKEN" Secret
        "huggingface_hub 1.19+"
        "the identity token to exchange";
    "HF_DEVICE_CODE_OAUTH_CLIENT_ID" Text
        "huggingface_hub 1.20+"
        "the client of the login by device code, for a Hub of one's own";
    "HF_HUB_OFFLINE" Switch
        "huggingface_hub 0.20+; transformers; datasets; diffusers"
        "forbids every request";
    "TRANSFORMERS_OFFLINE" Switch
        "huggingface_hub; transformers"
        "forbids every request; the older name";
    "HF_DATASETS_OFFLINE" Switch
        "datasets"
        "forbids every request of datasets";
    "LLAMA_OFFLINE" Switch
        "llama.cpp"
        "forbids every request";
    "HF_HUB_ETAG_TIMEOUT" Word
        "huggingface_hub 0.19+"
        "seconds to wait for a file's metadata";
    "HF_HUB_DOWNLOAD_TIMEOUT" Word
        "huggingface_hub 0.19+"
        "seconds to wait for bytes; Xet has its own";
    "HF_HUB_DISABLE_SYMLINKS" Switch
        "huggingface_hub 1.9+"
        "makes copies in snapshots instead of links";
    "HF_HUB_DISABLE_SYMLINKS_WARNING" Switch
        "huggingface_hub"
        "hides a warning";
    "HF_HUB_DISABLE_EXPERIMENTAL_WARNING" Switch
        "huggingface_hub"
        "hides a warning";
    "HF_HUB_DISABLE_XET" Switch
        "huggingface_hub 0.31+"
        "takes the bytes over plain HTTPS instead of Xet";
    "HF_HUB_DISABLE_SHARED_BLOBS" Switch
        "huggingface_hub 1.32+"
        "keeps no store of blobs that repositories share";
    "HF_HUB_ENABLE_HF_TRANSFER" Switch
        "huggingface_hub 0.12 to 0.36"
        "downloads by hf_transfer; ignored since 1.0";
    "HF_HUB_LOCAL_DIR_AUTO_SYMLINK_THRESHOLD" Word
        "huggingface_hub 0.14 to 0.22"
        "size from which local folders held links; without effect today";
    "HF_HUB_DISABLE_PROGRESS_BARS" Switch
        "huggingface_hub"
        "hides the progress bars";
    "HF_HUB_DISABLE_TELEMETRY" Switch
        "huggingface_hub"
        "sends no usage data";
    "DISABLE_TELEMETRY" Switch
        "huggingface_hub"
        "sends no usage data";
    "DO_NOT_TRACK" Switch
        "huggingface_hub"
        "sends no usage data";
    "HF_HUB_DISABLE_UPDATE_CHECK" Switch
        "huggingface_hub 1.13+"
        "does not look for a newer release";
    "HF_HUB_VERBOSITY" Word
        "huggingface_hub"
        "how much is logged";
    "HF_DEBUG" Switch
        "huggingface_hub 0.30+"
        "shows full tracebacks and requests";
    "HF_HUB_USER_AGENT_ORIGIN" Text
        "huggingface_hub; hf-hub"
        "goes into the user agent; other letters than ASCII break every request";
    "HUGGINGFACE_CO_STAGING" Switch
        "huggingface_hub"
        "asks the staging Hub";
    "HF_XET_CACHE" Path
        "hf_xet"
        "the Xet client's folder: logs, shards, chunks";
    "HF_XET_HIGH_PERFORMANCE" Switch
        "huggingface_hub 1.0+; hf_xet"
        "more connections and memory for Xet";
    "HF_XET_HP" Switch
        "huggingface_hub 1.0+; hf_xet"
        "more connections and memory for Xet";
    "HF_XET_FIXED_DOWNLOAD_CONCURRENCY" Word
        "hf_xet 1.3+"
        "a fixed number of streams for downloads";
    "HF_XET_NUM_CONCURRENT_RANGE_GETS" Word
        "hf_xet up to 1.2"
        "ranges fetched at once; ignored since 1.3";
    "HF_XET_RECONSTRUCT_WRITE_SEQUENTIALLY" Switch
        "hf_xet up to 1.2"
        "writes in order, for spinning disks; ignored since 1.3";
    "HF_XET_CLIENT_RETRY_MAX_ATTEMPTS" Word
        "hf_xet"
        "how often a request is tried again";
    "HF_XET_CLIENT_RETRY_BASE_DELAY" Word
        "hf_xet"
        "the first wait before another try, with its unit";
    "HF_XET_CLIENT_RETRY_MAX_DURATION" Word
        "hf_xet"
        "the longest wait before another try, with its unit";
    "HF_XET_CLIENT_CONNECT_TIMEOUT" Word
        "hf_xet"
        "how long a connection may take, with its unit";
    "HF_XET_CLIENT_READ_TIMEOUT" Word
        "hf_xet"
        "how long bytes may take, with its unit";
    "HF_XET_CLIENT_UNIX_SOCKET_PATH" Path
        "hf_xet 1.5+"
        "a local socket that all Xet traffic takes";
    "HF_XET_CHUNK_CACHE_SIZE_BYTES" Word
        "hf_xet"
        "bytes of the chunk cache; 0 is off";
    "HF_XET_SHARD_CACHE_SIZE_LIMIT" Word
        "hf_xet"
        "the size of the shard cache";
    "HF_XET_RECONSTRUCTION_DOWNLOAD_BUFFER_SIZE" Word
        "hf_xet 1.8+"
        "memory for downloads";
    "HF_XET_RECONSTRUCTION_DOWNLOAD_BUFFER_PERFILE_SIZE" Word
        "hf_xet 1.8+"
        "memory for downloads";
    "HF_XET_RECONSTRUCTION_DOWNLOAD_BUFFER_LIMIT" Word
        "hf_xet 1.8+"
        "memory for downloads";
    "HF_XET_DISABLE_MEMORY_DERIVED_DOWNLOAD_BUFFERS" Switch
        "hf_xet 1.8+"
        "does not fit the buffers to the memory that there is";
    "HF_XET_LOG_DEST" Path
        "hf_xet"
        "where the Xet log goes";
    "HF_XET_LOG_FORMAT" Word
        "hf_xet"
        "the form of the Xet log";
    "HF_XET_LOG_PREFIX" Word
        "hf_xet"
        "the form of the Xet log";
    "HF_XET_LOG_DIR_MAX_SIZE" Word
        "hf_xet"
        "how much of old Xet logs is kept";
    "HF_XET_LOG_DIR_MAX_RETENTION_AGE" Word
        "hf_xet"
        "how much of old Xet logs is kept";
    "HF_XET_LOG_DIR_MIN_DELETION_AGE" Word
        "hf_xet"
        "how much of old Xet logs is kept";
    "HF_XET_LOG_DIR_DISABLE_CLEANUP" Switch
        "hf_xet"
        "keeps old Xet logs";
    "HF_XET_TELEMETRY_ENABLED" Switch
        "hf_xet 1.8+"
        "whether Xet sends usage data";
    "RUST_LOG" Word
        "hf_xet"
        "what is written to the Xet log";
    "TRANSFORMERS_CACHE" Path
        "transformers 4.x"
        "the cache of transformers; nobody reads it in 5.x";
    "PYTORCH_TRANSFORMERS_CACHE" Path
        "transformers 4.x"
        "the cache of transformers; nobody reads it in 5.x";
    "PYTORCH_PRETRAINED_BERT_CACHE" Path
        "transformers 4.x"
        "the cache of transformers; nobody reads it in 5.x";
    "HF_MODULES_CACHE" Path
        "transformers; datasets; diffusers"
        "code that repositories bring along";
    "DISABLE_SAFETENSORS_CONVERSION" Switch
        "transformers"
        "makes no safetensors of .bin files";
    "TRANSFORMERS_VERBOSITY" Word
        "transformers"
        "how much is logged";
    "TRANSFORMERS_NO_ADVISORY_WARNINGS" Switch
        "transformers"
        "hides warnings";
    "SENTENCE_TRANSFORMERS_HOME" Path
        "sentence-transformers"
        "the cache of sentence-transformers";
    "HF_DATASETS_CACHE" Path
        "datasets"
        "the cache of prepared datasets";
    "HF_DATASETS_DOWNLOADED_DATASETS_PATH" Path
        "datasets"
        "downloaded files of datasets";
    "HF_DATASETS_EXTRACTED_DATASETS_PATH" Path
        "datasets"
        "unpacked files of datasets";
    "HF_DATASETS_DISABLE_PROGRESS_BARS" Switch
        "datasets"
        "hides the progress bars";
    "HF_DATASETS_IN_MEMORY_MAX_SIZE" Word
        "datasets"
        "largest dataset that is held in memory";
    "HF_UPDATE_DOWNLOAD_COUNTS" Switch
        "datasets"
        "counts downloads of packaged modules";
    "DIFFUSERS_REQUEST_TIMEOUT" Word
        "diffusers"
        "seconds to wait for an answer";
    "DIFFUSERS_VERBOSITY" Word
        "diffusers"
        "how much is logged";
    "HF_ENABLE_PARALLEL_LOADING" Switch
        "transformers; diffusers"
        "loads weights with several threads";
    "HF_PARALLEL_LOADING_WORKERS" Word
        "transformers; diffusers"
        "threads that load weights";
    "TORCH_HOME" Path
        "torch.hub"
        "the root of torch.hub's cache";
    "VLLM_USE_MODELSCOPE" Switch
        "vLLM"
        "asks ModelScope instead of the Hub";
    "OLLAMA_MODELS" Path
        "ollama"
        "where models lie";
    "OLLAMA_HOST" Address
        "ollama"
        "where the server listens, and where clients ask it";
    "OLLAMA_ORIGINS" Hosts
        "ollama"
        "web pages that may ask the server";
    "OLLAMA_KEEP_ALIVE" Word
        "ollama"
        "how long a model stays in memory";
    "OLLAMA_LOAD_TIMEOUT" Word
        "ollama"
        "how long a model stays in memory";
    "OLLAMA_NUM_PARALLEL" Word
        "ollama"
        "how much runs at once";
    "OLLAMA_MAX_LOADED_MODELS" Word
        "ollama"
        "how much runs at once";
    "OLLAMA_MAX_QUEUE" Word
        "ollama"
        "how much runs at once";
    "OLLAMA_CONTEXT_LENGTH" Word
        "ollama"
        "how much runs at once";
    "OLLAMA_DEBUG" Switch
        "ollama"
        "how the server runs";
    "OLLAMA_FLASH_ATTENTION" Switch
        "ollama"
        "how the server runs";
    "OLLAMA_NOPRUNE" Switch
        "ollama"
        "how the server runs";
    "OLLAMA_NOHISTORY" Switch
        "ollama"
        "how the server runs";
    "LLAMA_CACHE" Path
        "llama.cpp"
        "the cache of downloaded models";
    "HTTP_PROXY" Address
        "nearly every client"
        "the proxy";
    "HTTPS_PROXY" Address
        "nearly every client"
        "the proxy";
    "ALL_PROXY" Address
        "nearly every client"
        "the proxy";
    "NO_PROXY" Hosts
        "nearly every client"
        "hosts that are reached without the proxy";
    "SSL_CERT_FILE" Path
        "httpx and hf_xet (huggingface_hub 1.0+); curl; OpenSSL"
        "the trusted certificates, instead of the usual ones";
    "SSL_CERT_DIR" Path
        "httpx and hf_xet (huggingface_hub 1.0+); curl; OpenSSL"
        "the trusted certificates, instead of the usual ones";
    "REQUESTS_CA_BUNDLE" Path
        "requests (huggingface_hub 0.x)"
        "the trusted certificates, instead of the usual ones";
    "CURL_CA_BUNDLE" Path
        "curl; requests"
        "the trusted certificates, instead of the usual ones";
    "GIT_SSL_CAINFO" Path
        "git"
        "the trusted certificates, instead of the usual ones";
    "NODE_EXTRA_CA_CERTS" Path
        "Node"
        "more trusted certificates";
    "NODE_USE_ENV_PROXY" Switch
        "Node 24+"
        "uses the proxy variables";
    "SSLKEYLOGFILE" Path
        "Python; curl; Node"
        "where the keys of TLS connections are written";
    "TMPDIR" Path
        "every program"
        "temporary files";
    "VIRTUAL_ENV" Path
        "Python"
        "the virtual environment that is active";
    "CONDA_PREFIX" Path
        "conda"
        "the environment that is active";
}
