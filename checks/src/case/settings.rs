//! The Hub client's settings, resolved as huggingface_hub's `constants.py` resolves them at import.

use std::path::PathBuf;

use super::environment::Environment;
use hfdoctor_core::variable::is_true;

/// The endpoint that clients use when HF_ENDPOINT is not set.
pub const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// The resolved settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base URL without a slash at its end; [`DEFAULT_ENDPOINT`] unless HF_ENDPOINT says otherwise.
    pub endpoint: String,
    /// HF_ENDPOINT as it is set.
    pub endpoint_variable: Option<String>,
    /// Root of all: token, hub, xet, datasets.
    pub home: PathBuf,
    /// The hub cache.
    pub hub_cache: PathBuf,
    /// The Xet cache, with its logs.
    pub xet_cache: PathBuf,
    /// The datasets cache.
    pub datasets_cache: PathBuf,
    /// The token file.
    pub token_path: PathBuf,
    /// The variable that forbids requests, and its value.
    pub offline: Option<(&'static str, String)>,
    /// The variable that keeps saved tokens from being sent is on.
    pub implicit_token_disabled: bool,
    /// HF_HUB_DISABLE_XET is on.
    pub xet_disabled: bool,
    /// HF_HUB_ENABLE_HF_TRANSFER is on.
    pub hf_transfer: bool,
    /// Seconds that a client waits for a HEAD answer.
    pub etag_timeout: u64,
    /// Seconds that a client waits for bytes.
    pub download_timeout: u64,
}

impl Settings {
    /// Resolves the settings from variables alone; nothing is read from disk.
    pub fn resolve(environment: &Environment) -> Settings {
        let endpoint_variable = environment.var("HF_ENDPOINT");
        let staging = environment.switch("HUGGINGFACE_CO_STAGING");
        // The staging switch wins over HF_ENDPOINT.
        let endpoint = match endpoint_variable.as_deref().filter(|e| !e.trim().is_empty()) {
            _ if staging => "https://hub-ci.huggingface.co",
            Some(endpoint) => endpoint.trim_end_matches('/'),
            None => DEFAULT_ENDPOINT,
        };
        let user_cache =
            environment.var("XDG_CACHE_HOME").map_or_else(|| environment.expand("~").join(".cache"), PathBuf::from);
        let home = match environment.var("HF_HOME") {
            Some(home) => environment.expand(&home),
            None => environment.expand(&user_cache.join("huggingface").to_string_lossy()),
        };
        let path_or =
            |name: &str, default: PathBuf| environment.var(name).map_or(default, |value| environment.expand(&value));
        let hub_cache = path_or("HF_HUB_CACHE", path_or("HUGGINGFACE_HUB_CACHE", home.join("hub")));
        let offline = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]
            .into_iter()
            .find_map(|name| environment.non_empty(name).map(|value| (name, value)))
            .filter(|(_, value)| is_true(value));
        let seconds = |name: &str| {
            environment.var(name).and_then(|v| v.trim().parse::<u64>().ok()).filter(|s| *s > 0).unwrap_or(10)
        };
        Settings {
            endpoint: endpoint.to_owned(),
            endpoint_variable,
            hub_cache,
            // These two are taken as they are: `~` and `$NAME` in them stay.
            xet_cache: environment.var("HF_XET_CACHE").map_or_else(|| home.join("xet"), PathBuf::from),
            datasets_cache: environment.var("HF_DATASETS_CACHE").map_or_else(|| home.join("datasets"), PathBuf::from),
            token_path: path_or("HF_TOKEN_PATH", home.join("token")),
            offline,
            implicit_token_disabled: environment.switch("HF_HUB_DISABLE_IMPLICIT_TOKEN"),
            xet_disabled: environment.switch("HF_HUB_DISABLE_XET"),
            hf_transfer: environment.switch("HF_HUB_ENABLE_HF_TRANSFER"),
            etag_timeout: seconds("HF_HUB_ETAG_TIMEOUT"),
            download_timeout: seconds("HF_HUB_DOWNLOAD_TIMEOUT"),
            home,
        }
    }

    /// Whether requests go to another server than the Hub itself.
    pub fn foreign_endpoint(&self) -> bool {
        url::Url::parse(&self.endpoint)
            .ok()
            .and_then(|u| u.host_str().map(|h| !hfdoctor_core::hub::is_hub_host(h)))
            .unwrap_or(true)
    }

    /// The file beside the token file that holds all saved tokens by name.
    pub fn stored_tokens_path(&self) -> PathBuf {
        self.token_path.with_file_name("stored_tokens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::environment::environment_of;

    fn resolve(variables: &[(&str, &str)]) -> Settings {
        let mut all = vec![("HOME", "/home/ada")];
        all.extend_from_slice(variables);
        Settings::resolve(&environment_of(&all))
    }

    #[test]
    fn caches_follow_the_variables_in_the_clients_order() {
        assert_eq!(resolve(&[]).hub_cache, PathBuf::from("/home/ada/.cache/huggingface/hub"));
        assert_eq!(resolve(&[("XDG_CACHE_HOME", "/x")]).hub_cache, PathBuf::from("/x/huggingface/hub"));
        assert_eq!(resolve(&[("HF_HOME", "~/hf")]).token_path, PathBuf::from("/home/ada/hf/token"));
        assert_eq!(resolve(&[("HUGGINGFACE_HUB_CACHE", "/old")]).hub_cache, PathBuf::from("/old"));
        let both = resolve(&[("HUGGINGFACE_HUB_CACHE", "/old"), ("HF_HUB_CACHE", "/new")]);
        assert_eq!(both.hub_cache, PathBuf::from("/new"));
    }

    #[test]
    fn the_xet_cache_is_taken_as_it_is() {
        assert_eq!(resolve(&[("HF_XET_CACHE", "~/x")]).xet_cache, PathBuf::from("~/x"));
        assert_eq!(resolve(&[("HF_HOME", "~/hf")]).xet_cache, PathBuf::from("/home/ada/hf/xet"));
    }

    #[test]
    fn the_staging_switch_wins_over_the_endpoint() {
        let both = resolve(&[("HUGGINGFACE_CO_STAGING", "1"), ("HF_ENDPOINT", "https://hf-mirror.com")]);
        assert_eq!(both.endpoint, "https://hub-ci.huggingface.co");
    }

    #[test]
    fn an_empty_offline_variable_falls_through_to_the_next() {
        assert_eq!(resolve(&[("HF_HUB_OFFLINE", "")]).offline, None);
        let fallen = resolve(&[("HF_HUB_OFFLINE", ""), ("TRANSFORMERS_OFFLINE", "1")]);
        assert_eq!(fallen.offline.map(|o| o.0), Some("TRANSFORMERS_OFFLINE"));
        // A value that is set but not true hides the second variable, as Python's `or` does.
        assert_eq!(resolve(&[("HF_HUB_OFFLINE", "0"), ("TRANSFORMERS_OFFLINE", "1")]).offline, None);
    }

    #[test]
    fn the_endpoint_loses_its_slashes() {
        assert_eq!(resolve(&[("HF_ENDPOINT", "https://hf-mirror.com//")]).endpoint, "https://hf-mirror.com");
        assert!(resolve(&[("HF_ENDPOINT", "https://hf-mirror.com")]).foreign_endpoint());
        assert!(!resolve(&[]).foreign_endpoint());
        assert!(!resolve(&[("HF_ENDPOINT", "https://HF.co/")]).foreign_endpoint());
    }
}
