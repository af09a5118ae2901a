//! Functions, classes and enums.

use tree_sitter::Node;

use super::patterns::{Names, Origin, Target};
use super::{Lower, Scope, children, has_token, operands, span, strip};
use crate::facts::{
    Class, ClassId, Entry, ExprId, ExprKind, Field, FuncId, Function, Object, Param, ParamKind, Place, Stmt,
};

/// A parameter before its function is opened.
struct Parameter<'t> {
    pattern: Node<'t>,
    default: Option<ExprId>,
    kind: ParamKind,
    /// TypeScript's `constructor(private x)`.
    is_property: bool,
    /// The name that its type is, if it is one.
    ty: Option<Node<'t>>,
}

impl Lower<'_> {
    /// A function that is no method.
    pub(super) fn function(&mut self, node: Node, class: Option<ClassId>, decorators: Vec<ExprId>) -> FuncId {
        let name = node.child_by_field_name("name").map(|name| self.text_of(name).to_owned());
        let function = Function { class, decorators, ..Function::new(name, span(node)) };
        self.callable(node, function)
    }

    /// A method of a class, or of an object literal.
    pub(super) fn method(&mut self, node: Node, class: Option<ClassId>, decorators: Vec<ExprId>) -> FuncId {
        let name = node.child_by_field_name("name").map(|name| self.method_name(name));
        let function = Function { class, decorators, receiver: this(), ..Function::new(name, span(node)) };
        self.callable(node, function)
    }

    fn method_name(&self, name: Node) -> String {
        self.literal(name).unwrap_or_else(|| crate::facts::head(self.text_of(name)).to_owned())
    }

    /// Lowers parameters and body into a function of which the rest is given.
    fn callable(&mut self, node: Node, mut function: Function) -> FuncId {
        let parameters = self.parameters(node);
        let class = function.class.filter(|_| function.name.as_deref() == Some("constructor"));
        let injected = class.is_some_and(|class| !self.builder.class_mut(class).decorators.is_empty());
        for (index, parameter) in parameters.iter().enumerate() {
            function.params.push(Param {
                name: match parameter.pattern.kind() {
                    "identifier" => self.text_of(parameter.pattern).to_owned(),
                    _ => format!("@p{index}"),
                },
                span: span(parameter.pattern),
                default: parameter.default,
                kind: parameter.kind,
                class: parameter.ty.filter(|_| injected).map(|ty| self.text_of(ty).to_owned()),
            });
        }
        function.generator = node.kind().starts_with("generator_function") || has_token(node, "*");
        let names: Vec<_> = function.params.iter().map(|param| param.name.clone()).collect();
        let (func, resume) = self.builder.open_function(function);
        self.scopes.push(Scope::default());
        for (parameter, name) in parameters.iter().zip(names) {
            self.bind(&name);
            let place = span(parameter.pattern);
            if parameter.pattern.kind() != "identifier" {
                let origin = Origin::Name(name, place);
                let target = Target { span: place, names: Names::Block };
                self.take(parameter.pattern, &origin, &mut Vec::new(), target);
            } else if parameter.is_property {
                let value = self.add(parameter.pattern, ExprKind::Name(name.clone()));
                self.assign(place, place, Place::below("this", vec![Some(name)]), value);
            }
        }
        if let Some(body) = node.child_by_field_name("body") {
            if body.kind() == "statement_block" {
                self.statements(body);
            } else {
                let value = self.expr(body);
                self.builder.stmt(Stmt::Return(Some(value)));
            }
        }
        self.leave_scope(func);
        self.builder.close_function(resume);
        func
    }

    fn leave_scope(&mut self, func: FuncId) {
        let scope = self.scopes.pop().unwrap_or_default();
        let outer = scope.written.into_iter().filter(|name| !scope.bound.contains(name) && name != "this").collect();
        self.builder.function_mut(func).outer_names = outer;
    }

    fn parameters<'t>(&mut self, node: Node<'t>) -> Vec<Parameter<'t>> {
        if let Some(pattern) = node.child_by_field_name("parameter") {
            return vec![Parameter { pattern, default: None, kind: ParamKind::Normal, is_property: false, ty: None }];
        }
        let mut parameters = Vec::new();
        for child in node.child_by_field_name("parameters").map_or(Vec::new(), operands) {
            let (mut pattern, default) = match child.kind() {
                "required_parameter" | "optional_parameter" => {
                    let Some(pattern) = child.child_by_field_name("pattern") else { continue };
                    (pattern, child.child_by_field_name("value"))
                }
                "assignment_pattern" => {
                    let Some(pattern) = child.child_by_field_name("left") else { continue };
                    (pattern, child.child_by_field_name("right"))
                }
                _ => (child, None),
            };
            let mut kind = ParamKind::Normal;
            if pattern.kind() == "rest_pattern" {
                let Some(&inner) = operands(pattern).first() else { continue };
                pattern = inner;
                kind = ParamKind::Rest;
            }
            if pattern.kind() == "this" {
                continue;
            }
            let is_property = ["accessibility_modifier", "override_modifier", "readonly"]
                .iter()
                .any(|modifier| has_token(child, modifier));
            // `@Inject(TOKEN) key`: a framework gives it.
            let default = match default {
                Some(default) => Some(self.expr(default)),
                None => self.decorators(child).into_iter().find(|&decorator| self.injects(decorator)),
            };
            let ty = child.child_by_field_name("type").and_then(|ty| operands(ty).first().copied());
            let ty = ty.filter(|ty| ty.kind() == "type_identifier");
            parameters.push(Parameter { pattern, default, kind, is_property, ty });
        }
        parameters
    }

    fn injects(&mut self, decorator: ExprId) -> bool {
        let module = self.builder.module();
        matches!(module.kind(decorator), ExprKind::Call(call)
            if matches!(module.kind(call.callee), ExprKind::Name(name) if name == "Inject"))
    }

    /// The decorators that are children of a node.
    pub(super) fn decorators(&mut self, node: Node) -> Vec<ExprId> {
        let mut decorators = Vec::new();
        for child in children(node) {
            if child.kind() == "decorator" {
                decorators.extend(operands(child).first().map(|&inner| self.expr(inner)));
            }
        }
        decorators
    }

    pub(super) fn class(&mut self, node: Node, mut decorators: Vec<ExprId>) -> ClassId {
        decorators.extend(self.decorators(node));
        let bases = self.bases(node);
        let name = node.child_by_field_name("name").map_or("", |name| self.text_of(name)).to_owned();
        let func = self.builder.current_func();
        let class = Class { name, span: span(node), bases, decorators, ..Class::of(func) };
        let class = self.builder.class(class);
        if let Some(body) = node.child_by_field_name("body") {
            self.members(class, body);
        }
        class
    }

    fn bases(&mut self, node: Node) -> Vec<ExprId> {
        let mut bases = Vec::new();
        for heritage in children(node).into_iter().filter(|child| child.kind() == "class_heritage") {
            for child in operands(heritage) {
                match child.kind() {
                    "implements_clause" => {}
                    "extends_clause" => {
                        if let Some(base) = child.child_by_field_name("value") {
                            bases.push(self.expr(base));
                        }
                    }
                    _ => bases.push(self.expr(child)),
                }
            }
        }
        bases
    }

    fn members(&mut self, class: ClassId, body: Node) {
        // TypeScript's grammar puts a method's decorators before it.
        let mut decorators = Vec::new();
        for member in children(body) {
            match member.kind() {
                "decorator" => decorators.extend(operands(member).first().map(|&inner| self.expr(inner))),
                "method_definition" => {
                    let mut all = std::mem::take(&mut decorators);
                    all.extend(self.decorators(member));
                    // A getter reads as its result, as Python's properties do.
                    if has_token(member, "get") {
                        all.push(self.add(member, ExprKind::Name("property".to_owned())));
                    }
                    let func = self.method(member, Some(class), all);
                    if has_token(member, "set") {
                        continue;
                    }
                    let name = member.child_by_field_name("name").map_or(String::new(), |name| self.method_name(name));
                    self.builder.class_mut(class).methods.push((name, func));
                }
                "field_definition" | "public_field_definition" => self.field(class, member),
                "class_static_block" => {
                    if let Some(body) = member.child_by_field_name("body") {
                        self.inline(body);
                    }
                }
                _ if member.is_error() => self.statements(member),
                _ => {}
            }
        }
    }

    fn field(&mut self, class: ClassId, node: Node) {
        let name = node.child_by_field_name("name").or_else(|| node.child_by_field_name("property"));
        let Some(name) = name.filter(|_| !has_token(node, "declare")) else { return };
        for decorator in children(node).into_iter().filter(|child| child.kind() == "decorator") {
            operands(decorator).into_iter().for_each(|inner| self.effects(inner));
        }
        let key = self.method_name(name);
        let value = node.child_by_field_name("value").map(strip);
        // `run = () => {…}` is a method: `this` is the object.
        if let Some(func) = value.filter(|value| matches!(value.kind(), "arrow_function" | "function_expression")) {
            let function =
                Function { class: Some(class), receiver: this(), ..Function::new(Some(key.clone()), span(func)) };
            let func = self.callable(func, function);
            self.builder.class_mut(class).methods.push((key, func));
            return;
        }
        let value = value.map(|value| self.initial_value(class, value));
        self.builder.class_mut(class).fields.push(Field { name: key, span: span(name), value, hint: None });
    }

    /// What a field begins with. Where it reads `this`, it is what a call of a method gives.
    fn initial_value(&mut self, class: ClassId, node: Node) -> ExprId {
        if !self.text_of(node).contains("this") {
            return self.expr(node);
        }
        let function = Function { class: Some(class), receiver: this(), ..Function::new(None, span(node)) };
        let (func, resume) = self.builder.open_function(function);
        self.scopes.push(Scope::default());
        let value = self.expr(node);
        self.builder.stmt(Stmt::Return(Some(value)));
        self.leave_scope(func);
        self.builder.close_function(resume);
        let callee = self.add(node, ExprKind::Func(func));
        self.make_call(node, callee, Vec::new(), false)
    }

    /// TypeScript's `enum`, an object.
    pub(super) fn enum_(&mut self, node: Node) {
        let (Some(name), Some(body)) = (node.child_by_field_name("name"), node.child_by_field_name("body")) else {
            return;
        };
        let mut entries = Vec::new();
        // What the next member without a value is.
        let mut next = Some(0_i64);
        for member in operands(body) {
            let is_assignment = member.kind() == "enum_assignment";
            let Some(key) = (if is_assignment { member.child_by_field_name("name") } else { Some(member) }) else {
                continue;
            };
            let value = match member.child_by_field_name("value").filter(|_| is_assignment) {
                Some(value) => {
                    next = self.constant(value).and_then(|number| number.parse().ok());
                    self.expr(value)
                }
                None => {
                    let number = next.map_or(ExprKind::Unknown, |number| ExprKind::Const(number.to_string()));
                    self.add(member, number)
                }
            };
            next = next.and_then(|number| number.checked_add(1));
            entries.push(Entry::Field { key: self.key(key), key_span: span(key), value });
        }
        let value = self.add(node, ExprKind::Object(Object { entries, ty: None }));
        self.declare(self.text_of(name));
        self.assign(span(node), span(name), Place::name(self.text_of(name)), value);
    }

    /// TypeScript's `enum` as it is compiled, an object:
    /// `(function (Kind) { Kind["A"] = "a"; … })(Kind || (exports.Kind = Kind = {}))`.
    pub(super) fn compiled_enum(&mut self, call: Node) -> Option<()> {
        let function = strip(call.child_by_field_name("function")?);
        let [inner] = operands(function.child_by_field_name("parameters")?)[..] else { return None };
        let [given] = operands(call.child_by_field_name("arguments")?)[..] else { return None };
        let outer = given.child_by_field_name("left").filter(|outer| outer.kind() == "identifier")?;
        let body = operands(function.child_by_field_name("body")?);
        let members: Option<Vec<_>> =
            body.into_iter().map(|statement| self.member_of(self.text_of(inner), statement)).collect();
        let members = members.filter(|members| !members.is_empty())?;
        let mut entries = Vec::new();
        for (key, value) in members {
            let value = self.expr(value);
            entries.push(Entry::Field { key: self.literal(key), key_span: span(key), value });
        }
        let value = self.add(call, ExprKind::Object(Object { entries, ty: None }));
        self.assign(span(call), span(outer), Place::name(self.text_of(outer)), value);
        // `exports.Kind = Kind = {}`, `exports.Kind || (exports.Kind = {})`
        let mut next = given.child_by_field_name("right").map(strip);
        while let Some(part) = next {
            let target = part.child_by_field_name("left").filter(|_| part.kind() == "assignment_expression");
            if let Some(name) = target.and_then(|target| self.text_of(target).strip_prefix("exports.")) {
                let value = self.add(outer, ExprKind::Name(self.text_of(outer).to_owned()));
                self.export(name, value, span(call));
            }
            next = part.child_by_field_name("right").map(strip);
        }
        Some(())
    }

    /// The key and the value of `Kind["A"] = "a"`, and of `Kind[Kind["B"] = 0] = "B"`.
    fn member_of<'t>(&self, of: &str, statement: Node<'t>) -> Option<(Node<'t>, Node<'t>)> {
        let mut set = match statement.kind() {
            "expression_statement" => operands(statement).first().copied()?,
            _ => return None,
        };
        for _ in 0..2 {
            let target = set.child_by_field_name("left").filter(|_| set.kind() == "assignment_expression")?;
            let object = target.child_by_field_name("object").filter(|_| target.kind() == "subscript_expression")?;
            let index = target.child_by_field_name("index").filter(|_| self.text_of(object) == of)?;
            if index.kind() == "string" {
                return Some((index, set.child_by_field_name("right")?));
            }
            set = index;
        }
        None
    }
}

fn this() -> Option<String> {
    Some("this".to_owned())
}
