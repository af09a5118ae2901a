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

/// All of a project's files with their texts.
fn texts(dir: &std::path::Path, files: &[(String, String)]) -> Vec<(String, String)> {
    files.iter().map(|(name, _)| (name.clone(), std::fs::read_to_string(dir.join(name)).unwrap())).collect()
}

/// The bad examples without a fix, as only a person knows what is meant: which of two values, whose key, where the program
/// reads its environment. All others are repaired.
const NO_FIX: &[&str] = &[
    "conflicting-config: A service's variable hides the file's",
    "conflicting-config: A job's variable hides the workflow's",
    "conflicting-config: Twice in one file",
    "disallowed-endpoint: Another provider, with a key of its own",
    "empty-base-url: JavaScript",
    "empty-base-url: A dotenv file",
    "foreign-key: TypeScript",
    "key-at-two-providers: A framework's own client",
    "late-base-url: The dotenv file is loaded too late",
    "malformed-key: A masked copy",
    "openai-key-at-mixroute: Python",
    "openai-key-at-mixroute: TypeScript",
    "openai-key-at-mixroute: Rust",
    "openai-key-at-mixroute: Shell",
    "openai-key-at-mixroute: dotenv",
    "tracing-at-openai: The variable's key is a relay's",
    "tracing-at-openai: JavaScript",
    "unused-ignore: Python",
    "unused-ignore: JavaScript",
];

#[test]
fn bad_examples_are_clean_once_fixed() {
    let mut failures = Vec::new();
    let mut unfixable = Vec::new();
    for page in pages() {
        for (number, example) in page.bad.iter().enumerate() {
            let name = name(&page.name, "bad", number, example);
            let dir = project(example.files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
            let json: serde_json::Value =
                serde_json::from_str(&call(dir.path(), &["check", "--output-format", "json"])).unwrap();
            let found = json["diagnostics"].as_array().unwrap();
            let fixable = found.iter().all(|diagnostic| !diagnostic["fix"].is_null());
            let safe = found.iter().all(|diagnostic| diagnostic["fix"]["applicability"] == "safe");
            if !fixable {
                unfixable.push(format!("{}: {}", page.name, example.title));
                continue;
            }
            let plan = call(dir.path(), &["check", "--diff", "--unsafe-fixes"]);
            if texts(dir.path(), &example.files) != example.files {
                failures.push(format!("{name}: --diff changed a file"));
            }
            let left = call(dir.path(), &["check", "--output-format", "concise", "--fix"]);
            if left.is_empty() != safe {
                failures.push(format!("{name}: safe is {safe}, and after --fix there is left:\n{left}\n{plan}"));
            }
            let left = call(dir.path(), &["check", "--output-format", "concise", "--fix", "--unsafe-fixes"]);
            if !left.is_empty() {
                failures.push(format!("{name}: left after all fixes:\n{left}\n{plan}"));
            }
            let once = texts(dir.path(), &example.files);
            call(dir.path(), &["check", "--fix", "--unsafe-fixes"]);
            if texts(dir.path(), &example.files) != once {
                failures.push(format!("{name}: the second --fix changed something"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(unfixable, NO_FIX);
}
