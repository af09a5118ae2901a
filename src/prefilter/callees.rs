//! Whether a file may make a client: whether it calls, derives from or renames something that the catalogue knows.

use std::collections::{BTreeSet, HashMap};

use super::lexicon::{Found, Lexicon, Style};
use super::pattern::Pattern;
use super::usage::{self, Usage, is_used};
use super::{COMMON, LANGUAGES};
use crate::catalog::Catalog;
use crate::glance::is_part;
use crate::language::Language;
use crate::source::Source;

/// The names of what makes clients, by language.
#[derive(Debug)]
pub(super) struct Callees {
    languages: HashMap<&'static str, Names>,
    /// `import X from "module"`, of the modules that are called themselves.
    defaults: Pattern,
    /// `import openai`.
    modules: Pattern,
    /// `openai.api_base =`.
    attributes: Pattern,
}

/// The names of one language.
#[derive(Debug)]
struct Names {
    words: Lexicon,
    /// The first words of the modules, one of which a file with the name has to mention; none for a name that says
    /// itself what it is.
    needs: HashMap<String, Vec<String>>,
    /// What follows a name of which only a member is called: `chat` of `openai.chat(...)`.
    members: HashMap<String, BTreeSet<String>>,
    /// The options that a call drops, by their last words.
    dropped: HashMap<String, BTreeSet<String>>,
}

/// How far behind a callee its options are looked for, in bytes.
const OPTIONS: usize = 600;

impl Callees {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let heads: BTreeSet<String> = catalog
            .clients
            .iter()
            .flat_map(|client| &client.modules)
            .map(|module| squash(head(module)))
            .filter(|head| head.len() >= 6)
            .collect();
        let mut languages = HashMap::new();
        for language in LANGUAGES {
            let mut needs: HashMap<String, Vec<String>> = HashMap::new();
            let mut members: HashMap<String, BTreeSet<String>> = HashMap::new();
            let mut dropped: HashMap<String, BTreeSet<String>> = HashMap::new();
            for client in catalog.clients.iter().filter(|client| client.language == language) {
                let common = client.modules.iter().all(|module| COMMON.contains(&head(module)));
                if common {
                    continue;
                }
                let constructs = client.construct.iter().filter(|construct| !construct.any_receiver);
                for (construct, callee) in
                    constructs.flat_map(|construct| construct.callee.iter().map(move |callee| (construct, callee)))
                {
                    let Some(name) = telling_part(callee, language, &heads) else { continue };
                    if let Some((_, member)) = callee.split_once(&format!("{name}.")) {
                        members.entry(name.to_owned()).or_default().insert(member.to_owned());
                    }
                    let options = construct.ignored.iter().filter_map(|path| path.rsplit('.').next());
                    dropped.entry(name.to_owned()).or_default().extend(options.map(str::to_owned));
                    let known = needs.entry(name.to_owned()).or_default();
                    if !speaks_for_itself(name, &heads) {
                        known.extend(client.modules.iter().map(|module| head(module).to_owned()));
                    }
                }
            }
            let words = Lexicon::new(needs.keys().cloned().collect::<BTreeSet<_>>(), Style::Whole);
            languages.insert(language, Names { words, needs, members, dropped });
        }
        let called_itself = |client: &&crate::catalog::Client| {
            client.language == "javascript"
                && client
                    .construct
                    .iter()
                    .flat_map(|construct| &construct.callee)
                    .any(|callee| callee.is_empty() || callee.starts_with("default"))
        };
        let modules: BTreeSet<String> = catalog
            .clients
            .iter()
            .filter(called_itself)
            .flat_map(|client| &client.modules)
            .filter(|module| !COMMON.contains(&head(module)))
            .map(|module| regex::escape(module))
            .collect();
        let modules: Vec<String> = modules.into_iter().collect();
        let defaults = Pattern::new(format!(
            r#"(?:import\s+(?:type\s+)?(\w+)\s*(?:,[^"';]*)?\s*from\s*|import\s*\*\s*as\s+(\w+)\s+from\s*|\bdefault\s+as\s+(\w+)\b[^"';]*from\s*|(\w+)\s*=\s*(?:await\s+)?(?:require|import)\s*\(\s*|(?:require|import)\s*\(\s*)["'`](?:\w+:)?(?:{})(?:@[^"'`]*)?["'`]"#,
            modules.join("|")
        ));
        let dotted: BTreeSet<String> = catalog
            .clients
            .iter()
            .filter(|client| client.language == "python")
            .filter(|client| {
                client.construct.iter().flat_map(|construct| &construct.callee).any(|callee| callee.contains('.'))
            })
            .flat_map(|client| &client.modules)
            .map(|module| regex::escape(module.rsplit('.').next().unwrap_or(module)))
            .collect();
        let dotted: Vec<String> = dotted.into_iter().collect();
        let modules = Pattern::new(format!(
            r"(?m)^\s*import\s[^\n]*\b(?:{0})\b|\bfrom\s[^\n]*\bimport\s[^\n]*\b(?:{0})\b|^\s*(?:{0}),?\s*$|import_module|__import__",
            dotted.join("|")
        ));
        let attributes: BTreeSet<&str> = catalog
            .clients
            .iter()
            .flat_map(|client| &client.construct)
            .flat_map(|construct| {
                construct
                    .global_key
                    .iter()
                    .chain(&construct.global_endpoint)
                    .chain(&construct.ignored_global)
                    .chain(&construct.unless_global)
            })
            .filter_map(|path| path.rsplit('.').next())
            .collect();
        let attributes: Vec<String> = attributes.into_iter().map(regex::escape).collect();
        let attributes = Pattern::new(format!(r"\.(?:{})\s*=[^=]", attributes.join("|")));
        Self { languages, defaults, modules, attributes }
    }

    /// Whether something in the file may make a client.
    pub(super) fn may_be_called(&self, source: &Source) -> bool {
        let text = source.text.as_str();
        let language = source.language;
        let Some(names) = self.languages.get(language.name()) else { return true };
        let Some(words) = names.words.find(text) else { return true };
        let mut mentions: HashMap<&str, bool> = HashMap::new();
        let mut usage = Usage::new(source);
        for Found { word, range } in words {
            let Some(needs) = names.needs.get(word) else { continue };
            let (before, after) = (usage::before(text, range.start), usage::after(text, range.end));
            let member = after.strip_prefix('.').is_some_and(|after| {
                let called = |member: &String| {
                    after.strip_prefix(member.as_str()).is_some_and(|rest| !rest.starts_with(is_part))
                };
                names.members.get(word).is_some_and(|members| members.iter().any(called))
            });
            if usage.is_prose(range.start) || (!member && !is_used(language, before, after)) {
                continue;
            }
            let mut mentioned = |head: &String| {
                let key = needs.iter().find(|known| *known == head).map_or("", String::as_str);
                *mentions.entry(key).or_insert_with(|| memchr::memmem::find(text.as_bytes(), head.as_bytes()).is_some())
            };
            let is_common = !needs.is_empty();
            if is_common && (!needs.iter().any(&mut mentioned) || !usage.is_from_outside(&range, needs)) {
                continue;
            }
            if word.contains('.')
                && language == Language::Python
                && !self.modules.is_in(text)
                && !usage::is_imported(text, word.split('.').next().unwrap_or(""))
            {
                continue;
            }
            return true;
        }
        let Some(defaults) = self.defaults.regex().filter(|_| language.name() == "javascript") else { return false };
        defaults.captures_iter(text.as_bytes()).any(|found| {
            let Some(local) = found.iter().skip(1).flatten().next() else { return true };
            memchr::memmem::find_iter(text.as_bytes(), local.as_bytes()).any(|at| {
                let (before, after) = (usage::before(text, at), usage::after(text, at + local.len()));
                at != local.start()
                    && !before.ends_with(is_part)
                    && !after.starts_with(is_part)
                    // `new X.OpenAI(...)`
                    && (after.starts_with('.') && before.trim_end().ends_with("new") || is_used(language, before, after))
            })
        })
    }

    /// Whether a call seems to be given an option that it drops.
    pub(super) fn drops_an_option(&self, source: &Source) -> bool {
        let text = source.text.as_bytes();
        let Some(names) = self.languages.get(source.language.name()) else { return true };
        let Some(mut words) = names.words.find(&source.text) else { return true };
        words.any(|found| {
            let options = names.dropped.get(found.word).into_iter().flatten();
            let end = found.range.end;
            let after = &text[end..text.len().min(end + OPTIONS)];
            options.into_iter().any(|option| {
                memchr::memmem::find_iter(after, option.as_bytes()).any(|at| {
                    let whole = !after[..at].last().is_some_and(|&before| is_part(before as char));
                    let rest = after[at + option.len()..].trim_ascii_start();
                    whole && rest.first().is_some_and(|next| matches!(next, b':' | b'=' | b',' | b'}' | b'"' | b'\''))
                })
            })
        })
    }

    /// Whether the file writes to an attribute of a module that clients look at.
    pub(super) fn sets_an_attribute(&self, source: &Source) -> bool {
        let Some(attributes) = self.attributes.regex().filter(|_| source.language == Language::Python) else {
            return false;
        };
        attributes.find_iter(source.text.as_bytes()).any(|found| {
            let line = usage::line_before(&source.text, found.start()).trim_start_matches([' ', '\t']);
            let is_chain = line.split('.').all(|part| !part.is_empty() && part.chars().all(is_part));
            let root = line.split('.').next().unwrap_or("");
            is_chain && !["self", "cls", "client", "args", "kwargs"].contains(&root)
        })
    }
}

/// The part of a callee by which a file that calls it is known.
fn telling_part<'c>(callee: &'c str, language: &str, heads: &BTreeSet<String>) -> Option<&'c str> {
    let callee = callee.strip_prefix("default.").unwrap_or(callee);
    if callee.is_empty() || callee == "default" {
        return None;
    }
    if language == "rust" {
        return callee.split('.').next();
    }
    let part = callee.split('.').find(|part| speaks_for_itself(part, heads));
    Some(part.unwrap_or(callee))
}

/// Whether a name has a package's name in it: `AsyncOpenAI`.
fn speaks_for_itself(name: &str, heads: &BTreeSet<String>) -> bool {
    let name = squash(name);
    heads.iter().any(|head| name.contains(head.as_str()))
}

/// The first word of a module, by which imports are told.
pub(super) fn head(module: &str) -> &str {
    module.trim_start_matches('@').split(['.', '/', ':']).next().unwrap_or(module)
}

fn squash(name: &str) -> String {
    crate::catalog::squash(name)
}
