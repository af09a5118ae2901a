//! Many words looked for at once. One automaton is made in a millisecond, where an expression of as many words takes ten:
//! a run over a small project does little else.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::{Anchored, dfa};

use crate::glance::is_part;

/// How words are written in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As they are, and no part of a longer one.
    Whole,
    /// In any case, anywhere, with separators anywhere in them: `mix_route`, `Open-AI`.
    Loose,
}

/// Words to look for.
#[derive(Debug)]
pub(super) struct Lexicon {
    words: Vec<String>,
    style: Style,
    automaton: OnceLock<Option<dfa::DFA>>,
}

impl Lexicon {
    /// Of [`Style::Loose`] words, those without separators.
    pub(super) fn new(words: impl IntoIterator<Item = String>, style: Style) -> Self {
        let words = words.into_iter().filter(|word| !word.is_empty()).collect();
        Self { words, style, automaton: OnceLock::new() }
    }

    /// Where each of the words stands, in the order of their ends. None, if there are too many words: everything has to
    /// be taken for a match then.
    pub(super) fn find<'t>(&'t self, text: &'t str) -> Option<impl Iterator<Item = Found<'t>>> {
        let automaton = self.automaton.get_or_init(|| {
            let loose = self.style == Style::Loose;
            dfa::Builder::new().ascii_case_insensitive(loose).build(&self.words).ok()
        });
        let automaton = automaton.as_ref()?;
        let state = automaton.start_state(Anchored::No).ok()?;
        Some(Matches { lexicon: self, automaton, text, state, at: 0, open: 0 })
    }
}

/// A word in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found<'t> {
    pub(super) word: &'t str,
    pub(super) range: Range<usize>,
}

struct Matches<'t> {
    lexicon: &'t Lexicon,
    automaton: &'t dfa::DFA,
    text: &'t str,
    state: StateID,
    at: usize,
    /// How many of the words that end here are still to be told.
    open: usize,
}

impl<'t> Matches<'t> {
    /// Where a word begins that ends here.
    fn start(&self, word: &str) -> usize {
        let bytes = self.text.as_bytes().get(..self.at).unwrap_or(&[]);
        let is_its = |(_, byte): &(usize, &u8)| self.lexicon.style == Style::Whole || !SEPARATORS[usize::from(**byte)];
        let mut own = bytes.iter().enumerate().rev().filter(is_its);
        own.nth(word.len() - 1).map_or(self.at, |(at, _)| at)
    }

    fn counts(&self, range: &Range<usize>) -> bool {
        let before = self.text.get(..range.start).and_then(|before| before.chars().next_back());
        let after = self.text.get(range.end..).and_then(|after| after.chars().next());
        self.lexicon.style == Style::Loose || !before.into_iter().chain(after).any(is_part)
    }
}

impl<'t> Iterator for Matches<'t> {
    type Item = Found<'t>;

    fn next(&mut self) -> Option<Found<'t>> {
        let loose = self.lexicon.style == Style::Loose;
        loop {
            if self.open == 0 {
                // In a variable of its own the state stays in a register.
                let mut state = self.state;
                let mut ends_word = |&byte: &u8| {
                    if loose && SEPARATORS[usize::from(byte)] {
                        return false;
                    }
                    state = self.automaton.next_state(Anchored::No, state, byte);
                    self.automaton.is_match(state)
                };
                self.at += self.text.as_bytes().get(self.at..)?.iter().position(&mut ends_word)? + 1;
                self.state = state;
                self.open = self.automaton.match_len(state);
            }
            self.open -= 1;
            let word = &self.lexicon.words[self.automaton.match_pattern(self.state, self.open).as_usize()];
            let range = self.start(word)..self.at;
            if self.counts(&range) {
                return Some(Found { word, range });
            }
        }
    }
}

/// What may stand between the words of a name: a table is a fifth faster than comparisons.
const SEPARATORS: [bool; 256] = {
    let mut table = [false; 256];
    table[b'-' as usize] = true;
    table[b'_' as usize] = true;
    table[b'.' as usize] = true;
    table[b' ' as usize] = true;
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str], style: Style, text: &str) -> Vec<String> {
        let lexicon = Lexicon::new(words.iter().map(|word| (*word).to_owned()), style);
        lexicon.find(text).unwrap().map(|found| format!("{}={}", found.word, &text[found.range])).collect()
    }

    #[test]
    fn whole_words_are_no_parts_of_others() {
        let words = ["OpenAI", "OpenAI.chat", "AsyncOpenAI"];
        let text = "OpenAI( AsyncOpenAI, MyOpenAI OpenAI_ OpenAI.chat() OpenAI.chats 用OpenAI";
        let expected =
            ["OpenAI=OpenAI", "AsyncOpenAI=AsyncOpenAI", "OpenAI=OpenAI", "OpenAI.chat=OpenAI.chat", "OpenAI=OpenAI"];
        assert_eq!(found(&words, Style::Whole, text), expected);
    }

    #[test]
    fn loose_words_bear_separators_and_cases() {
        let text = "MIX_ROUTE_KEY mix-Route Mixroute: mix route, mix:route é.openai.é";
        let expected =
            ["mixroute=MIX_ROUTE", "mixroute=mix-Route", "mixroute=Mixroute", "mixroute=mix route", "openai=openai"];
        assert_eq!(found(&["mixroute", "openai"], Style::Loose, text), expected);
    }

    #[test]
    fn words_in_words_are_all_found() {
        assert_eq!(found(&["abc", "bc", "c"], Style::Loose, "a-b_c"), ["c=c", "bc=b_c", "abc=a-b_c"]);
        assert_eq!(found(&[], Style::Whole, "text"), [""; 0]);
        assert_eq!(found(&["a"], Style::Whole, ""), [""; 0]);
    }
}
