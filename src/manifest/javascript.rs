//! JavaScript's manifests: package.json, Deno's import maps, and the lock files of npm, yarn, pnpm and bun.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::catalog::{Ecosystem, Requirement, Specifier, Version};

use super::{Said, Say};

/// package.json.
pub(super) fn package_json(_: &Path, text: &str, say: Say<'_>) {
    let Ok(file) = serde_json::from_str::<serde_json::Value>(text) else { return };
    for section in ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] {
        for (name, text) in file[section].as_object().into_iter().flatten() {
            if let Some(requirement) = text.as_str().and_then(|text| Requirement::parse(text, Ecosystem::Npm)) {
                say(name, Said::Wanted(requirement));
            }
        }
    }
}

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow, default)]
    packages: BTreeMap<Cow<'a, str>, Locked<'a>>,
    #[serde(borrow, default)]
    dependencies: BTreeMap<Cow<'a, str>, Locked<'a>>,
}

#[derive(Deserialize)]
struct Locked<'a> {
    #[serde(borrow, default)]
    version: Option<Cow<'a, str>>,
}

/// npm's lock file: by place since version 2, before that by name.
pub(super) fn package_lock(_: &Path, text: &str, say: Say<'_>) {
    let Ok(lock) = serde_json::from_str::<Lock<'_>>(text) else { return };
    let placed = lock.packages.iter().filter_map(|(place, entry)| Some((place.rsplit_once("node_modules/")?.1, entry)));
    let named = lock.dependencies.iter().map(|(name, entry)| (name.as_ref(), entry));
    let has_places = !lock.packages.is_empty();
    for (name, entry) in placed.chain(named.filter(|_| !has_places)) {
        if let Some(version) = entry.version.as_deref().and_then(Version::parse) {
            say(name, Said::Locked(version));
        }
    }
}

/// yarn's lock file, of both kinds: `openai@^4.20.0:` with `version "4.20.1"` below, or `"openai@npm:^4.20.0":` with
/// `version: 4.20.1`.
pub(super) fn yarn_lock(_: &Path, text: &str, say: Say<'_>) {
    let mut name = None;
    for line in text.lines() {
        if line.starts_with(|c: char| !c.is_whitespace() && c != '#') {
            name = line.trim_start_matches('"').get(1..).and_then(|rest| {
                let at = rest.find('@')? + 1;
                line.trim_start_matches('"').get(..at)
            });
        } else if let (Some(name), Some(version)) = (name, line.strip_prefix("  version"))
            && let Some(version) = Version::parse(version.trim_matches([':', ' ', '"']))
        {
            say(name, Said::Locked(version));
        }
    }
}

/// pnpm's lock file: `/openai/4.20.1:`, `/openai@4.20.1(encoding@0.1.13):` or `openai@4.20.1:` below `packages:`.
pub(super) fn pnpm_lock(_: &Path, text: &str, say: Say<'_>) {
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with(|c: char| !c.is_whitespace()) {
            inside = line.trim_end() == "packages:";
            continue;
        }
        let Some(entry) = line.strip_prefix("  ").filter(|entry| inside && !entry.starts_with(' ')) else { continue };
        let entry = entry.trim_end().trim_end_matches(':').trim_matches(['\'', '"']).trim_start_matches('/');
        let entry = entry.split(['(', '_']).next().unwrap_or(entry);
        // A scope's `@` and `/` come first.
        let name_start = if entry.starts_with('@') { entry.find('/').map_or(0, |at| at + 1) } else { 0 };
        let Some(end) = entry.get(name_start..).and_then(|rest| rest.find(['@', '/'])).map(|at| at + name_start) else {
            continue;
        };
        if let (Some(name), Some(version)) = (entry.get(..end), entry.get(end + 1..).and_then(Version::parse)) {
            say(name, Said::Locked(version));
        }
    }
}

/// bun's lock file: `"openai": ["openai@4.20.1", ...]`. It has trailing commas, so it is read by lines.
pub(super) fn bun_lock(_: &Path, text: &str, say: Say<'_>) {
    for line in text.lines() {
        let Some((_, entry)) = line.split_once(": [\"") else { continue };
        let Some(entry) = entry.split('"').next() else { continue };
        if let Some((name, version)) = entry.rsplit_once('@')
            && let Some(version) = Version::parse(version)
        {
            say(name, Said::Locked(version));
        }
    }
}

/// Deno's `imports`: names with `npm:openai@^4.20`. It may have comments, so it is read by strings.
pub(super) fn deno(_: &Path, text: &str, say: Say<'_>) {
    for piece in text
        .split('"')
        .filter(|piece| piece.starts_with("npm:") || piece.starts_with("jsr:") || piece.starts_with("https://"))
    {
        specifier(piece, say);
    }
}

/// The package and version of a module specifier that has both.
pub(super) fn specifier(text: &str, say: Say<'_>) {
    let specifier = Specifier::parse(text);
    if let Some(version) = specifier.version {
        let segments = if specifier.module.starts_with('@') { 2 } else { 1 };
        let end = specifier.module.match_indices('/').nth(segments - 1).map_or(specifier.module.len(), |(at, _)| at);
        say(&specifier.module[..end], Said::Locked(version));
    }
}
