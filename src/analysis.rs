//! The pipeline: sources in, findings and routes out.
//!
//! `paths ─ walk ─ source ─ prefilter ─ extract ─► facts ─ resolve ─► routes ─ judge ─► findings`. This module has the
//! part from the prefilter to the findings, and it widens the read set on the way: to the files that imports lead to,
//! to the dotenv files that hold for a file, and, where a client seems to have no base URL, to every file of the
//! project that may give it one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::catalog::Catalog;
use crate::config::{Config, Outside};
use crate::cover;
use crate::facts::{Comment, ExprKind, Stmt};
use crate::finding::{FileId, Finding, Location, RouteRecord};
use crate::fix;
use crate::folders::ByFolder;
use crate::heirs::{self, Heirs};
use crate::imports::Finder;
use crate::prefilter::{Prefilter, Sight};
use crate::project::Project;
use crate::resolve::Value;
use crate::routes::{self, Client, Settled};
use crate::rules::{self, Facts};
use crate::source::Source;
use crate::text::Text;
use crate::workers::Workers;

mod called;
mod clients;
mod dormant;
mod links;
mod open;
mod reach;
mod senders;

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
    /// What is asked for.
    pub asked: Asked,
    /// The threads; without any, one of its own.
    pub workers: Option<&'a Workers>,
    /// The lines of which it is asked which clients they use.
    pub lines: Option<&'a Lines<'a>>,
}

impl<'a> Options<'a> {
    /// All clients with all that is wrong, on one thread.
    pub fn new(config: &'a Config, prefilter: &'a Prefilter<'a>) -> Self {
        let catalog = prefilter.catalog();
        Self { config, catalog, prefilter, extent: Extent::Clients, asked: Asked::All, workers: None, lines: None }
    }
}

/// What of the output is wanted: a large tree has many clients, and each of them is described at length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The routes.
    Routes,
    /// What is wrong.
    Findings,
    /// What is wrong, and each client with what is wrong with it.
    Judged,
    /// All of this.
    All,
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

/// Functions in a row, each called from a file that only the one before leads to.
const MAX_CALLERS: usize = 3;

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

/// Analyses files.
pub fn analyze(given: Vec<Given>, reader: &dyn Reader, options: &Options<'_>) -> Output {
    let work = || Run::new(reader, options).run(given);
    match options.workers {
        Some(workers) => workers.run(work),
        None => Workers::new(1).run(work),
    }
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
    /// Whether something names a key or a host that is not OpenAI's; taken to be so where nobody has to know.
    foreign: bool,
    /// Where all imports of a file lead, as far as that was asked.
    targets_of: HashMap<FileId, Vec<PathBuf>>,
    unparsed: Vec<(FileId, String)>,
    /// The projects' roots, by the folders in them.
    roots: ByFolder<PathBuf>,
    /// The directories whose dotenv files have been added.
    dotenv_dirs: HashSet<PathBuf>,
    /// How many files imports have added.
    imported: usize,
    /// How many words and marks the long files have that were lowered.
    words: usize,
    /// Finds where imports lead.
    finder: Finder,
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
            foreign: true,
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
            roots: ByFolder::default(),
            dotenv_dirs: HashSet::new(),
            imported: 0,
            words: 0,
            finder: Finder::default(),
            clients: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    fn run(mut self, given: Vec<Given>) -> Output {
        let making = given.iter().filter(|given| given.sight.admitted).map(|given| given.bytes).sum::<usize>();
        self.narrow = self.is_large(making);
        let config = self.options.config;
        let must_know = matches!(self.options.extent, Extent::Findings(_))
            && config.keys.is_empty()
            && config.environment.is_empty();
        self.foreign = !must_know || given.iter().any(|given| given.sight.foreign);
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
        if self.narrow {
            self.wake();
        } else if !self.foreign {
            self.admit_requests();
        }
        self.read_manifests();
        let mut clients = self.clients(None);
        if self.admit_senders() {
            clients = self.clients(Some(&BTreeSet::new()));
        }
        for _ in 0..if self.narrow { 1 } else { MAX_CALLERS } {
            // In a large project a request is looked at only where something that is read says where it goes.
            let asked = self.clients.values().flatten().filter(|client| !(self.narrow && client.waiting));
            let open = self.open_functions(asked);
            if !self.link(&open.names, self.narrow, |_| open.files.clone()) {
                break;
            }
            self.admit_makers(&open.heirs);
            clients = self.clients(Some(&open.asking));
        }
        if self.open_named(&clients) {
            // Nothing that is known of the others changes.
            clients = self.clients(Some(&BTreeSet::new()));
        }
        let mut findings = self.judge(&clients);
        if self.options.asked != Asked::Routes
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
        let number = shown.len();
        let routes = match self.options.asked {
            Asked::Findings | Asked::Judged => Vec::new(),
            Asked::Routes | Asked::All => routes::all_records(&self.project, self.options.catalog, &shown),
        };
        let mut last = fix::Last::default();
        for (_, finding) in &mut findings {
            finding.fix = fix::lower(&self.project, &mut last, finding);
        }
        let judged = match self.options.asked {
            Asked::Judged | Asked::All => self.judged(clients, &findings),
            Asked::Routes | Asked::Findings => Vec::new(),
        };
        Output {
            judged,
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

    /// The clients of the given files, each with what is wrong with it.
    fn judged(&self, clients: Vec<Client>, findings: &[(usize, Finding)]) -> Vec<(Client, Vec<Finding>)> {
        let mut own: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
        for (number, finding) in findings {
            own.entry(*number).or_default().push(finding.clone());
        }
        let with_own =
            clients.into_iter().enumerate().map(|(at, client)| (client, own.remove(&at).unwrap_or_default()));
        with_own.filter(|(client, _)| self.project.file(client.at.file).reported).collect()
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
