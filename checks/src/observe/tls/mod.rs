//! TLS handshakes that record what the server presents, and the judgement of certificate chains.
//!
//! A probe's handshake takes any certificate, so that an intercepting one can be shown; no secret is ever sent over it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rustls::CertificateError;
use rustls::RootCertStore;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::client::TlsStream;

use super::dial::{milliseconds, plain_words, seconds};

mod verifiers;

use verifiers::Recorder;
pub use verifiers::Strict;

/// A chain as the server presents it, its own certificate first.
pub type Chain = Vec<CertificateDer<'static>>;

/// Trusted certificates.
#[derive(Debug, Clone, Default)]
pub struct Roots(Arc<Trusted>);

#[derive(Debug, Default)]
struct Trusted {
    certificates: Vec<CertificateDer<'static>>,
    /// What path building needs of them, made when a chain is first judged: offline none is.
    store: OnceLock<Arc<RootCertStore>>,
}

impl Roots {
    /// From certificates; those that cannot be parsed trust nothing.
    pub fn new(certificates: Vec<CertificateDer<'static>>) -> Roots {
        Roots(Arc::new(Trusted { certificates, store: OnceLock::new() }))
    }

    /// How many certificates there are.
    pub fn len(&self) -> usize {
        self.0.certificates.len()
    }

    /// Whether nothing is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.certificates.is_empty()
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Roots) -> Roots {
        let known: HashSet<&[u8]> = self.0.certificates.iter().map(AsRef::as_ref).collect();
        let more: Vec<_> = other.0.certificates.iter().filter(|c| !known.contains(c.as_ref())).cloned().collect();
        if more.is_empty() {
            return self.clone();
        }
        Roots::new(self.0.certificates.iter().cloned().chain(more).collect())
    }

    fn store(&self) -> Arc<RootCertStore> {
        let parse = || {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(self.0.certificates.iter().cloned());
            Arc::new(store)
        };
        Arc::clone(self.0.store.get_or_init(parse))
    }
}

/// Why a chain is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
    /// No trusted certificate stands above it.
    UnknownIssuer,
    /// It would be trusted, but its time is over.
    Expired,
    /// It would be trusted, but its time has not come.
    NotYetValid,
    /// It would be trusted for other names.
    WrongName,
    /// Anything else.
    Other(String),
}

impl std::fmt::Display for Distrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Distrust::UnknownIssuer => f.write_str("its issuer is not trusted"),
            Distrust::Expired => f.write_str("it has expired"),
            Distrust::NotYetValid => f.write_str("it is not yet valid"),
            Distrust::WrongName => f.write_str("it is for other names"),
            Distrust::Other(why) => f.write_str(why),
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Judges a chain for a host at a time.
///
/// A certificate that itself lies in the trust store is trusted as OpenSSL trusts it, though it is no authority's.
pub fn verify(chain: &[CertificateDer<'_>], host: &str, roots: &Roots, at: SystemTime) -> Result<(), Distrust> {
    let Some((leaf, intermediates)) = chain.split_first() else {
        return Err(Distrust::Other("the server presents no certificate".to_owned()));
    };
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| Distrust::Other(format!("`{host}` is no host name")))?;
    let unix =
        |time: SystemTime| UnixTime::since_unix_epoch(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    let parsed = ParsedCertificate::try_from(leaf)
        .map_err(|e| Distrust::Other(format!("the certificate cannot be read: {e}")))?;
    let summary = Certificate::parse(leaf);
    let itself_trusted = roots.0.certificates.iter().any(|c| c.as_ref() == leaf.as_ref());
    if itself_trusted && let Some(summary) = &summary {
        verify_server_name(&parsed, &name).map_err(|_| Distrust::WrongName)?;
        return summary.in_dates(at);
    }
    let store = roots.store();
    if store.is_empty() {
        return Err(Distrust::UnknownIssuer);
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(store, provider())
        .build()
        .map_err(|error| Distrust::Other(error.to_string()))?;
    let Err(error) = verifier.verify_server_cert(leaf, intermediates, &name, &[], unix(at)) else { return Ok(()) };
    // Which single thing is wrong: the issuer is asked about at a time when all that was presented is valid.
    let within = chain
        .iter()
        .filter_map(|der| Certificate::parse(der))
        .map(|c| c.not_before)
        .max()
        .map_or(at, |latest| latest.checked_add(Duration::from_secs(1)).unwrap_or(latest));
    let then = verifier.verify_server_cert(leaf, intermediates, &name, &[], unix(within));
    match then.as_ref().err().unwrap_or(&error) {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Err(Distrust::WrongName),
        _ if then.is_ok() => Err(match summary.map(|s| s.in_dates(at)) {
            Some(Err(dates)) => dates,
            // The certificate is valid, one above it is not.
            _ if within > at => Distrust::NotYetValid,
            _ => Distrust::Expired,
        }),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            Err(Distrust::UnknownIssuer)
        }
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Err(Distrust::Expired)
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => Err(Distrust::NotYetValid),
        // A self-signed certificate that claims to be an authority is one whose issuer nobody trusts.
        rustls::Error::InvalidCertificate(CertificateError::Other(_)) => Err(Distrust::UnknownIssuer),
        other => Err(Distrust::Other(other.to_string())),
    }
}

/// Whether the server's own certificate is made out to a host, whoever signed it.
pub fn names_host(chain: &[CertificateDer<'_>], host: &str) -> bool {
    let (Some(leaf), Ok(name)) = (chain.first(), ServerName::try_from(host.to_owned())) else { return false };
    ParsedCertificate::try_from(leaf).is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
}

/// What matters of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Its names.
    pub names: Vec<String>,
    /// First moment of its time.
    pub not_before: SystemTime,
    /// Last moment of its time.
    pub not_after: SystemTime,
    /// Whether it signed itself, by its names.
    pub self_signed: bool,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

impl Certificate {
    /// Reads a certificate; none when its bytes are none.
    pub fn parse(der: &CertificateDer<'_>) -> Option<Certificate> {
        let (_, parsed) = x509_parser::parse_x509_certificate(der.as_ref()).ok()?;
        let names = parsed
            .subject_alternative_name()
            .ok()
            .flatten()
            .map(|extension| {
                extension.value.general_names.iter().take(32).map(|name| clean(&name.to_string())).collect()
            })
            .unwrap_or_default();
        let time = |seconds: i64| match u64::try_from(seconds) {
            Ok(seconds) => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
            Err(_) => Some(SystemTime::UNIX_EPOCH),
        };
        Some(Certificate {
            subject: clean(&parsed.subject().to_string()),
            issuer: clean(&parsed.issuer().to_string()),
            names,
            not_before: time(parsed.validity().not_before.timestamp())?,
            not_after: time(parsed.validity().not_after.timestamp())?,
            self_signed: parsed.subject().as_raw() == parsed.issuer().as_raw(),
            sha256: hex(&Sha256::digest(der.as_ref())),
        })
    }

    fn in_dates(&self, at: SystemTime) -> Result<(), Distrust> {
        if at < self.not_before {
            Err(Distrust::NotYetValid)
        } else if at > self.not_after {
            Err(Distrust::Expired)
        } else {
            Ok(())
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Foreign text on one line and of bounded length.
pub fn clean(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    line.trim().to_owned()
}

/// Why a handshake did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFault {
    /// The connection was reset after the first message.
    Reset,
    /// It was closed without a word.
    Closed,
    /// Nothing came.
    Silent(Duration),
    /// What came is no TLS: mostly plain HTTP.
    NotTls,
    /// The server says no, in TLS's word for it.
    Alert(String),
    /// No protocol version or cipher in common.
    Incompatible(String),
    /// Anything else.
    Other(String),
}

impl std::fmt::Display for TlsFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TlsFault::Reset => f.write_str("connection reset during the handshake"),
            TlsFault::Closed => f.write_str("connection closed during the handshake"),
            TlsFault::Silent(after) => write!(f, "no answer to the handshake within {}", seconds(*after)),
            TlsFault::NotTls => f.write_str("the answer is no TLS"),
            TlsFault::Alert(word) => write!(f, "TLS alert `{word}`"),
            TlsFault::Incompatible(why) => write!(f, "no protocol version or cipher in common: {why}"),
            TlsFault::Other(why) => f.write_str(why),
        }
    }
}

impl TlsFault {
    pub(crate) fn from_io(error: &std::io::Error) -> TlsFault {
        use std::io::ErrorKind as Kind;
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return TlsFault::from_rustls(tls);
        }
        match error.kind() {
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => TlsFault::Reset,
            Kind::UnexpectedEof => TlsFault::Closed,
            _ => TlsFault::Other(plain_words(error)),
        }
    }

    pub(crate) fn from_rustls(error: &rustls::Error) -> TlsFault {
        match error {
            rustls::Error::AlertReceived(alert) => TlsFault::Alert(format!("{alert:?}")),
            rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
            rustls::Error::PeerIncompatible(why) => TlsFault::Incompatible(format!("{why:?}")),
            other => TlsFault::Other(other.to_string()),
        }
    }
}

/// What a handshake showed.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// What the server presented, also when the handshake failed later.
    pub chain: Chain,
    /// Milliseconds of the handshake.
    pub milliseconds: f64,
    /// `TLSv1_3` and the like.
    pub version: Option<String>,
}

/// Whether the host's name goes into the first message, in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sni {
    /// As every client does it.
    Named,
    /// The control experiment.
    Withheld,
}

/// Shakes hands with any server and records what it presents.
///
/// The stream is for requests without secrets only: nobody has checked who the server is.
pub async fn handshake<S>(stream: S, host: &str, sni: Sni, within: Duration) -> (Shown, Result<TlsStream<S>, TlsFault>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(name) = ServerName::try_from(host.to_owned()) else {
        return (Shown::default(), Err(TlsFault::Other(format!("`{host}` is no host name"))));
    };
    let recorder = Arc::new(Recorder { provider: provider(), chain: Mutex::default() });
    let config =
        rustls::ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map(|builder| {
            builder.dangerous().with_custom_certificate_verifier(Arc::clone(&recorder) as _).with_no_client_auth()
        });
    let mut config = match config {
        Ok(config) => config,
        Err(error) => return (Shown::default(), Err(TlsFault::Other(error.to_string()))),
    };
    config.enable_sni = sni == Sni::Named;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let began = Instant::now();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let outcome = match tokio::time::timeout(within, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(TlsFault::from_io(&error)),
        Err(_) => Err(TlsFault::Silent(within)),
    };
    let version = outcome.as_ref().ok().and_then(|s| s.get_ref().1.protocol_version()).map(|v| format!("{v:?}"));
    let chain = std::mem::take(&mut *recorder.chain.lock().unwrap_or_else(PoisonError::into_inner));
    (Shown { chain, milliseconds: milliseconds(began), version }, outcome)
}
