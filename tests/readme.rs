//! README.md: every command in it is run, every screen in it is real, every table in it is up to date.
//! `UPDATE_README=1 cargo test --test readme` writes the screens and the table anew.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};

use mixlint::catalog::Catalog;
use mixlint::rules::page::pages;
use serde_json::Value;

/// A fenced block: its info string, its text, and where the text stands.
struct Block {
    info: String,
    text: String,
    start: usize,
    end: usize,
}

fn blocks(readme: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let mut at = 0;
    for line in readme.split_inclusive('\n') {
        let next = at + line.len();
        match (line.trim_end().strip_prefix("```"), open.take()) {
            (Some(""), Some((info, start))) => {
                out.push(Block { info, text: readme[start..at].to_owned(), start, end: at });
            }
            (Some(info), None) => open = Some((info.to_owned(), next)),
            (_, still) => open = still,
        }
        at = next;
    }
    assert!(open.is_none(), "a block has no end");
    out
}

/// A copy of the fixtures in a repository of its own, as a checkout has them, and the program in front on `PATH`.
struct Checkout {
    dir: tempfile::TempDir,
    path: OsString,
}

impl Checkout {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/example");
        let copy = dir.path().join("fixtures/example");
        std::fs::create_dir_all(&copy).unwrap();
        for entry in std::fs::read_dir(fixtures).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
        }
        let program = assert_cmd::cargo::cargo_bin("mixlint");
        let before = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(program.parent().unwrap().to_owned()).chain(std::env::split_paths(&before));
        let path = std::env::join_paths(folders).unwrap();
        let checkout = Self { dir, path };
        let made = checkout.bash("git init -q . && git add -A");
        assert!(made.status.success(), "git: {}", String::from_utf8_lossy(&made.stderr));
        checkout
    }

    fn bash(&self, command: &str) -> Output {
        let mut bash = Command::new("bash");
        for name in ["CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "GIT_DIR", "GIT_INDEX_FILE"] {
            bash.env_remove(name);
        }
        bash.args(["-c", command]).env("PATH", &self.path).current_dir(self.dir.path()).output().unwrap()
    }

    /// What a command prints. Cargo would recurse: its tests are these, and what it runs is run without it.
    fn run(&self, command: &str) -> String {
        let command = match command.strip_prefix("cargo ") {
            Some("test") => return String::new(),
            Some(rest) => format!("mixlint {}", rest.strip_prefix("run --release -- ").unwrap()),
            None => command.to_owned(),
        };
        let output = self.bash(&command);
        let err = String::from_utf8(output.stderr).unwrap();
        let finds = command.contains("mixlint check") || command.contains("mixlint trace");
        assert_eq!(output.status.code(), Some(i32::from(finds)), "`{command}`: {err}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(finds, text.contains("mixroute-key-at-openai]"), "`{command}`: {text}{err}");
        text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

/// The keys of all objects in a JSON value, by where they stand; of lists the first element.
fn shape(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                out.insert(format!("{at}.{name}"));
                shape(value, &format!("{at}.{name}"), out);
            }
        }
        Value::Array(items) => items.iter().take(1).for_each(|item| shape(item, &format!("{at}[]"), out)),
        _ => {}
    }
}

fn shape_of(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    shape(&serde_json::from_str(text).unwrap(), "", &mut out);
    out
}

/// What the catalogue knows, for people.
fn knowledge() -> String {
    let catalog = Catalog::builtin();
    let mut out = String::from("| language | clients of |\n|---|---|\n");
    for (id, name, more) in [
        ("python", "Python", ", requests, httpx, aiohttp, urllib"),
        ("javascript", "JavaScript, TypeScript", ", fetch, got and other HTTP calls"),
        ("rust", "Rust", ", reqwest"),
        ("shell", "shell", "curl, wget, HTTPie"),
        ("powershell", "PowerShell", "Invoke-RestMethod, Invoke-WebRequest"),
    ] {
        let clients = catalog.clients.iter().filter(|client| client.language == id);
        let packages: BTreeSet<&str> = clients.filter_map(|client| client.package.as_deref()).collect();
        let packages: Vec<&str> = packages.into_iter().collect();
        let _ = writeln!(out, "| {name} | {}{more} |", packages.join(", "));
    }
    let providers = catalog.providers.iter().filter(|provider| !provider.forwards);
    let _ = writeln!(
        out,
        "\nIt knows the hosts of {} providers, and {} gateways and relays where anybody's key may be right.",
        providers.count(),
        catalog.providers.iter().filter(|provider| provider.forwards).count()
    );
    out
}

fn table() -> String {
    let mut out = String::from("| rule | severity | finds |\n|---|---|---|\n");
    for page in pages() {
        let _ = writeln!(out, "| `{}` | {} | {} |", page.name, page.severity.name(), page.summary);
    }
    out
}

#[test]
fn commands_screens_and_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let blocks = blocks(&readme);
    assert!(blocks.iter().any(|block| block.info == "sh"));
    let checkout = Checkout::new();
    let mut expected = readme.clone();
    // From the end, so that the places in front stay right.
    let mut last_output = Vec::new();
    for block in &blocks {
        match block.info.as_str() {
            "sh" => {
                last_output.push((block.end, block.text.lines().map(|line| checkout.run(line)).collect::<String>()))
            }
            "text" => {
                let (_, output) = last_output.last().unwrap();
                last_output.push((block.start, output.trim_matches('\n').to_owned() + "\n"));
            }
            "python" => {}
            "toml" => assert_is_config(&block.text),
            "json" => {
                let real = checkout.bash("mixlint check --output-format json fixtures/example");
                assert_eq!(shape_of(&block.text), shape_of(&String::from_utf8(real.stdout).unwrap()));
            }
            "yaml" => {
                let entry = block.text.lines().find_map(|line| line.trim().strip_prefix("entry: ")).unwrap();
                checkout.run(&format!("{entry} fixtures/example/app.py"));
            }
            other => panic!("a block of `{other}`"),
        }
    }
    for block in blocks.iter().rev().filter(|block| block.info == "text") {
        let (_, output) = last_output.iter().find(|(at, _)| *at == block.start).unwrap();
        expected.replace_range(block.start..block.end, output);
    }
    let start = expected.find("| rule | severity | finds |").unwrap();
    let end = start + expected[start..].find("\n\n").unwrap() + 1;
    expected.replace_range(start..end, &table());
    let start = expected.find("<!-- what it knows").unwrap();
    let start = start + expected[start..].find('\n').unwrap() + 1;
    let end = start + expected[start..].find("<!-- end -->").unwrap();
    expected.replace_range(start..end, &format!("\n{}\n", knowledge()));
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert_eq!(readme, expected, "run `UPDATE_README=1 cargo test --test readme` and look at the change");
    }
}

/// A configuration that is read without complaint.
fn assert_is_config(text: &str) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mixlint.toml"), text).unwrap();
    let mut program = Command::new(assert_cmd::cargo::cargo_bin("mixlint"));
    let output = program.arg("check").current_dir(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The README names every key that a configuration may have.
#[test]
fn every_key_of_the_configuration() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let config = mixlint::config::Config::read;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mixlint.toml");
    let configuration = readme.split("## Configure").nth(1).unwrap();
    // An empty value is wrong for a key that exists, and told apart from a key that does not.
    for key in mixlint::config::KEYS {
        std::fs::write(&path, format!("{key} = ''")).unwrap();
        let known = mixlint::config::Known { rules: &[], providers: &[] };
        let error = config(&path, &known).unwrap_err().to_string();
        assert!(!error.contains("unknown key"), "{error}");
        assert!(configuration.contains(key), "{key} is missing");
    }
}

/// The schema's guides show tables that `mixlint.toml` takes.
#[test]
fn guides_to_the_catalogue() {
    for folder in ["providers", "clients"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(folder).join("README.md");
        let guide = std::fs::read_to_string(path).unwrap();
        let examples: Vec<Block> = blocks(&guide).into_iter().filter(|block| block.info == "toml").collect();
        assert!(!examples.is_empty());
        examples.iter().for_each(|example| assert_is_config(&example.text));
    }
}
