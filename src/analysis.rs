//! The pipeline: sources in, findings and routes out.
//!
//! `paths ─ walk ─ source ─ prefilter ─ extract ─► facts ─ resolve ─► routes ─ judge ─► findings`. This module has the
//! part from the prefilter to the findings, and it widens the read set on the way: to the files that imports lead to,
//! to the dotenv files that hold for a file, and, where a client seems to have no base URL, to every file of the
//! project that may give it one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::catalog::{Catalog, Version};
use crate::config::{Config, Outside};
use crate::extract;
use crate::facts::{Comment, ExprKind, Module, Stmt};
use crate::finding::{FileId, Finding, Location, RouteRecord};
use crate::language::{self, Language};
use crate::prefilter::Prefilter;
use crate::project::{File, Index, Project};
use crate::resolve::{Resolver, StepKind, Value};
use crate::routes::{self, Client};
use crate::rules::{self, Facts};
use crate::source::Source;
use crate::{cover, imports, manifest};

/// A file that findings may be about.
#[derive(Debug)]
pub struct Given {
    /// Its text.
    pub source: Source,
    /// Where it is, absolute.
    pub path: PathBuf,
}

/// How the analysis gets at files besides the given ones.
pub trait Reader: Sync {
    /// Reads a file, if it is there and is text in one of the languages.
    fn read(&self, path: &Path) -> Option<Source>;
    /// The root of the project that a file is in.
    fn root(&self, path: &Path) -> PathBuf;
    /// All files below a project's root that a run over it would read.
    fn all(&self, root: &Path) -> Vec<PathBuf>;
}

/// What holds for a run.
pub struct Options<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Providers and clients.
    pub catalog: &'a Catalog,
    /// Parse every file, whatever the prefilter says. What is found must be the same.
    pub no_prefilter: bool,
    /// Number of threads; 0: as many as there are processors.
    pub threads: usize,
}

/// What the analysis says, of all rules, in no particular order.
#[derive(Debug, Default)]
pub struct Output {
    /// The files read; a [`FileId`] is an index here.
    pub sources: Vec<Source>,
    /// Which of them were given.
    pub reported: Vec<bool>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What there is.
    pub routes: Vec<RouteRecord>,
    /// The comments that hold `mixlint:`.
    pub comments: Vec<(FileId, Comment)>,
    /// Where literals that may be keys stand: excerpts mask them, whatever they look like.
    pub secrets: Vec<Location>,
    /// How many files were parsed.
    pub files_parsed: usize,
    /// How many clients were found.
    pub clients: usize,
    /// Files that could not be parsed, and why.
    pub unparsed: Vec<(FileId, String)>,
}

/// Stack of a worker. syn and the extractors are bounded by depth, not by the default stack's size.
const STACK: usize = 64 << 20;
/// How far imports are followed.
const MAX_HOPS: usize = 6;
/// How many files imports may add.
const MAX_IMPORTED: usize = 4000;

/// Analyses files.
pub fn analyze(given: Vec<Given>, reader: &dyn Reader, options: &Options<'_>) -> Output {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).stack_size(STACK).build();
    match pool {
        Ok(pool) => pool.install(|| Run::new(reader, options).run(given)),
        // Without threads of its own the run uses whatever there are.
        Err(_) => Run::new(reader, options).run(given),
    }
}

struct Run<'a> {
    reader: &'a dyn Reader,
    options: &'a Options<'a>,
    prefilter: Prefilter,
    project: Project,
    parsed: BTreeSet<FileId>,
    unparsed: Vec<(FileId, String)>,
    roots: HashMap<PathBuf, PathBuf>,
    packages: imports::Packages,
}

impl<'a> Run<'a> {
    fn new(reader: &'a dyn Reader, options: &'a Options<'a>) -> Self {
        let config = options.config;
        let environment = config
            .environment
            .iter()
            .map(|(name, outside)| {
                let value = match outside {
                    Outside::Set => None,
                    Outside::Value(text) => Some(text.expose().to_owned()),
                };
                (name.clone(), value)
            })
            .collect();
        let declared_keys = config.keys.iter().map(|(name, provider)| (name.clone(), provider.clone())).collect();
        Self {
            reader,
            options,
            prefilter: Prefilter::new(options.catalog),
            project: Project { environment, declared_keys, ..Project::default() },
            parsed: BTreeSet::new(),
            unparsed: Vec::new(),
            roots: HashMap::new(),
            packages: imports::Packages::default(),
        }
    }

    fn run(mut self, given: Vec<Given>) -> Output {
        let new: Vec<(Source, PathBuf, bool)> =
            given.into_iter().map(|given| (given.source, given.path, true)).collect();
        let added = self.add(new, true);
        self.follow_imports(added);
        self.add_dotenv();
        self.read_manifests();
        let mut clients = self.clients();
        if self.parse_importers(&self.open_functions(&clients)) {
            self.add_dotenv();
            self.read_manifests();
            clients = self.clients();
        }
        let mut findings = self.judge(&clients);
        let unlinked = rules::unlinked(&self.facts(&clients), &clients);
        let unlinked: Vec<(FileId, Option<String>)> = unlinked.into_iter().map(|file| (file, None)).collect();
        if self.parse_importers(&unlinked) {
            findings = self.judge(&clients);
        }
        if findings.iter().any(|(_, finding)| rules::rests_on_default(finding)) {
            let before = self.project.files.len();
            self.widen();
            if self.project.files.len() > before {
                self.read_manifests();
                clients = self.clients();
                findings = self.judge(&clients);
            }
            cover::drop_covered_blocks(&self.project, self.options.catalog, &clients, &mut findings);
        }
        self.output(clients, findings)
    }

    /// Adds files, parsed where they are worth it; the new ones' indices.
    fn add(&mut self, files: Vec<(Source, PathBuf, bool)>, filtered: bool) -> Vec<FileId> {
        let prefilter = &self.prefilter;
        let everything = self.options.no_prefilter || !filtered;
        let lowered: Vec<_> = files
            .into_par_iter()
            .map(|(source, path, reported)| {
                let parse = everything || prefilter.admits(&source);
                let module = if parse { Some(extract_safely(&source)) } else { None };
                let (module, problem, parsed) = match module {
                    Some(Ok(module)) => (module, None, true),
                    Some(Err(problem)) => (Module::default(), Some(problem), false),
                    None => (Module::default(), None, false),
                };
                let index = Index::new(&module);
                (File { source, path, module, reported, index }, problem, parsed)
            })
            .collect();
        let mut added = Vec::new();
        for (file, problem, parsed) in lowered {
            let id = FileId(self.project.files.len() as u32);
            self.project.by_path.insert(file.path.clone(), id);
            self.project.files.push(file);
            if parsed {
                self.parsed.insert(id);
            }
            if let Some(problem) = problem {
                self.unparsed.push((id, problem));
            }
            added.push(id);
        }
        added
    }

    /// Parses a file that the prefilter left out, now that something leads to it.
    fn parse_late(&mut self, id: FileId) -> bool {
        if self.parsed.contains(&id) || self.unparsed.iter().any(|(known, _)| *known == id) {
            return false;
        }
        let file = &mut self.project.files[id.index()];
        match extract_safely(&file.source) {
            Ok(module) => {
                file.index = Index::new(&module);
                file.module = module;
                self.parsed.insert(id);
                true
            }
            Err(problem) => {
                self.unparsed.push((id, problem));
                false
            }
        }
    }

    fn root(&mut self, path: &Path) -> PathBuf {
        let dir = path.parent().unwrap_or(path).to_path_buf();
        self.roots.entry(dir).or_insert_with(|| self.reader.root(path)).clone()
    }

    /// Adds the files that imports lead to, and theirs in turn.
    fn follow_imports(&mut self, from: Vec<FileId>) {
        let mut layer = from;
        let mut budget = MAX_IMPORTED;
        for _ in 0..MAX_HOPS {
            let mut wanted: BTreeMap<PathBuf, Vec<(FileId, String)>> = BTreeMap::new();
            for &id in &layer {
                if !self.parsed.contains(&id) {
                    continue;
                }
                let path = self.project.file(id).path.clone();
                let root = self.root(&path);
                let file = self.project.file(id);
                let language = file.source.language;
                for key in imports::keys(language, &path, &file.module) {
                    let exists = |path: &PathBuf| self.project.by_path.contains_key(path) || path.is_file();
                    let found = imports::candidates(language, &path, &root, &key).into_iter().find(exists);
                    let found = found
                        .or_else(|| self.packages.candidates(language, &path, &root, &key).into_iter().find(exists));
                    if let Some(found) = found.filter(|found| *found != path) {
                        wanted.entry(found).or_default().push((id, key));
                    }
                }
            }
            let mut next = Vec::new();
            let mut new = Vec::new();
            for path in wanted.keys() {
                match self.project.by_path.get(path).copied() {
                    Some(id) if self.parse_late(id) => next.push(id),
                    Some(_) => {}
                    None if budget > 0 => {
                        budget -= 1;
                        new.extend(self.reader.read(path).map(|source| (source, path.clone(), false)));
                    }
                    None => {}
                }
            }
            next.extend(self.add(new, false));
            for (path, importers) in wanted {
                if let Some(&target) = self.project.by_path.get(&path) {
                    for (importer, key) in importers {
                        self.project.imports.insert((importer, key), target);
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            layer = next;
        }
        self.project.link();
    }

    /// Adds the dotenv files of the directories above the files, up to the project's root.
    fn add_dotenv(&mut self) {
        let paths: BTreeSet<PathBuf> = self
            .project
            .files
            .iter()
            .filter(|file| file.source.language != Language::Dotenv)
            .map(|file| file.path.clone())
            .collect();
        let mut dirs: BTreeSet<PathBuf> = BTreeSet::new();
        for path in paths {
            let root = self.root(&path);
            for dir in path.ancestors().skip(1) {
                if !dirs.insert(dir.to_path_buf()) || dir == root {
                    break;
                }
            }
        }
        let mut new = Vec::new();
        let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
        for dir in dirs {
            let Ok(entries) = std::fs::read_dir(&dir) else { continue };
            let mut names: Vec<String> = entries
                .flatten()
                .filter_map(|entry| entry.file_name().to_str().map(str::to_owned))
                .filter(|name| language::is_loaded_dotenv(name))
                .collect();
            names.sort();
            for name in names {
                let path = dir.join(name);
                if !self.project.by_path.contains_key(&path) {
                    match self.reader.read(&path) {
                        Some(source) if source.language == Language::Dotenv => new.push((source, path.clone(), false)),
                        _ => continue,
                    }
                }
                found.push((dir.clone(), path));
            }
        }
        self.add(new, false);
        for (dir, path) in found {
            if let Some(&id) = self.project.by_path.get(&path) {
                self.parse_late(id);
                self.project.dotenv.entry(dir).or_default().push(id);
            }
        }
    }

    /// Reads the manifests of the directories above parsed code.
    fn read_manifests(&mut self) {
        let packages: BTreeSet<&str> =
            self.options.catalog.clients.iter().filter_map(|client| client.package.as_deref()).collect();
        let packages: Vec<&str> = packages.into_iter().collect();
        let paths: Vec<PathBuf> = self.parsed.iter().map(|&id| self.project.file(id).path.clone()).collect();
        for path in paths {
            let root = self.root(&path);
            for dir in path.ancestors().skip(1) {
                if !self.project.versions.contains_key(dir) {
                    let found: HashMap<String, Version> = manifest::versions(dir, &packages);
                    self.project.versions.insert(dir.to_path_buf(), found);
                }
                if dir == root {
                    break;
                }
            }
        }
    }

    /// The clients of all parsed files that are given, and of the others that were added to look for a base URL.
    fn clients(&self) -> Vec<Client> {
        // A client of a file that is imported may be given what stands in a file that findings are about.
        let ids: Vec<FileId> = self.parsed.iter().copied().collect();
        let mut clients: Vec<Client> = ids
            .into_par_iter()
            .flat_map_iter(|id| {
                let catalog = self.options.catalog;
                let work = AssertUnwindSafe(|| routes::of_file(&mut Resolver::new(&self.project), catalog, id));
                std::panic::catch_unwind(work).unwrap_or_default()
            })
            .collect();
        routes::drop_consumed(&mut clients);
        routes::doubt(&self.project, &mut clients);
        clients
    }

    fn facts(&self, clients: &[Client]) -> Facts<'_> {
        let config = self.options.config;
        let allowed = config.policy.allowed(&config.root);
        Facts::new(self.options.catalog, &self.project, clients, allowed)
    }

    /// The functions and classes that hand a client what they are called with, and of which no call was found: their
    /// files and names.
    fn open_functions(&self, clients: &[Client]) -> Vec<(FileId, Option<String>)> {
        let alts =
            clients.iter().flat_map(|client| &client.routes).flat_map(|route| [&route.key.alt, &route.endpoint.alt]);
        let mut out: BTreeSet<(FileId, Option<String>)> = BTreeSet::new();
        for alt in alts.filter(|alt| matches!(alt.value, Value::Unknown(_))) {
            for step in alt.steps.iter().filter(|step| matches!(step.kind, StepKind::Param(_))) {
                let module = &self.project.file(step.at.file).module;
                let of = module.functions.iter().find(|func| func.params.iter().any(|p| p.span == step.at.span));
                let Some(func) = of else { continue };
                let class = func.class.map(|class| module.classes[class.index()].name.clone());
                let is_constructor =
                    func.name.as_deref().is_some_and(|name| matches!(name, "__init__" | "constructor"));
                if let Some(name) = class.filter(|_| is_constructor).or_else(|| func.name.clone()) {
                    out.insert((step.at.file, Some(name)));
                }
            }
        }
        out.into_iter().collect()
    }

    /// Parses the files that may import others, and name something of them; whether there are any.
    fn parse_importers(&mut self, of: &[(FileId, Option<String>)]) -> bool {
        let wanted: Vec<(String, Option<&str>)> = of
            .iter()
            .filter_map(|(id, name)| {
                let path = &self.project.file(*id).path;
                let stem = path.file_stem()?.to_str()?;
                // A package is imported by its folder's name.
                let is_package = matches!(stem, "__init__" | "index" | "mod" | "lib" | "main");
                let stem = if is_package { path.parent()?.file_name()?.to_str()? } else { stem };
                Some((stem.to_owned(), name.as_deref()))
            })
            .collect();
        let may_import = |id: &FileId| {
            let text = self.project.file(*id).source.text.as_bytes();
            let has = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
            wanted.iter().any(|(stem, name)| name.is_none_or(has) && has(stem))
        };
        let unparsed: Vec<FileId> =
            self.project.ids().filter(|id| !self.parsed.contains(id)).filter(may_import).collect();
        let parsed: Vec<FileId> = unparsed.into_iter().filter(|&id| self.parse_late(id)).collect();
        let any = !parsed.is_empty();
        self.follow_imports(parsed);
        any
    }

    fn judge(&self, clients: &[Client]) -> Vec<(usize, Finding)> {
        let facts = self.facts(clients);
        let mut findings: Vec<(usize, Finding)> = clients
            .par_iter()
            .enumerate()
            .flat_map_iter(|(number, client)| {
                rules::check(&facts, client).into_iter().map(move |finding| (number, finding))
            })
            .filter(|(_, finding)| self.project.file(finding.at.file).reported)
            .collect();
        findings.extend(rules::check_together(&facts, clients));
        // What is about no client has no client's number.
        findings.extend(rules::check_environments(&facts).into_iter().map(|finding| (clients.len(), finding)));
        findings
    }

    /// Reads the rest of the project: somebody may set the base URL that a client seems not to have.
    fn widen(&mut self) {
        self.project.widened = true;
        let roots: BTreeSet<PathBuf> = {
            let paths: Vec<PathBuf> =
                self.project.files.iter().filter(|file| file.reported).map(|file| file.path.clone()).collect();
            paths.iter().map(|path| self.root(path)).collect()
        };
        let mut new = Vec::new();
        for root in roots {
            let paths: Vec<PathBuf> =
                self.reader.all(&root).into_iter().filter(|path| !self.project.by_path.contains_key(path)).collect();
            let sources: Vec<_> =
                paths.into_par_iter().filter_map(|path| Some((self.reader.read(&path)?, path, false))).collect();
            new.extend(sources);
        }
        let added = self.add(new, true);
        self.follow_imports(added);
        self.add_dotenv();
    }

    fn output(self, clients: Vec<Client>, findings: Vec<(usize, Finding)>) -> Output {
        let reported = |client: &&Client| self.project.file(client.at.file).reported;
        let mut secrets: BTreeSet<Location> = BTreeSet::new();
        for route in clients.iter().flat_map(|client| &client.routes) {
            if let Value::Str(_, at) = route.key.alt.value {
                secrets.insert(at);
            }
            if let Value::Concat(parts, _) = &route.key.alt.value {
                secrets.extend(parts.iter().filter_map(|part| match part {
                    Value::Str(_, at) => Some(*at),
                    _ => None,
                }));
            }
        }
        secrets.extend(self.key_literals());
        // A key alone is no client yet: it is one where it was found to go to the default endpoint.
        let complained: BTreeSet<usize> = findings.iter().map(|(number, _)| *number).collect();
        let is_pair = |(number, client): &(usize, &Client)| {
            client.traces_to.is_none()
                && (!client.is_block()
                    || complained.contains(number)
                    || client.routes.iter().any(|route| !route.endpoint.is_default()))
        };
        let shown = clients.iter().enumerate().filter(is_pair).map(|(_, client)| client);
        let shown: Vec<&Client> = shown.filter(reported).collect();
        let comments = self
            .project
            .ids()
            .flat_map(|id| self.project.file(id).module.comments.iter().map(move |comment| (id, comment.clone())))
            .collect();
        Output {
            findings: distinct(findings.into_iter().map(|(_, finding)| finding).collect()),
            routes: shown.iter().flat_map(|client| routes::records(client)).collect(),
            comments,
            secrets: secrets.into_iter().collect(),
            files_parsed: self.parsed.len(),
            clients: shown.len(),
            unparsed: self.unparsed,
            reported: self.project.files.iter().map(|file| file.reported).collect(),
            sources: self.project.files.into_iter().map(|file| file.source).collect(),
        }
    }

    /// Literals given to something that is named like a key.
    fn key_literals(&self) -> Vec<Location> {
        let mut out = Vec::new();
        for id in self.project.ids() {
            let module = &self.project.file(id).module;
            let literal = |expr| match module.kind(expr) {
                ExprKind::Str(_) => Some(Location { file: id, span: module.span(expr) }),
                _ => None,
            };
            for var in module.env_blocks.iter().flat_map(|block| &block.vars) {
                if looks_like_key_name(&var.name) {
                    out.extend(literal(var.value));
                }
            }
            for stmt in module.blocks.iter().flat_map(|block| &block.stmts) {
                if let Stmt::Assign { place, value, .. } = stmt {
                    let name = place.path.last().and_then(|step| step.as_deref()).unwrap_or(&place.root);
                    if looks_like_key_name(name) {
                        out.extend(literal(*value));
                    }
                }
            }
            for expr in module.expr_ids() {
                if let ExprKind::Call(call) = module.kind(expr) {
                    for arg in &call.args {
                        if arg.name.as_deref().is_some_and(looks_like_key_name) {
                            out.extend(literal(arg.value));
                        }
                    }
                }
            }
        }
        out
    }
}

/// One finding for each rule and place, though several clients lead there: the most severe, first in the file.
fn distinct(mut findings: Vec<Finding>) -> Vec<Finding> {
    let first_label = |finding: &Finding| finding.labels.iter().map(|label| label.at).min();
    findings.sort_by_key(|finding| (finding.at, finding.rule, Reverse(finding.severity), first_label(finding)));
    findings.dedup_by(|later, kept| later.rule == kept.rule && later.at == kept.at);
    findings
}

fn looks_like_key_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["key", "token", "secret", "password", "credential"].iter().any(|word| lower.contains(word))
}

/// Lowers a file; a panic in a parser is that file's trouble alone.
fn extract_safely(source: &Source) -> Result<Module, String> {
    match std::panic::catch_unwind(AssertUnwindSafe(|| extract::extract(source))) {
        Ok(Ok(module)) => Ok(module),
        Ok(Err(problem)) => Err(problem.to_string()),
        Err(_) => Err("internal error while parsing".to_owned()),
    }
}
