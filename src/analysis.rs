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

use crate::catalog::Catalog;
use crate::config::{Config, Outside};
use crate::cover;
use crate::facts::{Comment, ExprKind, Stmt};
use crate::finding::{FileId, Finding, Location, RouteRecord};
use crate::fix;
use crate::heirs::{self, Heirs};
use crate::imports;
use crate::language::Language;
use crate::prefilter::{Prefilter, Sight};
use crate::project::{Project, Wanted};
use crate::resolve::{KnownSites, Resolver, Value};
use crate::routes::{self, Client, Settled};
use crate::rules::{self, Facts};
use crate::source::Source;
use crate::text::Text;

mod called;
mod dormant;
mod open;
mod reach;

pub use called::Lines;
use reach::New;

/// A file that findings may be about.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its text, or no text where [`Given::new`] has found it not worth keeping: then it is read again if need be.
    pub source: Source,
    /// Where it is, absolute.
    pub path: PathBuf,
    /// What the text shows.
    pub sight: Sight,
    /// Its length in bytes.
    bytes: usize,
    /// What it says of classes, if it was looked at.
    classes: Option<Vec<heirs::Pair>>,
}

impl Given {
    /// Looks at a file; `keep` says that it is one of few, or cannot be read again.
    pub fn new(mut source: Source, path: PathBuf, prefilter: &Prefilter<'_>, keep: bool) -> Self {
        let (sight, bytes) = (prefilter.look(&source, !keep), source.text.len());
        let classes = if source.language.is_code() { heirs::pairs(&source) } else { Vec::new() };
        if !keep && !sight.certain {
            source.close();
        }
        Self { source, path, sight, bytes, classes: Some(classes) }
    }

    /// Takes a file without a look: it is parsed whatever it holds.
    pub fn taken(source: Source, path: PathBuf) -> Self {
        let sight = Sight::unseen(&source);
        Self { bytes: source.text.len(), source, path, sight, classes: None }
    }
}

/// How the analysis gets at files besides the given ones.
pub trait Reader: Sync {
    /// Reads a file, if it is there and is text in one of the languages.
    fn read(&self, path: &Path) -> Option<Source>;
    /// The root of the project that a directory is in.
    fn root(&self, dir: &Path) -> PathBuf;
    /// All files below a project's root that a run over it would read.
    fn all(&self, root: &Path) -> Vec<PathBuf>;
}

/// A reader for files that stand alone: there is none besides the given ones, and their project is the folder here.
#[derive(Clone, Copy, Debug)]
pub struct Alone<'a>(pub &'a Path);

impl Reader for Alone<'_> {
    fn read(&self, _: &Path) -> Option<Source> {
        None
    }

    fn root(&self, _: &Path) -> PathBuf {
        self.0.to_path_buf()
    }

    fn all(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// What holds for a run.
pub struct Options<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Providers and clients.
    pub catalog: &'a Catalog,
    /// What tells which files are worth parsing.
    pub prefilter: &'a Prefilter<'a>,
    /// Which files are parsed.
    pub extent: Extent,
    /// Whether findings are asked for, or only the routes.
    pub findings: bool,
    /// Number of threads; 0: as many as there are processors.
    pub threads: usize,
    /// The lines of which it is asked which clients they use.
    pub lines: Option<&'a Lines<'a>>,
}

impl<'a> Options<'a> {
    /// All clients with all that is wrong, on one thread.
    pub fn new(config: &'a Config, prefilter: &'a Prefilter<'a>) -> Self {
        let catalog = prefilter.catalog();
        Self { config, catalog, prefilter, extent: Extent::Clients, findings: true, threads: 1, lines: None }
    }
}

/// Which files are parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every file, whatever the prefilter says. What is found must be the same.
    Everything,
    /// Every file that may say something of a client.
    Clients,
    /// In a project where these are more than so many bytes, only those that may be about a finding, and what these
    /// lead to.
    Findings(usize),
}

/// Bytes that may say something of clients up to which a project is looked at as a whole: parsing these takes a tenth of
/// a second or so.
pub const SMALL: usize = 2 << 20;

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
    /// The clients with all that is wrong with each, in the order of the files.
    pub judged: Vec<(Client, Vec<Finding>)>,
    /// The literals that something named like a key is given.
    pub written: Vec<Written>,
    /// The lines that were asked about, each with the place of a client that it uses.
    pub called: Vec<(Location, Location)>,
    /// Files that could not be parsed, and why.
    pub unparsed: Vec<(FileId, String)>,
    /// Files of which the parser had to skip something.
    pub partly: Vec<FileId>,
}

/// A literal that something named like a key is given.
#[derive(Clone, Debug)]
pub struct Written {
    /// What it is given to.
    pub name: Option<String>,
    /// The literal.
    pub value: Text,
    /// Where it stands.
    pub at: Location,
}

/// Stack of a worker. syn and the extractors are bounded by depth, not by the default stack's size.
const STACK: usize = 64 << 20;
/// How many files one resolver is asked about: always the same ones, however many threads there are.
const TOGETHER: usize = 32;
/// How many resolvers are asked before what they found is given to the next ones: as many, whoever runs them.
const AT_A_TIME: usize = 8;
/// How often resolvers may ask for more files.
const MAX_ROUNDS: usize = 24;

/// Analyses files.
pub fn analyze(given: Vec<Given>, reader: &dyn Reader, options: &Options<'_>) -> Output {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).stack_size(STACK).build();
    match pool {
        Ok(pool) => pool.install(|| Run::new(reader, options).run(given)),
        // Without threads of its own the run uses whatever there are.
        Err(_) => Run::new(reader, options).run(given),
    }
}

/// A file, and which of its calls are settled.
type Asked = (FileId, Settled);

/// What was found in some files.
#[derive(Default)]
struct Answers {
    /// The clients of each, and which of its calls are settled.
    files: Vec<(Asked, Vec<Client>)>,
    /// The imports that were left open.
    wanted: BTreeSet<Wanted>,
    /// The calls of functions that were found.
    sites: KnownSites,
}

struct Run<'a> {
    reader: &'a dyn Reader,
    options: &'a Options<'a>,
    project: Project,
    parsed: BTreeSet<FileId>,
    /// The parsed files whose imports have been settled, as far as that can be done without reading others.
    settled: BTreeSet<FileId>,
    /// What the text of each file shows.
    sights: Vec<Sight>,
    /// Whether only files are parsed that may be about a finding.
    narrow: bool,
    /// Where imports lead, by folder.
    targets: HashMap<(PathBuf, Language, String), Option<PathBuf>>,
    /// Where all imports of a file lead, as far as that was asked.
    targets_of: HashMap<FileId, Vec<PathBuf>>,
    unparsed: Vec<(FileId, String)>,
    roots: HashMap<PathBuf, PathBuf>,
    /// How many files imports have added.
    imported: usize,
    packages: imports::Packages,
    folders: imports::Folders,
    /// The clients of each file, as the last look at it found them.
    clients: BTreeMap<FileId, Vec<Client>>,
    /// Which of its calls were settled then.
    asked: BTreeMap<FileId, Settled>,
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
            sights: Vec::new(),
            narrow: false,
            targets: HashMap::new(),
            project: Project {
                environment,
                declared_keys,
                declared_clients: declared_clients(options.catalog),
                ..Project::default()
            },
            parsed: BTreeSet::new(),
            settled: BTreeSet::new(),
            targets_of: HashMap::new(),
            unparsed: Vec::new(),
            roots: HashMap::new(),
            imported: 0,
            packages: imports::Packages::default(),
            folders: imports::Folders::default(),
            clients: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    fn run(mut self, given: Vec<Given>) -> Output {
        let making = given.iter().filter(|given| given.sight.admitted).map(|given| given.bytes).sum::<usize>();
        self.narrow = self.is_large(making);
        let looked_at = given.iter().all(|given| given.classes.is_some());
        self.project.heirs = (looked_at && self.options.extent != Extent::Everything).then(|| {
            let pairs = given.iter().flat_map(|given| given.classes.iter().flatten().copied());
            Heirs::new(self.options.catalog, pairs)
        });
        let new = given.into_iter().map(|given| New {
            source: given.source,
            path: given.path,
            reported: true,
            sight: given.sight,
        });
        let added = self.add(new.collect());
        self.follow_imports(added);
        self.add_dotenv();
        if self.narrow {
            self.wake();
        }
        self.read_manifests();
        let mut clients = self.clients(None);
        // In a large project a request is looked at only where something that is read says where it goes.
        let asked = self.clients.values().flatten().filter(|client| !(self.narrow && client.waiting));
        let open = self.open_functions(asked);
        if self.link(&open.names, self.narrow, |_| open.files.clone()) {
            clients = self.clients(Some(&open.asking));
        }
        if self.open_named(&clients) {
            // Nothing that is known of the others changes.
            clients = self.clients(Some(&BTreeSet::new()));
        }
        let mut findings = self.judge(&clients);
        if self.options.findings
            && self.link(&BTreeSet::new(), self.narrow, |run| rules::unlinked(&run.facts(&clients), &clients))
        {
            findings = self.judge(&clients);
        }
        if findings.iter().any(|(_, finding)| rules::rests_on_default(finding)) {
            let in_question = self.narrow.then(|| {
                let open = findings.iter().filter(|(_, finding)| rules::rests_on_default(finding));
                open.filter_map(|(number, _)| clients.get(*number)).map(|client| client.at.file).collect()
            });
            if self.widen(&clients, &findings) {
                // Variables may have other values now, and packages other versions.
                self.asked.clear();
                self.read_manifests();
                clients = self.clients(in_question.as_ref());
                findings = self.judge(&clients);
            }
            cover::drop_covered_blocks(&self.project, self.options.catalog, &clients, &mut findings);
        }
        self.output(clients, findings)
    }

    /// Whether so many bytes that may say something of a client are too many to parse all of them.
    fn is_large(&self, making: usize) -> bool {
        matches!(self.options.extent, Extent::Findings(most) if making > most)
    }

    /// The clients of all parsed files that are given, and of the others that were added to look for a base URL.
    ///
    /// A resolver that meets an import whose file has not been read leaves it open; then the file is read, and that
    /// resolver asked again.
    /// `again` are the files of which more is known by now: those of the others stay as they are.
    fn clients(&mut self, again: Option<&BTreeSet<FileId>>) -> Vec<Client> {
        let worth = |id: &FileId| self.options.extent == Extent::Everything || self.sights[id.index()].admitted;
        let looked_at = |id: &FileId| (self.project.file(*id).reported || self.project.widened) && worth(id);
        let asked = |id: &FileId| again.is_none_or(|again| again.contains(id) || !self.clients.contains_key(id));
        let open = self.parsed.iter().copied().filter(looked_at).filter(asked);
        let open: Vec<FileId> = open.collect();
        let settled = |id| {
            let mut settled = self.asked.remove(&id).unwrap_or_default();
            settled.ask_again();
            (id, settled)
        };
        let mut open: Vec<Asked> = open.into_iter().map(settled).collect();
        for _ in 0..MAX_ROUNDS {
            self.settle_imports();
            let mut wanted = BTreeSet::new();
            let mut left = open.into_iter();
            open = Vec::new();
            loop {
                let next: Vec<Asked> = left.by_ref().take(TOGETHER * AT_A_TIME).collect();
                if next.is_empty() {
                    break;
                }
                let answers: Vec<Answers> =
                    next.into_par_iter().chunks(TOGETHER).map(|files| self.clients_of(files)).collect();
                for found in answers {
                    wanted.extend(found.wanted);
                    self.project.sites.learn(found.sites);
                    for ((id, settled), clients) in found.files {
                        self.clients.insert(id, clients);
                        match settled.is_final() {
                            true => drop(self.asked.insert(id, settled)),
                            false => open.push((id, settled)),
                        }
                    }
                }
            }
            if wanted.is_empty() {
                break;
            }
            let added = self.fetch(wanted);
            self.follow_imports(added);
        }
        self.project.link();
        let known = self.clients.values().flatten().filter(|client| !client.waiting);
        let mut clients: Vec<Client> = known.cloned().collect();
        routes::drop_consumed(&mut clients);
        routes::doubt(&self.project, &mut clients);
        clients
    }

    /// The clients of some files, by one resolver: what one of them asked, the next one knows.
    fn clients_of(&self, files: Vec<Asked>) -> Answers {
        let mut resolver = Resolver::new(&self.project);
        let mut answers = Answers::default();
        for (id, mut settled) in files {
            // What was read for its names alone calls no clients, or none that a finding may be about.
            let calls = self.admits(self.sights[id.index()]) || self.sights[id.index()].makes;
            let work = || routes::of_file(&mut resolver, self.options.catalog, id, calls, &mut settled);
            match std::panic::catch_unwind(AssertUnwindSafe(work)) {
                Ok(found) => answers.files.push(((id, settled), found)),
                // Nobody knows in which state it is.
                Err(_) => {
                    let broken = std::mem::replace(&mut resolver, Resolver::new(&self.project));
                    answers.wanted.extend(broken.into_parts().0);
                    answers.files.push(((id, Settled::broken()), Vec::new()));
                }
            }
        }
        let (wanted, sites) = resolver.into_parts();
        answers.wanted.extend(wanted);
        answers.sites = sites;
        answers
    }

    fn facts(&self, clients: &[Client]) -> Facts<'_> {
        let config = self.options.config;
        let allowed = config.policy.allowed(&config.root);
        Facts::new(self.options.catalog, &self.project, clients, allowed)
    }

    fn judge(&self, clients: &[Client]) -> Vec<(usize, Finding)> {
        let facts = self.facts(clients);
        let mut findings: Vec<(usize, Finding)> = clients
            .par_iter()
            .enumerate()
            .filter(|(_, client)| self.project.file(client.at.file).reported)
            .flat_map_iter(|(number, client)| {
                rules::check(&facts, client).into_iter().map(move |finding| (number, finding))
            })
            .collect();
        findings.extend(rules::check_together(&facts, clients));
        // What is about no client has no client's number.
        findings.extend(rules::check_environments(&facts).into_iter().map(|finding| (clients.len(), finding)));
        findings
    }

    fn output(mut self, clients: Vec<Client>, mut findings: Vec<(usize, Finding)>) -> Output {
        let called = self.called(&clients);
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
        let written = self.key_literals();
        secrets.extend(written.iter().map(|written| written.at));
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
        let routes = shown.iter().flat_map(|client| routes::records(client)).collect();
        let number = shown.len();
        let mut last = fix::Last::default();
        for (_, finding) in &mut findings {
            finding.fix = fix::lower(&self.project, &mut last, finding);
        }
        let mut own: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
        for (number, finding) in &findings {
            own.entry(*number).or_default().push(finding.clone());
        }
        let is_reported: Vec<bool> = clients.iter().map(|client| reported(&client)).collect();
        let judged = clients.into_iter().enumerate().filter(|(number, _)| is_reported[*number]);
        Output {
            judged: judged.map(|(number, client)| (client, own.remove(&number).unwrap_or_default())).collect(),
            written,
            called,
            findings: distinct(findings.into_iter().map(|(_, finding)| finding).collect()),
            routes,
            comments,
            secrets: secrets.into_iter().collect(),
            files_parsed: self.parsed.len(),
            clients: number,
            unparsed: self.unparsed,
            partly: self.project.ids().filter(|&id| self.project.file(id).module.recovered).collect(),
            reported: self.project.files.iter().map(|file| file.reported).collect(),
            sources: self.project.files.into_par_iter().map(|file| file.source).collect(),
        }
    }

    /// Literals given to something that is named like a key.
    fn key_literals(&self) -> Vec<Written> {
        let mut out = Vec::new();
        for id in self.project.ids() {
            let module = &self.project.file(id).module;
            let mut literal = |name: &str, expr| {
                if let ExprKind::Str(value) = module.kind(expr)
                    && looks_like_key_name(name)
                {
                    let at = Location { file: id, span: module.span(expr) };
                    out.push(Written { name: Some(name.to_owned()), value: value.clone(), at });
                }
            };
            for var in module.env_blocks.iter().flat_map(|block| &block.vars) {
                literal(&var.name, var.value);
            }
            for stmt in module.blocks.iter().flat_map(|block| &block.stmts) {
                if let Stmt::Assign { place, value, .. } = stmt {
                    literal(place.path.last().and_then(|step| step.as_deref()).unwrap_or(&place.root), *value);
                }
            }
            for expr in module.expr_ids() {
                if let ExprKind::Call(call) = module.kind(expr) {
                    for arg in &call.args {
                        literal(arg.name.as_deref().unwrap_or_default(), arg.value);
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

/// Module and name of each client of the configuration.
fn declared_clients(catalog: &Catalog) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for client in catalog.own_clients() {
        for callee in client.construct.iter().flat_map(|construct| &construct.callee) {
            if client.modules.is_empty()
                && let Some((module, name)) = callee.rsplit_once('.')
            {
                out.push((module.to_owned(), name.to_owned()));
            }
            let name = callee.split('.').next().unwrap_or(callee);
            out.extend(client.modules.iter().map(|module| (module.clone(), name.to_owned())));
        }
    }
    out
}

fn looks_like_key_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["key", "token", "secret", "password", "credential"].iter().any(|word| lower.contains(word))
}
