//! The trust stores of this machine, loaded: the operating system's, and what the installed clients use in its place.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::tls::Roots;
use crate::case::Environment;
use crate::case::trust::{self, SYSTEM_BUNDLES, Store, Trust};

/// The largest bundle that is read, in bytes.
const MAX_BUNDLE: u64 = 16 * 1024 * 1024;
/// The most files of a folder that are read.
const MAX_FILES: usize = 2000;

/// The trust stores of a case.
#[derive(Debug, Clone, Default)]
pub struct Stores {
    /// The operating system's store.
    pub system: Roots,
    /// The file that holds the operating system's store, where it is one file.
    pub system_bundle: Option<PathBuf>,
    /// What each client trusts.
    pub clients: Vec<(Trust, Result<Roots, Unloadable>)>,
    /// All paths that variables name, whoever reads them, that cannot be used.
    pub unusable: Vec<(&'static str, Unloadable)>,
    /// All of them together: what the doctor's own requests trust, since some client of this machine does.
    pub combined: Roots,
}

/// Why a bundle cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unloadable {
    /// Nothing lies there.
    Missing(PathBuf),
    /// It cannot be read.
    Unreadable(PathBuf, String),
    /// There is no certificate in it.
    Empty(PathBuf),
}

impl std::fmt::Display for Unloadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unloadable::Missing(path) => write!(f, "{} does not exist", path.display()),
            Unloadable::Unreadable(path, why) => write!(f, "{} cannot be read: {why}", path.display()),
            Unloadable::Empty(path) => write!(f, "{} holds no certificate in PEM form", path.display()),
        }
    }
}

/// Loads the stores, with those that the clients trust. Blocks.
pub fn load(environment: &Environment, clients: &[Trust]) -> Stores {
    let named = trust::named_paths(environment);
    let (system, system_bundle) = system_store(environment, named.iter().any(|(name, _)| name.starts_with("SSL_CERT")));
    let mut loaded = Loaded::default();
    if let Some(path) = &system_bundle {
        loaded.0.insert(path.clone(), Ok(system.clone()));
    }
    let clients: Vec<(Trust, Result<Roots, Unloadable>)> = clients
        .iter()
        .cloned()
        .map(|trust| {
            let roots = match &trust.store {
                Store::System => Ok(system.clone()),
                Store::Path(path) => loaded.of(path),
            };
            (trust, roots)
        })
        .collect();
    let mut unusable = Vec::new();
    let mut combined = system.clone();
    for (name, path) in named {
        match loaded.of(&path) {
            Ok(roots) => combined = combined.and(&roots),
            Err(why) => unusable.push((name, why)),
        }
    }
    Stores { system, system_bundle, clients, unusable, combined }
}

/// The paths that were read: several variables mostly name the same.
#[derive(Default)]
struct Loaded(HashMap<PathBuf, Result<Roots, Unloadable>>);

impl Loaded {
    fn of(&mut self, path: &Path) -> Result<Roots, Unloadable> {
        if let Some(known) = self.0.get(path) {
            return known.clone();
        }
        let roots = bundle(path).map(Roots::new);
        self.0.insert(path.to_owned(), roots.clone());
        roots
    }
}

/// The operating system's store, without regard to the variables that would put another in its place.
fn system_store(environment: &Environment, replaced: bool) -> (Roots, Option<PathBuf>) {
    let bundles = SYSTEM_BUNDLES.iter().map(|path| environment.system_file(path));
    let found = bundles.filter(|path| path.is_file()).find_map(|path| {
        let certificates = bundle(&path).ok()?;
        Some((Roots::new(certificates), Some(path)))
    });
    match found {
        Some(found) => found,
        // macOS and Windows keep it elsewhere. With the variables set, that would be read in its place.
        None if replaced => (Roots::new(Vec::new()), None),
        None => (Roots::new(rustls_native_certs::load_native_certs().certs), None),
    }
}

/// Reads a bundle's certificates, or those of a folder's files.
pub fn bundle(path: &Path) -> Result<Vec<CertificateDer<'static>>, Unloadable> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Unloadable::Missing(path.to_owned()),
        _ => Unloadable::Unreadable(path.to_owned(), super::dial::plain_words(&error)),
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    let certificates = if metadata.is_dir() {
        let entries = std::fs::read_dir(path).map_err(unreadable)?;
        let files = entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_file()).take(MAX_FILES);
        // Folders of certificates hold each of them under several names.
        let mut all: Vec<_> = files.filter_map(|file| file_certificates(&file).ok()).flatten().collect();
        all.sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));
        all.dedup();
        all
    } else if metadata.is_file() {
        file_certificates(path).map_err(unreadable)?
    } else {
        return Err(Unloadable::Unreadable(path.to_owned(), "it is no file".to_owned()));
    };
    if certificates.is_empty() { Err(Unloadable::Empty(path.to_owned())) } else { Ok(certificates) }
}

fn file_certificates(path: &Path) -> std::io::Result<Vec<CertificateDer<'static>>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BUNDLE).read_to_end(&mut bytes)?;
    Ok(CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bundle_says_why_it_cannot_be_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("none.pem");
        assert_eq!(bundle(&missing).expect_err("missing"), Unloadable::Missing(missing));
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "no certificate").expect("written");
        assert_eq!(bundle(&empty).expect_err("empty"), Unloadable::Empty(empty));
        assert_eq!(bundle(folder.path()).expect_err("empty"), Unloadable::Empty(folder.path().to_owned()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_bundle_has_a_clear_outcome(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("x.pem");
            let mut text = b"-----BEGIN CERTIFICATE-----\n".to_vec();
            text.extend_from_slice(&bytes);
            std::fs::write(&path, text).expect("written");
            let _ = bundle(&path);
        }

        #[test]
        fn any_certificate_has_a_clear_outcome(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let der = CertificateDer::from(bytes);
            let _ = super::super::tls::Certificate::parse(&der);
            let roots = Roots::new(vec![der.clone()]);
            let judged = super::super::tls::verify(&[der], "huggingface.co", &roots, std::time::SystemTime::now());
            prop_assert!(judged.is_err());
        }
    }
}
