//! Statements.

use tree_sitter::Node;

use super::conds::chain;
use super::patterns::{Names, Origin, Target};
use super::{Lower, children, has_token, operands, operator, span, strip};
use crate::facts::{Arg, BlockId, Call, Cond, Entry, ExprKind, Object, Place, Spread, Stmt, head, squeeze};
use crate::headers::is_key_header;

impl Lower<'_> {
    /// Statements in order: of a block, of the module, of what an error left.
    pub(super) fn statements(&mut self, node: Node) {
        for child in children(node) {
            self.statement(child);
        }
    }

    pub(super) fn statement(&mut self, node: Node) {
        self.deeper(|this| this.statement_here(node));
    }

    fn statement_here(&mut self, node: Node) {
        match node.kind() {
            "expression_statement" => operands(node).into_iter().for_each(|child| self.effect_statement(child)),
            "lexical_declaration" | "using_declaration" => self.declaration(node, Names::Block),
            "variable_declaration" => self.declaration(node, Names::Function),
            "import_statement" => self.import(node),
            "import_alias" => self.import_alias(node),
            "export_statement" => self.export_statement(node),
            "function_declaration" | "generator_function_declaration" => {
                self.function_statement(node);
            }
            "class_declaration" | "abstract_class_declaration" => self.class_statement(node, Vec::new()),
            "enum_declaration" => self.enum_(node),
            "internal_module" | "module" => self.namespace(node),
            "statement_block" => self.inline(node),
            "if_statement" => self.if_(node),
            "switch_statement" => self.switch(node),
            "for_statement" => self.for_(node),
            "for_in_statement" => self.for_in(node),
            "while_statement" => self.while_(node),
            "do_statement" => {
                if let Some(body) = node.child_by_field_name("body") {
                    let block = self.breaks_leave(true, |this| this.inlined(body));
                    self.builder.looped(block);
                }
                if let Some(condition) = node.child_by_field_name("condition") {
                    self.effects(condition);
                }
            }
            "try_statement" => self.try_(node),
            "with_statement" => {
                if let Some(object) = node.child_by_field_name("object") {
                    self.effects(object);
                }
                if let Some(body) = node.child_by_field_name("body") {
                    self.statement(body);
                }
            }
            "labeled_statement" => {
                if let Some(body) = node.child_by_field_name("body") {
                    self.statement(body);
                }
            }
            "return_statement" => {
                let value = operands(node).first().map(|&value| self.expr(value));
                self.builder.stmt(Stmt::Return(value));
            }
            "throw_statement" => {
                operands(node).into_iter().for_each(|value| self.effects(value));
                self.builder.stmt(Stmt::Exit);
            }
            "continue_statement" => self.builder.stmt(Stmt::Jump),
            // One with a label may leave a mere block.
            "break_statement" => {
                if self.in_loop && node.child_by_field_name("label").is_none() {
                    self.builder.stmt(Stmt::Jump);
                }
            }
            // Nothing in these runs.
            "ambient_declaration"
            | "function_signature"
            | "interface_declaration"
            | "type_alias_declaration"
            | "empty_statement"
            | "debugger_statement"
            | "hash_bang_line"
            | "type_annotation"
            | "type_parameters"
            | "type_arguments"
            | "object_type"
            | "interface_body" => {}
            // The rest stands here only after a syntax error.
            "variable_declarator" => self.declarator(node, Names::Function),
            kind if is_expression(kind) => self.effect_statement(node),
            _ => self.statements(node),
        }
    }

    /// An expression whose value nobody needs.
    pub(super) fn effect_statement(&mut self, node: Node) {
        self.deeper(|this| this.effect_here(node));
    }

    /// `headers.set("Authorization", value)`, which writes a field.
    fn set_header(&mut self, node: Node) -> Option<()> {
        let function = node.child_by_field_name("function")?;
        let (object, method) = (function.child_by_field_name("object")?, function.child_by_field_name("property")?);
        let [name, value] = operands(node.child_by_field_name("arguments")?)[..] else { return None };
        let field = self.literal(name)?;
        if !is_key_header(&field) || object.kind() != "identifier" || !matches!(self.text_of(method), "set" | "append")
        {
            return None;
        }
        let value = self.expr(value);
        let place = Place::below(self.text_of(object), vec![Some(field)]);
        self.assign(span(node), span(name), place, value);
        Some(())
    }

    fn effect_here(&mut self, node: Node) {
        let mut node = strip(node);
        // `!function () {…}()`, `void main()`
        for _ in 0..super::MAX_LAYERS {
            if node.kind() != "unary_expression" {
                break;
            }
            let Some(inner) = node.child_by_field_name("argument") else { return };
            if operator(node) == "delete" {
                return self.delete(node, inner);
            }
            node = strip(inner);
        }
        match node.kind() {
            "assignment_expression" => {
                self.assignment(node);
            }
            "augmented_assignment_expression" => {
                self.augmented(node);
            }
            "update_expression" => self.update(node),
            "sequence_expression" => operands(node).into_iter().for_each(|part| self.effect_statement(part)),
            "ternary_expression" => self.ternary_statement(node),
            "internal_module" => self.statement(node),
            "binary_expression" if matches!(operator(node), "&&" | "||" | "??") => self.logical_statement(node),
            "call_expression" if self.set_header(node).is_some() || self.compiled_enum(node).is_some() => {}
            _ => {
                self.effects(node);
                if self.is_exit(node) {
                    self.builder.stmt(Stmt::Exit);
                }
            }
        }
    }

    fn is_exit(&self, node: Node) -> bool {
        let callee = (node.kind() == "call_expression").then(|| node.child_by_field_name("function")).flatten();
        callee.is_some_and(|callee| {
            callee.end_byte() - callee.start_byte() < 40
                && matches!(squeeze(self.text_of(callee)).as_str(), "process.exit" | "process.abort" | "Deno.exit")
        })
    }

    /// A block that always runs.
    pub(super) fn inline(&mut self, body: Node) {
        self.inlined(body);
    }

    fn inlined(&mut self, body: Node) -> BlockId {
        let block = self.block(Vec::new(), |this| this.body(body));
        self.builder.stmt(Stmt::Block(block));
        block
    }

    /// TypeScript's `namespace`: a block, and an object of the names in it, or more fields of what has its name already.
    fn namespace(&mut self, node: Node) {
        let Some(body) = node.child_by_field_name("body") else { return };
        let Some(name) = node.child_by_field_name("name").filter(|name| name.kind() == "identifier") else {
            return self.inline(body);
        };
        let (place, own) = (span(name), self.text_of(name));
        let known = self.scopes.last().is_some_and(|scope| scope.bound.contains(own));
        let mut holds = false;
        let block = self.block(Vec::new(), |this| {
            this.body(body);
            let block = this.builder.current_block();
            let mut names = this.builder.module().blocks[block.index()].declares.clone();
            names.retain(|name| name != own && !name.starts_with('@'));
            holds = !names.is_empty();
            let mut entries = Vec::new();
            for inner in names {
                let value = this.add(name, ExprKind::Name(inner.clone()));
                if known {
                    this.assign(place, place, Place::below(own, vec![Some(inner)]), value);
                } else {
                    entries.push(Entry::Field { key: Some(inner), key_span: place, value });
                }
            }
            if !entries.is_empty() {
                let value = this.add(name, ExprKind::Object(Object { entries, ty: None }));
                this.assign(place, place, Place::name(own), value);
            }
        });
        if holds && !known {
            self.declare(own);
        }
        self.builder.stmt(Stmt::Block(block));
    }

    /// The body of something that is a block of its own: braces add none.
    fn body(&mut self, node: Node) {
        if node.kind() == "statement_block" {
            self.statements(node);
        } else {
            self.statement(node);
        }
    }

    /// Arms with their conditions, and what runs where none holds.
    fn branch(&mut self, arms: Vec<(Cond, Vec<Node>)>, otherwise: Vec<Node>) {
        let (conds, mut bodies): (Vec<_>, Vec<_>) = arms.into_iter().unzip();
        bodies.push(otherwise);
        let blocks = chain(&conds)
            .into_iter()
            .zip(bodies)
            .map(|(tests, bodies)| self.block(tests, |this| bodies.into_iter().for_each(|body| this.body(body))))
            .collect();
        self.builder.branch(blocks);
    }

    /// A condition and the calls in it.
    fn tested(&mut self, condition: Node) -> Cond {
        self.effects(condition);
        self.cond(condition)
    }

    /// An if/else-if chain of any length.
    fn if_(&mut self, node: Node) {
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.take() {
            let cond = match node.child_by_field_name("condition") {
                Some(condition) => self.tested(condition),
                None => unique("if", node),
            };
            arms.push((cond, node.child_by_field_name("consequence").into_iter().collect()));
            let Some(alternative) = node.child_by_field_name("alternative") else { break };
            match operands(alternative).first() {
                Some(&inner) if inner.kind() == "if_statement" => next = Some(inner),
                Some(&inner) => otherwise.push(inner),
                None => {}
            }
        }
        self.branch(arms, otherwise);
    }

    /// `a ? b() : c ? d() : e()` for its effects.
    fn ternary_statement(&mut self, node: Node) {
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.take() {
            let (Some(condition), Some(yes), Some(no)) = (
                node.child_by_field_name("condition"),
                node.child_by_field_name("consequence"),
                node.child_by_field_name("alternative"),
            ) else {
                break;
            };
            arms.push((self.tested(condition), vec![yes]));
            let no = strip(no);
            if no.kind() == "ternary_expression" {
                next = Some(no);
            } else {
                otherwise.push(no);
            }
        }
        self.branch(arms, otherwise);
    }

    /// `a && b()`, `a || b()`, `a ?? b()` for their effects.
    fn logical_statement(&mut self, node: Node) {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
            return;
        };
        self.effects(left);
        let cond = if operator(node) == "&&" { self.cond(left) } else { self.missing(left) };
        self.branch(vec![(cond, vec![right])], Vec::new());
    }

    fn switch(&mut self, node: Node) {
        let (Some(subject), Some(body)) = (node.child_by_field_name("value"), node.child_by_field_name("body")) else {
            return;
        };
        self.effects(subject);
        let subject = strip(subject);
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        // The labels of cases without a body, which fall through to the next one.
        let mut labels = Vec::new();
        let mut is_default = false;
        for case in children(body) {
            match (case.kind(), case.child_by_field_name("value")) {
                ("switch_case", Some(value)) => labels.push(value),
                ("switch_default", _) => is_default = true,
                _ => continue,
            }
            let statements = fields(case, "body");
            if statements.is_empty() {
                continue;
            }
            let labels = std::mem::take(&mut labels);
            if std::mem::take(&mut is_default) {
                otherwise = statements;
                continue;
            }
            let alone = labels.len() == 1;
            let conds = labels.into_iter().map(|label| self.label(subject, label, alone)).collect();
            arms.push((Cond::Or(conds), statements));
        }
        // A `break` in it leads to what follows.
        self.breaks_leave(false, |this| this.branch(arms, otherwise));
    }

    /// Lowers what is inside a loop, where a `break` jumps away, or inside a `switch`, where it does not.
    fn breaks_leave<T>(&mut self, in_loop: bool, fill: impl FnOnce(&mut Self) -> T) -> T {
        let around = std::mem::replace(&mut self.in_loop, in_loop);
        let out = fill(self);
        self.in_loop = around;
        out
    }

    /// What a `case` says of the `switch`'s subject.
    fn label(&mut self, subject: Node, label: Node, alone: bool) -> Cond {
        if subject.kind() == "true" {
            return self.tested(label);
        }
        self.effects(label);
        self.equals(subject, label, alone).unwrap_or_else(|| {
            let texts = [subject, label].map(|node| head(self.text_of(node)));
            Cond::opaque(&format!("{}==={}", texts[0], texts[1]))
        })
    }

    /// A body that may run any number of times. What it tests changes in it, so that nothing is known there.
    fn looped(&mut self, node: Node, fill: impl FnOnce(&mut Self)) {
        let tests = chain(&[unique("loop", node)]);
        let mut blocks = Vec::new();
        let mut fill = Some(fill);
        for tests in tests {
            let fill = fill.take();
            blocks.push(self.block(tests, |this| {
                if let Some(fill) = fill {
                    this.breaks_leave(true, fill);
                }
            }));
        }
        self.builder.looped(blocks[0]);
        self.builder.branch(blocks);
    }

    fn while_(&mut self, node: Node) {
        self.looped(node, |this| {
            if let Some(condition) = node.child_by_field_name("condition") {
                this.effects(condition);
            }
            if let Some(body) = node.child_by_field_name("body") {
                this.body(body);
            }
        });
    }

    fn for_(&mut self, node: Node) {
        self.looped(node, |this| {
            if let Some(initializer) = node.child_by_field_name("initializer") {
                this.statement(initializer);
            }
            if let Some(condition) = node.child_by_field_name("condition").filter(|node| is_expression(node.kind())) {
                this.effects(condition);
            }
            if let Some(body) = node.child_by_field_name("body") {
                this.body(body);
            }
            if let Some(increment) = node.child_by_field_name("increment") {
                this.effect_statement(increment);
            }
        });
    }

    /// `for (const x of xs)`, `for (const k in o)`.
    fn for_in(&mut self, node: Node) {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
            return;
        };
        let mut iterable = self.expr(right);
        if operator(node) == "in" {
            let object = self.add(right, ExprKind::Name("Object".to_owned()));
            let callee = self.add(right, ExprKind::Member(object, "keys".to_owned()));
            let args = vec![Arg { name: None, name_span: None, spread: Spread::No, value: iterable }];
            iterable = self.add(right, ExprKind::Call(Call { callee, args, new: false }));
        }
        let each = self.add(left, ExprKind::Each(iterable));
        let names = match node.child_by_field_name("kind").map(|kind| kind.kind()) {
            None => Names::Existing,
            Some("var") => Names::Function,
            Some(_) => Names::Block,
        };
        self.looped(node, |this| {
            let before = this.mark();
            let target = Target { span: span(left), names };
            this.take(left, &Origin::Value(each), &mut Vec::new(), target);
            // A pattern without names: the collection is still evaluated.
            if this.mark().stmts == before.stmts {
                this.builder.stmt(Stmt::Expr(each));
            }
            if let Some(body) = node.child_by_field_name("body") {
                this.body(body);
            }
        });
    }

    fn try_(&mut self, node: Node) {
        if let Some(body) = node.child_by_field_name("body") {
            self.inline(body);
        }
        if let Some(handler) = node.child_by_field_name("handler") {
            let mut blocks = Vec::new();
            for (number, tests) in chain(&[unique("catch", handler)]).into_iter().enumerate() {
                blocks.push(self.block(tests, |this| {
                    if number == 0 {
                        this.catch(handler);
                    }
                }));
            }
            self.builder.branch(blocks);
        }
        if let Some(body) = node.child_by_field_name("finalizer").and_then(|last| last.child_by_field_name("body")) {
            self.inline(body);
        }
    }

    fn catch(&mut self, node: Node) {
        if let Some(parameter) = node.child_by_field_name("parameter") {
            let target = Target { span: span(parameter), names: Names::Block };
            let error = self.unknown(parameter);
            self.take(parameter, &Origin::Value(error), &mut Vec::new(), target);
        }
        if let Some(body) = node.child_by_field_name("body") {
            self.body(body);
        }
    }

    fn function_statement(&mut self, node: Node) {
        let Some(name) = node.child_by_field_name("name") else { return };
        self.bind(self.text_of(name));
        let func = self.function(node, None, Vec::new());
        let value = self.add(node, ExprKind::Func(func));
        self.assign(span(node), span(name), Place::name(self.text_of(name)), value);
    }

    /// A class, with the decorators that stand before `export`.
    pub(super) fn class_statement(&mut self, node: Node, decorators: Vec<crate::facts::ExprId>) {
        let Some(name) = node.child_by_field_name("name") else { return };
        self.declare(self.text_of(name));
        let class = self.class(node, decorators);
        let value = self.add(node, ExprKind::Class(class));
        self.assign(span(node), span(name), Place::name(self.text_of(name)), value);
    }
}

/// A condition that only this place has.
fn unique(what: &str, node: Node) -> Cond {
    Cond::opaque(&format!("{what}@{}", node.start_byte()))
}

/// All named children of one field, in order.
fn fields<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor)
        .filter(|child| child.is_named() && child.kind() != "comment")
        .collect()
}

fn is_expression(kind: &str) -> bool {
    kind.ends_with("_expression")
        || matches!(
            kind,
            "arrow_function"
                | "class"
                | "object"
                | "array"
                | "identifier"
                | "string"
                | "template_string"
                | "number"
                | "generator_function"
                | "type_assertion"
                | "jsx_element"
                | "jsx_self_closing_element"
                | "this"
        )
}

/// Whether a declaration is of a type only.
pub(super) fn is_type_only(node: Node) -> bool {
    has_token(node, "type") || has_token(node, "typeof")
}
