//! Lowers JSON, with comments, trailing commas and whatever else the parser can pass over.
//!
//! The text becomes the same tree as YAML, and what stands in it is found in the same way.

use std::borrow::Cow;

use saphyr_parser::ScalarStyle;
use tree_sitter::{Node, Parser};

use super::Unparsable;
use super::yaml::{Kind, NodeId, Tree, TreeNode, lower};
use crate::facts::{Comment, Module, Span};
use crate::source::Source;

#[cfg(test)]
mod tests;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let (tree, comments) = read(&source.text)?;
    Ok(lower(source, &tree, |_| comments))
}

/// The tree of a text, and its comments that hold `mixlint:`.
pub(super) fn read(text: &str) -> Result<(Tree<'_>, Vec<Comment>), Unparsable> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_json::LANGUAGE.into()).map_err(|error| Unparsable::Refused(error.to_string()))?;
    let Some(syntax) = parser.parse(text, None) else {
        return Err(Unparsable::Refused("no syntax tree".to_owned()));
    };
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
        self.tree.nodes.push(TreeNode { span, kind, parent, key: None, partial: false, shared: false });
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
