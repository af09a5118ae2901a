//! Small projects, made in a directory of their own and given to the program in this process.

#![allow(clippy::unwrap_used, dead_code)]

use std::ffi::OsString;
use std::path::Path;

use mixlint::cli::{Host, run};
use tempfile::TempDir;

pub(crate) mod keys;
pub(crate) mod places;

/// A project of its own: no repository around it, so that no other file has a say.
pub(crate) fn project<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

/// A run in this process: exit code, standard output and standard error. The environment has only what is given.
pub(crate) fn run_with(dir: &Path, args: &[&str], stdin: &[u8], env: &[(&str, &str)]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let host = Host {
        stdin: &mut &stdin[..],
        stdout: &mut out,
        stderr: &mut err,
        cwd: dir.canonicalize().unwrap(),
        terminal: false,
        env: &|name| env.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)),
    };
    let code = run(["mixlint"].iter().chain(args).map(OsString::from), host);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// What the program prints. A run that could not do its job is a fault of the test.
pub(crate) fn call(dir: &Path, args: &[&str]) -> String {
    let (code, out, err) = run_with(dir, args, b"", &[]);
    assert!(code < 2, "{err}");
    out
}

/// The findings, as `error app.py:5 mixroute-key-at-openai`.
pub(crate) fn findings(dir: &Path) -> Vec<String> {
    let line = |found: &serde_json::Value| {
        let text = |name: &str| found[name].as_str().unwrap().to_owned();
        format!("{} {}:{} {}", text("severity"), text("path"), found["start"]["line"], text("rule"))
    };
    let report: serde_json::Value =
        serde_json::from_str(&call(dir, &["check", "--output-format", "json", "."])).unwrap();
    let mut lines: Vec<String> = report["diagnostics"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

/// The routes, as `route MIXROUTE_API_KEY -> https://api.openai.com/v1`, each once: of a key without a name its kind, of
/// an endpoint that is not written its kind.
pub(crate) fn routes(dir: &Path) -> Vec<String> {
    let line = |route: &serde_json::Value| {
        let (key, endpoint) = (&route["key"], &route["endpoint"]);
        let kind = endpoint["kind"].as_str().unwrap();
        let key = key["name"].as_str().or(key["kind"].as_str()).unwrap();
        let url = endpoint["url"].as_str().filter(|_| kind != "default").unwrap_or(kind);
        format!("route {key} -> {url}")
    };
    let report: serde_json::Value =
        serde_json::from_str(&call(dir, &["routes", "--output-format", "json", "."])).unwrap();
    let mut lines: Vec<String> = report["routes"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines.dedup();
    lines
}

/// The routes as a flat table, in their order. `routes` itself shows them grouped, for people.
pub(crate) fn route_table(dir: &Path) -> String {
    let report: serde_json::Value =
        serde_json::from_str(&call(dir, &["routes", "--output-format", "json", "."])).unwrap();
    let text = |value: &serde_json::Value, otherwise: &str| value.as_str().unwrap_or(otherwise).to_owned();
    let head = ["VERDICT", "LOCATION", "CLIENT", "KEY", "ENDPOINT"].map(str::to_owned);
    let mut rows = vec![head];
    for route in report["routes"].as_array().unwrap() {
        let (key, endpoint, start) = (&route["key"], &route["endpoint"], &route["start"]);
        let providers: Vec<&str> = key["providers"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let whose = if providers.is_empty() { String::new() } else { format!("{}, ", providers.join(" or ")) };
        rows.push([
            text(&route["verdict"], ""),
            format!("{}:{}:{}", text(&route["path"], ""), start["line"], start["column"]),
            text(&route["client"], ""),
            format!("{} ({whose}{})", text(&key["name"], "-"), text(&key["kind"], "")),
            format!(
                "{} ({}, {})",
                text(&endpoint["url"], "?"),
                text(&endpoint["provider"], "nobody known"),
                text(&endpoint["kind"], "")
            ),
        ]);
    }
    if rows.len() == 1 {
        return String::new();
    }
    let widths = [0, 1, 2, 3].map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; 5]| {
        let cells: String = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  ")).collect();
        format!("{cells}{}\n", row[4])
    };
    rows.iter().map(line).collect()
}

/// Two lists of lines as a difference: what is missing with `-`, what is too much with `+`.
pub(crate) fn diff(expected: &[String], got: &[String]) -> String {
    let gone = expected.iter().filter(|line| !got.contains(line)).map(|line| format!("- {line}\n"));
    let new = got.iter().filter(|line| !expected.contains(line)).map(|line| format!("+ {line}\n"));
    gone.chain(new).collect()
}
