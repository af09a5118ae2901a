//! The bad and good examples of the rule pages, run.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use mixlint::rules::page::{Example, pages};
use support::{call, project};

/// The rules that a small project gives findings of, with the text report for a failing test.
fn findings(files: &[(String, String)]) -> (BTreeSet<String>, String) {
    let dir = project(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let json: serde_json::Value =
        serde_json::from_str(&call(dir.path(), &["check", "--output-format", "json"])).unwrap();
    let rules =
        json["diagnostics"].as_array().unwrap().iter().map(|d| d["rule"].as_str().unwrap().to_owned()).collect();
    (rules, call(dir.path(), &["check"]) + &call(dir.path(), &["routes"]))
}

fn name(rule: &str, kind: &str, number: usize, example: &Example) -> String {
    format!("{rule}: {kind} example {number} `{}`", example.title)
}

#[test]
fn bad_examples_are_found() {
    let mut failures = Vec::new();
    for page in pages() {
        assert!(!page.bad.is_empty(), "{} has no bad example", page.name);
        for (number, example) in page.bad.iter().enumerate() {
            let (rules, report) = findings(&example.files);
            let expected: BTreeSet<String> = example.also.iter().cloned().chain([page.name.clone()]).collect();
            if rules != expected {
                failures.push(format!(
                    "{}: expected {expected:?}, got {rules:?}\n{report}",
                    name(&page.name, "bad", number, example)
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn good_examples_are_silent() {
    let mut failures = Vec::new();
    for page in pages() {
        assert!(!page.good.is_empty(), "{} has no good example", page.name);
        for (number, example) in page.good.iter().enumerate() {
            let (rules, report) = findings(&example.files);
            if !rules.is_empty() {
                failures.push(format!("{}: got {rules:?}\n{report}", name(&page.name, "good", number, example)));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
