//! Whose host a name or an address in a log is.

/// Whose host it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// The Hub's application: huggingface.co, hf.co.
    Hub,
    /// What serves the bytes: LFS storage and CDN.
    Storage,
    /// The Xet service: content-addressed storage and its transfer host.
    Xet,
    /// Inference: router, serverless API, Endpoints.
    Inference,
    /// A running Space.
    Space,
    /// A known mirror or registry that speaks the Hub's API in its stead.
    Mirror,
    /// This machine or its network: a loopback or private address, a name without a dot.
    Local,
    /// Anything else.
    Other,
}

impl Owner {
    /// Whether the host belongs to Hugging Face's download path.
    pub fn is_download(self) -> bool {
        matches!(self, Owner::Hub | Owner::Storage | Owner::Xet)
    }
}

/// Mirrors and registries that people name in HF_ENDPOINT.
const MIRRORS: &[&str] = &[
    "hf-mirror",
    "hub.opencsg.com",
    "aifasthub",
    "gitee.com",
    "ai-gitee",
    "hf.mirror",
    "huggingface.mirror",
    "mirrors.tuna",
];

/// Whose host this is, by its name alone.
pub fn owner(host: &str) -> Owner {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let within = |suffix: &str| host.ends_with(suffix);
    if MIRRORS.iter().any(|mirror| host.contains(mirror)) {
        return Owner::Mirror;
    }
    if matches!(
        host.as_str(),
        "huggingface.co" | "hf.co" | "www.huggingface.co" | "hub-ci.huggingface.co" | "datasets-server.huggingface.co"
    ) {
        return Owner::Hub;
    }
    // ollama's own library is fetched as the Hub's models are, over the same way
    if within("registry.ollama.ai") || host == "ollama.com" {
        return Owner::Hub;
    }
    if within("xethub.hf.co") || within("xethub-eu.hf.co") {
        return if host.starts_with("cas-bridge") { Owner::Storage } else { Owner::Xet };
    }
    if within("router.huggingface.co")
        || within("api-inference.huggingface.co")
        || within("endpoints.huggingface.cloud")
        || within("huggingface.cloud")
    {
        return Owner::Inference;
    }
    if within(".hf.space") {
        return Owner::Space;
    }
    if within(".hf.co") || (host.starts_with("cdn-lfs") && within(".huggingface.co")) {
        return Owner::Storage;
    }
    if within(".huggingface.co") || within(".huggingface.tech") {
        return Owner::Hub;
    }
    if is_local(&host) { Owner::Local } else { Owner::Other }
}

fn is_local(host: &str) -> bool {
    if host == "localhost" || host == "::1" || host == "[::1]" || host == "0.0.0.0" || !host.contains('.') {
        return true;
    }
    match host.parse::<std::net::Ipv4Addr>() {
        Ok(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Err(_) => false,
    }
}

/// Whether a path of a URL is one that only the Hub's API has: the host then is a Hub or stands for one.
pub fn is_hub_path(path: &str) -> bool {
    ["/api/models/", "/api/datasets/", "/api/spaces/", "/xet-read-token/", "/api/resolve-cache/", "/api/whoami"]
        .iter()
        .any(|part| path.contains(part))
        || (path.contains("/resolve/") && path.matches('/').count() >= 4)
        || path.contains("/huggingfaceml/")
        || path.contains("/hf-proxy/")
        // the bucket of transformers before 4
        || path.starts_with("/hugging-face-models/")
        || path.contains("huggingface/api/")
        || (path.starts_with("/hf/") && path.contains(".git/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_owners() {
        let table = [
            ("huggingface.co", Owner::Hub),
            ("HF.co", Owner::Hub),
            ("cdn-lfs.huggingface.co", Owner::Storage),
            ("cdn-lfs-us-1.hf.co", Owner::Storage),
            ("us.aws.cdn.hf.co", Owner::Storage),
            ("cas-bridge.xethub.hf.co", Owner::Storage),
            ("cas-server.xethub.hf.co", Owner::Xet),
            ("router.huggingface.co", Owner::Inference),
            ("x.us-east-1.aws.endpoints.huggingface.cloud", Owner::Inference),
            ("a-b.hf.space", Owner::Space),
            ("hf-mirror.com", Owner::Mirror),
            ("cdn-lfs.hf-mirror.com", Owner::Mirror),
            ("127.0.0.1", Owner::Local),
            ("postgres", Owner::Local),
            ("www.python.org", Owner::Other),
            ("huggingface.co.evil.example", Owner::Other),
        ];
        for (host, expected) in table {
            assert_eq!(owner(host), expected, "{host}");
        }
    }

    #[test]
    fn only_the_hubs_paths_are_the_hubs() {
        assert!(is_hub_path("/repository/hf/api/models/a/b"));
        assert!(is_hub_path("/a/b/resolve/main/c.json"));
        assert!(!is_hub_path("/simple/requests/"));
    }
}
