//! From source text to [`facts`](crate::facts): one folder for each language.

use crate::facts::Module;
use crate::language::Language;
use crate::source::Source;

mod batch;
mod dockerfile;
mod dotenv;
mod embed;
mod fish;
mod http;
mod javascript;
mod json;
mod just;
mod make;
mod markdown;
mod notebook;
mod powershell;
mod procfile;
mod python;
mod rust;
mod shell;
mod systemd;
mod terraform;
#[cfg(test)]
mod testing;
mod toml;
mod yaml;

/// Why a file could not be lowered at all. Syntax errors that the parser recovers from are not among them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unparsable {
    /// The parser refused the file.
    #[error("not parsed: {0}")]
    Refused(String),
    /// Nested deeper than the parser can bear.
    #[error("nested too deeply")]
    TooDeep,
}

/// Lowers one file.
pub fn extract(source: &Source) -> Result<Module, Unparsable> {
    match source.language {
        Language::Python => python::extract(source),
        Language::JavaScript | Language::TypeScript | Language::Tsx => javascript::extract(source),
        Language::Rust => rust::extract(source),
        Language::Shell => shell::extract(source),
        Language::PowerShell => powershell::extract(source),
        Language::Fish => fish::extract(source),
        Language::Batch => batch::extract(source),
        Language::Dockerfile => dockerfile::extract(source),
        Language::Make => make::extract(source),
        Language::Just => just::extract(source),
        Language::Systemd => systemd::extract(source),
        Language::Procfile => procfile::extract(source),
        Language::Dotenv => dotenv::extract(source),
        Language::Yaml => yaml::extract(source),
        Language::Json => json::extract(source),
        Language::Notebook => notebook::extract(source),
        Language::Markdown => markdown::extract(source),
        Language::Terraform => terraform::extract(source),
        Language::Http => http::extract(source),
        Language::Toml => toml::extract(source),
    }
}

/// The syntax tree of a file, for the languages that have one of tree-sitter's.
pub(crate) fn syntax(source: &Source) -> Option<tree_sitter::Tree> {
    match source.language {
        Language::Python => python::parse(source).ok(),
        Language::JavaScript | Language::TypeScript | Language::Tsx => javascript::parse(source).ok(),
        _ => None,
    }
}
