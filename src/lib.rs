//! mixlint finds API keys that a program would send to the wrong provider: a Mixroute key at api.openai.com, an OpenAI
//! key at Mixroute.
//!
//! The program is [`cli::run`]; everything else is a stage of it, with plain data in between:
//!
//! ```text
//! paths ─ walk ─ source ─ prefilter ─ extract ─► facts ─┐
//!                      (per file, in parallel)          ├─ resolve ─► routes ─ rules ─► findings ─ suppress ─ report
//! rules/ ─ catalog          mixlint.toml ─ config ──────┘
//! ```
//!
//! It flows one way: [`extract`] knows no rule, [`rules`] know no syntax, [`report`] knows neither. [`analysis::analyze`]
//! is the middle of it as one function. `CONTRIBUTING.md` says where what lives, and how to add to it.
//!
//! The public interface is the command line; the modules may change in any version.

pub mod analysis;
pub mod baseline;
pub mod catalog;
pub mod chars;
pub mod cli;
pub mod clients;
pub mod config;
pub mod cover;
pub mod elsewhere;
pub mod endpoint;
pub mod evidence;
pub mod extract;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod folders;
pub mod glance;
pub mod headers;
pub mod heirs;
pub mod imports;
pub mod language;
pub mod manifest;
pub mod prefilter;
pub mod project;
pub mod read;
pub mod report;
pub mod resolve;
pub mod root;
pub mod routes;
pub mod rules;
pub mod scopes;
pub mod screen;
pub mod source;
pub mod suppress;
pub mod template;
pub mod text;
pub mod trace;
pub mod walk;
pub mod workers;
