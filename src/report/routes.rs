//! What `mixlint routes` shows: every client with every key and endpoint that it may have.

use std::io::{self, Write};

use serde::Serialize;

use super::Files;
use super::json::{Place, Point};
use crate::finding::{EndpointKind, EndpointRecord, KeyKind, KeyRecord, OriginStep, RouteRecord, Verdict};
use crate::screen;

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
pub(super) struct Key {
    kind: &'static str,
    name: Option<String>,
    providers: Vec<String>,
    origin: Vec<Place>,
}

#[derive(Serialize)]
pub(super) struct Endpoint {
    kind: &'static str,
    url: Option<String>,
    provider: Option<String>,
    origin: Vec<Place>,
}

impl Key {
    pub(super) fn new(files: &Files<'_>, key: &KeyRecord) -> Self {
        Self {
            kind: key_kind(key.kind),
            name: key.name.as_deref().map(screen::clean),
            providers: key.providers.iter().map(|provider| screen::clean(provider)).collect(),
            origin: origin(files, &key.origin),
        }
    }
}

impl Endpoint {
    pub(super) fn new(files: &Files<'_>, endpoint: &EndpointRecord) -> Self {
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

pub(super) fn write_json(out: &mut dyn Write, files: &Files<'_>, routes: &[RouteRecord]) -> io::Result<()> {
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

/// A table. Only the last column may be of any length, so that the others line up.
pub(super) fn write_text(out: &mut dyn Write, files: &Files<'_>, routes: &[RouteRecord]) -> io::Result<()> {
    if routes.is_empty() {
        return Ok(());
    }
    let head = ["VERDICT", "LOCATION", "CLIENT", "KEY", "ENDPOINT"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(routes.iter().map(|route| row(files, route))).collect();
    let mut widths = [0; 4];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        line.push_str(&row[4]);
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn row(files: &Files<'_>, route: &RouteRecord) -> [String; 5] {
    let start = files.start(route.at);
    [
        verdict(route.verdict).to_owned(),
        format!("{}:{}:{}", files.path(route.at.file), start.line, start.column),
        screen::clean(&route.client),
        key(&route.key),
        endpoint(&route.endpoint),
    ]
}

/// `https://api.openai.com/v1 (openai, default)`.
pub(super) fn endpoint(endpoint: &EndpointRecord) -> String {
    let url = endpoint.url.as_deref().map_or_else(|| "?".to_owned(), screen::clean);
    let whose = endpoint.provider.as_deref().map_or_else(|| "nobody known".to_owned(), screen::clean);
    format!("{url} ({whose}, {})", endpoint_kind(endpoint.kind))
}

/// `MIXROUTE_API_KEY (mixroute, environment)`.
pub(super) fn key(key: &KeyRecord) -> String {
    let name = key.name.as_deref().map(screen::clean).unwrap_or_else(|| "-".to_owned());
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

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "match",
        Verdict::Mismatch => "mismatch",
        Verdict::Unknown => "unknown",
    }
}
