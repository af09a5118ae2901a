//! What `mixlint routes` shows: every client with every key and endpoint that it may have.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::json::{Place, Point};
use super::{Files, Style};
use crate::catalog::Catalog;
use crate::finding::{EndpointKind, EndpointRecord, KeyKind, KeyRecord, OriginStep, RouteRecord, Verdict};
use crate::screen;

mod changes;
mod dot;
mod graph;
mod html;
mod mermaid;
mod table;

pub use changes::Earlier;

/// The formats of `routes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutesFormat {
    /// A table.
    Text,
    /// JSON.
    Json,
    /// A Mermaid flowchart.
    Mermaid,
    /// Graphviz.
    Dot,
    /// A page.
    Html,
}

/// A route as people see it: every text is fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct View {
    place: String,
    client: String,
    key: String,
    owner: String,
    endpoint: String,
    verdict: Verdict,
}

impl View {
    fn new(files: &Files<'_>, catalog: &Catalog, route: &RouteRecord) -> Self {
        let name = |id: &String| screen::clean(catalog.provider(id).map_or(id, |provider| &provider.name));
        let place = |at| {
            let start = files.start(at);
            format!("{}:{}", files.path(at.file), start.line)
        };
        let what = match (&route.key.name, route.key.kind) {
            (Some(name), _) => screen::clean(name),
            (None, KeyKind::Literal) => {
                let written =
                    route.key.origin.first().map_or_else(String::new, |step| format!(" in {}", place(step.at)));
                format!("a key{written}")
            }
            (None, KeyKind::Absent) => "no key".to_owned(),
            (None, KeyKind::Environment | KeyKind::Unknown) => "an unknown key".to_owned(),
        };
        let owners: Vec<String> = route.key.providers.iter().map(name).collect();
        let key = if owners.is_empty() { what } else { format!("{what} ({})", owners.join(" or ")) };
        let endpoint = &route.endpoint;
        let owner = match (&endpoint.provider, &endpoint.url) {
            (Some(provider), _) => name(provider),
            (None, Some(_)) => "a host that no provider is known to have".to_owned(),
            (None, None) => "an unknown endpoint".to_owned(),
        };
        let url = endpoint.url.as_deref().map_or_else(|| "unknown".to_owned(), screen::clean);
        let from = match endpoint.kind {
            EndpointKind::Default => " (default)",
            EndpointKind::Environment => " (environment)",
            EndpointKind::Explicit | EndpointKind::Unknown => "",
        };
        Self {
            place: format!("{}:{}", place(route.at), files.start(route.at).column),
            client: screen::clean(&route.client),
            key,
            owner,
            endpoint: format!("{url}{from}"),
            verdict: route.verdict,
        }
    }
}

/// Writes routes, which are sorted.
pub(super) fn write(
    out: &mut dyn Write,
    format: RoutesFormat,
    files: &Files<'_>,
    catalog: &Catalog,
    routes: &[RouteRecord],
    style: Style,
    width: Option<usize>,
) -> io::Result<()> {
    if format == RoutesFormat::Json {
        return write_json(out, files, routes);
    }
    let mut views: Vec<View> = routes.iter().map(|route| View::new(files, catalog, route)).collect();
    // Ways through the code that look the same are one line to people.
    let mut seen = BTreeSet::new();
    views.retain(|view| seen.insert(view.clone()));
    match format {
        RoutesFormat::Text => table::write(out, &views, style, width),
        RoutesFormat::Mermaid => mermaid::write(out, &graph::Graph::new(&views)),
        RoutesFormat::Dot => dot::write(out, &graph::Graph::new(&views)),
        RoutesFormat::Html => html::write(out, &views, &graph::Graph::new(&views)),
        RoutesFormat::Json => Ok(()),
    }
}

/// Writes what changed since an earlier run.
pub(super) fn write_changes(
    out: &mut dyn Write,
    earlier: &Earlier,
    files: &Files<'_>,
    routes: &[RouteRecord],
) -> io::Result<()> {
    // Both sides are read from the JSON, so that what is compared is what the contract says.
    let mut now = Vec::new();
    write_json(&mut now, files, routes)?;
    changes::write(out, earlier, &now)
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    routes: Vec<Route<'a>>,
}

#[derive(Serialize)]
struct Route<'a> {
    path: String,
    start: Point,
    end: Point,
    client: String,
    callee: String,
    language: &'a str,
    key: Key,
    endpoint: Endpoint,
    verdict: &'static str,
}

#[derive(Serialize)]
pub(in crate::report) struct Key {
    kind: &'static str,
    name: Option<String>,
    providers: Vec<String>,
    origin: Vec<Place>,
}

#[derive(Serialize)]
pub(in crate::report) struct Endpoint {
    kind: &'static str,
    url: Option<String>,
    provider: Option<String>,
    origin: Vec<Place>,
}

impl Key {
    pub(in crate::report) fn new(files: &Files<'_>, key: &KeyRecord) -> Self {
        Self {
            kind: key_kind(key.kind),
            name: key.name.as_deref().map(screen::clean),
            providers: key.providers.iter().map(|provider| screen::clean(provider)).collect(),
            origin: origin(files, &key.origin),
        }
    }
}

impl Endpoint {
    pub(in crate::report) fn new(files: &Files<'_>, endpoint: &EndpointRecord) -> Self {
        Self {
            kind: endpoint_kind(endpoint.kind),
            url: endpoint.url.as_deref().map(screen::clean),
            provider: endpoint.provider.as_deref().map(screen::clean),
            origin: origin(files, &endpoint.origin),
        }
    }
}

fn origin(files: &Files<'_>, steps: &[OriginStep]) -> Vec<Place> {
    steps.iter().map(|step| Place::new(files, step.at, &step.text)).collect()
}

fn write_json(out: &mut dyn Write, files: &Files<'_>, routes: &[RouteRecord]) -> io::Result<()> {
    let routes = routes
        .iter()
        .map(|route| Route {
            path: files.path(route.at.file),
            start: files.start(route.at).into(),
            end: files.end(route.at).into(),
            client: screen::clean(&route.client),
            callee: screen::clean(&route.callee),
            language: route.language,
            key: Key::new(files, &route.key),
            endpoint: Endpoint::new(files, &route.endpoint),
            verdict: verdict(route.verdict),
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &Report { version: 1, routes })?;
    writeln!(out)
}

/// `https://api.openai.com/v1 (openai, default)`.
pub(in crate::report) fn endpoint(endpoint: &EndpointRecord) -> String {
    let Some(url) = endpoint.url.as_deref().map(screen::clean) else { return "not known".to_owned() };
    let whose = endpoint.provider.as_deref().map_or_else(|| "nobody known".to_owned(), screen::clean);
    format!("{url} ({whose}, {})", endpoint_kind(endpoint.kind))
}

/// `MIXROUTE_API_KEY (mixroute, environment)`.
pub(in crate::report) fn key(key: &KeyRecord) -> String {
    let name = match (key.name.as_deref(), key.kind) {
        (Some(name), KeyKind::Unknown) => format!("what `{}` holds", screen::clean(name)),
        (Some(name), _) => screen::clean(name),
        (None, _) => "-".to_owned(),
    };
    let providers: Vec<String> = key.providers.iter().map(|provider| screen::clean(provider)).collect();
    match providers.is_empty() {
        true => format!("{name} ({})", key_kind(key.kind)),
        false => format!("{name} ({}, {})", providers.join(" or "), key_kind(key.kind)),
    }
}

fn key_kind(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Literal => "literal",
        KeyKind::Environment => "environment",
        KeyKind::Absent => "absent",
        KeyKind::Unknown => "unknown",
    }
}

fn endpoint_kind(kind: EndpointKind) -> &'static str {
    match kind {
        EndpointKind::Explicit => "explicit",
        EndpointKind::Environment => "environment",
        EndpointKind::Default => "default",
        EndpointKind::Unknown => "unknown",
    }
}

pub(in crate::report) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "match",
        Verdict::Mismatch => "mismatch",
        Verdict::Unknown => "unknown",
    }
}
