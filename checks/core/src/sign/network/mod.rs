//! The words by which causes of the way to the Hub and its storage are recognised.

mod cdn;
mod connection;
mod dns;
mod endpoint;
mod offline;
mod outage;
mod portal;
mod proxy;
mod speed;
mod tls;

use super::Sign;

/// The group's signs, a slice for each check.
pub(super) static SIGNS: &[&[Sign]] = &[
    offline::SIGNS,
    endpoint::SIGNS,
    dns::SIGNS,
    proxy::SIGNS,
    connection::SIGNS,
    tls::SIGNS,
    portal::SIGNS,
    cdn::SIGNS,
    outage::SIGNS,
    speed::SIGNS,
];
