//! The one runtime on which every server of the laboratory runs, so that tests need not be asynchronous.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("hfdoctor-lab")
            .enable_all()
            .build()
            .expect("the laboratory's runtime starts")
    })
}

/// A server task that ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts a server that runs until the returned value is dropped.
pub(crate) fn spawn(server: impl Future<Output = ()> + Send + 'static) -> Task {
    Task(runtime().spawn(server))
}

/// Runs `make` inside the runtime's context, which tokio's sockets need when they are made.
pub(crate) fn within<T>(make: impl FnOnce() -> T) -> T {
    let _inside = runtime().enter();
    make()
}

/// A listener on an ephemeral port of 127.0.0.1.
pub(crate) fn listen() -> std::io::Result<tokio::net::TcpListener> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    within(|| tokio::net::TcpListener::from_std(listener))
}
