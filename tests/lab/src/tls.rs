//! Certificates: a test authority made at start, leaves of it with each common fault, and a company's interception.

use std::collections::BTreeMap;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum CertKind {
    /// Nothing: issued by the test authority for the right names.
    #[default]
    Good,
    /// Expired thirty days ago.
    Expired,
    /// Valid from thirty days hence, as a clock that lags sees it.
    NotYetValid,
    /// Issued for `wrong.example`.
    WrongName,
    /// Signed by itself.
    SelfSigned,
    /// Issued by the intermediate "Corporate Proxy CA" of a root that the test authority's file does not hold.
    Intercepted,
    /// No certificate at all: the handshake ends with an alert.
    Refused,
}

/// A root certificate with its key, able to issue.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

fn authority_params(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, "hfdoctor laboratory");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.not_before = OffsetDateTime::now_utc() - Duration::days(365);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(3650);
    Ok(params)
}

impl Authority {
    /// A new root of that name.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn root(name: &str) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let params = authority_params(name)?;
        let certificate = params.self_signed(&key)?;
        Ok(Self { der: certificate.der().clone(), pem: certificate.pem(), issuer: Issuer::new(params, key) })
    }

    /// An intermediate authority issued by this one.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn intermediate(&self, name: &str) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let params = authority_params(name)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Self { der: certificate.der().clone(), pem: certificate.pem(), issuer: Issuer::new(params, key) })
    }

    /// The root as PEM, for `SSL_CERT_FILE` and its like.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    fn leaf(&self, names: &[String], days: (i64, i64), chain: &[&Self]) -> Result<CertifiedKey, TlsError> {
        let key = KeyPair::generate()?;
        let certificate = leaf_params(names, days)?.signed_by(&key, &self.issuer)?;
        let certificates =
            std::iter::once(certificate.der().clone()).chain(chain.iter().map(|above| above.der.clone()));
        certified(certificates.collect(), &key)
    }
}

fn leaf_params(names: &[String], (from, until): (i64, i64)) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name.push(DnType::CommonName, names.first().map_or("nobody", String::as_str));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = OffsetDateTime::now_utc() + Duration::days(from);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(until);
    Ok(params)
}

fn certified(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Result<CertifiedKey, TlsError> {
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok(CertifiedKey::new(chain, ring::sign::any_supported_type(&der)?))
}

/// What can go wrong while certificates are made.
#[derive(Debug)]
pub enum TlsError {
    /// Making a certificate.
    Make(rcgen::Error),
    /// Taking it into use.
    Use(rustls::Error),
}

impl std::fmt::Display for TlsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Make(error) => write!(f, "making a certificate: {error}"),
            Self::Use(error) => write!(f, "using a certificate: {error}"),
        }
    }
}

impl std::error::Error for TlsError {}

impl From<rcgen::Error> for TlsError {
    fn from(error: rcgen::Error) -> Self {
        Self::Make(error)
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self::Use(error)
    }
}

/// The test authority and the company's.
#[derive(Debug)]
pub struct Pki {
    /// Issues every good certificate; its PEM is what a client is told to trust.
    pub lab: Authority,
    /// The company's root, which a client trusts only if the scenario says so.
    pub corporate: Authority,
    proxy: Authority,
}

impl Pki {
    /// New authorities.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn new() -> Result<Self, TlsError> {
        let corporate = Authority::root("Corporate Root CA")?;
        let proxy = corporate.intermediate("Corporate Proxy CA")?;
        Ok(Self { lab: Authority::root("hfdoctor lab CA")?, corporate, proxy })
    }

    /// A server certificate of that kind for those names; none for [`CertKind::Refused`].
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn certificate(&self, kind: CertKind, names: &[String]) -> Result<Option<Arc<CertifiedKey>>, TlsError> {
        const VALID: (i64, i64) = (-30, 300);
        let key = match kind {
            CertKind::Good => self.lab.leaf(names, VALID, &[])?,
            CertKind::Expired => self.lab.leaf(names, (-300, -30), &[])?,
            CertKind::NotYetValid => self.lab.leaf(names, (30, 300), &[])?,
            CertKind::WrongName => self.lab.leaf(&["wrong.example".into()], VALID, &[])?,
            CertKind::Intercepted => self.proxy.leaf(names, VALID, &[&self.proxy])?,
            CertKind::SelfSigned => {
                let key = KeyPair::generate()?;
                let certificate = leaf_params(names, VALID)?.self_signed(&key)?;
                certified(vec![certificate.der().clone()], &key)?
            }
            CertKind::Refused => return Ok(None),
        };
        Ok(Some(Arc::new(key)))
    }

    /// A server that shows good certificates, except for the hosts named.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn server(&self, names: &[String], kinds: &BTreeMap<String, CertKind>) -> Result<Arc<ServerConfig>, TlsError> {
        let mut special = BTreeMap::new();
        for (host, kind) in kinds {
            let names = if host == "*" { names.to_vec() } else { vec![host.clone()] };
            special.insert(host.clone(), self.certificate(*kind, &names)?);
        }
        let chooser = BySni { usual: self.certificate(CertKind::Good, names)?, special };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(chooser));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// Chooses a certificate by the name the client asks for; `*` stands for every name.
#[derive(Debug)]
struct BySni {
    usual: Option<Arc<CertifiedKey>>,
    special: BTreeMap<String, Option<Arc<CertifiedKey>>>,
}

impl ResolvesServerCert for BySni {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().unwrap_or_default();
        self.special.get(name).or_else(|| self.special.get("*")).unwrap_or(&self.usual).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_made() {
        let pki = Pki::new().unwrap();
        let names = ["huggingface.co".to_owned(), "127.0.0.1".to_owned()];
        for kind in [
            CertKind::Good,
            CertKind::Expired,
            CertKind::NotYetValid,
            CertKind::WrongName,
            CertKind::SelfSigned,
            CertKind::Intercepted,
        ] {
            let key = pki.certificate(kind, &names).unwrap().unwrap();
            assert_eq!(key.cert.len(), if kind == CertKind::Intercepted { 2 } else { 1 }, "{kind:?}");
        }
        assert!(pki.certificate(CertKind::Refused, &names).unwrap().is_none());
        assert!(pki.lab.pem().contains("BEGIN CERTIFICATE"));
    }
}
