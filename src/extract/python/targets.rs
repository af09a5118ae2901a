//! What assignments, loops and `with` write to.

use std::collections::HashSet;

use tree_sitter::Node;

use super::{Lower, operands, operator, span, strip};
use crate::facts::{Arg, Call, ExprId, ExprKind, Place, Span, Spread, Stmt};

impl Lower<'_> {
    /// `target = … = right`.
    pub(super) fn assignment(&mut self, node: Node) {
        let mut targets = Vec::new();
        let mut right = node;
        while right.kind() == "assignment" {
            let Some(value) = right.child_by_field_name("right") else { return };
            targets.extend(right.child_by_field_name("left"));
            right = value;
        }
        if let [target] = targets.as_slice()
            && self.unpack_literal(*target, right, span(node))
        {
            return;
        }
        let value = self.value(right);
        for target in targets {
            self.target(target, value, span(node));
        }
        self.take_out(right);
    }

    /// What `options.pop("key")` takes out is not there any more.
    pub(super) fn take_out(&mut self, node: Node) {
        let call = strip(node);
        let parts = call.child_by_field_name("function").zip(call.child_by_field_name("arguments"));
        let Some((function, arguments)) = parts.filter(|_| call.kind() == "call") else { return };
        let pops = function.child_by_field_name("attribute").is_some_and(|name| self.text_of(name) == "pop");
        let key = operands(arguments).first().copied().filter(|key| pops && key.kind() == "string");
        let object = function.child_by_field_name("object").and_then(|object| self.place(object));
        if let (Some(key), Some((mut place, _))) = (key, object)
            && place.path.last().map_or(place.root.as_str(), |last| last.as_deref().unwrap_or_default()) != "environ"
        {
            place.path.push(self.constant(key));
            let value = self.unknown(key);
            self.assign(span(call), span(key), place, value);
        }
    }

    /// The right side of an assignment, which may be a `yield`.
    fn value(&mut self, node: Node) -> ExprId {
        match node.kind() {
            "yield" => {
                self.yields(node);
                self.unknown(node)
            }
            _ => self.expr(node),
        }
    }

    /// Writes `value` to a target, taking it apart where the target is a tuple.
    pub(super) fn target(&mut self, target: Node, value: ExprId, statement: Span) {
        let target = strip(target);
        if is_sequence(target) {
            if self.deeper(|this| this.unpack(target, value, statement)).is_none() {
                self.builder.stmt(Stmt::Expr(value));
            }
        } else if let Some((mut place, name_span)) = self.place(target) {
            if let (Some(None), Some(index)) = (place.path.last(), target.child_by_field_name("subscript")) {
                place.key = Some(self.expr(index));
            }
            self.assign(statement, name_span, place, value);
        } else {
            self.builder.stmt(Stmt::Expr(value));
        }
    }

    fn unpack(&mut self, target: Node, value: ExprId, statement: Span) {
        let parts = operands(target);
        let mut starred = false;
        if parts.first().is_none_or(|first| is_starred(*first)) {
            // No target takes a known part of it.
            self.builder.stmt(Stmt::Expr(value));
        }
        for (number, part) in parts.into_iter().enumerate() {
            if is_starred(part) {
                starred = true;
                if let Some(&inner) = operands(part).first() {
                    let unknown = self.unknown(inner);
                    self.target(inner, unknown, statement);
                }
                continue;
            }
            let item = if starred {
                self.unknown(part)
            } else {
                let index = self.add(part, ExprKind::Const(number.to_string()));
                self.add(part, ExprKind::Index(value, index))
            };
            self.target(part, item, statement);
        }
    }

    /// `a, b = x, y`: each target gets its own value. False where the two sides do not pair up.
    fn unpack_literal(&mut self, target: Node, right: Node, statement: Span) -> bool {
        let right = strip(right);
        if !is_sequence(target) || !matches!(right.kind(), "expression_list" | "tuple" | "list") {
            return false;
        }
        let (targets, values) = (operands(target), operands(right));
        let starred = |node: &Node| node.kind().contains("splat") || node.kind() == "yield";
        if targets.len() != values.len() || targets.iter().chain(&values).any(starred) {
            return false;
        }
        let swaps = self.reads_own_targets(&targets, &values);
        let values: Vec<_> = values.into_iter().map(|value| self.expr(value)).collect();
        let mut pairs: Vec<_> = targets.into_iter().zip(values).collect();
        if swaps {
            // `a, b = b, a`: all values are taken before the first is written.
            for (target, value) in &mut pairs {
                let (name, at) = (format!("={}", target.start_byte()), span(*target));
                self.assign(statement, at, Place::name(name.clone()), *value);
                *value = self.builder.expr(at, ExprKind::Name(name));
            }
        }
        for (target, value) in pairs {
            self.target(target, value, statement);
        }
        true
    }

    /// Whether a value reads a name that a target before it writes.
    fn reads_own_targets(&self, targets: &[Node], values: &[Node]) -> bool {
        let mut written = HashSet::new();
        for (target, value) in targets.iter().zip(values) {
            if !written.is_empty() && self.identifiers(*value).iter().any(|name| written.contains(name)) {
                return true;
            }
            written.extend(self.identifiers(*target));
        }
        false
    }

    /// Every identifier below a node.
    pub(super) fn identifiers(&self, node: Node) -> Vec<&str> {
        let mut names = Vec::new();
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            if node.kind() == "identifier" {
                names.push(self.text_of(node));
            }
            pending.extend(operands(node));
        }
        names
    }

    /// The place that a name, attribute or subscript means, and where its last step stands.
    pub(super) fn place(&self, target: Node) -> Option<(Place, Span)> {
        let mut node = target;
        let mut path = Vec::new();
        let mut name_span = None;
        loop {
            node = strip(node);
            match node.kind() {
                "identifier" if !node.is_missing() => break,
                "attribute" => {
                    let attribute = node.child_by_field_name("attribute")?;
                    name_span.get_or_insert(span(attribute));
                    path.push(Some(self.text_of(attribute).to_owned()));
                    node = node.child_by_field_name("object")?;
                }
                "subscript" => {
                    let index = node.child_by_field_name("subscript")?;
                    name_span.get_or_insert(span(index));
                    path.push(self.constant(index));
                    node = node.child_by_field_name("value")?;
                }
                _ => return None,
            }
        }
        path.reverse();
        let root = self.variable(self.text_of(node));
        Some((Place::below(root, path), name_span.unwrap_or(span(node))))
    }

    /// `target += value` and its kin.
    pub(super) fn augmented_assignment(&mut self, node: Node) {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
            return;
        };
        match operator(node) {
            "+=" => {
                let parts = vec![self.expr(left), self.value(right)];
                let value = self.add(node, ExprKind::Concat(parts));
                self.target(left, value, span(node));
            }
            // `options |= {…}`; on numbers and sets the call says nothing.
            "|=" => {
                let base = self.expr(left);
                let callee = self.add(left, ExprKind::Member(base, "update".to_owned()));
                let value = self.value(right);
                let args = vec![Arg { name: None, name_span: None, spread: Spread::No, value }];
                let call = self.add(node, ExprKind::Call(Call { callee, args, new: false }));
                self.builder.stmt(Stmt::Expr(call));
            }
            _ => {
                self.effects(right);
                let value = self.unknown(node);
                self.target(left, value, span(node));
            }
        }
    }

    /// `del target, …`: whatever was there is gone.
    pub(super) fn delete(&mut self, node: Node) {
        for target in operands(node) {
            let targets = if is_sequence(target) { operands(target) } else { vec![target] };
            for target in targets {
                if self.place(target).is_some() {
                    let value = self.unknown(target);
                    self.target(target, value, span(node));
                }
            }
        }
    }
}

fn is_starred(node: Node) -> bool {
    matches!(node.kind(), "list_splat_pattern" | "list_splat")
}

fn is_sequence(node: Node) -> bool {
    matches!(node.kind(), "pattern_list" | "tuple_pattern" | "list_pattern" | "tuple" | "list" | "expression_list")
}
