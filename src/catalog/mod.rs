//! What mixlint knows of the world, as data: providers and clients, read from `rules/`.
//!
//! The files are embedded at build time. `mixlint.toml` may add `[[provider]]` and `[[client]]` tables in the same
//! schema. This module holds the schema; `rules/providers/README.md` and `rules/clients/README.md` explain it, [`load`]
//! reads the files and answers questions of them.

use std::collections::BTreeMap;

use serde::Deserialize;

mod load;
mod specifier;
mod tool;
mod versions;

pub use load::{Catalog, CatalogError};
pub(crate) use load::{FormatOwner, MESSAGES, PAGES, squash};
pub use specifier::Specifier;
pub use tool::{Tool, ToolEnvironment, ToolRow};
pub use versions::{Ecosystem, InvalidRange, Range, Requirement, Version};

/// A provider: who issues keys and answers at some hosts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Provider {
    /// Its identifier in reports: `mixroute`, `openai`.
    pub id: String,
    /// Its name for people: `Mixroute`.
    pub name: String,
    /// Hosts of its API, exact; `*.host` matches every subdomain.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Registered domains: a host below one that is not listed in `hosts` or `other-hosts` is taken for a slip.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Real hosts that are not its API, though they look like it: below `domains` (documentation, marketing), or one
    /// slip away from one of `hosts`. As for `hosts`.
    #[serde(default)]
    pub other_hosts: Vec<String>,
    /// The base URL to recommend for OpenAI clients.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Regular expressions for the whole key. Matching one is evidence by format.
    #[serde(default)]
    pub key_formats: Vec<String>,
    /// What its keys begin with where nobody else's do: says whose key a placeholder (`sk-proj-YOUR_KEY`) stands for.
    #[serde(default)]
    pub key_prefixes: Vec<String>,
    /// Shapes of its keys that other providers issue too: identifiers of `[[shared-format]]`.
    #[serde(default)]
    pub shared_formats: Vec<String>,
    /// Environment variables by convention: `MIXROUTE_API_KEY`. Exact but for case and separators, so that a constant
    /// `mixrouteApiKey` counts too.
    #[serde(default)]
    pub key_env: Vec<String>,
    /// Words that name the provider inside a variable's or constant's name, in lower case without separators:
    /// `mixroute` is found in `MIXROUTE_KEY`, `mixRouteKey` and `mix_route_key`, not in `RemixRoute`. Empty: only
    /// `key-env` counts.
    #[serde(default)]
    pub name_words: Vec<String>,
    /// Words of its models: a key's name with one (`claude_api_key`) is no evidence, as others serve them too, but
    /// contradicts a placeholder for another provider's key.
    #[serde(default)]
    pub model_words: Vec<String>,
    /// Where the words alone are no evidence (`OPENAI_API_KEY` holds whichever key is in use): one of these must stand
    /// beside them (`OPENAI_OFFICIAL_KEY`).
    #[serde(default)]
    pub name_needs: Vec<String>,
    /// It passes other providers' keys on (a gateway), or anybody's key may be right there: a key at one of its hosts
    /// is never judged.
    #[serde(default)]
    pub forwards: bool,
    /// Names of variables that are no evidence though the rules above say so. Exact, as `key-env`.
    #[serde(default)]
    pub neutral_names: Vec<String>,
    /// The path in front of `/chat/completions`: `/v1`. Base URLs of OpenAI clients at its hosts must have it;
    /// absent: any path is taken for right.
    #[serde(default)]
    pub base_path: Option<String>,
}

/// A shape of key that more than one provider issues.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SharedFormat {
    /// Name used in `shared-formats` of the providers.
    pub id: String,
    /// What to call such a key.
    pub name: String,
    /// Regular expression for the whole key.
    pub pattern: String,
    /// Texts that a key of this shape does not contain.
    #[serde(default)]
    pub without: Vec<String>,
}

/// A kind of client: an SDK's class, a framework's model, an HTTP call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Client {
    /// Its identifier in reports: `openai-python`.
    pub id: String,
    /// Its name for people: `the openai package`.
    pub name: String,
    /// `python`, `javascript`, `rust`, `shell`: [`Language::name`](crate::language::Language::name).
    pub language: String,
    /// The package in manifests, for versions; absent for the standard library.
    #[serde(default)]
    pub package: Option<String>,
    /// Modules that export it, as imported; in Rust with dots. A callee is `module.name` for each of them; without
    /// modules it is the name alone (`fetch`, `curl`).
    #[serde(default)]
    pub modules: Vec<String>,
    /// Which endpoint an absent base URL means; absent where the URL is always given.
    #[serde(default)]
    pub default_endpoint: Option<String>,
    /// What the endpoint is: the base of an OpenAI client, of an Anthropic client, or the full URL of a request.
    #[serde(default)]
    pub url_kind: UrlKind,
    /// The ways to make one.
    #[serde(default)]
    pub construct: Vec<Construct>,
    /// Methods on it that set a slot with their first argument: `with_api_key = "key"`.
    #[serde(default)]
    pub setters: BTreeMap<String, Slot>,
    /// Methods that set a slot of everything the object sends on which it is called: `default_headers = "headers"`.
    #[serde(default)]
    pub receiver_setters: BTreeMap<String, Slot>,
    /// What makes the objects whose `headers` go with everything that is sent through them: `["Session"]`.
    #[serde(default)]
    pub receiver_headers: Vec<String>,
    /// The clients whose methods these requests are: what is no whole URL goes behind theirs.
    #[serde(default)]
    pub methods_of: Vec<String>,
    /// Fields that can be assigned afterwards: `base_url = "endpoint"`, `"defaults.headers.Authorization" = "headers"`.
    #[serde(default)]
    pub fields: BTreeMap<String, Slot>,
    /// Methods that take a function which is given each request before it is sent, and may assign to its fields:
    /// `["interceptors.request.use"]`.
    #[serde(default)]
    pub hooks: Vec<String>,
    /// Constructors that take it, and its endpoint as their second argument: `new OpenAIApi(configuration, basePath)`.
    #[serde(default)]
    pub completed_by: Vec<String>,
    /// URLs that its package has names for: `async_openai.config.OPENAI_API_BASE`.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// Methods that make a changed copy, with arguments as the constructor's: `with_options`.
    #[serde(default)]
    pub derive: Vec<String>,
    /// It sends no requests of the program, but a copy of what happens, with the program's key, to this URL, whatever
    /// the endpoint is.
    #[serde(default)]
    pub traces_to: Option<String>,
    /// What keeps the traces back, anywhere in the project: a call by its last word (`set_tracing_disabled`), a call
    /// with an argument (`RunConfig.tracing_disabled`), a variable's name.
    #[serde(default)]
    pub traces_unless: Vec<String>,
    /// What to do where a key that is not meant for its default reaches it: for one that a framework makes by itself.
    #[serde(default)]
    pub advice: Option<String>,
    /// The right spelling of the base URL for help texts: `base_url=`, `baseURL:`.
    #[serde(default)]
    pub endpoint_spelling: Option<String>,
    /// What it is where its model's name begins otherwise than with the `model-prefixes`.
    #[serde(default)]
    pub models: Vec<Models>,
    /// The client that has these models, too: for what is built on it.
    #[serde(default)]
    pub models_of: Option<String>,
}

/// Models of another provider, with variables and a default endpoint of their own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Models {
    /// What their names begin with: `groq/`.
    pub prefixes: Vec<String>,
    /// Which endpoint an absent base URL means.
    #[serde(default)]
    pub default_endpoint: Option<String>,
    /// What the endpoint is. Absent: as for the client's other models.
    #[serde(default)]
    pub url_kind: Option<UrlKind>,
    /// Module attributes that give the key when no argument does.
    #[serde(default)]
    pub global_key: Vec<String>,
    /// Module attributes that give the endpoint when no argument does.
    #[serde(default)]
    pub global_endpoint: Vec<String>,
    /// Environment variables read for the key.
    #[serde(default)]
    pub env_key: Vec<EnvName>,
    /// Environment variables read for the endpoint.
    #[serde(default)]
    pub env_endpoint: Vec<EnvName>,
}

/// What sends the requests of a client, and may send them elsewhere than they are told: `httpx.Client(...)`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Transport {
    /// What is called, with its module.
    pub callee: Vec<String>,
    /// Arguments with which requests still go where they are told.
    pub plain_with: Vec<String>,
}

/// One way to make a client.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Construct {
    /// What is called: names below `modules` (`OpenAI`, `chat.completions.create`; empty for the module itself), or,
    /// with `any-receiver`, method names alone.
    pub callee: Vec<String>,
    /// Versions of the package for which this holds (`>=1.3, <2`); absent: all.
    #[serde(default)]
    pub versions: Option<Range>,
    /// Methods of values whose class is not known: `client.post(url, ...)`.
    #[serde(default)]
    pub any_receiver: bool,
    /// Where the key is, most important first. See [`Construct::endpoint`] for the form.
    #[serde(default)]
    pub key: Vec<String>,
    /// Where the endpoint is, most important first. A path: first a keyword (`base_url`) or a position (`0`), then
    /// fields of the object there (`0.configuration.baseURL`).
    #[serde(default)]
    pub endpoint: Vec<String>,
    /// Where people write a base URL that this client drops without a word: `0.baseUrl`. As for `endpoint`.
    #[serde(default)]
    pub ignored: Vec<String>,
    /// Module attributes that look like a base URL and that this client does not read: `openai.api_base`.
    #[serde(default)]
    pub ignored_global: Vec<String>,
    /// Where HTTP headers are, as for `key`: their `Authorization` or `api-key` is the key.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Module attributes that give the key when no argument does: `openai.api_key`.
    #[serde(default)]
    pub global_key: Vec<String>,
    /// Module attributes that give the endpoint when no argument does.
    #[serde(default)]
    pub global_endpoint: Vec<String>,
    /// The module's attributes are filled from the environment when it is imported: one that is set to nothing holds
    /// nothing.
    #[serde(default)]
    pub globals_hold_env: bool,
    /// Environment variables read for the key when neither gives it, first one set wins.
    #[serde(default)]
    pub env_key: Vec<EnvName>,
    /// Environment variables read for the endpoint.
    #[serde(default)]
    pub env_endpoint: Vec<EnvName>,
    /// The variables are read when the module is imported, not when the client is made.
    #[serde(default)]
    pub env_at_import: bool,
    /// What a key that is given as `None` or `null` does; without it: [`Blank::Absent`].
    #[serde(default)]
    pub null_key: Option<Blank>,
    /// What an empty key does; without it: [`Blank::Given`].
    #[serde(default)]
    pub empty_key: Option<Blank>,
    /// What a base URL that is given as `None` or `null` does; without it: [`Blank::Absent`].
    #[serde(default)]
    pub null_endpoint: Option<Blank>,
    /// What an empty base URL does; without it: [`Blank::Given`].
    #[serde(default)]
    pub empty_endpoint: Option<Blank>,
    /// An environment variable that is set to nothing counts as set, and gives nothing (`os.environ.get(...)` that is
    /// only tested for `None`).
    #[serde(default)]
    pub empty_env_counts: bool,
    /// Where the model's name is; its prefix chooses the provider (LiteLLM). As for `key`, or a method that is called on
    /// the client: `.backend`.
    #[serde(default)]
    pub model: Vec<String>,
    /// Prefixes of the model's name for which this is an OpenAI client. Any other model: not judged without an
    /// explicit endpoint.
    #[serde(default)]
    pub model_prefixes: Vec<String>,
    /// A client is made only where these arguments are given, and are not false: `memory` of CrewAI's `Crew`. Paths as
    /// for `key`, or methods that are called on what the call gives: `.build`.
    #[serde(default)]
    pub only_with: Vec<String>,
    /// No client is made where one of these arguments is given, be it `False` (not `True`). As for `only-with`.
    #[serde(default)]
    pub unless_with: Vec<String>,
    /// The argument that keeps traces back, as it is written: `use_for_tracing=False`.
    #[serde(default)]
    pub traces_off: Option<String>,
    /// No client is made where one of these module attributes is set anywhere in the project:
    /// `llama_index.core.Settings.embed_model`.
    #[serde(default)]
    pub unless_global: Vec<String>,
    /// No client is made where one of these variables is set, by the project or by its dotenv files.
    #[serde(default)]
    pub unless_env: Vec<String>,
    /// Arguments that hold a client, whose key and endpoint are this one's. Paths as for `key`.
    #[serde(default)]
    pub client: Vec<String>,
    /// How to give it an endpoint where that is no argument: a method of what is made (`.with_api_base`), or what to
    /// call instead (`new_with_base({url}, {args})`).
    #[serde(default)]
    pub with_endpoint: Option<String>,
    /// Arguments whose presence makes the client something else (`http_client`, `azure_endpoint`, `provider`): the
    /// endpoint is unknown. Paths as for `key`.
    #[serde(default)]
    pub opaque_with: Vec<String>,
    /// Arguments whose presence makes the client send something else than a key (`azure_ad_token_provider`): what it
    /// sends is not known. Paths as for `key`.
    #[serde(default)]
    pub token_with: Vec<String>,
}

/// What an argument does that is there and says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Blank {
    /// `absent`: the same as none.
    Absent,
    /// `given`: it is taken, and nothing can be done with it.
    Given,
    /// `default`: the environment is not asked.
    Default,
    /// A variable's name: those before it are not asked.
    From(String),
}

impl From<String> for Blank {
    fn from(text: String) -> Self {
        match text.as_str() {
            "absent" => Self::Absent,
            "given" => Self::Given,
            "default" => Self::Default,
            _ => Self::From(text),
        }
    }
}

impl Construct {
    /// What an argument does that is null, or else empty.
    pub fn blank(&self, slot: Slot, null: bool) -> &Blank {
        let (said, unsaid) = match (slot, null) {
            (Slot::Endpoint, true) => (&self.null_endpoint, &Blank::Absent),
            (Slot::Endpoint, false) => (&self.empty_endpoint, &Blank::Given),
            (_, true) => (&self.null_key, &Blank::Absent),
            (_, false) => (&self.empty_key, &Blank::Given),
        };
        said.as_ref().unwrap_or(unsaid)
    }
}

/// An environment variable that a client reads.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum EnvName {
    /// In every version.
    Always(String),
    /// In some.
    Versions {
        /// The variable.
        name: String,
        /// Versions that read it.
        versions: Range,
    },
}

/// A part of a client that a setter or an assignment changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slot {
    /// The API key.
    Key,
    /// The base URL or URL.
    Endpoint,
    /// One header by name and value, or an object of headers.
    Headers,
    /// A method and the URL after it, as a request is opened: `open("POST", url)`.
    Request,
    /// The headers of a request that is sent: `request("POST", path, body, headers)`.
    Sent,
}

/// What an endpoint's URL stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UrlKind {
    /// The base of an OpenAI client: paths such as `/chat/completions` are added, `/v1` is not.
    #[default]
    OpenaiBase,
    /// A host to which the client itself adds `/v1` (Anthropic's clients).
    HostOnly,
    /// The URL of one request.
    Full,
    /// A URL that requests are joined with in ways not known (`axios.create`): only its host says something.
    Any,
    /// The URL of one provider's own protocol: another provider's can never stand in its place.
    Own,
}

impl Models {
    /// A client as it is for these models.
    fn client(&self, of: &Client) -> Client {
        let construct = of.construct.iter().map(|construct| {
            if construct.model.is_empty() {
                return construct.clone();
            }
            Construct {
                model_prefixes: self.prefixes.clone(),
                global_key: self.global_key.clone(),
                global_endpoint: self.global_endpoint.clone(),
                env_key: self.env_key.clone(),
                env_endpoint: self.env_endpoint.clone(),
                ..construct.clone()
            }
        });
        Client {
            construct: construct.collect(),
            default_endpoint: self.default_endpoint.clone(),
            url_kind: self.url_kind.unwrap_or(of.url_kind),
            ..of.clone()
        }
    }
}

impl EnvName {
    /// The variable's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Always(name) | Self::Versions { name, .. } => name,
        }
    }

    /// Whether a version of the package reads it; `None` stands for the current version.
    pub fn applies(&self, version: Option<Version>) -> bool {
        match self {
            Self::Always(_) => true,
            Self::Versions { versions, .. } => versions.contains(version.unwrap_or(Version::NEWEST)),
        }
    }
}
