//! What a process sees of the environment blocks of a project, and what overrides what.
//!
//! A block's own variables win over those that it takes from elsewhere: a step's over its job's, a service's
//! `environment` over its `env_file`. [`layers`] gives the blocks from top to bottom, [`visible`] what is left of them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::facts::{EnvBlock, EnvKind, EnvSource, ExprId, Span};
use crate::finding::{FileId, Location};
use crate::project::Project;
use crate::resolve::Value;
use crate::text::Text;

/// One block in the order in which they override each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The file that it is in.
    pub file: FileId,
    /// Its number in `Module::env_blocks`.
    pub block: usize,
    /// How it comes to be there.
    pub how: How,
}

/// How a block's variables come into a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// They are the scope's own.
    Own,
    /// A compose file laid over this one has the same service.
    Override,
    /// The compose file that this one is laid over has the same service.
    Overridden,
    /// They are those of a scope around it, or of a service that it extends.
    Inherited,
    /// From a dotenv file; `raw` where quotes and white space are part of the value.
    File {
        /// Quotes and white space are part of the value.
        raw: bool,
    },
    /// From a ConfigMap or Secret.
    Store {
        /// What its names get put before them.
        prefix: String,
    },
}

/// The layers of a scope.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// From top to bottom: an upper one's variables win.
    pub layers: Vec<Layer>,
    /// Variables that no layer names may come from elsewhere.
    pub open: bool,
}

/// A variable that a scope sees.
#[derive(Clone, Debug)]
pub struct Visible {
    /// The file that sets it.
    pub file: FileId,
    /// The block there.
    pub block: usize,
    /// Its name, as it is seen.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Its value.
    pub value: ExprId,
    /// Quotes and white space around the value are part of it.
    pub raw: bool,
}

/// More layers than this no scope has in earnest.
const MAX_LAYERS: usize = 64;

/// The blocks that give a scope its variables.
pub fn layers(project: &Project, file: FileId, block: usize) -> Layers {
    let mut out = Layers::default();
    let mut at = Some(block);
    let mut how = How::Own;
    while let Some(number) = at {
        let Some(found) = project.file(file).module.env_blocks.get(number) else { break };
        let mut below = Vec::new();
        if found.kind == EnvKind::Compose {
            for other in neighbours(project, file, &OVERRIDES, &BASES) {
                if let Some(other) = labelled(project, other, found.kind, &found.label) {
                    level(project, other, How::Override, &mut out, &mut below);
                }
            }
        }
        level(project, (file, number), how, &mut out, &mut below);
        if found.kind == EnvKind::Compose {
            for other in neighbours(project, file, &BASES, &OVERRIDES) {
                if let Some(other) = labelled(project, other, found.kind, &found.label) {
                    level(project, other, How::Overridden, &mut out, &mut below);
                }
            }
        }
        out.layers.append(&mut below);
        how = How::Inherited;
        // A parent always has a smaller number, so this ends.
        at = found.parent.filter(|parent| *parent < number);
    }
    out.open |= project.file(file).module.env_blocks.get(block).is_some_and(|block| block.extended);
    out
}

/// A block, those that it extends, and, further down, the files and stores of all of them.
fn level(project: &Project, at: (FileId, usize), how: How, out: &mut Layers, below: &mut Vec<Layer>) {
    let (file, number) = at;
    let known = out.layers.iter().any(|layer| (layer.file, layer.block) == at);
    let Some(block) = project.file(file).module.env_blocks.get(number).filter(|_| !known) else { return };
    if out.layers.len() + below.len() >= MAX_LAYERS {
        out.open = true;
        return;
    }
    out.open |= block.open;
    out.layers.push(Layer { file, block: number, how });
    for source in block.sources.iter().rev() {
        match source {
            EnvSource::File { path, raw } => match project.import(file, path) {
                Some(other) => {
                    let blocks = 0..project.file(other).module.env_blocks.len();
                    below.extend(blocks.map(|block| Layer { file: other, block, how: How::File { raw: *raw } }));
                }
                None => out.open = true,
            },
            EnvSource::Extends { file: path, label } => {
                let other = match path {
                    Some(path) => project.import(file, path),
                    None => Some(file),
                };
                match other.and_then(|other| labelled(project, other, block.kind, label)) {
                    Some(other) => level(project, other, How::Inherited, out, below),
                    None => out.open = true,
                }
            }
            EnvSource::Store { name, prefix } => match store(project, file, name) {
                Some((other, block)) => {
                    let kept = &project.file(other).module.env_blocks[block];
                    out.open |= kept.open;
                    let how = How::Store { prefix: prefix.clone() };
                    below.push(Layer { file: other, block, how: how.clone() });
                    // Kustomize makes it from files, too.
                    for source in kept.sources.iter().rev() {
                        let EnvSource::File { path, .. } = source else { continue };
                        match project.import(other, path) {
                            Some(file) => {
                                let blocks = 0..project.file(file).module.env_blocks.len();
                                below.extend(blocks.map(|block| Layer { file, block, how: how.clone() }));
                            }
                            None => out.open = true,
                        }
                    }
                }
                None => out.open = true,
            },
        }
    }
}

/// The variables that a scope sees, by name.
pub fn visible(project: &Project, file: FileId, block: usize) -> BTreeMap<String, Visible> {
    let mut out = BTreeMap::new();
    for layer in layers(project, file, block).layers {
        let block = &project.file(layer.file).module.env_blocks[layer.block];
        let prefix = match &layer.how {
            How::Store { prefix } => prefix.as_str(),
            _ => "",
        };
        // A later one of the same name wins.
        for var in block.vars.iter().rev() {
            let name = format!("{prefix}{}", var.name);
            out.entry(name.clone()).or_insert_with(|| Visible {
                file: layer.file,
                block: layer.block,
                name,
                name_span: var.name_span,
                value: var.value,
                raw: layer.how == (How::File { raw: true }),
            });
        }
    }
    out
}

/// Whether the pairs that a block holds are judged: something runs in it, or will.
pub fn is_judged(block: &EnvBlock) -> bool {
    block.runs || matches!(block.kind, EnvKind::Kubernetes | EnvKind::Store)
}

/// Whether a key and URLs that a scope sees meet in it: something of them is its own, or they are together in no other
/// block that is judged.
pub fn meet(project: &Project, scope: (FileId, usize), key: &Visible, urls: &[&Visible]) -> bool {
    let own = |var: &Visible| (var.file, var.block) == scope;
    if own(key) || urls.iter().any(|url| own(url)) || key.raw {
        return true;
    }
    let Some(first) = urls.first() else { return false };
    let together = urls.iter().all(|url| (url.file, url.block) == (key.file, key.block));
    !together || !is_judged(&project.file(first.file).module.env_blocks[first.block])
}

/// A dotenv file's value as `docker run --env-file` reads it: with the quotes and the white space around it.
pub fn as_written(project: &Project, value: Value) -> Value {
    let Value::Str(text, at) = &value else { return value };
    let source = &project.file(at.file).source;
    let line = source.line_span(source.line_of(at.span.start as usize));
    let Some(equals) = source.slice(line).find('=') else { return value };
    let whole = Span { start: line.start + equals as u32 + 1, end: line.end };
    let written = source.slice(whole).trim_end_matches(['\r', '\n']);
    let span = Span { end: whole.start + written.len() as u32, ..whole };
    let quoted = |quote: char| {
        let inner = written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        inner.is_some_and(|inner| inner == source.slice(at.span))
    };
    let is_all = written.trim() == text.expose() || quoted('"') || quoted('\'');
    match is_all && written != text.expose() {
        true => Value::Str(Text::new(written), Location { file: at.file, span }),
        false => value,
    }
}

/// Whether variables that a scope does not name may come from elsewhere.
pub fn is_open(project: &Project, file: FileId, block: usize) -> bool {
    layers(project, file, block).open
}

/// The ConfigMap or Secret of a name: in the same file, else in the same directory, else anywhere; `None` where there
/// is none, or more than one.
pub fn store(project: &Project, from: FileId, name: &str) -> Option<(FileId, usize)> {
    let is_store = |block: &EnvBlock| block.kind == EnvKind::Store && block.label == name;
    let all: Vec<(FileId, usize)> = project
        .ids()
        .flat_map(|id| {
            let blocks = project.file(id).module.env_blocks.iter().enumerate();
            blocks.filter(|(_, block)| is_store(block)).map(move |(number, _)| (id, number))
        })
        .collect();
    let dir = |id: FileId| project.file(id).path.parent();
    let near: [&dyn Fn(FileId) -> bool; 3] = [&|id| id == from, &|id| dir(id) == dir(from), &|_| true];
    for near in near {
        let found: Vec<_> = all.iter().copied().filter(|(id, _)| near(*id)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Some(*one),
            _ => return None,
        }
    }
    None
}

/// A variable of a ConfigMap or Secret.
pub fn stored(project: &Project, from: FileId, name: &str, key: &str) -> Option<(FileId, ExprId)> {
    let (file, block) = store(project, from, name)?;
    let vars = &project.file(file).module.env_blocks[block].vars;
    vars.iter().rev().find(|var| var.name == key).map(|var| (file, var.value))
}

/// The block of a kind and name in a file: a compose service, a job.
fn labelled(project: &Project, file: FileId, kind: EnvKind, label: &str) -> Option<(FileId, usize)> {
    let blocks = &project.file(file).module.env_blocks;
    let found = blocks.iter().position(|block| block.kind == kind && block.label == label)?;
    Some((file, found))
}

/// Names of compose files.
const BASES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// Names of the files that compose lays over them by itself.
const OVERRIDES: [&str; 4] =
    ["compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// Paths that compose reads together with one, relative to it.
pub fn compose_neighbours(path: &Path) -> &'static [&'static str] {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    if BASES.contains(&name) {
        &OVERRIDES
    } else if OVERRIDES.contains(&name) {
        &BASES
    } else {
        &[]
    }
}

/// The compose files of some names beside one that has a name of other ones.
fn neighbours(project: &Project, file: FileId, wanted: &[&str], from: &[&str]) -> Vec<FileId> {
    let path = &project.file(file).path;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    if !from.contains(&name) {
        return Vec::new();
    }
    wanted.iter().filter_map(|other| project.by_path.get(&path.with_file_name(other)).copied()).collect()
}
