//! The family of the program that failed, by the words that only it prints.

use std::sync::LazyLock;

use regex::Regex;

use super::Known;

/// Programs that read the same settings and are mended by the same commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// huggingface_hub, `hf`, and what stands on top of them: transformers, datasets, diffusers, vLLM and others.
    Python,
    /// ollama.
    Ollama,
    /// llama.cpp and its relatives.
    LlamaCpp,
    /// Programs with a window of their own: LM Studio, Jan and others.
    Desktop,
    /// Rust programs on hf-hub: text-embeddings-inference, candle, mistral.rs.
    Rust,
    /// Node, transformers.js.
    Node,
    /// A browser.
    Browser,
    /// git and git-lfs.
    Git,
    /// curl.
    Curl,
    /// wget.
    Wget,
    /// aria2.
    Aria2,
    /// PowerShell's own commands.
    PowerShell,
    /// Programs in Go.
    Go,
    /// Programs in Java and its relatives.
    Java,
    /// Programs in .NET.
    DotNet,
    /// Programs in Swift.
    Swift,
    /// A program that nothing names.
    Other,
}

/// Every family, in the order in which a person is told of them.
pub const FAMILIES: &[Family] = &[
    Family::Python,
    Family::Ollama,
    Family::LlamaCpp,
    Family::Desktop,
    Family::Rust,
    Family::Node,
    Family::Browser,
    Family::Git,
    Family::Curl,
    Family::Wget,
    Family::Aria2,
    Family::PowerShell,
    Family::Go,
    Family::Java,
    Family::DotNet,
    Family::Swift,
    Family::Other,
];

impl Family {
    /// The family's name.
    pub fn name(self) -> &'static str {
        match self {
            Family::Python => "huggingface_hub",
            Family::Ollama => "ollama",
            Family::LlamaCpp => "llama.cpp",
            Family::Desktop => "the app",
            Family::Rust => "the Rust client",
            Family::Node => "Node",
            Family::Browser => "the browser",
            Family::Git => "git",
            Family::Curl => "curl",
            Family::Wget => "wget",
            Family::Aria2 => "aria2",
            Family::PowerShell => "PowerShell",
            Family::Go => "the Go client",
            Family::Java => "the Java client",
            Family::DotNet => "the .NET client",
            Family::Swift => "the Swift client",
            Family::Other => "the client",
        }
    }

    /// Whether the family reads a variable. Sources: see `docs/clients.md`.
    pub fn reads(self, variable: &str) -> bool {
        let proxy =
            matches!(variable.to_ascii_uppercase().as_str(), "HTTP_PROXY" | "HTTPS_PROXY" | "ALL_PROXY" | "NO_PROXY");
        match self {
            Family::Python => true,
            Family::Ollama => proxy || variable.starts_with("OLLAMA_") || variable == "SSL_CERT_FILE",
            Family::LlamaCpp => {
                matches!(
                    variable,
                    "HF_TOKEN"
                        | "HF_ENDPOINT"
                        | "MODEL_ENDPOINT"
                        | "LLAMA_CACHE"
                        | "LLAMA_OFFLINE"
                        | "HF_HOME"
                        | "HF_HUB_CACHE"
                )
            }
            Family::Rust => proxy || matches!(variable, "HF_HOME" | "HF_ENDPOINT" | "HF_TOKEN" | "SSL_CERT_FILE"),
            Family::Node => matches!(variable, "HF_TOKEN" | "NODE_EXTRA_CA_CERTS" | "NODE_USE_ENV_PROXY") || proxy,
            Family::Curl | Family::Wget | Family::Aria2 | Family::Git => proxy || variable == "SSL_CERT_FILE",
            Family::Go => proxy || matches!(variable, "SSL_CERT_FILE" | "SSL_CERT_DIR"),
            Family::Desktop
            | Family::Browser
            | Family::PowerShell
            | Family::Java
            | Family::DotNet
            | Family::Swift
            | Family::Other => false,
        }
    }
}

/// Words by which a family is known, in lower case, the most telling first; of two families the one named first here wins
/// where both show themselves equally often.
const WORDS: &[(Family, &[&str])] = &[
    (
        Family::Ollama,
        &[
            "ollama run",
            "ollama pull",
            "pull model manifest",
            "pulling manifest",
            "registry.ollama.ai",
            "ollama serve",
            "ollama[",
            "ollama.",
        ],
    ),
    (
        Family::LlamaCpp,
        &[
            "llama-server",
            "llama-cli",
            "llama.cpp",
            "llama_",
            "common_download",
            "get_repo_commit",
            "httplib failed",
            "common_init",
            "common_params",
            "gguf_init_from_file",
            "koboldcpp",
            "localai",
            "cortex.cpp",
            "llamafile",
            "libcurl",
            "no gguf files found",
            "gguf_",
        ],
    ),
    (
        Family::Desktop,
        &[
            "lm studio",
            "lmstudio",
            "jan.ai",
            "janhq",
            "com.jan",
            "gpt4all",
            "msty",
            "anythingllm",
            "tauri",
            "electron",
            "flutter",
            "vibe",
        ],
    ),
    (
        Family::Rust,
        &[
            "hf_hub::",
            "hf-hub",
            "request error:",
            "text_embeddings",
            "text-embeddings-router",
            "candle",
            "mistralrs",
            "mistral.rs",
            "ureq",
            "thread 'main' panicked",
            ".rs:",
            "cargo run",
            "apierror",
            "reqwesterror",
            "tokio-runtime-worker",
        ],
    ),
    (
        Family::Node,
        &[
            "typeerror: fetch failed",
            "undici",
            "node:internal",
            "transformers.js",
            "@huggingface/",
            "@xenova/",
            "axioserror",
            "axios",
            "node_modules",
            "und_err_",
            "    at async",
            "npm err",
            "npm error",
            ".mjs:",
            "file:///",
        ],
    ),
    (
        Family::Git,
        &[
            "git clone",
            "git lfs",
            "git push",
            "git pull",
            "cloning into",
            "git-lfs",
            "smudge filter",
            "batch response",
            "fatal: ",
            "remote: ",
            "lfs: ",
        ],
    ),
    (Family::Curl, &["curl: (", "curl -", "* connected to", "% total    % received"]),
    (Family::Wget, &["wget ", "http request sent, awaiting response", "unable to establish ssl", "saving to: "]),
    (Family::Aria2, &["aria2", "errorcode=", "cuid#"]),
    (Family::PowerShell, &["invoke-webrequest", "iwr ", "start-bitstransfer", "invoke-restmethod", "+ categoryinfo"]),
    (Family::Java, &["java.", "exception in thread", "javax.", "pkix path", "\tat ", "djl", "okhttp"]),
    (Family::DotNet, &["system.net.http", "httprequestexception", "--- end of inner exception", "llamasharp"]),
    (Family::Swift, &["nsurlerrordomain", "urlerror", "swift", "nserror", "cfnetwork"]),
    (
        Family::Browser,
        &[
            "net::err_",
            "err_cert",
            "dns_probe",
            "your connection is not private",
            "this site can",
            "err_name_not",
            "err_connection",
        ],
    ),
    (Family::Go, &["dial tcp", "x509:", "proxyconnect tcp", "goroutine ", "net/http", ".go:", "docker model"]),
];

/// Words of Python and of what stands on top of huggingface_hub.
const PYTHON: &[&str] = &[
    "traceback (most recent call last)",
    "site-packages",
    "dist-packages",
    "huggingface_hub",
    "huggingface-cli",
    "hf download",
    "hf auth",
    "hf_hub_download",
    "snapshot_download",
    "from_pretrained",
    "requests.exceptions",
    "urllib3",
    "httpx.",
    "httpx2.",
    "httpcore",
    "localentrynotfounderror",
    "repositorynotfounderror",
    "gatedrepoerror",
    "hfhubhttperror",
    "load_dataset",
    "datasets.",
    "transformers.",
    "hf_xet",
    "xet storage",
    "cas service error",
    "data processing error",
    "fetching ",
    "oserror:",
    "valueerror:",
    "runtimeerror:",
    "connectionerror:",
    "ssl.c:",
    "file \"",
    "max retries exceeded with url",
    "we couldn't connect to",
    "maxretryerror",
    ".safetensors: ",
    "modulenotfounderror",
    "diffusers",
    "sentence-transformers",
    "sentence_transformers",
    "vllm",
    "comfyui",
    "hf_transfer",
    "error: access denied. model",
    "filelock",
];

/// The family that a log shows, and how it is known.
pub(super) fn family(text: &str, command: Option<&str>) -> (Family, Known) {
    if let Some(family) = command.and_then(of_command) {
        return (family, Known::Log);
    }
    let lower = text.to_ascii_lowercase();
    let hits = |words: &[&str]| words.iter().filter(|word| lower.contains(*word)).count();
    let python = hits(PYTHON);
    let best = WORDS
        .iter()
        .map(|(family, words)| (*family, hits(words)))
        .fold((Family::Other, 0), |best, next| if next.1 > best.1 { next } else { best });
    // A traceback is Python's, whatever it quotes.
    let traced = lower.contains("traceback (most recent call last)") || lower.contains("site-packages");
    match (python, best) {
        (0, (_, 0)) => (Family::Other, Known::Assumed),
        (n, (family, m)) if n == 0 || (m > n && !traced) => (family, Known::Log),
        _ => (Family::Python, Known::Log),
    }
}

/// The family of the program that a command calls; none for one that calls others, such as a script.
fn of_command(command: &str) -> Option<Family> {
    let mut words = command.split_whitespace().skip_while(|word| {
        (word.contains('=') && !word.starts_with('-'))
            || matches!(*word, "sudo" | "env" | "time" | "nohup" | "exec" | "!" | "$")
    });
    let program = words.next()?.trim_start_matches('!');
    let program = program.rsplit(['/', '\\']).next().unwrap_or(program).trim_end_matches(".exe").to_ascii_lowercase();
    Some(match program.as_str() {
        "hf" | "huggingface-cli" | "vllm" | "transformers-cli" | "transformers" => Family::Python,
        "ollama" => Family::Ollama,
        "llama-server" | "llama-cli" | "llama-run" | "llama-quantize" | "koboldcpp" | "local-ai" | "llamafile" => {
            Family::LlamaCpp
        }
        "git" | "git-lfs" => Family::Git,
        "curl" => Family::Curl,
        "wget" => Family::Wget,
        "aria2c" => Family::Aria2,
        "node" | "npm" | "npx" | "yarn" | "pnpm" | "bun" | "deno" => Family::Node,
        "cargo" | "text-embeddings-router" | "mistralrs-server" | "mistralrs" => Family::Rust,
        "invoke-webrequest" | "iwr" | "start-bitstransfer" | "invoke-restmethod" => Family::PowerShell,
        _ => return None,
    })
}

static HUB_VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i-u)huggingface[_-]hub(?:==| version: |: v?| v|/|-| )([0-9]+)\.([0-9]+)(?:\.([0-9]+))?")
        .expect("a constant pattern")
});

/// The version of huggingface_hub that a log names last.
pub(super) fn hub_version(text: &str) -> Option<(u64, u64, u64)> {
    let found = HUB_VERSION.captures_iter(text).last()?;
    let number = |group: usize| found.get(group).map_or(Some(0), |m| m.as_str().parse().ok());
    Some((number(1)?, number(2)?, number(3)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_known_by_its_words() {
        for (text, family) in [
            ("$ ollama run hf.co/org/name\npulling manifest\nError: pull model manifest: 401", Family::Ollama),
            (
                "common_download_file_single: HTTPLIB failed: Could not establish connection\nllama-server: error",
                Family::LlamaCpp,
            ),
            ("Traceback (most recent call last):\n  File \"a.py\"\nrequests.exceptions.SSLError: x", Family::Python),
            ("TypeError: fetch failed\n    at node:internal/deps/undici/undici:1", Family::Node),
            ("fatal: unable to access 'https://huggingface.co/a/b/': x", Family::Git),
            ("curl: (60) SSL certificate problem", Family::Curl),
            ("thread 'main' panicked at src/main.rs:5: request error: https://huggingface.co", Family::Rust),
            (
                "Exception in thread \"main\" javax.net.ssl.SSLHandshakeException: PKIX path building failed",
                Family::Java,
            ),
            ("Get \"https://huggingface.co/x\": dial tcp: lookup huggingface.co: no such host", Family::Go),
            ("something happened", Family::Other),
        ] {
            assert_eq!(super::family(text, None).0, family, "{text}");
        }
        assert_eq!(
            super::family("Traceback", Some("HF_HUB_OFFLINE=0 wget -c https://huggingface.co/x")).0,
            Family::Wget
        );
        assert_eq!(super::family("Traceback (most recent call last):", Some("python run.py")).0, Family::Python);
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(hub_version("huggingface_hub==0.36.2\n- huggingface_hub version: 1.2.3"), Some((1, 2, 3)));
        assert_eq!(hub_version("nothing"), None);
    }
}
