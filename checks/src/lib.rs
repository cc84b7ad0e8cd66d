//! What hfdoctor examines and how it concludes.
//!
//! The flow is one way: a [`case::Case`] is what is known; [`observe`] asks the world each thing once; every
//! [`check::Check`] concludes, purely, to findings; [`diagnosis::rank()`] orders them. Nothing here prints, and nothing
//! here changes anything.

// what the flow is made of
pub mod case;
pub mod check;
pub mod diagnosis;
pub mod examine;
pub mod measure;
pub mod observe;
pub mod redact;
pub mod registry;
pub mod remedies;
mod shell;
mod trace;

// the checks
mod access;
mod cdn;
mod client;
mod connection;
mod disk;
mod dns;
mod endpoint;
mod filesystem;
mod integrity;
mod locks;
mod offline;
mod other;
mod outage;
mod partial;
mod permission;
mod portal;
mod pressure;
mod proxy;
mod quota;
mod rate_limit;
mod reach;
mod repository;
mod speed;
mod tls;
mod token;
mod xet;

pub use case::Case;
pub use check::{Check, Conclusion, Outcome, Status};
pub use diagnosis::{Cause, Finding};
pub use examine::{Diagnosis, Selection, Verdict, examine};
pub use registry::CHECKS;
