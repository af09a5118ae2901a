//! What is assigned: names, members, and patterns that take a value apart.

use tree_sitter::Node;

use super::{Lower, children, has_token, operands, operator, slots, span, strip};
use crate::facts::{Entry, ExprId, ExprKind, FuncId, Import, Object, Place, Span, Stmt};

/// Longer member chains are not places that anyone follows.
const MAX_PATH: usize = 64;

/// Where a pattern's value comes from.
pub(super) enum Origin<'t> {
    /// An expression that can be lowered again for each name.
    Node(Node<'t>),
    /// A variable, and where its value stands.
    Name(String, Span),
    /// A value that all names share.
    Value(ExprId),
}

/// One step from a pattern's value to a part of it.
pub(super) enum Step {
    Member(String, Span),
    Index(usize, Span),
    /// A computed key, or what a rest element collects.
    Opaque,
}

/// What the names of a pattern are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// `let`, `const`, `using`: the block's.
    Block,
    /// `var`: the function's.
    Function,
    /// Whatever they are already.
    Existing,
}

/// How a pattern's parts are assigned.
#[derive(Clone, Copy)]
pub(super) struct Target {
    /// The whole statement.
    pub(super) span: Span,
    pub(super) names: Names,
}

/// How the value of an assignment can be had again.
pub(super) enum After<'t> {
    Place(Place),
    Origin(Origin<'t>),
    Value(ExprId),
}

impl Lower<'_> {
    /// `const a = b, {c} = d;`
    pub(super) fn declaration(&mut self, node: Node, names: Names) {
        for declarator in children(node) {
            if declarator.kind() == "variable_declarator" {
                self.declarator(declarator, names);
            }
        }
    }

    pub(super) fn declarator(&mut self, node: Node, names: Names) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let target = Target { span: span(node), names };
        match node.child_by_field_name("value") {
            Some(value) if is_pattern(name) => {
                let origin = self.origin(value);
                self.take(name, &origin, &mut Vec::new(), target);
            }
            Some(value) => {
                let value = self.expr(value);
                self.write_name(name, value, target);
            }
            None => {
                // A second `var x;` changes nothing.
                let known = self.scopes.last().is_some_and(|scope| scope.bound.contains(self.text_of(name)));
                if names == Names::Block || !known {
                    let value = self.add(name, ExprKind::Undefined);
                    self.write_name(name, value, target);
                }
            }
        }
    }

    /// A value to take apart. What is more than a variable or a member goes to a variable first, to be lowered once.
    fn origin<'t>(&mut self, node: Node<'t>) -> Origin<'t> {
        if self.is_chain(node) {
            return Origin::Node(node);
        }
        let value = self.expr(node);
        self.keep(value, span(node))
    }

    /// Puts a value into a made-up variable.
    fn keep<'t>(&mut self, value: ExprId, span: Span) -> Origin<'t> {
        let name = self.temp();
        self.declare(&name);
        self.assign(span, span, Place::name(name.clone()), value);
        Origin::Name(name, span)
    }

    /// Assigns the parts of `origin` (behind `path`) to the names of a pattern.
    pub(super) fn take(&mut self, pattern: Node, origin: &Origin, path: &mut Vec<Step>, target: Target) {
        self.deeper(|this| this.take_here(strip(pattern), origin, path, target));
    }

    fn take_here(&mut self, pattern: Node, origin: &Origin, path: &mut Vec<Step>, target: Target) {
        match pattern.kind() {
            "object_pattern" => {
                for child in children(pattern) {
                    match child.kind() {
                        "rest_pattern" => self.take_rest(pattern, child, origin, path, target),
                        _ => self.take_field(child, origin, path, target),
                    }
                }
            }
            "array_pattern" => {
                for (index, slot) in slots(pattern).into_iter().enumerate() {
                    let Some(element) = slot else { continue };
                    path.push(Step::Index(index, span(element)));
                    self.take(element, origin, path, target);
                    path.pop();
                }
            }
            "rest_pattern" => {
                let Some(&inner) = operands(pattern).first() else { return };
                path.push(Step::Opaque);
                self.take(inner, origin, path, target);
                path.pop();
            }
            "assignment_pattern" | "object_assignment_pattern" => self.take_default(pattern, origin, path, target),
            _ if pattern.is_error() => {}
            _ => {
                let value = self.part_of(pattern, origin, path);
                self.write_target(pattern, value, target);
            }
        }
    }

    fn take_field(&mut self, field: Node, origin: &Origin, path: &mut Vec<Step>, target: Target) {
        let (step, inner) = match field.kind() {
            "pair_pattern" => {
                let (Some(key), Some(value)) = (field.child_by_field_name("key"), field.child_by_field_name("value"))
                else {
                    return;
                };
                (self.key(key).map_or(Step::Opaque, |name| Step::Member(name, span(key))), value)
            }
            "object_assignment_pattern" => {
                let Some(name) = field.child_by_field_name("left") else { return };
                (Step::Member(self.text_of(name).to_owned(), span(name)), field)
            }
            "shorthand_property_identifier_pattern" => {
                (Step::Member(self.text_of(field).to_owned(), span(field)), field)
            }
            _ => return,
        };
        path.push(step);
        self.take(inner, origin, path, target);
        path.pop();
    }

    /// `...rest` in `{ a, b, ...rest }`: all that the others do not take.
    fn take_rest(&mut self, pattern: Node, rest: Node, origin: &Origin, path: &mut Vec<Step>, target: Target) {
        let taken = children(pattern).into_iter().filter(|field| field.kind() != "rest_pattern").map(|field| {
            let name = match field.kind() {
                "pair_pattern" => field.child_by_field_name("key")?,
                "object_assignment_pattern" => field.child_by_field_name("left")?,
                _ => field,
            };
            let is_name = name.kind() == "shorthand_property_identifier_pattern";
            let key = if is_name { Some(self.text_of(name).to_owned()) } else { self.key(name) };
            Some((key?, span(name)))
        });
        let taken: Option<Vec<(String, Span)>> = taken.collect();
        let (Some(taken), Some(&inner)) = (taken, operands(rest).first()) else {
            return self.take(rest, origin, path, target);
        };
        let of = self.part_of(inner, origin, path);
        let mut entries = vec![Entry::Spread(of)];
        for (key, key_span) in taken {
            let value = self.builder.expr(key_span, ExprKind::Undefined);
            entries.push(Entry::Field { key: Some(key), key_span, value });
        }
        let value = self.add(inner, ExprKind::Object(Object { entries, ty: None }));
        self.write_target(inner, value, target);
    }

    /// `name = default` in a pattern.
    fn take_default(&mut self, pattern: Node, origin: &Origin, path: &[Step], target: Target) {
        let (Some(left), Some(right)) = (pattern.child_by_field_name("left"), pattern.child_by_field_name("right"))
        else {
            return;
        };
        let given = self.part_of(left, origin, path);
        let default = self.expr(right);
        let value = self.add(pattern, ExprKind::Fallback { left: given, right: default, nullish: true });
        if is_pattern(left) {
            let kept = self.keep(value, span(pattern));
            self.take(left, &kept, &mut Vec::new(), target);
        } else {
            self.write_target(left, value, target);
        }
    }

    /// The part of a value that a path leads to, lowered anew.
    fn part_of(&mut self, node: Node, origin: &Origin, path: &[Step]) -> ExprId {
        if path.iter().any(|step| matches!(step, Step::Opaque)) {
            return self.unknown(node);
        }
        let mut value = self.read_origin(origin);
        for step in path {
            value = match step {
                Step::Member(name, span) => self.builder.expr(*span, ExprKind::Member(value, name.clone())),
                Step::Index(index, span) => {
                    let index = self.builder.expr(*span, ExprKind::Const(index.to_string()));
                    self.builder.expr(*span, ExprKind::Index(value, index))
                }
                Step::Opaque => value,
            };
        }
        value
    }

    fn read_origin(&mut self, origin: &Origin) -> ExprId {
        match origin {
            Origin::Node(node) => self.expr(*node),
            Origin::Name(name, span) => self.builder.expr(*span, ExprKind::Name(name.clone())),
            Origin::Value(value) => *value,
        }
    }

    fn write_target(&mut self, node: Node, value: ExprId, target: Target) {
        if matches!(node.kind(), "identifier" | "shorthand_property_identifier_pattern") {
            self.write_name(node, value, target);
        } else {
            self.write(node, value, target.span);
        }
    }

    fn write_name(&mut self, node: Node, value: ExprId, target: Target) {
        let name = self.text_of(node);
        match target.names {
            Names::Block => self.declare(name),
            Names::Function => self.bind(name),
            Names::Existing => {}
        }
        self.assign(target.span, span(node), Place::name(name), value);
    }

    /// Writes to a name or member. A target that is neither keeps the value as a statement.
    fn write(&mut self, node: Node, value: ExprId, span: Span) -> After<'static> {
        let Some((place, name_span)) = self.place(node) else {
            self.builder.stmt(Stmt::Expr(value));
            return After::Value(value);
        };
        if self.builder.current_func() == FuncId(0) && self.export_place(&place, value, span) {
            return After::Value(value);
        }
        // `module.exports = exports = value`
        let known = place.path.iter().all(Option::is_some) && place.root != "exports";
        self.assign(span, name_span, place.clone(), value);
        if known { After::Place(place) } else { After::Value(value) }
    }

    /// `module.exports = value`, `module.exports.a = value`, `exports.a = value`; false for any other place.
    fn export_place(&mut self, place: &Place, value: ExprId, span: Span) -> bool {
        let path: Vec<_> = place.path.iter().map(Option::as_deref).collect();
        let name = match (place.root.as_str(), path.as_slice()) {
            ("module", [Some("exports")]) => None,
            ("module", [Some("exports"), Some(name)]) | ("exports", [Some(name)]) => Some(*name),
            _ => return false,
        };
        // Compilers declare all exports as `void 0` before they set them.
        if matches!(self.builder.module().kind(value), ExprKind::Undefined) {
            return true;
        }
        self.export(name.unwrap_or("default"), value, span);
        if name.is_none() {
            self.export_fields(value, span);
        }
        true
    }

    /// Each field of an exported object literal can be had by its name.
    pub(super) fn export_fields(&mut self, value: ExprId, span: Span) {
        let ExprKind::Object(object) = self.builder.module().kind(value) else { return };
        let field = |entry: &Entry| match entry {
            Entry::Field { key: Some(key), value, .. } => Some((key.clone(), *value)),
            _ => None,
        };
        let fields: Vec<_> = object.entries.iter().filter_map(field).collect();
        // `module.exports = { ...require("./routes") }`
        let spread = |entry: &Entry| match entry {
            Entry::Spread(value) => Some(*value),
            _ => None,
        };
        let spreads: Vec<_> = object.entries.iter().filter_map(spread).collect();
        for (name, value) in fields {
            self.export(&name, value, span);
        }
        for value in spreads {
            if let ExprKind::Import(Import { module, name: None }) = self.builder.module().kind(value) {
                let module = module.clone();
                self.builder.module().star_imports.push(module);
            }
        }
    }

    /// Adds an export. What stands in a block goes to a variable first: exports are seen from the module's end.
    pub(super) fn export(&mut self, name: &str, mut value: ExprId, span: Span) {
        if self.builder.current_block() != self.builder.module().functions[0].body {
            let kept = self.temp();
            self.bind(&kept);
            self.assign(span, span, Place::name(kept.clone()), value);
            value = self.builder.expr(span, ExprKind::Name(kept));
        }
        self.builder.module().exports.push((name.to_owned(), value));
    }

    /// The place that a target names, and where the name stands that is written.
    fn place(&mut self, node: Node) -> Option<(Place, Span)> {
        let mut node = strip(node);
        let mut name_span = None;
        let mut path = Vec::new();
        let root = loop {
            if path.len() > MAX_PATH {
                return None;
            }
            let step = match node.kind() {
                "identifier" | "this" | "super" => break node,
                "member_expression" => node.child_by_field_name("property")?,
                "subscript_expression" => node.child_by_field_name("index")?,
                _ => {
                    self.effects(node);
                    return None;
                }
            };
            name_span = name_span.or(Some(span(step)));
            path.push(if node.kind() == "member_expression" {
                Some(self.text_of(step).to_owned())
            } else {
                let constant = self.constant(step);
                if constant.is_none() {
                    self.effects(step);
                }
                constant
            });
            node = strip(node.child_by_field_name("object")?);
        };
        path.reverse();
        let place = Place::below(self.text_of(root), path);
        Some((place, name_span.unwrap_or(span(root))))
    }

    /// `target = value`.
    pub(super) fn assignment<'t>(&mut self, node: Node<'t>) -> Option<After<'t>> {
        let left = strip(node.child_by_field_name("left")?);
        let right = node.child_by_field_name("right")?;
        if is_pattern(left) {
            let origin = self.origin(right);
            let target = Target { span: span(node), names: Names::Existing };
            self.take(left, &origin, &mut Vec::new(), target);
            return Some(After::Origin(origin));
        }
        let value = self.expr(right);
        // TypeScript's grammar takes `using a = b` for an assignment.
        if has_token(node, "using") {
            self.write_target(left, value, Target { span: span(node), names: Names::Block });
            return Some(After::Value(value));
        }
        Some(self.write(left, value, span(node)))
    }

    /// `target += value` and the like.
    pub(super) fn augmented(&mut self, node: Node) -> Option<After<'static>> {
        let left = node.child_by_field_name("left")?;
        let right = node.child_by_field_name("right")?;
        let value = match operator(node) {
            op @ ("||=" | "??=") => {
                let old = self.expr(left);
                let new = self.expr(right);
                self.add(node, ExprKind::Fallback { left: old, right: new, nullish: op == "??=" })
            }
            "+=" => {
                let old = self.expr(left);
                let new = self.expr(right);
                self.add(node, ExprKind::Concat(vec![old, new]))
            }
            _ => {
                self.effects(right);
                self.unknown(node)
            }
        };
        Some(self.write(left, value, span(node)))
    }

    /// `i++`.
    pub(super) fn update(&mut self, node: Node) {
        let Some(target) = node.child_by_field_name("argument") else { return };
        let value = self.unknown(node);
        self.write(target, value, span(node));
    }

    /// `delete o.x`.
    pub(super) fn delete(&mut self, node: Node, target: Node) {
        let value = self.add(node, ExprKind::Undefined);
        self.write(target, value, span(node));
    }

    /// An assignment inside an expression.
    pub(super) fn assignment_value(&mut self, node: Node) -> ExprId {
        let after = self.assignment(node);
        self.read_back(node, after)
    }

    /// An augmented assignment inside an expression.
    pub(super) fn augmented_value(&mut self, node: Node) -> ExprId {
        let after = self.augmented(node);
        self.read_back(node, after)
    }

    fn read_back(&mut self, node: Node, after: Option<After>) -> ExprId {
        match after {
            Some(After::Place(place)) => {
                let at = node.child_by_field_name("left").unwrap_or(node);
                let mut value = self.add(at, ExprKind::Name(place.root));
                for name in place.path.into_iter().flatten() {
                    value = self.add(at, ExprKind::Member(value, name));
                }
                value
            }
            Some(After::Origin(origin)) => self.read_origin(&origin),
            Some(After::Value(value)) => value,
            None => self.unknown(node),
        }
    }
}

fn is_pattern(node: Node) -> bool {
    matches!(node.kind(), "object_pattern" | "array_pattern")
}
