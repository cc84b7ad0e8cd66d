//! The live examination: what is known, what is observed, and how the checks conclude.
//!
//! The flow is one way: a [`case::Case`] is what is known; [`observe`] asks the world each thing once; every
//! [`check::Check`] concludes, purely, to findings, which [`hfdoctor_core::diagnosis::rank()`] orders. Nothing here prints,
//! and nothing here changes anything.

pub mod case;
pub mod check;
pub mod examine;
pub mod observe;

pub use case::Case;
pub use check::{CHECKS, Check, Conclusion, Outcome, Status};
pub use examine::{Diagnosis, Selection, Verdict, examine};
