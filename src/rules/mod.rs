//! The judges: from routes to findings. A rule knows no syntax; its name, severity, summary and examples are in its
//! page, `rules/NAME.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::catalog::{Catalog, UrlKind};
use crate::clients::IgnoredKind;
use crate::config::Allowed;
use crate::endpoint::Url;
use crate::finding::{FileId, Finding, Label, Location, Severity, Verdict};
use crate::project::Project;
use crate::resolve::{StepKind, Value};
use crate::routes::{Client, Endpoint, Ignored, Key, Route};

pub mod page;

mod base_url_path;
mod conflicting_config;
mod disallowed_endpoint;
mod empty_base_url;
mod ignored_base_url;
mod insecure_base_url;
mod key_at_two_providers;
mod late_base_url;
mod malformed_key;
mod misspelled_host;
mod repair;
mod route;
mod tracing_at_openai;

pub use route::WITHOUT_BASE_URL;

/// What a judge may ask besides the client itself.
pub struct Facts<'a> {
    /// Providers and clients.
    pub catalog: &'a Catalog,
    /// The files.
    pub project: &'a Project,
    /// Which providers clients may talk to.
    pub allowed: Allowed<'a>,
    /// Endpoints that are right, or may be, for the clients at some places: a finding about another client is not
    /// about them.
    in_use: BTreeMap<Location, Vec<(Location, UrlKind)>>,
    /// The variables and module attributes that give clients their endpoint.
    readers: Vec<Reader<'a>>,
    /// What things are called, by file; put together when it is asked for.
    names: Vec<OnceLock<repair::Names>>,
}

/// A client that reads something for its endpoint.
struct Reader<'a> {
    file: FileId,
    package: Option<&'a str>,
    names: Vec<String>,
}

impl<'a> Facts<'a> {
    /// The facts of a run.
    pub fn new(catalog: &'a Catalog, project: &'a Project, clients: &[Client], allowed: Allowed<'a>) -> Self {
        let mut in_use: BTreeMap<Location, Vec<(Location, UrlKind)>> = BTreeMap::new();
        for client in clients {
            // Where a client sends a wrong key, that its key may be another does not make the place right.
            let wrong: Vec<Location> = client
                .routes
                .iter()
                .filter(|route| route.verdict == Verdict::Mismatch)
                .filter_map(|route| written_at(&route.endpoint.alt.value))
                .collect();
            let right = client.routes.iter().filter_map(move |route| {
                let at = written_at(&route.endpoint.alt.value)?;
                match route.verdict {
                    Verdict::Match => true,
                    // Of what the environment holds, that some client reads it does not say that it is right.
                    Verdict::Unknown => route.endpoint.from == crate::clients::From::Code && !wrong.contains(&at),
                    Verdict::Mismatch => false,
                }
                .then_some(at)
            });
            for at in right {
                in_use.entry(at).or_default().push((client.at, client.url_kind));
            }
        }
        let readers = clients.iter().filter(|client| !client.is_block());
        let readers = readers.map(|client| Reader {
            file: client.at.file,
            package: catalog.client(&client.id).and_then(|known| known.package.as_deref()),
            names: client.endpoint_variables.iter().chain(&client.endpoint_attributes).cloned().collect(),
        });
        let readers = readers.filter(|reader| !reader.names.is_empty()).collect();
        let names = project.files.iter().map(|_| OnceLock::new()).collect();
        Self { catalog, project, allowed, in_use, readers, names }
    }

    /// Whether anything that may see a variable or attribute reads it for an endpoint.
    fn is_read(&self, client: &Client, ignored: &Ignored) -> bool {
        let name = &ignored.name;
        let package = self.catalog.client(&client.id).and_then(|known| known.package.as_deref());
        let reads = |reader: &Reader<'_>| {
            reader.names.contains(name)
                && match ignored.kind {
                    // Two versions of a package do not run in one process.
                    IgnoredKind::Attribute => reader.file == ignored.at.file || reader.package != package,
                    _ => self.project.may_see(reader.file, ignored.at.file),
                }
        };
        self.readers.iter().any(reads)
            || (ignored.kind == IgnoredKind::Variable && self.project.is_read(name, ignored.at.file))
    }

    /// What things are called in a file.
    fn names(&self, file: FileId) -> &repair::Names {
        self.names[file.index()].get_or_init(|| repair::Names::of(&self.project.file(file).module))
    }

    /// The clients for which an endpoint is right, or may be.
    fn users(&self, endpoint: Location) -> impl Iterator<Item = (Location, UrlKind)> {
        self.in_use.get(&endpoint).into_iter().flatten().copied()
    }
}

/// The rules besides those about whole routes.
const RULES: [fn(&Facts<'_>, &Client) -> Vec<Finding>; 7] = [
    empty_base_url::check,
    late_base_url::check,
    base_url_path::check,
    misspelled_host::check,
    insecure_base_url::check,
    malformed_key::check,
    disallowed_endpoint::check,
];

/// Whether a finding may rest on a base URL, or a reader of one, that was not found in the files read so far.
pub fn rests_on_default(finding: &Finding) -> bool {
    let rules = [
        WITHOUT_BASE_URL,
        disallowed_endpoint::RULE,
        ignored_base_url::RULE,
        tracing_at_openai::RULE,
        key_at_two_providers::RULE,
    ];
    rules.contains(&finding.rule)
}

/// Whether a finding holds only as long as no class of settings reads a variable.
pub fn asks_who_reads(finding: &Finding) -> bool {
    finding.rule == ignored_base_url::RULE
}

/// All findings about one client.
pub fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    if client.traces_to.is_some() {
        return tracing_at_openai::check(facts, client);
    }
    let mut out = route::check(facts, client);
    let ignored = ignored_base_url::check(facts, client);
    // One fault, one finding: that the URL is lost says more than that there is none.
    if !ignored.is_empty() {
        out.retain(|finding| finding.rule != WITHOUT_BASE_URL);
    }
    out.extend(ignored);
    for rule in RULES {
        for finding in rule(facts, client) {
            if !out.iter().any(|known| known.rule == finding.rule && known.at == finding.at) {
                out.push(finding);
            }
        }
    }
    // The editor shows a notebook's cells, not the lines of its file.
    for finding in &mut out {
        if let Some(cell) = facts.project.file(finding.at.file).module.cell_at(finding.at.span) {
            finding.message.push_str(&format!(" (cell {cell})"));
        }
    }
    out
}

/// All findings about several clients together, with the number of the client that each is about.
pub fn check_together(facts: &Facts<'_>, clients: &[Client]) -> Vec<(usize, Finding)> {
    key_at_two_providers::check(facts, clients)
}

/// All findings that are about no client.
pub fn check_environments(facts: &Facts<'_>) -> Vec<Finding> {
    conflicting_config::check(facts)
}

/// Files of which it should be known whether they are parts of one program.
pub fn unlinked(facts: &Facts<'_>, clients: &[Client]) -> BTreeSet<FileId> {
    key_at_two_providers::unlinked(facts, clients)
}

impl Facts<'_> {
    /// A provider's name for people.
    fn provider_name(&self, id: Option<&str>) -> String {
        id.map(|id| self.catalog.provider(id).map_or(id, |provider| &provider.name).to_owned()).unwrap_or_default()
    }

    /// The base URL to recommend for a Mixroute key.
    fn mixroute_url(&self) -> String {
        self.catalog.provider("mixroute").and_then(|provider| provider.base_url.clone()).unwrap_or_default()
    }

    /// The same without its path.
    fn mixroute_origin(&self) -> String {
        let url = self.mixroute_url();
        let path = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| at + 3 + slash));
        path.map_or(url.clone(), |at| url[..at].to_owned())
    }
}

/// `Mixroute`, `Moonshot or StepFun`.
fn shown_providers(facts: &Facts<'_>, ids: &BTreeSet<String>) -> String {
    let mut names: Vec<String> = ids.iter().map(|id| facts.provider_name(Some(id))).collect();
    let more = names.len().saturating_sub(3);
    names.truncate(3);
    let mut text = names.join(" or ");
    if more > 0 {
        text.push_str(" or others");
    }
    text
}

/// The name to call a key by: its variable or constant.
fn key_name(key: &Key) -> Option<String> {
    if let crate::routes::Evidence::Name(name) | crate::routes::Evidence::Declared(name) = &key.evidence {
        return Some(name.clone());
    }
    if let Value::Env(name, _) | Value::Unknown(Some((name, _))) = &key.alt.value {
        return Some(name.clone());
    }
    key.alt.steps.iter().find_map(|step| match &step.kind {
        StepKind::Env(name) | StepKind::EnvValue(name) | StepKind::Name(name) | StepKind::Param(name) => {
            Some(name.clone())
        }
        StepKind::Literal => None,
    })
}

/// An argument or variable with a value: `base_url="https://…"`, `OPENAI_BASE_URL=https://…`, `.with_api_base("…")`.
fn spell(spelling: &str, url: &str) -> String {
    if let Some(method) = spelling.strip_suffix("(...)").or_else(|| spelling.strip_suffix("()")) {
        return format!("`{method}(\"{url}\")`");
    }
    if let Some(object) = spelling.strip_suffix(" }") {
        return format!("`{object}: \"{url}\" }}`");
    }
    if spelling.ends_with('=') && spelling.chars().any(|c| c.is_ascii_uppercase()) {
        return format!("`{spelling}{url}`");
    }
    if spelling.ends_with([':', ' ']) || spelling.ends_with(" =") {
        return format!("`{} \"{url}\"`", spelling.trim_end());
    }
    format!("`{spelling}\"{url}\"`")
}

/// Where a value is written, if it is.
fn written_at(value: &Value) -> Option<Location> {
    match value {
        Value::Str(_, at) | Value::Concat(_, at) => Some(*at),
        _ => None,
    }
}

/// Where an endpoint's host is written, if it is written out in one place.
fn literal_at(facts: &Facts<'_>, endpoint: &Endpoint) -> Option<Location> {
    let at = written_at(&endpoint.alt.value)?;
    let host = &endpoint.url.as_ref()?.host;
    let text = facts.project.file(at.file).source.slice(at.span);
    text.to_ascii_lowercase().contains(host.as_str()).then_some(at)
}

/// The endpoints of a client that are written out: the URL, its provider, and where. A default is not written.
fn written_endpoints<'a>(
    facts: &'a Facts<'_>,
    client: &'a Client,
) -> impl Iterator<Item = (&'a Url, Option<&'a str>, Location)> {
    client.routes.iter().map(|route| &route.endpoint).filter_map(|endpoint| {
        Some((endpoint.url.as_ref()?, endpoint.provider.as_deref(), literal_at(facts, endpoint)?))
    })
}

/// A finding about one value that a client is given.
fn value_finding(
    rule: &'static str,
    severity: Severity,
    client: &Client,
    at: Location,
    message: String,
    text: impl Into<String>,
    help: impl Into<String>,
) -> Finding {
    let labels = vec![Label { at, text: text.into() }, Label { at: client.callee_at, text: "the client".to_owned() }];
    Finding { labels: distinct(labels), help: Some(help.into()), ..Finding::new(rule, severity, at, message) }
}

/// Where a finding about a route points: the endpoint where it is written in a given file, else the client. An
/// endpoint that is right for another client is not the one wrong line.
fn at_location(facts: &Facts<'_>, client: &Client, route: &Route) -> Location {
    let shared = |at| facts.users(at).any(|(by, _)| by != client.at);
    match literal_at(facts, &route.endpoint) {
        Some(at) if !route.endpoint.is_default() && facts.project.file(at.file).reported && !shared(at) => at,
        _ => client.at,
    }
}

/// Where a key comes from.
fn label_of_key(key: &Key) -> Option<Label> {
    let at = written_at(&key.alt.value).or_else(|| match &key.alt.value {
        Value::Env(_, at) | Value::Unknown(Some((_, at))) => Some(*at),
        _ => key.alt.steps.first().map(|step| step.at),
    })?;
    Some(Label { at, text: "the key comes from here".to_owned() })
}

/// Where an endpoint comes from, when that is not where the finding points.
fn label_of_endpoint(endpoint: &Endpoint, at: Location) -> Option<Label> {
    let from = written_at(&endpoint.alt.value).filter(|_| !endpoint.is_default())?;
    (from != at).then(|| Label { at: from, text: "the endpoint comes from here".to_owned() })
}

/// Labels without a second one for the same place, the more telling first.
fn distinct(labels: Vec<Label>) -> Vec<Label> {
    let mut out: Vec<Label> = Vec::new();
    for label in labels {
        if !out.iter().any(|known| known.at == label.at) {
            out.push(label);
        }
    }
    out
}
