//! What a message shows of a key: its ends, or all of it.
//!
//! The shown ends are compared with the keys of the project here, where the bytes of both are at hand; what leaves is
//! a yes or no, and the ends in a form fit to be shown.

use crate::analysis::{Output, Written};
use crate::catalog::Catalog;
use crate::chars;
use crate::evidence::{self, FormatEvidence, Providers};
use crate::facts::Span;
use crate::finding::{FileId, Location};
use crate::screen;
use crate::text::Text;

/// What is shown of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glimpse {
    head: Text,
    tail: Text,
    whole: bool,
}

/// Whether a key can be the one that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is another one.
    No,
    /// What is shown is too little to tell.
    Little,
    /// The ends are the same.
    Ends,
    /// All of it is the same.
    Whole,
}

/// What stands for the hidden part.
const MASKS: [char; 5] = ['*', '•', '…', '●', '·'];
/// So many characters of a key's own are no chance.
const TELLING: usize = 4;

impl Glimpse {
    /// Reads a key as a message shows it; `None` if there is nothing to compare.
    pub fn parse(shown: &str) -> Option<Self> {
        let shown = shown.trim_end_matches([',', ';']);
        let dots = shown.find("...").map(|at| (at, at + 3));
        let stars = shown
            .find(MASKS)
            .zip(shown.rfind(MASKS).map(|at| at + shown[at..].chars().next().map_or(1, char::len_utf8)));
        let hidden = match (stars, dots) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
        let (head, tail) = match hidden {
            Some((start, end)) => (shown.get(..start)?, shown.get(end..)?.trim_matches('.')),
            None => (shown, ""),
        };
        let glimpse = Self { head: head.into(), tail: tail.into(), whole: hidden.is_none() };
        (!(glimpse.head.is_empty() && glimpse.tail.is_empty())).then_some(glimpse)
    }

    /// All of the key is there.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Its beginning is shown, and more of it than what many keys begin with.
    pub fn begins(&self) -> bool {
        let head = self.head.expose();
        head.len() >= crate::text::vendor_prefix(head).len() + TELLING
    }

    /// How many characters are shown that not every key of its kind has.
    fn telling(&self) -> usize {
        let vendor = crate::text::vendor_prefix(self.head.expose()).len();
        self.head.expose().len() - vendor + self.tail.expose().len()
    }

    /// Whether a key can be the one that is shown.
    pub fn fit(&self, key: &Text) -> Fit {
        let raw = key.expose();
        let bare = raw.trim().trim_matches(['"', '\'']);
        let bare = bare.strip_prefix("Bearer ").unwrap_or(bare).trim();
        [raw, bare].iter().map(|key| self.fit_exactly(key)).max().unwrap_or(Fit::No)
    }

    fn fit_exactly(&self, key: &str) -> Fit {
        let (head, tail) = (self.head.expose(), self.tail.expose());
        if self.whole {
            return if key == head { Fit::Whole } else { Fit::No };
        }
        let fits = key.len() > head.len() + tail.len() && key.starts_with(head) && key.ends_with(tail);
        match (fits, self.telling() >= TELLING) {
            (false, _) => Fit::No,
            (true, true) => Fit::Ends,
            (true, false) => Fit::Little,
        }
    }

    /// Whose key it is, as far as what is shown says it.
    pub fn providers(&self, catalog: &Catalog) -> Providers {
        if self.whole {
            return evidence::of_literal(catalog, &self.head).providers();
        }
        evidence::of_prefix(catalog, &self.head).into_iter().collect()
    }

    /// It stands for no key at all: `ollama`, `EMPTY`.
    pub fn is_dummy(&self, catalog: &Catalog) -> bool {
        self.whole && matches!(evidence::of_literal(catalog, &self.head), FormatEvidence::Placeholder(None))
    }

    /// The key for people: no more of it than the message's own mask leaves, and less of a whole one.
    pub fn shown(&self, catalog: &Catalog) -> String {
        let (head, tail) = (self.head.expose(), self.tail.expose());
        match self.whole {
            true if self.is_dummy(catalog) && head.len() <= 24 => screen::clean(head),
            true => screen::ends(crate::text::vendor_prefix(head), ""),
            false => screen::ends(head, tail),
        }
    }

    /// Where the key is written in the files of a run, once for each place.
    pub fn find(&self, output: &Output) -> Vec<Written> {
        let known = output.written.iter().filter(|written| self.fit(&written.value) >= Fit::Ends).cloned();
        let mut found: Vec<Written> = known.collect();
        if self.telling() >= TELLING && !self.head.is_empty() && (!self.whole || self.head.expose().len() >= 16) {
            for (number, source) in output.sources.iter().enumerate() {
                let file = FileId(number as u32);
                for span in self.in_text(&source.text) {
                    let at = Location { file, span };
                    let inside = |known: &Written| {
                        known.at.file == file && known.at.span.start <= span.start && span.end <= known.at.span.end
                    };
                    if !found.iter().any(inside) {
                        found.push(Written { name: None, value: Text::default(), at });
                    }
                }
            }
        }
        found.sort_by_key(|written| (output.sources.get(written.at.file.index()).map(|s| s.path.clone()), written.at));
        found.dedup_by_key(|written| written.at);
        found
    }

    /// Where words that fit stand in a text.
    fn in_text(&self, text: &str) -> Vec<Span> {
        let mut out = Vec::new();
        let is_key = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&text.as_bytes()[from..], self.head.expose().as_bytes()) {
            let start = from + at;
            let Some(rest) = text.get(start..) else { break };
            let length = rest.find(|c| !is_key(c)).unwrap_or(rest.len());
            let begins = !text[..start].ends_with(is_key);
            if begins && self.fit_exactly(&rest[..length]) >= Fit::Ends {
                out.push(Span::new(start, start + length));
            }
            from = chars::ceil(text, start + length.max(1));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(shown: &str, key: &str) -> Fit {
        Glimpse::parse(shown).map_or(Fit::No, |glimpse| glimpse.fit(&Text::new(key)))
    }

    #[test]
    fn every_style_of_mask() {
        let key = ["sk-Qq", "HvK0aZ8x", "wKt4LmW9pQ"].concat();
        for shown in [
            "sk-QqHvK***************W9pQ",
            "sk-QqHvK***...",
            "sk-QqHvK…W9pQ",
            "sk-QqHvK...W9pQ",
            "****W9pQ",
            "sk-Qq•••••W9pQ",
        ] {
            assert_eq!(fit(shown, &key), Fit::Ends, "{shown}");
        }
        assert_eq!(fit("sk-***", &key), Fit::Little);
        assert_eq!(fit("sk-***pQ", &key), Fit::Little);
        assert_eq!(fit(&key, &key), Fit::Whole);
        for shown in ["sk-QqHvX***W9pQ", "sk-QqHvK***W9pR", "sk-Q", "ollama"] {
            assert_eq!(fit(shown, &key), Fit::No, "{shown}");
        }
        assert_eq!(Glimpse::parse("****"), None);
        assert_eq!(Glimpse::parse(""), None);
    }

    #[test]
    fn what_was_copied_along_is_compared_too() {
        assert_eq!(fit("Bearer s***********************-key", "Bearer sk-your-mixroute-key"), Fit::Ends);
        assert_eq!(fit("sk-your-mixroute-key ", "sk-your-mixroute-key "), Fit::Whole);
        assert_eq!(fit("sk-your-********-key", "\"sk-your-mixroute-key\""), Fit::Ends);
        assert_eq!(fit("ollama", "ollama"), Fit::Whole);
    }

    #[test]
    fn shows_no_more_than_the_message() {
        let catalog = Catalog::builtin();
        let key = ["sk-Qq", "HvK0aZ8x", "wKt4LmW9pQ"].concat();
        let shown = |text: &str| Glimpse::parse(text).unwrap().shown(catalog);
        assert_eq!(shown(&key), "sk-…");
        assert_eq!(shown("sk-QqHvK******W9pQ"), "sk-QqHvK…W9pQ");
        assert_eq!(shown(&format!("{}*{}", &key[..14], &key[15..])), "sk-QqHvK…W9pQ");
        assert_eq!(shown("ollama"), "ollama");
        assert_eq!(shown("\x1b[31mabc***def"), "?[31m…def");
    }
}
