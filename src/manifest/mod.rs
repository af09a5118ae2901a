//! Which version of a package a project uses: from lock files, from what its manifests ask for, and from what a program
//! says of itself.
//!
//! Readers ([`python`], [`javascript`], [`rust`]) tell all names with what a file says of them, in one pass; [`Packages`]
//! keeps those that the catalogue has facts about.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::catalog::{Ecosystem, Requirement, Version};

mod inline;
mod javascript;
mod python;
mod rust;
#[cfg(test)]
mod tests;

pub use inline::of_source;

/// No manifest is read beyond this size.
const MAX_SIZE: u64 = 16 << 20;

/// The packages that the catalogue has facts about.
pub type Known<'a> = BTreeSet<(Ecosystem, &'a str)>;

/// What a file says of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// It may have these versions.
    Wanted(Requirement),
    /// Wherever it is wanted, these are what it may have.
    Constrained(Requirement),
    /// It has this version.
    Locked(Version),
}

/// Takes what a reader finds.
type Say<'s> = &'s mut dyn FnMut(&str, Said);

/// Reads a manifest in a directory.
type Reader = fn(&Path, &str, Say<'_>);

/// What is known of one package in one place.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// The newest version that is asked for.
    wanted: Option<Version>,
    /// The newest that is allowed in any case.
    constrained: Option<Version>,
    /// Those in a lock file: others may need another one than the project itself.
    locked: Vec<Version>,
}

/// Packages with what one place says of them: a directory with its manifests, or a program.
#[derive(Clone, Debug, Default)]
pub struct Packages(HashMap<(Ecosystem, String), Entry>);

impl Packages {
    /// What the manifests of a directory say.
    pub fn in_directory(dir: &Path, known: &Known<'_>) -> Self {
        let mut out = Self::default();
        let mut names: Vec<String> = std::fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| reader(name).is_some() || name == "requirements")
            .collect();
        // The file of the plain name says more than `requirements-dev.txt`.
        names.sort_by_key(|name| (name != "requirements.txt", name.clone()));
        for name in names {
            let path = dir.join(&name);
            if name == "requirements" {
                let Ok(entries) = std::fs::read_dir(&path) else { continue };
                let mut inner: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
                inner.sort();
                for path in inner.iter().filter(|path| path.extension().is_some_and(|end| end == "txt")) {
                    out.read(Ecosystem::Python, python::requirements, &path.clone(), known);
                }
            } else if let Some((ecosystem, read)) = reader(&name) {
                out.read(ecosystem, read, &path, known);
            }
        }
        out
    }

    fn read(&mut self, ecosystem: Ecosystem, read: Reader, path: &Path, known: &Known<'_>) {
        let (Some(dir), Some(text)) = (path.parent(), read_text(path)) else { return };
        read(dir, &text, &mut |name, said| self.note(ecosystem, name, said, known));
    }

    fn note(&mut self, ecosystem: Ecosystem, name: &str, said: Said, known: &Known<'_>) {
        let name = match ecosystem {
            Ecosystem::Python => python::normal(name),
            _ => name.to_owned(),
        };
        if !known.contains(&(ecosystem, name.as_str())) {
            return;
        }
        let entry = self.0.entry((ecosystem, name)).or_default();
        match said {
            Said::Wanted(requirement) => entry.wanted = entry.wanted.or(Some(requirement.newest())),
            Said::Constrained(requirement) => {
                let newest = requirement.newest();
                entry.constrained = Some(entry.constrained.map_or(newest, |known| known.min(newest)));
            }
            Said::Locked(version) => entry.locked.push(version),
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The version of a package, from places that hold for a program, nearest first.
///
/// The nearest request counts, and of the nearest lock file that has the package the newest version that the request
/// allows: a workspace has one lock file for members that ask for different versions.
pub fn version<'a>(places: impl Iterator<Item = &'a Packages>, ecosystem: Ecosystem, package: &str) -> Option<Version> {
    let key = (ecosystem, package.to_owned());
    let mut wanted: Option<Version> = None;
    for entry in places.filter_map(|packages| packages.0.get(&key)) {
        let own = match (entry.wanted, entry.constrained) {
            (Some(wanted), Some(constrained)) => Some(wanted.min(constrained)),
            (wanted, constrained) => wanted.or(constrained),
        };
        wanted = wanted.or(own);
        if entry.locked.is_empty() {
            continue;
        }
        let allowed = entry.locked.iter().filter(|version| wanted.is_none_or(|newest| **version <= newest)).max();
        return allowed.copied().or(wanted);
    }
    wanted
}

/// How to read a file of this name.
fn reader(name: &str) -> Option<(Ecosystem, Reader)> {
    use Ecosystem::{Cargo, Npm, Python};
    Some(match name {
        "uv.lock" | "poetry.lock" | "pdm.lock" => (Python, toml_lock),
        "pylock.toml" => (Python, python::pylock),
        "Pipfile.lock" => (Python, python::pipfile_lock),
        "pyproject.toml" => (Python, python::pyproject),
        "Pipfile" => (Python, python::pipfile),
        "setup.cfg" => (Python, python::setup_cfg),
        "setup.py" => (Python, python::setup_py),
        "environment.yml" | "environment.yaml" | "conda.yml" | "conda.yaml" => (Python, python::environment),
        "package.json" => (Npm, javascript::package_json),
        "package-lock.json" | "npm-shrinkwrap.json" => (Npm, javascript::package_lock),
        "yarn.lock" => (Npm, javascript::yarn_lock),
        "pnpm-lock.yaml" => (Npm, javascript::pnpm_lock),
        "bun.lock" => (Npm, javascript::bun_lock),
        "deno.json" | "deno.jsonc" | "import_map.json" => (Npm, javascript::deno),
        "Cargo.toml" => (Cargo, rust::cargo_toml),
        "Cargo.lock" => (Cargo, toml_lock),
        _ if name.starts_with("constraints") && name.ends_with(".txt") => (Python, python::constraints),
        _ if name.contains("requirements") && (name.ends_with(".txt") || name.ends_with(".in")) => {
            (Python, python::requirements)
        }
        _ => return None,
    })
}

fn read_text(path: &Path) -> Option<String> {
    String::from_utf8(crate::read::file(path, MAX_SIZE).ok()?).ok()
}

/// `[[package]]` tables with `name = "openai"` and `version = "1.2.3"`: Cargo's form, and uv's, poetry's and pdm's.
fn toml_lock(_: &Path, text: &str, say: Say<'_>) {
    for block in text.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let lines = block.lines().take_while(|line| !line.starts_with('['));
            let mut values = lines.filter_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
            values.next().map(|value| value.trim().trim_matches(['"', '\'']))
        };
        if let (Some(name), Some(version)) = (field("name"), field("version").and_then(Version::parse)) {
            say(name, Said::Locked(version));
        }
    }
}
