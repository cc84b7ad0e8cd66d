//! Every check, once.

use super::auth::{access, repository, token};
use super::client::{other, version, xet};
use super::disk::{filesystem, integrity, locks, partial, permission, space};
use super::network::{cdn, connection, dns, endpoint, offline, outage, portal, proxy, speed, tls};
use super::rate::{pressure, quota, rate_limit};
use crate::check::Check;

/// The checks in the order in which the report lists them.
pub static CHECKS: &[&Check] = &[
    &token::CHECK,
    &access::CHECK,
    &repository::CHECK,
    &rate_limit::CHECK,
    &pressure::CHECK,
    &quota::CHECK,
    &offline::CHECK,
    &endpoint::CHECK,
    &dns::CHECK,
    &proxy::CHECK,
    &connection::CHECK,
    &tls::CHECK,
    &portal::CHECK,
    &cdn::CHECK,
    &outage::CHECK,
    &speed::CHECK,
    &space::CHECK,
    &permission::CHECK,
    &partial::CHECK,
    &integrity::CHECK,
    &locks::CHECK,
    &filesystem::CHECK,
    &xet::CHECK,
    &version::CHECK,
    &other::CHECK,
];

#[cfg(test)]
mod tests {
    use super::*;
    use hfdoctor_core::diagnosis::Cause;
    use std::collections::BTreeSet;

    #[test]
    fn every_cause_has_a_check() {
        let covered: BTreeSet<Cause> = CHECKS.iter().flat_map(|check| check.causes).copied().collect();
        let missing: Vec<Cause> = Cause::all().filter(|cause| !covered.contains(cause)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
    }
}
