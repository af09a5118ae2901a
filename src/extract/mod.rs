//! From source text to [`facts`](crate::facts): one folder for each language.

use crate::facts::Module;
use crate::language::Language;
use crate::source::Source;

mod batch;
mod component;
mod dockerfile;
mod dotenv;
mod embed;
mod fish;
mod http;
mod ini;
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
mod syntax;
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
    /// More than can be kept in memory at once.
    #[error("not parsed: more than {MAX_TOKENS} words and marks")]
    TooLong,
}

/// Words, marks and line ends of a file that are parsed, however large a file may be to be read: each takes up to half
/// a kilobyte as a node of a tree and what is made of it. A megabyte of code holds some 250,000.
pub const MAX_TOKENS: usize = 400_000;

/// Lowers one file.
pub fn extract(source: &Source) -> Result<Module, Unparsable> {
    if !is_bearable(&source.text) {
        return Err(Unparsable::TooLong);
    }
    match source.language {
        Language::Python => python::extract(source),
        Language::JavaScript | Language::TypeScript | Language::Tsx => javascript::extract(source),
        Language::Component => component::extract(source),
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
        Language::Ini => ini::extract(source),
    }
}

/// Whether a text has few enough words and marks. It is looked at only where it is long enough to have more.
fn is_bearable(text: &str) -> bool {
    text.len() <= MAX_TOKENS || words(text) <= MAX_TOKENS
}

/// How many words, marks and line ends a text has; beyond what can be parsed they are not counted.
pub fn words(text: &str) -> usize {
    let (mut tokens, mut within) = (0, false);
    for byte in text.bytes() {
        let word = byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        let begins = if word { !within } else { !matches!(byte, b' ' | b'\t' | b'\r') };
        (tokens, within) = (tokens + usize::from(begins), word);
        if tokens > MAX_TOKENS {
            break;
        }
    }
    tokens
}

/// The syntax tree of a file, for the languages that have one of tree-sitter's.
pub(crate) fn syntax(source: &Source) -> Option<tree_sitter::Tree> {
    match source.language {
        Language::Python => python::parse(source).ok(),
        Language::JavaScript | Language::TypeScript | Language::Tsx => javascript::parse(source).ok(),
        Language::Component => javascript::parse(&component::scripts(source)).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_not_parsed() {
        let parsed = |language, text: String| extract(&Source::new("a", language, text));
        for language in [Language::Python, Language::Rust, Language::Dotenv, Language::Markdown] {
            let refused = parsed(language, "A=1\n".repeat(MAX_TOKENS / 4 + 1)).err();
            assert_eq!(refused, Some(Unparsable::TooLong), "{language:?}");
        }
        // Bytes do not count, words and marks do.
        assert!(parsed(Language::Dotenv, format!("A={}\n", "x".repeat(MAX_TOKENS * 4))).is_ok());
        assert!(is_bearable(&"a  ".repeat(MAX_TOKENS)) && !is_bearable(&"a , ".repeat(MAX_TOKENS / 2 + 1)));
    }
}
