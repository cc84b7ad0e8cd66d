//! The test laboratory of `hfdoctor`: a Hugging Face Hub on loopback and the broken networks around it.
//!
//! - [`Hub`] serves what a [`HubState`] describes, by the same rules as the real Hub: it is not a list of canned
//!   answers, so a new situation needs only new data.
//! - [`dns`], [`proxy`], [`tcp`] and [`tls`] are the network between a client and that Hub, each with its ways to fail.
//! - [`scenario`] reads one TOML file that describes a whole test, prepares its world and judges what the program said.
//!
//! Everything binds to 127.0.0.1 and nothing here ever asks another address. The servers run on a runtime of their own
//! and stop when their value is dropped, so tests may be ordinary synchronous functions.

#![forbid(unsafe_code)]

pub mod dns;
pub mod hub;
pub mod proxy;
mod runtime;
pub mod scenario;
pub mod state;
pub mod tcp;
mod text;
pub mod tls;

pub use hub::{Hub, HubOptions, RequestRecord, Scheme};
pub use state::HubState;
