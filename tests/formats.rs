//! The formats for services, as the built program writes them: each against its schema or grammar.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use regex::Regex;
use serde_json::Value;

mod support;

/// Findings of many rules in many languages: the bad examples of all rules, each in a folder of its own, in a
/// repository. One file has a name that must be escaped, one is silenced.
fn bad_examples() -> tempfile::TempDir {
    let dir = support::project([(".git/HEAD", "")]);
    for page in mixlint::rules::page::pages() {
        for (number, example) in page.bad.iter().enumerate() {
            for (name, text) in &example.files {
                write(&dir.path().join(format!("{}/{number}/{name}", page.name)), text);
            }
        }
    }
    let bad = "from openai import OpenAI\nOpenAI(api_key=\"sk-mixroute-key\", base_url=\"https://api.openai.com/v1\")";
    write(&dir.path().join("odd, 100%: é/{a}.py"), bad);
    write(&dir.path().join("silenced.py"), &format!("{bad}  # mixlint: ignore[mixroute-key-at-openai] a {{test}}"));
    write(&dir.path().join("lines.py"), "from openai import OpenAI\nOpenAI(\n  api_key='sk-mixroute-key',\n)\n");
    dir
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What the program prints. It ends with 1, as there are findings.
fn check(dir: &Path, format: &str) -> String {
    let mut program = Command::cargo_bin("mixlint").unwrap();
    let output = program.current_dir(dir).args(["check", "--output-format", format]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(dir: &Path, format: &str) -> Value {
    serde_json::from_str(&check(dir, format)).unwrap()
}

/// Fails with all that a schema says against a value.
fn assert_valid(schema: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(schema);
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn sarif_fits_its_schema() {
    let dir = bad_examples();
    let log = json(dir.path(), "sarif");
    assert_valid("sarif-2.1.0.json", &log);
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let diagnostics = json(dir.path(), "json");
    let active = results.iter().filter(|result| result["suppressions"] == serde_json::json!([])).count();
    assert_eq!(active, diagnostics["diagnostics"].as_array().unwrap().len());
    assert_eq!(results.len(), active + 1, "one is silenced");
    assert!(results.iter().any(|result| result["codeFlows"].is_array()));
    for result in results {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("## Why"));
    }
}

/// A URI leads back to the file, and a region to the text: the places are those of the JSON report.
#[test]
fn sarif_places_lead_to_the_files() {
    let dir = bad_examples();
    let log = json(dir.path(), "sarif");
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        let path = dir.path().join(decode(place["artifactLocation"]["uri"].as_str().unwrap()));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()));
        let region = |name: &str| place["region"][name].as_u64().unwrap() as usize;
        let line = text.lines().nth(region("startLine") - 1).unwrap();
        assert!(line.chars().count() + 1 >= region("startColumn"), "{place}");
        assert!((region("startLine"), region("startColumn")) <= (region("endLine"), region("endColumn")));
    }
}

/// The path of a relative URI.
fn decode(uri: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let hex: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap());
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap().into()
}

#[test]
fn gitlab_fits_its_schema() {
    let dir = bad_examples();
    let report = json(dir.path(), "gitlab");
    assert_valid("gitlab-code-quality.json", &report);
    let issues = report.as_array().unwrap();
    let all: std::collections::BTreeSet<&str> =
        issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(all.len(), issues.len(), "fingerprints are unique");
    // Lines that move change no fingerprint.
    let path = dir.path().join("lines.py");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("# moved\n\n\n{text}")).unwrap();
    let moved = json(dir.path(), "gitlab");
    let prints = |report: &Value| -> Vec<Value> {
        report.as_array().unwrap().iter().map(|issue| issue["fingerprint"].clone()).collect()
    };
    assert_eq!(prints(&moved), prints(&report));
    assert_ne!(moved, report);
}

/// The grammar of workflow commands, as the runner reads them.
#[test]
fn github_commands_can_be_read() {
    let dir = bad_examples();
    let out = check(dir.path(), "github");
    let command =
        Regex::new(r"^::(error|warning) (([a-zA-Z]+=[^,:\r\n]+)(,[a-zA-Z]+=[^,:\r\n]+)*)::([^\r\n]+)$").unwrap();
    let escape = Regex::new(r"%(25|0D|0A|3A|2C)").unwrap();
    let diagnostics = json(dir.path(), "json");
    let diagnostics = diagnostics["diagnostics"].as_array().unwrap();
    assert_eq!(out.lines().count(), diagnostics.len());
    let mut over_lines = 0;
    for (line, diagnostic) in out.lines().zip(diagnostics) {
        let parts = command.captures(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(line.matches('%').count(), escape.find_iter(line).count(), "{line}");
        let unescape = |text: &str| {
            let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
            text.replace("%25", "%")
        };
        assert_eq!(parts[1], *diagnostic["severity"].as_str().unwrap());
        let property = |name: &str| {
            parts[2].split(',').find_map(|property| property.strip_prefix(&format!("{name}=")).map(unescape))
        };
        let number = |value: &Value| Some(value.to_string());
        assert_eq!(property("file").as_deref(), diagnostic["path"].as_str());
        assert_eq!(property("title"), Some(format!("mixlint ({})", diagnostic["rule"].as_str().unwrap())));
        assert_eq!(property("line"), number(&diagnostic["start"]["line"]));
        assert_eq!(property("endLine"), number(&diagnostic["end"]["line"]));
        let one_line = diagnostic["start"]["line"] == diagnostic["end"]["line"];
        over_lines += usize::from(!one_line);
        assert_eq!(property("col"), number(&diagnostic["start"]["column"]).filter(|_| one_line));
        assert_eq!(property("endColumn"), number(&diagnostic["end"]["column"]).filter(|_| one_line));
        assert!(unescape(&parts[5]).starts_with(diagnostic["message"].as_str().unwrap()));
    }
    assert!(over_lines > 0);
}

/// Services know paths from the repository's root, wherever mixlint runs.
#[test]
fn paths_are_those_of_the_repository() {
    let bad = "from openai import OpenAI\nOpenAI(api_key=\"sk-mixroute-key\", base_url=\"https://api.openai.com/v1\")";
    let dir = support::project([(".git/HEAD", ""), ("packages/api/app.py", bad)]);
    let below = dir.path().join("packages/api");
    assert!(check(&below, "github").contains(",file=packages/api/app.py,"));
    assert_eq!(json(&below, "gitlab")[0]["location"]["path"], "packages/api/app.py");
    let run = &json(&below, "sarif")["runs"][0];
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "packages/api/app.py");
    assert_eq!(run["invocations"][0]["workingDirectory"]["uri"], "packages/api/");
    let fingerprint = |dir: &Path| json(dir, "json")["diagnostics"][0]["fingerprint"].clone();
    assert_eq!(fingerprint(&below), fingerprint(dir.path()));
}
