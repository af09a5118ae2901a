//! Regular expressions that are compiled when they are first asked for: a run over one file needs few of them.

use std::sync::OnceLock;

use regex::Regex;

/// An expression, perhaps not compiled yet.
#[derive(Debug)]
pub(super) struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Word boundaries are ASCII's: names are, and those of Unicode take the slow way in any text with other letters.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into().replace(r"\b", r"(?-u:\b)"), compiled: OnceLock::new() }
    }

    /// Any of some words, in one SIMD pass.
    pub(super) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let words: Vec<String> = words.into_iter().map(regex::escape).collect();
        Self::new(words.join("|"))
    }

    /// No text at all.
    pub(super) fn nothing() -> Self {
        Self::new(r"[^\s\S]")
    }

    /// The expression; none if it cannot be compiled, and then everything has to be taken for a match.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.text).ok()).as_ref()
    }

    /// Whether a text has a match.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.regex().is_none_or(|regex| regex.is_match(text))
    }
}
