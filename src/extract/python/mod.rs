//! Lowers Python.
//!
//! One walk over tree-sitter's syntax tree. Statements are in `stmts`, what they assign to in `targets`, functions and
//! classes in `defs`, expressions in `exprs`, string literals and formatting in `strings`, conditions in `conds`.
//!
//! What Python's own forms become:
//! - A comprehension's and a walrus's variables are assigned before the statement that holds them. A comprehension's
//!   variable that would overwrite another one gets a made-up name (`x@120`), because its scope ends with it.
//! - In `a, b = b, a` all values are first assigned to made-up names (`=120`).
//! - A `try`'s `else` is the arm in which no handler ran.
//! - A part of an expression that has no value for us (an operand of `<`, of `not`) but makes calls is put before its
//!   statement as one of its own, so that the calls are seen.
//! - In a class body, a field's name means the class's member.

use std::collections::{HashMap, HashSet};

use tree_sitter::{Node, Tree, TreeCursor};

use super::{Unparsable, syntax};
use crate::facts::{Builder, ClassId, Comment, ExprId, ExprKind, Module, Place, Span};
use crate::source::Source;

mod conds;
mod defs;
mod exprs;
mod stmts;
mod strings;
mod targets;
#[cfg(test)]
mod tests;

/// How deep the walk follows nested syntax; what lies deeper is unknown. Code that people write stays below 50.
const MAX_DEPTH: usize = 200;
/// How many different widths of indentation a file may have. The grammar's scanner writes those of nested blocks, two bytes
/// each, and up to 255 open strings into 1,024 bytes; where these are too few, the parser ends the process.
const MAX_INDENTS: usize = 380;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let tree = parse(source)?;
    let root = tree.root_node();
    let mut lower = Lower {
        text: &source.text,
        builder: Builder::new(),
        depth: 0,
        bound: vec![HashSet::new()],
        aliases: Vec::new(),
        class: None,
        patches: source.text.contains("patch.dict"),
    };
    lower.block(root);
    let mut module = lower.builder;
    module.module().recovered = root.has_error();
    if source.text.contains("mixlint:") {
        module.module().comments = comments(&source.text, root.walk());
    }
    Ok(module.finish())
}

/// Parses a file.
pub(super) fn parse(source: &Source) -> Result<Tree, Unparsable> {
    if !is_indented_by_people(&source.text) {
        return Err(Unparsable::TooDeep);
    }
    syntax::parse(&tree_sitter_python::LANGUAGE.into(), &source.text, "")
}

/// Whether the scanner can keep all blocks that may be open at once: each is indented more than the one around it.
fn is_indented_by_people(text: &str) -> bool {
    let mut widths = HashSet::new();
    let mut last = 0;
    let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1).chain([0]);
    for start in starts {
        let width = indentation(&text.as_bytes()[start..]);
        if width != last {
            widths.insert(width);
            last = width;
        }
        // It counts to 65,535.
        if widths.len() > MAX_INDENTS || width > u16::MAX.into() {
            return false;
        }
    }
    true
}

/// How wide the scanner takes the white space at the start of a line to be.
fn indentation(line: &[u8]) -> usize {
    let (mut width, mut rest) = (0, line);
    loop {
        (width, rest) = match rest {
            [b' ', after @ ..] => (width + 1, after),
            [b'\t', after @ ..] => (width + 8, after),
            [b'\r' | b'\x0c', after @ ..] => (0, after),
            // A line that goes on.
            [b'\\', b'\n', after @ ..] | [b'\\', b'\r', b'\n', after @ ..] => (width, after),
            _ => return width,
        };
    }
}

/// The walk's state.
struct Lower<'s> {
    text: &'s str,
    builder: Builder,
    /// Levels of syntax around the current node.
    depth: usize,
    /// Names bound so far, for the module and each function around the current place.
    bound: Vec<HashSet<String>>,
    /// Names that mean another one in the comprehensions and lambdas around the current place.
    aliases: Vec<HashMap<String, String>>,
    /// The class whose body is being lowered.
    class: Option<ClassScope>,
    /// Whether something is patched anywhere in the file.
    patches: bool,
}

/// A class body's scope: what its names mean, which functions in it do not see.
struct ClassScope {
    id: ClassId,
    fields: HashSet<String>,
}

impl<'s> Lower<'s> {
    /// Runs `step` one level deeper, or not at all beyond the limit.
    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        Some(result)
    }

    fn text_of(&self, node: Node) -> &'s str {
        self.text.get(node.byte_range()).unwrap_or("")
    }

    /// Adds an expression that stands where `node` does.
    fn add(&mut self, node: Node, kind: ExprKind) -> ExprId {
        self.builder.expr(span(node), kind)
    }

    fn unknown(&mut self, node: Node) -> ExprId {
        self.add(node, ExprKind::Unknown)
    }

    fn assign(&mut self, span: Span, name_span: Span, place: Place, value: ExprId) {
        if place.path.is_empty() {
            self.bind(place.root.clone());
        }
        self.builder.assign(span, name_span, place, value);
    }

    /// Notes that a name is a variable here.
    fn bind(&mut self, name: String) {
        if let Some(names) = self.bound.last_mut() {
            names.insert(name);
        }
    }

    /// What a variable is called in the facts.
    fn variable(&self, name: &str) -> String {
        let alias = self.aliases.iter().rev().find_map(|aliases| aliases.get(name));
        alias.map_or(name, String::as_str).to_owned()
    }

    /// Makes `name` a variable of the innermost comprehension, under another name where it would hide one.
    fn bind_alias(&mut self, name: &str, at: usize) {
        if self.bound.iter().any(|names| names.contains(name))
            && let Some(aliases) = self.aliases.last_mut()
        {
            aliases.insert(name.to_owned(), format!("{name}@{at}"));
        }
    }
}

fn span(node: Node) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

/// The named children, without comments and line continuations.
fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !matches!(child.kind(), "comment" | "line_continuation")).collect()
}

/// The children that can be expressions: what the parser had to skip is left out.
fn operands<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut nodes = children(node);
    nodes.retain(|child| !child.is_error());
    nodes
}

/// All children of one field, in order.
fn fields<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor).filter(Node::is_named).collect()
}

/// The kind of the operator token of a unary, binary, boolean or augmented form.
fn operator<'t>(node: Node<'t>) -> &'t str {
    node.child_by_field_name("operator").map_or("", |operator| operator.kind())
}

/// What is inside parentheses and `await`.
fn strip<'t>(mut node: Node<'t>) -> Node<'t> {
    while matches!(node.kind(), "parenthesized_expression" | "await") {
        match operands(node).as_slice() {
            [inner] => node = *inner,
            _ => break,
        }
    }
    node
}

/// The comments that speak to mixlint. Every node is visited, without recursion.
fn comments(text: &str, mut cursor: TreeCursor) -> Vec<Comment> {
    let mut found = Vec::new();
    loop {
        let node = cursor.node();
        if node.kind() == "comment" {
            let span = span(node);
            if text.get(span.range()).is_some_and(|comment| comment.contains("mixlint:")) {
                let before = text.get(..node.start_byte()).unwrap_or("");
                let line = before.rfind('\n').map_or(before, |end| before.get(end + 1..).unwrap_or(""));
                found.push(Comment { span, own_line: line.trim().is_empty() });
            }
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}
