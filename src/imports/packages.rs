//! Imports by a name that is no path: what `tsconfig.json` calls by another name, packages of an npm or pnpm workspace,
//! crates of a Cargo workspace, Nuxt's configuration and Django's settings.
//!
//! Manifests are read once for each directory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::{Importer, files_of, plain};
use crate::folders::ByFolder;
use crate::language::Language;

/// What the manifests of a run's projects say.
#[derive(Debug, Default)]
pub(super) struct Packages {
    tsconfig: ByFolder<Option<TsConfig>>,
    npm: ByFolder<BTreeMap<String, PathBuf>>,
    cargo: ByFolder<BTreeMap<String, PathBuf>>,
}

/// The names of a `tsconfig.json`.
#[derive(Clone, Debug)]
struct TsConfig {
    /// Where names without a dot begin, too.
    base: Option<PathBuf>,
    /// Patterns and what they stand for, absolute.
    paths: Vec<(String, Vec<PathBuf>)>,
}

/// No manifest is read beyond this size.
const MAX_SIZE: u64 = 4 << 20;
/// Packages of one workspace.
const MAX_PACKAGES: usize = 2_000;

impl Packages {
    /// Where an import may lead that is no path of its language, most likely first.
    pub(super) fn candidates(&self, from: Importer<'_>, key: &str) -> Vec<PathBuf> {
        let Importer { language, file, root } = from;
        let Some(dir) = file.parent() else { return Vec::new() };
        match language {
            _ if language.is_javascript() && key == "nuxt.config" => above(dir, root, key),
            _ if language.is_javascript() => self.javascript(dir, root, key),
            Language::Rust => self.rust(dir, root, key),
            Language::Python if key == "django.conf.settings" => django(dir, root),
            _ => Vec::new(),
        }
    }

    fn javascript(&self, dir: &Path, root: &Path, key: &str) -> Vec<PathBuf> {
        if key.is_empty() || key.starts_with(['.', '/']) || key.contains("..") || key.contains(':') {
            return Vec::new();
        }
        let mut out = Vec::new();
        if let Some(config) = self.tsconfig(dir, root).as_ref().as_ref() {
            for (pattern, targets) in &config.paths {
                let Some(rest) = matched(pattern, key) else { continue };
                for target in targets {
                    let target = target.to_string_lossy().replace('*', rest);
                    out.extend(files_of(&plain(Path::new(&target))));
                }
            }
            out.extend(config.base.iter().flat_map(|base| files_of(&base.join(key))));
        }
        // `@scope/name/path`, `name/path`.
        let words = if key.starts_with('@') { 2 } else { 1 };
        let at = key.match_indices('/').nth(words - 1).map_or(key.len(), |(at, _)| at);
        let (name, below) = key.split_at(at);
        for ancestor in dir.ancestors() {
            if let Some(package) = self.npm.get(ancestor, || npm_workspace(ancestor)).get(name) {
                out.extend(entries(package, below.trim_start_matches('/')));
            }
            if ancestor == root {
                break;
            }
        }
        out.extend(by_custom(dir, root, key));
        out
    }

    /// The nearest configuration, as it stands or as it is extended.
    fn tsconfig(&self, dir: &Path, root: &Path) -> Arc<Option<TsConfig>> {
        self.tsconfig.get(dir, || {
            let own = ["tsconfig.json", "jsconfig.json"].iter().find_map(|name| tsconfig(&dir.join(name), 0));
            let above =
                || dir.parent().filter(|_| dir != root).and_then(|dir| self.tsconfig(dir, root).as_ref().clone());
            own.or_else(above)
        })
    }

    /// The names by which others import a file: its own, or its folder's where it is a package; what is the root of one also by
    /// the package's name, its folder's, and what `tsconfig.json` calls it.
    pub(super) fn names(&self, of: Importer<'_>) -> Vec<String> {
        let Importer { language, file, root } = of;
        let text = |name: Option<&OsStr>| name.and_then(OsStr::to_str).map(str::to_owned);
        let dir = file.parent().unwrap_or(file);
        let own = if super::is_package(file) { dir.file_name() } else { file.file_stem() };
        let mut names = Vec::from_iter(text(own));
        let is_inner = |dir: &&Path| ["src", "lib", "source"].iter().any(|name| dir.ends_with(name));
        let package = Some(dir).filter(is_inner).and_then(Path::parent).unwrap_or(dir);
        match language {
            Language::Rust if super::is_package(file) => {
                names.push("crate".to_owned());
                names.extend(manifest(&package.join("Cargo.toml")).as_ref().and_then(crate_name));
                names.extend(text(package.file_name()));
            }
            _ if language.is_javascript() => {
                if super::is_package(file) || entries(package, "").iter().any(|entry| entry == file) {
                    names.extend(npm_manifest(package).as_ref().and_then(npm_name));
                    names.extend(text(package.file_name()));
                }
                let config = self.tsconfig(dir, root);
                let paths = config.as_ref().as_ref().map(|config| config.paths.as_slice()).unwrap_or_default();
                let is_it = |target: &PathBuf| target == file || file.with_extension("") == *target;
                let named = paths.iter().filter(|(_, targets)| targets.iter().any(is_it));
                names.extend(named.map(|(pattern, _)| pattern.clone()));
            }
            _ => {}
        }
        names
    }

    fn rust(&self, dir: &Path, root: &Path, key: &str) -> Vec<PathBuf> {
        let mut words = key.split('.');
        let Some(name) = words.next().filter(|name| !matches!(*name, "crate" | "self" | "super" | "std" | "")) else {
            return Vec::new();
        };
        let path: PathBuf = words.collect();
        for ancestor in dir.ancestors() {
            if let Some(package) = self.cargo.get(ancestor, || crates(ancestor)).get(name) {
                let source = package.join("src");
                if path.as_os_str().is_empty() {
                    return vec![source.join("lib.rs")];
                }
                return vec![source.join(&path).with_extension("rs"), source.join(&path).join("mod.rs")];
            }
            if ancestor == root {
                break;
            }
        }
        Vec::new()
    }
}

/// What bundlers and frameworks mean by `@/x`, `~/x` and `$lib/x` where no `tsconfig.json` says it, or only one that is
/// generated.
fn by_custom(dir: &Path, root: &Path, key: &str) -> Vec<PathBuf> {
    let Some((mark, rest)) = key.split_once('/') else { return Vec::new() };
    let below: &[&str] = match mark {
        "@" | "~" | "@@" | "~~" => &["src", "app", ""],
        "$lib" => &["src/lib"],
        _ => return Vec::new(),
    };
    let mut out = Vec::new();
    for ancestor in dir.ancestors() {
        if ancestor.join("package.json").is_file() {
            out.extend(below.iter().flat_map(|below| files_of(&plain(&ancestor.join(below).join(rest)))));
        }
        if ancestor == root {
            break;
        }
    }
    out
}

/// The text in the place of a pattern's `*`.
fn matched<'k>(pattern: &str, key: &'k str) -> Option<&'k str> {
    match pattern.split_once('*') {
        Some((head, tail)) => key.strip_prefix(head)?.strip_suffix(tail),
        None => (pattern == key).then_some(""),
    }
}

fn tsconfig(path: &Path, depth: u32) -> Option<TsConfig> {
    let config: Value = relaxed(&read(path)?)?;
    let dir = path.parent()?;
    let options = &config["compilerOptions"];
    let base = options["baseUrl"].as_str().map(|base| plain(&dir.join(base)));
    let paths = options["paths"].as_object();
    if paths.is_none() && base.is_none() {
        // What it extends may say it.
        let extended = match &config["extends"] {
            Value::String(one) => one.as_str(),
            Value::Array(all) => all.last()?.as_str()?,
            _ => return None,
        };
        if depth >= 4 || !extended.starts_with('.') {
            return None;
        }
        let target = plain(&dir.join(extended));
        return tsconfig(&target, depth + 1).or_else(|| tsconfig(&target.with_extension("json"), depth + 1));
    }
    let from = base.clone().unwrap_or_else(|| dir.to_path_buf());
    let paths = paths.into_iter().flatten().map(|(pattern, targets)| {
        let targets = targets.as_array().into_iter().flatten().filter_map(Value::as_str);
        (pattern.clone(), targets.map(|target| from.join(target)).collect())
    });
    Some(TsConfig { base, paths: paths.collect() })
}

/// JSON with comments and trailing commas.
fn relaxed(text: &str) -> Option<Value> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\\' if in_string => {
                out.push(c);
                out.extend(chars.next());
            }
            '/' if !in_string && chars.peek() == Some(&'/') => {
                while chars.peek().is_some_and(|&c| c != '\n') {
                    chars.next();
                }
            }
            '/' if !in_string && chars.peek() == Some(&'*') => {
                chars.next();
                let mut last = ' ';
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            '}' | ']' if !in_string => {
                let kept = out.trim_end().len();
                if out[..kept].ends_with(',') {
                    out.truncate(kept - 1);
                }
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    serde_json::from_str(&out).ok()
}

/// The packages of a workspace by name, and the one of the directory itself.
fn npm_workspace(dir: &Path) -> BTreeMap<String, PathBuf> {
    let mut globs: Vec<String> = Vec::new();
    let manifest = npm_manifest(dir);
    if let Some(manifest) = &manifest {
        let listed = &manifest["workspaces"];
        let listed = listed.as_array().or_else(|| listed["packages"].as_array());
        globs.extend(listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
    if let Some(text) = read(&dir.join("pnpm-workspace.yaml")) {
        let list = text.lines().skip_while(|line| !line.starts_with("packages:")).skip(1);
        let items = list.map_while(|line| match line.trim() {
            "" => Some(None),
            item if item.starts_with('#') => Some(None),
            item => item.strip_prefix('-').map(|item| Some(item.trim().trim_matches(['"', '\'']).to_owned())),
        });
        globs.extend(items.flatten());
    }
    // A package goes by its name in its own examples, too.
    let mut out = BTreeMap::from_iter(manifest.as_ref().and_then(npm_name).map(|name| (name, dir.to_path_buf())));
    for package in globs.iter().filter(|glob| !glob.starts_with('!')).flat_map(|glob| directories(dir, glob)) {
        if let Some(name) = npm_manifest(&package).as_ref().and_then(npm_name)
            && out.len() < MAX_PACKAGES
        {
            out.insert(name, package);
        }
    }
    out
}

/// The directories of a workspace's pattern: `packages/*`, `apps/**`, `web`.
fn directories(dir: &Path, glob: &str) -> Vec<PathBuf> {
    let glob = glob.trim_start_matches("./").trim_end_matches('/');
    if glob.contains("..") || glob.starts_with('/') {
        return Vec::new();
    }
    let mut out = vec![dir.to_path_buf()];
    for part in glob.split('/') {
        out = match part {
            "*" | "**" => out.iter().flat_map(|dir| below(dir)).collect(),
            part if part.contains('*') => return Vec::new(),
            part => out.iter().map(|dir| dir.join(part)).collect(),
        };
        out.truncate(MAX_PACKAGES);
    }
    out
}

fn below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut out: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != "node_modules")
        .map(|entry| entry.path())
        .collect();
    out.sort();
    out
}

/// Where a package of the workspace begins, or a path in it leads.
fn entries(package: &Path, below: &str) -> Vec<PathBuf> {
    if !below.is_empty() {
        return [package.join("src").join(below), package.join(below)].iter().flat_map(|path| files_of(path)).collect();
    }
    let mut out = Vec::new();
    if let Some(manifest) = npm_manifest(package) {
        let exported = match &manifest["exports"] {
            Value::String(one) => vec![one.as_str()],
            all => {
                let root = if all["."].is_null() { all } else { &all["."] };
                let ways =
                    ["source", "import", "default", "types", "require"].iter().filter_map(|way| root[way].as_str());
                root.as_str().into_iter().chain(ways).collect()
            }
        };
        let fields = ["source", "module", "main", "types"].iter().filter_map(|field| manifest[field].as_str());
        out.extend(exported.into_iter().chain(fields).map(|path| plain(&package.join(path))));
    }
    for path in ["src/index", "index"] {
        out.extend(files_of(&package.join(path)));
    }
    // What is built is not what is written.
    out.retain(|path| path.extension().is_some_and(|extension| extension != "json"));
    out
}

/// The crates that a Cargo.toml gives a path: its own, its dependencies, the members of its workspace.
fn crates(dir: &Path) -> BTreeMap<String, PathBuf> {
    let mut out = BTreeMap::new();
    let Some(manifest) = manifest(&dir.join("Cargo.toml")) else { return out };
    if let Some(own) = crate_name(&manifest) {
        out.insert(own, dir.to_path_buf());
    }
    let workspace = manifest.get("workspace");
    let sections = ["dependencies", "dev-dependencies"].map(|section| manifest.get(section));
    let shared = workspace.and_then(|workspace| workspace.get("dependencies"));
    for (name, value) in sections.into_iter().chain([shared]).flatten().filter_map(toml::Value::as_table).flatten() {
        if let Some(path) = value.get("path").and_then(toml::Value::as_str) {
            out.insert(name.replace('-', "_"), plain(&dir.join(path)));
        }
    }
    let members = workspace.and_then(|workspace| workspace.get("members")).and_then(toml::Value::as_array);
    for member in members.into_iter().flatten().filter_map(toml::Value::as_str) {
        for package in directories(dir, member) {
            let manifest = self::manifest(&package.join("Cargo.toml"));
            if let Some(name) = manifest.as_ref().and_then(crate_name)
                && out.len() < MAX_PACKAGES
            {
                out.entry(name).or_insert(package);
            }
        }
    }
    out
}

fn npm_manifest(package: &Path) -> Option<Value> {
    relaxed(&read(&package.join("package.json"))?)
}

/// The name of an npm package.
fn npm_name(manifest: &Value) -> Option<String> {
    manifest["name"].as_str().map(str::to_owned)
}

fn manifest(path: &Path) -> Option<toml::Table> {
    read(path)?.parse().ok()
}

/// The name by which programs import a crate.
fn crate_name(manifest: &toml::Table) -> Option<String> {
    let name_in = |section: &str| manifest.get(section)?.get("name")?.as_str();
    name_in("lib").or_else(|| name_in("package")).map(|name| name.replace('-', "_"))
}

/// A file of a name, whatever its ending, in the nearest folder that has one.
fn above(dir: &Path, root: &Path, name: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for ancestor in dir.ancestors() {
        out.extend(files_of(&ancestor.join(name)));
        if ancestor == root {
            break;
        }
    }
    out
}

/// The files that may be Django's settings: of the project's packages, those beside the file first.
fn django(dir: &Path, root: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for ancestor in dir.ancestors() {
        for place in std::iter::once(ancestor.to_path_buf()).chain(below(ancestor)) {
            out.push(place.join("settings.py"));
            out.push(place.join("settings").join("base.py"));
            out.push(place.join("settings").join("__init__.py"));
        }
        if ancestor == root {
            break;
        }
    }
    out
}

fn read(path: &Path) -> Option<String> {
    String::from_utf8(crate::read::file(path, MAX_SIZE).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_commas() {
        let text = "{ // one\n \"a\": \"//x\", /* two */ \"b\": [1, 2,],\n}";
        assert_eq!(relaxed(text), Some(serde_json::json!({ "a": "//x", "b": [1, 2] })));
        assert_eq!(relaxed("{ \"a\": "), None);
        assert_eq!(relaxed("\"\\"), None);
    }

    #[test]
    fn patterns() {
        assert_eq!(matched("@/*", "@/lib/urls"), Some("lib/urls"));
        assert_eq!(matched("~config", "~config"), Some(""));
        assert_eq!(matched("~config", "~config/x"), None);
        assert_eq!(matched("*", "x"), Some("x"));
    }
}
