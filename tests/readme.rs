//! README.md: every command in it is run, every screen in it is real, every table in it is up to date.
//! `UPDATE_README=1 cargo test --test readme` writes the screens and the table anew.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use mixlint::rules::page::pages;

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

/// What a command prints: mixlint's own are run in the repository, cargo's are looked at.
fn run(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    let args = match words.as_slice() {
        ["cargo", "test"] => return String::new(),
        ["cargo", "run", "--release", "--", args @ ..] | ["mixlint", args @ ..] => args,
        _ => panic!("a command that the test does not know: {command}"),
    };
    let mut program = Command::new(assert_cmd::cargo::cargo_bin("mixlint"));
    for name in ["CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        program.env_remove(name);
    }
    let output = program.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let code = output.status.code().unwrap();
    assert!(code == 0 || code == 1, "`{command}` ended with {code}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
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
    let mut expected = readme.clone();
    // From the end, so that the places in front stay right.
    let mut last_output = Vec::new();
    for block in &blocks {
        match block.info.as_str() {
            "sh" => last_output.push((block.end, block.text.lines().map(run).collect::<String>())),
            "text" => {
                let (_, output) = last_output.last().unwrap();
                last_output.push((block.start, output.trim_matches('\n').to_owned() + "\n"));
            }
            "python" => {}
            "toml" => {
                let dir = tempfile::tempdir().unwrap();
                std::fs::write(dir.path().join("mixlint.toml"), &block.text).unwrap();
                let mut program = Command::new(assert_cmd::cargo::cargo_bin("mixlint"));
                let output = program.args(["check"]).current_dir(dir.path()).output().unwrap();
                assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
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
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert_eq!(readme, expected, "run `UPDATE_README=1 cargo test --test readme` and look at the change");
    }
}
