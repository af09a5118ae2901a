//! Which files are worth parsing: what their text alone shows.
//!
//! Code is parsed where it calls, derives from or renames something that the catalogue knows ([`callees`]), or where it
//! may send a request or hold a row of settings and something says whose key or host that is ([`evidence`]). All words
//! come from the catalogue. What is taken for a sign may be none. Files that only define constants are read when an
//! import leads to them. `--no-prefilter` parses everything and must find the same.

use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

use crate::catalog::{Catalog, EnvName};
use crate::language::Language;
use crate::source::Source;

mod callees;
mod evidence;
mod lexicon;
mod mentions;
mod pattern;
mod runs;
mod usage;

use callees::Callees;
use evidence::{Evidence, Whose};
use mentions::Mentions;
use pattern::Pattern;

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
/// The same of JSON, where names are plain to see: lists of models are full of `"max_tokens": 4096`.
const JSON_FIELDS: &str = r#"(?i:key|token|secret|credentials?)(?:[-_ ]?(?i:env|var|name)\w*)?["']?\s*:\s*[^\d\s,]"#;
/// What a URL has, or the name of a field that holds one.
const URLS: [&str; 10] =
    ["://", "api.", "mixroute", "base_url", "baseU", "BASE_URL", "api_base", "apiBase", "API_BASE", "ndpoint"];

/// Whether a text names a variable that may hold a key or URL, or a header: a part of a file without such a name gives
/// no facts.
pub fn names_variables(text: &str) -> bool {
    static WORDS: LazyLock<Pattern> = LazyLock::new(|| {
        Pattern::any_of(ENVIRONMENT.into_iter().chain(["GITHUB_ENV", "BASH_ENV", "setvariable", "API"]))
    });
    WORDS.is_in(text)
}

/// The same in code, where what is called a key is mostly a table's; and the name by which all of this goes.
const CODE_KEYS: [&str; 7] = ["api_key", "apiKey", "ApiKey", "apikey", "API_KEY", "mixroute", "MIXROUTE"];
/// What may be a key in code where a field for a URL is by it: every parser has tokens, every table has keys.
const DOUBTFUL_KEYS: [&str; 2] = ["token", "_key"];
/// Such a field.
const CODE_URLS: &str =
    r#"(?:url|Url|URL|uri|Uri|URI|host|Host|HOST|ndpoint|ENDPOINT|Base|_base|BASE)["'`]?\]?\s*[:=][^=]"#;

/// Packages that everyone imports, and names of the global object, say nothing; their requests carry a header.
const COMMON: [&str; 26] = [
    "self",
    "window",
    "globalThis",
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
    "http",
    "https",
    "node",
    "follow-redirects",
    "ws",
    "$",
    "jQuery",
    "UrlFetchApp",
];

/// Headers that carry a key, and the method that sets one.
const HEADERS: &str = "(?i:uthorization|bearer_auth|api[-_]key\\b)";

/// The programming languages of the catalogue.
const LANGUAGES: [&str; 3] = ["python", "javascript", "rust"];

/// What a file's text shows without being parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// It may say something of a client: it is worth parsing, in a project of any usual size.
    pub admitted: bool,
    /// It may be the place of a finding by what stands in it alone.
    pub certain: bool,
    /// It may make a client.
    pub makes: bool,
    /// It names a key or a host that is not OpenAI's.
    pub foreign: bool,
    /// It may say something that matters to clients elsewhere.
    pub elsewhere: bool,
    /// It names a package of the catalogue, or Mixroute.
    pub mentions: bool,
}

impl Sight {
    /// That of a file which is parsed in any case.
    pub fn sure() -> Self {
        Self { admitted: true, certain: true, makes: true, foreign: true, elsewhere: true, mentions: true }
    }

    /// That of a file which is taken without a look: it is parsed if it can say anything.
    pub fn unseen(source: &Source) -> Self {
        if only_declares(source) { Self::default() } else { Self::sure() }
    }
}

/// The words of a catalogue, collected when a file is first looked at: a hook's few files are parsed without a look.
#[derive(Debug)]
pub struct Prefilter<'c> {
    catalog: &'c Catalog,
    words: OnceLock<Words>,
}

/// The words, compiled.
#[derive(Debug)]
struct Words {
    mentions: Mentions,
    environment: Pattern,
    fields: Pattern,
    json_fields: Pattern,
    urls: Pattern,
    code_keys: Pattern,
    doubtful_keys: Pattern,
    code_urls: Pattern,
    headers: Pattern,
    elsewhere: Pattern,
    settings: Pattern,
    own: Pattern,
    slips: Pattern,
    variables: Pattern,
    /// An assignment of nothing, in a dotenv file.
    nothing: Pattern,
    unkeyed: Pattern,
    tooled: Pattern,
    callees: Callees,
    evidence: Evidence,
}

impl Words {
    fn new(catalog: &Catalog) -> Self {
        Self {
            mentions: Mentions::new(catalog),
            environment: Pattern::any_of(ENVIRONMENT),
            fields: Pattern::any_of(FIELDS),
            json_fields: Pattern::new(JSON_FIELDS),
            urls: Pattern::any_of(URLS),
            code_keys: Pattern::any_of(CODE_KEYS),
            doubtful_keys: Pattern::any_of(DOUBTFUL_KEYS),
            code_urls: Pattern::new(CODE_URLS),
            headers: Pattern::new(HEADERS),
            elsewhere: elsewhere(catalog),
            settings: Pattern::new(SETTINGS),
            own: own(catalog),
            slips: slips(catalog),
            variables: variables(catalog),
            nothing: Pattern::new(r#"(?m)^[^#\n]*(?:URL|BASE|ENDPOINT|HOST)\w*[ \t]*=[ \t"']*\r?$"#),
            unkeyed: unkeyed(catalog),
            tooled: tooled(catalog),
            callees: Callees::new(catalog),
            evidence: Evidence::new(catalog),
        }
    }
}

impl<'c> Prefilter<'c> {
    /// For the words of a catalogue.
    pub fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, words: OnceLock::new() }
    }

    fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::new(self.catalog))
    }

    /// The catalogue that the words come from.
    pub fn catalog(&self) -> &'c Catalog {
        self.catalog
    }

    /// What a file's text shows. `sparing`: it is one of many, and is to be left alone if it can be.
    pub fn look(&self, source: &Source, sparing: bool) -> Sight {
        let words = self.words();
        let has = |words: &Pattern| words.is_in(&source.text);
        let admitted = match source.language {
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
            | Language::Procfile => has(&words.environment),
            Language::Yaml | Language::Toml | Language::Ini | Language::Terraform => {
                has(&words.environment) || (has(&words.fields) && has(&words.urls)) || has(&words.unkeyed)
            }
            Language::Json => {
                has(&words.environment) || (has(&words.urls) && has(&words.json_fields)) || has(&words.unkeyed)
            }
            Language::Markdown => {
                words.mentions.are_in_text(&source.text)
                    || has(&words.environment)
                    || (has(&words.fields) && has(&words.urls))
            }
            _ => return self.look_at_code(source, sparing),
        };
        if !admitted || !sparing {
            return Sight {
                admitted,
                certain: admitted,
                foreign: admitted,
                mentions: !sparing || words.mentions.are_in_text(&source.text),
                ..Sight::default()
            };
        }
        let signs = words.evidence.of(self.catalog, &source.text);
        let foreign = signs.are_foreign() || has(&words.nothing);
        let pair = foreign && signs.key.min(signs.host) != Whose::Nobodys;
        // These are few and small.
        let small = matches!(source.language, Language::Dotenv | Language::Terraform | Language::Dockerfile);
        Sight {
            admitted,
            certain: small || pair || has(&words.variables) || (foreign && has(&words.unkeyed)),
            foreign,
            mentions: words.mentions.are_in_text(&source.text),
            ..Sight::default()
        }
    }

    /// Whether a program may send a request, whatever it is given for it.
    pub fn sends(&self, source: &Source) -> bool {
        static WORDS: LazyLock<Pattern> = LazyLock::new(|| {
            let libraries =
                COMMON.into_iter().filter(|name| name.len() > 4 && !matches!(*name, "window" | "globalThis"));
            Pattern::new(format!(
                r"\bfetch\s*\(|\$\.ajax\(|\.(?:header|headers|bearer_auth)\(|\b(?:{})\b",
                Vec::from_iter(libraries).join("|")
            ))
        });
        WORDS.is_in(&source.text)
    }

    /// Whether a text names a key or a host that is not OpenAI's.
    pub fn is_foreign(&self, source: &Source) -> bool {
        self.words().evidence.of(self.catalog, &source.text).are_foreign()
    }

    /// Whether a program imports, by its name, what may say whose a key or a host is.
    pub fn imports_some(&self, source: &Source) -> bool {
        self.words().evidence.imports_some(&source.text)
    }

    fn look_at_code(&self, source: &Source, sparing: bool) -> Sight {
        let text = source.text.as_bytes();
        let words = self.words();
        let has = |words: &Pattern| words.is_in(&source.text);
        if only_declares(source) {
            return Sight::default();
        }
        let mentions = words.mentions.are_in_code(source);
        let own = has(&words.own);
        let sets = mentions && words.callees.sets_an_attribute(source);
        let keys = has(&words.code_keys);
        let doubtful_keys = !keys && has(&words.doubtful_keys);
        let set_up = (keys || doubtful_keys) && has(&words.tooled);
        let makes = own || sets || set_up || (mentions && words.callees.may_be_called(source));
        let elsewhere = mentions && (has(&words.elsewhere) || (reads_settings(source) && has(&words.settings)));
        // A request, or a row of a table, counts only with a key or a host that is known.
        let row = (mentions && has(&words.headers))
            || (has(&words.urls) && (keys || (doubtful_keys && has(&words.code_urls))));
        if !(makes || elsewhere || row || keys) {
            return Sight { mentions, ..Sight::default() };
        }
        if !sparing && makes {
            return Sight { elsewhere, ..Sight::sure() };
        }
        let signs = words.evidence.of(self.catalog, &source.text);
        let foreign = signs.are_foreign();
        let certain = own
            || sets
            || (mentions && memchr::memmem::find(text, b"mixlint:").is_some())
            || (makes && (foreign || self.slips(source)))
            || (row && foreign && signs.key.min(signs.host) != Whose::Nobodys);
        let admitted = makes || elsewhere || row;
        Sight { admitted, certain: certain || (admitted && !sparing), makes, foreign, elsewhere, mentions }
    }

    /// Whether something in the file looks like what the rules find that ask for no other provider: an option that the
    /// client drops, a base URL of nothing, or one that comes too late.
    fn slips(&self, source: &Source) -> bool {
        let words = self.words();
        words.slips.is_in(&source.text)
            || words.callees.drops_an_option(source)
            || words.evidence.has_misspelled_host(self.catalog, &source.text)
    }
}

/// What matters to the clients of other files: comments for mixlint, and what turns tracing off.
fn elsewhere(catalog: &Catalog) -> Pattern {
    let ways = catalog.clients.iter().flat_map(|client| &client.traces_unless);
    Pattern::any_of(ways.filter_map(|way| way.split('.').next()).chain(["mixlint:"]))
}

/// Fields of settings classes that may take a base URL from a variable. Looked for from the line's end before: from `^`
/// it takes ten times as long.
const SETTINGS: &str = r"(?i:\n[ \t]+\w*(?:url|base|endpoint|host|path|proxy)[ \t]*:[ \t]*\w)";

/// Whether a file may have a class whose fields are read from variables.
pub fn reads_settings(source: &Source) -> bool {
    memchr::memmem::find(source.text.as_bytes(), b"Settings").is_some()
}

/// Whether a file declares types only: `x.d.ts`.
fn only_declares(source: &Source) -> bool {
    if source.language != Language::TypeScript {
        return false;
    }
    let name = source.path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|end| name.ends_with(end))
}

/// Base URLs that are the empty string, or that are written to a variable that clients read.
fn slips(catalog: &Catalog) -> Pattern {
    let constructs = || catalog.clients.iter().flat_map(|client| &client.construct);
    let read: BTreeSet<String> =
        constructs().flat_map(|construct| &construct.env_endpoint).map(|name| regex::escape(name.name())).collect();
    let read = Vec::from_iter(read).join("|");
    let name = r"(?i:base_?url|api_?base|endpoint|base_?path)";
    Pattern::new(format!(
        r#"{name}\w*["'`]?\]?\s*[:=(]\s*(?:""[^"]|''[^']|``)|\b(?:{read})["'`]?\]?\s*=[^=]|env::set_var|environ\.(?:setdefault|update)"#
    ))
}

/// What joins the parts of a deployment that stand in several files: each may hold half of a pair, under names of its
/// own.
const JOINTS: [&str; 8] = [
    "envFrom",
    "KeyRef",
    "secretGenerator",
    "configMapGenerator",
    "env_file",
    "env-file",
    "kind: Secret",
    "kind: ConfigMap",
];

/// The variables that clients and tools read, by name, which a block of settings sets; and what joins such blocks.
fn variables(catalog: &Catalog) -> Pattern {
    let constructs = || catalog.clients.iter().flat_map(|client| &client.construct);
    let names = constructs().flat_map(|construct| construct.env_key.iter().chain(&construct.env_endpoint));
    let mut words: BTreeSet<&str> = names.map(EnvName::name).collect();
    words.insert("OPENAI_");
    words.extend(JOINTS);
    Pattern::any_of(words)
}

/// What the configuration's own clients are called by: a file of the same project is imported by a path that need not
/// name the module.
fn own(catalog: &Catalog) -> Pattern {
    let constructs = catalog.own_clients().flat_map(|client| &client.construct);
    let words: BTreeSet<&str> = constructs
        .flat_map(|construct| &construct.callee)
        .map(|callee| callee.rsplit(['.', '/']).next().unwrap_or(callee))
        .filter(|word| !word.is_empty())
        .collect();
    Pattern::any_of(words)
}

/// The fields for a URL of tools that know their key's variable by themselves: their files may not speak of a key.
fn unkeyed(catalog: &Catalog) -> Pattern {
    let rows = catalog.tools.iter().flat_map(|tool| &tool.row).filter(|row| row.key_variable.is_some());
    let fields: BTreeSet<&str> =
        rows.flat_map(|row| &row.endpoint).map(|path| path.rsplit('.').next().unwrap_or(path)).collect();
    Pattern::any_of(fields)
}

/// Imports of the tools that code sets up by rows.
fn tooled(catalog: &Catalog) -> Pattern {
    let rowed = catalog.tools.iter().filter(|tool| !tool.row.is_empty());
    // What has clients as well is seen by their names.
    let known = |module: &&String| catalog.clients.iter().any(|client| client.modules.contains(module));
    let modules: BTreeSet<String> = rowed
        .flat_map(|tool| &tool.modules)
        .filter(|module| !known(module))
        .map(|module| regex::escape(module))
        .collect();
    let modules = Vec::from_iter(modules).join("|");
    Pattern::new(format!(r#"\b(?:from|import|require|use)\b[^\n]*["' ](?:{modules})\b"#))
}
