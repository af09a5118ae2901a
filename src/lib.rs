//! mixlint finds API keys that a program would send to the wrong provider.

pub mod analysis;
pub mod catalog;
pub mod cli;
pub mod clients;
pub mod config;
pub mod endpoint;
pub mod evidence;
pub mod extract;
pub mod facts;
pub mod finding;
pub mod imports;
pub mod language;
pub mod manifest;
pub mod prefilter;
pub mod project;
pub mod report;
pub mod resolve;
pub mod root;
pub mod routes;
pub mod rules;
pub mod screen;
pub mod source;
pub mod suppress;
pub mod text;
pub mod walk;
