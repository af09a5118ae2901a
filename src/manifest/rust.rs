//! Cargo.toml. Members of a workspace that inherit a version find it in the workspace's, further up.

use std::path::Path;

use crate::catalog::{Ecosystem, Requirement};

use super::{Said, Say};

/// Cargo.toml.
pub(super) fn cargo_toml(_: &Path, text: &str, say: Say<'_>) {
    let Ok(file) = text.parse::<toml::Table>() else { return };
    sections(&file, say);
    for target in file.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values) {
        target.as_table().into_iter().for_each(|target| sections(target, say));
    }
    dependencies(file.get("workspace").and_then(|workspace| workspace.get("dependencies")), say);
}

fn sections(table: &toml::Table, say: Say<'_>) {
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        dependencies(table.get(section), say);
    }
}

/// `async-openai = "0.30"`, `openai = { package = "async-openai", version = "0.30" }`.
fn dependencies(section: Option<&toml::Value>, say: Say<'_>) {
    for (name, value) in section.and_then(toml::Value::as_table).into_iter().flatten() {
        let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(name);
        let text = value.as_str().or_else(|| value.get("version")?.as_str());
        if let Some(requirement) = text.and_then(|text| Requirement::parse(text, Ecosystem::Cargo)) {
            say(name, Said::Wanted(requirement));
        }
    }
}
