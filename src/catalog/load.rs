//! Reads the catalogue's files and answers questions of them.

use std::sync::{LazyLock, OnceLock};

use foldhash::{HashMap, HashMapExt};
use regex::{Regex, RegexSet};
use serde::Deserialize;

use super::tool::Files;
use super::{Client, Construct, Provider, SharedFormat, Tool, Transport, Version};
use crate::endpoint;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}
pub(crate) use embedded::{MESSAGES, PAGES};

/// All that is known of providers and clients.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Providers.
    pub providers: Vec<Provider>,
    /// Shapes of keys that several of them issue.
    pub shared_formats: Vec<SharedFormat>,
    /// Clients.
    pub clients: Vec<Client>,
    /// Identifiers of those clients that a configuration adds.
    own: Vec<String>,
    /// Tools.
    pub tools: Vec<Tool>,
    /// What sends the requests of clients.
    pub transports: Vec<Transport>,
    /// Clients as they are for other models than their own, by identifier.
    models: OnceLock<HashMap<String, Vec<Client>>>,
    index: Index,
    formats: OnceLock<Formats>,
    tool_files: OnceLock<Files>,
}

/// Why a file of the catalogue, or an addition to it, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Not TOML in the schema of the catalogue.
    #[error("{file}: {message}")]
    Invalid {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// A `key-formats` or `pattern` entry is no regular expression.
    #[error("`{id}`: `{pattern}` is not a regular expression that can be used")]
    Pattern {
        /// The provider or format.
        id: String,
        /// The expression.
        pattern: String,
    },
    /// A provider has a shared format that nothing defines.
    #[error("provider `{id}`: there is no shared format `{format}`")]
    NoSuchFormat {
        /// The provider.
        id: String,
        /// The format.
        format: String,
    },
    /// A provider's `base-url` is none of its own.
    #[error("provider `{0}`: `base-url` is no URL at one of its `hosts`")]
    BaseUrl(String),
    /// Two tables of one kind have one identifier.
    #[error("`{0}` is defined twice")]
    Twice(String),
}

/// One file of `rules/providers/` or `rules/clients/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    provider: Vec<Provider>,
    #[serde(default)]
    shared_format: Vec<SharedFormat>,
    #[serde(default)]
    client: Vec<Client>,
    #[serde(default)]
    tool: Vec<Tool>,
    #[serde(default)]
    transport: Vec<Transport>,
}

/// Clients and their constructs by language, then by name.
type Callees = HashMap<String, HashMap<String, Vec<(usize, usize)>>>;

/// Answers prepared once. Positions are indices into the catalogue's lists.
#[derive(Clone, Debug, Default)]
struct Index {
    /// By callee symbol.
    symbols: Callees,
    /// By method name.
    methods: Callees,
    /// By exact host.
    hosts: HashMap<String, usize>,
    /// By `.host` of `*.host`.
    suffixes: HashMap<String, usize>,
    /// By name of an environment variable in the form of [`squash`].
    key_env: HashMap<String, Vec<usize>>,
    /// By word of a name.
    words: HashMap<String, usize>,
}

/// Compiled when the first literal is looked at: most runs see none.
#[derive(Clone, Debug)]
struct Formats {
    set: RegexSet,
    /// The provider (own format) or shared format of each expression in the set.
    owners: Vec<FormatOwner>,
}

/// What a pattern that matched a whole literal stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormatOwner {
    /// A provider's own format: index of the provider.
    Provider(usize),
    /// Index of the shared format.
    Shared(usize),
}

/// A name reduced to letters and digits in lower case: `MIXROUTE_API_KEY` and `mixrouteApiKey` are the same.
pub(crate) fn squash(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

impl Catalog {
    /// What is known without any configuration.
    pub fn builtin() -> &'static Self {
        // The files are tested; should one not parse all the same, the rest is still of use.
        static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| Catalog::parse_embedded().0);
        &BUILTIN
    }

    /// The embedded files, and what was wrong with them.
    fn parse_embedded() -> (Self, Vec<CatalogError>) {
        let mut catalog = Self::default();
        let mut errors = Vec::new();
        for &(name, text) in embedded::PROVIDERS.iter().chain(embedded::CLIENTS) {
            match serde_json::from_str::<File>(text) {
                Ok(file) => {
                    catalog.providers.extend(file.provider);
                    catalog.shared_formats.extend(file.shared_format);
                    catalog.clients.extend(file.client);
                    catalog.tools.extend(file.tool);
                    catalog.transports.extend(file.transport);
                }
                Err(error) => {
                    errors.push(CatalogError::Invalid { file: name.to_owned(), message: error.to_string() });
                }
            }
        }
        catalog.index = Index::build(&catalog);
        (catalog, errors)
    }

    /// The built-in catalogue with additions from a config. A provider whose identifier is known adds its hosts, names
    /// and formats to those known; a client or tool whose identifier is known takes the known one's
    /// place.
    pub fn extended(providers: Vec<Provider>, clients: Vec<Client>, tools: Vec<Tool>) -> Result<Self, CatalogError> {
        let mut catalog = Self {
            formats: OnceLock::new(),
            tool_files: OnceLock::new(),
            models: OnceLock::new(),
            ..Self::builtin().clone()
        };
        unique(providers.iter().map(|provider| provider.id.as_str()))?;
        unique(clients.iter().map(|client| client.id.as_str()))?;
        unique(tools.iter().map(|tool| tool.id.as_str()))?;
        for provider in providers {
            match catalog.providers.iter_mut().find(|known| known.id == provider.id) {
                Some(known) => known.add(provider),
                None => catalog.providers.push(provider),
            }
        }
        catalog.own = clients.iter().map(|client| client.id.clone()).collect();
        for client in clients {
            match catalog.clients.iter_mut().find(|known| known.id == client.id) {
                Some(known) => *known = client,
                None => catalog.clients.push(client),
            }
        }
        for tool in tools {
            match catalog.tools.iter_mut().find(|known| known.id == tool.id) {
                Some(known) => *known = tool,
                None => catalog.tools.push(tool),
            }
        }
        catalog.check()?;
        catalog.index = Index::build(&catalog);
        Ok(catalog)
    }

    /// Whether the tables fit each other.
    fn check(&self) -> Result<(), CatalogError> {
        unique(self.providers.iter().map(|provider| provider.id.as_str()))?;
        unique(self.clients.iter().map(|client| client.id.as_str()))?;
        unique(self.tools.iter().map(|tool| tool.id.as_str()))?;
        unique(self.shared_formats.iter().map(|format| format.id.as_str()))?;
        let own = self.providers.iter().flat_map(|provider| provider.key_formats.iter().map(|p| (&provider.id, p)));
        let shared = self.shared_formats.iter().map(|format| (&format.id, &format.pattern));
        for (id, pattern) in own.chain(shared) {
            if Regex::new(&whole(pattern)).is_err() {
                return Err(CatalogError::Pattern { id: id.clone(), pattern: pattern.clone() });
            }
        }
        for provider in &self.providers {
            let at_home = |url: &String| {
                let url = endpoint::Url::parse(url).filter(|url| url.scheme.is_some());
                url.is_some_and(|url| provider.hosts.iter().any(|known| endpoint::matches_host(known, &url.host)))
            };
            if !provider.base_url.as_ref().is_none_or(at_home) {
                return Err(CatalogError::BaseUrl(provider.id.clone()));
            }
            for format in &provider.shared_formats {
                if !self.shared_formats.iter().any(|known| &known.id == format) {
                    return Err(CatalogError::NoSuchFormat { id: provider.id.clone(), format: format.clone() });
                }
            }
        }
        Ok(())
    }

    /// The tools whose settings a file holds, by its path.
    pub fn tools_of(&self, path: &std::path::Path) -> impl Iterator<Item = &Tool> {
        let files = self.tool_files.get_or_init(|| Files::new(&self.tools));
        files.of(path).into_iter().filter_map(|index| self.tools.get(index))
    }

    /// The provider with an identifier.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// The clients that a configuration adds, which may be made in the project itself.
    pub fn own_clients(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| self.own.contains(&client.id))
    }

    /// The client with an identifier.
    pub fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// Whose host it is, by exact comparison; the host must be in lower case, without a trailing dot.
    pub fn provider_of_host(&self, host: &str) -> Option<&Provider> {
        let exact = self.index.hosts.get(host);
        let found = exact.or_else(|| {
            host.match_indices('.').find_map(|(at, _)| self.index.suffixes.get(host.get(at..).unwrap_or("")))
        });
        found.and_then(|&index| self.providers.get(index))
    }

    /// What calling a symbol makes, in a version of the client's package. A symbol is the module, a dot and the name:
    /// `openai.OpenAI`, `@langchain/openai.ChatOpenAI`, `async_openai.config.OpenAIConfig.new`, `curl`.
    ///
    /// `None` stands for the current version; a symbol that the current version no longer has is taken for the last
    /// version that had it.
    pub fn construct(&self, language: &str, symbol: &str, version: Option<Version>) -> Vec<(&Client, &Construct)> {
        self.found(&self.index.symbols, language, symbol, version)
    }

    /// A client's construct as it is for the models of another provider whose names begin in one of these ways.
    pub fn of_models(&self, client: &Client, construct: &Construct, names: &[String]) -> Option<(&Client, &Construct)> {
        let position = client.construct.iter().position(|own| std::ptr::eq(own, construct))?;
        let mut others = self
            .models
            .get_or_init(|| models(&self.clients))
            .get(&client.id)?
            .iter()
            .map(|other| (other, &other.construct[position]));
        others.find(|(_, construct)| names.iter().all(|name| construct.is_of_model(name)))
    }

    /// What calling a method of an unknown object can be: `client.post(url, ...)`.
    pub fn method(&self, language: &str, name: &str) -> Vec<(&Client, &Construct)> {
        self.found(&self.index.methods, language, name, None)
    }

    /// Whether a symbol or method is known at all, in any version.
    pub fn knows(&self, language: &str, symbol: &str) -> bool {
        [&self.index.symbols, &self.index.methods]
            .iter()
            .any(|map| map.get(language).is_some_and(|names| names.contains_key(symbol)))
    }

    fn found(&self, map: &Callees, language: &str, name: &str, version: Option<Version>) -> Vec<(&Client, &Construct)> {
        let all: Vec<(&Client, &Construct)> = map
            .get(language)
            .and_then(|names| names.get(name))
            .into_iter()
            .flatten()
            .filter_map(|&(client, construct)| {
                let client = self.clients.get(client)?;
                Some((client, client.construct.get(construct)?))
            })
            .collect();
        // Without a version, the newest for which there is anything.
        let version = version.or_else(|| all.iter().map(|(_, construct)| construct.newest()).max());
        let Some(version) = version else { return Vec::new() };
        all.into_iter().filter(|(_, construct)| construct.applies(version)).collect()
    }

    /// Providers that have an environment variable by convention.
    pub(crate) fn of_key_env(&self, squashed: &str) -> impl Iterator<Item = &Provider> {
        self.index.key_env.get(squashed).into_iter().flatten().filter_map(|&index| self.providers.get(index))
    }

    /// The provider that a word in a name stands for.
    pub(crate) fn of_word(&self, word: &str) -> Option<&Provider> {
        self.index.words.get(word).and_then(|&index| self.providers.get(index))
    }

    /// Whose formats a whole literal has.
    pub(crate) fn of_format(&self, literal: &str) -> impl Iterator<Item = FormatOwner> {
        let formats = self.formats.get_or_init(|| Formats::build(self));
        formats.set.matches(literal).into_iter().filter_map(|index| formats.owners.get(index).copied())
    }
}

impl Provider {
    /// Adds what another table says of the same provider.
    fn add(&mut self, other: Provider) {
        for (mine, more) in [
            (&mut self.hosts, other.hosts),
            (&mut self.domains, other.domains),
            (&mut self.other_hosts, other.other_hosts),
            (&mut self.key_formats, other.key_formats),
            (&mut self.key_prefixes, other.key_prefixes),
            (&mut self.shared_formats, other.shared_formats),
            (&mut self.key_env, other.key_env),
            (&mut self.name_words, other.name_words),
            (&mut self.model_words, other.model_words),
            (&mut self.name_needs, other.name_needs),
            (&mut self.neutral_names, other.neutral_names),
        ] {
            mine.extend(more);
        }
        self.base_url = other.base_url.or(self.base_url.take());
        self.base_path = other.base_path.or(self.base_path.take());
        self.forwards |= other.forwards;
    }
}

impl Construct {
    /// Whether it holds for a version of the package.
    pub fn applies(&self, version: Version) -> bool {
        self.versions.as_ref().is_none_or(|range| range.contains(version))
    }

    /// Whether the name of a model says that this is how its client is made.
    pub fn is_of_model(&self, name: &str) -> bool {
        self.model_prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
    }

    /// The newest version that it holds for.
    fn newest(&self) -> Version {
        self.versions.as_ref().map_or(Version::NEWEST, super::Range::newest)
    }
}

/// The clients as they are for other models than their own, by identifier.
fn models(clients: &[Client]) -> HashMap<String, Vec<Client>> {
    let mut out = HashMap::new();
    for client in clients {
        let base = client.models_of.as_ref().and_then(|id| clients.iter().find(|other| other.id == *id));
        let all = client.models.iter().chain(base.into_iter().flat_map(|base| &base.models));
        let all: Vec<Client> = all.map(|models| models.client(client)).collect();
        if !all.is_empty() {
            out.insert(client.id.clone(), all);
        }
    }
    out
}

impl Index {
    fn build(catalog: &Catalog) -> Self {
        let mut index = Self::default();
        for (number, provider) in catalog.providers.iter().enumerate() {
            for host in &provider.hosts {
                match host.strip_prefix('*') {
                    Some(suffix) => index.suffixes.insert(suffix.to_owned(), number),
                    None => index.hosts.insert(host.clone(), number),
                };
            }
            for name in &provider.key_env {
                index.key_env.entry(squash(name)).or_default().push(number);
            }
            for word in &provider.name_words {
                index.words.insert(squash(word), number);
            }
        }
        for (number, client) in catalog.clients.iter().enumerate() {
            for (position, construct) in client.construct.iter().enumerate() {
                let place = (number, position);
                if construct.any_receiver {
                    let methods = index.methods.entry(client.language.clone()).or_default();
                    for name in &construct.callee {
                        methods.entry(name.clone()).or_default().push(place);
                    }
                    continue;
                }
                let symbols = index.symbols.entry(client.language.clone()).or_default();
                for symbol in construct.callee.iter().flat_map(|name| symbols_of(&client.modules, name)) {
                    symbols.entry(symbol).or_default().push(place);
                }
            }
        }
        index
    }
}

/// The symbols that a callee has: one for each module, or the name alone.
fn symbols_of(modules: &[String], name: &str) -> Vec<String> {
    if modules.is_empty() {
        return vec![name.to_owned()];
    }
    let join = |module: &String| if name.is_empty() { module.clone() } else { format!("{module}.{name}") };
    modules.iter().map(join).collect()
}

impl Formats {
    fn build(catalog: &Catalog) -> Self {
        let mut patterns = Vec::new();
        let mut owners = Vec::new();
        for (number, provider) in catalog.providers.iter().enumerate() {
            for pattern in &provider.key_formats {
                patterns.push(whole(pattern));
                owners.push(FormatOwner::Provider(number));
            }
        }
        for (number, format) in catalog.shared_formats.iter().enumerate() {
            patterns.push(whole(&format.pattern));
            owners.push(FormatOwner::Shared(number));
        }
        // `check` has tried each expression; together they could only be too large.
        let set = RegexSet::new(&patterns).unwrap_or_else(|_| RegexSet::empty());
        Self { set, owners }
    }
}

/// A pattern that must match the whole key. ASCII only: no key has other characters, and the tables stay small.
fn whole(pattern: &str) -> String {
    format!("(?-u)^(?:{pattern})$")
}

fn unique<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), CatalogError> {
    let mut seen = std::collections::HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(CatalogError::Twice(id.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
