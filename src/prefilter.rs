//! Which files can hold a client or a pair of variables at all: one pass over the text for a set of words.
//!
//! The words come from the catalogue: a client's file names the client's package, a request names an authorization
//! header, a pair of variables has a key's name. Files that only define constants are read when an import leads to
//! them. `--no-prefilter` parses everything and must find the same.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::catalog::Catalog;
use crate::language::Language;
use crate::source::Source;

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
/// The same in code, where most keys are those of tables.
const CODE_FIELDS: [&str; 7] = ["api_key", "apiKey", "ApiKey", "apikey", "API_KEY", "token", "_key"];
/// What a URL has, or the name of a field that holds one.
const URLS: [&str; 10] =
    ["://", "api.", "mixroute", "base_url", "baseU", "BASE_URL", "api_base", "apiBase", "API_BASE", "ndpoint"];
/// Whether a text names a variable that may hold a key or URL, or a header: a part of a file without such a name gives
/// no facts.
pub fn names_variables(text: &str) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let words = ENVIRONMENT.iter().chain(&["GITHUB_ENV", "BASH_ENV", "setvariable", "API"]);
        Regex::new(&words.map(|word| regex::escape(word)).collect::<Vec<_>>().join("|")).ok()
    });
    WORDS.as_ref().is_none_or(|words| words.is_match(text))
}

/// The words, compiled.
#[derive(Debug)]
pub struct Prefilter {
    code: Option<Regex>,
    environment: Option<Regex>,
    fields: Option<Regex>,
    code_fields: Option<Regex>,
    urls: Option<Regex>,
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
        // A file of the same project is imported by a path that need not name the module.
        for callee in catalog.own_clients().flat_map(|client| &client.construct).flat_map(|construct| &construct.callee)
        {
            words.insert(callee.split('.').next().unwrap_or(callee).to_owned());
        }
        // Packages that everyone imports say nothing; their requests carry a header.
        for common in ["requests", "httpx", "aiohttp", "urllib", "axios", "got", "ky", "reqwest", "ureq", "node-fetch"]
        {
            words.remove(common);
        }
        // Re-exports keep the class's name; its parts are in the package's, whatever the case.
        let headers = ["uthorization", "AUTHORIZATION", "bearer_auth", "api-key", "OpenAI", "openai", "mixroute"];
        words.extend(headers.map(str::to_owned));
        let alternatives =
            |words: &mut dyn Iterator<Item = &str>| words.map(regex::escape).collect::<Vec<_>>().join("|");
        let code = Regex::new(&alternatives(&mut words.iter().map(String::as_str))).ok();
        let compile = |words: &[&str]| Regex::new(&alternatives(&mut words.iter().copied())).ok();
        Self {
            code,
            environment: compile(&ENVIRONMENT),
            fields: compile(&FIELDS),
            code_fields: compile(&CODE_FIELDS),
            urls: compile(&URLS),
        }
    }

    /// Whether the file is worth parsing.
    pub fn admits(&self, source: &Source) -> bool {
        let has = |words: &Option<Regex>| words.as_ref().is_none_or(|words| words.is_match(&source.text));
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
                has(&self.environment) || (has(&self.fields) && has(&self.urls))
            }
            Language::Markdown => has(&self.code) || has(&self.environment) || (has(&self.fields) && has(&self.urls)),
            _ => has(&self.code) || (has(&self.code_fields) && has(&self.urls)),
        }
    }
}
