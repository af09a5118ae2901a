//! Regular expressions that are compiled when they are first asked for: a run over one file needs few of them.

use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

/// Bytes that the automaton of one thread may take: with fewer, those of many words are made again and again.
const STATES: usize = 32 << 20;
/// What matches no text.
const NOTHING: &str = r"[^\s\S]";

/// An expression, perhaps not compiled yet.
#[derive(Debug)]
pub(super) struct Pattern {
    /// None matches nothing: an expression for that would be looked for in all of a text.
    text: Option<String>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Classes of characters are ASCII's, as names are: those of Unicode take long to compile, and the slow way in any
    /// text with other letters.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), compiled: OnceLock::new() }
    }

    /// Any of some words, in one SIMD pass; without words, no text at all.
    pub(super) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<&str> = words.into_iter().collect();
        words.sort_unstable_by_key(|word| (word.len(), *word));
        let mut shortest: Vec<&str> = Vec::new();
        for word in words {
            // A word that holds another one is found with it.
            if !shortest.iter().any(|other| word.contains(other)) {
                shortest.push(word);
            }
        }
        if shortest.is_empty() {
            return Self { text: None, compiled: OnceLock::new() };
        }
        let words: Vec<String> = shortest.into_iter().map(regex::escape).collect();
        Self::new(words.join("|"))
    }

    /// The expression; none if it cannot be compiled, and then everything has to be taken for a match.
    pub(super) fn regex(&self) -> Option<&Regex> {
        let text = self.text.as_deref().unwrap_or(NOTHING);
        let compile = || RegexBuilder::new(text).unicode(false).dfa_size_limit(STATES).build().ok();
        self.compiled.get_or_init(compile).as_ref()
    }

    /// The first match from a place on; if the expression cannot be compiled, what is there is taken for one.
    pub(super) fn find_at(&self, text: &str, from: usize) -> Option<Range<usize>> {
        self.text.as_ref()?;
        match self.regex() {
            Some(regex) => regex.find_at(text.as_bytes(), from).map(|found| found.range()),
            None => (from < text.len()).then_some(from..from),
        }
    }

    /// Whether a text has a match.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.is_in_bytes(text.as_bytes())
    }

    /// The same of any bytes.
    pub(super) fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        self.text.is_some() && self.regex().is_none_or(|regex| regex.is_match(bytes))
    }
}
