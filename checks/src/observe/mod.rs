//! What is asked of the world: each thing at most once, all that can run at once at once.
//!
//! An observation reports; it concludes nothing. It may wait for another one, never for a check. When the time is up,
//! what has been seen by then is what there is.

pub mod cache;
pub mod dial;
pub mod dns;
pub mod downloads;
pub mod failure;
pub mod head;
pub mod http;
pub mod hub;
pub mod integrity;
pub mod layer;
pub mod limits;
pub mod locks;
#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
pub(crate) mod made_cache;
pub mod mirror;
pub mod mounts;
pub mod network;
pub mod neutral;
pub mod owners;
pub mod processes;
pub mod proxy;
pub mod rate_limit;
pub mod route;
pub mod storage;
pub mod system_proxy;
pub mod tls;
pub mod traces;
pub mod trust;
pub mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::OnceCell;

use crate::case::Case;
pub use cache::Cache;
pub use downloads::Downloads;
pub use http::{Answer, Failure, Http};
pub use hub::{Access, OtherToken, Record, Resolve, Whoami};
pub use integrity::Integrity;
pub use locks::Locks;
pub use mirror::BesideMirror;
pub use network::{HostSeen, Network, Phases};
pub use route::Route;
pub use storage::Storage;
pub use traces::Traces;
pub use trust::Stores;
pub use volume::Volumes;

/// An observation that a check can want.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Want {
    /// Whose token it is.
    Whoami,
    /// The repository's record.
    Record,
    /// HEAD on the target's resolve URL with the token and without it.
    Resolve,
    /// The same on a public repository.
    Control,
    /// The target's resolve URL with tokens that are not the active one.
    OtherTokens,
    /// The way to the endpoint's host, phase by phase.
    Route,
    /// The hosts that serve the bytes.
    Storage,
    /// The Hub itself beside the mirror.
    BesideMirror,
    /// The certificates that this machine and its clients trust.
    Stores,
    /// Free space, inodes and the right to write of the volumes that a download needs.
    Volumes,
    /// The downloads that run on this machine.
    Downloads,
    /// What lies in the caches.
    Cache,
    /// Whether cached files are what they should be.
    Integrity,
    /// Who holds the locks of downloads.
    Locks,
    /// What a failed download left behind.
    Traces,
}

impl Want {
    /// What the person waits for, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Want::Whoami => "token",
            Want::Record => "repository",
            Want::Resolve => "file",
            Want::Control => "public file",
            Want::OtherTokens => "other tokens",
            Want::Route => "connection",
            Want::Storage => "storage",
            Want::BesideMirror => "Hub beside the mirror",
            Want::Stores => "certificates",
            Want::Volumes => "disk",
            Want::Downloads => "processes",
            Want::Cache => "cache",
            Want::Integrity => "cached files",
            Want::Locks => "locks",
            Want::Traces => "traces",
        }
    }
}

/// Told of what is still being waited for.
pub trait Progress: Send + Sync + std::fmt::Debug {
    /// The observations that have not ended.
    fn waiting_for(&self, wants: &BTreeSet<Want>);

    /// While files are hashed, ten times a second: bytes done and bytes in all.
    fn hashing(&self, done: u64, total: u64) {
        let _ = (done, total);
    }
}

/// Why something was not seen. The text ends up in a check's `because`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unseen(pub String);

/// What was seen, or why not.
pub type Seen<T> = Result<T, Unseen>;

/// All that was observed of one case.
#[derive(Debug)]
pub struct Observations {
    case: Arc<Case>,
    http: Http,
    wanted: BTreeSet<Want>,
    seconds: Mutex<BTreeMap<Want, f64>>,
    whoami: OnceCell<Seen<Whoami>>,
    record: OnceCell<Seen<Record>>,
    resolve: OnceCell<Seen<Resolve>>,
    control: OnceCell<Seen<Resolve>>,
    other_tokens: OnceCell<Seen<Vec<OtherToken>>>,
    route: OnceCell<Seen<Route>>,
    storage: OnceCell<Seen<Option<Storage>>>,
    beside_mirror: OnceCell<Seen<Option<BesideMirror>>>,
    stores: OnceCell<Seen<Arc<Stores>>>,
    volumes: OnceCell<Seen<Volumes>>,
    downloads: OnceCell<Seen<Downloads>>,
    cache: OnceCell<Seen<Cache>>,
    integrity: OnceCell<Seen<Integrity>>,
    locks: OnceCell<Seen<Locks>>,
    traces: OnceCell<Seen<Traces>>,
    meter: Arc<integrity::Meter>,
}

impl Observations {
    /// Nothing seen yet.
    pub fn none(case: Arc<Case>) -> Observations {
        Observations {
            http: Http::new(&case),
            case,
            wanted: BTreeSet::new(),
            seconds: Mutex::default(),
            whoami: OnceCell::new(),
            record: OnceCell::new(),
            resolve: OnceCell::new(),
            control: OnceCell::new(),
            other_tokens: OnceCell::new(),
            route: OnceCell::new(),
            storage: OnceCell::new(),
            beside_mirror: OnceCell::new(),
            stores: OnceCell::new(),
            volumes: OnceCell::new(),
            downloads: OnceCell::new(),
            cache: OnceCell::new(),
            integrity: OnceCell::new(),
            locks: OnceCell::new(),
            traces: OnceCell::new(),
            meter: Arc::default(),
        }
    }

    /// Makes the wanted observations at once, within the case's timeout.
    pub async fn make(case: Arc<Case>, wants: &BTreeSet<Want>, progress: Arc<dyn Progress>) -> Observations {
        let deadline = case.limits.timeout;
        let mut observations = Observations::none(case);
        observations.wanted.clone_from(wants);
        let began = Instant::now();
        let mut waiting = wants.clone();
        progress.waiting_for(&waiting);
        {
            let observations = &observations;
            // Hashing was asked for and takes what it takes: it is waited for apart from the rest.
            let hashing = observations.case.limits.verify && wants.contains(&Want::Integrity);
            let mut running: FuturesUnordered<BoxFuture<'_, Want>> = wants
                .iter()
                .filter(|&&want| !(hashing && want == Want::Integrity))
                .map(|&want| -> BoxFuture<'_, Want> {
                    Box::pin(async move {
                        observations.make_one(want).await;
                        want
                    })
                })
                .collect();
            let all = async {
                while let Some(want) = running.next().await {
                    waiting.remove(&want);
                    let mut seconds = observations.seconds.lock().unwrap_or_else(PoisonError::into_inner);
                    seconds.insert(want, began.elapsed().as_secs_f64());
                    drop(seconds);
                    progress.waiting_for(&waiting);
                }
            };
            let patient = async {
                if hashing {
                    observations.hash(progress.as_ref()).await;
                }
            };
            // What is not seen by then stays unseen, and says so.
            let _ = futures::join!(tokio::time::timeout(deadline, all), patient);
        }
        progress.waiting_for(&BTreeSet::new());
        observations
    }

    /// Waits for the hashes, however long they take, and tells how far they have come.
    async fn hash(&self, progress: &dyn Progress) {
        let tell = async {
            loop {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                let (done, total) = integrity::progress(&self.meter);
                progress.hashing(done, total);
            }
        };
        let began = Instant::now();
        tokio::select! {
            _ = self.see_integrity() => {}
            () = tell => {}
        }
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        seconds.insert(Want::Integrity, began.elapsed().as_secs_f64());
    }

    async fn make_one(&self, want: Want) {
        match want {
            Want::Whoami => {
                self.see_whoami().await;
            }
            Want::Record => {
                self.see_record().await;
            }
            Want::Resolve => {
                self.see_resolve().await;
            }
            Want::Control => {
                self.see_control().await;
            }
            Want::OtherTokens => {
                self.see_other_tokens().await;
            }
            Want::Route => {
                self.see_route().await;
            }
            Want::Storage => {
                // Boxed: it waits for others, and a future must not hold itself.
                Box::pin(self.see_storage()).await;
            }
            Want::BesideMirror => {
                self.see_beside_mirror().await;
            }
            Want::Stores => {
                self.stores.get_or_init(|| async { Ok(self.http.stores().await) }).await;
            }
            Want::Volumes => {
                self.see_volumes().await;
            }
            Want::Downloads => {
                self.see_downloads().await;
            }
            Want::Cache => {
                self.see_cache().await;
            }
            Want::Integrity => {
                self.see_integrity().await;
            }
            Want::Locks => {
                self.see_locks().await;
            }
            Want::Traces => {
                self.see_traces().await;
            }
        }
    }

    pub(crate) async fn see_whoami(&self) -> &Seen<Whoami> {
        self.whoami.get_or_init(|| hub::whoami(&self.case, &self.http)).await
    }

    pub(crate) async fn see_record(&self) -> &Seen<Record> {
        self.record.get_or_init(|| hub::record(&self.case, &self.http)).await
    }

    pub(crate) async fn see_resolve(&self) -> &Seen<Resolve> {
        self.resolve.get_or_init(|| hub::resolve_target(&self.case, &self.http)).await
    }

    pub(crate) async fn see_control(&self) -> &Seen<Resolve> {
        self.control.get_or_init(|| hub::resolve_public(&self.case, &self.http)).await
    }

    pub(crate) async fn see_other_tokens(&self) -> &Seen<Vec<OtherToken>> {
        self.other_tokens
            .get_or_init(|| async { hub::other_tokens(&self.case, &self.http, self.see_resolve().await).await })
            .await
    }

    pub(crate) async fn see_route(&self) -> &Seen<Route> {
        self.route
            .get_or_init(|| async {
                let url = hub::endpoint_url(&self.case)?;
                if self.http.is_offline() {
                    return Err(Unseen("not asked: --offline".to_owned()));
                }
                Ok(route::walk(&self.case, &self.http, &url, self.http.budget()).await)
            })
            .await
    }

    pub(crate) async fn see_storage(&self) -> &Seen<Option<Storage>> {
        self.storage.get_or_init(|| storage::look(&self.case, self, &self.http)).await
    }

    pub(crate) async fn see_beside_mirror(&self) -> &Seen<Option<BesideMirror>> {
        self.beside_mirror.get_or_init(|| mirror::look(&self.case, self, &self.http)).await
    }

    pub(crate) async fn see_volumes(&self) -> &Seen<Volumes> {
        let case = Arc::clone(&self.case);
        self.volumes.get_or_init(|| blocking("disk", move || Ok(volume::look(&case)))).await
    }

    pub(crate) async fn see_downloads(&self) -> &Seen<Downloads> {
        let endpoint = self.case.settings.endpoint.clone();
        self.downloads.get_or_init(|| blocking("processes", move || downloads::look(&endpoint))).await
    }

    pub(crate) async fn see_cache(&self) -> &Seen<Cache> {
        let case = Arc::clone(&self.case);
        self.cache.get_or_init(|| blocking("cache", move || Ok(cache::of_case(&case)))).await
    }

    pub(crate) async fn see_integrity(&self) -> &Seen<Integrity> {
        self.integrity
            .get_or_init(|| {
                let (case, meter) = (Arc::clone(&self.case), Arc::clone(&self.meter));
                blocking("cached files", move || Ok(integrity::look(&case, &meter)))
            })
            .await
    }

    pub(crate) async fn see_locks(&self) -> &Seen<Locks> {
        let case = Arc::clone(&self.case);
        self.locks.get_or_init(|| blocking("locks", move || Ok(locks::look(&case)))).await
    }

    pub(crate) async fn see_traces(&self) -> &Seen<Traces> {
        let case = Arc::clone(&self.case);
        self.traces.get_or_init(|| blocking("traces", move || Ok(traces::look(&case)))).await
    }

    /// Whose token it is.
    pub fn whoami(&self) -> Seen<&Whoami> {
        self.read(&self.whoami, Want::Whoami)
    }

    /// The repository's record.
    pub fn record(&self) -> Seen<&Record> {
        self.read(&self.record, Want::Record)
    }

    /// The target's resolve URL, with the token and without.
    pub fn resolve(&self) -> Seen<&Resolve> {
        self.read(&self.resolve, Want::Resolve)
    }

    /// A public repository's resolve URL, with the token and without.
    pub fn control(&self) -> Seen<&Resolve> {
        self.read(&self.control, Want::Control)
    }

    /// The target's resolve URL with tokens that are not the active one; empty when the active one is not refused.
    pub fn other_tokens(&self) -> Seen<&Vec<OtherToken>> {
        self.read(&self.other_tokens, Want::OtherTokens)
    }

    /// The way to the endpoint's host.
    pub fn route(&self) -> Seen<&Route> {
        self.read(&self.route, Want::Route)
    }

    /// The hosts that serve the bytes; none when the Hub serves the file itself.
    pub fn storage(&self) -> Seen<Option<&Storage>> {
        self.read(&self.storage, Want::Storage).map(Option::as_ref)
    }

    /// The Hub beside a mirror that did not give the file.
    pub fn beside_mirror(&self) -> Seen<Option<&BesideMirror>> {
        self.read(&self.beside_mirror, Want::BesideMirror).map(Option::as_ref)
    }

    /// The certificates that this machine and its clients trust.
    pub fn stores(&self) -> Seen<&Arc<Stores>> {
        self.read(&self.stores, Want::Stores)
    }

    /// The volumes.
    pub fn volumes(&self) -> Seen<&Volumes> {
        self.read(&self.volumes, Want::Volumes)
    }

    /// The downloads that run on this machine.
    pub fn downloads(&self) -> Seen<&Downloads> {
        self.read(&self.downloads, Want::Downloads)
    }

    /// What lies in the caches.
    pub fn cache(&self) -> Seen<&Cache> {
        self.read(&self.cache, Want::Cache)
    }

    /// Whether cached files are what they should be.
    pub fn integrity(&self) -> Seen<&Integrity> {
        self.read(&self.integrity, Want::Integrity)
    }

    /// Who holds the locks of downloads.
    pub fn locks(&self) -> Seen<&Locks> {
        self.read(&self.locks, Want::Locks)
    }

    /// What a failed download left behind.
    pub fn traces(&self) -> Seen<&Traces> {
        self.read(&self.traces, Want::Traces)
    }

    fn read<'a, T>(&self, cell: &'a OnceCell<Seen<T>>, want: Want) -> Seen<&'a T> {
        match cell.get() {
            Some(Ok(seen)) => Ok(seen),
            Some(Err(why)) => Err(why.clone()),
            None if self.wanted.contains(&want) => {
                Err(Unseen(format!("no answer within {} s", self.case.limits.timeout.as_secs_f64())))
            }
            None => Err(Unseen("not asked".to_owned())),
        }
    }

    /// Seconds until the last of these was seen.
    pub fn seconds_for(&self, wants: &BTreeSet<Want>) -> f64 {
        let seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        wants.iter().filter_map(|want| seconds.get(want)).copied().fold(0.0, f64::max)
    }

    /// Requests sent and hosts met.
    pub fn network(&self) -> Network {
        self.http.network()
    }
}

/// Runs work that blocks on its own thread; work that panics is something unseen, not a crash.
pub(crate) async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> Seen<T> + Send + 'static,
) -> Seen<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(seen) => seen,
        Err(error) => Err(Unseen(format!("looking at the {what} failed: {error}"))),
    }
}
