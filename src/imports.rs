//! Which files of the project a file's imports lead to.
//!
//! Only the file system is asked, never an interpreter or package manager. What is not found is from outside.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use crate::facts::{EnvBlock, EnvKind, EnvSource, ExprKind, Module, Stmt};
use crate::language::Language;

mod finder;
mod packages;

use crate::scopes;
pub use finder::{Finder, Importer};
use packages::Packages;

/// Whether a file stands for its folder, by whose name it is imported.
pub fn is_package(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    stem.is_some_and(|stem| matches!(stem, "__init__" | "index" | "mod" | "lib" | "main"))
}

/// The imports of a module, as keys for [`Finder::find`].
pub fn keys(language: Language, path: &Path, module: &Module) -> Vec<String> {
    let mut out: Vec<String> = module.star_imports.clone();
    for expr in module.expr_ids() {
        let ExprKind::Import(import) = module.kind(expr) else { continue };
        out.push(import.module.clone());
        // `from . import config`, `use crate::config`: the name may be a module itself.
        if let Some(name) = &import.name
            && name_may_be_a_module(language)
        {
            out.push(joined(&import.module, name));
        }
    }
    if language == Language::Rust {
        out.extend(paths(module));
    }
    for source in module.env_blocks.iter().flat_map(|block| &block.sources) {
        match source {
            EnvSource::File { path, .. } | EnvSource::Extends { file: Some(path), .. } => out.push(path.clone()),
            EnvSource::Extends { file: None, .. } | EnvSource::Store { .. } => {}
        }
    }
    if language == Language::Terraform
        && module.expr_ids().any(|expr| matches!(module.kind(expr), ExprKind::Env { .. }))
    {
        out.extend(beside(path, &[".tf", ".tfvars"]));
    }
    // ConfigMaps and Secrets are known by name, whatever their file is called.
    let kept = |block: &EnvBlock| block.sources.iter().any(|source| matches!(source, EnvSource::Store { .. }));
    let stored = |expr| matches!(module.kind(expr), ExprKind::Stored { store: Some(_), .. });
    if language == Language::Yaml && (module.env_blocks.iter().any(kept) || module.expr_ids().any(stored)) {
        out.extend(beside(path, &[".yaml", ".yml"]));
    }
    if module.env_blocks.iter().any(|block| block.kind == EnvKind::Compose) {
        out.extend(scopes::compose_neighbours(path).iter().map(|name| (*name).to_owned()));
    }
    out.sort();
    out.dedup();
    out
}

/// The files beside one of them that belong together without naming each other: a Terraform module, the objects of a
/// Kubernetes folder.
fn beside(path: &Path, endings: &[&str]) -> Vec<String> {
    const MOST: usize = 200;
    let Some(entries) = path.parent().and_then(|dir| std::fs::read_dir(dir).ok()) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| endings.iter().any(|end| name.ends_with(end))).collect();
    names.sort();
    names.truncate(MOST);
    names
}

/// Whether the name in `from module import name` may be a module itself.
pub fn name_may_be_a_module(language: Language) -> bool {
    matches!(language, Language::Python | Language::Notebook | Language::Rust)
}

/// The module that a name imported from a module is, if it is one.
pub fn joined(module: &str, name: &str) -> String {
    let dot = if module.ends_with('.') || module.is_empty() { "" } else { "." };
    format!("{module}{dot}{name}")
}

/// Rust's paths without a `use`: the modules of `crate::config::urls::BASE`, and the crate of `relay_kit::ask`.
fn paths(module: &Module) -> Vec<String> {
    let stmts = module.blocks.iter().flat_map(|block| &block.stmts);
    let assigned = stmts.filter_map(|stmt| match stmt {
        Stmt::Assign { place, .. } => Some(place.root.as_str()),
        _ => None,
    });
    let params = module.functions.iter().flat_map(|func| &func.params).map(|param| param.name.as_str());
    let bound: HashSet<&str> = assigned.chain(params).collect();
    let mut out = Vec::new();
    for expr in module.expr_ids() {
        let mut words = Vec::new();
        let mut at = expr;
        while let ExprKind::Member(base, name) = module.kind(at) {
            words.push(name.as_str());
            at = *base;
        }
        let ExprKind::Name(root) = module.kind(at) else { continue };
        words.reverse();
        let [modules @ .., _] = words.as_slice() else { continue };
        if !bound.contains(root.as_str()) {
            out.extend(keys_of_path(std::iter::once(root.as_str()).chain(modules.iter().copied())));
        }
    }
    out
}

/// The same by a text alone.
pub fn keys_of_text(text: &str) -> Vec<String> {
    crate::glance::paths(text).into_iter().flat_map(|path| keys_of_path(path.split("::"))).collect()
}

/// Where a path may lead: to the modules in it, or to what it begins in.
fn keys_of_path<'a>(path: impl Iterator<Item = &'a str>) -> Vec<String> {
    let words: Vec<&str> = path.collect();
    match words.as_slice() {
        // A method's own object.
        ["self"] | [] => Vec::new(),
        [root, ..] if is_own_root(root) => vec![words.join(".")],
        [root, ..] if may_be_a_crate(root) => vec![words.join("."), (*root).to_owned()],
        _ => Vec::new(),
    }
}

/// Whether a path of Rust begins in the crate that it stands in.
pub fn is_own_root(name: &str) -> bool {
    matches!(name, "crate" | "self" | "super")
}

/// Whether a path of Rust that begins with a name which nothing binds may begin with one of the project's crates.
pub fn may_be_a_crate(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && !matches!(name, "std" | "core" | "alloc" | "self" | "super")
}

/// Before the path of a file that a program reads as data, in a key.
const LOADED: &str = "load ";

/// The key for a file that a program reads as data: its path, from wherever the program is run.
pub fn loaded(path: &str) -> String {
    format!("{LOADED}{path}")
}

/// Whether a path is that of a file of data.
pub fn is_data(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| matches!(ending, "json" | "json5" | "jsonc" | "yaml" | "yml" | "toml" | "ini" | "cfg"))
}

/// The files that a path without, or with another, ending may stand for.
fn files_of(base: &Path) -> Vec<PathBuf> {
    let base = base.to_path_buf();
    let mut out = vec![base.clone()];
    const EXTENSIONS: [&str; 9] = ["ts", "tsx", "js", "jsx", "mts", "mjs", "cts", "cjs", "json"];
    // TypeScript's own convention: `./config.js` is written for `./config.ts`.
    for (written, meant) in [("js", "ts"), ("js", "tsx"), ("mjs", "mts"), ("cjs", "cts"), ("jsx", "tsx")] {
        if base.extension().is_some_and(|extension| extension == written) {
            out.push(base.with_extension(meant));
        }
    }
    for extension in EXTENSIONS {
        let mut name = base.clone().into_os_string();
        name.push(format!(".{extension}"));
        out.push(name.into());
    }
    out.extend(EXTENSIONS.map(|extension| base.join(format!("index.{extension}"))));
    out
}

/// A path without `.` and `..`, by its text alone.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            _ => out.push(part),
        }
    }
    out
}
