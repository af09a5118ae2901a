//! mixlint finds API keys that a program would send to the wrong provider.

pub mod catalog;
pub mod endpoint;
pub mod evidence;
pub mod extract;
pub mod facts;
pub mod finding;
pub mod language;
pub mod rules;
pub mod source;
pub mod text;
