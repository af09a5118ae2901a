//! `mixlint.toml`: what it may say, and where it is found.
//!
//! One file holds for a run: the nearest one upward from the first path that is checked. In one directory
//! `mixlint.toml` comes before `.mixlint.toml`, and that before a `pyproject.toml` with a `[tool.mixlint]` table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::catalog::{Client, Provider, Tool};
use crate::finding::Severity;
use crate::text::Text;

mod parse;
mod policy;
mod wrapper;

pub(crate) use parse::did_you_mean;
pub use parse::{ConfigError, KEYS, Known};
pub use policy::{Allowed, Policy};

/// A configuration; the default one says nothing.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file it comes from.
    pub path: Option<PathBuf>,
    /// The directory that its globs are relative to.
    pub root: PathBuf,
    /// Globs, as in a `.gitignore`, of files that are not checked.
    pub exclude: Vec<String>,
    /// Rules to run; `None`: all.
    pub select: Option<Vec<String>>,
    /// Rules not to run.
    pub ignore: Vec<String>,
    /// Rules not to run on files that match a glob, in the order of the file.
    pub per_file_ignores: Vec<(String, Vec<String>)>,
    /// Severities that differ from the rules' own.
    pub severity: BTreeMap<String, Level>,
    /// Variables whose value is a key of a certain provider.
    pub keys: BTreeMap<String, String>,
    /// Variables that are set outside of the project.
    pub environment: BTreeMap<String, Outside>,
    /// Which providers clients may talk to.
    pub policy: Policy,
    /// The file of known findings, relative to the directory.
    pub baseline: Option<PathBuf>,
    /// The size in bytes above which files are skipped.
    pub max_file_size: Option<u64>,
    /// Providers besides the known ones.
    pub providers: Vec<Provider>,
    /// Clients besides the known ones.
    pub clients: Vec<Client>,
    /// Tools besides the known ones.
    pub tools: Vec<Tool>,
}

/// What a rule's findings are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing: the rule is not run.
    Off,
    /// Of this severity.
    On(Severity),
}

/// What is known of a variable that is set outside of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outside {
    /// That it is set.
    Set,
    /// Its value.
    Value(Text),
}

/// No configuration is larger than this.
const MAX_SIZE: u64 = 1 << 20;

impl Config {
    /// Reads a file. A `pyproject.toml` without the table says nothing.
    pub fn read(path: &Path, known: &Known<'_>) -> Result<Self, ConfigError> {
        let text = read_text(path).map_err(|reason| ConfigError::unreadable(path, &reason))?;
        let config = parse::parse(&text, path, is_pyproject(path), known)?.unwrap_or_default();
        Ok(config.of(path))
    }

    /// The nearest configuration upward from an absolute path.
    pub fn discover(from: &Path, known: &Known<'_>) -> Result<Self, ConfigError> {
        let start = if from.is_dir() { from } else { from.parent().unwrap_or(from) };
        for dir in start.ancestors() {
            for name in ["mixlint.toml", ".mixlint.toml"] {
                let path = dir.join(name);
                if path.is_file() {
                    return Self::read(&path, known);
                }
            }
            // A pyproject.toml that does not mean us may be as broken as it likes.
            let path = dir.join("pyproject.toml");
            let text = if path.is_file() { read_text(&path).ok() } else { None };
            let means_us = |text: &String| text.contains("mixlint") && text.contains("[tool");
            if let Some(text) = text.filter(means_us)
                && let Some(config) = parse::parse(&text, &path, true, known)?
            {
                return Ok(config.of(&path));
            }
        }
        Ok(Self { root: start.to_path_buf(), ..Self::default() })
    }

    fn of(self, path: &Path) -> Self {
        let root = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self { path: Some(path.to_path_buf()), root, ..self }
    }
}

fn is_pyproject(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "pyproject.toml")
}

fn read_text(path: &Path) -> Result<String, String> {
    let bytes = crate::read::file(path, MAX_SIZE).map_err(|refusal| refusal.to_string())?;
    crate::source::decode(bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known<'static> = Known { rules: &["foreign-key"], providers: &[] };

    #[test]
    fn closest_wins() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(dir.path().join("mixlint.toml"), "max-file-size = 1").unwrap();
        std::fs::write(dir.path().join("a/pyproject.toml"), "[tool.black]\nx = 'mixlint'").unwrap();
        let found = Config::discover(&inner, &KNOWN).unwrap();
        assert_eq!((found.max_file_size, found.root.as_path()), (Some(1), dir.path()));

        std::fs::write(dir.path().join("a/pyproject.toml"), "[tool.mixlint]\nmax-file-size = 2").unwrap();
        assert_eq!(Config::discover(&inner, &KNOWN).unwrap().max_file_size, Some(2));
        std::fs::write(dir.path().join("a/.mixlint.toml"), "max-file-size = 3").unwrap();
        assert_eq!(Config::discover(&inner, &KNOWN).unwrap().max_file_size, Some(3));
        std::fs::write(dir.path().join("a/mixlint.toml"), "max-file-size = 4").unwrap();
        assert_eq!(Config::discover(&inner.join("x.py"), &KNOWN).unwrap().max_file_size, Some(4));
    }
}
