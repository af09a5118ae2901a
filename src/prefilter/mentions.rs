//! Whether a text mentions a package of the catalogue: many have names that are words of English (`together`, `rig`).

use std::collections::{BTreeSet, HashMap};

use super::callees::head;
use super::pattern::Pattern;
use super::{COMMON, LANGUAGES};
use crate::catalog::Catalog;
use crate::glance::is_part;
use crate::source::Source;

/// What says by itself that a text may matter, wherever it stands. Re-exports keep the class's name; its parts are in the
/// package's, whatever the case.
const TELLING: [&str; 11] = [
    "uthorization",
    "AUTHORIZATION",
    "bearer_auth",
    "api-key",
    "API-Key",
    "Api-Key",
    "API-KEY",
    "OpenAI",
    "openai",
    "mixroute",
    "mixlint:",
];
/// Words behind which a name is no word of a sentence.
const IMPORTS: [&str; 6] = ["from", "import", "use", "as", "crate", "type"];

/// A shorter name is looked for by itself: among longer ones it makes each of their beginnings as short.
const SHORT: usize = 4;

/// What to look for.
#[derive(Debug)]
pub(super) struct Mentions {
    telling: Pattern,
    /// The packages of each language.
    packages: HashMap<&'static str, Names>,
    /// The packages of all languages.
    all: Names,
}

/// Names of packages.
#[derive(Debug)]
struct Names {
    short: Pattern,
    long: Pattern,
}

impl Mentions {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let mut packages: BTreeSet<(&str, &str)> = BTreeSet::new();
        for client in &catalog.clients {
            // Of a callee without modules (`acme.llm.connect`) the module is a part.
            let callees = client.construct.iter().flat_map(|construct| &construct.callee);
            let whole = callees.filter(|name| client.modules.is_empty() && name.contains(['.', '/']));
            for module in client.modules.iter().chain(whole) {
                // The first word of a module is in every way to import it or a part of it.
                let package = head(module);
                if !COMMON.contains(&package) && !TELLING.iter().any(|word| package.contains(word)) {
                    packages.insert((package, &client.language));
                }
            }
        }
        let of = |language| packages.iter().filter(move |(_, own)| *own == language).map(|(name, _)| *name);
        Self {
            telling: Pattern::any_of(TELLING),
            packages: LANGUAGES.into_iter().map(|language| (language, Names::new(of(language)))).collect(),
            all: Names::new(packages.iter().map(|(name, _)| *name)),
        }
    }

    /// Whether a program imports one, as far as what stands beside its name shows.
    pub(super) fn are_in_code(&self, source: &Source) -> bool {
        self.telling.is_in(&source.text)
            || self.packages.get(source.language.name()).is_some_and(|names| names.are_in(&source.text, is_no_sentence))
    }

    /// Whether a text of any kind names one.
    pub(super) fn are_in_text(&self, text: &str) -> bool {
        self.telling.is_in(text) || self.all.are_in(text, |_| true)
    }
}

impl Names {
    fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable_by_key(|name| (name.len(), *name));
        let mut needed: Vec<&str> = Vec::new();
        for name in names {
            // `langchain_groq` is found with `langchain`.
            let has = |other: &&str| name.match_indices(*other).any(|(at, _)| is_whole(name, at, at + other.len()));
            if !needed.iter().any(has) {
                needed.push(name);
            }
        }
        let (short, long): (Vec<&str>, Vec<&str>) = needed.into_iter().partition(|name| name.len() < SHORT);
        Self { short: Pattern::any_of(short), long: Pattern::any_of(long) }
    }

    /// Whether a text has one that is no part of a longer word; `counts` is asked with the text before it.
    fn are_in(&self, text: &str, counts: impl Fn(&str) -> bool) -> bool {
        [&self.short, &self.long].into_iter().any(|names| {
            let mut from = 0;
            while let Some(found) = names.find_at(text, from) {
                if is_whole(text, found.start, found.end) && counts(&text[..found.start]) {
                    return true;
                }
                from = found.start + 1;
            }
            false
        })
    }
}

/// Whether a name is no part of a longer word: `my_litellm`, `LitellmModel`, `langchain2`; no `original` for `rig`.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let goes_on = |c: char| c.is_ascii_lowercase();
    !text[..start].ends_with(goes_on) && !text[end..].starts_with(goes_on)
}

/// Whether what follows a text is no word of a sentence: it begins a line, or follows a sign or the word of an import.
fn is_no_sentence(before: &str) -> bool {
    let head = before.trim_end_matches([' ', '\t']);
    head.len() == before.len()
        || !head.ends_with(is_part)
        || IMPORTS.contains(&head.rsplit(|c| !is_part(c)).next().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn packages_are_told_from_words() {
        let catalog = Catalog::extended(Vec::new(), Vec::new(), Vec::new()).unwrap();
        let mentions = Mentions::new(&catalog);
        let in_code =
            |name: &str, text: &str| mentions.are_in_code(&Source::new(name, Language::of_name(name).unwrap(), text));
        for (name, text) in [
            ("a.py", "from together import Together"),
            ("a.py", "from . import (\n    together,\n)"),
            ("a.py", "import a, groq"),
            ("a.py", "from my_groq import Groq"),
            ("a.py", "x = AsyncOpenAI()"),
            ("a.py", "# mixlint: ignore"),
            ("a.rs", "use rig::providers;"),
            ("a.rs", "extern crate rig;"),
            ("a.ts", "x = require('groq-sdk')"),
        ] {
            assert!(in_code(name, text) && mentions.are_in_text(text), "{text}");
        }
        for (name, text) in [
            ("a.rs", "the original trigger"),
            ("a.js", "import phi from 'phi';"),
            ("a.py", "# put together"),
            ("a.py", "import rig"),
            ("a.js", "classed"),
            ("a.py", "from agentset import x"),
        ] {
            assert!(!in_code(name, text), "{text}");
        }
        assert!(mentions.are_in_text("pip install litellm"));
    }
}
