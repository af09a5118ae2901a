//! Finding the file that an import leads to; what was found out is kept, and shared by the threads that ask.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::{HashMap, HashSet};

use super::{LOADED, Packages, files_of, plain};
use crate::folders::ByFolder;
use crate::language::Language;

/// A file that imports something.
#[derive(Clone, Copy, Debug)]
pub struct Importer<'a> {
    /// Its language.
    pub language: Language,
    /// Where it is.
    pub file: &'a Path,
    /// The root of the project that it is in.
    pub root: &'a Path,
}

/// An import: the file of a Rust module, or the folder of any other that imports, and the key.
type Question = (PathBuf, Language, String);

/// What stands in folders.
type Folders = ByFolder<Folder>;

#[derive(Debug)]
struct Folder {
    /// A Python package: it has an `__init__.py`.
    is_package: bool,
    /// It has a folder `src`.
    has_src: bool,
    /// The names of what stands in it, without endings: an import of anything else leads nowhere here.
    names: HashSet<String>,
}

impl Folders {
    fn look(&self, dir: &Path) -> Arc<Folder> {
        self.get(dir, || {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            let names =
                entries.filter_map(|entry| Path::new(&entry.file_name()).file_stem()?.to_str().map(str::to_owned));
            Folder {
                is_package: dir.join("__init__.py").is_file(),
                has_src: dir.join("src").is_dir(),
                names: names.collect(),
            }
        })
    }
}

/// Finds the files that imports lead to.
#[derive(Debug, Default)]
pub struct Finder {
    found: RwLock<HashMap<Question, Option<PathBuf>>>,
    folders: Folders,
    packages: Packages,
    /// The folders of the crates' sources.
    crates: ByFolder<Option<PathBuf>>,
}

impl Finder {
    /// The file that an import leads to, if there is one. A library is known by its name, though its own repository may
    /// hold it.
    pub fn find(
        &self,
        from: Importer<'_>,
        key: &str,
        exists: impl Fn(&Path) -> bool,
        is_library: impl Fn() -> bool,
    ) -> Option<PathBuf> {
        // Rust's modules stand where the file's name says; others are looked for from the folder.
        let place = if from.language == Language::Rust { from.file } else { from.file.parent()? };
        let question = (place.to_path_buf(), from.language, key.to_owned());
        let known = self.found.read().unwrap_or_else(PoisonError::into_inner).get(&question).cloned();
        let found = known.unwrap_or_else(|| {
            let there = |path: &PathBuf| exists(path);
            let by_path = self.candidates(from, key).into_iter().find(there);
            let by_name = || self.named(from, key).into_iter().find(there).filter(|_| !is_library());
            let found = by_path.or_else(by_name);
            let mut all = self.found.write().unwrap_or_else(PoisonError::into_inner);
            all.entry(question).or_insert(found).clone()
        });
        found.filter(|found| found != from.file)
    }

    /// The names by which others import a file.
    pub fn names(&self, of: Importer<'_>) -> Vec<String> {
        self.packages.names(of)
    }

    /// Where an import may lead that is no path of its language, most likely first.
    fn named(&self, from: Importer<'_>, key: &str) -> Vec<PathBuf> {
        let mut out = if from.language == Language::Python { self.beside_script(from, key) } else { Vec::new() };
        out.extend(self.packages.candidates(from, key));
        out
    }

    /// Where an import may lead, most likely first.
    fn candidates(&self, from: Importer<'_>, key: &str) -> Vec<PathBuf> {
        let Importer { language, file, root } = from;
        let Some(dir) = file.parent() else { return Vec::new() };
        if let Some(path) = key.strip_prefix(LOADED) {
            let bases = dir.ancestors().take_while(|base| base.starts_with(root));
            return bases.map(|base| plain(&base.join(path.trim_start_matches('/')))).collect();
        }
        match language {
            Language::Python | Language::Notebook => self.python(dir, root, key),
            Language::JavaScript | Language::TypeScript | Language::Tsx | Language::Component => javascript(dir, key),
            Language::Rust => self.rust(file, dir, key),
            Language::Shell
            | Language::PowerShell
            | Language::Markdown
            | Language::Terraform
            | Language::Http
            | Language::Fish
            | Language::Batch
            | Language::Dockerfile
            | Language::Make
            | Language::Just
            | Language::Systemd
            | Language::Procfile
            | Language::Yaml
            | Language::Dotenv
            | Language::Json
            | Language::Toml
            | Language::Ini => {
                if key.is_empty() || key.contains(['$', '*']) {
                    Vec::new()
                } else {
                    vec![plain(&dir.join(key))]
                }
            }
        }
    }

    fn python(&self, dir: &Path, root: &Path, key: &str) -> Vec<PathBuf> {
        let dots = key.bytes().take_while(|&b| b == b'.').count();
        let path = key[dots..].replace('.', "/");
        let files = |base: &Path| {
            if path.is_empty() {
                vec![base.join("__init__.py")]
            } else {
                vec![base.join(format!("{path}.py")), base.join(&path).join("__init__.py")]
            }
        };
        if dots > 0 {
            return dir.ancestors().nth(dots - 1).map(files).unwrap_or_default();
        }
        let first = key.split('.').next().unwrap_or(key);
        // An absolute import is looked for beside the file, then in the folders above it up to the root, and their `src`.
        let mut out = Vec::new();
        for base in dir.ancestors() {
            // Inside a package `import openai` is the library, though `openai.py` stands beside the file.
            let folder = self.folders.look(base);
            if !folder.is_package && folder.names.contains(first) {
                out.extend(files(base));
            }
            if folder.has_src {
                let source = base.join("src");
                if self.folders.look(&source).names.contains(first) {
                    out.extend(files(&source));
                }
            }
            if base == root {
                break;
            }
        }
        out
    }

    /// Where an absolute import of Python leads inside a package: a file of it may be run as a script, and finds what stands
    /// beside it then. Python's own modules are taken for themselves, though `types.py` stands there, too.
    fn beside_script(&self, from: Importer<'_>, key: &str) -> Vec<PathBuf> {
        const OWN: [&str; 16] = [
            "argparse",
            "collections",
            "configparser",
            "contextlib",
            "copy",
            "dataclasses",
            "enum",
            "functools",
            "getpass",
            "json",
            "logging",
            "os",
            "pathlib",
            "types",
            "typing",
            "urllib",
        ];
        let first = key.split('.').next().unwrap_or(key);
        let mut out = Vec::new();
        if first.is_empty() || OWN.contains(&first) {
            return out;
        }
        let path = key.replace('.', "/");
        for base in from.file.ancestors().skip(1) {
            let folder = self.folders.look(base);
            if folder.is_package && folder.names.contains(first) {
                out.extend([base.join(format!("{path}.py")), base.join(&path).join("__init__.py")]);
            }
            if base == from.root {
                break;
            }
        }
        out
    }

    fn rust(&self, file: &Path, dir: &Path, key: &str) -> Vec<PathBuf> {
        let mut parts: Vec<&str> = key.split('.').collect();
        let own_folder = || {
            let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
            if matches!(stem, "mod" | "lib" | "main") { dir.to_path_buf() } else { dir.join(stem) }
        };
        let mut base = match parts.first() {
            Some(&"crate") => {
                let is_source = |dir: &&Path| dir.join("lib.rs").is_file() || dir.join("main.rs").is_file();
                let source = self.crates.get(dir, || dir.ancestors().find(is_source).map(Path::to_path_buf));
                match &*source {
                    Some(source) => source.clone(),
                    None => return Vec::new(),
                }
            }
            Some(&"self") => own_folder(),
            Some(&"super") => own_folder().parent().map(Path::to_path_buf).unwrap_or_default(),
            // A module declared here: `mod config; use config::KEY`.
            _ => own_folder(),
        };
        if matches!(parts.first(), Some(&("crate" | "self" | "super"))) {
            parts.remove(0);
        }
        while parts.first() == Some(&"super") {
            parts.remove(0);
            base = base.parent().map(Path::to_path_buf).unwrap_or_default();
        }
        if parts.is_empty() {
            return vec![base.join("lib.rs"), base.join("main.rs"), base.join("mod.rs"), base.with_extension("rs")];
        }
        let path: PathBuf = parts.iter().collect();
        vec![base.join(&path).with_extension("rs"), base.join(&path).join("mod.rs")]
    }
}

fn javascript(dir: &Path, key: &str) -> Vec<PathBuf> {
    if key.starts_with('.') { files_of(&plain(&dir.join(key))) } else { Vec::new() }
}
