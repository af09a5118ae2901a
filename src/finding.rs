//! What mixlint has to say: findings of `check` and routes of `routes`, as plain data between the judges and the
//! reports. Nothing here holds a key: texts name variables, providers and hosts.

use crate::endpoint::Url;
use crate::facts::Span;

/// A file of the run, as an index into its list of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

impl FileId {
    /// Position in the list of sources.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A span in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// Where in it.
    pub span: Span,
}

/// How bad a finding is. Ordered: an error is greater than a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Probably wrong, or wrong in some cases.
    Warning,
    /// Wrong.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence that names the facts it joined.
    pub message: String,
    /// What it is about: the endpoint, or the client where there is none.
    pub at: Location,
    /// Where the key, the endpoint and the client are, each with a short text. The place at `at` has its own label
    /// among them.
    pub labels: Vec<Label>,
    /// How a key and an endpoint meet: the steps from where the key comes from to the client, and on to where the
    /// endpoint comes from. Empty where the finding is about one value alone.
    pub flow: Vec<OriginStep>,
    /// What to do.
    pub help: Option<String>,
    /// What would repair it.
    pub repair: Option<Repair>,
    /// The same as edits: filled in by [`fix`](crate::fix).
    pub fix: Option<Fix>,
}

impl Finding {
    /// A finding with nothing but a message.
    pub fn new(rule: &'static str, severity: Severity, at: Location, message: String) -> Self {
        let (labels, flow) = (Vec::new(), Vec::new());
        Self { rule, severity, message, at, labels, flow, help: None, repair: None, fix: None }
    }
}

/// A place that a finding shows, and what is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// The place.
    pub at: Location,
    /// What is there.
    pub text: String,
}

/// What would repair a finding, as a rule says it: without syntax. [`fix`](crate::fix) makes edits of it, for the
/// language at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// What is to be done.
    pub change: Change,
    /// Whether it may be done unasked, as far as the rule knows. The place may say no: a file that others read.
    pub applicability: Applicability,
}

/// A change that repairs a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Gives a client, which has no endpoint, one.
    AddUrl {
        /// The client's call; of an environment, the name of the variable that holds the key.
        client: Location,
        /// Where the client takes it.
        slot: UrlSlot,
        /// The endpoint.
        url: String,
    },
    /// Changes a URL that is written somewhere: its host, and its path unless that stays. The scheme becomes secure.
    ReplaceUrl {
        /// The literal, or the name-less value, that holds it.
        at: Location,
        /// What is written there now.
        from: Url,
        /// The new host.
        host: String,
        /// The new path.
        path: Option<String>,
    },
    /// Writes a URL in the place of a value that is none: `""`, `None`, `null`.
    SetUrl {
        /// The value.
        at: Location,
        /// The endpoint.
        url: String,
    },
    /// Writes another name (of a variable, an attribute, a method) where one stands.
    Rename {
        /// The place that holds the name, alone or among other things.
        at: Location,
        /// The name; its one whole word in `at` is what changes.
        from: String,
        /// The right name.
        to: String,
    },
    /// Gives an option of a call or object the name that is looked at, or the place.
    RenameOption {
        /// The option's value.
        value: Location,
        /// The option's name.
        from: String,
        /// The right one. With dots it is a path: `configuration.baseURL` wraps the option into an object.
        to: String,
    },
    /// Gives a call one more named argument.
    AddArgument {
        /// The call.
        client: Location,
        /// The argument as it is written: `use_for_tracing=False`.
        argument: String,
    },
    /// Takes white space, quotes and `Bearer ` off both ends of a key.
    StripKey {
        /// The literal.
        at: Location,
    },
}

/// Where a client takes its endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlSlot {
    /// An argument, as paths of the catalogue (`base_url`, `0.configuration.baseURL`), the one to write first.
    Argument(Vec<String>),
    /// A method: `with_api_base`, called on what the client's call makes.
    Method(String),
    /// Another call in the place of the client's: `new_with_base({url}, {args})`.
    Call(String),
    /// A module's attribute: `openai.base_url`.
    Attribute(String),
    /// A variable of the environment that is the client.
    Variable(String),
    /// A field of a configuration, beside the one that holds the key.
    Field(String),
}

/// An edit that repairs a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Whether it may be applied unasked.
    pub applicability: Applicability,
    /// What it does.
    pub message: String,
    /// The changes, sorted, not overlapping.
    pub edits: Vec<Edit>,
}

/// Whether a fix may be applied unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// The documented set-up, at the place itself.
    Safe,
    /// Touches something that others may share.
    Unsafe,
}

impl Applicability {
    /// `safe` or `unsafe`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// One replacement of text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub at: Location,
    /// The new text.
    pub content: String,
}

/// One client with one possible key and one possible endpoint, as `mixlint routes` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRecord {
    /// Where the client is.
    pub at: Location,
    /// Its kind: `openai-python`.
    pub client: String,
    /// What is called: `openai.OpenAI`.
    pub callee: String,
    /// `python`, `javascript`, `rust`, `shell`, `dotenv`, `yaml`.
    pub language: &'static str,
    /// The key.
    pub key: KeyRecord,
    /// The endpoint.
    pub endpoint: EndpointRecord,
    /// Whether they belong together.
    pub verdict: Verdict,
}

/// The key of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// What it is.
    pub kind: KeyKind,
    /// Name of the variable, constant or parameter that it comes from; `None` for a bare literal.
    pub name: Option<String>,
    /// Providers it can belong to; empty where nothing is known.
    pub providers: Vec<String>,
    /// The steps from where it comes from to the client, as text: `MIXROUTE_API_KEY in .env`, ...
    pub origin: Vec<OriginStep>,
}

/// The endpoint of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRecord {
    /// What it is.
    pub kind: EndpointKind,
    /// The URL, where it is known; user information and queries removed.
    pub url: Option<String>,
    /// Whose host it is.
    pub provider: Option<String>,
    /// The steps from where it comes from to the client.
    pub origin: Vec<OriginStep>,
}

/// One step of an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginStep {
    /// Where.
    pub at: Location,
    /// What is there.
    pub text: String,
}

/// What a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Written in a file.
    Literal,
    /// Read from an environment variable whose value is not known.
    Environment,
    /// None is given.
    Absent,
    /// Not known.
    Unknown,
}

/// What an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointKind {
    /// A URL given in the code.
    Explicit,
    /// From an environment variable.
    Environment,
    /// The client's own default.
    Default,
    /// Not known.
    Unknown,
}

/// Whether a key and an endpoint belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// They do.
    Match,
    /// They do not.
    Mismatch,
    /// Not known.
    Unknown,
}
