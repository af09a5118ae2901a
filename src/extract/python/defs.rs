//! Functions, lambdas and classes.

use std::collections::{HashMap, HashSet};

use tree_sitter::Node;

use super::{ClassScope, Lower, children, operands, span};
use crate::facts::{
    Arg, Class, ClassId, ExprId, ExprKind, Field, FuncId, Function, Param, ParamKind, Place, Spread, Stmt,
};

impl Lower<'_> {
    /// `@decorator` lines and what they decorate.
    pub(super) fn decorated(&mut self, node: Node) {
        let (decorators, definition) = parts(node);
        match definition.map(|definition| (definition.kind(), definition)) {
            Some(("function_definition", definition)) => self.function_statement(node, definition, &decorators),
            Some(("class_definition", definition)) => self.class_statement(node, definition, &decorators),
            _ => {}
        }
    }

    /// A function as a statement: its name becomes a variable.
    pub(super) fn function_statement(&mut self, whole: Node, node: Node, decorators: &[Node]) {
        let decorators = decorators.iter().map(|&decorator| self.expr(decorator)).collect();
        let func = self.function(node, decorators, None);
        let value = self.add(node, ExprKind::Func(func));
        if let Some(name) = node.child_by_field_name("name") {
            self.assign(span(whole), span(name), Place::name(self.variable(self.text_of(name))), value);
        }
    }

    /// A function or method, with its body.
    fn function(&mut self, node: Node, decorators: Vec<ExprId>, class: Option<ClassId>) -> FuncId {
        let name = node.child_by_field_name("name").map(|name| self.text_of(name).to_owned());
        let mut function = Function::new(name, span(node));
        function.params = node.child_by_field_name("parameters").map(|list| self.params(list)).unwrap_or_default();
        if class.is_some() && !decorators.iter().any(|&decorator| self.is_name(decorator, "staticmethod")) {
            function.receiver = take_receiver(&mut function.params);
        }
        function.class = class;
        function.decorators = decorators;
        let mut names: HashSet<_> = function.params.iter().map(|param| param.name.clone()).collect();
        names.extend(function.receiver.clone());
        let outside = (self.class.take(), std::mem::take(&mut self.aliases));
        self.bound.push(names);
        let (func, resume) = self.builder.open_function(function);
        for patch in self.patches_around(node) {
            let value = self.expr(patch);
            self.builder.stmt(Stmt::Expr(value));
        }
        if let Some(body) = node.child_by_field_name("body") {
            self.block(body);
        }
        self.builder.close_function(resume);
        self.bound.pop();
        (self.class, self.aliases) = outside;
        func
    }

    /// The decorators of a function, and of the class that it is a method of, that patch something while it runs.
    fn patches_around<'t>(&self, node: Node<'t>) -> Vec<Node<'t>> {
        if !self.patches {
            return Vec::new();
        }
        // `function_definition`, `decorated_definition`, `block`, `class_definition`, `decorated_definition`.
        let around = std::iter::successors(node.parent(), Node::parent).take(4);
        let decorated = around.filter(|node| node.kind() == "decorated_definition");
        decorated.flat_map(|node| parts(node).0).filter(|decorator| self.is_patch(*decorator)).collect()
    }

    /// A lambda returns its body. It sees the variables of a comprehension around it.
    pub(super) fn lambda(&mut self, node: Node) -> ExprId {
        let mut function = Function::new(None, span(node));
        function.params = node.child_by_field_name("parameters").map(|list| self.params(list)).unwrap_or_default();
        let own: HashMap<_, _> = function.params.iter().map(|param| (param.name.clone(), param.name.clone())).collect();
        self.bound.push(own.keys().cloned().collect());
        self.aliases.push(own);
        let class = self.class.take();
        let (func, resume) = self.builder.open_function(function);
        if let Some(body) = node.child_by_field_name("body") {
            let value = self.expr(body);
            self.builder.stmt(Stmt::Return(Some(value)));
        }
        self.builder.close_function(resume);
        self.class = class;
        self.aliases.pop();
        self.bound.pop();
        self.add(node, ExprKind::Func(func))
    }

    fn params(&mut self, list: Node) -> Vec<Param> {
        let mut params = Vec::new();
        let mut kind = ParamKind::Normal;
        for node in operands(list) {
            let named = match node.kind() {
                "keyword_separator" => {
                    kind = ParamKind::KeywordOnly;
                    continue;
                }
                "positional_separator" => continue,
                "default_parameter" | "typed_default_parameter" => node.child_by_field_name("name"),
                "typed_parameter" => operands(node).first().copied(),
                _ => Some(node),
            };
            let Some(named) = named else { continue };
            let (name, this) = match named.kind() {
                "list_splat_pattern" => (operands(named).first().copied(), ParamKind::Rest),
                "dictionary_splat_pattern" => (operands(named).first().copied(), ParamKind::Keywords),
                _ => (Some(named), kind),
            };
            let Some(name) = name else { continue };
            if this == ParamKind::Rest {
                kind = ParamKind::KeywordOnly;
            }
            let (value, injected) = (node.child_by_field_name("value"), self.injected(node));
            let default = match (value, injected.filter(|call| self.names_variable(*call))) {
                (Some(value), Some(option)) => Some(self.option_with(option, value)),
                _ => value.or(injected).map(|value| self.expr(value)),
            };
            params.push(Param {
                name: self.text_of(name).to_owned(),
                span: span(name),
                default,
                kind: this,
                class: node.child_by_field_name("type").and_then(|hint| self.class_named(hint)),
            });
        }
        params
    }

    /// What a framework fills a parameter with: the `Depends(f)` of `settings: Annotated[Settings, Depends(f)]`.
    fn injected<'t>(&self, node: Node<'t>) -> Option<Node<'t>> {
        let hint = node.child_by_field_name("type")?;
        let (name, _) = self.text_of(hint).split_once('[')?;
        if name.trim().rsplit('.').next() != Some("Annotated") {
            return None;
        }
        // `type`, `generic_type`, `type_parameter`, `type`.
        let mut level = vec![hint];
        for _ in 0..5 {
            if let Some(call) = level.iter().find(|node| node.kind() == "call") {
                return Some(*call);
            }
            level = level.into_iter().flat_map(operands).take(64).collect();
        }
        None
    }

    /// Whether a call says which variable a parameter is read from: `Option(envvar="KEY")`.
    fn names_variable(&self, call: Node) -> bool {
        let arguments = call.child_by_field_name("arguments").map(operands).unwrap_or_default();
        arguments.iter().any(|arg| arg.child_by_field_name("name").is_some_and(|name| self.text_of(name) == "envvar"))
    }

    /// The option of an `Annotated` parameter, with the parameter's default as its own.
    fn option_with(&mut self, option: Node, default: Node) -> ExprId {
        let (call, value) = (self.expr(option), self.expr(default));
        if let ExprKind::Call(data) = &mut self.builder.module().exprs[call.index()].kind {
            let name = Some("default".to_owned());
            data.args.push(Arg { name, name_span: None, spread: Spread::No, value });
        }
        call
    }

    fn is_name(&mut self, id: ExprId, wanted: &str) -> bool {
        matches!(self.builder.module().kind(id), ExprKind::Name(name) if name == wanted)
    }

    /// A class as a statement: its name becomes a variable.
    pub(super) fn class_statement(&mut self, whole: Node, node: Node, decorators: &[Node]) {
        let decorators = decorators.iter().map(|&decorator| self.expr(decorator)).collect();
        let class = self.class(node, decorators);
        let value = self.add(node, ExprKind::Class(class));
        if let Some(name) = node.child_by_field_name("name") {
            self.assign(span(whole), span(name), Place::name(self.variable(self.text_of(name))), value);
        }
    }

    fn class(&mut self, node: Node, decorators: Vec<ExprId>) -> ClassId {
        let name = node.child_by_field_name("name").map(|name| self.text_of(name).to_owned()).unwrap_or_default();
        let bases = node.child_by_field_name("superclasses").map(operands).unwrap_or_default();
        let bases = bases
            .into_iter()
            .filter(|base| !matches!(base.kind(), "keyword_argument" | "list_splat" | "dictionary_splat"))
            .map(|base| self.expr(base))
            .collect();
        let func = self.builder.current_func();
        let class = Class { name, span: span(node), bases, decorators, ..Class::of(func) };
        let id = self.builder.class(class);
        let outside = self.class.replace(ClassScope { id, fields: HashSet::new() });
        let body = node.child_by_field_name("body").map(children).unwrap_or_default();
        // Fields first: what they need before the class statement then stands before every method's place too.
        for &statement in &body {
            self.deeper(|this| this.fields(id, statement));
        }
        for statement in body {
            self.deeper(|this| this.method(id, statement));
        }
        self.class = outside;
        id
    }

    /// The fields that a statement of a class body makes.
    fn fields(&mut self, class: ClassId, node: Node) {
        let (decorators, definition) = parts(node);
        match node.kind() {
            "class_definition" | "decorated_definition" => {
                let Some(inner) = definition.filter(|inner| inner.kind() == "class_definition") else { return };
                let decorators = decorators.into_iter().map(|decorator| self.expr(decorator)).collect();
                let value = self.class(inner, decorators);
                let value = self.add(inner, ExprKind::Class(value));
                if let Some(name) = inner.child_by_field_name("name") {
                    self.field(class, name, Some(value), None);
                }
            }
            "expression_statement" => {
                for assignment in operands(node).into_iter().filter(|child| child.kind() == "assignment") {
                    self.field_assignment(class, assignment);
                }
            }
            "if_statement" | "try_statement" | "with_statement" => self.conditional_fields(class, node),
            _ => {}
        }
    }

    /// A condition in a class body is one of the block around the class. What it binds are variables there, under names
    /// of their own (`key@120`); those that it assigns are fields, with what they hold in the end.
    fn conditional_fields(&mut self, class: ClassId, node: Node) {
        let (fields, others) = self.bound_below(node);
        let mut own = HashMap::new();
        for name in fields.iter().chain(&others) {
            let text = self.text_of(*name);
            let variable = format!("{text}@{}", node.start_byte());
            let mut before = self.builder.class_mut(class).fields.iter().rev().filter(|field| field.name == text);
            if let Some(before) = before.find_map(|field| field.value) {
                self.assign(span(*name), span(*name), Place::name(variable.clone()), before);
            }
            own.insert(text.to_owned(), variable);
        }
        self.aliases.push(own);
        self.deeper(|this| this.statement(node));
        for name in fields {
            let value = self.variable(self.text_of(name));
            let value = self.add(name, ExprKind::Name(value));
            self.builder.stmt(Stmt::Expr(value));
            self.field(class, name, Some(value), None);
        }
        self.aliases.pop();
    }

    /// The names that statements below a node assign, and those that they import or define, each where it comes first.
    fn bound_below<'t>(&self, node: Node<'t>) -> (Vec<Node<'t>>, Vec<Node<'t>>) {
        let (mut assigned, mut others) = (Vec::new(), Vec::new());
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            match node.kind() {
                "function_definition" | "class_definition" => {
                    others.extend(node.child_by_field_name("name"));
                    continue;
                }
                "lambda" => continue,
                "assignment" => assigned.extend(node.child_by_field_name("left").filter(|n| n.kind() == "identifier")),
                "import_statement" | "import_from_statement" => {
                    let names = super::fields(node, "name").into_iter();
                    others.extend(names.filter_map(|name| match name.kind() {
                        "aliased_import" => name.child_by_field_name("alias"),
                        _ => operands(name).first().copied(),
                    }));
                }
                _ => {}
            }
            pending.extend(operands(node));
        }
        let mut seen = HashSet::new();
        for names in [&mut assigned, &mut others] {
            names.sort_by_key(Node::start_byte);
            names.retain(|name| seen.insert(self.text_of(*name)));
        }
        (assigned, others)
    }

    fn field_assignment(&mut self, class: ClassId, node: Node) {
        let hint = node.child_by_field_name("type").and_then(|hint| self.class_hint(hint));
        let mut targets = Vec::new();
        let mut value = Some(node);
        while let Some(inner) = value.filter(|value| value.kind() == "assignment") {
            targets.extend(inner.child_by_field_name("left"));
            value = inner.child_by_field_name("right");
        }
        let value = value.map(|value| (value, self.expr(value)));
        if let Some((_, value)) = value
            && !matches!(self.builder.module().kind(value), ExprKind::Str(_) | ExprKind::Const(_) | ExprKind::Null)
        {
            // Its names mean what they mean here, not what they mean where the block around the class ends.
            self.builder.stmt(Stmt::Expr(value));
        }
        for target in targets {
            match (target.kind(), value) {
                ("identifier", value) => self.field(class, target, value.map(|(_, value)| value), hint),
                ("pattern_list" | "tuple_pattern", Some((node, value))) => {
                    for (number, name) in operands(target).into_iter().enumerate() {
                        if name.kind() == "identifier" {
                            let index = self.add(node, ExprKind::Const(number.to_string()));
                            let value = self.add(name, ExprKind::Index(value, index));
                            self.field(class, name, Some(value), None);
                        }
                    }
                }
                // `x.y = v` in a class body makes no field.
                _ => {}
            }
        }
    }

    /// The class that an annotation names: `Llm`, `config.Llm`, `Llm | None`, `Optional[Llm]`.
    fn class_hint(&mut self, hint: Node) -> Option<ExprId> {
        self.hinted_class(hint).map(|class| self.expr(class))
    }

    /// The name of the class that an annotation names, where it is a name alone.
    fn class_named(&self, hint: Node) -> Option<String> {
        let class = self.hinted_class(hint).filter(|class| class.kind() == "identifier")?;
        Some(self.text_of(class)).filter(|name| *name != "Any").map(str::to_owned)
    }

    fn hinted_class<'t>(&self, hint: Node<'t>) -> Option<Node<'t>> {
        let mut at = hint;
        for _ in 0..6 {
            let inner = operands(at);
            at = match at.kind() {
                "identifier" | "attribute" => {
                    let last = self.text_of(at).rsplit('.').next().unwrap_or("");
                    return last.starts_with(char::is_uppercase).then_some(at);
                }
                "generic_type" if matches!(self.text_of(inner.first().copied()?), "Optional" | "Annotated") => {
                    inner.get(1).copied()?
                }
                "generic_type" => return None,
                _ => inner.first().copied()?,
            };
        }
        None
    }

    fn field(&mut self, class: ClassId, name: Node, value: Option<ExprId>, hint: Option<ExprId>) {
        let field = Field { name: self.text_of(name).to_owned(), span: span(name), value, hint };
        if let Some(scope) = &mut self.class {
            scope.fields.insert(field.name.clone());
        }
        self.builder.class_mut(class).fields.push(field);
    }

    fn method(&mut self, class: ClassId, node: Node) {
        let (decorators, definition) = parts(node);
        let Some(definition) = definition.filter(|definition| definition.kind() == "function_definition") else {
            return;
        };
        let decorators = decorators.into_iter().map(|decorator| self.expr(decorator)).collect();
        let func = self.function(definition, decorators, Some(class));
        if let Some(name) = definition.child_by_field_name("name") {
            let name = self.text_of(name).to_owned();
            self.builder.class_mut(class).methods.push((name, func));
        }
    }
}

/// The decorators of a definition, and the definition itself.
fn parts<'t>(node: Node<'t>) -> (Vec<Node<'t>>, Option<Node<'t>>) {
    match node.kind() {
        "decorated_definition" => {
            let decorators = operands(node).into_iter().filter(|child| child.kind() == "decorator");
            let decorators = decorators.filter_map(|decorator| operands(decorator).into_iter().next()).collect();
            (decorators, node.child_by_field_name("definition"))
        }
        _ => (Vec::new(), Some(node)),
    }
}

/// Takes the first positional parameter away: it is the object.
fn take_receiver(params: &mut Vec<Param>) -> Option<String> {
    matches!(params.first()?.kind, ParamKind::Normal).then(|| params.remove(0).name)
}
