//! Which environment blocks of a project may give a client the base URL that it seems not to have, and which blocks
//! with a key and no base URL are somebody else's business.
//!
//! A compose service, a CI step or a script sets variables for the programs that it runs; which programs these are
//! nobody says. So a block counts where it may be meant: not where it is a pair of its own, written out in full, for
//! programs that stand elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::catalog::Catalog;
use crate::clients::From;
use crate::facts::{EnvBlock, EnvKind, ExprKind, Span};
use crate::finding::{FileId, Finding, Location};
use crate::project::Project;
use crate::resolve::{StepKind, Value};
use crate::routes::{Client, Key, Route, URL_SUFFIXES, key_prefix};
use crate::rules;

/// Folders that hold what runs the program in the folder above, by convention.
const DEPLOYMENT: &[&str] = &[
    ".circleci",
    ".devcontainer",
    ".docker",
    ".github",
    ".gitlab",
    ".vscode",
    "base",
    "bin",
    "charts",
    "ci",
    "compose",
    "deploy",
    "deployment",
    "deployments",
    "docker",
    "helm",
    "infra",
    "infrastructure",
    "k8s",
    "kubernetes",
    "manifests",
    "ops",
    "overlays",
    "scripts",
    "workflows",
];

/// The blocks of a project that set variables, dotenv files apart: which clients read those is known.
pub struct Blocks<'p> {
    project: &'p Project,
    by_variable: HashMap<&'p str, Vec<(FileId, &'p EnvBlock)>>,
}

impl<'p> Blocks<'p> {
    /// The blocks of a project, by the variables that they set to anything but a URL of OpenAI's.
    pub fn new(project: &'p Project) -> Self {
        let mut by_variable: HashMap<&str, Vec<(FileId, &EnvBlock)>> = HashMap::new();
        for id in project.ids() {
            let file = project.file(id);
            for block in file.module.env_blocks.iter().filter(|block| block.kind != EnvKind::Dotenv) {
                for var in &block.vars {
                    if !file.source.slice(file.module.span(var.value)).contains("//api.openai.com") {
                        by_variable.entry(&var.name).or_default().push((id, block));
                    }
                }
            }
        }
        Self { project, by_variable }
    }

    /// Whether a block may give a client the endpoint that a route lacks.
    pub fn may_give_endpoint(&self, client: &Client, route: &Route) -> bool {
        client.endpoint_variables.iter().any(|name| {
            let blocks = self.by_variable.get(name.as_str()).into_iter().flatten();
            blocks.into_iter().any(|&(file, block)| self.is_meant_for(file, block, name, client, route))
        })
    }

    fn is_meant_for(&self, file: FileId, block: &EnvBlock, url: &str, client: &Client, route: &Route) -> bool {
        let module = &self.project.file(file).module;
        let prefix = URL_SUFFIXES.iter().find_map(|suffix| url.strip_suffix(suffix)).unwrap_or(url);
        let is_pair = block.vars.iter().any(|var| {
            key_prefix(&var.name) == Some(prefix)
                && matches!(module.kind(var.value), ExprKind::Str(text) if !text.is_empty())
        });
        if !is_pair {
            return true;
        }
        // A pair in full says nothing of another block's key, and of code only where it gives the code its key, or
        // where the code stands below it.
        !client.is_block()
            && (block.vars.iter().any(|var| reads(&route.key, &var.name)) || self.stands_above(file, client.at.file))
    }

    /// Whether what a file sets up is the program in another file: it stands in the folder of that file or above.
    fn stands_above(&self, block: FileId, code: FileId) -> bool {
        program(self.project, block).is_some_and(|dir| self.project.file(code).path.starts_with(dir))
    }
}

/// The folder of the program that a file sets up: its own, or the one above where its own is there for that.
fn program(project: &Project, block: FileId) -> Option<&Path> {
    let mut dir = project.file(block).path.parent();
    while let Some(folder) = dir.filter(|dir| is_deployment(dir)) {
        dir = folder.parent();
    }
    dir
}

/// The folder of the programs that a block may be meant for, where it does not say so: its program's, or the whole
/// workspace, which is the topmost folder above it with a manifest.
pub fn scope(project: &Project, block: FileId) -> Option<PathBuf> {
    const MANIFESTS: [&str; 7] =
        ["package.json", "pyproject.toml", "setup.py", "requirements.txt", "Cargo.toml", "go.mod", "deno.json"];
    /// Folders of settings, by convention.
    const SETTINGS: [&str; 4] = ["conf", "config", "env", "envs"];
    let program = program(project, block)?;
    let name = program.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let program = program.parent().filter(|_| SETTINGS.contains(&name)).unwrap_or(program);
    let inside = |dir: &&Path| project.roots.iter().any(|root| dir.starts_with(root));
    let is_workspace = |dir: &&Path| MANIFESTS.iter().any(|name| dir.join(name).is_file());
    let workspace = program.ancestors().take_while(inside).filter(is_workspace).last();
    Some(workspace.unwrap_or(program).to_path_buf())
}

fn is_deployment(dir: &Path) -> bool {
    dir.file_name().and_then(|name| name.to_str()).is_some_and(|name| DEPLOYMENT.contains(&name))
}

/// Whether a key is read from a variable.
fn reads(key: &Key, variable: &str) -> bool {
    matches!(&key.from, From::Environment(name) if name == variable)
        || matches!(&key.alt.value, Value::Env(name, _) if name == variable)
        || key
            .alt
            .steps
            .iter()
            .any(|step| matches!(&step.kind, StepKind::Env(name) | StepKind::EnvValue(name) if name == variable))
}

/// Whether a key may come from a variable: it does, or nobody knows where it comes from.
fn may_read(key: &Key, variable: &str) -> bool {
    reads(key, variable) || key.from == From::Nothing || matches!(key.alt.value, Value::Unknown(_) | Value::Made(_))
}

/// An environment block with a key and no URL is not the place to complain where code reads the key: there each client
/// is judged. Nor where something in the project may send it to the right host: then somebody knows.
pub fn drop_covered_blocks(
    project: &Project,
    catalog: &Catalog,
    clients: &[Client],
    findings: &mut Vec<(usize, Finding)>,
) {
    let is_open =
        |(number, finding): &(usize, Finding)| finding.rule == rules::WITHOUT_BASE_URL && clients[*number].is_block();
    if !findings.iter().any(is_open) {
        return;
    }
    let mut covers = Covers::new(project, catalog, clients);
    findings.retain(|found| !is_open(found) || !covers.cover(found.0));
}

/// What may cover a block, each thing asked once for all blocks that it is the same for.
struct Covers<'a> {
    project: &'a Project,
    clients: &'a [Client],
    /// Where the project names one of Mixroute's hosts.
    mentions: Vec<Location>,
    /// Who has a place on the way of its key: a client, and whether another one has it as well.
    ways: BTreeMap<Location, (usize, bool)>,
    /// Whether some code may send what is in a variable, set in a file, to somewhere that nobody knows.
    sent: HashMap<(&'a str, FileId), bool>,
    /// The places of hosts that are the endpoints of other keys than a variable's, each with its client.
    taken: HashMap<&'a str, Vec<(usize, Location)>>,
}

impl<'a> Covers<'a> {
    fn new(project: &'a Project, catalog: &Catalog, clients: &'a [Client]) -> Self {
        let mut ways: BTreeMap<Location, (usize, bool)> = BTreeMap::new();
        for (number, client) in clients.iter().enumerate() {
            for step in client.routes.iter().flat_map(|route| &route.key.alt.steps) {
                let (first, shared) = ways.entry(step.at).or_insert((number, false));
                *shared |= *first != number;
            }
        }
        let mentions = mentions(project, catalog);
        Self { project, clients, mentions, ways, sent: HashMap::new(), taken: HashMap::new() }
    }

    fn cover(&mut self, number: usize) -> bool {
        let clients = self.clients;
        let block = &clients[number];
        let mut own = block.routes.iter().flat_map(|route| &route.key.alt.steps);
        own.any(|step| self.ways.get(&step.at).is_some_and(|(_, shared)| *shared))
            || self.is_sent(&block.callee, block.at.file)
            || self.may_be_meant(number)
    }

    fn is_sent(&mut self, variable: &'a str, file: FileId) -> bool {
        if let Some(&known) = self.sent.get(&(variable, file)) {
            return known;
        }
        let scope = scope(self.project, file);
        let is_near = |client: &Client| {
            scope.as_ref().is_none_or(|scope| self.project.file(client.at.file).path.starts_with(scope))
        };
        let may_send = |route: &Route| route.endpoint.is_unknown() && may_read(&route.key, variable);
        let mut code = self.clients.iter().filter(|client| !client.is_block());
        let sent = code.any(|client| client.routes.iter().any(may_send) && is_near(client));
        self.sent.insert((variable, file), sent);
        sent
    }

    /// Whether some place that names the right host is not the endpoint of a client with another key.
    fn may_be_meant(&mut self, number: usize) -> bool {
        if self.mentions.is_empty() {
            return false;
        }
        let clients = self.clients;
        let variable = clients[number].callee.as_str();
        let taken = self.taken.entry(variable).or_insert_with(|| {
            let routes = clients
                .iter()
                .enumerate()
                .flat_map(|(number, client)| client.routes.iter().map(move |route| (number, client, route)));
            let others = routes.filter(|(_, client, route)| {
                let own_key = client.is_block() && matches!(route.key.alt.value, Value::Str(..));
                own_key || !may_read(&route.key, variable)
            });
            let places = others.filter_map(|(number, _, route)| match route.endpoint.alt.value {
                Value::Str(_, at) | Value::Concat(_, at) => Some((number, at)),
                _ => None,
            });
            places.collect()
        });
        self.mentions.iter().any(|mention| {
            let mut others = taken.iter().filter(|(other, _)| *other != number);
            !others.any(|(_, at)| at.file == mention.file && at.span.contains(mention.span))
        })
    }
}

/// Where the project names one of Mixroute's hosts.
fn mentions(project: &Project, catalog: &Catalog) -> Vec<Location> {
    let hosts = catalog.provider("mixroute").map(|provider| provider.hosts.as_slice()).unwrap_or_default();
    let mut out = Vec::new();
    for file in project.ids() {
        let text = project.file(file).source.text.as_bytes();
        for host in hosts {
            let found = memchr::memmem::find_iter(text, host.as_bytes());
            out.extend(found.map(|at| Location { file, span: Span::new(at, at + host.len()) }));
        }
    }
    out
}
