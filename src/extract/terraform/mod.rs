//! Lowers Terraform and other HCL. Blocks are mappings under the name of their kind; the text becomes the same tree as
//! YAML, and what stands in it is found in the same way.
//!
//! `var.x` and `local.x` are references by name: what they hold is not looked up.

use std::borrow::Cow;

use saphyr_parser::ScalarStyle;
use tree_sitter::{Node, Parser};

use super::Unparsable;
use super::yaml::{Kind, NodeId, Tree, TreeNode, comments, lower};
use crate::facts::{Module, Span};
use crate::source::Source;

#[cfg(test)]
mod tests;

/// Deeper than this nothing is looked at.
const MAX_DEPTH: usize = 100;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_hcl::LANGUAGE.into()).map_err(|error| Unparsable::Refused(error.to_string()))?;
    let Some(syntax) = parser.parse(&source.text, None) else {
        return Err(Unparsable::Refused("no syntax tree".to_owned()));
    };
    let root = syntax.root_node();
    let mut reader = Reader { text: &source.text, tree: Tree::default() };
    let top = reader.add(span(root), Kind::Map(Vec::new()), None, None);
    reader.tree.roots.push(top);
    for child in children(root) {
        reader.body(child, top, 0);
    }
    reader.tree.recovered = root.has_error();
    Ok(lower(source, &reader.tree, |tree| comments(source, tree)))
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.named_children(&mut node.walk()).collect()
}

struct Reader<'a> {
    text: &'a str,
    tree: Tree<'a>,
}

impl<'a> Reader<'a> {
    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn add(&mut self, span: Span, kind: Kind<'a>, parent: Option<NodeId>, key: Option<NodeId>) -> NodeId {
        self.tree.nodes.push(TreeNode { span, kind, parent, key, partial: false, shared: false });
        self.tree.nodes.len() - 1
    }

    fn key(&mut self, node: Node<'_>, map: NodeId) -> NodeId {
        let (span, text) = self.string(node).unwrap_or_else(|| (span(node), Cow::Borrowed(self.slice(span(node)))));
        self.add(span, Kind::Scalar(text, ScalarStyle::Plain), Some(map), None)
    }

    fn put(&mut self, map: NodeId, key: NodeId, value: NodeId) {
        if let Kind::Map(entries) = &mut self.tree.nodes[map].kind {
            entries.push((key, value));
        }
    }

    /// The attributes and blocks of a body.
    fn body(&mut self, node: Node<'_>, map: NodeId, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for child in children(node) {
            let parts = children(child);
            match (child.kind(), parts.as_slice()) {
                ("attribute", [name, value, ..]) => {
                    let key = self.key(*name, map);
                    let value = self.value(*value, map, Some(key), depth + 1);
                    self.put(map, key, value);
                }
                ("block", [name, ..]) => self.block(child, *name, &parts, map, depth),
                ("ERROR", _) => self.body(child, map, depth + 1),
                _ => {}
            }
        }
    }

    fn block(&mut self, block: Node<'_>, name: Node<'_>, parts: &[Node<'_>], map: NodeId, depth: usize) {
        let Some(body) = parts.iter().find(|part| part.kind() == "body") else { return };
        // `env { name = ... value = ... }`, once for each variable: together they are a list.
        let word = self.slice(span(name));
        let is_variable = matches!(word, "env" | "environment_variable" | "environment_variables");
        if is_variable && children(*body).iter().any(|part| self.slice(span(*part)).starts_with("name")) {
            let known = match &self.tree.nodes[map].kind {
                Kind::Map(entries) => entries.iter().rfind(|(key, _)| self.tree.scalar(*key) == Some(word)).copied(),
                _ => None,
            };
            let list = match known {
                Some((_, list)) => list,
                None => {
                    let key = self.key(name, map);
                    let list = self.add(span(block), Kind::Seq(Vec::new()), Some(map), Some(key));
                    self.put(map, key, list);
                    list
                }
            };
            let item = self.add(span(block), Kind::Map(Vec::new()), Some(list), None);
            if let Kind::Seq(items) = &mut self.tree.nodes[list].kind {
                items.push(item);
            }
            self.tree.nodes[list].span.end = block.end_byte() as u32;
            return self.body(*body, item, depth + 1);
        }
        let key = self.key(name, map);
        let value = self.add(span(block), Kind::Map(Vec::new()), Some(map), Some(key));
        self.put(map, key, value);
        self.body(*body, value, depth + 1);
    }

    fn value(&mut self, node: Node<'_>, parent: NodeId, key: Option<NodeId>, depth: usize) -> NodeId {
        let mut node = node;
        // An expression holds one thing, unless something is done with it.
        loop {
            let inner = children(node);
            match (node.kind(), inner.as_slice()) {
                ("expression" | "literal_value" | "collection_value" | "template_expr", [one]) => node = *one,
                // `jsonencode([...])`, `tomap({...})`, `sensitive("...")` are what they are given.
                ("function_call", [name, arguments])
                    if matches!(
                        self.slice(span(*name)),
                        "jsonencode" | "yamlencode" | "tomap" | "sensitive" | "nonsensitive" | "tostring"
                    ) =>
                {
                    match children(*arguments).as_slice() {
                        [one] => node = *one,
                        _ => break,
                    }
                }
                _ => break,
            }
        }
        let place = span(node);
        if depth > MAX_DEPTH {
            return self.add(place, Kind::Tagged, Some(parent), key);
        }
        match node.kind() {
            "object" => {
                let map = self.add(place, Kind::Map(Vec::new()), Some(parent), key);
                for element in children(node).into_iter().filter(|child| child.kind() == "object_elem") {
                    if let [name, value, ..] = children(element).as_slice() {
                        let name = self.key(innermost(*name), map);
                        let value = self.value(*value, map, Some(name), depth + 1);
                        self.put(map, name, value);
                    }
                }
                map
            }
            "tuple" => {
                let list = self.add(place, Kind::Seq(Vec::new()), Some(parent), key);
                for item in children(node).into_iter().filter(|child| child.kind() == "expression") {
                    let item = self.value(item, list, None, depth + 1);
                    if let Kind::Seq(items) = &mut self.tree.nodes[list].kind {
                        items.push(item);
                    }
                }
                list
            }
            "numeric_lit" | "bool_lit" | "null_lit" => {
                let text = Cow::Borrowed(self.slice(place));
                self.add(place, Kind::Scalar(text, ScalarStyle::Plain), Some(parent), key)
            }
            _ => match self.string(node) {
                Some((span, text)) => self.add(span, Kind::Scalar(text, ScalarStyle::DoubleQuoted), Some(parent), key),
                None => {
                    let kind = match reference(self.slice(place)) {
                        Some(name) => Kind::Scalar(Cow::Owned(format!("${{{name}}}")), ScalarStyle::DoubleQuoted),
                        None => Kind::Tagged,
                    };
                    self.add(place, kind, Some(parent), key)
                }
            },
        }
    }

    /// A string in quotes: the place and the text of what is between them.
    fn string(&self, node: Node<'_>) -> Option<(Span, Cow<'a, str>)> {
        if !matches!(node.kind(), "string_lit" | "quoted_template") {
            return None;
        }
        let raw = self.slice(span(node));
        let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
        let place = Span::new(node.start_byte() + 1, node.end_byte() - 1);
        if inner.contains('\\') {
            return Some((place, serde_json::from_str(raw).map_or(Cow::Borrowed(inner), Cow::Owned)));
        }
        Some((place, Cow::Borrowed(inner)))
    }
}

/// What an expression without an operation holds.
fn innermost(node: Node<'_>) -> Node<'_> {
    let mut node = node;
    for _ in 0..8 {
        match children(node).as_slice() {
            [one] if matches!(node.kind(), "expression" | "literal_value" | "variable_expr" | "template_expr") => {
                node = *one
            }
            _ => break,
        }
    }
    node
}

/// The name that `var.x`, `local.x` or `data.y.z.x` ends with.
fn reference(text: &str) -> Option<&str> {
    let (root, rest) = text.split_once('.')?;
    let name = rest.rsplit('.').next()?;
    let is_name =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    (matches!(root, "var" | "local") && rest.split('.').all(is_name)).then_some(name)
}
