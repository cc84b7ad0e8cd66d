//! What is asked of the world: each thing at most once, all that can run at once at once.
//!
//! An observation reports; it concludes nothing. It may wait for another one, never for a check. When the time is up,
//! what has been seen by then is what there is.

pub mod answer;
pub mod cache;
pub mod connections;
pub mod dial;
pub mod dns;
pub mod downloads;
pub mod failure;
pub mod head;
pub mod http;
pub mod hub;
pub mod integrity;
pub mod large_file;
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
pub mod obstacles;
pub mod other_mirror;
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
pub mod xet;

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
pub use large_file::LargeFile;
pub use locks::Locks;
pub use mirror::BesideMirror;
pub use network::{HostSeen, Network, Phases};
pub use other_mirror::OtherMirror;
pub use route::Route;
pub use storage::Storage;
pub use traces::Traces;
pub use trust::Stores;
pub use volume::Volumes;

/// Makes, from one table, all that the observations have in common: the name by which a check wants one, the words by
/// which the person is told of it, the cell that keeps it and the reader that checks use.
macro_rules! observations {
    ($( $(#[doc = $about:literal])+ $want:ident = $words:literal: $cell:ident, $see:ident -> $seen:ty; )+) => {
        /// An observation that a check can want.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Want {
            $( $(#[doc = $about])+ $want, )+
        }

        impl Want {
            /// What the person waits for, in a few words.
            pub fn words(self) -> &'static str {
                match self {
                    $( Want::$want => $words, )+
                }
            }
        }

        /// What has been seen so far, and why the rest was not.
        #[derive(Debug, Default)]
        struct Cells {
            $( $cell: OnceCell<Seen<$seen>>, )+
        }

        impl Observations {
            async fn make_one(&self, want: Want) {
                match want {
                    // Boxed: some wait for others, and a future must not hold itself.
                    $( Want::$want => { Box::pin(self.$see()).await; } )+
                }
            }

            $(
                $(#[doc = $about])+
                pub fn $cell(&self) -> Seen<&$seen> {
                    self.read(&self.cells.$cell, Want::$want)
                }
            )+
        }
    };
}

observations! {
    /// Whose token it is.
    Whoami = "token": whoami, see_whoami -> Whoami;
    /// The repository's record.
    Record = "repository": record, see_record -> Record;
    /// HEAD on the target's resolve URL, with the token and without it.
    Resolve = "file": resolve, see_resolve -> Resolve;
    /// The same on a public repository.
    Control = "public file": control, see_control -> Resolve;
    /// The target's resolve URL with tokens that are not the active one; empty when the active one is not refused.
    OtherTokens = "other tokens": other_tokens, see_other_tokens -> Vec<OtherToken>;
    /// The way to the endpoint's host, phase by phase.
    Route = "connection": route, see_route -> Route;
    /// HEAD on a file of the target that lies in storage; none when it has no such file.
    LargeFile = "large file": large_file, see_large_file -> Option<LargeFile>;
    /// The hosts that serve the bytes; none when the Hub serves the file itself.
    Storage = "storage": storage, see_storage -> Option<Storage>;
    /// The Hub itself beside a mirror that did not give the file.
    BesideMirror = "Hub beside the mirror": beside_mirror, see_beside_mirror -> Option<BesideMirror>;
    /// A mirror that might stand in for a Hub that cannot be reached.
    OtherMirror = "mirror": other_mirror, see_other_mirror -> Option<OtherMirror>;
    /// The certificates that this machine and its clients trust.
    Stores = "certificates": stores, see_stores -> Arc<Stores>;
    /// Free space, inodes and the right to write of the volumes that a download needs.
    Volumes = "disk": volumes, see_volumes -> Volumes;
    /// What stands where folders of the target's repository should be in the hub cache.
    Obstacles = "folders": obstacles, see_obstacles -> Vec<volume::Obstacle>;
    /// The downloads that run on this machine.
    Downloads = "processes": downloads, see_downloads -> Downloads;
    /// What lies in the caches.
    Cache = "cache": cache, see_cache -> Cache;
    /// Whether cached files are what they should be.
    Integrity = "cached files": integrity, see_integrity -> Integrity;
    /// Who holds the locks of downloads.
    Locks = "locks": locks, see_locks -> Locks;
    /// What a failed download left behind.
    Traces = "traces": traces, see_traces -> Traces;
}

/// Told of what is still being waited for.
pub trait Progress: Send + Sync + std::fmt::Debug {
    /// The observations that have not ended.
    fn waiting_for(&self, wants: &BTreeSet<Want>);

    /// While files are hashed, ten times a second: bytes done and bytes in all.
    fn hashing(&self, done: u64, total: u64) {
        let _ = (done, total);
    }

    /// Whether the person wants the hashing to end early; what it has found by then is reported.
    fn stops_hashing(&self) -> bool {
        false
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
    cells: Cells,
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
            cells: Cells::default(),
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
                if progress.stops_hashing() {
                    self.meter.stop.store(true, std::sync::atomic::Ordering::Relaxed);
                }
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

    pub(crate) async fn see_whoami(&self) -> &Seen<Whoami> {
        self.cells.whoami.get_or_init(|| hub::whoami(&self.case, &self.http)).await
    }

    pub(crate) async fn see_record(&self) -> &Seen<Record> {
        self.cells.record.get_or_init(|| hub::record(&self.case, &self.http)).await
    }

    pub(crate) async fn see_resolve(&self) -> &Seen<Resolve> {
        self.cells.resolve.get_or_init(|| hub::resolve_target(&self.case, &self.http)).await
    }

    pub(crate) async fn see_control(&self) -> &Seen<Resolve> {
        self.cells.control.get_or_init(|| hub::resolve_public(&self.case, &self.http)).await
    }

    pub(crate) async fn see_other_tokens(&self) -> &Seen<Vec<OtherToken>> {
        self.cells
            .other_tokens
            .get_or_init(|| async { hub::other_tokens(&self.case, &self.http, self.see_resolve().await).await })
            .await
    }

    pub(crate) async fn see_route(&self) -> &Seen<Route> {
        self.cells
            .route
            .get_or_init(|| async {
                let url = hub::endpoint_url(&self.case)?;
                if self.http.is_offline() {
                    return Err(Unseen("not asked: --offline".to_owned()));
                }
                Ok(route::walk(&self.case, &self.http, &url, self.http.budget()).await)
            })
            .await
    }

    pub(crate) async fn see_large_file(&self) -> &Seen<Option<LargeFile>> {
        self.cells.large_file.get_or_init(|| large_file::look(&self.case, self, &self.http)).await
    }

    pub(crate) async fn see_storage(&self) -> &Seen<Option<Storage>> {
        self.cells.storage.get_or_init(|| storage::look(&self.case, self, &self.http)).await
    }

    pub(crate) async fn see_beside_mirror(&self) -> &Seen<Option<BesideMirror>> {
        self.cells.beside_mirror.get_or_init(|| mirror::look(&self.case, self, &self.http)).await
    }

    pub(crate) async fn see_other_mirror(&self) -> &Seen<Option<OtherMirror>> {
        self.cells.other_mirror.get_or_init(|| other_mirror::look(&self.case, self, &self.http)).await
    }

    async fn see_stores(&self) -> &Seen<Arc<Stores>> {
        self.cells.stores.get_or_init(|| async { Ok(self.http.stores().await) }).await
    }

    pub(crate) async fn see_volumes(&self) -> &Seen<Volumes> {
        let case = Arc::clone(&self.case);
        self.cells.volumes.get_or_init(|| blocking("disk", move || Ok(volume::look(&case)))).await
    }

    pub(crate) async fn see_obstacles(&self) -> &Seen<Vec<volume::Obstacle>> {
        let case = Arc::clone(&self.case);
        self.cells.obstacles.get_or_init(|| blocking("folders", move || Ok(obstacles::look(&case)))).await
    }

    pub(crate) async fn see_downloads(&self) -> &Seen<Downloads> {
        let endpoint = self.case.settings.endpoint.clone();
        self.cells.downloads.get_or_init(|| blocking("processes", move || downloads::look(&endpoint))).await
    }

    pub(crate) async fn see_cache(&self) -> &Seen<Cache> {
        let case = Arc::clone(&self.case);
        self.cells.cache.get_or_init(|| blocking("cache", move || Ok(cache::of_case(&case)))).await
    }

    pub(crate) async fn see_integrity(&self) -> &Seen<Integrity> {
        self.cells
            .integrity
            .get_or_init(|| {
                let (case, meter) = (Arc::clone(&self.case), Arc::clone(&self.meter));
                blocking("cached files", move || Ok(integrity::look(&case, &meter)))
            })
            .await
    }

    pub(crate) async fn see_locks(&self) -> &Seen<Locks> {
        let case = Arc::clone(&self.case);
        self.cells.locks.get_or_init(|| blocking("locks", move || Ok(locks::look(&case)))).await
    }

    pub(crate) async fn see_traces(&self) -> &Seen<Traces> {
        let case = Arc::clone(&self.case);
        self.cells.traces.get_or_init(|| blocking("traces", move || Ok(traces::look(&case)))).await
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
