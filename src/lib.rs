//! What faces the person.

pub mod fix;
