//! JSON, version 1: fields may be added, never changed.

use std::io::{self, Write};

use serde::Serialize;

use super::{Files, Report, Reported, Summary};
use crate::finding::{Edit, Fix, Location};
use crate::screen;
use crate::source::Position;

#[derive(Serialize)]
struct Object<'a> {
    version: u32,
    diagnostics: Vec<Diagnostic<'a>>,
    summary: &'a Summary,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    rule: &'a str,
    severity: &'a str,
    message: String,
    path: String,
    start: Point,
    end: Point,
    labels: Vec<Place>,
    help: Option<String>,
    fix: Option<Repair>,
    fingerprint: String,
}

/// A fix.
#[derive(Serialize)]
pub(super) struct Repair {
    applicability: &'static str,
    message: String,
    edits: Vec<Replacement>,
}

/// An edit of a fix.
#[derive(Serialize)]
struct Replacement {
    path: String,
    start: Point,
    end: Point,
    content: String,
}

impl Repair {
    pub(super) fn new(files: &Files<'_>, fix: &Fix) -> Self {
        let replacement = |edit: &Edit| Replacement {
            path: files.path(edit.at.file),
            start: files.start(edit.at).into(),
            end: files.end(edit.at).into(),
            content: screen::lines(&edit.content),
        };
        Self {
            applicability: fix.applicability.name(),
            message: screen::clean(&fix.message),
            edits: fix.edits.iter().map(replacement).collect(),
        }
    }
}

/// A position.
#[derive(Serialize)]
pub(super) struct Point {
    line: usize,
    column: usize,
    offset: usize,
}

/// A place with a text.
#[derive(Serialize)]
pub(super) struct Place {
    path: String,
    start: Point,
    end: Point,
    text: String,
}

impl From<Position> for Point {
    fn from(Position { line, column, offset }: Position) -> Self {
        Self { line, column, offset }
    }
}

impl Place {
    pub(super) fn new(files: &Files<'_>, at: Location, text: &str) -> Self {
        let (start, end) = (files.start(at).into(), files.end(at).into());
        Self { path: files.path(at.file), start, end, text: screen::clean(text) }
    }
}

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let files = &report.files;
    let diagnostics = report
        .active()
        .map(|Reported { finding, fingerprint, .. }| Diagnostic {
            rule: finding.rule,
            severity: finding.severity.name(),
            message: screen::clean(&finding.message),
            path: files.path(finding.at.file),
            start: files.start(finding.at).into(),
            end: files.end(finding.at).into(),
            labels: finding.labels.iter().map(|label| Place::new(files, label.at, &label.text)).collect(),
            help: finding.help.as_deref().map(screen::clean),
            fix: finding.fix.as_ref().map(|fix| Repair::new(files, fix)),
            fingerprint: fingerprint.clone(),
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &Object { version: 1, diagnostics, summary: report.summary })?;
    writeln!(out)
}
