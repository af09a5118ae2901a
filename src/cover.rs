//! Which environment blocks of a project may give a client the base URL that it seems not to have, and which blocks
//! with a key and no base URL are somebody else's business.
//!
//! A compose service, a CI step or a script sets variables for the programs that it runs; which programs these are
//! nobody says. So a block counts where it may be meant: not where it is a pair of its own, written out in full, for
//! programs that stand elsewhere.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::catalog::Catalog;
use crate::clients::From;
use crate::facts::{BlockId, EnvBlock, EnvKind, ExprKind, Module, Span, Stmt};
use crate::finding::{FileId, Finding, Location};
use crate::imports;
use crate::project::Project;
use crate::resolve::{StepKind, Value, is_test};
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

/// The blocks of a project that set variables, dotenv files apart: which clients read those is known. And the files of
/// code that do: `os.environ["OPENAI_BASE_URL"] = url`.
pub struct Blocks<'p> {
    project: &'p Project,
    by_variable: HashMap<&'p str, Vec<(FileId, &'p EnvBlock)>>,
    written: HashMap<&'p str, Vec<FileId>>,
    /// The last words of what each file imports, as far as somebody asked.
    imports: OnceCell<HashMap<FileId, HashSet<String>>>,
}

impl<'p> Blocks<'p> {
    /// The blocks of a project, by the variables that they set to anything but a URL of OpenAI's.
    pub fn new(project: &'p Project) -> Self {
        let mut by_variable: HashMap<&str, Vec<(FileId, &EnvBlock)>> = HashMap::new();
        let mut written: HashMap<&str, Vec<FileId>> = HashMap::new();
        for id in project.ids() {
            let file = project.file(id);
            let to_another = |&(block, index): &(BlockId, u32)| {
                let stmt = file.module.block(block).stmts.get(index as usize);
                !stmt.is_some_and(|stmt| file.source.slice(span_of(&file.module, stmt)).contains("//api.openai.com"))
            };
            let writes = file.index.env_writes.iter().filter(|(_, places)| places.iter().any(to_another));
            writes.for_each(|(name, _)| written.entry(name).or_default().push(id));
            for block in file.module.env_blocks.iter().filter(|block| block.kind != EnvKind::Dotenv) {
                for var in &block.vars {
                    if !file.source.slice(file.module.span(var.value)).contains("//api.openai.com") {
                        by_variable.entry(&var.name).or_default().push((id, block));
                    }
                }
            }
        }
        Self { project, by_variable, written, imports: OnceCell::new() }
    }

    /// Whether a block may give a client the endpoint that a route lacks.
    pub fn may_give_endpoint(&self, client: &Client, route: &Route) -> bool {
        client.endpoint_variables.iter().any(|name| {
            let blocks = self.by_variable.get(name.as_str()).into_iter().flatten();
            let mut written = self.written.get(name.as_str()).into_iter().flatten();
            blocks.into_iter().any(|&(file, block)| self.is_meant_for(file, block, name, client, route))
                || written.any(|&file| self.runs_with(file, client.at.file))
        })
    }

    /// Whether what one file of code writes to the environment is there when another one runs: they are of one program.
    fn runs_with(&self, writer: FileId, file: FileId) -> bool {
        let path = |id: FileId| self.project.file(id).path.as_path();
        let language = |id: FileId| self.project.file(id).source.language.name();
        // What is written in the file itself has been looked at where it stands.
        if writer == file || language(writer) != language(file) || (is_test(path(writer)) && !is_test(path(file))) {
            return false;
        }
        if self.project.in_one_program(writer, file) {
            return true;
        }
        let stem = |id: FileId| {
            let stem = path(id)
                .file_stem()
                .and_then(|stem| stem.to_str())
                .filter(|stem| !matches!(*stem, "__init__" | "index" | "mod"));
            stem.or_else(|| path(id).parent()?.file_name()?.to_str()).unwrap_or("").to_owned()
        };
        let (of_writer, of_file) = (stem(writer), stem(file));
        let imports = self.imports.get_or_init(|| self.project.ids().map(|id| (id, self.imported_by(id))).collect());
        imports.iter().any(|(&id, names)| {
            language(id) == language(file)
                && (id == writer || names.contains(&of_writer))
                && (id == file || names.contains(&of_file))
        })
    }

    /// The last words of what a file imports.
    fn imported_by(&self, id: FileId) -> HashSet<String> {
        let file = self.project.file(id);
        let last = |key: String| match file.source.language.is_javascript() {
            true => key.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or("").to_owned(),
            false => key.rsplit('.').next().unwrap_or("").to_owned(),
        };
        imports::keys(file.source.language, &file.path, &file.module).into_iter().map(last).collect()
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

/// Where a statement that writes a variable stands.
fn span_of(module: &Module, stmt: &Stmt) -> Span {
    match stmt {
        Stmt::Assign { span, .. } => *span,
        Stmt::Expr(expr) => module.span(*expr),
        _ => Span::default(),
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
