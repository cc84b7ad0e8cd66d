//! The way to the Hub and to the hosts that serve the bytes.

pub mod cdn;
pub mod connection;
pub mod dns;
pub mod endpoint;
pub mod offline;
pub mod outage;
pub mod portal;
pub mod proxy;
pub mod reach;
pub mod speed;
pub mod tls;
