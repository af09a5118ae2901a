//! Which files are worth parsing: what their text alone shows.
//!
//! Code is parsed where it calls, derives from or renames something that the catalogue knows ([`callees`]), or where it
//! may send a request or hold a row of settings and something says whose key or host that is ([`evidence`]). All words
//! come from the catalogue. What is taken for a sign may be none. Files that only define constants are read when an
//! import leads to them. `--no-prefilter` parses everything and must find the same.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::catalog::Catalog;
use crate::language::Language;
use crate::source::Source;

mod callees;
mod evidence;

use callees::Callees;
use evidence::Evidence;

/// What the names of variables for keys and URLs have in them, and headers.
const ENVIRONMENT: [&str; 12] = [
    "KEY",
    "TOKEN",
    "SECRET",
    "BASE_URL",
    "API_BASE",
    "_ENDPOINT",
    "_HOST",
    "uthorization",
    "api-key",
    // What brings variables in from another file.
    "env_file",
    "env-file",
    "envFrom",
];

/// What the names of fields for keys hold, in any style of writing; a row of data has one beside a URL.
const FIELDS: [&str; 8] = ["key", "Key", "KEY", "oken", "OKEN", "ecret", "ECRET", "redential"];
/// What a URL has, or the name of a field that holds one.
const URLS: [&str; 10] =
    ["://", "api.", "mixroute", "base_url", "baseU", "BASE_URL", "api_base", "apiBase", "API_BASE", "ndpoint"];

/// Whether a text names a variable that may hold a key or URL, or a header: a part of a file without such a name gives
/// no facts.
pub fn names_variables(text: &str) -> bool {
    static WORDS: LazyLock<Option<Regex>> =
        LazyLock::new(|| any_of(ENVIRONMENT.into_iter().chain(["GITHUB_ENV", "BASH_ENV", "setvariable", "API"])));
    WORDS.as_ref().is_none_or(|words| words.is_match(text.as_bytes()))
}

/// The same in code, where most keys are those of tables.
const CODE_FIELDS: [&str; 7] = ["api_key", "apiKey", "ApiKey", "apikey", "API_KEY", "token", "_key"];

/// Packages that everyone imports say nothing; their requests carry a header.
const COMMON: [&str; 15] = [
    "requests",
    "httpx",
    "aiohttp",
    "urllib",
    "axios",
    "got",
    "ky",
    "reqwest",
    "ureq",
    "node-fetch",
    "undici",
    "ofetch",
    "cross-fetch",
    "isomorphic-fetch",
    "urllib3",
];

/// Headers that carry a key, and the method that sets one.
const HEADERS: &str = "(?i-u:uthorization|bearer_auth|api[-_]key\\b)";

/// The words, compiled.
#[derive(Debug)]
pub struct Prefilter {
    code: Option<Regex>,
    environment: Option<Regex>,
    fields: Option<Regex>,
    urls: Option<Regex>,
    code_fields: Option<Regex>,
    headers: Option<Regex>,
    elsewhere: Option<Regex>,
    own: Option<Regex>,
    unkeyed: Option<Regex>,
    callees: Callees,
    evidence: Evidence,
}

impl Prefilter {
    /// Compiles the words of a catalogue.
    pub fn new(catalog: &Catalog) -> Self {
        let mut words: BTreeSet<String> = BTreeSet::new();
        for client in &catalog.clients {
            // Of a callee without modules (`acme.llm.connect`) the module is a part.
            let callees = client.construct.iter().flat_map(|construct| &construct.callee);
            let whole = callees.filter(|name| client.modules.is_empty() && name.contains(['.', '/']));
            for module in client.modules.iter().chain(whole) {
                // The first word of a module is in every way to import it or a part of it.
                let word = module.trim_start_matches('@').split(['.', '/', ':']).next().unwrap_or(module);
                words.insert(word.to_owned());
            }
        }
        for common in COMMON {
            words.remove(common);
        }
        // Re-exports keep the class's name; its parts are in the package's, whatever the case.
        let more = [
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
        words.extend(more.map(str::to_owned));
        // A word that holds another one is found with it.
        let shortest: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|word| !words.iter().any(|other| other != word && word.contains(other.as_str())))
            .collect();
        Self {
            code: any_of(shortest),
            environment: any_of(ENVIRONMENT),
            fields: any_of(FIELDS),
            urls: any_of(URLS),
            code_fields: any_of(CODE_FIELDS),
            headers: Regex::new(HEADERS).ok(),
            elsewhere: elsewhere(catalog),
            own: own(catalog),
            unkeyed: unkeyed(catalog),
            callees: Callees::new(catalog),
            evidence: Evidence::new(catalog),
        }
    }

    /// Whether a file is worth parsing.
    pub fn admits(&self, catalog: &Catalog, source: &Source) -> bool {
        let has = |words: &Option<Regex>| words.as_ref().is_none_or(|words| words.is_match(source.text.as_bytes()));
        match source.language {
            Language::Dotenv
            | Language::Http
            | Language::Shell
            | Language::PowerShell
            | Language::Fish
            | Language::Batch
            | Language::Dockerfile
            | Language::Make
            | Language::Just
            | Language::Systemd
            | Language::Procfile => has(&self.environment),
            Language::Yaml | Language::Json | Language::Toml | Language::Terraform => {
                has(&self.environment) || (has(&self.fields) && has(&self.urls)) || has(&self.unkeyed)
            }
            Language::Markdown => has(&self.code) || has(&self.environment) || (has(&self.fields) && has(&self.urls)),
            _ => self.admits_code(catalog, source),
        }
    }

    fn admits_code(&self, catalog: &Catalog, source: &Source) -> bool {
        let text = source.text.as_bytes();
        let has = |words: &Option<Regex>| words.as_ref().is_none_or(|words| words.is_match(text));
        let mentions = has(&self.code);
        if has(&self.own) {
            return true;
        }
        if mentions
            && (has(&self.elsewhere) || self.callees.may_be_called(source) || self.callees.sets_an_attribute(source))
        {
            return true;
        }
        // A request, or a row of a table, counts only with a key or a host that is known.
        let request = mentions && has(&self.headers);
        (request || (has(&self.urls) && has(&self.code_fields))) && self.evidence.is_in(catalog, &source.text)
    }
}

/// What matters to the clients of other files: comments for mixlint, what turns tracing off, fields of settings classes
/// that may take a base URL from a variable.
fn elsewhere(catalog: &Catalog) -> Option<Regex> {
    let ways = catalog.clients.iter().flat_map(|client| &client.traces_unless);
    let mut words: Vec<String> = ways.filter_map(|way| way.split('.').next()).map(regex::escape).collect();
    words.push("mixlint:".to_owned());
    words.push(r"(?mi-u:^[ \t]+\w*(?:url|base|endpoint|host|path|proxy)[ \t]*:[ \t]*\w)".to_owned());
    Regex::new(&words.join("|")).ok()
}

/// What the configuration's own clients are called by: a file of the same project is imported by a path that need not
/// name the module.
fn own(catalog: &Catalog) -> Option<Regex> {
    let constructs = catalog.own_clients().flat_map(|client| &client.construct);
    let words: BTreeSet<&str> = constructs
        .flat_map(|construct| &construct.callee)
        .map(|callee| callee.rsplit(['.', '/']).next().unwrap_or(callee))
        .filter(|word| !word.is_empty())
        .collect();
    // No words match nothing.
    if words.is_empty() { Regex::new("[^\\s\\S]").ok() } else { any_of(words) }
}

/// The fields for a URL of tools that know their key's variable by themselves: their files may not speak of a key.
fn unkeyed(catalog: &Catalog) -> Option<Regex> {
    let rows = catalog.tools.iter().flat_map(|tool| &tool.row).filter(|row| row.key_variable.is_some());
    let fields: BTreeSet<&str> =
        rows.flat_map(|row| &row.endpoint).map(|path| path.rsplit('.').next().unwrap_or(path)).collect();
    if fields.is_empty() { Regex::new("[^\\s\\S]").ok() } else { any_of(fields) }
}

/// One SIMD pass for any of some words.
fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Regex> {
    let words: Vec<String> = words.into_iter().map(regex::escape).collect();
    Regex::new(&words.join("|")).ok()
}
