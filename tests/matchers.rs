//! `problem-matchers/`, against what the built program prints, with and without colours.

#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use regex::Regex;
use serde_json::Value;

mod support;

/// An error and a warning; one file's name has what looks like a place in it.
fn lines(color: &str) -> String {
    let bad =
        |url: &str| format!("from openai import OpenAI\nOpenAI(api_key=\"sk-mixroute-key\", base_url=\"{url}\")\n");
    let dir = support::project([
        ("src/a b.py", bad("https://api.openai.com/v1").as_str()),
        ("odd 3:4 é.py", bad("http://api.mixroute.ai/v1").as_str()),
    ]);
    let mut program = Command::cargo_bin("mixlint").unwrap();
    let args = ["check", "--output-format", "concise", "--color", color];
    let output = program.current_dir(dir.path()).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stdout).unwrap()
}

fn pattern(file: &str, pointer: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("problem-matchers").join(file);
    let value: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    value.pointer(pointer).unwrap().clone()
}

#[test]
fn every_line_is_matched() {
    let patterns = [
        pattern("github.json", "/problemMatcher/0/pattern/0"),
        pattern("vscode-tasks.json", "/tasks/0/problemMatcher/pattern"),
    ];
    assert_eq!(patterns[0], patterns[1]);
    let regex = Regex::new(patterns[0]["regexp"].as_str().unwrap()).unwrap();
    assert!(lines("always").contains('\x1b') && !lines("never").contains('\x1b'));
    for color in ["never", "always"] {
        let text = lines(color);
        let found: Vec<[String; 6]> = text
            .lines()
            .map(|line| {
                let groups = regex.captures(line).unwrap_or_else(|| panic!("{line:?}"));
                let group = |name: &str| groups[patterns[0][name].as_u64().unwrap() as usize].to_owned();
                ["file", "line", "column", "severity", "code", "message"].map(group)
            })
            .collect();
        let expected = [
            (
                ["odd 3:4 é.py", "2", "44", "warning", "insecure-base-url"],
                "the key is sent to Mixroute (api.mixroute.ai) without encryption",
            ),
            (
                ["src/a b.py", "2", "44", "error", "mixroute-key-at-openai"],
                "a Mixroute key is sent to OpenAI (api.openai.com)",
            ),
        ];
        let expected: Vec<[String; 6]> = expected
            .iter()
            .map(|([a, b, c, d, e], message)| [a, b, c, d, e, message].map(|text| (*text).to_owned()))
            .collect();
        assert_eq!(found, expected, "{color}");
    }
    // The last line of a run, and the code of the long format, are no findings.
    for other in ["Found 1 error in 3 files", "    ╭─[app.py:11:49]", "error: no.py: no such file or directory"] {
        assert!(!regex.is_match(other), "{other}");
    }
}
