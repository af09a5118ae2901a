//! miette's graphical report: the code with its labels, then the places in other files, then the help.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles,
};

use super::{Files, Report, Style};
use crate::facts::Span;
use crate::finding::{FileId, Finding, Severity};
use crate::screen::{self, Excerpt};

/// Messages are wrapped at this width. Code is not.
const WIDTH: usize = 120;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>, style: Style) -> io::Result<()> {
    let handler = handler(style);
    for reported in report.active() {
        for part in parts(&report.files, &reported.finding) {
            let mut text = String::new();
            handler.render_report(&mut text, &part).map_err(io::Error::other)?;
            out.write_all(text.as_bytes())?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn handler(style: Style) -> GraphicalReportHandler {
    let characters = if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    // Links are escapes, with or without colours.
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_links(false)
        .with_width(WIDTH)
        .with_break_words(false)
        .without_syntax_highlighting()
}

/// A piece of the report of a finding. A miette diagnostic knows one file, so each file has a piece.
#[derive(Debug)]
struct Part {
    code: Option<String>,
    severity: miette::Severity,
    message: String,
    excerpt: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
}

fn parts(files: &Files<'_>, finding: &Finding) -> Vec<Part> {
    // The place of the finding comes first, so that a long line is clipped around it.
    let mut main = vec![(finding.at.span, None)];
    let mut others: BTreeMap<FileId, Vec<(Span, Option<&str>)>> = BTreeMap::new();
    for label in &finding.labels {
        let text = Some(label.text.as_str());
        match label.at {
            at if at == finding.at && main[0].1.is_none() => main[0].1 = text,
            at if at.file == finding.at.file => main.push((at.span, text)),
            at => others.entry(at.file).or_default().push((at.span, text)),
        }
    }

    let severity = match finding.severity {
        Severity::Error => miette::Severity::Error,
        Severity::Warning => miette::Severity::Warning,
    };
    let code = format!("{}[{}]", finding.severity.name(), finding.rule);
    let mut parts = vec![part(files, finding.at.file, &main, Some(code), severity, screen::clean(&finding.message))];
    let order: Vec<FileId> = finding.labels.iter().map(|label| label.at.file).collect();
    let mut others: Vec<_> = others.into_iter().collect();
    others.sort_by_key(|(file, _)| order.iter().position(|other| other == file));
    for (file, labels) in others {
        let message = format!("see also {}", files.path(file));
        parts.push(part(files, file, &labels, None, miette::Severity::Advice, message));
    }
    if let Some(last) = parts.last_mut() {
        last.help = finding.help.as_deref().map(screen::clean);
    }
    parts
}

fn part(
    files: &Files<'_>,
    file: FileId,
    places: &[(Span, Option<&str>)],
    code: Option<String>,
    severity: miette::Severity,
    message: String,
) -> Part {
    let Some(source) = files.source(file) else {
        return Part { code, severity, message, excerpt: None, labels: Vec::new(), help: None };
    };
    let spans: Vec<Span> = places.iter().map(|(span, _)| *span).collect();
    let excerpt = Excerpt::new(source, &spans, &files.secrets_in(file));
    let label = |(at, (_, text)): (usize, &(Span, Option<&str>))| {
        let text = text.map(screen::clean);
        let make = if at == 0 { LabeledSpan::new_primary_with_span } else { LabeledSpan::new_with_span };
        make(text, excerpt.span(at))
    };
    let labels = places.iter().enumerate().map(label).collect();
    Part { code, severity, message, excerpt: Some(excerpt), labels, help: None }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Part {}

impl Diagnostic for Part {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
