//! Broken variants of the fixtures' files: none is a reason to fail, and the prefilter changes nothing of what is found.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

mod support;

/// How many variants are tried: enough to see each kind of change in each language.
const VARIANTS: usize = 40;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn mutate(text: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = text.to_vec();
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    match dice.below(7) {
        0 => out.truncate(dice.below(text.len())),
        1 => {
            let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
            let part: Vec<u8> = lines[from.min(to)..].concat();
            out.splice(0..0, part);
        }
        2 => {
            for byte in &mut out {
                *byte = match *byte {
                    b'(' => b')',
                    b')' => b'(',
                    b'{' => b'}',
                    b'}' => b'{',
                    b'[' => b']',
                    b']' => b'[',
                    other => other,
                };
            }
        }
        3 => {
            for _ in 0..4 {
                let (a, b) = (dice.below(out.len()), dice.below(out.len()));
                if !out.is_empty() {
                    out.swap(a, b);
                }
            }
        }
        4 if !lines.is_empty() => {
            let mut lines = lines.clone();
            lines.remove(dice.below(lines.len()));
            out = lines.concat();
        }
        5 => {
            let at = dice.below(out.len());
            out.splice(at..at, [0xff, b'\'', 0xe2][..1 + dice.below(2)].iter().copied());
        }
        _ => {
            let mut lines = lines.clone();
            let (a, b) = (dice.below(lines.len()), dice.below(lines.len()));
            if !lines.is_empty() {
                lines.swap(a, b);
            }
            out = lines.concat();
        }
    }
    out
}

fn diagnostics(dir: &Path, more: &[&str]) -> serde_json::Value {
    let args = [&["check", "--output-format", "json", "."], more].concat();
    serde_json::from_str::<serde_json::Value>(&support::call(dir, &args)).unwrap()["diagnostics"].take()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let walk = WalkDir::new(dir).sort_by_file_name().into_iter().map(Result::unwrap);
    walk.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

#[test]
fn broken_files_are_linted_and_the_prefilter_changes_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hazards");
    let projects: Vec<PathBuf> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    let mut dice = Dice(7);
    let mut projects = projects;
    projects.sort();
    for _ in 0..VARIANTS {
        let project = &projects[dice.below(projects.len())];
        let all = files(project);
        if all.is_empty() {
            continue;
        }
        let changed = &all[dice.below(all.len())];
        let dir = tempfile::tempdir().unwrap();
        for file in &all {
            let to = dir.path().join(file.strip_prefix(project).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            let text = fs::read(file).unwrap();
            let text = if file == changed { mutate(&text, &mut dice) } else { text };
            fs::write(to, text).unwrap();
        }
        let found = diagnostics(dir.path(), &["--no-config"]);
        let all = diagnostics(dir.path(), &["--no-config", "--no-prefilter"]);
        let few = diagnostics(dir.path(), &["--no-config", "--narrow"]);
        assert_eq!(few, all, "as in a large project");
        assert_eq!(found, all, "{}", changed.display());
    }
}

#[test]
fn the_prefilter_changes_nothing_in_the_fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in ["hazards", "example", "causes", "carriers", "tools"] {
        let dir = root.join(name);
        assert_eq!(diagnostics(&dir, &[]), diagnostics(&dir, &["--no-prefilter"]), "{name}");
        assert_eq!(diagnostics(&dir, &[]), diagnostics(&dir, &["--narrow"]), "{name} as in a large project");
    }
}
