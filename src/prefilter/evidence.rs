//! Signs of whose keys there are: names and literals that say so, and hosts of providers.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::RwLock;

use super::lexicon::{Found, Lexicon, Style};
use super::pattern::Pattern;
use super::runs::Runs;
use crate::catalog::{Catalog, squash};
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

impl Signs {
    /// Whether any is of somebody else than OpenAI.
    pub(super) fn are_foreign(self) -> bool {
        self.key.max(self.host) == Whose::Others
    }
}

/// What to look for.
#[derive(Debug)]
pub(super) struct Evidence {
    /// Names of providers and of their keys' variables, and the hosts that have none of these in them.
    names: Lexicon,
    /// What keys begin with, or look like.
    formats: Pattern,
    /// The same of formats that begin with no letters of their own.
    runs: Vec<Runs>,
    /// Imports of what may be a key or a URL of the project's own.
    imported: Pattern,
    known: Known,
}

/// What is known of pieces of text that were looked at before: whose key each names, whose host it is, and whether that
/// is misspelled.
#[derive(Debug, Default)]
struct Known {
    keys: Answers,
    hosts: Answers,
    slips: Answers,
}

type Answers = RwLock<HashMap<String, Whose>>;

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
        let mut starts = BTreeSet::from(["T3BlbkFJ".to_owned()]);
        starts.extend(catalog.providers.iter().flat_map(|it| &it.key_prefixes).map(|prefix| regex::escape(prefix)));
        let own = catalog.providers.iter().flat_map(|provider| &provider.key_formats);
        let formats: BTreeSet<&str> =
            own.chain(catalog.shared_formats.iter().map(|format| &format.pattern)).map(String::as_str).collect();
        let mut runs = Vec::new();
        for format in formats {
            match Runs::of_format(format) {
                Some(run) => runs.push(run),
                None => drop(starts.insert(start_of(format))),
            }
        }
        Self {
            names: Lexicon::new(names(catalog), Style::Loose),
            formats: Pattern::new(Vec::from_iter(starts).join("|")),
            runs,
            imported: Pattern::new(IMPORTED),
            known: Known::default(),
        }
    }

    /// What a text says of keys and hosts, at the most.
    pub(super) fn of(&self, catalog: &Catalog, text: &str) -> Signs {
        let all = Signs { key: Whose::Others, host: Whose::Others };
        let mut signs = Signs { key: Whose::Nobodys, host: Whose::Nobodys };
        let (Some(names), Some(formats)) = (self.names.find(text), self.formats.regex()) else { return all };
        for Found { range, .. } in names {
            if signs.key != Whose::Others {
                signs.key = signs.key.max(self.key_named(catalog, text, &range));
            }
            if signs.host != Whose::Others {
                signs.host = signs.host.max(self.host(catalog, text, &range));
            }
            if (signs.key, signs.host) == (Whose::Others, Whose::Others) {
                return all;
            }
        }
        let starts = formats.find_iter(text.as_bytes()).map(|found| found.range());
        let mut starts = starts.chain(self.runs.iter().flat_map(|runs| runs.find(text)));
        while signs.key != Whose::Others
            && let Some(start) = starts.next()
        {
            signs.key = signs.key.max(self.key_written(catalog, text, start));
        }
        signs
    }

    /// Whether a text takes from another file what may say whose a key or a host is.
    pub(super) fn imports_some(&self, text: &str) -> bool {
        self.imported.is_in(text)
    }

    /// Whose key a name is, or a placeholder with it.
    fn key_named(&self, catalog: &Catalog, text: &str, name: &Range<usize>) -> Whose {
        let word = &text[around(text, name, |c| is_part(c) || c == '-', 128)];
        let whose = known(&self.known.keys, word, |word| key_in(catalog, word));
        // A placeholder may have blanks in it.
        let literal = &text[around(text, name, |c| !matches!(c, '"' | '\'' | '`' | '\n'), 101)];
        if literal.len() <= word.len() || literal.len() > 100 {
            return whose;
        }
        whose.max(known(&self.known.keys, literal, |literal| key_in(catalog, literal)))
    }

    /// Whose key a literal is that begins as some do.
    fn key_written(&self, catalog: &Catalog, text: &str, start: Range<usize>) -> Whose {
        // `"sk-proj-" + rest`, `f"sk-{rest}"`
        let is_open = text[start.end..].starts_with(['"', '\'', '`', '{', '$', '%']);
        if is_open && !text[..start.start].ends_with(is_part) {
            return Whose::Others;
        }
        let word = &text[around(text, &start, |c| is_part(c) || matches!(c, '-' | '.'), 512)];
        known(&self.known.keys, word, |word| key_in(catalog, word))
    }

    /// Whose host has a name in it.
    fn host(&self, catalog: &Catalog, text: &str, name: &Range<usize>) -> Whose {
        let range = around(text, name, |c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'), 253);
        let host = &text[range.clone()];
        if !host.contains('.') {
            return Whose::Nobodys;
        }
        let whose = known(&self.known.hosts, host, |host| match endpoint::provider(catalog, host) {
            Host::Provider(provider) => whose(&provider.id),
            _ => Whose::Nobodys,
        });
        if whose == Whose::OpenAis && !is_usual(text, &range) { Whose::Others } else { whose }
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
            host.contains('.') && known(&self.known.slips, host, misspelled) == Whose::Others
        })
    }
}

/// The words by which providers are known: their names, and the variables and hosts without one.
fn names(catalog: &Catalog) -> BTreeSet<String> {
    let names: BTreeSet<String> =
        catalog.providers.iter().flat_map(|provider| &provider.name_words).map(|word| squash(word)).collect();
    let is_nameless = |word: &String| !names.iter().any(|name| word.contains(name.as_str()));
    let others = catalog.providers.iter().flat_map(|provider| provider.key_env.iter().chain(&provider.hosts));
    let others: Vec<String> = others.map(|word| squash(word)).filter(is_nameless).collect();
    names.into_iter().chain(others).collect()
}

/// The answer to a question about a piece of text, found once.
fn known(answers: &Answers, text: &str, answer: impl FnOnce(&str) -> Whose) -> Whose {
    if let Ok(answers) = answers.read()
        && let Some(&answer) = answers.get(text)
    {
        return answer;
    }
    let answer = answer(text);
    if let Ok(mut answers) = answers.write()
        && answers.len() < 1 << 16
    {
        answers.insert(text.to_owned(), answer);
    }
    answer
}

/// Whether OpenAI's host is written as everyone does: such an endpoint is wrong only for another one's key.
fn is_usual(text: &str, host: &Range<usize>) -> bool {
    let after = text[host.end..].strip_prefix("/v1");
    &text[host.clone()] == "api.openai.com"
        && text[..host.start].ends_with("https://")
        && after.is_some_and(|rest| !rest.starts_with(['/', '1']))
}

fn whose(provider: &str) -> Whose {
    if provider == "openai" { Whose::OpenAis } else { Whose::Others }
}

fn most_of(providers: &evidence::Providers) -> Whose {
    providers.iter().map(|provider| whose(provider)).max().unwrap_or_default()
}

fn key_in(catalog: &Catalog, word: &str) -> Whose {
    let literal = evidence::of_literal(catalog, &Text::new(word)).providers();
    most_of(&evidence::of_name(catalog, word)).max(most_of(&literal))
}

/// A match, extended on both sides by the characters of its kind.
fn around(text: &str, found: &Range<usize>, part: impl Fn(char) -> bool, most: usize) -> Range<usize> {
    let part = |c: &char| part(*c);
    let left: usize = text[..found.start].chars().rev().take(most).take_while(part).map(char::len_utf8).sum();
    let right: usize = text[found.end..].chars().take(most).take_while(part).map(char::len_utf8).sum();
    found.start - left..found.end + right
}

/// What every match of a format begins with, if that is long enough to tell something; else the format.
fn start_of(format: &str) -> String {
    let end = format.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(format.len());
    let (start, rest) = format.split_at(end);
    // What is repeated or optional is no part of it.
    let start = if rest.starts_with(['*', '?', '+', '{']) { &start[..end.saturating_sub(1)] } else { start };
    if start.len() >= 3 { regex::escape(start) } else { format.to_owned() }
}
