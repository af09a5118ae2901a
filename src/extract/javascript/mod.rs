//! Lowers JavaScript and TypeScript, with JSX.
//!
//! One walk over tree-sitter's syntax tree. Statements are in `stmts`, imports and exports in `modules`, what is
//! assigned and taken apart in `patterns`, functions and classes in `defs`, expressions in `exprs`, string literals in
//! `strings`, conditions in `conds`.
//!
//! What JavaScript's own forms become:
//! - An assignment inside an expression is put before its statement, and the target's new value stands for it. Where
//!   it runs only under a condition (`a || (b = c)`), it goes to an arm of a branch before the statement.
//! - A part of an expression that has no value for us (an operand of `<`, of `typeof`) but makes calls is put before
//!   its statement as one of its own. A part without calls is dropped.
//! - `a && b()`, `a || b()` and `a ? b() : c()` as statements are branches, as minifiers make them of `if`.
//! - A function's `outer_names` are the names that it assigns without declaring them.
//! - An object or argument list with a syntax error in it gets a spread of an unknown value: it may hold anything.

use std::collections::{BTreeSet, HashSet};

use tree_sitter::{Language as Grammar, Node, Tree};

use super::{Unparsable, syntax};
use crate::facts::{BlockId, Builder, Comment, ExprId, ExprKind, Module, Place, Span, Stmt, Test};
use crate::language::Language;
use crate::source::Source;

mod conds;
mod defs;
mod exprs;
mod jsx;
mod modules;
mod patterns;
mod stmts;
mod strings;
#[cfg(test)]
mod tests;

/// How deep the walk follows nested syntax; what lies deeper is unknown. Code that people write stays below 50,
/// minified bundles below 150.
const MAX_DEPTH: usize = 200;

/// What the parser reads behind a file: no value, no effect, and what is before it ends without it.
const TAIL: &str = "\n0;\n";

/// How many layers of parentheses, casts and `!` are looked through at once.
const MAX_LAYERS: usize = 1000;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let tree = parse(source)?;
    let root = tree.root_node();
    let mut lower = Lower {
        text: &source.text,
        builder: Builder::new(),
        depth: 0,
        calls: 0,
        temps: 0,
        scopes: vec![Scope::default()],
        in_loop: false,
    };
    lower.statements(root);
    let mut builder = lower.builder;
    builder.module().recovered = root.has_error();
    if source.text.contains("mixlint:") {
        builder.module().comments = comments(source, root);
    }
    Ok(syntax::clipped(builder.finish(), root, &source.text))
}

/// Parses a file. Types in a `.js` file and JSX in a `.ts` file are errors to their grammars, but not to TSX's. Parsing
/// what no grammar knows takes long: a second time only where it may help.
pub(super) fn parse(source: &Source) -> Result<Tree, Unparsable> {
    let text = source.text.as_str();
    let (own, may_be_tsx) = match source.language {
        Language::Tsx => return typed(&tree_sitter_typescript::LANGUAGE_TSX.into(), text),
        Language::TypeScript => {
            let has_elements = ["</", "/>"].iter().any(|end| text.contains(end));
            (typed(&tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(), text)?, has_elements)
        }
        _ => (syntax::parse(&tree_sitter_javascript::LANGUAGE.into(), text, TAIL)?, true),
    };
    if own.root_node().has_error()
        && may_be_tsx
        && let Ok(other) = typed(&tree_sitter_typescript::LANGUAGE_TSX.into(), text)
        && !other.root_node().has_error()
    {
        return Ok(other);
    }
    Ok(own)
}

/// Parses with types. Each `<` may begin a list of types, and with many open at once what the parser keeps grows with
/// their square.
fn typed(grammar: &Grammar, text: &str) -> Result<Tree, Unparsable> {
    const MAX_OPEN: usize = 500;
    let (mut open, mut last) = (0_usize, b'\n');
    for pair in text.as_bytes().windows(2) {
        open = match pair {
            // `<=`, `<<`; `=>`
            [b'<', next] => open + usize::from(!matches!(next, b'=' | b'<')),
            [b'>', _] => open.saturating_sub(usize::from(last != b'=')),
            [b';' | b'{' | b'}', _] => 0,
            // A line that ends in the middle of something goes on.
            [b'\n', _] if !is_operator(last) => 0,
            _ => open,
        };
        if open > MAX_OPEN {
            return Err(Unparsable::TooDeep);
        }
        if !pair[0].is_ascii_whitespace() {
            last = pair[0];
        }
    }
    syntax::parse(grammar, text, TAIL)
}

/// Whether a mark stands between parts of an expression.
fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b',' | b'<'
            | b'>'
            | b'('
            | b'['
            | b'='
            | b'+'
            | b'-'
            | b'*'
            | b'/'
            | b'%'
            | b'&'
            | b'|'
            | b'?'
            | b':'
            | b'!'
            | b'.'
    )
}

/// The walk's state.
struct Lower<'s> {
    text: &'s str,
    builder: Builder,
    /// Levels of syntax around the current node.
    depth: usize,
    /// Calls lowered so far.
    calls: usize,
    /// Made-up names handed out so far.
    temps: usize,
    /// The names of the module and of each function around the current place.
    scopes: Vec<Scope>,
    /// A `break` here is a loop's, not a `switch`'s.
    in_loop: bool,
}

/// What a function does with names.
#[derive(Default)]
struct Scope {
    /// Declared in it, in whichever block.
    bound: HashSet<String>,
    /// Assigned in it.
    written: BTreeSet<String>,
}

/// How far the builder was before something was lowered.
struct Mark {
    exprs: usize,
    stmts: usize,
    blocks: usize,
    functions: usize,
    classes: usize,
    exports: usize,
    calls: usize,
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

    /// A name that no program can use.
    fn temp(&mut self) -> String {
        self.temps += 1;
        format!("@t{}", self.temps - 1)
    }

    /// Notes that the current function declares a name.
    fn bind(&mut self, name: &str) {
        if let Some(scope) = self.scopes.last_mut()
            && !scope.bound.contains(name)
        {
            scope.bound.insert(name.to_owned());
        }
    }

    /// Declares a name in the current block.
    fn declare(&mut self, name: &str) {
        self.bind(name);
        self.builder.declare(name);
    }

    fn assign(&mut self, span: Span, name_span: Span, place: Place, value: ExprId) {
        if place.path.is_empty()
            && let Some(scope) = self.scopes.last_mut()
        {
            scope.written.insert(place.root.clone());
        }
        self.builder.assign(span, name_span, place, value);
    }

    /// Fills a block of its own: an arm of a branch, or one that always runs.
    fn block(&mut self, tests: Vec<Test>, fill: impl FnOnce(&mut Self)) -> BlockId {
        let block = self.builder.open_block(tests);
        fill(self);
        self.builder.close_block();
        block
    }

    fn mark(&mut self) -> Mark {
        let block = self.builder.current_block();
        let calls = self.calls;
        let module = self.builder.module();
        Mark {
            exprs: module.exprs.len(),
            stmts: module.block(block).stmts.len(),
            blocks: module.blocks.len(),
            functions: module.functions.len(),
            classes: module.classes.len(),
            exports: module.exports.len(),
            calls,
        }
    }

    /// Evaluates an expression whose value nobody needs: kept where it calls something, else dropped.
    fn effects(&mut self, node: Node) {
        let before = self.mark();
        let value = self.expr(node);
        let after = self.mark();
        let does_nothing = before.stmts == after.stmts
            && before.blocks == after.blocks
            && before.functions == after.functions
            && before.classes == after.classes
            && before.exports == after.exports
            && before.calls == after.calls;
        if does_nothing {
            self.builder.module().exprs.truncate(before.exprs);
            return;
        }
        let says_nothing = matches!(
            self.builder.module().kind(value),
            ExprKind::Unknown | ExprKind::Const(_) | ExprKind::Str(_) | ExprKind::Name(_) | ExprKind::Undefined
        );
        if !says_nothing {
            self.builder.stmt(Stmt::Expr(value));
        }
    }
}

fn span(node: Node) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

/// The named children, without comments.
fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !matches!(child.kind(), "comment" | "html_comment")).collect()
}

/// The children that can be expressions: what the parser had to skip is left out.
fn operands<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut nodes = children(node);
    nodes.retain(|child| !child.is_error());
    nodes
}

/// Whether one of the direct children is this token (`static`, `get`, `*`).
fn has_token(node: Node, token: &str) -> bool {
    let mut cursor = node.walk();
    node.children(&mut cursor).any(|child| child.kind() == token)
}

/// The elements between commas; `None` for a hole (`[a, , b]`).
fn slots<'t>(node: Node<'t>) -> Vec<Option<Node<'t>>> {
    let mut cursor = node.walk();
    let mut slots = Vec::new();
    let mut current = None;
    for child in node.children(&mut cursor) {
        match child.kind() {
            "," => slots.push(current.take()),
            "comment" | "html_comment" => {}
            _ if child.is_named() && !child.is_error() => current = Some(child),
            _ => {}
        }
    }
    slots.extend(current.map(Some));
    slots
}

/// The kind of the operator token of a unary, binary or augmented form.
fn operator<'t>(node: Node<'t>) -> &'t str {
    node.child_by_field_name("operator").map_or("", |operator| operator.kind())
}

/// What is inside parentheses, `await`, casts and `!`.
fn strip<'t>(mut node: Node<'t>) -> Node<'t> {
    for _ in 0..MAX_LAYERS {
        let inner = match node.kind() {
            "parenthesized_expression"
            | "await_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "instantiation_expression" => operands(node).first().copied(),
            // `<T>value`
            "type_assertion" => operands(node).last().copied(),
            _ => return node,
        };
        match inner {
            Some(inner) => node = inner,
            None => return node,
        }
    }
    node
}

/// The comments that speak to mixlint. Every node is visited, without recursion.
fn comments(source: &Source, root: Node) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if matches!(node.kind(), "comment" | "html_comment") && source.slice(span(node)).contains("mixlint:") {
            found.push(Comment { span: span(node), own_line: own_line(source, node) });
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

/// Whether only white space stands before a comment on its line. JSX's comments stand in braces of their own.
fn own_line(source: &Source, comment: Node) -> bool {
    let line = source.line_span(source.line_of(comment.start_byte()));
    let before = source.text.get(line.start as usize..comment.start_byte()).unwrap_or("").trim();
    let after = source.text.get(comment.end_byte()..).unwrap_or("");
    before.is_empty() || (before == "{" && after.trim_start().starts_with('}'))
}
