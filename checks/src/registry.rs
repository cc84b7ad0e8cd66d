//! Every check, once.

use crate::check::Check;
use crate::{
    access, cdn, client, connection, disk, dns, endpoint, filesystem, integrity, locks, offline, other, outage,
    partial, permission, portal, pressure, proxy, quota, rate_limit, repository, speed, tls, token, xet,
};

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
    &disk::CHECK,
    &permission::CHECK,
    &partial::CHECK,
    &integrity::CHECK,
    &locks::CHECK,
    &filesystem::CHECK,
    &xet::CHECK,
    &client::CHECK,
    &other::CHECK,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Cause;
    use std::collections::BTreeSet;

    #[test]
    fn every_cause_has_a_check_and_every_sign_its_checks_cause() {
        let covered: BTreeSet<Cause> = CHECKS.iter().flat_map(|check| check.causes).copied().collect();
        let missing: Vec<Cause> = Cause::all().filter(|cause| !covered.contains(cause)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        for check in CHECKS {
            for sign in check.signs {
                assert!(check.causes.contains(&sign.cause), "{}: {}", check.name, sign.words);
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
    }
}
