//! The files of a run, lowered: what the resolver may look at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, RwLock};

use foldhash::{HashMap, HashSet};

use crate::catalog::{Ecosystem, Version};
use crate::facts::{BlockId, ClassId, Entry, ExprId, ExprKind, Module, Place, Stmt};
use crate::finding::FileId;
use crate::heirs::Heirs;
use crate::language::Language;
use crate::manifest::{self, Packages};
use crate::resolve::KnownSites;
use crate::source::Source;

/// One file of the run.
#[derive(Debug)]
pub struct File {
    /// Its text.
    pub source: Source,
    /// Its real location, for finding its neighbours.
    pub path: PathBuf,
    /// What it says.
    pub module: Arc<Module>,
    /// Findings may be about it.
    pub reported: bool,
    /// Look-up tables over the module.
    pub index: Arc<Index>,
}

impl File {
    /// A file that has not been parsed. Most of a large tree never are: they share what they do not say.
    pub fn unparsed(source: Source, path: PathBuf, reported: bool) -> Self {
        static NOTHING: LazyLock<(Arc<Module>, Arc<Index>)> = LazyLock::new(Default::default);
        let (module, index) = NOTHING.clone();
        Self { source, path, module, reported, index }
    }
}

/// Tables over one module, built once.
#[derive(Debug, Default)]
pub struct Index {
    /// Statements that assign to a variable or below it, by the variable's name, in order.
    pub assigns: HashMap<String, Vec<(BlockId, u32)>>,
    /// Of these, the ones that assign to an attribute of a variable (`openai.api_base = `), by the attribute's name.
    pub attributes: HashMap<String, Vec<(BlockId, u32)>>,
    /// The ones that assign below an attribute (`self.headers["x"] = `), by the attribute's name.
    pub below: HashMap<String, Vec<(BlockId, u32)>>,
    /// Some assign to the `headers` of an object, or below.
    pub headers: bool,
    /// Statements that write an environment variable, by its name.
    pub env_writes: HashMap<String, Vec<(BlockId, u32)>>,
    /// Calls by the last word of what is called.
    pub calls: HashMap<String, Vec<ExprId>>,
    /// Rust struct literals by type.
    pub literals: HashMap<String, Vec<ExprId>>,
    /// Variables that hold a function, by the function.
    pub functions: HashMap<crate::facts::FuncId, Vec<String>>,
    /// Objects that say what a framework gives for a token: `{ provide: TOKEN, useValue: key }`.
    pub providers: Vec<ExprId>,
    /// Functions as expressions.
    pub function_exprs: HashMap<crate::facts::FuncId, ExprId>,
    /// Variables that hold an import under another name, by the imported name.
    pub renamed: HashMap<String, Vec<String>>,
    /// Variables, fields and parameters that are given what has another name, by that name: `self.send = send or post`.
    pub aliases: HashMap<String, Vec<String>>,
    /// Classes by the names of what they inherit from.
    pub heirs: HashMap<String, Vec<ClassId>>,
    /// Classes that texts name, for whoever imports them by that: `"package.module:Class"`.
    pub named: std::collections::HashSet<String>,
    /// Texts of all tested subjects: only these need correlation.
    pub subjects: std::collections::HashSet<String>,
    /// Variables that choose the row of a table, by the function that asks: `TABLE[name]`, `table.get(name)`.
    pub choosers: std::collections::HashSet<(crate::facts::FuncId, String)>,
}

/// How many names for one thing are looked at.
const MAX_ALIASES: usize = 8;

/// A text that names a class is no longer than this.
const MAX_NAMED: usize = 128;

impl Index {
    /// Builds the tables.
    pub fn new(module: &Module) -> Self {
        let mut index = Self::default();
        for (number, block) in module.blocks.iter().enumerate() {
            let id = BlockId(number as u32);
            for test in &block.tests {
                index.subjects.insert(test.subject.clone());
            }
            for (at, stmt) in block.stmts.iter().enumerate() {
                match stmt {
                    Stmt::Assign { place, value, .. } => {
                        if let ExprKind::Func(func) = module.kind(*value)
                            && place.path.is_empty()
                        {
                            index.functions.entry(*func).or_default().push(place.root.clone());
                        }
                        // A module of CommonJS may be the one thing that it exports.
                        if let ExprKind::Import(import) = module.kind(*value)
                            && let name = import.name.as_deref().unwrap_or("default")
                            && place.path.is_empty()
                            && place.root != *name
                        {
                            index.renamed.entry(name.to_owned()).or_default().push(place.root.clone());
                        }
                        let given = if place.path.is_empty() {
                            Some(&place.root)
                        } else {
                            place.path.last().and_then(Option::as_ref)
                        };
                        if let Some(given) = given {
                            index.add_aliases(module, *value, given);
                        }
                        if let Some(name) = env_place(place) {
                            index.env_writes.entry(name.to_owned()).or_default().push((id, at as u32));
                        }
                        index.headers |= place.path.iter().flatten().any(|step| step == "headers");
                        if let [Some(attribute), _, ..] = place.path.as_slice() {
                            index.below.entry(attribute.clone()).or_default().push((id, at as u32));
                        }
                        if let [Some(attribute)] = place.path.as_slice() {
                            index.attributes.entry(attribute.clone()).or_default().push((id, at as u32));
                        }
                        index.assigns.entry(place.root.clone()).or_default().push((id, at as u32));
                    }
                    Stmt::Expr(expr) => {
                        for (name, _) in env_call_writes(module, *expr) {
                            index.env_writes.entry(name).or_default().push((id, at as u32));
                        }
                    }
                    _ => {}
                }
            }
        }
        for param in module.functions.iter().flat_map(|func| &func.params) {
            if let Some(default) = param.default {
                index.add_aliases(module, default, &param.name);
            }
        }
        for (number, class) in module.classes.iter().enumerate() {
            for &base in class.bases.iter().chain(&class.traits) {
                if let Some(name) = last_name(module, base) {
                    index.heirs.entry(name.to_owned()).or_default().push(ClassId(number as u32));
                }
            }
        }
        for expr in module.expr_ids() {
            match module.kind(expr) {
                ExprKind::Call(call) => {
                    if let Some(name) = last_name(module, call.callee) {
                        index.calls.entry(name.to_owned()).or_default().push(expr);
                        if name == "get" {
                            index.choosers.extend(call.args.first().and_then(|arg| chooser(module, arg.value)));
                        }
                    }
                }
                ExprKind::Index(_, at) => index.choosers.extend(chooser(module, *at)),
                ExprKind::Func(func) => {
                    index.function_exprs.insert(*func, expr);
                }
                ExprKind::Object(object) => {
                    for entry in &object.entries {
                        // `{ relay: (key) => … }`: it is called by the field's name.
                        if let Entry::Field { key: Some(key), value, .. } = entry
                            && let ExprKind::Func(func) = module.kind(*value)
                        {
                            index.functions.entry(*func).or_default().push(key.clone());
                        }
                    }
                    if let Some(ty) = &object.ty {
                        index.literals.entry(ty.clone()).or_default().push(expr);
                    }
                    if matches!(object.entries.first(), Some(Entry::Field { key: Some(key), .. }) if key == "provide") {
                        index.providers.push(expr);
                    }
                }
                ExprKind::Str(text) => index.named.extend(class_named(text.expose()).map(str::to_owned)),
                ExprKind::Choice(arms) => {
                    for test in arms.iter().flat_map(|(tests, _)| tests) {
                        index.subjects.insert(test.subject.clone());
                    }
                }
                _ => {}
            }
        }
        index
    }

    fn add_aliases(&mut self, module: &Module, value: ExprId, given: &str) {
        match module.kind(value) {
            ExprKind::Name(name) | ExprKind::Member(_, name) if name != given => {
                self.aliases.entry(name.clone()).or_default().push(given.to_owned());
            }
            ExprKind::Fallback { left, right, .. } => {
                for value in [*left, *right] {
                    self.add_aliases(module, value, given);
                }
            }
            _ => {}
        }
    }

    /// The variables that hold a function.
    pub fn variables_of(&self, func: crate::facts::FuncId) -> impl Iterator<Item = &str> {
        self.functions.get(&func).into_iter().flatten().map(String::as_str)
    }

    /// A name and all that are given it, however far on, as far as they are worth following.
    pub fn alias_names<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let mut out = vec![name];
        let mut at = 0;
        while let Some(&next) = out.get(at).filter(|_| out.len() < MAX_ALIASES) {
            at += 1;
            for alias in self.aliases.get(next).into_iter().flatten() {
                if !out.contains(&alias.as_str()) {
                    out.push(alias);
                }
            }
        }
        out
    }
}

/// The name that an expression ends with: in Rust `super::http::post` names what it imports.
pub(crate) fn last_name(module: &Module, expr: ExprId) -> Option<&str> {
    match module.kind(expr) {
        ExprKind::Name(name) | ExprKind::Member(_, name) => Some(name),
        ExprKind::Import(import) => import.name.as_deref(),
        _ => None,
    }
}

/// The class that a text names with its module: `package.module:Class`, `package.module.Class`.
fn class_named(text: &str) -> Option<&str> {
    let (module, class) = text.rsplit_once([':', '.'])?;
    let is_name = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !word.is_empty();
    let is_one = text.len() <= MAX_NAMED
        && class.starts_with(|c: char| c.is_ascii_uppercase())
        && is_name(class)
        && module.split('.').all(is_name);
    is_one.then_some(class)
}

/// The variable that an index asks for a row by, in whichever case: `TABLE[name.lower()]`.
fn chooser(module: &Module, index: ExprId) -> Option<(crate::facts::FuncId, String)> {
    match module.kind(crate::resolve::folded(module, index)) {
        ExprKind::Name(name) => Some((module.block(module.points[index.index()].0).func, name.clone())),
        _ => None,
    }
}

/// Whether a file is a module, given by its name with `.`, `/` or `::`, from wherever it is counted.
fn is_module(path: &Path, module: &str) -> bool {
    let path = path.with_extension("");
    let mut parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    if parts.last().is_some_and(|last| matches!(*last, "__init__" | "index" | "mod")) {
        parts.pop();
    }
    let names: Vec<&str> =
        module.split(['.', '/', ':']).filter(|name| !matches!(*name, "" | "@" | "~" | "crate")).collect();
    !names.is_empty() && parts.ends_with(&names)
}

/// The variable that an assignment to the process environment writes: `os.environ["X"] = `, `process.env.X = `.
pub fn env_place(place: &Place) -> Option<&str> {
    let path: Vec<&str> = place.path.iter().map(|step| step.as_deref().unwrap_or("")).collect();
    match (place.root.as_str(), path.as_slice()) {
        ("os", ["environ", name]) | ("environ", [name]) | ("process", ["env", name]) if !name.is_empty() => Some(name),
        ("Bun", ["env", name]) | ("import", ["meta", "env", name]) if !name.is_empty() => Some(name),
        _ => None,
    }
}

/// The variables that a call writes, with the new values: `os.environ.setdefault("X", v)`, `os.environ.update({...})`,
/// `env::set_var("X", v)`, `Deno.env.set("X", v)`, pytest's `monkeypatch.setenv("X", v)` and [`patches_environment`].
pub fn env_call_writes(module: &Module, expr: ExprId) -> Vec<(String, ExprId)> {
    let ExprKind::Call(call) = module.kind(expr) else { return Vec::new() };
    let ExprKind::Member(base, method) = module.kind(call.callee) else { return Vec::new() };
    let on_environment = match module.kind(*base) {
        ExprKind::Member(_, name) | ExprKind::Name(name) => {
            matches!(
                (name.as_str(), method.as_str()),
                ("environ", "setdefault" | "update") | ("env", "set" | "set_var")
            )
        }
        _ => false,
    };
    let patches = patches_environment(module, expr);
    let sets = method == "setenv"
        && matches!(module.kind(*base), ExprKind::Name(name) if name.contains("patch") || name == "mp");
    if !(on_environment || patches || sets) {
        return Vec::new();
    }
    if method == "update" || patches {
        let mut writes = Vec::new();
        for arg in call.args.iter().skip(usize::from(patches)) {
            if let Some(name) = &arg.name {
                writes.push((name.clone(), arg.value));
            } else if let ExprKind::Object(object) = module.kind(arg.value) {
                for entry in &object.entries {
                    if let crate::facts::Entry::Field { key: Some(key), value, .. } = entry {
                        writes.push((key.clone(), *value));
                    }
                }
            }
        }
        return writes;
    }
    match call.args.as_slice() {
        [name, value, ..] => match module.kind(name.value) {
            ExprKind::Str(text) => vec![(text.expose().to_owned(), value.value)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether a call writes variables for a while only: `patch.dict(os.environ, {"X": v})`, `mock.patch.dict("os.environ", X=v)`.
pub fn patches_environment(module: &Module, expr: ExprId) -> bool {
    let ExprKind::Call(call) = module.kind(expr) else { return false };
    let ExprKind::Member(base, method) = module.kind(call.callee) else { return false };
    let is_patch =
        |of: ExprId| matches!(module.kind(of), ExprKind::Name(name) | ExprKind::Member(_, name) if name == "patch");
    let is_environment = |of: ExprId| match module.kind(of) {
        ExprKind::Name(name) | ExprKind::Member(_, name) => name == "environ",
        ExprKind::Str(text) => text.expose() == "os.environ",
        _ => false,
    };
    method == "dict" && is_patch(*base) && call.args.first().is_some_and(|arg| is_environment(arg.value))
}

/// Whether a module says a variable's name anywhere but to write it.
fn reads(module: &Module, name: &str) -> bool {
    let mut said = 0_usize;
    for expr in module.expr_ids() {
        match module.kind(expr) {
            ExprKind::Env { name: read, .. } | ExprKind::Name(read) | ExprKind::Member(_, read) if read == name => {
                return true;
            }
            // Where data has the name, it sets the variable.
            ExprKind::Str(text) if text.expose() == name && module.documents.is_empty() => said += 1,
            ExprKind::Import(import) if import.name.as_deref() == Some(name) => return true,
            ExprKind::Object(object) if module.documents.is_empty() => {
                let key = |entry: &crate::facts::Entry| matches!(entry, crate::facts::Entry::Field { key: Some(key), .. } if key == name);
                said += usize::from(object.entries.iter().any(key));
            }
            ExprKind::Call(_) if env_call_writes(module, expr).iter().any(|(written, _)| written == name) => {
                said = said.wrapping_sub(1);
            }
            _ => {}
        }
    }
    said != 0
}

/// Whether a class has a field that settings classes fill from a variable: `openai_api_base`, or `api_base` with a
/// prefix.
fn is_setting(module: &Module, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    module.classes.iter().filter(|class| !class.bases.is_empty()).flat_map(|class| &class.fields).any(|field| {
        let field = field.name.to_ascii_lowercase();
        lower == field || (field.len() > 3 && lower.strip_suffix(&field).is_some_and(|rest| rest.ends_with('_')))
    })
}

/// An import whose file nobody has read yet, asked for by a resolver.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wanted {
    /// The file that imports.
    pub file: FileId,
    /// What it imports: one of [`imports::keys`](crate::imports::keys).
    pub key: String,
    /// The imported name, where all that is asked is whether calling it makes a client.
    pub called: Option<String>,
}

/// All files of a run.
#[derive(Debug, Default)]
pub struct Project {
    /// The files; a [`FileId`] is an index here.
    pub files: Vec<File>,
    /// Files by canonical path.
    pub by_path: HashMap<PathBuf, FileId>,
    /// Where the imports of a file lead: to a file of the project, or to none. One that is not here has not been
    /// asked for yet.
    pub imports: HashMap<FileId, HashMap<String, Option<FileId>>>,
    /// Files and those that are known to import them, besides the imports that were asked for.
    pub links: BTreeSet<(FileId, FileId)>,
    /// The files that import a file, in order, of both. See [`Project::link`].
    pub importers: HashMap<FileId, Vec<FileId>>,
    /// What [`Project::above`] has found, until the importers change.
    pub(crate) above: RwLock<HashMap<FileId, Arc<[FileId]>>>,
    /// The calls of functions that were found so far, until the importers change.
    pub sites: KnownSites,
    /// Classes that texts of the program name, tests aside: these name what they replace.
    pub named: HashSet<String>,
    /// Imported names that are called and are no clients: the importing file, the import and the name.
    pub no_clients: HashSet<Wanted>,
    /// What names may stand for a client's class, as far as the given files say; none where they were not looked at.
    pub heirs: Option<Heirs>,
    /// Dotenv scopes by directory.
    pub dotenv: HashMap<PathBuf, Vec<FileId>>,
    /// What manifests say of packages, by directory.
    pub manifests: HashMap<PathBuf, Packages>,
    /// What programs themselves say of them.
    pub inline: HashMap<FileId, Packages>,
    /// Variables declared in the configuration: a value, or set somewhere else.
    pub environment: HashMap<String, Option<String>>,
    /// Whose the keys in variables are, as declared in the configuration.
    pub declared_keys: HashMap<String, String>,
    /// Clients of the configuration, by the module that has them and their name there.
    pub declared_clients: Vec<(String, String)>,
    /// The roots of the projects of the given files, as far as they were asked for.
    pub roots: BTreeSet<PathBuf>,
    /// Whether files other than the given ones were looked through for environment blocks.
    pub widened: bool,
}

impl Project {
    /// Brings `importers` up to date with `imports`.
    pub fn link(&mut self) {
        let asked = self
            .imports
            .iter()
            .flat_map(|(importer, targets)| targets.values().flatten().map(move |target| (*target, *importer)));
        let edges: BTreeSet<(FileId, FileId)> = asked.chain(self.links.iter().copied()).collect();
        self.importers.clear();
        self.above = RwLock::default();
        self.sites.clear();
        for (target, importer) in edges {
            self.importers.entry(target).or_default().push(importer);
        }
    }

    /// A file and all that import it, directly or by others, nearest first.
    pub fn above(&self, file: FileId) -> Arc<[FileId]> {
        if let Ok(known) = self.above.read()
            && let Some(above) = known.get(&file)
        {
            return above.clone();
        }
        let mut out = vec![file];
        let mut seen = BTreeSet::from([file]);
        let mut at = 0;
        while let Some(&next) = out.get(at).filter(|_| out.len() < 2000) {
            at += 1;
            for &importer in self.importers.get(&next).into_iter().flatten() {
                if seen.insert(importer) {
                    out.push(importer);
                }
            }
        }
        let above: Arc<[FileId]> = out.into();
        if let Ok(mut known) = self.above.write() {
            known.insert(file, above.clone());
        }
        above
    }

    /// Whether two files are part of one program: one imports the other, or a third imports both.
    pub fn in_one_program(&self, a: FileId, b: FileId) -> bool {
        let language = |id: FileId| self.file(id).source.language.name();
        let meet = || {
            let above: BTreeSet<FileId> = self.above(a).iter().copied().collect();
            self.above(b).iter().any(|file| above.contains(file))
        };
        a == b || (language(a) == language(b) && meet())
    }

    /// The file behind an index.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.index()]
    }

    /// The symbol of a client that the configuration says a file has under a name: what it is made of does not matter
    /// then.
    pub fn declared_client(&self, file: FileId, name: &str) -> Option<String> {
        let path = &self.file(file).path;
        let found = self.declared_clients.iter().find(|(module, own)| own == name && is_module(path, module))?;
        Some(format!("{}.{name}", found.0))
    }

    /// The file that an import leads to, as far as it is known.
    pub fn import(&self, file: FileId, key: &str) -> Option<FileId> {
        self.imports.get(&file)?.get(key).copied().flatten()
    }

    /// All file indices.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    /// The version of a package that holds for a file: from itself, then from the nearest manifest that names it.
    pub fn version(&self, file: FileId, package: &str) -> Option<Version> {
        let (language, path) = (self.file(file).source.language, &self.file(file).path);
        let ecosystem = Ecosystem::of_language(language.name())?;
        let above = path.ancestors().skip(1).filter_map(|dir| self.manifests.get(dir));
        manifest::version(self.inline.get(&file).into_iter().chain(above), ecosystem, package)
    }

    /// The dotenv files that hold for a file: those of the nearest directory upward that has one that is not an example.
    pub fn dotenv_of(&self, file: FileId) -> &[FileId] {
        let path: &Path = &self.file(file).path;
        path.ancestors().skip(1).find_map(|dir| self.dotenv.get(dir)).map_or(&[], Vec::as_slice)
    }

    /// Whether what a file sets in the environment may hold for another file.
    pub fn may_see(&self, file: FileId, set_in: FileId) -> bool {
        let is_dotenv = self.file(set_in).source.language == Language::Dotenv;
        !is_dotenv || file == set_in || self.dotenv_of(file).contains(&set_in)
    }

    /// Whether a file of the project calls something, or names a variable: `set_tracing_disabled`, with an argument
    /// `RunConfig.tracing_disabled`, `OPENAI_AGENTS_DISABLE_TRACING`.
    pub fn mentions(&self, way: &str) -> bool {
        let (call, argument) = way.split_once('.').map_or((way, None), |(call, argument)| (call, Some(argument)));
        let is_variable = call.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        self.files.iter().any(|file| {
            if memchr::memmem::find(file.source.text.as_bytes(), call.as_bytes()).is_none() {
                return false;
            }
            is_variable
                || file.index.calls.get(call).into_iter().flatten().any(|&expr| match file.module.kind(expr) {
                    ExprKind::Call(data) => argument.is_none_or(|name| data.named(name).is_some()),
                    _ => false,
                })
        })
    }

    /// Whether some code of the project reads a variable by its name, be it in a table of settings; of one that a dotenv
    /// file sets, code for which that file holds.
    pub fn is_read(&self, name: &str, set_in: FileId) -> bool {
        self.ids().filter(|&id| self.may_see(id, set_in)).map(|id| self.file(id)).any(|file| {
            let named = memchr::memmem::find(file.source.text.as_bytes(), name.as_bytes()).is_some();
            // What was not worth parsing is searched as it is.
            let parsed = file.module.exprs.len() + file.module.classes.len() + file.module.env_blocks.len() > 0;
            (named && (!parsed || reads(&file.module, name))) || is_setting(&file.module, name)
        })
    }
}
