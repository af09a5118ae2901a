//! mixlint finds API keys that a program would send to the wrong provider.

pub mod analysis;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod extract;
pub mod facts;
pub mod finding;
pub mod language;
pub mod project;
pub mod report;
pub mod screen;
pub mod source;
pub mod suppress;
pub mod text;
pub mod walk;
