//! The projects in `fixtures/`: each folder with an `expected.txt` is one, and the file holds what `check` and `routes`
//! say about it. `UPDATE_FIXTURES=1` writes the files anew; an empty one makes a new fixture.

#![allow(clippy::unwrap_used)]

mod support;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use support::{call, diff, route_table};
use walkdir::WalkDir;

const EXPECTED: &str = "expected.txt";
const ROUTES: &str = "-- routes --\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The fixtures, by folder.
fn fixtures() -> Vec<PathBuf> {
    let files = WalkDir::new(root()).sort_by_file_name().into_iter().map(Result::unwrap);
    files.filter(|entry| entry.file_name() == EXPECTED).map(|entry| entry.path().parent().unwrap().to_owned()).collect()
}

/// The report about a copy: in place, the repository around a fixture would be part of its project.
fn report(fixture: &Path) -> String {
    let dir = tempfile::tempdir().unwrap();
    for entry in WalkDir::new(fixture).into_iter().map(Result::unwrap) {
        let name = entry.path().strip_prefix(fixture).unwrap();
        let to = dir.path().join(name);
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(to).unwrap();
        } else if name != Path::new(EXPECTED) {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
    let findings = call(dir.path(), &["check", "--output-format", "concise", "."]);
    let routes = route_table(dir.path());
    format!("{findings}{ROUTES}{routes}")
}

fn name(fixture: &Path) -> String {
    fixture.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

#[test]
fn fixtures_report_as_expected() {
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut failures = String::new();
    for fixture in fixtures() {
        let got = report(&fixture);
        let expected = std::fs::read_to_string(fixture.join(EXPECTED)).unwrap().replace("\r\n", "\n");
        if got == expected {
            continue;
        }
        if update {
            std::fs::write(fixture.join(EXPECTED), &got).unwrap();
            continue;
        }
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        writeln!(failures, "{}:\n{}", name(&fixture), diff(&lines(&expected), &lines(&got))).unwrap();
    }
    assert!(failures.is_empty(), "\n{failures}(UPDATE_FIXTURES=1 writes them anew)");
}

/// An update must not make a false alarm the expected one: right projects are silent, wrong ones are found, whatever
/// `expected.txt` says.
#[test]
fn right_projects_are_silent_and_their_wrong_twins_are_not() {
    for fixture in fixtures() {
        let name = name(&fixture);
        if !["hazards/", "carriers/", "tools/"].iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        let expected = std::fs::read_to_string(fixture.join(EXPECTED)).unwrap().replace("\r\n", "\n");
        let (findings, _) = expected.split_once(ROUTES).unwrap_or_else(|| panic!("{name} has no routes"));
        if name.ends_with("-wrong") {
            assert!(!findings.is_empty(), "{name} must be found");
            let right = fixture.with_file_name(fixture.file_name().unwrap().to_str().unwrap().replace("-wrong", ""));
            assert!(right.is_dir(), "{name} has no right twin");
        } else {
            assert_eq!(findings, "", "{name} must be silent");
        }
    }
}

/// Each cause of the error that people report is found in one project, and not in its right twin.
#[test]
fn causes_are_found_and_their_right_twins_are_silent() {
    let mut seen = 0;
    for fixture in fixtures() {
        let name = name(&fixture);
        if !name.starts_with("causes/") {
            continue;
        }
        let expected = std::fs::read_to_string(fixture.join(EXPECTED)).unwrap().replace("\r\n", "\n");
        let (findings, _) = expected.split_once(ROUTES).unwrap_or_else(|| panic!("{name} has no routes"));
        if name.ends_with("-right") {
            assert_eq!(findings, "", "{name} must be silent");
            seen += 1;
        } else {
            assert!(!findings.is_empty(), "{name} must be found");
            assert!(root().join(format!("{name}-right")).is_dir(), "{name} has no right twin");
        }
    }
    assert!(seen >= 11, "only {seen} causes");
}

/// Without its `expected.txt` a folder would be forgotten silently.
#[test]
fn every_file_belongs_to_a_fixture() {
    let fixtures = fixtures();
    for entry in WalkDir::new(root()).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file()) {
        // What other tests read.
        let others = ["resolve", "example", "trace", "fix"];
        let elsewhere = others.iter().any(|other| entry.path().starts_with(root().join(other)));
        let owned = fixtures.iter().any(|fixture| entry.path().starts_with(fixture));
        assert!(elsewhere || owned, "{} belongs to no fixture", name(entry.path()));
    }
}
