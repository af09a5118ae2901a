//! SARIF 2.1.0: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.
//!
//! Paths are relative to the repository's root, as services want them, whatever the working directory is. Results that
//! a comment or the baseline silences are in the log, marked as suppressed.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Notice, Report, Reported, Suppression};
use crate::finding::{Applicability, Finding, Fix, Location, Severity};
use crate::rules::page::{Page, pages};
use crate::screen;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What all paths are relative to.
const BASE: &str = "%SRCROOT%";

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let run = Run {
        column_kind: "unicodeCodePoints",
        invocations: [invocation(report)],
        original_uri_base_ids: json!({
            BASE: { "description": text("the root of the repository; without one, where mixlint was run") }
        }),
        results: Results(report),
        tool: json!({ "driver": {
            "name": "mixlint",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": pages().iter().map(rule).collect::<Value>(),
        }}),
    };
    serde_json::to_writer_pretty(&mut *out, &Log { schema: SCHEMA, runs: [run], version: "2.1.0" })?;
    writeln!(out)
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    runs: [Run<'a>; 1],
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    column_kind: &'a str,
    invocations: [Value; 1],
    original_uri_base_ids: Value,
    results: Results<'a>,
    tool: Value,
}

/// Each is made when it is written: as values all results of a large run would fill the memory.
struct Results<'a>(&'a Report<'a>);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.findings.iter().map(|reported| result(self.0, reported)))
    }
}

fn rule(page: &Page) -> Value {
    let level = page.severity.name();
    json!({
        "id": page.name,
        "shortDescription": text(&page.summary),
        "help": { "text": page.body, "markdown": page.body },
        "defaultConfiguration": { "level": level },
        "properties": { "precision": "high", "problem.severity": level, "tags": ["correctness", "api-keys"] },
    })
}

fn invocation(report: &Report<'_>) -> Value {
    let successful = report.notices.iter().all(|notice| notice.severity != Severity::Error);
    let mut invocation = json!({
        "executionSuccessful": successful,
        "exitCode": report.exit_code,
        "exitCodeDescription": match (successful, report.exit_code) {
            (false, _) => "some files could not be read",
            (true, 0) => "nothing to report",
            (true, _) => "findings",
        },
        "toolExecutionNotifications": report.notices.iter().map(|notice| notification(report, notice)).collect::<Value>(),
    });
    if let Ok(below) = report.files.cwd.strip_prefix(report.files.root)
        && !below.as_os_str().is_empty()
    {
        invocation["workingDirectory"] = json!({ "uri": screen::uri(below) + "/", "uriBaseId": BASE });
    }
    invocation
}

fn notification(report: &Report<'_>, notice: &Notice) -> Value {
    let uri = report.files.uri_of(&notice.path);
    json!({
        "level": notice.severity.name(),
        "message": text(&screen::clean(&notice.message)),
        "locations": [{ "physicalLocation": { "artifactLocation": artifact(uri) } }],
    })
}

fn result(report: &Report<'_>, reported: &Reported) -> Value {
    let Reported { finding, fingerprint, suppressed, .. } = reported;
    let mut result = json!({
        "ruleId": finding.rule,
        "level": finding.severity.name(),
        "message": text(&message(finding)),
        "locations": [location(report, finding.at, None)],
        "partialFingerprints": { "mixlint/v1": fingerprint, "primaryLocationLineHash": fingerprint },
        "suppressions": suppressed.iter().map(|why| suppression(report, why)).collect::<Value>(),
    });
    if let Some(index) = pages().iter().position(|page| page.name == finding.rule) {
        result["ruleIndex"] = json!(index);
    }
    let related: Vec<Value> = finding
        .labels
        .iter()
        .zip(1..)
        .map(|(label, id)| {
            let mut location = location(report, label.at, Some(&label.text));
            location["id"] = json!(id);
            location
        })
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if !finding.flow.is_empty() {
        let steps = finding.flow.iter().map(|step| json!({ "location": location(report, step.at, Some(&step.text)) }));
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps.collect::<Value>() }] }]);
    }
    if let Some(fix) = finding.fix.as_ref().and_then(|fix| self::fix(report, fix)) {
        result["fixes"] = json!([fix]);
    }
    result
}

fn message(finding: &Finding) -> String {
    let help = finding.help.as_deref().map(|help| format!("\nhelp: {}", screen::clean(help)));
    screen::clean(&finding.message) + help.as_deref().unwrap_or("")
}

fn suppression(report: &Report<'_>, why: &Suppression) -> Value {
    match why {
        Suppression::Comment { at, reason } => {
            let mut suppression = json!({ "kind": "inSource", "location": location(report, *at, None) });
            if !reason.is_empty() {
                suppression["justification"] = screen::clean(reason).into();
            }
            suppression
        }
        Suppression::Baseline => json!({ "kind": "external", "justification": "known: in the baseline" }),
    }
}

/// A fix as replacements, file by file. One that would show a key is left out: with the key masked it would be wrong.
fn fix(report: &Report<'_>, fix: &Fix) -> Option<Value> {
    let mut changes: Map<String, Value> = Map::new();
    for edit in &fix.edits {
        let content = screen::verbatim(&edit.content)?;
        let uri = uri(report, edit.at);
        let change = changes
            .entry(uri.clone())
            .or_insert_with(|| json!({ "artifactLocation": artifact(uri), "replacements": [] }));
        if let Some(replacements) = change["replacements"].as_array_mut() {
            replacements.push(json!({
                "deletedRegion": region(report, edit.at),
                "insertedContent": { "text": content },
            }));
        }
    }
    let applicability = match fix.applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
    };
    Some(json!({
        "description": text(&screen::clean(&fix.message)),
        "artifactChanges": changes.into_iter().map(|(_, change)| change).collect::<Value>(),
        "properties": { "applicability": applicability },
    }))
}

fn location(report: &Report<'_>, at: Location, message: Option<&str>) -> Value {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": artifact(uri(report, at)),
            "region": region(report, at),
        }
    });
    if let Some(message) = message.filter(|message| !message.is_empty()) {
        location["message"] = text(&screen::clean(message));
    }
    location
}

fn region(report: &Report<'_>, at: Location) -> Value {
    let (start, end) = (report.files.start(at), report.files.end(at));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn uri(report: &Report<'_>, at: Location) -> String {
    report.files.source(at.file).map_or_else(String::new, |source| report.files.uri_of(source.path()))
}

/// A file outside of the repository has an absolute URI, which no base belongs to.
fn artifact(uri: String) -> Value {
    if uri.starts_with("file:") { json!({ "uri": uri }) } else { json!({ "uri": uri, "uriBaseId": BASE }) }
}

/// A message. Braces stand for arguments, of which we have none.
fn text(text: &str) -> Value {
    json!({ "text": text.replace('{', "{{").replace('}', "}}") })
}
