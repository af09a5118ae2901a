//! Which version of a package a project uses: from lock files, else from what its manifest asks for.

use std::collections::HashMap;
use std::path::Path;

use crate::catalog::{Ecosystem, Requirement, Version};

/// No manifest is read beyond this size.
const MAX_SIZE: u64 = 16 << 20;

/// The packages of interest that the manifests of a directory name, with their versions. A lock file's version outranks
/// a requirement.
pub fn versions(dir: &Path, packages: &[&str]) -> HashMap<String, Version> {
    let mut out = HashMap::new();
    for (name, read) in READERS {
        let path = dir.join(name);
        let Some(text) = read_text(&path) else { continue };
        for package in packages {
            if !out.contains_key(*package)
                && text.contains(package)
                && let Some(version) = read(&text, package)
            {
                out.insert((*package).to_owned(), version);
            }
        }
    }
    out
}

type Reader = fn(&str, &str) -> Option<Version>;

/// File names, exact versions first.
const READERS: &[(&str, Reader)] = &[
    ("uv.lock", toml_lock),
    ("poetry.lock", toml_lock),
    ("pdm.lock", toml_lock),
    ("Cargo.lock", toml_lock),
    ("package-lock.json", package_lock),
    ("requirements.txt", requirements),
    ("requirements.in", requirements),
    ("pyproject.toml", pyproject),
    ("package.json", package_json),
    ("Cargo.toml", cargo_toml),
];

fn read_text(path: &Path) -> Option<String> {
    let metadata = path.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MAX_SIZE {
        return None;
    }
    std::fs::read_to_string(path).ok()
}

/// `name = "openai"` with `version = "1.2.3"` in the same `[[package]]`.
fn toml_lock(text: &str, package: &str) -> Option<Version> {
    let name = format!("name = \"{package}\"");
    let mut newest = None;
    for block in text.split("[[package]]").filter(|block| block.contains(&name)) {
        let exact = block.lines().any(|line| line.trim() == name);
        let version = block.lines().find_map(|line| line.trim().strip_prefix("version = \"")?.strip_suffix('"'));
        if let (true, Some(version)) = (exact, version) {
            newest = newest.max(Version::parse(version));
        }
    }
    newest
}

fn package_lock(text: &str, package: &str) -> Option<Version> {
    let lock: serde_json::Value = serde_json::from_str(text).ok()?;
    let entry = &lock["packages"][format!("node_modules/{package}")]["version"];
    let old = &lock["dependencies"][package]["version"];
    Version::parse(entry.as_str().or_else(|| old.as_str())?)
}

fn requirements(text: &str, package: &str) -> Option<Version> {
    text.lines().find_map(|line| python_requirement(line, package))
}

/// `openai[datalib]>=1.3,<2 ; python_version > "3.8"`.
fn python_requirement(line: &str, package: &str) -> Option<Version> {
    let line = line.split(['#', ';']).next()?.trim();
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(end)?;
    if !name.replace('_', "-").eq_ignore_ascii_case(&package.replace('_', "-")) {
        return None;
    }
    let rest = rest.trim();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1.trim(),
        None => rest,
    };
    Some(Requirement::parse(rest, Ecosystem::Python)?.newest())
}

fn pyproject(text: &str, package: &str) -> Option<Version> {
    let file: toml::Table = text.parse().ok()?;
    let mut lines: Vec<String> = Vec::new();
    let mut collect = |list: Option<&toml::Value>| {
        lines.extend(
            list.and_then(toml::Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|item| Some(item.as_str()?.to_owned())),
        );
    };
    let project = file.get("project");
    collect(project.and_then(|project| project.get("dependencies")));
    for group in [project.and_then(|project| project.get("optional-dependencies")), file.get("dependency-groups")] {
        for (_, list) in group.and_then(toml::Value::as_table).into_iter().flatten() {
            collect(Some(list));
        }
    }
    if let Some(version) = lines.iter().find_map(|line| python_requirement(line, package)) {
        return Some(version);
    }
    let poetry = file.get("tool")?.get("poetry")?.get("dependencies")?.get(package)?;
    Some(Requirement::parse(requirement_text(poetry)?, Ecosystem::Python)?.newest())
}

fn package_json(text: &str, package: &str) -> Option<Version> {
    let file: serde_json::Value = serde_json::from_str(text).ok()?;
    ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"]
        .iter()
        .find_map(|section| file[section][package].as_str())
        .and_then(|text| Some(Requirement::parse(text, Ecosystem::Npm)?.newest()))
}

fn cargo_toml(text: &str, package: &str) -> Option<Version> {
    let file: toml::Table = text.parse().ok()?;
    let in_workspace = file.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"].map(|section| file.get(section));
    sections
        .into_iter()
        .chain([in_workspace])
        .flatten()
        .find_map(|section| section.get(package))
        .and_then(|value| Some(Requirement::parse(requirement_text(value)?, Ecosystem::Cargo)?.newest()))
}

/// `"1.2"` or `{ version = "1.2" }`.
fn requirement_text(value: &toml::Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("version")?.as_str())
}
