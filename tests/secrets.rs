//! No key ever reaches an output: keys of all formats, at every place of `support/places.rs`, through every command,
//! format, verbosity and error. What counts as shown are ten characters of a body in a row.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use mixlint::cli::{Host, run, tell_panic};
use mixlint::text::public_prefix;
use support::keys::{keys, series};
use support::places::{ARGUMENTS, MESSAGES, PLACES, SETTINGS};
use support::run_with;

mod support;

/// Characters of a body in a row that count as shown.
const WINDOW: usize = 10;

/// Keys, with the windows of their bodies that must not be seen.
struct Keys {
    all: Vec<String>,
    windows: HashMap<[u8; WINDOW], usize>,
}

impl Keys {
    fn new(all: Vec<String>) -> Self {
        let mut windows = HashMap::new();
        for (number, key) in all.iter().enumerate() {
            let body = &key.as_bytes()[public_prefix(key).len()..];
            windows.extend(body.windows(WINDOW).map(|window| (window.try_into().unwrap(), number)));
        }
        Self { all, windows }
    }

    fn assert_hidden(&self, output: &[u8], what: &str) {
        for (at, window) in output.windows(WINDOW).enumerate() {
            if let Some(&number) = self.windows.get(window) {
                let line = output[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
                let prefix = public_prefix(&self.all[number]);
                panic!("{what}: a part of key {number}, a `{prefix}…`, is in line {line}");
            }
        }
    }
}

fn with_key(text: &str, key: &str) -> String {
    let (head, tail) = key.split_at(key.len() / 2);
    text.replace('«', head).replace('»', tail).replace('@', key)
}

/// Zhipu's begin with a hash, and folders that are named by one are shown.
fn is_hash(key: &str) -> bool {
    key.contains('.')
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Everything that a run writes to its outputs.
fn mixlint(dir: &Path, args: &[&str], stdin: &str) -> (u8, Vec<u8>) {
    let (code, out, err) = run_with(dir, args, stdin.as_bytes(), &[]);
    (code, (out + &err).into_bytes())
}

/// What is run over files: `check` and `routes` in every format and verbosity.
fn commands() -> Vec<Vec<&'static str>> {
    let mut all = vec![
        vec!["check", "--color", "always"],
        vec!["check", "--no-config", "--include-docs", "-v"],
        vec!["check", "--no-prefilter", "--output-format", "concise"],
        vec!["check", "--narrow", "--no-ignore", "--fail-on", "never"],
        vec!["check", "--show-files", "-vv"],
        vec!["check", "--diff", "-v"],
        vec!["check", "--diff", "--unsafe-fixes", "--color", "always"],
        vec!["routes", "-q", "--color", "always"],
        vec!["routes", "--show-files", "-v"],
    ];
    for format in ["full", "concise", "json", "github", "gitlab", "sarif"] {
        all.push(vec!["check", "-vv", "--statistics", "--output-format", format]);
        all.push(vec!["check", "-q", "--output-format", format]);
    }
    for format in ["text", "json", "mermaid", "dot", "html"] {
        all.push(vec!["routes", "-vv", "--output-format", format]);
    }
    all
}

/// Counts of what was tried.
#[derive(Debug, Default)]
struct Tried {
    runs: usize,
    bytes: usize,
    findings: usize,
}

/// All that can be asked about a project that holds some of the keys; in the end it is fixed.
fn ask_everything(keys: &Keys, dir: &Path, messages: &[String], what: &str, tried: &mut Tried) {
    let mut ask = |args: &[&str], stdin: &str| {
        let (code, output) = mixlint(dir, args, stdin);
        let tail = String::from_utf8_lossy(&output[output.len().saturating_sub(500)..]).into_owned();
        assert!(code < 2, "{what}: {args:?}: {tail}");
        keys.assert_hidden(&output, &format!("{what}: {args:?}"));
        tried.runs += 1;
        tried.bytes += output.len();
        output
    };
    let mut findings = 0;
    for args in commands() {
        let output = ask(&args, "");
        if args.ends_with(&["-q", "--output-format", "concise"]) {
            findings = output.split(|&byte| byte == b'\n').filter(|line| line.contains(&b'[')).count();
        }
    }
    let earlier = ask(&["routes", "-q", "--output-format", "json"], "");
    fs::write(dir.join("earlier.json"), earlier).unwrap();
    ask(&["routes", "--diff-base", "earlier.json"], "");
    for (number, message) in messages.iter().enumerate() {
        let format = ["text", "json"][number % 2];
        ask(&["trace", message, "--output-format", format], "");
        ask(&["trace", "-", "-vv", "--output-format", format], message);
        fs::write(dir.join("app.log"), message).unwrap();
        ask(&["trace", "app.log", "-v", "--output-format", format], "");
    }
    ask(&["check", "--write-baseline", "-v"], "");
    keys.assert_hidden(&fs::read(dir.join("mixlint-baseline.json")).unwrap(), &format!("{what}: the baseline"));
    ask(&["check", "--baseline", "mixlint-baseline.json", "-vv"], "");
    ask(&["check", "--fix", "--unsafe-fixes", "-v", "--output-format", "full"], "");
    ask(&["check", "--baseline", "mixlint-baseline.json", "--fix", "--unsafe-fixes", "--output-format", "json"], "");
    tried.findings += findings;
}

/// A key of another format at each place, and each place in a folder of its own.
#[test]
fn all_places_and_all_commands() {
    let all: Vec<String> = (1..).flat_map(series).take(PLACES.len()).collect();
    let keys = Keys::new(all);
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".git")).unwrap();
    for (number, (key, (name, text))) in keys.all.iter().zip(PLACES).enumerate() {
        // Some folders are called after their key as well.
        let named = number % 3 == 0 && !is_hash(key);
        let folder = if named { format!("{number}-{key}") } else { number.to_string() };
        write(dir.path(), &format!("{folder}/{name}"), &with_key(text, key));
    }
    let message = |(number, text): (usize, &&str)| with_key(text, &keys.all[number * 7 % keys.all.len()]);
    let messages: Vec<String> = MESSAGES.iter().enumerate().map(message).collect();
    let mut tried = Tried::default();
    ask_everything(&keys, dir.path(), &messages, "all places", &mut tried);
    // What is hidden would have been shown.
    assert!(tried.findings > 40 && tried.bytes > 500_000, "{tried:?}");
    println!("{} keys at as many places: {tried:?}, none shown", keys.all.len());
}

/// Every format of a key at every place alone, and everything that can be asked. It takes a quarter of an hour:
/// `cargo test --profile profiling --test secrets -- --ignored --nocapture`.
#[test]
#[ignore = "takes a quarter of an hour"]
fn every_format_at_every_place_alone() {
    let mut tried = Tried::default();
    for (place, (name, text)) in PLACES.iter().enumerate() {
        for (format, key) in series(place as u64 + 1).into_iter().enumerate() {
            let keys = Keys::new(vec![key.clone()]);
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir(dir.path().join(".git")).unwrap();
            write(dir.path(), name, &with_key(text, &key));
            let messages: Vec<String> = MESSAGES.iter().map(|text| with_key(text, &key)).collect();
            ask_everything(&keys, dir.path(), &messages, &format!("format {format}, place {place}"), &mut tried);
        }
    }
    println!("{} places, {} formats: {tried:?}, none shown", PLACES.len(), keys().len());
}

#[test]
fn configurations_and_baselines() {
    let mut refused = 0;
    for (number, (name, text)) in SETTINGS.iter().enumerate() {
        for (_, key) in keys().into_iter().enumerate().filter(|(format, _)| (format + number) % 3 == 0) {
            let keys = Keys::new(vec![key.clone()]);
            let project = support::project([("app.py", "from openai import OpenAI\nOpenAI()\n")]);
            write(project.path(), name, &with_key(text, &key));
            let args: &[&[&str]] = match *name {
                "base.json" => {
                    &[&["check", "-vv", "--baseline", name], &["check", "--write-baseline", "--baseline", name]]
                }
                "earlier.json" => &[&["routes", "--diff-base", name]],
                _ => &[&["check", "-vv"], &["routes", "-v"], &["trace", "x"]],
            };
            for args in args {
                let (code, output) = mixlint(project.path(), args, "");
                keys.assert_hidden(&output, &format!("{args:?} with {name}, number {number}"));
                refused += usize::from(code == 2);
            }
        }
    }
    assert!(refused > 400, "{refused}");
}

#[test]
fn arguments() {
    let dir = support::project([("app.py", "x = 1\n")]);
    for key in keys() {
        let keys = Keys::new(vec![key.clone()]);
        for args in ARGUMENTS {
            let args: Vec<String> = args.iter().map(|arg| arg.replace('@', &key)).collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            if is_hash(&key) && args.iter().any(|arg| arg.ends_with("/b.json")) {
                continue;
            }
            let (_, output) = mixlint(dir.path(), &args, "x = 1\n");
            keys.assert_hidden(&output, &format!("{args:?} of a `{}…`", public_prefix(&key)));
        }
    }
}

/// A panic carries what it will, and is told by its place alone.
#[test]
fn a_panic() {
    let keys = Keys::new(keys());
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = told.clone();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| tell_panic(info, &mut *sink.lock().unwrap())));
    for key in &keys.all {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let host = Host {
            stdin: &mut std::io::empty(),
            stdout: &mut out,
            stderr: &mut err,
            cwd: std::env::temp_dir(),
            terminal: false,
            env: &|_| panic!("cannot slice {key}"),
        };
        assert_eq!(run(["mixlint", "explain", "foreign-key"].map(OsString::from), host), 2);
        keys.assert_hidden(&[out, err].concat(), "a run that panicked");
    }
    std::panic::set_hook(before);
    let told = told.lock().unwrap();
    keys.assert_hidden(&told, "the panic hook");
    let lines = String::from_utf8_lossy(&told);
    assert!(
        lines.lines().filter(|line| line.contains("mixlint panicked at tests/secrets.rs:")).count() >= keys.all.len()
    );
}
