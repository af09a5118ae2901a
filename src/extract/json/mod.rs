//! Lowers JSON, with comments, trailing commas and whatever else the parser can pass over.
//!
//! The text becomes the same tree as YAML, and what stands in it is found in the same way.

use std::borrow::Cow;

use saphyr_parser::ScalarStyle;
use tree_sitter::Node;

use super::embed::{self, Embedded};
use super::yaml::{Kind, NodeId, Tree, TreeNode, lower};
use super::{Unparsable, shell, syntax};
use crate::facts::{Builder, Comment, ExprKind, Module, Span};
use crate::source::Source;

#[cfg(test)]
mod tests;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let (tree, comments) = read(&source.text)?;
    let module = lower(source, &tree, |_| comments);
    let scripts = scripts(source, &tree);
    Ok(if scripts.is_empty() { module } else { with_scripts(source, &tree, module, &scripts) })
}

/// The commands of a file for a shell, each with its name: `scripts` of a package.json, tasks and Dev Containers.
fn scripts(source: &Source, tree: &Tree<'_>) -> Vec<(NodeId, NodeId)> {
    let name = source.path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let Some(&root) = tree.roots.first() else { return Vec::new() };
    let of = |map: NodeId| match &tree.nodes[map].kind {
        Kind::Map(entries) => entries.clone(),
        _ => Vec::new(),
    };
    let is = |key: NodeId, names: &[&str]| tree.scalar(key).is_some_and(|key| names.contains(&key));
    let mut found = match name.as_str() {
        "package.json" => {
            of(root).into_iter().filter(|(key, _)| is(*key, &["scripts"])).flat_map(|(_, map)| of(map)).collect()
        }
        "tasks.json" => (0..tree.nodes.len()).flat_map(of).filter(|(key, _)| is(*key, &["command"])).collect(),
        "devcontainer.json" | ".devcontainer.json" => {
            let commands = ["onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand"];
            of(root).into_iter().filter(|(key, _)| is(*key, &commands)).collect()
        }
        _ => Vec::new(),
    };
    found.retain(|(_, value)| matches!(tree.nodes[*value].kind, Kind::Scalar(..)));
    found
}

fn with_scripts(source: &Source, tree: &Tree<'_>, module: Module, scripts: &[(NodeId, NodeId)]) -> Module {
    let mut builder = Builder::resume(module);
    for &(name, value) in scripts {
        let span = tree.nodes[value].span;
        let mut text = Embedded::default();
        unescape(source.slice(span), span.start as usize, &mut text);
        if !crate::prefilter::names_variables(&text.text) {
            continue;
        }
        let label = tree.scalar(name).unwrap_or("");
        let hole = |builder: &mut Builder, span| builder.expr(span, ExprKind::Unknown);
        let Ok(script) = shell::script(&text, label, &hole) else { continue };
        let (_, blocks) = text.graft(&mut builder, script);
        embed::adopt(&mut builder.module().env_blocks, blocks, None);
    }
    builder.finish()
}

/// The tree of a text, and its comments that hold `mixlint:`.
pub(super) fn read(text: &str) -> Result<(Tree<'_>, Vec<Comment>), Unparsable> {
    let syntax = syntax::parse(&tree_sitter_json::LANGUAGE.into(), text, "")?;
    let root = syntax.root_node();
    let mut reader = Reader { text, tree: Tree::default(), open: Vec::new(), comments: Vec::new() };
    reader.read(root);
    reader.tree.recovered = root.has_error();
    Ok((reader.tree, reader.comments))
}

/// Builds the tree in one walk that does not recurse.
struct Reader<'a> {
    text: &'a str,
    tree: Tree<'a>,
    open: Vec<Open>,
    comments: Vec<Comment>,
}

/// A collection that is being read.
struct Open {
    node: NodeId,
    /// The key that waits for its value.
    key: Option<NodeId>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, root: Node<'_>) {
        let mut cursor = root.walk();
        loop {
            let node = cursor.node();
            let entered = self.enter(node, cursor.field_name());
            if entered && cursor.goto_first_child() {
                continue;
            }
            if entered {
                self.leave(node);
            }
            loop {
                if cursor.goto_next_sibling() {
                    break;
                }
                if !cursor.goto_parent() {
                    return;
                }
                self.leave(cursor.node());
            }
        }
    }

    /// Takes a node in; whether its children are looked at.
    fn enter(&mut self, node: Node<'_>, field: Option<&str>) -> bool {
        let span = Span::new(node.start_byte(), node.end_byte());
        match node.kind() {
            "object" => self.collection(span, Kind::Map(Vec::new())),
            "array" => self.collection(span, Kind::Seq(Vec::new())),
            "string" if field == Some("key") => {
                let key = self.string(span);
                let key = self.add(key.0, key.1);
                if let Some(open) = self.open.last_mut() {
                    open.key = Some(key);
                }
                return false;
            }
            "string" => {
                let (span, kind) = self.string(span);
                self.put(span, kind);
                return false;
            }
            "number" | "true" | "false" | "null" => {
                let raw = self.slice(span);
                self.put(span, Kind::Scalar(Cow::Borrowed(raw), ScalarStyle::Plain));
                return false;
            }
            "comment" => {
                let text = self.slice(span);
                if text.contains("mixlint:") {
                    let before = self.text.get(..node.start_byte()).unwrap_or("");
                    let line = before.rfind('\n').map_or(0, |at| at + 1);
                    self.comments.push(Comment { span, own_line: before[line..].trim().is_empty() });
                }
                return false;
            }
            _ => {}
        }
        true
    }

    fn leave(&mut self, node: Node<'_>) {
        match node.kind() {
            "object" | "array" => drop(self.open.pop()),
            // A key without a value.
            "pair" => {
                if let Some(open) = self.open.last_mut() {
                    open.key = None;
                }
            }
            _ => {}
        }
    }

    fn collection(&mut self, span: Span, kind: Kind<'a>) {
        let node = self.put(span, kind);
        self.open.push(Open { node, key: None });
    }

    /// Adds a value to the collection around it.
    fn put(&mut self, span: Span, kind: Kind<'a>) -> NodeId {
        let key = self.open.last_mut().and_then(|open| open.key.take());
        let node = self.add(span, kind);
        self.tree.nodes[node].key = key;
        let Some(open) = self.open.last() else { return node };
        match (&mut self.tree.nodes[open.node].kind, key) {
            (Kind::Map(entries), Some(key)) => entries.push((key, node)),
            (Kind::Seq(items), _) => items.push(node),
            // A value without a key, where the syntax is broken.
            _ => {}
        }
        node
    }

    fn add(&mut self, span: Span, kind: Kind<'a>) -> NodeId {
        let parent = self.open.last().map(|open| open.node);
        if parent.is_none() {
            self.tree.roots.push(self.tree.nodes.len());
        }
        self.tree.nodes.push(TreeNode::new(span, kind, parent, None));
        self.tree.nodes.len() - 1
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// A string's content: its place without the quotes, and its text.
    fn string(&self, span: Span) -> (Span, Kind<'a>) {
        let raw = self.slice(span);
        let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return (span, Kind::Tagged);
        };
        let text = if inner.contains('\\') {
            serde_json::from_str(raw).map_or(Cow::Borrowed(inner), Cow::Owned)
        } else {
            Cow::Borrowed(inner)
        };
        let span = Span { start: span.start + 1, end: span.end - 1 };
        (span, Kind::Scalar(text, ScalarStyle::DoubleQuoted))
    }
}

/// Adds what a JSON string says, with the places of its parts.
pub(super) fn unescape(raw: &str, start: usize, out: &mut Embedded) {
    let bytes = raw.as_bytes();
    let mut plain = 0;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let escape = at + found;
        let one = |byte: u8| match byte {
            b'n' => Some("\n"),
            b't' => Some("\t"),
            b'r' => Some(""),
            b'"' => Some("\""),
            b'\\' => Some("\\"),
            b'/' => Some("/"),
            b'b' | b'f' => Some(" "),
            _ => None,
        };
        out.push(raw.get(plain..escape).unwrap_or(""), start + plain);
        let (length, decoded) = match bytes.get(escape + 1) {
            Some(b'u') => unicode(&raw[escape..]),
            Some(&byte) => (2, one(byte).map_or_else(String::new, str::to_owned)),
            None => (1, String::new()),
        };
        let end = (escape + length).min(bytes.len());
        out.push_decoded(&decoded, start + escape, start + end);
        (at, plain) = (end, end);
    }
    out.push(raw.get(plain..).unwrap_or(""), start + plain);
}

/// `\u00e9`, or two of them that are one character: how long it is, and what.
fn unicode(raw: &str) -> (usize, String) {
    let unit = |at: usize| {
        let digits = raw.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else { return (2, String::new()) };
    let units: Vec<u16> =
        [Some(first), unit(6).filter(|_| (0xd800..0xdc00).contains(&first))].into_iter().flatten().collect();
    (units.len() * 6, String::from_utf16_lossy(&units))
}
