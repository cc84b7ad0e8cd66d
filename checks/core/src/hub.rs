//! The Hub's own names.

/// Whether a host is the Hub's own: the hosts that huggingface_hub 2.4.0 sends a token to by itself.
pub fn is_hub_host(host: &str) -> bool {
    ["huggingface.co", "hf.co", "hub-ci.huggingface.co"].iter().any(|h| host.eq_ignore_ascii_case(h))
}
