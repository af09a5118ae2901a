//! What mixlint has to say: findings of `check` and routes of `routes`, as plain data between the judges and the
//! reports. Nothing here holds a key: texts name variables, providers and hosts.

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
    /// What to do.
    pub help: Option<String>,
    /// An edit that repairs it.
    pub fix: Option<Fix>,
}

/// A place that a finding shows, and what is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// The place.
    pub at: Location,
    /// What is there.
    pub text: String,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// The documented set-up, at the place itself.
    Safe,
    /// Touches something that others may share.
    Unsafe,
}

/// One replacement of text.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They do.
    Match,
    /// They do not.
    Mismatch,
    /// Not known.
    Unknown,
}
