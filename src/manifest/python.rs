//! Python's manifests: requirements files, pyproject.toml in all its dialects, Pipfile, setup.cfg, setup.py, conda's
//! environments, and lock files.

use std::path::{Component, Path};

use crate::catalog::{Ecosystem, Requirement, Version};

use super::{Said, Say, read_text};

/// How far requirements files may include each other.
const MAX_INCLUDES: usize = 8;

/// A package's name as the index compares it: `Llama_Index` is `llama-index`.
pub(super) fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            _ => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

/// `openai[datalib]>=1.3,<2 ; python_version > "3.8"`: the name and what is asked for.
pub(super) fn requirement(line: &str) -> Option<(&str, Requirement)> {
    let line = line.split(" #").next()?.split(';').next()?.trim();
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(end)?;
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let rest = rest.trim();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1.trim(),
        None => rest,
    };
    // `openai @ https://...` and what is no requirement at all.
    if !rest.is_empty() && !rest.starts_with(['=', '<', '>', '~', '!', '(', '^', '*']) {
        return None;
    }
    // What pip writes behind a pin: `==1.2.3 --hash=sha256:...` and a line's end.
    let rest = rest.split(" --").next()?.trim_end_matches('\\').trim().trim_matches(['(', ')']);
    Some((name, Requirement::parse(rest, Ecosystem::Python)?))
}

/// requirements.txt with the files that it includes.
pub(super) fn requirements(dir: &Path, text: &str, say: Say<'_>) {
    lines(dir, text, false, 0, say);
}

/// constraints.txt.
pub(super) fn constraints(dir: &Path, text: &str, say: Say<'_>) {
    lines(dir, text, true, 0, say);
}

fn lines(dir: &Path, text: &str, constrain: bool, depth: usize, say: Say<'_>) {
    for line in text.lines() {
        let line = line.trim();
        if let Some((name, requirement)) = requirement(line) {
            say(name, if constrain { Said::Constrained(requirement) } else { Said::Wanted(requirement) });
            continue;
        }
        let include = ["--requirement", "--constraint", "-r", "-c"].iter().find_map(|option| {
            let file = line.strip_prefix(option)?.trim_start_matches(['=', ' ', '\t']);
            Some((option.contains("-c"), file.split(" #").next()?.trim()))
        });
        let Some((constraint, file)) = include.filter(|_| depth < MAX_INCLUDES) else { continue };
        let inside =
            Path::new(file).components().all(|part| !matches!(part, Component::RootDir | Component::Prefix(_)));
        let path = dir.join(file);
        if let (true, Some(parent), Some(text)) = (inside, path.parent(), read_text(&path)) {
            lines(parent, &text, constrain || constraint, depth + 1, say);
        }
    }
}

/// pyproject.toml: the standard's tables, then poetry's, pdm's, uv's and hatch's.
pub(super) fn pyproject(_: &Path, text: &str, say: Say<'_>) {
    let Ok(file) = text.parse::<toml::Table>() else { return };
    let project = file.get("project");
    list(project.and_then(|project| project.get("dependencies")), say);
    lists(project.and_then(|project| project.get("optional-dependencies")), say);
    lists(file.get("dependency-groups"), say);
    let Some(tool) = file.get("tool") else { return };
    if let Some(poetry) = tool.get("poetry") {
        table(poetry.get("dependencies"), say);
        table(poetry.get("dev-dependencies"), say);
        for group in poetry.get("group").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values) {
            table(group.get("dependencies"), say);
        }
    }
    lists(tool.get("pdm").and_then(|pdm| pdm.get("dev-dependencies")), say);
    if let Some(uv) = tool.get("uv") {
        list(uv.get("dev-dependencies"), say);
        if let Some(constraints) = uv.get("constraint-dependencies").and_then(toml::Value::as_array) {
            for (name, requirement) in constraints.iter().filter_map(|item| requirement(item.as_str()?)) {
                say(name, Said::Constrained(requirement));
            }
        }
    }
    let environments = tool.get("hatch").and_then(|hatch| hatch.get("envs")).and_then(toml::Value::as_table);
    for environment in environments.into_iter().flat_map(toml::Table::values) {
        list(environment.get("dependencies"), say);
    }
}

/// A list of requirements.
pub(super) fn list(value: Option<&toml::Value>, say: Say<'_>) {
    let items = value.and_then(toml::Value::as_array).into_iter().flatten();
    for (name, requirement) in items.filter_map(|item| requirement(item.as_str()?)) {
        say(name, Said::Wanted(requirement));
    }
}

/// A table of such lists.
fn lists(value: Option<&toml::Value>, say: Say<'_>) {
    for group in value.and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values) {
        list(Some(group), say);
    }
}

/// Names with requirements, as poetry and pipenv have them: `"^1.2"`, `{ version = "^1.2" }`, or a list of these for
/// different systems.
fn table(value: Option<&toml::Value>, say: Say<'_>) {
    for (name, value) in value.and_then(toml::Value::as_table).into_iter().flatten() {
        let alternatives = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let texts = alternatives.iter().filter_map(|value| value.as_str().or_else(|| value.get("version")?.as_str()));
        let newest =
            texts.filter_map(|text| Requirement::parse(text, Ecosystem::Python)).max_by_key(Requirement::newest);
        if let Some(newest) = newest {
            say(name, Said::Wanted(newest));
        }
    }
}

/// pipenv's manifest.
pub(super) fn pipfile(_: &Path, text: &str, say: Say<'_>) {
    let Ok(file) = text.parse::<toml::Table>() else { return };
    table(file.get("packages"), say);
    table(file.get("dev-packages"), say);
}

/// pipenv's lock file.
pub(super) fn pipfile_lock(_: &Path, text: &str, say: Say<'_>) {
    let Ok(file) = serde_json::from_str::<serde_json::Value>(text) else { return };
    for section in ["default", "develop"] {
        for (name, entry) in file[section].as_object().into_iter().flatten() {
            let version = entry["version"].as_str().map(|text| text.trim_start_matches('='));
            if let Some(version) = version.and_then(Version::parse) {
                say(name, Said::Locked(version));
            }
        }
    }
}

/// The standard's lock file: `[[packages]]`.
pub(super) fn pylock(dir: &Path, text: &str, say: Say<'_>) {
    super::toml_lock(dir, &text.replace("[[packages]]", "[[package]]"), say);
}

/// `install_requires` and `extras_require` of setup.cfg: a line each.
pub(super) fn setup_cfg(_: &Path, text: &str, say: Say<'_>) {
    let mut inside = false;
    for line in text.lines() {
        if let Some(section) = line.trim().strip_prefix('[') {
            inside = section.starts_with("options]") || section.starts_with("options.extras_require");
            continue;
        }
        let line = line.split_once("_requires").map_or(line, |(_, rest)| rest.trim_start().trim_start_matches('='));
        if let Some((name, requirement)) = requirement(line.trim()).filter(|_| inside) {
            say(name, Said::Wanted(requirement));
        }
    }
}

/// Strings of setup.py that ask for a version: `"openai>=0.27,<1"`. The file is a program; it is not run.
pub(super) fn setup_py(_: &Path, text: &str, say: Say<'_>) {
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        for piece in line.split(['"', '\'']).skip(1).step_by(2) {
            let asks = piece.contains(['=', '<', '>', '~']);
            if let Some((name, requirement)) = requirement(piece).filter(|_| asks) {
                say(name, Said::Wanted(requirement));
            }
        }
    }
}

/// conda's environment.yml: `- openai=0.28` there means any 0.28, `- openai==0.28.1` below `pip:` what it does in pip.
pub(super) fn environment(_: &Path, text: &str, say: Say<'_>) {
    for item in text.lines().filter_map(|line| line.trim().strip_prefix("- ")) {
        let item = item.trim().trim_matches(['"', '\'']);
        let single = item.split_once('=').filter(|(name, version)| {
            !version.starts_with('=') && !name.ends_with(['<', '>', '!', '~']) && !name.is_empty()
        });
        match single {
            Some((name, version)) => {
                let version = version.split('=').next().unwrap_or(version);
                let any = format!("=={}.*", version.trim_end_matches(".*"));
                if let Some(requirement) = Requirement::parse(&any, Ecosystem::Python) {
                    say(name.rsplit("::").next().unwrap_or(name), Said::Wanted(requirement));
                }
            }
            None => {
                if let Some((name, requirement)) = requirement(item) {
                    say(name, Said::Wanted(requirement));
                }
            }
        }
    }
}
