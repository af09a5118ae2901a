//! What is resolved: small programs in `fixtures/resolve/*.txt`, each with the findings and routes that it must give.
//!
//! ```text
//! === what it is about
//! known: what is still wrong, for a case that does not hold yet
//! --- app.py
//! source
//! --- expected
//! error app.py:5 mixroute-key-at-openai
//! route MIXROUTE_API_KEY -> https://api.openai.com/v1
//! ```
//!
//! The routes are stated also where nothing is found, so that silence cannot come from seeing nothing.

#![allow(clippy::unwrap_used)]

mod support;

use std::fmt::Write;
use std::path::Path;

use support::{diff, findings, project, routes};

#[derive(Default)]
struct Case<'a> {
    name: &'a str,
    known: Option<&'a str>,
    files: Vec<(&'a str, String)>,
    expected: Vec<String>,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    let mut section = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case { name, ..Case::default() });
            section = None;
            continue;
        }
        // What stands before the first case, and before a case's first file, is for people.
        let Some(case) = cases.last_mut() else { continue };
        if let Some(name) = line.strip_prefix("--- ") {
            section = Some(name);
            if name != "expected" {
                case.files.push((name, String::new()));
            }
        } else if section == Some("expected") {
            case.expected.extend(Some(line.to_owned()).filter(|line| !line.is_empty()));
        } else if section.is_some() {
            let (_, text) = case.files.last_mut().unwrap();
            writeln!(text, "{line}").unwrap();
        } else if let Some(why) = line.strip_prefix("known: ") {
            case.known = Some(why);
        }
    }
    cases
}

#[test]
fn programs_resolve_as_stated() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/resolve");
    let mut failures = String::new();
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for mut case in cases(&text) {
            let dir = project(case.files.iter().map(|(name, text)| (*name, text.as_str())));
            let mut got = findings(dir.path());
            got.extend(routes(dir.path()));
            case.expected.sort();
            got.sort();
            let name = format!("{}: {}", entry.file_name().display(), case.name);
            match (case.expected == got, case.known) {
                (true, None) | (false, Some(_)) => {}
                (true, Some(_)) => writeln!(failures, "{name}: holds now, take its `known:` away").unwrap(),
                (false, None) => writeln!(failures, "{name}:\n{}", diff(&case.expected, &got)).unwrap(),
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}
