//! What can go wrong while files are written: nothing is lost, the exit code says it, and so does a sentence.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

mod support;

const BAD: &str =
    "from openai import OpenAI\nOpenAI(api_key='sk-your-mixroute-key', base_url='https://api.openai.com/v1')\n";
const ALL: [&str; 4] = ["check", "--fix", "--unsafe-fixes", "--no-config"];

struct Outcome {
    code: Option<i32>,
    err: String,
}

/// Runs the program behind a line of shell, which may take something away from it.
fn run(dir: &Path, before: &str, args: &[&str]) -> Outcome {
    let output = Command::new("bash")
        .args(["-c", &format!("{before}exec \"$@\""), "bash"])
        .arg(assert_cmd::cargo::cargo_bin("mixlint"))
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!err.contains("panicked"), "{err}");
    Outcome { code: output.status.code(), err }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A file with a finding, longer than a file may be in [`FULL`].
fn long() -> String {
    format!("{BAD}# {}\n", "x".repeat(8_000))
}

/// No file may grow beyond some bytes: writing fails as on a full disk, for root as well.
const FULL: &str = "ulimit -f 4; trap '' XFSZ; ";

#[test]
fn a_disk_that_is_full_while_fixing() {
    let dir = support::project([("app.py", long().as_str()), ("small.py", BAD)]);
    let outcome = run(dir.path(), FULL, &ALL);
    assert_eq!(outcome.code, Some(2), "{}", outcome.err);
    assert!(outcome.err.contains("error: app.py: not fixed: "), "{}", outcome.err);
    assert_eq!(fs::read_to_string(dir.path().join("app.py")).unwrap(), long(), "the original is intact");
    assert!(
        fs::read_to_string(dir.path().join("small.py")).unwrap().contains("console.mixroute.io"),
        "what fits is fixed"
    );
    assert_eq!(names(dir.path()), ["app.py", "small.py"], "nothing is left behind");
}

#[test]
fn a_disk_that_is_full_while_writing_a_baseline() {
    let dir = support::project([("app.py", BAD)]);
    let write = ["check", "--no-config", "--write-baseline", "--baseline", "base.json"];
    assert_eq!(run(dir.path(), "", &write).code, Some(0));
    let before = fs::read(dir.path().join("base.json")).unwrap();
    fs::write(dir.path().join("more.py"), BAD.repeat(40)).unwrap();
    let outcome = run(dir.path(), FULL, &write);
    assert_eq!(outcome.code, Some(2), "{}", outcome.err);
    assert!(outcome.err.contains("error: base.json: cannot be written: "), "{}", outcome.err);
    assert_eq!(fs::read(dir.path().join("base.json")).unwrap(), before, "the old baseline is intact");
    assert_eq!(names(dir.path()), ["app.py", "base.json", "more.py"]);
}

#[test]
fn a_file_that_must_not_be_written() {
    let dir = support::project([("app.py", BAD), ("other.py", BAD)]);
    let path = dir.path().join("app.py");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let outcome = run(dir.path(), "", &ALL);
    assert_eq!(outcome.code, Some(2), "{}", outcome.err);
    assert!(outcome.err.contains("error: app.py: not fixed: read-only"), "{}", outcome.err);
    assert_eq!(fs::read_to_string(&path).unwrap(), BAD);
    assert_ne!(fs::read_to_string(dir.path().join("other.py")).unwrap(), BAD, "the other is fixed");
}

#[test]
fn a_folder_that_must_not_be_written() {
    let dir = support::project([("in/app.py", BAD), ("other.py", BAD)]);
    let folder = dir.path().join("in");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write all the same.
    let is_root = fs::write(folder.join("probe"), "").is_ok();
    if is_root {
        fs::remove_file(folder.join("probe")).unwrap();
    }
    let outcome = run(dir.path(), "", &ALL);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let text = fs::read_to_string(folder.join("app.py")).unwrap();
    if is_root {
        assert!(text.contains("console.mixroute.io"), "{}", outcome.err);
    } else {
        assert_eq!(outcome.code, Some(2), "{}", outcome.err);
        assert!(outcome.err.contains("in/app.py: not fixed: permission denied"), "{}", outcome.err);
        assert_eq!(text, BAD);
    }
    assert_eq!(names(&folder), ["app.py"]);
}

/// What is not given is not written through a link, which may lead to anybody's file.
#[test]
fn a_link_to_somewhere_else() {
    let elsewhere = support::project([("urls.py", "URL = 'https://api.openai.com/v1'\n")]);
    let app = "import os\nfrom openai import OpenAI\nfrom urls import URL\n\
               OpenAI(api_key=os.environ['MIXROUTE_API_KEY'], base_url=URL)\n";
    let dir = support::project([("app.py", app)]);
    let outside = elsewhere.path().join("urls.py");
    std::os::unix::fs::symlink(&outside, dir.path().join("urls.py")).unwrap();
    let outcome = run(dir.path(), "", &ALL);
    assert_eq!(outcome.code, Some(2), "{}", outcome.err);
    assert!(outcome.err.contains("urls.py: not fixed: a symbolic link leads there"), "{}", outcome.err);
    assert_eq!(fs::read_to_string(&outside).unwrap(), "URL = 'https://api.openai.com/v1'\n");
    // Given, it is the user's word.
    let outcome = run(dir.path(), "", &[&ALL[..], &["app.py", "urls.py"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert!(fs::read_to_string(&outside).unwrap().contains("console.mixroute.io"));
}

/// Under each of its names a file is the same file.
#[test]
fn a_file_that_is_given_twice() {
    let dir = support::project([("in/app.py", BAD)]);
    std::os::unix::fs::symlink("in", dir.path().join("link")).unwrap();
    let outcome = run(dir.path(), "", &[&ALL[..], &["in", "link", "link/app.py", "./in/app.py"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert!(fs::read_to_string(dir.path().join("in/app.py")).unwrap().contains("console.mixroute.io"));
}

#[test]
fn permission_denied_inside_the_tree() {
    let dir = support::project([("in/app.py", BAD), ("other.py", BAD)]);
    let folder = dir.path().join("in");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::read_dir(&folder).is_ok();
    let outcome = run(dir.path(), "", &["check", "-v", "--no-config"]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    assert!(is_root || outcome.err.contains("skipped in: permission denied"), "{}", outcome.err);
}

/// Ends the program at some moments of its work: each file is the old or the new one as a whole.
fn interrupted(signal: &str, args: &[&str], files: &[(&str, &str)], whole: &dyn Fn(&Path)) {
    for delay in [0, 1, 2, 4, 7, 11, 16, 25, 40, 80] {
        let dir = support::project(files.iter().copied());
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("mixlint"))
            .args(args)
            .current_dir(&dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay * 5));
        let _ = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
        child.wait().unwrap();
        whole(dir.path());
        // The next run is not disturbed by what the last one left.
        let outcome = run(dir.path(), "", args);
        assert!(matches!(outcome.code, Some(0 | 1)), "{}", outcome.err);
    }
}

#[test]
fn an_interrupted_fix() {
    let new = BAD.replace("api.openai.com", "console.mixroute.io");
    let files = ["a.py", "b.py", "c.py", "d.py"].map(|name| (name, BAD));
    for signal in ["-INT", "-TERM", "-KILL"] {
        interrupted(signal, &ALL, &files, &|dir| {
            for (name, _) in files {
                let text = fs::read_to_string(dir.join(name)).unwrap();
                assert!(text == BAD || text == new, "{name} is neither old nor new: {text}");
            }
        });
    }
}

#[test]
fn killed_while_writing_a_baseline() {
    let many = BAD.repeat(50);
    let old = "{\n  \"version\": 1,\n  \"findings\": []\n}\n";
    let files = [("app.py", many.as_str()), ("base.json", old)];
    let args = ["check", "--no-config", "--write-baseline", "--baseline", "base.json"];
    interrupted("-KILL", &args, &files, &|dir| {
        let text = fs::read_to_string(dir.join("base.json")).unwrap();
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(text == old || parsed["findings"].as_array().is_some_and(|all| !all.is_empty()), "{text}");
    });
}
