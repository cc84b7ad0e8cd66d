//! What faces the person.
