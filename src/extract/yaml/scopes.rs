//! Finds the environment blocks of a file by the shape of what is around them.

use super::mask::Masked;
use super::tree::{Kind, NodeId, Tree};
use super::value::{Values, is_upper};
use super::vars::{self, Names, entries, get};
use crate::facts::{Builder, EnvBlock, EnvKind, EnvSource, ExprKind, Span};
use crate::source::Source;

/// Variables that a file's aliases and merges may bring in, beyond those written out.
const MAX_MERGED: usize = 50_000;

/// What a node takes from the nodes around it. It is carried from parent to child, which stand in this order.
#[derive(Clone, Copy, Default)]
struct Around {
    doc: Doc,
    /// The block whose variables hold here.
    scope: Option<usize>,
    /// Inside a Kubernetes object.
    kubernetes: bool,
    /// Inside something that is only there to be referred to.
    fragment: bool,
    /// In a CI file, inside a container that takes nothing from the job.
    container: bool,
}

/// What kind of document a node is in.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Doc {
    #[default]
    Other,
    Compose,
    /// Scopes inside scopes: a workflow, its jobs, their steps.
    Ci,
    /// The same in a file that is no CI system's.
    Tasks,
}

/// Finds all blocks.
pub(super) fn find(source: &Source, masked: &Masked, tree: &Tree<'_>, builder: &mut Builder) -> Vec<EnvBlock> {
    let values = Values { source, masked, tree, builder };
    let mut finder = Finder {
        values,
        claimed: vec![false; tree.nodes.len()],
        done: vec![false; tree.nodes.len()],
        blocks: Vec::new(),
        fuel: MAX_MERGED + tree.nodes.len(),
    };
    let mut around = vec![Around::default(); tree.nodes.len()];
    for (id, node) in tree.nodes.iter().enumerate() {
        let mut here = match node.parent {
            Some(parent) => finder.inherit(around[parent], node.key),
            None => Around { doc: finder.document(id), ..Around::default() },
        };
        here.fragment |= node.shared;
        if matches!(node.kind, Kind::Map(_)) {
            finder.map(id, &mut here);
        }
        around[id] = here;
    }
    finder.blocks
}

struct Finder<'a> {
    values: Values<'a>,
    /// Mappings that a more telling place has taken for variables.
    claimed: Vec<bool>,
    /// Mappings whose environment has been read.
    done: Vec<bool>,
    blocks: Vec<EnvBlock>,
    fuel: usize,
}

impl Finder<'_> {
    fn document(&self, root: NodeId) -> Doc {
        let tree = self.values.tree;
        let path = self.values.source.path.to_string_lossy().replace('\\', "/");
        let has = |name: &str| get(tree, root, name).is_some();
        let github = has("jobs") && (has("on") || has("true"));
        let services = get(tree, root, "services");
        if github || is_ci(&path) {
            Doc::Ci
        } else if services.is_some_and(|services| matches!(tree.nodes[services].kind, Kind::Map(_))) {
            Doc::Compose
        } else if path.rsplit('/').next().is_some_and(|name| name.to_ascii_lowercase().starts_with("taskfile.")) {
            Doc::Tasks
        } else {
            Doc::Other
        }
    }

    fn inherit(&self, parent: Around, key: Option<NodeId>) -> Around {
        let name = key.and_then(|key| self.values.tree.scalar(key)).unwrap_or("");
        let mut here = parent;
        if parent.doc == Doc::Ci && matches!(name, "services" | "container" | "containers") {
            here.scope = None;
            here.container = true;
        }
        here.fragment |= parent.doc == Doc::Compose && name.starts_with("x-");
        here
    }

    fn map(&mut self, id: NodeId, here: &mut Around) {
        let tree = self.values.tree;
        if here.doc == Doc::Compose && tree.nodes[id].parent.is_none() {
            self.services(id);
        }
        let scalar = |name: &str| get(tree, id, name).and_then(|value| tree.scalar(value));
        if let (Some(_), Some(kind)) = (scalar("apiVersion"), scalar("kind")) {
            here.kubernetes = true;
            self.object(id, kind);
        }
        let own = if self.done[id] { None } else { self.environment(id, here) };
        if matches!(here.doc, Doc::Ci | Doc::Tasks) {
            if own.is_some() {
                here.scope = own;
            }
            if is_process(tree, id)
                && let Some(scope) = here.scope
            {
                self.blocks[scope].runs = true;
            }
        }
        if !self.claimed[id] {
            self.mapping(id, *here);
        }
    }

    /// The services of a compose file.
    fn services(&mut self, root: NodeId) {
        let tree = self.values.tree;
        let Some(services) = get(tree, root, "services") else { return };
        for (key, service) in entries(tree, services, &mut self.fuel).unwrap_or_default() {
            let (Some(label), Some(settings)) = (tree.scalar(key), entries(tree, service, &mut self.fuel)) else {
                continue;
            };
            let find = |name: &str| settings.iter().rfind(|(key, _)| tree.scalar(*key) == Some(name));
            self.done[service] = true;
            let mut files = Vec::new();
            let mut open = find("extends").is_some();
            if let Some((_, file)) = find("env_file") {
                open |= !self.env_files(*file, &mut files);
            }
            let span = Span {
                start: tree.nodes[key].span.start,
                end: tree.nodes[service].span.end.max(tree.nodes[key].span.end),
            };
            let programs = programs(tree, service);
            let block = EnvBlock { open, sources: files, programs, ..EnvBlock::new(EnvKind::Compose, label, span) };
            let environment = find("environment").map(|(_, value)| *value);
            self.emit(block, environment, Names::All);
        }
    }

    /// The paths of `env_file`; false where one of them is not known.
    fn env_files(&self, node: NodeId, files: &mut Vec<EnvSource>) -> bool {
        let tree = self.values.tree;
        let items = match &tree.nodes[node].kind {
            Kind::Seq(items) => items.clone(),
            _ => vec![node],
        };
        let mut known = true;
        for item in items {
            let path = get(tree, item, "path").unwrap_or(item);
            let masked = !self.values.masked.within(tree.nodes[path].span.range()).is_empty();
            match tree.scalar(path) {
                Some(text) if !masked && !text.contains('$') => {
                    files.push(EnvSource::File { path: text.to_owned(), raw: false });
                }
                _ => known = false,
            }
        }
        known
    }

    /// The data of a ConfigMap or Secret.
    fn object(&mut self, id: NodeId, kind: &str) {
        if !matches!(kind, "ConfigMap" | "Secret" | "SealedSecret") {
            return;
        }
        let tree = self.values.tree;
        let name = get(tree, id, "metadata").and_then(|meta| get(tree, meta, "name"));
        let label = name.and_then(|name| tree.scalar(name)).unwrap_or(kind).to_owned();
        for field in ["data", "stringData"] {
            let Some(data) = get(tree, id, field) else { continue };
            self.claimed[data] = true;
            let span = tree.nodes[data].span;
            let block = EnvBlock { runs: false, ..EnvBlock::new(EnvKind::Store, label.as_str(), span) };
            let found = self.emit(block, Some(data), Names::All);
            // Base64: the names are known, the values are not.
            if let Some(found) = found.filter(|_| kind == "Secret" && field == "data") {
                for var in &self.blocks[found].vars {
                    self.values.builder.module().exprs[var.value.index()].kind = ExprKind::Unknown;
                }
            }
        }
    }

    /// The environment that a mapping has under one of the usual keys.
    fn environment(&mut self, id: NodeId, here: &Around) -> Option<usize> {
        let tree = self.values.tree;
        let all = entries(tree, id, &mut self.fuel).unwrap_or_default();
        let mut last = None;
        for (key, value) in all {
            let Some(name) = tree.scalar(key) else { continue };
            let build = name == "args" && self.key_of(id) == Some("build");
            if !(is_environment(name) || build) || !matches!(tree.nodes[value].kind, Kind::Map(_) | Kind::Seq(_)) {
                continue;
            }
            self.claimed[value] = true;
            let kind = match here.doc {
                _ if here.kubernetes => EnvKind::Kubernetes,
                Doc::Ci => EnvKind::Ci,
                _ => EnvKind::Mapping,
            };
            let nested = matches!(here.doc, Doc::Ci | Doc::Tasks);
            // What merges bring in stands elsewhere.
            let own = tree.nodes[value].parent == Some(id);
            let at = tree.nodes[if own { key } else { id }].span;
            let end = if own { tree.nodes[value].span.end } else { at.end };
            let block = EnvBlock {
                parent: if nested { last.or(here.scope) } else { None },
                open: get(tree, id, "envFrom").is_some()
                    || get(tree, id, "extends").is_some()
                    || tree.nodes[id].partial,
                runs: if nested { here.container } else { !here.fragment && !build },
                programs: programs(tree, id),
                ..EnvBlock::new(kind, self.label(id, value, kind), Span { start: at.start, end: end.max(at.end) })
            };
            last = self.emit(block, Some(value), Names::All).or(last);
        }
        last
    }

    /// A mapping that holds variables by their names.
    fn mapping(&mut self, id: NodeId, here: Around) {
        let tree = self.values.tree;
        let all = entries(tree, id, &mut self.fuel).unwrap_or_default();
        let telling = |key: NodeId, value: NodeId| {
            tree.scalar(key).is_some_and(is_telling)
                && matches!(tree.nodes[value].kind, Kind::Scalar(..) | Kind::Tagged)
        };
        if !all.iter().any(|(key, value)| telling(*key, *value)) {
            return;
        }
        // In a workflow, these are inputs of an action or secrets of another workflow: what becomes of them is its own.
        let ci = here.doc == Doc::Ci;
        let kind = match here.doc {
            _ if here.kubernetes => EnvKind::Kubernetes,
            Doc::Ci => EnvKind::Ci,
            _ => EnvKind::Mapping,
        };
        let block = EnvBlock {
            runs: !ci && !here.fragment,
            open: ci || tree.nodes[id].partial,
            ..EnvBlock::new(kind, self.label(id, id, EnvKind::Mapping), tree.nodes[id].span)
        };
        self.emit(block, Some(id), Names::Upper);
    }

    /// Adds a block with the variables that `value` sets, unless it is empty.
    fn emit(&mut self, mut block: EnvBlock, value: Option<NodeId>, names: Names) -> Option<usize> {
        if let Some(value) = value {
            self.claimed[value] = true;
            let found = vars::collect(&mut self.values, value, block.kind, names, &mut self.fuel);
            block.vars = found.vars;
            block.open |= found.open || self.values.tree.nodes[value].partial;
            let masked = self.values.masked;
            let home = masked.region(block.span.start as usize);
            for var in &mut block.vars {
                // Set in one arm of a template's `if` only.
                if masked.region(var.name_span.start as usize) != home {
                    var.value = self.values.builder.expr(var.span, ExprKind::Unknown);
                    block.open = true;
                }
            }
            block.open |= self.has_hidden_lines(block.span);
        }
        if block.vars.is_empty() && block.sources.is_empty() {
            return None;
        }
        self.blocks.push(block);
        Some(self.blocks.len() - 1)
    }

    /// Whether a template puts lines of its own into or right behind a block.
    fn has_hidden_lines(&self, span: Span) -> bool {
        let masked = self.values.masked;
        if masked.actions.is_empty() {
            return false;
        }
        let end = span.end as usize;
        let behind = masked.text.get(end..).unwrap_or("");
        let blank = behind.len() - behind.trim_start_matches(|c: char| c.is_whitespace() || "\"'}]".contains(c)).len();
        let writes = |action: &&super::mask::Action| {
            let inner = self.values.source.text.get(action.range.clone()).unwrap_or("");
            let inner = inner.trim_start_matches(['{', '-', ' ']);
            !action.inline && !inner.starts_with("/*") && !inner.starts_with('#')
        };
        masked.within(span.range()).iter().any(|action| writes(&action))
            || masked.within(end..end + blank).iter().any(|action| writes(&action) && !action.control)
    }

    fn key_of(&self, id: NodeId) -> Option<&str> {
        self.values.tree.nodes[id].key.and_then(|key| self.values.tree.scalar(key))
    }

    /// A name for people: the container's, job's or step's, or the keys that lead to it.
    fn label(&self, owner: NodeId, value: NodeId, kind: EnvKind) -> String {
        let tree = self.values.tree;
        if matches!(kind, EnvKind::Kubernetes | EnvKind::Ci) {
            let named = ["name", "id"].iter().find_map(|field| tree.scalar(get(tree, owner, field)?));
            let unnamed = || if tree.nodes[owner].parent.is_none() { Some("workflow") } else { None };
            let label = match kind {
                // A job is known by its key, a step by its name.
                EnvKind::Ci => self.key_of(owner).or(named).or_else(unnamed),
                _ => named,
            };
            if let Some(label) = label {
                return label.to_owned();
            }
        }
        let mut keys = Vec::new();
        let mut at = Some(value);
        while let Some(node) = at.filter(|_| keys.len() < 16) {
            keys.extend(self.key_of(node));
            at = tree.nodes[node].parent;
        }
        keys.reverse();
        if keys.is_empty() {
            let name = self.values.source.path.file_name();
            return name.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        }
        keys.join(".")
    }
}

/// The image and the commands that a mapping says are run.
fn programs(tree: &Tree<'_>, map: NodeId) -> Vec<String> {
    let mut found = Vec::new();
    for field in ["image", "entrypoint", "command", "args"] {
        let Some(value) = get(tree, map, field) else { continue };
        match &tree.nodes[value].kind {
            Kind::Seq(items) => found.extend(items.iter().filter_map(|item| tree.scalar(*item)).map(str::to_owned)),
            // Helm's values: `image: {repository: x, tag: y}`.
            Kind::Map(_) => {
                found.extend(get(tree, value, "repository").and_then(|name| tree.scalar(name)).map(str::to_owned))
            }
            _ => found.extend(tree.scalar(value).map(str::to_owned)),
        }
    }
    found
}

/// Whether a file belongs to a CI system, by its path.
fn is_ci(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.contains("gitlab-ci")
        || name.starts_with("azure-pipelines")
        || name.starts_with("bitbucket-pipelines")
        || matches!(name, ".drone.yml" | ".woodpecker.yml" | ".woodpecker.yaml" | ".travis.yml")
        || [".circleci/", ".github/workflows/", ".woodpecker/", ".buildkite/", ".gitlab/ci/"]
            .iter()
            .any(|folder| path.starts_with(folder) || path.contains(&format!("/{folder}")))
}

/// Whether what stands under a key of this name sets variables.
fn is_environment(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect();
    matches!(
        plain.as_str(),
        "env"
            | "envs"
            | "environment"
            | "environmentvariables"
            | "envvars"
            | "envvariables"
            | "variables"
            | "extraenv"
            | "extraenvs"
            | "extraenvvars"
            | "containerenv"
            | "remoteenv"
            | "setenv"
            | "buildargs"
            | "buildenv"
    )
}

/// Whether a name in upper case is, by its ending, a key's or an endpoint's.
fn is_telling(name: &str) -> bool {
    const ENDINGS: [&str; 6] = ["_KEY", "_TOKEN", "_URL", "_BASE", "_ENDPOINT", "_HOST"];
    is_upper(name) && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a mapping is a step that runs something.
fn is_process(tree: &Tree<'_>, id: NodeId) -> bool {
    const KEYS: [&str; 14] = [
        "run",
        "uses",
        "script",
        "before_script",
        "command",
        "commands",
        "bash",
        "pwsh",
        "powershell",
        "task",
        "cmd",
        "cmds",
        "trigger",
        "sh",
    ];
    KEYS.iter().any(|key| {
        get(tree, id, key).is_some_and(|value| {
            // CircleCI's `run: {command}` is the step around it.
            !matches!(tree.nodes[value].kind, Kind::Map(_)) || *key == "trigger"
        })
    })
}
