//! Signs of whose keys there are: names and literals that say so, and hosts of providers.

use std::collections::{BTreeSet, HashMap};
use std::sync::RwLock;

use super::pattern::Pattern;
use crate::catalog::Catalog;
use crate::endpoint::{self, Host};
use crate::evidence;
use crate::glance::is_part;
use crate::text::Text;

/// Whose a key or a host is, as far as it matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// Nothing says so.
    #[default]
    Nobodys,
    /// OpenAI's.
    OpenAis,
    /// Anyone else's, or not plain.
    Others,
}

/// What a text says of keys and hosts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    pub(super) key: Whose,
    pub(super) host: Whose,
}

/// What to look for.
#[derive(Debug)]
pub(super) struct Evidence {
    /// Any of what follows, in one pass: most texts have nothing of it.
    any: Pattern,
    names: Pattern,
    prefixes: Pattern,
    /// Formats of keys that begin in no way of their own.
    headless: Pattern,
    hosts: Pattern,
    /// Imports of what may be a key or a URL of the project's own.
    imported: Pattern,
    /// What is known of a piece of text that was looked at before.
    known: RwLock<HashMap<String, Whose>>,
}

/// An import of the project's own with a name that a key, a URL or a table of them may have.
const IMPORTED: &str = concat!(
    r"(?m)^\s*from\s+[.\w]+\s+import\b[^\n]*(?i:url|base|host|endpoint|key|token|config|setting|const|env|header|provider)",
    r"|^\s*from\s+(?:\.[.\w]*|[\w.]*(?i:config|setting|const|env)\w*)\s+import\b",
    r#"|(?:from|require\s*\(|import\s*\()\s*["'`](?:\.{1,2}/|[@~]/|[~#]|\$lib/)[^"'`\n]*(?i:config|setting|const|env|provider|url|key)"#,
    r#"|(?:import|\{)[^;{}"'`]*(?i:url|base|host|endpoint|key|token|config|setting|const|env|header)[^;{}"'`]*\}?\s*(?:from|=\s*require\s*\()\s*["'`](?:\.{1,2}["'`/]|[@~]/|[~#]|\$lib/)"#,
    r"|\buse\s+(?:crate|super|self)::[^;]*(?i:url|base|host|endpoint|key|token|config|setting|const|env)",
);

impl Evidence {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let mut names = BTreeSet::new();
        let mut prefixes = BTreeSet::from(["T3BlbkFJ".to_owned()]);
        let mut hosts = BTreeSet::new();
        let mut headless = BTreeSet::new();
        for provider in &catalog.providers {
            names.extend(provider.name_words.iter().map(|word| with_separators(word)));
            names.extend(
                provider
                    .key_env
                    .iter()
                    .map(|name| name.split('_').map(regex::escape).collect::<Vec<_>>().join("[-_. ]?")),
            );
            prefixes.extend(provider.key_prefixes.iter().cloned());
            for format in provider.key_formats.iter() {
                match literal_start(format) {
                    Some(start) => drop(prefixes.insert(start)),
                    None => drop(headless.insert(format.clone())),
                }
            }
            hosts.extend(provider.hosts.iter().map(|host| host.trim_start_matches("*.").to_owned()));
        }
        for format in &catalog.shared_formats {
            match literal_start(&format.pattern) {
                Some(start) => drop(prefixes.insert(start)),
                None => drop(headless.insert(format.pattern.clone())),
            }
        }
        let union = |words: BTreeSet<String>| words.into_iter().collect::<Vec<_>>().join("|");
        let escaped = |words: BTreeSet<String>| union(shortest(words).iter().map(|word| regex::escape(word)).collect());
        let names = format!("(?i-u:{})", union(names));
        let hosts = format!("(?i-u:{})", escaped(hosts));
        let (prefixes, headless) = (escaped(prefixes), union(headless));
        Self {
            any: Pattern::new([&names, &hosts, &prefixes, &headless].map(|part| format!("(?:{part})")).join("|")),
            names: Pattern::new(names),
            prefixes: Pattern::new(prefixes),
            headless: Pattern::new(headless),
            hosts: Pattern::new(hosts),
            imported: Pattern::new(IMPORTED),
            known: RwLock::default(),
        }
    }

    /// What a text says of keys and hosts, at the most.
    pub(super) fn of(&self, catalog: &Catalog, text: &str) -> Signs {
        if !self.any.is_in(text) {
            return Signs { key: Whose::Nobodys, host: Whose::Nobodys };
        }
        Signs { key: self.key(catalog, text), host: self.host(catalog, text) }
    }

    /// Whether a text takes from another file what may say whose a key or a host is.
    pub(super) fn imports_some(&self, text: &str) -> bool {
        self.imported.is_in(text)
    }

    fn key(&self, catalog: &Catalog, text: &str) -> Whose {
        let Some(names) = self.names.regex() else { return Whose::Others };
        let mut most = Whose::Nobodys;
        for found in names.find_iter(text) {
            let word = around(text, found.start(), found.end(), |c| is_part(c) || c == '-', 128);
            most = most.max(self.known(word, |word| key_in(catalog, word)));
            // A placeholder may have blanks in it.
            let literal = around(text, found.start(), found.end(), |c| !matches!(c, '"' | '\'' | '`' | '\n'), 101);
            if literal.len() > word.len() && literal.len() <= 100 {
                most = most.max(self.known(literal, |literal| key_in(catalog, literal)));
            }
            if most == Whose::Others {
                return most;
            }
        }
        let Some(prefixes) = self.prefixes.regex() else { return Whose::Others };
        for found in prefixes.find_iter(text) {
            let word = around(text, found.start(), found.end(), |c| is_part(c) || matches!(c, '-' | '.'), 512);
            let end = found.end();
            // `"sk-proj-" + rest`, `f"sk-{rest}"`
            let open = text.get(end..).is_some_and(|rest| rest.starts_with(['"', '\'', '`', '{', '$', '%']))
                && !text.get(..found.start()).unwrap_or("").ends_with(is_part);
            if open {
                return Whose::Others;
            }
            most = most.max(self.known(word, |word| literal_in(catalog, word)));
        }
        let Some(headless) = self.headless.regex() else { return Whose::Others };
        for found in headless.find_iter(text) {
            let word = around(text, found.start(), found.end(), |c| is_part(c) || matches!(c, '-' | '.'), 512);
            most = most.max(literal_in(catalog, word));
        }
        most
    }

    fn host(&self, catalog: &Catalog, text: &str) -> Whose {
        let Some(hosts) = self.hosts.regex() else { return Whose::Others };
        let mut most = Whose::Nobodys;
        for found in hosts.find_iter(text) {
            let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
            let host = around(text, found.start(), found.end(), part, 253);
            let whose = self.known(host, |host| match endpoint::provider(catalog, host) {
                Host::Provider(provider) => whose(&provider.id),
                _ => Whose::Nobodys,
            });
            most = most.max(if whose == Whose::OpenAis && !is_usual(text, found.start(), found.end()) {
                Whose::Others
            } else {
                whose
            });
            if most == Whose::Others {
                break;
            }
        }
        most
    }

    /// Whether a text names a host that is one slip away from a provider's.
    pub(super) fn has_misspelled_host(&self, catalog: &Catalog, text: &str) -> bool {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        memchr::memmem::find_iter(text.as_bytes(), "://").any(|at| {
            let rest = text.get(at + 3..).unwrap_or("");
            let host = rest.split(|c| !part(c)).next().unwrap_or("");
            let misspelled = |host: &str| match endpoint::misspelled(catalog, host) {
                Some(_) => Whose::Others,
                None => Whose::Nobodys,
            };
            // The question is another one than that of the same text as a host or a name.
            host.contains('.')
                && self.known(text.get(at..at + 3 + host.len()).unwrap_or(""), |_| misspelled(host)) == Whose::Others
        })
    }

    /// The answer to a question about a piece of text, found once.
    fn known(&self, text: &str, answer: impl FnOnce(&str) -> Whose) -> Whose {
        if let Ok(known) = self.known.read()
            && let Some(&answer) = known.get(text)
        {
            return answer;
        }
        let answer = answer(text);
        if let Ok(mut known) = self.known.write()
            && known.len() < 1 << 16
        {
            known.insert(text.to_owned(), answer);
        }
        answer
    }
}

/// Whether OpenAI's host is written as everyone does: such an endpoint is wrong only for another one's key.
fn is_usual(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or("");
    let after = text.get(end..).unwrap_or("");
    before.ends_with("https://") && after.strip_prefix("/v1").is_some_and(|rest| !rest.starts_with(['/', '1']))
}

fn whose(provider: &str) -> Whose {
    if provider == "openai" { Whose::OpenAis } else { Whose::Others }
}

fn most_of(providers: &evidence::Providers) -> Whose {
    providers.iter().map(|provider| whose(provider)).max().unwrap_or_default()
}

fn key_in(catalog: &Catalog, word: &str) -> Whose {
    most_of(&evidence::of_name(catalog, word)).max(literal_in(catalog, word))
}

fn literal_in(catalog: &Catalog, literal: &str) -> Whose {
    most_of(&evidence::of_literal(catalog, &Text::new(literal)).providers())
}
/// A match, extended on both sides by the characters of its kind.
fn around(text: &str, start: usize, end: usize, part: impl Fn(char) -> bool, most: usize) -> &str {
    let (Some(before), Some(after)) = (text.get(..start), text.get(end..)) else { return "" };
    let left: usize = before.chars().rev().take(most).take_while(|&c| part(c)).map(char::len_utf8).sum();
    let right: usize = after.chars().take(most).take_while(|&c| part(c)).map(char::len_utf8).sum();
    text.get(start - left..end + right).unwrap_or("")
}

/// A word, also where a separator stands somewhere in it: `mix_route`, `open-ai`.
fn with_separators(word: &str) -> String {
    let splits = (2..word.len().saturating_sub(1)).filter_map(|at| {
        let (left, right) = word.split_at_checked(at)?;
        Some(format!("{}[-_. ]?{}", regex::escape(left), regex::escape(right)))
    });
    let all: Vec<String> = std::iter::once(regex::escape(word)).chain(splits).collect();
    all.join("|")
}

/// The text that every match of an expression begins with, if it is long enough to tell something.
fn literal_start(pattern: &str) -> Option<String> {
    let end = pattern.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(pattern.len());
    let start = pattern.get(..end)?;
    // What is repeated or optional is no part of it.
    let start = match pattern.get(end..)?.chars().next() {
        Some('*' | '?' | '+' | '{') => start.get(..start.len().saturating_sub(1))?,
        _ => start,
    };
    (start.len() >= 3).then(|| start.to_owned())
}

/// The words that hold no other of them.
fn shortest(words: BTreeSet<String>) -> BTreeSet<String> {
    words
        .iter()
        .filter(|word| !words.iter().any(|other| other != *word && word.contains(other.as_str())))
        .cloned()
        .collect()
}
