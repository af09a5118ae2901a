//! Lowers Terraform and other HCL. Blocks are mappings under the name of their kind; the text becomes the same tree as
//! YAML, and what stands in it is found in the same way.
//!
//! `var.x` and `local.x` are read like variables of the environment: what the module's files give them is looked up
//! when a value is asked for. A script in a heredoc is lowered as one.

use std::borrow::Cow;

use saphyr_parser::ScalarStyle;
use tree_sitter::Node;

use super::embed::{self, Embedded};
use super::yaml::{Kind, NodeId, Tree, TreeNode, comments, lower};
use super::{Unparsable, shell, syntax};
use crate::facts::{Builder, ExprKind, Module, Span};
use crate::source::Source;

#[cfg(test)]
mod tests;

/// Deeper than this nothing is looked at.
const MAX_DEPTH: usize = 100;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let syntax = syntax::parse(&tree_sitter_hcl::LANGUAGE.into(), &source.text, "")?;
    let root = syntax.root_node();
    let mut reader = Reader { text: &source.text, tree: Tree::default(), scripts: Vec::new() };
    let top = reader.add(span(root), Kind::Map(Vec::new()), None, None);
    reader.tree.roots.push(top);
    for child in children(root) {
        reader.body(child, top, 0);
    }
    reader.tree.recovered = root.has_error();
    let mut module = lower(source, &reader.tree, |tree| comments(source, tree));
    for expr in &mut module.exprs {
        if let ExprKind::Str(text) = &expr.kind
            && text.expose().starts_with("${")
            && let Some(name) = reference(source.slice(expr.span))
        {
            expr.kind = ExprKind::Env { name: name.to_owned(), default: None };
        }
    }
    if reader.scripts.is_empty() {
        return Ok(module);
    }
    let mut builder = Builder::resume(module);
    for (label, span) in reader.scripts {
        let text = heredoc(&source.text, span);
        if !crate::prefilter::names_variables(&text.text) {
            continue;
        }
        let hole = |builder: &mut Builder, hole: Span| {
            let raw = source.slice(text.place(hole));
            let name = raw.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).and_then(reference);
            let kind = name.map_or(ExprKind::Unknown, |name| ExprKind::Env { name: name.to_owned(), default: None });
            builder.expr(hole, kind)
        };
        let Ok(script) = shell::script(&text, &label, &hole) else { continue };
        let (_, blocks) = text.graft(&mut builder, script);
        embed::adopt(&mut builder.module().env_blocks, blocks, None);
    }
    Ok(builder.finish())
}

/// The text of a heredoc's lines without their indentation, with holes where Terraform puts values in.
fn heredoc(text: &str, span: Span) -> Embedded {
    let mut out = Embedded::default();
    let lines = text.get(span.range()).unwrap_or("");
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let indent = lines.lines().filter(|line| !line.trim().is_empty()).map(blanks).min().unwrap_or(0);
    let mut start = span.start as usize;
    for line in lines.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let from = start + blanks(content).min(indent);
        let end = start + content.len();
        let mut at = from;
        while let Some(found) = text.get(at..end).and_then(|rest| rest.find("${")) {
            let open = at + found;
            if open > at && text.as_bytes()[open - 1] == b'$' {
                // `$${X}` is the shell's `${X}`.
                out.push(text.get(at..open - 1).unwrap_or(""), at);
                out.push("${", open);
                at = open + 2;
                continue;
            }
            let Some(length) = text.get(open..end).and_then(|rest| rest.find('}')) else { break };
            out.push(text.get(at..open).unwrap_or(""), at);
            out.push_hole(open, open + length + 1);
            at = open + length + 1;
        }
        out.push(text.get(at..end).unwrap_or(""), at);
        start += line.len();
        out.push_decoded("\n", end, start);
    }
    out
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
    /// The heredocs that hold a script, each with the name of its attribute: what stands between their first and last
    /// line.
    scripts: Vec<(String, Span)>,
}

impl<'a> Reader<'a> {
    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn add(&mut self, span: Span, kind: Kind<'a>, parent: Option<NodeId>, key: Option<NodeId>) -> NodeId {
        self.tree.nodes.push(TreeNode::new(span, kind, parent, key));
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
        // A variable is known by its label; those of other blocks say nothing here.
        let label = parts.get(1).filter(|part| word == "variable" && part.kind() == "string_lit");
        let value = match label {
            Some(label) => {
                let label = self.key(*label, value);
                let inner = self.add(span(*body), Kind::Map(Vec::new()), Some(value), Some(label));
                self.put(value, label, inner);
                inner
            }
            None => value,
        };
        self.body(*body, value, depth + 1);
    }

    /// Takes note of a heredoc that is a script: by its first line, or by the attribute that it is given to.
    fn script(&mut self, heredoc: Node<'_>, key: Option<NodeId>) {
        let raw = self.slice(span(heredoc));
        let (Some(first), Some(last)) = (raw.find('\n'), raw.trim_end().rfind('\n')) else { return };
        if last <= first {
            return;
        }
        let name = key.and_then(|key| self.tree.scalar(key)).unwrap_or("");
        let body = Span::new(heredoc.start_byte() + first + 1, heredoc.start_byte() + last + 1);
        let start = self.slice(body).trim_start();
        let is_script = match start.strip_prefix("#!") {
            Some(line) => line.lines().next().is_some_and(|line| line.trim_end().ends_with("sh")),
            None => {
                !start.starts_with("#cloud-config")
                    && matches!(
                        name,
                        "user_data" | "startup_script" | "metadata_startup_script" | "startup-script" | "command"
                    )
            }
        };
        if is_script {
            let name = name.to_owned();
            self.scripts.push((name, body));
        }
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
                    if let Some(heredoc) = heredoc_in(node) {
                        self.script(heredoc, key);
                    }
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

/// The heredoc that an expression is or is given to: `base64encode(<<EOF ...)`.
fn heredoc_in(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    for _ in 0..8 {
        if node.kind() == "heredoc_template" {
            return Some(node);
        }
        node = *children(node).last()?;
    }
    None
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
