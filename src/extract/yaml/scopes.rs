//! Finds the environment blocks of a file by the shape of what is around them.

use super::mask::Masked;
use super::scripts::Filling;
use super::tree::{Kind, NodeId, Tree};
use super::value::Values;
use super::vars::{self, Names, entries, get};
use crate::facts::{Builder, EnvBlock, EnvKind, ExprKind, Span, is_in_capitals};
use crate::source::Source;

mod ci;
mod compose;
mod kubernetes;

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
    /// Whoever calls this may set variables, too: a composite action's steps.
    open: bool,
    /// Steps run PowerShell if they say nothing else.
    windows: bool,
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
        filling: Filling::None,
        handed: Vec::new(),
    };
    let mut around = vec![Around::default(); tree.nodes.len()];
    for (id, node) in tree.nodes.iter().enumerate() {
        let mut here = match node.parent {
            Some(parent) => finder.inherit(around[parent], node.key),
            None => finder.start(id),
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
    /// What the CI system puts into scripts.
    filling: Filling,
    /// What steps have handed to the later ones of their list.
    handed: Vec<(NodeId, usize)>,
}

impl Finder<'_> {
    fn start(&mut self, root: NodeId) -> Around {
        let tree = self.values.tree;
        let doc = self.document(root);
        let path = self.values.source.path.to_string_lossy().replace('\\', "/");
        self.filling = if path.contains(".circleci/") {
            Filling::Circle
        } else if path.rsplit('/').next().is_some_and(|name| name.starts_with("azure-pipelines")) {
            Filling::Macro
        } else {
            Filling::None
        };
        let called = get(tree, root, "runs").is_some_and(|runs| get(tree, runs, "steps").is_some());
        // GitLab's included files may hold variables.
        Around { doc, open: called || get(tree, root, "include").is_some(), ..Around::default() }
    }

    fn document(&self, root: NodeId) -> Doc {
        let tree = self.values.tree;
        let path = self.values.source.path.to_string_lossy().replace('\\', "/");
        let has = |name: &str| get(tree, root, name).is_some();
        let composite = get(tree, root, "runs").is_some_and(|runs| get(tree, runs, "steps").is_some());
        let github = (has("jobs") && (has("on") || has("true"))) || composite;
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
        here.fragment |= parent.doc == Doc::Ci && name.starts_with('.');
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
        if tree.nodes[id].parent.is_none() {
            self.generators(id);
        }
        let nested = matches!(here.doc, Doc::Ci | Doc::Tasks);
        if nested && !here.container {
            here.scope = self.handed_to(id).or(here.scope);
            let runner = get(tree, id, "runs-on").or_else(|| get(tree, id, "vmImage"));
            here.windows |= runner.and_then(|runner| tree.scalar(runner)).is_some_and(|os| os.starts_with("windows"));
        }
        let own = if self.done[id] { None } else { self.environment(id, here) };
        if let Some(own) = own {
            self.link(own, here.doc);
        }
        if nested {
            if is_process(tree, id)
                && let Some(scope) = own.or(here.scope)
            {
                self.blocks[scope].runs |= !here.fragment;
            }
            self.step(id, own, here);
            here.scope = own.or(here.scope);
        } else if here.kubernetes
            && (own.is_some() || ["image", "envFrom"].iter().any(|key| get(tree, id, key).is_some()))
        {
            self.container(id, own);
        }
        if !self.claimed[id] {
            self.mapping(id, *here);
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
            let mut sources = Vec::new();
            let known = self.extended_jobs(id, &mut sources) && self.env_from(id, &mut sources);
            // The steps of CircleCI's jobs run in the image that has variables; the job may set more.
            let image = self.filling == Filling::Circle && get(tree, id, "image").is_some();
            let block = EnvBlock {
                parent: if nested { last.or(here.scope) } else { None },
                sources,
                open: !known || here.open || image || tree.nodes[id].partial,
                runs: if nested { here.container || image } else { !here.fragment && !build },
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
            runs: !here.fragment,
            open: ci || here.open || tree.nodes[id].partial || tree.nodes[id].parent.is_none(),
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
    is_in_capitals(name) && ENDINGS.iter().any(|ending| name.ends_with(ending))
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
