//! Which certificates each client generation trusts: the operating system's store, certifi's bundle, or what a variable
//! names in its place.
//!
//! Measured with huggingface_hub 0.36, 1.33 and 2.4 on Linux: requests reads REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE and
//! else certifi; httpx reads SSL_CERT_FILE and SSL_CERT_DIR and else certifi; httpx2 reads the same variables and else the
//! operating system's store; hf_xet from 1.1.5 on reads them too and else the operating system's store.

use std::path::PathBuf;

use super::Case;
use super::clients::Generation;
use super::environment::Environment;

/// Where trusted certificates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// The operating system's store.
    System,
    /// A file of certificates in PEM form, or a folder of such files.
    Path(PathBuf),
}

/// What a client trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The client, in words.
    pub client: String,
    /// The variable that chose the store; none when it is the client's own choice.
    pub variable: Option<&'static str>,
    /// The store.
    pub store: Store,
    /// The variable that would put another store in its place.
    pub steered_by: &'static str,
    /// Whether the client is known to be installed. Otherwise a variable alone points to it.
    pub installed: bool,
}

impl Trust {
    /// `certifi's bundle /x/cacert.pem`, "`SSL_CERT_FILE`=/x", `the operating system's store`.
    pub fn words(&self) -> String {
        match (&self.variable, &self.store) {
            (Some(variable), Store::Path(path)) => format!("`{variable}`={}", path.display()),
            (None, Store::Path(path)) => format!("certifi's bundle {}", path.display()),
            (_, Store::System) => "the operating system's store".to_owned(),
        }
    }
}

/// The variables that name certificates, as they are set, in the order in which requests and OpenSSL look.
pub const VARIABLES: &[&str] = &["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The stores that the clients of a case trust.
pub fn of_clients(case: &Case) -> Vec<Trust> {
    let environment = &case.environment;
    let named = |names: &[&'static str]| named(environment, names);
    let requests = named(&["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]);
    let openssl = named(&["SSL_CERT_FILE", "SSL_CERT_DIR"]);
    let certifi = case.clients.certifi();
    let trust = |client: String, chosen: Option<(&'static str, PathBuf)>, own: Option<Store>, steered_by, installed| {
        let (variable, store) = match chosen {
            Some((variable, path)) => (Some(variable), Store::Path(path)),
            None => (None, own?),
        };
        Some(Trust { client, variable, store, steered_by, installed })
    };
    let found = match case.clients.hub {
        Some((major, minor, patch)) => {
            let client = format!("huggingface_hub {major}.{minor}.{patch}");
            let bundle = certifi.map(Store::Path);
            vec![match case.clients.generation() {
                Generation::Requests => trust(client, requests, bundle, "REQUESTS_CA_BUNDLE", true),
                Generation::Httpx => trust(client, openssl, bundle, "SSL_CERT_FILE", true),
                _ => trust(client, openssl, Some(Store::System), "SSL_CERT_FILE", true),
            }]
        }
        None => vec![
            trust("Python clients on httpx, and OpenSSL".to_owned(), openssl, None, "SSL_CERT_FILE", false),
            trust("Python clients on requests".to_owned(), requests, None, "REQUESTS_CA_BUNDLE", false),
        ],
    };
    found.into_iter().flatten().collect()
}

/// The first of these variables that is set and not empty, with its path.
fn named(environment: &Environment, names: &[&'static str]) -> Option<(&'static str, PathBuf)> {
    names.iter().find_map(|&name| {
        let value = environment.raw(name).filter(|v| !v.is_empty())?;
        // SSL_CERT_DIR may list several folders.
        let path = if name == "SSL_CERT_DIR" {
            std::env::split_paths(value).find(|p| !p.as_os_str().is_empty())?
        } else {
            PathBuf::from(value)
        };
        Some((name, path))
    })
}

/// Every path that a variable names, with the variable.
pub fn named_paths(environment: &Environment) -> Vec<(&'static str, PathBuf)> {
    VARIABLES.iter().filter_map(|name| named(environment, &[name])).collect()
}

/// Where Linux distributions and the BSDs keep the system's bundle, the most common first.
pub const SYSTEM_BUNDLES: &[&str] = &[
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pki/tls/certs/ca-bundle.crt",
    "etc/ssl/ca-bundle.pem",
    "etc/pki/tls/cacert.pem",
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "etc/ssl/cert.pem",
    "usr/local/share/certs/ca-root-nss.crt",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Limits;
    use crate::case::environment::environment_of;

    fn trusted(hub: Option<(u64, u64, u64)>, variables: &[(&str, &str)]) -> Vec<String> {
        let mut case =
            Case::new(environment_of(variables), None, None, Limits::default(), std::time::SystemTime::UNIX_EPOCH);
        case.clients.hub = hub;
        of_clients(&case).iter().map(Trust::words).collect()
    }

    #[test]
    fn each_generation_reads_its_own_variables() {
        let both = [("REQUESTS_CA_BUNDLE", "/r.pem"), ("SSL_CERT_FILE", "/s.pem")];
        assert_eq!(trusted(Some((0, 36, 2)), &both), ["`REQUESTS_CA_BUNDLE`=/r.pem"]);
        assert_eq!(trusted(Some((1, 33, 0)), &both), ["`SSL_CERT_FILE`=/s.pem"]);
        assert_eq!(trusted(Some((2, 4, 0)), &both), ["`SSL_CERT_FILE`=/s.pem"]);
        assert_eq!(trusted(Some((2, 4, 0)), &[("REQUESTS_CA_BUNDLE", "/r")]), ["the operating system's store"]);
        assert_eq!(trusted(Some((0, 36, 2)), &[("CURL_CA_BUNDLE", "/c")]), ["`CURL_CA_BUNDLE`=/c"]);
        assert_eq!(trusted(None, &[("SSL_CERT_FILE", "")]), Vec::<String>::new());
    }
}
