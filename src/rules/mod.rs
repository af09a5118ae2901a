//! The rules: their pages ([`page`]).

pub mod page;
