//! The services of a compose file.

use super::{Finder, programs};
use crate::extract::yaml::scripts::{self, Filling};
use crate::extract::yaml::tree::{Kind, NodeId};
use crate::extract::yaml::vars::{Names, entries, get};
use crate::facts::{EnvBlock, EnvKind, EnvSource, Span};

impl Finder<'_> {
    pub(super) fn services(&mut self, root: NodeId) {
        let tree = self.values.tree;
        let Some(services) = get(tree, root, "services") else { return };
        for (key, service) in entries(tree, services, &mut self.fuel).unwrap_or_default() {
            let (Some(label), Some(settings)) = (tree.scalar(key), entries(tree, service, &mut self.fuel)) else {
                continue;
            };
            let find =
                |name: &str| settings.iter().rfind(|(key, _)| tree.scalar(*key) == Some(name)).map(|entry| entry.1);
            self.done[service] = true;
            let mut sources = Vec::new();
            let mut open = false;
            if let Some(extends) = find("extends") {
                open |= !self.extended_service(extends, &mut sources);
            }
            if let Some(file) = find("env_file") {
                open |= !self.env_files(file, &mut sources);
            }
            let span = Span {
                start: tree.nodes[key].span.start,
                end: tree.nodes[service].span.end.max(tree.nodes[key].span.end),
            };
            let programs = programs(tree, service);
            let block = EnvBlock { open, sources, programs, ..EnvBlock::new(EnvKind::Compose, label, span) };
            let number = self.emit(block, find("environment"), Names::All);
            let (entrypoint, command) = (find("entrypoint"), find("command"));
            if let Some(first) = entrypoint.or(command) {
                let more = entrypoint.and(command);
                let script = scripts::command(&mut self.values, first, more, label, Filling::Compose);
                if let Some(script) = script {
                    self.run(script, (number, None));
                }
            }
        }
    }

    /// `extends: service`, `extends: {service, file}`; false where it is not known.
    fn extended_service(&self, node: NodeId, sources: &mut Vec<EnvSource>) -> bool {
        let tree = self.values.tree;
        let text = |node: NodeId| {
            let masked = !self.values.masked.within(tree.nodes[node].span.range()).is_empty();
            tree.scalar(node).filter(|text| !masked && !text.contains('$'))
        };
        let (label, file) = match &tree.nodes[node].kind {
            Kind::Map(_) => (get(tree, node, "service"), get(tree, node, "file")),
            _ => (Some(node), None),
        };
        let Some(label) = label.and_then(text) else { return false };
        let path = match file.map(text) {
            Some(None) => return false,
            Some(Some(path)) => Some(path.to_owned()),
            None => None,
        };
        sources.push(EnvSource::Extends { file: path, label: label.to_owned() });
        true
    }

    /// The paths of `env_file`; false where one of them is not known.
    fn env_files(&self, node: NodeId, sources: &mut Vec<EnvSource>) -> bool {
        let tree = self.values.tree;
        let items = match &tree.nodes[node].kind {
            Kind::Seq(items) => items.clone(),
            _ => vec![node],
        };
        let mut known = true;
        for item in items {
            let path = get(tree, item, "path").unwrap_or(item);
            let raw = get(tree, item, "format").and_then(|format| tree.scalar(format)) == Some("raw");
            let masked = !self.values.masked.within(tree.nodes[path].span.range()).is_empty();
            match tree.scalar(path) {
                Some(text) if !masked && !text.contains('$') => {
                    sources.push(EnvSource::File { path: text.to_owned(), raw });
                }
                _ => known = false,
            }
        }
        known
    }
}
