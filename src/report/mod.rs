//! Findings and routes as text. One file for each format; none of them looks at rules or syntax.
//!
//! Whatever comes from a scanned file passes through [`screen`](crate::screen).

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::catalog::Catalog;
use crate::facts::Span;
use crate::finding::{FileId, Finding, Location, RouteRecord, Severity};
use crate::screen;
use crate::source::{Position, Source};
use crate::trace::Answer;

mod concise;
mod fingerprint;
mod full;
mod github;
mod gitlab;
mod json;
mod page;
mod patch;
mod routes;
mod sarif;
mod trace;

pub use page::page;
pub use patch::diff;
pub use routes::{Earlier, RoutesFormat};

/// The formats of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Code with labels.
    Full,
    /// One line for each finding.
    Concise,
    /// JSON.
    Json,
    /// Workflow commands of GitHub Actions.
    Github,
    /// GitLab's Code Quality report.
    Gitlab,
    /// SARIF 2.1.0.
    Sarif,
}

impl Format {
    /// One document for a program, to which nothing can be added.
    pub fn is_document(self) -> bool {
        matches!(self, Self::Json | Self::Gitlab | Self::Sarif)
    }
}

/// How text is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// With box-drawing characters.
    pub unicode: bool,
}

/// What was done, for the last line of a report and for JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Files read.
    pub files_read: usize,
    /// Of them, files parsed.
    pub files_parsed: usize,
    /// Files left out for a reason.
    pub files_skipped: usize,
    /// Clients found.
    pub clients: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
}

/// What is reported on.
#[derive(Clone, Copy)]
pub struct Files<'a> {
    /// The files of the run, by [`FileId`].
    pub sources: &'a [Source],
    /// Literals to mask, sorted.
    pub secrets: &'a [Location],
    /// The working directory, absolute: paths are relative to it.
    pub cwd: &'a Path,
    /// The root of the repository around it, which services know paths from, and fingerprints too; without one, the
    /// working directory.
    pub root: &'a Path,
}

/// A finding with what a report says of it besides.
#[derive(Clone, Debug)]
pub struct Reported {
    /// The finding.
    pub finding: Finding,
    /// Its file, as the repository has it.
    pub path: String,
    /// What stays the same of it when the file around it changes.
    pub fingerprint: String,
    /// Why it is not reported; `None`: it is.
    pub suppressed: Option<Suppression>,
}

/// Why a finding is not reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// A comment silences it.
    Comment {
        /// The comment's place.
        at: Location,
        /// Its reason; may be empty.
        reason: String,
    },
    /// The baseline has it.
    Baseline,
}

/// What `check` has to say.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// The files.
    pub files: Files<'a>,
    /// All findings, in order: see [`collect`].
    pub findings: &'a [Reported],
    /// What was done.
    pub summary: &'a Summary,
    /// What went wrong on the way.
    pub notices: &'a [Notice],
    /// How the run ends.
    pub exit_code: u8,
}

/// A file that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The file, as it is shown.
    pub path: PathBuf,
    /// Whether the run fails for it.
    pub severity: Severity,
    /// Why.
    pub message: String,
}

impl<'a> Report<'a> {
    /// The findings that are reported.
    pub fn active(&self) -> impl Iterator<Item = &'a Reported> + use<'a> {
        self.findings.iter().filter(|reported| reported.suppressed.is_none())
    }
}

impl<'a> Files<'a> {
    /// A file. One that is not there shows as an empty one, so that a bug elsewhere costs a path, not the report.
    fn source(&self, file: FileId) -> Option<&'a Source> {
        self.sources.get(file.index())
    }

    /// The files that findings may be about.
    pub fn reported(&self, reported: &[bool]) -> impl Iterator<Item = FileId> {
        let ids = (0..self.sources.len() as u32).map(FileId);
        ids.filter(|id| reported.get(id.index()) == Some(&true))
    }

    fn path(&self, file: FileId) -> String {
        self.source(file).map_or_else(|| "<unknown>".to_owned(), |source| screen::path(source.path()))
    }

    fn start(&self, at: Location) -> Position {
        self.position(at.file, at.span.start)
    }

    fn end(&self, at: Location) -> Position {
        self.position(at.file, at.span.end.max(at.span.start))
    }

    fn position(&self, file: FileId, offset: u32) -> Position {
        self.source(file).map_or(Position { line: 1, column: 1, offset: 0 }, |source| source.position(offset))
    }

    /// The path as the repository has it.
    pub fn path_in_repository(&self, file: FileId) -> String {
        let shown = |source: &Source| screen::path(&self.in_repository(source.path()));
        self.source(file).map_or_else(|| "<unknown>".to_owned(), shown)
    }

    fn in_repository(&self, shown: &Path) -> PathBuf {
        let path = self.cwd.join(shown);
        path.strip_prefix(self.root).map(Path::to_path_buf).unwrap_or(path)
    }

    /// The URI of a file, given by its shown path: relative to the repository's root, or absolute outside of it.
    fn uri_of(&self, shown: &Path) -> String {
        screen::uri(&self.in_repository(shown))
    }

    /// The literals to mask in one file.
    fn secrets_in(&self, file: FileId) -> Vec<Span> {
        let start = self.secrets.partition_point(|secret| secret.file < file);
        let end = self.secrets.partition_point(|secret| secret.file <= file);
        self.secrets.get(start..end).unwrap_or_default().iter().map(|secret| secret.span).collect()
    }
}

/// Puts findings into the one order of every format (path, start, rule, message), and gives them their fingerprints.
pub fn collect(mut findings: Vec<(Finding, Option<Suppression>)>, files: &Files<'_>) -> Vec<Reported> {
    findings.sort_by_cached_key(|(finding, _)| {
        let at = (files.source(finding.at.file).map(|source| source.path.clone()), finding.at);
        (at, finding.rule, finding.message.clone(), finding.labels.clone())
    });
    findings.dedup();
    let fingerprints = fingerprint::all(files, findings.iter().map(|(finding, _)| finding));
    let findings = findings.into_iter().zip(fingerprints);
    let reported = |((finding, suppressed), fingerprint): ((Finding, _), _)| {
        let path = files.path_in_repository(finding.at.file);
        Reported { finding, path, fingerprint, suppressed }
    };
    findings.map(reported).collect()
}

/// Puts routes into their order.
pub fn sort_routes(routes: &mut [RouteRecord], files: &Files<'_>) {
    routes.sort_by_cached_key(|route| {
        let path = files.source(route.at.file).map(|source| source.path.clone());
        let origin = |steps: &[crate::finding::OriginStep]| -> Vec<(Location, String)> {
            steps.iter().map(|step| (step.at, step.text.clone())).collect()
        };
        let key = (route.key.name.clone(), origin(&route.key.origin));
        (path, route.at, route.callee.clone(), key, route.endpoint.url.clone(), origin(&route.endpoint.origin))
    });
}

/// Writes findings.
pub fn findings(out: &mut dyn Write, format: Format, report: &Report<'_>, style: Style) -> io::Result<()> {
    match format {
        Format::Full => full::write(out, report, style),
        Format::Concise => concise::write(out, report, style),
        Format::Json => json::write(out, report),
        Format::Github => github::write(out, report),
        Format::Gitlab => gitlab::write(out, report),
        Format::Sarif => sarif::write(out, report),
    }
}

/// Writes routes, which are sorted. Text is no wider than a terminal's width, where there is one.
pub fn routes(
    out: &mut dyn Write,
    format: RoutesFormat,
    files: &Files<'_>,
    catalog: &Catalog,
    found: &[RouteRecord],
    style: Style,
    width: Option<usize>,
) -> io::Result<()> {
    routes::write(out, format, files, catalog, found, style, width)
}

/// Writes, as Markdown, how routes differ from those of an earlier run.
pub fn changes(out: &mut dyn Write, earlier: &Earlier, files: &Files<'_>, found: &[RouteRecord]) -> io::Result<()> {
    routes::write_changes(out, earlier, files, found)
}

/// Writes what is said about a message, for people or as JSON.
pub fn answer(
    out: &mut dyn Write,
    as_json: bool,
    files: &Files<'_>,
    catalog: &Catalog,
    answer: &Answer,
    style: Style,
) -> io::Result<()> {
    match as_json {
        true => trace::write_json(out, files, catalog, answer),
        false => trace::write_text(out, files, catalog, answer, style),
    }
}

/// `2 errors, 1 warning`.
pub fn counts(errors: usize, warnings: usize) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, warnings) => count(warnings, "warning"),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}

/// The escape sequence that colours a severity, and the one that ends it.
fn paint(severity: Severity, style: Style) -> (&'static str, &'static str) {
    match (style.color, severity) {
        (false, _) => ("", ""),
        (true, Severity::Error) => ("\x1b[31m", "\x1b[0m"),
        (true, Severity::Warning) => ("\x1b[33m", "\x1b[0m"),
    }
}

#[cfg(test)]
mod tests;
