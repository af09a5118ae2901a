//! A finding points at exactly the value that is wrong, whatever carries it: `tests/positions.txt`.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write;

use support::{call, project};

/// A place: file, first byte and the byte behind the last one.
type Place = (String, usize, usize);

/// A file as it is written, and the places in it that are marked.
fn unmarked(path: &str, text: &str) -> (String, BTreeSet<Place>) {
    let (mut out, mut places) = (String::new(), BTreeSet::new());
    let mut open = None;
    for c in text.chars() {
        match c {
            '«' => open = Some(out.len()),
            '»' => {
                places.insert((path.to_owned(), open.take().unwrap(), out.len()));
            }
            _ => out.push(c),
        }
    }
    (out, places)
}

/// What differs between the marked places of a case and those of its findings.
fn faults(files: &[(&str, String)]) -> String {
    let (mut texts, mut expected) = (Vec::new(), BTreeSet::new());
    for (path, text) in files {
        let (text, places) = unmarked(path, text);
        expected.extend(places);
        texts.push((*path, text));
    }
    let dir = project(texts.iter().map(|(path, text)| (*path, text.as_str())));
    let report = call(dir.path(), &["check", "--include-docs", "--output-format", "json", "."]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let offset = |found: &serde_json::Value, end: &str| found[end]["offset"].as_u64().unwrap() as usize;
    let found: BTreeSet<Place> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (found["path"].as_str().unwrap().to_owned(), offset(found, "start"), offset(found, "end")))
        .collect();
    let mut out = String::new();
    let mut say = |what: &str, (path, start, end): &Place| {
        let text = &texts.iter().find(|(name, _)| name == path).unwrap().1;
        let line = text[..*start].matches('\n').count() + 1;
        writeln!(out, "{what} {path}:{line} {:?}", &text[*start..*end]).unwrap();
    };
    expected.difference(&found).for_each(|place| say("not found:", place));
    found.difference(&expected).for_each(|place| say("not marked:", place));
    out
}

#[test]
fn findings_span_exactly_the_value() {
    let cases = include_str!("positions.txt").replace("\r\n", "\n");
    let mut out = String::new();
    let mut count = 0;
    for case in cases.split("\n=== ").skip(1) {
        let (name, rest) = case.split_once('\n').unwrap();
        for ending in ["\n", "\r\n"] {
            let files: Vec<(&str, String)> = rest
                .split("--- ")
                .skip(1)
                .map(|file| {
                    let (path, text) = file.split_once('\n').unwrap();
                    let text = text.replace("\\\\", "\u{1}").replace("\\t", "\t").replace('\u{1}', "\\");
                    (path, text.replace('\n', ending))
                })
                .collect();
            count += files.len();
            let faults = faults(&files);
            if !faults.is_empty() {
                writeln!(out, "{name} with {ending:?}\n{faults}").unwrap();
            }
        }
    }
    assert!(count > 80, "{count} files only");
    assert!(out.is_empty(), "\n{out}");
}
