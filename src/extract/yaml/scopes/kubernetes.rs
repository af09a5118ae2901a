//! Kubernetes: containers and what they take from ConfigMaps and Secrets, and those themselves, written out or generated
//! by Kustomize.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Finder;
use crate::extract::yaml::scripts::{self, Filling};
use crate::extract::yaml::tree::{Kind, NodeId};
use crate::extract::yaml::vars::{Names, get};
use crate::facts::{EnvBlock, EnvKind, EnvSource, ExprKind};
use crate::text::Text;

impl Finder<'_> {
    /// The data of a ConfigMap or Secret.
    pub(super) fn object(&mut self, id: NodeId, kind: &str) {
        if !matches!(kind, "ConfigMap" | "Secret" | "SealedSecret") {
            return;
        }
        let tree = self.values.tree;
        let name = get(tree, id, "metadata").and_then(|meta| get(tree, meta, "name"));
        let label = name.and_then(|name| self.plain(name)).unwrap_or(kind).to_owned();
        let mut first = None;
        for field in ["data", "stringData"] {
            let Some(data) = get(tree, id, field) else { continue };
            self.claimed[data] = true;
            let span = tree.nodes[data].span;
            // What `stringData` says replaces what `data` says.
            let block = EnvBlock { runs: false, parent: first, ..EnvBlock::new(EnvKind::Store, label.as_str(), span) };
            let found = self.emit(block, Some(data), Names::All);
            if let Some(found) = found.filter(|_| kind != "ConfigMap" && field == "data") {
                self.decode(found);
            }
            // Found by its name, it is one thing.
            match (first, found) {
                (Some(first), Some(found)) => {
                    let vars = self.blocks[found].vars.clone();
                    self.blocks[first].vars.extend(vars);
                    self.blocks.truncate(found);
                }
                _ => first = first.or(found),
            }
        }
    }

    /// The values of a Secret's `data` are base64.
    fn decode(&mut self, block: usize) {
        for var in &self.blocks[block].vars {
            let expr = &mut self.values.builder.module().exprs[var.value.index()];
            let decoded = match &expr.kind {
                ExprKind::Str(text) => {
                    let packed: String = text.expose().chars().filter(|c| !c.is_whitespace()).collect();
                    STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok())
                }
                _ => None,
            };
            expr.kind = decoded.map_or(ExprKind::Unknown, |text| ExprKind::Str(Text::new(text)));
        }
    }

    /// `envFrom`: false where something that it names is not known.
    pub(super) fn env_from(&self, id: NodeId, sources: &mut Vec<EnvSource>) -> bool {
        let tree = self.values.tree;
        let Some(list) = get(tree, id, "envFrom") else { return true };
        let Kind::Seq(items) = &tree.nodes[list].kind else { return false };
        let mut known = true;
        for &item in items {
            let target = ["configMapRef", "secretRef"].iter().find_map(|kind| get(tree, item, kind));
            let name = target.and_then(|target| get(tree, target, "name")).and_then(|name| self.plain(name));
            let prefix = match get(tree, item, "prefix") {
                Some(prefix) => self.plain(prefix),
                None => Some(""),
            };
            match (name, prefix) {
                (Some(name), Some(prefix)) => {
                    sources.push(EnvSource::Store { name: name.to_owned(), prefix: prefix.to_owned() });
                }
                _ => known = false,
            }
        }
        known
    }

    /// A container without `env`, and the command of any.
    pub(super) fn container(&mut self, id: NodeId, own: Option<usize>) {
        let tree = self.values.tree;
        let mut sources = Vec::new();
        let known = own.is_some() || self.env_from(id, &mut sources);
        let scope = own.or_else(|| {
            let label = self.label(id, id, EnvKind::Kubernetes);
            let block = EnvBlock { sources, ..EnvBlock::new(EnvKind::Kubernetes, label, tree.nodes[id].span) };
            self.emit(EnvBlock { open: !known, ..block }, None, Names::All)
        });
        let (command, args) = (get(tree, id, "command"), get(tree, id, "args"));
        let Some(first) = command.or(args).filter(|&node| matches!(tree.nodes[node].kind, Kind::Seq(_))) else {
            return;
        };
        let label = self.label(id, id, EnvKind::Kubernetes);
        let script = scripts::command(&mut self.values, first, command.and(args), &label, Filling::Macro);
        if let Some(script) = script {
            self.run(script, (scope, None));
        }
    }

    /// Kustomize's generators: `literals` and `envs`.
    pub(super) fn generators(&mut self, root: NodeId) {
        let tree = self.values.tree;
        for key in ["configMapGenerator", "secretGenerator"] {
            let Some(list) = get(tree, root, key) else { continue };
            let Kind::Seq(items) = &tree.nodes[list].kind else { continue };
            for &item in items {
                self.done[item] = true;
                let Some(label) = get(tree, item, "name").and_then(|name| self.plain(name)) else { continue };
                let files = ["envs", "env"].iter().filter_map(|key| get(tree, item, key));
                let files = files.flat_map(|files| match &tree.nodes[files].kind {
                    Kind::Seq(items) => items.clone(),
                    _ => vec![files],
                });
                let files = files.filter_map(|file| self.plain(file));
                let sources = files.map(|path| EnvSource::File { path: path.to_owned(), raw: false }).collect();
                let block =
                    EnvBlock { sources, runs: false, ..EnvBlock::new(EnvKind::Store, label, tree.nodes[item].span) };
                self.emit(block, get(tree, item, "literals"), Names::All);
            }
        }
    }

    /// The text of a scalar that no template writes.
    fn plain(&self, node: NodeId) -> Option<&str> {
        let tree = self.values.tree;
        let masked = !self.values.masked.within(tree.nodes[node].span.range()).is_empty();
        tree.scalar(node).filter(|_| !masked)
    }
}
