//! Programs that are set up by files and variables, not by calls: a proxy, a chat application, an assistant.

use std::collections::BTreeMap;
use std::path::Path;

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use super::UrlKind;

/// A program that sends requests as its files and its environment say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tool {
    /// Its identifier in reports: `librechat`.
    pub id: String,
    /// Its name for people: `LibreChat`.
    pub name: String,
    /// Globs of the files that hold its settings; without a `/` the file's name counts.
    #[serde(default)]
    pub files: Vec<String>,
    /// Modules of code: in a file that imports one of them, rows of the tool may be written as dictionaries.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Container images and commands that run it: the last part of an image's path, without registry and tag, or the
    /// two last parts.
    #[serde(default)]
    pub programs: Vec<String>,
    /// Which endpoint an absent base URL means; absent where that is not known.
    #[serde(default)]
    pub default_endpoint: Option<String>,
    /// What its endpoint is.
    #[serde(default)]
    pub url_kind: UrlKind,
    /// Where in its files a key and an endpoint stand.
    #[serde(default)]
    pub row: Vec<ToolRow>,
    /// Which variables it reads.
    #[serde(default)]
    pub environment: Vec<ToolEnvironment>,
}

/// A place in a tool's files that holds a key and an endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ToolRow {
    /// The path to the mapping: `models[]`, `provider.*.options`; a first `**` is any beginning, empty is the document.
    pub at: String,
    /// Fields that must have one of some values; one that ends with `/`, `-` or `:` is a beginning. As for `key`.
    #[serde(default)]
    pub only: BTreeMap<String, Vec<String>>,
    /// Fields with the key, or with the name of the variable that holds it, most important first; dots go deeper.
    #[serde(default)]
    pub key: Vec<String>,
    /// The variable that holds the key where no field does: `{step}` is the last step of the path, `{name}` the text
    /// of a field `name`, both in upper case with `_` between words.
    #[serde(default)]
    pub key_variable: Option<String>,
    /// Fields with the endpoint. As for `key`.
    #[serde(default)]
    pub endpoint: Vec<String>,
    /// Variables read for the endpoint where no field gives it.
    #[serde(default)]
    pub env_endpoint: Vec<String>,
    /// In place of the tool's; empty: none.
    #[serde(default)]
    pub default_endpoint: Option<String>,
    /// In place of the tool's.
    #[serde(default)]
    pub url_kind: Option<UrlKind>,
}

/// A key and an endpoint that a tool reads from variables.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ToolEnvironment {
    /// Variables for the key, first one set wins.
    pub key: Vec<String>,
    /// Variables for the endpoint, first one set wins.
    #[serde(default)]
    pub endpoint: Vec<String>,
    /// Both hold several, divided by this, and paired by position.
    #[serde(default)]
    pub list: Option<String>,
    /// In place of the tool's; empty: none.
    #[serde(default)]
    pub default_endpoint: Option<String>,
    /// In place of the tool's.
    #[serde(default)]
    pub url_kind: Option<UrlKind>,
}

impl Tool {
    /// The default endpoint of a row or a pair of variables.
    pub fn default_of<'a>(&'a self, own: Option<&'a str>) -> Option<&'a str> {
        own.or(self.default_endpoint.as_deref()).filter(|url| !url.is_empty())
    }

    /// Whether one of some images and commands, as written, runs it.
    pub fn is_run_by(&self, programs: &[String]) -> bool {
        let commands = programs.iter().flat_map(|program| program.split_whitespace());
        commands.map(plain).any(|program| {
            self.programs.iter().any(|own| {
                let behind = program.strip_suffix(own.as_str());
                behind.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            })
        })
    }

    /// The variables that it reads for an endpoint.
    pub fn endpoint_variables(&self) -> impl Iterator<Item = &String> {
        let rows = self.row.iter().flat_map(|row| &row.env_endpoint);
        self.environment.iter().flat_map(|pair| &pair.endpoint).chain(rows)
    }
}

/// An image or command without tag, digest and the extension of a program.
fn plain(program: &str) -> &str {
    let program = program.split('@').next().unwrap_or(program);
    match program.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') && !name.is_empty() => name,
        _ => program,
    }
}

/// Which tools a file's name speaks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    set: GlobSet,
    /// The tool of each glob.
    owners: Vec<usize>,
}

impl Files {
    pub(super) fn new(tools: &[Tool]) -> Self {
        let mut builder = GlobSetBuilder::new();
        let mut owners = Vec::new();
        for (index, tool) in tools.iter().enumerate() {
            for pattern in &tool.files {
                let whole = if pattern.contains('/') {
                    format!("**/{}", pattern.trim_start_matches("**/"))
                } else {
                    format!("**/{pattern}")
                };
                // Patterns are tested; one that cannot be used is nothing.
                if let Ok(glob) = Glob::new(&whole) {
                    builder.add(glob);
                    owners.push(index);
                }
            }
        }
        Self { set: builder.build().unwrap_or_default(), owners }
    }

    pub(super) fn of(&self, path: &Path) -> Vec<usize> {
        let mut found: Vec<usize> =
            self.set.matches(path).into_iter().filter_map(|index| self.owners.get(index).copied()).collect();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn programs() {
        let tool = Catalog::builtin().tools.iter().find(|tool| tool.id == "open-webui").unwrap();
        for (program, expected) in [
            ("ghcr.io/open-webui/open-webui:main", true),
            ("open-webui serve", true),
            ("registry:5000/open-webui/open-webui@sha256:00", true),
            ("my-open-webui", false),
            ("open-webui-proxy", false),
            ("", false),
        ] {
            assert_eq!(tool.is_run_by(&[program.to_owned()]), expected, "{program}");
        }
    }

    #[test]
    fn every_glob_can_be_used() {
        for tool in &Catalog::builtin().tools {
            for pattern in &tool.files {
                assert!(Glob::new(pattern).is_ok(), "{pattern}");
            }
            assert!(!tool.row.is_empty() || !tool.environment.is_empty(), "{} reads nothing", tool.id);
            let found = !tool.files.is_empty() || !tool.programs.is_empty() || !tool.modules.is_empty();
            assert!(found, "{} is found nowhere", tool.id);
        }
    }

    #[test]
    fn files() {
        let files = |path: &str| -> Vec<&str> {
            Catalog::builtin().tools_of(Path::new(path)).map(|tool| tool.id.as_str()).collect()
        };
        assert!(files("/home/a/.codex/config.toml").contains(&"codex"));
        assert!(files("librechat.yaml").contains(&"librechat"));
        assert!(!files("src/settings.py").contains(&"librechat"));
    }
}
